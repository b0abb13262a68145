"""Songs of NES-MDB survive every conversion, if the archive lies beside the project."""

from __future__ import annotations

import tarfile
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from models.music.midi import midi_bytes, read_score, to_midi, to_nesmdb
from models.music.score import Score
from models.tokens.codec import from_text, row_clock, to_text
from models.training.evaluate import note_events
from tests.conftest import ROOT

ARCHIVE = ROOT.parent / "shared" / "data" / "nesmdb.tar.xz"
SONGS = 20

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not ARCHIVE.exists(), reason=f"the NES-MDB archive is not at {ARCHIVE}"),
]


@pytest.fixture(scope="session")
def nesmdb(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Some songs of the validation part, drawn by a seed."""
    folder = tmp_path_factory.mktemp("nesmdb")
    with tarfile.open(ARCHIVE) as archive:
        valid = sorted(
            (m for m in archive.getmembers() if "valid" in m.name.split("/") and m.name.endswith(".mid")),
            key=lambda member: member.name,
        )
        for member in Random(0).sample(valid, SONGS):
            archive.extract(member, folder, filter="data")
    return sorted(folder.rglob("*.mid"))


@pytest.fixture(scope="session")
def scores(nesmdb: list[Path]) -> list[Score]:
    return [read_score(path) for path in nesmdb]


def test_songs_are_read(scores: list[Score]) -> None:
    assert len(scores) == SONGS
    assert sum(score.note_count for score in scores) > 5000


def test_both_midi_forms_give_them_back(scores: list[Score]) -> None:
    for score in scores:
        assert read_score(midi_bytes(to_nesmdb(score))) == score
        tune = replace(score, grid=row_clock(score).to_grid())
        assert read_score(midi_bytes(to_midi(tune))) == tune


def test_tokens_keep_every_note(scores: list[Score]) -> None:
    for score in scores:
        found = from_text(to_text(score))
        assert note_events(found) == note_events(score)
        assert found.frames == score.frames


def test_most_onsets_lie_on_rows(scores: list[Score]) -> None:
    on = total = 0
    for score in scores:
        clock = row_clock(score)
        starts = [note.start for _, note in score.notes()]
        on += sum(clock.row(clock.row_of(start)) == start for start in starts)
        total += len(starts)
    assert on > 0.4 * total
