"""How well a taste is found from votes, and how seldom where there is none: simulated voters on real tunes' features.

python -m benchmarks.bot.taste [--servers N] [--looks N] [--compose N]

The tunes are 240 that the model composed, 20 s each with nothing asked for; `taste_tunes.json` holds their features and
`--compose` makes it anew. A voter likes a tune with probability 1 / (1 + exp(-(readiness + taste + quality))), where
the taste is linear in the features and the same for all voters of a server, and the quality is each tune's own and none
of the features'. Few people cast most of the votes, and the newest tunes get most of them.

With a taste: new votes of the same people on tunes that nobody voted on are told by the taste alone (AUC: how often a
liked tune comes before one that is not; chance is 0.5), and of four such tunes it chooses one. Without: how often it
acts all the same, by one look at so many votes, and by a look after every 25 votes.
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
from bot.votes.taste_model import LEAST, Liked, Vote, find_taste
from generator.protocol.tastes import FEATURES, standard

TUNES_FILE = Path(__file__).with_name("taste_tunes.json")
FIRST_SEED = 1000
SECONDS = 20.0
TAKES = 4
READY, READY_SPREAD = 0.6, 0.7
"""The voters' readiness in logits: 65 % of votes are likes."""
NEW_VOTES = 400
ASKED = 200
"""Requests with `TAKES` takes."""

Features = Mapping[str, float]


@dataclass(frozen=True)
class Place:
    """Voters and what they vote on. taste, quality: deviations over the tunes, in logits. loud: one casts half."""

    people: int = 12
    songs: int = 80
    taste: float = 0.0
    quality: float = 0.5
    loud: bool = False


@dataclass
class Server:
    """A place with its people and tunes drawn by a seed."""

    place: Place
    seed: int
    tunes: Sequence[Features]
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = rng = random.Random(self.seed)
        place = self.place
        order = rng.sample(self.tunes, len(self.tunes))
        self.voted_on, self.unseen = order[: place.songs], order[place.songs :]
        self._scales = scales(self.tunes)
        weights = [rng.gauss(0, 1) for _ in FEATURES]
        raw = [self._sum(weights, tune) for tune in self.tunes]
        size = place.taste / statistics.pstdev(raw)
        self._weights = [size * weight for weight in weights]
        self._middle = size * statistics.mean(raw)
        self._quality = {id(tune): rng.gauss(0, place.quality) for tune in self.tunes}
        self._ready = [rng.gauss(READY, READY_SPREAD) for _ in range(place.people)]
        self._busy = [rng.paretovariate(1.2) for _ in range(place.people)]
        if place.loud:
            self._busy[0] = sum(self._busy[1:])

    def _sum(self, weights: Sequence[float], tune: Features) -> float:
        return sum(
            weight * standard(tune[name], *self._scales[name])
            for weight, name in zip(weights, FEATURES, strict=True)
            if name in tune
        )

    def liked(self, tune: Features) -> float:
        """What a tune's features add to the logit of a like. Of a loud voter alone, where there is one."""
        return self._sum(self._weights, tune) - self._middle

    def votes(self) -> Iterator[Vote]:
        """Votes on the tunes, one a person and tune, for as long as there are any; the later tunes get more."""
        seen: set[tuple[int, int]] = set()
        while len(seen) < len(self._ready) * len(self.voted_on) / 2:
            [person] = self.rng.choices(range(len(self._ready)), self._busy)
            number = min(int(len(self.voted_on) * self.rng.random() ** 1.5), len(self.voted_on) - 1)
            if (person, number) not in seen:
                seen.add((person, number))
                yield self._vote(person, self.voted_on[number], str(number))

    def new_votes(self, count: int) -> list[tuple[Features, bool]]:
        """Votes on tunes that nobody voted on."""
        found = []
        for _ in range(count):
            [person] = self.rng.choices(range(len(self._ready)), self._busy)
            tune = self.rng.choice(self.unseen)
            found.append((tune, self._vote(person, tune, "").liked))
        return found

    def _vote(self, person: int, tune: Features, song: str) -> Vote:
        taste = 0.0 if self.place.loud and person else self.liked(tune)
        logit = self._ready[person] + taste + self._quality[id(tune)]
        return Vote(song, str(person), self.rng.random() < chance(logit), tune)


@dataclass(frozen=True)
class Found:
    """What was found on a server. auc, gain: on unseen tunes; gain: how much oftener the chosen take is liked."""

    liked: Liked
    auc: float
    gain: float


def find(server: Server, count: int) -> Found:
    """The taste by so many votes, held against new votes; it is used whether it acts or not."""
    liked = find_taste(first(server.votes(), count))
    taste = {one.feature: one for one in liked.leanings}

    def told(tune: Features) -> float:
        return sum(one.weight * standard(tune.get(name, one.mean), one.mean, one.spread) for name, one in taste.items())

    new = server.new_votes(NEW_VOTES)
    gains = []
    for _ in range(ASKED):
        takes = server.rng.sample(list(server.unseen), TAKES)
        chances = [chance(READY + server.liked(take)) for take in takes]
        gains.append(chances[max(range(TAKES), key=lambda take: told(takes[take]))] - statistics.mean(chances))
    return Found(liked, auc([(told(tune), happened) for tune, happened in new]), statistics.mean(gains))


def auc(told: Sequence[tuple[float, bool]]) -> float:
    """How often a liked tune was given more than one that was not; equals count half."""
    yes = [value for value, happened in told if happened]
    no = [value for value, happened in told if not happened]
    won = sum((one > other) + 0.5 * (one == other) for one in yes for other in no)
    return won / (len(yes) * len(no))


def ever_acts(server: Server, most: int, step: int = 25) -> bool:
    """Whether a taste acts at any of many looks, one after every `step` votes."""
    votes = first(server.votes(), most)
    return any(find_taste(votes[:count]).acts for count in range(LEAST, len(votes) + 1, step))


def first(votes: Iterator[Vote], count: int) -> list[Vote]:
    """So many votes."""
    return [vote for vote, _ in zip(votes, range(count), strict=False)]


def scales(tunes: Sequence[Features]) -> dict[str, tuple[float, float]]:
    """(mean, standard deviation) of each feature."""
    known = {name: [tune[name] for tune in tunes if name in tune] for name in FEATURES}
    return {name: (statistics.mean(values), statistics.pstdev(values)) for name, values in known.items()}


def read_tunes() -> list[Features]:
    """The features that are kept; a tune that lacks one has null there."""
    kept = json.loads(TUNES_FILE.read_text(encoding="utf-8"))
    names = kept["features"]
    return [
        {name: value for name, value in zip(names, tune, strict=True) if value is not None} for tune in kept["tunes"]
    ]


def compose_tunes(count: int) -> None:
    """Compose so many tunes and keep their features; 3 s each."""
    from generator.composing.compose import compose  # noqa: PLC0415  numpy and the model, which nothing else here needs
    from generator.composing.taste_features import features_of  # noqa: PLC0415
    from generator.process.pipeline import Pipeline  # noqa: PLC0415
    from generator.protocol.requests import Request  # noqa: PLC0415

    composer, tunes = Pipeline().composer, []
    for seed in range(FIRST_SEED, FIRST_SEED + count):
        found = features_of(compose(composer, Request(seed=seed, seconds=SECONDS), lambda _: None).score)
        tunes.append([found.get(name) for name in FEATURES])
        print(f"\r{len(tunes)} of {count} tunes", end="", flush=True)
    print()
    write_tunes(tunes)


def write_tunes(tunes: Sequence[Sequence[float | None]]) -> None:
    """A line a tune."""
    lines = ",\n".join(json.dumps(tune) for tune in tunes)
    TUNES_FILE.write_text(f'{{"features": {json.dumps(FEATURES)}, "tunes": [\n{lines}\n]}}\n', encoding="utf-8")


def main() -> None:
    """`python -m benchmarks.bot.taste`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=100)
    parser.add_argument("--looks", type=int, default=60, help="servers that are looked at after every 25 votes")
    parser.add_argument("--compose", type=int, metavar="N", help="compose N tunes and keep their features")
    options = parser.parse_args()
    if options.compose:
        compose_tunes(options.compose)
    tunes = read_tunes()
    print(f"{len(tunes)} tunes, {options.servers} servers")
    for taste in (0.7, 1.2, 1.8):
        for count in (60, 150, 400):
            found = [find(Server(Place(taste=taste), seed, tunes), count) for seed in range(options.servers)]
            _print_found(f"taste {taste}, {count} votes", found)
    none: dict[str, Callable[[int], Place]] = {
        "coins": lambda _: Place(quality=0.0),
        "good and bad tunes": lambda _: Place(quality=1.0),
        "one with a taste casts half": lambda _: Place(taste=1.8, loud=True),
    }
    for name, make in none.items():
        for count in (60, 150, 400):
            acts = [find_taste(first(Server(make(s), s, tunes).votes(), count)).acts for s in range(options.servers)]
            print(f"no taste, {name}, {count} votes: acts {statistics.mean(acts):.1%}", flush=True)
    for name, make in none.items():
        acts = [ever_acts(Server(make(seed), seed, tunes), 400) for seed in range(options.looks)]
        print(f"no taste, {name}, a look every 25 votes to 400: ever acts {statistics.mean(acts):.1%}", flush=True)


def _print_found(name: str, found: Sequence[Found]) -> None:
    aucs = sorted(one.auc for one in found)
    acting = [one for one in found if one.liked.acts]
    error = statistics.stdev(aucs) / math.sqrt(len(aucs))
    print(
        f"{name}: acts {len(acting) / len(found):.0%}; AUC {statistics.mean(aucs):.3f} ± {error:.3f}"
        f" ({aucs[0]:.2f} to {aucs[-1]:.2f}), where it acts"
        f" {statistics.mean([one.auc for one in acting] or [0.5]):.3f}; chosen take liked"
        f" {statistics.mean([one.gain for one in acting] or [0.0]):+.1%} oftener there",
        flush=True,
    )


if __name__ == "__main__":
    main()
