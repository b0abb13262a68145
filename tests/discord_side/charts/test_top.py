"""`/chiptune top`: the chart as people see it, its pages, and opening a tune from it."""

from __future__ import annotations

import io
from typing import Any

import discord
import pytest
from PIL import Image

from bot.scope import Scope
from bot.store import Song
from bot.store.charts import DAY
from tests.discord_side.conftest import Stage
from tests.discord_side.reading import buttons, custom_id, gallery, text


async def make_songs(stage: Stage, count: int) -> list[Song]:
    """Make `count` tunes, the second with two likes, the others with one each. Return them, oldest first."""
    for _ in range(count):
        await stage.alice.slash(stage.channel, "chiptune generate")
    await stage.posted(count)
    songs = (await stage.store.songs.history(Scope.server(stage.channel.guild.id)))[::-1]
    async with stage.store.database.transaction():
        for number, song in enumerate(songs):
            for voter in ("carol", "dave")[: 2 if number == 1 else 1]:
                await stage.store.database.execute("INSERT INTO votes VALUES (?, ?, 1, 0)", (song.id, voter))
    return songs


def entries(message: discord.Message) -> list[str]:
    return [line for line in text(message).splitlines() if line.startswith("**")]


async def show_top(stage: Stage, **options: Any) -> Any:
    return await stage.bob.slash(stage.channel, "chiptune top", **options)


async def test_a_chart_is_a_picture_and_a_list_that_only_the_user_sees(stage: Stage) -> None:
    first, second = await make_songs(stage, 2)
    result = await show_top(stage)
    assert result.ephemeral
    message = result.response.message
    assert "## Top tunes of the last 7 days" in text(message)
    assert "not count" in text(message)
    link = f"https://discord.com/channels/{stage.channel.guild.id}/{stage.channel.id}/{second.message_id}"
    assert entries(message) == [
        f"**1.** [Tune \\*2\\* \\@everyone]({link}) · 2 likes · 34% to 100%",
        f"**2.** [Tune \\*1\\* \\@everyone]({link.replace(str(second.message_id), str(first.message_id))})"
        " · 1 like · 21% to 100%",
    ]
    [picture] = gallery(message)
    assert "places 1 to 2" in str(picture.description)
    [file] = message.attachments
    with Image.open(io.BytesIO(await file.read())) as image:
        assert (image.format, image.width) == ("PNG", 1000)


async def test_a_tune_is_opened_from_the_chart(stage: Stage) -> None:
    _, second = await make_songs(stage, 2)
    message = (await show_top(stage)).response.message
    opened = await stage.bob.click(message, label="1")
    assert opened.ephemeral
    shown = opened.response.message
    assert custom_id(shown, "Like").endswith(second.id)
    assert "Tune \\*2\\*" in text(shown)
    await stage.client.backlog.files.delete(second.id)
    gone = await stage.bob.click(message, label="1")
    assert gone.response.content == "There is no such tune here: pick one from the list."


async def test_pages_and_periods_change_in_place(stage: Stage) -> None:
    songs = await make_songs(stage, 12)
    result = await show_top(stage, period="day")
    assert [entry.split(".")[0] for entry in entries(result.response.message)] == [f"**{n}" for n in range(1, 11)]
    await stage.bob.click(result.response.message, label="Lower")
    message = result.response.message
    assert [entry[:7] for entry in entries(message)] == ["**11.**", "**12.**"]
    assert "Lower" not in buttons(message)
    assert "places 11 to 12" in str(gallery(message)[0].description)
    await stage.bob.click(message, label="Higher")
    assert len(entries(result.response.message)) == 10
    await stage.store.database.change("UPDATE songs SET created = created - :age", age=2 * DAY)
    for label, count in (("Month", 10), ("All time", 10), ("Week", 10), ("Day", 0)):
        await stage.bob.click(result.response.message, label=label)
        message = result.response.message
        assert len(entries(message)) == count
        assert len(message.attachments) == len(gallery(message)) == bool(count)
    assert "No tune made here in that time has a like from somebody else yet." in text(result.response.message)
    assert buttons(result.response.message)["Day"].disabled
    assert len(songs) == 12


async def test_a_chart_has_only_tunes_of_its_own_server_and_no_deleted_ones(stage: Stage) -> None:
    [song] = (await make_songs(stage, 1))[:1]
    other = stage.env.create_guild("Other")
    carol = other.add_member(stage.env.create_user("carol"))
    page = await carol.slash(other.create_text_channel("music"), "chiptune top", period="all")
    assert entries(page.response.message) == []
    direct = await stage.alice.user.slash("chiptune top", period="all")
    assert entries(direct.response.message) == []
    await stage.client.backlog.files.delete(song.id)
    assert entries((await show_top(stage, period="all")).response.message) == []


async def test_a_tune_from_direct_messages_ranks_only_there(stage: Stage) -> None:
    await stage.alice.user.slash("chiptune generate", seed=7)
    await stage.gone()
    place = f"channel:{stage.alice.user.dm_channel.id}"
    [song] = await stage.store.songs.history(Scope(place))
    await stage.store.votes.cast(song.id, "carol", 1)
    assert len(entries((await stage.alice.user.slash("chiptune top")).response.message)) == 1
    assert entries((await show_top(stage)).response.message) == []


@pytest.mark.parametrize("start", ["999999", ""])
async def test_a_page_that_has_become_empty_says_so(stage: Stage, start: str) -> None:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="turn", custom_id=f"chiptune:top:all:{start}"))
    channel = stage.client.get_partial_messageable(stage.channel.id)
    old = await channel.send(view=discord.ui.LayoutView().add_item(discord.ui.ActionRow(*view.children)))
    await stage.bob.click(old, label="turn")
    shown = text(await channel.fetch_message(old.id))
    assert ("no more tunes" in shown) == bool(start)
    assert ("has a like" in shown) == (not start)
