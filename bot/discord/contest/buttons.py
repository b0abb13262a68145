"""What is pressed in a contest: a tune is nominated or voted for.

Buttons and menus hold the round's id in their custom_ids and outlive a restart; those of a round that is over say so.
What the messages look like is in `contest_pages`, the hall of fame in `contest_fame`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

import discord
from discord import ui

from bot.discord.core.autocomplete import CHOICE_LENGTH, MAX_CHOICES, described
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import Press, Pressed
from bot.discord.core.markdown import inert
from bot.discord.core.visibility import scope_of
from bot.languages import command, say
from bot.store import Song
from bot.store.contest.entries import NOT_NOMINATING
from bot.text import plain
from generator.protocol.errors import InputError
from generator.protocol.i18n import _

ROUND = r"(?P<round>[0-9a-f]{32})"
"""A round's id in a custom_id."""
CHOOSE_TUNE = _("Which of the newest tunes made here? `{nominate}` finds older ones.").format(
    nominate=command("contest nominate")
)
NOTHING_TO_NOMINATE = _("There is no tune here that could be nominated: those that won before cannot.")
NOMINATED = _("{title} is nominated.")
VOTED = _("Your vote is for {title}. It can be changed until the round is over.")


class RoundComponent(Pressed):
    """Stands before `ui.DynamicItem` among the bases of what is pressed in a round."""

    round_id: str

    def __init__(self, round_id: str, item: ui.Item[Any]) -> None:
        self.round_id = round_id
        super().__init__(item)  # type: ignore[call-arg]  # DynamicItem's

    @classmethod
    async def from_custom_id(cls, interaction: Press, item: ui.Item[Any], match: re.Match[str]) -> Self:
        """From what Discord sends back."""
        return cls(match["round"])  # type: ignore[call-arg]  # each kind makes its own item


class NominateButton(RoundComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:contest:pick:{ROUND}"):
    """Shows the tunes that can be nominated, to the one who presses alone."""

    def __init__(self, round_id: str) -> None:
        blue = discord.ButtonStyle.primary
        custom_id = f"chiptune:contest:pick:{round_id}"
        super().__init__(round_id, ui.Button(label=say("Nominate…"), emoji="✋", style=blue, custom_id=custom_id))

    async def pressed(self, interaction: Press, client: ChiptuneClient) -> None:
        """Show a menu of the newest ones."""
        here = scope_of(interaction)
        found = await client.store.contests.get(here, self.round_id)
        if found is None or found.stage != "nominating":
            raise InputError(NOT_NOMINATING)
        songs = await client.store.contests.nominatable(here, MAX_CHOICES)
        if not songs:
            raise InputError(NOTHING_TO_NOMINATE)
        view = ui.View(timeout=None).add_item(NominateMenu(self.round_id, songs))
        await interaction.response.send_message(say(CHOOSE_TUNE), view=view, ephemeral=True)


class NominateMenu(RoundComponent, ui.DynamicItem[ui.Select[Any]], template=rf"chiptune:contest:nominate:{ROUND}"):
    """Nominates the tune that is chosen. songs: those that can be."""

    def __init__(self, round_id: str, songs: Sequence[Song] = ()) -> None:
        menu: ui.Select[Any] = ui.Select(
            placeholder=say("A tune to nominate…"),
            options=[_option(song, described(song)) for song in songs],
            custom_id=f"chiptune:contest:nominate:{round_id}",
        )
        super().__init__(round_id, menu)

    async def pressed(self, interaction: Press, client: ChiptuneClient) -> None:
        """Nominate it, and say so in place of the menu."""
        await interaction.response.defer()
        said = await nominate(interaction, self.item.values[0], self.round_id)
        await interaction.edit_original_response(content=said, view=None)


class VoteMenu(RoundComponent, ui.DynamicItem[ui.Select[Any]], template=rf"chiptune:contest:vote:{ROUND}"):
    """Sets the vote of the one who chooses. songs: the round's."""

    def __init__(self, round_id: str, songs: Sequence[Song] = ()) -> None:
        menu: ui.Select[Any] = ui.Select(
            placeholder=say("Your vote…"),
            options=[_option(song, f"{number}. {song.title}") for number, song in enumerate(songs, 1)],
            custom_id=f"chiptune:contest:vote:{round_id}",
        )
        super().__init__(round_id, menu)

    async def pressed(self, interaction: Press, client: ChiptuneClient) -> None:
        """Set it, and say so to the voter alone."""
        await interaction.response.defer(ephemeral=True, thinking=True)  # many vote at once, one after the other
        said = await vote(interaction, self.item.values[0], self.round_id)
        await interaction.edit_original_response(content=said)


async def nominate(interaction: discord.Interaction[ChiptuneClient], song_id: str, round_id: str | None = None) -> str:
    """Nominate a tune for the one who asks; what to say. Raises InputError."""
    client, person = interaction.client, str(interaction.user.id)
    client.voting.count(person)
    song = await client.contests.nominate(scope_of(interaction), song_id, person, round_id=round_id)
    title = f"**{inert(song.title)}**"
    return say(NOMINATED, title=title)


async def vote(interaction: discord.Interaction[ChiptuneClient], song_id: str, round_id: str | None = None) -> str:
    """Set the vote of the one who asks; what to say. Raises InputError."""
    client, person = interaction.client, str(interaction.user.id)
    client.voting.count(person)
    song = await client.contests.vote(scope_of(interaction), song_id, person, round_id=round_id)
    title = f"**{inert(song.title)}**"
    return say(VOTED, title=title)


def _option(song: Song, label: str) -> discord.SelectOption:
    return discord.SelectOption(label=plain(label, CHOICE_LENGTH), value=song.id)
