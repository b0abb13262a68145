"""Who plays what: the melody on pulse 1, harmony on pulse 2, the bass on the triangle, drums on noise."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import zip_longest

from generator.arranging.drums import Hit, drum_line
from generator.arranging.features import SLICE, Array, Field, field_of
from generator.arranging.lines import Stroke, Tone, lines_of, tones_of
from generator.arranging.path import follow
from generator.arranging.salience import bass_worth, harmony_worth, melody_worth
from generator.arranging.style import Style
from generator.importing.importer import Part
from models.music.score import CHANNELS, P1, P2, TR, fold_pitch

USUAL = Style()

HOLD = 12.0
"""Slices of full worth that a change of line in the middle of a phrase must bring."""
NO_BASS = 0.25
"""The worth of no bass: a line that is less likely one is none."""
TOGETHER = 2
"""Frames within which two notes begin together."""
MOSTLY = 0.5
"""A part of whose notes as many double or echo another is its double or echo."""
ECHO_FRAMES = 45
ARPEGGIO_FRAMES = 18
"""Chords held as long as this are played as arpeggios."""
WORN = 24
"""Frames after which a held note or chord of pulse 2 makes room for another part."""
DEEPEST = 33
"""A1: below it a triangle is hardly heard on small speakers."""
FILL_FRAMES = 5
"""The least room for a note that fills a rest."""


@dataclass(frozen=True, slots=True)
class Played:
    """A note on a channel: frames, pitch, the tone that it is, and the frames since and of the stroke it belongs to."""

    start: int
    end: int
    pitch: int
    tone: Tone
    since: int
    whole: int


@dataclass(frozen=True, slots=True)
class Reduction:
    """What each role plays, one note at a time."""

    melody: tuple[Played, ...]
    harmony: tuple[Played, ...]
    bass: tuple[Played, ...]
    drums: tuple[Hit, ...]

    @property
    def pitched(self) -> tuple[tuple[Played, ...], ...]:
        """All but the drums."""
        return self.melody, self.harmony, self.bass


def reduce(parts: Sequence[Part], style: Style = USUAL) -> Reduction:
    """The song of these parts on four channels."""
    tones = tones_of(parts)
    bass = _followed(tones, parts, bass_worth, HOLD, NO_BASS)
    tones_left = _without(tones, bass)
    melody = _followed(tones_left, parts, melody_worth, HOLD)
    tones_left = _without(tones_left, melody)
    taken = sorted([*melody, *bass], key=lambda stroke: stroke.start)
    heard = Onsets(stroke.tones[0] for stroke in taken)
    doubled = frozenset(tone.number for tone in tones_left if heard.has(tone))
    tones_left = _thinned(tones_left, doubled)
    worth = partial(harmony_worth, echoes=echoes(tones_left, taken), doubled=doubled)
    for _ in range(style.passed_over + 1):
        harmony = _followed(tones_left, parts, worth, HOLD / 2)
        tones_left = _without(tones_left, harmony)
    played = [list(_monophonic(strokes, style.step)) for strokes in (melody, harmony, bass)]
    if style.fill:
        _fill(played, tones_left)
    channels = (P1, P2, TR)
    played[0] = _transposed(played[0], style.octave)
    played[2] = _audible(played[2])
    first, second, third = (tuple(_folded(channel, line)) for channel, line in zip(channels, played, strict=True))
    return Reduction(first, second, third, tuple(drum_line(parts)))


def _followed(
    tones: Sequence[Tone], parts: Sequence[Part], worth: Callable[[Field], Array], hold: float, rest: float = 0.0
) -> list[Stroke]:
    """The strokes of whatever line is worth most when they begin."""
    if not tones:
        return []
    field = field_of(lines_of(tones), parts)
    path = follow(worth(field), field.active, hold, rest)
    found = [
        stroke for i, line in enumerate(field.lines) for stroke in line.strokes if path[stroke.start // SLICE] == i
    ]
    return sorted(found, key=lambda stroke: stroke.start)


def _without(tones: Iterable[Tone], strokes: Iterable[Stroke]) -> list[Tone]:
    used = {tone.number for stroke in strokes for tone in stroke.tones}
    return [tone for tone in tones if tone.number not in used]


def _thinned(tones: Sequence[Tone], doubled: frozenset[int]) -> list[Tone]:
    """The tones without those of chords that are played already."""
    together = Counter((tone.part, tone.start) for tone in tones)
    return [tone for tone in tones if tone.number not in doubled or together[tone.part, tone.start] == 1]


def echoes(tones: Sequence[Tone], strokes: Sequence[Stroke]) -> frozenset[int]:
    """The parts that mostly repeat what is played already, a constant moment later."""
    last: dict[int, list[int]] = {}
    for stroke in strokes:
        last.setdefault(stroke.tones[0].pitch % 12, []).append(stroke.start)
    delays: dict[int, Counter[int]] = {}
    for tone in tones:
        starts = last.get(tone.pitch % 12, [])
        at = bisect_left(starts, tone.start)
        if at and tone.start - starts[at - 1] <= ECHO_FRAMES:
            delays.setdefault(tone.part, Counter())[tone.start - starts[at - 1]] += 1
    total = Counter(tone.part for tone in tones)

    def is_echo(found: Counter[int], of: int) -> bool:
        delay = found.most_common(1)[0][0]
        return sum(found[delay + near] for near in (-1, 0, 1)) >= MOSTLY * of

    return frozenset(part for part, found in delays.items() if is_echo(found, total[part]))


class Onsets:
    """Pitch classes by the frame on which they begin."""

    def __init__(self, tones: Iterable[Tone]) -> None:
        self._at: dict[int, set[int]] = {}
        for tone in tones:
            self.add(tone)

    def add(self, tone: Tone) -> None:
        """A tone begins."""
        for frame in range(tone.start - TOGETHER, tone.start + TOGETHER + 1):
            self._at.setdefault(frame, set()).add(tone.pitch % 12)

    def has(self, tone: Tone) -> bool:
        """Whether one of this pitch class has begun together with it, in whatever octave."""
        return tone.pitch % 12 in self._at.get(tone.start, ())


def _monophonic(strokes: Sequence[Stroke], step: int) -> Iterator[Played]:
    """One note at a time: each stroke until the next; held chords as arpeggios."""
    for stroke, after in zip_longest(strokes, strokes[1:]):
        end = min(stroke.end, after.start) if after else stroke.end
        if end <= stroke.start:
            continue
        whole = end - stroke.start
        if len(stroke.tones) > 1 and step and whole >= ARPEGGIO_FRAMES:
            chord = _at_most_four(stroke.tones)
            for i, start in enumerate(range(stroke.start, end, step)):
                tone = chord[i % len(chord)]
                if tone.end > start or i < len(chord):
                    yield Played(start, min(start + step, end), tone.pitch, tone, start - stroke.start, whole)
        else:
            tone = stroke.tones[0]
            end = min(end, max(tone.end, stroke.start + 1))
            yield Played(stroke.start, end, tone.pitch, tone, 0, end - stroke.start)


def _at_most_four(tones: tuple[Tone, ...]) -> tuple[Tone, ...]:
    return tones if len(tones) <= 4 else (*tones[:3], tones[-1])


def _fill(played: list[list[Played]], rest: Sequence[Tone]) -> None:
    """Tones that nobody plays where there is room for them: the highest of those struck together first.

    On pulse 2 there is room in rests, in arpeggios, and where a note has been held for long; on pulse 1 in rests.
    """
    heard = Onsets(note.tone for line in played for note in line)
    melody, harmony, _ = played
    for tone in sorted(rest, key=lambda tone: (tone.start, -tone.pitch)):
        if not heard.has(tone) and (_insert(harmony, tone, WORN) or _insert(melody, tone, None)):
            heard.add(tone)


def _insert(line: list[Played], tone: Tone, worn: int | None) -> bool:
    """Whether the tone found room in the line. worn: frames after which a note makes room, None for never."""
    at = bisect_left(line, tone.start, key=lambda note: note.start)
    end = tone.end
    after = at
    if worn is not None:
        while after < len(line) and line[after].start < end and line[after].since >= worn:
            after += 1  # steps of an arpeggio
    if after < len(line):
        end = min(end, line[after].start)
    before = line[at - 1] if at else None
    start = tone.start
    if before and before.end > start:
        if worn is not None and start - before.start + before.since >= worn:
            line[at - 1] = replace(before, end=start)
        elif before.end <= start + TOGETHER:
            start = before.end
        else:
            return False
    if end - start < min(FILL_FRAMES, tone.end - tone.start):
        return False
    line[at:after] = [Played(start, end, tone.pitch, tone, 0, end - start)]
    return True


def _transposed(line: list[Played], octaves: int) -> list[Played]:
    """The melody moved by octaves, where all of it stays in range."""
    moved = [replace(note, pitch=note.pitch + 12 * octaves) for note in line]
    inside = all(CHANNELS[P1].lowest <= note.pitch <= CHANNELS[P1].highest for note in moved)
    return moved if inside else line


def _audible(line: list[Played]) -> list[Played]:
    """Bass lines that go too deep moved up, each part's by the same octaves throughout."""
    up = {}
    for part in {note.tone.part for note in line}:
        pitches = sorted(note.pitch for note in line if note.tone.part == part)
        up[part] = max(0, -((pitches[len(pitches) // 20] - DEEPEST) // 12)) * 12
    return [replace(note, pitch=note.pitch + up[note.tone.part]) for note in line]


def _folded(channel: int, line: Sequence[Played]) -> Iterator[Played]:
    """A line in its channel's range, phrase by phrase moved by the fewest octaves."""
    spec = CHANNELS[channel]
    for phrase in _phrases(line):
        low, high = min(note.pitch for note in phrase), max(note.pitch for note in phrase)
        up = fold_pitch(spec, low) - low if low < spec.lowest else fold_pitch(spec, high) - high
        for note in phrase:
            yield replace(note, pitch=fold_pitch(spec, note.pitch + up)) if up else note


def _phrases(line: Sequence[Played]) -> Iterator[list[Played]]:
    """Notes of one part without a rest between them."""
    phrase: list[Played] = []
    for note in line:
        if phrase and (note.tone.part != phrase[-1].tone.part or note.start - phrase[-1].end >= 24):
            yield phrase
            phrase = []
        phrase.append(note)
    if phrase:
        yield phrase
