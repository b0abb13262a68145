"""A contest's hall of fame on Discord: the tunes that won in this place, newest first, on pages; and how lists look.

Buttons keep all that they need in their custom_ids. Which tunes won is the store's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

from discord import ui

from bot.discord.charts.top import BUTTONS_PER_ROW, OpenButton
from bot.discord.contest.buttons import ROUND, RoundComponent
from bot.discord.core import error_replies
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import Press
from bot.discord.core.visibility import scope_of
from bot.discord.post.layout import linked_title
from bot.languages import say
from bot.scope import Scope
from bot.store import Famous, Nominee, Song
from generator.protocol.i18n import _, ngettext

COLOUR = 0xFFC107
TITLE_LENGTH = 30
"""Letters of a title in a list: twenty of them, with their links, must fit into a message."""
PAGE_SIZE = 10
TITLE = _("Hall of fame")
NO_WINNERS = _("No tune has won a round yet.")
NO_MORE_WINNERS = _("There are no more tunes in the hall of fame.")
BY = _("{title} by <@{user}>")
IN_ROUND = _("Round {ordinal}")


async def hall_of_fame_page(client: ChiptuneClient, scope: Scope, start: int) -> ui.LayoutView:
    """A page of a scope's hall of fame. start: how many songs come before it."""
    found = await client.store.contests.hall_of_fame(scope, limit=PAGE_SIZE + 1, start=start)
    shown = found[:PAGE_SIZE]
    lines = [await _winner_line(client, one) for one in shown] or [say(NO_MORE_WINNERS if start else NO_WINNERS)]
    box: ui.Container[Any] = ui.Container(ui.TextDisplay("\n".join([f"## {say(TITLE)}", *lines])), accent_colour=COLOUR)
    add_open_buttons(box, [(one.song, one.round.ordinal) for one in shown])
    turns = [HallOfFamePageButton(max(0, start - PAGE_SIZE), say("Newer"))] if start else []
    turns += [HallOfFamePageButton(start + PAGE_SIZE, say("Older"))] if len(found) > PAGE_SIZE else []
    if turns:
        box.add_item(ui.ActionRow(*turns))
    return ui.LayoutView(timeout=None).add_item(box)


class HallOfFameButton(RoundComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:contest:fame:{ROUND}"):
    """Shows the hall of fame to the one who presses alone. The round is that of the message."""

    def __init__(self, round_id: str) -> None:
        custom_id = f"chiptune:contest:fame:{round_id}"
        super().__init__(round_id, ui.Button(label=say(TITLE), emoji="🏆", custom_id=custom_id))

    async def pressed(self, interaction: Press, client: ChiptuneClient) -> None:
        """Show its first page."""
        view = await hall_of_fame_page(client, scope_of(interaction), 0)
        await interaction.response.send_message(view=view, ephemeral=True)


class HallOfFamePageButton(ui.DynamicItem[ui.Button[Any]], template=r"chiptune:contest:hall:(?P<start>[0-9]{1,6})"):
    """Another page of the hall of fame. start: how many songs come before it."""

    def __init__(self, start: int, label: str = "") -> None:
        self.start = start
        super().__init__(ui.Button(label=label, custom_id=f"chiptune:contest:hall:{start}"))

    @classmethod
    async def from_custom_id(cls, interaction: Press, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """From what Discord sends back."""
        return cls(int(match["start"]))

    async def callback(self, interaction: Press) -> None:
        """Turn to it."""
        async with error_replies.answering(interaction):
            view = await hall_of_fame_page(interaction.client, scope_of(interaction), self.start)
            await interaction.response.edit_message(view=view)


def add_open_buttons(box: ui.Container[Any], songs: Sequence[tuple[Song, int]]) -> None:
    """A button for each song, by its number."""
    for first in range(0, len(songs), BUTTONS_PER_ROW):
        row = songs[first : first + BUTTONS_PER_ROW]
        box.add_item(ui.ActionRow(*(OpenButton(song.id, number) for song, number in row)))


async def list_title(client: ChiptuneClient, song: Song) -> str:
    """A song's title in a list, with the way to its message."""
    return linked_title(await client.store.requests.get(song.id), song, TITLE_LENGTH)


def vote_count(one: Nominee | Famous) -> str:
    """A song's votes in words."""
    return say(ngettext("{n} vote", "{n} votes").counted(one.votes or 0))


async def _winner_line(client: ChiptuneClient, one: Famous) -> str:
    named = await list_title(client, one.song)
    made = say(BY, title=named, user=one.song.user_id) if one.song.user_id else named
    facts = [f"**{say(IN_ROUND, ordinal=one.round.ordinal)}**", made, vote_count(one)]
    return " · ".join([*facts, f"<t:{one.round.ended}:D>"])
