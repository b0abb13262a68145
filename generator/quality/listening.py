"""`chiptune quality --listen`: a blind test for people. In each pair one passage is from a held-out song, one composed.

This module picks and renders the pairs and keeps the answers; `listening_page` serves them to a browser. The key to the
pairs is in a file that is never served.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from generator.protocol.errors import InputError
from generator.quality.tunes import Progress
from generator.sound.playback import write_score
from models.music.cutting import first_frames
from models.music.score import FRAMES_PER_SECOND, Score
from models.music.songs import read_midi_file

PAIRS, SECONDS = 10, 12.0
"""Pairs, and how long each passage is: twice that many passages are four minutes."""
FOLDER = "listening"
KEY_FILE, ANSWERS_FILE = "key.json", "answers.jsonl"
SIDES = ("a", "b")


@dataclass(frozen=True, slots=True)
class Pair:
    """One pair of the test. real: which of `SIDES` is from a song. song, tune: where the two come from."""

    real: str
    song: str
    tune: str


@dataclass(frozen=True, slots=True)
class Result:
    """What all listeners answered: how many there were, their answers, and how many of those were right."""

    listeners: int
    answers: int
    right: int

    @property
    def share(self) -> float:
        """The share of right answers. 0.5 means that people cannot tell tunes from songs."""
        return self.right / self.answers

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the share (Wilson 1927)."""
        z, n, share = 1.96, self.answers, self.share
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return middle - half, middle + half


def make_pairs(
    songs: Sequence[tuple[str, Score]], tunes: Sequence[Path], out: Path, seed: int, progress: Progress
) -> list[Pair]:
    """Render the pairs into the folder of the test in `out`, and write and return their key.

    songs: held-out songs by name. tunes: files of composed tunes. Each passage is the beginning of a song or tune, at
    equal loudness. seed: decides which ones are taken and their order. Raise InputError if there are too few.
    """
    folder = out / FOLDER
    frames = round(SECONDS * FRAMES_PER_SECOND)
    long_songs = [(name, score) for name, score in songs if score.frames >= frames]
    if len(long_songs) < PAIRS or len(tunes) < PAIRS:
        raise InputError(f"The listening test needs {PAIRS} songs of {SECONDS:g} s and {PAIRS} tunes.")
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    pairs = []
    chosen = zip(
        random.choice(len(long_songs), PAIRS, replace=False),
        random.choice(len(tunes), PAIRS, replace=False),
        strict=True,
    )
    for number, (song, tune) in enumerate(progress(list(chosen), PAIRS, "rendering")):
        name, score = long_songs[int(song)]
        file = tunes[int(tune)]
        real = SIDES[int(random.integers(2))]
        for side in SIDES:
            passage = first_frames(score if side == real else read_midi_file(file), frames)
            write_score(passage, folder / f"{number}{side}.ogg")
        pairs.append(Pair(real, name, file.name))
    (folder / KEY_FILE).write_text(json.dumps([asdict(pair) for pair in pairs], indent=1))
    return pairs


def read_key(folder: Path) -> list[Pair]:
    """Return the pairs of a test that `make_pairs` wrote."""
    return [Pair(**pair) for pair in json.loads((folder / KEY_FILE).read_text())]


def parse_answers(body: bytes, pairs: Sequence[Pair]) -> list[str | None]:
    """Return a listener's answers: for each pair the side they took for the song, or None if they did not say.

    body: JSON, `{"answers": ["a", "b", null, ...]}`. Raise InputError if it is anything else, or holds no answer.
    """
    try:
        answers = json.loads(body)["answers"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError("The answers are not JSON with a list of answers.") from error
    if not isinstance(answers, list) or len(answers) != len(pairs):
        raise InputError(f"There must be {len(pairs)} answers.")
    if any(answer not in (*SIDES, None) for answer in answers) or not any(answers):
        raise InputError("Each answer is a, b or null, and at least one of them a or b.")
    return answers


def keep_answers(folder: Path, answers: Sequence[str | None]) -> None:
    """Append a listener's answers to those of the test."""
    with (folder / ANSWERS_FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(answers) + "\n")


def read_result(folder: Path) -> Result | None:
    """Return what all listeners of a test answered, or None if nobody did yet."""
    file = folder / ANSWERS_FILE
    if not file.exists():
        return None
    pairs = read_key(folder)
    listeners = [json.loads(line) for line in file.read_text().splitlines()]
    answered = [(pair, answer) for one in listeners for pair, answer in zip(pairs, one, strict=True) if answer]
    return Result(len(listeners), len(answered), sum(answer == pair.real for pair, answer in answered))


def result_sentence(result: Result | None) -> str:
    """Return the result in a sentence."""
    if result is None:
        return "Nobody has taken the listening test yet."
    low, high = result.interval
    listeners = "1 listener" if result.listeners == 1 else f"{result.listeners} listeners"
    return (
        f"{listeners} told {result.right} of {result.answers} songs from tunes ({100 * result.share:.0f} %;"
        f" 95 % interval {100 * low:.0f} to {100 * high:.0f} %). 50 % is a guess."
    )
