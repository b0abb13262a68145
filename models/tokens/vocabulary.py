"""The vocabulary of musical events that tunes are written in, before byte-pair encoding merges them.

A tune is: controls, its plan, tempo, then beat after beat. Inside a beat a time (row and frames after it) is followed
by what happens there, channel by channel; a note may be followed by how it sounds, and a channel may do again what it
did some beats ago. Where some of a song is given first, `<given>` and `<then>` say which part follows (`models.tokens.prompts`).
Every event is one character of Unicode's private use area, so that a standard tokenizer can hold it. How a score
becomes events is in `models.tokens.codec`, what the numbers of sounds mean in `models.tokens.sounds`.
"""

from __future__ import annotations

from models.errors import MusicError
from models.music.grid import BEAT_CYCLE, ROWS
from models.music.keys import KEYS
from models.music.scenes import SCENES
from models.music.score import CHANNELS

VERSION = 4
"""Events are only ever appended, so that a model of an earlier version reads as it did: 1 knew no sounds, 2 no
repeats, 3 no plans and nothing given."""

MAX_OFFSET = 12
"""Frames after a row's first frame: 0 to 11."""
BEAT_FRAMES = (16, 47)
"""Whole frames a beat; sixteenths of a frame follow in an event of their own."""
COUNTDOWN = 16
"""Beats before the end that can be announced."""

SOUNDS = {"env:pulse": 128, "env:noise": 64, "duty:pulse": 16, "mode:noise": 2}
"""How a note sounds: its envelope and the course of its duty (noise: its mode), numbers of the model's codebook."""
BACKS = (*range(1, 17), 18, 20, 24, 28, 32, 36, 40, 48, 56, 60, 64, 80, 96, 112, 128)
"""Beats back that a channel can repeat: nine in ten of the repetitions in real songs."""
CONSOLES = ("nes", "gameboy", "snes", "other")
"""What an arranged song was written for. Recordings of the console itself carry none."""
VOICES = tuple(
    "+".join(spec.name for i, spec in enumerate(CHANNELS) if mask >> i & 1) for mask in range(1, 1 << len(CHANNELS))
)
"""Which channels play at all."""
DENSITIES, RETURNS = 6, 6
"""Steps from sparse to dense, and from ever new to mostly repeats (`models.tokens.plan`)."""
LENGTHS = (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512)
"""Beats that a song has at the most; longer ones count as the last."""
PLAN = ("voices", "density", "returns")
"""What a tune is going to be, in this order: told to the model before the first note."""

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
"""All events; the index is the event's number, `char` its character."""

NUMBER = {event: number for number, event in enumerate(EVENTS)}
PAD, BOS, END = (NUMBER[event] for event in ("<pad>", "<bos>", "<end>"))
_FIRST_CHAR = 0xE000


class TokenError(MusicError):
    """Tokens that spell no score."""


def char(event: str) -> str:
    """The character that stands for an event."""
    return chr(_FIRST_CHAR + NUMBER[event])


def event_of(character: str) -> str:
    """The event that a character stands for."""
    return EVENTS[ord(character) - _FIRST_CHAR]


def is_control(event: str) -> bool:
    """Whether an event is given to the model and never predicted by it."""
    return event.startswith(("scene:", "key:", "left:", "console:", "length:", "given:", "<bos>", "<pad>"))


def is_sound(event: str) -> bool:
    """Whether an event is expression: how a note sounds, not when and what it is."""
    return event.startswith(tuple(SOUNDS))


def is_note(event: str) -> bool:
    """Whether a note begins with an event."""
    return event.startswith("on:")


def is_repeat(event: str) -> bool:
    """Whether an event says that a channel repeats a beat."""
    return event.startswith("again:")


def transposition(semitones: int) -> dict[int, str]:
    """A table for `str.translate` that moves pitches and keys; pitches leaving a channel's range fold by octaves."""
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
