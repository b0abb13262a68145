"""How notes sound: attacks, what a note must name, how it sounds when it is read, and a codebook's file."""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from models.music.score import CHANNELS, NO, P1, TR, Change, Note, Score
from models.tokens.codec import from_text, to_text
from models.tokens.sounds import (
    CODEBOOK_FILE,
    DUTY_FRAMES,
    ENVELOPE_FRAMES,
    ORNAMENT,
    SHAPES,
    Attack,
    Codebook,
    CodebookError,
    Memory,
    attacks,
    continues_sound,
    name_sounds,
)
from models.tokens.vocabulary import TokenError, char, event_of, is_sound
from tests.models.tiny import codebook
from tests.music import bare, random_score, scale

KEEP = 1.0
"""The squared steps by which an envelope may fit worse than the best one and still be kept."""


def apart() -> Codebook:
    """Envelopes that never rise and are two steps apart from the first frame on. Every other seven fall by three."""

    def curve(i: int) -> list[int]:
        level = 15 - 2 * (i % 7)
        return [level if i % 14 < 7 or frame < 6 else level - 3 for frame in range(ENVELOPE_FRAMES)]

    pulse, noise = ([curve(i) for i in range(SHAPES[name][0])] for name in ("pulse", "noise"))
    return Codebook(pulse, noise, [[i % 4] * DUTY_FRAMES for i in range(SHAPES["duty"][0])])


def frames_of(changes: tuple[Change, ...], length: int) -> list[int]:
    values = dict(changes)
    found: list[int] = []
    for frame in range(length):
        found.append(values.get(frame, found[-1] if found else -1))
    return found


def one_channel(channel: int, *notes: Note) -> Score:
    channels: list[tuple[Note, ...]] = [(), (), (), ()]
    channels[channel] = notes
    return Score(tuple(channels), max(note.end for note in notes) + 10)


# --- attacks -----------------------------------------------------------------------------------------------------


def test_a_note_continues_an_ornament_that_it_follows_without_a_gap() -> None:
    assert continues_sound(Note(0, ORNAMENT, 60), ORNAMENT)
    assert not continues_sound(Note(0, ORNAMENT, 60), ORNAMENT + 1)
    assert not continues_sound(Note(0, ORNAMENT + 1, 60), ORNAMENT + 1)
    assert not continues_sound(None, 0)


def test_an_arpeggio_is_one_attack() -> None:
    notes = [
        Note(0, 2, 60, ((0, 9), (1, 7)), ((0, 2),)),
        Note(2, 4, 64, ((0, 7),), ((0, 1),)),
        Note(4, 10, 67, ((0, 8), (3, 2)), ((0, 1), (5, 3))),
        Note(10, 12, 60, ((0, 9),)),
    ]
    first, second = attacks(notes)
    assert first == Attack(0, 60, (9, 7, 7, 7, 8, 8, 8, 2, 2, 2), (2, 2, 1, 1, 1, 1, 1, 1, 1, 3), forced=False)
    assert second == Attack(10, 60, (9, 9), (0, 0), forced=False)


def test_a_volume_that_rises_begins_an_attack_that_the_notes_do_not_tell() -> None:
    notes = [Note(0, 2, 60, ((0, 5),)), Note(2, 4, 62, ((0, 7),)), Note(5, 6, 62, ((0, 5),))]
    assert [(a.start, a.forced) for a in attacks(notes)] == [(0, False), (2, True), (5, False)]
    assert list(attacks([])) == []


# --- naming ------------------------------------------------------------------------------------------------------


def flat(start: int, volume: int, duty: int = 0, pitch: int = 60) -> Note:
    return Note(start, start + 5, pitch, ((0, volume),), ((0, duty),))


def test_the_first_note_names_everything_and_later_ones_what_is_new() -> None:
    score = one_channel(P1, flat(0, 15, 2), flat(10, 15, 2), flat(20, 11, 2), flat(30, 11, 1), flat(40, 11, 1))
    assert name_sounds(score, apart())[P1] == {0: (0, 2), 20: (2, None), 30: (None, 1)}


def test_an_envelope_is_kept_unless_another_fits_clearly_better() -> None:
    almost = [flat(0, 13), flat(10, 12), flat(20, 15)]
    assert list(name_sounds(one_channel(P1, *almost), apart())[P1]) == [0, 20]


def test_the_noise_remembers_the_sound_of_each_period() -> None:
    notes = [flat(0, 15, pitch=4), flat(10, 5, pitch=12), flat(20, 15, pitch=4), flat(30, 5, pitch=12)]
    assert list(name_sounds(one_channel(NO, *notes), apart())[NO]) == [0, 10]
    assert list(name_sounds(one_channel(P1, *(replace(n, pitch=n.pitch + 40) for n in notes)), apart())[P1]) == [
        0, 10, 20, 30,
    ]  # fmt: skip


def test_a_new_period_sounds_like_the_last_one() -> None:
    memory = Memory(NO)
    assert memory.recall(3) is None
    memory.keep(3, 7)
    memory.keep(5, 8)
    assert [memory.recall(pitch) for pitch in (3, 5, 9)] == [7, 8, 8]
    pulse = Memory(P1)
    pulse.keep(60, 7)
    pulse.keep(64, 8)
    assert pulse.recall(60) == 8


def test_the_triangle_and_silent_channels_name_nothing() -> None:
    assert name_sounds(scale(), apart())[TR] == {}
    assert name_sounds(Score(((), (), (), ()), 60), apart()) == [{}, {}, {}, {}]


# --- round trips -------------------------------------------------------------------------------------------------


def played(seed: int, book: Codebook) -> Score:
    """A score as a sound engine plays it: every attack has a sound of the codebook, and ornaments continue it."""
    random = Random(seed)
    channels: list[tuple[Note, ...]] = []
    for channel, spec in enumerate(CHANNELS):
        notes: list[Note] = []
        at = random.randrange(20)
        sound, course, attack = 0, 0, at
        while (end := at + random.choice((1, 2, 3, 4, 9, 30, 70))) < 600:
            if not continues_sound(notes[-1] if notes else None, at):
                sound, course, attack = random.randrange(64), random.randrange(2 if channel == NO else 4), at
            elif random.random() < 0.3 and sound % 7:
                sound, attack = sound - 1, at  # two steps louder: heard as a new attack
            pitch = random.randint(spec.lowest, spec.highest)
            if channel == TR:
                notes.append(Note(at, end, pitch))
            else:
                volume = book.volume(channel, sound, at - attack, end - at)
                notes.append(Note(at, end, pitch, volume, book.duties(channel, course, at - attack, end - at)))
            at = end + random.choice((0, 0, 0, 1, 20))
        channels.append(tuple(notes))
    return Score(tuple(channels), 600)


@pytest.mark.parametrize("seed", range(30))
def test_the_sounds_of_a_sound_engine_are_reproduced_exactly(seed: int) -> None:
    book = apart()
    score = played(seed, book)
    assert from_text(to_text(score, codebook=book), book).channels == score.channels


@pytest.mark.parametrize("seed", range(30))
def test_any_score_comes_back_with_all_notes_and_each_attack_as_near_as_the_codebook_allows(seed: int) -> None:
    score, book = random_score(seed, grid=seed % 2 == 0), codebook()
    found = from_text(to_text(score, codebook=book), book)
    assert bare(found) == bare(score)
    assert found.channels[TR] == bare(score)[TR]
    for channel in (0, 1, NO):
        sounds = {note.start: note for note in found.channels[channel]}
        for attack in attacks(score.channels[channel]):
            notes = [n for n in score.channels[channel] if attack.start <= n.start < attack.start + len(attack.volumes)]
            heard = [v for n in notes for v in frames_of(sounds[n.start].volume, n.length)][:ENVELOPE_FRAMES]
            rows = book.envelopes(channel).astype(int).tolist()
            assert any(row[: len(heard)] == heard for row in rows)
            wanted = attack.volumes[:ENVELOPE_FRAMES]
            best = min(misfit(wanted, row) for row in rows)
            assert misfit(wanted, heard) <= best + KEEP + 1e-3


def misfit(wanted: tuple[int, ...], heard: list[int]) -> float:
    return sum((a - b) ** 2 for a, b in zip(wanted, heard, strict=False)) / len(wanted)


def test_a_sound_stands_in_a_word_of_its_own_after_its_note() -> None:
    words = to_text(scale(), codebook=codebook()).split()
    kinds = [{is_sound(event_of(character)) for character in word} for word in words]
    assert all(len(kind) == 1 for kind in kinds)
    assert {True} in kinds
    for before, word in pairwise(words):
        if is_sound(event_of(word[0])):
            assert event_of(before[-1]).startswith("on:")


def test_a_note_that_is_cut_keeps_only_the_changes_before_its_end() -> None:
    book = codebook()
    text = [char(e) for e in ("<bos>", "frames:30", "beat:0", "at:0.0", "on:p1:60", "env:pulse:3", "beat:1", "<end>")]
    whole = from_text("".join(text), book)
    cut = from_text("".join([*text[:-1], char("at:1.0"), char("<end>")]), book)
    assert frames_of(whole.channels[0][0].volume, 60)[:37] == frames_of(cut.channels[0][0].volume, 37)
    assert cut.frames == 37 < whole.frames


@pytest.mark.parametrize("event", ["env:noise:0", "mode:noise:0"])
def test_a_sound_without_its_note_is_refused(event: str) -> None:
    start = ["<bos>", "frames:30", "beat:0", "at:0.0"]
    for before in (["on:p1:60"], [], ["on:no:4", "off:p1"], ["on:tr:60"]):
        with pytest.raises(TokenError, match="after no note of its kind"):
            from_text("".join(map(char, [*start, *before, event])), codebook())
    with pytest.raises(TokenError, match="after no note of its kind"):
        from_text("".join(map(char, [*start, "on:no:4", event])))


# --- the file ----------------------------------------------------------------------------------------------------


def test_a_codebook_comes_back_from_its_file(tmp_path: Path) -> None:
    codebook().save(tmp_path)
    found = Codebook.load(tmp_path)
    assert all((getattr(found, name) == getattr(codebook(), name)).all() for name in SHAPES)


def test_a_file_without_a_codebook_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CodebookError, match="No such file"):
        Codebook.load(tmp_path)
    codebook().save(tmp_path)
    whole = json.loads((tmp_path / CODEBOOK_FILE).read_text())
    one = [[16, *whole["pulse"][0][1:]], *whole["pulse"][1:]]
    damaged = [{**whole, "pulse": one}, {**whole, "duty": whole["duty"][1:]}, {**whole, "noise": 3}, {"pulse": []}, 3]
    for wrong in damaged:
        (tmp_path / CODEBOOK_FILE).write_text(json.dumps(wrong))
        with pytest.raises(CodebookError):
            Codebook.load(tmp_path)
    (tmp_path / CODEBOOK_FILE).write_text("{")
    with pytest.raises(CodebookError, match="holds no codebook"):
        Codebook.load(tmp_path)
