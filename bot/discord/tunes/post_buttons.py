"""The buttons under a tune that a press is enough for. All they need is in their custom_id: they outlive a restart.

What a take or a vote does to the rows is the backlog's and `voting`'s; what asks for more than a press is in
`reworking` and `reporting`.
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
from bot.languages import say, speaking
from bot.voting import OWN
from generator.protocol.i18n import _, ngettext

EXTEND_BARS = 8
UP, DOWN = "👍", "👎"
FILES_TOO_LARGE = _("The files are over Discord's limit: they cannot be sent here.")
Row = ui.ActionRow[Any]


def post_rows(post: layout.Post) -> tuple[Row, ...]:
    """The rows under a tune: what to make of it, what to think of it, and a channel to write anew."""
    song = post.song
    make: Row = ui.ActionRow(AnotherTakeButton(song.id), ExtendButton(song.id), RemixButton(song.id))
    rate: Row = ui.ActionRow(
        VoteButton(song.id, 1, song.votes), VoteButton(song.id, -1), FilesButton(song.id), ReportButton(song.id)
    )
    if post.public_url:
        rate.add_item(ui.Button(label=say("On the web"), url=f"{post.public_url}/files/{song.id}/{song.audio}"))
    return make, ui.ActionRow(RewriteMenu(song.id)), rate


def classic_view(song_id: str, votes: int) -> ui.View:
    """The buttons under a tune that was posted as an embed, by an earlier version."""
    view = ui.View(timeout=None)
    for button in (AnotherTakeButton(song_id), VoteButton(song_id, 1, votes), VoteButton(song_id, -1)):
        view.add_item(button)
    return view


class AnotherTakeButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:take:{SONG}"):
    """The same request again with another seed."""

    def __init__(self, song_id: str) -> None:
        blue = discord.ButtonStyle.primary
        super().__init__(
            song_id, ui.Button(label=say("Another take"), emoji="🎲", style=blue, custom_id=layout.post_marker(song_id))
        )

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Ask for the tune's request with a new seed."""
        with client.debouncer.once(interaction.user.id, self.custom_id):
            await submission.another_take(interaction, self.song_id)


class ExtendButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:extend:{SONG}"):
    """The tune, and some bars more."""

    def __init__(self, song_id: str) -> None:
        label = say(ngettext("Extend by {n} bar", "Extend by {n} bars").counted(EXTEND_BARS))
        super().__init__(song_id, ui.Button(label=label, emoji="➡️", custom_id=f"chiptune:extend:{song_id}"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Ask for the tune to be continued."""
        song = await self.get_song(client)
        with client.debouncer.once(interaction.user.id, self.custom_id):
            await submission.remix(interaction, song, {"mode": "continue", "bars": EXTEND_BARS})


class VoteButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:vote:(?P<value>up|down):{SONG}"):
    """A thumb up or down; pressed again it is taken back. votes: the sum, shown on the thumb up."""

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
        """From what Discord sends back."""
        return cls(match["song_id"], 1 if match["value"] == "up" else -1)

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Set, change or take back this person's vote; every post that is pressed shows the sum in the end."""
        await interaction.response.defer()  # first: a hundred votes wait for the disk one after the other
        cast = await client.voting.toggle(self.song_id, str(interaction.user.id), self.value)
        if cast.first_own:
            await interaction.followup.send(say(OWN), ephemeral=True)
        if message := interaction.message:
            await client.message_edits.run(message.id, lambda: self._show_here(interaction, message))
            await self._show_at_home(client, message.id, await channel_locale(interaction))

    async def _show_here(self, interaction: AnyInteraction, message: discord.Message) -> None:
        """Show the sum as it is by now where the button was pressed. Raises InputError where the tune is gone."""
        with speaking(await self._language(interaction, message)):
            view = await self._with_sum(interaction.client, message, visibility.visible_channels(interaction))
            await interaction.edit_original_response(view=view)

    async def _show_at_home(self, client: ChiptuneClient, pressed: int, language: str) -> None:
        """The same in the tune's own post, where another message was pressed: a replay, or what one person sees."""
        song, entry = await client.store.songs.get(self.song_id), await client.store.requests.get(self.song_id)
        if (
            song is None
            or entry is None
            or not (song.message_id and entry.channel_id)
            or song.message_id == str(pressed)
        ):
            return
        channel, home = client.get_partial_messageable(int(entry.channel_id)), int(song.message_id)

        async def edit() -> None:
            message = await channel.fetch_message(home)
            with speaking(language):
                await message.edit(view=await self._with_sum(client, message))

        await client.message_edits.run(home, edit)

    async def _with_sum(
        self, client: ChiptuneClient, message: discord.Message, channels: Collection[str] = ()
    ) -> ui.View | ui.LayoutView:
        """A message of the tune as it is, with the sum of now. Raises InputError where the tune is gone.

        channels: as for `Songs.history`.
        """
        post = await layout.load_post(client, self.song_id)
        if not message.flags.components_v2:
            return classic_view(self.song_id, post.song.votes)
        names = [file.filename for file in message.attachments]
        # Only what one person alone sees has a family tree.
        more = await family_tree(client.store, post, channels) if message.flags.ephemeral else ""
        return post.layout(names, post_rows(post), head=_head(message), more=more)

    async def _language(self, interaction: AnyInteraction, message: discord.Message) -> str:
        """The language of those who see a message. Edits are made in any task: each says its language by itself."""
        return supported_locale(interaction.locale) if message.flags.ephemeral else await channel_locale(interaction)


class FilesButton(SongComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:files:{SONG}"):
    """Every file of the tune, to the one who asks alone; a way to delete it for those who may."""

    def __init__(self, song_id: str) -> None:
        super().__init__(song_id, ui.Button(label=say("Files"), emoji="💾", custom_id=f"chiptune:files:{song_id}"))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Send what fits; a classic message, in which Discord plays the sound and shows the picture in place."""
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


def _head(message: discord.Message) -> str:
    """What stands above a post."""
    first = message.components[0] if message.components else None
    return first.content if isinstance(first, discord.TextDisplay) else ""
