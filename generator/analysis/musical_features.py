"""A tune in about 150 numbers that hold what marginal statistics cannot see: how its notes and channels go together.

Melody: the intervals of each channel. Harmony: what channels sound together, and in which key. Rhythm: how regular each
channel is, on the rows that its onsets suggest. Form: what returns, and when. Texture: who plays, how high, how loud.
Numbers that a tune has nothing for (no notes, a silent channel) are NaN. `generator.quality.judge` holds tunes against
songs by them, and `generator.composing.critic` chooses among takes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from generator.analysis.bars import bars_of, passage_returns, repetition, similarity
from generator.analysis.keys import key_profiles
from models.music.grid import ROWS, RowClock, find_clock
from models.music.score import CHANNELS, FRAMES_PER_SECOND, NO, P1, P2, TR, Note, Score

Array = npt.NDArray[np.float64]
Frames = npt.NDArray[np.int64]
Found = dict[str, float]

GROUPS = ("melody", "harmony", "rhythm", "form", "texture")
"""What the names of the features begin with."""
PITCHED = (P1, P2, TR)
HARMONY_FRAMES = 15
"""A quarter of a second, in which what sounds is one harmony."""
KEY_FRAMES = 4 * FRAMES_PER_SECOND
"""Four seconds, whose pitches are held against the profiles of keys."""
ORNAMENT = 3
"""Frames of a note that is an ornament at the most."""
_INTERVALS = {"repeats": (0, 0), "steps": (1, 2), "thirds": (3, 4), "fourths and fifths": (5, 7), "leaps": (8, 11)}
_LAGS = (4, 8, 16, 32)
_SILENT = -1


def musical_features(score: Score) -> Found:
    """All features of a score, by name: the group, what, and of which channels."""
    clock = find_clock(replace(score, grid=None))
    pitches = pitch_rows(score)
    return {
        **{f"melody: {name}": value for name, value in _melody(score).items()},
        **{f"harmony: {name}": value for name, value in _harmony(score, pitches).items()},
        **{f"rhythm: {name}": value for name, value in _rhythm(score, clock).items()},
        **{f"form: {name}": value for name, value in _form(score, pitches, clock).items()},
        **{f"texture: {name}": value for name, value in _texture(score, pitches).items()},
    }


def pitch_rows(score: Score) -> Frames:
    """What each channel sounds on each frame [4, frames]: a pitch or noise period, or -1."""
    found = np.full((len(CHANNELS), score.frames), _SILENT, dtype=np.int64)
    for channel, note in score.notes():
        found[channel, note.start : note.end] = note.pitch
    return found


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return float(np.mean(found)) if found else float("nan")


def _entropy(values: Iterable[int]) -> float:
    """Shannon's entropy in bits of how often each value comes; NaN without values."""
    counts = np.array(list(Counter(values).values()), dtype=float)
    if not len(counts):
        return float("nan")
    share = counts / counts.sum()
    return float(-(share * np.log2(share)).sum()) + 0.0


# --- melody ----------------------------------------------------------------------------------------------------


def _melody(score: Score) -> Found:
    """How each pitched channel moves from note to note."""
    found: Found = {}
    for channel in PITCHED:
        notes = score.channels[channel]
        moves = [b.pitch - a.pitch for a, b in pairwise(notes)]
        name = CHANNELS[channel].title
        for what, (low, high) in _INTERVALS.items():
            found[f"{what}, {name}"] = _mean(low <= abs(move) <= high for move in moves)
        found[f"octaves and more, {name}"] = _mean(abs(move) >= 12 for move in moves)
        found[f"semitones a move, {name}"] = _mean(map(abs, moves))
        found[f"moves up, {name}"] = _mean(move > 0 for move in moves if move)
        found[f"turns, {name}"] = _mean(a * b < 0 for a, b in pairwise(moves) if a and b)
        found[f"comes back, {name}"] = _mean(a.pitch == c.pitch for a, c in zip(notes, notes[2:], strict=False))
        found[f"entropy of moves, {name}"] = _entropy(moves)
        found[f"spread of pitches, {name}"] = float(np.std([note.pitch for note in notes])) if notes else float("nan")
        found[f"different pitches, {name}"] = float(len({note.pitch for note in notes}))
        found[f"pairs of moves that recur, {name}"] = _recurring(moves)
    return found


def _recurring(moves: Sequence[int]) -> float:
    """The share of runs of three moves that there were before."""
    runs = list(zip(moves, moves[1:], moves[2:], strict=False))
    return 1 - len(set(runs)) / len(runs) if runs else float("nan")


# --- harmony ---------------------------------------------------------------------------------------------------


def _harmony(score: Score, pitches: Frames) -> Found:
    """What channels sound together, and how well it fits keys."""
    found: Found = {}
    for a, b in combinations(PITCHED, 2):
        both = (pitches[a] >= 0) & (pitches[b] >= 0)
        apart = (pitches[a] - pitches[b])[both]
        near = np.minimum(apart % 12, -apart % 12)
        names = f"{CHANNELS[a].title} and {CHANNELS[b].title}"
        for interval in range(7):
            found[f"{interval} semitones apart, {names}"] = _mean(near == interval)
        found[f"distance, {names}"] = _mean(apart)
        found[f"move alike, {names}"] = _alike(pitches[a], pitches[b])
    windows = [pitches[:NO, i : i + HARMONY_FRAMES] for i in range(0, score.frames - HARMONY_FRAMES, HARMONY_FRAMES)]
    harmonies = [frozenset((window[window >= 0] % 12).tolist()) for window in windows]
    found["different harmonies"] = float(len(set(harmonies)))
    found["harmonies that change"] = _mean(a != b for a, b in pairwise(harmonies))
    found["pitch classes in a harmony"] = _mean(map(len, harmonies))
    found["entropy of harmonies"] = _entropy(map(hash, harmonies))
    found |= _keys(score, pitches)
    return found


def _alike(a: Frames, b: Frames) -> float:
    """The share of frames in which both change that they move in the same direction."""
    one, two = np.diff(a), np.diff(b)
    both = (one != 0) & (two != 0) & (a[1:] >= 0) & (a[:-1] >= 0) & (b[1:] >= 0) & (b[:-1] >= 0)
    return _mean((np.sign(one) == np.sign(two))[both])


def _keys(score: Score, pitches: Frames) -> Found:
    """How well the whole and each four seconds fit a key, and how often the key of four seconds changes."""
    profiles = key_profiles()
    best, fits = [], []
    for begin in range(0, max(1, score.frames - KEY_FRAMES // 2), KEY_FRAMES):
        key, fit = _key_of(pitches[:NO, begin : begin + KEY_FRAMES], profiles)
        if fit > 0:
            best.append(key)
            fits.append(fit)
    whole = pitches[:NO]
    classes = (whole[whole >= 0] % 12).tolist()
    return {
        "fit to a key": _key_of(whole, profiles)[1],
        "fit of four seconds to a key": _mean(fits),
        "keys that change": _mean(a != b for a, b in pairwise(best)),
        "entropy of pitch classes": _entropy(classes),
        "pitch classes heard much": float(sum(count > 0.03 * len(classes) for count in Counter(classes).values())),
    }


def _key_of(pitches: Frames, profiles: Array) -> tuple[int, float]:
    """(number of the key, Pearson's r) of the profile that fits best; r is 0 where nothing sounds."""
    classes = np.bincount(pitches[pitches >= 0] % 12, minlength=12).astype(float)
    if not classes.any() or np.ptp(classes) == 0:
        return 0, 0.0
    rows = profiles.reshape(-1, 12)
    fits = np.array([np.corrcoef(row, classes)[0, 1] for row in rows])
    return int(fits.argmax()), float(fits.max())


# --- rhythm ----------------------------------------------------------------------------------------------------


def _rhythm(score: Score, clock: RowClock) -> Found:
    """How regular each channel is, and how much channels begin together."""
    found: Found = {}
    rows = {clock.row(i) for i in range(-ROWS, clock.row_of(score.frames) + 1)}
    onsets = [[note.start for note in notes] for notes in score.channels]
    beat = clock.beat_frames
    for channel, spec in enumerate(CHANNELS):
        notes, starts = score.channels[channel], onsets[channel]
        gaps = [b - a for a, b in pairwise(starts)]
        lengths = [note.length for note in notes]
        name = spec.title
        train = _train(starts, score.frames)
        found[f"entropy of gaps, {name}"] = _entropy(gaps)
        found[f"commonest gap, {name}"] = max(Counter(gaps).values()) / len(gaps) if gaps else float("nan")
        found[f"gaps that repeat, {name}"] = _mean(a == b for a, b in pairwise(gaps))
        found[f"on the rows, {name}"] = _mean(start in rows for start in starts)
        found[f"recurs at the beat, {name}"] = _recurs(train, beat)
        found[f"recurs at four beats, {name}"] = _recurs(train, 4 * beat)
        found[f"longest rest, {name}"] = _longest_rest(notes, score.frames)
        found[f"median length, {name}"] = float(np.median(lengths)) if lengths else float("nan")
        found[f"entropy of lengths, {name}"] = _entropy(lengths)
        found[f"ornaments, {name}"] = _mean(length <= ORNAMENT for length in lengths)
    for a, b in combinations(range(len(CHANNELS)), 2):
        names = f"{CHANNELS[a].title} and {CHANNELS[b].title}"
        found[f"begin together, {names}"] = _mean(start in set(onsets[b]) for start in onsets[a])
    found["recurs at the beat, all"] = _recurs(_train([s for some in onsets for s in some], score.frames), beat)
    return found


def _train(starts: Sequence[int], frames: int) -> Array:
    """Onsets on each frame, spread over their neighbours a little [frames]."""
    train = np.zeros(frames)
    np.add.at(train, np.array(starts, dtype=int), 1.0)
    return np.convolve(train, (0.5, 1.0, 0.5), "same")


def _recurs(train: Array, lag: float) -> float:
    """Pearson's r of an onset train and itself so many frames later; NaN where one of them never changes."""
    shift = round(lag)
    a, b = train[: max(0, len(train) - shift)], train[shift:]
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return float("nan")
    return float(np.corrcoef(a, b)[0, 1])


def _longest_rest(notes: Sequence[Note], frames: int) -> float:
    """Seconds of the longest silence between two notes, or of all where there is none."""
    rests = [b.start - a.end for a, b in pairwise(notes)]
    return max(rests, default=frames) / FRAMES_PER_SECOND


# --- form ------------------------------------------------------------------------------------------------------


def _form(score: Score, pitches: Frames, clock: RowClock) -> Found:
    """What returns, and after how long."""
    bars = bars_of(score)
    found: Found = {
        "bars that recur": repetition(bars),
        "a passage returns": float(passage_returns(bars)),
        "likeness to the bar before": _mean(similarity(a, b) for a, b in pairwise(bars)),
        "likeness to the best bar before": _mean(
            max(similarity(bar, other) for other in bars[:i]) for i, bar in enumerate(bars) if i
        ),
        "entropy of notes a bar": _entropy(map(len, bars)),
    }
    for lag in _LAGS:
        shift = round(lag * clock.beat_frames)
        for channel, spec in enumerate(CHANNELS):
            now, then = pitches[channel, shift:], pitches[channel, : max(0, score.frames - shift)]
            played = (now >= 0) | (then >= 0)
            found[f"the same {lag} beats later, {spec.title}"] = _mean((now == then)[played])
    for channel, spec in enumerate(CHANNELS):
        own = [frozenset(event for event in bar if event[1] == channel) for bar in bars]
        there = [bar for bar in own if bar]
        found[f"different bars, {spec.title}"] = len(set(there)) / len(there) if there else float("nan")
    return found


# --- texture ---------------------------------------------------------------------------------------------------


def _texture(score: Score, pitches: Frames) -> Found:
    """Who plays, how high, how dense and how loud."""
    sounds = pitches >= 0
    seconds = [sounds[:, i : i + FRAMES_PER_SECOND] for i in range(0, score.frames, FRAMES_PER_SECOND)]
    voices = sounds[:NO].sum(axis=0)
    starts = np.array([note.start for _, note in score.notes()], dtype=int)
    a_second = np.bincount(starts // FRAMES_PER_SECOND, minlength=len(seconds))
    found: Found = {
        "notes a second": score.note_count / max(1e-9, score.seconds),
        "spread of notes a second": float(a_second.std()),
        "pitched channels that sound": float(voices.mean()),
        "all silent": float((~sounds.any(axis=0)).mean()),
        "one pitched channel alone": float((voices == 1).mean()),
        "three pitched channels": float((voices == TR + 1).mean()),
    }
    for channel, spec in enumerate(CHANNELS):
        notes = score.channels[channel]
        name = spec.title
        found[f"sounds, {name}"] = float(sounds[channel].mean())
        found[f"notes a second, {name}"] = len(notes) / max(1e-9, score.seconds)
        found[f"mean pitch, {name}"] = _mean(note.pitch for note in notes)
        if channel != TR:
            volumes = [value for note in notes for _, value in note.volume]
            found[f"mean volume, {name}"] = _mean(volumes)
            found[f"first volume, {name}"] = _mean(note.volume[0][1] for note in notes)
            found[f"changes of volume a note, {name}"] = _mean(len(note.volume) - 1 for note in notes)
            found[f"different volumes, {name}"] = _entropy(volumes)
        if channel in (P1, P2):
            found[f"commonest duty, {name}"] = _commonest(note.duty[0][1] for note in notes)
    return found


def _commonest(values: Iterable[int]) -> float:
    """The share of the commonest value; NaN without values."""
    counts = Counter(values)
    return max(counts.values()) / counts.total() if counts else float("nan")
