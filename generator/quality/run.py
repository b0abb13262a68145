"""The quality report from end to end: the songs measured, the tunes composed and measured, the report written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from generator.protocol.errors import InputError
from generator.protocol.options import SECONDS
from generator.protocol.requests import Request
from generator.quality.report import REPORT_PAGE, goal_sentence, markdown_table, returns_sentence, write_report
from generator.quality.samples import Sample, measure_files, measure_songs
from generator.quality.tunes import Progress, plan_jobs, run_jobs
from models.music.score import FRAMES_PER_SECOND
from models.music.songs import midi_files

EXTRA_SECONDS = 2.0
"""Seconds: a tune lasts whole bars and may be a little shorter than asked for; and its close is not a song's middle."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is compared.

    tunes: how many are composed, with the seeds from `seed` on. seconds: their length, and that of the songs'
    beginnings: just over 30, where returning passages are asked for, since few held-out songs are much longer.
    Raises InputError where there are no tunes.
    """

    tunes: int = 200
    seconds: float = 32.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.tunes < 1:
            raise InputError(f"At least 1 tune is needed to compare, not {self.tunes}.")

    @property
    def requests(self) -> list[Request]:
        """What the tunes are asked for: nothing but a length, and a little more of it than is measured.

        Raises InputError where a request could not be made of the options.
        """
        usual = Request(seconds=self.seconds)
        longer = min(self.seconds + EXTRA_SECONDS, SECONDS.high)
        return [replace(usual, seed=self.seed + i, seconds=longer) for i in range(self.tunes)]


def run(
    songs: Path, out: Path, options: Options, progress: Progress, *, model: Path, scores: Path | None = None
) -> str:
    """Write the report into the folder `out`; its table, and what follows from it, for a person to read.

    scores: a folder of MIDI files to measure; without it the model's tunes are composed. Raises InputError and
    MusicError.
    """
    # What can be wrong with the options is said before any work.
    requests = options.requests
    orders = [] if scores else plan_jobs(model, out, requests)
    files = midi_files(scores) if scores else [order.file for order in orders]
    frames = round(options.seconds * FRAMES_PER_SECOND)
    real = measure_songs(songs, frames, progress)
    _check("songs", real, 2, options)
    run_jobs(orders, progress)
    made = measure_files(files, frames, progress)
    _check("tunes", made, 1, options)
    figures = write_report(made, real, options.seconds, options.seed, out)
    return "\n".join(
        [*markdown_table(figures), "", goal_sentence(figures), returns_sentence(figures), str(out / REPORT_PAGE)]
    )


def _check(what: str, side: Sample, least: int, options: Options) -> None:
    """Raise InputError where a side has too little to compare."""
    if side.size < least:
        raise InputError(
            f"{side.size} of {side.size + side.too_short} {what} last {options.seconds:g} s or more;"
            f" {least} are needed at the least."
        )
