"""Counts of what a tune holds so far: notes, repeats, ornaments, loudness and notes on a scale.

Guidance compares them with its targets while a tune is written; song profiles are made of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from models.music.score import NO
from models.tokens.sounds import Codebook
from models.tokens.vocabulary import is_note

LOUDNESS_FRAMES = 10
"""Frames of an envelope by which it is loud or quiet."""


@dataclass(slots=True)
class TuneCounts:
    """What has been written so far. notes: all; written: those not repeated, of them late; heard: with an envelope.

    played, repeated: beats of single channels in which anything happens. loudness: the sum over those heard. pitched:
    notes that have a pitch, of them on the scale (pitch classes).
    """

    codebook: Codebook | None = None
    scale: frozenset[int] = frozenset()
    notes: int = 0
    written: int = 0
    late: int = 0
    heard: int = 0
    loudness: float = 0.0
    played: int = 0
    repeated: int = 0
    pitched: int = 0
    on_scale: int = 0
    _envelopes: dict[int, float] = field(default_factory=dict)

    def add(self, beat: Sequence[Sequence[tuple[str, str]]], repeating: int = 0) -> None:
        """A beat: for each channel its (time, event). repeating: the channels that repeat one, one bit each."""
        for channel, happened in enumerate(beat):
            self.played += bool(happened)
            self.repeated += bool(happened) and repeating >> channel & 1
            notes = [event for _, event in happened if is_note(event)]
            self.notes += len(notes)
            if channel != NO:
                self.pitched += len(notes)
                self.on_scale += sum(int(event.rpartition(":")[2]) % 12 in self.scale for event in notes)
            if not repeating >> channel & 1:
                self._add_written(channel, happened)

    def _add_written(self, channel: int, happened: Sequence[tuple[str, str]]) -> None:
        for i, (time, event) in enumerate(happened):
            if not is_note(event):
                continue
            self.written += 1
            self.late += not time.endswith(".0")
            after = happened[i + 1][1] if i + 1 < len(happened) else ""
            if self.codebook and after.startswith("env:"):
                self._envelopes[channel] = loudness_of(after, self.codebook)
            if channel in self._envelopes:
                self.heard += 1
                self.loudness += self._envelopes[channel]


def loudness_of(event: str, codebook: Codebook) -> float:
    """The mean volume, 0 to 15, of an envelope's first frames. event: the one that names it."""
    _, kind, number = event.split(":")
    curves = codebook.noise if kind == "noise" else codebook.pulse
    return float(curves[int(number), :LOUDNESS_FRAMES].mean())
