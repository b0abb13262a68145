"""`/chiptune privacy`: what is kept, having it, and having it erased."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from bot.discord.moderation.privacy import EXPORTS, NOTHING_KEPT, BEING_POSTED, CONFIRM
from tests.discord_side.conftest import Stage
from tests.fake_generator import FILES, MIDI


async def test_it_says_what_is_kept_and_how_long(stage: Stage) -> None:
    shown = await stage.alice.slash(stage.channel, "chiptune privacy")
    assert shown.ephemeral
    assert "30 days after the request is done" in shown.response.content
    assert "7 days after the bot was removed" in shown.response.content
    assert len(shown.response.content) <= 2000


async def test_export_is_everything_about_the_one_who_asks(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "chiptune remix", file=("song.mid", MIDI))
    await stage.bob.slash(stage.channel, "chiptune generate")
    await stage.posted(2)
    shown = await stage.alice.slash(stage.channel, "chiptune privacy")
    given = await stage.alice.click(shown.response.message, label="Export")
    assert given.ephemeral
    assert given.response.content == EXPORTS[0][1]
    [file] = given.response.attachments
    with zipfile.ZipFile(io.BytesIO(await file.read())) as archive:
        about = json.loads(archive.read("about.json"))
        names = archive.namelist()
    assert about["user"] == str(stage.alice.id)
    [song] = about["songs"]
    wanted = {f"songs/{song['id']}/{name}" for name, _ in FILES}
    assert {name for name in names if name.startswith("songs/")} == wanted
    assert [name.rpartition(".")[2] for name in names if name.startswith("uploads/")] == ["mid"]
    assert "simcord_interaction" not in json.dumps(about)


async def test_erase_asks_once_and_leaves_nothing_of_the_person(stage: Stage) -> None:
    _, song = await stage.made()
    await stage.bob.slash(stage.channel, "chiptune generate")
    _, his = await stage.posted(2)
    newest = (await stage.store.songs.history(song.guild_id or ""))[0]
    await stage.store.votes.cast(newest.id, str(stage.alice.id), 1)
    shown = await stage.alice.slash(stage.channel, "chiptune privacy")
    asked = await stage.alice.click(shown.response.message, label="Erase…")
    assert asked.ephemeral
    assert asked.response.content == CONFIRM
    await stage.alice.click(asked.response.message, label="Erase everything")
    assert asked.response.content == "Erased: 1 tune, 1 request, 1 vote, 0 files; 1 message deleted."
    assert asked.response.components == []
    assert [message.id for message in stage.channel.history() if message.attachments] == [his.id]
    left = await stage.client.privacy.export_of(str(stage.alice.id))
    assert not any(rows for table, rows in left.items() if table != "user")
    found = await stage.store.songs.get(newest.id)
    assert found is not None
    assert found.votes == 0


async def erased(stage: Stage, who: Any) -> str:
    """What is said when somebody has had everything erased."""
    shown = await who.slash(stage.channel, "chiptune privacy")
    asked = await who.click(shown.response.message, label="Erase…")
    await who.click(asked.response.message, label="Erase everything")
    return str(asked.response.content)


async def test_replays_of_a_tune_go_with_the_one_who_asked_for_it(stage: Stage) -> None:
    _, song = await stage.made()
    await stage.bob.slash(stage.channel, "chiptune replay", song=song.id)
    _, again = await stage.posted(2)
    about = await stage.client.privacy.export_of(str(stage.alice.id))
    [kept] = about["messages"]
    assert (kept["song"], kept["message_id"], kept["user_id"]) == (song.id, str(again.id), None)
    assert str(stage.bob.id) not in str(about)
    assert await erased(stage, stage.alice) == "Erased: 1 tune, 1 request, 4 files; 2 messages deleted."
    assert not [message for message in stage.channel.history() if message.attachments]


async def test_what_somebody_posted_again_goes_with_them_and_the_tune_stays(stage: Stage) -> None:
    post, song = await stage.made()
    await stage.bob.slash(stage.channel, "chiptune replay", song=song.id)
    [kept] = (await stage.client.privacy.export_of(str(stage.bob.id)))["messages"]
    assert kept["user_id"] == str(stage.bob.id)
    assert await erased(stage, stage.bob) == "Erased: 0 files; 1 message deleted."
    assert [message.id for message in await stage.posted()] == [post.id]
    assert await stage.store.songs.get(song.id) == song
    assert (await stage.client.privacy.export_of(str(stage.bob.id)))["messages"] == []


async def test_a_tune_on_its_way_to_the_channel_is_waited_for(stage: Stage) -> None:
    post, song = await stage.made()
    await stage.store.requests.compose_failure(song.id, "")  # back to the state before it was posted
    shown = await stage.alice.slash(stage.channel, "chiptune privacy")
    asked = await stage.alice.click(shown.response.message, label="Erase…")
    result = await stage.alice.click(asked.response.message, label="Erase everything")
    assert [said.content for said in result.followups] == [BEING_POSTED]
    assert await stage.store.songs.get(song.id) == song
    assert post.id in [message.id for message in stage.channel.history()]


async def test_messages_that_stay_are_told_of(stage: Stage) -> None:
    post, _ = await stage.made()
    shown = await stage.alice.slash(stage.channel, "chiptune privacy")
    asked = await stage.alice.click(shown.response.message, label="Erase…")
    stage.env.inject_error("DELETE", f"/channels/{stage.channel.id}/messages/{post.id}", status=403, code=50001)
    await stage.alice.click(asked.response.message, label="Erase everything")
    assert "1 message could not be deleted by the bot: moderators" in asked.response.content


@pytest.mark.parametrize("where", ["server", "direct"])
async def test_where_nothing_is_kept_it_says_so(stage: Stage, where: str) -> None:
    who = stage.bob if where == "server" else stage.bob.user
    channel = [stage.channel] if where == "server" else []
    shown = await who.slash(*channel, "chiptune privacy")
    asked = await who.click(shown.response.message, label="Erase…")
    await who.click(asked.response.message, label="Erase everything")
    assert asked.response.content == NOTHING_KEPT
