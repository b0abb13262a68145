"""Announces the stages of a contest in its server: one message per stage, the winner's with the tune itself.

Every message is sent once. The store first records the channel it goes to. Before a second attempt, the bot searches
that channel for the button that only this message has, and a nonce protects the time in between. Messages go to the
channel for tunes in the server's settings; if there is none or the bot cannot write in it, to the channel in which the
contest was started. They are in the server's language.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import discord
from discord import ui

from bot.discord.contest.buttons import NominateButton, VoteMenu
from bot.discord.contest.hall_of_fame import HallOfFameButton
from bot.discord.contest.pages import result_buttons, result_text, stage_message
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.locale import server_locale
from bot.discord.core.message_access import NONCE_LENGTH, GoneError, delivery_errors, find_message, gone_errors
from bot.discord.post import layout
from bot.discord.post.layout import FileNames, Post
from bot.languages import using_language
from bot.store import Announcement

log = logging.getLogger(__name__)

MARKER_IDS = {
    "nominating": lambda round_id: NominateButton(round_id).custom_id,
    "voting": lambda round_id: VoteMenu(round_id).custom_id,
    "over": lambda round_id: HallOfFameButton(round_id).custom_id,
}
"""The custom_id by which the message of a stage is recognised."""


class DiscordAnnouncer:
    """Announces stages on Discord; an implementation of `bot.contests.keeper.Announcer`."""

    def __init__(self, client: ChiptuneClient) -> None:
        self._client = client

    async def post(self, announcement: Announcement) -> str | None:
        """Send the message of a stage unless it has been sent. Return its id.

        Return None if the message cannot be sent or is no longer needed. Raise DeliveryError if sending fails.
        """
        await self._client.logged_in.wait()
        with delivery_errors(), using_language(await server_locale(self._client, announcement.round.scope)):
            async for channel_id in self._channels(announcement):
                await self._client.store.rounds.set_channel(announcement, channel_id)
                try:
                    with gone_errors(f"the channel {channel_id}"):
                        message = await self._send_once(announcement, int(channel_id))
                        return str(message.id) if message else None
                except GoneError as error:
                    log.info("the stage %s of a contest: %s", announcement.stage, error)
        log.warning("the stage %s of a contest cannot be announced in any channel", announcement.stage)
        return None

    async def refresh(self, announcement: Announcement) -> bool:
        """Update the message of a stage. Return False if it was deleted. Raise DeliveryError if the update fails."""
        await self._client.logged_in.wait()
        channel = self._client.get_partial_messageable(int(announcement.channel_id or 0))
        with delivery_errors(), using_language(await server_locale(self._client, announcement.round.scope)):
            try:
                await self._show(announcement, channel.get_partial_message(int(announcement.message_id or 0)))
            except discord.NotFound as error:
                log.info("the stage %s of a contest: %s", announcement.stage, error)
                return False
        return True

    async def _show(self, announcement: Announcement, message: discord.PartialMessage) -> None:
        """Update a message to the current state of its stage. A deleted winner is removed with its files."""
        if announcement.stage != "over":
            await message.edit(view=await stage_message(self._client, announcement.round, announcement.stage))
        elif post := await self._winner(announcement):
            await self._record(post, message)
            names = tuple(file.filename for file in (await message.fetch()).attachments)
            await message.edit(view=await self._result(announcement, post, names))
        else:
            await message.edit(view=await self._result(announcement, None), attachments=[])

    async def _channels(self, announcement: Announcement) -> AsyncIterator[str]:
        """Yield the channels to try, each once, starting with the one that was recorded in an earlier attempt."""
        settings = await self._client.store.servers.settings(announcement.round.scope)
        candidates = (announcement.channel_id, settings.channel_id, announcement.started_in)
        for channel_id in dict.fromkeys(filter(None, candidates)):
            yield channel_id

    async def _record(self, post: Post, message: discord.PartialMessage) -> None:
        """Record that a message holds a winner, so that it is deleted along with the tune or its maker's data."""
        maker = post.song.user_id or ""
        await self._client.store.messages.add(post.song.id, str(message.channel.id), str(message.id), maker)

    async def _send_once(self, announcement: Announcement, channel_id: int) -> discord.Message | None:
        """Send the message, or update it if it is already there. Return None if its stage ended before it was sent."""
        channel = self._client.get_partial_messageable(channel_id)
        if sent := await find_message(self._client, channel, MARKER_IDS[announcement.stage](announcement.round.id)):
            await self._show(announcement, sent)
            return sent
        if announcement.round.stage != announcement.stage:
            return None
        nonce = f"{announcement.stage[0]}{announcement.round.id}"[:NONCE_LENGTH]
        if announcement.stage != "over":
            view = await stage_message(self._client, announcement.round, announcement.stage)
            return await channel.send(view=view, nonce=nonce)
        post = await self._winner(announcement)
        if post is None:
            return await channel.send(view=await self._result(announcement, None), nonce=nonce)

        async def send(names: FileNames) -> discord.Message:
            view = await self._result(announcement, post, names)
            return await channel.send(view=view, files=post.open(names), nonce=nonce)

        complete = {post.song.audio, post.song.midi, post.song.picture} <= set(post.all_files())
        message = await layout.send_largest(post.file_sets(self._limit(announcement)) if complete else [()], send)
        await self._record(post, message)
        return message

    async def _winner(self, announcement: Announcement) -> Post | None:
        """Return the winner's post, or None if there is no winner or it has been deleted."""
        nominees = await self._client.store.contests.nominees(announcement.round.number)
        if not nominees or not nominees[0].won:
            return None
        song = nominees[0].song
        entry = await self._client.store.requests.get(song.id)
        return await layout.build_post(self._client, entry, song) if entry else None

    async def _result(self, announcement: Announcement, post: Post | None, names: FileNames = ()) -> ui.LayoutView:
        """Return the message about the end of a round. names: the winner's files in the message."""
        nominees = await self._client.store.contests.nominees(announcement.round.number)
        text = await result_text(self._client, announcement.round, nominees)
        buttons = result_buttons(announcement.round, post.song if post else None)
        if post is None:
            return ui.LayoutView(timeout=None).add_item(ui.TextDisplay(text)).add_item(buttons)
        return post.layout(names, [buttons], head=text)

    def _limit(self, announcement: Announcement) -> int:
        """Return how many bytes may be uploaded in the server."""
        guild = self._client.get_guild(int(announcement.round.scope))
        return guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
