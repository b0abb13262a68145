"""What travels between the bot and a generator process: jobs, progress, results and failures, as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from generator.protocol.i18n import Sentence, said_of
from generator.protocol.requests import Request

VIDEO = "tune.mp4"
"""The film of a tune, its picture and its sound, which lies beside the files that a result names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A request on its way to the generator.

    folder: the existing folder, absolute, that the files are written to. upload: the absolute path of the MIDI file.
    """

    id: str
    request: Request
    folder: str
    upload: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {**asdict(self), "request": self.request.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Job:
        """From JSON."""
        return cls(**{**data, "request": Request.from_dict(data["request"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is: fraction 0 to 1 and the stage's name as a person reads it ("composing")."""

    id: str
    fraction: float
    stage: str
    type: Literal["progress"] = "progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A finished tune.

    midi, audio, picture: file names inside the job's folder (`tune.mid`, `tune.ogg`, `tune.png`). digest: the
    SHA-256 of the MIDI bytes. seconds: the score played once. timings: seconds per stage, flat, and `total`.
    report: one sentence on what became of an upload, else "". got: what else came out, by name: `density` (low,
    medium, high), `bars`, `shared_notes` (of the longest run that a training song has too); where a taste chose,
    `take` of `takes` (which take was kept, from 1 on), `likeliest` (the one that would have been kept without) and
    `take_seed` (the seed that gives the take as the only one). features: what is measured on the score, by `FEATURES`,
    without what it has nothing for.
    """

    id: str
    title: str
    midi: str
    audio: str
    picture: str
    digest: str
    seconds: float
    bpm: float
    key: str
    seed: int
    model: str
    engine: str
    report: str = ""
    got: dict[str, str | float] = field(default_factory=dict)
    features: dict[str, float] = field(default_factory=dict)
    timings: dict[str, float] = field(default_factory=dict)
    type: Literal["result"] = "result"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A job that ended without a tune. sentence: for the person. fault: whether it is ours and not the input's."""

    id: str
    sentence: str
    fault: bool = False
    type: Literal["failure"] = "failure"


Answer = Progress | Result | Failure


def answer_to_json(answer: Answer) -> str:
    """One answer as a JSON object. "said" holds what its sentences are made of, by field, where that is needed."""
    data = asdict(answer)
    said = {name: made for name, text in data.items() if (made := said_of(text)) is not None}
    return json.dumps({**data, "said": said} if said else data)


def answer_from_json(text: str | bytes) -> Answer:
    """The answer that `answer_to_json` wrote."""
    data = json.loads(text)
    for name, said in data.pop("said", {}).items():
        data[name] = Sentence.from_json(said)
    kinds: dict[str, type[Answer]] = {"progress": Progress, "result": Result, "failure": Failure}
    return kinds[data["type"]](**data)
