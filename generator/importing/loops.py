"""Finds the loop point of a MIDI file, as game programs mark it: by markers, or by controllers.

What becomes of the notes after the loop's end is left to `generator.importing.importer`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import mido

from models.music.score import FRAMES_PER_SECOND
from models.music.tempo_map import TempoMap

MARKERS = frozenset({"marker", "cue_marker", "text"})
STARTS = frozenset({"loopstart", "startloop", "loopbegin", "beginloop", "startofloop"})
ENDS = frozenset({"loopend", "endloop", "loopstop", "endofloop"})
XMIDI, HMI, RPG_MAKER = (116, 117), (110, 111), 111
"""Controllers: those of XMIDI (Miles) and HMI begin and end a loop; RPG Maker's begins one that ends with the file."""
FOR_EVER = frozenset({0, 127})
"""The values of XMIDI's controller that do not count repetitions."""
NEAR_BEAT = 1 / 8
"""Beats by which the end of a file may miss that of its last bar."""
SHORTEST = FRAMES_PER_SECOND
"""Frames of the shortest loop: shorter ones are effects of a player, not the form of a tune."""


@dataclass(frozen=True, slots=True)
class Loop:
    """Where a tune returns from `end` to `start`, in frames."""

    start: int
    end: int


def read_loop(tracks: Iterable[mido.MidiTrack], tempo: TempoMap) -> Loop | None:
    """Return the loop that a file marks, or None. It ends with the file if the file does not say where."""
    names: dict[str, list[int]] = {"start": [], "end": []}
    controls: dict[int, list[int]] = {number: [] for number in (*XMIDI, *HMI)}
    last = 0
    for track in tracks:
        tick = 0
        for message in track:
            tick += message.time
            if message.type in MARKERS:
                word = "".join(filter(str.isalpha, message.text.lower()))
                if word in STARTS or word in ENDS:
                    names["start" if word in STARTS else "end"].append(tick)
            elif message.type == "control_change" and _marks_loop(message):
                controls[message.control].append(tick)
        last = max(last, tick)
    marked = names["start"], names["end"]
    xmidi, hmi = ((controls[start], controls[end]) for start, end in (XMIDI, HMI))
    for starts, ends in (marked, xmidi if all(xmidi) else ([], []), hmi if all(hmi) else (controls[RPG_MAKER], [])):
        if starts:
            return _loop(min(starts), [*ends, _whole_beats(last, tempo.ticks_a_beat)], tempo)
    # A file that marks only the end repeats from its beginning.
    return _loop(0, marked[1], tempo) if marked[1] else None


def _marks_loop(message: mido.Message) -> bool:
    """Return whether a controller begins or ends a loop that repeats for ever."""
    if message.control == XMIDI[0]:
        return message.value in FOR_EVER
    return message.control in (*XMIDI, *HMI)


def _whole_beats(tick: int, ticks_a_beat: int) -> int:
    """Return the beat that is hardly away from a tick, if there is one: many files end just before their last bar."""
    beat = round(tick / ticks_a_beat) * ticks_a_beat
    return beat if abs(beat - tick) <= NEAR_BEAT * ticks_a_beat else tick


def _loop(start: int, ends: list[int], tempo: TempoMap) -> Loop | None:
    """Return the loop from a tick to the first end after it, or None if it is too short."""
    end = min((tick for tick in ends if tick > start), default=start)
    loop = Loop(tempo.frame(start), tempo.frame(end))
    return loop if loop.end - loop.start >= SHORTEST else None
