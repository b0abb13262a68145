"""Faults of Discord's while a tune is made and posted: each request is answered, and once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake_generator import HELD, OGG
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import names, text
from tests.wire.standin.server import StandIn
from tests.wire.standin.world import CHANNEL, EPHEMERAL, USER
from tests.wire.test_restarts import posted

POST = "PATCH .*/webhooks/.* with files"
"""The edit that makes a post of the placeholder: the only one with files."""
EXPIRED = -1.0
SLOW = {"seed": HELD}
"""Work that goes on until the bot's gate is touched, so that something can happen in the middle."""


@pytest.mark.parametrize(
    ("status", "retry_after"), [(429, 0.5), (500, None)], ids=["rate limit", "internal server error"]
)
async def test_a_post_is_tried_again(discord: StandIn, bot: Bot, status: int, retry_after: float | None) -> None:
    fault = discord.fault(POST, status, retry_after=retry_after)
    interaction = await discord.slash("generate")
    [post] = await posted(discord, bot)
    assert fault.times == 0
    assert int(post["id"]) == interaction.original


@pytest.mark.parametrize(
    ("status", "retry_after"), [(429, 0.3), (500, None)], ids=["rate limit", "internal server error"]
)
async def test_a_defer_is_tried_again(discord: StandIn, bot: Bot, status: int, retry_after: float | None) -> None:
    fault = discord.fault("POST .*/callback", status, retry_after=retry_after)
    interaction = await discord.slash("generate")
    [post] = await posted(discord, bot)
    assert fault.times == 0
    assert int(post["id"]) == interaction.original


async def test_a_refusal_is_tried_again_and_said_once(discord: StandIn, bot: Bot) -> None:
    fault = discord.fault("POST .*/webhooks/", 429, retry_after=0.1, times=2)
    del fault.error.headers["Via"]
    interaction = await discord.slash("generate", {"seed": 3})
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'refused'"))
    assert fault.times == 0
    [said] = discord.follow_ups(interaction)
    assert "a track ends too early" in said["content"]
    assert discord.original(interaction) is None


async def test_a_rate_limit_that_the_library_raises_is_waited_for(discord: StandIn, bot: Bot) -> None:
    fault = discord.fault(POST, 429, retry_after=0.3, times=2)
    del fault.error.headers["Via"]
    await discord.slash("generate")
    await posted(discord, bot)
    assert fault.times == 0


async def test_past_the_token_s_expiry_it_is_a_channel_message(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.slash("generate", SLOW)
    await discord.until(lambda: len(discord.world.edits) > 1)
    discord.world.offset = 16 * 60
    bot.gate.touch()
    [post] = await posted(discord, bot)
    assert int(post["id"]) != interaction.original
    assert f"<@{USER}>" in text(post)
    assert discord.messages() == [post], "the placeholder is gone"
    assert names(post) == ["tune.mp4", "tune.mid"]


async def test_past_the_token_s_expiry_the_placeholder_goes_on_telling(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.slash("generate", SLOW)
    await discord.until(lambda: len(discord.world.edits) > 1)
    discord.world.offset = 16 * 60
    seen = discord.original(interaction)
    assert seen
    before = text(seen)
    await discord.until(lambda: (now := discord.original(interaction)) and text(now) != before)
    assert "▰" in text(discord.original(interaction) or {})
    bot.gate.touch()
    await posted(discord, bot)


async def test_an_unknown_webhook_is_no_dead_end(discord: StandIn, bot: Bot) -> None:
    discord.fault("PATCH .*/webhooks/", 404, 10015, times=99)
    interaction = await discord.slash("generate")
    [post] = await posted(discord, bot)
    assert int(post["id"]) != interaction.original
    assert f"<@{USER}>" in text(post)
    assert discord.messages() == [post], "the placeholder is gone"


async def test_a_channel_post_whose_answer_is_lost_is_not_made_twice(discord: StandIn, bot: Bot) -> None:
    discord.world.token_seconds = EXPIRED
    fault = discord.fault(f"POST .*/channels/{CHANNEL}/messages", 429, retry_after=0.1)
    del fault.error.headers["Via"]
    fault.after = True
    await discord.slash("generate")
    await posted(discord, bot)
    assert fault.times == 0
    assert len(discord.messages()) == 1


async def test_where_the_history_cannot_be_read_there_is_the_nonce(discord: StandIn, bot: Bot) -> None:
    discord.world.token_seconds = EXPIRED
    discord.fault(f"GET .*/channels/{CHANNEL}/messages", 403, 50013, times=99)
    fault = discord.fault(f"POST .*/channels/{CHANNEL}/messages", 429, retry_after=0.1)
    del fault.error.headers["Via"]
    fault.after = True
    await discord.slash("generate")
    await posted(discord, bot)
    assert fault.times == 0
    assert len(discord.messages()) == 1


async def test_a_user_s_own_install_is_answered_directly_when_late(discord: StandIn, bot: Bot) -> None:
    discord.world.joined, discord.world.token_seconds = False, EXPIRED
    await discord.slash("generate", member=False)
    [direct] = await discord.until(lambda: discord.posts(-USER))
    assert names(direct) == ["tune.mp4", "tune.mid"]
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'posted'"))
    assert bot.rows("SELECT message_id FROM songs") == [(None,)]
    assert bot.rows("SELECT message_id, channel_id FROM messages") == [(direct["id"], direct["channel_id"])]


async def test_where_nothing_is_left_it_is_in_the_history(discord: StandIn, bot: Bot) -> None:
    discord.world.joined, discord.world.token_seconds = False, EXPIRED
    discord.fault("POST .*/users/@me/channels", 403, 50007, times=99)
    await discord.slash("generate", {"seed": 80}, member=False)
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'posted'"))
    page = await discord.answered(await discord.slash("history"))
    assert "Tune 80" in page.data["embeds"][0]["description"]
    assert page.data["flags"] == EPHEMERAL


async def test_a_refusal_past_the_token_s_expiry_is_a_direct_message(discord: StandIn, bot: Bot) -> None:
    discord.world.token_seconds = EXPIRED
    await discord.slash("generate", {"seed": 3})
    [said] = await discord.until(lambda: discord.messages(-USER))
    assert "a track ends too early" in said["content"]
    assert not discord.messages(), "the placeholder is gone"


async def test_a_refusal_is_the_asker_s_alone_though_nothing_was_said_before(discord: StandIn, bot: Bot) -> None:
    queued = discord.fault("PATCH .*/webhooks/", 400)
    interaction = await discord.slash("generate", {"seed": 3})
    [said] = await discord.until(lambda: discord.follow_ups(interaction))
    assert queued.times == 0
    assert said["flags"] == EPHEMERAL
    assert not discord.posts(-USER)


async def test_files_over_the_limit_have_a_smaller_form(discord: StandIn, bot: Bot) -> None:
    discord.world.limit = len(OGG)
    await discord.slash("generate")
    [post] = await posted(discord, bot)
    assert names(post) == ["tune.mid"]
    assert "the sound is over Discord's limit" in text(post)


async def test_a_413_that_no_limit_foretold_has_smaller_forms(discord: StandIn, bot: Bot) -> None:
    discord.fault(POST, 413, 40005, times=2)
    await discord.slash("generate")
    [post] = await posted(discord, bot)
    assert names(post) == ["tune.ogg", "tune.mid"]
    assert "The picture is left out" in text(post)


async def test_a_post_that_discord_will_never_take_is_refused(discord: StandIn, bot: Bot) -> None:
    discord.fault(POST, 400, 50035, times=99)
    interaction = await discord.slash("generate")
    [said] = await discord.until(lambda: discord.follow_ups(interaction))
    assert "Something went wrong on our side" in said["content"]
    assert discord.original(interaction) is None
    await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'refused'"))


async def test_a_token_that_is_refused_ends_in_one_sentence(discord: StandIn, tmp_path: Path) -> None:
    discord.fault("GET .*/users/@me", 401)
    bot = Bot(discord, tmp_path)
    with pytest.raises(RuntimeError):
        await bot.start()
    assert await bot.end() == 1
    assert bot.log().splitlines()[-1] == "Discord does not accept the token in DISCORD_TOKEN."
    assert "Traceback" not in bot.log()


async def test_a_gateway_that_wants_the_bot_no_more_ends_in_one_sentence(discord: StandIn, tmp_path: Path) -> None:
    discord.gateway.close_code = 4004
    bot = Bot(discord, tmp_path)
    with pytest.raises(RuntimeError):
        await bot.start()
    assert await bot.end() == 1
    assert bot.log().splitlines()[-1] == "Discord ended the connection with code 4004: is the token still valid?"
    assert "Traceback" not in bot.log()


async def test_a_deleted_channel_s_tune_comes_directly(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", SLOW)
    await discord.until(lambda: discord.world.edits)
    discord.world.deleted_channels.add(CHANNEL)
    bot.gate.touch()
    [direct] = await discord.until(lambda: discord.posts(-USER))
    assert names(direct) == ["tune.mp4", "tune.mid"]


async def test_a_deleted_placeholder_s_tune_comes_as_a_message(discord: StandIn, bot: Bot) -> None:
    interaction = await discord.slash("generate", SLOW)
    await discord.until(lambda: discord.world.edits)
    del discord.world.channels[CHANNEL][interaction.original or 0]
    bot.gate.touch()
    await posted(discord, bot)


async def test_a_socket_that_drops_is_resumed_and_loses_nothing(discord: StandIn, bot: Bot) -> None:
    first = await discord.slash("generate", SLOW)
    await discord.until(lambda: len(discord.world.edits) > 1)
    discord.gateway.drop()
    second = await discord.slash("generate", {"seed": 70})
    bot.gate.touch()
    posts = await posted(discord, bot, 2)
    assert [int(post["id"]) for post in posts] == [first.original, second.original]
    assert discord.gateway.resumes == 1


async def test_a_session_that_is_invalid_is_made_anew(discord: StandIn, bot: Bot) -> None:
    await discord.slash("generate", SLOW)
    await discord.until(lambda: len(discord.world.edits) > 1)
    discord.gateway.invalid_next = True
    discord.gateway.drop()
    bot.gate.touch()
    await posted(discord, bot)
    await discord.until(lambda: discord.gateway.identifies == 2)
    await discord.gateway.ready.wait()
    await discord.slash("generate", {"seed": 71})
    await posted(discord, bot, 2)


async def test_a_defer_later_than_three_seconds_leaves_no_row(discord: StandIn, bot: Bot) -> None:
    discord.world.answer_seconds = -1.0
    await discord.slash("generate")
    await discord.until(lambda: ("later than Discord waits" in bot.log()) or None)
    assert not discord.messages(), "Discord itself says that the bot did not respond"
    assert bot.rows("SELECT count(*) FROM requests") == [(0,)]
