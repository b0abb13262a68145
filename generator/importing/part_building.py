"""Notes and parts while a file is read: which end belongs to which beginning, and what remains of notes without one."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from generator.protocol.i18n import Sentence
from models.music.score import FRAMES_PER_SECOND

MIN_UNMATCHED_FRAMES = 4 * FRAMES_PER_SECOND
"""A note without an end lasts as long as the longest note of its part that has one, but at least this long."""
CUT_OFF_FRAMES = 6
"""If the track ends sooner after a note without an end, it has been cut off."""
LONGEST_RING = 4 * FRAMES_PER_SECOND
"""Frames for which a pedal may hold a note after its end: pedals that are never raised are common, and notes decay."""
MIN_SLIDE_FRAMES = 3
"""A step of a slide that is shorter belongs to the next."""
KEY_SWITCH = 1
"""The velocity of notes that tell a sampler how to play and are not heard."""
KEY_SWITCH_SHARE = 0.5
"""If more of a part's notes have it, they are its notes."""


@dataclass(frozen=True, slots=True)
class PartNote:
    """One note of a MIDI file: frames [start, end), MIDI pitch, and whether it is a drum.

    velocity: 1 to 127; the note's own, scaled by CC 7 and CC 11 at its onset, or at its loudest if they are 0 at its
    onset. Notes that stay silent are left out. program, bank (CC 0), name (the track's): what it is played with. slide:
    whether it is a bend on the way to or from the pitch that its struck note has longest.
    """

    start: int
    end: int
    pitch: int
    velocity: int
    drum: bool
    program: int = 0
    bank: int = 0
    name: str = ""
    slide: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """What one instrument plays, sorted by start, then from the highest note down. No pitch sounds twice at once.

    channel (0-15), program, name: of the first note. drum: whether all its pitches are drum keys. why: how that is
    known, for people.
    """

    notes: tuple[PartNote, ...]
    channel: int
    program: int
    drum: bool
    name: str
    why: Sentence = field(default=Sentence(""), compare=False)


@dataclass(slots=True)
class NoteBuilder:
    """A note that is being read.

    own_velocity: before it is scaled. end: -1 until it is known. rings_until: where a pedal that held it is raised;
    0 if none did. released: where its key was released if it rings on. bends: those of its channel.
    """

    start: int
    pitch: int
    velocity: int
    own_velocity: int
    program: int
    bank: int
    bends: Sequence[tuple[int, int]] = ()
    end: int = -1
    rings_until: int = 0
    released: int = -1


@dataclass(slots=True, eq=False)
class PartBuilder:
    """A part that is being read. drum: None if the file does not say.

    sounding: by pitch, the notes that have not ended, oldest first. history: by pitch, what was read since all notes
    last ended: (frame, note) for a beginning, (frame, None) for an end. last: the frame of the last event.
    """

    channel: int
    drum: bool | None
    name: str
    notes: list[NoteBuilder] = field(default_factory=list)
    sounding: defaultdict[int, deque[NoteBuilder]] = field(default_factory=lambda: defaultdict(deque))
    history: defaultdict[int, list[tuple[int, NoteBuilder | None]]] = field(default_factory=lambda: defaultdict(list))
    last: int = 0

    def note_on(self, note: NoteBuilder) -> None:
        """Begin a note."""
        self.notes.append(note)
        self.sounding[note.pitch].append(note)
        self.history[note.pitch].append((note.start, note))
        self.last = note.start

    def note_off(self, frame: int, pitch: int) -> NoteBuilder | None:
        """End the oldest note of a pitch and return it, if one sounds. If two overlap, each has an end of its own."""
        if not (sounding := self.sounding[pitch]):
            return None
        note = sounding.popleft()
        note.end = self.last = frame
        self.history[pitch].append((frame, None))
        return note

    def all_notes_off(self, frame: int) -> list[NoteBuilder]:
        """End all notes that still sound, and return them."""
        unmatched = self.take_unmatched()
        for note in unmatched:
            note.end = self.last = frame
        return unmatched

    def sounding_notes(self) -> Iterator[NoteBuilder]:
        """Yield the notes that have not ended."""
        for sounding in self.sounding.values():
            yield from sounding

    def take_unmatched(self) -> list[NoteBuilder]:
        """Return the notes that still sound, and forget them."""
        unmatched = [
            note for pitch, sounding in self.sounding.items() if sounding for note in _match_latest(self.history[pitch])
        ]
        self.sounding.clear()
        self.history.clear()
        return unmatched

    def part_notes(self, ends: int) -> list[PartNote]:
        """Return the notes that sound. ends: the last frame of the track. A note ends where its pitch begins again, if
        not earlier.
        """
        self.take_unmatched()
        longest = max((note.end - note.start for note in self.notes if note.end >= 0), default=0)
        ends = min(ends, self.last + MIN_UNMATCHED_FRAMES)
        switches = sum(note.own_velocity <= KEY_SWITCH for note in self.notes)
        are_switches = not self.drum and switches <= KEY_SWITCH_SHARE * len(self.notes)
        onsets: dict[tuple[int, int], NoteBuilder] = {}
        before: dict[int, NoteBuilder] = {}
        for note in self.notes:
            self._end(note, longest, ends)
            twin = onsets.setdefault((note.start, note.pitch), note)
            if twin is not note:  # begun twice at once: one note, as long and as loud as both
                twin.end, twin.velocity = max(twin.end, note.end), max(twin.velocity, note.velocity)
                twin.own_velocity = max(twin.own_velocity, note.own_velocity)
                continue
            if note.pitch in before:
                before[note.pitch].end = min(before[note.pitch].end, note.start)
            before[note.pitch] = note
        _end_inner_rings(list(onsets.values()))
        audible = (note for note in onsets.values() if note.velocity)
        played = (note for note in audible if not are_switches or note.own_velocity > KEY_SWITCH)
        return tidy(piece for note in played for piece in self._bent(note))

    def _end(self, note: NoteBuilder, longest: int, ends: int) -> None:
        """Set the end of a note."""
        end = note.end
        if end < 0:
            end = min(ends, note.start + max(longest, MIN_UNMATCHED_FRAMES))
            if ends - note.start < CUT_OFF_FRAMES:
                end = note.start + (longest or MIN_UNMATCHED_FRAMES)
        elif note.rings_until > end:
            note.released = end
            end = min(note.rings_until, end + LONGEST_RING)
        note.end = max(end, note.start + 1)

    def _bent(self, note: NoteBuilder) -> Iterator[PartNote]:
        """Yield a note as the notes to which it is bent."""
        plain = PartNote(
            note.start, note.end, note.pitch, note.velocity, bool(self.drum), note.program, note.bank, self.name
        )
        if self.drum or not note.bends:
            yield plain
            return
        steps = _bend_steps(note)
        longest = max(end - start for start, end, _ in steps)
        for start, end, bend in steps:
            pitch = min(127, max(0, note.pitch + bend))
            yield replace(plain, start=start, end=end, pitch=pitch, slide=end - start < longest)


def _end_inner_rings(notes: Sequence[NoteBuilder]) -> None:
    """End notes that only a pedal holds where the part begins another note, if others sound above and below them.

    The highest and the lowest note ring on as melody and bass. Between them, one note is heard after another.
    """
    if all(note.released < 0 for note in notes):
        return
    sounding: list[NoteBuilder] = []
    for start, begun in groupby(sorted(notes, key=lambda note: note.start), key=lambda note: note.start):
        sounding = [note for note in sounding if note.end > start] + list(begun)
        low, high = min(note.pitch for note in sounding), max(note.pitch for note in sounding)
        for note in sounding:
            if 0 <= note.released <= start and note.start < start and low < note.pitch < high:
                note.end = start


def tidy(notes: Iterable[PartNote]) -> list[PartNote]:
    """Return notes sorted by start, then from the highest down, so that no pitch sounds twice at once."""
    result: list[PartNote] = []
    last: dict[int, int] = {}
    for note in sorted(notes, key=lambda note: (note.start, -note.pitch)):
        at = last.get(note.pitch)
        if at is not None and result[at].end > note.start:
            before = result[at]
            if before.start == note.start:
                loud = max(before.velocity, note.velocity)
                result[at] = replace(before, end=max(before.end, note.end), velocity=loud)
                continue
            result[at] = replace(before, end=note.start)
        last[note.pitch] = len(result)
        result.append(note)
    return result


def _bend_steps(note: NoteBuilder) -> list[tuple[int, int, int]]:
    """Return (start, end, semitones) of each pitch to which a note is bent. Short steps belong to the next one."""
    first = bisect_right(note.bends, note.start, key=lambda bend: bend[0])
    bend = note.bends[first - 1][1] if first else 0
    last = bisect_right(note.bends, note.end - 1, key=lambda bend: bend[0])
    changes = [(note.start, bend), *note.bends[first:last]]
    ends = [*(frame for frame, _ in changes[1:]), note.end]
    steps: list[tuple[int, int, int]] = []
    start = note.start
    for (_, bend), end in zip(changes, ends, strict=True):
        short = end - start < MIN_SLIDE_FRAMES
        if short and end < note.end:
            continue
        if steps and (short or steps[-1][2] == bend):
            steps[-1] = steps[-1][0], end, steps[-1][2]
        else:
            steps.append((start, end, bend))
        start = end
    return steps


def _match_latest(history: Sequence[tuple[int, NoteBuilder | None]]) -> list[NoteBuilder]:
    """Match each end with the latest note instead of the oldest, and return the notes that are left without one.

    Used if an end is missing, because otherwise every later note of this pitch would end where the next one does.
    """
    sounding: list[NoteBuilder] = []
    for frame, note in history:
        if note is not None:
            note.end = -1
            sounding.append(note)
        elif sounding:
            sounding.pop().end = frame
    return sounding
