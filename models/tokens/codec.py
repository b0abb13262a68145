"""Encodes scores as text of events and decodes them: events on the score's own grid, merged by byte-pair encoding.

The text holds notes, times, tempo and the end. If the model has a codebook of sounds (`models.tokens.sounds`), sounds
follow their notes directly, in words of their own, so that no token mixes composition and expression. Without one,
volume and duty are not written, and `decode` leaves them at their defaults. What a channel repeats is not written
again (`models.tokens.repeats`): a beat starts with the channels that repeat an earlier beat. The encoding loses no
note: a time is a row of the grid and the frames after it. Tokenizers are in `models.tokens.tokenizer`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import zip_longest

from tokenizers import Tokenizer

from models.music.grid import BEAT_CYCLE, ROWS, RowClock, clock_of, find_clock
from models.music.score import CHANNEL_NAMES, CHANNELS, NO, TR, Note, Score
from models.tokens.repeats import Cell, find_repeats
from models.tokens.sounds import Codebook, Named, Voice, name_sounds
from models.tokens.vocabulary import (
    BEAT_FRAMES,
    COUNTDOWN,
    TokenError,
    char,
    event_of,
    is_sound,
)

# --- score to text ---------------------------------------------------------------------------------------------


def row_clock(score: Score) -> RowClock:
    """Return the score's row clock: its grid's, or a detected one if it has no grid."""
    if score.grid is None:
        return find_clock(score)
    return clock_of(score.grid, BEAT_FRAMES[0] * 16, BEAT_FRAMES[1] * 16 + 15)


def to_text(
    score: Score,
    controls: Sequence[str] = (),
    *,
    countdown: bool = False,
    clock: RowClock | None = None,
    codebook: Codebook | None = None,
    repeats: bool = False,
) -> str:
    """Return a score as words of events.

    controls: events of the tune's labels and plan. countdown: announce the last beats, for a tune with an ending.
    clock: the score's rows, if they are known already. codebook: of the sounds that notes name; without one they name
    none. repeats: whether beats that repeat an earlier one are written as repeats.
    """
    clock = clock or row_clock(score)
    beats = clock.row_of(max(0, score.frames - 1)) // ROWS + 1
    backs = _backs(score, clock, beats) if repeats else [[0] * beats] * len(CHANNELS)
    words = [char(event) for event in ("<bos>", *controls, *clock_events(clock))]
    by_beat = _written(score, clock, backs, codebook)
    if clock.row(beats * ROWS) != score.frames:
        by_beat[clock.row_of(score.frames) // ROWS].append(_time(clock, score.frames))
    for beat in range(beats):
        words.append(char(f"beat:{(clock.first + beat) % BEAT_CYCLE}"))
        if countdown and beats - beat <= COUNTDOWN:
            words.append(char(f"left:{beats - beat}"))
        again = [f"again:{name}:{back[beat]}" for name, back in zip(CHANNEL_NAMES, backs, strict=True) if back[beat]]
        words += ["".join(map(char, again))] if again else []
        words += ["".join(by_beat[beat])] if by_beat[beat] else []
    return " ".join([*words, char("<end>")])


def clock_events(clock: RowClock) -> list[str]:
    """Return the events of a row clock, without the number of the first beat."""
    frames, sixteenths = divmod(clock.sixteenths, 16)
    return [
        f"frames:{frames}",
        f"sixteenths:{sixteenths}",
        "clock:ntsc" if clock.ntsc else "clock:60",
        f"lead:{clock.lead}",
        f"phase:{clock.phase}",
    ]


def _time(clock: RowClock, frame: int) -> str:
    """Return the event of a frame's time inside its beat."""
    row = clock.row_of(frame)
    return char(f"at:{row % ROWS}.{frame - clock.row(row)}")


def channel_events(channel: int, score: Score) -> Iterator[tuple[int, str, Note | None]]:
    """Yield a channel's events in order as (frame, event, its note): a note starts, or the channel stops."""
    notes = score.channels[channel]
    name = CHANNEL_NAMES[channel]
    for note, after in zip_longest(notes, notes[1:]):
        yield note.start, f"on:{name}:{note.pitch}", note
        if note.end < (after.start if after else score.frames):
            yield note.end, f"off:{name}", None


def _backs(score: Score, clock: RowClock, beats: int) -> list[list[int]]:
    """Return for each channel and beat how many beats back the repeated one is, or 0 if none is [4, beats]."""
    backs = []
    for channel in range(len(CHANNELS)):
        events: list[list[tuple[int, int, str]]] = [[] for _ in range(beats)]
        begun: list[list[tuple[int, int]]] = [[] for _ in range(beats)]
        for frame, event, note in channel_events(channel, score):
            beat, row = divmod(clock.row_of(frame), ROWS)
            events[beat].append((row, frame - clock.row(beat * ROWS + row), event))
            begun[beat] += [(note.volume[0][1], note.duty[0][1])] if note else []
        backs.append(find_repeats([Cell(tuple(a), tuple(b)) for a, b in zip(events, begun, strict=True)]))
    return backs


def _written(
    score: Score, clock: RowClock, backs: Sequence[Sequence[int]], codebook: Codebook | None
) -> dict[int, list[str]]:
    """Return what is written of each beat: times, and what happens there in the order of the channels."""
    repeated = [_repeated(notes, clock, back) for notes, back in zip(score.channels, backs, strict=True)]
    named = name_sounds(score, codebook, repeated) if codebook else [{} for _ in CHANNELS]
    by_frame: dict[int, list[str]] = defaultdict(list)
    for channel in range(len(CHANNELS)):
        for frame, event, note in channel_events(channel, score):
            if not backs[channel][clock.row_of(frame) // ROWS]:
                by_frame[frame].append(char(event))
                if note and frame in named[channel]:
                    by_frame[frame].append(_sound_word(channel, named[channel][frame]))
    by_beat: dict[int, list[str]] = defaultdict(list)
    for frame in sorted(by_frame):
        by_beat[clock.row_of(frame) // ROWS] += [_time(clock, frame), *by_frame[frame]]
    return by_beat


def _repeated(notes: Iterable[Note], clock: RowClock, back: Sequence[int]) -> dict[int, int]:
    """Return the frames on which repeated notes start, with the frames of the originals."""
    sources = {}
    for note in notes:
        row = clock.row_of(note.start)
        if beats := back[row // ROWS]:
            sources[note.start] = clock.row(row - beats * ROWS) + note.start - clock.row(row)
    return sources


def _sound_word(channel: int, named: Named) -> str:
    """Return the sounds that a note names, as a word of their own."""
    kinds = ("env:noise", "mode:noise") if channel == NO else ("env:pulse", "duty:pulse")
    events = [f"{kind}:{number}" for kind, number in zip(kinds, named, strict=True) if number is not None]
    return f" {''.join(map(char, events))} "


# --- text to score ---------------------------------------------------------------------------------------------


class Reader:
    """Reads events one by one, and knows where the tune is, what sounds, and the notes so far.

    The sampler feeds it token by token, `from_text` a whole tune. codebook: what the named sounds mean. played: for
    each beat and channel what happened, as (time, event), so that it can be repeated.
    """

    def __init__(self, codebook: Codebook | None = None) -> None:
        self.clock = RowClock(480)
        self.beats = 0
        self.frame = 0
        self.ended = False
        self.sounding: list[tuple[int, int] | None] = [None] * len(CHANNELS)
        self.notes: list[list[Note]] = [[] for _ in CHANNELS]
        self.voices = [Voice(i, codebook) if codebook and i != TR else None for i in range(len(CHANNELS))]
        self.played: list[list[list[tuple[str, str]]]] = []
        self._begun: Voice | None = None
        self._time = ""

    def feed(self, event: str) -> None:
        """Read an event. Raise TokenError if it cannot follow the events before it."""
        kind, _, value = event.partition(":")
        if is_sound(event):
            self._name(event)
            return
        self._begun = None
        if kind in ("on", "off"):
            self._play(event)
        elif kind == "at":
            self._move(value)
        elif kind == "again":
            self._repeat(value)
        elif kind == "beat":
            self._begin_beat(int(value))
        elif kind == "<end>":
            self.ended = True
        else:
            self._set_clock(kind, value)

    def _play(self, event: str) -> None:
        """Start a note, or stop a channel."""
        kind, name, *pitch = event.split(":")
        channel = CHANNEL_NAMES.index(name)
        self._keep(channel, event)
        if kind == "on":
            self._begin(channel, int(pitch[0]))
        else:
            self._stop(channel)

    def _keep(self, channel: int, event: str) -> None:
        if not self.played:
            raise TokenError(f"{event} before the first beat")
        self.played[-1][channel].append((self._time, event))

    def _repeat(self, value: str) -> None:
        """Repeat what a channel did some beats ago, with its sounds."""
        name, _, back = value.partition(":")
        if int(back) >= self.beats:
            raise TokenError(f"{back} beats back after {self.beats} beats")
        for time, event in self.played[-1 - int(back)][CHANNEL_NAMES.index(name)]:
            self._move(time)
            if is_sound(event):
                self._name(event)
            else:
                self._play(event)
        self._begun = None

    def _begin(self, channel: int, pitch: int) -> None:
        self._stop(channel)
        self.sounding[channel] = (self.frame, pitch)
        self._begun = self.voices[channel]
        if self._begun:
            before = self.notes[channel][-1] if self.notes[channel] else None
            self._begun.begin(before, self.frame, pitch)

    def _name(self, event: str) -> None:
        """Give the note that has just started its sound."""
        kind, name, number = event.split(":")
        if self._begun is None or (name == "noise") != (self._begun.channel == NO):
            raise TokenError(f"{event} after no note of its kind")
        self._keep(self._begun.channel, event)
        if kind == "env":
            self._begun.name_envelope(int(number))
        else:
            self._begun.name_duty(int(number))

    def _set_clock(self, kind: str, value: str) -> None:
        """Read an event of the row clock. Ignore others (controls), which say nothing about the notes."""
        if kind == "frames":
            self.clock = replace(self.clock, sixteenths=int(value) * 16)
        elif kind == "sixteenths":
            self.clock = replace(self.clock, sixteenths=self.clock.sixteenths + int(value))
        elif kind == "clock":
            self.clock = replace(self.clock, ntsc=value == "ntsc")
        elif kind == "lead":
            self.clock = replace(self.clock, lead=int(value))
        elif kind == "phase":
            self.clock = replace(self.clock, phase=int(value))

    def _begin_beat(self, counter: int) -> None:
        if self.beats == 0:
            first = counter if counter < BEAT_CYCLE // 2 else counter - BEAT_CYCLE
            self.clock = replace(self.clock, first=first)
        elif counter != (self.clock.first + self.beats) % BEAT_CYCLE:
            raise TokenError(f"beat {counter} after {self.beats} beats from {self.clock.first}")
        self.beats += 1
        self.played.append([[] for _ in CHANNELS])

    def _move(self, value: str) -> None:
        if self.beats == 0:
            raise TokenError("a time before the first beat")
        self._time = value
        row, _, offset = value.partition(".")
        self.frame = max(0, self.clock.row((self.beats - 1) * ROWS + int(row)) + int(offset))

    def _stop(self, channel: int) -> None:
        note = self.sounding[channel]
        if note is not None and self.frame > note[0]:
            self.notes[channel].append(self._note(channel, note, self.frame))
        self.sounding[channel] = None

    def _note(self, channel: int, begun: tuple[int, int], end: int) -> Note:
        voice = self.voices[channel]
        return voice.sounding(end) if voice else Note(begun[0], end, begun[1])

    @property
    def end(self) -> int:
        """The frame on which the last beat so far ends."""
        return self.clock.row(self.beats * ROWS)

    def score(self, frames: int | None = None, title: str = "") -> Score:
        """Return the tune so far. Notes that still sound end with it. frames: its length, or None for whole beats."""
        length = self.end if frames is None else frames
        channels = []
        for channel, notes in enumerate(self.notes):
            sounding = self.sounding[channel]
            last = [self._note(channel, sounding, max(length, sounding[0] + 1))] if sounding else []
            channels.append(tuple(_cut(note, length) for note in [*notes, *last] if note.start < length))
        return Score(tuple(channels), length, self.clock.to_grid(), title)


def _cut(note: Note, frame: int) -> Note:
    """Return a note that ends at the latest at a frame after its start."""
    if note.end <= frame:
        return note
    volume, duty = (tuple(c for c in changes if note.start + c[0] < frame) for changes in (note.volume, note.duty))
    return replace(note, end=frame, volume=volume, duty=duty)


def from_text(text: str, codebook: Codebook | None = None) -> Score:
    """Return the score that `to_text` wrote, with the named sounds. Raise TokenError or ScoreError if there is none."""
    reader = Reader(codebook)
    events = [event_of(character) for character in text if character != " "]
    for event in events:
        reader.feed(event)
    explicit_end = len(events) >= 2 and events[-2].startswith("at:")
    return reader.score(reader.frame if explicit_end else None)


def decode(tokenizer: Tokenizer, ids: Iterable[int], codebook: Codebook | None = None) -> Score:
    """Return the score that tokens spell. codebook: what the sounds named in them mean."""
    return from_text("".join(tokenizer.id_to_token(i) or "" for i in ids), codebook)
