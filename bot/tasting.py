"""A place's taste in use: given along with requests that have takes to choose from, and told to people in words.

What the taste is, is found by `bot.taste`; how it is shown is up to the page and to Discord.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.store import Store
from bot.taste import LEAST, MOST, Leaning, Liked
from generator.contract import Request

CARES = 0.2
"""Logits, a change of 5 points in a hundred: a feature whose whole interval lies within that is one of indifference."""
LIKELIEST = 3
"""Leanings that are named where none is certain."""


@dataclass(frozen=True, slots=True)
class Words:
    """A feature's name, and what more and less of it are called."""

    name: str
    more: str
    less: str


WORDS = {
    "tempo": Words("Tempo", "faster tunes", "slower tunes"),
    "notes": Words("Notes a second", "more notes", "fewer notes"),
    "drums": Words("Drums a second", "more drums", "fewer drums"),
    "harmony": Words("Second voice", "a busy second voice", "a sparse second voice"),
    "bass": Words("Bass", "more bass", "less bass"),
    "melody": Words("Melody's pitch", "higher melodies", "lower melodies"),
    "minor": Words("Mode", "minor keys", "major keys"),
    "syncopation": Words("Off the beat", "more syncopation", "less syncopation"),
    "pitches": Words("Pitch variety", "more different pitches", "fewer different pitches"),
    "repetition": Words("Repetition", "more repetition", "less repetition"),
    "length": Words("Note length", "longer notes", "shorter notes"),
    "volume": Words("Volume", "louder tunes", "softer tunes"),
}
"""By the contract's names of features."""

HOW = f"Votes on one's own tunes do not count, and those of one person count for {MOST} at the most."
OFF = "It is switched off here, so that it chooses nothing."
USE = "It chooses among takes where several are asked for and no seed is named; the recipe says so."


async def steered(store: Store, request: Request, place: str) -> Request:
    """A request with the taste of the place where it is asked, if there is one and there are takes to choose from.

    A taste that the request has already stays.
    """
    if request.mode != "generate" or request.taste is not None or (request.takes or 1) < 2:
        return request
    settings = await store.servers.settings(place)
    if not settings.taste:
        return request
    return replace(request, taste=(await store.tastes.of(place)).taste)


def told(liked: Liked) -> list[str]:
    """What a place likes, in paragraphs."""
    if not liked.enough:
        return [f"Not enough votes yet: {liked.votes:.0f} of {LEAST}.", HOW]
    if not liked.acts:
        return [
            f"No taste can be told yet: {_counted(liked)} tell no more about what people here like than chance.",
            HOW,
        ]
    ordered = sorted(liked.leanings, key=lambda one: -abs(one.weight))
    surely = [one for one in ordered if one.low > 0 or one.high < 0]
    if surely:
        said = [f"People here like {_listed(map(liked_of, surely))}."]
    else:
        likely = _listed(map(liked_of, ordered[:LIKELIEST]))
        said = [f"People here have a taste, but no single part of it is certain; probably they like {likely}."]
    little = [one for one in ordered if one not in surely and max(abs(one.low), abs(one.high)) < CARES]
    if little:
        said.append(f"What matters little to them: {_listed(WORDS[one.feature].name.lower() for one in little)}.")
    sure = (
        f"This is from {_counted(liked)}. Of votes on tunes that it had not learnt from, it tells {liked.right:.0%}"
        f" right; how readily each person likes anything tells {liked.without:.0%}."
    )
    return [" ".join(said), sure]


def liked_of(one: Leaning) -> str:
    """What is liked about a feature: more or less of it."""
    words = WORDS[one.feature]
    return words.more if one.weight > 0 else words.less


def choice_told(got: Mapping[str, str | float]) -> str:
    """How a taste chose a tune among its takes, as its recipe says it; "" where none did."""
    if "take" not in got:
        return ""
    take, takes, likeliest = (int(got[name]) for name in ("take", "takes", "likeliest"))
    without = "as without their votes" if take == likeliest else f"without their votes it would be take {likeliest}"
    seed = int(got["take_seed"])
    return (
        f"Take {take} of {takes}, chosen by what people here like; {without}. Seed {seed} with one take gives it alone"
    )


def _counted(liked: Liked) -> str:
    votes = f"{liked.votes:.0f} votes" if float(liked.votes).is_integer() else f"votes that count for {liked.votes:.0f}"
    return f"{votes} of {liked.people} people on {liked.songs} tunes"


def _listed(names: Iterable[str]) -> str:
    """Names as a sentence has them: a, b and c."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
