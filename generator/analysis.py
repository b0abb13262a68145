"""The key of a tune as music21 finds it, and what a listener would call a fault.

Training labels come from the faster `models.key`.
"""

from __future__ import annotations

from itertools import pairwise

from models.key import pitch_class_frames
from models.score import CHANNELS, FRAMES_PER_SECOND, P1, P2, TR, Score

_FLAT = {"C#": "C#", "D-": "C#", "D#": "Eb", "E-": "Eb", "G-": "F#", "G#": "Ab", "A-": "Ab", "A#": "Bb", "B-": "Bb"}

STUCK_NOTES = 8
"""A channel with more notes than this, all of one pitch, is stuck."""
STUCK_SECONDS = 8
"""A note held longer than this is stuck."""
SILENT_SECONDS = 3
"""A gap longer than this in the whole tune is a fault."""
SILENT_END_SECONDS = 2
"""So is a longer silence after the last note."""
LEAST_PLAYED = 0.2
"""The share of a tune that each pulse and the triangle sound at the least."""


def find_key(score: Score) -> tuple[str, float]:
    """(key as we write it, correlation) by music21's Krumhansl-Schmuckler analysis; ("C", 0.0) without pitches."""
    frames = pitch_class_frames(score)
    if not any(frames):
        return "C", 0.0
    from music21 import note, stream  # noqa: PLC0415  music21 takes a second to load: only where a key is asked for

    melody = stream.Stream()
    for pitch_class, length in enumerate(frames):
        if length:
            # The analysis weighs pitch classes by their length; one long note a class says the same, and faster.
            melody.append(note.Note(60 + pitch_class, quarterLength=length / FRAMES_PER_SECOND))
    found = melody.analyze("key")
    tonic = _FLAT.get(found.tonic.name, found.tonic.name)
    return tonic + ("m" if found.mode == "minor" else ""), float(found.correlationCoefficient)


def faults(score: Score) -> list[str]:
    """What is wrong with a tune, in words; an empty list for one that can be played to people."""
    found = []
    onsets = sorted(note.start for _, note in score.notes())
    if not onsets:
        return ["silent"]
    ends = sorted(note.end for _, note in score.notes())
    if onsets[0] > FRAMES_PER_SECOND or any(b - a > SILENT_SECONDS * FRAMES_PER_SECOND for a, b in pairwise(onsets)):
        found.append("long gaps")
    if score.frames - ends[-1] > SILENT_END_SECONDS * FRAMES_PER_SECOND:
        found.append("ends in silence")
    # Real tunes do without drums; without a voice a tune of the console is poorer than it was asked to be.
    for channel in (P1, P2, TR):
        if sum(note.length for note in score.channels[channel]) < LEAST_PLAYED * score.frames:
            found.append(f"{CHANNELS[channel].title} hardly plays")
    for spec, notes in zip(CHANNELS, score.channels, strict=True):
        if len(notes) > STUCK_NOTES and len({note.pitch for note in notes}) == 1:
            found.append(f"{spec.title} stuck on one pitch")
        if any(note.length > STUCK_SECONDS * FRAMES_PER_SECOND for note in notes):
            found.append(f"{spec.title} holds a note")
    return found
