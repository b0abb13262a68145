"""From an interaction to a row in the backlog: the defer, the upload, and what is kept in order to answer later.

The edge's refusals come before the defer, so that they can be an answer to the one who asked alone. What an answer
looks like is left to `posts`, and its way back to `poster`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import aiohttp
import discord

from bot.discord.core import locale, placeholders, visibility
from bot.discord.core.client import ChiptuneClient
from bot.discord.queue import server_defaults
from bot.languages import NATIVE
from bot.store import Asker, Song
from bot.text import clean_file_name
from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.requests import Request, random_seed
from generator.protocol.uploads import MAX_UPLOAD_BYTES, check_upload, digest

FETCH_SECONDS = 20.0
CHUNK_BYTES = 64 * 1024
MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".rmi", ".smf")
NO_SOURCE = _("Give a MIDI file, or a tune made here: one of the two.")
UNKNOWN_DIGEST = "0" * 64
"""Stands for a file's digest until the file is here, so that everything else is checked before."""
FETCH_FAILED = _("The file could not be fetched from Discord: please send it again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the answer to a request goes; kept with its row, and forgotten with the answer.

    token: the interaction's, good for 15 minutes after `created` (seconds since 1970). message: the placeholder's id.
    limit: bytes that may be uploaded. reachable: whether the bot itself can write in the channel, which it cannot
    where only a person has installed it. note: stands above the tune. language: of the one who asked, and
    channel_language: of all who see the channel, each one of `bot.languages`.
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
        """As the row holds it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Destination:
        """From the row."""
        return cls(**data)


def check_attachment(attachment: discord.Attachment) -> None:
    """What can be said of an upload before it is fetched; raises InputError."""
    if not attachment.filename.lower().endswith(MIDI_SUFFIXES):
        raise InputError(_("That is not a MIDI file: its name should end in .mid."))
    check_upload(b"MThd" if attachment.size else b"", declared=attachment.size)


async def fetch(session: aiohttp.ClientSession, url: str) -> bytes:
    """An attachment's bytes, no more of them than an upload may have and one. Raises InputError."""
    data = bytearray()
    try:
        async with asyncio.timeout(FETCH_SECONDS), session.get(url) as response:
            response.raise_for_status()
            while len(data) <= MAX_UPLOAD_BYTES and (chunk := await response.content.read(CHUNK_BYTES)):
                data += chunk
    except (TimeoutError, aiohttp.ClientError) as error:
        raise InputError(FETCH_FAILED) from error
    return bytes(data)


@dataclass(frozen=True, slots=True)
class Source:
    """What is remixed: an upload, or a tune made here, which becomes the parent."""

    file: discord.Attachment | None
    song: Song | None

    @property
    def parent(self) -> str | None:
        """The id of the tune that a remix comes from."""
        return self.song.id if self.song else None

    async def read(self, client: ChiptuneClient) -> tuple[bytes, str | None]:
        """(the MIDI file's bytes, its name). Raises InputError."""
        if self.song:
            return await client.backlog.files.midi_of(self.song), clean_file_name(f"{self.song.title}.mid")
        if self.file is None:
            raise InputError(NO_SOURCE)
        return await client.fetch(self.file), clean_file_name(self.file.filename)


async def find_source(
    interaction: discord.Interaction[ChiptuneClient], file: discord.Attachment | None, song_id: str | None
) -> Source:
    """What a remix is of: one of a file and of a tune made here. Raises InputError."""
    if (file is None) == (song_id is None):
        raise InputError(NO_SOURCE)
    if file is not None:
        check_attachment(file)
        return Source(file, None)
    return Source(None, await visibility.find_song(interaction, song_id or ""))


async def submit_remix(
    interaction: discord.Interaction[ChiptuneClient], wanted: Request, source: Source, sound: str | None = None
) -> None:
    """Ask for a remix, whose request still has `UNKNOWN_DIGEST`: defer, fetch, and submit. Raises InputError.

    sound: what plays it; None: what played the tune that it is of, for a file as usual in the server.
    """
    message = await defer(interaction)
    data, name = await source.read(interaction.client)
    check_upload(data)
    if sound is None and source.song and (entry := await interaction.client.store.requests.get(source.song.id)):
        sound = entry.request.sound
    request = replace(
        wanted, upload=digest(data), name=name, sound=sound or await server_defaults.default_sound(interaction)
    )
    await submit(interaction, message, request, upload=data, parent=source.parent)


async def submit_rework(
    interaction: discord.Interaction[ChiptuneClient], song: Song, mode: str, **options: object
) -> None:
    """Ask for a tune made here to be written on. options: fields that the mode has a use for. Raises InputError."""
    wanted = Request.from_dict({"mode": mode, "upload": UNKNOWN_DIGEST, "seed": random_seed(), **options})
    await submit_remix(interaction, wanted, Source(None, song))


async def defer(interaction: discord.Interaction[ChiptuneClient]) -> int:
    """Promise a public answer; the placeholder's message id.

    Raises InputError, before anything is promised, where tunes belong elsewhere, and LimitError where the person or the
    server has enough already.
    """
    await server_defaults.check_tune_channel(interaction)
    await interaction.client.backlog.check_limits(
        Asker("discord", str(interaction.user.id), visibility.scope_of(interaction))
    )
    return await placeholders.defer_reply(interaction)


async def submit(
    interaction: discord.Interaction[ChiptuneClient],
    message: int,
    request: Request,
    *,
    upload: bytes | None = None,
    parent: str | None = None,
    note: str = "",
) -> None:
    """Write the row of a deferred interaction; the backlog then says "queued". Raises InputError.

    note: a line to stand above the tune.
    """
    destination = Destination(
        application=interaction.application_id,
        token=interaction.token,
        created=interaction.created_at.timestamp(),
        message=message,
        channel=interaction.channel_id or 0,
        user=interaction.user.id,
        limit=interaction.filesize_limit,
        reachable=interaction.is_guild_integration() or interaction.context.dm_channel,
        note=note,
        language=locale.supported_locale(interaction.locale),
        channel_language=await locale.channel_locale(interaction),
    )
    await interaction.client.backlog.accept(
        request,
        origin="discord",
        destination=destination.to_dict(),
        user_id=str(interaction.user.id),
        scope=visibility.scope_of(interaction),
        channel_id=str(destination.channel),
        only_in=visibility.restricted_to(interaction),
        parent=parent,
        upload=upload,
    )
