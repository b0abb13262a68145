"""What a contest's round looks like on Discord: the message of a stage, and how it ended.

Messages list songs with a button for each that opens it for the one who presses alone. What a press does is in
`contest_buttons`, where messages go in `announcer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from discord import ui

from bot.contests.schedule import DAY, VOTING
from bot.discord.charts.top import OpenButton
from bot.discord.contest.buttons import NominateButton, VoteMenu
from bot.discord.contest.hall_of_fame import COLOUR, HallOfFameButton, add_open_buttons, list_title, vote_count
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.placeholders import notice
from bot.languages import say
from bot.store import Nominee, Round, Song
from bot.store.contest.entries import EACH
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
NO_NOMINATIONS = _("Nothing is nominated yet.")
VOTE = _(
    "One vote each, until <t:{closes}:F> (<t:{closes}:R>); it can be changed until then, and one's own tunes are for "
    "others to vote for. The count is shown when it is over, so that nobody follows those who lead."
)
CLOSED = {
    "nominating": _("Nominations of round {ordinal} are over."),
    "voting": _("The vote of round {ordinal} is over."),
}
"""What a stage's message becomes once the stage is passed."""
WON = ngettext(
    "🏆 **Round {ordinal} of the contest is won** by this tune, with {votes} of {n} vote.",
    "🏆 **Round {ordinal} of the contest is won** by this tune, with {votes} of {n} votes.",
)
WON_BY = ngettext(
    "🏆 **Round {ordinal} of the contest is won** by this tune of <@{user}>, with {votes} of {n} vote.",
    "🏆 **Round {ordinal} of the contest is won** by this tune of <@{user}>, with {votes} of {n} votes.",
)
TIE = _("As many voted for another: the tune comes first that is liked more surely, then the one nominated first.")
MAX_RUNNERS_UP = 9
"""Songs behind the winner that are named."""
OUTCOMES = {
    "won": _("Round {ordinal} of the contest was won by a tune that is deleted by now."),
    "no-nominations": _("Round {ordinal} of the contest is over: nobody nominated a tune."),
    "no-votes": _("Round {ordinal} of the contest is over without a winner: nobody voted."),
    "stopped": _("Round {ordinal} of the contest was stopped, without a winner."),
}
CONTEST_OVER = _("No round follows: the contest is over until somebody who manages the server starts it again.")


async def stage_message(client: ChiptuneClient, found: Round, stage: str) -> ui.LayoutView:
    """The message of a stage, "nominating" or "voting", that a round is in or has passed."""
    if found.stage != stage:
        return notice(say(CLOSED[stage], ordinal=found.ordinal))
    return ui.LayoutView(timeout=None).add_item(await stage_box(client, found))


async def stage_box(client: ChiptuneClient, found: Round, mine: str = "") -> ui.Container[Any]:
    """The stage that an open round is in. mine: what the one has done who sees it alone."""
    songs = [one.song for one in await client.store.contests.nominees(found.number)]
    voting = found.stage == "voting"
    heading = f"## {say(HEADINGS[found.stage], ordinal=found.ordinal)}"
    if voting:
        how = say(VOTE, closes=found.closes)
    else:
        how = say(joined(" ", NOMINATE.counted(EACH, voting=found.voting), DAYS))
    listed = [f"**{number}.** {await list_title(client, song)}" for number, song in enumerate(songs, 1)] or [
        say(NO_NOMINATIONS)
    ]
    more = [f"-# {mine}"] if mine else []
    text = "\n".join([heading, how, *listed, *more])
    box: ui.Container[Any] = ui.Container(ui.TextDisplay(text), accent_colour=COLOUR)
    add_open_buttons(box, [(song, number) for number, song in enumerate(songs, 1)])
    if not voting:
        box.add_item(ui.ActionRow(NominateButton(found.id)))
    elif songs:
        box.add_item(ui.ActionRow(VoteMenu(found.id, songs)))
    return box


async def result_text(client: ChiptuneClient, found: Round, nominees: Sequence[Nominee]) -> str:
    """How a round ended, in markdown. nominees: as the store orders them, the winner first."""
    winner = nominees[0] if nominees and nominees[0].won else None
    if winner is None:
        lines = [say(OUTCOMES[found.outcome or "stopped"], ordinal=found.ordinal)]
    else:
        user = winner.song.user_id
        won = (WON_BY if user else WON).counted(found.voters, ordinal=found.ordinal, user=user, votes=winner.votes)
        lines = [
            say(won),
            *[
                f"**{place}.** {await list_title(client, one.song)} · {vote_count(one)}"
                for place, one in _runners_up(nominees)[:MAX_RUNNERS_UP]
            ],
        ]
        if any(one.votes == winner.votes for one in nominees[1:]):
            lines.append(f"-# {say(TIE)}")
    return "\n".join([*lines, *([f"-# {say(CONTEST_OVER)}"] if found.last else [])])


def result_buttons(found: Round, winner: Song | None) -> ui.ActionRow[Any]:
    """The buttons under a round's end; that of the hall of fame tells it from other messages."""
    row: ui.ActionRow[Any] = ui.ActionRow()
    if winner:
        row.add_item(OpenButton(winner.id, say("Open it")))
    return row.add_item(HallOfFameButton(found.id))


def _runners_up(nominees: Sequence[Nominee]) -> list[tuple[int, Nominee]]:
    """Those behind the winner, with their places; the same number of votes is the same place."""
    counts = [one.votes or 0 for one in nominees]
    return [(1 + sum(other > (one.votes or 0) for other in counts), one) for one in nominees[1:]]
