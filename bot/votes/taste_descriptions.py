"""A scope's taste in words, and how it chose a tune among its takes.

`bot.votes.taste_model` computes the taste; the page and Discord show these sentences.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.votes.taste_model import MAX_VOTES_PER_VOTER, MIN_VOTES, Preference, TasteEstimate
from generator.protocol.i18n import Sentence, _, joined, ngettext

INDIFFERENT = 0.2
"""In logits, about 5 percentage points: voters are indifferent to a feature whose whole interval lies within that."""
MAX_PROBABLE = 3
"""The most preferences that are named if none is certain."""


@dataclass(frozen=True, slots=True)
class Words:
    """A feature's name, and the names of more and less of it. Each is an item of a list in a sentence."""

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
"""The words of each feature in `generator.protocol.tastes.FEATURES`."""

HOW = _("Votes on one's own tunes do not count, and the votes of one person count for at most {most}.").format(
    most=MAX_VOTES_PER_VOTER
)
OFF = _("It is switched off here, so it chooses nothing.")
USE = _("It chooses among takes if a request has several and names no seed; the recipe says so.")
NOT_ENOUGH = _("Not enough votes yet: {votes:.0f} of {least}.")
NO_TASTE = _("No taste can be seen yet: {counted} predict what people here like no better than chance.")
CERTAIN = _("People here like {what}.")
PROBABLE = _("People here have a taste, but no single part of it is certain; probably they like {what}.")
INDIFFERENCE = _("These matter little to them: {what}.")
ACCURACY = _(
    "This is from {counted}. It predicts {right:.0%} of the votes on tunes that it had not learnt from; how readily "
    "each person likes anything predicts {without:.0%}."
)
COUNTED = _("{votes} of {people} on {songs}")
OF_WEIGHT = _("votes that count for {weight:.0f}")
SAME_TAKE = _(
    "Take {take} of {takes}, chosen by what people here like; it would be the same without their votes. "
    "Seed {seed} with one take gives it alone"
)
OTHER_TAKE = _(
    "Take {take} of {takes}, chosen by what people here like; without their votes it would be take {likeliest}. "
    "Seed {seed} with one take gives it alone"
)


def describe_taste(taste: TasteEstimate) -> list[Sentence]:
    """Return what the voters of a scope like, in paragraphs."""
    if not taste.enough:
        return [NOT_ENOUGH.format(votes=taste.votes, least=MIN_VOTES), HOW]
    if not taste.acts:
        return [NO_TASTE.format(counted=_counted(taste)), HOW]
    ordered = sorted(taste.preferences, key=lambda preference: -abs(preference.weight))
    certain = [each for each in ordered if each.low > 0 or each.high < 0]
    if certain:
        sentences = [CERTAIN.format(what=tuple(map(words_for, certain)))]
    else:
        sentences = [PROBABLE.format(what=tuple(map(words_for, ordered[:MAX_PROBABLE])))]
    minor = [each for each in ordered if each not in certain and max(abs(each.low), abs(each.high)) < INDIFFERENT]
    if minor:
        sentences.append(INDIFFERENCE.format(what=tuple(WORDS[each.feature].name for each in minor)))
    accuracy = ACCURACY.format(counted=_counted(taste), right=taste.right, without=taste.without)
    return [joined(" ", *sentences), accuracy]


def words_for(preference: Preference) -> Sentence:
    """Return what voters like about a feature: more or less of it."""
    words = WORDS[preference.feature]
    return words.more if preference.weight > 0 else words.less


def describe_choice(got: Mapping[str, str | float]) -> str:
    """Return how a taste chose a tune among its takes, for its recipe, or "" if none did."""
    if "take" not in got:
        return ""
    take, takes, likeliest, seed = (int(got[name]) for name in ("take", "takes", "likeliest", "take_seed"))
    sentence = SAME_TAKE if take == likeliest else OTHER_TAKE
    return sentence.format(take=take, takes=takes, likeliest=likeliest, seed=seed)


def _counted(taste: TasteEstimate) -> Sentence:
    """Return the numbers of votes, people and tunes as a sentence part."""
    votes = OF_WEIGHT.format(weight=taste.votes)
    if float(taste.votes).is_integer():
        votes = ngettext("{n} vote", "{n} votes").counted(int(taste.votes))
    people = ngettext("{n} person", "{n} people").counted(taste.people)
    songs = ngettext("{n} tune", "{n} tunes").counted(taste.songs)
    return COUNTED.format(votes=votes, people=people, songs=songs)
