"""Reads the words of a karaoke file: lyric events, or the text events of Soft Karaoke (.kar).

How they are shown is left to `generator.pictures.lyrics_band`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import mido

from generator.importing.text import decode_texts
from models.music.score import FRAMES_PER_SECOND, Lyric
from models.music.tempo_map import TempoMap

FEWEST = 4
"""Fewer events are a remark, not a song."""
MOST = 5000
"""Syllables of the longest song."""
LONGEST_SYLLABLE, LONGEST_LINE = 60, 56
"""Letters; a line is broken at the next word."""
PAUSE = 3 * FRAMES_PER_SECOND
"""Frames between syllables after which a new line begins if the file marks no lines."""
HEADER = "@"
"""How Soft Karaoke begins what is not sung: title, language, version."""
BREAKS = {"\\": "\n", "/": "\n", "\r": "\n"}
"""The marks of new lines: Soft Karaoke's paragraph and line, and that of lyric events."""


def read_lyrics(tracks: Iterable[mido.MidiTrack], tempo: TempoMap) -> tuple[Lyric, ...]:
    """Return the words as (frame, syllable); a syllable that begins a line begins with a line break."""
    sung: list[tuple[int, str]] = []
    for track in tracks:
        for kind in ("lyrics", "text"):
            found = list(_texts(track, kind))
            soft = any(text.startswith(HEADER) for _, text in found) or "words" in track.name.lower()
            if (kind == "lyrics" or soft) and len(found) > len(sung):
                sung = found
    sung = [(tick, text) for tick, text in sung[:MOST] if not text.startswith(HEADER)]
    if len(sung) < FEWEST:
        return ()
    texts = decode_texts([text for _, text in sung])
    frames = [tempo.frame(tick) for tick, _ in sung]
    return tuple(_in_lines(frames, _spaced([_with_breaks(text) for text in texts])))


def _texts(track: mido.MidiTrack, kind: str) -> Iterable[tuple[int, str]]:
    """Yield (tick, text) of a track's events of a kind."""
    tick = 0
    for message in track:
        tick += message.time
        if message.type == kind and message.text.strip("\0"):
            yield tick, message.text.strip("\0")


def _with_breaks(text: str) -> str:
    """Return a syllable with line breaks for the marks of new lines, and without what cannot be printed."""
    text = "".join(BREAKS.get(letter, letter) for letter in text)
    return "".join(letter for letter in text if letter == "\n" or letter.isprintable())[:LONGEST_SYLLABLE]


def _spaced(texts: Sequence[str]) -> list[str]:
    """Return syllables with spaces after words. Files without any write one word, or a part with a hyphen, each."""
    if any(" " in text.strip("\n") for text in texts):
        return list(texts)
    return [text[:-1] if text.endswith("-") else f"{text} " for text in texts]


def _in_lines(frames: Sequence[int], texts: Sequence[str]) -> Iterable[Lyric]:
    """Yield the syllables with a break before each line: where the file has one, and otherwise after pauses and
    before lines become too long.
    """
    marked = sum("\n" in text for text in texts) > 1
    new, starts_word, length, before = True, True, 0, 0
    for frame, text in zip(frames, texts, strict=True):
        words = text.strip("\n")
        pause = not marked and frame - before > PAUSE
        too_long = length + len(words) > LONGEST_LINE and starts_word
        new = new or text.startswith("\n") or pause or too_long
        if words.strip():
            words = words.lstrip() if new else words
            yield frame, f"\n{words}" if new else words
            length = len(words) if new else length + len(words)
            starts_word = words.endswith(" ")
            new, before = False, frame
        new = new or text.endswith("\n")
