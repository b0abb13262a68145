"""Assigns voices to channels: the melody to pulse 1, harmony to pulse 2, the bass to the triangle, drums to noise."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest

import numpy as np

from generator.arranging.drums import DrumHit, reduce_drums
from generator.arranging.features import SLICE, Array, Mask, VoiceFeatures, voice_features
from generator.arranging.reasons import bass_reason, melody_reason
from generator.arranging.salience import bass_salience, harmony_salience, melody_salience
from generator.arranging.style import Style
from generator.arranging.viterbi import select_voices
from generator.arranging.voices import Chord, SourceNote, source_notes, split_voices
from generator.importing.importer import Part
from generator.protocol.i18n import Sentence
from models.music.score import CHANNELS, P1, P2, TR, fold_pitch

DEFAULT_STYLE = Style()
NO_REASON = Sentence("")

SWITCH_COST = 12.0
"""Slices of full salience that a change of voice in the middle of a phrase must gain."""
NO_BASS_SALIENCE = 0.25
"""The salience of having no bass: a less salient voice is not one."""
TOGETHER_FRAMES = 2
"""Frames within which two notes start together."""
MOSTLY = 0.5
"""The share of a part's notes that must double or echo another part for it to count as a double or echo."""
ECHO_FRAMES = 45
ARPEGGIO_FRAMES = 18
"""Chords at least this long are played as arpeggios."""
HELD_FRAMES = 24
"""Frames after which a sustained note or chord of pulse 2 makes room for another part."""
LOWEST_BASS = 33
"""A1: small speakers hardly reproduce a triangle below it."""
FILL_FRAMES = 5
"""The smallest gap that a note can fill."""


@dataclass(frozen=True, slots=True)
class ArrangedNote:
    """A note on a channel, and the source's note.

    elapsed: frames since the start of its chord. total: frames of the whole chord.
    """

    start: int
    end: int
    pitch: int
    source: SourceNote
    elapsed: int
    total: int


@dataclass(frozen=True, slots=True)
class Reduction:
    """The notes of each role, one at a time; and why melody and bass were heard as such, if there are any."""

    melody: tuple[ArrangedNote, ...]
    harmony: tuple[ArrangedNote, ...]
    bass: tuple[ArrangedNote, ...]
    drums: tuple[DrumHit, ...]
    melody_reason: Sentence = NO_REASON
    bass_reason: Sentence = NO_REASON

    @property
    def pitched(self) -> tuple[tuple[ArrangedNote, ...], ...]:
        """All roles but the drums."""
        return self.melody, self.harmony, self.bass


def reduce(parts: Sequence[Part], style: Style = DEFAULT_STYLE) -> Reduction:
    """Return the song of these parts on four channels."""
    notes = source_notes(parts)
    bass, why_bass = _extract_voice(notes, parts, bass_salience, SWITCH_COST, NO_BASS_SALIENCE, reason=bass_reason)
    notes_left = _without(notes, bass)
    melody, why_melody = _extract_voice(notes_left, parts, melody_salience, SWITCH_COST, reason=melody_reason)
    notes_left = _without(notes_left, melody)
    taken = sorted([*melody, *bass], key=lambda chord: chord.start)
    onsets = OnsetIndex(chord.notes[0] for chord in taken)
    doubled = frozenset(source.number for source in notes_left if onsets.has(source))
    notes_left = _without_doubled(notes_left, doubled)
    salience = partial(harmony_salience, echoes=echoing_parts(notes_left, taken), doubled=doubled)
    for _ in range(style.passed_over + 1):
        harmony, _why = _extract_voice(notes_left, parts, salience, SWITCH_COST / 2)
        notes_left = _without(notes_left, harmony)
    played = [list(_monophonic(chords, style.step)) for chords in (melody, harmony, bass)]
    if style.fill:
        _fill(played, notes_left)
    channels = (P1, P2, TR)
    played[0] = _shift_octaves(played[0], style.octave)
    played[2] = _raise_bass(played[2])
    first, second, third = (
        tuple(_fold_into_range(channel, line)) for channel, line in zip(channels, played, strict=True)
    )
    return Reduction(first, second, third, tuple(reduce_drums(parts)), why_melody, why_bass)


def _extract_voice(
    notes: Sequence[SourceNote],
    parts: Sequence[Part],
    salience: Callable[[VoiceFeatures], Array],
    switch_cost: float,
    silence_salience: float = 0.0,
    *,
    reason: Callable[[VoiceFeatures, Mask], Sentence] | None = None,
) -> tuple[list[Chord], Sentence]:
    """Return (the chords of whichever voice is most salient when they start, why it is)."""
    if not notes:
        return [], NO_REASON
    features = voice_features(split_voices(notes), parts)
    path = select_voices(salience(features), features.active, switch_cost, silence_salience)
    selected = [
        chord for i, voice in enumerate(features.voices) for chord in voice.chords if path[chord.start // SLICE] == i
    ]
    followed = features.active & (path[:, None] == np.arange(len(features.voices)))
    why = reason(features, followed) if reason and followed.any() else NO_REASON
    return sorted(selected, key=lambda chord: chord.start), why


def _without(notes: Iterable[SourceNote], chords: Iterable[Chord]) -> list[SourceNote]:
    """Return the notes that are not in these chords."""
    used = {source.number for chord in chords for source in chord.notes}
    return [source for source in notes if source.number not in used]


def _without_doubled(notes: Sequence[SourceNote], doubled: frozenset[int]) -> list[SourceNote]:
    """Return the notes without those of chords that are already played in another octave or voice."""
    together = Counter((source.part, source.start) for source in notes)
    return [source for source in notes if source.number not in doubled or together[source.part, source.start] == 1]


def echoing_parts(notes: Sequence[SourceNote], chords: Sequence[Chord]) -> frozenset[int]:
    """Return the parts that mostly repeat what is already played, with a constant delay."""
    last: dict[int, list[int]] = {}
    for chord in chords:
        last.setdefault(chord.notes[0].pitch % 12, []).append(chord.start)
    delays: dict[int, Counter[int]] = {}
    for source in notes:
        starts = last.get(source.pitch % 12, [])
        at = bisect_left(starts, source.start)
        if at and source.start - starts[at - 1] <= ECHO_FRAMES:
            delays.setdefault(source.part, Counter())[source.start - starts[at - 1]] += 1
    total = Counter(source.part for source in notes)

    def is_echo(delay_counts: Counter[int], note_count: int) -> bool:
        """Return whether most of a part's notes have nearly the same delay."""
        delay = delay_counts.most_common(1)[0][0]
        return sum(delay_counts[delay + near] for near in (-1, 0, 1)) >= MOSTLY * note_count

    return frozenset(part for part, counts in delays.items() if is_echo(counts, total[part]))


class OnsetIndex:
    """Pitch classes by the frames at which they start."""

    def __init__(self, notes: Iterable[SourceNote]) -> None:
        self._at: dict[int, set[int]] = {}
        for source in notes:
            self.add(source)

    def add(self, source: SourceNote) -> None:
        """Add a note."""
        for frame in range(source.start - TOGETHER_FRAMES, source.start + TOGETHER_FRAMES + 1):
            self._at.setdefault(frame, set()).add(source.pitch % 12)

    def has(self, source: SourceNote) -> bool:
        """Return whether a note of the same pitch class, in any octave, starts together with this one."""
        return source.pitch % 12 in self._at.get(source.start, ())


def _monophonic(chords: Sequence[Chord], step: int) -> Iterator[ArrangedNote]:
    """Yield one note at a time: each chord until the next starts; long chords as arpeggios."""
    for chord, after in zip_longest(chords, chords[1:]):
        end = min(chord.end, after.start) if after else chord.end
        if end <= chord.start:
            continue
        total = end - chord.start
        if len(chord.notes) > 1 and step and total >= ARPEGGIO_FRAMES:
            cycle = _at_most_four(chord.notes)
            for i, start in enumerate(range(chord.start, end, step)):
                source = cycle[i % len(cycle)]
                if source.end > start or i < len(cycle):
                    yield ArrangedNote(start, min(start + step, end), source.pitch, source, start - chord.start, total)
        else:
            source = chord.notes[0]
            end = min(end, max(source.end, chord.start + 1))
            yield ArrangedNote(chord.start, end, source.pitch, source, 0, end - chord.start)


def _at_most_four(notes: tuple[SourceNote, ...]) -> tuple[SourceNote, ...]:
    """Return at most four notes of a chord, with its highest and lowest."""
    return notes if len(notes) <= 4 else (*notes[:3], notes[-1])


def _fill(played: list[list[ArrangedNote]], unplayed: Sequence[SourceNote]) -> None:
    """Add unplayed notes, but no slides, where there is room, the highest of those that start together first.

    Pulse 2 has room in rests, in arpeggios, and in long notes; pulse 1 has room in rests.
    """
    onsets = OnsetIndex(note.source for line in played for note in line)
    melody, harmony, _ = played
    for source in sorted(unplayed, key=lambda source: (source.start, -source.pitch)):
        if (
            not source.slide
            and not onsets.has(source)
            and (_insert(harmony, source, HELD_FRAMES) or _insert(melody, source, None))
        ):
            onsets.add(source)


def _insert(line: list[ArrangedNote], source: SourceNote, held_frames: int | None) -> bool:
    """Insert a note into a channel if it has room, and return whether it has.

    held_frames: how long a note of the channel must have sounded to make room; None for never.
    """
    at = bisect_left(line, source.start, key=lambda note: note.start)
    end = source.end
    after = at
    if held_frames is not None:
        while after < len(line) and line[after].start < end and line[after].elapsed >= held_frames:
            after += 1  # steps of an arpeggio
    if after < len(line):
        end = min(end, line[after].start)
    before = line[at - 1] if at else None
    start = source.start
    if before and before.end > start:
        if held_frames is not None and start - before.start + before.elapsed >= held_frames:
            line[at - 1] = replace(before, end=start)
        elif before.end <= start + TOGETHER_FRAMES:
            start = before.end
        else:
            return False
    if end - start < min(FILL_FRAMES, source.end - source.start):
        return False
    line[at:after] = [ArrangedNote(start, end, source.pitch, source, 0, end - start)]
    return True


def _shift_octaves(line: list[ArrangedNote], octaves: int) -> list[ArrangedNote]:
    """Return the melody moved by octaves if all of it stays in range."""
    moved = [replace(note, pitch=note.pitch + 12 * octaves) for note in line]
    inside = all(CHANNELS[P1].lowest <= note.pitch <= CHANNELS[P1].highest for note in moved)
    return moved if inside else line


def _raise_bass(line: list[ArrangedNote]) -> list[ArrangedNote]:
    """Return the bass with parts that are too low moved up, each by the same octaves throughout."""
    up = {}
    for part in {note.source.part for note in line}:
        pitches = sorted(note.pitch for note in line if note.source.part == part)
        up[part] = max(0, -((pitches[len(pitches) // 20] - LOWEST_BASS) // 12)) * 12
    return [replace(note, pitch=note.pitch + up[note.source.part]) for note in line]


def _fold_into_range(channel: int, line: Sequence[ArrangedNote]) -> Iterator[ArrangedNote]:
    """Yield a channel's notes in its range, each phrase moved by as few octaves as possible."""
    spec = CHANNELS[channel]
    for phrase in _phrases(line):
        low, high = min(note.pitch for note in phrase), max(note.pitch for note in phrase)
        up = fold_pitch(spec, low) - low if low < spec.lowest else fold_pitch(spec, high) - high
        for note in phrase:
            yield replace(note, pitch=fold_pitch(spec, note.pitch + up)) if up else note


def _phrases(line: Sequence[ArrangedNote]) -> Iterator[list[ArrangedNote]]:
    """Yield notes of one part without a rest between them."""
    phrase: list[ArrangedNote] = []
    for note in line:
        if phrase and (note.source.part != phrase[-1].source.part or note.start - phrase[-1].end >= 24):
            yield phrase
            phrase = []
        phrase.append(note)
    if phrase:
        yield phrase
