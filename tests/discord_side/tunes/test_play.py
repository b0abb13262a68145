"""`/chiptune play` and `stop` with a voice connection that needs no handshake; the ffmpeg is real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import discord
import pytest
import pytest_asyncio
from discord.player import OPUS_SILENCE  # type: ignore[attr-defined]  # not re-exported

from bot.discord.voice import jukebox
from bot.discord.voice.connection import join
from bot.discord.voice.jukebox import TICK_SECONDS, Jukebox, Player
from bot.scope import Scope
from generator.protocol.errors import InputError
from tests.discord_side.conftest import Clock, Composer, Stage
from tests.discord_side.voice.voices import Heard, hear, hear_later, ogg

SHORT = 0.2


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return ogg(tmp_path_factory.mktemp("sound") / "sound.ogg", SHORT).read_bytes()


@pytest.fixture
def composer(sound: bytes) -> Composer:
    made = Composer(title="Tune {number}")
    made.files = [(name, sound if name == "tune.ogg" else data) for name, data in made.files]
    return made


@pytest.fixture
def minutes() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def played(stage: Stage, minutes: Clock) -> AsyncIterator[Stage]:
    """One tune is there, and the bot joins without a handshake, leaving by the clock `minutes`."""
    stage.client.jukebox = Jukebox(hear, minutes)
    await stage.alice.slash(stage.channel, "chiptune generate")
    await stage.posted()
    yield stage
    await stage.client.jukebox.close()


def voice_channel(stage: Stage, name: str = "lounge") -> Any:
    return stage.channel.guild.create_voice_channel(name)


def player(stage: Stage) -> Player:
    found = stage.client.jukebox.player(stage.channel.guild.id)
    assert found
    return found


def packets(stage: Stage) -> list[bytes]:
    connection = player(stage).voice
    assert isinstance(connection, Heard)
    return connection.packets


async def until(what: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not what():
            await asyncio.sleep(0.005)


async def said(stage: Stage, who: Any, command: str, **options: object) -> str:
    """What is answered to one who asks in vain."""
    result = await who.slash(stage.channel, f"chiptune {command}", **options)
    assert result.ephemeral
    stage.refused()
    return str(result.response.content)


async def test_a_tune_is_heard_where_the_one_who_asks_is(played: Stage) -> None:
    lounge = voice_channel(played)
    await played.alice.join_voice(lounge)
    result = await played.alice.slash(played.channel, "chiptune play")
    assert not result.ephemeral
    assert result.response.content == f"Playing: **Tune 1** in <#{lounge.id}>"
    heard = packets(played)
    await until(lambda: not player(played).voice.is_playing() and heard)
    assert len([packet for packet in heard if packet != OPUS_SILENCE]) >= SHORT / 0.020


async def test_further_tunes_wait_for_their_turn(played: Stage, minutes: Clock) -> None:
    played.client.jukebox = Jukebox(hear_later, minutes)
    await played.alice.join_voice(voice_channel(played))
    await played.bob.slash(played.channel, "chiptune generate")
    await played.posted(2)
    [newest, oldest] = await played.client.store.songs.history(Scope.server(played.channel.guild.id))
    for song, word in ((newest, "Playing"), (oldest, "Next"), (newest, "After 2 others")):
        result = await played.alice.slash(played.channel, "chiptune play", song=song.id)
        assert result.response.content.startswith(f"{word}: **{song.title}**")
    connection = player(played).voice
    assert isinstance(connection, Heard)
    connection.going.set()
    await until(lambda: not player(played).waiting and not connection.is_playing())
    sounding = [packet for packet in packets(played) if packet != OPUS_SILENCE]
    assert len(sounding) >= 3 * SHORT / 0.020


async def test_the_list_of_waiting_tunes_has_an_end(played: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jukebox, "MAX_WAITING", 0)
    await played.alice.join_voice(voice_channel(played))
    result = await played.alice.slash(played.channel, "chiptune play")
    assert "0 tunes waiting already" in result.followups[0].content
    played.refused()


@pytest.mark.parametrize(("seconds", "leaves"), [(59, False), (60, True)])
async def test_it_leaves_when_nobody_listens_for_a_minute(
    played: Stage, minutes: Clock, seconds: float, leaves: bool
) -> None:
    await played.alice.join_voice(voice_channel(played))
    await played.alice.slash(played.channel, "chiptune play")
    assert not player(played).alone
    await played.alice.leave_voice()
    assert player(played).alone
    connection = player(played).voice
    minutes.now += seconds
    await played.env.advance_time(TICK_SECONDS)
    assert played.client.voice_clients == ([] if leaves else [connection])
    assert (played.client.jukebox.player(played.channel.guild.id) is None) == leaves


async def test_it_leaves_two_minutes_after_the_last_tune(played: Stage, minutes: Clock) -> None:
    await played.alice.join_voice(voice_channel(played))
    await played.alice.slash(played.channel, "chiptune play")
    await until(lambda: packets(played) and not player(played).voice.is_playing())
    minutes.now += 120
    await played.env.advance_time(TICK_SECONDS)
    assert not played.client.voice_clients
    again = await played.alice.slash(played.channel, "chiptune play")
    assert again.response.content.startswith("Playing: **Tune 1**"), "it comes back"


async def test_stop_is_for_those_who_listen(played: Stage) -> None:
    assert await said(played, played.alice, "stop") == "Nothing is being played here."
    lounge = voice_channel(played)
    await played.alice.join_voice(lounge)
    await played.alice.slash(played.channel, "chiptune play")
    assert "Only listeners can stop it" in await said(played, played.bob, "stop")
    assert player(played).voice.channel.id == lounge.id
    result = await played.alice.slash(played.channel, "chiptune stop")
    assert (result.ephemeral, result.response.content) == (True, "Stopped.")
    assert not played.client.voice_clients


async def test_others_are_not_left_alone_for_another_channel(played: Stage) -> None:
    first, second = voice_channel(played), voice_channel(played, "den")
    await played.alice.join_voice(first)
    await played.bob.join_voice(second)
    await played.alice.slash(played.channel, "chiptune play")
    await played.bob.slash(played.channel, "chiptune play")
    played.refused()
    assert player(played).voice.channel.id == first.id
    await played.alice.leave_voice()
    result = await played.bob.slash(played.channel, "chiptune play")
    assert result.response.content == f"Playing: **Tune 1** in <#{second.id}>"
    assert player(played).voice.channel.id == second.id


async def test_what_is_missing_is_said_before_anything_is_promised(played: Stage) -> None:
    assert "Join a voice channel first" in await said(played, played.alice, "play")
    await played.alice.join_voice(played.channel.guild.create_stage_channel("stage"))
    assert "On a stage" in await said(played, played.alice, "play")
    lounge = voice_channel(played)
    everyone = played.client.get_guild(played.channel.guild.id)
    assert everyone
    await played.alice.join_voice(lounge)
    assert "no such tune here" in await said(played, played.alice, "play", song="nonsense")
    channel = played.client.get_channel(lounge.id)
    assert isinstance(channel, discord.VoiceChannel)
    await channel.set_permissions(everyone.me, connect=False, speak=False)
    refusal = await said(played, played.alice, "play")
    lacks = "The bot lacks the permission to connect and to speak in"
    assert refusal == f"{lacks} <#{lounge.id}>: a moderator can grant it."
    assert not played.client.voice_clients


async def test_where_discord_does_not_let_it_in_that_is_said(played: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's own way of joining, which nobody answers."""

    async def unheard(*_: object) -> None:
        pass

    monkeypatch.setattr("bot.discord.voice.connection.JOIN_SECONDS", 0.05)
    lounge = voice_channel(played)
    await played.alice.join_voice(lounge)
    channel = played.client.get_channel(lounge.id)
    assert isinstance(channel, discord.VoiceChannel)
    socket = channel._state._get_websocket(channel.guild.id)
    monkeypatch.setattr(type(socket), "voice_state", unheard, raising=False)  # the simulated one has none
    with pytest.raises(InputError, match="Discord did not let the bot in"):
        await join(channel)
    assert not played.client.voice_clients
