"""Limits, the queue and cancelling, as people on Discord meet them."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import Any

import discord
import pytest

from bot.scope import Scope
from generator.protocol.errors import CANCELLED_SENTENCE
from generator.protocol.results import Failure, Job, Progress, Result
from tests.discord_side.conftest import Composer, Stage
from tests.discord_side.reading import buttons, custom_id, text


class HeldComposer(Composer):
    """Holds every job until it is let go or taken back."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = asyncio.Event()
        self.unwanted: set[str] = set()

    async def run(self, job: Job, on_progress: Callable[[Progress], None]) -> Result | Failure:
        on_progress(Progress(id=job.id, fraction=0.25, stage="composing"))
        await self.gate.wait()
        if job.id in self.unwanted:
            self.gate.clear()
            return Failure(id=job.id, sentence=CANCELLED_SENTENCE)
        return await super().run(job, on_progress)

    async def cancel(self, job_id: str) -> None:
        self.unwanted.add(job_id)
        self.gate.set()


@pytest.fixture
def composer() -> HeldComposer:
    return HeldComposer()


async def generate(stage: Stage, who: Any, **options: object) -> Any:
    return await who.slash(stage.channel, "chiptune generate", **options)


async def until_open(stage: Stage, working: int, queued: int) -> None:
    async with asyncio.timeout(10):
        while [one.working for one in await stage.store.queue.line()] != [True] * working + [False] * queued:
            await asyncio.sleep(0.01)


async def test_over_the_limit_is_an_ephemeral_sentence_before_the_defer(stage: Stage, composer: HeldComposer) -> None:
    await stage.store.servers.change(Scope.server(stage.channel.guild.id), "person_limit", 1)
    await generate(stage, stage.alice)
    await until_open(stage, 1, 0)
    refused = await generate(stage, stage.alice)
    assert refused.ephemeral
    said = r"You have 1 open request, which is the most here: the next can be asked for <t:(\d+):R>\. "
    when = re.match(said, refused.response.content)
    assert when, refused.response.content
    assert 0 < int(when[1]) - time.time() < 60, "about as long as the tune takes that is in the way"
    assert "`/chiptune queue` shows them, `/chiptune cancel` takes one back." in refused.response.content
    stage.refused()
    composer.gate.set()
    await stage.posted()


async def test_a_press_over_the_limit_is_refused_and_may_come_again_at_once(
    stage: Stage, composer: HeldComposer
) -> None:
    await generate(stage, stage.alice)
    composer.gate.set()
    [post] = await stage.posted()
    composer.gate.clear()
    await stage.store.servers.change(Scope.server(stage.channel.guild.id), "server_limit", 1)
    await generate(stage, stage.bob)
    await until_open(stage, 1, 0)
    for _ in range(2):
        refused = await stage.alice.click(post, custom_id=custom_id(post, "Another"))
        assert refused.ephemeral
        assert refused.response.content.startswith(
            "This server has 1 open request, which is the most here. Please ask again <t:"
        )
    composer.gate.set()
    await stage.posted(2)
    await stage.alice.click(post, custom_id=custom_id(post, "Another"))
    await stage.posted(3)


async def test_the_queue_shows_place_estimate_and_progress(stage: Stage, composer: HeldComposer) -> None:
    empty = await stage.bob.slash(stage.channel, "chiptune queue")
    assert empty.response.content.splitlines() == [
        "You have no open requests.",
        "-# This server: nothing is waiting",
        "-# Everybody: nothing is waiting",
    ]
    await generate(stage, stage.alice, scene="boss", seconds=20)
    await until_open(stage, 1, 0)
    await generate(stage, stage.bob)
    await until_open(stage, 1, 1)
    shown = await stage.bob.slash(stage.channel, "chiptune queue")
    assert shown.ephemeral
    mine, here, everybody = shown.response.content.splitlines()
    assert mine.startswith("- **tune** · next, ready in about ")
    assert here.startswith("-# This server: 2 open requests, the last one ready in about ")
    assert everybody == here.replace("This server", "Everybody")
    made = (await stage.alice.slash(stage.channel, "chiptune queue")).response.content.splitlines()
    assert made[0] == "- **tune, boss, 20 s** · being made, ready in about 15 seconds (25%)"
    assert made[1:] == [here, everybody]
    composer.gate.set()
    await stage.posted(2)


async def test_one_s_own_request_is_cancelled_and_the_placeholder_says_so(stage: Stage, composer: HeldComposer) -> None:
    first = await generate(stage, stage.alice)
    await until_open(stage, 1, 0)
    second = await generate(stage, stage.alice)
    await until_open(stage, 1, 1)
    choices = await stage.alice.autocomplete(stage.channel, "chiptune cancel", "request", "next")
    assert len(choices) == 1
    done = await stage.alice.slash(stage.channel, "chiptune cancel", request=choices[0]["value"])
    assert (done.ephemeral, done.response.content) == (True, "Cancelled.")
    await stage.alice.slash(stage.channel, "chiptune cancel")
    await stage.gone()
    texts = {message.id: text(message) for message in stage.channel.history()}
    assert texts == {first.response.id: "This was cancelled.", second.response.id: "This was cancelled."}
    nothing = await stage.alice.slash(stage.channel, "chiptune cancel")
    assert nothing.response.content.startswith("There is no such request")
    stage.refused()


async def test_only_a_moderator_cancels_another_s_request(stage: Stage, composer: HeldComposer) -> None:
    await generate(stage, stage.alice)
    await until_open(stage, 1, 0)
    [(entry, _)] = await stage.client.backlog.open()
    refused = await stage.bob.slash(stage.channel, "chiptune cancel", request=entry.id)
    assert refused.response.content == "Only the person who requested this, or a moderator, can cancel it."
    assert await stage.bob.autocomplete(stage.channel, "chiptune cancel", "request", "") == []
    guild = stage.channel.guild
    role = guild.create_role("moderator", permissions=discord.Permissions(manage_messages=True))
    carol = guild.add_member(stage.env.create_user("carol"), roles=[role])
    [choice] = await carol.autocomplete(stage.channel, "chiptune cancel", "request", "someone else")
    assert choice["value"] == entry.id
    await carol.slash(stage.channel, "chiptune cancel", request=entry.id)
    await stage.gone()
    [message] = stage.channel.history()
    assert text(message) == "This was cancelled by a moderator."
    stage.refused()


async def test_what_is_open_goes_with_everything_else_that_is_erased(stage: Stage, composer: HeldComposer) -> None:
    for who in (stage.alice, stage.alice, stage.bob):
        await generate(stage, who)
    await until_open(stage, 1, 2)
    shown = await stage.alice.slash(stage.channel, "chiptune privacy")
    asked = await stage.alice.click(shown.response.message, label="Erase…")
    await stage.alice.click(asked.response.message, label="Erase everything")
    assert asked.response.content == "Erased: 2 requests, 0 files; 2 messages deleted."
    await until_open(stage, 1, 0)
    composer.gate.set()
    [post] = await stage.posted()
    assert post.interaction_metadata is not None
    assert post.interaction_metadata.user.id == stage.bob.id
    assert [message.id for message in stage.channel.history() if not message.flags.ephemeral] == [post.id]


async def test_the_placeholder_has_a_button_for_the_one_who_asked(stage: Stage, composer: HeldComposer) -> None:
    await generate(stage, stage.alice)
    await until_open(stage, 1, 0)
    async with asyncio.timeout(10):
        while not buttons(placeholder := stage.channel.history()[0]):
            await asyncio.sleep(0.01)
    refused = await stage.bob.click(placeholder, custom_id=custom_id(placeholder, "Cancel"))
    assert refused.ephemeral
    assert refused.response.content.startswith("Only the person who requested this can press the button")
    await stage.alice.click(placeholder, custom_id=custom_id(placeholder, "Cancel"))
    await stage.gone()
    [message] = stage.channel.history()
    assert (text(message), buttons(message)) == ("This was cancelled.", {})


async def test_what_is_on_its_way_is_not_cancelled_and_a_tune_has_no_such_button(
    stage: Stage, composer: HeldComposer
) -> None:
    await generate(stage, stage.alice)
    await until_open(stage, 1, 0)
    [(entry, _)] = await stage.client.backlog.open()
    composer.gate.set()
    [post] = await stage.posted()
    assert "Cancel" not in buttons(post)
    late = await stage.alice.slash(stage.channel, "chiptune cancel", request=entry.id)
    assert [said.content for said in late.followups] == ["It is too late to cancel this: it is on its way."]
    stage.refused()


async def test_requests_elsewhere_are_nobody_else_s(stage: Stage, composer: HeldComposer) -> None:
    await generate(stage, stage.alice)
    await until_open(stage, 1, 0)
    [(entry, _)] = await stage.client.backlog.open()
    other = stage.env.create_guild("Other")
    role = other.create_role("moderator", permissions=discord.Permissions(manage_messages=True))
    dave = other.add_member(stage.env.create_user("dave"), roles=[role])
    channel = other.create_text_channel("music")
    shown = (await dave.slash(channel, "chiptune queue")).response.content
    assert "-# This server: nothing is waiting\n-# Everybody: 1 open request, " in shown
    assert await dave.autocomplete(channel, "chiptune cancel", "request", "") == []
    refused = await dave.slash(channel, "chiptune cancel", request=entry.id)
    assert refused.response.content.startswith("There is no such request")
    stage.refused()
    composer.gate.set()
    await stage.posted()
