"""Names in MIDI files as text. The standard leaves their encoding open, so programs write that of their system."""

from __future__ import annotations

from collections.abc import Sequence

import chardet

WESTERN, JAPANESE = "cp1252", "cp932"
KANA = frozenset(map(chr, range(0x3041, 0x3100)))
MOSTLY = 0.5
FOREIGN_SHARE = 0.3
"""The share of bytes beyond ASCII from which a name is not in a Latin alphabet, whose accented letters are few."""


def decode_names(names: Sequence[str]) -> list[str]:
    """Return names as text, without padding. names: the bytes of each as Latin-1. All of a file have one encoding."""
    return _decoded([name.encode("latin-1").strip(b"\0 ") for name in names])


def decode_texts(texts: Sequence[str]) -> list[str]:
    """Return texts, such as syllables, as `decode_names` does, with their spaces."""
    return _decoded([text.encode("latin-1") for text in texts])


def _decoded(raw: Sequence[bytes]) -> list[str]:
    """Return texts of one encoding."""
    foreign = b"\n".join(name for name in raw if not name.isascii())
    encoding = _encoding(foreign)
    return [_decode(name, encoding) for name in raw]


def _encoding(text: bytes) -> str:
    """Return the encoding that is the likeliest for names beyond ASCII."""
    letters = [byte for byte in text if byte > 0x7F or chr(byte).isalnum()]
    if sum(byte > 0x7F for byte in letters) < FOREIGN_SHARE * max(len(letters), 1):
        return WESTERN
    if _is_kana(text):
        return JAPANESE
    return chardet.detect(text, encoding_era=chardet.EncodingEra.MODERN_WEB)["encoding"] or WESTERN


def _is_kana(text: bytes) -> bool:
    """Return whether a text is mostly kana, which other encodings hardly write by chance and chardet may miss."""
    try:
        letters = text.decode(JAPANESE)
    except UnicodeDecodeError:
        return False
    beyond = [letter for letter in letters if not letter.isascii()]
    return sum(letter in KANA for letter in beyond) > MOSTLY * len(beyond)


def _decode(name: bytes, encoding: str) -> str:
    for choice in ("utf-8", encoding, WESTERN):
        try:
            return name.decode(choice)
        except (UnicodeDecodeError, LookupError):
            continue
    return name.decode("latin-1")
