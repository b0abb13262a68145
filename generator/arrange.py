"""Any song on four channels, in a simple form: highest line, next line, lowest line and drums.

Files that already have the console's four channels pass through as they are. Tempo and key are kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import PurePath

from generator.analysis import find_key
from generator.compose import Tune
from generator.contract import InputError, Request
from generator.envelopes import dress
from generator.importer import Import, PartNote, import_midi
from models.grid import find_clock, tempo_bpm
from models.score import CHANNELS, NO, P1, P2, TR, Grid, Note, Score, fold_pitch

LOW = 48
"""C3: what lies below is bass, unless most of the song does, and so is always the lowest third of the notes."""

STRUM = 2
"""Frames within which the notes of a chord are struck."""

PLAUSIBLE_BPM = (30, 300)
"""Tempos outside this come from files that were never meant to be counted: the beat is sought in the onsets."""

# General MIDI percussion (key: noise period, frames), strongest first where several sound at once.
_DRUMS: dict[int, tuple[int, int]] = {
    **dict.fromkeys((35, 36), (4, 8)),
    **dict.fromkeys((38, 40, 39), (10, 10)),
    **dict.fromkeys((49, 52, 55, 57), (13, 30)),
    **dict.fromkeys((41, 43), (6, 9)),
    **dict.fromkeys((45, 47), (7, 9)),
    **dict.fromkeys((48, 50), (8, 9)),
    **dict.fromkeys((46, 51, 53, 59), (14, 12)),
    **dict.fromkeys((42, 44, 54, 69, 70, 82), (15, 4)),
    **dict.fromkeys((37, 56, 75, 76, 77), (12, 4)),
}
_OTHER_DRUM = (11, 5)
_STRENGTH = {key: rank for rank, key in enumerate(_DRUMS)}


def arrange(request: Request, data: bytes) -> Tune:
    """The tune of an uploaded MIDI file. Raises InputError."""
    imported = import_midi(data)
    score = imported.score
    if score is not None:
        report = f"The file already has the four channels: {_report(imported, score)}"
    else:
        score = dress(*reduce(imported, request.seed))
        report = _report(imported, score)
    if not score.note_count:
        raise InputError("Nothing in the MIDI file can be played on the four channels.")
    if score.grid is None:
        score = replace(score, grid=find_clock(score).to_grid())
    title = title_of(request.name)
    return Tune(replace(score, title=title), title, find_key(score)[0], report)


def title_of(name: str | None) -> str:
    """A title from a file's name: without its suffix, what cannot be written or printed, and what is too much."""
    letters = PurePath(name or "").stem[:400].encode("utf-8", "replace").decode()
    return "".join(letter if letter.isprintable() else " " for letter in letters).strip()[:60] or "Remix"


def reduce(imported: Import, seed: int) -> tuple[Score, int, tuple[float, ...]]:
    """(score without envelopes, seed, loudness of each note, 0 to 1): what `dress` takes."""
    lines = _lines(note for note in imported.notes if not note.drum)
    lines[NO] = _drum_line(note for note in imported.notes if note.drum)
    loudest = max(note.velocity for note in imported.notes)
    frames = max(note.end for line in lines for note in line)
    channels, loudness = [], []
    for channel, line in enumerate(lines):
        notes = [_on_channel(channel, note) for note in line]
        channels.append(tuple(notes))
        loudness += [max(0.3, note.velocity / loudest) for note in line]
    return Score(tuple(channels), frames, _grid(imported)), seed, tuple(loudness)


def _lines(notes: Iterable[PartNote]) -> list[list[PartNote]]:
    """Three lines, none with two notes at once: what begins highest, next and lowest, as long as it is not outdone."""
    lines: list[list[PartNote]] = [[], [], [], []]
    struck = list(_strummed_together(notes))
    pitches = sorted(note.pitch for note in struck) or [0]
    bass = max(pitches[len(pitches) // 3], min(LOW, pitches[len(pitches) * 2 // 3]))
    for start, group in groupby(struck, key=lambda note: note.start):
        begins = sorted({note.pitch: note for note in group}.values(), key=lambda note: -note.pitch)
        high, low = _sounding(lines[P1], start), _sounding(lines[TR], start)
        lowest = begins[-1].pitch
        if (low is None or lowest <= low.pitch) and (lowest < bass or len(begins) > 2):
            _take(lines[TR], begins.pop())
            # A bass in octaves is one line, not two.
            begins = [note for note in begins if note.pitch >= bass or (note.pitch - lowest) % 12]
        if begins and begins[0].pitch >= (high.pitch if high else bass):
            _take(lines[P1], begins.pop(0))
        if begins:
            _take(lines[P2], begins[0])
    return lines


def _strummed_together(notes: Iterable[PartNote]) -> Iterator[PartNote]:
    """The notes, those of a chord that is struck over some frames begun together, so that none cuts another off."""
    first: PartNote | None = None
    for note in notes:
        if first is None or note.start - first.start > STRUM or note.start >= first.end:
            first = note
        yield replace(note, start=first.start)


def _sounding(line: list[PartNote], frame: int) -> PartNote | None:
    return line[-1] if line and line[-1].end > frame else None


def _take(line: list[PartNote], note: PartNote) -> None:
    """Begin a note on a line, ending the one before."""
    if line and line[-1].end > note.start:
        line[-1] = replace(line[-1], end=note.start)
    line.append(note)


def _drum_line(notes: Iterable[PartNote]) -> list[PartNote]:
    """One hit at a time, the strongest; each as long as such a drum rings."""
    line: list[PartNote] = []
    for start, group in groupby(notes, key=lambda note: note.start):
        hit = min(group, key=lambda note: _STRENGTH.get(note.pitch, len(_STRENGTH)))
        frames = _DRUMS.get(hit.pitch, _OTHER_DRUM)[1]
        _take(line, replace(hit, end=start + frames))
    return line


def _on_channel(channel: int, note: PartNote) -> Note:
    pitch = _DRUMS.get(note.pitch, _OTHER_DRUM)[0] if channel == NO else fold_pitch(CHANNELS[channel], note.pitch)
    return Note(note.start, note.end, pitch)


def _grid(imported: Import) -> Grid | None:
    """The file's own tempo, where it is steady and one that people count in."""
    beat = imported.beat_frames
    if beat is None or not PLAUSIBLE_BPM[0] <= tempo_bpm(beat) <= PLAUSIBLE_BPM[1]:
        return None
    return Grid.from_beat(round(16 * beat), 0, min(16, imported.beats_a_bar))


def _report(imported: Import, score: Score) -> str:
    return f"{score.note_count} of {len(imported.notes)} notes kept on four channels."
