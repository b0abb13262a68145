"""The settings: read from the environment and from `.env`, and checked.

The modules that use a setting decide what it does.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from generator.protocol.errors import InputError

MAX_DAYS = 36500
MAX_PROXIES = 9
MAX_ID_DIGITS = 20
"""Digits of a Discord id, which has 64 bits."""
MAX_JOBS = 32
USUAL_JOBS = min(MAX_JOBS, len(os.sched_getaffinity(0)) + 1)
"""One request more than there are processor cores, so that none is idle while files are read and written."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings, each named like its CHIPTUNE_ variable.

    token: DISCORD_TOKEN, None without Discord; never part of the repr. port: 0 takes a free one. public_url: the
    page's address for people outside, without a slash at the end; if None, posts have no links. password: of the page;
    never part of the repr. open: whether everybody who reaches the page may use it without a password. proxies: how
    many proxies of our own are in front of the page, each of which appends to X-Forwarded-For. keep_days: how long
    uploads and requests without a song are kept after the request has ended. grace_days: how long the data of a server
    is kept after the bot was removed from it. reports_channel: the Discord channel in which the operators see reports
    of tunes from outside the bot's servers; if None, such reports go nowhere. jobs: how many requests are made at once.
    nats_url: of the NATS server whose workers make the tunes, never part of the repr; None makes them here.
    nats_credentials: a file for it.
    """

    token: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: Path = Path("var")
    public_url: str | None = None
    password: str | None = field(default=None, repr=False)
    open: bool = False
    proxies: int = 0
    keep_days: int = 30
    grace_days: int = 7
    reports_channel: str | None = None
    nats_url: str | None = field(default=None, repr=False)
    nats_credentials: str | None = None
    jobs: int = USUAL_JOBS


def load_settings(dotenv: Path = Path(".env"), environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of this process. The environment overrides the file. Raise InputError for a bad value."""
    values = {**dotenv_values(dotenv), **(os.environ if environ is None else environ)}

    def value(name: str) -> str | None:
        return (values.get(name) or "").strip() or None

    settings = Settings(
        token=value("DISCORD_TOKEN"),
        host=value("CHIPTUNE_HOST") or Settings.host,
        port=_port(value("CHIPTUNE_PORT") or str(Settings.port)),
        data_dir=Path(value("CHIPTUNE_DATA_DIR") or Settings.data_dir).expanduser(),
        public_url=_url(value("CHIPTUNE_PUBLIC_URL")),
        password=value("CHIPTUNE_PASSWORD"),
        open=_flag("CHIPTUNE_OPEN", value("CHIPTUNE_OPEN") or "0"),
        proxies=_number("CHIPTUNE_PROXIES", value("CHIPTUNE_PROXIES") or "0", MAX_PROXIES),
        keep_days=_days("CHIPTUNE_KEEP_DAYS", value("CHIPTUNE_KEEP_DAYS") or str(Settings.keep_days)),
        grace_days=_days("CHIPTUNE_GRACE_DAYS", value("CHIPTUNE_GRACE_DAYS") or str(Settings.grace_days)),
        reports_channel=_channel(value("CHIPTUNE_REPORTS_CHANNEL")),
        nats_url=value("CHIPTUNE_NATS_URL"),
        nats_credentials=value("CHIPTUNE_NATS_CREDENTIALS"),
        jobs=_jobs(value("CHIPTUNE_JOBS") or str(Settings.jobs)),
    )
    if not (settings.password or settings.open or is_loopback(settings.host)):
        raise InputError(
            f"The page would be open to everybody who can reach {settings.host}: set CHIPTUNE_PASSWORD, or"
            " CHIPTUNE_OPEN=1 if that is intended."
        )
    return settings


def is_loopback(host: str) -> bool:
    """Return whether an address is this machine's own, which nobody else can reach."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _flag(name: str, text: str) -> bool:
    if text not in ("0", "1"):
        raise InputError(f"{name} must be 0 or 1, not “{text}”.")
    return text == "1"


def _number(name: str, text: str, most: int) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > most:
        raise InputError(f"{name} must be a number from 0 to {most}, not “{text}”.")
    return int(text)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise InputError(f"CHIPTUNE_PORT must be a port number from 0 (any free one) to 65535, not “{text}”.")
    return int(text)


def _days(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_DAYS:
        raise InputError(f"{name} must be a number of days from 1 to {MAX_DAYS}, not “{text}”.")
    return int(text)


def _jobs(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MAX_JOBS:
        raise InputError(f"CHIPTUNE_JOBS must be a number of requests from 1 to {MAX_JOBS}, not “{text}”.")
    return int(text)


def _channel(text: str | None) -> str | None:
    if text is not None and not (text.isascii() and text.isdigit() and len(text) <= MAX_ID_DIGITS):
        raise InputError(f"CHIPTUNE_REPORTS_CHANNEL must be the id of a Discord channel, a number, not “{text}”.")
    return text


def _url(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:
        usable = False
    if not usable:
        raise InputError(f"CHIPTUNE_PUBLIC_URL must be an address like https://tunes.example.org, not “{text}”.")
    return text.rstrip("/")
