"""Reads any file of notes within the limits as parts of plain notes in frames, or refuses it in one sentence.

Other formats become MIDI in `generator.importing.formats`. The bytes are read by `generator.importing.midi_reader`, the
notes by `generator.importing.parts`, tempo and meter by `generator.importing.declared_grid`, the loop point by
`generator.importing.loops`. Which channel plays what is decided in `generator.arranging.arrange`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain

import mido

from generator.importing.declared_grid import declared_grid
from generator.importing.formats.readers import read_as_midi
from generator.importing.loops import Loop, read_loop
from generator.importing.lyrics import read_lyrics
from generator.importing.midi_reader import DamagedMidi, read_midi
from generator.importing.nes_tracks import read_nes_tracks
from generator.importing.parts import Part, PartNote, read_parts
from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.uploads.limits import UPLOAD_LIMITS, check_size
from models.music.midi import from_midi, is_score
from models.music.score import FRAMES_PER_SECOND, Grid, Lyric, Score, ScoreError
from models.music.tempo_map import TempoMap

__all__ = ["Import", "Part", "PartNote", "import_midi"]

MOST_SILENCE = 2 * FRAMES_PER_SECOND
"""Frames of silence before the first note that are kept."""
LONGEST_TAIL = 8 * FRAMES_PER_SECOND
"""A loop ends with its last note if that leaves more silence at its end."""

DAMAGED = _("The MIDI file is damaged and cannot be read.")


@dataclass(frozen=True, slots=True)
class Import:
    """A MIDI file as parts, in the order of the file, none of them empty.

    frames: the length, up to the end of the loop if there is one. grid: None unless the file declares one tempo and
    keeps it. midi: the cleaned file.
    score: the file note for note if its tracks are the four NES channels, by name or by content; else None.
    silence: frames of silence at the start that are left out. loop: the frame to which the end of the file returns.
    lyrics: the words that are sung, as `Score` has them.
    """

    parts: tuple[Part, ...]
    frames: int
    grid: Grid | None
    midi: mido.MidiFile
    score: Score | None
    silence: int = 0
    loop: int | None = None
    lyrics: tuple[Lyric, ...] = ()

    @property
    def notes(self) -> tuple[PartNote, ...]:
        """The notes of all parts, sorted by their starts."""
        notes = chain(*(part.notes for part in self.parts))
        return tuple(sorted(notes, key=lambda note: (note.start, -note.pitch)))


def import_midi(data: bytes) -> Import:
    """Return the parts of a file. Raise InputError if it is damaged, silent, above a limit or in no known format."""
    check_size(data)
    try:
        parsed = read_midi(read_as_midi(data))
    except DamagedMidi as error:
        raise InputError(DAMAGED) from error
    midi = parsed.midi
    tempo = TempoMap(midi)
    parts, onsets = read_parts(midi.tracks, tempo)
    if not onsets and parsed.damaged:
        raise InputError(DAMAGED)
    score = _score(midi, tempo)
    if not parts and not (score and score.note_count):
        raise InputError(_("The MIDI file holds no notes that can be heard."))
    loop = read_loop(midi.tracks, tempo)
    frames = score.frames if score else max(note.end for part in parts for note in part.notes)
    if not score and (loop := _played_loop(loop, parts, frames)):
        parts, frames = _first_frames(parts, loop.end), loop.end
    UPLOAD_LIMITS["seconds"].check(frames / FRAMES_PER_SECOND)
    grid = declared_grid(midi, tempo, onsets) if parsed.counts_beats else None
    silence = 0 if score else _silence(parts)
    if silence:
        parts = [_earlier(part, silence) for part in parts]
        grid = grid and _grid_earlier(grid, silence)
    repeats_from = max(0, loop.start - silence) if loop and not score else None
    lyrics = tuple((max(0, frame - silence), text) for frame, text in read_lyrics(midi.tracks, tempo))
    return Import(tuple(parts), frames - silence, grid, midi, score, silence, repeats_from, lyrics)


def _played_loop(loop: Loop | None, parts: list[Part], frames: int) -> Loop | None:
    """Return a loop if any notes begin in it. frames: where the last note ends."""
    if loop and loop.end > frames + LONGEST_TAIL:
        loop = replace(loop, end=frames)
    played = loop and any(loop.start <= note.start < loop.end for part in parts for note in part.notes)
    return loop if played else None


def _first_frames(parts: list[Part], frames: int) -> list[Part]:
    """Return the parts without what they play after a frame."""
    cut = (
        replace(part, notes=tuple(replace(n, end=min(n.end, frames)) for n in part.notes if n.start < frames))
        for part in parts
    )
    return [part for part in cut if part.notes]


def _silence(parts: list[Part]) -> int:
    """Return the frames before the first note, if they are too many to keep."""
    first = min(part.notes[0].start for part in parts)
    return first if first > MOST_SILENCE else 0


def _earlier(part: Part, frames: int) -> Part:
    """Return a part that begins some frames earlier."""
    notes = (replace(note, start=note.start - frames, end=note.end - frames) for note in part.notes)
    return replace(part, notes=tuple(notes))


def _grid_earlier(grid: Grid, frames: int) -> Grid:
    """Return a grid that begins some frames earlier. Bar 1 is the first that begins with or after the first note, or
    less than half a row before it.
    """
    bar = grid.bar_frames
    start = round((grid.start - frames) % bar)
    return replace(grid, start=round(start - bar) if start > bar - grid.beat_frames / 8 else start)


def _score(midi: mido.MidiFile, tempo: TempoMap) -> Score | None:
    """Return the score if the file's tracks are the four NES channels, else None. It lasts as long as the file."""
    if not is_score(midi):
        score = read_nes_tracks(midi)
    else:
        UPLOAD_LIMITS["seconds"].check(
            tempo.seconds(max(sum(message.time for message in track) for track in midi.tracks))
        )
        try:
            score = from_midi(midi)
        except ScoreError as error:
            message = _("The MIDI file has the channels p1, p2, tr and no, but {fault}.")
            raise InputError(message.format(fault=error)) from error
    return score
