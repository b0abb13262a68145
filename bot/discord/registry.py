"""All features of the Discord side: the commands of `/chiptune` and every button and menu.

This is the only module that knows them all. `register` adds them to a client and tells Discord about the commands.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import discord
from discord import app_commands, ui

from bot.discord.charts import battle, top
from bot.discord.charts.taste import show_taste
from bot.discord.contest import buttons, hall_of_fame
from bot.discord.contest.commands import contest
from bot.discord.core import error_replies, locale
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.command_names import CatalogueTranslator
from bot.discord.moderation import privacy
from bot.discord.moderation.delete import ConfirmDeleteButton, DeleteButton, delete
from bot.discord.moderation.report import ReportButton, report
from bot.discord.moderation.report_actions import SettleReportsButton
from bot.discord.queue.cancel import Cancel, cancel
from bot.discord.queue.queue_command import show_queue
from bot.discord.server.help import show_help
from bot.discord.server.settings import settings
from bot.discord.tunes.generate import generate
from bot.discord.tunes.history import Older, show_history
from bot.discord.tunes.play import play, stop
from bot.discord.tunes.post_buttons import AnotherTake, Extend, Files, Vote
from bot.discord.tunes.remix import remix
from bot.discord.tunes.rework_forms import Remix, Rewrite
from bot.discord.tunes.song import replay, show_song

log = logging.getLogger(__name__)

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
    *(AnotherTake, Extend, Remix, Rewrite, Vote, Files, ReportButton),
    # While it is made, in lists of tunes, and before a tune is deleted.
    *(Cancel, Older, DeleteButton, ConfirmDeleteButton, SettleReportsButton),
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
        locale.listen(interaction)
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


async def sync_commands(tree: CommandTree, synced_file: Path) -> None:
    """Tell Discord about the commands if they have changed since the last time: Discord limits how often it is told.

    synced_file: holds the digest of the commands that Discord was told last. If Discord refuses, the commands it
    knows from before stay in place: log the error and return.
    """
    translator = CatalogueTranslator()
    await tree.set_translator(translator)
    commands = [await command.get_translated_payload(tree, translator) for command in tree.get_commands()]
    text = json.dumps([tree.client.application_id, discord.__version__, commands], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if await asyncio.to_thread(_read, synced_file) == digest:
        return
    try:
        await tree.sync()
    except discord.HTTPException as error:
        log.error("the commands could not be registered: %s", error)
        return
    await asyncio.to_thread(synced_file.write_text, digest)
    log.info("commands registered")


async def register(client: ChiptuneClient, synced_file: Path) -> None:
    """Add all features to a client that has just logged in, and tell Discord about them."""
    await sync_commands(add_features(client), synced_file)


def _read(path: Path) -> str | None:
    """Return the text of a file, or None if there is no file."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
