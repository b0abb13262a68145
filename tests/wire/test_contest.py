"""A contest played through on a moved clock, the bot killed at each stage: what it says by itself is said once."""

from __future__ import annotations

import signal

import pytest

from bot.contests.schedule import DAY
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import names, text
from tests.wire.standin.rest import DEFER_UPDATE
from tests.wire.standin.server import StandIn
from tests.wire.standin.world import CHANNEL, GUILD, USER, Payload
from tests.wire.test_restarts import posted

MANAGER = 1 << 5
ALICE, BOB, CAROL, DAVE = range(USER, USER + 4)
OPENED, CLOSED, VOTE, COUNTED, WON = (
    "## Contest, round {}\n", "Nominations of round {} are over.", "## Contest, round {}: vote",
    "The vote of round {} is over.", "Round {} of the contest is won",
)  # fmt: skip


def contest(discord: StandIn) -> list[Payload]:
    """What was said of the contest, oldest first."""
    return [message for message in discord.messages() if "ound " in text(message) and not message["flags"] & 64]


def said(discord: StandIn, *starts: str, ordinal: int = 1) -> bool:
    """Whether these messages are there and no others; only their beginnings are named, for the round of that number."""
    found = [text(message).removeprefix("🏆 **") for message in contest(discord)]
    return len(found) == len(starts) and all(
        one.startswith(start.format(ordinal)) for one, start in zip(found, starts, strict=True)
    )


async def killed(discord: StandIn, bot: Bot, seconds: float = 0.0) -> None:
    """Kill the bot, let so much time pass, and start it again."""
    await bot.end(signal.SIGKILL)
    bot.move_clock(seconds)
    await bot.start()


async def tunes(discord: StandIn, bot: Bot) -> list[str]:
    """Two tunes, of alice's and of bob's; their ids."""
    await discord.slash("generate", {"seed": 50}, user=ALICE)
    await posted(discord, bot, 1)
    await discord.slash("generate", {"seed": 60}, user=BOB)
    await posted(discord, bot, 2)
    return [row[0] for row in bot.rows("SELECT id FROM songs ORDER BY number")]


async def nominated(discord: StandIn, bot: Bot, message: Payload, song: str, user: int) -> None:
    """Nominate a tune by button and menu."""
    asked = await discord.answered(await discord.press(message, "✋Nominate", user=user))
    menu = await discord.until(lambda: discord.original(asked))
    chosen = await discord.answered(await discord.select(menu, song, user=user))
    assert chosen.callback == DEFER_UPDATE
    await discord.until(lambda: bot.rows("SELECT 1 FROM nominations WHERE song = ?", (song,)))
    await discord.until(lambda: (discord.original(asked) or {})["content"].endswith("is nominated."))


async def nominated_by_command(discord: StandIn, song: str, user: int) -> None:
    asked = await discord.answered(await discord.slash("contest nominate", {"song": song}, user=user))
    await discord.until(lambda: (discord.original(asked) or {}).get("content", "").endswith("is nominated."))


async def voted(discord: StandIn, message: Payload, song: str, user: int) -> str:
    """Vote in the message's menu; what was answered."""
    chosen = await discord.answered(await discord.select(message, song, user=user))

    def answer() -> str:
        shown = [discord.original(chosen), *discord.follow_ups(chosen)]
        return "".join(one["content"] for one in shown if one)

    return await discord.until(answer)


async def voting(discord: StandIn, bot: Bot) -> list[str]:
    """A contest in which both tunes can be voted for; their ids."""
    songs = await tunes(discord, bot)
    await discord.answered(await discord.slash("contest start", permissions=MANAGER))
    await discord.until(lambda: said(discord, OPENED))
    for song, user in zip(songs, (CAROL, DAVE), strict=True):
        await nominated_by_command(discord, song, user)
    bot.move_clock(5 * DAY)
    await discord.until(lambda: said(discord, CLOSED, VOTE))
    return songs


async def test_a_contest_is_played_through_though_the_bot_is_killed_at_each_stage(discord: StandIn, bot: Bot) -> None:
    first, second = await tunes(discord, bot)
    refused = await discord.answered(await discord.slash("contest start"))
    assert "Manage Server" in refused.data["content"]
    await discord.answered(await discord.slash("contest start", permissions=MANAGER))
    await discord.until(lambda: said(discord, OPENED))
    await killed(discord, bot)
    [opening] = contest(discord)
    await nominated(discord, bot, opening, second, CAROL)
    await killed(discord, bot)
    await nominated(discord, bot, opening, first, BOB)
    await discord.until(lambda: "Tune 60" in text(opening) and "Tune 50" in text(opening))

    await killed(discord, bot, 5 * DAY)
    await discord.until(lambda: said(discord, CLOSED, VOTE))
    vote = contest(discord)[1]
    assert "own" in await voted(discord, vote, first, ALICE)
    assert "Tune 60" in await voted(discord, vote, second, ALICE)
    await killed(discord, bot)
    assert "Tune 60" in await voted(discord, vote, second, CAROL)
    assert "Tune 50" in await voted(discord, vote, first, DAVE)
    assert "Tune 60" in await voted(discord, vote, second, DAVE), "a vote can be changed"
    assert bot.rows("SELECT count(*) FROM ballots") == [(3,)]

    await killed(discord, bot, 2 * DAY)
    await discord.until(lambda: said(discord, CLOSED, COUNTED, WON, "## Contest, round 2\n"))
    won = contest(discord)[2]
    assert f"this tune of <@{BOB}>, with 3 of 3 votes" in text(won)
    assert names(won) == ["tune.mp4", "tune.mid"]
    await killed(discord, bot)
    await discord.until(lambda: not bot.rows("SELECT 1 FROM announcements WHERE waiting > 0"))
    assert len(contest(discord)) == 4
    assert bot.rows("SELECT song, votes FROM nominations WHERE won") == [(second, 3)]
    fame = await discord.answered(await discord.press(won, "🏆Hall of fame"))
    assert "**Round 1** · [Tune 60](https://discord.com/channels/" in text(fame.data)
    assert bot.rows("SELECT ordinal, stage FROM rounds ORDER BY number") == [(1, "over"), (2, "nominating")]


async def test_a_bot_that_is_killed_between_a_post_and_the_note_of_it_posts_no_second(
    discord: StandIn, bot: Bot
) -> None:
    songs = await voting(discord, bot)
    await voted(discord, contest(discord)[1], songs[0], DAVE)
    # The winner's message is made, and the bot never hears of it: it is killed while it tries again.
    fault = discord.fault(f"POST .*/channels/{CHANNEL}/messages .*with files", 502, times=99)
    fault.after = True
    bot.move_clock(2 * DAY)
    await discord.until(lambda: fault.times < 99)
    await bot.end(signal.SIGKILL)
    assert bot.rows("SELECT message_id FROM announcements WHERE stage = 'over'") == [(None,)]
    assert said(discord, CLOSED, VOTE, WON)
    fault.times = 0
    discord.world.nonces.clear()  # as Discord forgets them after a while
    await bot.start()
    await discord.until(lambda: bot.rows("SELECT 1 FROM announcements WHERE stage = 'over' AND message_id IS NOT NULL"))
    await discord.until(lambda: len(contest(discord)) == 4)
    assert bot.rows("SELECT message_id FROM announcements WHERE stage = 'over'") == [(contest(discord)[2]["id"],)]


@pytest.mark.parametrize("after", [False, True], ids=["before it is posted", "after"])
async def test_an_answer_that_cannot_be_read_ends_nothing_and_posts_nothing_twice(
    discord: StandIn, bot: Bot, after: bool
) -> None:
    fault = discord.fault(f"POST .*/channels/{CHANNEL}/messages", 200)
    fault.error.raw, fault.after = b'{"id": ', after
    await discord.answered(await discord.slash("contest start", permissions=MANAGER))
    await discord.until(lambda: fault.times == 0)
    await discord.until(lambda: bot.rows("SELECT 1 FROM announcements WHERE message_id IS NOT NULL"))
    assert said(discord, OPENED)


async def test_a_stage_that_passes_while_its_message_is_on_the_way_closes_that_message(
    discord: StandIn, bot: Bot
) -> None:
    fault = discord.fault(f"POST .*/channels/{CHANNEL}/messages", 502, times=99)
    fault.after = True  # the message is made, and the bot does not hear of it before the stage is over
    await discord.answered(await discord.slash("contest start", permissions=MANAGER))
    await discord.until(lambda: fault.times < 99)
    await bot.end(signal.SIGKILL)
    fault.times = 0
    discord.world.nonces.clear()
    bot.move_clock(5 * DAY)
    await bot.start()
    await discord.until(lambda: bot.rows("SELECT 1 FROM rounds WHERE ordinal = 2"))
    await discord.until(lambda: not bot.rows("SELECT 1 FROM announcements WHERE waiting > 0"))
    assert said(discord, CLOSED, "Round {} of the contest is over: nobody", "## Contest, round 2")


async def test_a_clock_that_jumps_and_goes_back_passes_each_stage_once(discord: StandIn, bot: Bot) -> None:
    songs = await tunes(discord, bot)
    await discord.answered(await discord.slash("contest start", permissions=MANAGER))
    await discord.until(lambda: said(discord, OPENED))
    await nominated_by_command(discord, songs[0], CAROL)
    bot.move_clock(9 * DAY)  # over both deadlines
    await discord.until(lambda: said(discord, CLOSED, VOTE))
    [(stage, closes)] = bot.rows("SELECT stage, closes FROM rounds")
    await killed(discord, bot, -9 * DAY)
    await voted(discord, contest(discord)[1], songs[0], DAVE)
    assert bot.rows("SELECT stage, closes FROM rounds") == [(stage, closes)]
    bot.move_clock(10 * DAY + 60)
    await discord.until(lambda: len(contest(discord)) == 4)
    await killed(discord, bot, -10 * DAY)
    await killed(discord, bot, 10 * DAY)
    await discord.until(lambda: not bot.rows("SELECT 1 FROM announcements WHERE waiting > 0"))
    assert bot.rows("SELECT ordinal, stage, outcome FROM rounds ORDER BY number") == [
        (1, "over", "won"),
        (2, "nominating", None),
    ]
    assert len(contest(discord)) == 4


async def test_a_server_that_the_bot_left_has_no_stages_until_it_is_back(discord: StandIn, bot: Bot) -> None:
    await discord.answered(await discord.slash("contest start", permissions=MANAGER))
    await discord.until(lambda: said(discord, OPENED))
    await discord.gateway.dispatch("GUILD_DELETE", {"id": str(GUILD)})
    await discord.until(lambda: bot.rows("SELECT 1 FROM servers WHERE removed IS NOT NULL"))
    discord.world.joined = False
    await killed(discord, bot, 5 * DAY)
    await bot.end()  # after it has looked at what is due
    assert bot.rows("SELECT stage FROM rounds") == [("nominating",)]
    discord.world.joined = True
    await bot.start()
    await discord.until(lambda: said(discord, CLOSED, "Round {} of the contest is over: nobody", "## Contest, round 2"))
