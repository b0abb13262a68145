"""Remix modes with a tiny random network: which bars and channels are meant, what is kept, what is said."""

from dataclasses import replace
from pathlib import Path

import pytest

from generator.analysis.keys import find_key
from generator.arranging.arrange import change_tempo
from generator.composing.compose import Tune
from generator.composing.remix import REMIXES, _count_new_faults, _penalty, bars_of_score, remix_score
from generator.protocol.errors import InputError
from generator.protocol.modes import REMIX_MODES
from generator.protocol.requests import Request
from models.inference.batch import Text
from models.inference.new_tune import Composer
from models.inference.remix import Source, parse_source
from models.music.score import Grid, Note, Score
from models.weights import DEFAULT_MODEL_FOLDER
from tests.models.tiny import write_model
from tests.music import loop_of, random_score, scale

UPLOAD = "0" * 64
BAR = 120


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Composer:
    return Composer(write_model(tmp_path_factory.mktemp("model"), seed=3, context=512, sounds=True))


SONG = scale(BAR * 12)


def reworked(model: Composer, score: Score = SONG, **fields: object) -> Tune:
    request = Request(upload=UPLOAD, **{"takes": 1, **fields})  # type: ignore[arg-type]
    return remix_score(model, request, Tune(score, "Song", find_key(score)[0], "Arranged."), lambda *_: None)


def changed_bars(before: Score, after: Score) -> set[int]:
    """The bars in which any note begins that was not there, or no longer does."""
    return {
        note.start // BAR + 1
        for old, new in zip(before.channels, after.channels, strict=True)
        for note in set(old) ^ set(new)
    }


def test_every_mode_that_composes_a_remix_is_implemented() -> None:
    assert set(REMIXES) == {name for name, mode in REMIX_MODES.items() if mode.uses_model}


def test_bars_count_from_one_and_a_pickup_belongs_to_the_first() -> None:
    assert bars_of_score(SONG).edges == tuple(range(0, BAR * 12 + 1, BAR))
    assert bars_of_score(replace(SONG, grid=Grid((7, 8), 30))).edges[:3] == (0, 150, 270)
    assert bars_of_score(replace(SONG, grid=Grid((7, 8), -60))).edges[:3] == (0, 60, 180)
    assert bars_of_score(Score(((), (), (), ()), 50, Grid((7, 8)))).edges == (0, 50)


def test_a_channel_written_anew_that_stays_silent_is_a_fault() -> None:
    alone = Score((SONG.channels[0], (), (), ()), SONG.frames, SONG.grid)
    source = parse_source(Composer(DEFAULT_MODEL_FOLDER), alone)
    assert _count_new_faults(source, alone, ()) == 0
    assert _count_new_faults(source, alone, (1, 2, 3)) == 2
    assert _count_new_faults(source, replace(alone, channels=SONG.channels), (1, 2, 3)) == 0


@pytest.mark.parametrize(("from_bar", "kept"), [(None, 12), (5, 4)])
def test_a_continuation_has_the_requested_start_and_length(model: Composer, from_bar: int | None, kept: int) -> None:
    for length, bars in (({}, 8), ({"bars": 3}, 3), ({"seconds": 8.0}, 4)):
        tune = reworked(model, mode="continue", from_bar=from_bar, **length)
        assert tune.score.frames == pytest.approx(BAR * (kept + bars), abs=BAR / 2)
        assert min(changed_bars(SONG, tune.score)) > kept
    where = f"bar {from_bar}" if from_bar else "the end"
    assert tune.report == f"Arranged. Written on from {where}."
    assert tune.key == find_key(tune.score)[0]


def test_an_accompaniment_keeps_the_requested_channels_or_the_melody(model: Composer) -> None:
    tune = reworked(model, mode="accompany", keep="tr,no")
    assert tune.score.channels[2:] == SONG.channels[2:]
    assert tune.score.channels[0] != SONG.channels[0]
    assert tune.report.endswith("Kept triangle and noise; the other channels were written anew.")
    assert reworked(model, mode="accompany").score.channels[0] == SONG.channels[0]
    with pytest.raises(InputError, match="Nothing plays on p2"):
        reworked(model, replace(SONG, channels=(SONG.channels[0], (), (), ())), mode="accompany", keep="p2")


@pytest.mark.parametrize(("span", "bars"), [("5-6", {5, 6}), ("12", {12}), (None, {5, 6, 7, 8})])
def test_an_infill_changes_only_its_bars(model: Composer, span: str | None, bars: set[int]) -> None:
    tune = reworked(model, mode="infill", span=span)
    assert changed_bars(SONG, tune.score) <= bars
    assert changed_bars(SONG, tune.score)
    assert "written anew" in tune.report


def test_a_bar_that_does_not_exist_is_refused(model: Composer) -> None:
    for fields in ({"mode": "infill", "span": "12-13"}, {"mode": "continue", "from_bar": 14}):
        with pytest.raises(InputError, match="The tune has 12 bars; there is no bar 14"):
            reworked(model, **fields)
    with pytest.raises(InputError, match="at least one bar before it"):
        reworked(model, mode="continue", from_bar=1)


@pytest.mark.parametrize(("strength", "count"), [(0, 0), (0.25, 3), (0.5, 6), (1, 12)])
def test_the_strength_is_the_share_of_bars_that_are_varied(model: Composer, strength: float, count: int) -> None:
    tune = reworked(model, mode="vary", strength=strength, seed=4)
    assert len(changed_bars(SONG, tune.score)) <= count
    assert (tune.score.channels == SONG.channels) == (count == 0)
    assert tune.report.endswith(f"{count} of 12 bars were varied.")


@pytest.mark.parametrize("mode", ["continue", "accompany", "vary", "infill"])
def test_the_same_seed_gives_the_same_and_another_another(model: Composer, mode: str) -> None:
    first, again, other = (reworked(model, mode=mode, seed=seed).score for seed in (1, 1, 2))
    assert first == again
    assert first.channels != other.channels


def test_what_is_written_off_the_sources_key_is_wrong_and_so_is_more_in_it_than_the_source_was(model: Composer) -> None:
    plain = parse_source(model, SONG)
    sharp = [replace(note, pitch=note.pitch + 1) if i % 2 else note for i, note in enumerate(SONG.channels[0])]
    chromatic = parse_source(model, replace(SONG, channels=(tuple(sharp), *SONG.channels[1:])))
    added = [replace(note, start=note.start + 1, end=note.end) for note in SONG.channels[1]]

    def wrong(source: Source, *up: int) -> int:
        written = tuple(replace(note, pitch=note.pitch + up[i % len(up)]) for i, note in enumerate(added))
        return _penalty(source, replace(source.score, channels=(source.score.channels[0], written, (), ())))

    assert find_key(SONG)[0] == find_key(chromatic.score)[0] == "C"
    assert (wrong(plain, 0), wrong(plain, 0, 0, 0, 2)) == (0, 1)
    assert (wrong(chromatic, 0), wrong(chromatic, 0, 0, 0, 2)) == (1, 0)


@pytest.mark.parametrize("mode", ["continue", "accompany", "vary", "infill"])
@pytest.mark.parametrize("seed", range(4))
def test_any_tune_can_be_written_on(model: Composer, mode: str, seed: int) -> None:
    score = loop_of(random_score(seed), 2)
    tune = reworked(model, score, mode=mode, seed=seed)
    assert tune.score.channels != score.channels
    assert (tune.score.frames == score.frames) == (mode != "continue")
    assert tune.key == find_key(tune.score)[0]


class Rolling:
    """Continues with single frames of noise after those that are kept."""

    sentence = "Rolled on."
    new_channels = ()

    def __init__(self, source: Source, _: Request) -> None:
        self.score = source.score

    def writing(self, *_: object) -> Text[Score]:
        yield from ()
        drums = (*self.score.channels[3], *(Note(frame, frame + 1, 9) for frame in range(2, 5)), Note(5, 20, 5))
        return replace(self.score, channels=(*self.score.channels[:3], drums))


def test_what_is_kept_stays_though_the_console_cannot_show_it_and_what_is_written_can_be_shown(
    model: Composer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REMIXES, "continue", Rolling)
    roll = replace(SONG, channels=(*SONG.channels[:3], (Note(0, 1, 9), Note(1, 2, 9))))
    drums = reworked(model, roll, mode="continue").score.channels[3]
    assert [(note.start, note.end) for note in drums] == [(0, 1), (1, 2), (3, 5), (5, 20)]


def test_a_model_that_only_composes_says_so(tmp_path: Path) -> None:
    old = Composer(write_model(tmp_path, seed=3))
    old.plans = False
    with pytest.raises(InputError, match="only composes"):
        reworked(old, mode="infill")


@pytest.mark.parametrize("bpm", [60.0, 100.0, 120.0, 187.0, 300.0])
@pytest.mark.parametrize("seed", range(4))
def test_another_tempo_keeps_every_note_in_its_order(seed: int, bpm: float) -> None:
    score = random_score(seed)
    found = change_tempo(score, bpm)
    assert found.grid
    assert found.grid.bpm == pytest.approx(bpm, rel=0.01)
    assert [[note.pitch for note in notes] for notes in found.channels] == [
        [note.pitch for note in notes] for notes in score.channels
    ]
    stretch = (score.grid or Grid((7, 8))).bpm / found.grid.bpm
    assert found.frames >= round(score.frames * stretch)
    if stretch >= 1:
        assert found.frames == pytest.approx(score.frames * stretch, abs=1)
        starts = [round(note.start * stretch) for notes in score.channels for note in notes]
        assert [note.start for notes in found.channels for note in notes] == pytest.approx(starts, abs=2)


def test_a_note_of_one_frame_survives_a_faster_tempo() -> None:
    score = Score(((Note(0, 1, 60), Note(1, 2, 62), Note(2, 3, 64)), (), (), ()), 60, Grid((15,)))
    assert [note.length for note in change_tempo(score, 240.0).channels[0]] == [1, 1, 1]


def test_a_tempo_that_makes_a_tune_too_long_is_refused_before_it_is_stretched() -> None:
    long = Score(((Note(0, 60, 60),), (), (), ()), 595 * 60, Grid((3,)))
    assert change_tempo(long, 300.0).seconds == 595
    for bpm in (51.0, 40.0):  # the second would be longer than any score may be
        with pytest.raises(InputError, match=r"The tune would last .* minutes; 10 minutes is the most\."):
            change_tempo(long, bpm)


def test_a_continuation_that_would_be_too_long_is_refused(model: Composer) -> None:
    long = replace(SONG, frames=595 * 60)
    for length in ({}, {"bars": 3}, {"seconds": 8.0}):
        with pytest.raises(InputError, match="10 minutes is the most"):
            reworked(model, long, mode="continue", **length)
