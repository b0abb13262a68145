"""`/chiptune contest`: every command, button and menu, and the messages that the bot sends on schedule."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from typing import Any

import discord
import pytest
import pytest_asyncio

from bot.discord.contest.buttons import CHOOSE_TUNE
from bot.discord.contest.commands import NO_ROUND, ONLY_MANAGERS, SERVERS_ONLY
from bot.discord.contest.hall_of_fame import NO_WINNERS
from bot.discord.moderation.delete import REMAINING
from bot.discord.post.layout import linked_title
from bot.scope import Scope
from bot.store import Song
from bot.store.contest.entries import ENOUGH, NOT_NOMINATED, NOT_NOMINATING, OWN_SONG, ROUND_OVER, RUNNING
from bot.store.contest.schedule import DAY
from bot.voting import MOST
from tests.discord_side.conftest import Stage
from tests.discord_side.reading import buttons, gallery, text, walk


@pytest.fixture
def manager(stage: Stage) -> Any:
    return stage.staff("carol", manage_guild=True)


@pytest_asyncio.fixture
async def songs(stage: Stage) -> list[Song]:
    """Three tunes by alice, oldest first."""
    for _ in range(3):
        await stage.alice.slash(stage.channel, "chiptune generate")
    await stage.posted(3)
    return (await stage.store.songs.history(Scope.server(stage.channel.guild.id)))[::-1]


async def contest(stage: Stage, who: Any, command: str, **options: Any) -> Any:
    return await who.slash(stage.channel, f"chiptune contest {command}", **options)


async def advance(stage: Stage, days: float) -> None:
    """Advance the calendar, and let the bot do what is due."""
    stage.calendar.time += days * DAY
    await stage.store.rounds.pass_due(stage.calendar.now())
    await stage.client.contests.announce()


def announcements(stage: Stage, channel: Any = None) -> list[discord.Message]:
    """Return the bot's messages about the contest, oldest first."""
    messages = sorted((channel or stage.channel).history(), key=lambda message: message.id)
    return [message for message in messages if re.search(r"[Rr]ound \d", text(message))]


def menu(message: discord.Message) -> discord.SelectMenu:
    [select] = [part for part in walk(message.components) if isinstance(part, discord.SelectMenu)]
    return select


def refusal(result: Any) -> str:
    """Return the refusal that followed a deferred answer, visible to the user alone."""
    [message] = result.followups
    assert message.ephemeral
    return str(message.content)


async def choose(who: Any, message: discord.Message, song: Song) -> Any:
    return await who.select(message, values=[song.id], custom_id=menu(message).custom_id)


async def open_vote(stage: Stage, manager: Any, songs: list[Song], *numbers: int) -> discord.Message:
    """Start a contest, nominate songs, each by another person, and open the vote. Return the message to vote in."""
    await contest(stage, manager, "start")
    await stage.client.contests.announce()
    for number in numbers:
        await stage.client.contests.nominate(Scope.server(stage.channel.guild.id), songs[number].id, f"fan {number}")
    await advance(stage, 5)
    return announcements(stage)[-1]


async def test_a_contest_from_its_start_to_the_hall_of_fame(stage: Stage, manager: Any, songs: list[Song]) -> None:
    started = await contest(stage, manager, "start")
    assert started.ephemeral
    assert f"announced in <#{stage.channel.id}>" in started.response.content
    await stage.client.contests.announce()
    [opening] = announcements(stage)
    assert text(opening).startswith("## Contest, round 1\nNominate up to 2 tunes")
    assert f"<t:{(await open_round(stage)).voting}:F>" in text(opening)
    question = await stage.bob.click(opening, label="Nominate…")
    assert question.ephemeral
    assert question.response.content == CHOOSE_TUNE
    assert [option.value for option in menu(question.response.message).options] == [song.id for song in songs[::-1]]
    await choose(stage.bob, question.response.message, songs[1])
    assert question.response.message.content == "**Tune \\*2\\* \\@everyone** is nominated."
    assert not question.response.message.components
    await contest(stage, stage.alice, "nominate", song=songs[0].id)
    await stage.client.contests.announce()
    [opening] = announcements(stage)
    entry = await stage.store.requests.get(songs[1].id)
    assert f"**1.** {linked_title(entry, songs[1])}\n**2.** [Tune \\*1\\*" in text(opening)


async def test_votes_are_cast_in_a_menu_and_counted_at_the_end(stage: Stage, manager: Any, songs: list[Song]) -> None:
    await contest(stage, manager, "start")
    await stage.client.contests.announce()
    await contest(stage, stage.bob, "nominate", song=songs[1].id)
    await contest(stage, stage.alice, "nominate", song=songs[0].id)
    await advance(stage, 5)
    closed, vote = announcements(stage)
    assert text(closed) == "Nominations of round 1 are over."
    assert "## Contest, round 1: vote" in text(vote)
    assert [option.label for option in menu(vote).options] == ["1. Tune *2* @everyone", "2. Tune *1* @everyone"]
    opened = await stage.bob.click(vote, label="2")
    assert opened.ephemeral
    assert "Tune \\*1\\*" in text(opened.response.message)
    for song in (songs[0], songs[1]):
        voted = await choose(stage.bob, vote, song)
        assert voted.ephemeral
    assert voted.response.content.startswith("Your vote is for **Tune \\*2\\*")
    await stage.client.contests.announce()
    assert text(announcements(stage)[-1]) == text(vote), "the current standing is not shown"

    await advance(stage, 2)
    *_, counted, result, following = announcements(stage)
    assert text(counted) == "The vote of round 1 is over."
    first, second = text(result).splitlines()[:2]
    assert first == (f"🏆 **Round 1 of the contest is won** by this tune of <@{stage.alice.id}>, with 1 of 1 vote.")
    assert second.startswith("**2.** [Tune \\*1\\*")
    assert second.endswith("· 0 votes")
    assert "## Tune \\*2\\*" in text(result)
    assert len(gallery(result)) == 1
    assert [file.filename for file in result.attachments] == ["tune.mp4", "tune.mid"]
    assert "## Contest, round 2" in text(following)
    await advance(stage, 0)
    assert len(announcements(stage)) == 4, "every stage is announced once"

    fame = await stage.bob.click(result, label="Hall of fame")
    assert fame.ephemeral
    line = text(fame.response.message).splitlines()[1]
    assert line.startswith("**Round 1** · [Tune \\*2\\*")
    assert f"by <@{stage.alice.id}> · 1 vote · <t:" in line
    opened = await stage.bob.click(result, label="Open it")
    assert "Seed" in text(opened.response.message)


async def open_round(stage: Stage) -> Any:
    contest_round = await stage.store.contests.open(Scope.server(stage.channel.guild.id))
    assert contest_round
    return contest_round


async def test_only_managers_start_and_stop_a_contest(stage: Stage, manager: Any) -> None:
    for command in ("start", "stop"):
        refused = await contest(stage, stage.alice, command)
        assert not refused.deferred
        assert (refused.ephemeral, refused.response.content) == (True, ONLY_MANAGERS)
        outside = await stage.alice.user.slash(f"chiptune contest {command}")
        assert outside.response.content == SERVERS_ONLY
    assert (await contest(stage, stage.bob, "show")).response.content == NO_ROUND
    await contest(stage, manager, "start")
    assert refusal(await contest(stage, manager, "start")) == RUNNING
    assert "continues to its end" in (await contest(stage, manager, "stop")).response.content
    await contest(stage, manager, "start")
    assert "was ended" in (await contest(stage, manager, "stop", **{"at-once": True})).response.content
    await stage.client.contests.announce()
    [stopped] = announcements(stage)
    assert "was stopped, without a winner" in text(stopped)
    assert "No round follows" in text(stopped)
    stage.refused()


async def test_the_round_is_shown_with_the_users_nominations_and_vote(
    stage: Stage, manager: Any, songs: list[Song]
) -> None:
    await contest(stage, manager, "start")
    await contest(stage, stage.bob, "nominate", song=songs[0].id)
    shown = await contest(stage, stage.bob, "show")
    assert shown.ephemeral
    assert "-# You have nominated 1 of 2." in text(shown.response.message)
    question = await stage.bob.click(shown.response.message, label="Nominate…")
    await choose(stage.bob, question.response.message, songs[1])
    third = await contest(stage, stage.bob, "nominate", song=songs[2].id)
    assert refusal(third) == ENOUGH
    choices = await stage.bob.autocomplete(stage.channel, "chiptune contest withdraw", "song", "tune")
    assert [choice["value"] for choice in choices] == [songs[0].id, songs[1].id]
    assert "no longer nominated" in (await contest(stage, stage.bob, "withdraw", song=songs[0].id)).response.content
    assert refusal(await contest(stage, stage.alice, "withdraw", song=songs[1].id)) == NOT_NOMINATED
    await advance(stage, 5)
    assert "You have not voted yet." in text((await contest(stage, stage.bob, "show")).response.message)
    assert refusal(await contest(stage, stage.alice, "vote", song=songs[1].id)) == OWN_SONG
    await contest(stage, stage.bob, "vote", song=songs[1].id)
    assert "Your vote is for Tune" in text((await contest(stage, stage.bob, "show")).response.message)
    stage.env.errors.clear()


async def test_autocomplete_proposes_tunes(stage: Stage, manager: Any, songs: list[Song]) -> None:
    assert await stage.bob.autocomplete(stage.channel, "chiptune contest vote", "song", "") == []
    await contest(stage, manager, "start")
    await contest(stage, stage.bob, "nominate", song=songs[0].id)

    async def proposed(command: str) -> list[str]:
        return [
            choice["value"]
            for choice in await stage.bob.autocomplete(stage.channel, f"chiptune contest {command}", "song", "")
        ]

    assert await proposed("nominate") == [songs[2].id, songs[1].id]
    assert await proposed("vote") == [songs[0].id]


async def test_old_buttons_and_menus_say_that_the_round_is_over(stage: Stage, manager: Any, songs: list[Song]) -> None:
    await contest(stage, manager, "start")
    await stage.client.contests.announce()
    [opening] = announcements(stage)
    question = await stage.bob.click(opening, label="Nominate…")
    shown = await contest(stage, stage.bob, "show")
    await contest(stage, stage.bob, "nominate", song=songs[0].id)
    await advance(stage, 5)
    late = await stage.bob.click(shown.response.message, label="Nominate…")
    assert late.response.content == NOT_NOMINATING
    late = await choose(stage.bob, question.response.message, songs[1])
    assert refusal(late) == NOT_NOMINATING
    shown = await contest(stage, stage.bob, "show")
    await advance(stage, 2)
    late = await choose(stage.bob, shown.response.message, songs[0])
    assert refusal(late) == ROUND_OVER


async def while_database_is_busy(stage: Stage, work: Coroutine[Any, Any, Any]) -> tuple[int, Any]:
    """Do `work` while a transaction is open. Return the type of the first answer, and the result."""
    before = len(stage.env.http_requests)
    async with stage.store.database.transaction(), asyncio.timeout(5):
        task = asyncio.create_task(work)
        while not (answers := [call.json for call in stage.env.http_requests[before:] if "/callback" in call.path]):
            await asyncio.sleep(0.01)
    return answers[0]["type"], await task


async def test_answers_are_deferred_before_anything_is_written(stage: Stage, manager: Any, songs: list[Song]) -> None:
    async def answer(who: Any, command: str, **options: Any) -> Any:
        first, result = await while_database_is_busy(stage, contest(stage, who, command, **options))
        assert (first, result.ephemeral) == (discord.InteractionResponseType.deferred_channel_message.value, True)
        return result.response.content

    assert "announced in" in await answer(manager, "start")
    assert "is nominated" in await answer(stage.bob, "nominate", song=songs[0].id)
    assert "no longer nominated" in await answer(stage.bob, "withdraw", song=songs[0].id)
    await stage.client.contests.announce()
    opened = await stage.bob.click(announcements(stage)[-1], label="Nominate…")
    first, _ = await while_database_is_busy(stage, choose(stage.bob, opened.response.message, songs[1]))
    assert first == discord.InteractionResponseType.deferred_message_update.value
    assert "is nominated" in opened.response.content
    await advance(stage, 5)
    assert "Your vote is for" in await answer(stage.bob, "vote", song=songs[1].id)
    assert "continues to its end" in await answer(manager, "stop")
    for command in ("show", "hall-of-fame"):
        first, _ = await while_database_is_busy(stage, contest(stage, stage.bob, command))
        assert first == discord.InteractionResponseType.channel_message.value, (
            "a command that only reads does not wait for the database"
        )


async def test_a_deleted_winner_is_removed_from_its_message_and_the_hall_of_fame(
    stage: Stage, manager: Any, songs: list[Song]
) -> None:
    vote = await open_vote(stage, manager, songs, 0, 1)
    await choose(stage.bob, vote, songs[1])
    await stage.client.backlog.files.delete(songs[0].id)
    await stage.client.contests.announce()
    assert [option.value for option in menu(announcements(stage)[1]).options] == [songs[1].id]
    await advance(stage, 2)
    result = announcements(stage)[2]
    assert result.attachments
    await stage.client.backlog.files.delete(songs[1].id)
    await stage.client.contests.announce()
    result = announcements(stage)[2]
    assert text(result) == "Round 1 of the contest was won by a tune that has since been deleted."
    assert not result.attachments
    fame = await contest(stage, stage.bob, "hall-of-fame")
    assert text(fame.response.message).splitlines()[1] == NO_WINNERS


async def win(stage: Stage, manager: Any, songs: list[Song]) -> discord.Message:
    """Let alice's first tune win. Return the message about it."""
    await choose(stage.bob, await open_vote(stage, manager, songs, 0), songs[0])
    await advance(stage, 2)
    [message] = [message for message in announcements(stage) if "is won" in text(message)]
    return message


@pytest.mark.parametrize("way", ["deleted", "erased"])
async def test_a_winner_s_message_is_deleted_with_the_tune(
    stage: Stage, manager: Any, songs: list[Song], way: str
) -> None:
    message = await win(stage, manager, songs)
    [kept] = (await stage.client.privacy.export_of(str(stage.alice.id)))["messages"]
    assert (kept["song"], kept["message_id"]) == (songs[0].id, str(message.id))
    if way == "deleted":
        question = await stage.alice.slash(stage.channel, "chiptune delete", song=songs[0].id)
        await stage.alice.click(question.response.message, label="Delete it")
        assert question.response.content == "**Tune \\*1\\* \\@everyone** was deleted."
    else:
        shown = await stage.alice.slash(stage.channel, "chiptune privacy")
        question = await stage.alice.click(shown.response.message, label="Erase…")
        await stage.alice.click(question.response.message, label="Erase everything")
        assert question.response.content.endswith("; 4 messages deleted.")
    assert message.id not in [other.id for other in stage.channel.history()]
    await stage.client.contests.announce()
    assert await stage.store.rounds.pending() == []
    assert [message for message in announcements(stage) if "since been deleted" in text(message)] == []


async def test_a_winner_s_message_that_cannot_be_deleted_is_counted_and_edited_later(
    stage: Stage, manager: Any, songs: list[Song], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.contests.keeper.MAX_RETRY_SECONDS", 0.0)
    message = await win(stage, manager, songs)
    path = f"/channels/{stage.channel.id}/messages/{message.id}"
    for method in ("DELETE", "PATCH"):
        stage.env.inject_error(method, path, status=403, code=50001)
    question = await stage.alice.slash(stage.channel, "chiptune delete", song=songs[0].id)
    await stage.alice.click(question.response.message, label="Delete it")
    assert question.response.content.endswith(REMAINING.counted(1))
    await stage.client.contests.announce()
    assert "is won" in text(announcements(stage)[2]), "the edit was refused"
    await stage.client.contests.announce()
    assert text(announcements(stage)[2]) == "Round 1 of the contest was won by a tune that has since been deleted."
    assert not announcements(stage)[2].attachments


async def test_a_winner_without_files_is_announced(stage: Stage, manager: Any, songs: list[Song]) -> None:
    vote = await open_vote(stage, manager, songs, 0)
    await choose(stage.bob, vote, songs[0])
    for path in (await stage.client.backlog.files.paths(songs[0].id)).values():
        path.unlink()
    await advance(stage, 2)
    result = announcements(stage)[2]
    assert "is won" in text(result)
    assert not result.attachments


async def test_announcements_go_to_the_channel_for_tunes_or_to_where_the_contest_started(
    stage: Stage, manager: Any
) -> None:
    tunes = stage.channel.guild.create_text_channel("tunes")
    await manager.slash(stage.channel, "chiptune settings channel", channel=tunes)
    started = await contest(stage, manager, "start")
    assert f"<#{tunes.id}>" in started.response.content
    await stage.client.contests.announce()
    assert (len(announcements(stage, tunes)), len(announcements(stage))) == (1, 0)
    stage.env.inject_error("POST", f"/channels/{tunes.id}/messages", status=403, code=50001)
    await advance(stage, 5)
    assert ["nobody nominated" in text(message) for message in announcements(stage)] == [True]
    assert "round 2" in text(announcements(stage, tunes)[-1]), "the next announcement tries that channel again"


async def test_an_announcement_deleted_by_moderators_is_not_posted_again(
    stage: Stage, manager: Any, songs: list[Song]
) -> None:
    await contest(stage, manager, "start")
    await stage.client.contests.announce()
    [opening] = announcements(stage)
    await stage.client.get_partial_messageable(stage.channel.id).get_partial_message(opening.id).delete()
    await contest(stage, stage.bob, "nominate", song=songs[0].id)
    await stage.client.contests.announce()
    await stage.client.contests.announce()
    assert announcements(stage) == []


async def test_contest_votes_count_towards_the_limit_per_minute(stage: Stage, manager: Any, songs: list[Song]) -> None:
    vote = await open_vote(stage, manager, songs, 0, 1)
    for number in range(MOST):
        await choose(stage.bob, vote, songs[number % 2])
    late = await choose(stage.bob, vote, songs[0])
    assert "which is the most" in refusal(late)


async def test_a_full_round_fits_discord_s_limits(stage: Stage, manager: Any) -> None:
    stage.composer.title = "*_~|`<>@#:" * 8
    for _ in range(20):
        await stage.alice.slash(stage.channel, "chiptune generate")
    await stage.posted(20)
    songs = await stage.store.songs.history(Scope.server(stage.channel.guild.id))
    vote = await open_vote(stage, manager, songs, *range(20))
    assert len(text(vote)) <= 4000
    assert len(menu(vote).options) == 20
    assert len(list(walk(vote.components))) <= 40
    await choose(stage.bob, vote, songs[0])
    await advance(stage, 2)
    result = announcements(stage)[2]
    assert "is won" in text(result)
    assert len(text(result)) <= 4000


async def test_the_hall_of_fame_has_pages(stage: Stage) -> None:
    for _ in range(12):
        await stage.alice.slash(stage.channel, "chiptune generate")
    await stage.posted(12)
    guild = str(stage.channel.guild.id)
    songs = await stage.store.songs.history(Scope(guild))
    async with stage.store.database.transaction():
        for ordinal, song in enumerate(songs, 101):
            await stage.store.database.execute(
                "INSERT INTO rounds (id, guild_id, ordinal, stage, voting, closes, ended, outcome)"
                " VALUES (?, ?, ?, 'over', 1, 2, 2, 'won')",
                (f"{ordinal:032x}", guild, ordinal),
            )
            await stage.store.database.execute(
                "INSERT INTO nominations (round, song, votes, won) VALUES (last_insert_rowid(), ?, 3, 1)", (song.id,)
            )
    page = await contest(stage, stage.bob, "hall-of-fame")
    lines = text(page.response.message).splitlines()[1:]
    assert [line.split("**")[1] for line in lines] == [f"Round {n}" for n in range(112, 102, -1)]
    await stage.bob.click(page.response.message, label="Older")
    lines = text(page.response.message).splitlines()[1:]
    assert [line.split("**")[1] for line in lines] == ["Round 102", "Round 101"]
    assert "Older" not in buttons(page.response.message)
    await stage.bob.click(page.response.message, label="Newer")
    assert len(text(page.response.message).splitlines()) == 11
