"""The forms in which a song is presented: as it is, a few channels alone, some channels before others, or a span last.

It works on the text that `models.tokens.codec` writes. `models.training.dataset` draws forms and beats at random. What
is given first follows `<given>`, what is written after it follows `<then>`:

    accompany   <given> phrase 1 <given> phrase 2 <then> phrase 1 <given> phrase 3 <then> phrase 2 ... <end>
    infill      <given> beats before <given> beats after <then> the span <end>

Phrases are four bars, so that the model sees four to eight bars ahead when it writes the other channels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from models.music.score import CHANNEL_NAMES, CHANNELS
from models.tokens.vocabulary import BACKS, char, event_of, is_sound

ALL_CHANNELS = range(len(CHANNELS))
GIVEN, THEN, END = char("<given>"), char("<then>"), char("<end>")

Cell = tuple[tuple[str, str], ...]
"""What a channel does in a beat: (time, event with its sounds), in characters."""


@dataclass(slots=True)
class Beat:
    """The parsed text of a beat. opening: its number and countdown. again: beats back, for channels that repeat."""

    opening: list[str] = field(default_factory=list)
    again: dict[int, int] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=lambda: [()] * len(CHANNELS))


@dataclass(frozen=True, slots=True)
class ParsedTune:
    """The parsed text of a song. head: words before the first beat. played: what each channel does, with repeats."""

    head: list[str]
    beats: list[Beat]
    played: list[list[Cell]]


def parse_tune(text: str) -> ParsedTune:
    """Parse a text of `models.tokens.codec.to_text`."""
    head: list[str] = []
    beats: list[Beat] = []
    bodies: list[list[str]] = []
    for word in text.split():
        kind = event_of(word[0]).partition(":")[0]
        if kind == "beat":
            beats.append(Beat([word]))
            bodies.append([])
        elif not beats:
            head.append(word)
        elif kind == "left":
            beats[-1].opening.append(word)
        elif kind == "again":
            for character in word:
                _, name, back = event_of(character).split(":")
                beats[-1].again[CHANNEL_NAMES.index(name)] = int(back)
        elif kind != "<end>":
            bodies[-1].append(word)
    for beat, body in zip(beats, bodies, strict=True):
        beat.cells = _cells("".join(body))
    return ParsedTune(head, beats, _played(beats))


def _cells(body: str) -> list[Cell]:
    """Return what each channel does in a beat. Leave out a time at which nothing happens (an explicit end)."""
    cells: list[list[tuple[str, str]]] = [[] for _ in ALL_CHANNELS]
    time, channel = "", 0
    for character in body:
        event = event_of(character)
        if event.startswith("at:"):
            time = character
        elif is_sound(event):
            before = cells[channel][-1][1]
            # The sounds of a note are one word.
            joined = before[:-1] + character + " " if before.endswith(" ") else f"{before} {character} "
            cells[channel][-1] = (time, joined)
        else:
            channel = CHANNEL_NAMES.index(event.split(":")[1])
            cells[channel].append((time, character))
    return [tuple(cell) for cell in cells]


def _played(beats: Sequence[Beat]) -> list[list[Cell]]:
    """Return what happens in each beat and channel, with repeats written out."""
    played: list[list[Cell]] = []
    for i, beat in enumerate(beats):
        played.append([played[i - beat.again[c]][c] if c in beat.again else beat.cells[c] for c in ALL_CHANNELS])
    return played


def render(
    tune: ParsedTune, beats: range, channels: Collection[int] = ALL_CHANNELS, hidden: range = range(0)
) -> list[str]:
    """Return the words of some beats and channels. hidden: beats that no repeat may refer to."""
    words: list[str] = []
    for i in beats:
        beat = tune.beats[i]
        again: list[str] = []
        by_time: dict[str, list[str]] = defaultdict(list)
        for channel in sorted(channels):
            back = _back(tune, i, channel, hidden)
            if back:
                again.append(char(f"again:{CHANNEL_NAMES[channel]}:{back}"))
            else:
                for time, happening in tune.played[i][channel]:
                    by_time[time].append(happening)
        words += [*beat.opening, "".join(again)]
        words.append("".join(time + "".join(by_time[time]) for time in sorted(by_time)))
    return [word for word in words if word]


def _back(tune: ParsedTune, beat: int, channel: int, hidden: range) -> int:
    """Return how many beats back a channel repeats. If that is hidden, another beat where it does the same, or 0."""
    back = tune.beats[beat].again.get(channel, 0)
    if not back or beat - back not in hidden:
        return back
    cell = tune.played[beat][channel]
    others = (b for b in BACKS if b <= beat and beat - b not in hidden and tune.played[beat - b][channel] == cell)
    return next(others, 0)


def phrases(tune: ParsedTune, first: int = 0) -> list[range]:
    """Return the beats of each phrase from a beat on. A phrase starts where the count of beats restarts."""
    anew = char("beat:0")
    starts = [i for i in range(first, len(tune.beats)) if i == first or tune.beats[i].opening[0] == anew]
    return [range(a, b) for a, b in zip(starts, [*starts[1:], len(tune.beats)], strict=True)]


def accompany_prompt(
    tune: ParsedTune, given: Collection[int], written: Collection[int], first: int = 0, most: int = 512
) -> str:
    """Return a text of given channels one or two phrases ahead of written ones: about `most` beats from a beat on."""
    parts = [part for part in phrases(tune, first) if part.start < first + most]
    words = [*tune.head[:1], *(char(f"given:{CHANNEL_NAMES[c]}") for c in sorted(given)), *tune.head[1:]]
    words += [GIVEN, *render(tune, parts[0], given)]
    for part, after in zip(parts, [*parts[1:], None], strict=True):
        words += [GIVEN, *render(tune, after, given)] if after else []
        words += [THEN, *render(tune, part, written)]
    return " ".join([*words, END])


def infill_prompt(tune: ParsedTune, before: int, span: range, after: int) -> str:
    """Return a text of a span after the beats around it. before, after: how many of these, if there are as many."""
    words = [*tune.head]
    words += [GIVEN, *render(tune, range(max(0, span.start - before), span.start))]
    words += [GIVEN, *render(tune, range(span.stop, min(len(tune.beats), span.stop + after)), hidden=span)]
    return " ".join([*words, THEN, *render(tune, span), END])


def render_channels(tune: ParsedTune, channels: Collection[int], first: int = 0) -> str:
    """Return a text of some channels alone, from a beat on."""
    return " ".join([*tune.head, *render(tune, range(first, len(tune.beats)), channels), END])
