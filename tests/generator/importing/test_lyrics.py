"""The words of karaoke files: where they stand, how their lines are marked, in any encoding."""

from __future__ import annotations

import mido
import pytest

from generator.arranging.arrange import arrange
from generator.importing.importer import import_midi
from generator.protocol.requests import Request
from models.music.midi import midi_bytes, read_score, to_midi
from tests.generator.importing.test_instruments import BEAT, line, named, written

WORDS = ("Twin", "kle ", "twin", "kle ", "lit", "tle ", "star")


def words(kind: str, texts: tuple[str, ...], encoding: str = "utf-8", first: float = 0) -> list[mido.MetaMessage]:
    """A syllable a beat."""
    raw = [text.encode(encoding).decode("latin-1") for text in texts]
    return [mido.MetaMessage(kind, text=text, time=round((first + i) * BEAT)) for i, text in enumerate(raw)]


def lyrics(*tracks: list[mido.Message]) -> list[tuple[int, str]]:
    return list(import_midi(written([named("Tune"), *line(0)], *tracks)).lyrics)


SUNG = [(i * 30, ("\n" if i in (0, 4) else "") + text) for i, text in enumerate(WORDS)]


@pytest.mark.parametrize(
    ("kind", "mark", "header"),
    [
        ("lyrics", "\r", ()),
        ("lyrics", "\n", ()),
        ("lyrics", "/", ()),
        ("text", "\\", ("@KMIDI KARAOKE FILE", "@LENGL", "@TTwinkle")),
        ("text", "/", ("@KMIDI KARAOKE FILE",)),
    ],
)
def test_words_are_read_with_their_lines(kind: str, mark: str, header: tuple[str, ...]) -> None:
    texts = tuple(f"{mark}{text}" if i in (0, 4) else text for i, text in enumerate(WORDS))
    head = [mido.MetaMessage("text", text=text, time=0) for text in header]
    assert lyrics([named("Words"), *head, *words(kind, texts)]) == SUNG


def test_a_break_may_end_a_line_instead() -> None:
    texts = tuple(f"{text}\r" if i == 3 else text for i, text in enumerate(WORDS))
    assert lyrics(words("lyrics", texts)) == SUNG


def test_words_without_spaces_get_them() -> None:
    texts = ("Twin-", "kle", "twin-", "kle", "\rlit-", "tle", "star")
    assert [text.strip("\n") for _, text in lyrics(words("lyrics", texts))] == [*WORDS[:-1], "star "]


def test_long_songs_without_lines_are_broken_between_words() -> None:
    sung = lyrics(words("lyrics", ("Row ", "your ", "bo", "at ") * 20))
    begins = [i for i, (_, text) in enumerate(sung) if text.startswith("\n")]
    assert len(begins) > 1
    whole = "".join(text for _, text in sung).split("\n")[1:]
    assert max(map(len, whole)) <= 60
    assert not any(line.startswith("at") for line in whole)


@pytest.mark.parametrize(
    ("encoding", "texts"),
    [
        ("shift_jis", ("きら", "きら", "ひか", "る", "おそ", "らの", "ほし", "よ")),
        ("cp1251", ("Мер", "цай, ", "мер", "цай, ", "звёз", "доч", "ка ", "моя")),
        ("utf-8", ("Fun", "kle, ", "fun", "kle, ", "klei", "ner ", "Stern, ", "größer")),
    ],
)
def test_words_are_read_in_any_encoding(encoding: str, texts: tuple[str, ...]) -> None:
    found = "".join(text for _, text in lyrics(words("lyrics", texts, encoding)))
    assert found.strip().replace(" ", "") == "".join(texts).replace(" ", "")


def test_remarks_are_no_words() -> None:
    assert lyrics(words("text", ("made", "by", "me", "in", "1999"))) == []
    assert lyrics(words("lyrics", ("la", "la"))) == []


def test_words_stay_with_the_tune_at_another_tempo_and_in_its_file() -> None:
    late = [message.copy(time=message.time + 24 * BEAT) for message in line(0)]
    data = written([named("Tune"), *late], words("lyrics", WORDS, first=24))
    tune = arrange(Request(mode="arrange", upload="0" * 64, bpm=60), data).score
    assert [frame for frame, _ in tune.lyrics] == [i * 60 for i in range(len(WORDS))]
    assert read_score(midi_bytes(to_midi(tune))).lyrics == tune.lyrics
