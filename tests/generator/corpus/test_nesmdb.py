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


def test_its_songs_are_kept_exactly_and_on_their_side(tmp_path: Path) -> None:
    pieces = build([ARCHIVE], tmp_path, Options(limit=120), lambda read, _: read)
    assert len(pieces) == 120
    fit = [piece for piece in pieces if piece.side]
    assert len(fit) > 100
    assert all(piece.side == piece.place.side for piece in fit)
    assert not any(piece.reason == BOTH_SIDES for piece in pieces)
    assert sum(piece.reason == COPY for piece in pieces) < 10
    files = {piece.parts[-1]: "/".join(piece.parts[1:]) for piece in pieces}
    with tarfile.open(ARCHIVE) as archive:
        for song in [*read_songs(tmp_path / TRAIN_FILE), *read_songs(tmp_path / VALID_FILE)]:
            member = archive.extractfile(files[f"{song.name}.mid"])
            assert member is not None
            assert song.real
            assert song.score == read_score(member.read())
