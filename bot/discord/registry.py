"""All features of the Discord side: the commands of `/chiptune` and every button and menu.

This is the only module that knows them all; `add_features` adds them to a client.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands, ui

from bot.discord.charts import battle, top
from bot.discord.charts.taste import show_taste
from bot.discord.contest import buttons, hall_of_fame
from bot.discord.contest.commands import contest
from bot.discord.core import error_replies, locale
from bot.discord.core.client import ChiptuneClient
from bot.discord.moderation import privacy
from bot.discord.moderation.delete import ConfirmDeleteButton, DeleteButton, delete
from bot.discord.moderation.report import ReportButton, report
from bot.discord.moderation.report_actions import SettleReportsButton
from bot.discord.queue.cancel import CancelButton, cancel
from bot.discord.queue.queue_list import show_queue
from bot.discord.server.help import show_help
from bot.discord.server.settings import settings
from bot.discord.tunes.generate import generate
from bot.discord.tunes.history import OlderButton, show_history
from bot.discord.tunes.play import play, stop
from bot.discord.tunes.post_buttons import AnotherTakeButton, ExtendButton, FilesButton, VoteButton
from bot.discord.tunes.remix import remix
from bot.discord.tunes.remix_form import RemixButton, RewriteMenu
from bot.discord.tunes.song import replay, show_song

COMMANDS: tuple[app_commands.Command[Any, ..., None] | app_commands.Group, ...] = (
    generate,
    remix,
    show_history,
    show_song,
    replay,
    play,
    stop,
    top.show_top,
    battle.battle,
    contest,
    show_taste,
    show_queue,
    cancel,
    delete,
    report,
    settings,
    privacy.show_privacy,
    show_help,
)
"""The subcommands of `/chiptune`, in the order in which Discord shows them."""

BUTTONS: tuple[type[ui.DynamicItem[Any]], ...] = (
    # Under a tune.
    *(AnotherTakeButton, ExtendButton, RemixButton, RewriteMenu, VoteButton, FilesButton, ReportButton),
    # While it is made, in lists of tunes, and before a tune is deleted.
    *(CancelButton, OlderButton, DeleteButton, ConfirmDeleteButton, SettleReportsButton),
    *(privacy.ExportButton, privacy.EraseButton, privacy.ConfirmEraseButton),
    *(top.OpenButton, top.ChartPageButton, battle.ChooseButton, battle.NextPairButton),
    *(buttons.NominateButton, buttons.NominateMenu, buttons.VoteMenu),
    *(hall_of_fame.HallOfFameButton, hall_of_fame.HallOfFamePageButton),
)
"""The buttons and menus whose custom_id holds all they need, so that those of old messages work after a restart."""


class CommandTree(app_commands.CommandTree[ChiptuneClient]):
    """The commands of the bot; answers errors with sentences in the language of the user."""

    async def interaction_check(self, interaction: discord.Interaction[ChiptuneClient], /) -> bool:
        """Set the language of the user for this interaction, and let everybody through."""
        locale.set_locale(interaction)
        return True

    async def on_error(
        self, interaction: discord.Interaction[ChiptuneClient], error: app_commands.AppCommandError
    ) -> None:
        """Answer an error of a command."""
        await error_replies.answer_error(interaction, error)


def chiptune_group() -> app_commands.Group:
    """Return `/chiptune` with its commands, for servers, direct messages and user installs."""
    group = app_commands.Group(
        name="chiptune",
        description="NES music, composed on the spot",
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
    )
    for command in COMMANDS:
        group.add_command(command)
    return group


def add_features(client: ChiptuneClient) -> CommandTree:
    """Add all buttons and commands to a client; return its command tree. Does not contact Discord."""
    client.add_dynamic_items(*BUTTONS)
    tree = CommandTree(client)
    tree.add_command(chiptune_group())
    return tree
