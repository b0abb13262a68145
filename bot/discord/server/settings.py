"""`/chiptune settings`: managers of a server change its settings, list them, and reset them.

The settings come from the table in `bot.store.server_settings`; each has a subcommand. Discord can hide a whole command
from people, but not its parts. So everybody sees these subcommands, and each use checks the permission.
"""

from __future__ import annotations

from typing import Any

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel, Choice, Range, Transform

from bot.discord.core.client import ChiptuneClient
from bot.discord.core.locale import channel_locale
from bot.discord.core.permissions import check_manager
from bot.discord.moderation.report import forward_report
from bot.languages import say, using_language
from bot.store import ServerSettings
from bot.store.server_settings import (
    SETTINGS,
    ChannelSetting,
    ChoiceSetting,
    LimitSetting,
    OptionSetting,
    Setting,
    SwitchSetting,
)
from bot.text import capital
from generator.protocol.errors import InputError
from generator.protocol.i18n import _

REPORTS_HERE = _("Reports about this server's tunes will be posted in this channel from now on.")
CANNOT_WRITE = _("The bot cannot write in <#{channel}>: it needs to see the channel and to send messages there.")
LINE = _("{setting}: {value}")
MAX_FORWARDED = 20
"""How many waiting reports are forwarded once there is a channel for them. The others stay in the database."""


class TextChannel(app_commands.Transformer):
    """A text channel as an option. Passes on what Discord sends, because the cache may not know the channel."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """The type of the option in Discord's terms."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """The channels that Discord offers."""
        return [discord.ChannelType.text, discord.ChannelType.news]

    async def transform(self, interaction: discord.Interaction, value: AppCommandChannel, /) -> AppCommandChannel:
        """Return the channel unchanged."""
        return value


settings = app_commands.Group(name="settings", description="The settings of this server")


@settings.command(name="show", description="Show all settings of this server")
async def show(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """List the settings of the server."""
    current = await interaction.client.store.servers.settings(check_manager(interaction))
    await interaction.response.send_message(page(current), ephemeral=True)


def _add_command(name: str, setting: Setting) -> None:
    """Add the subcommand of a setting. It has one option, and resets the setting if the option is left out."""

    async def change(interaction: discord.Interaction[ChiptuneClient], value: Any = None) -> None:
        if isinstance(setting, ChannelSetting) and value is not None:
            value = str(value.id)
        if name == "report_channel_id" and value is not None:
            await _set_report_channel(interaction, value)
        else:
            await _set(interaction, name, value)

    callback: Any = change
    callback.__annotations__["value"] = _annotation(setting)
    callback = app_commands.describe(value=setting.left_out)(callback)
    callback = app_commands.rename(value=setting.parameter)(callback)
    if isinstance(setting, ChoiceSetting):
        callback = app_commands.choices(value=_choices(setting))(callback)
    settings.command(name=setting.command, description=setting.description)(callback)


def _annotation(setting: Setting) -> Any:
    """Return the annotation that tells discord.py the type of a setting's option."""
    if isinstance(setting, ChannelSetting):
        return Transform[AppCommandChannel, TextChannel] | None
    if isinstance(setting, LimitSetting):
        return Range[int, setting.limits[0], setting.limits[1]] | None
    return (bool if isinstance(setting, SwitchSetting) else str) | None


def _choices(setting: ChoiceSetting) -> list[Choice[str]]:
    """Return the choices of a setting for Discord."""
    is_sound = isinstance(setting, OptionSetting) and setting.option.name == "sound"
    return [Choice(name=capital(title) if is_sound else title, value=value) for value, title in setting.choices.items()]


for _name, _row in SETTINGS.items():
    _add_command(_name, _row)


@settings.command(name="reset", description="Reset settings to their defaults")
@app_commands.describe(setting="All settings if left out")
@app_commands.choices(setting=[Choice(name=setting.title, value=name) for name, setting in SETTINGS.items()])
async def reset(interaction: discord.Interaction[ChiptuneClient], setting: str | None = None) -> None:
    """Reset one setting, or all of them."""
    await _set(interaction, setting, None)


def page(current: ServerSettings) -> str:
    """Return a markdown list of all settings."""
    lines = [say("**Settings of this server**")]
    for name, setting in SETTINGS.items():
        value = getattr(current, name)
        text = setting.text(value) if value or not setting.unset else setting.unset
        lines.append(f"- {say(LINE, setting=setting.title, value=text)}")
    return "\n".join(lines)


async def _set(interaction: discord.Interaction[ChiptuneClient], name: str | None, value: object) -> None:
    """Change a setting, and answer with the new settings. None as value resets it, None as name resets all.

    Raise InputError if the user may not change settings, or if the value is not valid.
    """
    scope, servers = check_manager(interaction), interaction.client.store.servers
    await interaction.response.defer(ephemeral=True, thinking=True)  # first: the disk may be busy
    if name is None or value is None:
        current = await servers.reset(scope, name)
    else:
        current = await servers.change(scope, name, value)
    await interaction.edit_original_response(content=page(current))


async def _set_report_channel(interaction: discord.Interaction[ChiptuneClient], channel_id: str) -> None:
    """Set the channel for reports after a test message, and forward reports that have waited for a channel.

    Raise InputError if the user may not change settings, or if the bot cannot write in the channel.
    """
    scope, store = check_manager(interaction), interaction.client.store
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        with using_language(await channel_locale(interaction)):
            await interaction.client.get_partial_messageable(int(channel_id)).send(say(REPORTS_HERE))
    except discord.Forbidden as error:
        raise InputError(CANNOT_WRITE.format(channel=channel_id)) from error
    current = await store.servers.change(scope, "report_channel_id", channel_id)
    for report in (await store.reports.waiting(scope))[:MAX_FORWARDED]:
        await forward_report(interaction.client, report)
    await interaction.edit_original_response(content=page(current))
