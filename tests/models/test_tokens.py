"""Scores as words and tokens and back: no note is lost."""

import pytest
from tokenizers import Tokenizer

from models.score import CHANNELS, Grid, Note, Score, fold_pitch
from models.tokens import TokenError, decode, from_text, spelled, to_text, token_id, train_tokenizer
from models.vocabulary import EVENTS, KEYS, char, event_of, is_control, is_sound, transposition
from tests.music import bare, random_score, scale


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return train_tokenizer((to_text(random_score(seed)) for seed in range(20)), 1000)


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("grid", [True, False], ids=["grid known", "grid found"])
def test_every_note_comes_back_from_text_and_from_tokens(tokenizer: Tokenizer, seed: int, *, grid: bool) -> None:
    score = random_score(seed, grid=grid)
    text = to_text(score, scene="boss", key="F#m", countdown=seed % 2 == 0)
    for found in (from_text(text), decode(tokenizer, tokenizer.encode(text).ids)):
        assert found.channels == bare(score)
        assert found.frames == score.frames


def test_tokens_spell_the_events_that_they_were_made_of(tokenizer: Tokenizer) -> None:
    text = to_text(scale())
    ids = tokenizer.encode(text).ids
    events = [event for i in ids for event in spelled(tokenizer)[i]]
    assert events == [event_of(character) for character in text if character != " "]
    assert len(ids) < len(events)
    assert {(event,) for event in EVENTS if not is_sound(event)} <= set(spelled(tokenizer))


def test_tokens_never_cross_a_beat(tokenizer: Tokenizer) -> None:
    for events in spelled(tokenizer):
        kinds = {event.partition(":")[0] for event in events}
        assert len(events) == 1 or kinds <= {"at", "on", "off"}


@pytest.mark.parametrize("frames", [0, 1, 29, 30, 31, 10_000])
def test_silence_of_any_length_comes_back(frames: int) -> None:
    silence = Score(((), (), (), ()), frames, Grid((7, 8)))
    assert from_text(to_text(silence)).frames == frames


def test_a_countdown_announces_the_last_sixteen_beats() -> None:
    events = [event_of(c) for c in to_text(scale(30 * 40), countdown=True) if c != " "]
    assert [event for event in events if event.startswith("left:")] == [f"left:{n}" for n in range(16, 0, -1)]


def test_what_contradicts_itself_is_told() -> None:
    def text(*events: str) -> str:
        return " ".join(char(event) for event in events)

    with pytest.raises(TokenError, match="before the first beat"):
        from_text(text("<bos>", "frames:30", "at:0.0"))
    with pytest.raises(TokenError, match="beat 5 after 1 beats"):
        from_text(text("beat:0", "beat:5"))


def test_a_tokenizer_of_another_vocabulary_is_told() -> None:
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
        "scene", "key", "left", "<bos>", "<pad>",
    }  # fmt: skip
