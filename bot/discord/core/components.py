"""What buttons and menus have in common: they are made of their custom_id, and their errors are answered."""

from __future__ import annotations

import re
from typing import Any, Self

import discord
from discord import ui

from bot.discord.core import error_replies
from bot.discord.core.client import ChiptuneClient
from bot.store import GONE, Song
from generator.protocol.errors import InputError

SONG = r"(?P<song_id>[0-9a-f]{32})"
"""A tune's id in a custom_id."""
AnyInteraction = discord.Interaction[Any]


class PersistentComponent:
    """What is pressed, and answered even where that fails."""

    @classmethod
    async def from_custom_id(cls, interaction: AnyInteraction, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """Create the component again from its custom_id, whose groups are named like the constructor's parameters."""
        return cls(**match.groupdict())

    async def callback(self, interaction: AnyInteraction) -> None:
        """Answer a press; what is raised becomes a sentence for the one who pressed."""
        async with error_replies.answering(interaction):
            await self.respond(interaction, interaction.client)

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Do what the label says. May raise InputError."""
        raise NotImplementedError


class SongComponent(PersistentComponent):
    """Stands before `ui.DynamicItem` among the bases of what is pressed under a tune."""

    song_id: str

    def __init__(self, song_id: str, item: ui.Item[Any]) -> None:
        self.song_id = song_id
        super().__init__(item)  # type: ignore[call-arg]  # DynamicItem's

    async def get_song(self, client: ChiptuneClient) -> Song:
        """The tune. Raises InputError where it is gone."""
        if song := await client.store.songs.get(self.song_id):
            return song
        raise InputError(GONE)
