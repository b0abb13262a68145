"""What outlives a process: buttons, votes, and requests whose generator or bot is killed in the middle."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from tests.fake_generator import HELD
from tests.wire.standin.components import walk
from tests.wire.standin.crowd import allow
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import text
from tests.wire.standin.rest import DEFER, DEFER_UPDATE
from tests.wire.standin.server import StandIn
from tests.wire.standin.world import USER, Interaction, Payload


def vote_label(message: Payload) -> str:
    labels = [str(part.get("label")) for part in walk(message["components"])]
    return next(label for label in labels if label.startswith("Like"))


async def posted(discord: StandIn, bot: Bot, count: int = 1) -> list[Payload]:
    """Wait until so many tunes are posted and noted as such."""
    await discord.until(lambda: bot.rows("SELECT count(*) FROM requests WHERE status = 'posted'") == [(count,)])
    assert len(discord.posts()) == count
    return discord.posts()


async def under_way(discord: StandIn, interaction: Interaction) -> Payload:
    """Wait until a placeholder shows progress; that message."""
    await discord.until(lambda: "▰" in text(discord.original(interaction) or {}))
    placeholder = discord.original(interaction)
    assert placeholder
    return placeholder


async def test_buttons_work_after_a_restart(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", {"seed": 50, "scene": "town"})
    [post] = await posted(discord, bot)
    files = post["attachments"]
    assert discord.world.syncs == 1
    assert await bot.end() == 0
    await bot.start()
    assert discord.world.syncs == 1, "nothing changed, so nothing is registered again"

    pressed = await discord.answered(await discord.press(post, "👍"))
    assert pressed.callback == DEFER_UPDATE
    await discord.until(lambda: vote_label(discord.posts()[0]) == "Like (+1)")
    assert discord.posts()[0]["attachments"] == files
    assert bot.rows("SELECT voter, value FROM votes") == [(str(USER), 1)]
    await discord.answered(await discord.press(post, "👎"))
    await discord.answered(await discord.press(post, "👎", user=USER + 1))
    await discord.until(lambda: vote_label(discord.posts()[0]) == "Like (-2)")
    await discord.answered(await discord.press(post, "👎"))
    await discord.until(lambda: vote_label(discord.posts()[0]) == "Like (-1)")

    take = await discord.answered(await discord.press(post, "🎲"))
    assert take.callback == DEFER
    _, second = await posted(discord, bot, 2)
    assert int(second["id"]) == take.original
    assert "Another take of [Tune 50](https://discord.com/channels/" in text(second)
    [(parent, request)] = bot.rows("SELECT parent, request FROM requests ORDER BY number DESC LIMIT 1")
    assert json.loads(request)["scene"] == "town"
    assert json.loads(request)["seed"] != 50
    assert bot.rows("SELECT id FROM songs ORDER BY number LIMIT 1") == [(parent,)]


async def test_a_battle_goes_on_after_a_restart(discord: StandIn, bot: Bot) -> None:
    for seed in (50, 51, 52):
        await discord.slash("generate", {"seed": seed})
    await posted(discord, bot, 3)
    judge = USER + 1
    asked = await discord.answered(await discord.slash("battle", user=judge))
    assert asked.callback == DEFER
    await discord.until(lambda: (discord.original(asked) or {}).get("attachments"))
    for label, count in (("A", 1), ("Even", 2)):
        assert await bot.end() == 0
        await bot.start()
        battle = discord.original(asked)
        assert battle
        pressed = await discord.answered(await discord.press(battle, label, user=judge))
        assert pressed.callback == DEFER_UPDATE
        await discord.until(lambda: "made by" in (discord.original(asked) or {}).get("content", ""))
        assert bot.rows("SELECT voter FROM battles") == [(str(judge),)] * count
        named = discord.original(asked)
        assert named
        assert await bot.end() == 0
        await bot.start()
        await discord.answered(await discord.press(named, "Another pair", user=judge))
        await discord.until(lambda: "Which of these" in (discord.original(asked) or {}).get("content", ""))
    first, second = [outcome for [outcome] in bot.rows("SELECT outcome FROM battles ORDER BY number")]
    assert first in (0, 1), "A was preferred, which of the two ids it had"
    assert second == 0.5


async def test_a_generator_that_is_killed_is_started_again(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.slash("generate", {"seed": HELD})
    await discord.until(lambda: any("▰" in text(body) for _, _, body in discord.world.edits))
    for pid in bot.generator_pids():
        os.kill(pid, signal.SIGKILL)
    bot.gate.touch()
    [post] = await posted(discord, bot)
    assert int(post["id"]) == interaction.original
    assert len(bot.jobs_file.read_text().splitlines()) == 2


async def test_a_bot_that_is_killed_answers_later_and_once(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.slash("generate", {"seed": HELD})
    await discord.until(lambda: any("▰" in text(body) for _, _, body in discord.world.edits))
    waiting = await discord.slash("generate", {"seed": 60})
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'queued'"))
    await bot.end(signal.SIGKILL)
    assert not discord.posts()
    bot.gate.touch()
    await bot.start()
    posts = await posted(discord, bot, 2)
    assert {int(post["id"]) for post in posts} == {interaction.original, waiting.original}


@pytest.mark.parametrize("late", [False, True], ids=["while the token lives", "after it has expired"])
async def test_a_post_that_was_never_noted_is_not_made_twice(discord: StandIn, bot: Bot, late: bool) -> None:
    if late:
        discord.world.token_seconds = -1.0
    await discord.slash("generate", {"seed": HELD})
    [(row, destination)] = await discord.until(lambda: bot.rows("SELECT id, destination FROM requests"))
    bot.gate.touch()
    await posted(discord, bot)
    # As if the bot had been killed between the post and the note of it, and Discord had forgotten the nonce.
    await bot.end(signal.SIGKILL)
    bot.rows("UPDATE requests SET status = 'composed', destination = ? WHERE id = ?", (destination, row))
    bot.rows("UPDATE songs SET message_id = NULL")
    discord.world.nonces.clear()
    await bot.start()
    [post] = await posted(discord, bot)
    assert len(discord.messages()) == 1
    assert bot.rows("SELECT message_id FROM songs") == [(post["id"],)]
    assert bot.jobs_file.read_text().splitlines() == [f"job {row}"]


async def test_a_request_that_kills_every_generator_is_refused(discord: StandIn, bot: Bot) -> None:
    interaction: Any = await discord.slash("generate", {"seed": 2})
    [said] = await discord.until(lambda: discord.follow_ups(interaction))
    assert "Something went wrong on our side" in said["content"]
    assert discord.original(interaction) is None
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'refused'"))


async def test_twenty_requests_are_each_answered_once_though_the_bot_is_killed(discord: StandIn, bot: Bot) -> None:
    allow(bot, 20)
    seeds = [HELD if number == 5 else 100 + number for number in range(20)]
    asked = [await discord.slash("generate", {"seed": seed}, user=USER + n) for n, seed in enumerate(seeds)]
    await under_way(discord, asked[seeds.index(HELD)])
    await discord.until(lambda: bot.rows("SELECT count(*) FROM requests") == [(20,)])
    await bot.end(signal.SIGKILL)
    assert len(discord.posts()) < 20
    bot.gate.touch()
    await bot.start()
    posts = await posted(discord, bot, 20)
    assert sorted(int(post["id"]) for post in posts) == sorted(one.original or 0 for one in asked)
    assert len(discord.messages()) == 20


async def test_a_request_is_answered_in_its_languages_after_a_restart(discord: StandIn, bot: Bot) -> None:
    discord.world.locale, discord.world.guild_locale = "de", "fr"
    [registered] = discord.world.commands
    assert {"de", "es-419", "es-ES", "fr", "ja", "pt-BR"} <= set(registered["description_localizations"])
    asked = await discord.slash("generate", {"seed": HELD})
    placeholder = await under_way(discord, asked)
    assert text(placeholder).startswith("Composition ▰")
    refused = await discord.slash("generate", {"seed": 13})
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'queued'"))
    await bot.end(signal.SIGKILL)
    discord.world.locale = discord.world.guild_locale = "en-US"
    bot.gate.touch()
    await bot.start()
    [post] = await discord.until(discord.posts)
    assert "Graine 1 · modèle nes, fake 1" in text(post)
    [said] = await discord.until(lambda: discord.follow_ups(refused))
    assert said["content"] == "Die MIDI-Datei hat 200 Spuren; höchstens 128 sind erlaubt."
