"""`chiptune quality --judge` from end to end: songs and tunes in numbers, the verdict, its page and its JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np

from generator.analysis.keys import key_profiles
from generator.analysis.musical_features import GROUPS, Found, musical_features
from generator.corpus.labels import origin_of
from generator.protocol.errors import InputError
from generator.quality.judge import ALL, FOLDS, Sample, Verdict, judge
from generator.quality.run import Options
from generator.quality.tunes import Progress, plan_jobs, run_jobs
from models.music.cutting import first_frames
from models.music.score import FRAMES_PER_SECOND, Score
from models.music.songs import midi_files, read_midi_file, read_songs
from models.parallel import in_parallel

JUDGE_JSON, JUDGE_PAGE = "judge.json", "judge.md"
WATCHED = (
    "harmony: 1 semitones apart, pulse 1 and pulse 2",
    "harmony: 1 semitones apart, pulse 1 and triangle",
    "harmony: 2 semitones apart, pulse 1 and pulse 2",
    "melody: steps, pulse 1",
    "melody: fourths and fifths, pulse 1",
    "melody: repeats, pulse 1",
    "harmony: different harmonies",
    "harmony: fit of four seconds to a key",
    "rhythm: recurs at the beat, noise",
    "rhythm: recurs at four beats, noise",
    "rhythm: entropy of gaps, pulse 1",
    "rhythm: entropy of gaps, triangle",
    "rhythm: commonest gap, triangle",
    "rhythm: longest rest, pulse 1",
    "form: a passage returns",
)
"""What is shown whatever comes of it: clashes, melodic intervals, keys, drums and rhythm."""


@dataclass(frozen=True, slots=True)
class Source:
    """A score, or a file of one, with the game that it is from."""

    game: str
    score: Score | Path


def run_judge(
    songs: Path, out: Path, options: Options, progress: Progress, *, model: Path, scores: Path | None = None
) -> str:
    """Judge tunes against songs and write what came of it into `out`; the page, for a person to read.

    scores: a folder of MIDI files to judge; without it the model's tunes are composed. Raises InputError and
    MusicError.
    """
    requests = options.requests
    jobs = [] if scores else plan_jobs(model, out, requests)
    files = midi_files(scores) if scores else [job.file for job in jobs]
    frames = round(options.seconds * FRAMES_PER_SECOND)
    real = measure(songs_of(songs), frames, progress)
    run_jobs(jobs, progress)
    made = measure([Source(file.name, file) for file in files], frames, progress)
    for what, side, least in (("songs", real, 2 * FOLDS), ("tunes", made, FOLDS)):
        if len(set(side.games)) < least:
            raise InputError(
                f"{what} of {least} games that last {options.seconds:g} s are needed at the least.".capitalize()
            )
    verdict = judge(made, real, options.seed)
    page = page_of(verdict, made, real, options.seconds)
    figures = {"seconds": options.seconds, "tunes": len(made.games), "songs": len(real.games), **asdict(verdict)}
    (out / JUDGE_JSON).write_text(json.dumps({**figures, "watched": watched(made, real)}, indent=1) + "\n")
    (out / JUDGE_PAGE).write_text(page, encoding="utf-8")
    return page


def songs_of(source: Path) -> list[Source]:
    """The songs of a corpus file, or of a folder, with their games. Raises CorpusError."""
    if source.is_file():
        return [Source(song.game, song.score) for song in read_songs(source) if song.reduction == 0]
    return [Source(origin_of((*file.parent.parts[-2:], file.name)).game, file) for file in midi_files(source)]


def measure(sources: Sequence[Source], frames: int, progress: Progress) -> Sample:
    """The features of the beginnings of all scores that are long enough."""
    key_profiles()  # takes a second to load: once, before the processes part
    found = progress(in_parallel(partial(_measure, frames=frames), sources), len(sources), "measuring")
    kept = [(source.game, features) for source, features in zip(sources, found, strict=True) if features]
    return Sample([features for _, features in kept], [game for game, _ in kept])


def _measure(source: Source, frames: int) -> Found | None:
    score = read_midi_file(source.score) if isinstance(source.score, Path) else source.score
    return musical_features(first_frames(score, frames)) if score.frames >= frames else None


def watched(made: Sample, real: Sample) -> dict[str, tuple[float | None, float | None]]:
    """The medians of tunes and of songs, for each of `WATCHED`; of yes and no the mean. None where no tune has any."""
    return {name: (_middle(made, name), _middle(real, name)) for name in WATCHED}


def _middle(side: Sample, name: str) -> float | None:
    values = [one[name] for one in side.features if not math.isnan(one[name])]
    if not values:
        return None
    return float(np.mean(values) if name.endswith("returns") else np.median(values))


def page_of(verdict: Verdict, made: Sample, real: Sample, seconds: float) -> str:
    """The verdict as Markdown."""
    rows = [f"| {group} | {verdict.tunes[group]:.3f} | {verdict.songs[group]:.3f} |" for group in (ALL, *GROUPS)]
    shown = [f"| {name} | {_told(one)} | {_told(two)} |" for name, (one, two) in watched(made, real).items()]
    telling = [f"| {name} | {area:.3f} | {one:.3f} | {two:.3f} |" for name, area, one, two in verdict.telling]
    lines = [
        "# Judge",
        "",
        f"A classifier that has learnt from other games tells {len(made.games)} tunes from {len(real.games)} held-out"
        f" songs, the first {seconds:g} s of each, and songs of some games from those of others. Area under the curve:"
        " 0.5 is a guess, 1 is always right.",
        "",
        "| features | tunes against songs | songs against songs |",
        "| --- | --- | --- |",
        *rows,
        "",
        "| medians | tunes | songs |",
        "| --- | --- | --- |",
        *shown,
        "",
        "What tells a tune best by itself:",
        "",
        "| feature | area | tunes | songs |",
        "| --- | --- | --- | --- |",
        *telling,
        "",
    ]
    return "\n".join(lines)


def _told(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
