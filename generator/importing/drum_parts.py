"""Finds the parts that are drums where the file does not say so: by their names, and by what they play.

What a file says of its channels (channel 10, banks, GS and XG) is read by `generator.importing.channels`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from generator.importing.instruments import CYMBALS, DRUM_CHANNEL, DRUM_KEYS, DRUM_KITS, KICKS, SNARES, role_of
from generator.importing.part_building import Part
from generator.protocol.i18n import Sentence, _

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

ON_CHANNEL_10, DECLARED = _("they are on channel 10"), _("the file says so")
NAMED, PLAYED = _("its name says so"), _("kicks, snares and cymbals play together")
"""Why a part is drums, for people."""

TrackPart = tuple[int, bool | None, Part]
"""(number of the track, whether the file says that it is drums or not, part)."""


def find_drums(track_parts: Sequence[TrackPart]) -> list[TrackPart]:
    """Return the parts with those marked that are drums."""
    channels = Counter(track for track, _, _ in track_parts)
    titled = len(channels) > 1  # the name of a file's only track is its title
    found: list[TrackPart] = []
    for track, declared, part in track_parts:
        reason = _declared(part) if declared else None
        if declared is None:
            reason = _drum_reason(part, named=titled and channels[track] == 1)
        found.append((track, True, _as_drums(part, reason)) if reason else (track, declared, part))
    return found


def _declared(part: Part) -> Sentence:
    """Return how the file says that a part is drums."""
    return ON_CHANNEL_10 if part.channel == DRUM_CHANNEL else DECLARED


def _drum_reason(part: Part, *, named: bool) -> Sentence | None:
    """Return why a part is drums though the file does not say so, or None if it is not. named: by a name of its own."""
    pitched = role_of(part.program) != "noise" and part.program not in DRUM_KITS
    keys = sum(note.pitch in DRUM_KEYS for note in part.notes)
    if pitched or keys < MOSTLY * len(part.notes):
        return None
    if named and NAMES.search(part.name):
        return None if NOT_DRUMS.search(part.name) else NAMED
    return PLAYED if part.program == 0 and _plays_drums(part) else None


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


def _as_drums(part: Part, reason: Sentence) -> Part:
    notes = part.notes if part.drum else tuple(replace(note, drum=True) for note in part.notes)
    return replace(part, notes=notes, drum=True, why=reason)
