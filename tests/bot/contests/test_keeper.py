"""The keeper of contests: it passes what is due by itself, and tells of it until that has worked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio

from bot.contests.keeper import Contests
from bot.requests.delivery import DeliveryError
from bot.scope import Scope
from bot.store import Announcement, Store
from bot.store.contest.schedule import DAY
from tests.bot.contests.rounds_of_play import PLACE, START, Place
from tests.clock import MovedClock


class Crier:
    """Announces into lists. errors: raised one by one before anything is announced or shown; gone: nothing can be any
    more.
    """

    def __init__(self) -> None:
        self.posted: list[tuple[str, str]] = []
        self.shown: list[tuple[str, str]] = []
        self.errors: list[Exception] = []
        self.gone = False

    async def post(self, announcement: Announcement) -> str | None:
        if self.errors:
            raise self.errors.pop(0)
        if self.gone:
            return None
        self.posted.append((announcement.round.scope, announcement.stage))
        return str(len(self.posted))

    async def refresh(self, announcement: Announcement) -> bool:
        if self.errors:
            raise self.errors.pop(0)
        self.shown.append((announcement.round.scope, announcement.stage))
        return not self.gone


class Hall:
    def __init__(self, place: Place) -> None:
        self.place = place
        self.clock = MovedClock(START)
        self.contests = Contests(place.store, self.clock)
        self.crier = Crier()

    async def until_posted(self, count: int) -> None:
        async with asyncio.timeout(20):
            while len(self.crier.posted) < count:
                await asyncio.sleep(0.01)


@pytest_asyncio.fixture
async def hall(store: Store, tmp_path: Path) -> AsyncIterator[Hall]:
    place = Place(store, tmp_path)
    await place.fill()
    yield Hall(place)


async def test_it_passes_and_tells_as_time_goes_by(hall: Hall) -> None:
    hall.contests.announce_by(hall.crier)
    running = asyncio.create_task(hall.contests.run())
    await hall.until_posted(1)
    await hall.place.nominate(0)
    await hall.clock.move(5 * DAY)
    await hall.until_posted(2)
    await hall.contests.vote(Scope(PLACE), hall.place.songs[0].id, "a")
    await hall.clock.move(2 * DAY)
    await hall.until_posted(4)
    await hall.contests.stop(Scope(PLACE), at_once=True)
    await hall.until_posted(5)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    stages = ["nominating", "voting", "over", "nominating", "over"]
    assert hall.crier.posted == [(PLACE, stage) for stage in stages]


async def test_what_is_to_be_told_waits_for_somebody_to_tell_it(hall: Hall) -> None:
    await hall.contests.announce()
    hall.contests.announce_by(hall.crier)
    await hall.contests.announce()
    await hall.contests.announce()
    assert hall.crier.posted == [(PLACE, "nominating")]


async def test_what_failed_is_tried_again_later_and_holds_up_no_other_place(hall: Hall) -> None:
    await hall.contests.start(Scope("8"), "10")
    hall.contests.announce_by(hall.crier)
    hall.crier.errors = [DeliveryError("busy", retry_after=0.2)]
    await hall.contests.announce()
    assert hall.crier.posted == [("8", "nominating")]
    await hall.contests.announce()
    assert len(hall.crier.posted) == 1, "not before the time that was asked for"
    await asyncio.sleep(0.25)
    await hall.contests.announce()
    assert hall.crier.posted == [("8", "nominating"), (PLACE, "nominating")]


@pytest.mark.parametrize("why", ["refused for good", "nowhere to go"])
async def test_what_can_never_be_told_is_given_up(hall: Hall, why: str) -> None:
    hall.contests.announce_by(hall.crier)
    hall.crier.errors = [DeliveryError("bad", retryable=False)] if why == "refused for good" else []
    hall.crier.gone = why == "nowhere to go"
    await hall.contests.announce()
    hall.crier.gone = False
    await asyncio.sleep(0.01)
    await hall.contests.announce()
    assert hall.crier.posted == []
    assert await hall.place.store.rounds.pending() == []


async def test_a_list_that_changed_is_shown_anew_until_its_message_is_gone(hall: Hall) -> None:
    hall.contests.announce_by(hall.crier)
    await hall.contests.announce()
    await hall.place.nominate(0)
    await hall.place.nominate(1)
    await hall.contests.announce()
    await hall.contests.announce()
    assert hall.crier.shown == [(PLACE, "nominating")]
    hall.crier.gone = True
    await hall.place.nominate(2)
    await hall.contests.announce()
    await hall.place.nominate(3)
    await hall.contests.announce()
    assert len(hall.crier.shown) == 2
    assert len(hall.crier.posted) == 1


async def test_a_message_that_cannot_be_edited_now_is_edited_once_that_works(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.contests.keeper.MAX_RETRY_SECONDS", 0.1)
    hall.contests.announce_by(hall.crier)
    await hall.contests.announce()
    await hall.place.nominate(0)
    hall.crier.errors = [DeliveryError("missing access", retryable=False)]
    for _ in range(2):
        await hall.contests.announce()
    assert hall.crier.shown == []
    await asyncio.sleep(0.15)
    await hall.contests.announce()
    assert hall.crier.shown == [(PLACE, "nominating")]


async def test_a_fault_in_one_announcement_is_logged_and_ends_nothing_else(
    hall: Hall, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("bot.contests.keeper.MAX_RETRY_SECONDS", 0.1)
    monkeypatch.setattr("bot.contests.keeper.POLL_SECONDS", 0.05)
    await hall.contests.start(Scope("8"), "10")
    hall.contests.announce_by(hall.crier)
    hall.crier.errors = [KeyError("id")]
    running = asyncio.create_task(hall.contests.run())
    await hall.until_posted(2)
    assert not running.done()
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert hall.crier.posted == [("8", "nominating"), (PLACE, "nominating")]
    [fault] = [record for record in caplog.records if record.exc_info]
    assert "a fault while announcing" in fault.message
