"""What survives a restart: buttons, votes, and requests whose generator or bot is killed while they are composed."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

import pytest

from tests.fake_generator import HELD
from tests.wire.standin.components import walk
from tests.wire.standin.crowd import set_server_limit
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import text
from tests.wire.standin.rest import DEFER, DEFER_UPDATE
from tests.wire.standin.server import StandIn
from tests.wire.standin.waiting import wait_for_posts, wait_for_progress
from tests.wire.standin.world import USER, Payload


def vote_label(message: Payload) -> str:
    labels = [str(part.get("label")) for part in walk(message["components"])]
    return next(label for label in labels if label.startswith("Like"))


async def test_buttons_work_after_a_restart(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", {"seed": 50, "scene": "town"})
    [post] = await wait_for_posts(discord, bot)
    files = post["attachments"]
    assert discord.world.syncs == 1
    assert await bot.end() == 0
    await bot.start()
    assert discord.world.syncs == 1, "unchanged commands are not registered again"

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
    _, second = await wait_for_posts(discord, bot, 2)
    assert int(second["id"]) == take.original
    assert "Another take of [Tune 50](https://discord.com/channels/" in text(second)
    [(parent, request)] = bot.rows("SELECT parent, request FROM requests ORDER BY number DESC LIMIT 1")
    assert json.loads(request)["scene"] == "town"
    assert json.loads(request)["seed"] != 50
    assert bot.rows("SELECT id FROM songs ORDER BY number LIMIT 1") == [(parent,)]


async def test_a_battle_continues_after_a_restart(discord: StandIn, bot: Bot) -> None:
    for seed in (50, 51, 52):
        await discord.slash("generate", {"seed": seed})
    await wait_for_posts(discord, bot, 3)
    judge = USER + 1
    interaction = await discord.answered(await discord.slash("battle", user=judge))
    assert interaction.callback == DEFER
    await discord.until(lambda: (discord.original(interaction) or {}).get("attachments"))
    for label, count in (("A", 1), ("Even", 2)):
        assert await bot.end() == 0
        await bot.start()
        battle = discord.original(interaction)
        assert battle
        pressed = await discord.answered(await discord.press(battle, label, user=judge))
        assert pressed.callback == DEFER_UPDATE
        await discord.until(lambda: "made by" in (discord.original(interaction) or {}).get("content", ""))
        assert bot.rows("SELECT voter FROM battles") == [(str(judge),)] * count
        named = discord.original(interaction)
        assert named
        assert await bot.end() == 0
        await bot.start()
        await discord.answered(await discord.press(named, "Another pair", user=judge))
        await discord.until(lambda: "Which of these" in (discord.original(interaction) or {}).get("content", ""))
    first, second = [outcome for [outcome] in bot.rows("SELECT outcome FROM battles ORDER BY number")]
    assert first in (0, 1), "A was preferred, whichever of the two it was"
    assert second == 0.5


async def test_a_killed_generator_is_restarted(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.slash("generate", {"seed": HELD})
    await discord.until(lambda: any("▰" in text(body) for _, _, body in discord.world.edits))
    for pid in bot.generator_pids():
        os.kill(pid, signal.SIGKILL)
    bot.gate.touch()
    [post] = await wait_for_posts(discord, bot)
    assert int(post["id"]) == interaction.original
    assert len(bot.jobs_file.read_text().splitlines()) == 2


async def test_a_killed_bot_answers_later_and_once(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.slash("generate", {"seed": HELD})
    await discord.until(lambda: any("▰" in text(body) for _, _, body in discord.world.edits))
    waiting = await discord.slash("generate", {"seed": 60})
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'queued'"))
    await bot.end(signal.SIGKILL)
    assert not discord.posts()
    bot.gate.touch()
    await bot.start()
    posts = await wait_for_posts(discord, bot, 2)
    assert {int(post["id"]) for post in posts} == {interaction.original, waiting.original}


@pytest.mark.parametrize("late", [False, True], ids=["token valid", "token expired"])
async def test_a_post_that_was_not_recorded_is_not_made_twice(discord: StandIn, bot: Bot, late: bool) -> None:
    if late:
        discord.world.token_seconds = -1.0
    await discord.slash("generate", {"seed": HELD})
    [(request_id, destination)] = await discord.until(lambda: bot.rows("SELECT id, destination FROM requests"))
    bot.gate.touch()
    await wait_for_posts(discord, bot)
    # As if the bot had been killed before it recorded the post, and Discord had forgotten the nonce.
    await bot.end(signal.SIGKILL)
    bot.rows("UPDATE requests SET status = 'composed', destination = ? WHERE id = ?", (destination, request_id))
    bot.rows("UPDATE songs SET message_id = NULL")
    discord.world.nonces.clear()
    await bot.start()
    [post] = await wait_for_posts(discord, bot)
    assert len(discord.messages()) == 1
    assert bot.rows("SELECT message_id FROM songs") == [(post["id"],)]
    assert bot.jobs_file.read_text().splitlines() == [f"job {request_id}"]


async def test_a_request_that_kills_every_generator_is_refused(discord: StandIn, bot: Bot) -> None:
    interaction: Any = await discord.slash("generate", {"seed": 2})
    [refusal] = await discord.until(lambda: discord.follow_ups(interaction))
    assert "Something went wrong on our side" in refusal["content"]
    assert discord.original(interaction) is None
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'refused'"))


async def test_twenty_requests_are_answered_once_each_though_the_bot_is_killed(discord: StandIn, bot: Bot) -> None:
    set_server_limit(bot, 20)
    seeds = [HELD if number == 5 else 100 + number for number in range(20)]
    interactions = [await discord.slash("generate", {"seed": seed}, user=USER + n) for n, seed in enumerate(seeds)]
    await wait_for_progress(discord, interactions[seeds.index(HELD)])
    await discord.until(lambda: bot.rows("SELECT count(*) FROM requests") == [(20,)])
    await bot.end(signal.SIGKILL)
    assert len(discord.posts()) < 20
    bot.gate.touch()
    await bot.start()
    posts = await wait_for_posts(discord, bot, 20)
    assert sorted(int(post["id"]) for post in posts) == sorted(
        interaction.original or 0 for interaction in interactions
    )
    assert len(discord.messages()) == 20


async def test_a_request_keeps_its_languages_over_a_restart(discord: StandIn, bot: Bot) -> None:
    discord.world.locale, discord.world.guild_locale = "de", "fr"
    [registered] = discord.world.commands
    assert {"de", "es-419", "es-ES", "fr", "ja", "pt-BR"} <= set(registered["description_localizations"])
    interaction = await discord.slash("generate", {"seed": HELD})
    placeholder = await wait_for_progress(discord, interaction)
    assert text(placeholder).startswith("Composition ▰")
    refused = await discord.slash("generate", {"seed": 13})
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'queued'"))
    await bot.end(signal.SIGKILL)
    discord.world.locale = discord.world.guild_locale = "en-US"
    bot.gate.touch()
    await bot.start()
    [post] = await discord.until(discord.posts)
    assert "Graine 1 · modèle nes-2, fake 1" in text(post)
    [refusal] = await discord.until(lambda: discord.follow_ups(refused))
    assert refusal["content"] == "Die MIDI-Datei hat 200 Spuren; höchstens 128 sind erlaubt."
