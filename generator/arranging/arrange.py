"""Arranges any song for the console's four channels: once for people, several times for training.

Files that already have the four channels pass through unchanged. Tempo and key are kept. The other modules of
`generator.arranging` decide which channel plays what.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import PurePath

from generator.analysis.keys import find_key
from generator.arranging.drums import is_percussion
from generator.arranging.envelopes import to_score
from generator.arranging.reduction import reduce
from generator.arranging.report import report_on
from generator.arranging.style import styles
from generator.composing.compose import Tune, transpose
from generator.importing.importer import Import, import_midi
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, joined, ngettext
from generator.protocol.requests import Request
from generator.protocol.uploads import TUNE_LENGTH
from models.music.beats import find_grid
from models.music.cutting import first_frames
from models.music.grid import find_clock
from models.music.score import FRAMES_PER_SECOND, Grid, Note, Score


def arrange(request: Request, data: bytes) -> Tune:
    """Return the tune of an uploaded MIDI file. Raise InputError if nothing in it can be played."""
    imported = import_midi(data)
    score = imported.score
    if score is not None:
        message = ngettext(
            "The file already has the four channels: its {n:,} note is kept.",
            "The file already has the four channels: all {n:,} notes kept.",
        )
        # The other modes change the tune and have a report of their own.
        report: str = message.counted(score.note_count) if request.mode == "arrange" else ""
    else:
        reduction = reduce(imported.parts)
        score = replace(to_score(reduction), lyrics=imported.lyrics)
        if imported.loop is not None:
            score = with_loop(score, imported.loop, imported.frames)
        report = report_on(imported.parts, reduction).sentence
        if imported.silence:
            left_out = ngettext(
                "{n:,} second of silence at the start is left out.",
                "{n:,} seconds of silence at the start are left out.",
            )
            report = joined(" ", report, left_out.counted(round(imported.silence / FRAMES_PER_SECOND)))
        if imported.loop is not None:
            seconds = imported.loop // FRAMES_PER_SECOND
            report = joined(
                " ", report, _("It loops back to {time}.").format(time=f"{seconds // 60}:{seconds % 60:02}")
            )
    if not score.note_count:
        raise InputError(_("Nothing in the MIDI file can be played on the four channels."))
    title = title_of(request.name)
    score = transpose_and_retime(
        replace(score, title=title, grid=score.grid or imported.grid or find_grid(score)), request
    )
    return Tune(score, title, find_key(score)[0], report)


def with_loop(score: Score, start: int, end: int) -> Score:
    """Return a score that ends at a frame and returns from there to another."""
    return replace(first_frames(score, end), frames=end, loop=start)


def transpose_and_retime(score: Score, request: Request) -> Score:
    """Return a score with the transposition and tempo that a remix requests."""
    score = transpose(score, request.transpose) if request.transpose else score
    return change_tempo(score, request.bpm) if request.bpm else score


def change_tempo(score: Score, bpm: float) -> Score:
    """Return a score with its grid at another tempo. Times and the loop point are stretched, no note is lost, and
    envelopes keep their pace. Raise InputError if it would be too long.
    """
    old = score.grid or find_clock(score).to_grid()
    grid = Grid.from_frames(Fraction(60 * FRAMES_PER_SECOND) / Fraction(bpm))
    stretch = grid.beat_frames / old.beat_frames
    TUNE_LENGTH.check(score.seconds * stretch)
    channels = []
    for notes in score.channels:
        notes_moved: list[Note] = []
        for note in notes:
            start = max(round(note.start * stretch), notes_moved[-1].end if notes_moved else 0)
            end = max(round(note.end * stretch), start + 1)
            volume, duty = (tuple(c for c in changes if c[0] < end - start) for changes in (note.volume, note.duty))
            notes_moved.append(Note(start, end, note.pitch, volume, duty))
        channels.append(tuple(notes_moved))
    frames = max(round(score.frames * stretch), *(notes[-1].end for notes in channels if notes), 0)
    new_grid = replace(grid, start=round(old.start * stretch), upper=old.upper, lower=old.lower)
    loop = None if score.loop is None else min(round(score.loop * stretch), frames - 1)
    lyrics = tuple((round(frame * stretch), text) for frame, text in score.lyrics)
    return replace(score, channels=tuple(channels), frames=frames, grid=new_grid, loop=loop, lyrics=lyrics)


def reductions(imported: Import, count: int, seed: int) -> list[Score]:
    """Return up to `count` different arrangements of a song; the first is that of `arrange`, the seed varies the
    others.

    If the file states no tempo, their grid is the row clock of the tokens, whose beat stays within one octave of
    tempos. The list is empty if nothing can be played, and has one score if the file already has the four channels.
    """
    score = imported.score
    if score is not None:
        return [replace(score, grid=score.grid or _grid(imported, score))] if score.note_count else []
    scores: list[Score] = []
    grid: Grid | None = None
    for style in styles(seed):
        if len(scores) == count or (scores and all(is_percussion(part) for part in imported.parts)):
            break  # styles do not affect drums
        score = to_score(reduce(imported.parts, style), swap=style.swap)
        if score.note_count:
            grid = grid or _grid(imported, score)
            score = replace(score, grid=grid)
            if score not in scores:
                scores.append(score)
    return scores


def title_of(name: str | None) -> str:
    """Return a title from a file's name: without suffix and unprintable letters, and not too long."""
    letters = PurePath(name or "").stem[:400].encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else " " for letter in letters).strip()[:60] or "Remix"


def _grid(imported: Import, score: Score) -> Grid:
    """Return the file's grid if it states a single tempo, and otherwise the rows that the onsets follow."""
    return imported.grid or find_clock(score).to_grid()
