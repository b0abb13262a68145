"""`/chiptune top`: the best-liked tunes, as a picture and a list, with buttons that change the page or open a tune.

The custom_ids of the buttons hold everything they need. The store makes the charts, and `chart_picture` draws them.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import app_commands, ui
from discord.app_commands import Choice

from bot.discord.charts import chart_picture
from bot.discord.core import visibility
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import SONG, AnyInteraction, PersistentComponent, SongComponent
from bot.discord.core.visibility import scope_of
from bot.discord.post.layout import linked_title
from bot.discord.tunes.song import show_post
from bot.languages import command, percent, say
from bot.store import PERIODS, Ranked, Standing
from generator.protocol.i18n import _

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
"""The ranking by battles, a tab next to the periods. It always covers all time."""
TABS = (*PERIODS, BATTLES)
COLOUR = 0x56B4FF
PICTURE = "top.png"
NO_VOTES = _("No tune made here in that time has a like from somebody else yet.")
NO_BATTLES = _("No tunes made here have been compared yet: `{battle}` compares two.").format(battle=command("battle"))
NO_MORE = _("There are no more tunes in this chart.")
BATTLES_FOOTNOTE = _(
    "Ranked by the certain share of wins against an average tune made here (95 % confidence), in anonymous pairs."
)
VOTES_FOOTNOTE = _("Ranked by the certain share of likes (95 % confidence). Votes on your own tunes do not count.")
ALT_VOTES = _("{heading}, places {first} to {last}: a bar for each, as long as its certain share of likes.")
ALT_BATTLES = _(
    "{heading}, places {first} to {last}: a bar for each, as long as its certain share of wins against an average tune."
)

Page = tuple[ui.LayoutView, list[discord.File]]
"""A message and the files of its picture, if it has one."""


@app_commands.command(name="top", description="The tunes that people here like best")
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
    """Show the chart of this server or conversation, in a reply that only the user sees."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    view, files = await chart_page(interaction, BATTLES if ranking == BATTLES else period, 0)
    await interaction.edit_original_response(view=view, attachments=files)


async def chart_page(interaction: discord.Interaction[ChiptuneClient], period: str, start: int) -> Page:
    """Return a page of a chart. period: one of `TABS`. start: how many tunes come before the page."""
    client = interaction.client
    battles = period == BATTLES
    entries = await _fetch_entries(interaction, period, start)
    shown = entries[:PAGE_SIZE]
    box: ui.Container[Any] = ui.Container(ui.TextDisplay(f"## {say(HEADINGS[period])}"), accent_colour=COLOUR)
    files = []
    if shown:
        picture = await asyncio.to_thread(chart_picture.draw, HEADINGS[period], shown, _explanation(period))
        alt = alt_text(period, shown)
        files.append(discord.File(io.BytesIO(picture), filename=PICTURE, description=alt))
        box.add_item(ui.MediaGallery(discord.MediaGalleryItem(f"attachment://{PICTURE}", description=alt)))
        lines = [await _entry_line(client, entry) for entry in shown]
        box.add_item(ui.TextDisplay("\n".join([*lines, f"-# {say(BATTLES_FOOTNOTE if battles else VOTES_FOOTNOTE)}"])))
    else:
        box.add_item(ui.TextDisplay(say(NO_MORE if start else NO_BATTLES if battles else NO_VOTES)))
    for first in range(0, len(shown), BUTTONS_PER_ROW):
        row = shown[first : first + BUTTONS_PER_ROW]
        box.add_item(ui.ActionRow(*(OpenButton(entry.song.id, entry.rank) for entry in row)))
    box.add_item(ui.ActionRow(*(ChartPageButton(tab, None, current=tab == period) for tab in TABS)))
    page_buttons = []
    if start:
        page_buttons.append(ChartPageButton(period, max(0, start - PAGE_SIZE), label=say("Higher")))
    if len(entries) > PAGE_SIZE:
        page_buttons.append(ChartPageButton(period, start + PAGE_SIZE, label=say("Lower")))
    if page_buttons:
        box.add_item(ui.ActionRow(*page_buttons))
    return ui.LayoutView(timeout=None).add_item(box), files


def alt_text(period: str, shown: Sequence[Ranked | Standing]) -> str:
    """Return the alternative text of a chart's picture."""
    template = ALT_BATTLES if period == BATTLES else ALT_VOTES
    return say(template, heading=HEADINGS[period], first=shown[0].rank, last=shown[-1].rank)


async def _fetch_entries(
    interaction: discord.Interaction[ChiptuneClient], period: str, start: int
) -> Sequence[Ranked | Standing]:
    """Return the entries of a page, and one more if there are more pages."""
    store, here, channels = interaction.client.store, scope_of(interaction), visibility.visible_channels(interaction)
    if period == BATTLES:
        return await store.battles.top(here, channels=channels, limit=PAGE_SIZE + 1, start=start)
    return await store.charts.top(here, period, channels=channels, limit=PAGE_SIZE + 1, start=start)


def _explanation(period: str) -> str:
    """Return the explanation that stands in a chart's picture."""
    return chart_picture.BATTLES_EXPLANATION if period == BATTLES else chart_picture.EXPLANATION


async def _entry_line(client: ChiptuneClient, entry: Ranked | Standing) -> str:
    """Return an entry of a chart as a line of markdown."""
    title = linked_title(await client.store.requests.get(entry.song.id), entry.song)
    bounds = say("{low} to {high}", low=percent(entry.low), high=percent(entry.high))
    return f"**{entry.rank}.** {title} · {say(chart_picture.vote_counts(entry))} · {bounds}"


class OpenButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:open:{SONG}"):
    """The button that shows a tune with its player to the user alone. label: a place in a list, or a text."""

    def __init__(self, song_id: str, label: int | str = 0) -> None:
        super().__init__(song_id, ui.Button(label=str(label), custom_id=f"chiptune:open:{song_id}"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Show the tune like `/chiptune song`."""
        await show_post(interaction, self.song_id, ephemeral=True)


class ChartPageButton(
    PersistentComponent,
    ui.DynamicItem[ui.Button[Any]],
    template=rf"chiptune:top:(?P<period>{'|'.join(TABS)}):(?P<start>[0-9]{{0,6}})",
):
    """The button of another page or chart. start: how many tunes come before it; None for a tab, which begins at 0."""

    def __init__(self, period: str, start: int | None, *, label: str | None = None, current: bool = False) -> None:
        self.period, self.start = period, start
        custom_id = f"chiptune:top:{period}:{'' if start is None else start}"
        style = discord.ButtonStyle.primary if current else discord.ButtonStyle.secondary
        super().__init__(
            ui.Button(label=label or say(LABELS[period]), style=style, disabled=current, custom_id=custom_id)
        )

    @classmethod
    async def from_custom_id(cls, interaction: AnyInteraction, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """Create the button again from its custom_id."""
        return cls(match["period"], int(match["start"]) if match["start"] else None)

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Show the page."""
        await interaction.response.defer()
        view, files = await chart_page(interaction, self.period, self.start or 0)
        await interaction.edit_original_response(view=view, attachments=files)
