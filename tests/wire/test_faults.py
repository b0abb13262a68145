"""Faults of Discord while a tune is composed and posted: each request is answered exactly once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake_generator import HELD, OGG
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import names, text
from tests.wire.standin.server import StandIn
from tests.wire.standin.waiting import wait_for_posts
from tests.wire.standin.world import CHANNEL, EPHEMERAL, USER

POST = "PATCH .*/webhooks/.* with files"
"""The edit that turns the placeholder into a post: the only one with files."""
EXPIRED = -1.0
SLOW = {"seed": HELD}
"""A request that is composed until the bot's gate is touched, so that something can happen meanwhile."""


@pytest.mark.parametrize(
    ("status", "retry_after"), [(429, 0.5), (500, None)], ids=["rate limit", "internal server error"]
)
async def test_a_post_is_retried(discord: StandIn, bot: Bot, status: int, retry_after: float | None) -> None:
    fault = discord.fault(POST, status, retry_after=retry_after)
    interaction = await discord.slash("generate")
    [post] = await wait_for_posts(discord, bot)
    assert fault.times == 0
    assert int(post["id"]) == interaction.original


@pytest.mark.parametrize(
    ("status", "retry_after"), [(429, 0.3), (500, None)], ids=["rate limit", "internal server error"]
)
async def test_a_defer_is_retried(discord: StandIn, bot: Bot, status: int, retry_after: float | None) -> None:
    fault = discord.fault("POST .*/callback", status, retry_after=retry_after)
    interaction = await discord.slash("generate")
    [post] = await wait_for_posts(discord, bot)
    assert fault.times == 0
    assert int(post["id"]) == interaction.original


async def test_a_refusal_is_retried_and_sent_once(discord: StandIn, bot: Bot) -> None:
    fault = discord.fault("POST .*/webhooks/", 429, retry_after=0.1, times=2)
    del fault.error.headers["Via"]
    interaction = await discord.slash("generate", {"seed": 3})
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'refused'"))
    assert fault.times == 0
    [refusal] = discord.follow_ups(interaction)
    assert "a track ends too early" in refusal["content"]
    assert discord.original(interaction) is None


async def test_a_rate_limit_that_the_library_raises_is_respected(discord: StandIn, bot: Bot) -> None:
    fault = discord.fault(POST, 429, retry_after=0.3, times=2)
    del fault.error.headers["Via"]
    await discord.slash("generate")
    await wait_for_posts(discord, bot)
    assert fault.times == 0


async def test_after_the_token_expired_a_tune_is_a_channel_message(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.slash("generate", SLOW)
    await discord.until(lambda: len(discord.world.edits) > 1)
    discord.world.offset = 16 * 60
    bot.gate.touch()
    [post] = await wait_for_posts(discord, bot)
    assert int(post["id"]) != interaction.original
    assert f"<@{USER}>" in text(post)
    assert discord.messages() == [post], "the placeholder is gone"
    assert names(post) == ["tune.mp4", "tune.mid"]


async def test_after_the_token_expired_the_placeholder_still_shows_progress(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.slash("generate", SLOW)
    await discord.until(lambda: len(discord.world.edits) > 1)
    discord.world.offset = 16 * 60
    placeholder = discord.original(interaction)
    assert placeholder
    before = text(placeholder)
    await discord.until(lambda: (now := discord.original(interaction)) and text(now) != before)
    assert "▰" in text(discord.original(interaction) or {})
    bot.gate.touch()
    await wait_for_posts(discord, bot)


FINAL = [(400, 50083), (400, 30046), (400, 50035), (403, 160005), (401, 50027)]
"""Refusals that come again however often the same request is sent: an archived thread, too many edits, an invalid form,
a locked thread, a token that has expired."""


@pytest.mark.parametrize(("status", "code"), FINAL, ids=[str(code) for _, code in FINAL])
async def test_whatever_refuses_the_edit_the_tune_is_a_channel_message(
    discord: StandIn, bot: Bot, status: int, code: int
) -> None:
    discord.fault("PATCH .*/webhooks/", status, code, times=99)
    interaction = await discord.slash("generate")
    [post] = await wait_for_posts(discord, bot)
    assert int(post["id"]) != interaction.original
    assert f"<@{USER}>" in text(post)


@pytest.mark.parametrize(("status", "code"), [(400, 50083), (403, 160005)])
async def test_whatever_refuses_the_channel_too_the_tune_is_a_direct_message(
    discord: StandIn, bot: Bot, status: int, code: int
) -> None:
    """As in a thread that is archived or locked before the tune is done: nothing there can be changed any more."""
    discord.fault("PATCH .*/webhooks/", status, code, times=99)
    discord.fault(f"(PATCH|POST) .*/channels/{CHANNEL}/messages", status, code, times=99)
    await discord.slash("generate")
    [direct] = await discord.until(lambda: discord.posts(-USER))
    assert names(direct) == ["tune.mp4", "tune.mid"]
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'posted'"))


@pytest.mark.parametrize("code", [200000, 240000], ids=["AutoMod", "links"])
async def test_a_title_that_the_server_does_not_allow_is_left_out(discord: StandIn, bot: Bot, code: int) -> None:
    fault = discord.fault(POST, 400, code)
    interaction = await discord.slash("generate", {"seed": 80})
    [post] = await wait_for_posts(discord, bot)
    assert fault.times == 0
    assert int(post["id"]) == interaction.original
    assert "Tune 80" not in text(post)
    assert "An NES tune" in text(post)
    assert "did not allow the title" in text(post)
    assert bot.rows("SELECT title FROM songs") == [("Tune 80",)]


async def test_an_unknown_webhook_falls_back_to_a_channel_message(discord: StandIn, bot: Bot) -> None:
    discord.fault("PATCH .*/webhooks/", 404, 10015, times=99)
    interaction = await discord.slash("generate")
    [post] = await wait_for_posts(discord, bot)
    assert int(post["id"]) != interaction.original
    assert f"<@{USER}>" in text(post)
    assert discord.messages() == [post], "the placeholder is gone"


@pytest.mark.parametrize("history", [True, False], ids=["readable history", "only the nonce"])
async def test_a_channel_message_whose_answer_is_lost_is_not_sent_twice(
    discord: StandIn, bot: Bot, history: bool
) -> None:
    discord.world.token_seconds = EXPIRED
    if not history:
        discord.fault(f"GET .*/channels/{CHANNEL}/messages", 403, 50013, times=99)
    fault = discord.fault(f"POST .*/channels/{CHANNEL}/messages", 429, retry_after=0.1)
    del fault.error.headers["Via"]
    fault.after = True
    await discord.slash("generate")
    await wait_for_posts(discord, bot)
    assert fault.times == 0
    assert len(discord.messages()) == 1


async def test_a_late_answer_to_a_user_install_is_a_direct_message(discord: StandIn, bot: Bot) -> None:
    discord.world.joined, discord.world.token_seconds = False, EXPIRED
    await discord.slash("generate", member=False)
    [direct] = await discord.until(lambda: discord.posts(-USER))
    assert names(direct) == ["tune.mp4", "tune.mid"]
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'posted'"))
    assert bot.rows("SELECT message_id FROM songs") == [(None,)]
    assert bot.rows("SELECT message_id, channel_id FROM messages") == [(direct["id"], direct["channel_id"])]


async def test_a_tune_that_cannot_be_sent_anywhere_is_in_the_history(discord: StandIn, bot: Bot) -> None:
    discord.world.joined, discord.world.token_seconds = False, EXPIRED
    discord.fault("POST .*/users/@me/channels", 403, 50007, times=99)
    await discord.slash("generate", {"seed": 80}, member=False)
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'posted'"))
    page = await discord.answered(await discord.slash("history"))
    assert "Tune 80" in page.data["embeds"][0]["description"]
    assert page.data["flags"] == EPHEMERAL


async def test_a_refusal_after_the_token_expired_is_a_direct_message(discord: StandIn, bot: Bot) -> None:
    discord.world.token_seconds = EXPIRED
    await discord.slash("generate", {"seed": 3})
    [refusal] = await discord.until(lambda: discord.messages(-USER))
    assert "a track ends too early" in refusal["content"]
    assert not discord.messages(), "the placeholder is gone"


async def test_a_refusal_is_ephemeral_even_if_the_queue_message_failed(discord: StandIn, bot: Bot) -> None:
    queued = discord.fault("PATCH .*/webhooks/", 400)
    interaction = await discord.slash("generate", {"seed": 3})
    [refusal] = await discord.until(lambda: discord.follow_ups(interaction))
    assert queued.times == 0
    assert refusal["flags"] == EPHEMERAL
    assert not discord.posts(-USER)


async def test_files_over_the_limit_are_replaced_by_a_smaller_version(discord: StandIn, bot: Bot) -> None:
    discord.world.limit = len(OGG)
    await discord.slash("generate")
    [post] = await wait_for_posts(discord, bot)
    assert names(post) == ["tune.mid"]
    assert "the sound is over Discord's limit" in text(post)


async def test_an_unexpected_413_leads_to_smaller_versions(discord: StandIn, bot: Bot) -> None:
    discord.fault(POST, 413, 40005, times=2)
    await discord.slash("generate")
    [post] = await wait_for_posts(discord, bot)
    assert names(post) == ["tune.ogg", "tune.mid"]
    assert "The picture is left out" in text(post)


async def test_a_post_that_discord_rejects_everywhere_is_in_the_history(discord: StandIn, bot: Bot) -> None:
    discord.fault("(PATCH|POST) .* with files", 400, 50035, times=99)
    interaction = await discord.slash("generate")
    [refusal] = await discord.until(lambda: discord.follow_ups(interaction))
    assert "It is in the history" in refusal["content"]
    assert discord.original(interaction) is None
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'posted'"))


async def test_a_rejected_token_ends_the_bot_with_one_sentence(discord: StandIn, tmp_path: Path) -> None:
    discord.fault("GET .*/users/@me", 401)
    bot = Bot(discord, tmp_path)
    with pytest.raises(RuntimeError):
        await bot.start()
    assert await bot.end() == 1
    assert bot.log().splitlines()[-1] == "Discord does not accept the token in DISCORD_TOKEN."
    assert "Traceback" not in bot.log()


async def test_a_final_close_code_ends_the_bot_with_one_sentence(discord: StandIn, tmp_path: Path) -> None:
    discord.gateway.close_code = 4004
    bot = Bot(discord, tmp_path)
    with pytest.raises(RuntimeError):
        await bot.start()
    assert await bot.end() == 1
    assert bot.log().splitlines()[-1] == "Discord ended the connection with code 4004: is the token still valid?"
    assert "Traceback" not in bot.log()


async def test_a_tune_for_a_deleted_channel_is_a_direct_message(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", SLOW)
    await discord.until(lambda: discord.world.edits)
    discord.world.deleted_channels.add(CHANNEL)
    bot.gate.touch()
    [direct] = await discord.until(lambda: discord.posts(-USER))
    assert names(direct) == ["tune.mp4", "tune.mid"]


async def test_a_tune_whose_placeholder_was_deleted_is_a_channel_message(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.slash("generate", SLOW)
    await discord.until(lambda: discord.world.edits)
    del discord.world.channels[CHANNEL][interaction.original or 0]
    bot.gate.touch()
    await wait_for_posts(discord, bot)


async def test_a_dropped_connection_is_resumed_without_loss(discord: StandIn, bot: Bot) -> None:
    first = await discord.slash("generate", SLOW)
    await discord.until(lambda: len(discord.world.edits) > 1)
    discord.gateway.drop()
    second = await discord.slash("generate", {"seed": 70})
    bot.gate.touch()
    posts = await wait_for_posts(discord, bot, 2)
    assert [int(post["id"]) for post in posts] == [first.original, second.original]
    assert discord.gateway.resumes == 1


async def test_an_invalid_session_is_replaced(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", SLOW)
    await discord.until(lambda: len(discord.world.edits) > 1)
    discord.gateway.invalid_next = True
    discord.gateway.drop()
    bot.gate.touch()
    await wait_for_posts(discord, bot)
    await discord.until(lambda: discord.gateway.identifies == 2)
    await discord.gateway.ready.wait()
    await discord.slash("generate", {"seed": 71})
    await wait_for_posts(discord, bot, 2)


async def test_a_defer_after_three_seconds_saves_no_request(discord: StandIn, bot: Bot) -> None:
    discord.world.answer_seconds = -1.0
    await discord.slash("generate")
    await discord.until(lambda: ("later than Discord waits" in bot.log()) or None)
    assert not discord.messages(), "Discord itself says that the bot did not respond"
    assert bot.rows("SELECT count(*) FROM requests") == [(0,)]
