"""Statistics of a score: how dense it is, which channels play, its pitches, its beat, its sound.

Each statistic is one number for a score of any length, and 0 if there is nothing to measure, such as no note. A channel
sounds while a note lasts, at any volume. `bars` measures what recurs; `generator.quality` compares the statistics of
many scores.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from generator.analysis.bars import bars_of, repetition
from generator.analysis.keys import find_key, pitch_class_frames
from models.music.keys import scale_of
from models.music.score import CHANNELS, NO, P1, P2, TR, Change, Note, Score

LAGS = (12, 120)
"""The smallest and largest lag of the autocorrelation in frames: a fifth of a second to two seconds."""


def notes_a_second(score: Score, channel: int | None = None) -> float:
    """Return the notes that start a second, of one channel or of all."""
    notes = score.note_count if channel is None else len(score.channels[channel])
    return notes / score.seconds if score.frames else 0.0


def channel_share(score: Score, channel: int) -> float:
    """Return the share of frames in which a channel sounds, 0 to 1."""
    return float(_active(score)[channel].mean()) if score.frames else 0.0


def pitch_class_entropy(score: Score) -> float:
    """Return Shannon's entropy of the twelve pitch classes in bits, 0 to log2(12) = 3.58, weighted by frames.

    Frames and not notes, so that an arpeggio weighs as much as the chord that it stands for.
    """
    frames = np.array(pitch_class_frames(score), dtype=float)
    share = frames[frames > 0] / max(1.0, frames.sum())
    return float(-(share * np.log2(share)).sum()) + 0.0


def notes_in_key(score: Score) -> float:
    """Return the share of pitched notes on the scale of the key that music21's profiles find, 0 to 1."""
    scale = scale_of(find_key(score)[0])
    notes = _pitched(score)
    return sum(note.pitch % 12 in scale for note in notes) / max(1, len(notes))


def polyphony(score: Score) -> float:
    """Return how many pitched channels sound, averaged over the frames in which any does: 1 to 3."""
    voices = _active(score)[:NO].sum(axis=0)
    return float(voices[voices > 0].mean()) if voices.any() else 0.0


def note_length(score: Score) -> float:
    """Return the median length of the pitched notes, in frames of 1/60 s; drums are as long as their envelope."""
    notes = _pitched(score)
    return float(np.median([note.length for note in notes])) if notes else 0.0


def bar_repetition(score: Score) -> float:
    """Return the share of bars that are the same as an earlier one, as `bars` counts them, 0 to 1."""
    return repetition(bars_of(score))


def silence(score: Score) -> float:
    """Return the share of frames in which no channel sounds, 0 to 1."""
    return float((~_active(score).any(axis=0)).mean()) if score.frames else 0.0


def onset_autocorrelation(score: Score) -> float:
    """Return the highest autocorrelation of the onset train between 12 and 120 frames, -1 to 1: how strong the beat is.

    The train is the number of notes that start on each frame, minus the mean. Each lag is Pearson's r of the train's
    two overlapping parts, so that a steady beat reaches 1 however short the score is. Lags above half the score are
    left out.
    """
    train = np.zeros(score.frames)
    for _, note in score.notes():
        train[note.start] += 1
    lags = range(LAGS[0], min(LAGS[1], score.frames // 2) + 1)
    return max((_pearson(train[:-lag], train[lag:]) for lag in lags), default=0.0)


def volume_changes_a_note(score: Score) -> float:
    """Return the changes of volume inside a note, averaged over the channels that have a volume."""
    return _changes_a_note(score, (P1, P2, NO), lambda note: note.volume)


def duty_changes_a_note(score: Score) -> float:
    """Return the changes of duty inside a note, averaged over the pulse channels."""
    return _changes_a_note(score, (P1, P2), lambda note: note.duty)


def mean_volume(score: Score) -> float:
    """Return the volume, 0 to 15, averaged over the frames in which notes sound in channels that have a volume."""
    total = frames = 0
    for channel in (P1, P2, NO):
        for note in score.channels[channel]:
            ends = [*(offset for offset, _ in note.volume[1:]), note.length]
            total += sum(value * (end - at) for (at, value), end in zip(note.volume, ends, strict=True))
            frames += note.length
    return total / frames if frames else 0.0


@dataclass(frozen=True, slots=True)
class Statistic:
    """One statistic of the report. sound: whether it is about volume and duty, which arranged songs do not keep."""

    name: str
    unit: str
    measure: Callable[[Score], float]
    sound: bool = False


_VOICES = (P1, P2, TR)

STATISTICS = (
    Statistic("notes", "a second", notes_a_second),
    *(Statistic(f"{CHANNELS[i].title} notes", "a second", partial(notes_a_second, channel=i)) for i in _VOICES),
    Statistic("drums", "a second", partial(notes_a_second, channel=NO)),
    *(
        Statistic(f"{spec.title} sounds", "share of time", partial(channel_share, channel=i))
        for i, spec in enumerate(CHANNELS)
    ),
    Statistic("silence", "share of time", silence),
    Statistic("polyphony", "pitched channels", polyphony),
    Statistic("note length", "frames", note_length),
    Statistic("pitch-class entropy", "bits", pitch_class_entropy),
    Statistic("notes in the best key", "share of notes", notes_in_key),
    Statistic("onset autocorrelation", "r", onset_autocorrelation),
    Statistic("repetition", "share of bars", bar_repetition),
    Statistic("volume changes", "a note", volume_changes_a_note, sound=True),
    Statistic("duty changes", "a note", duty_changes_a_note, sound=True),
    Statistic("mean volume", "0 to 15", mean_volume, sound=True),
)
"""All statistics, in the report's order."""


def _active(score: Score) -> npt.NDArray[np.bool_]:
    """Return whether each channel sounds on each frame [4, frames]."""
    active = np.zeros((len(CHANNELS), score.frames), dtype=bool)
    for channel, note in score.notes():
        active[channel, note.start : note.end] = True
    return active


def _pitched(score: Score) -> list[Note]:
    """Return the notes of all channels but noise."""
    return [note for channel, note in score.notes() if channel != NO]


def _changes_a_note(score: Score, channels: tuple[int, ...], changes: Callable[[Note], tuple[Change, ...]]) -> float:
    """Return the changes inside a note, averaged over these channels."""
    notes = [note for channel in channels for note in score.channels[channel]]
    return sum(len(changes(note)) - 1 for note in notes) / max(1, len(notes))


def _pearson(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> float:
    """Return the correlation of two trains [frames], -1 to 1; 0 if one of them never changes."""
    a, b = a - a.mean(), b - b.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale > 0 else 0.0
