"""Forms of a song: taken apart and told again, nothing that is hidden is pointed to, and each part comes once."""

from collections import Counter

import pytest

from models.forms import EVERY, accompany, infill, only, read_sheet, tell, tell_again
from models.score import CHANNEL_NAMES
from models.tokens import from_text, to_text
from models.vocabulary import char, event_of, is_repeat
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
    sheet = read_sheet(text)
    told = events_of(" ".join([*sheet.head, *tell(sheet, range(len(sheet.beats)))]))
    whole = events_of(text)[:-1]
    # An end that lies inside the last beat is a time at which nothing happens; forms end with a beat.
    assert told == whole[: len(told)]
    assert [event.partition(":")[0] for event in whole[len(told) :]] in ([], ["at"])


def test_words_are_split_as_they_were() -> None:
    text = song(0, sounds=True)
    sheet = read_sheet(text)
    assert " ".join([*sheet.head, *tell(sheet, range(len(sheet.beats))), char("<end>")]).split() == text.split()


def test_what_a_song_is_told_to_be_is_told_again_as_each_phrase_begins() -> None:
    text = tell_again(song(0), lambda beat: [f"phrase:{beat // 16}", "left:3"])
    sheet = read_sheet(text)
    told = {i: [event_of(word) for word in beat.opening[1:3]] for i, beat in enumerate(sheet.beats) if i % 16 == 0}
    assert told == {0: ["phrase:0", "left:3"], 16: ["phrase:1", "left:3"], 32: ["phrase:2", "left:3"]}
    assert sum(event.startswith("phrase:") for event in events_of(text)) == 3
    assert bare(from_text(text)) == bare(from_text(song(0)))


def test_a_song_that_begins_within_a_phrase_is_told_at_once_what_it_is() -> None:
    text = song(0).replace(char("beat:0"), char("beat:9"), 1)
    told = tell_again(text[: text.index(char("beat:2"))], lambda beat: [f"phrase:{beat}"])
    assert [event for event in events_of(told) if event.startswith(("beat:", "phrase:"))][:3] == [
        "beat:9",
        "phrase:0",
        "beat:1",
    ]


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


@pytest.mark.parametrize("ahead", [0, 1, 4])
def test_an_accompaniment_hears_some_beats_ahead_and_writes_only_its_own_channels(ahead: int) -> None:
    sheet = read_sheet(tell_again(song(0), lambda _: ["scene:boss", "phrase:2"]))
    parts = parts_of(accompany(sheet, given=[0, 2], written=[1, 3], ahead=ahead))
    beats = len(sheet.beats)
    kinds = [kind for kind, _ in parts]
    assert kinds[: ahead + 3] == ["", *["<given>"] * (ahead + 1), "<then>"]
    assert kinds.count("<given>") == kinds.count("<then>") == beats
    assert kinds[-1] == "<end>"
    head = parts[0][1]
    assert head[:4] == ["<bos>", "given:p1", "given:tr", "scene:boss"]
    heard = written = 0
    for kind, events in parts[1:-1]:
        assert channels_in(events) <= ({"p1", "tr"} if kind == "<given>" else {"p2", "no"})
        heard, written = heard + (kind == "<given>"), written + (kind == "<then>")
        assert kind == "<given>" or heard == min(beats, written + ahead)
        assert events[0] == f"beat:{((heard if kind == '<given>' else written) - 1) % 16}"
        assert kind == "<then>" or not any(event.startswith(("scene", "phrase", "left")) for event in events)
    # All that the song tells is told once.
    everything = Counter(
        event for _, events in parts[1:] for event in events if event.startswith(("on", "off", "again", "env", "duty"))
    )
    plain = Counter(event for event in events_of(song(0)) if event.startswith(("on", "off", "again", "env", "duty")))
    assert everything == plain


def test_an_accompaniment_begins_at_any_beat_and_ends_after_the_beats_asked_for() -> None:
    parts = parts_of(accompany(read_sheet(song(0)), [1], [0, 2, 3], range(10, 12), ahead=1))
    assert [kind for kind, _ in parts] == ["", "<given>", "<given>", "<then>", "<then>", "<end>"]
    assert [events[0] for _, events in parts[1:-1]] == ["beat:10", "beat:11"] * 2
    late = parts_of(accompany(read_sheet(song(0)), [1], [0], range(46, 99)))
    assert [events[0] for _, events in late[1:-1]] == ["beat:14", "beat:14", "beat:15", "beat:15"]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_after_a_span_points_into_it(seed: int) -> None:
    sheet = read_sheet(song(seed))
    count = len(sheet.beats)
    span = range(count // 3, count // 3 + max(1, count // 5))
    parts = parts_of(infill(sheet, count, span, count))
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
    sheet = read_sheet(text)
    count = len(sheet.beats)
    span = range(count // 3, count // 3 + max(1, count // 5))
    parts = [*tell(sheet, range(span.start)), *tell(sheet, span), *tell(sheet, range(span.stop, count), hidden=span)]
    found, whole = from_text(" ".join([*sheet.head, *parts, char("<end>")])), from_text(text)
    for told, wanted in zip(bare(found), bare(whole), strict=True):
        # The last beat is told whole, though the song may end inside it: what rings to the end rings longer.
        assert [(note.start, note.pitch) for note in told] == [(note.start, note.pitch) for note in wanted]
        assert told[:-1] == wanted[:-1]


def test_a_part_alone_has_nothing_of_the_others() -> None:
    sheet = read_sheet(song(0))
    for channel in EVERY:
        text = only(sheet, [channel])
        assert channels_in(events_of(text)) == {CHANNEL_NAMES[channel]}
        found = from_text(text).channels
        whole = from_text(song(0)).channels
        assert found[channel] == whole[channel]
        assert not any(notes for other, notes in enumerate(found) if other != channel)
