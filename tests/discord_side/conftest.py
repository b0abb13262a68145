"""The bot on a simulated Discord, in this process: the real library, store and backlog, a generator done at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import discord
import pytest
import pytest_asyncio

from bot.contests.keeper import Contests
from bot.discord.contest.announcer import DiscordAnnouncer
from bot.discord.core.client import ChiptuneClient
from bot.discord.core.debounce import Debouncer
from bot.discord.post.delivery import DiscordDelivery
from bot.discord.registry import add_features
from bot.discord.tunes.post_buttons import post_rows
from bot.files.song_files import Files
from bot.requests.backlog import Backlog
from bot.requests.delivery import Delivery
from bot.scope import Scope
from bot.store import Song, Store
from generator.protocol.errors import InputError
from generator.protocol.requests import Request
from generator.protocol.results import Exported, ExportJob, Failure, Job, Progress, Result
from tests.clock import MovedClock
from tests.fake_generator import FILES

DAMAGED = 3
"""The seed of a request that the generator refuses."""


@dataclass
class Composer:
    """A generator in this process. requests: what it was asked for. files, title: of those to come."""

    requests: list[Request] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=lambda: list(FILES))
    title: str = "Tune *{number}* @everyone"

    async def run(self, job: Job, on_progress: Callable[[Progress], None]) -> Result | Failure:
        self.requests.append(job.request)
        if job.request.seed == DAMAGED:
            return Failure(id=job.id, sentence="The MIDI file is damaged.")
        for name, data in self.files:
            (Path(job.folder) / name).write_bytes(data)
        return Result(
            id=job.id,
            title=self.title.format(number=len(self.requests)),
            midi="tune.mid",
            audio="tune.ogg",
            picture="tune.png",
            digest="0" * 64,
            seconds=job.request.seconds or 30.0,
            bpm=119.5,
            key=job.request.key or "C",
            seed=job.request.seed,
            model="nes",
            engine="fake 1",
            report="4 of 9 parts were kept." if job.upload else "",
            got={"density": "medium", "bars": 16.0, "shared_notes": 9.0},
        )

    async def export(self, job: ExportJob, on_progress: Callable[[Progress], None]) -> Exported | Failure:
        (Path(job.folder) / "out").write_bytes(job.format.encode())
        return Exported(id=job.id, file="out")

    async def cancel(self, job_id: str) -> None:
        """Nothing is ever under way."""


@dataclass
class Clock:
    """Seconds that a test moves on."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Stage:
    """What a test works with. alice and bob are members of the server, `channel` is in it. clock: double presses';
    calendar: contests'.
    """

    env: Any
    client: ChiptuneClient
    store: Store
    composer: Composer
    channel: Any
    alice: Any
    bob: Any
    clock: Clock
    calendar: MovedClock

    async def posted(self, count: int = 1) -> list[discord.Message]:
        """Wait until so many tunes are in the channel; these messages, oldest first."""
        async with asyncio.timeout(60):
            while True:
                posts = [message for message in self.channel.history() if message.attachments]
                if len(posts) == count and not await self.unanswered():
                    return sorted(posts, key=lambda message: message.id)
                await asyncio.sleep(0.01)

    def refused(self) -> None:
        """Nothing but bad input was raised; a simulated Discord counts it as a fault otherwise."""
        raised = [getattr(error, "original", error) for error in self.env.errors]
        assert raised
        assert all(isinstance(error, InputError) for error in raised), raised

    def staff(self, name: str, **permissions: bool) -> Any:
        """A member of the server with these permissions and no others than everybody has."""
        guild = self.channel.guild
        role = guild.create_role(name, permissions=discord.Permissions(**permissions))
        return guild.add_member(self.env.create_user(name), roles=[role])

    async def made(self, *, scene: str = "town") -> tuple[discord.Message, Song]:
        """Alice's tune, the only one in the channel: its post and its row."""
        await self.alice.slash(self.channel, "chiptune generate", scene=scene, seed=9)
        [post] = await self.posted()
        [song] = await self.store.songs.history(Scope.server(self.channel.guild.id))
        return post, song

    async def gone(self) -> None:
        """Wait until every request is answered."""
        async with asyncio.timeout(60):
            while await self.unanswered():
                await asyncio.sleep(0.01)

    async def unanswered(self) -> bool:
        requests = self.store.requests
        return bool(await requests.count_open() or await requests.undelivered())


@pytest.fixture
def composer() -> Composer:
    return Composer()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def calendar() -> MovedClock:
    return MovedClock()


@pytest.fixture
def simcord_bot(store: Store, composer: Composer, clock: Clock, calendar: MovedClock, tmp_path: Path) -> ChiptuneClient:
    async def fetch(attachment: discord.Attachment) -> bytes:
        return await attachment.read()

    deliveries: dict[str, Delivery] = {}
    backlog = Backlog(store, composer, deliveries, Files(store, tmp_path))
    client = ChiptuneClient(
        store,
        backlog,
        fetch,
        Contests(store, calendar),
        add_features,
        synced_file=tmp_path / "commands",
        public_url="https://tunes.example",
        shard_count=1,
    )
    client.debouncer = Debouncer(clock)
    deliveries["discord"] = DiscordDelivery(client, post_rows)
    client.contests.announce_by(DiscordAnnouncer(client))
    return client


@pytest_asyncio.fixture
async def stage(
    simcord_env: Any, simcord_bot: ChiptuneClient, composer: Composer, clock: Clock, calendar: MovedClock
) -> AsyncIterator[Stage]:
    guild = simcord_env.create_guild()
    channel = guild.create_text_channel("music")
    await simcord_bot.store.servers.change(Scope.server(guild.id), "person_limit", 50)
    alice, bob = (guild.add_member(simcord_env.create_user(name)) for name in ("alice", "bob"))
    with simcord_env.time_context():
        work = asyncio.create_task(simcord_bot.backlog.run())
    yield Stage(simcord_env, simcord_bot, simcord_bot.store, composer, channel, alice, bob, clock, calendar)
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
