"""When each tick of a MIDI file sounds: its tempo changes, turned into seconds and frames.

The bars and meters that a file declares are left to `generator.importing.declared_grid`.
"""

from __future__ import annotations

import math
from bisect import bisect_right

import mido

from models.music.score import FRAMES_PER_SECOND


class TempoMap:
    """Converts a file's ticks to seconds and frames, through every tempo change in any of its tracks."""

    def __init__(self, midi: mido.MidiFile) -> None:
        changes: dict[int, int] = {}
        for track in midi.tracks:
            tick = 0
            for message in track:
                tick += message.time
                if message.type == "set_tempo" and message.tempo > 0:
                    changes[tick] = message.tempo
        self.tempos: list[tuple[int, int]] = sorted({0: 500_000, **changes}.items())
        self.ticks_a_beat: int = midi.ticks_per_beat
        self._starts = [0.0]
        for (tick, tempo), (after, _) in zip(self.tempos, self.tempos[1:], strict=False):
            self._starts.append(self._starts[-1] + (after - tick) * tempo / self.ticks_a_beat / 1e6)
        self._ticks = [tick for tick, _ in self.tempos]

    def seconds(self, tick: int) -> float:
        """Return the seconds from the start of the file to a tick."""
        at = bisect_right(self._ticks, tick) - 1
        start, tempo = self.tempos[at]
        return self._starts[at] + (tick - start) * tempo / self.ticks_a_beat / 1e6

    def frame(self, tick: int) -> int:
        """Return the frame nearest to a tick, halves rounded up."""
        return math.floor(self.seconds(tick) * FRAMES_PER_SECOND + 0.5 + 1e-6)
