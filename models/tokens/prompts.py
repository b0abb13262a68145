"""The forms in which training tells a song: as it is, a few channels alone, some channels before others, a span last.

Works on the text that `models.tokens.codec` writes; which form and which beats is drawn in `models.training.dataset`. What is given
first follows `<given>`, what is written after it `<then>`:

    accompany   <given> phrase 1 <given> phrase 2 <then> phrase 1 <given> phrase 3 <then> phrase 2 ... <end>
    infill      <given> beats before <given> beats after <then> the span <end>

Phrases are four bars, so that whoever writes the other channels has seen four to eight bars ahead.
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
"""What one channel does in one beat: (time, happenings with their sounds), in characters."""


@dataclass(slots=True)
class Beat:
    """One beat's text taken apart. opening: its number and countdown. again: for channels that repeat, beats back."""

    opening: list[str] = field(default_factory=list)
    again: dict[int, int] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=lambda: [()] * len(CHANNELS))


@dataclass(frozen=True, slots=True)
class ParsedTune:
    """A song's text taken apart. head: its words before the first beat. played: what each channel does, repeats too."""

    head: list[str]
    beats: list[Beat]
    played: list[list[Cell]]


def parse_tune(text: str) -> ParsedTune:
    """Take a text of `models.tokens.codec.to_text` apart."""
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
    """What happens in a beat, for each channel. A time at which nothing happens (an explicit end) is left out."""
    found: list[list[tuple[str, str]]] = [[] for _ in ALL_CHANNELS]
    time, channel = "", 0
    for character in body:
        event = event_of(character)
        if event.startswith("at:"):
            time = character
        elif is_sound(event):
            before = found[channel][-1][1]
            # Sounds of one note are one word.
            joined = before[:-1] + character + " " if before.endswith(" ") else f"{before} {character} "
            found[channel][-1] = (time, joined)
        else:
            channel = CHANNEL_NAMES.index(event.split(":")[1])
            found[channel].append((time, character))
    return [tuple(cell) for cell in found]


def _played(beats: Sequence[Beat]) -> list[list[Cell]]:
    """For each beat and channel what happens, repeats written out."""
    played: list[list[Cell]] = []
    for i, beat in enumerate(beats):
        played.append([played[i - beat.again[c]][c] if c in beat.again else beat.cells[c] for c in ALL_CHANNELS])
    return played


def render(
    sheet: ParsedTune, beats: range, channels: Collection[int] = ALL_CHANNELS, hidden: range = range(0)
) -> list[str]:
    """The words of some beats, of some channels. hidden: beats that no repeat may point to."""
    words: list[str] = []
    for i in beats:
        beat = sheet.beats[i]
        again: list[str] = []
        by_time: dict[str, list[str]] = defaultdict(list)
        for channel in sorted(channels):
            back = _back(sheet, i, channel, hidden)
            if back:
                again.append(char(f"again:{CHANNEL_NAMES[channel]}:{back}"))
            else:
                for time, happening in sheet.played[i][channel]:
                    by_time[time].append(happening)
        words += [*beat.opening, "".join(again)]
        words.append("".join(time + "".join(by_time[time]) for time in sorted(by_time)))
    return [word for word in words if word]


def _back(sheet: ParsedTune, beat: int, channel: int, hidden: range) -> int:
    """Beats back that a channel repeats, where that is not hidden; else another place where it does the same, or 0."""
    back = sheet.beats[beat].again.get(channel, 0)
    if not back or beat - back not in hidden:
        return back
    cell = sheet.played[beat][channel]
    others = (b for b in BACKS if b <= beat and beat - b not in hidden and sheet.played[beat - b][channel] == cell)
    return next(others, 0)


def phrases(sheet: ParsedTune, first: int = 0) -> list[range]:
    """The beats of each phrase from a beat on; a phrase begins where the count of beats begins anew."""
    anew = char("beat:0")
    starts = [i for i in range(first, len(sheet.beats)) if i == first or sheet.beats[i].opening[0] == anew]
    return [range(a, b) for a, b in zip(starts, [*starts[1:], len(sheet.beats)], strict=True)]


def accompany_prompt(
    sheet: ParsedTune, given: Collection[int], written: Collection[int], first: int = 0, most: int = 512
) -> str:
    """Some channels a phrase or two ahead of others, from a beat on. most: beats, about; the rest is left out."""
    parts = [part for part in phrases(sheet, first) if part.start < first + most]
    words = [*sheet.head[:1], *(char(f"given:{CHANNEL_NAMES[c]}") for c in sorted(given)), *sheet.head[1:]]
    words += [GIVEN, *render(sheet, parts[0], given)]
    for part, after in zip(parts, [*parts[1:], None], strict=True):
        words += [GIVEN, *render(sheet, after, given)] if after else []
        words += [THEN, *render(sheet, part, written)]
    return " ".join([*words, END])


def infill_prompt(sheet: ParsedTune, before: int, span: range, after: int) -> str:
    """A span of beats after those around it. before, after: how many of them, where there are as many."""
    words = [*sheet.head]
    words += [GIVEN, *render(sheet, range(max(0, span.start - before), span.start))]
    words += [GIVEN, *render(sheet, range(span.stop, min(len(sheet.beats), span.stop + after)), hidden=span)]
    return " ".join([*words, THEN, *render(sheet, span), END])


def render_channels(sheet: ParsedTune, channels: Collection[int], first: int = 0) -> str:
    """Some channels alone, from a beat on."""
    return " ".join([*sheet.head, *render(sheet, range(first, len(sheet.beats)), channels), END])
