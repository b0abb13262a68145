"""Forms of a song: parsed and rendered again, no repeat refers to hidden beats, and each part occurs once."""

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
def test_a_parsed_song_is_rendered_as_it_was(seed: int, sounds: bool) -> None:
    text = song(seed, sounds=sounds)
    tune = parse_tune(text)
    told = events_of(" ".join([*tune.head, *render(tune, range(len(tune.beats)))]))
    whole = events_of(text)[:-1]
    # An end inside the last beat is a time at which nothing happens. Forms end with a beat.
    assert told == whole[: len(told)]
    assert [event.partition(":")[0] for event in whole[len(told) :]] in ([], ["at"])


def test_words_are_split_as_they_were() -> None:
    text = song(0, sounds=True)
    tune = parse_tune(text)
    assert " ".join([*tune.head, *render(tune, range(len(tune.beats))), char("<end>")]).split() == text.split()


def test_a_phrase_starts_where_the_count_of_beats_restarts() -> None:
    tune = parse_tune(song(0))
    assert len(tune.beats) == 48
    assert phrases(tune) == [range(0, 16), range(16, 32), range(32, 48)]
    assert phrases(tune, 20) == [range(20, 32), range(32, 48)]


def parts_of(text: str) -> list[tuple[str, list[str]]]:
    """A form as (marker, events after it)."""
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
    tune = parse_tune(song(0))
    text = accompany_prompt(tune, given=[0, 2], written=[1, 3])
    parts = parts_of(text)
    assert [kind for kind, _ in parts] == ["", *["<given>"] * 2, "<then>", "<given>", "<then>", "<then>", "<end>"]
    head = parts[0][1]
    assert head[:4] == ["<bos>", "given:p1", "given:tr", "scene:boss"]
    for kind, events in parts[1:-1]:
        assert channels_in(events) <= ({"p1", "tr"} if kind == "<given>" else {"p2", "no"})
    # Everything in the song occurs once.
    everything = Counter(
        event for _, events in parts[1:] for event in events if not event.startswith(("at", "beat", "left"))
    )
    plain = Counter(event for event in events_of(song(0)) if event.startswith(("on", "off", "again", "env", "duty")))
    assert everything == plain


def test_an_accompaniment_starts_at_any_beat_and_ends_after_the_given_beats() -> None:
    parts = parts_of(accompany_prompt(parse_tune(song(0)), [1], [0, 2, 3], first=10, most=4))
    assert [kind for kind, _ in parts] == ["", "<given>", "<then>", "<end>"]
    assert parts[1][1][0] == parts[2][1][0] == "beat:10"


@pytest.mark.parametrize("seed", range(20))
def test_nothing_after_a_span_points_into_it(seed: int) -> None:
    tune = parse_tune(song(seed))
    count = len(tune.beats)
    span = range(count // 3, count // 3 + max(1, count // 5))
    parts = parts_of(infill_prompt(tune, count, span, count))
    assert [kind for kind, _ in parts] == ["", "<given>", "<given>", "<then>", "<end>"]
    beat = span.stop - 1
    for event in parts[2][1]:
        beat += event.startswith("beat:")
        if is_repeat(event):
            assert beat - int(event.rpartition(":")[2]) not in span
    assert sum(event.startswith("beat:") for event in parts[3][1]) == len(span)


@pytest.mark.parametrize("seed", range(20))
def test_the_text_around_a_span_is_the_song(seed: int) -> None:
    """The beats before, of and after a span, in order, read as the whole song."""
    text = song(seed)
    tune = parse_tune(text)
    count = len(tune.beats)
    span = range(count // 3, count // 3 + max(1, count // 5))
    parts = [
        *render(tune, range(span.start)),
        *render(tune, span),
        *render(tune, range(span.stop, count), hidden=span),
    ]
    found, whole = from_text(" ".join([*tune.head, *parts, char("<end>")])), from_text(text)
    for told, wanted in zip(bare(found), bare(whole), strict=True):
        # The last beat is complete even if the song ends inside it, so notes that last to the end get longer.
        assert [(note.start, note.pitch) for note in told] == [(note.start, note.pitch) for note in wanted]
        assert told[:-1] == wanted[:-1]


def test_a_part_alone_has_nothing_of_the_others() -> None:
    tune = parse_tune(song(0))
    for channel in ALL_CHANNELS:
        text = render_channels(tune, [channel])
        assert channels_in(events_of(text)) == {CHANNEL_NAMES[channel]}
        found = from_text(text).channels
        whole = from_text(song(0)).channels
        assert found[channel] == whole[channel]
        assert not any(notes for other, notes in enumerate(found) if other != channel)
