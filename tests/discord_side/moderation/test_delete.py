"""`/chiptune delete` and the button in the Files reply: permissions, confirmation, and what is deleted."""

from __future__ import annotations

import discord

from bot.discord.core.permissions import NOT_YOURS, ONLY_MODERATORS
from bot.discord.moderation.delete import BEING_POSTED, REMAINING
from bot.scope import Scope
from bot.store import Song
from tests.discord_side.conftest import Stage
from tests.discord_side.reading import custom_id


async def is_gone(stage: Stage, song: Song) -> bool:
    """Return whether the only tune is gone: its history entry, files and message."""
    rows = [await stage.store.songs.get(song.id), *await stage.store.songs.history(song.scope)]
    files = await stage.client.backlog.files.path(song.id, song.midi)
    posts = [message for message in stage.channel.history() if message.attachments]
    return not any((*rows, files, *posts))


async def test_the_owner_confirms_and_everything_is_deleted(stage: Stage) -> None:
    _, song = await stage.made()
    [choice] = await stage.alice.autocomplete(stage.channel, "chiptune delete", "song", "tune")
    question = await stage.alice.slash(stage.channel, "chiptune delete", song=choice["value"])
    assert question.ephemeral
    assert question.response.content.startswith("Delete **Tune \\*1\\* \\@everyone**, with its files")
    assert not await is_gone(stage, song)
    await stage.alice.click(question.response.message, label="Delete it")
    assert await is_gone(stage, song)
    assert question.response.content == "**Tune \\*1\\* \\@everyone** was deleted."
    assert question.response.components == []
    page = await stage.bob.slash(stage.channel, "chiptune history")
    assert "Nothing yet" in str(page.response.embeds[0].description)


async def test_only_moderators_delete_the_tunes_of_others(stage: Stage) -> None:
    _, song = await stage.made()
    refused = await stage.bob.slash(stage.channel, "chiptune delete", song=song.id)
    assert refused.response.content == NOT_YOURS
    assert await stage.bob.autocomplete(stage.channel, "chiptune delete", "song", "") == []
    moderator = stage.staff("carol", manage_messages=True)
    assert len(await moderator.autocomplete(stage.channel, "chiptune delete", "song", "")) == 1
    question = await moderator.slash(stage.channel, "chiptune delete", song=song.id)
    await moderator.click(question.response.message, label="Delete it")
    assert await is_gone(stage, song)
    stage.refused()


async def test_a_moderator_moderates_the_channel_where_the_tune_was_posted(stage: Stage) -> None:
    _, song = await stage.made()
    guild = stage.channel.guild
    moderator = discord.PermissionOverwrite(manage_messages=True)
    elsewhere = guild.create_text_channel("elsewhere", overwrites={stage.bob: moderator})
    refused = await stage.bob.slash(elsewhere, "chiptune delete", song=song.id)
    assert refused.response.content == NOT_YOURS
    assert await stage.bob.autocomplete(elsewhere, "chiptune delete", "song", "") == []
    await stage.alice.slash(elsewhere, "chiptune generate")
    await stage.gone()
    newest = (await stage.store.songs.history(Scope.server(guild.id)))[0]
    for channel in (elsewhere, stage.channel):
        [choice] = await stage.bob.autocomplete(channel, "chiptune delete", "song", "")
        assert choice["value"] == newest.id
    question = await stage.bob.slash(stage.channel, "chiptune delete", song=newest.id)
    await stage.bob.click(question.response.message, label="Delete it")
    assert await stage.store.songs.get(newest.id) is None
    stage.refused()


async def test_the_owner_may_not_delete_if_only_moderators_may(stage: Stage) -> None:
    post, song = await stage.made()
    question = await stage.alice.slash(stage.channel, "chiptune delete", song=song.id)
    await stage.store.servers.change(Scope.server(stage.channel.guild.id), "clear", "moderators")
    result = await stage.alice.click(question.response.message, label="Delete it")
    assert result.response.content == ONLY_MODERATORS
    refused = await stage.alice.slash(stage.channel, "chiptune delete", song=song.id)
    assert refused.response.content == ONLY_MODERATORS
    assert await stage.alice.autocomplete(stage.channel, "chiptune delete", "song", "") == []
    reply = await stage.alice.click(post, custom_id=custom_id(post, "Files"))
    assert reply.response.components == []
    assert await stage.store.songs.get(song.id) == song
    stage.refused()


async def test_the_files_reply_has_a_delete_button_for_those_who_may_delete(stage: Stage) -> None:
    post, song = await stage.made()
    reply = await stage.bob.click(post, custom_id=custom_id(post, "Files"))
    assert reply.response.components == []
    reply = await stage.alice.click(post, custom_id=custom_id(post, "Files"))
    question = await stage.alice.click(reply.response.message, label="Delete…")
    assert question.ephemeral
    await stage.alice.click(question.response.message, label="Delete it")
    assert await is_gone(stage, song)


async def test_a_message_that_cannot_be_deleted_is_mentioned(stage: Stage) -> None:
    post, song = await stage.made()
    question = await stage.alice.slash(stage.channel, "chiptune delete", song=song.id)
    stage.env.inject_error("DELETE", f"/channels/{stage.channel.id}/messages/{post.id}", status=403, code=50013)
    await stage.alice.click(question.response.message, label="Delete it")
    assert question.response.content == f"**Tune \\*1\\* \\@everyone** was deleted. {REMAINING.counted(1)}"
    assert await stage.store.songs.get(song.id) is None


async def test_replays_are_deleted_with_the_tune(stage: Stage) -> None:
    post, song = await stage.made()
    elsewhere = stage.channel.guild.create_text_channel("elsewhere")
    for channel in (stage.channel, elsewhere):
        await stage.bob.slash(channel, "chiptune replay", song=song.id)
    assert len(elsewhere.history()) == 1
    [_, again] = await stage.posted(2)
    question = await stage.alice.slash(stage.channel, "chiptune delete", song=song.id)
    await stage.alice.click(question.response.message, label="Delete it")
    assert question.response.content == "**Tune \\*1\\* \\@everyone** was deleted."
    assert {post.id, again.id}.isdisjoint(message.id for message in stage.channel.history())
    assert elsewhere.history() == []


async def test_replays_that_cannot_be_deleted_are_counted(stage: Stage) -> None:
    _, song = await stage.made()
    for _ in range(2):
        await stage.bob.slash(stage.channel, "chiptune replay", song=song.id)
    post, *again = await stage.posted(3)
    question = await stage.alice.slash(stage.channel, "chiptune delete", song=song.id)
    for message in again:
        stage.env.inject_error("DELETE", f"/channels/{stage.channel.id}/messages/{message.id}", status=403, code=50013)
    await stage.alice.click(question.response.message, label="Delete it")
    assert question.response.content.endswith(REMAINING.counted(2))
    assert post.id not in [message.id for message in stage.channel.history()]


async def test_a_tune_that_is_being_posted_is_not_deleted(stage: Stage) -> None:
    _, song = await stage.made()
    await stage.store.requests.compose_failure(song.id, "")  # back to the state before it was posted
    question = await stage.alice.slash(stage.channel, "chiptune delete", song=song.id)
    result = await stage.alice.click(question.response.message, label="Delete it")
    assert [message.content for message in result.followups] == [BEING_POSTED]
    assert await stage.store.songs.get(song.id) == song


async def test_a_tune_deleted_in_the_meantime_is_reported_as_deleted(stage: Stage) -> None:
    post, song = await stage.made()
    first, second = [await stage.alice.slash(stage.channel, "chiptune delete", song=song.id) for _ in range(2)]
    reply = await stage.alice.click(post, custom_id=custom_id(post, "Files"))
    await stage.alice.click(first.response.message, label="Delete it")
    for message, label in ((second.response.message, "Delete it"), (reply.response.message, "Delete…")):
        result = await stage.alice.click(message, label=label)
        assert result.response.content == "This tune is no longer in the history."
