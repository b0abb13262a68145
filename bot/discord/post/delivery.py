"""How people on Discord are answered: the backlog's poster for the origin "discord".

An answer edits the placeholder of the interaction, which can be repeated safely. Where that is no longer possible
(its token lives 15 minutes, channels and messages get deleted) it is a message in the channel, guarded against
doubles by a nonce and by a look at what is there already; where the bot cannot write there, a direct message; else
the tune is in the history alone. Everything comes from the row, so that any process can answer any request.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import discord
from discord import ui
from discord.abc import Messageable

from bot.discord.core.client import ChiptuneClient
from bot.discord.core.message_access import NONCE_LENGTH, GoneError, delivery_errors, find_message, gone_errors
from bot.discord.core.placeholders import CLOSING_TEXT, text_view
from bot.discord.post.layout import FileNames, Post, build_post, post_marker, send_largest
from bot.discord.queue.cancel import CancelButton
from bot.discord.queue.submission import Destination
from bot.languages import percent, say, speaking
from bot.requests.delivery import DeliveryError
from bot.requests.wait_times import Place
from bot.store import RequestRecord, Song
from bot.text import capital
from generator.protocol.errors import FAULT_SENTENCE
from generator.protocol.i18n import _

log = logging.getLogger(__name__)

TOKEN_SECONDS = 15 * 60 - 10.0
"""Discord's own limit, less the time that an upload may take to get there."""
BAR = 10
LATE = _("For <@{user}>: this took longer than Discord keeps an answer open, so it is a message of its own.")


class DiscordDelivery:
    """Answers requests; see `bot.requests.delivery.Poster` for what each method promises.

    rows: makes the rows of buttons under a tune.
    """

    def __init__(self, client: ChiptuneClient, rows: Callable[[Post], Iterable[ui.ActionRow[Any]]]) -> None:
        self._client = client
        self._rows = rows
        self._closed: set[str] = set()  # requests whose placeholder can no longer be written to

    async def queued(self, entry: RequestRecord, place: Place) -> None:
        """Say that the request is accepted, its place in the queue, and how long that will take."""
        with speaking(_to(entry).channel_language):
            await self._say(entry, say("Queued: {place}.", place=place.sentence))

    async def progress(self, entry: RequestRecord, fraction: float, stage: str) -> None:
        """Show how far it is."""
        done = round(fraction * BAR)
        with speaking(_to(entry).channel_language):
            said = say(stage)
            bar = f"{'▰' * done}{'▱' * (BAR - done)} {percent(fraction)}"
            await self._say(entry, f"{capital(said)} {bar}")

    async def post(self, entry: RequestRecord, song: Song) -> str | None:
        """Post a tune; the message's id, None where it is in no channel. Raises PostError."""
        await self._client.logged_in.wait()
        self._closed.discard(entry.id)
        try:
            return await self._post(entry, song)
        except DeliveryError as error:
            if not error.retryable:
                await self.refuse(entry, FAULT_SENTENCE)
            raise

    async def refuse(self, entry: RequestRecord, sentence: str) -> None:
        """Take the placeholder away and say why there is no tune, to the one who asked. Raises PostError."""
        await self._client.logged_in.wait()
        self._closed.discard(entry.id)
        to = _to(entry)
        with delivery_errors(), speaking(to.language):
            try:
                with gone_errors("the placeholder"):
                    hook = self._hook(to)
                    with suppress(discord.NotFound):
                        await _edit(hook, to.message, text_view(CLOSING_TEXT))  # see replies.tell
                        await hook.delete_message(to.message)
                    await hook.send(say(sentence), ephemeral=True)
            except GoneError:
                await self._remove_placeholder(to)
                try:
                    with gone_errors("direct messages"):
                        channel = await self._client.create_dm(discord.Object(to.user))
                        await channel.send(say(sentence), nonce=entry.id[:NONCE_LENGTH])
                except GoneError as error:
                    log.warning("request %s: nobody could be told why it failed: %s", entry.id, error)

    async def cancelled(self, entry: RequestRecord, sentence: str) -> None:
        """Say in the placeholder that it was taken back. Raises PostError."""
        await self._client.logged_in.wait()
        self._closed.discard(entry.id)
        to = _to(entry)
        with delivery_errors(), speaking(to.channel_language):
            try:
                await self._write(to, text_view(say(sentence)))
            except GoneError as error:
                log.info("request %s: %s", entry.id, error)

    async def _post(self, entry: RequestRecord, song: Song) -> str | None:
        """Post a tune in the first way that is open. Raises PostError."""
        to = _to(entry)
        post = await build_post(self._client, entry, song)
        with delivery_errors(), speaking(to.channel_language):
            for way in (self._edit_placeholder, self._send_to_channel, self._send_directly):
                try:
                    return await way(to, post)
                except GoneError as error:
                    log.info("request %s: %s", entry.id, error)
        log.warning("request %s: there is no way left to post it; it is in the history", entry.id)
        return None

    async def _say(self, entry: RequestRecord, text: str) -> None:
        """Put a text into the placeholder, for as long as that is there, and a way to cancel. Raises PostError."""
        await self._client.logged_in.wait()
        if entry.id in self._closed:
            return
        to = _to(entry)
        try:
            with delivery_errors():
                await self._write(to, text_view(text, CancelButton(entry.id)))
        except GoneError:
            self._closed.add(entry.id)

    async def _write(self, to: Destination, view: ui.LayoutView) -> None:
        """Write into the placeholder: as the interaction's answer, past its expiry as the bot. Raises GoneError."""
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
        """The first way: the interaction's own answer."""

        async def edit(names: FileNames) -> discord.Message:
            view = post.layout(names, self._rows(post), head=to.note)
            return await _edit(self._hook(to), to.message, view, post.open(names))

        with gone_errors("the placeholder"):
            return str((await send_largest(post.forms(to.limit), edit)).id)

    async def _send_to_channel(self, to: Destination, post: Post) -> str:
        """The second way: a message of the bot's in the same channel."""
        if not to.reachable:
            raise GoneError("the bot is not in that channel")
        with gone_errors("the channel"):
            message = await self._send_once(self._client.get_partial_messageable(to.channel), to, post)
        if message.id != to.message:
            await self._remove_placeholder(to)
        return str(message.id)

    async def _send_directly(self, to: Destination, post: Post) -> None:
        """The third way: to the one who asked; nobody else sees that message, so it is not the tune's own."""
        with gone_errors("direct messages"):
            channel = await self._client.create_dm(discord.Object(to.user))
            with speaking(to.language):
                message = await self._send_once(channel, to, post)
        await self._client.store.messages.add(post.song.id, str(channel.id), str(message.id), str(to.user))

    async def _send_once(self, channel: Messageable, to: Destination, post: Post) -> discord.Message:
        """Send a tune unless it is there already."""
        # A tune's post is known by a button that no other message has.
        if found := await find_message(self._client, channel, post_marker(post.song.id), first=to.message):
            return found

        async def send(names: FileNames) -> discord.Message:
            head = "\n".join(filter(None, (say(LATE, user=to.user), to.note)))
            view = post.layout(names, self._rows(post), head=head)
            return await channel.send(files=post.open(names), view=view, nonce=post.entry.id[:NONCE_LENGTH])

        return await send_largest(post.forms(to.limit), send)

    async def _remove_placeholder(self, to: Destination) -> None:
        """Take the placeholder away as the bot; one that stays does no harm."""
        if to.reachable:
            with suppress(discord.NotFound, discord.Forbidden):
                await self._client.get_partial_messageable(to.channel).get_partial_message(to.message).delete()

    def _hook(self, to: Destination) -> discord.Webhook:
        """The interaction's webhook; raises GoneError once its token has expired."""
        if discord.utils.utcnow().timestamp() > to.created + TOKEN_SECONDS:
            raise GoneError("the interaction has expired")
        hook = discord.Webhook.partial(to.application, to.token, client=self._client)
        hook.type = discord.WebhookType.application
        return hook


def _to(entry: RequestRecord) -> Destination:
    """Where the answer to a request goes."""
    return Destination.from_dict(entry.destination)


async def _edit(
    hook: discord.Webhook, message: int, view: ui.LayoutView, files: list[discord.File] = discord.utils.MISSING
) -> discord.Message:
    """Edit a placeholder, which becomes a message of components and stays one; such a message has no content."""
    # The content is taken away by name because an earlier version left some; the library's types know no such case.
    edited: discord.Message = await hook.edit_message(  # type: ignore[call-overload]
        message, content=None, view=view, attachments=files
    )
    return edited
