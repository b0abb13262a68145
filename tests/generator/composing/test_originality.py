"""The longest run that a tune shares with a song of the index: what hides a copy, and what is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from bot.main import main
from generator.composing.originality import (
    MAX_FIGURE_NOTES,
    MAX_SHARED_NOTES,
    ORNAMENT_FRAMES,
    PHRASE_INTERVALS,
    Index,
    longest_shared_run,
    melodic_line,
)
from generator.protocol.errors import FaultError
from models.music.score import CHANNELS, P1, P2, TR, Note, Score
from models.music.songs import TRAIN_FILE, Song, write_songs
from tests.music import moved, random_score, scale

NOTES = 48
STEPS = (-5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 7)


def melody(seed: int, notes: int = NOTES) -> list[int]:
    random = Random(seed)
    pitches = [66]
    while len(pitches) < notes:
        pitch = pitches[-1] + random.choice(STEPS)
        if 52 <= pitch <= 80:
            pitches.append(pitch)
    return pitches


def tune(pitches: Sequence[int], channel: int = P1, seed: int = 0) -> Score:
    """A melody on one channel, in steps of 8 to 32 frames."""
    random = Random(seed)
    notes, at = [], 0
    for pitch in pitches:
        step = random.choice((8, 16, 16, 24, 32))
        notes.append(Note(at, at + step - 2, pitch))
        at += step
    return on(channel, notes)


def on(channel: int, notes: Sequence[Note]) -> Score:
    lines: list[tuple[Note, ...]] = [()] * len(CHANNELS)
    lines[channel] = tuple(notes)
    return Score(tuple(lines), max((note.end for note in notes), default=0))


def each_note(score: Score, change: Callable[[Note], Sequence[Note]]) -> Score:
    return on(P1, [new for note in score.channels[P1] for new in change(note)])


def faster(score: Score, ratio: float) -> Score:
    return each_note(score, lambda n: [Note(round(n.start * ratio), round(n.end * ratio), n.pitch)])


def struck_again(note: Note) -> Sequence[Note]:
    return [replace(note, end=note.start + 4), replace(note, start=note.start + 4)]


def ornamented(note: Note) -> Sequence[Note]:
    """The note and a third and a fifth above, a frame each."""
    return [
        *(Note(note.start + i, note.start + i + 1, note.pitch + up) for i, up in enumerate((0, 4, 7))),
        replace(note, start=note.start + 3),
    ]


SONG = tune(melody(0))
OTHERS = [tune(melody(seed), channel) for seed, channel in enumerate((P1, P2, TR) * 8, start=100)]
INDEX = Index.build([*OTHERS, SONG])


@pytest.mark.parametrize(
    "copy",
    [
        SONG,
        tune([pitch + 7 for pitch in melody(0)]),
        tune([pitch - 12 for pitch in melody(0)]),
        moved(SONG, 17),
        faster(SONG, 1.06),
        faster(SONG, 0.93),
        faster(SONG, 2),
        tune(melody(0), P2),
        tune(melody(0), TR),
        tune(melody(0), seed=5),
        each_note(SONG, struck_again),
        each_note(SONG, ornamented),
        replace(scale(SONG.frames), channels=(scale().channels[P1], SONG.channels[P1], (), ())),
    ],
    ids=[
        *("same", "key", "octave", "later", "slower", "faster", "half tempo", "pulse 2", "triangle"),
        *("rhythm", "struck again", "ornamented", "beside another line"),
    ],
)
def test_a_copy_is_found_whole(copy: Score) -> None:
    assert longest_shared_run(copy, INDEX) == NOTES


@pytest.mark.parametrize("ratio", [0.8, 1.25])
def test_ornaments_that_last_another_frame_hide_no_copy(ratio: float) -> None:
    graced = each_note(SONG, lambda n: [Note(n.start, n.start + 3, n.pitch), Note(n.start + 3, n.end, n.pitch + 4)])
    assert longest_shared_run(faster(graced, ratio), Index.build([graced])) >= NOTES - 1


@pytest.mark.parametrize(
    "notes", [PHRASE_INTERVALS, PHRASE_INTERVALS + 1, 12, MAX_SHARED_NOTES, MAX_SHARED_NOTES + 1, 40]
)
def test_the_figure_is_the_notes_that_are_shared(notes: int) -> None:
    start = melody(1)
    copied = [pitch - melody(0)[3] + start[-1] for pitch in melody(0)[3 : 3 + notes]]
    shared = longest_shared_run(tune(start + copied[1:]), Index.build([SONG]))
    assert shared == (notes if notes > PHRASE_INTERVALS else 0)


def test_a_run_that_another_note_breaks_is_no_longer_than_its_parts() -> None:
    broken = melody(0)
    broken[30] += 6
    assert longest_shared_run(tune(broken), Index.build([SONG])) == 30


def test_a_run_is_shared_with_one_song_and_not_with_two() -> None:
    pitches = melody(0)
    halves = Index.build([tune(pitches[:24]), tune(pitches[24:])])
    assert longest_shared_run(SONG, halves) == 24


def test_a_run_is_on_one_channel_and_not_on_two() -> None:
    halves = replace(SONG, channels=(SONG.channels[P1][:24], SONG.channels[P1][24:], (), ()))
    assert longest_shared_run(halves, INDEX) == 24


def test_other_tunes_share_little() -> None:
    assert max(longest_shared_run(tune(melody(seed)), INDEX) for seed in range(1, 60)) <= PHRASE_INTERVALS + 3


@pytest.mark.parametrize("figure", [(60,), (60, 72), (60, 64, 67), (60, 64, 67, 72)])
def test_a_figure_over_and_over_is_no_copy_of_itself(figure: tuple[int, ...]) -> None:
    bass = tune(figure * 40)
    assert longest_shared_run(bass, Index.build([bass])) == 0


def test_a_loop_counts_once() -> None:
    loop = melody(3, 12)
    played = tune(loop * 5)
    assert longest_shared_run(played, Index.build([played])) <= 12 + PHRASE_INTERVALS


def test_a_line_is_without_ornaments_and_figures_repeated_at_once() -> None:
    pitches = [60, 60, 64, 60, 64, 67, 65, 67, 65, 67, 60, 72]
    notes = [Note(20 * i, 20 * i + 10, pitch) for i, pitch in enumerate(pitches)]
    last = notes[-1]
    notes[-1:] = [replace(last, end=last.start + 1), Note(last.start + ORNAMENT_FRAMES - 1, last.end, 75)]
    assert melodic_line(notes) == [60, 64, 67, 65, 67, 60, 72]
    assert MAX_FIGURE_NOTES >= 2


@pytest.mark.parametrize("score", [Score(((), (), (), ()), 0), Score(((), (), (), ()), 60), scale(20)])
def test_without_notes_nothing_is_shared(score: Score) -> None:
    assert longest_shared_run(score, INDEX) == 0
    assert longest_shared_run(score, Index.build([score])) == 0


def test_drums_are_not_compared() -> None:
    drums = [Note(10 * i, 10 * i + 5, pitch) for i, pitch in enumerate([1, 5, 9, 3, 16, 8, 2, 12, 7, 14] * 3)]
    score = on(3, drums)
    assert longest_shared_run(score, Index.build([score])) == 0


def test_the_same_score_gives_the_same_figure_and_any_score_gives_one() -> None:
    scores = [random_score(seed, grid=seed % 2 == 0) for seed in range(40)]
    index = Index.build(scores)
    assert [longest_shared_run(score, index) for score in scores] == [
        longest_shared_run(score, index) for score in scores
    ]
    assert max(longest_shared_run(score, index) for score in scores) > PHRASE_INTERVALS


def test_hashes_are_the_same_everywhere() -> None:
    # A shipped index is worth nothing where a later version hashes otherwise.
    index = Index.build([tune([60, 62, 64, 65, 67, 69, 71, 72])])
    assert index.hashes.tolist() == sorted([fnv1a((2, 2, 1, 2, 2, 2)), fnv1a((2, 1, 2, 2, 2, 1))])


def fnv1a(intervals: tuple[int, ...]) -> int:
    """The 32-bit hash as its authors write it, over one byte an interval."""
    found = 0x811C9DC5
    for interval in intervals:
        found = (found ^ (interval + 128)) * 0x01000193 % 2**32
    return found


# --- files -----------------------------------------------------------------------------------------------------


def test_an_index_is_the_same_after_writing_and_reading(tmp_path: Path) -> None:
    INDEX.save(tmp_path / "a.npz")
    INDEX.save(tmp_path / "b.npz")
    loaded = Index.load(tmp_path / "a.npz")
    assert np.array_equal(loaded.hashes, INDEX.hashes)
    assert np.array_equal(loaded.songs, INDEX.songs)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def test_an_empty_index_can_be_saved_and_searched(tmp_path: Path) -> None:
    Index.build([]).save(tmp_path / "empty.npz")
    assert longest_shared_run(SONG, Index.load(tmp_path / "empty.npz")) == 0


def _write_other(path: Path) -> None:
    np.savez(path, something=np.arange(3))


def _write_wrong(path: Path) -> None:
    np.savez(path, steps=np.arange(3.0), songs=np.arange(4))


def _write_half(path: Path) -> None:
    INDEX.save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _write_flipped(path: Path) -> None:
    INDEX.save(path)
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 255
    path.write_bytes(data)


def _write_array(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.arange(3))


@pytest.mark.parametrize(
    "write",
    [
        *(_write_other, _write_wrong, _write_half, _write_flipped, _write_array),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"not an index"),
        lambda path: path.mkdir(),
    ],
)
def test_a_damaged_index_is_refused_in_one_sentence(write: Callable[[Path], object], tmp_path: Path) -> None:
    path = tmp_path / "index.npz"
    write(path)
    with pytest.raises(FaultError, match=r"index\.npz is no file of chiptune originality, or is damaged\.$"):
        Index.load(path)


def test_a_missing_index_is_reported(tmp_path: Path) -> None:
    with pytest.raises(FaultError, match="There is no index in"):
        Index.load(tmp_path / "none.npz")


# --- the command -----------------------------------------------------------------------------------------------


def corpus(folder: Path, songs: Sequence[tuple[Score, int, bool]]) -> Path:
    folder.mkdir()
    write_songs(
        folder / TRAIN_FILE,
        [Song("song", "game", "tests", None, None, 0.0, reduction, real, score) for score, reduction, real in songs],
    )
    return folder


def test_the_command_makes_an_index_of_several_corpora(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = corpus(tmp_path / "one", [(SONG, 0, True), (OTHERS[0], 1, False)])
    two = corpus(tmp_path / "two", [(OTHERS[1], 0, False)])
    out = tmp_path / "new" / "index.npz"
    assert main(["originality", str(one), str(two), "--out", str(out)]) == 0
    index = Index.load(out)
    assert longest_shared_run(SONG, index) == longest_shared_run(OTHERS[1], index) == NOTES
    assert longest_shared_run(OTHERS[0], index) > MAX_SHARED_NOTES, "another arrangement of a file is learnt from, too"
    assert f"{len(index.hashes)} phrases" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing", "--out", "index.npz"], "There is no corpus in missing/train.jsonl.gz: chiptune corpus makes one."),
        (["missing", "--out", "index"], "index does not end in .npz."),
        (["missing"], "The following arguments are required: --out: see chiptune originality --help."),
    ],
)
def test_the_command_refuses_in_one_sentence(
    arguments: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["originality", *arguments]) == 2
    assert capsys.readouterr().err == f"{sentence}\n"


def test_the_command_refuses_where_it_cannot_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken.npz").mkdir()
    folder = corpus(tmp_path / "one", [(SONG, 0, True)])
    assert main(["originality", str(folder), "--out", str(tmp_path / "taken.npz")]) == 2
    assert "taken.npz cannot be written: is a directory." in capsys.readouterr().err
