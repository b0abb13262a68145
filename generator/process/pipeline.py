"""A job from request to files: the score, its MIDI, sound, picture and video, with progress and timings.

This is the only module that knows the order of the stages. The process that runs it, and how answers are sent, is left
to `generator.process.main`.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from generator.arranging.arrange import arrange
from generator.composing.compose import COMPOSING as COMPOSING_STAGE
from generator.composing.compose import StageProgress, TasteChoice, Tune, compose
from generator.composing.critic import load_critic
from generator.composing.originality import Index, load_index
from generator.composing.remix import remix_score
from generator.composing.taste_features import measure_features
from generator.pictures.still_film import write_still_film
from generator.pictures.tune_picture import write_tune_picture
from generator.process.desk import Desk
from generator.process.meter import Meter
from generator.protocol.errors import ChiptuneError, InputError
from generator.protocol.i18n import Sentence, _
from generator.protocol.modes import MODES
from generator.protocol.options import NO_MODEL
from generator.protocol.requests import NEEDS_FILE, Request
from generator.protocol.results import SCORE, TAKES, VIDEO, Failure, Job, Progress, Result
from generator.protocol.uploads import digest
from generator.sound.playback import write_score
from models.inference.engine import VERSION as ENGINE_VERSION
from models.inference.new_tune import Composer
from models.music.midi import midi_bytes, to_midi
from models.music.score_json import score_to_json
from models.tokens.plan import density_name
from models.weights import DEFAULT_MODEL, WEIGHTS_FOLDER

AUDIO, MIDI, PICTURE = "tune.ogg", "tune.mid", "tune.png"
COMPOSING = 0.8
"""The share of a job's progress that composing takes."""


class Pipeline:
    """Does jobs and keeps the models loaded between them. Several threads may run jobs at once.

    clock: what times the stages.
    """

    def __init__(self, weights: Path = WEIGHTS_FOLDER) -> None:
        self._weights = weights
        self.clock = time.perf_counter
        self._desk = Desk()
        self._meter = Meter()
        self._loading = threading.Lock()
        self._composers: dict[str, Composer] = {}
        self._rendering = threading.Semaphore(len(os.sched_getaffinity(0)))

    @property
    def composer(self) -> Composer:
        """The default model, loaded on first use."""
        return self._composer(DEFAULT_MODEL)

    @property
    def engine(self) -> str:
        """What runs the model, as the results name it."""
        return ENGINE_VERSION

    def run(self, job: Job, report: Callable[[Progress], None]) -> Result | Failure:
        """Do a job. Bad input ends in a Failure; faults are raised as exceptions."""
        self._meter.begin(job.id)
        try:
            result = self._run(job, report)
        except InputError as error:
            return Failure(id=job.id, sentence=error.sentence)
        finally:
            processor = self._meter.end(job.id)
        return replace(result, timings={**result.timings, "processor": round(processor, 3)})

    def _run(self, job: Job, report: Callable[[Progress], None]) -> Result:
        watch = Stopwatch(self.clock)
        folder = Path(job.folder)

        def report_composing(share: float, stage: Sentence) -> None:
            report(Progress(id=job.id, fraction=round(COMPOSING * share, 3), stage=stage))

        tune = self._make_tune(job, report_composing)
        watch.lap("score")
        data = midi_bytes(to_midi(tune.score))
        (folder / MIDI).write_bytes(data)
        (folder / SCORE).write_text(json.dumps(score_to_json(tune.score), separators=(",", ":")), encoding="utf-8")
        if len(tune.takes) > 1:
            (folder / TAKES).write_text(json.dumps(takes_to_json(tune), separators=(",", ":")), encoding="utf-8")
        watch.lap("midi")
        with self._rendering:
            report(Progress(id=job.id, fraction=COMPOSING, stage=_("rendering the sound")))
            write_score(tune.score, folder / AUDIO, job.request.sound)
            watch.lap("audio")
            report(Progress(id=job.id, fraction=0.9, stage=_("drawing the picture")))
            write_tune_picture(tune.score, folder / PICTURE, tune.title, _subtitle(tune))
            watch.lap("picture")
            report(Progress(id=job.id, fraction=0.95, stage=_("drawing the picture")))
            write_still_film(folder / PICTURE, folder / AUDIO, folder / VIDEO, tune.score.seconds)
            watch.lap("video")
        return self._result(job, tune, digest(data), watch.total())

    def _make_tune(self, job: Job, progress: StageProgress) -> Tune:
        """Compose, arrange, or arrange and then remix, as the mode demands."""
        progress(0.0, COMPOSING_STAGE)
        request = job.request
        mode = MODES[request.mode]
        if not mode.needs_file:
            critic = load_critic(self._weights / request.model)
            composer = self._composer(request.model)
            return compose(composer, request, progress, self.index, critic=critic, write=self._desk.write)
        if job.upload is None:
            raise InputError(NEEDS_FILE)
        tune = arrange(request, Path(job.upload).read_bytes())
        if not mode.uses_model:
            return tune
        return remix_score(self._composer(request.model), request, tune, progress, self.index, write=self._desk.write)

    @property
    def index(self) -> Index | None:
        """The index of songs that no model may copy: the default model's training songs. None without such a file."""
        return load_index(self._weights / DEFAULT_MODEL)

    def _composer(self, name: str) -> Composer:
        """Return a model, loaded on first use. Raise InputError if there is none of that name."""
        with self._loading:
            if name not in self._composers:
                folder = self._weights / name
                if not (folder / "config.json").exists():
                    raise InputError(NO_MODEL.format(name=name))
                self._composers[name] = Composer(folder)
            return self._composers[name]

    def _result(self, job: Job, tune: Tune, sha256: str, timings: dict[str, float]) -> Result:
        return Result(
            id=job.id,
            title=tune.title,
            midi=MIDI,
            audio=AUDIO,
            picture=PICTURE,
            digest=sha256,
            seconds=round(tune.score.seconds, 3),
            bpm=bpm_of(tune),
            key=tune.key,
            seed=job.request.seed,
            model=job.request.model if MODES[job.request.mode].uses_model else "none",
            engine=self.engine,
            report=tune.report,
            got=got_of(tune),
            features=measure_features(tune.score),
            timings=timings,
        )


def bpm_of(tune: Tune) -> float:
    """Return a tune's beats a minute, rounded to a tenth; 0 if its score has no grid."""
    return round(tune.score.grid.bpm, 1) if tune.score.grid else 0.0


def got_of(tune: Tune) -> dict[str, str | float]:
    """Return the properties of a tune besides tempo, key and length, as `Result.got` has them."""
    grid = tune.score.grid
    bars = {"bars": round(tune.score.frames / grid.bar_frames, 2)} if grid else {}
    shared = {} if tune.shared_notes is None else {"shared_notes": tune.shared_notes}
    return {"density": density_name(tune.score), **bars, **shared, **_choice_of(tune.taste_choice)}


def takes_to_json(tune: Tune) -> list[dict[str, Any]]:
    """Return the takes of a tune as the page shows them side by side; see `TAKES`."""
    return [
        {
            "seed": take.seed,
            "kept": replace(take.score, title=tune.title) == tune.score,
            "key": take.key,
            "bpm": round(take.score.grid.bpm, 1) if take.score.grid else 0.0,
            "seconds": round(take.score.seconds, 3),
            "penalty": take.penalty,
            "score": score_to_json(replace(take.score, title=tune.title)),
        }
        for take in tune.takes
    ]


def _choice_of(choice: TasteChoice | None) -> dict[str, int]:
    if choice is None:
        return {}
    return {"take": choice.take, "takes": choice.takes, "likeliest": choice.likeliest, "take_seed": choice.seed}


def _subtitle(tune: Tune) -> str:
    return f"{bpm_of(tune):g} BPM · {tune.key} · {tune.score.seconds:.1f} s"


def run_request(request: Request, folder: Path, upload: Path | None = None) -> Result:
    """Carry out a request in this process, for the command line. Raise InputError for bad input."""
    job = Job(id="cli", request=request, folder=str(folder), upload=str(upload) if upload else None)
    answer = Pipeline().run(job, lambda _: None)
    if isinstance(answer, Failure):
        raise (ChiptuneError if answer.fault else InputError)(answer.sentence)
    return answer


class Stopwatch:
    """Measures the seconds of each stage by a clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = self._last = clock()
        self._laps: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Assign the time since the previous lap to a stage."""
        now = self._clock()
        self._laps[stage] = round(now - self._last, 3)
        self._last = now

    def total(self) -> dict[str, float]:
        """Return the seconds of each stage, and `total`."""
        return {**self._laps, "total": round(self._clock() - self._began, 3)}
