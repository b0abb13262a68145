"""Repeated notes on one pitch: separated so that each is heard, or merged if the sound chip cannot do that.

The triangle and noise channels cannot be retriggered: their registers hold what sounds, and writing the same values
again changes nothing. A second note on the same pitch is only heard if a silent frame comes before it, or if it is
louder or has another noise mode. A pulse channel can be retriggered (a write to $4003 or $4007 resets its phase), but
one time in eight its waveform is about to start over anyway, so it also gets a silent frame if there is room.

Facts: NESdev wiki, "APU Triangle", "APU Noise", "APU Pulse". The registers themselves are left to `registers`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import zip_longest

from models.music.score import NO, TR, Change, Note, Score

Notes = tuple[Note, ...]


def separate_repeats(score: Score) -> Score:
    """Return the score with a silent frame between two notes that would otherwise sound as one.

    The silent frame replaces the last frame of the first note if that note is longer than one frame; otherwise the
    second note starts a frame late. If the second note is also a single frame long, it moves to the next frame if that
    is free; if not, the two notes stay indistinguishable.
    """
    return replace(score, channels=tuple(_separate_channel(notes) for notes in score.channels))


def _separate_channel(notes: Notes) -> Notes:
    """Separate the repeated notes of one channel."""
    sounding: list[Note] = []
    for note, following in zip_longest(notes, notes[1:]):
        pair = _separate(sounding[-1], note, following) if sounding else None
        sounding[-1:] = pair or (*sounding[-1:], note)
    return tuple(sounding)


def merge_hidden_repeats(score: Score, fixed: Score | None = None) -> Score:
    """Return the score with triangle and noise notes merged into the note before if the chip cannot make them heard.

    Such a note is a single frame long, like the note before it; it has the same pitch and is no louder, and the next
    note follows at once. The two become one note, which is how they sound. All remaining notes can be heard.

    fixed: a score whose notes must not change. If one of the two notes is fixed, the other is removed.
    """
    fixed_channels = fixed.channels if fixed else ((),) * len(score.channels)
    channels = list(score.channels)
    for channel in (TR, NO):
        channels[channel] = _merge_channel(score.channels[channel], frozenset(fixed_channels[channel]))
    return replace(score, channels=tuple(channels))


def _merge_channel(notes: Notes, fixed: Collection[Note]) -> Notes:
    """Merge the hidden repeats of one channel.

    Two versions are tracked: the notes to write, and the notes as they sound, because separating notes moves them.
    """
    written: list[Note] = []
    sounding: list[Note] = []
    for note, following in zip_longest(notes, notes[1:]):
        pair: Notes | None = _separate(sounding[-1], note, following) if sounding else (note,)
        if pair is None and note in fixed:
            if written[-1] not in fixed:  # without it, the frame before the fixed note is silent
                del written[-1], sounding[-1]
            pair = (*sounding[-1:], note)
        if pair:
            sounding[-1:] = pair
            written.append(note)
        elif written[-1] not in fixed:
            written[-1], sounding[-1] = _merge(written[-1], note), _merge(sounding[-1], note)
    return tuple(written)


def _separate(before: Note, note: Note, following: Note | None) -> tuple[Note, Note] | None:
    """Return two notes so that both are heard, or None if the second cannot be.

    before: as it sounds after earlier changes. following: the note after the second; the second note must not touch it
    if the two would sound as one, unless the following note can be shortened.
    """
    if not is_hidden_repeat(before, note):
        return before, note
    if before.length > 1:
        return truncate(before, before.length - 1), note
    if note.length > 1:
        return before, _delay(note, note.end)
    if following is None or note.end == following.start:
        return None
    late = _delay(note, note.end + 1)
    return None if is_hidden_repeat(late, following) and following.length == 1 else (before, late)


def is_hidden_repeat(before: Note, note: Note) -> bool:
    """Return whether a note starts where the one before ends, with the same pitch and duty, and no louder."""
    same = (before.end, before.pitch, before.duty[-1][1]) == (note.start, note.pitch, note.duty[0][1])
    return same and note.volume[0][1] <= before.volume[-1][1]


def truncate(note: Note, length: int) -> Note:
    """Return the first `length` frames of a note."""
    volume, duty = (tuple(change for change in changes if change[0] < length) for changes in (note.volume, note.duty))
    return replace(note, end=note.start + length, volume=volume, duty=duty)


def _delay(note: Note, end: int) -> Note:
    """Return a note that starts one frame later and ends at `end`, with its volumes and duties from the start."""
    return replace(truncate(note, end - note.start - 1), start=note.start + 1, end=end)


def _merge(note: Note, following: Note) -> Note:
    """Return a note that continues with the volumes and duties of the following one."""
    volume = _append(note.volume, following.volume, note.length)
    return replace(note, end=following.end, volume=volume, duty=_append(note.duty, following.duty, note.length))


def _append(changes: tuple[Change, ...], following: tuple[Change, ...], length: int) -> tuple[Change, ...]:
    """Return the changes of a note that is `length` frames long, followed by those of the next note."""
    later = tuple((length + offset, value) for offset, value in following)
    return (*changes, *(later[1:] if later[0][1] == changes[-1][1] else later))
