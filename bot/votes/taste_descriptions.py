"""A scope's taste in words, and how it chose a tune among its takes.

`bot.votes.taste_model` computes the taste; the page and Discord show these sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.votes.taste_model import LEAST, MOST, Leaning, Liked
from generator.protocol.i18n import Sentence, _, joined, ngettext

CARES = 0.2
"""Logits, a change of 5 points in a hundred: a feature whose whole interval lies within that is one of indifference."""
LIKELIEST = 3
"""Leanings that are named where none is certain."""


@dataclass(frozen=True, slots=True)
class Words:
    """A feature's name, and what more and less of it are called. Each is a part of a list in a sentence."""

    name: Sentence
    more: Sentence
    less: Sentence


WORDS = {
    "tempo": Words(_("tempo"), _("faster tunes"), _("slower tunes")),
    "notes": Words(_("notes a second"), _("more notes"), _("fewer notes")),
    "drums": Words(_("drums a second"), _("more drums"), _("fewer drums")),
    "harmony": Words(_("second voice"), _("a busy second voice"), _("a sparse second voice")),
    "bass": Words(_("bass"), _("more bass"), _("less bass")),
    "melody": Words(_("melody's pitch"), _("higher melodies"), _("lower melodies")),
    "minor": Words(_("major or minor"), _("minor keys"), _("major keys")),
    "syncopation": Words(_("off the beat"), _("more syncopation"), _("less syncopation")),
    "pitches": Words(_("pitch variety"), _("more different pitches"), _("fewer different pitches")),
    "repetition": Words(_("repetition"), _("more repetition"), _("less repetition")),
    "length": Words(_("note length"), _("longer notes"), _("shorter notes")),
    "volume": Words(_("volume"), _("louder tunes"), _("softer tunes")),
}
"""By the contract's names of features."""

HOW = _("Votes on one's own tunes do not count, and those of one person count for {most} at the most.").format(
    most=MOST
)
OFF = _("It is switched off here, so that it chooses nothing.")
USE = _("It chooses among takes where several are asked for and no seed is named; the recipe says so.")
NOT_ENOUGH = _("Not enough votes yet: {votes:.0f} of {least}.")
NO_TASTE = _("No taste can be told yet: {counted} tell no more about what people here like than chance.")
SURELY = _("People here like {what}.")
PROBABLY = _("People here have a taste, but no single part of it is certain; probably they like {what}.")
LITTLE = _("What matters little to them: {what}.")
TOLD_RIGHT = _(
    "This is from {counted}. Of votes on tunes that it had not learnt from, it tells {right:.0%} right; how readily "
    "each person likes anything tells {without:.0%}."
)
COUNTED = _("{votes} of {people} on {songs}")
OF_WEIGHT = _("votes that count for {weight:.0f}")
SAME_TAKE = _(
    "Take {take} of {takes}, chosen by what people here like; as without their votes. "
    "Seed {seed} with one take gives it alone"
)
OTHER_TAKE = _(
    "Take {take} of {takes}, chosen by what people here like; without their votes it would be take {likeliest}. "
    "Seed {seed} with one take gives it alone"
)


def describe_taste(liked: Liked) -> list[Sentence]:
    """Return what the voters of a scope like, in paragraphs."""
    if not liked.enough:
        return [NOT_ENOUGH.format(votes=liked.votes, least=LEAST), HOW]
    if not liked.acts:
        return [NO_TASTE.format(counted=_counted(liked)), HOW]
    ordered = sorted(liked.leanings, key=lambda one: -abs(one.weight))
    surely = [one for one in ordered if one.low > 0 or one.high < 0]
    if surely:
        said = [SURELY.format(what=tuple(map(preference, surely)))]
    else:
        said = [PROBABLY.format(what=tuple(map(preference, ordered[:LIKELIEST])))]
    little = [one for one in ordered if one not in surely and max(abs(one.low), abs(one.high)) < CARES]
    if little:
        said.append(LITTLE.format(what=tuple(WORDS[one.feature].name for one in little)))
    sure = TOLD_RIGHT.format(counted=_counted(liked), right=liked.right, without=liked.without)
    return [joined(" ", *said), sure]


def preference(one: Leaning) -> Sentence:
    """Return what voters like about a feature: more or less of it."""
    words = WORDS[one.feature]
    return words.more if one.weight > 0 else words.less


def describe_choice(got: Mapping[str, str | float]) -> str:
    """Return how a taste chose a tune among its takes, for its recipe, or "" if none did."""
    if "take" not in got:
        return ""
    take, takes, likeliest, seed = (int(got[name]) for name in ("take", "takes", "likeliest", "take_seed"))
    said = SAME_TAKE if take == likeliest else OTHER_TAKE
    return said.format(take=take, takes=takes, likeliest=likeliest, seed=seed)


def _counted(liked: Liked) -> Sentence:
    """Return the numbers of votes, people and tunes as a sentence part."""
    votes = OF_WEIGHT.format(weight=liked.votes)
    if float(liked.votes).is_integer():
        votes = ngettext("{n} vote", "{n} votes").counted(int(liked.votes))
    people = ngettext("{n} person", "{n} people").counted(liked.people)
    songs = ngettext("{n} tune", "{n} tunes").counted(liked.songs)
    return COUNTED.format(votes=votes, people=people, songs=songs)
