"""The buttons under a posted tune. Their custom_id holds all they need, so they work after a restart.

What a vote does is left to `bot.voting`, what a submission becomes to `bot.requests.submissions`. The buttons
that open a form are in `remix_form` and `bot.discord.moderation.report`.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Self

import discord
from discord import ui

from bot.discord.core import visibility
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import SONG, AnyInteraction, SongComponent
from bot.discord.core.locale import channel_locale, supported_locale
from bot.discord.core.markdown import escape, file_stem
from bot.discord.core.permissions import deletable_songs
from bot.discord.moderation.delete import DeleteButton
from bot.discord.moderation.report import ReportButton
from bot.discord.post import layout
from bot.discord.post.lineage import family_tree
from bot.discord.queue import submission
from bot.discord.tunes.remix_form import RemixButton, RewriteMenu
from bot.languages import say, using_language
from bot.voting import OWN
from generator.protocol.i18n import _, ngettext

EXTEND_BARS = 8
UP, DOWN = "👍", "👎"
FILES_TOO_LARGE = _("The files are over Discord's limit: they cannot be sent here.")
Row = ui.ActionRow[Any]


def post_rows(post: layout.Post) -> tuple[Row, ...]:
    """Return the rows under a tune: buttons to make new tunes, a menu to rewrite a channel, and votes and files."""
    song = post.song
    new_tunes: Row = ui.ActionRow(AnotherTakeButton(song.id), ExtendButton(song.id), RemixButton(song.id))
    votes_and_files: Row = ui.ActionRow(
        VoteButton(song.id, 1, song.votes), VoteButton(song.id, -1), FilesButton(song.id), ReportButton(song.id)
    )
    if post.public_url:
        votes_and_files.add_item(ui.Button(label=say("On the web"), url=f"{post.public_url}/song/{song.id}"))
    return new_tunes, ui.ActionRow(RewriteMenu(song.id)), votes_and_files


def classic_view(song_id: str, votes: int) -> ui.View:
    """Return the buttons under a tune that an earlier version posted as an embed."""
    view = ui.View(timeout=None)
    for button in (AnotherTakeButton(song_id), VoteButton(song_id, 1, votes), VoteButton(song_id, -1)):
        view.add_item(button)
    return view


class AnotherTakeButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:take:{SONG}"):
    """Submits the same request again with another seed."""

    def __init__(self, song_id: str) -> None:
        blue = discord.ButtonStyle.primary
        super().__init__(
            song_id, ui.Button(label=say("Another take"), emoji="🎲", style=blue, custom_id=layout.post_marker(song_id))
        )

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Submit the request of the tune again with a new seed."""
        with client.debouncer.once(interaction.user.id, self.custom_id):
            await submission.another_take(interaction, self.song_id)


class ExtendButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:extend:{SONG}"):
    """Continues the tune by some bars."""

    def __init__(self, song_id: str) -> None:
        label = say(ngettext("Extend by {n} bar", "Extend by {n} bars").counted(EXTEND_BARS))
        super().__init__(song_id, ui.Button(label=label, emoji="➡️", custom_id=f"chiptune:extend:{song_id}"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Submit the continuation."""
        song = await self.get_song(client)
        with client.debouncer.once(interaction.user.id, self.custom_id):
            await submission.remix(interaction, song, {"mode": "continue", "bars": EXTEND_BARS})


class VoteButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:vote:(?P<value>up|down):{SONG}"):
    """A like or dislike; a second press takes it back. votes: the sum, shown on the button for likes."""

    def __init__(self, song_id: str, value: int, votes: int = 0) -> None:
        self.value = value
        label = say("Dislike") if value < 0 else f"{say('Like')} ({votes:+d})" if votes else say("Like")
        name = "up" if value > 0 else "down"
        button: ui.Button[Any] = ui.Button(
            label=label, emoji=UP if value > 0 else DOWN, custom_id=f"chiptune:vote:{name}:{song_id}"
        )
        super().__init__(song_id, button)

    @classmethod
    async def from_custom_id(cls, interaction: AnyInteraction, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """Create the button again from its custom_id."""
        return cls(match["song_id"], 1 if match["value"] == "up" else -1)

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Set, change or take back the user's vote, and show the sum in every post whose button was pressed."""
        await interaction.response.defer()  # first, because many votes may wait for the disk one after the other
        cast = await client.voting.toggle(self.song_id, str(interaction.user.id), self.value)
        if cast.first_own:
            await interaction.followup.send(say(OWN), ephemeral=True)
        if message := interaction.message:
            await client.message_edits.run(message.id, lambda: self._show_here(interaction, message))
            await self._show_in_own_post(client, message.id, await channel_locale(interaction))

    async def _show_here(self, interaction: AnyInteraction, message: discord.Message) -> None:
        """Show the current sum where the button was pressed. Raise InputError if the tune is deleted."""
        with using_language(await self._language(interaction, message)):
            view = await self._with_sum(interaction.client, message, visibility.visible_channels(interaction))
            await interaction.edit_original_response(view=view)

    async def _show_in_own_post(self, client: ChiptuneClient, message_id: int, language: str) -> None:
        """Show the sum in the tune's own post, if the button is in another message: a replay or an ephemeral one."""
        song, entry = await client.store.songs.get(self.song_id), await client.store.requests.get(self.song_id)
        if (
            song is None
            or entry is None
            or not (song.message_id and entry.channel_id)
            or song.message_id == str(message_id)
        ):
            return
        channel, own_id = client.get_partial_messageable(int(entry.channel_id)), int(song.message_id)

        async def edit() -> None:
            message = await channel.fetch_message(own_id)
            with using_language(language):
                await message.edit(view=await self._with_sum(client, message))

        await client.message_edits.run(own_id, edit)

    async def _with_sum(
        self, client: ChiptuneClient, message: discord.Message, channels: Collection[str] = ()
    ) -> ui.View | ui.LayoutView:
        """Return a message of the tune as it is, with the current sum. Raise InputError if the tune is deleted.

        channels: see `Songs.history`.
        """
        post = await layout.load_post(client, self.song_id)
        if not message.flags.components_v2:
            return classic_view(self.song_id, post.song.votes)
        names = [file.filename for file in message.attachments]
        # Only ephemeral messages have a family tree.
        more = await family_tree(client.store, post, channels) if message.flags.ephemeral else ""
        return post.layout(names, post_rows(post), head=_text_above(message), more=more)

    async def _language(self, interaction: AnyInteraction, message: discord.Message) -> str:
        """Return the language of a message. Every edit needs it, because edits may run in the task of another user."""
        return supported_locale(interaction.locale) if message.flags.ephemeral else await channel_locale(interaction)


class FilesButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:files:{SONG}"):
    """Sends every file of the tune to the user alone, with a button to delete the tune for those who may."""

    def __init__(self, song_id: str) -> None:
        super().__init__(song_id, ui.Button(label=say("Files"), emoji="💾", custom_id=f"chiptune:files:{song_id}"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Send the files that fit, as a classic message, in which Discord plays the sound and shows the picture."""
        post = await layout.load_post(client, self.song_id)
        post.check_files()
        await interaction.response.defer(thinking=True, ephemeral=True)
        title = escape(post.song.title)
        view = ui.View(timeout=None)
        if await deletable_songs(interaction, [post.song]):
            view.add_item(DeleteButton(post.song.id))

        async def send(names: layout.FileNames) -> discord.Message:
            files = post.open(names, stem=file_stem(post.song.title))
            text = say("The files of {title}", title=title) if names else say(FILES_TOO_LARGE)
            return await interaction.edit_original_response(content=text, attachments=files, view=view)

        await layout.send_largest(post.file_sets(interaction.filesize_limit, full=True), send)


def _text_above(message: discord.Message) -> str:
    """Return the text above a post, "" if there is none."""
    first = message.components[0] if message.components else None
    return first.content if isinstance(first, discord.TextDisplay) else ""
