"""Notes struck again on one pitch: how the sound chip can show where the second begins, and where it cannot.

The triangle and the noise cannot be struck: their registers hold what sounds, and to write the same once more changes
nothing. A second note on one pitch begins where a frame before it is silent, or where it is louder or of another mode.
A pulse can be struck (a write to $4003 or $4007 begins its waveform anew), but in one case of eight that is when it
begins anew anyway, so that it gets a silent frame, too, where there is room. Facts: NESdev wiki, "APU Triangle", "APU
Noise", "APU Pulse". What is written to the registers is `registers`'.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from itertools import zip_longest

from models.music.score import NO, TR, Change, Note, Score

Notes = tuple[Note, ...]


def parted(score: Score) -> Score:
    """The score with a silent frame between two notes that would sound as one, since the chip cannot strike a note.

    The frame is the first note's last, where it has more than one, else the second's first: the second begins a frame
    late. A second note of a single frame then sounds in the frame behind it, if that is free, and if not, the two are
    heard as one.
    """
    return replace(score, channels=tuple(_parted(notes) for notes in score.channels))


def _parted(notes: Notes) -> Notes:
    sounding: list[Note] = []
    for note, following in zip_longest(notes, notes[1:]):
        apart = _apart(sounding[-1], note, following) if sounding else None
        sounding[-1:] = apart or (*sounding[-1:], note)
    return tuple(sounding)


def shown(score: Score, kept: Score | None = None) -> Score:
    """The score without notes of the triangle and the noise whose beginning the chip cannot show.

    Such a note is of a single frame, as the one before it sounds, of the same pitch and no louder, and the next note
    follows at once. The two become one note, which is how they sound; a third can be parted from it. All that are left
    can be told apart.

    kept: a score whose notes stay as they are: where one of the two is such a note, the other is left out.
    """
    old = kept.channels if kept else ((),) * len(score.channels)
    channels = list(score.channels)
    for channel in (TR, NO):
        channels[channel] = _shown(score.channels[channel], frozenset(old[channel]))
    return replace(score, channels=tuple(channels))


def _shown(notes: Notes, kept: Collection[Note]) -> Notes:
    """The notes of a channel. Beside what is written, how it sounds is followed, for what is parted moves."""
    written: list[Note] = []
    sounding: list[Note] = []
    for note, following in zip_longest(notes, notes[1:]):
        pair: Notes | None = _apart(sounding[-1], note, following) if sounding else (note,)
        if pair is None and note in kept:
            if written[-1] not in kept:  # once it is gone, the frame before the kept note is silent
                del written[-1], sounding[-1]
            pair = (*sounding[-1:], note)
        if pair:
            sounding[-1:] = pair
            written.append(note)
        elif written[-1] not in kept:
            written[-1], sounding[-1] = _joined(written[-1], note), _joined(sounding[-1], note)
    return tuple(written)


def _apart(before: Note, note: Note, following: Note | None) -> tuple[Note, Note] | None:
    """Two notes as they can be told apart; None where nothing tells the second one's beginning.

    before: as it sounds already. The second goes where it touches none that sounds the same, unless that can give way.
    """
    if not sound_as_one(before, note):
        return before, note
    if before.length > 1:
        return shortened(before, before.length - 1), note
    if note.length > 1:
        return before, _delayed(note, note.end)
    if following is None or note.end == following.start:
        return None
    late = _delayed(note, note.end + 1)
    return None if sound_as_one(late, following) and following.length == 1 else (before, late)


def sound_as_one(note: Note, following: Note) -> bool:
    """Whether a note follows at once, on the same pitch, no louder than the end of the note before."""
    same = (note.end, note.pitch, note.duty[-1][1]) == (following.start, following.pitch, following.duty[0][1])
    return same and following.volume[0][1] <= note.volume[-1][1]


def shortened(note: Note, length: int) -> Note:
    """The note's first frames."""
    volume, duty = (tuple(change for change in changes if change[0] < length) for changes in (note.volume, note.duty))
    return replace(note, end=note.start + length, volume=volume, duty=duty)


def _delayed(note: Note, end: int) -> Note:
    """The note begun a frame later, up to this end, with the volumes and duties that it begins with."""
    return replace(shortened(note, end - note.start - 1), start=note.start + 1, end=end)


def _joined(note: Note, following: Note) -> Note:
    """A note that goes on with the one behind it, as loud as that is."""
    volume = _then(note.volume, following.volume, note.length)
    return replace(note, end=following.end, volume=volume, duty=_then(note.duty, following.duty, note.length))


def _then(changes: tuple[Change, ...], following: tuple[Change, ...], length: int) -> tuple[Change, ...]:
    """The changes of a note of this length and of the one behind it."""
    later = tuple((length + offset, value) for offset, value in following)
    return (*changes, *(later[1:] if later[0][1] == changes[-1][1] else later))
