"""`/chiptune contest`: started and stopped by those who manage the server; nominations, votes and the hall of fame.

The rules are the store's (`bot.store.contest.entries`), what happens by itself is `bot.contests.keeper`'s.
"""

from __future__ import annotations

import discord
from discord import app_commands, ui
from discord.app_commands import Choice

from bot.discord.contest import buttons
from bot.discord.contest.hall_of_fame import hall_of_fame_page
from bot.discord.contest.pages import stage_box
from bot.discord.core.autocomplete import SEARCHED, song_choices
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.markdown import inert
from bot.discord.core.permissions import check_manages
from bot.discord.core.visibility import scope_of
from bot.languages import command, say
from bot.store import Mine, Round, Song
from bot.store.contest.entries import EACH, NOT_RUNNING
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, joined

SERVERS_ONLY = _("A contest belongs to a server that the bot was added to: start it there.")
ONLY_MANAGERS = _("Only those who may manage this server (Manage Server) can start and stop its contest.")
STARTED = _("Round {ordinal} of the contest is open; it is announced in <#{channel}>.")
LAST_ROUND = _("Round {ordinal} goes on to its end, and no other follows.")
STOPPED = _("Round {ordinal} is ended, without a winner.")
WITHDRAWN = _("{title} is not nominated any more.")
NO_ROUND = joined(
    " ",
    NOT_RUNNING,
    _("Those who manage the server can start one: `{start}`.").format(start=command("contest start")),
)
NOT_VOTED = _("You have not voted yet.")

contest = app_commands.Group(name="contest", description="A tune of the week: nominations, votes, a hall of fame")


@contest.command(name="start", description="Start the weekly contest of this server")
async def start(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Begin the first round; its messages go into the channel for tunes, or where there is none into this one."""
    client = interaction.client
    scope = check_manages(interaction, nowhere=SERVERS_ONLY, nobody=ONLY_MANAGERS)
    await interaction.response.defer(ephemeral=True, thinking=True)  # first: the disk may be busy
    found = await client.contests.start(scope, str(interaction.channel_id))
    channel = (await client.store.servers.settings(scope)).channel_id or interaction.channel_id
    await interaction.edit_original_response(content=say(STARTED, ordinal=found.ordinal, channel=channel))


@contest.command(name="stop", description="Let the open round be the last one")
@app_commands.describe(at_once="End the open round now, without a winner")
@app_commands.rename(at_once="at-once")
async def stop(interaction: discord.Interaction[ChiptuneClient], at_once: bool = False) -> None:
    """No more rounds."""
    scope = check_manages(interaction, nowhere=SERVERS_ONLY, nobody=ONLY_MANAGERS)
    await interaction.response.defer(ephemeral=True, thinking=True)
    found = await interaction.client.contests.stop(scope, at_once=at_once)
    said = say(STOPPED if at_once else LAST_ROUND, ordinal=found.ordinal)
    await interaction.edit_original_response(content=said)


@contest.command(name="show", description="The open round: what is nominated, and what you have done in it")
async def show(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """The round with its buttons, to the one who asks alone."""
    client = interaction.client
    found = await _open_round(interaction)
    mine = await client.store.contests.mine(found.number, str(interaction.user.id))
    songs = {one.song.id: one.song for one in await client.store.contests.nominees(found.number)}
    view = ui.LayoutView(timeout=None).add_item(await stage_box(client, found, _own_actions(found, mine, songs)))
    await interaction.response.send_message(view=view, ephemeral=True)


async def complete_nominatable(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """The newest tunes that can be nominated and whose titles hold what was typed."""
    return song_choices(await interaction.client.store.contests.nominatable(scope_of(interaction), SEARCHED), typed)


async def complete_nominee(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """The open round's tunes whose titles hold what was typed."""
    return song_choices(await _nominees(interaction), typed)


async def complete_own_nomination(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """Those of them that the person has nominated."""
    client, songs = interaction.client, await _nominees(interaction)
    found = await client.store.contests.open(scope_of(interaction))
    mine = (await client.store.contests.mine(found.number, str(interaction.user.id))).nominated if found else ()
    return song_choices([song for song in songs if song.id in mine], typed)


@contest.command(name="nominate", description=f"Nominate a tune made here; {EACH} a round at the most")
@app_commands.describe(song="A tune made here, your own or another's")
@app_commands.autocomplete(song=complete_nominatable)
async def nominate(interaction: discord.Interaction[ChiptuneClient], song: str) -> None:
    """Nominate it."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.edit_original_response(content=await buttons.nominate(interaction, song))


@contest.command(name="withdraw", description="Take a nomination of yours back")
@app_commands.describe(song="A tune that you have nominated")
@app_commands.autocomplete(song=complete_own_nomination)
async def withdraw(interaction: discord.Interaction[ChiptuneClient], song: str) -> None:
    """Take it back."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    gone = await interaction.client.contests.withdraw(scope_of(interaction), song, str(interaction.user.id))
    title = f"**{inert(gone.title)}**"
    await interaction.edit_original_response(content=say(WITHDRAWN, title=title))


@contest.command(name="vote", description="Vote for a tune of the open round; it can be changed")
@app_commands.describe(song="A tune of the round, not your own")
@app_commands.autocomplete(song=complete_nominee)
async def vote(interaction: discord.Interaction[ChiptuneClient], song: str) -> None:
    """Set the vote."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.edit_original_response(content=await buttons.vote(interaction, song))


@contest.command(name="hall-of-fame", description="The tunes that won")
async def hall_of_fame(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Its first page, to the one who asks alone."""
    view = await hall_of_fame_page(interaction.client, scope_of(interaction), 0)
    await interaction.response.send_message(view=view, ephemeral=True)


async def _open_round(interaction: discord.Interaction[ChiptuneClient]) -> Round:
    """The open round of this place. Raises InputError."""
    found = await interaction.client.store.contests.open(scope_of(interaction))
    if found is None:
        raise InputError(NO_ROUND)
    return found


async def _nominees(interaction: discord.Interaction[ChiptuneClient]) -> list[Song]:
    contests = interaction.client.store.contests
    found = await contests.open(scope_of(interaction))
    return [one.song for one in await contests.nominees(found.number)] if found else []


def _own_actions(found: Round, mine: Mine, songs: dict[str, Song]) -> str:
    """What somebody has done in a round, in a line."""
    if found.stage == "nominating":
        return say("You have nominated {count} of {most}.", count=len(mine.nominated), most=EACH)
    if mine.vote is None or mine.vote not in songs:
        return say(NOT_VOTED)
    return say("Your vote is for {title}.", title=inert(songs[mine.vote].title))
