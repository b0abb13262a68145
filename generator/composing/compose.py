"""A request for a new tune becomes a score: takes of the model until one is as asked for and without faults.

A take holds no note whose beginning the console could not show (`apu.strikes`). Knows the model and the checks; nothing
of files or sound. Remixes are `generator.composing.remix`'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from generator.analysis.keys import find_key
from generator.apu.retrigger import merge_hidden_repeats
from generator.composing.faults import faults
from generator.composing.originality import THRESHOLD, Index, longest_shared
from generator.composing.taste_features import features_of
from generator.composing.titles import title_for
from generator.protocol.names import KEYS
from generator.protocol.options import SEEDS
from generator.protocol.requests import Request
from generator.protocol.tastes import Taste, standardized
from generator.sound.envelopes import assign_instruments
from models.inference.new_tune import Composer
from models.inference.sampler import TuneSpec
from models.music.scenes import default_seconds
from models.music.score import CHANNELS, FRAMES_PER_SECOND, NO, Note, Score, fold_pitch
from models.tokens.plan import DENSITY_STEPS, density_step

TAKES = 4
"""Takes at most before the one with the fewest faults is kept, where a request does not say how many."""
TAKES_IN_KEY = 8
"""The same where a key is asked for: one take in two is in it (docs/experiments.md)."""
BEATS_A_BAR = 4

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The take that a taste chose. take, likeliest: it and the one kept without a taste, counted from 1.

    takes: how many there were. seed: the one that gives the take as the only one.
    """

    take: int
    takes: int
    likeliest: int
    seed: int


@dataclass(frozen=True, slots=True)
class Tune:
    """A score with its title, the key that was found in it, and what became of an upload.

    shared: notes of the longest run that it has in common with a song that the model has learnt from, where known.
    chosen: what a taste did; None where there was none, or nothing to choose from.
    """

    score: Score
    title: str
    key: str
    report: str = ""
    shared: int | None = None
    chosen: Chosen | None = None


@dataclass(frozen=True, slots=True)
class Take:
    """One try at a request. wrong: how much of it is not as asked, is a fault or copied. surprise: nats a token.

    shared: see `Tune`.
    """

    score: Score
    key: str
    wrong: int
    surprise: float
    shared: int | None = None


def compose(composer: Composer, request: Request, progress: Progress, known: Index | None = None) -> Tune:
    """A new tune for a request. progress: told the share done, 0 to 1. known: of songs that it may not copy."""
    wish = spec_of(request)

    def one(seed: int, told: Progress) -> Take:
        score, surprise = composer.take(replace(wish, seed=seed), told)
        score, key, wrong = _in_key(score, request.key)
        score = merge_hidden_repeats(score if composer.codebook else assign_instruments(score, request.seed))
        shared = longest_shared(score, known) if known else None
        wrong += len(faults(score)) + (not is_as_dense(score, request.density)) + is_copy(shared)
        return Take(score, key, wrong, surprise, shared)

    takes = make_takes(request, one, progress)
    best, chosen = best_of(request, takes), None
    if request.taste and len(takes) > 1:
        best, chosen = choose(request, request.taste, takes)
    title = title_for(request.seed, request.scene)
    return Tune(replace(best.score, title=title), title, best.key, shared=best.shared, chosen=chosen)


def spec_of(request: Request) -> TuneSpec:
    """What the model is asked for."""
    return TuneSpec(
        frames=round((request.seconds or default_seconds(request.scene)) * FRAMES_PER_SECOND),
        beats=BEATS_A_BAR * request.bars if request.bars else None,
        seed=request.seed,
        temperature=request.temperature,
        scene=request.scene,
        key=request.key,
        beat_frames=60 * FRAMES_PER_SECOND / request.bpm if request.bpm else None,
        densities=DENSITY_STEPS[request.density] if request.density else (),
    )


def best_take(request: Request, one: Callable[[int, Progress], Take], progress: Progress) -> Take:
    """The best of a request's takes, as `make_takes` makes them and `best_of` compares them."""
    return best_of(request, make_takes(request, one, progress))


def make_takes(request: Request, one: Callable[[int, Progress], Take], progress: Progress) -> list[Take]:
    """As many takes as are asked for; without a number until one has nothing wrong, within reason.

    one: makes a take from a seed. progress: never goes back.
    """
    furthest = 0.0
    takes: list[Take] = []
    count = request.takes or (TAKES_IN_KEY if request.key else TAKES)

    def forward(share: float) -> None:
        nonlocal furthest
        done = (len(takes) + share) / count if request.takes else share
        furthest = max(furthest, done)
        progress(furthest)

    for take in range(count):
        takes.append(one(take_seed(request.seed, take), forward))
        if request.takes is None and takes[-1].wrong == 0:
            break
    return takes


def best_of(request: Request, takes: Sequence[Take]) -> Take:
    """The take with the least wrong, and of those the likeliest by the model where a number was asked for."""
    return min(takes, key=lambda found: (found.wrong, found.surprise if request.takes else 0))


def choose(request: Request, taste: Taste, takes: Sequence[Take]) -> tuple[Take, Chosen | None]:
    """The take that a taste likes best of those with the least wrong, the likelier one where it likes two as much.

    Likelihood does not weigh against taste: how likely a take is has no unit in common with how much people like it.
    None for what was chosen where one take alone had the least wrong.
    """
    likeliest = best_of(request, takes)
    among = [take for take in takes if take.wrong == likeliest.wrong]
    if len(among) == 1:
        return likeliest, None
    best = max(among, key=lambda take: (liking(taste, features_of(take.score)), -take.surprise))
    number = takes.index(best)
    return best, Chosen(number + 1, len(takes), takes.index(likeliest) + 1, take_seed(request.seed, number))


def liking(taste: Taste, features: Mapping[str, float]) -> float:
    """By how much features move the logit of a like; what a score has nothing for moves nothing."""
    return sum(
        weight * standardized(features[name], mean, deviation)
        for name, (weight, mean, deviation) in taste.items()
        if name in features
    )


def take_seed(seed: int, take: int) -> int:
    """The seed of a take: the request's own for the first."""
    return seed if take == 0 else int(np.random.default_rng((seed, take)).integers(SEEDS))


def is_copy(shared: int | None) -> bool:
    """Whether a run of so many notes is more than songs share that have nothing to do with each other."""
    return shared is not None and shared > THRESHOLD


def is_as_dense(score: Score, asked: str | None) -> bool:
    """Whether a score is in the third of songs that was asked for, by notes a second."""
    return asked is None or density_step(score) in DENSITY_STEPS[asked]


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
