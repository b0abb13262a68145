"""Notes as they are heard: where they end, how loud they are, and which part they belong to."""

from __future__ import annotations

import pytest

from generator.importing.importer import Part, PartNote, import_midi
from tests.music import events, smf

END = "00 ff 2f 00"
QUARTER = "83 60"
"""480 ticks, 30 frames."""


def parts(*tracks: str) -> tuple[Part, ...]:
    return import_midi(smf(*map(events, tracks))).parts


def spans(track: str) -> list[tuple[int, int, int]]:
    """(start, end, pitch) of a track's only part."""
    (part,) = parts(track)
    return [(note.start, note.end, note.pitch) for note in part.notes]


def velocities(*tracks: str) -> list[int]:
    return [note.velocity for part in parts(*tracks) for note in part.notes]


def test_a_part_is_what_a_track_plays_on_a_channel() -> None:
    lead = (
        f"00 ff 03 04 4c 65 61 64  00 c0 51  00 90 3c 7f {QUARTER} 80 3c 00  00 c0 05  00 90 3e 7f {QUARTER} 80 3e 00"
    )
    both = f"00 99 24 7f  00 90 43 7f  {QUARTER} 89 24 00  00 80 43 00 {END}"
    found = parts(lead, both)
    assert found == (
        Part(
            (
                PartNote(0, 30, 60, 100, drum=False, program=0x51, name="Lead"),
                PartNote(30, 60, 62, 100, drum=False, program=5, name="Lead"),
            ),
            *(0, 0x51, False, "Lead"),
        ),
        Part((PartNote(0, 30, 36, 100, drum=True),), 9, 0, True, ""),
        Part((PartNote(0, 30, 67, 100, drum=False, program=0x51),), 0, 0x51, False, ""),
    )


def test_a_program_of_one_track_holds_for_its_channel_in_another() -> None:
    assert [part.program for part in parts(f"00 91 3c 7f {QUARTER} 81 3c 00", "00 c1 21")] == [0x21]


def test_channels_of_another_port_are_other_channels() -> None:
    second = f"00 ff 21 01 01 00 c0 22 00 b0 07 40 00 90 30 7f {QUARTER} 80 30 00"
    found = parts(f"00 c0 21 01 90 3c 7f {QUARTER} 80 3c 00", second)
    assert [(part.program, part.notes[0].velocity) for part in found] == [(0x21, 100), (0x22, 64)]


def test_names_are_latin_1_or_utf_8() -> None:
    note = "00 90 3c 7f 01 80 3c 00"
    assert [part.name for part in parts(f"00 ff 03 02 c3 bc {note}", f"00 ff 03 01 fc {note}")] == ["ü", "ü"]


@pytest.mark.parametrize(
    ("track", "expected"),
    [
        pytest.param(f"00 90 3c 40 {QUARTER} 90 40 40 {QUARTER} ff 2f 00", [(0, 60, 60), (30, 60, 64)], id="hang"),
        pytest.param(
            f"00 90 3c 40 {QUARTER} 90 3c 40 00 80 3c 00 {QUARTER} 80 3c 00",
            [(0, 30, 60), (30, 60, 60)],
            id="struck again before the end in the same tick",
        ),
        pytest.param(
            f"00 90 3c 40 {QUARTER} 80 3c 00 00 90 3c 40 {QUARTER} 80 3c 00",
            [(0, 30, 60), (30, 60, 60)],
            id="struck again after the end in the same tick",
        ),
        pytest.param(
            f"00 90 3c 40 {QUARTER} 90 3c 40 10 80 3c 00 {QUARTER} 80 3c 00",
            [(0, 30, 60), (30, 61, 60)],
            id="struck again before its end, each with an end of its own",
        ),
        pytest.param(
            f"00 90 3c 40 {QUARTER} 90 3c 40 {QUARTER} 80 3c 00 {QUARTER} ff 2f 00",
            [(0, 30, 60), (30, 60, 60)],
            id="struck twice, ended once",
        ),
        pytest.param(
            f"00 90 3c 40 00 90 3c 50 {QUARTER} 80 3c 00 {QUARTER} 80 3c 00", [(0, 60, 60)], id="struck twice at once"
        ),
        pytest.param(f"00 90 3c 40 00 80 3c 00 {QUARTER} 90 40 40 00 80 40 00", [(0, 1, 60), (30, 31, 64)], id="short"),
        pytest.param(f"00 80 3c 00 00 90 3c 40 {QUARTER} 80 3c 00 00 80 3c 00", [(0, 30, 60)], id="an end too many"),
        pytest.param(
            f"00 90 3c 40 00 90 40 40 {QUARTER} b0 7b 00 {QUARTER} ff 2f 00", [(0, 30, 64), (0, 30, 60)], id="off"
        ),
        pytest.param(f"00 90 3c 40 00 90 3e 40 {QUARTER} 80 3e 00", [(0, 30, 62), (0, 30, 60)], id="hang to the end"),
    ],
)
def test_notes_end(track: str, expected: list[tuple[int, int, int]]) -> None:
    assert spans(track) == expected


def test_a_hanging_note_lasts_no_longer_than_its_part_plays() -> None:
    minutes = f"{QUARTER} ff 01 00" * 480
    assert spans(f"00 90 3c 40 {QUARTER} 90 40 40 {QUARTER} 80 40 00 {minutes}") == [(0, 240, 60), (30, 60, 64)]
    melody = f"00 90 48 40 {QUARTER} 80 48 00" * 60
    assert spans(f"00 90 3c 40 {melody}")[1] == (0, 240, 60)


def test_a_held_note_that_does_end_is_as_long_as_it_is() -> None:
    assert spans(f"00 90 3c 40 {f'{QUARTER} ff 01 00' * 60} 00 80 3c 00") == [(0, 1800, 60)]


def test_one_lost_end_spoils_no_other_note() -> None:
    eighth = "78"  # 120 ticks, 7.5 frames
    more = f" 90 3c 40 {eighth} 80 3c 00 {eighth}" * 4
    track = f"00 90 3c 40 {eighth} 90 3e 40 {eighth}{more} 80 3e 00 {END}"
    found = [(start, end) for start, end, pitch in spans(track) if pitch == 60]
    assert found == [(0, 15), (15, 23), (30, 38), (45, 53), (60, 68)]


def test_resetting_controllers_gives_the_expression_back_but_not_the_volume() -> None:
    assert velocities(f"00 b0 0b 00  00 b0 79 00  00 90 3c 7f {QUARTER} 80 3c 00 {END}") == [100]
    assert velocities(f"00 b0 07 40  00 b0 79 00  00 90 3c 7f {QUARTER} 80 3c 00 {END}") == [64]


def test_velocity_is_what_is_heard() -> None:
    note = f"00 90 3c 7f {QUARTER} 80 3c 00"
    assert velocities(note) == [100]  # General MIDI's volume where nothing is said
    assert velocities(f"00 b0 07 7f {note} 00 b0 0b 40 {note} 00 b0 07 40 {note}") == [127, 64, 32]
    assert velocities(f"00 90 3c 01 {QUARTER} 80 3c 00") == [1]
    assert velocities(f"00 90 3c 7f 00 b0 07 7f {QUARTER} 80 3c 00") == [127]  # written after it in the same tick
    assert velocities(note, "00 b0 07 40") == [64]  # in another track


def test_silent_notes_are_no_notes_unless_they_swell() -> None:
    note = f"00 90 3c 7f {QUARTER} 80 3c 00"
    swell = f"00 90 40 7f {QUARTER} b0 07 20 {QUARTER} b0 07 40 {QUARTER} 80 40 00"
    assert velocities(f"00 b0 07 00 {note} {swell} {note}") == [64, 64]
    assert len(parts(note, f"00 b1 07 00 00 91 3c 7f {QUARTER} 81 3c 00")) == 1
