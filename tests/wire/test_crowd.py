"""Many people at once, while the generator keeps a core busy: each is answered within a second, and gets one tune."""

from __future__ import annotations

import sys

import pytest

from tests.fake_generator import BUSY
from tests.wire.standin.crowd import crowd, faults, percentile
from tests.wire.standin.process import Bot
from tests.wire.standin.server import StandIn

Capture = pytest.CaptureFixture[str]


async def at_once(discord: StandIn, bot: Bot, people: int, capsys: Capture, patience: float) -> None:
    found = await crowd(discord, bot, people, seed=BUSY, patience=patience)
    with capsys.disabled():
        sys.stdout.write(f"\n{found}\n")
    assert list(faults(discord, bot, found)) == []
    assert percentile(found.latencies(), 0.99) < 1.0, found


async def test_twenty_people_at_once(discord: StandIn, bot: Bot, capsys: Capture) -> None:
    await at_once(discord, bot, 20, capsys, patience=60)


@pytest.mark.long
async def test_a_hundred_people_at_once(discord: StandIn, bot: Bot, capsys: Capture) -> None:
    await at_once(discord, bot, 100, capsys, patience=300)
