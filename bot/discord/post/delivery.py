"""Delivers answers to people on Discord: the backlog's delivery for the origin "discord".

An answer edits the placeholder of the interaction, which can be repeated safely. If that is no longer possible (its
token is valid for 15 minutes; channels and messages get deleted), the answer is a message in the channel; a nonce and a
search of the channel prevent duplicates. If the bot cannot write there either, it is a direct message. If that fails as
well, the tune is in the history only. Everything needed is in the row, so any process can answer any request.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import discord
from discord import ui
from discord.abc import Messageable

from bot.discord.core.client import ChiptuneClient
from bot.discord.core.message_access import (
    NONCE_LENGTH,
    GoneError,
    TextRejectedError,
    delivery_errors,
    find_message,
    gone_errors,
)
from bot.discord.core.placeholders import CLOSING_TEXT, text_view
from bot.discord.post.layout import TITLE_REJECTED, FileNames, Post, build_post, post_marker, send_largest
from bot.discord.queue.cancel import CancelButton
from bot.discord.queue.submission import Destination
from bot.languages import percent, say, using_language
from bot.requests.delivery import DeliveryError
from bot.requests.wait_times import QueuePosition
from bot.store import RequestRecord, Song
from bot.text import capital
from generator.protocol.errors import FAULT_SENTENCE
from generator.protocol.i18n import _

log = logging.getLogger(__name__)

TOKEN_SECONDS = 15 * 60 - 10.0
"""Discord's own limit, less the time that an upload may take."""
BAR_LENGTH = 10
POSTED_NOWHERE = _("Your tune is done, but Discord did not accept it here. It is in the history.")
LATE = _("For <@{user}>: this took longer than Discord keeps a reply open, so it is a separate message.")


class DiscordDelivery:
    """Delivers answers; see `bot.requests.delivery.Delivery` for what each method promises.

    rows: returns the rows of buttons under a tune.
    """

    def __init__(self, client: ChiptuneClient, rows: Callable[[Post], Iterable[ui.ActionRow[Any]]]) -> None:
        self._client = client
        self._rows = rows
        self._closed: set[str] = set()  # ids of requests whose placeholder can no longer be edited

    async def queued(self, entry: RequestRecord, place: QueuePosition) -> None:
        """Show that the request is accepted, its position in the queue, and the expected wait."""
        with using_language(_destination(entry).channel_language):
            await self._show_status(entry, say("Queued: {place}.", place=place.sentence))

    async def progress(self, entry: RequestRecord, fraction: float, stage: str) -> None:
        """Show the progress of the request."""
        done = round(fraction * BAR_LENGTH)
        with using_language(_destination(entry).channel_language):
            sentence = say(stage)
            bar = f"{'▰' * done}{'▱' * (BAR_LENGTH - done)} {percent(fraction)}"
            await self._show_status(entry, f"{capital(sentence)} {bar}")

    async def post(self, entry: RequestRecord, song: Song) -> str | None:
        """Post a tune. Return the message's id, or None if it is in no channel. Raise DeliveryError."""
        await self._client.logged_in.wait()
        self._closed.discard(entry.id)
        try:
            return await self._post(entry, song)
        except DeliveryError as error:
            if not error.retryable:
                await self.refuse(entry, FAULT_SENTENCE)
            raise

    async def refuse(self, entry: RequestRecord, sentence: str) -> None:
        """Delete the placeholder and tell the user alone why there is no tune. Raise DeliveryError."""
        await self._client.logged_in.wait()
        self._closed.discard(entry.id)
        to = _destination(entry)
        with delivery_errors(), using_language(to.language):
            try:
                with gone_errors("the placeholder"):
                    hook = self._hook(to)
                    with suppress(discord.NotFound):
                        await _edit(hook, to.message, text_view(CLOSING_TEXT))  # see error_replies.reply
                        await hook.delete_message(to.message)
                    await hook.send(say(sentence), ephemeral=True)
            except GoneError:
                await self._remove_placeholder(to)
                try:
                    with gone_errors("direct messages"):
                        channel = await self._client.create_dm(discord.Object(to.user))
                        await channel.send(say(sentence), nonce=entry.id[:NONCE_LENGTH])
                except GoneError as error:
                    log.warning("request %s: the user could not be told why it failed: %s", entry.id, error)

    async def cancelled(self, entry: RequestRecord, sentence: str) -> None:
        """Say in the placeholder that the request was cancelled. Raise DeliveryError."""
        await self._client.logged_in.wait()
        self._closed.discard(entry.id)
        to = _destination(entry)
        with delivery_errors(), using_language(to.channel_language):
            try:
                await self._update_placeholder(to, text_view(say(sentence)))
            except GoneError as error:
                log.info("request %s: %s", entry.id, error)

    async def _post(self, entry: RequestRecord, song: Song) -> str | None:
        """Post a tune in the first way that works. Raise DeliveryError."""
        to = _destination(entry)
        post = await build_post(self._client, entry, song)
        with delivery_errors(), using_language(to.channel_language):
            for way in (self._edit_placeholder, self._send_to_channel, self._send_directly):
                try:
                    return await _without_rejected_text(way, to, post)
                except GoneError as error:
                    log.info("request %s: %s", entry.id, error)
        log.warning("request %s: it could not be posted anywhere; the tune is in the history", entry.id)
        await self.refuse(entry, POSTED_NOWHERE)
        return None

    async def _show_status(self, entry: RequestRecord, text: str) -> None:
        """Show a text in the placeholder, with a button to cancel, while there is one. Raise DeliveryError."""
        await self._client.logged_in.wait()
        if entry.id in self._closed:
            return
        to = _destination(entry)
        try:
            with delivery_errors():
                await self._update_placeholder(to, text_view(text, CancelButton(entry.id)))
        except GoneError:
            self._closed.add(entry.id)

    async def _update_placeholder(self, to: Destination, view: ui.LayoutView) -> None:
        """Edit the placeholder: as the interaction's reply or, after that expires, as the bot. Raise GoneError."""
        try:
            with gone_errors("the placeholder"):
                await _edit(self._hook(to), to.message, view)
        except GoneError:
            if not to.reachable:
                raise
            message = self._client.get_partial_messageable(to.channel).get_partial_message(to.message)
            with gone_errors("the channel"):
                await message.edit(content=None, view=view, attachments=[])

    async def _edit_placeholder(self, to: Destination, post: Post) -> str:
        """Post by editing the interaction's own reply. Raise GoneError."""

        async def edit(names: FileNames) -> discord.Message:
            view = post.layout(names, self._rows(post), head=to.note)
            return await _edit(self._hook(to), to.message, view, post.open(names))

        with gone_errors("the placeholder"):
            return str((await send_largest(post.file_sets(to.limit), edit)).id)

    async def _send_to_channel(self, to: Destination, post: Post) -> str:
        """Post as a message of the bot in the same channel. Raise GoneError."""
        if not to.reachable:
            raise GoneError("the bot is not in that channel")
        with gone_errors("the channel"):
            message = await self._send_once(self._client.get_partial_messageable(to.channel), to, post)
        if message.id != to.message:
            await self._remove_placeholder(to)
        return str(message.id)

    async def _send_directly(self, to: Destination, post: Post) -> None:
        """Post as a direct message to the user. Nobody else sees it, so it does not become the tune's message.

        Raise GoneError.
        """
        with gone_errors("direct messages"):
            channel = await self._client.create_dm(discord.Object(to.user))
            with using_language(to.language):
                message = await self._send_once(channel, to, post)
        await self._client.store.messages.add(post.song.id, str(channel.id), str(message.id), str(to.user))

    async def _send_once(self, channel: Messageable, to: Destination, post: Post) -> discord.Message:
        """Send a tune unless the channel has it already. Return its message."""
        # A tune's post is known by a button that no other message has.
        if sent := await find_message(self._client, channel, post_marker(post.song.id), first=to.message):
            return sent

        async def send(names: FileNames) -> discord.Message:
            head = "\n".join(filter(None, (say(LATE, user=to.user), to.note)))
            view = post.layout(names, self._rows(post), head=head)
            return await channel.send(files=post.open(names), view=view, nonce=post.entry.id[:NONCE_LENGTH])

        return await send_largest(post.file_sets(to.limit), send)

    async def _remove_placeholder(self, to: Destination) -> None:
        """Delete the placeholder as the bot. If that fails, it stays, which does no harm."""
        if to.reachable:
            with suppress(discord.NotFound, discord.Forbidden):
                await self._client.get_partial_messageable(to.channel).get_partial_message(to.message).delete()

    def _hook(self, to: Destination) -> discord.Webhook:
        """Return the interaction's webhook. Raise GoneError if its token has expired."""
        if discord.utils.utcnow().timestamp() > to.created + TOKEN_SECONDS:
            raise GoneError("the interaction has expired")
        hook = discord.Webhook.partial(to.application, to.token, client=self._client)
        hook.type = discord.WebhookType.application
        return hook


async def _without_rejected_text(
    way: Callable[[Destination, Post], Awaitable[str | None]], to: Destination, post: Post
) -> str | None:
    """Post in one way; if the server does not allow the text, post without what people wrote and say so."""
    try:
        return await way(to, post)
    except TextRejectedError as error:
        log.info("request %s: %s", post.entry.id, error)
        return await way(replace(to, note=say(TITLE_REJECTED)), post.without_titles())


def _destination(entry: RequestRecord) -> Destination:
    """Return where the answer to a request goes."""
    return Destination.from_dict(entry.destination)


async def _edit(
    hook: discord.Webhook, message: int, view: ui.LayoutView, files: list[discord.File] = discord.utils.MISSING
) -> discord.Message:
    """Edit a placeholder, which makes it a message of components for good; such a message has no content."""
    # An earlier version of the bot left content, so it is removed explicitly. The library's types do not allow that.
    message_after: discord.Message = await hook.edit_message(  # type: ignore[call-overload]
        message, content=None, view=view, attachments=files
    )
    return message_after
