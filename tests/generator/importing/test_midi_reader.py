"""Standard MIDI files in every form, well made or not: what their bytes say."""

from __future__ import annotations

import struct

import pytest

from generator.importing.importer import import_midi
from tests.music import events, smf

END = "00 ff 2f 00"
TWO_NOTES = "00 90 3c 40  83 60 80 3c 00  00 90 40 50  83 60 80 40 00"
"""C and E, a quarter of 480 ticks each."""
FIRST, BOTH = [(0, 30, 60)], [(0, 30, 60), (30, 60, 64)]
GOOD = smf(events(f"{TWO_NOTES} {END}"))


def read(data: bytes) -> list[tuple[int, int, int]]:
    """(start, end, pitch) of a file's notes."""
    return [(note.start, note.end, note.pitch) for note in import_midi(data).notes]


def notes(*tracks: str, form: int = 1, division: int = 480) -> list[tuple[int, int, int]]:
    """(start, end, pitch) of what a file of such tracks holds."""
    return read(smf(*map(events, tracks), form=form, division=division))


@pytest.mark.parametrize(
    "track",
    [
        pytest.param(f"{TWO_NOTES} {END}", id="as it should be"),
        pytest.param(TWO_NOTES, id="no end of track"),
        pytest.param(f"00 90 3c 40  83 60 3c 00  00 40 50  83 60 40 00 {END}", id="running status, velocity 0"),
        pytest.param("00 90 3c 40  00 ff 01 01 61  83 60 3c 00  00 40 50  83 60 40 00", id="running status past meta"),
        pytest.param("00 90 3c 40  00 f0 01 f7  83 60 3c 00  00 40 50  83 60 40 00", id="running status past sysex"),
        pytest.param(f"00 ff 59 02 63 07 {TWO_NOTES}", id="a key signature that there is none"),
        pytest.param(f"00 ff 58 04 04 ff 18 08 {TWO_NOTES}", id="a meter that there is none"),
        pytest.param(f"00 ff 51 01 05 00 ff 51 03 00 00 00 {TWO_NOTES}", id="tempos that there are none"),
        pytest.param(f"00 ff 00 00 00 ff 20 00 00 ff 54 01 41 {TWO_NOTES}", id="meta events that are too short"),
        pytest.param(
            f"00 ff 7f 03 01 02 03 00 ff 60 01 61 00 f0 05 7e 7f 09 01 f7 00 f7 02 f3 01 {TWO_NOTES}", id="sysex"
        ),
        pytest.param(f"00 f8 00 f6 00 f4 00 f2 01 02 {TWO_NOTES}", id="system messages, which files should not hold"),
        pytest.param(f"00 e0 00 40 00 c0 05 00 d0 40 00 a0 3c 40 {TWO_NOTES}", id="other channel messages"),
        pytest.param(f"00 ff 05 02 4c 61 {TWO_NOTES} 00 ff 05 01 2f", id="the lyrics of karaoke"),
        pytest.param(f"{TWO_NOTES} {END} 00 90 50 40 83 60 80 50 00", id="what stands behind the end of track"),
        pytest.param(f"{TWO_NOTES} 00 90", id="cut off within an event"),
        pytest.param(f"{TWO_NOTES} 00 ff 01 40 61", id="cut off within a text"),
        pytest.param(f"{TWO_NOTES} ff ff ff ff 7f 90 3c 40", id="a delta time of five bytes"),
    ],
)
def test_two_notes_are_read_from(track: str) -> None:
    assert notes(track) == BOTH


def test_events_that_are_passed_over_still_take_their_time() -> None:
    assert notes("83 60 ff 60 01 61  83 60 f0 01 f7  00 90 3c 40  83 60 80 3c 00") == [(60, 90, 60)]


def test_bad_data_bytes_are_clipped() -> None:
    assert notes("00 90 3c ff  83 60 80 3c 00") == FIRST


def riff(data: bytes) -> bytes:
    info = b"LIST" + struct.pack("<I", 4) + b"INFO"
    body = b"RMID" + info + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def with_length(data: bytes, length: int) -> bytes:
    """A file whose first track says that it is so long."""
    return data[:18] + struct.pack(">I", length) + data[22:]


TRACKS = smf(events("00 90 3c 40 83 60 80 3c 00"), events("83 60 90 40 50 83 60 80 40 00"), b"")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(riff(GOOD), id="RIFF"),
        pytest.param(bytes(128) + GOOD, id="a MacBinary header"),
        pytest.param(b"\r\n" + GOOD, id="a line before"),
        pytest.param(GOOD + b"\x1a\0\0\0\0junk", id="junk behind"),
        pytest.param(GOOD[:14] + b"XFIH" + struct.pack(">I", 3) + b"abc" + GOOD[14:], id="a foreign chunk"),
        pytest.param(b"MThd" + struct.pack(">I", 8) + GOOD[8:14] + b"??" + GOOD[14:], id="a longer header"),
        pytest.param(b"MThd" + struct.pack(">I", 0) + GOOD[8:], id="a header of length 0"),
        pytest.param(smf(events(TWO_NOTES), b"", events(END)), id="empty tracks"),
        pytest.param(smf(events(TWO_NOTES), declared=0), id="too few tracks declared"),
        pytest.param(smf(events(TWO_NOTES), declared=300), id="too many tracks declared"),
        pytest.param(smf(events(TWO_NOTES), form=7), id="a format that there is none"),
        pytest.param(GOOD[:-4], id="cut off before the end of track"),
        pytest.param(GOOD[:-6], id="cut off within the last note"),
        pytest.param(with_length(GOOD, 0), id="a track of length 0"),
        pytest.param(with_length(GOOD, 2**32 - 1), id="a track that is far too long"),
        pytest.param(with_length(TRACKS, 0), id="a first track of length 0"),
        pytest.param(with_length(TRACKS, 11), id="a first track that is too long"),
        pytest.param(with_length(TRACKS, 2**31), id="a first track that is longer than the file"),
    ],
)
def test_two_notes_are_read_although_the_file_has(data: bytes) -> None:
    assert read(data)[0] == FIRST[0]
    assert [note[::2] for note in read(data)] == [(0, 60), (30, 64)]


def test_of_a_broken_download_what_is_there_is_read() -> None:
    whole = smf(events(f"{TWO_NOTES} {END}"), events(f"00 91 30 40 83 60 81 30 00 {END}"))
    found = [len(read(whole[:size])) for size in range(26, len(whole))]
    assert found == sorted(found)
    assert (found[0], found[-1]) == (1, 3)


def test_a_broken_track_leaves_the_others_whole() -> None:
    assert read(smf(events("00 3c 40"), events(TWO_NOTES), events("00 91 30 40 83 60 81 30 00 00 ff"))) == [
        (0, 30, 60),
        (0, 30, 48),
        (30, 60, 64),
    ]


def test_format_0_holds_all_channels_in_one_track() -> None:
    found = import_midi(smf(events("00 90 3c 40 00 91 30 40 83 60 80 3c 00 00 81 30 00"), form=0))
    assert [(part.channel, len(part.notes)) for part in found.parts] == [(0, 1), (1, 1)]


def test_patterns_of_format_2_follow_one_another() -> None:
    assert notes(f"{TWO_NOTES} {END}", f"{TWO_NOTES} {END}", form=2)[2:] == [(60, 90, 60), (90, 120, 64)]


def test_a_pattern_of_format_2_without_a_tempo_has_120_bpm() -> None:
    slow = "00 ff 51 03 0f 42 40"
    assert notes(f"{slow} {TWO_NOTES} {END}", f"{TWO_NOTES} {END}", form=2)[2:] == [(120, 150, 60), (150, 180, 64)]


@pytest.mark.parametrize(("a_second", "ticks"), [(24, 4), (25, 40), (29, 80), (30, 100)])
def test_times_in_smpte_frames_are_seconds(a_second: int, ticks: int) -> None:
    tempo = "00 ff 51 03 01 00 00"  # means nothing here
    data = smf(events(f"{tempo} {TWO_NOTES}"), division=-a_second << 8 | ticks)
    rate = {29: 29.97}.get(a_second, a_second) * ticks
    assert [note[1] for note in read(data)] == pytest.approx([480 / rate * 60, 960 / rate * 60], abs=1)
    assert import_midi(data).grid is None


def test_tempos_of_all_tracks_count() -> None:
    tempos = "00 ff 51 03 07 a1 20  83 60 ff 51 03 0f 42 40"  # 120, then 60 BPM
    assert notes(TWO_NOTES, tempos) == [(0, 30, 60), (30, 90, 64)]
