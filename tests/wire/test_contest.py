"""A whole contest on a moved clock, with the bot killed at each stage: every stage is announced once."""

from __future__ import annotations

import signal

import pytest

from bot.store.contest.schedule import DAY
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import names, text
from tests.wire.standin.rest import DEFER_UPDATE
from tests.wire.standin.server import StandIn
from tests.wire.standin.waiting import wait_for_posts
from tests.wire.standin.world import CHANNEL, GUILD, USER, Payload

MANAGER = 1 << 5
ALICE, BOB, CAROL, DAVE = range(USER, USER + 4)
OPENED, CLOSED, VOTE, COUNTED, WON = (
    "## Contest, round {}\n", "Nominations of round {} are over.", "## Contest, round {}: vote",
    "The vote of round {} is over.", "Round {} of the contest is won",
)  # fmt: skip


def contest_messages(discord: StandIn) -> list[Payload]:
    """Return the public messages about the contest, oldest first."""
    return [message for message in discord.messages() if "ound " in text(message) and not message["flags"] & 64]


def has_messages(discord: StandIn, *starts: str, ordinal: int = 1) -> bool:
    """Return whether exactly these messages are there. starts: their beginnings, with a gap for the round's number."""
    texts = [text(message).removeprefix("🏆 **") for message in contest_messages(discord)]
    return len(texts) == len(starts) and all(
        line.startswith(start.format(ordinal)) for line, start in zip(texts, starts, strict=True)
    )


async def restart_after_kill(discord: StandIn, bot: Bot, seconds: float = 0.0) -> None:
    """Kill the bot, move its clock, and start it again."""
    await bot.end(signal.SIGKILL)
    bot.move_clock(seconds)
    await bot.start()


async def make_tunes(discord: StandIn, bot: Bot) -> list[str]:
    """Make a tune for alice and one for bob. Return their ids."""
    await discord.slash("generate", {"seed": 50}, user=ALICE)
    await wait_for_posts(discord, bot, 1)
    await discord.slash("generate", {"seed": 60}, user=BOB)
    await wait_for_posts(discord, bot, 2)
    return [row[0] for row in bot.rows("SELECT id FROM songs ORDER BY number")]


async def nominate_by_menu(discord: StandIn, bot: Bot, message: Payload, song: str, user: int) -> None:
    """Nominate a tune with button and menu."""
    reply = await discord.answered(await discord.press(message, "✋Nominate", user=user))
    menu = await discord.until(lambda: discord.original(reply))
    chosen = await discord.answered(await discord.select(menu, song, user=user))
    assert chosen.callback == DEFER_UPDATE
    await discord.until(lambda: bot.rows("SELECT 1 FROM nominations WHERE song = ?", (song,)))
    await discord.until(lambda: (discord.original(reply) or {})["content"].endswith("is nominated."))


async def nominate_by_command(discord: StandIn, song: str, user: int) -> None:
    reply = await discord.answered(await discord.slash("contest nominate", {"song": song}, user=user))
    await discord.until(lambda: (discord.original(reply) or {}).get("content", "").endswith("is nominated."))


async def vote_by_menu(discord: StandIn, message: Payload, song: str, user: int) -> str:
    """Vote in a message's menu. Return the bot's answer."""
    choice = await discord.answered(await discord.select(message, song, user=user))

    def answer() -> str:
        answers = [discord.original(choice), *discord.follow_ups(choice)]
        return "".join(message["content"] for message in answers if message)

    return await discord.until(answer)


async def open_vote(discord: StandIn, bot: Bot) -> list[str]:
    """Start a contest in which both tunes can be voted for. Return their ids."""
    songs = await make_tunes(discord, bot)
    await discord.answered(await discord.slash("contest start", permissions=MANAGER))
    await discord.until(lambda: has_messages(discord, OPENED))
    for song, user in zip(songs, (CAROL, DAVE), strict=True):
        await nominate_by_command(discord, song, user)
    bot.move_clock(5 * DAY)
    await discord.until(lambda: has_messages(discord, CLOSED, VOTE))
    return songs


async def test_a_contest_runs_to_its_end_though_the_bot_is_killed_at_each_stage(discord: StandIn, bot: Bot) -> None:
    first, second = await make_tunes(discord, bot)
    refused = await discord.answered(await discord.slash("contest start"))
    assert "Manage Server" in refused.data["content"]
    await discord.answered(await discord.slash("contest start", permissions=MANAGER))
    await discord.until(lambda: has_messages(discord, OPENED))
    await restart_after_kill(discord, bot)
    [opening] = contest_messages(discord)
    await nominate_by_menu(discord, bot, opening, second, CAROL)
    await restart_after_kill(discord, bot)
    await nominate_by_menu(discord, bot, opening, first, BOB)
    await discord.until(lambda: "Tune 60" in text(opening) and "Tune 50" in text(opening))

    await restart_after_kill(discord, bot, 5 * DAY)
    await discord.until(lambda: has_messages(discord, CLOSED, VOTE))
    vote = contest_messages(discord)[1]
    assert "own" in await vote_by_menu(discord, vote, first, ALICE)
    assert "Tune 60" in await vote_by_menu(discord, vote, second, ALICE)
    await restart_after_kill(discord, bot)
    assert "Tune 60" in await vote_by_menu(discord, vote, second, CAROL)
    assert "Tune 50" in await vote_by_menu(discord, vote, first, DAVE)
    assert "Tune 60" in await vote_by_menu(discord, vote, second, DAVE), "a vote can be changed"
    assert bot.rows("SELECT count(*) FROM ballots") == [(3,)]

    await restart_after_kill(discord, bot, 2 * DAY)
    await discord.until(lambda: has_messages(discord, CLOSED, COUNTED, WON, "## Contest, round 2\n"))
    won = contest_messages(discord)[2]
    assert f"this tune of <@{BOB}>, with 3 of 3 votes" in text(won)
    assert names(won) == ["tune.mp4", "tune.mid"]
    await restart_after_kill(discord, bot)
    await discord.until(lambda: not bot.rows("SELECT 1 FROM announcements WHERE waiting > 0"))
    assert len(contest_messages(discord)) == 4
    assert bot.rows("SELECT song, votes FROM nominations WHERE won") == [(second, 3)]
    fame = await discord.answered(await discord.press(won, "🏆Hall of fame"))
    assert "**Round 1** · [Tune 60](https://discord.com/channels/" in text(fame.data)
    assert bot.rows("SELECT ordinal, stage FROM rounds ORDER BY number") == [(1, "over"), (2, "nominating")]


async def test_a_bot_killed_before_it_recorded_a_post_does_not_post_twice(discord: StandIn, bot: Bot) -> None:
    songs = await open_vote(discord, bot)
    await vote_by_menu(discord, contest_messages(discord)[1], songs[0], DAVE)
    # The winner's message is created, but the bot gets no answer, and is killed while it tries again.
    fault = discord.fault(f"POST .*/channels/{CHANNEL}/messages .*with files", 502, times=99)
    fault.after = True
    bot.move_clock(2 * DAY)
    await discord.until(lambda: fault.times < 99)
    await bot.end(signal.SIGKILL)
    assert bot.rows("SELECT message_id FROM announcements WHERE stage = 'over'") == [(None,)]
    assert has_messages(discord, CLOSED, VOTE, WON)
    fault.times = 0
    discord.world.nonces.clear()  # Discord forgets nonces after a while
    await bot.start()
    await discord.until(lambda: bot.rows("SELECT 1 FROM announcements WHERE stage = 'over' AND message_id IS NOT NULL"))
    await discord.until(lambda: len(contest_messages(discord)) == 4)
    assert bot.rows("SELECT message_id FROM announcements WHERE stage = 'over'") == [
        (contest_messages(discord)[2]["id"],)
    ]


@pytest.mark.parametrize("after", [False, True], ids=["before the post", "after the post"])
async def test_an_unreadable_answer_neither_stops_the_bot_nor_posts_twice(
    discord: StandIn, bot: Bot, after: bool
) -> None:
    fault = discord.fault(f"POST .*/channels/{CHANNEL}/messages", 200)
    fault.error.raw, fault.after = b'{"id": ', after
    await discord.answered(await discord.slash("contest start", permissions=MANAGER))
    await discord.until(lambda: fault.times == 0)
    await discord.until(lambda: bot.rows("SELECT 1 FROM announcements WHERE message_id IS NOT NULL"))
    assert has_messages(discord, OPENED)


async def test_the_message_of_a_stage_that_ended_meanwhile_is_closed(discord: StandIn, bot: Bot) -> None:
    fault = discord.fault(f"POST .*/channels/{CHANNEL}/messages", 502, times=99)
    fault.after = True  # the message is created, but the bot learns of it only when the stage is over
    await discord.answered(await discord.slash("contest start", permissions=MANAGER))
    await discord.until(lambda: fault.times < 99)
    await bot.end(signal.SIGKILL)
    fault.times = 0
    discord.world.nonces.clear()
    bot.move_clock(5 * DAY)
    await bot.start()
    await discord.until(lambda: bot.rows("SELECT 1 FROM rounds WHERE ordinal = 2"))
    await discord.until(lambda: not bot.rows("SELECT 1 FROM announcements WHERE waiting > 0"))
    assert has_messages(discord, CLOSED, "Round {} of the contest is over: nobody", "## Contest, round 2")


async def test_a_clock_that_jumps_back_and_forth_ends_each_stage_once(discord: StandIn, bot: Bot) -> None:
    songs = await make_tunes(discord, bot)
    await discord.answered(await discord.slash("contest start", permissions=MANAGER))
    await discord.until(lambda: has_messages(discord, OPENED))
    await nominate_by_command(discord, songs[0], CAROL)
    bot.move_clock(9 * DAY)  # past both deadlines
    await discord.until(lambda: has_messages(discord, CLOSED, VOTE))
    [(stage, closes)] = bot.rows("SELECT stage, closes FROM rounds")
    await restart_after_kill(discord, bot, -9 * DAY)
    await vote_by_menu(discord, contest_messages(discord)[1], songs[0], DAVE)
    assert bot.rows("SELECT stage, closes FROM rounds") == [(stage, closes)]
    bot.move_clock(10 * DAY + 60)
    await discord.until(lambda: len(contest_messages(discord)) == 4)
    await restart_after_kill(discord, bot, -10 * DAY)
    await restart_after_kill(discord, bot, 10 * DAY)
    await discord.until(lambda: not bot.rows("SELECT 1 FROM announcements WHERE waiting > 0"))
    assert bot.rows("SELECT ordinal, stage, outcome FROM rounds ORDER BY number") == [
        (1, "over", "won"),
        (2, "nominating", None),
    ]
    assert len(contest_messages(discord)) == 4


async def test_a_contest_pauses_while_the_bot_is_not_in_the_server(discord: StandIn, bot: Bot) -> None:
    await discord.answered(await discord.slash("contest start", permissions=MANAGER))
    await discord.until(lambda: has_messages(discord, OPENED))
    await discord.gateway.dispatch("GUILD_DELETE", {"id": str(GUILD)})
    await discord.until(lambda: bot.rows("SELECT 1 FROM servers WHERE removed IS NOT NULL"))
    discord.world.joined = False
    await restart_after_kill(discord, bot, 5 * DAY)
    await bot.end()  # after it has checked what is due
    assert bot.rows("SELECT stage FROM rounds") == [("nominating",)]
    discord.world.joined = True
    await bot.start()
    await discord.until(
        lambda: has_messages(discord, CLOSED, "Round {} of the contest is over: nobody", "## Contest, round 2")
    )
