"""Notes on staves, by what music21 reads in the files: the same notes as the score, in both forms."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from music21 import converter

from generator.exporting.notation import sheet_music, write_abc, write_musicxml
from models.music.score import NO, Grid, Note, Score
from tests.music import random_score, scale

Read = list[tuple[float, float, int]]


def read(path: Path) -> list[Read]:
    """(start, length, pitch) of every part, in quarters, ties joined."""
    found = []
    for part in converter.parse(path, format="abc" if path.suffix == ".abc" else "musicxml").parts:
        notes = [note for note in part.stripTies().flatten().notes if note.isNote]
        found.append([(float(note.offset), float(note.quarterLength), note.pitch.midi) for note in notes])
    return found


def test_both_formats_have_the_notes_of_the_score(tmp_path: Path) -> None:
    score = scale()
    write_musicxml(score, "Scale", tmp_path / "scale.musicxml")
    write_abc(score, "Scale", tmp_path / "scale.abc")
    sheet = sheet_music(score, "Scale")
    wanted = [[(n.start / 8, (n.end - n.start) / 8, n.pitch) for n in line] for line in sheet.notes[:NO]]
    assert read(tmp_path / "scale.musicxml")[:NO] == wanted
    assert read(tmp_path / "scale.abc")[:NO] == wanted
    assert [start for start, _, _ in wanted[0]] == [i / 2 for i in range(16)]
    assert (sheet.key, sheet.bpm, sheet.bars) == ("C", 120, 2)


@pytest.mark.parametrize("seed", range(6))
def test_accidentals_ties_and_bars_come_back_from_any_score(tmp_path: Path, seed: int) -> None:
    score = random_score(seed)
    write_abc(score, score.title, tmp_path / "tune.abc")
    write_musicxml(score, score.title, tmp_path / "tune.musicxml")
    xml = iter(read(tmp_path / "tune.musicxml"))
    for line, abc in zip(sheet_music(score, "").notes[:NO], read(tmp_path / "tune.abc"), strict=False):
        wanted = [(n.start / 8, n.pitch) for n in line]
        assert [(start, pitch) for start, _, pitch in abc] == wanted
        if line:
            assert [(start, pitch) for start, _, pitch in next(xml)] == wanted


def test_notes_before_bar_1_are_in_a_bar_before_it() -> None:
    late = replace(scale(), grid=Grid((7, 8), start=30))
    assert sheet_music(late, "").notes[0][0].start == 3 * 8  # the last beat of that bar
    early = replace(scale(), grid=Grid((7, 8), start=-30))
    assert sheet_music(early, "").notes[0][0].start == 8


def test_of_an_arpeggio_inside_a_32nd_the_longest_note_is_written() -> None:
    fast = (Note(0, 1, 60), Note(1, 3, 64), Note(3, 60, 67))
    sheet = sheet_music(Score((fast, (), (), ()), 60, Grid((15,))), "")
    assert [(n.start, n.end, n.pitch) for n in sheet.notes[0]] == [(0, 8, 67)]


@pytest.mark.parametrize(
    ("key", "fifths"), [("C", 0), ("G", 1), ("F", -1), ("Bbm", -5), ("F#m", 3), ("Am", 0), ("B", 5), ("Ebm", -6)]
)
def test_the_key_signature_is_the_keys(key: str, fifths: int) -> None:
    assert replace(sheet_music(scale(), ""), key=key).fifths == fifths


def test_an_empty_score_is_a_bar_of_rests(tmp_path: Path) -> None:
    write_abc(Score(((), (), (), ()), 60), "", tmp_path / "tune.abc")
    write_musicxml(Score(((), (), (), ()), 60), "", tmp_path / "tune.musicxml")
    assert "T:Untitled" in (tmp_path / "tune.abc").read_text().splitlines()
