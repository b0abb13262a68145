"""Any MIDI file as parts of plain notes in frames, within limits, or one sentence that says why not.

The bytes are read by `generator.importing.midi_reader`, the notes by `generator.importing.parts`, tempo and meter by `generator.importing.stated_grid`.
Which channel of the console plays what is decided in `generator.arranging.arrange`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

import mido

from generator.importing.midi_reader import DamagedMidi, read_midi
from generator.importing.nes_tracks import console_score
from generator.importing.parts import Part, PartNote, play
from generator.importing.stated_grid import stated_grid
from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.uploads import UPLOAD_LIMITS, check_upload
from models.music.midi import TempoMap, from_midi, is_score
from models.music.score import FRAMES_PER_SECOND, Grid, Score, ScoreError

__all__ = ["Import", "Part", "PartNote", "import_midi"]

DAMAGED = _("The MIDI file is damaged and cannot be read.")


@dataclass(frozen=True, slots=True)
class Import:
    """An upload: its parts in the order of the file, none without notes.

    frames: the length. grid: where the file states one tempo. midi: the file, cleaned. score: the file as it is,
    where it has the console's four channels, by their names or by what they hold.
    """

    parts: tuple[Part, ...]
    frames: int
    grid: Grid | None
    midi: mido.MidiFile
    score: Score | None

    @property
    def notes(self) -> tuple[PartNote, ...]:
        """The notes of all parts in the order of their starts."""
        found = chain(*(part.notes for part in self.parts))
        return tuple(sorted(found, key=lambda note: (note.start, -note.pitch)))


def import_midi(data: bytes) -> Import:
    """The parts of a MIDI file; raises InputError with the sentence for the person."""
    check_upload(data)
    try:
        reading = read_midi(data)
    except DamagedMidi as error:
        raise InputError(DAMAGED) from error
    midi = reading.midi
    tempo = TempoMap(midi)
    parts, onsets = play(midi.tracks, tempo)
    if not onsets and reading.damaged:
        raise InputError(DAMAGED)
    score = _score(midi, tempo)
    if not parts and not (score and score.note_count):
        raise InputError(_("The MIDI file holds no notes that can be heard."))
    frames = score.frames if score else max(note.end for part in parts for note in part.notes)
    UPLOAD_LIMITS["seconds"].check(frames / FRAMES_PER_SECOND)
    grid = stated_grid(midi, tempo, onsets) if reading.counts_beats else None
    return Import(tuple(parts), frames, grid, midi, score)


def _score(midi: mido.MidiFile, tempo: TempoMap) -> Score | None:
    """The console's score that the file holds, if it does. A score lasts as long as its file, whatever sounds."""
    if not is_score(midi):
        score = console_score(midi)
    else:
        UPLOAD_LIMITS["seconds"].check(
            tempo.seconds(max(sum(message.time for message in track) for track in midi.tracks))
        )
        try:
            score = from_midi(midi)
        except ScoreError as error:
            said = _("The MIDI file has the channels p1, p2, tr and no, but {fault}.")
            raise InputError(said.format(fault=error)) from error
    return score
