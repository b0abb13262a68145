"""How well a taste is learnt from votes, and how rarely one is found where there is none, with simulated voters.

    python -m benchmarks.bot.taste [--servers N] [--looks N] [--votes N …] [--compose N]

The tunes are 240 that the model composed, 20 s each with no options; `taste_tunes.json` holds their features, and
`--compose` writes it anew. A voter likes a tune with probability 1 / (1 + exp(-(readiness + taste + quality))). The
taste is linear in the features and the same for all voters of a server; the quality belongs to each tune and is
independent of the features. A few people cast most of the votes, and the newest tunes get most of them.

With a taste: the learnt taste alone predicts new votes of the same people on tunes without votes (AUC: how often a
liked tune scores above a disliked one; chance is 0.5), and picks one of four such tunes. Without a taste: how often one
is used by mistake, checked once at a number of votes, and checked after every 25 votes.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bot.votes.regression import chance
from bot.votes.taste_model import MIN_VOTES, TasteEstimate, Vote, estimate_taste
from generator.protocol.tastes import FEATURES, standardized

TUNES_FILE = Path(__file__).with_name("taste_tunes.json")
FIRST_SEED = 1000
SECONDS = 20.0
TAKES = 4
READY, READY_SPREAD = 0.6, 0.7
"""Mean and deviation of the voters' readiness, in logits: 65 % of votes are likes."""
NEW_VOTES = 400
REQUESTS = 200
"""Simulated requests with `TAKES` takes each."""

Features = Mapping[str, float]


@dataclass(frozen=True)
class Scenario:
    """The voters of a server and the tunes that they vote on.

    taste, quality: standard deviations over the tunes, in logits. loud: whether one person casts half of the votes and
    alone has the taste.
    """

    people: int = 12
    songs: int = 80
    taste: float = 0.0
    quality: float = 0.5
    loud: bool = False


@dataclass
class Server:
    """One simulated server: people and tunes drawn by a seed."""

    scenario: Scenario
    seed: int
    tunes: Sequence[Features]
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = rng = random.Random(self.seed)
        scenario = self.scenario
        order = rng.sample(self.tunes, len(self.tunes))
        self.voted_on, self.unseen = order[: scenario.songs], order[scenario.songs :]
        self._scales = scales(self.tunes)
        weights = [rng.gauss(0, 1) for _ in FEATURES]
        raw = [self._sum(weights, tune) for tune in self.tunes]
        size = scenario.taste / statistics.pstdev(raw)
        self._weights = [size * weight for weight in weights]
        self._middle = size * statistics.mean(raw)
        self._quality = {id(tune): rng.gauss(0, scenario.quality) for tune in self.tunes}
        self._ready = [rng.gauss(READY, READY_SPREAD) for _ in range(scenario.people)]
        self._busy = [rng.paretovariate(1.2) for _ in range(scenario.people)]
        if scenario.loud:
            self._busy[0] = sum(self._busy[1:])

    def _sum(self, weights: Sequence[float], tune: Features) -> float:
        return sum(
            weight * standardized(tune[name], *self._scales[name])
            for weight, name in zip(weights, FEATURES, strict=True)
            if name in tune
        )

    def liked(self, tune: Features) -> float:
        """Return what a tune's features add to the logit of a like."""
        return self._sum(self._weights, tune) - self._middle

    def votes(self) -> Iterator[Vote]:
        """Yield votes, at most one per person and tune; later tunes get more of them."""
        seen: set[tuple[int, int]] = set()
        while len(seen) < len(self._ready) * len(self.voted_on) / 2:
            [person] = self.rng.choices(range(len(self._ready)), self._busy)
            number = min(int(len(self.voted_on) * self.rng.random() ** 1.5), len(self.voted_on) - 1)
            if (person, number) not in seen:
                seen.add((person, number))
                yield self._vote(person, self.voted_on[number], str(number))

    def new_votes(self, count: int) -> list[tuple[Features, bool]]:
        """Return (tune, whether it was liked) for tunes that have no votes yet."""
        votes = []
        for _ in range(count):
            [person] = self.rng.choices(range(len(self._ready)), self._busy)
            tune = self.rng.choice(self.unseen)
            votes.append((tune, self._vote(person, tune, "").liked))
        return votes

    def _vote(self, person: int, tune: Features, song: str) -> Vote:
        taste = 0.0 if self.scenario.loud and person else self.liked(tune)
        logit = self._ready[person] + taste + self._quality[id(tune)]
        return Vote(song, str(person), self.rng.random() < chance(logit), tune)


@dataclass(frozen=True)
class Figures:
    """The figures of one server, on tunes without votes.

    auc: how well the learnt taste predicts votes. gain: how much more often the chosen take is liked than a random one.
    """

    liked: TasteEstimate
    auc: float
    gain: float


def evaluate_taste(server: Server, count: int) -> Figures:
    """Learn a taste from `count` votes and test it on new ones, whether or not the bot would use it."""
    liked = estimate_taste(first(server.votes(), count))
    taste = {preference.feature: preference for preference in liked.preferences}

    def predicted(tune: Features) -> float:
        return sum(
            preference.weight * standardized(tune.get(name, preference.mean), preference.mean, preference.spread)
            for name, preference in taste.items()
        )

    new = server.new_votes(NEW_VOTES)
    gains = []
    for _ in range(REQUESTS):
        takes = server.rng.sample(list(server.unseen), TAKES)
        chances = [chance(READY + server.liked(take)) for take in takes]
        gains.append(chances[max(range(TAKES), key=lambda take: predicted(takes[take]))] - statistics.mean(chances))
    return Figures(liked, auc([(predicted(tune), tune_liked) for tune, tune_liked in new]), statistics.mean(gains))


def auc(predictions: Sequence[tuple[float, bool]]) -> float:
    """Return how often a liked tune is predicted above a disliked one; ties count half."""
    liked = [value for value, is_liked in predictions if is_liked]
    disliked = [value for value, is_liked in predictions if not is_liked]
    won = sum((higher > lower) + 0.5 * (higher == lower) for higher in liked for lower in disliked)
    return won / (len(liked) * len(disliked))


def ever_acts(server: Server, most: int, step: int = 25) -> bool:
    """Return whether a taste is used at any of many checks, one after every `step` votes."""
    votes = first(server.votes(), most)
    return any(estimate_taste(votes[:count]).acts for count in range(MIN_VOTES, len(votes) + 1, step))


def first(votes: Iterator[Vote], count: int) -> list[Vote]:
    """Return the first `count` votes."""
    return [vote for vote, _ in zip(votes, range(count), strict=False)]


def scales(tunes: Sequence[Features]) -> dict[str, tuple[float, float]]:
    """Return (mean, standard deviation) of each feature."""
    values_of = {name: [tune[name] for tune in tunes if name in tune] for name in FEATURES}
    return {name: (statistics.mean(values), statistics.pstdev(values)) for name, values in values_of.items()}


def read_tunes() -> list[Features]:
    """Return the features of the stored tunes, without those that a tune lacks (null in the file)."""
    stored = json.loads(TUNES_FILE.read_text(encoding="utf-8"))
    names = stored["features"]
    return [
        {name: value for name, value in zip(names, tune, strict=True) if value is not None} for tune in stored["tunes"]
    ]


def compose_tunes(count: int) -> None:
    """Compose `count` tunes and store their features; takes about 3 s each."""
    from generator.composing.compose import compose  # noqa: PLC0415  numpy and the model, which nothing else here needs
    from generator.composing.taste_features import measure_features  # noqa: PLC0415
    from generator.process.pipeline import Pipeline  # noqa: PLC0415
    from generator.protocol.requests import Request  # noqa: PLC0415

    composer, tunes = Pipeline().composer, []
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        features = measure_features(compose(composer, Request(seed=seed, seconds=SECONDS), lambda *_: None).score)
        tunes.append([features.get(name) for name in FEATURES])
        print(f"\r{len(tunes)} of {count} tunes", end="", flush=True)
    print()
    write_tunes(tunes)


def write_tunes(tunes: Sequence[Sequence[float | None]]) -> None:
    """Store the features of tunes, one line per tune."""
    lines = ",\n".join(json.dumps(tune) for tune in tunes)
    TUNES_FILE.write_text(f'{{"features": {json.dumps(FEATURES)}, "tunes": [\n{lines}\n]}}\n', encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures with and without a taste."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=100)
    parser.add_argument("--looks", type=int, default=60, help="servers that are checked after every 25 votes")
    parser.add_argument("--votes", type=int, nargs="+", default=[60, 150, 400], help="votes on each server")
    parser.add_argument("--compose", type=int, metavar="N", help="first compose N tunes and store their features")
    options = parser.parse_args(arguments)
    if options.compose:
        compose_tunes(options.compose)
    tunes = read_tunes()
    print(f"{len(tunes)} tunes, {options.servers} servers")
    for taste in (0.7, 1.2, 1.8):
        for count in options.votes:
            figures = [
                evaluate_taste(Server(Scenario(taste=taste), seed, tunes), count) for seed in range(options.servers)
            ]
            _print_figures(f"taste {taste}, {count} votes", figures)
    none: dict[str, Callable[[int], Scenario]] = {
        "random votes": lambda _: Scenario(quality=0.0),
        "good and bad tunes": lambda _: Scenario(quality=1.0),
        "one person with a taste casts half": lambda _: Scenario(taste=1.8, loud=True),
    }
    for name, make in none.items():
        for count in options.votes:
            acts = [
                estimate_taste(first(Server(make(s), s, tunes).votes(), count)).acts for s in range(options.servers)
            ]
            print(f"no taste, {name}, {count} votes: used {statistics.mean(acts):.1%}", flush=True)
    for name, make in none.items():
        acts = [ever_acts(Server(make(seed), seed, tunes), max(options.votes)) for seed in range(options.looks)]
        print(
            f"no taste, {name}, checked every 25 votes to {max(options.votes)}: ever used {statistics.mean(acts):.1%}",
            flush=True,
        )


def _print_figures(name: str, figures: Sequence[Figures]) -> None:
    aucs = sorted(server.auc for server in figures)
    acting = [server for server in figures if server.liked.acts]
    error = statistics.stdev(aucs) / math.sqrt(len(aucs))
    print(
        f"{name}: used {len(acting) / len(figures):.0%}; AUC {statistics.mean(aucs):.3f} ± {error:.3f}"
        f" ({aucs[0]:.2f} to {aucs[-1]:.2f}), where it is used"
        f" {statistics.mean([server.auc for server in acting] or [0.5]):.3f}; chosen take liked"
        f" {statistics.mean([server.gain for server in acting] or [0.0]):+.1%} more often there",
        flush=True,
    )


if __name__ == "__main__":
    main()
