"""A corpus of NES-MDB itself, where its archive lies beside the project."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from generator.corpus.build import BOTH_SIDES, COPY, Options, build
from models.music.midi import read_score
from models.music.songs import TRAIN_FILE, VALID_FILE, read_songs
from tests.conftest import ROOT

ARCHIVE = ROOT.parent / "shared" / "data" / "nesmdb.tar.xz"

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not ARCHIVE.exists(), reason=f"the NES-MDB archive is not at {ARCHIVE}"),
]


def test_songs_are_stored_exactly_and_on_their_side(tmp_path: Path) -> None:
    entries = build([ARCHIVE], tmp_path, Options(limit=120), lambda read, _: read)
    assert len(entries) == 120
    fit = [entry for entry in entries if entry.side]
    assert len(fit) > 100
    assert all(entry.side == entry.origin.side for entry in fit)
    assert not any(entry.reason == BOTH_SIDES for entry in entries)
    assert sum(entry.reason == COPY for entry in entries) < 10
    files = {entry.parts[-1]: "/".join(entry.parts[1:]) for entry in entries}
    with tarfile.open(ARCHIVE) as archive:
        for song in [*read_songs(tmp_path / TRAIN_FILE), *read_songs(tmp_path / VALID_FILE)]:
            member = archive.extractfile(files[f"{song.name}.mid"])
            assert member is not None
            assert song.real
            assert song.score == read_score(member.read())
