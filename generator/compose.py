"""A request for a new tune becomes a score: takes of the model until one is as asked for and without faults.

Knows the model and the checks; nothing of files or sound.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from generator.analysis import faults, find_key
from generator.contract import DEFAULT_SECONDS, KEYS, SEEDS, Request
from generator.envelopes import dress
from generator.titles import title_for
from models.sample import Composer
from models.score import CHANNELS, FRAMES_PER_SECOND, NO, Note, Score, fold_pitch
from models.writer import Wish

TAKES = 4
"""Takes at most before the one with the fewest faults is kept."""


USUAL_TEMPERATURE = 0.9
"""What a request's 1 is to the network: of those tried, where tunes come nearest to songs (docs/experiments.md)."""


@dataclass(frozen=True, slots=True)
class Tune:
    """A score with its title, the key that was found in it, and what became of an upload."""

    score: Score
    title: str
    key: str
    report: str = ""


def compose(composer: Composer, request: Request, progress: Callable[[float], None]) -> Tune:
    """A new tune for a request. progress: told the share done, 0 to 1."""
    wish = Wish(
        frames=round((request.seconds or DEFAULT_SECONDS) * FRAMES_PER_SECOND),
        seed=request.seed,
        temperature=USUAL_TEMPERATURE * request.temperature,
        scene=request.scene,
        key=request.key,
        beat_frames=60 * FRAMES_PER_SECOND / request.bpm if request.bpm else None,
    )
    takes: list[tuple[int, Score, str]] = []
    furthest = 0.0

    def forward(share: float) -> None:
        nonlocal furthest
        furthest = max(furthest, share)  # another take does not set the bar back
        progress(furthest)

    for take in range(TAKES):
        score = composer.compose(replace(wish, seed=take_seed(request.seed, take)), forward)
        score, key, wrong = _in_key(score, request.key)
        wrong += len(faults(score))
        takes.append((wrong, score, key))
        if wrong == 0:
            break
    _, score, key = min(takes, key=lambda found: found[0])
    title = title_for(request.seed, request.scene)
    sounding = score if composer.codebook else dress(score, request.seed)
    return Tune(replace(sounding, title=title), title, key)


def take_seed(seed: int, take: int) -> int:
    """The seed of a take: the request's own for the first."""
    return seed if take == 0 else int(np.random.default_rng((seed, take)).integers(SEEDS))


def _in_key(score: Score, asked: str | None) -> tuple[Score, str, int]:
    """(score, its key, 1 where that is not the one asked for): moved to the tonic where only that is wrong."""
    key, _ = find_key(score)
    if asked is None or key == asked:
        return score, key, 0
    if key.endswith("m") == asked.endswith("m"):
        up = (KEYS.index(asked) - KEYS.index(key)) % 12
        moved = transpose(score, up if up <= 6 else up - 12)
        found, _ = find_key(moved)
        if found == asked:
            return moved, found, 0
    return score, key, 1


def transpose(score: Score, semitones: int) -> Score:
    """The pitched channels moved; notes that leave a channel's range fold by octaves."""

    def moved(channel: int, note: Note) -> Note:
        if channel == NO:
            return note
        return replace(note, pitch=fold_pitch(CHANNELS[channel], note.pitch + semitones))

    channels = tuple(tuple(moved(i, note) for note in notes) for i, notes in enumerate(score.channels))
    return replace(score, channels=channels)
