"""Many people at once: each asks for a short tune, and looks at the queue while the tunes are made.

Counts what came of it; what is demanded is for whoever runs it. Works with any generator behind the bot.
"""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.wire.standin.process import Bot
from tests.wire.standin.rest import DEFER, MESSAGE
from tests.wire.standin.server import StandIn
from tests.wire.standin.world import EPHEMERAL, GUILD, USER, Interaction, Payload

SECONDS = 4
"""The shortest tune that can be asked for."""


@dataclass(frozen=True, slots=True)
class CrowdResult:
    """What came of it. asked, looked: the interactions, in order. total: seconds until the last tune was there."""

    asked: list[Interaction]
    looked: list[Interaction]
    total: float

    def latencies(self) -> list[float]:
        """Seconds from each interaction to its first answer, the shortest first."""
        return sorted(math.inf if one.latency is None else one.latency for one in [*self.asked, *self.looked])

    def __str__(self) -> str:
        """As a line of a report."""
        seconds = self.latencies()
        p50, p99 = (1000 * percentile(seconds, share) for share in (0.5, 0.99))
        people = len(self.asked)
        return f"{people} at once: acknowledged in {p50:.0f} ms p50, {p99:.0f} ms p99; all posted in {self.total:.1f} s"


def percentile(ordered: list[float], share: float) -> float:
    """The value that a share of all is not above."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def set_server_limit(bot: Bot, requests: int) -> None:
    """Let so many requests be open in the server at once."""
    bot.rows(
        "INSERT INTO servers (guild_id, settings) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET settings = ?2",
        (str(GUILD), json.dumps({"server_limit": requests})),
    )


async def run_crowd(
    discord: StandIn, bot: Bot, people: int, *, seed: int | None = None, patience: float
) -> CrowdResult:
    """Have so many people ask at once, in a server that allows it, and wait until all is posted.

    They come once the bot and its generator have started up.

    seed: of the requests, None leaves it to the bot. patience: seconds. Raises TimeoutError.
    """
    set_server_limit(bot, people)
    await discord.until(lambda: "generator ready" in bot.log(), seconds=60)
    options = {"seconds": SECONDS, **({} if seed is None else {"seed": seed})}
    begin = time.monotonic()
    asked = [await discord.slash("generate", options, user=USER + number) for number in range(people)]
    looked = []
    async with asyncio.timeout(patience):
        for number in range(people):  # one look a tune, so that they come while the generator works
            looked.append(await discord.slash("queue", user=USER + number))
            await discord.until(lambda least=number: len(discord.posts()) > least, seconds=patience)  # type: ignore[misc]
        await discord.until(lambda: _answered(bot) == people, seconds=patience)
    return CrowdResult(asked, looked, time.monotonic() - begin)


def check_crowd(discord: StandIn, bot: Bot, found: CrowdResult) -> Iterator[str]:
    """What is wrong: an interaction that was not acknowledged, a tune that was lost, or posted twice."""
    people = len(found.asked)
    if [one.callback for one in found.asked] != [DEFER] * people:
        yield "not every request was deferred"
    if [one.callback for one in found.looked] != [MESSAGE] * people:
        yield "not every look at the queue was answered"
    public = [message for message in discord.messages() if not message["flags"] & EPHEMERAL]
    if sorted(int(message["id"]) for message in public) != sorted(one.original or 0 for one in found.asked):
        yield f"{len(public)} messages of {people} people who asked"
    if not all(message["attachments"] for message in public):
        yield "a placeholder was left"
    if len(set(map(_song, public))) != people:
        yield "a tune is in two messages"
    ends = bot.rows("SELECT status, count(*), sum(attempts) FROM requests GROUP BY status")
    if ends != [("posted", people, people)]:
        yield f"(status, requests, attempts): {ends}"


def _answered(bot: Bot) -> int:
    [(count,)] = bot.rows("SELECT count(*) FROM requests WHERE status IN ('posted', 'refused')")
    return int(count)


def _song(message: Payload) -> str:
    """The id of the tune in a message, from a button's custom_id."""
    return next(_custom_ids(message["components"])).rpartition(":")[2]


def _custom_ids(components: list[Payload]) -> Iterator[str]:
    for component in components:
        if "custom_id" in component:
            yield component["custom_id"]
        yield from _custom_ids(component.get("components", []))
