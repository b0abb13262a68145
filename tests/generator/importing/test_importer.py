"""What an import holds, and what is refused: with one sentence, in bounded time."""

from __future__ import annotations

import struct
import time
import tracemalloc
from collections.abc import Callable

import mido
import pytest

from generator.arranging.arrange import arrange
from generator.importing.importer import import_midi
from generator.protocol.errors import InputError
from generator.protocol.requests import Request
from generator.protocol.uploads import MAX_UPLOAD_BYTES, MAX_UPLOAD_PREFIX, UPLOAD_LIMITS, digest
from models.music.midi import midi_bytes, to_midi, to_nesmdb
from models.music.score import Score
from tests.music import events, random_score, scale, smf, twinkle

END = "00 ff 2f 00"
TWO_NOTES = "00 90 3c 40  83 60 80 3c 00  00 90 40 50  83 60 80 40 00"
GOOD = smf(events(f"{TWO_NOTES} {END}"))
LONG_DELTA = "ff ff ff 7f"


def test_an_import_holds_the_whole_song() -> None:
    found = import_midi(twinkle())
    assert [(part.channel, part.program, part.drum) for part in found.parts] == [
        (0, 0, False),
        (1, 48, False),
        (2, 33, False),
        (9, 0, True),
    ]
    assert found.frames == 14 * 30
    assert found.grid
    assert found.grid.bpm == 120
    assert found.score is None
    assert len(found.notes) == sum(len(part.notes) for part in found.parts)


@pytest.mark.parametrize("write", [to_midi, to_nesmdb])
def test_a_file_with_the_four_channels_is_a_score(write: Callable[[Score], mido.MidiFile]) -> None:
    score = scale(grid=None, title="")
    found = import_midi(midi_bytes(write(score)))
    assert found.score
    assert found.score.channels == score.channels
    assert found.frames == score.frames


def test_the_cleaned_file_can_be_written_for_other_programs() -> None:
    odd = smf(events(f"00 f8 {TWO_NOTES} 00 f0 05 7e 7f 09 01 f7 00 ff 21 01 01"), b"", form=0)
    again = import_midi(midi_bytes(import_midi(odd).midi))
    assert again.parts == import_midi(odd).parts


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"hello", "no music file"),
        (bytes(MAX_UPLOAD_PREFIX + 1) + GOOD, "no music file"),
        (b"MThd", "damaged"),
        (GOOD[:13], "damaged"),
        (GOOD[:14], "damaged"),
        (GOOD[:25], "damaged"),
        (smf(), "damaged"),
        (smf(events(TWO_NOTES), division=0), "damaged"),
        (smf(events(TWO_NOTES), division=-1 << 8 | 4), "damaged"),
        (smf(events(TWO_NOTES), division=-25 << 8), "damaged"),
        (smf(events("00 3c 40")), "damaged"),
        (smf(events("00 90 3c")), "damaged"),
        (smf(events("00 ff")), "damaged"),
        (smf(events("00 f0 ff ff ff 7f 01")), "damaged"),
        (smf(events("ff" * 9000)), "damaged"),
        (b"RIFF....RMID", "RIFF file holds no MIDI"),
        (smf(events(END)), "holds no notes"),
        (smf(b""), "holds no notes"),
        (smf(events(f"00 b0 07 00 {TWO_NOTES}")), "holds no notes that can be heard"),
        (smf(events(f"00 90 3c 40 {LONG_DELTA} 80 3c 00")), r"lasts 4,660\.4 minutes; 10 minutes is the most"),
        (smf(events(f"{LONG_DELTA} ff 01 00" * 200 + TWO_NOTES)), "minutes is the most"),
        (smf(*[events(END)] * 129), "129 tracks; 128 is the most"),
        (smf(*[b""] * 70_000, declared=1), "70,000 tracks; 128 is the most"),
        (GOOD + bytes(MAX_UPLOAD_BYTES), r"1\.1 MB; 1 MB is the most"),
    ],
)
def test_bad_files_are_refused_with_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        import_midi(data)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


def test_a_tune_of_an_hour_is_refused_whether_its_notes_or_its_silence_is_long() -> None:
    midi = to_nesmdb(scale())
    midi.tracks[1].append(mido.MetaMessage("end_of_track", time=44_100 * 5400))
    with pytest.raises(InputError, match=r"lasts 90\.1 minutes"):
        import_midi(midi_bytes(midi))
    midi.tracks[1][-1].time = 44_100 * 3000
    with pytest.raises(InputError, match=r"lasts 50\.1 minutes"):
        import_midi(midi_bytes(midi))


def test_an_hour_of_silence_counts_where_nothing_says_that_the_channels_are_the_console_s() -> None:
    midi = to_midi(scale())
    for track in midi.tracks:
        track[:] = [message for message in track if message.type != "track_name"]
    midi.tracks[1].append(mido.MetaMessage("end_of_track", time=midi.ticks_per_beat * 6000))
    with pytest.raises(InputError, match=r"lasts 50\.1 minutes"):
        import_midi(midi_bytes(midi))


def test_hundreds_of_parts_take_no_more_memory_than_forty() -> None:
    """A track may play on 16 channels: a few tracks and a few notes could ask for gigabytes."""
    pitched = [channel for channel in range(16) if channel != 9]
    note = "a0 00 90 3c 40 " + "".join(f"00 {0x90 | channel:02x} 3c 40 " for channel in pitched[1:])
    track = events(f"{note * 60} 00 ff 2f 00")

    def peak(tracks: int) -> int:
        tracemalloc.start()
        arrange(Request(mode="arrange", upload="0" * 64), smf(*[track] * tracks))
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(16) < 2.5 * peak(4)


def test_silence_after_the_last_note_of_other_files_does_not_count() -> None:
    assert import_midi(smf(events(f"{TWO_NOTES} {LONG_DELTA} ff 2f 00"))).frames == 60


@pytest.mark.parametrize("bars", [2, 3, 6])
def test_long_silence_at_the_start_is_left_out_and_reported(bars: int) -> None:
    waits = f"{'83 60 ff 01 00 ' * 4 * bars} {TWO_NOTES * 8}"
    data = smf(events(f"{waits} {END}"))
    found = import_midi(data)
    assert found.notes[0].start == 0
    assert (found.silence, found.frames) == (120 * bars, 16 * 30)
    assert found.grid
    assert found.grid.start == 0
    tune = arrange(Request(mode="arrange", upload="0" * 64), data)
    assert tune.report.endswith(f"{2 * bars} seconds of silence at the start are left out.")


def test_a_short_silence_is_kept() -> None:
    assert import_midi(smf(events(f"{'83 60 ff 01 00 ' * 4} {TWO_NOTES} {END}"))).notes[0].start == 120


def bomb(size: int) -> bytes:
    """A file of nothing but note-ons and offs in running status, three bytes each."""
    track = b"\x00\x90\x3c\x40" + b"".join(bytes((i % 2, 40 + i % 40, i * 7 % 128)) for i in range(size))
    return smf(track)


FULL = UPLOAD_LIMITS["events"].most - 10


def test_a_file_full_of_events_is_refused_in_time() -> None:
    data = bomb(MAX_UPLOAD_BYTES // 3 - 20)
    began = time.perf_counter()
    with pytest.raises(InputError, match="events; 200,000 is the most"):
        import_midi(data)
    assert time.perf_counter() - began < 5


@pytest.mark.parametrize(
    "tracks",
    [
        pytest.param(
            [events("01 ff 51 03 07 a1 20") * 4000, *[events("01 90 3c 40 01 3c 00") * 200] * 100], id="tempos"
        ),
        pytest.param([events("01 90 3c 40 00 b0 7b 00") * 20_000], id="channels silenced"),
        pytest.param([events("01 90 3c 40"), *[events("00 90 3c 40 01 b0 7b 00") * 200] * 120], id="in many tracks"),
        pytest.param([events("00 90 3c 40 01 b0 0b 00 01 0b 40") * 20_000], id="volumes"),
        pytest.param(
            [events("00 90 3c 40 ") + events("00 3c 40") * 40_000, events("01 80 3c 00") * 40_000], id="hanging"
        ),
        pytest.param([events("00 ff 58 04 03 02 18 08") * 20_000, events(TWO_NOTES)], id="meters"),
        pytest.param(
            [struct.pack(">B", 0) + events("f0 00") + events("00 f0 00") * 200_000, events(TWO_NOTES)], id="sysex"
        ),
    ],
)
def test_however_it_is_made_a_file_is_read_in_time(tracks: list[bytes]) -> None:
    began = time.perf_counter()
    assert import_midi(smf(*tracks)).parts
    assert time.perf_counter() - began < 10


@pytest.mark.long
def test_as_many_events_as_may_be_are_arranged_in_time() -> None:
    data = bomb(FULL)
    began = time.perf_counter()
    arrange(Request(mode="arrange", upload=digest(data)), data)
    assert time.perf_counter() - began < 30


def test_random_scores_survive_as_parts() -> None:
    for seed in range(5):
        score = random_score(seed)
        found = import_midi(midi_bytes(to_midi(score)))
        assert found.score == score
        starts = [{note.start for note in part.notes} for part in found.parts]
        assert all(part <= {note.start for _, note in score.notes()} for part in starts)
