"""The buttons under a tune. All they need is in their custom_id: they outlive a restart.

What a take or a vote does to the rows is the backlog's and the store's.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import discord
from discord import ui

from bot.discord import asking, history, replies
from generator.contract import InputError, random_seed

if TYPE_CHECKING:
    from bot.discord.client import ChiptuneClient

Button = ui.Button[ui.View]
UP, DOWN = "👍", "👎"
GONE = "This tune is no longer in the history."


def song_view(song_id: str, votes: int) -> ui.View:
    """The buttons under a tune. votes: the sum, shown on the first thumb."""
    view = ui.View(timeout=None)
    view.add_item(AnotherTake(song_id))
    view.add_item(Vote(song_id, 1, votes))
    view.add_item(Vote(song_id, -1, votes))
    return view


class AnotherTake(ui.DynamicItem[Button], template=r"chiptune:take:(?P<song>[0-9a-f]{32})"):
    """The same request again with another seed."""

    def __init__(self, song_id: str) -> None:
        self.song_id = song_id
        super().__init__(
            ui.Button(
                label="Another take",
                style=discord.ButtonStyle.primary,
                emoji="🎲",
                custom_id=f"chiptune:take:{song_id}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """From what Discord sends back."""
        return cls(match["song"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Ask for the tune's request with a new seed."""
        async with replies.answering(interaction):
            client: ChiptuneClient = interaction.client
            parent = await client.store.requests.get(self.song_id)
            if parent is None:
                raise InputError(GONE)
            request = replace(parent.request, seed=random_seed())
            message = await asking.defer(interaction)
            await asking.submit(interaction, message, request, parent=self.song_id)


class Vote(ui.DynamicItem[Button], template=r"chiptune:vote:(?P<value>up|down):(?P<song>[0-9a-f]{32})"):
    """A thumb up or down; pressed again it is taken back. votes: the sum, shown on the thumb up."""

    def __init__(self, song_id: str, value: int, votes: int = 0) -> None:
        self.song_id = song_id
        self.value = value
        super().__init__(
            ui.Button(
                label=str(votes) if value > 0 else None,
                emoji=UP if value > 0 else DOWN,
                custom_id=f"chiptune:vote:{'up' if value > 0 else 'down'}:{song_id}",
            )
        )

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str]
    ) -> Self:
        """From what Discord sends back."""
        return cls(match["song"], 1 if match["value"] == "up" else -1)

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Set, change or take back this person's vote, and show the new sum."""
        async with replies.answering(interaction):
            client: ChiptuneClient = interaction.client
            store, voter = client.store, str(interaction.user.id)
            song = await store.songs.get(self.song_id)
            if song is None:
                raise InputError(GONE)
            before = await store.votes.of(song.id, voter)
            votes = await store.votes.cast(song.id, voter, 0 if before == self.value else self.value)
            await interaction.response.edit_message(view=song_view(song.id, votes))


BUTTONS = (AnotherTake, Vote, history.Older)
