"""The queue over the wire: limits that say when to try again, and cancelled requests."""

from __future__ import annotations

import re
import signal
import time

from tests.fake_generator import HELD
from tests.wire.standin.components import BUTTON, walk
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import text
from tests.wire.standin.rest import DEFER, DEFER_UPDATE, MESSAGE
from tests.wire.standin.server import StandIn
from tests.wire.standin.waiting import wait_for_posts, wait_for_progress
from tests.wire.standin.world import EPHEMERAL, USER

CANCELLED = "This was cancelled."


async def wait_for_refusals(discord: StandIn, bot: Bot, count: int = 1) -> None:
    sql = "SELECT count(*) FROM requests WHERE status = 'refused'"
    await discord.until(lambda: bot.rows(sql) == [(count,)])


async def test_the_button_works_after_a_restart_but_only_for_the_requester(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.slash("generate", {"seed": HELD})
    placeholder = await wait_for_progress(discord, interaction)
    await bot.end(signal.SIGKILL)
    await bot.start()
    other = await discord.answered(await discord.press(placeholder, "Cancel", user=USER + 1))
    assert (other.callback, other.data["flags"]) == (MESSAGE, EPHEMERAL)
    assert "Only the person who requested" in other.data["content"]
    pressed = await discord.answered(await discord.press(placeholder, "Cancel"))
    assert pressed.callback == DEFER_UPDATE
    await wait_for_refusals(discord, bot)
    await discord.until(lambda: text(discord.original(interaction) or {}) == CANCELLED)
    assert not [part for part in walk(placeholder["components"]) if part["type"] == BUTTON]
    later = await discord.slash("generate", {"seed": 60})
    [post] = await wait_for_posts(discord, bot)
    assert int(post["id"]) == later.original, "the generator goes on with the next request"


async def test_a_waiting_request_is_cancelled_after_the_token_expired(discord: StandIn, bot: Bot) -> None:
    await wait_for_progress(discord, await discord.slash("generate", {"seed": HELD}))
    waiting = await discord.slash("generate", {"seed": 60})
    await discord.until(lambda: (placeholder := discord.original(waiting)) and "next" in text(placeholder))
    discord.world.offset = 16 * 60
    [(request,)] = bot.rows("SELECT id FROM requests WHERE status = 'queued'")
    done = await discord.answered(await discord.slash("cancel", {"request": request}))
    assert (done.callback, done.data["flags"]) == (DEFER, EPHEMERAL)
    await discord.until(lambda: (discord.original(done) or {}).get("content") == "Cancelled.")
    await wait_for_refusals(discord, bot)
    assert text(discord.original(waiting) or {}) == CANCELLED
    bot.gate.touch()
    await wait_for_posts(discord, bot)


async def test_a_refusal_at_the_limit_says_when_to_ask_again_and_the_queue_says_why(discord: StandIn, bot: Bot) -> None:
    for _ in range(3):
        await discord.answered(await discord.slash("generate", {"seed": HELD, "seconds": 4}))
    await discord.until(lambda: bot.rows("SELECT count(*) FROM requests") == [(3,)])
    over = await discord.answered(await discord.slash("generate"))
    assert (over.callback, over.data["flags"]) == (MESSAGE, EPHEMERAL)
    when = re.search(r"You have 3 open requests.* the next can be asked for <t:(\d+):R>", over.data["content"])
    assert when
    assert -1 < int(when[1]) - time.time() < 60
    shown = await discord.answered(await discord.slash("queue"))
    assert shown.data["flags"] == EPHEMERAL
    lines = shown.data["content"].splitlines()
    assert [line[:17] for line in lines[:3]] == ["- **tune, 4 s** ·"] * 3
    assert [line.split(", ")[0] for line in lines[3:]] == [
        "-# This server: 3 open requests",
        "-# Everybody: 3 open requests",
    ]
    choices = await discord.autocomplete("cancel", "request", "")
    assert len(choices) == 3
