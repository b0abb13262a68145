"""What a person asked for and what they got, side by side, so that the page can say where the two differ."""

from __future__ import annotations

from typing import Any

from bot.store import RequestRecord, Song
from generator.protocol.modes import MODES

CLOSE_BPM = 1.0
CLOSE_SECONDS = 2.0
CLOSE_LENGTH = 0.1
"""A length may differ by so much of it, or by `CLOSE_SECONDS`: tunes end with a bar."""


def asked_and_got(entry: RequestRecord, song: Song) -> list[dict[str, Any]]:
    """Return what a request named of a new tune, each with what the tune has: `name`, `asked`, `got`, `same`."""
    request = entry.request
    if request.mode != "generate":
        return []
    got = {
        "scene": song.scene,
        "key": song.key,
        "bpm": song.bpm,
        "seconds": song.seconds,
        "bars": song.got.get("bars"),
        "density": song.got.get("density"),
    }
    pairs = {name: getattr(request, name) for name in got}
    return [
        {"name": name, "asked": asked, "got": got[name], "same": _same(name, asked, got[name])}
        for name, asked in pairs.items()
        if asked is not None and got[name] is not None
    ]


def has_takes(entry: RequestRecord) -> bool:
    """Return whether the same request with another seed gives another tune; an arrangement comes out the same."""
    return MODES[entry.request.mode].uses_model


def _same(name: str, asked: Any, got: Any) -> bool:
    match name:
        case "bpm":
            return bool(abs(asked - got) <= CLOSE_BPM)
        case "seconds":
            return bool(abs(asked - got) <= max(CLOSE_SECONDS, CLOSE_LENGTH * asked))
        case "bars":
            return bool(abs(asked - got) < 1)
        case _:
            return bool(asked == got)
