"""Finds the parts that are drums where the file does not say so: by their names, and by what they play.

What a file says of its channels (channel 10, banks, GS and XG) is read by `generator.importing.channels`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from generator.importing.instruments import CYMBALS, DRUM_KEYS, DRUM_KITS, KICKS, SNARES, role_of
from generator.importing.part_building import Part

NAMES = re.compile(
    r"\bdrum(?!.?(?:and|&|n).?bass)|drum(?:s|set|kit)\b|\bperc|schlagz|batter(?:y|ie|ia)|bateria|percus|\bkit\b"
    r"|удар|бараб|ドラム|パーカッション|鼓",
    re.IGNORECASE,
)
NOT_DRUMS = re.compile(r"steel|melod|\blead|\bbass\b|timpani", re.IGNORECASE)
MOSTLY = 0.9
"""The share of a part's notes that must be drum keys."""
TOGETHER = 0.4
"""The share of kicks and snares at which a cymbal must sound too: a bass plays one note at a time."""
FEWEST_NOTES = 8

TrackPart = tuple[int, bool | None, Part]
"""(number of the track, whether the file says that it is drums or not, part)."""


def find_drums(track_parts: Sequence[TrackPart]) -> list[TrackPart]:
    """Return the parts with those marked that are drums."""
    channels = Counter(track for track, _, _ in track_parts)
    titled = len(channels) > 1  # the name of a file's only track is its title
    return [
        (track, True, _as_drums(part))
        if declared is None and _is_drums(part, named=titled and channels[track] == 1)
        else (track, declared, part)
        for track, declared, part in track_parts
    ]


def _is_drums(part: Part, *, named: bool) -> bool:
    """Return whether a part is drums. named: whether its name is its own."""
    pitched = role_of(part.program) != "noise" and part.program not in DRUM_KITS
    keys = sum(note.pitch in DRUM_KEYS for note in part.notes)
    if pitched or keys < MOSTLY * len(part.notes):
        return False
    if named and NAMES.search(part.name):
        return not NOT_DRUMS.search(part.name)
    return part.program == 0 and _plays_drums(part)


def _plays_drums(part: Part) -> bool:
    """Return whether a part plays kicks and snares with cymbals at the same time, and hardly anything else."""
    used = Counter(note.pitch for note in part.notes)
    common = sum(used[key] for key in KICKS | SNARES | CYMBALS)
    if len(part.notes) < FEWEST_NOTES or common < MOSTLY * len(part.notes):
        return False
    if not all(any(used[key] for key in keys) for keys in (KICKS, SNARES, CYMBALS)):
        return False
    cymbals = {note.start for note in part.notes if note.pitch in CYMBALS}
    beats = [note.start for note in part.notes if note.pitch in KICKS | SNARES]
    return sum(start in cymbals for start in beats) >= TOGETHER * len(beats)


def _as_drums(part: Part) -> Part:
    notes = tuple(replace(note, drum=True) for note in part.notes)
    return replace(part, notes=notes, drum=True)
