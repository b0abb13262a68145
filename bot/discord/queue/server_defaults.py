"""Applies a server's settings to requests made there: the channel for tunes, and a note about the defaults used.

The settings are declared in `bot.store.server_settings`. `bot.requests.submissions` fills in the defaults.
"""

from __future__ import annotations

import discord

from bot.discord.core import locale
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.visibility import scope_of
from bot.discord.queue.request_text import option_text
from bot.languages import say, using_language
from bot.requests.submissions import Defaults
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, joined

WRONG_CHANNEL = _("This server has a channel for tunes: please ask in <#{channel}>.")
DEFAULTS_USED = _("Server defaults: {usual}")


async def check_tune_channel(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """Raise InputError if the server has set another channel for tunes. Threads of that channel are allowed.

    If the channel was deleted, the restriction no longer applies.
    """
    if interaction.guild_id is None:
        return
    channel = (await interaction.client.store.servers.settings(scope_of(interaction))).channel_id
    if channel is None:
        return
    here = {str(interaction.channel_id), str(getattr(interaction.channel, "parent_id", None))}
    guild = interaction.client.get_guild(interaction.guild_id)
    deleted = guild is not None and not guild.unavailable and guild.get_channel(int(channel)) is None
    if channel not in here and not deleted:
        raise InputError(WRONG_CHANNEL.format(channel=channel))


async def defaults_note(interaction: discord.Interaction[ChiptuneClient], defaults: Defaults) -> str:
    """Return a line of markdown with the options that the server's settings filled in, "" if there are none."""
    if not defaults:
        return ""
    with using_language(await locale.channel_locale(interaction)):
        options = joined(", ", *(option_text(name, value) for name, value in defaults.items()))
        return f"-# {say(DEFAULTS_USED, usual=options)}"
