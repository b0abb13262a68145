"""Any song on the console's four channels, in one arrangement for people or several for training.

Files that already have the four channels pass through as they are. Tempo and key are kept. Who plays what is decided
in `generator.arranging`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from generator.analysis.keys import find_key
from generator.arranging.drums import is_struck
from generator.arranging.instrument_sounds import sound
from generator.arranging.reduction import reduce
from generator.arranging.report import report_on
from generator.arranging.style import styles
from generator.composing.compose import Tune, transpose
from generator.importing.importer import Import, import_midi
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, ngettext
from generator.protocol.requests import Request
from models.music.beats import find_grid
from models.music.grid import find_clock
from models.music.score import FRAMES_PER_SECOND, Grid, Note, Score


def arrange(request: Request, data: bytes) -> Tune:
    """The tune of an uploaded MIDI file. Raises InputError."""
    imported = import_midi(data)
    score = imported.score
    if score is not None:
        said = ngettext(
            "The file already has the four channels: its {n:,} note is kept.",
            "The file already has the four channels: all {n:,} notes kept.",
        )
        # What is written on it has a report of its own, and does not keep all.
        report: str = said.counted(score.note_count) if request.mode == "arrange" else ""
    else:
        reduction = reduce(imported.parts)
        score = sound(reduction)
        report = report_on(imported.parts, reduction).sentence
    if not score.note_count:
        raise InputError(_("Nothing in the MIDI file can be played on the four channels."))
    title = title_of(request.name)
    score = moved(replace(score, title=title, grid=score.grid or imported.grid or find_grid(score)), request)
    return Tune(score, title, find_key(score)[0], report)


def moved(score: Score, request: Request) -> Score:
    """A score in the tempo and transposition that a remix asks for."""
    score = transpose(score, request.transpose) if request.transpose else score
    return retimed(score, request.bpm) if request.bpm else score


def retimed(score: Score, bpm: float) -> Score:
    """A score with a grid at another tempo: every time is stretched, and no note lost. Envelopes keep their pace."""
    old = score.grid or find_clock(score).to_grid()
    grid = Grid.from_beat(round(16 * 60 * FRAMES_PER_SECOND / bpm))
    stretch = grid.beat_frames / old.beat_frames
    channels = []
    for notes in score.channels:
        line: list[Note] = []
        for note in notes:
            start = max(round(note.start * stretch), line[-1].end if line else 0)
            end = max(round(note.end * stretch), start + 1)
            volume, duty = (tuple(c for c in changes if c[0] < end - start) for changes in (note.volume, note.duty))
            line.append(Note(start, end, note.pitch, volume, duty))
        channels.append(tuple(line))
    frames = max(round(score.frames * stretch), *(notes[-1].end for notes in channels if notes), 0)
    fresh = replace(grid, start=round(old.start * stretch), beats_a_bar=old.beats_a_bar)
    return replace(score, channels=tuple(channels), frames=frames, grid=fresh, loop=None)


def reductions(imported: Import, count: int, seed: int) -> list[Score]:
    """Up to `count` different arrangements of one song, the first as `arrange` makes it, the others by the seed.

    Where the file states no tempo, their grid is the row clock that tokens count on, whose beat is in one octave.
    Empty where nothing can be played; one where the file already has the four channels.
    """
    score = imported.score
    if score is not None:
        return [replace(score, grid=score.grid or _grid(imported, score))] if score.note_count else []
    found: list[Score] = []
    grid: Grid | None = None
    for style in styles(seed):
        if len(found) == count or (found and all(is_struck(part) for part in imported.parts)):
            break  # styles do nothing to drums
        score = sound(reduce(imported.parts, style), swap=style.swap)
        if score.note_count:
            grid = grid or _grid(imported, score)
            score = replace(score, grid=grid)
            if score not in found:
                found.append(score)
    return found


def title_of(name: str | None) -> str:
    """A title from a file's name: without its suffix, what cannot be written or printed, and what is too much."""
    letters = PurePath(name or "").stem[:400].encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else " " for letter in letters).strip()[:60] or "Remix"


def _grid(imported: Import, score: Score) -> Grid:
    """The file's own where it states one tempo, else the rows that the onsets keep to."""
    return imported.grid or find_clock(score).to_grid()
