"""`/chiptune battle`: what is shown before and after the choice."""

from __future__ import annotations

import io
from typing import Any

import discord
import pytest
from PIL import Image

from bot.discord.charts.battle import QUESTION
from bot.scope import Scope
from bot.store import Song
from bot.store.battles import JUDGED
from bot.voting import NO_PAIR
from tests.discord_side.conftest import Stage
from tests.discord_side.reading import buttons, text


def png() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (1200, 630)).save(data, "PNG")
    return data.getvalue()


async def make_songs(stage: Stage, count: int) -> list[Song]:
    """Make `count` tunes for alice. Return them, oldest first."""
    stage.composer.files = [(name, png() if name.endswith(".png") else data) for name, data in stage.composer.files]
    for _ in range(count):
        await stage.alice.slash(stage.channel, "chiptune generate")
    await stage.posted(count)
    return (await stage.store.songs.history(Scope.server(stage.channel.guild.id)))[::-1]


async def start_battle(stage: Stage, who: Any) -> Any:
    return await who.slash(stage.channel, "chiptune battle")


async def outcomes(stage: Stage) -> list[tuple[str, float]]:
    rows = await stage.store.database.fetch("SELECT voter, outcome FROM battles ORDER BY number")
    return [tuple(row) for row in rows]


async def test_two_tunes_are_shown_without_names_to_the_user_alone(stage: Stage) -> None:
    await make_songs(stage, 2)
    result = await start_battle(stage, stage.bob)
    assert result.ephemeral
    message = result.response.message
    assert message.content == QUESTION
    assert list(buttons(message)) == ["A", "B", "Even"]
    assert [file.filename for file in message.attachments] == ["A.ogg", "A.png", "B.ogg", "B.png"]
    assert not any(file.description for file in message.attachments)
    with Image.open(io.BytesIO(await message.attachments[1].read())) as image:
        assert image.size == (1200, 504)


@pytest.mark.parametrize(("label", "answer"), [("A", "preferred **A**"), ("B", "preferred **B**"), ("Even", "even")])
async def test_a_choice_is_recorded_and_reveals_the_names(stage: Stage, label: str, answer: str) -> None:
    songs = await make_songs(stage, 2)
    result = await start_battle(stage, stage.bob)
    first, second = str(buttons(result.response.message)["A"].custom_id).split(":")[-2:]
    await stage.bob.click(result.response.message, label=label)
    message = result.response.message
    assert answer in message.content
    assert all(f"Tune \\*{number}\\*" in message.content for number in (1, 2))
    assert f"<@{stage.alice.id}>" in message.content
    assert list(buttons(message)) == ["Another"]
    preferred = {"A": first, "B": second, "Even": None}[label]
    value = 0.5 if preferred is None else float(preferred == min(song.id for song in songs))
    assert await outcomes(stage) == [(str(stage.bob.id), value)]


async def test_the_next_pair_replaces_the_judged_one_until_there_is_none(stage: Stage) -> None:
    await make_songs(stage, 3)
    result = await start_battle(stage, stage.bob)
    for remaining in (2, 1, 0):
        await stage.bob.click(result.response.message, label="Even")
        pressed = await stage.bob.click(result.response.message, label="Another pair")
        if remaining:
            assert result.response.message.content == QUESTION
    assert pressed.followups[-1].message.content == NO_PAIR
    assert len(await outcomes(stage)) == 3


async def test_a_second_press_changes_nothing(stage: Stage) -> None:
    songs = await make_songs(stage, 2)
    result = await start_battle(stage, stage.bob)
    await stage.store.battles.judge(
        Scope.server(stage.channel.guild.id), str(stage.bob.id), songs[0].id, songs[1].id, 1
    )
    pressed = await stage.bob.click(result.response.message, label="Even")
    assert pressed.followups[-1].message.content == JUDGED
    assert [outcome for _, outcome in await outcomes(stage)] == [1 if songs[0].id < songs[1].id else 0]
    stage.env.errors.clear()


async def test_own_tunes_and_tunes_from_elsewhere_are_not_shown(stage: Stage) -> None:
    await make_songs(stage, 2)
    other = stage.env.create_guild("Other")
    carol = other.add_member(stage.env.create_user("carol"))
    for result in (
        await start_battle(stage, stage.alice),
        await carol.slash(other.create_text_channel("music"), "chiptune battle"),
        await stage.bob.user.slash("chiptune battle"),
    ):
        assert result.followups[-1].message.content == NO_PAIR
    stage.env.errors.clear()


async def test_the_ranking_is_a_tab_of_the_charts(stage: Stage) -> None:
    songs = await make_songs(stage, 2)
    guild = str(stage.channel.guild.id)
    top = await stage.bob.slash(stage.channel, "chiptune top", ranking="battles")
    assert "No tunes made here have been compared yet" in text(top.response.message)
    for voter in "abcdefgh":
        await stage.store.battles.judge(Scope(guild), voter, songs[1].id, songs[0].id, 1)
    top = await stage.bob.slash(stage.channel, "chiptune top")
    await stage.bob.click(top.response.message, label="Battles")
    message: discord.Message = top.response.message
    assert "## Top tunes by battles" in text(message)
    assert text(message).index("Tune \\*2\\*") < text(message).index("Tune \\*1\\*")
    assert "8 battles" in text(message)
    with Image.open(io.BytesIO(await message.attachments[0].read())) as image:
        assert (image.format, image.width) == ("PNG", 1000)
