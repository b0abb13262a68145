"""When the bot leaves a voice channel, on a clock of its own."""

from __future__ import annotations

from bot.discord.voice.jukebox import ALONE_SECONDS, IDLE_SECONDS, LeaveTimer
from tests.discord_side.conftest import Clock


def test_it_stays_for_as_long_as_somebody_listens_to_something() -> None:
    clock = Clock()
    leaving = LeaveTimer(clock)
    for clock.now in range(0, 10_000, 100):
        assert not leaving.due(alone=False, playing=True)


def test_it_leaves_two_minutes_after_the_last_tune() -> None:
    clock = Clock()
    leaving = LeaveTimer(clock)
    clock.now = 500.0
    assert not leaving.due(alone=False, playing=True)
    clock.now = 500.0 + IDLE_SECONDS - 0.1
    assert not leaving.due(alone=False, playing=False)
    clock.now = 500.0 + IDLE_SECONDS
    assert leaving.due(alone=False, playing=False)


def test_it_plays_to_nobody_for_a_minute() -> None:
    clock = Clock(now=70.0)
    leaving = LeaveTimer(clock)
    clock.now += ALONE_SECONDS - 0.1
    assert not leaving.due(alone=True, playing=True)
    clock.now += 0.1
    assert leaving.due(alone=True, playing=True)


def test_who_comes_back_in_time_is_played_to() -> None:
    clock = Clock()
    leaving = LeaveTimer(clock)
    for clock.now in (0.0, 50.0, 100.0, 150.0):
        assert not leaving.due(alone=True, playing=True)
        assert not leaving.due(alone=False, playing=True)
