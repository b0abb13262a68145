"""Names of tracks in the encodings that people's systems had."""

from __future__ import annotations

import pytest

from generator.importing.text import decode_names


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("shift_jis", ["メロディ", "ベース", "Piano"]),
        ("shift_jis", ["きら", "ひか", "る"]),
        ("cp1250", ["Žluťoučký", "příliš"]),
        ("iso8859_7", ["Μελωδία", "Μπάσο"]),
        ("koi8_r", ["Мелодия", "Бас"]),
        ("big5", ["主旋律", "貝斯"]),
        ("euc_jp", ["メロディ", "ベース"]),
        ("cp1251", ["Мелодия", "Бас", "Drums"]),
        ("cp1251", ["Ударные", "Гитара"]),
        ("cp949", ["멜로디", "베이스"]),
        ("gbk", ["主旋律", "贝斯"]),
        ("cp1252", ["Flöte", "Général", "Baß"]),
        ("utf-8", ["Flöte", "ドラム", "Мелодия"]),
        ("ascii", ["Lead", "", "Bass"]),
    ],
)
def test_names_are_read_in_the_encoding_of_the_file(encoding: str, names: list[str]) -> None:
    assert decode_names([name.encode(encoding).decode("latin-1") + "\0\0" for name in names]) == names
