"""Votes and charts over the wire: many simultaneous votes, and what the post and the chart show afterwards."""

from __future__ import annotations

import asyncio
import signal

from tests.wire.standin.components import BUTTON, walk
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import names, text
from tests.wire.standin.rest import DEFER, DEFER_UPDATE
from tests.wire.standin.server import StandIn
from tests.wire.standin.waiting import wait_for_posts
from tests.wire.standin.world import EPHEMERAL, USER, Payload


def like_label(message: Payload) -> str:
    """Return the label of the Like button."""
    labels = [part["label"] for part in walk(message["components"]) if part["type"] == BUTTON]
    return next(str(label) for label in labels if label.startswith("Like"))


async def test_a_hundred_votes_at_once_are_counted_and_shown(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", {"seed": 50})
    [post] = await wait_for_posts(discord, bot)
    discord.world.answer_seconds = 60.0  # the speed of the machine does not matter here
    votes = [discord.press(post, "👍", user=USER + n) for n in range(100)]
    pressed = await asyncio.gather(*votes)
    await discord.until(lambda: like_label(discord.posts()[0]) == "Like (+100)", 60.0)
    assert {interaction.callback for interaction in pressed} == {DEFER_UPDATE}
    assert bot.rows("SELECT likes, dislikes, own, votes FROM songs") == [(99, 0, 1, 100)], (
        "the author's own vote does not count in charts"
    )
    assert bot.rows("SELECT count(*) FROM votes") == [(100,)]
    edits = [body for _, message, body in discord.world.edits if message == int(post["id"]) and "components" in body]
    assert text(edits[-1]) == text(post)
    [note] = await discord.until(
        lambda: [message for interaction in pressed for message in discord.follow_ups(interaction)]
    )
    assert "your own" in note["content"]


async def test_a_chart_survives_a_restart(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", {"seed": 50})
    [post] = await wait_for_posts(discord, bot)
    await discord.answered(await discord.press(post, "👍", user=USER + 1))
    reply = await discord.answered(await discord.slash("top", {"period": "all"}))
    assert (reply.callback, reply.data["flags"]) == (DEFER, EPHEMERAL)
    chart = await discord.until(lambda: (message := discord.original(reply)) and message["attachments"] and message)
    assert names(chart) == ["top.png"]
    assert "· 1 like · 21% to 100%" in text(chart)
    await bot.end(signal.SIGKILL)
    await bot.start()
    turned = await discord.answered(await discord.press(chart, "Day"))
    await discord.until(lambda: "of the last day" in text(discord.original(turned) or {}))
    assert len(chart["attachments"]) == 1
    opened = await discord.answered(await discord.press(chart, "1"))
    shown = await discord.until(lambda: (message := discord.original(opened)) and message["attachments"] and message)
    assert shown["flags"] & EPHEMERAL
    assert "Seed 50" in text(shown)
