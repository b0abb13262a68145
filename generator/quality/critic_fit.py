"""`chiptune quality --critic`: fits the critic that chooses among a model's takes, and says how well it does.

It learns from the songs of a corpus, which should be those that the model was trained on, and from single takes of the
model. The seeds of these takes start high, so that they are not the tunes that a judge is given.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from generator.composing.critic import LISTENS_SECONDS, Array, Critic, Scale
from generator.protocol.errors import InputError
from generator.quality.judge import area_under_curve
from generator.quality.judge_report import Source, measure, songs_of
from generator.quality.run import Options
from generator.quality.tunes import Progress, plan_jobs, run_jobs
from models.music.score import FRAMES_PER_SECOND
from models.music.songs import midi_files

FIRST_SEED = 1_000_000
"""Added to the seeds of the tunes."""
SONGS_A_TUNE = 2
"""Songs for each tune, if the corpus has as many: they vary more."""
STRENGTH = 0.003
"""The inverse of the weight of the penalty on weights (C in scikit-learn): there are more weights than tunes."""
FOLDS = 5


def run_critic(
    songs: Path, out: Path, options: Options, progress: Progress, *, model: Path, scores: Path | None = None
) -> str:
    """Fit a critic to a model, write it into `out` and return one sentence on how well it tells tunes from songs.

    songs: a corpus file or a folder of MIDI files. scores: a folder of MIDI files to learn from; without it, takes of
    the model are composed. Raise InputError and MusicError.
    """
    options = replace(options, seconds=float(LISTENS_SECONDS), seed=options.seed + FIRST_SEED)
    frames = LISTENS_SECONDS * FRAMES_PER_SECOND
    jobs = [] if scores else plan_jobs(model, out, [replace(request, takes=1) for request in options.requests])
    files = midi_files(scores) if scores else [job.file for job in jobs]
    real = measure_songs(songs_of(songs), SONGS_A_TUNE * len(files), frames, progress, options.seed)
    run_jobs(jobs, progress)
    made = measure([Source(file.name, file) for file in files], frames, progress).features
    for what, side in (("songs", real), ("tunes", made)):
        if len(side) < FOLDS:
            raise InputError(f"At least {FOLDS} {what} that last {LISTENS_SECONDS} s are needed, not {len(side)}.")
    area = cross_validated(real, made, options.seed)
    file = fit(real, made).save(out)
    return f"{file}: tells {len(made)} takes from {len(real)} songs with an area under the curve of {area:.3f}."


def measure_songs(
    songs: Sequence[Source], count: int, frames: int, progress: Progress, seed: int
) -> list[dict[str, float]]:
    """Return the features of so many songs that are long enough, or of all, from as many games as possible."""
    left, found = spread(songs, seed), list[dict[str, float]]()
    while left and len(found) < count:
        found += measure(left[:count], frames, progress).features
        left = left[count:]
    return found[:count]


def spread(songs: Sequence[Source], seed: int) -> list[Source]:
    """Return songs in random order, one of each game first, then a second one of each, and so on."""
    draw = random.Random(seed)
    games: dict[str, list[Source]] = {}
    for song in draw.sample(songs, len(songs)):
        games.setdefault(song.game, []).append(song)
    rounds = sorted((number, place, game) for place, game in enumerate(games) for number in range(len(games[game])))
    return [games[game][number] for number, _, game in rounds]


def fit(real: Sequence[dict[str, float]], made: Sequence[dict[str, float]]) -> Critic:
    """Return the critic that tells the features of songs from those of tunes."""
    names = tuple(sorted(real[0]))
    values = np.array([[song[name] for name in names] for song in real])
    lacking = np.isnan(values)
    counts = np.maximum(1, (~lacking).sum(axis=0))
    means = np.where(lacking, 0, values).sum(axis=0) / counts
    deviations = np.sqrt(np.where(lacking, 0, (values - means) ** 2).sum(axis=0) / counts)
    scale = Scale(names, means, np.where(deviations > 0, deviations, 1.0))
    inputs, labels = _inputs(scale, real, made)
    regression = _regression().fit(inputs, labels)
    return Critic(scale, regression.coef_[0], float(regression.intercept_[0]))


def cross_validated(real: Sequence[dict[str, float]], made: Sequence[dict[str, float]], seed: int) -> float:
    """Return the area under the curve on songs and tunes that a critic has not learnt from."""
    from sklearn.model_selection import StratifiedKFold, cross_val_predict  # noqa: PLC0415  slow, and only with `train`

    inputs, labels = _inputs(fit(real, made).scale, real, made)
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    verdicts = cross_val_predict(_regression(), inputs, labels, cv=folds, method="decision_function")
    return area_under_curve(verdicts, labels)


def _inputs(scale: Scale, real: Sequence[dict[str, float]], made: Sequence[dict[str, float]]) -> tuple[Array, Array]:
    """Return (inputs [songs and tunes, inputs], labels: 1 for a song)."""
    inputs = np.array([scale.inputs(features) for features in (*real, *made)])
    return inputs, np.repeat([1.0, 0.0], [len(real), len(made)])


def _regression() -> Any:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  slow to load, and only with `train`

    return LogisticRegression(C=STRENGTH, max_iter=1000, class_weight="balanced")
