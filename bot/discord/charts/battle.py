"""`/chiptune battle`: compare two anonymous tunes, and see their names afterwards.

The message has no component layout, because Discord plays sound files only in classic messages. A tune's video would
play anywhere, but it shows the title. Only the user who judges sees the message, so nobody is influenced by others.
The custom_ids of the buttons hold everything they need. The store selects the pair.
"""

from __future__ import annotations

import asyncio
import io
from pathlib import Path
from typing import Any

import discord
from discord import app_commands, ui
from PIL import Image

from bot.discord.core import visibility
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import AnyInteraction, PersistentComponent
from bot.discord.core.visibility import scope_of
from bot.discord.post.layout import linked_title
from bot.files.song_files import FILES_GONE
from bot.languages import say
from bot.store import Song
from bot.voting import NO_PAIR, OUTCOMES
from generator.protocol.errors import InputError
from generator.protocol.i18n import _

HEADER_SHARE = 0.2
"""The part at the top of a tune's picture that shows its title and scene, as a share of the height. It is cut off."""
LABELS = {"a": "A", "b": "B", "even": _("Even")}
QUESTION = _("**Which of these two tunes is better?** You will see their names when you have chosen.")
TOO_LARGE = _("These two tunes are over Discord's limit for files: they cannot be played here.")
THANKS = {
    "a": _("You preferred **A**."),
    "b": _("You preferred **B**."),
    "even": _("You found them **even**."),
}


@app_commands.command(name="battle", description="Compare two anonymous tunes made here")
async def battle(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Show two tunes in a reply that only the user sees."""
    await interaction.response.defer(thinking=True, ephemeral=True)
    await show_pair(interaction)


async def show_pair(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Show the next pair in the answer of a deferred interaction. Raise InputError if there is no pair."""
    client = interaction.client
    channels = visibility.visible_channels(interaction)
    pair = await client.store.battles.pair(scope_of(interaction), str(interaction.user.id), channels=channels)
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
    """Return (name, content) of a tune's sound and picture, named by its letter. Raise InputError if they are gone."""
    paths = await client.backlog.files.paths(song.id)
    try:
        sound, picture = paths[song.audio], paths[song.picture]
        sound_data = await asyncio.to_thread(sound.read_bytes)
        picture_data = await asyncio.to_thread(crop_header, picture)
    except (KeyError, OSError) as error:
        raise InputError(FILES_GONE) from error
    return [(f"{letter}{Path(song.audio).suffix}", sound_data), (f"{letter}.png", picture_data)]


def crop_header(picture: Path) -> bytes:
    """Return a tune's picture without its header, as PNG. Raise OSError if it cannot be read."""
    data = io.BytesIO()
    with Image.open(picture) as image:
        image.crop((0, round(HEADER_SHARE * image.height), image.width, image.height)).save(data, "PNG")
    return data.getvalue()


class ChooseButton(
    PersistentComponent,
    ui.DynamicItem[ui.Button[Any]],
    template=r"chiptune:battle:(?P<outcome>a|b|even):(?P<first>[0-9a-f]{32}):(?P<second>[0-9a-f]{32})",
):
    """The button that prefers one of two tunes, or neither. first, second: the ids of the tunes shown as A and B."""

    def __init__(self, outcome: str, first: str, second: str) -> None:
        self.outcome, self.first, self.second = outcome, first, second
        style = discord.ButtonStyle.secondary if outcome == "even" else discord.ButtonStyle.primary
        custom_id = f"chiptune:battle:{outcome}:{first}:{second}"
        super().__init__(ui.Button(label=say(LABELS[outcome]), style=style, custom_id=custom_id))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Record the judgement, and show the names and a button for the next pair."""
        await interaction.response.defer()
        person = str(interaction.user.id)
        outcome, channels = OUTCOMES[self.outcome], visibility.visible_channels(interaction)
        songs = await client.voting.judge(
            scope_of(interaction), person, self.first, self.second, outcome, channels=channels
        )
        names = [await _reveal(client, letter, song) for letter, song in zip("AB", songs, strict=True)]
        view = ui.View(timeout=None).add_item(NextPairButton())
        await interaction.edit_original_response(content="\n".join([say(THANKS[self.outcome]), *names]), view=view)


class NextPairButton(PersistentComponent, ui.DynamicItem[ui.Button[Any]], template="chiptune:battle:next"):
    """The button that replaces a judged pair by the next one."""

    def __init__(self) -> None:
        super().__init__(ui.Button(label=say("Another pair"), custom_id="chiptune:battle:next"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Show the next pair."""
        await interaction.response.defer()
        await show_pair(interaction)


async def _reveal(client: ChiptuneClient, letter: str, song: Song) -> str:
    """Return a line of markdown with a tune's title and its maker."""
    title = linked_title(await client.store.requests.get(song.id), song)
    if not song.user_id:
        return say("**{letter}** is {title}.", letter=letter, title=title)
    return say("**{letter}** is {title}, made by <@{user}>.", letter=letter, title=title, user=song.user_id)
