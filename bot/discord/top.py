"""`/chiptune top`: what people here like best, as a picture and a list, with buttons to turn pages and to open a tune.

The buttons keep all that they need in their custom_ids. What is in a chart is the store's, the picture `chart`'s.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import app_commands, ui
from discord.app_commands import Choice

from bot.discord import chart, replies
from bot.discord.asking import place
from bot.discord.posts import linked_title
from bot.discord.pressed import SONG, OfSong, Press
from bot.discord.song import show
from bot.store import PERIODS, Ranked

if TYPE_CHECKING:
    from bot.discord.client import ChiptuneClient

PAGE = 10
"""Tunes on a page: two rows of buttons."""
IN_A_ROW = 5
USUAL = "week"
LABELS = {"day": "Day", "week": "Week", "month": "Month", "all": "All time"}
HEADINGS = {
    "day": "Top tunes of the last day",
    "week": "Top tunes of the last 7 days",
    "month": "Top tunes of the last 30 days",
    "all": "Top tunes of all time",
}
COLOUR = 0x56B4FF
PICTURE = "top.png"
NOTHING = "No tune made here in that time has a like of somebody else yet."
NO_MORE = "There are no more tunes in this chart."
HOW = "-# By the share of likes that is sure at 95 %. Votes on one's own tunes do not count."

Page = tuple[ui.LayoutView, list[discord.File]]
"""A message and its picture, where it has one."""


@app_commands.command(name="top", description="What people here like best")
@app_commands.describe(period="When the tunes were made; the last week if left out")
@app_commands.choices(period=[Choice(name=label, value=period) for period, label in LABELS.items()])
async def show_top(interaction: discord.Interaction[ChiptuneClient], period: str = USUAL) -> None:
    """The chart of this place, to the one who asks alone."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    view, files = await page(interaction, period, 0)
    await interaction.edit_original_response(view=view, attachments=files)


async def page(interaction: discord.Interaction[ChiptuneClient], period: str, start: int) -> Page:
    """A page of a chart. start: how many tunes come before it."""
    client = interaction.client
    found = await client.store.charts.top(place(interaction), period, limit=PAGE + 1, start=start)
    shown = found[:PAGE]
    box: ui.Container[Any] = ui.Container(ui.TextDisplay(f"## {HEADINGS[period]}"), accent_colour=COLOUR)
    files = []
    if shown:
        picture = await asyncio.to_thread(chart.draw, HEADINGS[period], shown)
        about = described(period, shown)
        files.append(discord.File(io.BytesIO(picture), filename=PICTURE, description=about))
        box.add_item(ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{PICTURE}", description=about)))
        lines = [await _line(client, one) for one in shown]
        box.add_item(ui.TextDisplay("\n".join([*lines, HOW])))
    else:
        box.add_item(ui.TextDisplay(NO_MORE if start else NOTHING))
    for first in range(0, len(shown), IN_A_ROW):
        box.add_item(ui.ActionRow(*(Open(one.song.id, one.rank) for one in shown[first : first + IN_A_ROW])))
    box.add_item(ui.ActionRow(*(Turn(one, None, current=one == period) for one in PERIODS)))
    turns = [Turn(period, max(0, start - PAGE), label="Higher")] if start else []
    turns += [Turn(period, start + PAGE, label="Lower")] if len(found) > PAGE else []
    if turns:
        box.add_item(ui.ActionRow(*turns))
    return ui.LayoutView(timeout=None).add_item(box), files


def described(period: str, shown: Sequence[Ranked]) -> str:
    """The picture in words, for those who do not see it."""
    ranks = f"{shown[0].rank} to {shown[-1].rank}"
    return f"{HEADINGS[period]}, places {ranks}: a bar for each, as long as the share of likes that is sure."


async def _line(client: ChiptuneClient, one: Ranked) -> str:
    """One place of a chart in a line of markdown."""
    title = linked_title(await client.store.requests.get(one.song.id), one.song)
    return f"**{one.rank}.** {title} · {chart.counted(one)} · {one.low:.0%} to {one.high:.0%}"


class Open(OfSong, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:open:{SONG}"):
    """Shows a tune with its player, to the one who presses alone. rank: what the button is called."""

    def __init__(self, song_id: str, rank: int = 0) -> None:
        super().__init__(song_id, ui.Button(label=str(rank), custom_id=f"chiptune:open:{song_id}"))

    async def pressed(self, interaction: Press, client: ChiptuneClient) -> None:
        """As `/chiptune song` does."""
        await show(interaction, self.song_id, ephemeral=True)


class Turn(
    ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:top:(?P<period>{'|'.join(PERIODS)}):(?P<start>[0-9]{{0,6}})"
):
    """Another page of a chart. start: how many tunes come before it, None: its beginning, as a period's own button."""

    def __init__(self, period: str, start: int | None, *, label: str | None = None, current: bool = False) -> None:
        self.period, self.start = period, start
        blue, grey = discord.ButtonStyle.primary, discord.ButtonStyle.secondary
        custom_id = f"chiptune:top:{period}:{'' if start is None else start}"
        style = blue if current else grey
        super().__init__(ui.Button(label=label or LABELS[period], style=style, disabled=current, custom_id=custom_id))

    @classmethod
    async def from_custom_id(cls, interaction: Press, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """From what Discord sends back."""
        return cls(match["period"], int(match["start"]) if match["start"] else None)

    async def callback(self, interaction: Press) -> None:
        """Turn to it."""
        async with replies.answering(interaction):
            await interaction.response.defer()
            view, files = await page(interaction, self.period, self.start or 0)
            await interaction.edit_original_response(view=view, attachments=files)


BUTTONS = (Open, Turn)
