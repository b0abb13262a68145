"""Many people at once, with the generator using a whole core: each gets an answer within a second, and one tune."""

from __future__ import annotations

import sys

import pytest

from tests.fake_generator import BUSY
from tests.wire.standin.crowd import check_crowd, percentile, run_crowd
from tests.wire.standin.process import Bot
from tests.wire.standin.server import StandIn

Capture = pytest.CaptureFixture[str]


async def check_people_at_once(discord: StandIn, bot: Bot, people: int, capsys: Capture, patience: float) -> None:
    result = await run_crowd(discord, bot, people, seed=BUSY, patience=patience)
    with capsys.disabled():
        sys.stdout.write(f"\n{result}\n")
    assert list(check_crowd(discord, bot, result)) == []
    assert percentile(result.latencies(), 0.99) < 1.0, result


async def test_twenty_people_at_once(discord: StandIn, bot: Bot, capsys: Capture) -> None:
    await check_people_at_once(discord, bot, 20, capsys, patience=60)


@pytest.mark.long
async def test_a_hundred_people_at_once(discord: StandIn, bot: Bot, capsys: Capture) -> None:
    await check_people_at_once(discord, bot, 100, capsys, patience=300)
