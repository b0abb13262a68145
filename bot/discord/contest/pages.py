"""Lays out the messages about a round of a contest: its stages, and how it ended.

A message lists songs, with a button for each that opens the song for the user alone. `buttons` implements the buttons
and menus, and `announcer` sends the messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from discord import ui

from bot.discord.charts.top import OpenButton
from bot.discord.contest.buttons import NominateButton, VoteMenu
from bot.discord.contest.hall_of_fame import COLOUR, HallOfFameButton, add_open_buttons, list_title, vote_count
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.placeholders import text_view
from bot.languages import say
from bot.store import Nominee, Round, Song
from bot.store.contest.entries import MAX_PER_PERSON
from bot.store.contest.schedule import DAY, VOTING
from generator.protocol.i18n import _, joined, ngettext

HEADINGS = {
    "nominating": _("Contest, round {ordinal}"),
    "voting": _("Contest, round {ordinal}: vote"),
}
NOMINATE = ngettext(
    "Nominate {n} tune made here, your own or another's, until <t:{voting}:F> (<t:{voting}:R>).",
    "Nominate up to {n} tunes made here, your own or others', until <t:{voting}:F> (<t:{voting}:R>).",
)
DAYS = ngettext("Then there is {n} day to vote.", "Then there are {n} days to vote.").counted(VOTING // DAY)
NO_NOMINATIONS = _("No tune has been nominated yet.")
VOTE = _(
    "Everybody has one vote, until <t:{closes}:F> (<t:{closes}:R>), and can change it until then. You cannot vote for "
    "your own tunes. The count is shown when the vote is over, so that it influences nobody."
)
CLOSED = {
    "nominating": _("Nominations of round {ordinal} are over."),
    "voting": _("The vote of round {ordinal} is over."),
}
"""What the message of a stage is replaced by when the stage is over."""
WON = ngettext(
    "🏆 **Round {ordinal} of the contest is won** by this tune, with {votes} of {n} vote.",
    "🏆 **Round {ordinal} of the contest is won** by this tune, with {votes} of {n} votes.",
)
WON_BY = ngettext(
    "🏆 **Round {ordinal} of the contest is won** by this tune of <@{user}>, with {votes} of {n} vote.",
    "🏆 **Round {ordinal} of the contest is won** by this tune of <@{user}>, with {votes} of {n} votes.",
)
TIE = _("Ties are decided by the certain share of likes, then by the earlier nomination.")
MAX_RUNNERS_UP = 9
"""How many songs are listed after the winner."""
OUTCOMES = {
    "won": _("Round {ordinal} of the contest was won by a tune that has since been deleted."),
    "no-nominations": _("Round {ordinal} of the contest is over: nobody nominated a tune."),
    "no-votes": _("Round {ordinal} of the contest is over without a winner: nobody voted."),
    "stopped": _("Round {ordinal} of the contest was stopped, without a winner."),
}
CONTEST_OVER = _("No round follows: the contest is over until somebody who manages the server starts it again.")


async def stage_message(client: ChiptuneClient, contest_round: Round, stage: str) -> ui.LayoutView:
    """Return the message of a stage, "nominating" or "voting", that a round has reached or passed."""
    if contest_round.stage != stage:
        return text_view(say(CLOSED[stage], ordinal=contest_round.ordinal))
    return ui.LayoutView(timeout=None).add_item(await stage_box(client, contest_round))


async def stage_box(client: ChiptuneClient, contest_round: Round, own_actions: str = "") -> ui.Container[Any]:
    """Return the current stage of an open round. own_actions: what the user who sees it alone has done in it."""
    songs = [nominee.song for nominee in await client.store.contests.nominees(contest_round.number)]
    voting = contest_round.stage == "voting"
    heading = f"## {say(HEADINGS[contest_round.stage], ordinal=contest_round.ordinal)}"
    if voting:
        how = say(VOTE, closes=contest_round.closes)
    else:
        how = say(joined(" ", NOMINATE.counted(MAX_PER_PERSON, voting=contest_round.voting), DAYS))
    lines = [f"**{number}.** {await list_title(client, song)}" for number, song in enumerate(songs, 1)] or [
        say(NO_NOMINATIONS)
    ]
    notes = [f"-# {own_actions}"] if own_actions else []
    text = "\n".join([heading, how, *lines, *notes])
    box: ui.Container[Any] = ui.Container(ui.TextDisplay(text), accent_colour=COLOUR)
    add_open_buttons(box, [(song, number) for number, song in enumerate(songs, 1)])
    if not voting:
        box.add_item(ui.ActionRow(NominateButton(contest_round.id)))
    elif songs:
        box.add_item(ui.ActionRow(VoteMenu(contest_round.id, songs)))
    return box


async def result_text(client: ChiptuneClient, contest_round: Round, nominees: Sequence[Nominee]) -> str:
    """Return markdown about the end of a round. nominees: in the store's order, the winner first."""
    winner = nominees[0] if nominees and nominees[0].won else None
    if winner is None:
        lines = [say(OUTCOMES[contest_round.outcome or "stopped"], ordinal=contest_round.ordinal)]
    else:
        user = winner.song.user_id
        won = (WON_BY if user else WON).counted(
            contest_round.voters, ordinal=contest_round.ordinal, user=user, votes=winner.votes
        )
        lines = [
            say(won),
            *[
                f"**{place}.** {await list_title(client, nominee.song)} · {vote_count(nominee)}"
                for place, nominee in _runners_up(nominees)[:MAX_RUNNERS_UP]
            ],
        ]
        if any(nominee.votes == winner.votes for nominee in nominees[1:]):
            lines.append(f"-# {say(TIE)}")
    return "\n".join([*lines, *([f"-# {say(CONTEST_OVER)}"] if contest_round.last else [])])


def result_buttons(contest_round: Round, winner: Song | None) -> ui.ActionRow[Any]:
    """Return the buttons under the result of a round. The hall of fame's button marks the message as a result."""
    row: ui.ActionRow[Any] = ui.ActionRow()
    if winner:
        row.add_item(OpenButton(winner.id, say("Open it")))
    return row.add_item(HallOfFameButton(contest_round.id))


def _runners_up(nominees: Sequence[Nominee]) -> list[tuple[int, Nominee]]:
    """Return (place, nominee) of all but the winner. Nominees with equally many votes share a place."""
    counts = [nominee.votes or 0 for nominee in nominees]
    return [(1 + sum(count > (nominee.votes or 0) for count in counts), nominee) for nominee in nominees[1:]]
