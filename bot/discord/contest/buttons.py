"""The buttons and menus of a contest, with which people nominate tunes and vote for them.

Their custom_ids hold the id of the round, so they outlive a restart; those of an earlier round say that it is over.
`pages` lays out the messages, and `hall_of_fame` has its own buttons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import discord
from discord import ui

from bot.discord.core.autocomplete import CHOICE_LENGTH, MAX_CHOICES, song_label
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.components import AnyInteraction, PersistentComponent
from bot.discord.core.markdown import escape
from bot.discord.core.visibility import scope_of
from bot.languages import command, say
from bot.store import Song
from bot.store.contest.entries import NOT_NOMINATING
from bot.text import plain
from generator.protocol.errors import InputError
from generator.protocol.i18n import _

ROUND = r"(?P<round_id>[0-9a-f]{32})"
"""The id of a round in a custom_id."""
CHOOSE_TUNE = _("Which of the newest tunes made here? `{nominate}` finds older ones.").format(
    nominate=command("contest nominate")
)
NOTHING_TO_NOMINATE = _("There is no tune here to nominate: earlier winners cannot be nominated again.")
NOMINATED = _("{title} is nominated.")
VOTED = _("Your vote is for {title}. You can change it until the round is over.")


class RoundComponent(PersistentComponent):
    """A button or menu of a round; a mixin that goes before `ui.DynamicItem`."""

    round_id: str

    def __init__(self, round_id: str, item: ui.Item[Any]) -> None:
        self.round_id = round_id
        super().__init__(item)  # type: ignore[call-arg]  # DynamicItem's


class NominateButton(RoundComponent, ui.DynamicItem[ui.Button[Any]], template=rf"chiptune:contest:pick:{ROUND}"):
    """The button that shows the user, in a reply only they see, the tunes they can nominate."""

    def __init__(self, round_id: str) -> None:
        style = discord.ButtonStyle.primary
        custom_id = f"chiptune:contest:pick:{round_id}"
        super().__init__(round_id, ui.Button(label=say("Nominate…"), emoji="✋", style=style, custom_id=custom_id))

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Show a menu of the newest tunes that can be nominated."""
        here = scope_of(interaction)
        contest_round = await client.store.contests.get(here, self.round_id)
        if contest_round is None or contest_round.stage != "nominating":
            raise InputError(NOT_NOMINATING)
        songs = await client.store.contests.nominatable(here, MAX_CHOICES)
        if not songs:
            raise InputError(NOTHING_TO_NOMINATE)
        view = ui.View(timeout=None).add_item(NominateMenu(self.round_id, songs))
        await interaction.response.send_message(say(CHOOSE_TUNE), view=view, ephemeral=True)


class NominateMenu(RoundComponent, ui.DynamicItem[ui.Select[Any]], template=rf"chiptune:contest:nominate:{ROUND}"):
    """The menu that nominates the chosen tune. songs: the choices."""

    def __init__(self, round_id: str, songs: Sequence[Song] = ()) -> None:
        menu: ui.Select[Any] = ui.Select(
            placeholder=say("A tune to nominate…"),
            options=[_option(song, song_label(song)) for song in songs],
            custom_id=f"chiptune:contest:nominate:{round_id}",
        )
        super().__init__(round_id, menu)

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Nominate the chosen tune and replace the menu with a confirmation."""
        await interaction.response.defer()
        confirmation = await nominate(interaction, self.item.values[0], self.round_id)
        await interaction.edit_original_response(content=confirmation, view=None)


class VoteMenu(RoundComponent, ui.DynamicItem[ui.Select[Any]], template=rf"chiptune:contest:vote:{ROUND}"):
    """The menu that votes for the chosen tune. songs: the nominated tunes, in order of their numbers."""

    def __init__(self, round_id: str, songs: Sequence[Song] = ()) -> None:
        menu: ui.Select[Any] = ui.Select(
            placeholder=say("Your vote…"),
            options=[_option(song, f"{number}. {song.title}") for number, song in enumerate(songs, 1)],
            custom_id=f"chiptune:contest:vote:{round_id}",
        )
        super().__init__(round_id, menu)

    async def respond(self, interaction: AnyInteraction, client: ChiptuneClient) -> None:
        """Set the vote and confirm it to the voter alone."""
        await interaction.response.defer(ephemeral=True, thinking=True)  # many may vote at once, and the store is busy
        confirmation = await vote(interaction, self.item.values[0], self.round_id)
        await interaction.edit_original_response(content=confirmation)


async def nominate(interaction: discord.Interaction[ChiptuneClient], song_id: str, round_id: str | None = None) -> str:
    """Nominate a tune for the user. Return the confirmation. Raise InputError if they may not nominate it."""
    client, person = interaction.client, str(interaction.user.id)
    client.voting.count(person)
    song = await client.contests.nominate(scope_of(interaction), song_id, person, round_id=round_id)
    title = f"**{escape(song.title)}**"
    return say(NOMINATED, title=title)


async def vote(interaction: discord.Interaction[ChiptuneClient], song_id: str, round_id: str | None = None) -> str:
    """Set the user's vote. Return the confirmation. Raise InputError if they may not vote for the tune."""
    client, person = interaction.client, str(interaction.user.id)
    client.voting.count(person)
    song = await client.contests.vote(scope_of(interaction), song_id, person, round_id=round_id)
    title = f"**{escape(song.title)}**"
    return say(VOTED, title=title)


def _option(song: Song, label: str) -> discord.SelectOption:
    """Return the choice of a song in a menu."""
    return discord.SelectOption(label=plain(label, CHOICE_LENGTH), value=song.id)
