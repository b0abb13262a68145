"""Limits, the queue and cancelling, as people on Discord meet them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import discord
import pytest

from generator.contract import CANCELLED_SENTENCE, Failure, Job, Progress, Result

from .conftest import Composer, Stage
from .reading import custom_id, text


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
    await stage.store.servers.change(str(stage.channel.guild.id), "person_limit", 1)
    await generate(stage, stage.alice)
    await until_open(stage, 1, 0)
    refused = await generate(stage, stage.alice)
    assert refused.ephemeral
    assert refused.response.content.startswith("You have 1 open request,")
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
    await stage.store.servers.change(str(stage.channel.guild.id), "server_limit", 1)
    await generate(stage, stage.bob)
    await until_open(stage, 1, 0)
    for _ in range(2):
        refused = await stage.alice.click(post, custom_id=custom_id(post, "Another"))
        assert refused.ephemeral
        assert refused.response.content.startswith("This server has 1 open request, which is the most here.")
    composer.gate.set()
    await stage.posted(2)
    await stage.alice.click(post, custom_id=custom_id(post, "Another"))
    await stage.posted(3)


async def test_the_queue_shows_place_estimate_and_progress(stage: Stage, composer: HeldComposer) -> None:
    empty = await stage.bob.slash(stage.channel, "chiptune queue")
    assert empty.response.content == "Nothing is open here."
    await generate(stage, stage.alice, scene="boss", seconds=20)
    await until_open(stage, 1, 0)
    await generate(stage, stage.bob)
    await until_open(stage, 1, 1)
    shown = await stage.bob.slash(stage.channel, "chiptune queue")
    assert shown.ephemeral
    first, second = shown.response.content.splitlines()
    assert first == f"- **tune, boss, 20 s** · <@{stage.alice.id}> · being made, ready in a few seconds (25%)"
    assert second.startswith("- **tune** · yours · next, ready in about ")
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
    assert nothing.response.content.startswith("There is no such request here")
    stage.refused()


async def test_only_a_moderator_cancels_another_s_request(stage: Stage, composer: HeldComposer) -> None:
    await generate(stage, stage.alice)
    await until_open(stage, 1, 0)
    [(entry, _)] = await stage.client.backlog.open()
    refused = await stage.bob.slash(stage.channel, "chiptune cancel", request=entry.id)
    assert refused.response.content == "Only the one who asked, or a moderator, can cancel this."
    assert await stage.bob.autocomplete(stage.channel, "chiptune cancel", "request", "") == []
    guild = stage.channel.guild
    role = guild.create_role("moderator", permissions=discord.Permissions(manage_messages=True))
    carol = guild.add_member(stage.env.create_user("carol"), roles=[role])
    await carol.slash(stage.channel, "chiptune cancel", request=entry.id)
    await stage.gone()
    [message] = stage.channel.history()
    assert text(message) == "This was cancelled by a moderator."
    stage.refused()
