"""The quality report from start to end: measures songs, composes and measures tunes, writes the report."""

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
"""Tunes last whole bars and may be a little shorter than requested; and the close of a tune should not be measured."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is compared.

    tunes: how many are composed, with seeds from `seed` on. seconds: their length, and that of the songs' beginnings.
    The default is just over 30, from which on tunes should have returning passages; few held-out songs are much longer.
    Raise InputError if there are no tunes.
    """

    tunes: int = 200
    seconds: float = 32.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.tunes < 1:
            raise InputError(f"At least 1 tune is needed to compare, not {self.tunes}.")

    @property
    def requests(self) -> list[Request]:
        """The requests of the tunes: only a length, a little longer than what is measured.

        Raise InputError if the options make no valid request.
        """
        usual = Request(seconds=self.seconds)
        longer = min(self.seconds + EXTRA_SECONDS, SECONDS.high)
        return [replace(usual, seed=self.seed + i, seconds=longer) for i in range(self.tunes)]


def run(
    songs: Path, out: Path, options: Options, progress: Progress, *, model: Path, scores: Path | None = None
) -> str:
    """Write the report into the folder `out`, and return its table and conclusions as text.

    scores: a folder of MIDI files to measure; without it, the model's tunes are composed. Raise InputError and
    MusicError.
    """
    # Errors in the options are raised before any work.
    requests = options.requests
    jobs = [] if scores else plan_jobs(model, out, requests)
    files = midi_files(scores) if scores else [job.file for job in jobs]
    frames = round(options.seconds * FRAMES_PER_SECOND)
    real = measure_songs(songs, frames, progress)
    _check("songs", real, 2, options)
    run_jobs(jobs, progress)
    tunes = measure_files(files, frames, progress)
    _check("tunes", tunes, 1, options)
    figures = write_report(tunes, real, options.seconds, options.seed, out)
    return "\n".join(
        [*markdown_table(figures), "", goal_sentence(figures), returns_sentence(figures), str(out / REPORT_PAGE)]
    )


def _check(what: str, sample: Sample, minimum: int, options: Options) -> None:
    """Raise InputError if a sample is too small to compare."""
    if sample.size < minimum:
        raise InputError(
            f"{sample.size} of {sample.size + sample.too_short} {what} last {options.seconds:g} s or more;"
            f" {minimum} are needed at the least."
        )
