"""The forms in which training tells a song: as it is, a few channels alone, some channels before others, a span last.

Works on the text that `models.tokens` writes; which form and which beats is drawn in `models.crops`. What is given
first follows `<given>`, what is written after it `<then>`:

    accompany   <given> beat 1 <given> beat 2 <then> beat 1 <given> beat 3 <then> beat 2 ... <end>
    infill      <given> beats before <given> beats after <then> the span <end>

Whoever writes the other channels has seen the given ones some beats ahead, or just the same beat (`ahead` 0). As each
phrase of four bars begins, what a song is told to be can be told again (`tell_again`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from models.score import CHANNEL_NAMES, CHANNELS
from models.vocabulary import BACKS, TOLD_AGAIN, char, event_of, is_sound

EVERY = range(len(CHANNELS))
GIVEN, THEN, END = char("<given>"), char("<then>"), char("<end>")

Cell = tuple[tuple[str, str], ...]
"""What one channel does in one beat: (time, happenings with their sounds), in characters."""


@dataclass(slots=True)
class Beat:
    """One beat's text taken apart. again: for channels that repeat, beats back.

    opening: its number, what is told again and the countdown.
    """

    opening: list[str] = field(default_factory=list)
    again: dict[int, int] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=lambda: [()] * len(CHANNELS))


@dataclass(frozen=True, slots=True)
class Sheet:
    """A song's text taken apart. head: its words before the first beat. played: what each channel does, repeats too."""

    head: list[str]
    beats: list[Beat]
    played: list[list[Cell]]


def read_sheet(text: str) -> Sheet:
    """Take a text of `models.tokens.to_text` apart."""
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
        elif kind in ("left", *TOLD_AGAIN):
            beats[-1].opening.append(word)
        elif kind == "again":
            for character in word:
                _, name, back = event_of(character).split(":")
                beats[-1].again[CHANNEL_NAMES.index(name)] = int(back)
        elif kind != "<end>":
            bodies[-1].append(word)
    for beat, body in zip(beats, bodies, strict=True):
        beat.cells = _cells("".join(body))
    return Sheet(head, beats, _played(beats))


def _cells(body: str) -> list[Cell]:
    """What happens in a beat, for each channel. A time at which nothing happens (an explicit end) is left out."""
    found: list[list[tuple[str, str]]] = [[] for _ in EVERY]
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
        played.append([played[i - beat.again[c]][c] if c in beat.again else beat.cells[c] for c in EVERY])
    return played


def tell(sheet: Sheet, beats: range, channels: Collection[int] = EVERY, hidden: range = range(0)) -> list[str]:
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


def _back(sheet: Sheet, beat: int, channel: int, hidden: range) -> int:
    """Beats back that a channel repeats, where that is not hidden; else another place where it does the same, or 0."""
    back = sheet.beats[beat].again.get(channel, 0)
    if not back or beat - back not in hidden:
        return back
    cell = sheet.played[beat][channel]
    others = (b for b in BACKS if b <= beat and beat - b not in hidden and sheet.played[beat - b][channel] == cell)
    return next(others, 0)


def tell_again(text: str, told: Callable[[int], Sequence[str]]) -> str:
    """A text with events told as each phrase begins, after the number of its first beat. told: those of a beat."""
    words: list[str] = []
    beat = 0
    for word in text.split():
        words.append(word)
        if event_of(word[0]).startswith("beat:"):
            words += map(char, told(beat) if begins_phrase(word, beat) else ())
            beat += 1
    return " ".join(words)


def begins_phrase(word: str, beat: int) -> bool:
    """Whether a beat begins a phrase: the first, and where the count of beats begins anew. word: its number."""
    return beat == 0 or word == char("beat:0")


def accompany(
    sheet: Sheet, given: Collection[int], written: Collection[int], beats: range | None = None, ahead: int = 0
) -> str:
    """Some channels some beats ahead of others. beats: those told; by default all."""
    told = range(len(sheet.beats)) if beats is None else range(beats.start, min(beats.stop, len(sheet.beats)))
    words = [*sheet.head[:1], *(char(f"given:{CHANNEL_NAMES[c]}") for c in sorted(given)), *sheet.head[1:]]
    for beat in told[:ahead]:
        words += give(sheet, beat, given)
    for beat in told:
        words += give(sheet, beat + ahead, given) if beat + ahead in told else []
        words += [THEN, *tell(sheet, range(beat, beat + 1), written)]
    return " ".join([*words, END])


def give(sheet: Sheet, beat: int, channels: Collection[int]) -> list[str]:
    """The words of some channels' beat that others are written to; nothing of what is told again or counted down."""
    number, *others = tell(sheet, range(beat, beat + 1), channels)
    return [GIVEN, number, *others[len(sheet.beats[beat].opening) - 1 :]]


def infill(sheet: Sheet, before: int, span: range, after: int) -> str:
    """A span of beats after those around it. before, after: how many of them, where there are as many."""
    words = [*sheet.head]
    words += [GIVEN, *tell(sheet, range(max(0, span.start - before), span.start))]
    words += [GIVEN, *tell(sheet, range(span.stop, min(len(sheet.beats), span.stop + after)), hidden=span)]
    return " ".join([*words, THEN, *tell(sheet, span), END])


def only(sheet: Sheet, channels: Collection[int], first: int = 0) -> str:
    """Some channels alone, from a beat on."""
    return " ".join([*sheet.head, *tell(sheet, range(first, len(sheet.beats)), channels), END])
