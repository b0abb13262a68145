"""What buttons and menus share: they are created again from their custom_id, and their errors become replies."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ui

from bot.discord.core import error_replies
from bot.discord.core.client import ChiptuneClient
from bot.store import SONG_DELETED, Song
from generator.protocol.errors import InputError

SONG = r"(?P<song_id>[0-9a-f]{32})"
"""Matches the id of a tune in a custom_id."""
AnyInteraction = discord.Interaction[Any]


class PersistentComponent:
    """A button or menu that answers every use of it, even if that fails; a mixin that goes before `ui.DynamicItem`."""

    @classmethod
    async def from_custom_id(cls, interaction: AnyInteraction, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """Create the component again from its custom_id, whose groups are named like the constructor's parameters."""
        return cls(**match.groupdict())

    async def callback(self, interaction: AnyInteraction) -> None:
        """Answer the user; an error becomes a sentence that only they see."""
        async with error_replies.answering(interaction):
            await self.respond(interaction, interaction.client)

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Do what the label says. May raise InputError."""
        raise NotImplementedError


class SongComponent(PersistentComponent):
    """A button or menu of a tune; a mixin that goes before `ui.DynamicItem`."""

    song_id: str

    def __init__(self, song_id: str, item: ui.Item[Any]) -> None:
        self.song_id = song_id
        super().__init__(item)  # type: ignore[call-arg]  # DynamicItem's argument

    async def get_song(self, client: ChiptuneClient) -> Song:
        """Return the tune. Raise InputError if it is deleted."""
        if song := await client.store.songs.get(self.song_id):
            return song
        raise InputError(SONG_DELETED)
