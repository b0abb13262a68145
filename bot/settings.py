"""Settings from the environment and from `.env`, read when asked for and checked once.

Leaves to others what a setting is good for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from dotenv import dotenv_values

from generator.protocol.errors import InputError

MOST_DAYS = 36500
LONGEST_ID = 20
"""Digits of Discord's ids, which have 64 bits."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What can be set, each by its CHIPTUNE_ name.

    token: DISCORD_TOKEN, None without Discord; kept out of every repr. port: 0 takes a free one. public_url: where
    people reach the local channel from outside, without a slash at the end; None: posts carry no links. keep_days: how
    long uploads and requests without a song stay after their end. grace_days: how long everything of a server stays
    after the bot was removed from it. reports_channel: the Discord channel where those who run the bot see reports of
    tunes from outside of the servers that it is in; None: nobody does.
    """

    token: str | None = field(default=None, repr=False)
    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: Path = Path("var")
    public_url: str | None = None
    keep_days: int = 30
    grace_days: int = 7
    reports_channel: str | None = None


def load_settings(dotenv: Path = Path(".env"), environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process; the environment wins over the file. Raises InputError, one sentence."""
    values = {**dotenv_values(dotenv), **(os.environ if environ is None else environ)}

    def value(name: str) -> str | None:
        return (values.get(name) or "").strip() or None

    return Settings(
        token=value("DISCORD_TOKEN"),
        host=value("CHIPTUNE_HOST") or Settings.host,
        port=_port(value("CHIPTUNE_PORT") or str(Settings.port)),
        data_dir=Path(value("CHIPTUNE_DATA_DIR") or Settings.data_dir).expanduser(),
        public_url=_url(value("CHIPTUNE_PUBLIC_URL")),
        keep_days=_days("CHIPTUNE_KEEP_DAYS", value("CHIPTUNE_KEEP_DAYS") or str(Settings.keep_days)),
        grace_days=_days("CHIPTUNE_GRACE_DAYS", value("CHIPTUNE_GRACE_DAYS") or str(Settings.grace_days)),
        reports_channel=_channel(value("CHIPTUNE_REPORTS_CHANNEL")),
    )


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65535:
        raise InputError(f"CHIPTUNE_PORT must be a port number from 0 (any free one) to 65535, not “{text}”.")
    return int(text)


def _days(name: str, text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_DAYS:
        raise InputError(f"{name} must be a number of days from 1 to {MOST_DAYS}, not “{text}”.")
    return int(text)


def _channel(text: str | None) -> str | None:
    if text is not None and not (text.isascii() and text.isdigit() and len(text) <= LONGEST_ID):
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
