"""`chiptune doctor`: checks everything that the bot needs on this machine, and says what to do about what is wrong.

The checks repair nothing. What the bot itself checks when it starts is left to `bot.serve`.
"""

from __future__ import annotations

import importlib.metadata
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum

from packaging.requirements import Requirement

from bot.files.data_folder import DATABASE, InUseError, sole_owner
from bot.files.song_files import LEAST_FREE_BYTES
from bot.settings import Settings, load_settings
from generator.protocol.client import GeneratorClient
from generator.protocol.errors import ChiptuneError, InputError

PROGRAMS = {"fluidsynth": "plays tunes", "ffmpeg": "writes sound and film files"}
EXTRAS = ("bot", "generator")
READY_SECONDS = 60.0
FREE_GOAL = 20 * LEAST_FREE_BYTES
"""With less than this on the disk, there is a warning."""


class Level(StrEnum):
    """How bad a finding is."""

    GOOD = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found. remedy: what to do, if anything is wrong."""

    what: str
    level: Level
    sentence: str
    remedy: str = ""

    def __str__(self) -> str:
        """Return the finding as lines."""
        first = f"{self.level:>7}  {self.what}: {self.sentence}"
        return f"{first}\n         {'':>{len(self.what)}}  {self.remedy}" if self.remedy else first


async def examine(settings_of: Callable[[], Settings] = load_settings) -> list[Finding]:
    """Return what all checks find. settings_of: returns the settings, or raises InputError."""
    try:
        settings = settings_of()
    except InputError as error:
        return [*_installation(), Finding("settings", Level.WRONG, str(error), "Correct the environment or .env.")]
    checks: list[Callable[[Settings], Finding] | Callable[[Settings], Awaitable[Finding]]] = [
        _settings,
        _data_folder,
        _disk,
        _database,
        _port,
        _generator,
    ]
    findings = list(_installation())
    for check in checks:
        found = check(settings)
        findings.append(found if isinstance(found, Finding) else await found)
    return findings


def _installation() -> Iterator[Finding]:
    """Check Python, the packages and the programs."""
    version = sys.version.split()[0]
    yield Finding("Python", Level.GOOD, version)
    missing = sorted(set(_missing_packages()))
    if missing:
        yield Finding("packages", Level.WRONG, f"missing: {', '.join(missing)}.", "Run `make setup`.")
    else:
        yield Finding("packages", Level.GOOD, "all installed")
    for program, purpose in PROGRAMS.items():
        path = shutil.which(program)
        if path:
            yield Finding(program, Level.GOOD, path)
        else:
            yield Finding(program, Level.WRONG, f"not found; it {purpose}.", f"Install it: apt install {program}.")


def _missing_packages() -> Iterator[str]:
    """Yield the packages that the bot needs and that are not installed."""
    try:
        requirements = importlib.metadata.requires("chiptune-bot") or []
    except importlib.metadata.PackageNotFoundError:
        yield "chiptune-bot"
        return
    for requirement in map(Requirement, requirements):
        marker = requirement.marker
        if marker is not None and not any(marker.evaluate({"extra": extra}) for extra in EXTRAS):
            continue
        try:
            importlib.metadata.version(requirement.name)
        except importlib.metadata.PackageNotFoundError:
            yield requirement.name


def _settings(settings: Settings) -> Finding:
    if settings.token:
        parts = settings.token.split(".")
        if len(parts) != 3 or not all(parts):
            remedy = "Copy it from the developer portal."
            return Finding("Discord", Level.WRONG, "DISCORD_TOKEN is not a bot token.", remedy)
        return Finding("Discord", Level.GOOD, "a token is set")
    sentence = "DISCORD_TOKEN is not set: only the page runs."
    return Finding("Discord", Level.WARNING, sentence, "Set it in .env to use Discord.")


def _data_folder(settings: Settings) -> Finding:
    folder = settings.data_dir
    if not folder.exists():
        parent = next(path for path in folder.absolute().parents if path.exists())
        return Finding("data folder", Level.GOOD, f"{folder} will be made in {parent}")
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
        with sole_owner(folder):
            pass
    except InUseError:
        return Finding("data folder", Level.GOOD, f"{folder}, in use by a running bot")
    except (ChiptuneError, OSError) as error:
        return Finding("data folder", Level.WRONG, f"{folder}: {error}", "Give it to the user that runs the bot.")
    return Finding("data folder", Level.GOOD, str(folder))


def _disk(settings: Settings) -> Finding:
    folder = settings.data_dir.absolute()
    place = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(place).free
    sentence = f"{free / 1e9:,.1f} GB are free"
    if free < LEAST_FREE_BYTES:
        return Finding("disk", Level.WRONG, f"{sentence}; the queue pauses.", "Free some space.")
    if free < FREE_GOAL:
        return Finding("disk", Level.WARNING, f"{sentence}.", "Free some space soon.")
    return Finding("disk", Level.GOOD, sentence)


def _database(settings: Settings) -> Finding:
    path = settings.data_dir / DATABASE
    if not path.exists():
        return Finding("database", Level.GOOD, "will be made")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            [result] = connection.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        result = str(error)
    if result == "ok":
        return Finding("database", Level.GOOD, f"{path.stat().st_size / 1e6:,.1f} MB, intact")
    return Finding("database", Level.WRONG, f"damaged: {result}.", "Restore a backup: chiptune restore FILE --force.")


def _port(settings: Settings) -> Finding:
    host, port = settings.host, settings.port
    if port == 0:
        return Finding("page", Level.GOOD, f"{host}, any free port")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
        except OSError as error:
            sentence = f"{host} port {port}: {error.strerror}."
            return Finding("page", Level.WARNING, sentence, "A running bot may hold it; else set CHIPTUNE_PORT.")
    return Finding("page", Level.GOOD, f"{host} port {port} is free")


async def _generator(_: Settings) -> Finding:
    """Start a generator, which loads the model, and end it."""
    client = GeneratorClient(start_seconds=READY_SECONDS)
    begun = time.monotonic()
    await client.warm_up()
    is_ready = client.pid is not None
    await client.close()
    if not is_ready:
        return Finding("generator", Level.WRONG, "it does not start.", "Its log above says why.")
    return Finding("generator", Level.GOOD, f"ready after {time.monotonic() - begun:.1f} s")


def report(findings: list[Finding]) -> tuple[str, int]:
    """Return the findings as text, and the exit code: 1 if anything is wrong."""
    wrong = sum(finding.level is Level.WRONG for finding in findings)
    lines = [str(finding) for finding in findings]
    lines.append("")
    lines.append(f"{wrong} of {len(findings)} checks found something wrong." if wrong else "Nothing is wrong.")
    return "\n".join(lines), int(wrong > 0)
