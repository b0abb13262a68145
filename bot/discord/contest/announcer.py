"""How servers are told of their contest: a message for each stage, the winner's with the tune itself.

A message is sent once: where it goes is written down first, and before a second try it is looked for there by a button
that only it has; a nonce guards the moments between. It goes into the channel for tunes of the server's settings, or
where there is none, or the bot cannot write in it, into the channel in which the contest was started. It is in the
server's language.
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
from bot.discord.core.locale import of_server
from bot.discord.core.message_access import NONCE_LENGTH, GoneError, find, gone_errors, post_errors
from bot.discord.post import layout
from bot.discord.post.layout import Names, Post
from bot.languages import speaking
from bot.store import Announcement

log = logging.getLogger(__name__)

MARKER_IDS = {
    "nominating": lambda round_id: NominateButton(round_id).custom_id,
    "voting": lambda round_id: VoteMenu(round_id).custom_id,
    "over": lambda round_id: HallOfFameButton(round_id).custom_id,
}
"""What a stage's message is known by."""


class DiscordAnnouncer:
    """Announces stages; see `bot.contests.keeper.Announcer` for what each method promises."""

    def __init__(self, client: ChiptuneClient) -> None:
        self._client = client

    async def post(self, announcement: Announcement) -> str | None:
        """Send a stage's message, unless it is there; its id, None where it cannot or need not be. Raises PostError."""
        await self._client.logged_in.wait()
        with post_errors(), speaking(await of_server(self._client, announcement.round.scope)):
            async for channel_id in self._channels(announcement):
                await self._client.store.rounds.aim(announcement, channel_id)
                try:
                    with gone_errors(f"the channel {channel_id}"):
                        message = await self._send_once(announcement, int(channel_id))
                        return str(message.id) if message else None
                except GoneError as error:
                    log.info("the stage %s of a contest: %s", announcement.stage, error)
        log.warning("the stage %s of a contest can be told of nowhere", announcement.stage)
        return None

    async def refresh(self, announcement: Announcement) -> bool:
        """Show in a message what is true by now; False where it is gone. Raises PostError."""
        await self._client.logged_in.wait()
        channel = self._client.get_partial_messageable(int(announcement.channel_id or 0))
        with post_errors(), speaking(await of_server(self._client, announcement.round.scope)):
            try:
                await self._show(announcement, channel.get_partial_message(int(announcement.message_id or 0)))
            except discord.NotFound as error:
                log.info("the stage %s of a contest: %s", announcement.stage, error)
                return False
        return True

    async def _show(self, announcement: Announcement, message: discord.PartialMessage) -> None:
        """Edit a message of a stage; a winner that is deleted leaves it with its files."""
        if announcement.stage != "over":
            await message.edit(view=await stage_message(self._client, announcement.round, announcement.stage))
        elif post := await self._winner(announcement):
            await self._note(post, message)
            names = tuple(file.filename for file in (await message.fetch()).attachments)
            await message.edit(view=await self._result(announcement, post, names))
        else:
            await message.edit(view=await self._result(announcement, None), attachments=[])

    async def _channels(self, announcement: Announcement) -> AsyncIterator[str]:
        """Where it may go, each channel once; first where it was to go when the bot was last here."""
        settings = await self._client.store.servers.settings(announcement.round.scope)
        wanted = (announcement.channel_id, settings.channel_id, announcement.started_in)
        for channel_id in dict.fromkeys(filter(None, wanted)):
            yield channel_id

    async def _note(self, post: Post, message: discord.PartialMessage) -> None:
        """Write down that a message holds a winner, so that it goes with the tune and with the one who made it."""
        maker = post.song.user_id or ""
        await self._client.store.messages.add(post.song.id, str(message.channel.id), str(message.id), maker)

    async def _send_once(self, announcement: Announcement, channel_id: int) -> discord.Message | None:
        """Send it, or show it anew where it is there already; None where its stage was over before it was sent."""
        channel = self._client.get_partial_messageable(channel_id)
        if found := await find(self._client, channel, MARKER_IDS[announcement.stage](announcement.round.id)):
            await self._show(announcement, found)
            return found
        if announcement.round.stage != announcement.stage:
            return None
        nonce = f"{announcement.stage[0]}{announcement.round.id}"[:NONCE_LENGTH]
        if announcement.stage != "over":
            view = await stage_message(self._client, announcement.round, announcement.stage)
            return await channel.send(view=view, nonce=nonce)
        post = await self._winner(announcement)
        if post is None:
            return await channel.send(view=await self._result(announcement, None), nonce=nonce)

        async def send(names: Names) -> discord.Message:
            view = await self._result(announcement, post, names)
            return await channel.send(view=view, files=post.open(names), nonce=nonce)

        whole = {post.song.audio, post.song.midi, post.song.picture} <= set(post.all_files())
        sent = await layout.send_fitting(post.forms(self._limit(announcement)) if whole else [()], send)
        await self._note(post, sent)
        return sent

    async def _winner(self, announcement: Announcement) -> Post | None:
        """The winner's post, None where there is no winner or it is deleted by now."""
        nominees = await self._client.store.contests.nominees(announcement.round.number)
        if not nominees or not nominees[0].won:
            return None
        song = nominees[0].song
        entry = await self._client.store.requests.get(song.id)
        return await layout.build_post(self._client, entry, song) if entry else None

    async def _result(self, announcement: Announcement, post: Post | None, names: Names = ()) -> ui.LayoutView:
        """How a round ended. names: of the winner's files in the message."""
        nominees = await self._client.store.contests.nominees(announcement.round.number)
        text = await result_text(self._client, announcement.round, nominees)
        buttons = result_buttons(announcement.round, post.song if post else None)
        if post is None:
            return ui.LayoutView(timeout=None).add_item(ui.TextDisplay(text)).add_item(buttons)
        return post.layout(names, [buttons], head=text)

    def _limit(self, announcement: Announcement) -> int:
        """The bytes that may be uploaded in the server."""
        guild = self._client.get_guild(int(announcement.round.scope))
        return guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
