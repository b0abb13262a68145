"""Requests and songs as the JSON of the API. The queries are the store's."""

from __future__ import annotations

import math
from typing import Any

from bot.languages import say
from bot.requests.wait_times import QueuePosition
from bot.store import Nominee, Participation, Ranked, RequestRecord, Round, Song, Standing, Status, Version, Winner
from bot.text import SOUND_TITLES, capital
from bot.votes.taste_descriptions import USE, WORDS, describe_choice, describe_taste
from bot.votes.taste_model import MARGIN, MIN_VOTES, TasteEstimate
from bot.web.asked import asked_and_got, has_takes
from generator.protocol.modes import MODES, REMIX_MODES
from generator.protocol.names import (
    CHANNEL_NAMES,
    DEFAULT_SECONDS,
    DENSITIES,
    KEYS,
    SCENES,
)
from generator.protocol.options import BARS, BPM, REMIX_BPM, SECONDS, SEEDS, TAKES, TEMPERATURE, TRANSPOSE
from generator.protocol.results import Progress
from generator.protocol.uploads import ACCEPTED_SUFFIXES, MAX_UPLOAD_BYTES

STATUS_WORDS: dict[Status, str] = {
    "queued": "queued",
    "working": "working",
    "composed": "working",
    "posted": "done",
    "refused": "failed",
}


def request_view(
    entry: RequestRecord,
    place: QueuePosition | None,
    progress: Progress | None,
    song: Song | None,
    version: Version | None = None,
) -> dict[str, Any]:
    """Return a request's status and result. place: None if the request is no longer open. version: of the song."""
    status = STATUS_WORDS[entry.status]
    done = status == "done"
    return {
        "id": entry.id,
        "status": status,
        "progress": 1.0 if done else progress.fraction if progress else 0.0,
        "stage": say(progress.stage) if progress and status == "working" else None,
        "position": place.position if place else 0,
        "estimate": math.ceil(place.seconds) if place else None,
        "place": say(place.sentence) if place else None,
        "song": {**song_view(song, version), **recipe_view(entry, song)} if song and done else None,
        "error": say(entry.error or "") if status == "failed" else None,
    }


def song_view(song: Song, version: Version | None = None) -> dict[str, Any]:
    """Return a song with the URL paths of its files. version: which one of its parent it is, for its `name`."""
    files = f"/files/{song.id}"
    return {
        "id": song.id,
        "title": song.title,
        "name": version_name(version) if version else song.title,
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
        "report": say(song.report),
        "got": song.got,
        "choice": say(choice) if (choice := describe_choice(song.got)) else "",
        "features": song.features,
        "created": song.created,
    }


def recipe_view(entry: RequestRecord | None, song: Song) -> dict[str, Any]:
    """Return what is known of a song by its request. entry: None if it was forgotten."""
    if entry is None:
        return {"mode": None, "asked": [], "again": False, "sound": None}
    request = entry.request
    return {
        "mode": request.mode,
        "asked": asked_and_got(entry, song),
        "again": has_takes(entry),
        "sound": say(SOUND_TITLES[request.sound]),
    }


def version_name(version: Version) -> str:
    """Return what a song that was made from another is called, such as "Variation 2 of Iron Keep"."""
    # The tune that a take was made from is take 1 itself.
    number = version.number + (not MODES[version.mode].needs_file)
    return say(MODES[version.mode].version_title, n=number, title=version.title)


def ranked_view(ranked: Ranked, version: Version | None = None) -> dict[str, Any]:
    """Return a song with its place in a chart."""
    return {
        **song_view(ranked.song, version),
        "rank": ranked.rank,
        "likes": ranked.likes,
        "dislikes": ranked.dislikes,
        "low": ranked.low,
        "high": ranked.high,
    }


def nameless_view(song: Song) -> dict[str, Any]:
    """Return a song of a battle, without its name."""
    return {name: value for name, value in song_view(song).items() if name in ("id", "audio", "picture", "seconds")}


def standing_view(standing: Standing, version: Version | None = None) -> dict[str, Any]:
    """Return a song with its place in the ranking of battles."""
    strength = standing.strength
    return {
        **song_view(standing.song, version),
        "rank": standing.rank,
        "battles": strength.judgements,
        "low": strength.low,
        "middle": strength.middle,
        "high": strength.high,
    }


def nominee_view(nominee: Nominee, participation: Participation) -> dict[str, Any]:
    """Return a song of an open round, and whether this browser nominated it."""
    return {**song_view(nominee.song), "mine": nominee.song.id in participation.nominated}


def result_view(ended: Round, nominees: list[Nominee]) -> dict[str, Any]:
    """Return how a round ended: its outcome, and its songs with their votes, the winner first."""
    songs = [{"id": each.song.id, "title": each.song.title, "votes": each.votes, "won": each.won} for each in nominees]
    return {"round": ended.ordinal, "outcome": ended.outcome, "voters": ended.voters, "songs": songs}


def famous_view(winner: Winner) -> dict[str, Any]:
    """Return a song of the hall of fame, with the round that it won and when (seconds since 1970)."""
    contest_round = winner.round
    return {
        **song_view(winner.song),
        "round": contest_round.ordinal,
        "contest_votes": winner.votes,
        "ended": contest_round.ended,
    }


def taste_view(taste: TasteEstimate) -> dict[str, Any]:
    """Return what people like, in words and in numbers. There are features only if the taste acts."""
    features = [
        {
            "name": preference.feature,
            "title": capital(say(WORDS[preference.feature].name)),
            "more": say(WORDS[preference.feature].more),
            "less": say(WORDS[preference.feature].less),
            "weight": preference.weight,
            "low": preference.low,
            "high": preference.high,
            "mean": preference.mean,
            "spread": preference.spread,
        }
        for preference in taste.preferences
    ]
    return {
        "words": [say(words) for words in (*describe_taste(taste), *((USE,) if taste.acts else ()))],
        "votes": taste.votes,
        "least": MIN_VOTES,
        "people": taste.people,
        "songs": taste.songs,
        "acts": taste.acts,
        "gain": taste.gain,
        "margin": MARGIN,
        "right": taste.right,
        "without": taste.without,
        "features": features if taste.acts else [],
    }


def options_view() -> dict[str, Any]:
    """Return the limits and choices of a request, for the page's form."""
    return {
        "scenes": SCENES,
        "keys": KEYS,
        "bpm": BPM.limits,
        "seconds": SECONDS.limits,
        "default_seconds": DEFAULT_SECONDS,
        "temperature": TEMPERATURE.limits,
        "densities": DENSITIES,
        "sounds": {name: say(title) for name, title in SOUND_TITLES.items()},
        "bars": BARS.limits,
        "takes": TAKES.limits,
        "channels": CHANNEL_NAMES,
        "transpose": TRANSPOSE.limits,
        "remix_bpm": REMIX_BPM.limits,
        "modes": {name: sorted(mode.fields) for name, mode in MODES.items()},
        "remix_modes": {name: f"{say(mode.title)}: {say(mode.description)}" for name, mode in REMIX_MODES.items()},
        "seeds": SEEDS,
        "max_upload_bytes": MAX_UPLOAD_BYTES,
        "upload_suffixes": ACCEPTED_SUFFIXES,
    }
