"""When stages end: sums of seconds, whatever clocks on the wall do."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.store.contest.schedule import DAY, HOUR, LATE, Schedule, beginning_at, closing, following, slept_through

START = 1_800_000_000
WEEK = 7 * DAY


def test_a_round_has_five_days_of_nominations_and_two_of_votes() -> None:
    assert beginning_at(START + 0.9) == Schedule(START + 5 * DAY, START + 7 * DAY)


@pytest.mark.parametrize(
    ("noticed", "expected"),
    [
        pytest.param(0, 0, id="at its end"),
        pytest.param(20, 0, id="a moment later"),
        pytest.param(DAY, 0, id="a day later"),
        pytest.param(DAY + 1, DAY + 1, id="after a longer absence"),
        pytest.param(10 * WEEK, 10 * WEEK, id="after weeks"),
        pytest.param(-2 * DAY, 0, id="earlier, without nominations"),
    ],
)
def test_weeks_do_not_drift(noticed: int, expected: int) -> None:
    closes = START + WEEK
    assert following(closes, closes + noticed) == beginning_at(closes + expected)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param(-2 * DAY, 0, id="in time"),
        pytest.param(-DAY, 0, id="with a day left"),
        pytest.param(-DAY + 1, 1, id="with less than a day left"),
        pytest.param(3 * WEEK, 3 * WEEK + DAY, id="long after"),
    ],
)
def test_votes_last_a_day_at_the_least(now: int, expected: int) -> None:
    assert closing(START, START + now) == START + expected


def test_what_is_slept_through() -> None:
    assert [slept_through(START, START + late) for late in (-1, 0, LATE, LATE + 1)] == [False, False, False, True]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe"])
@pytest.mark.parametrize("day", ["2026-03-06", "2026-03-27", "2026-10-02", "2026-10-23", "2026-10-30"])
def test_a_change_of_summer_time_shifts_no_stage(zone: str, day: str) -> None:
    """Each of these weeks has such a change in one of the zones: the length stays, the wall's hour may move."""
    start = datetime.fromisoformat(f"{day}T20:00").replace(tzinfo=ZoneInfo(zone))
    when = beginning_at(start.timestamp())
    ends = [datetime.fromtimestamp(at, UTC) - start.astimezone(UTC) for at in (when.voting, when.closes)]
    assert ends == [timedelta(days=5), timedelta(days=7)]
    wall = datetime.fromtimestamp(when.closes, ZoneInfo(zone))
    assert abs(wall.hour + wall.minute / 60 - 20) <= HOUR / 3600
    assert (wall.hour, wall.minute) == (20, 0) or wall.utcoffset() != start.utcoffset()
