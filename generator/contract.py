"""What travels between the bot and the generator: requests, jobs, progress, results and failures.

Frozen values, JSON both ways, versioned; the limits and names that people meet, and the errors with their sentences.
Knows nothing of how a tune is made or posted. Imports only the standard library, so that the bot starts fast.

Errors:

    ChiptuneError
    +-- InputError        the person can mend it; its message is the sentence that the person reads
    |   +-- JobCancelled  nobody wants the job's tune any more
    +-- FaultError        ours; the message goes to the log, the person reads `FAULT_SENTENCE`
        +-- GeneratorDied the generator process ended in the middle of a job
"""

from __future__ import annotations

import hashlib
import json
import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from generator.sentences import Sentence, _, said_of

VERSION = 1

SCENES = ("stage", "boss", "clear", "title", "game-over", "ending", "town", "dungeon", "menu")
CHANNELS = ("p1", "p2", "tr", "no")
DENSITIES = ("low", "medium", "high")
SOUNDS = ("soundfont", "apu")
"""What plays a tune: FluidSynth with the soundfont, or an imitation of the sound chip itself."""
TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
KEYS = (*TONICS, *(f"{tonic}m" for tonic in TONICS))
"""The 24 keys as we write them; `parse_key` also accepts the other spellings (Db, G#m)."""
_SPELLINGS = {"Db": "C#", "D#": "Eb", "Gb": "F#", "G#": "Ab", "A#": "Bb", "Cb": "B", "B#": "C", "E#": "F", "Fb": "E"}

SECONDS = (2, 180)
BARS = (1, 64)
BPM = (90, 180)
REMIX_BPM = (40, 300)
"""A file's own tempo can be anything; a new tune's is one of those that the model knows."""
TEMPERATURE = (0.1, 2.0)
TAKES = (1, 8)
STRENGTH = (0, 1)
TRANSPOSE = (-24, 24)
LAST_BAR = 9999
SEEDS = 2**31
DEFAULT_SECONDS = 30
SCENE_SECONDS = {"clear": 8, "game-over": 8, "menu": 16}
"""Of scenes whose music is short: half of NES-MDB's for these last less than 5, 5 and 13 s."""
DEFAULT_MODEL = "nes"
VIDEO = "tune.mp4"
"""The film of a tune, its picture and its sound, which lies beside the files that a result names."""

FEATURES = (
    "tempo",
    "notes",
    "drums",
    "harmony",
    "bass",
    "melody",
    "minor",
    "syncopation",
    "pitches",
    "repetition",
    "length",
    "volume",
)
"""What is measured on each score, and what a taste is about: beats a minute; notes and drums a second; the shares of
time that pulse 2 and triangle sound; the mean MIDI pitch of pulse 1; 1 for minor and 0 for major; the share of notes
off the half beats; the entropy of the pitch classes in bits; the share of bars that recur; a note's median length in
seconds; the mean volume, 0 to 15."""
FARTHEST = 3.0
"""Standard deviations that a feature counts at the most: what is stranger still is not liked or disliked more."""

Taste = dict[str, tuple[float, float, float]]
"""By feature: what a standard deviation more of it adds to the logit of a like; its mean and its standard deviation."""

MODES = {
    "generate": frozenset(("scene", "bpm", "key", "seconds", "bars", "density", "takes", "taste")),
    "arrange": frozenset(("bpm", "transpose")),
    "continue": frozenset(("bpm", "transpose", "takes", "seconds", "bars", "from_bar")),
    "accompany": frozenset(("bpm", "transpose", "takes", "keep")),
    "vary": frozenset(("bpm", "transpose", "takes", "strength")),
    "infill": frozenset(("bpm", "transpose", "takes", "span")),
}
"""What a request can be for, and the fields that each mode can do something with; all but the first remix a file."""
FIELD_TITLES = {
    "scene": _("scene"),
    "bpm": _("bpm"),
    "key": _("key"),
    "seconds": _("seconds"),
    "bars": _("bars"),
    "density": _("density"),
    "takes": _("takes"),
    "taste": _("taste"),
    "transpose": _("transpose"),
    "from_bar": _("from bar"),
    "keep": _("keep"),
    "strength": _("strength"),
    "span": _("span"),
}
"""Those fields as people read them."""
NO_MODEL = _("There is no model called {name}.")
NEEDS_FILE = _("A remix needs a MIDI file.")

FAULT_SENTENCE = _("Something went wrong on our side, not yours. It was logged; please try again.")
CANCELLED_SENTENCE = _("This was cancelled.")


class ChiptuneError(Exception):
    """Whatever this project raises on purpose."""

    @property
    def sentence(self) -> str:
        """The message; where it can be said in other languages, a `generator.sentences.Sentence`."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)


class InputError(ChiptuneError):
    """Bad input; the message is one clear sentence for the person, translatable where it can reach Discord."""


class JobCancelled(InputError):
    """Nobody wants the job's tune any more: it was taken back while it was being made."""

    def __init__(self) -> None:
        super().__init__(CANCELLED_SENTENCE)


class FaultError(ChiptuneError):
    """A fault of ours."""


class GeneratorDied(FaultError):
    """The generator process ended in the middle of a job."""


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that an upload may have of something, in `unit`s, and what the person reads who has more."""

    most: int
    sentence: Sentence
    unit: int = 1

    def check(self, found: float) -> None:
        """Raise InputError above the limit. `found` is shown rounded up, so that a bit too much reads as too much."""
        if found > self.most * self.unit:
            shown = math.ceil(found / self.unit * 10) / 10
            raise InputError(self.sentence.format(found=int(shown) if self.unit == 1 else shown, most=self.most))


UPLOAD_LIMITS = {
    "bytes": Limit(1, _("The file has {found:,} MB; {most} MB is the most for a MIDI file."), unit=1024 * 1024),
    "tracks": Limit(128, _("The MIDI file has {found:,} tracks; {most} is the most.")),
    "events": Limit(200_000, _("The MIDI file has {found:,} events; {most:,} is the most.")),
    "seconds": Limit(10, _("The MIDI file lasts {found:,} minutes; {most} minutes is the most."), unit=60),
}
"""What a MIDI file may have. A megabyte is twice the largest of 21,027 files of VGMusic."""
MAX_UPLOAD_BYTES = UPLOAD_LIMITS["bytes"].most * UPLOAD_LIMITS["bytes"].unit
MAX_UPLOAD_PREFIX = 128
"""Bytes that may stand before MThd: as many as a MacBinary header has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything that decides a tune: the same request on the same model and engine gives the same score.

    seconds or bars, bpm, key, scene, density: None leaves the choice to the model. takes: how many are composed, of
    which the best is kept; None for as many as it takes until one has no fault, within reason. For a remix,
    upload: the SHA-256 of the MIDI file's bytes; name: what the upload was called; transpose: semitones; keep: the
    channels that are accompanied; strength: the share of bars that are varied; from_bar: the bar that a continuation
    begins with; span: the first and the last bar that are written anew. Bars count from 1. sound: what plays it, one of
    `SOUNDS`; the tune is the same. taste: which of several takes without more faults than others is kept, None: the
    likeliest by the model. Raises InputError where a field is out of its range, or its mode has no use for it.
    """

    mode: str = "generate"
    seed: int = 0
    seconds: float | None = None
    bars: int | None = None
    bpm: float | None = None
    key: str | None = None
    scene: str | None = None
    density: str | None = None
    temperature: float = 1.0
    takes: int | None = None
    model: str = DEFAULT_MODEL
    upload: str | None = None
    name: str | None = None
    transpose: int | None = None
    keep: tuple[str, ...] | None = None
    strength: float | None = None
    from_bar: int | None = None
    span: tuple[int, int] | None = None
    sound: str = SOUNDS[0]
    taste: Taste | None = None
    version: int = VERSION

    def __post_init__(self) -> None:
        if self.version != VERSION:
            said = _("This request is of version {version}; only version {known} is understood.")
            raise InputError(said.format(version=_shown(self.version), known=VERSION))
        _check_name(_("mode"), self.mode, tuple(MODES))
        if self.scene is not None:
            _check_name(_("scene"), self.scene, SCENES)
        if self.density is not None:
            _check_name(_("density"), self.density, DENSITIES)
        _check_name(_("sound"), self.sound, SOUNDS)
        if self.key is not None:
            object.__setattr__(self, "key", parse_key(self.key))
        _check_number(_("length"), self.seconds, SECONDS, _("seconds"))
        _check_number(_("length"), self.bars, BARS, _("bars"), whole=True)
        _check_number(_("tempo"), self.bpm, BPM if self.mode == "generate" else REMIX_BPM, "BPM")
        _check_number(_("temperature"), self.temperature, TEMPERATURE)
        _check_number(_("number of takes"), self.takes, TAKES, whole=True)
        _check_number(_("seed"), self.seed, (0, SEEDS - 1), whole=True)
        if not isinstance(self.model, str) or not re.fullmatch(r"[a-z0-9-]{1,40}", self.model):
            raise InputError(NO_MODEL.format(name=_shown(self.model)))
        self._check_remix()

    def _check_remix(self) -> None:
        """What only a remix has, and which mode has a use for what."""
        if self.upload is not None and not re.fullmatch(r"[0-9a-f]{64}", str(self.upload)):
            raise InputError(_("The upload is named by the SHA-256 of its bytes."))
        if (self.mode != "generate") != (self.upload is not None):
            raise InputError(NEEDS_FILE if self.upload is None else _("A new tune takes no MIDI file."))
        _check_number(_("transposition"), self.transpose, TRANSPOSE, _("semitones"), whole=True)
        _check_number(_("strength"), self.strength, STRENGTH)
        _check_number(_("bar"), self.from_bar, (1, LAST_BAR), whole=True)
        if self.keep is not None:
            object.__setattr__(self, "keep", parse_channels(self.keep))
        if self.span is not None:
            object.__setattr__(self, "span", parse_span(self.span))
        if self.taste is not None:
            object.__setattr__(self, "taste", parse_taste(self.taste))
        if self.seconds is not None and self.bars is not None:
            raise InputError(_("Give the length in seconds or in bars, not in both."))
        for name in sorted(set().union(*MODES.values()) - MODES[self.mode]):
            if getattr(self, name) is not None:
                said = _("The mode {mode} has no use for {field}: leave it out.")
                raise InputError(said.format(mode=called(self.mode), field=FIELD_TITLES[name]))

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: object) -> Request:
        """From JSON; raises InputError for anything that is no request."""
        if not isinstance(data, Mapping):
            raise InputError(_("A request is a JSON object."))
        unknown = sorted(set(data) - set(cls.__dataclass_fields__))
        if unknown:
            raise InputError(_("A request has no field called {name}.").format(name=_shown(unknown[0])))
        return cls(**data)


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


def called(name: str) -> Sentence:
    """A mode, a scene or a density as people read it."""
    return Sentence(name.replace("-", " "))


def usual_seconds(scene: str | None) -> float:
    """How long a tune is of which no length was asked for."""
    return SCENE_SECONDS.get(scene or "", DEFAULT_SECONDS)


def parse_key(text: object) -> str:
    """A key as a person types it (`c`, `F#m`, `bb minor`) in our spelling; raises InputError."""
    match = re.fullmatch(r"\s*([A-Ga-g])([#b♯♭]?)\s*(m|min|minor|maj|major|)\s*", text if isinstance(text, str) else "")
    if not match:
        said = _("There is no key called {name}: write C, F#, Bb for major and Cm, F#m, Bbm for minor.")
        raise InputError(said.format(name=_shown(text)))
    letter, accidental, mode = match.groups()
    tonic = letter.upper() + accidental.replace("♯", "#").replace("♭", "b")
    return _SPELLINGS.get(tonic, tonic) + ("m" if mode in ("m", "min", "minor") else "")


def parse_channels(value: object) -> tuple[str, ...]:
    """Channels to keep as a person types them (`p1,tr`) or as JSON has them, in their order; raises InputError.

    At least one, and not all four: there would be nothing to write.
    """
    found = [part.strip().lower() for part in value.split(",")] if isinstance(value, str) else value
    if not isinstance(found, list | tuple) or not found:
        said = _("The channels to keep are some of {names}, not {value}.")
        raise InputError(said.format(names=", ".join(CHANNELS), value=_shown(value)))
    for name in found:
        _check_name(_("channel"), name, CHANNELS)
    if len(set(found)) == len(CHANNELS):
        raise InputError(_("Keep one to three channels: with all four kept there is nothing to write."))
    return tuple(name for name in CHANNELS if name in found)


def parse_span(value: object) -> tuple[int, int]:
    """Bars as a person types them (`5-8`, `5`) or as JSON has them ([5, 8]), first and last; raises InputError."""
    found: object = value
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d{1,4})\s*(?:-\s*(\d{1,4})\s*)?", value)):
        found = [int(match[1]), int(match[2] or match[1])]
    if not isinstance(found, list | tuple) or len(found) != 2 or not all(map(_is_int, found)):
        said = _("The bars to write anew are a first and a last one, such as 5-8, not {value}.")
        raise InputError(said.format(value=_shown(value)))
    first, last = found
    if not 1 <= first <= last <= LAST_BAR:
        said = _("The bars to write anew go from a first to a later one, not from {first} to {last}.")
        raise InputError(said.format(first=first, last=last))
    return first, last


def parse_taste(value: object) -> Taste:
    """A taste as JSON has it ({"tempo": [0.4, 140, 22], …}); raises InputError."""
    if not isinstance(value, Mapping):
        raise InputError(_("A taste holds three numbers for each of its features."))
    found: Taste = {}
    for name, numbers in value.items():
        _check_name(_("feature"), name, FEATURES)
        known = numbers if isinstance(numbers, list | tuple) else ()
        if len(known) != 3 or not all(_is_int(one) or isinstance(one, float) for one in known):
            raise InputError(_("The taste of {name} is a weight, a mean and a standard deviation.").format(name=name))
        try:
            weight, mean, deviation = map(float, known)
        except OverflowError:  # an integer beyond every float
            weight = mean = deviation = math.inf
        if not all(map(math.isfinite, (weight, mean, deviation))) or deviation <= 0:
            said = _("The taste of {name} is three finite numbers, the standard deviation above 0.")
            raise InputError(said.format(name=name))
        found[name] = (weight, mean, deviation)
    return found


def standard(value: float, mean: float, deviation: float) -> float:
    """A feature in standard deviations from its mean, `FARTHEST` at the most."""
    return max(-FARTHEST, min(FARTHEST, (value - mean) / deviation))


def check_upload(data: bytes, declared: int | None = None) -> None:
    """What the edge can see of an upload; raises InputError. `declared`: the size that the sender names, in bytes."""
    UPLOAD_LIMITS["bytes"].check(max(len(data), declared or 0))
    if not data:
        raise InputError(_("The file is empty."))
    if not data.startswith(b"RIFF") and data.find(b"MThd", 0, MAX_UPLOAD_PREFIX + 4) < 0:
        raise InputError(_("That is not a MIDI file: a MIDI file begins with MThd."))


def random_seed() -> int:
    """A seed for somebody who named none."""
    return secrets.randbelow(SEEDS)


def digest(data: bytes) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal: the name that it is stored under."""
    return hashlib.sha256(data).hexdigest()


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_name(what: Sentence, value: object, names: tuple[str, ...]) -> None:
    """Raise InputError where a name is none of those known."""
    if value not in names:
        said = _("The {what} must be one of {names}, not {value}.")
        raise InputError(said.format(what=what, names=", ".join(names), value=_shown(value)))


def _check_number(
    what: Sentence, value: object, limits: tuple[float, float], unit: str = "", *, whole: bool = False
) -> None:
    """Raise InputError where a number is none or out of its limits; None passes."""
    if value is None:
        return
    low, high = limits
    number = _is_int(value) or (isinstance(value, float) and not whole)
    if not number or not low <= value <= high:  # type: ignore[operator]
        said = _("The {what} must be {low} to {high}, not {value}.")
        if whole:
            said = _("The {what} must be a whole number from {low} to {high}, not {value}.")
        most = Sentence("{number} {unit}").format(number=high, unit=unit) if unit else high
        raise InputError(said.format(what=what, low=low, high=most, value=_shown(value)))


def _shown(value: object) -> str:
    """A value in a sentence, shortened and without line breaks."""
    text = " ".join(str(value).split())
    return f"“{text[:40]}{'…' if len(text) > 40 else ''}”"
