"""`/chiptune settings`, and what the settings change for requests."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import pytest_asyncio
from discord import app_commands

from bot.discord.core.permissions import NO_SERVER, ONLY_MANAGERS
from bot.discord.server.settings import settings
from bot.scope import Scope
from bot.store import ServerSettings
from bot.store.server_settings import SETTINGS
from tests.discord_side.conftest import Stage
from tests.discord_side.reading import custom_id, text
from tests.fake_generator import MIDI


@pytest.fixture
def manager(stage: Stage) -> Any:
    return stage.staff("carol", manage_guild=True)


@pytest_asyncio.fixture(autouse=True)
async def _defaults(stage: Stage) -> None:
    await stage.store.servers.reset(scope(stage))


def scope(stage: Stage) -> Scope:
    return Scope.server(stage.channel.guild.id)


@pytest.mark.parametrize(
    ("change", "expected", "line"),
    [
        (("scene", {"scene": "boss"}), {"scene": "boss"}, "Default scene: boss"),
        (("length", {"seconds": 45}), {"seconds": 45}, "Default length: 45 s"),
        (("person-limit", {"requests": 2}), {"person_limit": 2}, "Open requests per person: at most 2"),
        (("server-limit", {"requests": 50}), {"server_limit": 50}, "Open requests in total: at most 50"),
        (("cooldown", {"seconds": 30}), {"cooldown": 30}, "Wait between two requests of a person: 30 s"),
        (("deletion", {"who": "moderators"}), {"clear": "moderators"}, "Who may delete tunes: moderators"),
    ],
)
async def test_each_setting_is_changed_and_reset(
    stage: Stage, manager: Any, change: tuple[str, dict[str, Any]], expected: dict[str, Any], line: str
) -> None:
    command, options = change
    result = await manager.slash(stage.channel, f"chiptune settings {command}", **options)
    assert result.ephemeral
    assert f"- {line}" in result.response.content.splitlines()
    assert await stage.store.servers.settings(scope(stage)) == ServerSettings(**expected)
    result = await manager.slash(stage.channel, f"chiptune settings {command}")
    assert f"- {line}" not in result.response.content.splitlines()
    assert await stage.store.servers.settings(scope(stage)) == ServerSettings()


async def test_settings_are_listed_and_reset(stage: Stage, manager: Any) -> None:
    await manager.slash(stage.channel, "chiptune settings channel", channel=stage.channel)
    await manager.slash(stage.channel, "chiptune settings scene", scene="boss")
    shown = await manager.slash(stage.channel, "chiptune settings show")
    assert shown.ephemeral
    assert f"- Channel for tunes: <#{stage.channel.id}>" in shown.response.content
    result = await manager.slash(stage.channel, "chiptune settings reset", setting="scene")
    assert "- Default scene: the model's choice" in result.response.content
    assert await stage.store.servers.settings(scope(stage)) == ServerSettings(channel_id=str(stage.channel.id))
    await manager.slash(stage.channel, "chiptune settings reset")
    assert await stage.store.servers.settings(scope(stage)) == ServerSettings()


async def test_only_managers_see_and_change_settings(stage: Stage) -> None:
    moderator = stage.staff("dave", manage_messages=True)
    for who in (stage.alice, moderator):
        for command in ("show", "reset", "scene", "reports"):
            result = await who.slash(stage.channel, f"chiptune settings {command}")
            assert result.ephemeral
            assert result.response.content == ONLY_MANAGERS
    result = await stage.alice.user.slash("chiptune settings scene", scene="boss")
    assert result.response.content == NO_SERVER
    assert await stage.store.servers.settings(scope(stage)) == ServerSettings()
    stage.refused()


async def test_no_setting_is_revealed_to_others(stage: Stage, manager: Any) -> None:
    await manager.slash(stage.channel, "chiptune settings scene", scene="boss")
    commands = list(settings.commands)
    assert len(commands) >= len(SETTINGS)
    for command in commands:
        assert isinstance(command, app_commands.Command)
        assert not any(parameter.autocomplete for parameter in command.parameters)
        result = await stage.alice.slash(stage.channel, f"chiptune settings {command.name}")
        assert result.ephemeral
        assert result.response.content == ONLY_MANAGERS
        assert result.followups == []
    assert await stage.store.servers.settings(scope(stage)) == ServerSettings(scene="boss")
    stage.refused()


async def test_a_tune_has_the_server_s_defaults_and_says_so(stage: Stage, manager: Any) -> None:
    await manager.slash(stage.channel, "chiptune settings scene", scene="boss")
    await manager.slash(stage.channel, "chiptune settings length", seconds=45)
    requests: list[dict[str, Any]] = [{}, {"scene": "town"}, {"bars": 8}, {"scene": "town", "seconds": 12}]
    for count, options in enumerate(requests, 1):
        await stage.alice.slash(stage.channel, "chiptune generate", **options)
        posts = await stage.posted(count)
    composed = [(request.scene, request.seconds, request.bars) for request in stage.composer.requests]
    assert composed == [("boss", 45, None), ("town", 45, None), ("boss", None, 8), ("town", 12, None)]
    lines = ["Server defaults: boss, 45 s", "Server defaults: 45 s", "Server defaults: boss"]
    assert [text(post).splitlines()[0].removeprefix("-# ") for post in posts[:3]] == lines
    assert "Server defaults" not in text(posts[3])
    await stage.bob.click(posts[0], custom_id=custom_id(posts[0], "Like"))
    assert lines[0] in text((await stage.posted(4))[0])


async def test_the_sound_is_chosen_the_default_or_that_of_the_parent(stage: Stage, manager: Any) -> None:
    await stage.alice.slash(stage.channel, "chiptune generate", sound="apu")
    [post] = await stage.posted()
    assert "Requested: played by the sound chip itself, imitated" in text(post)
    await stage.bob.click(post, custom_id=custom_id(post, "Extend"))
    [_, extended] = await stage.posted(2)
    assert "Requested: 8 bars · played by the sound chip" in text(extended)
    await stage.alice.slash(stage.channel, "chiptune generate", sound="soundfont")
    assert "sound chip" not in text((await stage.posted(3))[2])
    result = await manager.slash(stage.channel, "chiptune settings sound", sound="apu")
    assert "- Default sound: the sound chip itself, imitated" in result.response.content
    await stage.alice.slash(stage.channel, "chiptune generate")
    *_, with_default = await stage.posted(4)
    assert "Server defaults: the sound chip itself, imitated" in text(with_default)
    await stage.alice.slash(stage.channel, "chiptune remix", file=("song.mid", MIDI))
    await stage.posted(5)
    await stage.alice.slash(stage.channel, "chiptune remix", file=("song.mid", MIDI), sound="soundfont")
    await stage.posted(6)
    await stage.alice.slash(stage.channel, "chiptune generate", sound="soundfont")
    *_, plain = await stage.posted(7)
    assert "Server defaults" not in text(plain)
    sounds = [request.sound for request in stage.composer.requests]
    assert sounds == ["apu", "apu", "soundfont", "apu", "apu", "soundfont", "soundfont"]


async def test_outside_servers_there_are_no_defaults(stage: Stage, manager: Any) -> None:
    await manager.slash(stage.channel, "chiptune settings scene", scene="boss")
    await stage.alice.user.slash("chiptune generate")
    await stage.gone()
    assert [request.scene for request in stage.composer.requests] == [None]


async def test_tunes_are_refused_outside_their_channel(stage: Stage, manager: Any) -> None:
    post, _ = await stage.made()
    tunes = stage.channel.guild.create_text_channel("tunes")
    await manager.slash(stage.channel, "chiptune settings channel", channel=tunes)
    sentence = f"This server has a channel for tunes: please ask in <#{tunes.id}>."
    for refused in (
        await stage.alice.slash(stage.channel, "chiptune generate"),
        await stage.alice.slash(
            stage.channel, "chiptune remix", song=(await stage.store.songs.history(scope(stage)))[0].id
        ),
        await stage.bob.click(post, custom_id=custom_id(post, "Another")),
        await stage.alice.slash(
            stage.channel, "chiptune replay", song=(await stage.store.songs.history(scope(stage)))[0].id
        ),
    ):
        assert refused.ephemeral
        assert refused.response.content == sentence
    assert len(stage.composer.requests) == 1
    await stage.alice.slash(tunes, "chiptune generate")
    await stage.gone()
    assert len(stage.composer.requests) == 2
    stage.refused()


async def test_threads_of_the_channel_for_tunes_are_allowed(stage: Stage, manager: Any) -> None:
    await manager.slash(stage.channel, "chiptune settings channel", channel=stage.channel)
    channel = stage.client.get_channel(stage.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.create_thread(name="more tunes", type=discord.ChannelType.public_thread)
    [thread] = stage.channel.threads
    result = await stage.alice.slash(thread, "chiptune generate")
    assert not result.ephemeral
    await stage.gone()
    assert len(stage.composer.requests) == 1


async def test_a_deleted_channel_restricts_nobody(stage: Stage, manager: Any) -> None:
    tunes = stage.channel.guild.create_text_channel("tunes")
    await manager.slash(stage.channel, "chiptune settings channel", channel=tunes)
    channel = stage.client.get_channel(tunes.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.delete()
    await stage.alice.slash(stage.channel, "chiptune generate")
    await stage.posted()
