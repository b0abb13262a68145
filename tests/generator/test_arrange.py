"""Any song on four channels: highest line, next line, lowest line, drums."""

from __future__ import annotations

import pytest

from generator.arrange import arrange, reduce, title_of
from generator.contract import InputError, Request, digest
from generator.importer import Import, PartNote, import_midi
from models.midi import midi_bytes, read_score, to_midi, to_nesmdb
from models.score import NO, P1, P2, TR, Score
from tests.music import bare, random_score, scale, smf, twinkle


def arranged(data: bytes, name: str | None = "song.mid", seed: int = 0) -> Score:
    return arrange(Request(mode="arrange", upload=digest(data), name=name, seed=seed), data).score


def lines(*notes: tuple[int, int, int], drums: tuple[tuple[int, int], ...] = ()) -> list[list[tuple[int, int, int]]]:
    """(start, end, pitch) of each channel after arranging such notes (start, end, pitch) and drums (start, key)."""
    given = [PartNote(start, end, pitch, 100, drum=False) for start, end, pitch in notes]
    given += [PartNote(start, start + 1, key, 100, drum=True) for start, key in drums]
    given.sort(key=lambda note: (note.start, -note.pitch))
    score, *_ = reduce(Import(tuple(given), 30.0, 4, import_midi(twinkle()).midi, None), 0)
    return [[(note.start, note.end, note.pitch) for note in line] for line in score.channels]


def test_melody_chords_bass_and_drums_find_their_channels() -> None:
    score = arranged(twinkle())
    assert [note.pitch for note in score.channels[P1]] == [72, 72, 79, 79, 81, 81, 79, 77, 77, 76, 76, 74, 74, 72]
    assert [note.pitch for note in score.channels[TR]] == [36, 43, 36, 43, 41, 36, 36, 43, 41, 36, 43, 43, 36, 36]
    assert {note.pitch for note in score.channels[P2]} <= {62, 64, 65, 67, 69}
    assert len(score.channels[NO]) == 14
    assert score.grid
    assert score.grid.bpm == 120


def test_a_held_melody_is_not_cut_by_what_plays_below_it() -> None:
    p1, p2, tr, _ = lines((0, 120, 76), *((t, t + 10, 64) for t in range(10, 120, 10)), (0, 120, 40))
    assert p1 == [(0, 120, 76)]
    assert len(p2) == 11
    assert tr == [(0, 120, 40)]


def test_a_held_bass_is_not_cut_by_what_plays_above_it() -> None:
    *_, tr, _ = lines((0, 240, 40), *((t, t + 10, 70 + t % 7) for t in range(0, 240, 10)))
    assert tr == [(0, 240, 40)]


def test_accompaniment_does_not_jump_down_to_the_bass_where_that_rests() -> None:
    chords = [(t, t + 20, pitch) for t in range(0, 400, 40) for pitch in (76, 72)]
    *_, tr, _ = lines(*chords, *((t, t + 10, 40) for t in range(20, 400, 40)))
    assert {pitch for _, _, pitch in tr} == {40}


def test_a_bass_in_octaves_is_one_line() -> None:
    melody = [(t, t + 20, 72) for t in range(0, 200, 20)]
    p1, p2, tr, _ = lines(*melody, *((t, t + 40, pitch) for t in range(10, 190, 40) for pitch in (33, 45)))
    assert {pitch for _, _, pitch in tr} == {33}
    assert p2 == []
    assert len(p1) == 10


def test_a_strummed_chord_is_struck_at_once() -> None:
    p1, p2, tr, _ = lines((0, 60, 48), (1, 60, 64), (2, 60, 76))
    assert (p1, p2, tr) == ([(0, 60, 76)], [(0, 60, 64)], [(0, 60, 48)])


def test_fast_notes_one_after_another_stay_as_they_are() -> None:
    fast = [(t, t + 1, 70 + t % 5) for t in range(40)]
    p1, p2, tr, _ = lines(*fast)
    assert sorted(p1 + p2 + tr) == fast


def test_one_drum_sounds_at_a_time_the_strongest() -> None:
    *_, noise = lines((0, 10, 60), drums=((0, 42), (0, 36), (30, 42), (60, 38), (60, 49)))
    assert [(start, pitch) for start, _, pitch in noise] == [(0, 4), (30, 15), (60, 10)]


def test_drums_alone_are_a_tune() -> None:
    score = arranged(smf(bytes.fromhex("009924408360892400")))
    assert [len(line) for line in score.channels] == [0, 0, 0, 1]


@pytest.mark.parametrize("pitch", [0, 12, 20, 21, 32, 33, 108, 109, 127])
def test_pitches_out_of_range_fold_by_octaves(pitch: int) -> None:
    score = arranged(smf(bytes((0, 0x90, pitch, 64, 0x83, 0x60, 0x80, pitch, 0))))
    (note,) = [note for _, note in score.notes()]
    assert (note.pitch - pitch) % 12 == 0


@pytest.mark.parametrize("seed", range(10))
def test_a_score_in_either_form_passes_through(seed: int) -> None:
    score = random_score(seed)
    for form in (to_midi, to_nesmdb):
        tune = arrange(Request(mode="arrange", upload="0" * 64, name="x.mid"), midi_bytes(form(score)))
        assert tune.score.channels == score.channels
        assert tune.score.frames == score.frames
        assert str(score.note_count) in tune.report
        assert tune.score.grid
    assert arranged(midi_bytes(to_midi(score))).grid == score.grid


def test_the_arrangement_is_the_same_each_time_and_comes_back_from_its_file() -> None:
    score = arranged(twinkle(), seed=7)
    assert score == arranged(twinkle(), seed=7)
    assert bare(score) == bare(arranged(twinkle(), seed=8))
    assert read_score(midi_bytes(to_midi(score))) == score


def test_loud_notes_stay_louder_than_soft_ones() -> None:
    loud, soft = (smf(bytes((0, 0x90, 72, 127, 30, 0x90, 72, 0, 0, 0x90, 74, v, 30, 0x90, 74, 0))) for v in (127, 30))
    peaks = [max(volume for _, volume in arranged(data).channels[P1][1].volume) for data in (loud, soft)]
    assert peaks[0] > 2 * peaks[1] > 0


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("My Song.mid", "My Song"),
        ("a/b/../c.kar", "c"),
        ("x" * 200 + ".mid", "x" * 60),
        ("line\nbreak\x00\x1b.mid", "line break"),
        ("\udcff\ud800.mid", "??"),
        ("ドラゴン.mid", "ドラゴン"),
        (".mid", ".mid"),
        ("   .mid", "Remix"),
        ("", "Remix"),
        (None, "Remix"),
    ],
)
def test_a_file_name_becomes_a_title_that_can_be_written(name: str | None, title: str) -> None:
    assert title_of(name) == title
    score = arranged(twinkle(), name)
    assert score.title == title
    assert read_score(midi_bytes(to_midi(score))) == score


def test_what_cannot_be_played_is_told() -> None:
    empty = Score(((), (), (), ()), 60)
    with pytest.raises(InputError, match="no notes"):
        arranged(midi_bytes(to_midi(empty)))
    assert scale().note_count
