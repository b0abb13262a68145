"""`/chiptune settings`: what those who manage a server set there, one by one, and back again.

Discord hides whole commands from people, not parts of one, so that everybody sees these; who may use them is checked
each time. What a setting may hold is the store's (`ServerSettings`).
"""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel, Choice, Range, Transform

from bot.discord.core.autocomplete import name_choices, sound_choices
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.locale import channel_locale
from bot.discord.core.permissions import check_manager
from bot.discord.moderation.report import forward_report
from bot.discord.queue.request_text import option_text
from bot.languages import LANGUAGES, say, speaking
from bot.store import ServerSettings
from bot.store.servers import COOLDOWN, PERSON_LIMIT, SERVER_LIMIT
from bot.text import SOUND_TITLES
from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.names import SCENES, SOUNDS
from generator.protocol.options import SECONDS

TITLES = {
    "channel_id": _("Channel for tunes"),
    "scene": _("Usual scene"),
    "seconds": _("Usual length"),
    "sound": _("Usual sound"),
    "person_limit": _("Open requests of one person"),
    "server_limit": _("Open requests of all"),
    "cooldown": _("Between two requests of a person"),
    "clear": _("Who may delete tunes"),
    "report_channel_id": _("Channel for reports"),
    "taste": _("Votes choose among takes"),
    "language": _("Language"),
}
CLEARERS = {"moderators": _("moderators"), "own": _("moderators, and everybody their own")}
REPORTS_HERE = _("Reports of this server's tunes arrive in this channel from now on.")
CANNOT_WRITE = _("The bot cannot write in <#{channel}>: it needs to see the channel and to send messages there.")
MODELS_CHOICE = _("the model's choice")
HOLDS = _("{setting}: {value}")
AT_MOST = _("{n} at the most")
PASSED_AT_ONCE = 20
"""Reports that waited for a channel and are passed on when there is one; the others stay with the bot."""


class WrittenChannel(app_commands.Transformer):
    """A channel that people write in, as the command itself brings it: the library's cache need not know it yet."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """A channel."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """What Discord offers."""
        return [discord.ChannelType.text, discord.ChannelType.news]

    async def transform(self, interaction: discord.Interaction, value: AppCommandChannel, /) -> AppCommandChannel:
        """As it is."""
        return value


settings = app_commands.Group(name="settings", description="What holds in this server")


@settings.command(name="show", description="All settings of this server")
async def show(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """What holds now."""
    held = await interaction.client.store.servers.settings(check_manager(interaction))
    await interaction.response.send_message(page(held), ephemeral=True)


@settings.command(name="channel", description="The one channel for tunes")
@app_commands.describe(channel="Any channel if left out")
async def set_channel(
    interaction: discord.Interaction[ChiptuneClient],
    channel: Transform[AppCommandChannel, WrittenChannel] | None = None,
) -> None:
    """Where tunes are asked for."""
    await _set(interaction, "channel_id", str(channel.id) if channel else None)


@settings.command(name="scene", description="The scene where none is asked for")
@app_commands.describe(scene="The model's choice if left out")
@app_commands.choices(scene=name_choices(SCENES))
async def set_scene(interaction: discord.Interaction[ChiptuneClient], scene: str | None = None) -> None:
    """The usual scene."""
    await _set(interaction, "scene", scene)


@settings.command(name="length", description="The length where none is asked for")
@app_commands.describe(seconds="The model's choice if left out")
async def set_length(
    interaction: discord.Interaction[ChiptuneClient], seconds: Range[int, SECONDS.low, SECONDS.high] | None = None
) -> None:
    """The usual length."""
    await _set(interaction, "seconds", seconds)


@settings.command(name="sound", description="What plays tunes where nothing else is asked for")
@app_commands.describe(sound="The NES soundfont if left out")
@app_commands.choices(sound=sound_choices())
async def set_sound(interaction: discord.Interaction[ChiptuneClient], sound: str | None = None) -> None:
    """The usual sound."""
    await _set(interaction, "sound", sound)


@settings.command(name="person-limit", description="How many requests of one person may be open")
@app_commands.describe(requests="The default if left out")
async def set_person_limit(
    interaction: discord.Interaction[ChiptuneClient],
    requests: Range[int, PERSON_LIMIT[0], PERSON_LIMIT[1]] | None = None,
) -> None:
    """Open requests a person."""
    await _set(interaction, "person_limit", requests)


@settings.command(name="server-limit", description="How many requests of this server may be open")
@app_commands.describe(requests="The default if left out")
async def set_server_limit(
    interaction: discord.Interaction[ChiptuneClient],
    requests: Range[int, SERVER_LIMIT[0], SERVER_LIMIT[1]] | None = None,
) -> None:
    """Open requests of all."""
    await _set(interaction, "server_limit", requests)


@settings.command(name="cooldown", description="How long a person waits between two requests")
@app_commands.describe(seconds="Not at all if left out")
async def set_cooldown(
    interaction: discord.Interaction[ChiptuneClient], seconds: Range[int, COOLDOWN[0], COOLDOWN[1]] | None = None
) -> None:
    """Seconds between two requests of a person."""
    await _set(interaction, "cooldown", seconds)


@settings.command(name="deletion", description="Who may delete tunes")
@app_commands.describe(who=f"{CLEARERS[ServerSettings().clear].capitalize()} if left out")
@app_commands.choices(who=[Choice(name=said, value=value) for value, said in CLEARERS.items()])
async def set_clear(interaction: discord.Interaction[ChiptuneClient], who: str | None = None) -> None:
    """Who may delete tunes."""
    await _set(interaction, "clear", who)


@settings.command(name="taste", description="Whether what people here like chooses among several takes")
@app_commands.describe(on="On if left out")
async def set_taste(interaction: discord.Interaction[ChiptuneClient], on: bool | None = None) -> None:
    """Whether votes choose."""
    await _set(interaction, "taste", on)


@settings.command(name="reports", description="The channel where moderators see reports")
@app_commands.describe(channel="None if left out: reports are only kept")
async def set_reports(
    interaction: discord.Interaction[ChiptuneClient],
    channel: Transform[AppCommandChannel, WrittenChannel] | None = None,
) -> None:
    """Where reports go: tried at once, and what waits is passed on."""
    scope = check_manager(interaction)
    if channel is None:
        await _set(interaction, "report_channel_id", None)
        return
    await interaction.response.defer(ephemeral=True, thinking=True)
    try:
        with speaking(await channel_locale(interaction)):
            await interaction.client.get_partial_messageable(channel.id).send(say(REPORTS_HERE))
    except discord.Forbidden as error:
        raise InputError(CANNOT_WRITE.format(channel=channel.id)) from error
    store = interaction.client.store
    held = await store.servers.change(scope, "report_channel_id", str(channel.id))
    for report in (await store.reports.waiting(scope))[:PASSED_AT_ONCE]:
        await forward_report(interaction.client, report)
    await interaction.edit_original_response(content=page(held))


@settings.command(name="language", description="What the bot speaks in this server's channels")
@app_commands.describe(language="The one that the server has set with Discord if left out")
@app_commands.choices(language=[Choice(name=said, value=name) for name, said in LANGUAGES.items()])
async def set_language(interaction: discord.Interaction[ChiptuneClient], language: str | None = None) -> None:
    """The language of what all see; each person alone is spoken to in their own."""
    await _set(interaction, "language", language)


@settings.command(name="reset", description="Back to the defaults")
@app_commands.describe(setting="All of them if left out")
@app_commands.choices(setting=[Choice(name=title, value=name) for name, title in TITLES.items()])
async def reset(interaction: discord.Interaction[ChiptuneClient], setting: str | None = None) -> None:
    """One setting or all of them."""
    await _set(interaction, setting, None)


def page(held: ServerSettings) -> str:
    """All settings as a list of markdown."""
    said = {
        "channel_id": f"<#{held.channel_id}>" if held.channel_id else say("any"),
        "scene": option_text("scene", held.scene) if held.scene else say(MODELS_CHOICE),
        "seconds": option_text("seconds", held.seconds) if held.seconds else say(MODELS_CHOICE),
        "sound": say(SOUND_TITLES[held.sound or SOUNDS[0]]),
        "person_limit": say(AT_MOST, n=held.person_limit),
        "server_limit": say(AT_MOST, n=held.server_limit),
        "cooldown": option_text("seconds", held.cooldown) if held.cooldown else say("no wait"),
        "clear": say(CLEARERS[held.clear]),
        "report_channel_id": f"<#{held.report_channel_id}>"
        if held.report_channel_id
        else say("none, they are only kept"),
        "taste": say("once there are enough") if held.taste else say("no"),
        "language": LANGUAGES[held.language] if held.language else say("the one that the server has set with Discord"),
    }
    lines = [f"- {say(HOLDS, setting=TITLES[name], value=value)}" for name, value in said.items()]
    return "\n".join([say("**Settings of this server**"), *lines])


async def _set(interaction: discord.Interaction[ChiptuneClient], name: str | None, value: object) -> None:
    """Set one setting, None sets it back; answer with what holds now. name: None for all. Raises InputError."""
    scope, servers = check_manager(interaction), interaction.client.store.servers
    await interaction.response.defer(ephemeral=True, thinking=True)  # first: the disk may be busy
    held = await (servers.reset(scope, name) if name is None or value is None else servers.change(scope, name, value))
    await interaction.edit_original_response(content=page(held))
