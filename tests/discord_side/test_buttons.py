"""The buttons under a tune: another take, and votes."""

from __future__ import annotations

import discord
import pytest

from bot.store import Song
from tests.fake_generator import MIDI

from .conftest import Stage

TAKE, UP, DOWN = range(3)


def button(message: discord.Message, number: int) -> discord.Button:
    [row] = message.components
    assert isinstance(row, discord.ActionRow)
    found = row.children[number]
    assert isinstance(found, discord.Button)
    return found


async def made(stage: Stage) -> tuple[discord.Message, Song]:
    await stage.alice.slash(stage.channel, "chiptune generate", scene="town", seed=9)
    [post] = await stage.posted()
    [song] = await stage.store.songs.history(str(stage.channel.guild.id))
    return post, song


async def press(stage: Stage, who: str, number: int) -> str | None:
    """Press a button of the only tune; the sum that is shown then."""
    [post] = await stage.posted()
    await getattr(stage, who).click(post, custom_id=button(post, number).custom_id)
    [post] = await stage.posted()
    return button(post, UP).label


async def test_a_vote_counts_once_and_can_be_changed_and_taken_back(stage: Stage) -> None:
    _, song = await made(stage)
    for who, number, shown in (
        ("alice", UP, "1"),
        ("bob", UP, "2"),
        ("bob", DOWN, "0"),
        ("bob", DOWN, "1"),
        ("alice", UP, "0"),
        ("alice", DOWN, "-1"),
    ):
        assert await press(stage, who, number) == shown
    found = await stage.store.songs.get(song.id)
    assert found is not None
    assert found.votes == -1


async def test_a_vote_leaves_the_post_as_it_is(stage: Stage) -> None:
    before, _ = await made(stage)
    await press(stage, "bob", UP)
    [after] = await stage.posted()
    assert after.embeds == before.embeds
    assert [item.filename for item in after.attachments] == [item.filename for item in before.attachments]


async def test_another_take_is_the_same_request_with_another_seed(stage: Stage) -> None:
    post, song = await made(stage)
    result = await stage.bob.click(post, custom_id=button(post, TAKE).custom_id)
    assert result.acknowledged
    _, second = await stage.posted(2)
    first_request, second_request = stage.composer.requests
    assert second_request.scene == first_request.scene == "town"
    assert second_request.seed != first_request.seed
    link = f"https://discord.com/channels/{stage.channel.guild.id}/{stage.channel.id}/{post.id}"
    assert f"Another take of Tune \\*1\\* @everyone ([there]({link}))" in str(second.embeds[0].description)
    newest = (await stage.store.songs.history(str(stage.channel.guild.id)))[0]
    assert (newest.parent, newest.user_id) == (song.id, str(stage.bob.id))


async def test_another_take_of_a_remix_uses_its_file_again(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "chiptune remix", file=("song.mid", MIDI))
    [post] = await stage.posted()
    await stage.bob.click(post, custom_id=button(post, TAKE).custom_id)
    _, second = await stage.posted(2)
    assert stage.composer.requests[0].upload == stage.composer.requests[1].upload
    assert str(second.embeds[0].description).startswith("Remix of song.mid\nAnother take of ")


async def test_another_take_of_a_remix_whose_file_is_gone_is_refused(stage: Stage) -> None:
    await stage.alice.slash(stage.channel, "chiptune remix", file=("song.mid", MIDI))
    [post] = await stage.posted()
    stage.client.backlog.files.path_of(stage.composer.requests[0].upload or "").unlink()
    result = await stage.bob.click(post, custom_id=button(post, TAKE).custom_id)
    assert result.response is None
    [said] = result.followups
    assert said.ephemeral
    assert "no longer here" in said.content


@pytest.mark.parametrize("number", [TAKE, UP, DOWN])
async def test_a_tune_that_is_gone_is_said_to_be(stage: Stage, number: int) -> None:
    post, song = await made(stage)
    custom_id = button(post, number).custom_id
    await stage.client.backlog.files.delete(song.id)
    result = await stage.bob.click(post, custom_id=custom_id)
    assert result.ephemeral
    assert result.response.content == "This tune is no longer in the history."
