"""Copies a checkpoint into another folder in pieces of a limited size, for machines that return only small files.

`cat checkpoint.tar.* | tar x` puts the files together again.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

PIECE_BYTES = 15_000_000
PIECE_NAME = "checkpoint.tar"


def write_pieces(files: Sequence[Path], folder: Path, most: int = PIECE_BYTES) -> list[Path]:
    """Write files as one archive, cut into pieces of `most` bytes. Return the pieces in order.

    Each piece is replaced whole. Pieces of an earlier, longer archive are removed.
    """
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for file in files:
            tar.add(file, arcname=file.name)
    folder.mkdir(parents=True, exist_ok=True)
    packed = archive.getbuffer()
    pieces = []
    for number, start in enumerate(range(0, len(packed), most)):
        piece = folder / f"{PIECE_NAME}.{number:02}"
        new = piece.with_suffix(".new")
        new.write_bytes(packed[start : start + most])
        new.replace(piece)
        pieces.append(piece)
    for old in set(folder.glob(f"{PIECE_NAME}.*")) - set(pieces):
        old.unlink()
    return pieces
