"""What a request costs is known before it is accepted, and a request that would hold up all others is refused."""

from pathlib import Path

import pytest

from bot.requests.cost import check_work, expected_seconds, units_of
from bot.scope import PAGE
from bot.store import Store
from bot.store.queue import START_PACE
from generator.protocol.errors import InputError
from generator.protocol.midi_length import MidiLength, midi_length
from generator.protocol.requests import Request
from generator.protocol.uploads import digest
from models.music.midi import midi_bytes, to_midi
from models.music.score import Grid, Note, Score
from tests.bot.bench import Bench
from tests.music import smf, twinkle


def long_file(minutes: float) -> bytes:
    frames = round(minutes * 3600)
    return midi_bytes(to_midi(Score(((Note(frames - 60, frames, 60),), (), (), ()), frames, Grid((7, 8)))))


def remix(data: bytes, **fields: object) -> Request:
    return Request(upload=digest(data), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("minutes", [0.5, 5, 9.5])
def test_the_length_of_a_file_is_read_from_its_bytes(minutes: float) -> None:
    length = midi_length(long_file(minutes))
    assert length
    assert length.seconds == pytest.approx(minutes * 60, abs=0.1)
    assert length.bpm == pytest.approx(120, abs=1)


def test_every_tempo_of_a_file_counts() -> None:
    slower = bytes.fromhex("00ff51030f4240")  # 60 BPM
    beats = bytes.fromhex("0090406483608040008360904064836080400000ff2f00")
    length = midi_length(smf(bytes.fromhex("00ff510307a120") + beats[:-4] + slower + beats))
    assert length == MidiLength(3 * 0.5 + 3 * 1.0, 120.0)


def test_damage_costs_no_more_than_its_track() -> None:
    whole = midi_length(twinkle())
    assert whole
    for size in range(len(twinkle())):
        part = midi_length(twinkle()[:size])
        assert part is None or part.seconds <= whole.seconds
    assert midi_length(b"RIFF nothing") is None


def test_another_tempo_changes_the_expected_length() -> None:
    file = MidiLength(100.0, 120.0)
    data = twinkle()
    assert expected_seconds(remix(data, mode="arrange"), file) == 100
    assert expected_seconds(remix(data, mode="arrange", bpm=60.0), file) == 200
    assert expected_seconds(remix(data, mode="continue", bars=4), file) == 108


def test_takes_and_modes_count() -> None:
    data = twinkle()
    assert units_of(Request(takes=1), 30) == 30
    assert units_of(Request(takes=8), 30) == units_of(Request(), 30) == pytest.approx(30 * (1 + 7 * 0.4))
    assert units_of(remix(data, mode="arrange"), 600) == 600
    assert units_of(remix(data, mode="accompany", takes=2), 100) == pytest.approx(155)
    assert units_of(remix(data, mode="vary", takes=1, strength=0.1), 100) == pytest.approx(25)
    assert units_of(remix(data, mode="infill", span="3-4"), 100) == 19


async def test_a_request_that_would_hold_up_all_others_is_refused_before_there_is_a_row(
    tmp_path: Path, store: Store
) -> None:
    bench, data = Bench(tmp_path, store), long_file(9.9)
    for takes in (8, 1):
        request = remix(data, mode="accompany", takes=takes)
        with pytest.raises(InputError, match=r"minutes of work; 2\.5 minutes is the most"):
            await bench.backlog.accept(request, origin="local", scope=PAGE, upload=data)
    assert await store.requests.count_open() == 0
    assert [file for file in (tmp_path / "files").rglob("*") if file.is_file() and file.name != digest(data)] == []
    await store.queue.learn("accompany", 0.2)  # as measured, one take is within the bound
    await bench.backlog.accept(remix(data, mode="accompany", takes=1), origin="local", scope=PAGE, upload=data)
    with pytest.raises(InputError, match="fewer takes"):
        await bench.backlog.accept(remix(data, mode="accompany", takes=8), origin="local", scope=PAGE, upload=data)


async def test_a_long_upload_is_announced_with_its_own_length(tmp_path: Path, store: Store) -> None:
    bench, data = Bench(tmp_path, store), long_file(5)
    await bench.backlog.accept(remix(data, mode="arrange"), origin="local", scope=PAGE, upload=data)
    [waiting] = await store.queue.line()
    assert waiting.work == pytest.approx(300 * START_PACE, rel=0.01)


def test_one_take_of_the_longest_new_tune_is_accepted_however_busy_the_machine_was() -> None:
    check_work(units_of(Request(seconds=180, takes=1), 180), pace=5.0)


@pytest.mark.parametrize("seconds", range(4, 181, 4))
def test_a_new_tune_of_any_length_is_accepted_if_its_takes_are_left_open(seconds: int) -> None:
    check_work(units_of(Request(seconds=seconds), seconds), pace=5.0)
