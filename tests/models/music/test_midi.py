"""Scores to MIDI files and back in both formats, exact to the frame, the volume and the duty."""

import io
from dataclasses import replace

import mido
import pytest

from models.music.midi import (
    MidiFormatError,
    from_control,
    midi_bytes,
    read_score,
    to_control,
    to_midi,
    to_nesmdb,
)
from models.music.score import NO, P1, TR, Grid, Note, Score
from models.music.tempo_map import TempoMap
from tests.music import events, random_score, scale, smf

SEEDS = range(60)


def named(track: bytes, name: str) -> bytes:
    return b"\x00\xff\x03" + bytes((len(name),)) + name.encode() + track + b"\x00\xff\x2f\x00"


def four(p1: bytes, head: bytes = b"", division: int = 480) -> bytes:
    """A file with the four channels in which only pulse 1 plays."""
    silent = (named(b"", name) for name in ("p2", "tr", "no"))
    return smf(head + b"\x00\xff\x2f\x00", named(p1, "p1"), *silent, division=division)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_tune_form_gives_the_score_back_exactly(seed: int) -> None:
    score = random_score(seed)
    assert read_score(midi_bytes(to_midi(score))) == score


@pytest.mark.parametrize("seed", SEEDS)
def test_the_nesmdb_form_gives_all_but_grid_title_and_loop_back(seed: int) -> None:
    score = random_score(seed)
    assert read_score(midi_bytes(to_nesmdb(score))) == replace(score, grid=None, title="", loop=None)


@pytest.mark.parametrize("groove", [(1,), (5,), (7, 8), (7, 7, 8), (125,), (6,) * 61 + (7, 8, 9), tuple(range(1, 64))])
@pytest.mark.parametrize("rows", [1, 3, 4])
def test_any_groove_gives_whole_ticks_and_comes_back(groove: tuple[int, ...], rows: int) -> None:
    grid = Grid(groove, -5, rows, 3)
    score = scale(grid=grid)
    midi = to_midi(score)
    seconds_a_tick = mido.tick2second(1, midi.ticks_per_beat, midi.tracks[0][1].tempo)
    assert 1 / (60 * seconds_a_tick) == pytest.approx(round(1 / (60 * seconds_a_tick)), rel=1e-4)
    assert read_score(midi_bytes(midi)) == score


def test_the_tune_format_is_what_other_players_expect() -> None:
    midi = mido.MidiFile(file=io.BytesIO(midi_bytes(to_midi(scale()))))
    assert [track.name for track in midi.tracks] == ["Scale", "p1", "p2", "tr", "no"]
    head = {message.type: message for message in midi.tracks[0]}
    assert head["set_tempo"].tempo == 500_000
    assert head["time_signature"].numerator == 4
    channels = [{m.channel for m in track if not m.is_meta} for track in midi.tracks]
    assert channels == [set(), {0}, {1}, {2}, {9}]
    assert midi.length == pytest.approx(4.0)


def test_the_pulses_name_the_bank_whose_programs_follow_the_duty_before_their_program() -> None:
    for track, banks in zip(to_midi(random_score(3)).tracks[1:], (1, 1, 0, 0), strict=True):
        found = [message for message in track if message.is_cc(0) or message.type == "program_change"]
        assert [message.is_cc(0) for message in found[: banks + 1]] == [True] * banks + [False]
        assert sum(message.is_cc(0) for message in found) == banks


def test_a_note_ends_before_the_next_begins_at_the_same_tick() -> None:
    score = Score(((Note(0, 10, 60), Note(10, 20, 60)), (), (), ()), 20, Grid((7, 8)))
    kinds = [m.type for m in to_midi(score).tracks[1] if m.type.startswith("note")]
    assert kinds == ["note_on", "note_off", "note_on", "note_off"]


def test_a_note_off_written_after_the_next_note_on_does_not_cut_it() -> None:
    track = events("""
        00 90 3c 40        # C begins
        83 60 90 3c 40     # and again after 480 ticks
        00 80 3c 00        # the end of the first, at that tick
        83 60 80 3c 00     # the end of the second
    """)
    notes = read_score(four(track)).channels[P1]
    assert [(note.start, note.end) for note in notes] == [(0, 30), (30, 60)]


def test_notes_that_never_end_last_as_long_as_their_track() -> None:
    track = events("00 90 3c 40  83 60 90 40 40  83 60 b0 07 64")
    score = read_score(four(track))
    assert [(n.start, n.end, n.pitch) for n in score.channels[P1]] == [(0, 30, 60), (30, 60, 64)]


def test_of_several_notes_in_a_frame_the_last_wins_and_each_lasts_a_frame() -> None:
    track = events("00 90 3c 40  01 90 40 40  01 80 40 00")
    score = read_score(four(track))
    assert [(n.start, n.end, n.pitch) for n in score.channels[P1]] == [(0, 1, 64)]
    assert score.frames == 1


def test_a_velocity_of_zero_ends_a_note() -> None:
    score = read_score(four(events("00 90 3c 40  83 60 90 3c 00  83 60 b0 07 64")))
    assert [(n.start, n.end) for n in score.channels[P1]] == [(0, 30)]


def test_times_are_rounded_half_up_to_frames() -> None:
    # 44,100 ticks a second: 735 a frame
    midi = to_nesmdb(Score(((Note(1, 2, 60),), (), (), ()), 3))
    for late, frame in ((0, 1), (367, 1), (368, 2)):
        moved = mido.MidiFile(file=io.BytesIO(midi_bytes(midi)))
        next(m for m in moved.tracks[1] if m.type == "note_on").time += late
        assert read_score(midi_bytes(moved)).channels[P1][0].start == frame


def test_the_tempo_comes_from_the_file_if_no_groove_is_written() -> None:
    score = read_score(four(b"", events("00 ff 51 03 06 1a 80  00 ff 58 04 03 02 18 08  83 60 ff 01 01 61")))
    assert score.grid == Grid((6,), 0, 4, 3)
    assert score.grid.bpm == 150


@pytest.mark.parametrize(
    "text",
    ["groove=", "groove=x start=0 rows=4", "groove=7,8 start=z rows=4", "groove=0 start=0 rows=4",
     "groove=7 start=0 rows=0", "groove=999 start=0 rows=999", "groove=7 start=0", "groove=²"],
)  # fmt: skip
def test_a_groove_that_somebody_else_wrote_is_passed_over(text: str) -> None:
    midi = to_midi(scale())
    midi.tracks[0][3].text = text
    assert read_score(midi_bytes(midi)).grid == Grid((7, 8))


def test_a_loop_point_beyond_the_end_is_passed_over() -> None:
    midi = to_midi(replace(scale(), loop=100))
    assert read_score(midi_bytes(midi)).loop == 100
    midi.tracks[0].append(mido.MetaMessage("marker", text="loopStart", time=100_000))
    assert read_score(midi_bytes(midi)).loop is None


def test_empty_scores_survive() -> None:
    for frames in (0, 1, 500):
        score = Score(((), (), (), ()), frames, Grid((7, 8)))
        assert read_score(midi_bytes(to_midi(score))) == score


def test_a_file_of_another_kind_is_refused() -> None:
    with pytest.raises(MidiFormatError, match="p1, p2, tr and no"):
        read_score(smf(b"\x00\xff\x2f\x00"))


def test_silent_notes_keep_their_place_in_the_tune_form() -> None:
    score = Score(((Note(0, 5, 60, ((0, 0), (2, 9))), Note(5, 9, 60, ((0, 0),))), (), (), ()), 9, Grid((7, 8)))
    assert read_score(midi_bytes(to_midi(score))) == score


def test_volumes_survive_the_square_law_of_soundfont_players() -> None:
    for full in range(1, 16):
        assert from_control(to_control(full, 15), 15) == full
        for volume in range(full + 1):
            assert from_control(to_control(volume, full), full) == volume


def test_noise_periods_and_triangle_come_back() -> None:
    noise = tuple(Note(4 * p, 4 * p + 4, p, ((0, p % 15 + 1),), ((0, p % 2),)) for p in range(1, 17))
    triangle = tuple(Note(4 * p, 4 * p + 2, p) for p in range(21, 109))
    score = Score(((), (), triangle, noise), 500, Grid((5,)))
    found = read_score(midi_bytes(to_midi(score)))
    assert found.channels[NO] == noise
    assert found.channels[TR] == triangle


def test_the_tempo_map_follows_changes_in_any_track_and_order() -> None:
    midi = mido.MidiFile(ticks_per_beat=100)
    for tick, tempo in ((100, 1_000_000), (300, 250_000)):
        midi.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=tempo, time=tick)]))
    tempo_map = TempoMap(midi)
    times = {0: 0.0, 50: 0.25, 100: 0.5, 200: 1.5, 300: 2.5, 700: 3.5}
    for tick in (700, 0, 300, 50, 200, 100):
        assert tempo_map.seconds(tick) == pytest.approx(times[tick])
        assert tempo_map.frame(tick) == round(times[tick] * 60)
