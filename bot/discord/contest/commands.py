"""`/chiptune contest`: start and stop a contest, nominate, vote, and see the hall of fame.

The store has the rules (`bot.store.contest.entries`), and `bot.contests.keeper` does what happens on schedule.
"""

from __future__ import annotations

import discord
from discord import app_commands, ui
from discord.app_commands import Choice

from bot.discord.contest import buttons
from bot.discord.contest.hall_of_fame import hall_of_fame_page
from bot.discord.contest.pages import stage_box
from bot.discord.core.autocomplete import SONGS_SEARCHED, song_choices
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.markdown import escape
from bot.discord.core.permissions import check_manager
from bot.discord.core.visibility import scope_of
from bot.languages import command, say
from bot.store import Participation, Round, Song
from bot.store.contest.entries import MAX_PER_PERSON, NOT_RUNNING
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, joined

SERVERS_ONLY = _("A contest belongs to a server that the bot was added to: start it there.")
ONLY_MANAGERS = _("Only those who may manage this server (Manage Server) can start and stop its contest.")
STARTED = _("Round {ordinal} of the contest is open; it is announced in <#{channel}>.")
LAST_ROUND = _("Round {ordinal} continues to its end, and no other round follows.")
STOPPED = _("Round {ordinal} was ended without a winner.")
WITHDRAWN = _("{title} is no longer nominated.")
NO_ROUND = joined(
    " ",
    NOT_RUNNING,
    _("Those who manage the server can start one: `{start}`.").format(start=command("contest start")),
)
NOT_VOTED = _("You have not voted yet.")

contest = app_commands.Group(name="contest", description="A tune of the week: nominations, votes, a hall of fame")


@contest.command(name="start", description="Start the weekly contest of this server")
async def start(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Open the first round. It is announced in the channel for tunes, or in this channel if the server has set none."""
    client = interaction.client
    scope = check_manager(interaction, outside_servers=SERVERS_ONLY, not_manager=ONLY_MANAGERS)
    await interaction.response.defer(ephemeral=True, thinking=True)  # first: the disk may be busy
    contest_round = await client.contests.start(scope, str(interaction.channel_id))
    channel = (await client.store.servers.settings(scope)).channel_id or interaction.channel_id
    await interaction.edit_original_response(content=say(STARTED, ordinal=contest_round.ordinal, channel=channel))


@contest.command(name="stop", description="Make the open round the last one")
@app_commands.describe(at_once="End the open round now, without a winner")
@app_commands.rename(at_once="at-once")
async def stop(interaction: discord.Interaction[ChiptuneClient], at_once: bool = False) -> None:
    """End the contest with the open round, or at once."""
    scope = check_manager(interaction, outside_servers=SERVERS_ONLY, not_manager=ONLY_MANAGERS)
    await interaction.response.defer(ephemeral=True, thinking=True)
    contest_round = await interaction.client.contests.stop(scope, at_once=at_once)
    text = say(STOPPED if at_once else LAST_ROUND, ordinal=contest_round.ordinal)
    await interaction.edit_original_response(content=text)


@contest.command(name="show", description="The open round, its nominated tunes, and your own nominations and vote")
async def show(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Show the open round with its buttons, in a reply that only the user sees."""
    client = interaction.client
    contest_round = await _open_round(interaction)
    mine = await client.store.contests.mine(contest_round.number, str(interaction.user.id))
    nominees = await client.store.contests.nominees(contest_round.number)
    songs = {nominee.song.id: nominee.song for nominee in nominees}
    own_actions = _own_actions(contest_round, mine, songs)
    view = ui.LayoutView(timeout=None).add_item(await stage_box(client, contest_round, own_actions))
    await interaction.response.send_message(view=view, ephemeral=True)


async def complete_nominatable(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """Propose the newest tunes that can be nominated and whose titles contain the typed text."""
    return song_choices(
        await interaction.client.store.contests.nominatable(scope_of(interaction), SONGS_SEARCHED), typed
    )


async def complete_nominee(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """Propose the nominated tunes whose titles contain the typed text."""
    return song_choices(await _nominees(interaction), typed)


async def complete_own_nomination(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """Propose the tunes that the user has nominated and whose titles contain the typed text."""
    client, songs = interaction.client, await _nominees(interaction)
    contest_round = await client.store.contests.open(scope_of(interaction))
    mine = (
        (await client.store.contests.mine(contest_round.number, str(interaction.user.id))).nominated
        if contest_round
        else ()
    )
    return song_choices([song for song in songs if song.id in mine], typed)


@contest.command(name="nominate", description=f"Nominate a tune made here; at most {MAX_PER_PERSON} per round")
@app_commands.describe(song="A tune made here, your own or another person's")
@app_commands.autocomplete(song=complete_nominatable)
async def nominate(interaction: discord.Interaction[ChiptuneClient], song: str) -> None:
    """Nominate a tune."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.edit_original_response(content=await buttons.nominate(interaction, song))


@contest.command(name="withdraw", description="Withdraw one of your nominations")
@app_commands.describe(song="A tune that you have nominated")
@app_commands.autocomplete(song=complete_own_nomination)
async def withdraw(interaction: discord.Interaction[ChiptuneClient], song: str) -> None:
    """Withdraw a nomination."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    song_withdrawn = await interaction.client.contests.withdraw(scope_of(interaction), song, str(interaction.user.id))
    title = f"**{escape(song_withdrawn.title)}**"
    await interaction.edit_original_response(content=say(WITHDRAWN, title=title))


@contest.command(name="vote", description="Vote for a tune of the open round; you can change your vote")
@app_commands.describe(song="A tune of the round, not your own")
@app_commands.autocomplete(song=complete_nominee)
async def vote(interaction: discord.Interaction[ChiptuneClient], song: str) -> None:
    """Vote for a tune."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    await interaction.edit_original_response(content=await buttons.vote(interaction, song))


@contest.command(name="hall-of-fame", description="The tunes that won")
async def hall_of_fame(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Show the first page of the hall of fame, in a reply that only the user sees."""
    view = await hall_of_fame_page(interaction.client, scope_of(interaction), 0)
    await interaction.response.send_message(view=view, ephemeral=True)


async def _open_round(interaction: discord.Interaction[ChiptuneClient]) -> Round:
    """Return the open round of this server. Raise InputError if there is none."""
    contest_round = await interaction.client.store.contests.open(scope_of(interaction))
    if contest_round is None:
        raise InputError(NO_ROUND)
    return contest_round


async def _nominees(interaction: discord.Interaction[ChiptuneClient]) -> list[Song]:
    """Return the nominated tunes of the open round, none if no round is open."""
    contests = interaction.client.store.contests
    contest_round = await contests.open(scope_of(interaction))
    return [nominee.song for nominee in await contests.nominees(contest_round.number)] if contest_round else []


def _own_actions(contest_round: Round, mine: Participation, songs: dict[str, Song]) -> str:
    """Return a line that says what the user has nominated or voted for."""
    if contest_round.stage == "nominating":
        return say("You have nominated {count} of {most}.", count=len(mine.nominated), most=MAX_PER_PERSON)
    if mine.vote is None or mine.vote not in songs:
        return say(NOT_VOTED)
    return say("Your vote is for {title}.", title=escape(songs[mine.vote].title))
