"""Tunes of a channel that is not open to all of its server: listed there, and nowhere else."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import pytest_asyncio

from bot.discord.core import visibility
from bot.scope import Scope
from bot.store import Song
from bot.voting import NO_PAIR
from tests.discord_side.charts.test_battle import png
from tests.discord_side.conftest import Stage
from tests.discord_side.reading import custom_id, text
from tests.wire.standin.gateway import guild
from tests.wire.standin.world import CHANNEL, GUILD

NO_SUCH = "There is no such tune here: pick one from the list."


@pytest_asyncio.fixture
async def closed(stage: Stage) -> Any:
    """A channel of which @everyone sees nothing; alice does."""
    guild = stage.channel.guild
    hidden = discord.PermissionOverwrite(view_channel=False)
    seen = discord.PermissionOverwrite(view_channel=True)
    stage.composer.files = [(name, png() if name.endswith(".png") else data) for name, data in stage.composer.files]
    return guild.create_text_channel("staff", overwrites={guild.default_role: hidden, stage.alice: seen})


async def made_in(stage: Stage, channel: Any) -> Song:
    """A tune of alice's."""
    await stage.alice.slash(channel, "chiptune generate")
    await stage.gone()
    [row] = await stage.store.database.fetch("SELECT id FROM songs ORDER BY number DESC LIMIT 1")
    song = await stage.store.songs.get(row["id"])
    assert song
    return song


async def shown(who: Any, channel: Any, command: str) -> str:
    """What a list says."""
    message = (await who.slash(channel, f"chiptune {command}")).response.message
    return f"{text(message)} {message.content} {[embed.description for embed in message.embeds]}"


async def test_lists_leave_it_out_but_in_its_own_channel(stage: Stage, closed: Any) -> None:
    song = await made_in(stage, closed)
    assert song.only_in == str(closed.id)
    await stage.store.votes.cast(song.id, "5", 1)
    for command in ("history", "top"):
        assert "Tune" in await shown(stage.alice, closed, command)
        for who in (stage.alice, stage.bob):
            assert "Tune" not in await shown(who, stage.channel, command)
    for command in ("song", "replay", "remix", "play", "delete", "report"):
        [choice] = await stage.alice.autocomplete(closed, f"chiptune {command}", "song", "")
        assert choice["value"] == song.id
        assert await stage.alice.autocomplete(stage.channel, f"chiptune {command}", "song", "") == []
    for command, more in (("song", {}), ("replay", {}), ("remix", {}), ("delete", {}), ("report", {"reason": "Bad"})):
        refused = await stage.bob.slash(stage.channel, f"chiptune {command}", song=song.id, **more)
        assert refused.response.content == NO_SUCH
    stage.refused()


async def test_battles_leave_it_out_and_so_does_their_ranking(stage: Stage, closed: Any) -> None:
    hidden, also, seen = [await made_in(stage, where) for where in (closed, closed, stage.channel)]
    bob = str(stage.bob.id)
    refused = await stage.bob.slash(stage.channel, "chiptune battle")
    assert [said.content for said in refused.followups] == [NO_PAIR]
    place = str(stage.channel.guild.id)
    await stage.store.battles.judge(Scope(place), bob, hidden.id, seen.id, 1, channels=[str(closed.id)])
    ranking = await stage.store.battles.top(Scope(place))
    assert [(one.rank, one.song.id) for one in ranking] == [(1, seen.id)]
    ranking = await stage.store.battles.top(Scope(place), channels=[str(closed.id)])
    assert [one.song.id for one in ranking] == [hidden.id, seen.id]
    pair = await stage.store.battles.pair(Scope(place), bob, channels=[str(closed.id)])
    assert pair is not None
    assert also.id in {song.id for song in pair}
    stage.refused()


async def test_inside_of_it_all_tunes_of_the_server_are_seen(stage: Stage, closed: Any) -> None:
    open_one, closed_one = await made_in(stage, stage.channel), await made_in(stage, closed)
    assert open_one.only_in is None
    choices = await stage.alice.autocomplete(closed, "chiptune song", "song", "")
    assert [choice["value"] for choice in choices] == [closed_one.id, open_one.id]
    asked = await stage.alice.slash(closed, "chiptune replay", song=open_one.id)
    assert not asked.ephemeral


async def test_what_comes_of_it_is_listed_no_further(stage: Stage, closed: Any) -> None:
    await made_in(stage, closed)
    post = next(message for message in closed.history() if message.attachments)
    await stage.alice.click(post, custom_id=custom_id(post, "Extend"))
    await stage.gone()
    assert "Tune" not in await shown(stage.alice, stage.channel, "history")
    page = await shown(stage.alice, closed, "history")
    assert "Tune \\\\*1" in page
    assert "Tune \\\\*2" in page


@pytest.mark.parametrize("where", ["an open channel", "a closed one"])
async def test_a_family_shows_those_of_its_channel_alone(stage: Stage, closed: Any, where: str) -> None:
    parent = await made_in(stage, stage.channel)
    await stage.alice.slash(closed, "chiptune remix", song=parent.id)
    await stage.gone()
    channel = stage.channel if where == "an open channel" else closed
    result = await stage.alice.slash(channel, "chiptune song", song=parent.id)
    assert ("Family" in text(result.response.message)) == (where == "a closed one")


HIDDEN = [{"id": str(GUILD), "type": 0, "allow": "0", "deny": str(1 << 10)}]
NO_ENTRY = [{"id": str(GUILD), "type": 0, "allow": "0", "deny": str(1 << 20)}]


def asked_in(channel: dict[str, Any], overwrites: list[dict[str, Any]], *, joined: bool = True) -> Any:
    """An interaction in a channel of a server with these overwrites in its one channel, as the library reads it."""
    client = discord.Client(intents=discord.Intents(guilds=True))
    person = {"id": "3", "username": "somebody", "discriminator": "0", "avatar": None}
    client._connection.user = discord.ClientUser(state=client._connection, data=person)  # type: ignore[arg-type]
    server = guild()
    about = {**server["channels"][0], "permission_overwrites": overwrites}
    if channel["type"] == 2:
        about |= {"type": 2, "bitrate": 64000, "user_limit": 0}
    server["channels"] = [about]
    server["roles"][0]["permissions"] = str(1 << 10 | 1 << 20)
    if joined:
        client._connection._add_guild(discord.Guild(data=server, state=client._connection))  # type: ignore[arg-type]
    payload = {
        "id": "1", "application_id": "2", "type": 2, "token": "t", "version": 1, "data": {"name": "x"},
        "guild_id": str(GUILD), "channel": {**about, "permission_overwrites": [], **channel},
        "attachment_size_limit": 1, "entitlements": [], "context": 0, "user": person,
    }  # fmt: skip
    return discord.Interaction(data=payload, state=client._connection)  # type: ignore[arg-type]


def thread(kind: int) -> dict[str, Any]:
    about = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": "2026-01-01T00:00:00+00:00"}
    return {
        "id": "77", "type": kind, "parent_id": str(CHANNEL), "owner_id": "3", "message_count": 0, "member_count": 1,
        "rate_limit_per_user": 0, "thread_metadata": {**about, "locked": False},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "overwrites", "only_in"),
    [
        ({"type": 0}, [], None),
        ({"type": 0}, HIDDEN, str(CHANNEL)),
        ({"type": 2}, [], None),
        ({"type": 2}, NO_ENTRY, str(CHANNEL)),
        ({"type": 0, "id": "78"}, [], "78"),  # one that the library was not told of yet
        (thread(11), [], None),
        (thread(11), HIDDEN, str(CHANNEL)),
        (thread(12), [], "77"),
    ],
    ids=["open", "closed", "voice", "closed voice", "unknown", "thread", "thread of a closed one", "private thread"],
)
async def test_a_channel_is_open_where_everyone_reads_it(
    channel: dict[str, Any], overwrites: list[dict[str, Any]], only_in: str | None
) -> None:
    interaction = asked_in(channel, overwrites)
    assert visibility.restricted_to(interaction) == only_in
    assert only_in is None or only_in in visibility.visible_channels(interaction)


async def test_where_the_bot_is_not_a_channel_counts_as_closed() -> None:
    assert visibility.restricted_to(asked_in({"type": 0}, [], joined=False)) == str(CHANNEL)
