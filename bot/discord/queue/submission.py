"""Translates interactions into submissions: who asks where, what an attachment holds, and where the answer goes.

Refusals come before the reply is deferred, so that only the user sees them. What a submission becomes is left to
`bot.requests.submissions`, how its answer looks to `bot.discord.post`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

import aiohttp
import discord

from bot.discord.core import locale, placeholders, visibility
from bot.discord.core.client import ChiptuneClient
from bot.discord.queue import choose_file, server_defaults
from bot.languages import NATIVE
from bot.requests.submissions import PENDING_DIGEST, Acknowledge, Defaults, Options, Origin, Upload, make_request
from bot.store import Song
from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.uploads import ACCEPTED_SUFFIXES, MAX_UPLOAD_BYTES, UNKNOWN, ChooseFile, check_size

FETCH_SECONDS = 20.0
CHUNK_BYTES = 64 * 1024
NO_SOURCE = _("Give either a MIDI file or a tune made here.")
FETCH_FAILED = _("The file could not be fetched from Discord: please send it again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the answer to a request goes, as the request's row stores it until it is answered.

    token: the interaction's token, valid for 15 minutes after `created` (seconds since 1970). message: the id of the
    placeholder. limit: how many bytes may be uploaded. reachable: whether the bot itself can write in the channel; it
    cannot if only a user has installed it. note: shown above the tune. language: of the user. channel_language: of all
    who see the channel. Both are keys of `bot.languages.LANGUAGES`.
    """

    application: int
    token: str = field(repr=False)
    created: float
    message: int
    channel: int
    user: int
    limit: int
    reachable: bool
    note: str = ""
    language: str = NATIVE
    channel_language: str = NATIVE

    def to_dict(self) -> dict[str, Any]:
        """Return the destination as the row stores it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Destination:
        """Return the destination that a row stores."""
        return cls(**data)


async def generate(interaction: discord.Interaction[ChiptuneClient], options: Options) -> None:
    """Submit a new tune. Raise InputError."""
    await server_defaults.check_tune_channel(interaction)
    await interaction.client.submissions.generate(_origin(interaction), options, _acknowledge(interaction))


async def another_take(interaction: discord.Interaction[ChiptuneClient], song_id: str) -> None:
    """Submit the request of a tune again, with another seed. Raise InputError."""
    await server_defaults.check_tune_channel(interaction)
    await interaction.client.submissions.another_take(_origin(interaction), song_id, _acknowledge(interaction))


async def remix(interaction: discord.Interaction[ChiptuneClient], source: Song | Upload, options: Options) -> None:
    """Submit a remix of a tune or an upload, and ask first if a zip holds several files. Raise InputError."""
    await server_defaults.check_tune_channel(interaction)
    try:
        await interaction.client.submissions.remix(_origin(interaction), source, options, _acknowledge(interaction))
    except ChooseFile as error:
        if not isinstance(source, Upload):
            raise
        upload = source

        async def go_on(chosen: discord.Interaction[ChiptuneClient], name: str) -> None:
            await remix(chosen, replace(upload, member=name), options)

        await choose_file.ask(interaction, error, go_on)


async def find_source(
    interaction: discord.Interaction[ChiptuneClient],
    file: discord.Attachment | None,
    song_id: str | None,
    options: Options,
) -> Song | Upload:
    """Return what a remix is made from: either the file or the tune.

    Raise InputError unless exactly one is given, and before that if the options of the remix are invalid.
    """
    make_request(options, upload=PENDING_DIGEST)
    if file is not None and song_id is None:
        return upload_of(interaction.client, file)
    if song_id is not None and file is None:
        return await visibility.find_song(interaction, song_id)
    raise InputError(NO_SOURCE)


def upload_of(client: ChiptuneClient, attachment: discord.Attachment) -> Upload:
    """Return an attachment as an upload that is fetched later. Raise InputError if its name or size rule it out."""
    if not attachment.filename.lower().endswith(ACCEPTED_SUFFIXES):
        raise InputError(UNKNOWN)
    check_size(b"", declared=attachment.size)

    async def read() -> bytes:
        return await client.fetch(attachment)

    return Upload(_name_of(attachment), read)


def _name_of(attachment: discord.Attachment) -> str:
    """Return the name that the sender gave a file. Discord replaces names with other letters than ASCII's."""
    return f"{attachment.title}{PurePosixPath(attachment.filename).suffix}" if attachment.title else attachment.filename


async def fetch(session: aiohttp.ClientSession, url: str) -> bytes:
    """Return the bytes of an attachment, at most one more than an upload may have. Raise InputError."""
    data = bytearray()
    try:
        async with asyncio.timeout(FETCH_SECONDS), session.get(url) as response:
            response.raise_for_status()
            while len(data) <= MAX_UPLOAD_BYTES and (chunk := await response.content.read(CHUNK_BYTES)):
                data += chunk
    except (TimeoutError, aiohttp.ClientError) as error:
        raise InputError(FETCH_FAILED) from error
    return bytes(data)


def _origin(interaction: discord.Interaction[ChiptuneClient]) -> Origin:
    """Return who submits something, and where."""
    return Origin(
        name="discord",
        scope=visibility.scope_of(interaction),
        user_id=str(interaction.user.id),
        channel_id=str(interaction.channel_id or 0),
        only_in=visibility.restricted_to(interaction),
    )


def _acknowledge(interaction: discord.Interaction[ChiptuneClient]) -> Acknowledge:
    """Return how a submission is acknowledged: with a public placeholder, which the answer replaces."""

    async def acknowledge(defaults: Defaults) -> Mapping[str, Any]:
        note = await server_defaults.defaults_note(interaction, defaults)
        return Destination(
            message=await placeholders.defer_reply(interaction),
            application=interaction.application_id,
            token=interaction.token,
            created=interaction.created_at.timestamp(),
            channel=interaction.channel_id or 0,
            user=interaction.user.id,
            limit=interaction.filesize_limit,
            reachable=interaction.is_guild_integration() or interaction.context.dm_channel,
            note=note,
            language=locale.supported_locale(interaction.locale),
            channel_language=await locale.channel_locale(interaction),
        ).to_dict()

    return acknowledge
