"""`/chiptune privacy`: what is kept, exporting it, and erasing it."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from bot.discord.moderation.privacy import BEING_POSTED, CONFIRM, EXPORTS, NOTHING_KEPT
from tests.discord_side.conftest import Stage
from tests.fake_generator import FILES, MIDI


async def test_the_page_says_what_is_kept_and_for_how_long(stage: Stage) -> None:
    shown = await stage.alice.slash(stage.channel, "chiptune privacy")
    assert shown.ephemeral
    assert "30 days after the request is done" in shown.response.content
    assert "7 days after the bot was removed" in shown.response.content
    assert len(shown.response.content) <= 2000


async def test_the_export_holds_everything_about_the_user(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "chiptune remix", file=("song.mid", MIDI))
    await stage.bob.slash(stage.channel, "chiptune generate")
    await stage.posted(2)
    shown = await stage.alice.slash(stage.channel, "chiptune privacy")
    reply = await stage.alice.click(shown.response.message, label="Export")
    assert reply.ephemeral
    assert reply.response.content == EXPORTS[0][1]
    [file] = reply.response.attachments
    with zipfile.ZipFile(io.BytesIO(await file.read())) as archive:
        data = json.loads(archive.read("about.json"))
        names = archive.namelist()
    assert data["user"] == str(stage.alice.id)
    [song] = data["songs"]
    expected = {f"songs/{song['id']}/{name}" for name, _ in FILES}
    assert {name for name in names if name.startswith("songs/")} == expected
    assert [name.rpartition(".")[2] for name in names if name.startswith("uploads/")] == ["mid"]
    assert "simcord_interaction" not in json.dumps(data)


async def test_erase_asks_for_confirmation_and_leaves_nothing_about_the_user(stage: Stage) -> None:
    _, song = await stage.made()
    await stage.bob.slash(stage.channel, "chiptune generate")
    _, other_post = await stage.posted(2)
    newest = (await stage.store.songs.history(song.scope))[0]
    await stage.store.votes.cast(newest.id, str(stage.alice.id), 1)
    shown = await stage.alice.slash(stage.channel, "chiptune privacy")
    question = await stage.alice.click(shown.response.message, label="Erase…")
    assert question.ephemeral
    assert question.response.content == CONFIRM
    await stage.alice.click(question.response.message, label="Erase everything")
    assert question.response.content == "Erased: 1 tune, 1 request, 1 vote, 0 files; 1 message deleted."
    assert question.response.components == []
    assert [message.id for message in stage.channel.history() if message.attachments] == [other_post.id]
    remaining = await stage.client.privacy.export_of(str(stage.alice.id))
    assert not any(rows for table, rows in remaining.items() if table != "user")
    song_of_bob = await stage.store.songs.get(newest.id)
    assert song_of_bob is not None
    assert song_of_bob.votes == 0


async def erase_all(stage: Stage, who: Any) -> str:
    """Erase everything about a user. Return the bot's answer."""
    shown = await who.slash(stage.channel, "chiptune privacy")
    question = await who.click(shown.response.message, label="Erase…")
    await who.click(question.response.message, label="Erase everything")
    return str(question.response.content)


async def test_erasing_the_owner_deletes_replays_of_their_tunes(stage: Stage) -> None:
    _, song = await stage.made()
    await stage.bob.slash(stage.channel, "chiptune replay", song=song.id)
    _, again = await stage.posted(2)
    data = await stage.client.privacy.export_of(str(stage.alice.id))
    [kept] = data["messages"]
    assert (kept["song"], kept["message_id"], kept["user_id"]) == (song.id, str(again.id), None)
    assert str(stage.bob.id) not in str(data)
    assert await erase_all(stage, stage.alice) == "Erased: 1 tune, 1 request, 5 files; 2 messages deleted."
    assert not [message for message in stage.channel.history() if message.attachments]


async def test_erasing_a_user_deletes_their_replays_but_not_the_tune(stage: Stage) -> None:
    post, song = await stage.made()
    await stage.bob.slash(stage.channel, "chiptune replay", song=song.id)
    [kept] = (await stage.client.privacy.export_of(str(stage.bob.id)))["messages"]
    assert kept["user_id"] == str(stage.bob.id)
    assert await erase_all(stage, stage.bob) == "Erased: 0 files; 1 message deleted."
    assert [message.id for message in await stage.posted()] == [post.id]
    assert await stage.store.songs.get(song.id) == song
    assert (await stage.client.privacy.export_of(str(stage.bob.id)))["messages"] == []


async def test_nothing_is_erased_while_a_tune_is_being_posted(stage: Stage) -> None:
    post, song = await stage.made()
    await stage.store.requests.compose_failure(song.id, "")  # back to the state before it was posted
    shown = await stage.alice.slash(stage.channel, "chiptune privacy")
    question = await stage.alice.click(shown.response.message, label="Erase…")
    result = await stage.alice.click(question.response.message, label="Erase everything")
    assert [message.content for message in result.followups] == [BEING_POSTED]
    assert await stage.store.songs.get(song.id) == song
    assert post.id in [message.id for message in stage.channel.history()]


async def test_messages_that_cannot_be_deleted_are_counted(stage: Stage) -> None:
    post, _ = await stage.made()
    shown = await stage.alice.slash(stage.channel, "chiptune privacy")
    question = await stage.alice.click(shown.response.message, label="Erase…")
    stage.env.inject_error("DELETE", f"/channels/{stage.channel.id}/messages/{post.id}", status=403, code=50001)
    await stage.alice.click(question.response.message, label="Erase everything")
    assert "The bot could not delete 1 message: moderators" in question.response.content


@pytest.mark.parametrize("where", ["server", "direct"])
async def test_erase_says_if_there_was_nothing(stage: Stage, where: str) -> None:
    who = stage.bob if where == "server" else stage.bob.user
    channel = [stage.channel] if where == "server" else []
    shown = await who.slash(*channel, "chiptune privacy")
    question = await who.click(shown.response.message, label="Erase…")
    await who.click(question.response.message, label="Erase everything")
    assert question.response.content == NOTHING_KEPT
