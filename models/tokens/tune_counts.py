"""Counts what a tune holds so far: notes, repeats, notes off the rows, loudness and notes on a scale.

`models.inference.guidance` compares the counts with its targets while a tune is sampled, and
`models.tokens.song_profiles` makes profiles of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.music.score import NO
from models.tokens.sounds import Codebook
from models.tokens.vocabulary import is_note

LOUDNESS_FRAMES = 10
"""The first frames of an envelope, whose mean volume is its loudness."""


@dataclass(slots=True)
class TuneCounts:
    """The counts of a tune so far.

    notes: all notes. written: those that are not repeats. late: written notes that start some frames after a row.
    enveloped: written notes with an envelope, and loudness: the sum of their loudness. played: beats of single channels
    in which anything happens, and repeated: those that repeat an earlier one. pitched: notes that have a pitch, and
    on_scale: those on `scale` (pitch classes).
    """

    codebook: Codebook | None = None
    scale: frozenset[int] = frozenset()
    notes: int = 0
    written: int = 0
    late: int = 0
    enveloped: int = 0
    loudness: float = 0.0
    played: int = 0
    repeated: int = 0
    pitched: int = 0
    on_scale: int = 0
    _envelopes: dict[int, float] = field(default_factory=dict)

    def add(self, beat: Sequence[Sequence[tuple[str, str]]], repeating: int = 0) -> None:
        """Count a beat: each channel's (time, event). repeating: the channels that repeat a beat, one bit each."""
        for channel, cell in enumerate(beat):
            self.played += bool(cell)
            self.repeated += bool(cell) and repeating >> channel & 1
            notes = [event for _, event in cell if is_note(event)]
            self.notes += len(notes)
            if channel != NO:
                self.pitched += len(notes)
                self.on_scale += sum(int(event.rpartition(":")[2]) % 12 in self.scale for event in notes)
            if not repeating >> channel & 1:
                self._add_written(channel, cell)

    def _add_written(self, channel: int, cell: Sequence[tuple[str, str]]) -> None:
        for i, (time, event) in enumerate(cell):
            if not is_note(event):
                continue
            self.written += 1
            self.late += not time.endswith(".0")
            following = cell[i + 1][1] if i + 1 < len(cell) else ""
            if self.codebook and following.startswith("env:"):
                self._envelopes[channel] = loudness_of(following, self.codebook)
            if channel in self._envelopes:
                self.enveloped += 1
                self.loudness += self._envelopes[channel]


def loudness_of(event: str, codebook: Codebook) -> float:
    """Return the mean volume, 0 to 15, of an envelope's first frames. event: the event that names the envelope."""
    _, kind, number = event.split(":")
    curves = codebook.noise if kind == "noise" else codebook.pulse
    return float(curves[int(number), :LOUDNESS_FRAMES].mean())
