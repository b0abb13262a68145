"""The architecture that docs/architecture.md describes: who may import whom, no cycles, no large modules or folders.

Reads the source and imports nothing of it, so imports inside functions and under `TYPE_CHECKING` count like any other.
"""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROOMS = ("models", "generator", "bot")
MOST_LINES = 400
MEDIAN_LINES = 150
MOST_MODULES = 15
"""In one folder, `__init__.py` not counted."""

MUSIC = ("models.errors", "models.parallel", "models.music")
COMPOSER = (*MUSIC, "models.tokens", "models.features", "models.inference")
PROTOCOL = (
    "generator.protocol",
    "generator.protocol.uploads",
    "generator.protocol.system",
    "generator.protocol.cluster",
)
BASE = ("bot.clock", "bot.scope", "bot.settings", "bot.text", "bot.languages", *PROTOCOL)
WORK = (*BASE, "bot.store", "bot.store.contest", "bot.votes", "bot.files", "bot.requests", "bot.contests", "bot.voting")
DISCORD = (*WORK, "bot.discord.core")

ALLOWED: Mapping[str, tuple[str, ...]] = {
    # Package: the packages and single modules that it may import besides its own. None of them is listed later.
    "models.weights": (),
    "models.music": ("models.errors",),
    "models.tokens": MUSIC,
    "models.features": (*MUSIC, "models.tokens"),
    "models.inference": (*MUSIC, "models.cache", "models.tokens", "models.features"),
    "models.training.score_aware": (
        *(*COMPOSER, "models.training.dataset", "models.training.examples", "models.training.hardware"),
        *("models.training.run", "models.training.settings"),
    ),
    "models.training": (*COMPOSER, "models.training.score_aware"),
    "generator.protocol.uploads": ("models.errors", "generator.protocol.errors", "generator.protocol.i18n"),
    "generator.protocol.system": (),
    "generator.protocol.connection": (
        *("generator.protocol.errors", "generator.protocol.results", "generator.protocol.system"),
    ),
    "generator.protocol": (
        *("generator.protocol.uploads", "generator.protocol.system", "generator.protocol.connection"),
        *("models.errors", "models.music.keys", "models.music.scenes", "models.music.score", "models.weights"),
    ),
    "generator.protocol.cluster": (
        *("generator.protocol", "generator.protocol.uploads", "generator.protocol.system"),
        "generator.protocol.connection",
    ),
    "generator.importing.formats": (*PROTOCOL, "generator.importing.instruments"),
    "generator.importing": (*MUSIC, *PROTOCOL, "generator.importing.formats"),
    "generator.analysis": (*MUSIC, "models.tokens"),
    "generator.apu": (*MUSIC, *PROTOCOL),
    "generator.sound": (*MUSIC, "models.cache", *PROTOCOL, "generator.apu"),
    "generator.pictures": (*MUSIC, *PROTOCOL, "generator.sound"),
    "generator.composing": (
        *(*COMPOSER, "models.cache", *PROTOCOL),
        *("generator.analysis", "generator.apu", "generator.sound"),
    ),
    "generator.arranging": (
        *(*MUSIC, *PROTOCOL, "generator.importing", "generator.analysis", "generator.sound"),
        "generator.composing",
    ),
    "generator.corpus": (
        *(*MUSIC, "models.tokens", *PROTOCOL, "generator.importing", "generator.analysis"),
        "generator.arranging",
    ),
    "generator.quality": (
        *(*COMPOSER, *PROTOCOL, "generator.analysis", "generator.composing", "generator.corpus.labels"),
        "generator.sound",
    ),
    "generator.exporting": (
        *(*MUSIC, *PROTOCOL, "generator.importing", "generator.analysis", "generator.apu"),
        *("generator.sound", "generator.pictures"),
    ),
    "generator.process": (
        *(*COMPOSER, "models.weights", *PROTOCOL, "generator.importing", "generator.analysis"),
        *("generator.sound", "generator.pictures", "generator.composing", "generator.arranging"),
        *("generator.exporting", "generator.protocol.connection"),
    ),
    "bot.languages": PROTOCOL,
    "bot.votes": BASE,
    "bot.store.database": ("bot.scope", *PROTOCOL),
    "bot.store.contest": (*BASE, "bot.store.database"),
    "bot.store": (*BASE, "bot.votes", "bot.store.database", "bot.store.contest"),
    "bot.files": (*BASE, "bot.store", "bot.store.database"),
    "bot.requests": (*BASE, "bot.store", "bot.files", "bot.votes"),
    "bot.contests": (*BASE, "bot.store", "bot.requests"),
    "bot.operations": (*BASE, "bot.store", "bot.files", "generator.protocol"),
    "bot.web.security": (*WORK, "bot.web.locale"),
    "bot.web": (*WORK, "bot.web.security", "bot.operations"),
    "bot.discord.voice": BASE,
    "bot.discord.core": (*WORK, "bot.privacy", "bot.discord.voice"),
    "bot.discord.queue": DISCORD,
    "bot.discord.post": (*DISCORD, "bot.discord.queue"),
    "bot.discord.moderation": (*DISCORD, "bot.discord.post"),
    "bot.discord.tunes": (
        *(*DISCORD, "bot.discord.voice", "bot.discord.queue", "bot.discord.post", "bot.discord.moderation"),
    ),
    "bot.discord.charts": (*DISCORD, "bot.discord.post", "bot.discord.tunes"),
    "bot.discord.contest": (*DISCORD, "bot.discord.post", "bot.discord.charts"),
    "bot.discord.server": (*DISCORD, "bot.discord.queue", "bot.discord.moderation"),
    "bot.discord": (
        *(*DISCORD, "bot.discord.queue", "bot.discord.post", "bot.discord.moderation", "bot.discord.tunes"),
        *("bot.discord.charts", "bot.discord.contest", "bot.discord.server"),
    ),
}
"""The packages of each room, from those that import nothing to those that import most."""

ENTRIES: Mapping[str, tuple[str, ...]] = {
    "models": ("models",),
    "generator": ("generator", "models"),
    "bot": ("bot", "generator.protocol"),
}
"""The modules that lie in a room itself, such as its command line, may import all that their room may."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the three rooms by its dotted name; a package stands for its `__init__.py`."""
    files = [file.relative_to(ROOT) for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    return {".".join(file.with_suffix("").parts).removesuffix(".__init__"): file for file in files}


@cache
def imports() -> dict[str, frozenset[str]]:
    """The modules of ours that each module imports."""
    return {name: frozenset(_imports_of(file)) for name, file in modules().items()}


def _imports_of(file: Path) -> Iterable[str]:
    for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules())
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file} has a relative import"
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                if submodule in modules():
                    yield submodule
                elif node.module in modules():
                    yield node.module


def package_of(module: str) -> str:
    """The package in whose folder a module lies."""
    return ".".join(modules()[module].parent.parts)


def test_every_package_is_in_the_table() -> None:
    packages = {package_of(name) for name in modules()}
    assert packages == {*ALLOWED, *ENTRIES}


@pytest.mark.parametrize("package", [*ALLOWED, *ENTRIES])
def test_a_package_imports_only_what_the_table_allows(package: str) -> None:
    wrong = []
    for name, imported in imports().items():
        if package_of(name) != package:
            continue
        for other in imported:
            home = package_of(other)
            if package in ALLOWED:
                fine = home == package or home in ALLOWED[package] or other in ALLOWED[package]
            else:
                fine = any(f"{home}.".startswith(f"{allowed}.") for allowed in ENTRIES[package])
            if not fine:
                wrong.append(f"{name} imports {other}")
    assert not wrong, "\n".join(wrong)


def test_no_package_may_import_one_that_is_listed_later() -> None:
    order = list(ALLOWED)
    for package, allowed in ALLOWED.items():
        later = order[order.index(package) :]
        assert not set(later) & set(allowed), package


def test_the_bot_knows_only_the_protocol_and_models_nothing_of_ours() -> None:
    for package, allowed in {**ALLOWED, **ENTRIES}.items():
        room = package.split(".")[0]
        rooms = {"bot": {"bot", "generator.protocol"}, "generator": {"generator", "models"}, "models": {"models"}}[room]
        for name in allowed:
            assert any(f"{name}.".startswith(f"{prefix}.") for prefix in rooms), f"{package}: {name}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    open_modules = dict(imports())
    while leaves := [name for name, imported in open_modules.items() if not (imported - {name}) & open_modules.keys()]:
        for name in leaves:
            del open_modules[name]
    # What is left is in a cycle, or imports one that is.
    assert not open_modules, "\n".join(
        f"{name} imports {', '.join(sorted(imported & open_modules.keys()))}" for name, imported in open_modules.items()
    )


def test_modules_are_short() -> None:
    lines = {file: len((ROOT / file).read_text(encoding="utf-8").splitlines()) for file in modules().values()}
    assert not {str(file): count for file, count in lines.items() if count > MOST_LINES}
    counts = [count for file, count in lines.items() if file.name != "__init__.py"]
    assert statistics.median(counts) <= MEDIAN_LINES


@pytest.mark.parametrize("room", [*ROOMS, "tests", "benchmarks"])
def test_no_folder_holds_many_modules(room: str) -> None:
    folders = [ROOT / room, *(folder for folder in (ROOT / room).rglob("*") if folder.is_dir())]
    for folder in folders:
        files = [file for file in folder.glob("*.py") if file.name != "__init__.py"]
        assert len(files) <= MOST_MODULES, folder.relative_to(ROOT)
