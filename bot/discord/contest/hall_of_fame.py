"""The hall of fame of a server's contest: the tunes that won, newest first, in pages.

Also has what all lists of a contest share: titles, vote counts and buttons that open a tune. The custom_ids of the
buttons hold everything they need.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

from discord import ui

from bot.discord.charts.top import BUTTONS_PER_ROW, OpenButton
from bot.discord.contest.buttons import ROUND, RoundComponent
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import AnyInteraction, PersistentComponent
from bot.discord.core.visibility import scope_of
from bot.discord.post.layout import linked_title
from bot.languages import say
from bot.scope import Scope
from bot.store import Nominee, Song, Winner
from generator.protocol.i18n import _, ngettext

COLOUR = 0xFFC107
TITLE_LENGTH = 30
"""Characters of a title in a list: twenty titles with their links must fit into a message."""
PAGE_SIZE = 10
TITLE = _("Hall of fame")
NO_WINNERS = _("No tune has won a round yet.")
NO_MORE_WINNERS = _("There are no more tunes in the hall of fame.")
BY = _("{title} by <@{user}>")
IN_ROUND = _("Round {ordinal}")


async def hall_of_fame_page(client: ChiptuneClient, scope: Scope, start: int) -> ui.LayoutView:
    """Return a page of a scope's hall of fame. start: how many songs come before the page."""
    winners = await client.store.contests.hall_of_fame(scope, limit=PAGE_SIZE + 1, start=start)
    shown = winners[:PAGE_SIZE]
    lines = [await _winner_line(client, winner) for winner in shown] or [say(NO_MORE_WINNERS if start else NO_WINNERS)]
    box: ui.Container[Any] = ui.Container(ui.TextDisplay("\n".join([f"## {say(TITLE)}", *lines])), accent_colour=COLOUR)
    add_open_buttons(box, [(winner.song, winner.round.ordinal) for winner in shown])
    page_buttons = [HallOfFamePageButton(max(0, start - PAGE_SIZE), say("Newer"))] if start else []
    page_buttons += [HallOfFamePageButton(start + PAGE_SIZE, say("Older"))] if len(winners) > PAGE_SIZE else []
    if page_buttons:
        box.add_item(ui.ActionRow(*page_buttons))
    return ui.LayoutView(timeout=None).add_item(box)


class HallOfFameButton(RoundComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:contest:fame:{ROUND}"):
    """The button that shows the hall of fame to the user alone. round_id: the round whose message has the button."""

    def __init__(self, round_id: str) -> None:
        custom_id = f"chiptune:contest:fame:{round_id}"
        super().__init__(round_id, ui.Button(label=say(TITLE), emoji="🏆", custom_id=custom_id))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Show the first page."""
        view = await hall_of_fame_page(client, scope_of(interaction), 0)
        await interaction.response.send_message(view=view, ephemeral=True)


class HallOfFamePageButton(
    PersistentComponent, ui.DynamicItem[ui.Button[Any]], template=r"chiptune:contest:hall:(?P<start>[0-9]{1,6})"
):
    """The button of another page of the hall of fame. start: how many songs come before the page."""

    def __init__(self, start: int, label: str = "") -> None:
        self.start = start
        super().__init__(ui.Button(label=label, custom_id=f"chiptune:contest:hall:{start}"))

    @classmethod
    async def from_custom_id(cls, interaction: AnyInteraction, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """Create the button again from its custom_id."""
        return cls(int(match["start"]))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Show the page."""
        view = await hall_of_fame_page(client, scope_of(interaction), self.start)
        await interaction.response.edit_message(view=view)


def add_open_buttons(box: ui.Container[Any], songs: Sequence[tuple[Song, int]]) -> None:
    """Add a button for each (song, number) that opens the song and is labelled with the number."""
    for first in range(0, len(songs), BUTTONS_PER_ROW):
        row = songs[first : first + BUTTONS_PER_ROW]
        box.add_item(ui.ActionRow(*(OpenButton(song.id, number) for song, number in row)))


async def list_title(client: ChiptuneClient, song: Song) -> str:
    """Return a song's title for a list, linked to its message."""
    return linked_title(await client.store.requests.get(song.id), song, TITLE_LENGTH)


def vote_count(nominee: Nominee | Winner) -> str:
    """Return the number of votes, such as "3 votes"."""
    return say(ngettext("{n} vote", "{n} votes").counted(nominee.votes or 0))


async def _winner_line(client: ChiptuneClient, winner: Winner) -> str:
    """Return a line of the hall of fame: round, title, maker, votes and date."""
    title = await list_title(client, winner.song)
    credited = say(BY, title=title, user=winner.song.user_id) if winner.song.user_id else title
    facts = [f"**{say(IN_ROUND, ordinal=winner.round.ordinal)}**", credited, vote_count(winner)]
    return " · ".join([*facts, f"<t:{winner.round.ended}:D>"])
