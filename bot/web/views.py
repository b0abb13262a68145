"""Requests and songs as the API shows them. Knows the API's words; the queries are the store's."""

from __future__ import annotations

import math
from typing import Any

from bot.requests.wait_times import QueuePosition
from bot.store import Nominee, Participation, Ranked, RequestRecord, Round, Song, Standing, Status, Winner
from bot.text import SOUND_TITLES, capital
from bot.votes.taste_descriptions import USE, WORDS, describe_choice, describe_taste
from bot.votes.taste_model import LEAST, MARGIN, Liked
from generator.protocol.modes import MODES
from generator.protocol.names import (
    CHANNEL_NAMES,
    DEFAULT_SECONDS,
    DENSITIES,
    KEYS,
    SCENES,
)
from generator.protocol.options import BARS, BPM, REMIX_BPM, SECONDS, SEEDS, TAKES, TEMPERATURE, TRANSPOSE
from generator.protocol.results import Progress
from generator.protocol.uploads import MAX_UPLOAD_BYTES

STATUS_WORDS: dict[Status, str] = {
    "queued": "queued",
    "working": "working",
    "composed": "working",
    "posted": "done",
    "refused": "failed",
}


def request_view(
    entry: RequestRecord, place: QueuePosition | None, progress: Progress | None, song: Song | None
) -> dict[str, Any]:
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
        "choice": describe_choice(song.got),
        "features": song.features,
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


def nominee_view(one: Nominee, mine: Participation) -> dict[str, Any]:
    """A song of an open round, and whether this browser nominated it."""
    return {**song_view(one.song), "mine": one.song.id in mine.nominated}


def result_view(ended: Round, nominees: list[Nominee]) -> dict[str, Any]:
    """How a round ended: its outcome, and its songs with their votes, the winner first."""
    songs = [{"id": one.song.id, "title": one.song.title, "votes": one.votes, "won": one.won} for one in nominees]
    return {"round": ended.ordinal, "outcome": ended.outcome, "voters": ended.voters, "songs": songs}


def famous_view(one: Winner) -> dict[str, Any]:
    """A song of the hall of fame, with the round that it won and when (seconds since 1970)."""
    won = {"round": one.round.ordinal, "contest_votes": one.votes, "ended": one.round.ended}
    return {**song_view(one.song), **won}


def taste_view(liked: Liked) -> dict[str, Any]:
    """What people like, in words and in numbers; features only where a taste acts."""
    features = [
        {
            "name": one.feature,
            "title": capital(WORDS[one.feature].name),
            "more": WORDS[one.feature].more,
            "less": WORDS[one.feature].less,
            "weight": one.weight,
            "low": one.low,
            "high": one.high,
            "mean": one.mean,
            "spread": one.spread,
        }
        for one in liked.leanings
    ]
    return {
        "words": [*describe_taste(liked), USE] if liked.acts else describe_taste(liked),
        "votes": liked.votes,
        "least": LEAST,
        "people": liked.people,
        "songs": liked.songs,
        "acts": liked.acts,
        "gain": liked.gain,
        "margin": MARGIN,
        "right": liked.right,
        "without": liked.without,
        "features": features if liked.acts else [],
    }


def options_view() -> dict[str, Any]:
    """What a request may hold, for the page's form."""
    return {
        "scenes": SCENES,
        "keys": KEYS,
        "bpm": BPM.limits,
        "seconds": SECONDS.limits,
        "default_seconds": DEFAULT_SECONDS,
        "temperature": TEMPERATURE.limits,
        "densities": DENSITIES,
        "sounds": SOUND_TITLES,
        "bars": BARS.limits,
        "takes": TAKES.limits,
        "channels": CHANNEL_NAMES,
        "transpose": TRANSPOSE.limits,
        "remix_bpm": REMIX_BPM.limits,
        "modes": {name: sorted(mode.fields) for name, mode in MODES.items()},
        "seeds": SEEDS,
        "max_upload_bytes": MAX_UPLOAD_BYTES,
    }
