"""`/chiptune top`: the chart as people see it, its pages, and the way from it to a tune."""

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


async def songs(stage: Stage, count: int) -> list[Song]:
    """So many tunes of alice's, oldest first; the second one has two likes of others, the rest one each."""
    for _ in range(count):
        await stage.alice.slash(stage.channel, "chiptune generate")
    await stage.posted(count)
    made = (await stage.store.songs.history(Scope.server(stage.channel.guild.id)))[::-1]
    async with stage.store.database.transaction():
        for number, song in enumerate(made):
            for voter in ("carol", "dave")[: 2 if number == 1 else 1]:
                await stage.store.database.execute("INSERT INTO votes VALUES (?, ?, 1, 0)", (song.id, voter))
    return made


def places(message: discord.Message) -> list[str]:
    return [line for line in text(message).splitlines() if line.startswith("**")]


async def top(stage: Stage, **options: Any) -> Any:
    return await stage.bob.slash(stage.channel, "chiptune top", **options)


async def test_a_chart_is_a_picture_and_a_list_for_the_one_who_asks(stage: Stage) -> None:
    first, second = await songs(stage, 2)
    result = await top(stage)
    assert result.ephemeral
    message = result.response.message
    assert "## Top tunes of the last 7 days" in text(message)
    assert "not count" in text(message)
    link = f"https://discord.com/channels/{stage.channel.guild.id}/{stage.channel.id}/{second.message_id}"
    assert places(message) == [
        f"**1.** [Tune \\*2\\* \\@everyone]({link}) · 2 likes · 34% to 100%",
        f"**2.** [Tune \\*1\\* \\@everyone]({link.replace(str(second.message_id), str(first.message_id))})"
        " · 1 like · 21% to 100%",
    ]
    [picture] = gallery(message)
    assert "places 1 to 2" in str(picture.description)
    [file] = message.attachments
    with Image.open(io.BytesIO(await file.read())) as image:
        assert (image.format, image.width) == ("PNG", 1000)


async def test_a_tune_is_opened_from_its_place(stage: Stage) -> None:
    _, second = await songs(stage, 2)
    message = (await top(stage)).response.message
    opened = await stage.bob.click(message, label="1")
    assert opened.ephemeral
    shown = opened.response.message
    assert custom_id(shown, "Like").endswith(second.id)
    assert "Tune \\*2\\*" in text(shown)
    await stage.client.backlog.files.delete(second.id)
    gone = await stage.bob.click(message, label="1")
    assert gone.response.content == "There is no such tune here: pick one from the list."


async def test_pages_and_periods_are_turned_in_place(stage: Stage) -> None:
    made = await songs(stage, 12)
    result = await top(stage, period="day")
    assert [place.split(".")[0] for place in places(result.response.message)] == [f"**{n}" for n in range(1, 11)]
    await stage.bob.click(result.response.message, label="Lower")
    message = result.response.message
    assert [place[:7] for place in places(message)] == ["**11.**", "**12.**"]
    assert "Lower" not in buttons(message)
    assert "places 11 to 12" in str(gallery(message)[0].description)
    await stage.bob.click(message, label="Higher")
    assert len(places(result.response.message)) == 10
    await stage.store.database.change("UPDATE songs SET created = created - :age", age=2 * DAY)
    for label, count in (("Month", 10), ("All time", 10), ("Week", 10), ("Day", 0)):
        await stage.bob.click(result.response.message, label=label)
        message = result.response.message
        assert len(places(message)) == count
        assert len(message.attachments) == len(gallery(message)) == bool(count)
    assert "No tune made here in that time has a like of somebody else yet." in text(result.response.message)
    assert buttons(result.response.message)["Day"].disabled
    assert len(made) == 12


async def test_a_chart_is_its_place_s_own_and_a_deleted_tune_is_in_none(stage: Stage) -> None:
    [song] = (await songs(stage, 1))[:1]
    other = stage.env.create_guild("Other")
    carol = other.add_member(stage.env.create_user("carol"))
    page = await carol.slash(other.create_text_channel("music"), "chiptune top", period="all")
    assert places(page.response.message) == []
    direct = await stage.alice.user.slash("chiptune top", period="all")
    assert places(direct.response.message) == []
    await stage.client.backlog.files.delete(song.id)
    assert places((await top(stage, period="all")).response.message) == []


async def test_a_tune_of_a_direct_message_ranks_there_alone(stage: Stage) -> None:
    await stage.alice.user.slash("chiptune generate", seed=7)
    await stage.gone()
    place = f"channel:{stage.alice.user.dm_channel.id}"
    [song] = await stage.store.songs.history(Scope(place))
    await stage.store.votes.cast(song.id, "carol", 1)
    assert len(places((await stage.alice.user.slash("chiptune top")).response.message)) == 1
    assert places((await top(stage)).response.message) == []


@pytest.mark.parametrize("start", ["999999", ""])
async def test_a_page_that_is_empty_by_now_says_so(stage: Stage, start: str) -> None:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="turn", custom_id=f"chiptune:top:all:{start}"))
    channel = stage.client.get_partial_messageable(stage.channel.id)
    old = await channel.send(view=discord.ui.LayoutView().add_item(discord.ui.ActionRow(*view.children)))
    await stage.bob.click(old, label="turn")
    shown = text(await channel.fetch_message(old.id))
    assert ("no more tunes" in shown) == bool(start)
    assert ("has a like" in shown) == (not start)
