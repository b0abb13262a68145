"""Forms of a song: taken apart and told again, nothing that is hidden is pointed to, and each part comes once."""

from collections import Counter

import pytest

from models.music.score import CHANNEL_NAMES
from models.tokens.codec import from_text, to_text
from models.tokens.prompts import (
    ALL_CHANNELS,
    accompany_prompt,
    infill_prompt,
    parse_tune,
    phrases,
    render,
    render_channels,
)
from models.tokens.vocabulary import char, event_of, is_repeat
from tests.models.tiny import codebook
from tests.music import bare, loop_of, random_score, scale


def events_of(text: str) -> list[str]:
    return [event_of(character) for character in text if character != " "]


def song(seed: int, *, sounds: bool = False) -> str:
    score = loop_of(scale(480), 3) if seed == 0 else loop_of(random_score(seed), 4)
    return to_text(
        score, ["scene:boss"], codebook=codebook() if sounds else None, repeats=True, countdown=seed % 2 == 0
    )


@pytest.mark.parametrize("sounds", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_a_song_taken_apart_is_told_as_it_was(seed: int, sounds: bool) -> None:
    text = song(seed, sounds=sounds)
    sheet = parse_tune(text)
    told = events_of(" ".join([*sheet.head, *render(sheet, range(len(sheet.beats)))]))
    whole = events_of(text)[:-1]
    # An end that lies inside the last beat is a time at which nothing happens; forms end with a beat.
    assert told == whole[: len(told)]
    assert [event.partition(":")[0] for event in whole[len(told) :]] in ([], ["at"])


def test_words_are_split_as_they_were() -> None:
    text = song(0, sounds=True)
    sheet = parse_tune(text)
    assert " ".join([*sheet.head, *render(sheet, range(len(sheet.beats))), char("<end>")]).split() == text.split()


def test_a_phrase_begins_where_the_beats_are_counted_anew() -> None:
    sheet = parse_tune(song(0))
    assert len(sheet.beats) == 48
    assert phrases(sheet) == [range(0, 16), range(16, 32), range(32, 48)]
    assert phrases(sheet, 20) == [range(20, 32), range(32, 48)]


def parts_of(text: str) -> list[tuple[str, list[str]]]:
    """(marker, events after it) of a form."""
    parts: list[tuple[str, list[str]]] = [("", [])]
    for event in events_of(text):
        if event in ("<given>", "<then>", "<end>"):
            parts.append((event, []))
        else:
            parts[-1][1].append(event)
    return parts


def channels_in(events: list[str]) -> set[str]:
    return {event.split(":")[1] for event in events if event.startswith(("on:", "off:", "again:"))}


def test_an_accompaniment_sees_one_phrase_ahead_and_writes_only_its_own_channels() -> None:
    sheet = parse_tune(song(0))
    text = accompany_prompt(sheet, given=[0, 2], written=[1, 3])
    parts = parts_of(text)
    assert [kind for kind, _ in parts] == ["", *["<given>"] * 2, "<then>", "<given>", "<then>", "<then>", "<end>"]
    head = parts[0][1]
    assert head[:4] == ["<bos>", "given:p1", "given:tr", "scene:boss"]
    for kind, events in parts[1:-1]:
        assert channels_in(events) <= ({"p1", "tr"} if kind == "<given>" else {"p2", "no"})
    # All that the song tells is told once.
    everything = Counter(
        event for _, events in parts[1:] for event in events if not event.startswith(("at", "beat", "left"))
    )
    plain = Counter(event for event in events_of(song(0)) if event.startswith(("on", "off", "again", "env", "duty")))
    assert everything == plain


def test_an_accompaniment_begins_at_any_beat_and_ends_after_the_beats_asked_for() -> None:
    parts = parts_of(accompany_prompt(parse_tune(song(0)), [1], [0, 2, 3], first=10, most=4))
    assert [kind for kind, _ in parts] == ["", "<given>", "<then>", "<end>"]
    assert parts[1][1][0] == parts[2][1][0] == "beat:10"


@pytest.mark.parametrize("seed", range(20))
def test_nothing_after_a_span_points_into_it(seed: int) -> None:
    sheet = parse_tune(song(seed))
    count = len(sheet.beats)
    span = range(count // 3, count // 3 + max(1, count // 5))
    parts = parts_of(infill_prompt(sheet, count, span, count))
    assert [kind for kind, _ in parts] == ["", "<given>", "<given>", "<then>", "<end>"]
    beat = span.stop - 1
    for event in parts[2][1]:
        beat += event.startswith("beat:")
        if is_repeat(event):
            assert beat - int(event.rpartition(":")[2]) not in span
    assert sum(event.startswith("beat:") for event in parts[3][1]) == len(span)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_told_around_a_span_is_the_song(seed: int) -> None:
    """Before, span and after, put in order, read as the whole song."""
    text = song(seed)
    sheet = parse_tune(text)
    count = len(sheet.beats)
    span = range(count // 3, count // 3 + max(1, count // 5))
    parts = [
        *render(sheet, range(span.start)),
        *render(sheet, span),
        *render(sheet, range(span.stop, count), hidden=span),
    ]
    found, whole = from_text(" ".join([*sheet.head, *parts, char("<end>")])), from_text(text)
    for told, wanted in zip(bare(found), bare(whole), strict=True):
        # The last beat is told whole, though the song may end inside it: what rings to the end rings longer.
        assert [(note.start, note.pitch) for note in told] == [(note.start, note.pitch) for note in wanted]
        assert told[:-1] == wanted[:-1]


def test_a_part_alone_has_nothing_of_the_others() -> None:
    sheet = parse_tune(song(0))
    for channel in ALL_CHANNELS:
        text = render_channels(sheet, [channel])
        assert channels_in(events_of(text)) == {CHANNEL_NAMES[channel]}
        found = from_text(text).channels
        whole = from_text(song(0)).channels
        assert found[channel] == whole[channel]
        assert not any(notes for other, notes in enumerate(found) if other != channel)
