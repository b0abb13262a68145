"""`/chiptune song`, `replay` and `help`: what is there already, shown again."""

from __future__ import annotations

import discord
import pytest

from bot.scope import Scope
from bot.store import Song
from tests.discord_side.conftest import Stage
from tests.discord_side.reading import buttons, custom_id, files, gallery, text


async def made(stage: Stage) -> Song:
    await stage.alice.slash(stage.channel, "chiptune generate", scene="town", seed=9)
    await stage.posted()
    [song] = await stage.store.songs.history(Scope.server(stage.channel.guild.id))
    return song


async def test_song_shows_recipe_family_and_files_to_the_one_who_asks(stage: Stage) -> None:
    song = await made(stage)
    [post] = await stage.posted()
    await stage.bob.click(post, custom_id=custom_id(post, "Extend"))
    _, child = await stage.posted(2)
    await stage.bob.click(child, custom_id=custom_id(child, "Another"))
    _, _, grandchild = await stage.posted(3)
    middle = (await stage.store.songs.history(Scope.server(stage.channel.guild.id)))[1]

    result = await stage.bob.slash(stage.channel, "chiptune song", song=middle.id)
    assert result.ephemeral
    shown = result.response.message
    assert "Requested: 8 bars" in text(shown)
    home = f"https://discord.com/channels/{stage.channel.guild.id}/{stage.channel.id}"
    first, second, third = (
        f"[Tune \\*{number}\\* \\@everyone]({home}/{message.id})"
        for number, message in ((1, post), (2, child), (3, grandchild))
    )
    assert f"**Family**\n- {first}\n  - **{second}**\n    - {third}" in text(shown)
    assert len(gallery(shown)) == 1
    assert files(shown) == ["tune.ogg", "tune.mid", "tune.png"]

    alone = await stage.bob.slash(stage.channel, "chiptune song", song=song.id)
    assert f"- **{first}**\n  - {second}" in text(alone.response.message)


async def test_a_family_of_long_names_stays_within_a_message(stage: Stage) -> None:
    stage.composer.title = "_" * 80  # each needs a backslash
    song = await made(stage)
    for count in range(2, 15):
        press = (await stage.posted(count - 1))[min(count - 2, 4)]
        stage.clock.now += 60
        await stage.bob.click(press, custom_id=custom_id(press, "Another"))
    await stage.posted(14)
    middle = (await stage.store.songs.history(Scope.server(stage.channel.guild.id)))[-5]
    result = await stage.bob.slash(stage.channel, "chiptune song", song=middle.id)
    assert text(result.response.message).count("https://discord.com/channels/") == 1 + 4 + 1 + 8
    assert f"and {14 - 5 - 8} more" in text(result.response.message)
    assert song.id != middle.id


async def test_a_tune_without_relatives_has_no_tree(stage: Stage) -> None:
    song = await made(stage)
    result = await stage.bob.slash(stage.channel, "chiptune song", song=song.id)
    assert "Family" not in text(result.response.message)


async def test_replay_posts_the_same_files_and_makes_no_song(stage: Stage) -> None:
    song = await made(stage)
    result = await stage.bob.slash(stage.channel, "chiptune replay", song=song.id)
    assert not result.ephemeral
    first, again = await stage.posted(2)
    assert again.id == result.response.id
    assert text(again) == text(first)
    assert [await file.read() for file in again.attachments] == [await file.read() for file in first.attachments]
    assert [found.id for found in await stage.store.songs.history(Scope.server(stage.channel.guild.id))] == [song.id]
    assert len(stage.composer.requests) == 1
    await stage.alice.click(again, custom_id=custom_id(again, "Like"))
    _, again = await stage.posted(2)
    assert buttons(again)["Like"].label == "Like (+1)"


@pytest.mark.parametrize("command", ["song", "replay"])
async def test_only_a_tune_of_this_place_is_shown(stage: Stage, command: str) -> None:
    song = await made(stage)
    other = stage.env.create_guild("Other")
    carol = other.add_member(stage.env.create_user("carol"))
    channel = other.create_text_channel("music")
    for name in (song.id, "nonsense"):
        result = await carol.slash(channel, f"chiptune {command}", song=name)
        assert result.ephemeral
        assert result.response.content == "There is no such tune here: pick one from the list."
    assert await carol.autocomplete(channel, f"chiptune {command}", "song", "") == []
    choices = await stage.bob.autocomplete(stage.channel, f"chiptune {command}", "song", "TUNE")
    assert [choice["value"] for choice in choices] == [song.id]
    stage.refused()


@pytest.mark.parametrize("command", ["song", "replay"])
async def test_a_tune_whose_files_are_gone_is_said_to_be(stage: Stage, command: str) -> None:
    song = await made(stage)
    for path in (await stage.client.backlog.files.paths(song.id)).values():
        path.unlink()
    result = await stage.bob.slash(stage.channel, f"chiptune {command}", song=song.id)
    assert result.ephemeral
    assert result.response.content == "The files of this tune are no longer here."
    stage.refused()


async def test_help_is_one_page_with_a_way_to_the_other(stage: Stage) -> None:
    result = await stage.alice.slash(stage.channel, "chiptune help")
    assert result.ephemeral
    page = result.response.message
    for command in ("generate", "remix", "history", "song", "replay", "queue", "cancel"):
        assert f"/chiptune {command}" in text(page)
    assert buttons(page)["Open"].url == "https://tunes.example/"


async def test_help_without_an_address_has_no_button(stage: Stage) -> None:
    stage.client.public_url = None
    page = (await stage.alice.slash(stage.channel, "chiptune help")).response.message
    assert not buttons(page)
    assert isinstance(page.components[0], discord.Container)


async def test_a_deleted_parent_is_said_to_be(stage: Stage) -> None:
    song = await made(stage)
    [first] = await stage.posted()
    await stage.bob.click(first, custom_id=custom_id(first, "Another"))
    await stage.posted(2)
    await stage.bob.click(first, custom_id=custom_id(first, "Extend"))
    await stage.posted(3)
    extended, again, _ = await stage.store.songs.history(Scope.server(stage.channel.guild.id))
    await stage.client.backlog.files.delete(song.id)
    for child, said in ((again, "Another take of a deleted tune"), (extended, "Continuation of a deleted tune")):
        result = await stage.bob.slash(stage.channel, "chiptune song", song=child.id)
        shown = text(result.response.message)
        assert said in shown.splitlines()
        assert "- a deleted tune" in shown.splitlines()
