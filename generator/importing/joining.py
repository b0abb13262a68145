"""Puts together what a listener hears as one voice though several channels play it.

One track may spread an instrument over channels: the strings of a guitar, the notes of an MPE synthesiser. And two
instruments may hand a melody to each other, each beginning where the other ends.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from statistics import median

from generator.importing.instruments import role_of
from generator.importing.part_building import Part, PartNote, tidy

DOUBLED = 0.1
"""The share of notes above which two channels double or echo each other instead of sharing one voice."""
LEGATO_FRAMES = 6
"""Frames by which one instrument may begin before or after the other ends."""
MOST_SWITCHES, FEWEST_SWITCHES = 0.75, 2
"""The share, and the number, of changes between two parts that must be legato for them to be one line."""
NEAR = 12
"""Semitones between the middles of two parts that can be one line."""
MOST_PARTS = 40
"""Files with more parts are not searched for such lines."""


def join_voices(parts_by_track: Iterable[tuple[int, bool | None, Part]]) -> list[Part]:
    """Return the parts, those of one voice joined. parts_by_track: (number of the track, whether it is drums, part)."""
    by_track = [[part for _, _, part in parts] for _, parts in groupby(parts_by_track, key=lambda item: item[0])]
    alone = len(by_track) < 2
    parts = [part for track in by_track for part in (track if alone and not _is_zone(track) else _join_channels(track))]
    return _join_lines(parts)


def _is_zone(parts: Sequence[Part]) -> bool:
    """Return whether all parts have one channel, as the members of an MPE zone do."""
    return len({(part.channel, role_of(part.program)) for part in parts}) == 1


def _join_channels(parts: Sequence[Part]) -> list[Part]:
    """Return the parts of a track, with those joined that one instrument plays on several channels."""
    joined: list[Part] = []
    for part in parts:
        for i, other in enumerate(joined):
            same = not part.drum and not other.drum and part.program == other.program
            if same and role_of(part.program) != "noise" and not _double(part, other):
                joined[i] = _join(other, part)
                break
        else:
            joined.append(part)
    return joined


def _double(first: Part, second: Part) -> bool:
    """Return whether many notes of the shorter part sound together with the same pitch of the other."""
    few, many = sorted((first, second), key=lambda part: len(part.notes))
    by_pitch: dict[int, list[PartNote]] = {}
    for note in many.notes:
        by_pitch.setdefault(note.pitch, []).append(note)
    doubled = 0
    for note in few.notes:
        others = by_pitch.get(note.pitch, [])
        at = bisect_right(others, note.end - 1, key=lambda other: other.start)
        doubled += bool(at) and others[at - 1].end > note.start
    return doubled > DOUBLED * len(few.notes)


def _join_lines(parts: list[Part]) -> list[Part]:
    """Return the parts, with those joined that hand a line to each other."""
    single = [i for i, part in enumerate(parts) if not part.drum and _is_line(part.notes)]
    if len(parts) > MOST_PARTS:
        return parts
    gone: set[int] = set()
    for i in single:
        for j in single:
            if i < j and not {i, j} & gone and _hand_over(parts[i], parts[j]):
                parts[i] = _join(parts[i], parts[j])
                gone.add(j)
    return [part for i, part in enumerate(parts) if i not in gone]


def _is_line(notes: Sequence[PartNote]) -> bool:
    """Return whether notes sound one at a time."""
    return all(
        before.end <= after.start + LEGATO_FRAMES and before.start < after.start for before, after in pairwise(notes)
    )


def _hand_over(first: Part, second: Part) -> bool:
    """Return whether two parts take turns without a rest or overlap between them."""
    if role_of(first.program) != role_of(second.program):
        return False
    if abs(median(n.pitch for n in first.notes) - median(n.pitch for n in second.notes)) > NEAR:
        return False
    merged = sorted([*((n, 0) for n in first.notes), *((n, 1) for n in second.notes)], key=lambda item: item[0].start)
    if not _is_line([note for note, _ in merged]):
        return False
    gaps = [after[0].start - before[0].end for before, after in pairwise(merged) if before[1] != after[1]]
    legato = Counter(abs(gap) <= LEGATO_FRAMES for gap in gaps)[True]
    return legato >= max(FEWEST_SWITCHES, MOST_SWITCHES * len(gaps))


def _join(first: Part, second: Part) -> Part:
    """Return two parts as one, named after the first."""
    return replace(first, notes=tuple(tidy([*first.notes, *second.notes])))
