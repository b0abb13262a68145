"""The messages between the bot and a generator process, as JSON: jobs, their progress, and how they end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from generator.protocol.i18n import Sentence, sentence_json
from generator.protocol.requests import Request

SCORE = "score.json"
"""The score of a tune as JSON (`models.music.score_json`), in the same folder as the files that a result names."""
TAKES = "takes.json"
"""The takes that a tune was chosen from, if there were several, in the same folder: a list of objects with `seed`
(gives the take as the only one), `kept` (whether the tune is this take), `key`, `bpm`, `seconds`, `penalty` (the number
of faults and of properties that are not as requested) and `score`."""
VIDEO = "tune.mp4"
"""The video of a tune, its picture with its sound, in the same folder as the files that a result names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A request for the generator process to carry out.

    folder: the absolute path of an existing folder that the files are written to. upload: the absolute path of the
    MIDI file to remix.
    """

    id: str
    request: Request
    folder: str
    upload: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the job as a JSON object."""
        return {**asdict(self), "request": self.request.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Job:
        """Return the job that a JSON object describes. Raise InputError if its request is not valid."""
        return cls(**{**data, "request": Request.from_dict(data["request"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """A tune for the generator process to export.

    midi: the absolute path of the tune's MIDI file. format: one of `generator.protocol.exports.EXPORT_FORMATS`. sound:
    what plays it, if that matters. folder: the absolute path of an existing folder that the file is written to.
    """

    id: str
    midi: str
    format: str
    folder: str
    sound: str
    type: Literal["export"] = "export"

    def to_dict(self) -> dict[str, Any]:
        """Return the job as a JSON object."""
        return asdict(self)


AnyJob = Job | ExportJob


def job_from_dict(data: Mapping[str, Any]) -> AnyJob:
    """Return the job that a JSON object describes. Raise InputError if its request is not valid."""
    return ExportJob(**data) if data.get("type") == "export" else Job.from_dict(data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a job is. fraction: 0 to 1. stage: what is being done, for people to read ("composing")."""

    id: str
    fraction: float
    stage: str
    type: Literal["progress"] = "progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A finished tune.

    midi, audio, picture: file names in the job's folder (`tune.mid`, `tune.ogg`, `tune.png`).
    digest: the SHA-256 of the MIDI file.
    seconds: the length of the score, played once.
    timings: the seconds of each stage, `total`, and `processor`, the job's share of the processor time.
    report: what became of an upload, in one sentence; else "".
    got: other properties of the tune: `density` (low, medium or high), `bars`, `shared_notes` (the notes of the longest
    run that a training song has too). If a taste chose between takes: `take` of `takes` (the take that was kept,
    counted from 1), `likeliest` (the take that would have been kept without a taste) and `take_seed` (the seed that
    gives this take as the only one).
    features: what was measured on the score, by name (`FEATURES`). A feature that the score does not have is absent.
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
    """A job that ended without a tune. sentence: for the person. fault: whether the input was not to blame."""

    id: str
    sentence: str
    fault: bool = False
    type: Literal["failure"] = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A finished export. file: its name in the job's folder."""

    id: str
    file: str
    type: Literal["exported"] = "exported"


Answer = Progress | Result | Exported | Failure


def answer_to_json(answer: Answer) -> str:
    """Return an answer as JSON. "said" has the templates and values of its sentences, by field."""
    data = asdict(answer)
    sentences = {name: parts for name, text in data.items() if (parts := sentence_json(text)) is not None}
    return json.dumps({**data, "said": sentences} if sentences else data)


def answer_from_json(text: str | bytes) -> Answer:
    """Return the answer that `answer_to_json` wrote."""
    data = json.loads(text)
    for name, sentence in data.pop("said", {}).items():
        data[name] = Sentence.from_json(sentence)
    kinds: dict[str, type[Answer]] = {
        "progress": Progress,
        "result": Result,
        "exported": Exported,
        "failure": Failure,
    }
    return kinds[data["type"]](**data)
