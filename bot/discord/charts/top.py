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

from bot.discord.charts import chart_picture
from bot.discord.core import error_replies, visibility
from bot.discord.core.components import SONG, OfSong, Press
from bot.discord.post.layout import linked_title
from bot.discord.queue.submission import place
from bot.discord.tunes.song import show
from bot.languages import command, percent, say
from bot.store import PERIODS, Ranked, Standing
from generator.protocol.i18n import _

if TYPE_CHECKING:
    from bot.discord.core.client import ChiptuneClient

PAGE = 10
"""Tunes on a page: two rows of buttons."""
IN_A_ROW = 5
USUAL = "week"
LABELS = {"day": _("Day"), "week": _("Week"), "month": _("Month"), "all": _("All time"), "battles": _("Battles")}
HEADINGS = {
    "day": _("Top tunes of the last day"),
    "week": _("Top tunes of the last 7 days"),
    "month": _("Top tunes of the last 30 days"),
    "all": _("Top tunes of all time"),
    "battles": _("Top tunes by battles"),
}
BATTLES = "battles"
"""The ranking by battles; it stands among the periods, and has none."""
TABS = (*PERIODS, BATTLES)
COLOUR = 0x56B4FF
PICTURE = "top.png"
NOTHING = _("No tune made here in that time has a like of somebody else yet.")
NO_BATTLES = _("No two tunes made here have been compared yet: `{battle}` compares two.").format(
    battle=command("battle")
)
NO_MORE = _("There are no more tunes in this chart.")
HOW_BATTLES = _("By how surely a tune is preferred to an average one made here (95 %), heard in pairs without names.")
HOW = _("By the share of likes that is sure at 95 %. Votes on one's own tunes do not count.")
ALT_VOTES = _("{heading}, places {first} to {last}: a bar for each, as long as the share of likes that is sure.")
ALT_BATTLES = _(
    "{heading}, places {first} to {last}: a bar for each, as long as it is surely preferred to an average tune."
)

Page = tuple[ui.LayoutView, list[discord.File]]
"""A message and its picture, where it has one."""


@app_commands.command(name="top", description="What people here like best")
@app_commands.describe(
    period="When the tunes were made; the last week if left out", ranking="By votes, or by battles of two tunes"
)
@app_commands.choices(
    period=[Choice(name=LABELS[period], value=period) for period in PERIODS],
    ranking=[Choice(name="Votes", value="votes"), Choice(name="Battles", value=BATTLES)],
)
async def show_top(
    interaction: discord.Interaction[ChiptuneClient], period: str = USUAL, ranking: str = "votes"
) -> None:
    """The chart of this place, to the one who asks alone."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    view, files = await page(interaction, BATTLES if ranking == BATTLES else period, 0)
    await interaction.edit_original_response(view=view, attachments=files)


async def page(interaction: discord.Interaction[ChiptuneClient], period: str, start: int) -> Page:
    """A page of a chart of `TABS`. start: how many tunes come before it."""
    client = interaction.client
    battles = period == BATTLES
    found = await _found(interaction, period, start)
    shown = found[:PAGE]
    box: ui.Container[Any] = ui.Container(ui.TextDisplay(f"## {say(HEADINGS[period])}"), accent_colour=COLOUR)
    files = []
    if shown:
        picture = await asyncio.to_thread(chart_picture.draw, HEADINGS[period], shown, _explained(period))
        about = described(period, shown)
        files.append(discord.File(io.BytesIO(picture), filename=PICTURE, description=about))
        box.add_item(ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{PICTURE}", description=about)))
        lines = [await _line(client, one) for one in shown]
        box.add_item(ui.TextDisplay("\n".join([*lines, f"-# {say(HOW_BATTLES if battles else HOW)}"])))
    else:
        box.add_item(ui.TextDisplay(say(NO_MORE if start else NO_BATTLES if battles else NOTHING)))
    for first in range(0, len(shown), IN_A_ROW):
        box.add_item(ui.ActionRow(*(Open(one.song.id, one.rank) for one in shown[first : first + IN_A_ROW])))
    box.add_item(ui.ActionRow(*(Turn(one, None, current=one == period) for one in TABS)))
    turns = [Turn(period, max(0, start - PAGE), label=say("Higher"))] if start else []
    turns += [Turn(period, start + PAGE, label=say("Lower"))] if len(found) > PAGE else []
    if turns:
        box.add_item(ui.ActionRow(*turns))
    return ui.LayoutView(timeout=None).add_item(box), files


def described(period: str, shown: Sequence[Ranked | Standing]) -> str:
    """The picture in words, for those who do not see it."""
    said = ALT_BATTLES if period == BATTLES else ALT_VOTES
    return say(said, heading=HEADINGS[period], first=shown[0].rank, last=shown[-1].rank)


async def _found(
    interaction: discord.Interaction[ChiptuneClient], period: str, start: int
) -> Sequence[Ranked | Standing]:
    """The tunes of a page, and one more where there is one."""
    store, here, seen = interaction.client.store, place(interaction), visibility.channels(interaction)
    if period == BATTLES:
        return await store.battles.top(here, channels=seen, limit=PAGE + 1, start=start)
    return await store.charts.top(here, period, channels=seen, limit=PAGE + 1, start=start)


def _explained(period: str) -> str:
    return chart_picture.BATTLES_EXPLANATION if period == BATTLES else chart_picture.EXPLANATION


async def _line(client: ChiptuneClient, one: Ranked | Standing) -> str:
    """One place of a chart in a line of markdown."""
    title = linked_title(await client.store.requests.get(one.song.id), one.song)
    bounds = say("{low} to {high}", low=percent(one.low), high=percent(one.high))
    return f"**{one.rank}.** {title} · {say(chart_picture.counted(one))} · {bounds}"


class Open(OfSong, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:open:{SONG}"):
    """Shows a tune with its player, to the one who presses alone. label: a place in a list, or words."""

    def __init__(self, song_id: str, label: int | str = 0) -> None:
        super().__init__(song_id, ui.Button(label=str(label), custom_id=f"chiptune:open:{song_id}"))

    async def pressed(self, interaction: Press, client: ChiptuneClient) -> None:
        """As `/chiptune song` does."""
        await show(interaction, self.song_id, ephemeral=True)


class Turn(
    ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:top:(?P<period>{'|'.join(TABS)}):(?P<start>[0-9]{{0,6}})"
):
    """Another page of a chart. start: how many tunes come before it, None: its beginning, as a period's own button."""

    def __init__(self, period: str, start: int | None, *, label: str | None = None, current: bool = False) -> None:
        self.period, self.start = period, start
        blue, grey = discord.ButtonStyle.primary, discord.ButtonStyle.secondary
        custom_id = f"chiptune:top:{period}:{'' if start is None else start}"
        style = blue if current else grey
        super().__init__(
            ui.Button(label=label or say(LABELS[period]), style=style, disabled=current, custom_id=custom_id)
        )

    @classmethod
    async def from_custom_id(cls, interaction: Press, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """From what Discord sends back."""
        return cls(match["period"], int(match["start"]) if match["start"] else None)

    async def callback(self, interaction: Press) -> None:
        """Turn to it."""
        async with error_replies.answering(interaction):
            await interaction.response.defer()
            view, files = await page(interaction, self.period, self.start or 0)
            await interaction.edit_original_response(view=view, attachments=files)


BUTTONS = (Open, Turn)
