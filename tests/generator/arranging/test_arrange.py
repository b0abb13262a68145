"""Any file on four channels: as it is where it has them, else arranged; and in several ways for training."""

from __future__ import annotations

from itertools import islice

import pytest

from generator.arranging.arrange import arrange, reductions, title_of
from generator.arranging.reduction import reduce
from generator.arranging.style import Style, styles
from generator.composing.compose import Tune
from generator.importing.importer import import_midi
from generator.protocol.errors import InputError
from generator.protocol.requests import Request
from generator.protocol.uploads import digest
from models.music.midi import midi_bytes, read_score, to_midi, to_nesmdb
from models.music.score import NO, P1, P2, TR, Score
from tests.music import random_score, smf, twinkle


def tune_of(data: bytes, name: str | None = "song.mid", seed: int = 0) -> Tune:
    return arrange(Request(mode="arrange", upload=digest(data), name=name, seed=seed), data)


def arranged(data: bytes, name: str | None = "song.mid") -> Score:
    return tune_of(data, name).score


def test_melody_chords_bass_and_drums_find_their_channels() -> None:
    tune = tune_of(twinkle())
    score = tune.score
    assert [note.pitch for note in score.channels[P1]] == [72, 72, 79, 79, 81, 81, 79, 77, 77, 76, 76, 74, 74, 72]
    assert [note.pitch for note in score.channels[TR]] == [36, 43, 36, 43, 41, 36, 36, 43, 41, 36, 43, 43, 36, 36]
    assert {note.pitch for note in score.channels[P2]} <= {59, 60, 62, 64, 65, 67, 69}
    assert score.grid
    assert score.grid.bpm == 120
    assert tune.key == "C"
    assert tune.report.startswith("Kept ")
    assert tune.report.endswith(" dropped.")


def test_hi_hats_are_heard_besides_bass_drum_and_snare() -> None:
    noise = arranged(twinkle()).channels[NO]
    assert len({note.pitch for note in noise}) >= 3
    assert len(noise) >= 14


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
        tune = tune_of(midi_bytes(form(score)))
        assert tune.score.channels == score.channels
        assert tune.score.frames == score.frames
        assert tune.report == f"The file already has the four channels: all {score.note_count:,} notes kept."
        assert tune.score.grid
    assert arranged(midi_bytes(to_midi(score))).grid == score.grid


def test_the_arrangement_is_the_same_each_time_and_comes_back_from_its_file() -> None:
    score = tune_of(twinkle(), seed=7).score
    assert score == tune_of(twinkle(), seed=8).score
    assert read_score(midi_bytes(to_midi(score))) == score


def test_reductions_differ_and_begin_with_the_arrangement() -> None:
    imported = import_midi(twinkle())
    found = reductions(imported, 6, seed=1)
    assert len({score.channels for score in found}) == 6
    assert found[0].channels == arranged(twinkle()).channels
    assert {score.grid for score in found} == {found[0].grid}
    assert reductions(imported, 6, seed=1) == found
    assert reductions(imported, 6, seed=2)[1:] != found[1:]


def test_a_style_moves_the_melody_by_octaves_where_all_of_it_stays_in_range() -> None:
    parts = import_midi(twinkle()).parts
    usual, higher, lower = (reduce(parts, Style(octave=octave)).melody for octave in (0, 1, -1))
    assert [note.pitch for note in higher] == [note.pitch + 12 for note in usual]
    assert [note.pitch for note in lower] == [note.pitch - 12 for note in usual]
    assert reduce(parts, Style(octave=4)).melody == usual


def test_drums_alone_have_one_reduction() -> None:
    assert len(reductions(import_midi(smf(bytes.fromhex("009924408360892400"))), 8, 0)) == 1


def test_a_file_with_the_four_channels_has_one_reduction() -> None:
    score = random_score(4)
    assert [found.channels for found in reductions(import_midi(midi_bytes(to_midi(score))), 5, 0)] == [score.channels]


def test_each_style_comes_once_and_the_default_first() -> None:
    found = list(styles(3))
    assert found[0] == Style()
    assert len(found) == len(set(found)) > 30
    assert set(found) == set(styles(4))
    assert list(islice(styles(4), 8)) != found[:8]


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


def test_a_file_without_playable_notes_is_refused() -> None:
    empty = Score(((), (), (), ()), 60)
    with pytest.raises(InputError, match="no notes"):
        arranged(midi_bytes(to_midi(empty)))
