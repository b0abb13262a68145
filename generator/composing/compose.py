"""New tunes: several takes are composed at once, and the best is kept.

The best has the fewest faults and misses the request least; of those, it is the one that a critic finds most like a
real song. For a model without a critic, takes are composed until one has no faults and is as requested.

No note in a take begins where the console could not show it (`generator.apu.retrigger`). Files and sound are left to
`generator.process.pipeline`, remixes to `generator.composing.remix`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from generator.analysis.keys import find_key
from generator.apu.retrigger import merge_hidden_repeats
from generator.composing.critic import Critic
from generator.composing.faults import find_faults
from generator.composing.originality import MAX_SHARED_NOTES, Index, longest_shared_run
from generator.composing.taste_features import measure_features
from generator.composing.titles import title_for
from generator.protocol.i18n import Sentence, _
from generator.protocol.options import SEEDS
from generator.protocol.requests import Request, usual_takes
from generator.protocol.tastes import Taste, standardized
from generator.sound.envelopes import assign_instruments
from models.inference.batch import Model, Text, write_together
from models.inference.new_tune import DEFAULT_BEAT_FRAMES, Composer
from models.inference.sampler import TuneSpec
from models.music.keys import KEYS
from models.music.scenes import default_seconds
from models.music.score import CHANNELS, FRAMES_PER_SECOND, NO, Note, Score, fold_pitch
from models.tokens.plan import DENSITY_STEPS, density_step

T = TypeVar("T")

MAX_TAKES = 4
"""The most takes for a request that does not give a number."""
MAX_TAKES_IN_KEY = 8
"""The same for a request with a key, which one take in two is in (docs/experiments.md)."""
BEATS_A_BAR = 4

ENOUGH, ENOUGH_IN_KEY = 0.7, 0.5
"""How often one take is enough, if the request gives no number and no key, or a key."""
COMPOSING = _("composing")
COMPOSING_TAKES = _("composing {takes} takes")
COMPOSING_ONE_MORE = _("composing, take {take} of up to {takes}")

Progress = Callable[[float], None]
"""A function that is called with the share done, 0 to 1."""
StageProgress = Callable[[float, Sentence], None]
"""The same, called also with what is being done."""


class Write(Protocol):
    """Has a model write texts, and returns what they have become, in their order. Raises the first error of any."""

    def __call__(self, model: Model, texts: Sequence[Text[T]]) -> list[T]:
        """Write texts."""


@dataclass(frozen=True, slots=True)
class TasteChoice:
    """The take that a taste chose.

    take, likeliest: the number of the take that was kept, and of the one that would have been kept without a taste;
    both count from 1. takes: how many there were. seed: gives the take that was kept as the only one.
    """

    take: int
    takes: int
    likeliest: int
    seed: int


@dataclass(frozen=True, slots=True)
class Tune:
    """A score with its title and its key.

    report: what became of an upload. shared_notes: the length of the longest run that the score has in common with a
    training song; None if no index of them exists. taste_choice: what a taste chose; None if nothing was to choose.
    takes: all takes that were composed, of which this is one; none for a tune that was not composed.
    """

    score: Score
    title: str
    key: str
    report: str = ""
    shared_notes: int | None = None
    taste_choice: TasteChoice | None = None
    takes: tuple[Take, ...] = ()


@dataclass(frozen=True, slots=True)
class Take:
    """One of several attempts at a request.

    seed: gives this take as the only one. penalty: the number of faults and of properties that are not as requested.
    surprisal: nats a token by the model. shared_notes: see `Tune`. realism: the logit of being a real song, by the
    model's critic; None if it has none.
    """

    score: Score
    key: str
    penalty: int
    surprisal: float
    shared_notes: int | None = None
    seed: int = 0
    realism: float | None = None


def compose(
    composer: Composer,
    request: Request,
    progress: StageProgress,
    index: Index | None = None,
    *,
    critic: Critic | None = None,
    write: Write = write_together,
) -> Tune:
    """Compose a new tune.

    index: of the songs that it must not copy. critic: of the model; None if it has none. write: has texts written.
    """
    spec = spec_of(request)
    if critic and request.takes is None and (usual := usual_takes(_seconds(spec))) > 1:
        request = replace(request, takes=usual)

    def text(seed: int, progress: Progress) -> Text[tuple[Score, float]]:
        return composer.writing(replace(spec, seed=seed), progress)

    def judge(seed: int, written: tuple[Score, float]) -> Take:
        score, key, key_penalty = _move_to_key(written[0], request.key)
        score = merge_hidden_repeats(score if composer.codebook else assign_instruments(score, request.seed))
        shared_notes = longest_shared_run(score, index) if index else None
        penalty = key_penalty + len(find_faults(score)) + (not has_density(score, request.density))
        realism = critic.realism(score) if critic and request.takes != 1 else None
        return Take(score, key, penalty + is_copy(shared_notes), written[1], shared_notes, seed, realism)

    takes = make_takes(request, text, judge, progress, lambda texts: write(composer, texts))
    best, taste_choice = best_take(request, takes), None
    if request.taste and len(takes) > 1:
        best, taste_choice = choose_by_taste(request, request.taste, takes)
    title = title_for(request.seed, request.scene)
    score = replace(best.score, title=title)
    return Tune(score, title, best.key, shared_notes=best.shared_notes, taste_choice=taste_choice, takes=tuple(takes))


def spec_of(request: Request) -> TuneSpec:
    """Return what the model needs to know of a request."""
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


def _seconds(spec: TuneSpec) -> float:
    """Return the length of a tune in seconds, about, if only its bars are given."""
    return (spec.beats * (spec.beat_frames or DEFAULT_BEAT_FRAMES) if spec.beats else spec.frames) / FRAMES_PER_SECOND


def make_takes(
    request: Request,
    text: Callable[[int, Progress], Text[T]],
    judge: Callable[[int, T], Take],
    progress: StageProgress,
    write: Callable[[Sequence[Text[T]]], list[T]],
) -> list[Take]:
    """Make as many takes as a request wants, all at once. If it gives no number, stop at the first without a penalty.

    text: begins a take from a seed. judge: turns what was written from a seed into a take. progress: is never called
    with less than before. write: has texts written.
    """
    if request.takes is None:
        return _make_until_good(request, text, judge, progress, write)
    seeds = [take_seed(request.seed, number) for number in range(request.takes)]
    stage = COMPOSING_TAKES.format(takes=len(seeds)) if len(seeds) > 1 else COMPOSING
    shares = dict.fromkeys(seeds, 0.0)

    def begin(seed: int) -> Text[T]:
        def report(share: float) -> None:
            shares[seed] = share
            progress(sum(shares.values()) / len(seeds), stage)

        return text(seed, report)

    return [judge(seed, written) for seed, written in zip(seeds, write([*map(begin, seeds)]), strict=True)]


def _make_until_good(
    request: Request,
    text: Callable[[int, Progress], Text[T]],
    judge: Callable[[int, T], Take],
    progress: StageProgress,
    write: Callable[[Sequence[Text[T]]], list[T]],
) -> list[Take]:
    """Make one take after the other until one has no penalty. See `make_takes`."""
    takes: list[Take] = []
    count = MAX_TAKES_IN_KEY if request.key else MAX_TAKES
    furthest = 0.0

    def report(share: float) -> None:
        nonlocal furthest
        furthest = max(furthest, share_done(request, len(takes), share))
        take = len(takes) + 1
        progress(furthest, COMPOSING if take == 1 else COMPOSING_ONE_MORE.format(take=take, takes=count))

    for number in range(count):
        seed = take_seed(request.seed, number)
        takes.append(judge(seed, write([text(seed, report)])[0]))
        if takes[-1].penalty == 0:
            break
    return takes


def share_done(request: Request, takes: int, share: float) -> float:
    """Return the share of all composing that is probably done, if nobody knows how many takes there will be.

    takes: the finished ones. share: of the next one. Each fills the same part of what the ones before have left.
    """
    enough = ENOUGH_IN_KEY if request.key else ENOUGH
    return 1 - (1 - enough) ** takes * (1 - enough * share)


def best_take(request: Request, takes: Sequence[Take]) -> Take:
    """Return the take with the lowest penalty; of those, the one most like a real song.

    If no critic has judged them, and the request gave a number of takes, the one that the model finds likeliest.
    """

    def order(take: Take) -> tuple[int, float]:
        if take.realism is not None:
            return take.penalty, -take.realism
        return take.penalty, take.surprisal if request.takes else 0

    return min(takes, key=order)


def choose_by_taste(request: Request, taste: Taste, takes: Sequence[Take]) -> tuple[Take, TasteChoice | None]:
    """Return the take that a taste likes best of those with the lowest penalty; of two it likes equally, the likelier.

    What a taste adds to the logit of a like and a critic's logit of being a real song count equally. Likelihood has no
    unit in common with them and decides only between equals. The choice is None if only one take has the lowest
    penalty.
    """
    likeliest = best_take(request, takes)
    candidates = [take for take in takes if take.penalty == likeliest.penalty]
    if len(candidates) == 1:
        return likeliest, None

    def order(take: Take) -> tuple[float, float]:
        return taste_score(taste, measure_features(take.score)) + (take.realism or 0.0), -take.surprisal

    best = max(candidates, key=order)
    number = takes.index(best)
    return best, TasteChoice(number + 1, len(takes), takes.index(likeliest) + 1, take_seed(request.seed, number))


def taste_score(taste: Taste, features: Mapping[str, float]) -> float:
    """Return by how much features change the logit of a like. A feature that is missing changes nothing."""
    return sum(
        weight * standardized(features[name], mean, deviation)
        for name, (weight, mean, deviation) in taste.items()
        if name in features
    )


def take_seed(seed: int, number: int) -> int:
    """Return the seed of a take, counted from 0. The first take has the request's own seed."""
    return seed if number == 0 else int(np.random.default_rng((seed, number)).integers(SEEDS))


def is_copy(shared_notes: int | None) -> bool:
    """Return whether a run of notes is longer than those that unrelated songs share."""
    return shared_notes is not None and shared_notes > MAX_SHARED_NOTES


def has_density(score: Score, density: str | None) -> bool:
    """Return whether a score is in the requested third of songs by notes a second; any score is if it is None."""
    return density is None or density_step(score) in DENSITY_STEPS[density]


def _move_to_key(score: Score, wanted: str | None) -> tuple[Score, str, int]:
    """Return (score, its key, penalty). A score in the wrong key of the right mode is transposed.

    The penalty is 1 if the key is not the wanted one even so.
    """
    key, _ = find_key(score)
    if wanted is None or key == wanted:
        return score, key, 0
    if key.endswith("m") == wanted.endswith("m"):
        up = (KEYS.index(wanted) - KEYS.index(key)) % 12
        transposed = transpose(score, up if up <= 6 else up - 12)
        new_key, _ = find_key(transposed)
        if new_key == wanted:
            return transposed, new_key, 0
    return score, key, 1


def transpose(score: Score, semitones: int) -> Score:
    """Return a score with its pitched channels moved. Notes that leave a channel's range are folded by octaves."""

    def moved(channel: int, note: Note) -> Note:
        if channel == NO:
            return note
        return replace(note, pitch=fold_pitch(CHANNELS[channel], note.pitch + semitones))

    channels = tuple(tuple(moved(i, note) for note in notes) for i, notes in enumerate(score.channels))
    return replace(score, channels=channels)
