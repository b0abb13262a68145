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
from bot.discord.queue.submission import scope_of
from bot.discord.tunes.song import show
from bot.languages import command, percent, say
from bot.store import PERIODS, Ranked, Standing
from generator.protocol.i18n import _

if TYPE_CHECKING:
    from bot.discord.core.client import ChiptuneClient

PAGE_SIZE = 10
"""Tunes on a page: two rows of buttons."""
BUTTONS_PER_ROW = 5
DEFAULT_PERIOD = "week"
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
NO_VOTES = _("No tune made here in that time has a like of somebody else yet.")
NO_BATTLES = _("No two tunes made here have been compared yet: `{battle}` compares two.").format(
    battle=command("battle")
)
NO_MORE = _("There are no more tunes in this chart.")
BATTLES_FOOTNOTE = _(
    "By how surely a tune is preferred to an average one made here (95 %), heard in pairs without names."
)
VOTES_FOOTNOTE = _("By the share of likes that is sure at 95 %. Votes on one's own tunes do not count.")
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
    interaction: discord.Interaction[ChiptuneClient], period: str = DEFAULT_PERIOD, ranking: str = "votes"
) -> None:
    """The chart of this place, to the one who asks alone."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    view, files = await chart_page(interaction, BATTLES if ranking == BATTLES else period, 0)
    await interaction.edit_original_response(view=view, attachments=files)


async def chart_page(interaction: discord.Interaction[ChiptuneClient], period: str, start: int) -> Page:
    """A page of a chart of `TABS`. start: how many tunes come before it."""
    client = interaction.client
    battles = period == BATTLES
    found = await _fetch_entries(interaction, period, start)
    shown = found[:PAGE_SIZE]
    box: ui.Container[Any] = ui.Container(ui.TextDisplay(f"## {say(HEADINGS[period])}"), accent_colour=COLOUR)
    files = []
    if shown:
        picture = await asyncio.to_thread(chart_picture.draw, HEADINGS[period], shown, _explanation(period))
        about = alt_text(period, shown)
        files.append(discord.File(io.BytesIO(picture), filename=PICTURE, description=about))
        box.add_item(ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{PICTURE}", description=about)))
        lines = [await _entry_line(client, one) for one in shown]
        box.add_item(ui.TextDisplay("\n".join([*lines, f"-# {say(BATTLES_FOOTNOTE if battles else VOTES_FOOTNOTE)}"])))
    else:
        box.add_item(ui.TextDisplay(say(NO_MORE if start else NO_BATTLES if battles else NO_VOTES)))
    for first in range(0, len(shown), BUTTONS_PER_ROW):
        box.add_item(
            ui.ActionRow(*(OpenButton(one.song.id, one.rank) for one in shown[first : first + BUTTONS_PER_ROW]))
        )
    box.add_item(ui.ActionRow(*(ChartPageButton(one, None, current=one == period) for one in TABS)))
    turns = [ChartPageButton(period, max(0, start - PAGE_SIZE), label=say("Higher"))] if start else []
    turns += [ChartPageButton(period, start + PAGE_SIZE, label=say("Lower"))] if len(found) > PAGE_SIZE else []
    if turns:
        box.add_item(ui.ActionRow(*turns))
    return ui.LayoutView(timeout=None).add_item(box), files


def alt_text(period: str, shown: Sequence[Ranked | Standing]) -> str:
    """The picture in words, for those who do not see it."""
    said = ALT_BATTLES if period == BATTLES else ALT_VOTES
    return say(said, heading=HEADINGS[period], first=shown[0].rank, last=shown[-1].rank)


async def _fetch_entries(
    interaction: discord.Interaction[ChiptuneClient], period: str, start: int
) -> Sequence[Ranked | Standing]:
    """The tunes of a page, and one more where there is one."""
    store, here, seen = interaction.client.store, scope_of(interaction), visibility.channels(interaction)
    if period == BATTLES:
        return await store.battles.top(here, channels=seen, limit=PAGE_SIZE + 1, start=start)
    return await store.charts.top(here, period, channels=seen, limit=PAGE_SIZE + 1, start=start)


def _explanation(period: str) -> str:
    return chart_picture.BATTLES_EXPLANATION if period == BATTLES else chart_picture.EXPLANATION


async def _entry_line(client: ChiptuneClient, one: Ranked | Standing) -> str:
    """One place of a chart in a line of markdown."""
    title = linked_title(await client.store.requests.get(one.song.id), one.song)
    bounds = say("{low} to {high}", low=percent(one.low), high=percent(one.high))
    return f"**{one.rank}.** {title} · {say(chart_picture.vote_counts(one))} · {bounds}"


class OpenButton(OfSong, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:open:{SONG}"):
    """Shows a tune with its player, to the one who presses alone. label: a place in a list, or words."""

    def __init__(self, song_id: str, label: int | str = 0) -> None:
        super().__init__(song_id, ui.Button(label=str(label), custom_id=f"chiptune:open:{song_id}"))

    async def pressed(self, interaction: Press, client: ChiptuneClient) -> None:
        """As `/chiptune song` does."""
        await show(interaction, self.song_id, ephemeral=True)


class ChartPageButton(
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
            view, files = await chart_page(interaction, self.period, self.start or 0)
            await interaction.edit_original_response(view=view, attachments=files)


BUTTONS = (OpenButton, ChartPageButton)
