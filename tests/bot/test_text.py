"""Texts and names as people send them, nasty ones too."""

from __future__ import annotations

import pytest

from bot.text import clean_file_name, plain


@pytest.mark.parametrize(
    ("typed", "seen"),
    [
        ("Sunken Bridge", "Sunken Bridge"),
        ("two\nlines\tand\r\ntabs", "two lines and tabs"),
        ("gnp.\u202e\u2066exe", "gnp.exe"),
        ("a\u200bb\u200d\ufeffc\u00ad", "abc"),
        ("\u2800\u3164\u115f\uffa0", ""),
        ("\x00nul\x1b[31m", "nul[31m"),
        ("tag\U000e0041\U000e0100", "tag"),
        ("Z\u0301\u0302\u0303\u0304\u0305o", "Z\u0301\u0302o"),
        ("Ünïcödé 音楽 🎮", "Ünïcödé 音楽 🎮"),
        ("a \u200b b", "a b"),
        ("", ""),
    ],
)
def test_only_what_can_be_seen_is_kept(typed: str, seen: str) -> None:
    assert plain(typed, 40) == seen


def test_a_long_text_is_cut_and_says_so() -> None:
    assert plain("word " * 20, 11) == "word word…"
    assert plain("x" * 11, 11) == "x" * 11


def test_a_file_s_name_is_its_last_part_without_hidden_characters() -> None:
    assert clean_file_name("C:\\songs\\my\u202edim.mid") == "mydim.mid"
    assert clean_file_name("../../\u200b") is None
