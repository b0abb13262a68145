"""Requests and songs as the API shows them. Knows the API's words; the queries are the store's."""

from __future__ import annotations

import math
from typing import Any

from bot.store import Entry, Ranked, Song, Standing, Status
from bot.text import SOUND_TITLES
from bot.waiting import Place
from generator.contract import (
    BARS,
    BPM,
    CHANNELS,
    DEFAULT_SECONDS,
    DENSITIES,
    KEYS,
    MAX_UPLOAD_BYTES,
    MODES,
    REMIX_BPM,
    SCENES,
    SECONDS,
    SEEDS,
    TAKES,
    TEMPERATURE,
    TRANSPOSE,
    Progress,
)

STATUS_WORDS: dict[Status, str] = {
    "queued": "queued",
    "working": "working",
    "composed": "working",
    "posted": "done",
    "refused": "failed",
}


def request_view(entry: Entry, place: Place | None, progress: Progress | None, song: Song | None) -> dict[str, Any]:
    """How far a request is. place: None where it is open no longer."""
    status = STATUS_WORDS[entry.status]
    done = status == "done"
    return {
        "id": entry.id,
        "status": status,
        "progress": 1.0 if done else progress.fraction if progress else 0.0,
        "stage": progress.stage if progress and status == "working" else None,
        "position": place.position if place else 0,
        "estimate": math.ceil(place.seconds) if place else None,
        "place": str(place) if place else None,
        "song": song_view(song) if song and done else None,
        "error": entry.error if status == "failed" else None,
    }


def song_view(song: Song) -> dict[str, Any]:
    """A song with the URL paths of its files."""
    files = f"/files/{song.id}"
    return {
        "id": song.id,
        "title": song.title,
        "audio": f"{files}/{song.audio}",
        "midi": f"{files}/{song.midi}",
        "picture": f"{files}/{song.picture}",
        "seconds": song.seconds,
        "bpm": song.bpm,
        "key": song.key,
        "scene": song.scene,
        "seed": song.seed,
        "model": song.model,
        "engine": song.engine,
        "parent": song.parent,
        "votes": song.votes,
        "report": song.report,
        "got": song.got,
        "created": song.created,
    }


def ranked_view(one: Ranked) -> dict[str, Any]:
    """A song with its place in a chart."""
    place = {"rank": one.rank, "likes": one.likes, "dislikes": one.dislikes, "low": one.low, "high": one.high}
    return {**song_view(one.song), **place}


def nameless_view(song: Song) -> dict[str, Any]:
    """A song of a battle, without its name."""
    return {name: value for name, value in song_view(song).items() if name in ("id", "audio", "picture", "seconds")}


def standing_view(one: Standing) -> dict[str, Any]:
    """A song with its place in the ranking of battles."""
    found = one.strength
    place = {
        "rank": one.rank,
        "battles": found.judgements,
        "low": found.low,
        "middle": found.middle,
        "high": found.high,
    }
    return {**song_view(one.song), **place}


def options_view() -> dict[str, Any]:
    """What a request may hold, for the page's form."""
    return {
        "scenes": SCENES,
        "keys": KEYS,
        "bpm": BPM,
        "seconds": SECONDS,
        "default_seconds": DEFAULT_SECONDS,
        "temperature": TEMPERATURE,
        "densities": DENSITIES,
        "sounds": SOUND_TITLES,
        "bars": BARS,
        "takes": TAKES,
        "channels": CHANNELS,
        "transpose": TRANSPOSE,
        "remix_bpm": REMIX_BPM,
        "modes": {mode: sorted(fields) for mode, fields in MODES.items()},
        "seeds": SEEDS,
        "max_upload_bytes": MAX_UPLOAD_BYTES,
    }
