"""Names in MIDI files as text. The standard leaves their encoding open, so programs write that of their system."""

from __future__ import annotations

from collections.abc import Sequence

import chardet

WESTERN = "cp1252"
FOREIGN_SHARE = 0.3
"""The share of bytes beyond ASCII from which a name is not in a Latin alphabet, whose accented letters are few."""


def decode_names(names: Sequence[str]) -> list[str]:
    """Return names as text, without padding. names: the bytes of each as Latin-1. All of a file have one encoding."""
    raw = [name.encode("latin-1").strip(b"\0 ") for name in names]
    foreign = b"\n".join(name for name in raw if not name.isascii())
    encoding = _encoding(foreign)
    return [_decode(name, encoding) for name in raw]


def _encoding(text: bytes) -> str:
    """Return the encoding that is the likeliest for names beyond ASCII."""
    letters = [byte for byte in text if byte > 0x7F or chr(byte).isalnum()]
    if sum(byte > 0x7F for byte in letters) < FOREIGN_SHARE * max(len(letters), 1):
        return WESTERN
    return chardet.detect(text)["encoding"] or WESTERN


def _decode(name: bytes, encoding: str) -> str:
    for choice in ("utf-8", encoding, WESTERN):
        try:
            return name.decode(choice)
        except (UnicodeDecodeError, LookupError):
            continue
    return name.decode("latin-1")
