"""`/chiptune battle`: two tunes made here, heard without their names, and which is better; then the names.

A message of the classic kind, since Discord plays sound files in those alone; a tune's film plays anywhere, but shows
its title. The one who judges sees it alone, so that nobody is led by others. The buttons keep all they need in their
custom_ids. Which two are asked about is the store's.
"""

from __future__ import annotations

import asyncio
import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import app_commands, ui
from PIL import Image

from bot.discord.core import error_replies, visibility
from bot.discord.core.components import Press
from bot.discord.post.layout import linked_title
from bot.discord.queue.submission import scope_of
from bot.files.song_files import FILES_GONE
from bot.languages import say
from bot.store import Song
from bot.votes.voting import NO_PAIR, OUTCOMES
from generator.protocol.errors import InputError
from generator.protocol.i18n import _

if TYPE_CHECKING:
    from bot.discord.core.client import ChiptuneClient

HEADER_SHARE = 0.2
"""The share of a tune's picture, at its top, that its title and scene stand in: it is cut off."""
LABELS = {"a": "A", "b": "B", "even": _("Even")}
QUESTION = _("**Which of these two tunes is better?** You will see their names when you have chosen.")
TOO_LARGE = _("These two tunes are over Discord's limit for files: they cannot be heard here.")
THANKS = {
    "a": _("You preferred **A**."),
    "b": _("You preferred **B**."),
    "even": _("You found them **even**."),
}


@app_commands.command(name="battle", description="Two tunes made here without their names: which is better?")
async def battle(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Two tunes, to the one who asks alone."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    await show_pair(interaction)


async def show_pair(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Show the next two tunes in the answer of a deferred interaction. Raises InputError where there are none."""
    client = interaction.client
    seen = visibility.channels(interaction)
    pair = await client.store.battles.pair(scope_of(interaction), str(interaction.user.id), channels=seen)
    if pair is None:
        raise InputError(NO_PAIR)
    files = [file for letter, song in zip("AB", pair, strict=True) for file in await _load_files(client, letter, song)]
    if sum(len(data) for _, data in files) > interaction.filesize_limit:
        files = [(name, data) for name, data in files if not name.endswith(".png")]
    if sum(len(data) for _, data in files) > interaction.filesize_limit:
        raise InputError(TOO_LARGE)
    view = ui.View(timeout=None)
    for outcome in OUTCOMES:
        view.add_item(ChooseButton(outcome, pair[0].id, pair[1].id))
    attachments = [discord.File(io.BytesIO(data), filename=name) for name, data in files]
    await interaction.edit_original_response(content=say(QUESTION), attachments=attachments, view=view)


async def _load_files(client: ChiptuneClient, letter: str, song: Song) -> list[tuple[str, bytes]]:
    """A tune's sound and picture, named by its letter alone. Raises InputError where they are gone."""
    paths = await client.backlog.files.paths(song.id)
    try:
        sound, picture = paths[song.audio], paths[song.picture]
        data = await asyncio.to_thread(sound.read_bytes), await asyncio.to_thread(crop_header, picture)
    except (KeyError, OSError) as error:
        raise InputError(FILES_GONE) from error
    return [(f"{letter}{Path(song.audio).suffix}", data[0]), (f"{letter}.png", data[1])]


def crop_header(picture: Path) -> bytes:
    """A tune's picture without its header, as PNG. Raises OSError."""
    data = io.BytesIO()
    with Image.open(picture) as image:
        image.crop((0, round(HEADER_SHARE * image.height), image.width, image.height)).save(data, "PNG")
    return data.getvalue()


class ChooseButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"chiptune:battle:(?P<outcome>a|b|even):(?P<first>[0-9a-f]{32}):(?P<second>[0-9a-f]{32})",
):
    """Prefers one of two tunes, or neither. first: the tune called A; second: B."""

    def __init__(self, outcome: str, first: str, second: str) -> None:
        self.outcome, self.first, self.second = outcome, first, second
        style = discord.ButtonStyle.secondary if outcome == "even" else discord.ButtonStyle.primary
        custom_id = f"chiptune:battle:{outcome}:{first}:{second}"
        super().__init__(ui.Button(label=say(LABELS[outcome]), style=style, custom_id=custom_id))

    @classmethod
    async def from_custom_id(cls, interaction: Press, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """From what Discord sends back."""
        return cls(match["outcome"], match["first"], match["second"])

    async def callback(self, interaction: Press) -> None:
        """Write the judgement down, and show the names and the way to another pair."""
        async with error_replies.answering(interaction):
            await interaction.response.defer()
            client, person = interaction.client, str(interaction.user.id)
            outcome, seen = OUTCOMES[self.outcome], visibility.channels(interaction)
            songs = await client.voting.judge(
                scope_of(interaction), person, self.first, self.second, outcome, channels=seen
            )
            names = [await _reveal(client, letter, song) for letter, song in zip("AB", songs, strict=True)]
            view = ui.View(timeout=None).add_item(NextPairButton())
            await interaction.edit_original_response(content="\n".join([say(THANKS[self.outcome]), *names]), view=view)


class NextPairButton(ui.DynamicItem[ui.Button[Any]], template="chiptune:battle:next"):
    """Another pair in place of the one that was judged."""

    def __init__(self) -> None:
        super().__init__(ui.Button(label=say("Another pair"), custom_id="chiptune:battle:next"))

    @classmethod
    async def from_custom_id(cls, interaction: Press, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """From what Discord sends back."""
        return cls()

    async def callback(self, interaction: Press) -> None:
        """Show it."""
        async with error_replies.answering(interaction):
            await interaction.response.defer()
            await show_pair(interaction)


async def _reveal(client: ChiptuneClient, letter: str, song: Song) -> str:
    """A tune's name and maker in a line of markdown."""
    title = linked_title(await client.store.requests.get(song.id), song)
    if not song.user_id:
        return say("**{letter}** is {title}.", letter=letter, title=title)
    return say("**{letter}** is {title}, made by <@{user}>.", letter=letter, title=title, user=song.user_id)


BUTTONS = (ChooseButton, NextPairButton)
