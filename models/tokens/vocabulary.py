"""The vocabulary of events in which tunes are written, before byte-pair encoding merges them.

A tune is: controls, its plan, tempo, then beat after beat. Inside a beat a time (row and frames after it) is followed
by what happens then, channel by channel. A note may be followed by its sound, and a channel may repeat an earlier beat.
If part of a song is given first, `<given>` and `<then>` say which part follows (`models.tokens.prompts`). Every event
is a character of Unicode's private use area, so that a standard tokenizer can hold it. How a score becomes events is in
`models.tokens.codec`, what the numbers of sounds mean in `models.tokens.sounds`.
"""

from __future__ import annotations

from models.errors import MusicError
from models.music.grid import BEAT_CYCLE, ROWS
from models.music.keys import KEYS
from models.music.scenes import SCENES
from models.music.score import CHANNELS

VERSION = 4
"""New events are only appended, so that models of earlier versions stay readable: 1 had no sounds, 2 no repeats, 3 no
plans and nothing given."""

MAX_OFFSET = 12
"""Frames after a row's first frame are below this: 0 to 11."""
BEAT_FRAMES = (16, 47)
"""The least and the most whole frames of a beat. Sixteenths of a frame follow in an event of their own."""
COUNTDOWN = 16
"""How many beats before the end can be announced."""

SOUNDS = {"env:pulse": 128, "env:noise": 64, "duty:pulse": 16, "mode:noise": 2}
"""How a note sounds: its envelope and its duty curve (noise: its mode), as numbers of the model's codebook."""
BACKS = (*range(1, 17), 18, 20, 24, 28, 32, 36, 40, 48, 56, 60, 64, 80, 96, 112, 128)
"""How many beats back a channel can repeat. This covers nine in ten of the repetitions in recorded songs."""
CONSOLES = ("nes", "gameboy", "snes", "other")
"""The consoles that arranged songs were written for. Songs recorded from the console itself name none."""
VOICES = tuple(
    "+".join(spec.name for i, spec in enumerate(CHANNELS) if mask >> i & 1) for mask in range(1, 1 << len(CHANNELS))
)
"""The sets of channels that can play in a tune."""
DENSITIES, RETURNS = 6, 6
"""Numbers of steps from sparse to dense, and from always new to mostly repeats (`models.tokens.plan`)."""
LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512)
"""Steps of a song's length, as the most beats of each. Longer songs count as the last."""
PLAN = ("voices", "density", "returns")
"""The kinds of events of a tune's plan, in this order, which come before the first note."""

EVENTS: tuple[str, ...] = (
    "<pad>",
    "<bos>",
    "<end>",
    *(f"scene:{scene}" for scene in SCENES),
    *(f"key:{key}" for key in KEYS),
    *(f"frames:{n}" for n in range(BEAT_FRAMES[0], BEAT_FRAMES[1] + 1)),
    *(f"sixteenths:{n}" for n in range(16)),
    "clock:60",
    "clock:ntsc",
    *(f"lead:{n}" for n in range(BEAT_FRAMES[1] + 2)),
    *(f"phase:{n}" for n in range(4)),
    *(f"beat:{n}" for n in range(BEAT_CYCLE)),
    *(f"left:{n}" for n in range(1, COUNTDOWN + 1)),
    *(f"at:{row}.{offset}" for row in range(ROWS) for offset in range(MAX_OFFSET)),
    *(f"off:{spec.name}" for spec in CHANNELS),
    *(f"on:{spec.name}:{pitch}" for spec in CHANNELS for pitch in range(spec.lowest, spec.highest + 1)),
    *(f"{kind}:{n}" for kind, count in SOUNDS.items() for n in range(count)),
    *(f"again:{spec.name}:{back}" for spec in CHANNELS for back in BACKS),
    *(f"console:{console}" for console in CONSOLES),
    *(f"voices:{names}" for names in VOICES),
    *(f"density:{n}" for n in range(DENSITIES)),
    *(f"returns:{n}" for n in range(RETURNS)),
    *(f"length:{beats}" for beats in LENGTHS),
    *(f"given:{spec.name}" for spec in CHANNELS),
    "<given>",
    "<then>",
)
"""All events. The index is the event's number, and `char` returns its character."""

NUMBER = {event: number for number, event in enumerate(EVENTS)}
PAD, BOS, END = (NUMBER[event] for event in ("<pad>", "<bos>", "<end>"))
_FIRST_CHAR = 0xE000


class TokenError(MusicError):
    """Tokens that do not spell a score."""


def char(event: str) -> str:
    """Return the character that stands for an event."""
    return chr(_FIRST_CHAR + NUMBER[event])


def event_of(character: str) -> str:
    """Return the event that a character stands for."""
    return EVENTS[ord(character) - _FIRST_CHAR]


def is_control(event: str) -> bool:
    """Return whether an event is given to the model and never predicted by it."""
    return event.startswith(("scene:", "key:", "left:", "console:", "length:", "given:", "<bos>", "<pad>"))


def is_sound(event: str) -> bool:
    """Return whether an event is expression: how a note sounds, not what and when it is."""
    return event.startswith(tuple(SOUNDS))


def is_note(event: str) -> bool:
    """Return whether an event starts a note."""
    return event.startswith("on:")


def is_repeat(event: str) -> bool:
    """Return whether an event makes a channel repeat a beat."""
    return event.startswith("again:")


def transposition(semitones: int) -> dict[int, str]:
    """Return a table for `str.translate` that moves pitches and keys. Pitches stay in range by octaves."""
    table = {}
    for spec in CHANNELS[:3]:
        for pitch in range(spec.lowest, spec.highest + 1):
            moved = pitch + semitones
            if moved < spec.lowest:
                moved += 12
            elif moved > spec.highest:
                moved -= 12
            table[ord(char(f"on:{spec.name}:{pitch}"))] = char(f"on:{spec.name}:{moved}")
    for i, key in enumerate(KEYS):
        mode = i // 12 * 12
        table[ord(char(f"key:{key}"))] = char(f"key:{KEYS[mode + (i % 12 + semitones) % 12]}")
    return table
