"""Scores to words and tokens and back: no note is lost."""

import json
import shutil
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from models.music.keys import KEYS
from models.music.score import CHANNEL_NAMES, CHANNELS, Grid, Note, Score, fold_pitch
from models.tokens.codec import decode, from_text, to_text
from models.tokens.sounds import CodebookError
from models.tokens.tokenizer import (
    knows_plans,
    knows_repeats,
    knows_sounds,
    load_codebook,
    load_tokenizer,
    token_events,
    token_id,
    train_tokenizer,
)
from models.tokens.vocabulary import (
    EVENTS,
    VERSION,
    TokenError,
    char,
    event_of,
    is_control,
    is_repeat,
    is_sound,
    transposition,
)
from models.weights import DEFAULT_MODEL_FOLDER as SHIPPED
from tests.models.tiny import codebook
from tests.models.tiny import tokenizer as tiny_tokenizer
from tests.music import bare, loop_of, random_score, scale


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer((to_text(random_score(seed)) for seed in range(20)), 1000)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("grid", [True, False], ids=["grid known", "grid found"])
def test_every_note_comes_back_from_text_and_from_tokens(tokenizer: Tokenizer, seed: int, *, grid: bool) -> None:
    score = random_score(seed, grid=grid)
    text = to_text(score, ["scene:boss", "key:F#m"], countdown=seed % 2 == 0)
    for found in (from_text(text), decode(tokenizer, tokenizer.encode(text).ids)):
        assert found.channels == bare(score)
        assert found.frames == score.frames


def test_tokens_spell_the_events_that_they_were_made_of(tokenizer: Tokenizer) -> None:
    text = to_text(scale())
    ids = tokenizer.encode(text).ids
    events = [event for i in ids for event in token_events(tokenizer)[i]]
    assert events == [event_of(character) for character in text if character != " "]
    assert len(ids) < len(events)
    assert {(event,) for event in EVENTS if not (is_sound(event) or is_repeat(event))} <= set(token_events(tokenizer))


def test_tokens_never_cross_a_beat(tokenizer: Tokenizer) -> None:
    for events in token_events(tokenizer):
        kinds = {event.partition(":")[0] for event in events}
        assert len(events) == 1 or kinds <= {"at", "on", "off"}


@pytest.mark.parametrize("frames", [0, 1, 29, 30, 31, 10_000])
def test_silence_of_any_length_comes_back(frames: int) -> None:
    silence = Score(((), (), (), ()), frames, Grid((7, 8)))
    assert from_text(to_text(silence)).frames == frames


def test_a_countdown_announces_the_last_sixteen_beats() -> None:
    events = [event_of(c) for c in to_text(scale(30 * 40), countdown=True) if c != " "]
    assert [event for event in events if event.startswith("left:")] == [f"left:{n}" for n in range(16, 0, -1)]


def test_contradictions_are_refused() -> None:
    def text(*events: str) -> str:
        return " ".join(char(event) for event in events)

    with pytest.raises(TokenError, match="before the first beat"):
        from_text(text("<bos>", "frames:30", "at:0.0"))
    with pytest.raises(TokenError, match="beat 5 after 1 beats"):
        from_text(text("beat:0", "beat:5"))


def test_a_tokenizer_of_another_vocabulary_is_refused() -> None:
    other = Tokenizer.from_str(train_tokenizer(["ab"], 10).to_str().replace(char("beat:3"), "z"))
    with pytest.raises(TokenError, match="does not know beat:3"):
        token_id(other, "beat:3")


@pytest.mark.parametrize("semitones", range(-5, 7))
def test_transposing_moves_every_pitch_and_key_and_nothing_else(semitones: int) -> None:
    table = transposition(semitones)
    for i, key in enumerate(KEYS):
        moved = event_of(char(f"key:{key}").translate(table))
        assert moved == f"key:{KEYS[i // 12 * 12 + (i + semitones) % 12]}"
    for spec in CHANNELS[:3]:
        for pitch in range(spec.lowest, spec.highest + 1):
            moved = event_of(char(f"on:{spec.name}:{pitch}").translate(table))
            assert moved == f"on:{spec.name}:{fold_pitch(spec, pitch + semitones)}"
    for event in EVENTS:
        if not event.startswith(("key:", "on:p", "on:tr")):
            assert char(event).translate(table) == char(event)


@pytest.mark.parametrize("semitones", [-5, 0, 6])
def test_a_transposed_text_reads_as_the_transposed_score(semitones: int) -> None:
    score = scale()
    found = from_text(to_text(score).translate(transposition(semitones)))
    for spec, before, after in zip(CHANNELS, bare(score), found.channels, strict=True):
        up = 0 if spec.name == "no" else semitones
        assert after == tuple(Note(n.start, n.end, fold_pitch(spec, n.pitch + up)) for n in before)


def test_every_event_has_a_character_of_its_own() -> None:
    assert len(set(map(char, EVENTS))) == len(EVENTS) == len(set(EVENTS))
    assert all(event_of(char(event)) == event for event in EVENTS)
    assert {event.partition(":")[0] for event in EVENTS if is_control(event)} == {
        "scene", "key", "left", "console", "length", "given", "<bos>", "<pad>",
    }  # fmt: skip


# --- models without sounds, and with them ------------------------------------------------------------------------


def test_the_first_version_s_events_have_kept_their_characters() -> None:
    first = [event for event in EVENTS[:813] if not (is_sound(event) or is_repeat(event))]
    assert first == list(EVENTS[:479])
    assert (event_of("\ue000"), event_of("\ue1de")) == ("<pad>", "on:no:16")
    assert EVENTS[479:][:210] == tuple(filter(is_sound, EVENTS))


def test_the_model_that_ships_knows_its_events() -> None:
    shipped = load_tokenizer(SHIPPED)
    alone = {events[0] for events in token_events(shipped) if len(events) == 1}
    assert alone == {
        event
        for event in EVENTS
        if (knows_sounds(shipped) or not is_sound(event))
        and (knows_repeats(shipped) or not is_repeat(event))
        and (knows_plans(shipped) or event in EVENTS[:813])
    }
    assert (load_codebook(SHIPPED, shipped) is not None) == knows_sounds(shipped)


def test_a_model_of_a_version_to_come_is_refused(tmp_path: Path, tiny_model: Path) -> None:
    shutil.copy(tiny_model / "tokenizer.json", tmp_path)
    for version in range(VERSION + 2):
        (tmp_path / "chiptune.json").write_text(json.dumps({"vocabulary_version": version}))
        if version in (0, VERSION + 1):
            with pytest.raises(TokenError, match="another version of this program"):
                load_tokenizer(tmp_path)
        else:
            assert load_tokenizer(tmp_path).to_str() == load_tokenizer(tiny_model).to_str()


def test_a_codebook_and_a_tokenizer_that_do_not_match_are_refused(
    tmp_path: Path, tiny_model: Path, sound_model: Path
) -> None:
    with pytest.raises(CodebookError, match="No such file"):
        load_codebook(tmp_path, load_tokenizer(sound_model))
    shutil.copy(sound_model / "sounds.json", tmp_path)
    assert load_codebook(tmp_path, load_tokenizer(sound_model)) is not None
    with pytest.raises(TokenError, match="knows no sounds"):
        load_codebook(tmp_path, load_tokenizer(tiny_model))


def test_no_token_mixes_composition_and_sounds_and_an_envelope_merges_with_its_duty() -> None:
    spelling = token_events(tiny_tokenizer(sounds=True))
    assert {len(set(map(is_sound, events))) for events in spelling} == {1}
    assert {(event,) for event in EVENTS} <= set(spelling)
    merged = [[event.split(":")[0] for event in events] for events in spelling if len(events) > 1]
    assert ["env", "duty"] in merged


@pytest.mark.parametrize("seed", range(12))
def test_a_score_with_sounds_comes_back_from_tokens_as_from_text(seed: int) -> None:
    score, known, book = random_score(seed), tiny_tokenizer(sounds=True), codebook()
    text = to_text(score, codebook=book)
    found = decode(known, known.encode(text).ids, book)
    assert found == from_text(text, book)
    assert bare(found) == bare(score)


# --- repeats -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sounds", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_a_score_comes_back_from_its_repeats(seed: int, sounds: bool) -> None:
    score = loop_of(random_score(seed), 6)
    book = codebook() if sounds else None
    text = to_text(score, codebook=book, repeats=True)
    assert bare(from_text(text, book)) == bare(score)
    known = tiny_tokenizer(sounds=True)
    if sounds:
        assert decode(known, known.encode(text).ids, book) == from_text(text, book)


def test_repeats_are_not_written_again() -> None:
    score = scale(60 * 30)
    plain, short = to_text(score), to_text(score, repeats=True)
    assert len(short) < 0.4 * len(plain)
    assert from_text(short) == from_text(plain)
    second_half = short[len(short) // 2 :]
    assert not any(event_of(c).startswith("on:") for c in second_half if c != " ")


def test_repeats_stand_at_the_beginning_of_a_beat_in_the_order_of_the_channels() -> None:
    words = to_text(scale(600), repeats=True).split(" ")
    events = [[event_of(character) for character in word] for word in words]
    again = [i for i, word in enumerate(events) if is_repeat(word[0])]
    assert again
    for i in again:
        assert events[i - 1][0].startswith("beat:")
        channels = [CHANNEL_NAMES.index(event.split(":")[1]) for event in events[i]]
        assert channels == sorted(set(channels))


def test_a_repeat_sounds_like_the_original() -> None:
    score = scale(60 * 20)
    book = codebook()
    found = from_text(to_text(score, codebook=book, repeats=True), book)
    whole = from_text(to_text(score, codebook=book), book)
    first, last = found.channels[0][0], found.channels[0][-8]
    assert (first.pitch, first.volume, first.duty) == (last.pitch, last.volume, last.duty)
    assert found.channels[0][:8] == whole.channels[0][:8]


def test_a_repeat_of_what_was_never_played_is_told() -> None:
    head = "".join(char(event) for event in ("<bos>", "frames:30", "sixteenths:0", "clock:60", "beat:0"))
    with pytest.raises(TokenError, match="2 beats back after 1 beats"):
        from_text(head + char("again:p1:2"))
