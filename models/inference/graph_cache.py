"""Keeps the graphs of networks in the user's cache folder, so that only the first start has to make them.

A file's name has a digest of what the graph is made from. Its first bytes are a digest of the rest, so that a damaged
file is noticed and made again.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

from models.cache import cache_folder, write_atomically

DIGEST_BYTES = 32

log = logging.getLogger(__name__)


def cached_graph(sources: list[Path], name: str, make: Callable[[], bytes]) -> bytes:
    """Return a graph from the cache; make and keep it if it is not there, or damaged.

    sources: the files that it is made from, those of the program included. If the folder cannot be written, the graph
    is made every time.
    """
    digest = hashlib.sha256(name.encode())
    for source in sources:
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    path = cache_folder() / "graphs" / f"{digest.hexdigest()[:32]}.graph"
    found = _read(path)
    if found is None:
        found = make()
        try:
            write_atomically(path, hashlib.sha256(found).digest() + found)
        except OSError as error:
            log.warning("The network's graph cannot be kept, so every start makes it: %s", error)
    return found


def _read(path: Path) -> bytes | None:
    """Return the graph in a file, or None if there is none that is whole."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, found = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
    return found if hashlib.sha256(found).digest() == digest else None
