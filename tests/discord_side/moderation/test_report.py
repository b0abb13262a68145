"""Reports: kept, forwarded to the moderators' channel, and settled there."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.discord.core.permissions import ONLY_MODERATORS
from bot.discord.moderation.report import (
    ALREADY_REPORTED,
    FORWARDED,
    FORWARDED_TO_OPERATORS,
    KEPT,
    NO_REASON,
    NO_RECIPIENT,
    NOT_FORWARDED,
)
from bot.discord.moderation.report_actions import ALREADY_DELETED
from bot.scope import Scope
from bot.store import Report, Song
from tests.discord_side.conftest import Stage
from tests.discord_side.reading import custom_id


@pytest.fixture
def moderator(stage: Stage) -> Any:
    return stage.staff("carol", manage_messages=True, manage_guild=True)


async def channel_for_reports(stage: Stage, manager: Any) -> Any:
    """Create a channel and set it for reports. All its later messages are reports."""
    channel = stage.channel.guild.create_text_channel("reports")
    result = await manager.slash(stage.channel, "chiptune settings reports", channel=channel)
    assert f"- Channel for reports: <#{channel.id}>" in result.response.content
    return channel


async def waiting(stage: Stage) -> list[Report]:
    return await stage.store.reports.waiting(Scope.server(stage.channel.guild.id))


async def test_a_report_is_kept_and_shown_to_the_moderators(stage: Stage, moderator: Any) -> None:
    channel = await channel_for_reports(stage, moderator)
    post, song = await stage.made()
    shown = await stage.bob.click(post, custom_id=custom_id(post, "Report"))
    result = await stage.bob.submit_modal(shown, {"reason": "Too\u202e **loud**\n@here and\x07 long"})
    assert result.ephemeral
    assert result.response.content == FORWARDED
    [report] = await waiting(stage)
    assert (report.song, report.reporter, report.reason) == (song.id, str(stage.bob.id), "Too **loud** @here and long")
    card = channel.last_message
    title = f"[Tune \\*1\\* \\@everyone]({post.jump_url})"
    reason = "Too \\*\\*loud\\*\\* \\@here and long"
    assert card.content == f"🚩 {title} was reported by <@{stage.bob.id}>: {reason}"
    assert not card.mention_everyone

    again = await stage.bob.slash(stage.channel, "chiptune report", song=song.id, reason="Still")
    assert again.ephemeral
    assert again.response.content == ALREADY_REPORTED
    assert await waiting(stage) == [report]
    assert channel.last_message.id == card.id


async def test_a_report_needs_a_visible_reason(stage: Stage) -> None:
    post, _ = await stage.made()
    shown = await stage.bob.click(post, custom_id=custom_id(post, "Report"))
    result = await stage.bob.submit_modal(shown, {"reason": "\u200b\u2800"})
    assert result.response.content == NO_REASON
    assert await waiting(stage) == []


async def test_moderators_delete_the_tune_from_below_the_report(stage: Stage, moderator: Any) -> None:
    channel = await channel_for_reports(stage, moderator)
    _, song = await stage.made()
    await stage.alice.slash(stage.channel, "chiptune report", song=song.id, reason="Mine, and bad")
    await stage.bob.slash(stage.channel, "chiptune report", song=song.id, reason="Too loud")
    await stage.bob.slash(stage.channel, "chiptune replay", song=song.id)
    await stage.posted(2)
    first, second = sorted(channel.history(), key=lambda message: message.id)[1:]

    for label in ("Delete the tune", "Dismiss"):
        refused = await stage.alice.click(second, label=label)
        assert refused.ephemeral
        assert refused.response.content == ONLY_MODERATORS
    assert await stage.store.songs.get(song.id)

    await moderator.click(second, label="Delete the tune")
    assert await stage.store.songs.get(song.id) is None
    assert not [message for message in stage.channel.history() if message.attachments]
    settled = channel.last_message
    assert settled.content == f"{second.content}\nDeleted by <@{moderator.id}>."
    assert settled.components == []
    await moderator.click(first, label="Dismiss")
    [first] = [message for message in channel.history() if message.id == first.id]
    assert first.content.endswith(f"\n{ALREADY_DELETED}")


async def test_a_moderator_of_the_reports_channel_alone_settles_no_report(stage: Stage, moderator: Any) -> None:
    channel = await channel_for_reports(stage, moderator)
    _, song = await stage.made()
    await stage.bob.slash(stage.channel, "chiptune report", song=song.id, reason="Bad")
    moderate = discord.PermissionOverwrite(manage_messages=True)
    aside = stage.channel.guild.create_text_channel("aside", overwrites={stage.bob: moderate})
    await moderator.slash(stage.channel, "chiptune settings reports", channel=aside)
    refused = await stage.bob.click(aside.last_message, label="Dismiss")
    assert refused.response.content == ONLY_MODERATORS
    assert len(await waiting(stage)) == 1
    await moderator.click(channel.last_message, label="Dismiss")
    assert await waiting(stage) == []


async def test_moderators_dismiss_all_reports_of_a_tune(stage: Stage, moderator: Any) -> None:
    channel = await channel_for_reports(stage, moderator)
    _, song = await stage.made()
    for who in (stage.alice, stage.bob):
        await who.slash(stage.channel, "chiptune report", song=song.id, reason="Bad")
    assert len(await waiting(stage)) == 2
    await moderator.click(channel.last_message, label="Dismiss")
    assert channel.last_message.content.endswith(f"\nDismissed by <@{moderator.id}>.")
    assert await waiting(stage) == []
    assert await stage.store.songs.get(song.id) == song


async def test_a_report_waits_until_a_channel_is_set(stage: Stage, moderator: Any) -> None:
    _, song = await stage.made()
    result = await stage.bob.slash(stage.channel, "chiptune report", song=song.id, reason="Too loud")
    assert result.response.content == KEPT
    assert len(await waiting(stage)) == 1
    channel = await channel_for_reports(stage, moderator)
    assert channel.last_message.content.endswith(f"was reported by <@{stage.bob.id}>: Too loud")


async def test_a_channel_that_the_bot_cannot_write_in_is_refused(stage: Stage, moderator: Any) -> None:
    channel = stage.channel.guild.create_text_channel("reports")
    stage.env.inject_error("POST", f"/channels/{channel.id}/messages", status=403, code=50013)
    result = await moderator.slash(stage.channel, "chiptune settings reports", channel=channel)
    [message] = result.followups
    assert message.ephemeral
    assert f"cannot write in <#{channel.id}>" in message.content
    assert (await stage.store.servers.settings(Scope.server(stage.channel.guild.id))).report_channel_id is None
    stage.refused()


async def test_a_report_waits_if_the_bot_lost_access_to_the_channel(stage: Stage, moderator: Any) -> None:
    channel = await channel_for_reports(stage, moderator)
    _, song = await stage.made()
    stage.env.inject_error("POST", f"/channels/{channel.id}/messages", status=403, code=50001)
    result = await stage.bob.slash(stage.channel, "chiptune report", song=song.id, reason="Too loud")
    assert result.response.content == KEPT
    assert len(await waiting(stage)) == 1


async def tune_outside_servers(stage: Stage) -> Song:
    """Return a tune that alice made in her direct messages."""
    await stage.alice.user.slash("chiptune generate")
    await stage.gone()
    [song] = await stage.store.songs.history(Scope(f"channel:{stage.alice.user.dm_channel.id}"))
    return song


async def test_a_report_from_outside_servers_goes_to_the_operators_channel(stage: Stage, moderator: Any) -> None:
    operators = stage.channel.guild.create_text_channel("operators")
    stage.client.reports_channel = str(operators.id)
    song = await tune_outside_servers(stage)
    result = await stage.alice.user.slash("chiptune report", song=song.id, reason="Too loud")
    assert result.response.content == FORWARDED_TO_OPERATORS
    card = operators.last_message
    title = "🚩 **Tune \\*1\\* \\@everyone**, a tune from outside the bot's servers"
    assert card.content.startswith(f"{title}, was reported by")
    assert [file.filename for file in card.attachments] == ["tune.ogg"]
    refused = await stage.bob.click(card, label="Delete the tune")
    assert refused.response.content == ONLY_MODERATORS
    await moderator.click(card, label="Delete the tune")
    assert await stage.store.songs.get(song.id) is None
    assert not [message for message in stage.alice.user.dm_channel.history() if message.attachments]


async def test_a_report_from_outside_servers_is_refused_if_there_is_no_recipient(stage: Stage) -> None:
    song = await tune_outside_servers(stage)
    result = await stage.alice.user.slash("chiptune report", song=song.id, reason="Too loud")
    assert result.ephemeral
    assert result.response.content == NO_RECIPIENT
    assert await stage.store.reports.waiting(song.scope) == []
    stage.refused()


async def test_a_report_that_could_not_be_forwarded_can_be_made_again(stage: Stage) -> None:
    operators = stage.channel.guild.create_text_channel("operators")
    stage.client.reports_channel = str(operators.id)
    song = await tune_outside_servers(stage)
    stage.env.inject_error("POST", f"/channels/{operators.id}/messages", status=403, code=50001)
    for answer in (NOT_FORWARDED, FORWARDED_TO_OPERATORS):
        result = await stage.alice.user.slash("chiptune report", song=song.id, reason="Too loud")
        assert result.response.content == answer
