"""`/chiptune taste` as people see it, and votes that choose among takes."""

from __future__ import annotations

import io
import json
from typing import Any

from PIL import Image

from bot.discord.charts.taste_picture import FOOTER, HEADER, ROW, UNSURE, axis_half, axis_x, draw, percentage_points
from bot.discord.core.canvas import POSSIBLE, SURE, WIDTH
from bot.scope import Scope
from bot.store import Song
from bot.votes.taste_model import Preference
from generator.protocol.canvas import BACKGROUND
from tests.discord_side.conftest import Stage
from tests.discord_side.reading import gallery, text


async def vote_for_drums(stage: Stage, people: int) -> list[Song]:
    """Make six tunes, every second one with drums. `people` people like those and dislike the others."""
    for seed in range(20, 26):
        await stage.alice.slash(stage.channel, "chiptune generate", seed=seed)
    await stage.posted(6)
    songs = await stage.store.songs.history(Scope.server(stage.channel.guild.id))
    async with stage.store.database.transaction():
        for number, song in enumerate(songs):
            features = json.dumps({"drums": 6.0 * (number % 2)})
            await stage.store.database.execute("UPDATE songs SET features = ? WHERE id = ?", (features, song.id))
            for person in range(people):
                row = (song.id, f"voter {person}", 1 if number % 2 else -1, 0.0)
                await stage.store.database.execute("INSERT INTO votes VALUES (?, ?, ?, ?)", row)
    return songs


async def show_taste(stage: Stage) -> Any:
    result = await stage.bob.slash(stage.channel, "chiptune taste")
    assert result.ephemeral
    return result.response.message


async def test_too_few_votes_give_no_taste(stage: Stage) -> None:
    await vote_for_drums(stage, 8)
    message = await show_taste(stage)
    assert "Not enough votes yet: 48 of 50." in text(message)
    assert not message.attachments


async def test_a_taste_is_described_drawn_and_followed(stage: Stage) -> None:
    [song, *_] = await vote_for_drums(stage, 10)
    message = await show_taste(stage)
    shown = text(message)
    assert "People here like more drums." in shown
    assert "60 votes of 10 people on 6 tunes" in shown
    assert "chooses among takes" in shown
    assert len(gallery(message)) == 1
    [file] = message.attachments
    with Image.open(io.BytesIO(await file.read())) as image:
        assert (image.format, image.width) == ("PNG", WIDTH)
    options: dict[str, Any] = {"takes": 4}
    for more in ({}, {"seed": 8}):
        await stage.alice.slash(stage.channel, "chiptune generate", **options, **more)
    await stage.posted(8)
    free, seeded = stage.composer.requests[-2:]
    assert set(free.taste or {}) == {"drums"}
    assert (seeded.seed, seeded.taste) == (8, None)
    await stage.store.database.change(
        "UPDATE songs SET got = :got WHERE id = :id",
        id=song.id,
        got=json.dumps({"take": 3, "takes": 4, "likeliest": 1, "take_seed": 99}),
    )
    opened = await stage.bob.slash(stage.channel, "chiptune song", song=song.id)
    assert "-# Take 3 of 4, chosen by what people here like" in text(opened.response.message)


async def test_another_take_follows_the_current_taste(stage: Stage) -> None:
    await vote_for_drums(stage, 10)
    await stage.alice.slash(stage.channel, "chiptune generate", takes=4)
    *_, post = await stage.posted(7)
    await stage.store.database.change("DELETE FROM votes WHERE voter = 'voter 1'")
    await stage.bob.click(post, label="Another take")
    *_, other = await stage.posted(8)
    first, second = stage.composer.requests[-2:]
    assert first.taste
    assert second.taste
    assert first.taste != second.taste
    assert first.seed != second.seed
    assert "Another take of" in text(other)


async def test_a_server_can_switch_the_taste_off(stage: Stage) -> None:
    await vote_for_drums(stage, 10)
    manager = stage.staff("manager", manage_guild=True)
    result = await manager.slash(stage.channel, "chiptune settings taste", on=False)
    assert "Votes choose among takes: no" in result.response.content
    assert "switched off here" in text(await show_taste(stage))
    await stage.alice.slash(stage.channel, "chiptune generate", takes=4)
    await stage.posted(7)
    assert stage.composer.requests[-1].taste is None


def test_bars_and_lines_have_the_right_lengths() -> None:
    preferences = [Preference("drums", 0.4, 0.1, 0, 1), Preference("minor", -0.1, 0.2, 0, 1)]
    half = axis_half(preferences)
    assert half == 20  # 0.4 + 1.96 x 0.1 is a logit of 0.596, 14.5 points
    with Image.open(io.BytesIO(draw("What people here like", preferences))) as image:
        assert image.size == (WIDTH, HEADER + 2 * ROW + FOOTER)
        picture = image.convert("RGB")
    for number, (preference, colour) in enumerate(zip(preferences, (SURE, UNSURE), strict=True)):
        middle = HEADER + ROW * number + ROW // 2
        bar = [x for x in range(WIDTH) if picture.getpixel((x, middle - 6)) == colour]
        assert abs(len(bar) - abs(axis_x(percentage_points(preference.weight), half) - axis_x(0, half))) <= 2
        line = [x for x in range(WIDTH) if picture.getpixel((x, middle)) == POSSIBLE]
        assert abs(line[0] - axis_x(percentage_points(preference.low), half)) <= 1
        assert abs(line[-1] + 1 - axis_x(percentage_points(preference.high), half)) <= 1
    assert picture.getpixel((WIDTH - 4, HEADER)) == BACKGROUND
