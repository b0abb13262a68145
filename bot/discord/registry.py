"""`/chiptune` put together of its commands, each of which has a file of its own."""

from __future__ import annotations

from discord import app_commands

from bot.discord.charts.battle import battle
from bot.discord.charts.taste import show_taste
from bot.discord.charts.top import show_top
from bot.discord.contest.commands import contest
from bot.discord.moderation.delete import delete
from bot.discord.moderation.privacy import show_privacy
from bot.discord.moderation.report import report
from bot.discord.queue.cancel import cancel
from bot.discord.queue.queue_command import show_queue
from bot.discord.server.help import show_help
from bot.discord.server.settings import settings
from bot.discord.tunes.generate import generate
from bot.discord.tunes.history import show_history
from bot.discord.tunes.play import play, stop
from bot.discord.tunes.remix import remix
from bot.discord.tunes.song import replay, show_song


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
