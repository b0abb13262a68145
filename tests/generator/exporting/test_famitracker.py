"""FamiTracker's text: legal to a strict reader, and note for note, frame for frame the score."""

from __future__ import annotations

from dataclasses import replace

import pytest

from generator.apu.registers import frame_values
from generator.apu.retrigger import separate_repeats
from generator.exporting.famitracker import to_famitracker
from generator.exporting.tracker_instruments import Instrument, Sequence, Sound, choose_instruments
from generator.protocol.errors import InputError
from models.music.score import Grid, Note, Score
from tests.generator.exporting.famitracker_reader import Module, State, play, read
from tests.music import random_score, scale


def lines_of(score: Score) -> list[list[State]]:
    """What the score says that each channel does in each frame."""
    lines: list[list[State]] = [[(0, 0, 0)] * score.frames for _ in range(4)]
    for channel, note in separate_repeats(score).notes():
        volumes, duties = frame_values(note.volume, note.length), frame_values(note.duty, note.length)
        for i, (volume, duty) in enumerate(zip(volumes, duties, strict=True)):
            pitch = note.pitch - 12 if (channel, note.pitch) == (2, 108) else note.pitch  # FamiTracker ends at B-7
            lines[channel][note.start + i] = (pitch, volume, duty) if volume else (0, 0, 0)
    return lines


def agreement(score: Score, module: Module) -> float:
    """The share of frames, of all channels, that are as the score has them."""
    pairs = zip(lines_of(score), play(module, score.frames), strict=True)
    same = [ours == theirs for written, played in pairs for ours, theirs in zip(written, played, strict=True)]
    return sum(same) / max(1, len(same))


@pytest.mark.parametrize("grid", [Grid((7, 8)), Grid((6,)), Grid((3, 3, 4), -7, 4, 3), Grid((40,), 11, 1, 4), None])
def test_a_tune_is_played_frame_for_frame(grid: Grid | None) -> None:
    score = scale(480, grid)
    module = read(to_famitracker(score))
    assert agreement(score, module) == 1
    assert module.texts["TITLE"] == module.texts["TRACK"] == "Scale"


def test_notes_are_on_the_rows_of_the_grid() -> None:
    module = read(to_famitracker(scale(480, Grid((7, 8)))))
    assert module.rows == 64
    assert module.columns[0] <= 2
    begun = [row for (channel, _, row), cell in module.patterns.items() if channel == 0 and cell.instrument is not None]
    assert all(row % 2 == 0 for row in begun)
    assert not any("G" in cell.effects for cell in module.patterns.values())


def test_the_end_is_silent_and_halts() -> None:
    score = scale(480)
    played = play(read(to_famitracker(score)), 700)
    assert all(state == (0, 0, 0) for line in played for state in line[480:])


@pytest.mark.parametrize("seed", range(12))
def test_any_score_is_legal_and_hardly_altered(seed: int) -> None:
    score = random_score(seed, grid=bool(seed % 3))
    module = read(to_famitracker(score))
    if "nearest" in module.texts["COMMENT"]:
        assert agreement(score, module) > 0.75
    else:
        assert agreement(score, module) == 1


@pytest.mark.parametrize("loop", [0, 90, 131])
def test_a_loop_sounds_the_same_each_time(loop: int) -> None:
    score = replace(scale(240), loop=loop)
    played = play(read(to_famitracker(score)), 240 + 2 * (240 - loop))
    assert [line[:240] for line in played] == lines_of(score)
    for line in played:
        assert line[240 : 480 - loop] == line[480 - loop :]
    whole = lines_of(score)
    crossing = [n for c in range(4) for n in score.channels[c] if n.start < loop < n.end]
    if not crossing:
        assert [line[240 : 480 - loop] for line in played] == [line[loop:] for line in whole]


def test_an_arpeggio_is_one_note_with_a_looped_sequence() -> None:
    notes = tuple(Note(3 * i, 3 * i + 3, (60, 64, 67)[i % 3], ((0, 8),)) for i in range(20))
    score = Score((notes, (), (), ()), 60, Grid((6,)))
    module = read(to_famitracker(score))
    assert sum(cell.note not in ("...", "---") for (c, _, _), cell in module.patterns.items() if c == 0) == 1
    assert (0, [0, 0, 0, 4, 4, 4, 7, 7, 7]) in module.sequences.values()
    assert agreement(score, module) == 1


def test_notes_off_the_rows_are_delayed_and_cut() -> None:
    score = Score(((Note(8, 16, 60, ((0, 9),)),), (), (), ()), 60, Grid((6,)))
    module = read(to_famitracker(score))
    assert module.patterns[0, 0, 1].effects == {"G": 2}
    assert module.patterns[0, 0, 2].effects == {"S": 4}
    assert agreement(score, module) == 1


def test_letters_that_a_file_cannot_hold_are_replaced() -> None:
    module = read(to_famitracker(replace(scale(), title='Größe "B"\n')))
    assert module.texts["TITLE"] == 'Gr??e "B"'


def test_a_tune_too_long_for_its_patterns_is_refused() -> None:
    score = Score(((Note(0, 35_000, 60),), (), (), ()), 35_000, Grid((1,)))
    with pytest.raises(InputError, match="FamiTracker has 127 at most"):
        to_famitracker(score)


def test_an_instrument_also_plays_softer_and_shorter_notes() -> None:
    long = Sound((15, 10, 5, 5), (0,) * 4, (2,) * 4)
    soft = Sound((3, 2, 1), (0,) * 3, (0,) * 3)
    instruments, played = choose_instruments([long, soft])
    assert instruments == [Instrument(Sequence((15, 10, 5)))]
    assert (played[long].column, played[soft].column) == (15, 3)


def test_the_most_used_instruments_are_kept() -> None:
    sounds = [Sound((15, i % 15, i // 15, 15), (0,) * 4, (0,) * 4) for i in range(100)]
    instruments, played = choose_instruments([*sounds, *sounds[:70], *sounds[:64]])
    assert len(instruments) == 64
    assert all(played[sound].exact for sound in sounds[:60])
    assert sum(not one.exact for one in played.values()) >= 30
