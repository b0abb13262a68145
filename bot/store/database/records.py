"""The store's records: rows as frozen values, and their conversion from and to rows. Queries are in `bot.store`."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from bot.scope import Scope
from generator.protocol.i18n import Sentence, _, sentence_json
from generator.protocol.requests import Request
from generator.protocol.results import Result

Status = Literal["queued", "working", "composed", "posted", "refused"]
"""The state of a request. composed: the generator has made a song or an error, which is not delivered yet; posted and
refused are final."""

SONG_JSON = ("got", "features", "timings")
"""The fields of a song that its row stores as JSON."""
VISIBLE = "(only_in IS NULL OR only_in IN (SELECT value FROM json_each(:channels)))"
"""The SQL condition that a song is listed for a viewer. channels: the ids of the viewer's channels, as JSON."""
SONG_DELETED = _("This tune is no longer in the history.")
"""Shown for a song that was deleted or never existed."""


def fields_of(record: type[Any], row: sqlite3.Row) -> dict[str, Any]:
    """Return a row's values by the names of a record's fields. The column of a scope is named `guild_id`."""
    values = {name: row["guild_id" if name == "scope" else name] for name in record.__dataclass_fields__}
    return values if values["scope"] is None else {**values, "scope": Scope(values["scope"])}


def columns(record: RequestRecord | Song) -> dict[str, Any]:
    """Return a record's values by the names of its table's columns."""
    values = asdict(record)
    values["guild_id"] = values.pop("scope")
    return values


def translation_json(text: str | None) -> str | None:
    """Return the JSON that a row stores beside a sentence so that it can be translated, or None if it is plain text."""
    parts = sentence_json(text)
    return None if parts is None else json.dumps(parts)


def restore_sentence(text: str | None, translation: str | None) -> Any:
    """Return the sentence of a row, from its English text and its `translation_json`."""
    return Sentence.from_json(json.loads(translation)) if translation else text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRecord:
    """A request as the queue stores it.

    destination: what the origin needs to deliver the answer; opaque here. only_in: the only channel that lists its
    song, or None if the whole scope does. error: why there is no song, translatable if possible. created, updated:
    seconds since 1970.
    """

    id: str
    origin: str
    request: Request
    destination: Mapping[str, Any] = field(default_factory=dict, repr=False)
    user_id: str | None = None
    scope: Scope | None = None
    channel_id: str | None = None
    only_in: str | None = None
    parent: str | None = None
    status: Status = "queued"
    error: str | None = None
    cancelled: bool = False
    attempts: int = 0
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> RequestRecord:
        """Return the record of a row of `requests`."""
        values = fields_of(cls, row)
        values["request"] = Request.from_dict(json.loads(row["request"]))
        values["destination"] = json.loads(row["destination"])
        values["cancelled"] = bool(row["cancelled"])
        values["error"] = restore_sentence(row["error"], row["error_said"])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of a song: its name, the SHA-256 of its bytes, under which it is stored, and their number."""

    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Song:
    """A tune that was made. Its id is that of its request.

    midi, audio, picture: file names, whose contents `Store.files` names. seconds: the length, played once. got,
    features: as in `generator.protocol.results.Result`. only_in: as in `RequestRecord`. votes: the sum. deleted: when,
    in seconds since 1970; the row of a deleted song is empty, and stays only for the lineage of others.
    """

    id: str
    title: str
    digest: str
    midi: str
    audio: str
    picture: str
    seconds: float
    bpm: float
    key: str
    scene: str | None
    seed: int
    model: str
    engine: str
    parent: str | None = None
    scope: Scope | None = None
    only_in: str | None = None
    user_id: str | None = None
    message_id: str | None = None
    report: str = ""
    got: Mapping[str, str | float] = field(default_factory=dict)
    features: Mapping[str, float] = field(default_factory=dict)
    timings: Mapping[str, float] = field(default_factory=dict)
    created: float = field(default_factory=time.time)
    votes: int = 0
    deleted: float | None = None

    @property
    def file_names(self) -> tuple[str, ...]:
        """The names of the song's files."""
        return (self.midi, self.audio, self.picture)

    @classmethod
    def from_result(cls, entry: RequestRecord, result: Result) -> Song:
        """Return the song that a request became."""
        return cls(
            id=entry.id,
            title=result.title,
            digest=result.digest,
            midi=result.midi,
            audio=result.audio,
            picture=result.picture,
            seconds=result.seconds,
            bpm=result.bpm,
            key=result.key,
            scene=entry.request.scene,
            seed=result.seed,
            model=result.model,
            engine=result.engine,
            parent=entry.parent,
            scope=entry.scope,
            only_in=entry.only_in,
            user_id=entry.user_id,
            report=result.report,
            got=result.got,
            features=result.features,
            timings=result.timings,
        )

    @classmethod
    def from_row(cls, row: sqlite3.Row) -> Song:
        """Return the song of a row of `voted_songs`."""
        values = fields_of(cls, row)
        values |= {name: json.loads(row[name]) for name in SONG_JSON}
        values["report"] = restore_sentence(row["report"], row["report_said"])
        return cls(**values)
