"""`/chiptune contest`: each command, button and menu, and the messages that the bot sends by itself."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Coroutine
from typing import Any

import discord
import pytest
import pytest_asyncio

from bot.contests.schedule import DAY
from bot.discord.contest.buttons import CHOOSE_TUNE
from bot.discord.contest.commands import NO_ROUND, ONLY_MANAGERS, SERVERS_ONLY
from bot.discord.contest.hall_of_fame import NO_WINNERS
from bot.discord.moderation.delete import REMAINING
from bot.discord.post.layout import linked_title
from bot.scope import Scope
from bot.store import Song
from bot.store.contest.entries import ENOUGH, NOT_NOMINATED, NOT_NOMINATING, OWN_SONG, ROUND_OVER, RUNNING
from bot.votes.voting import MOST
from tests.discord_side.conftest import Stage
from tests.discord_side.reading import buttons, gallery, text, walk


@pytest.fixture
def manager(stage: Stage) -> Any:
    return stage.staff("carol", manage_guild=True)


@pytest_asyncio.fixture
async def songs(stage: Stage) -> list[Song]:
    """Three tunes of alice's, oldest first."""
    for _ in range(3):
        await stage.alice.slash(stage.channel, "chiptune generate")
    await stage.posted(3)
    return (await stage.store.songs.history(Scope.server(stage.channel.guild.id)))[::-1]


async def contest(stage: Stage, who: Any, command: str, **options: Any) -> Any:
    return await who.slash(stage.channel, f"chiptune contest {command}", **options)


async def later(stage: Stage, days: float) -> None:
    """Let time pass, and the bot do what is due."""
    stage.calendar.time += days * DAY
    await stage.store.rounds.pass_due(stage.calendar.now())
    await stage.client.contests.tell()


def said(stage: Stage, channel: Any = None) -> list[discord.Message]:
    """What the bot has said of the contest, oldest first."""
    found = sorted((channel or stage.channel).history(), key=lambda message: message.id)
    return [message for message in found if re.search(r"[Rr]ound \d", text(message))]


def menu(message: discord.Message) -> discord.SelectMenu:
    [found] = [part for part in walk(message.components) if isinstance(part, discord.SelectMenu)]
    return found


def refusal(result: Any) -> str:
    """What is said, to the one who asked alone, after an answer was promised."""
    [said] = result.followups
    assert said.ephemeral
    return str(said.content)


async def choose(who: Any, message: discord.Message, song: Song) -> Any:
    return await who.select(message, values=[song.id], custom_id=menu(message).custom_id)


async def voting(stage: Stage, manager: Any, songs: list[Song], *numbers: int) -> discord.Message:
    """A contest in which these are nominated by as many people, and people may vote; the message to vote in."""
    await contest(stage, manager, "start")
    await stage.client.contests.tell()
    for number in numbers:
        await stage.client.contests.nominate(Scope.server(stage.channel.guild.id), songs[number].id, f"fan {number}")
    await later(stage, 5)
    return said(stage)[-1]


async def test_a_contest_from_its_start_to_the_hall_of_fame(stage: Stage, manager: Any, songs: list[Song]) -> None:
    started = await contest(stage, manager, "start")
    assert started.ephemeral
    assert f"announced in <#{stage.channel.id}>" in started.response.content
    await stage.client.contests.tell()
    [opening] = said(stage)
    assert text(opening).startswith("## Contest, round 1\nNominate up to 2 tunes")
    assert f"<t:{(await open_round(stage)).voting}:F>" in text(opening)
    asked = await stage.bob.click(opening, label="Nominate…")
    assert asked.ephemeral
    assert asked.response.content == CHOOSE_TUNE
    assert [option.value for option in menu(asked.response.message).options] == [song.id for song in songs[::-1]]
    await choose(stage.bob, asked.response.message, songs[1])
    assert asked.response.message.content == "**Tune \\*2\\* \\@everyone** is nominated."
    assert not asked.response.message.components
    await contest(stage, stage.alice, "nominate", song=songs[0].id)
    await stage.client.contests.tell()
    [opening] = said(stage)
    entry = await stage.store.requests.get(songs[1].id)
    assert f"**1.** {linked_title(entry, songs[1])}\n**2.** [Tune \\*1\\*" in text(opening)


async def test_votes_are_given_in_a_menu_and_told_of_when_they_are_over(
    stage: Stage, manager: Any, songs: list[Song]
) -> None:
    await contest(stage, manager, "start")
    await stage.client.contests.tell()
    await contest(stage, stage.bob, "nominate", song=songs[1].id)
    await contest(stage, stage.alice, "nominate", song=songs[0].id)
    await later(stage, 5)
    closed, vote = said(stage)
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
    await stage.client.contests.tell()
    assert text(said(stage)[-1]) == text(vote), "nothing is told of how it stands"

    await later(stage, 2)
    *_, counted, result, following = said(stage)
    assert text(counted) == "The vote of round 1 is over."
    first, second = text(result).splitlines()[:2]
    assert first == (f"🏆 **Round 1 of the contest is won** by this tune of <@{stage.alice.id}>, with 1 of 1 vote.")
    assert second.startswith("**2.** [Tune \\*1\\*")
    assert second.endswith("· 0 votes")
    assert "## Tune \\*2\\*" in text(result)
    assert len(gallery(result)) == 1
    assert [file.filename for file in result.attachments] == ["tune.mp4", "tune.mid"]
    assert "## Contest, round 2" in text(following)
    await later(stage, 0)
    assert len(said(stage)) == 4, "each is said once"

    fame = await stage.bob.click(result, label="Hall of fame")
    assert fame.ephemeral
    line = text(fame.response.message).splitlines()[1]
    assert line.startswith("**Round 1** · [Tune \\*2\\*")
    assert f"by <@{stage.alice.id}> · 1 vote · <t:" in line
    opened = await stage.bob.click(result, label="Open it")
    assert "Seed" in text(opened.response.message)


async def open_round(stage: Stage) -> Any:
    found = await stage.store.contests.open(Scope.server(stage.channel.guild.id))
    assert found
    return found


async def test_only_those_who_manage_the_server_start_and_stop(stage: Stage, manager: Any) -> None:
    for command in ("start", "stop"):
        refused = await contest(stage, stage.alice, command)
        assert not refused.deferred
        assert (refused.ephemeral, refused.response.content) == (True, ONLY_MANAGERS)
        outside = await stage.alice.user.slash(f"chiptune contest {command}")
        assert outside.response.content == SERVERS_ONLY
    assert (await contest(stage, stage.bob, "show")).response.content == NO_ROUND
    await contest(stage, manager, "start")
    assert refusal(await contest(stage, manager, "start")) == RUNNING
    assert "goes on to its end" in (await contest(stage, manager, "stop")).response.content
    await contest(stage, manager, "start")
    assert "is ended" in (await contest(stage, manager, "stop", **{"at-once": True})).response.content
    await stage.client.contests.tell()
    [stopped] = said(stage)
    assert "was stopped, without a winner" in text(stopped)
    assert "No round follows" in text(stopped)
    stage.refused()


async def test_the_round_is_shown_with_what_one_has_done(stage: Stage, manager: Any, songs: list[Song]) -> None:
    await contest(stage, manager, "start")
    await contest(stage, stage.bob, "nominate", song=songs[0].id)
    shown = await contest(stage, stage.bob, "show")
    assert shown.ephemeral
    assert "-# You have nominated 1 of 2." in text(shown.response.message)
    asked = await stage.bob.click(shown.response.message, label="Nominate…")
    await choose(stage.bob, asked.response.message, songs[1])
    third = await contest(stage, stage.bob, "nominate", song=songs[2].id)
    assert refusal(third) == ENOUGH
    choices = await stage.bob.autocomplete(stage.channel, "chiptune contest withdraw", "song", "tune")
    assert [choice["value"] for choice in choices] == [songs[0].id, songs[1].id]
    assert "not nominated any more" in (await contest(stage, stage.bob, "withdraw", song=songs[0].id)).response.content
    assert refusal(await contest(stage, stage.alice, "withdraw", song=songs[1].id)) == NOT_NOMINATED
    await later(stage, 5)
    assert "You have not voted yet." in text((await contest(stage, stage.bob, "show")).response.message)
    assert refusal(await contest(stage, stage.alice, "vote", song=songs[1].id)) == OWN_SONG
    await contest(stage, stage.bob, "vote", song=songs[1].id)
    assert "Your vote is for Tune" in text((await contest(stage, stage.bob, "show")).response.message)
    stage.env.errors.clear()


async def test_what_is_proposed_while_one_types(stage: Stage, manager: Any, songs: list[Song]) -> None:
    assert await stage.bob.autocomplete(stage.channel, "chiptune contest vote", "song", "") == []
    await contest(stage, manager, "start")
    await contest(stage, stage.bob, "nominate", song=songs[0].id)

    async def proposed(command: str) -> list[str]:
        return [
            one["value"]
            for one in await stage.bob.autocomplete(stage.channel, f"chiptune contest {command}", "song", "")
        ]

    assert await proposed("nominate") == [songs[2].id, songs[1].id]
    assert await proposed("vote") == [songs[0].id]


async def test_old_buttons_and_menus_say_that_the_round_is_over(stage: Stage, manager: Any, songs: list[Song]) -> None:
    await contest(stage, manager, "start")
    await stage.client.contests.tell()
    [opening] = said(stage)
    asked = await stage.bob.click(opening, label="Nominate…")
    shown = await contest(stage, stage.bob, "show")
    await contest(stage, stage.bob, "nominate", song=songs[0].id)
    await later(stage, 5)
    late = await stage.bob.click(shown.response.message, label="Nominate…")
    assert late.response.content == NOT_NOMINATING
    late = await choose(stage.bob, asked.response.message, songs[1])
    assert refusal(late) == NOT_NOMINATING
    shown = await contest(stage, stage.bob, "show")
    await later(stage, 2)
    late = await choose(stage.bob, shown.response.message, songs[0])
    assert refusal(late) == ROUND_OVER


async def at_a_busy_disk(stage: Stage, work: Coroutine[Any, Any, Any]) -> tuple[int, Any]:
    """How something is answered first that is asked while others write, and what becomes of it."""
    before = len(stage.env.http_requests)
    async with stage.store.database.transaction(), asyncio.timeout(5):
        asked = asyncio.create_task(work)
        while not (answers := [one.json for one in stage.env.http_requests[before:] if "/callback" in one.path]):
            await asyncio.sleep(0.01)
    return answers[0]["type"], await asked


async def test_an_answer_is_promised_before_anything_is_written(stage: Stage, manager: Any, songs: list[Song]) -> None:
    async def asked(who: Any, command: str, **options: Any) -> Any:
        first, result = await at_a_busy_disk(stage, contest(stage, who, command, **options))
        assert (first, result.ephemeral) == (discord.InteractionResponseType.deferred_channel_message.value, True)
        return result.response.content

    assert "announced in" in await asked(manager, "start")
    assert "is nominated" in await asked(stage.bob, "nominate", song=songs[0].id)
    assert "not nominated any more" in await asked(stage.bob, "withdraw", song=songs[0].id)
    await stage.client.contests.tell()
    opened = await stage.bob.click(said(stage)[-1], label="Nominate…")
    first, _ = await at_a_busy_disk(stage, choose(stage.bob, opened.response.message, songs[1]))
    assert first == discord.InteractionResponseType.deferred_message_update.value
    assert "is nominated" in opened.response.content
    await later(stage, 5)
    assert "Your vote is for" in await asked(stage.bob, "vote", song=songs[1].id)
    assert "goes on to its end" in await asked(manager, "stop")
    for command in ("show", "hall-of-fame"):
        first, _ = await at_a_busy_disk(stage, contest(stage, stage.bob, command))
        assert first == discord.InteractionResponseType.channel_message.value, "what only reads waits for nobody"


async def test_a_winner_that_is_deleted_leaves_its_message_and_the_hall_of_fame(
    stage: Stage, manager: Any, songs: list[Song]
) -> None:
    vote = await voting(stage, manager, songs, 0, 1)
    await choose(stage.bob, vote, songs[1])
    await stage.client.backlog.files.delete(songs[0].id)
    await stage.client.contests.tell()
    assert [option.value for option in menu(said(stage)[1]).options] == [songs[1].id]
    await later(stage, 2)
    result = said(stage)[2]
    assert result.attachments
    await stage.client.backlog.files.delete(songs[1].id)
    await stage.client.contests.tell()
    result = said(stage)[2]
    assert text(result) == "Round 1 of the contest was won by a tune that is deleted by now."
    assert not result.attachments
    fame = await contest(stage, stage.bob, "hall-of-fame")
    assert text(fame.response.message).splitlines()[1] == NO_WINNERS


async def won(stage: Stage, manager: Any, songs: list[Song]) -> discord.Message:
    """The message in which alice's first tune has won."""
    await choose(stage.bob, await voting(stage, manager, songs, 0), songs[0])
    await later(stage, 2)
    [message] = [one for one in said(stage) if "is won" in text(one)]
    return message


@pytest.mark.parametrize("way", ["deleted", "erased"])
async def test_a_winner_s_message_goes_with_the_tune(stage: Stage, manager: Any, songs: list[Song], way: str) -> None:
    message = await won(stage, manager, songs)
    [kept] = (await stage.client.privacy.export_of(str(stage.alice.id)))["messages"]
    assert (kept["song"], kept["message_id"]) == (songs[0].id, str(message.id))
    if way == "deleted":
        asked = await stage.alice.slash(stage.channel, "chiptune delete", song=songs[0].id)
        await stage.alice.click(asked.response.message, label="Delete it")
        assert asked.response.content == "**Tune \\*1\\* \\@everyone** was deleted."
    else:
        shown = await stage.alice.slash(stage.channel, "chiptune privacy")
        asked = await stage.alice.click(shown.response.message, label="Erase…")
        await stage.alice.click(asked.response.message, label="Erase everything")
        assert asked.response.content.endswith("; 4 messages deleted.")
    assert message.id not in [one.id for one in stage.channel.history()]
    await stage.client.contests.tell()
    assert await stage.store.rounds.untold() == []
    assert [one for one in said(stage) if "deleted by now" in text(one)] == []


async def test_a_winner_s_message_that_stays_is_counted_and_loses_the_tune_once_that_works(
    stage: Stage, manager: Any, songs: list[Song], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.contests.keeper.LONGEST_WAIT_SECONDS", 0.0)
    message = await won(stage, manager, songs)
    path = f"/channels/{stage.channel.id}/messages/{message.id}"
    for method in ("DELETE", "PATCH"):
        stage.env.inject_error(method, path, status=403, code=50001)
    asked = await stage.alice.slash(stage.channel, "chiptune delete", song=songs[0].id)
    await stage.alice.click(asked.response.message, label="Delete it")
    assert asked.response.content.endswith(REMAINING.counted(1))
    await stage.client.contests.tell()
    assert "is won" in text(said(stage)[2]), "the edit was refused"
    await stage.client.contests.tell()
    assert text(said(stage)[2]) == "Round 1 of the contest was won by a tune that is deleted by now."
    assert not said(stage)[2].attachments


async def test_a_winner_without_files_is_told_of_all_the_same(stage: Stage, manager: Any, songs: list[Song]) -> None:
    vote = await voting(stage, manager, songs, 0)
    await choose(stage.bob, vote, songs[0])
    for path in (await stage.client.backlog.files.paths(songs[0].id)).values():
        path.unlink()
    await later(stage, 2)
    result = said(stage)[2]
    assert "is won" in text(result)
    assert not result.attachments


async def test_it_goes_into_the_channel_for_tunes_or_where_it_was_started(stage: Stage, manager: Any) -> None:
    tunes = stage.channel.guild.create_text_channel("tunes")
    await manager.slash(stage.channel, "chiptune settings channel", channel=tunes)
    started = await contest(stage, manager, "start")
    assert f"<#{tunes.id}>" in started.response.content
    await stage.client.contests.tell()
    assert (len(said(stage, tunes)), len(said(stage))) == (1, 0)
    stage.env.inject_error("POST", f"/channels/{tunes.id}/messages", status=403, code=50001)
    await later(stage, 5)
    assert ["nobody nominated" in text(one) for one in said(stage)] == [True]
    assert "round 2" in text(said(stage, tunes)[-1]), "the next one is tried there again"


async def test_what_moderators_removed_is_not_posted_again(stage: Stage, manager: Any, songs: list[Song]) -> None:
    await contest(stage, manager, "start")
    await stage.client.contests.tell()
    [opening] = said(stage)
    await stage.client.get_partial_messageable(stage.channel.id).get_partial_message(opening.id).delete()
    await contest(stage, stage.bob, "nominate", song=songs[0].id)
    await stage.client.contests.tell()
    await stage.client.contests.tell()
    assert said(stage) == []


async def test_votes_count_among_those_of_a_minute(stage: Stage, manager: Any, songs: list[Song]) -> None:
    vote = await voting(stage, manager, songs, 0, 1)
    for number in range(MOST):
        await choose(stage.bob, vote, songs[number % 2])
    late = await choose(stage.bob, vote, songs[0])
    assert "which is the most" in refusal(late)


async def test_a_full_round_is_within_discord_s_limits(stage: Stage, manager: Any) -> None:
    stage.composer.title = "*_~|`<>@#:" * 8
    for _ in range(20):
        await stage.alice.slash(stage.channel, "chiptune generate")
    await stage.posted(20)
    songs = await stage.store.songs.history(Scope.server(stage.channel.guild.id))
    vote = await voting(stage, manager, songs, *range(20))
    assert len(text(vote)) <= 4000
    assert len(menu(vote).options) == 20
    assert len(list(walk(vote.components))) <= 40
    await choose(stage.bob, vote, songs[0])
    await later(stage, 2)
    result = said(stage)[2]
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
