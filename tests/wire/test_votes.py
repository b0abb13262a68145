"""Votes and charts over the wire: a crowd that votes at once, and what the post and the chart show then."""

from __future__ import annotations

import asyncio
import signal

from tests.wire.standin.components import BUTTON, walk
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import names, text
from tests.wire.standin.rest import DEFER, DEFER_UPDATE
from tests.wire.standin.server import StandIn
from tests.wire.standin.world import EPHEMERAL, USER, Payload
from tests.wire.test_restarts import posted


def like(message: Payload) -> str:
    """What the thumb up shows."""
    labels = [part["label"] for part in walk(message["components"]) if part["type"] == BUTTON]
    return next(str(label) for label in labels if label.startswith("Like"))


async def test_a_hundred_votes_at_once_are_counted_and_shown(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", {"seed": 50})
    [post] = await posted(discord, bot)
    discord.world.answer_seconds = 60.0  # how fast the machine is, is not the question
    votes = [discord.press(post, "👍", user=USER + n) for n in range(100)]
    pressed = await asyncio.gather(*votes)
    await discord.until(lambda: like(discord.posts()[0]) == "Like (+100)", 60.0)
    assert {one.callback for one in pressed} == {DEFER_UPDATE}
    assert bot.rows("SELECT likes, dislikes, own, votes FROM songs") == [(99, 0, 1, 100)], (
        "the author's own does not rank"
    )
    assert bot.rows("SELECT count(*) FROM votes") == [(100,)]
    edits = [body for _, message, body in discord.world.edits if message == int(post["id"]) and "components" in body]
    assert text(edits[-1]) == text(post)
    [told] = await discord.until(lambda: [message for one in pressed for message in discord.follow_ups(one)])
    assert "your own" in told["content"]


async def test_a_chart_outlives_a_restart(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", {"seed": 50})
    [post] = await posted(discord, bot)
    await discord.answered(await discord.press(post, "👍", user=USER + 1))
    asked = await discord.answered(await discord.slash("top", {"period": "all"}))
    assert (asked.callback, asked.data["flags"]) == (DEFER, EPHEMERAL)
    chart = await discord.until(lambda: (found := discord.original(asked)) and found["attachments"] and found)
    assert names(chart) == ["top.png"]
    assert "· 1 like · 21% to 100%" in text(chart)
    await bot.end(signal.SIGKILL)
    await bot.start()
    turned = await discord.answered(await discord.press(chart, "Day"))
    await discord.until(lambda: "of the last day" in text(discord.original(turned) or {}))
    assert len(chart["attachments"]) == 1
    opened = await discord.answered(await discord.press(chart, "1"))
    shown = await discord.until(lambda: (found := discord.original(opened)) and found["attachments"] and found)
    assert shown["flags"] & EPHEMERAL
    assert "Seed 50" in text(shown)
