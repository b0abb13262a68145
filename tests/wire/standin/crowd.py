"""Many people at once: each asks for a short tune, and looks at the queue while the tunes are composed.

Measures the result; callers decide what they require of it. Works with any generator behind the bot.
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
"""The length of the tunes."""


@dataclass(frozen=True, slots=True)
class CrowdResult:
    """The result. requests, looks: the interactions, in order. total: seconds until the last tune was posted."""

    requests: list[Interaction]
    looks: list[Interaction]
    total: float

    def latencies(self) -> list[float]:
        """Return the seconds from each interaction to its first answer, in ascending order."""
        return sorted(
            math.inf if interaction.latency is None else interaction.latency
            for interaction in [*self.requests, *self.looks]
        )

    def __str__(self) -> str:
        """Return a line for a report."""
        seconds = self.latencies()
        p50, p99 = (1000 * percentile(seconds, share) for share in (0.5, 0.99))
        people = len(self.requests)
        return f"{people} at once: acknowledged in {p50:.0f} ms p50, {p99:.0f} ms p99; all posted in {self.total:.1f} s"


def percentile(ordered: list[float], share: float) -> float:
    """Return the smallest value that a share of all values does not exceed. ordered: in ascending order."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def set_server_limit(bot: Bot, requests: int) -> None:
    """Set how many open requests the server may have."""
    bot.rows(
        "INSERT INTO servers (guild_id, settings) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET settings = ?2",
        (str(GUILD), json.dumps({"server_limit": requests})),
    )


async def run_crowd(
    discord: StandIn, bot: Bot, people: int, *, seed: int | None = None, patience: float
) -> CrowdResult:
    """Let `people` people ask for a tune at once, in a server that allows it, and wait until all tunes are posted.

    Starts when the bot's generator is ready. seed: of all requests; None leaves it to the bot. patience: how many
    seconds to wait. Raise TimeoutError after that.
    """
    set_server_limit(bot, people)
    await discord.until(lambda: "generator ready" in bot.log(), seconds=60)
    options = {"seconds": SECONDS, **({} if seed is None else {"seed": seed})}
    begin = time.monotonic()
    requests = [await discord.slash("generate", options, user=USER + number) for number in range(people)]
    looks = []
    async with asyncio.timeout(patience):
        for number in range(people):  # one look per tune, so that people look while the generator works
            looks.append(await discord.slash("queue", user=USER + number))
            await discord.until(lambda least=number: len(discord.posts()) > least, seconds=patience)  # type: ignore[misc]
        await discord.until(lambda: _answered(bot) == people, seconds=patience)
    return CrowdResult(requests, looks, time.monotonic() - begin)


def check_crowd(discord: StandIn, bot: Bot, result: CrowdResult) -> Iterator[str]:
    """Yield what went wrong: interactions without acknowledgement, and tunes that were lost or posted twice."""
    people = len(result.requests)
    if [interaction.callback for interaction in result.requests] != [DEFER] * people:
        yield "not every request was deferred"
    if [interaction.callback for interaction in result.looks] != [MESSAGE] * people:
        yield "not every look at the queue was answered"
    public = [message for message in discord.messages() if not message["flags"] & EPHEMERAL]
    if sorted(int(message["id"]) for message in public) != sorted(
        interaction.original or 0 for interaction in result.requests
    ):
        yield f"{len(public)} messages for {people} requests"
    if not all(message["attachments"] for message in public):
        yield "a placeholder remains"
    if len(set(map(_song, public))) != people:
        yield "a tune is in two messages"
    ends = bot.rows("SELECT status, count(*), sum(attempts) FROM requests GROUP BY status")
    if ends != [("posted", people, people)]:
        yield f"(status, requests, attempts): {ends}"


def _answered(bot: Bot) -> int:
    [(count,)] = bot.rows("SELECT count(*) FROM requests WHERE status IN ('posted', 'refused')")
    return int(count)


def _song(message: Payload) -> str:
    """Return the id of the tune in a message, from a button's custom_id."""
    return next(_custom_ids(message["components"])).rpartition(":")[2]


def _custom_ids(components: list[Payload]) -> Iterator[str]:
    for component in components:
        if "custom_id" in component:
            yield component["custom_id"]
        yield from _custom_ids(component.get("components", []))
