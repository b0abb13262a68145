"""A post and its buttons over the wire."""

from __future__ import annotations

import json
import signal

from tests.fake_generator import HELD, MIDI, OGG
from tests.wire.standin.components import IS_COMPONENTS_V2
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import names, text
from tests.wire.standin.rest import DEFER, FORM, MESSAGE
from tests.wire.standin.server import StandIn
from tests.wire.standin.waiting import wait_for_posts
from tests.wire.standin.world import EPHEMERAL, Interaction, Payload


def last_request(bot: Bot) -> Payload:
    [(text,)] = bot.rows("SELECT request FROM requests ORDER BY number DESC LIMIT 1")
    request: Payload = json.loads(text)
    return request


async def wait_for_request(discord: StandIn, bot: Bot, interaction: Interaction, count: int) -> Payload:
    """Wait for the tune that an interaction asked for. Return its request as saved."""
    await discord.answered(interaction)
    assert (interaction.callback, interaction.latency is not None and interaction.latency < 3.0) == (DEFER, True)
    posts = await wait_for_posts(discord, bot, count)
    assert int(posts[-1]["id"]) == interaction.original
    return last_request(bot)


async def test_a_tune_is_extended_rewritten_and_remixed_with_its_buttons(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", {"seed": 50})
    [post] = await wait_for_posts(discord, bot)

    request = await wait_for_request(discord, bot, await discord.press(post, "➡️Extend"), 2)
    assert (request["mode"], request["bars"]) == ("continue", 8)
    request = await wait_for_request(discord, bot, await discord.select(post, "no"), 3)
    assert (request["mode"], request["keep"]) == ("accompany", ["p1", "p2", "tr"])
    form = await discord.answered(await discord.press(post, "🎛️Remix"))
    assert form.callback == FORM
    request = await wait_for_request(discord, bot, await discord.submit(form, post, strength="0.75"), 4)
    assert (request["mode"], request["strength"]) == ("vary", 0.75)
    assert bot.rows("SELECT count(*) FROM requests WHERE parent IS NOT NULL") == [(3,)]
    assert "Variation on [Tune 50](https://discord.com/channels/" in text(discord.posts()[-1])


async def test_files_reports_and_details_are_ephemeral(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", {"seed": 50})
    [post] = await wait_for_posts(discord, bot)
    [(song,)] = bot.rows("SELECT id FROM songs")

    reply = await discord.answered(await discord.press(post, "💾Files"))
    message = await discord.until(lambda: (message := discord.original(reply)) and message["attachments"] and message)
    assert message["flags"] == EPHEMERAL, "a classic message: only there does Discord play the sound"
    assert names(message) == ["tune-50.mp4", "tune-50.ogg", "tune-50.mid", "tune-50.png"]
    data = [discord.world.files[int(item["id"])].data for item in message["attachments"]]
    assert data[1:3] == [OGG, MIDI]

    form = await discord.answered(await discord.press(post, "🚩Report"))
    report = await discord.answered(await discord.submit(form, post, reason="too\nloud"))
    assert (report.callback, report.data["flags"]) == (DEFER, EPHEMERAL)
    await discord.until(lambda: "kept for the moderators" in (discord.original(report) or {}).get("content", ""))
    assert bot.rows("SELECT song, reporter, reason FROM reports") == [(song, str(report.user), "too loud")]

    shown = await discord.answered(await discord.slash("song", {"song": song}))
    message = await discord.until(lambda: (message := discord.original(shown)) and message["attachments"] and message)
    assert message["flags"] == EPHEMERAL | IS_COMPONENTS_V2
    assert "Seed 50" in text(message)
    help_page = await discord.answered(await discord.slash("help"))
    assert (help_page.callback, help_page.data["flags"]) == (MESSAGE, EPHEMERAL | IS_COMPONENTS_V2)

    again = await discord.answered(await discord.slash("replay", {"song": song}))
    message = await discord.until(lambda: (message := discord.original(again)) and message["attachments"] and message)
    assert message["flags"] == IS_COMPONENTS_V2
    assert text(message) == text(post)
    assert bot.rows("SELECT count(*) FROM songs") == [(1,)]


async def test_a_placeholder_from_an_earlier_version_becomes_a_post(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.slash("generate", {"seed": HELD})
    await discord.until(lambda: any("▰" in text(body) for _, _, body in discord.world.edits))
    await bot.end(signal.SIGKILL)
    placeholder = discord.original(interaction)
    assert placeholder is not None
    placeholder |= {"flags": 0, "components": [], "content": "Composing ▰▱ 10%"}
    bot.gate.touch()
    await bot.start()
    [post] = await wait_for_posts(discord, bot)
    assert (int(post["id"]), post["content"]) == (interaction.original, "")
    assert post["flags"] == IS_COMPONENTS_V2
