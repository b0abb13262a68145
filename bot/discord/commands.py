"""`/chiptune` put together of its commands, each of which has a file of its own."""

from __future__ import annotations

from discord import app_commands

from bot.discord.battle import battle
from bot.discord.cancelling import cancel
from bot.discord.contest import contest
from bot.discord.deleting import delete
from bot.discord.generate import generate
from bot.discord.help import show_help
from bot.discord.history import show_history
from bot.discord.play import play, stop
from bot.discord.privacy import show_privacy
from bot.discord.queue import show_queue
from bot.discord.remix import remix
from bot.discord.reporting import report
from bot.discord.settings import settings
from bot.discord.song import replay, show_song
from bot.discord.taste import show_taste
from bot.discord.top import show_top


def chiptune_group() -> app_commands.Group:
    """`/chiptune` with its commands, for servers, direct messages and user installs."""
    group = app_commands.Group(
        name="chiptune",
        description="NES music, composed on the spot",
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
    )
    group.add_command(generate)
    group.add_command(remix)
    group.add_command(show_history)
    group.add_command(show_song)
    group.add_command(replay)
    group.add_command(play)
    group.add_command(stop)
    group.add_command(show_top)
    group.add_command(battle)
    group.add_command(contest)
    group.add_command(show_taste)
    group.add_command(show_queue)
    group.add_command(cancel)
    group.add_command(delete)
    group.add_command(report)
    group.add_command(settings)
    group.add_command(show_privacy)
    group.add_command(show_help)
    return group
