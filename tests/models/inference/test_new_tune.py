"""New tunes of tiny random networks: seeds, lengths, limits, forms and progress."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from models.inference.batch import write_alone
from models.inference.engine import Cache
from models.inference.new_tune import PHRASE_BEATS, REPRISE_BEATS, Composer, draw_form, fit_length
from models.inference.sampler import OFF_SCALE_COST, Sampler, TuneSpec
from models.music.grid import RowClock
from models.music.score import Score
from models.tokens.codec import clock_events
from models.tokens.vocabulary import BACKS
from tests.models.conftest import MakeModel


@pytest.fixture(scope="module")
def composer(tiny_model: Path) -> Composer:
    return Composer(tiny_model)


def test_the_same_seed_gives_the_same_tune_and_another_seed_another(composer: Composer) -> None:
    tunes = [composer.compose(TuneSpec(frames=120, seed=seed)) for seed in (5, 6, 5, 7)]
    assert tunes[0] == tunes[2]
    assert tunes[0].channels != tunes[1].channels != tunes[3].channels


def test_a_model_loaded_again_writes_the_same_tune(composer: Composer, tiny_model: Path) -> None:
    spec = TuneSpec(frames=100, seed=3, scene="boss")
    assert Composer(tiny_model).compose(spec) == composer.compose(spec)


@pytest.mark.parametrize("seconds", [2.0, 2.75, 7.9, 8.0, 10.0, 30.0, 61.3, 180.0])
@pytest.mark.parametrize("bpm", [90.0, 97.3, 120.0, 140.0, 179.9, 180.0])
def test_a_specified_tempo_is_kept_and_the_length_follows_it(seconds: float, bpm: float) -> None:
    frames, beat = round(60 * seconds), 3600 / bpm
    clock, beats, length = fit_length(frames, beat, fixed=True)
    assert abs(clock.beat_frames - beat) <= 1 / 32
    assert length in (frames, clock.row(4 * beats))
    assert length >= frames * 0.96
    assert length - frames <= max(beat, 0.04 * frames) + 1


@pytest.mark.parametrize("seconds", [2.0, 2.75, 7.9, 8.0, 10.0, 30.0, 61.3, 180.0])
@pytest.mark.parametrize("beat", [20.0, 23.4375, 30.0, 39.9375])
def test_a_tempo_that_is_free_has_beats_of_whole_frames_and_whole_bars(seconds: float, beat: float) -> None:
    frames = round(60 * seconds)
    clock, beats, length = fit_length(frames, beat, fixed=False)
    assert clock.sixteenths % 16 == 0
    assert length == clock.row(4 * beats) == beats * clock.beat_frames
    assert abs(clock.beat_frames / beat - 1) <= 0.06
    assert length == pytest.approx(frames, rel=0.1 if seconds < 8 else 0.07 if seconds < 20 else 0.025)
    if seconds >= 8:
        assert beats % 4 == 0


def test_a_length_near_a_bar_is_rounded_to_it_and_not_cut() -> None:
    clock, beats, length = fit_length(round(29.5 * 60), 30.0, fixed=True)
    assert (beats, length) == (60, 1800)
    assert clock.row(4 * beats) == 1800


@pytest.mark.parametrize(("frames", "bpm"), [(60, 180.0), (600, None), (121, 97.0), (120, 90.0), (240, 120.0)])
def test_a_composed_tune_has_the_specified_length(composer: Composer, frames: int, bpm: float | None) -> None:
    score = composer.compose(TuneSpec(frames=frames, seed=1, beat_frames=3600 / bpm if bpm else None))
    assert score.frames == pytest.approx(frames, rel=0.04)
    if bpm:
        assert score.grid
        assert score.grid.bpm == pytest.approx(bpm, rel=0.002)


def test_a_tune_of_many_contexts_is_written(make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    composer = Composer(make_model(seed=2, context=96))
    fed: list[int] = []
    read = Cache.read

    def counted(cache: Cache, text: int, ids: list[int], *rest: Any) -> object:
        fed.append(len(ids) + 1)
        return read(cache, text, ids, *rest)

    monkeypatch.setattr(Cache, "read", counted)
    score = composer.compose(TuneSpec(frames=900, seed=4, beat_frames=30.0))
    assert score.frames == 900
    assert len(fed) >= 3
    assert max(fed) <= 96
    assert all(any(note.start >= 700 for note in notes) for notes in score.channels[:2])


def test_progress_rises_to_one(composer: Composer) -> None:
    told: list[float] = []
    composer.compose(TuneSpec(frames=120, seed=0, beat_frames=30.0), told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_controls_reach_the_network(composer: Composer) -> None:
    plain, boss, key = (
        composer.compose(TuneSpec(frames=120, seed=9, beat_frames=30.0, scene=scene, key=key))
        for scene, key in ((None, None), ("boss", None), (None, "F#m"))
    )
    assert len({plain.channels, boss.channels, key.channels}) == 3


# Form and key


@pytest.mark.parametrize("beats", [4, 16, 24, 25, 48, 64, 128])
def test_reprises_are_inside_the_tune_and_start_with_a_phrase(beats: int) -> None:
    for seed in range(60):
        found = draw_form(beats, np.random.default_rng(seed))
        assert all(PHRASE_BEATS <= beat < beats and back <= beat for beat, back in found.items())
        assert {beat % PHRASE_BEATS for beat in found} <= set(range(REPRISE_BEATS))
        assert len(found) % REPRISE_BEATS == 0
        assert set(found.values()) <= set(BACKS)
    assert not draw_form(24, np.random.default_rng(0))


def test_most_tunes_have_something_that_returns() -> None:
    having = sum(bool(draw_form(64, np.random.default_rng(seed))) for seed in range(1000)) / 1000
    assert having == pytest.approx(0.9, abs=0.05)
    forms = {tuple(draw_form(64, np.random.default_rng(seed)).items()) for seed in range(200)}
    assert len(forms) > 10


def test_a_reprise_repeats_the_original(make_model: MakeModel) -> None:
    model = Composer(make_model(seed=1, context=512, sounds=True))
    clock = RowClock(480)
    writer = Sampler(model, model.ids(["<bos>", *clock_events(clock)]), clock, 1.0, np.random.default_rng(3))
    writer.prompt([])
    write_alone(model, writer.sample_beats(range(24), reprises=dict.fromkeys(range(16, 24), 16)))
    played = writer.reader.played
    for beat in range(16, 24):
        for channel in range(4):
            if played[beat - 16][channel]:
                assert played[beat][channel] == played[beat - 16][channel]


def test_a_specified_key_leaves_few_notes_off_its_scale(make_model: MakeModel) -> None:
    model = Composer(make_model(uniform=True))
    for key, scale, tonic in (("C", {0, 2, 4, 5, 7, 9, 11}, 0), ("F#m", {6, 8, 9, 11, 1, 2, 4, 5}, 6)):
        leaning = model.key_bonus(key)
        worth = {
            int(events[0].split(":")[2]) % 12: leaning[token]
            for token, events in enumerate(model.table.spelling)
            if len(events) == 1 and events[0].startswith("on:p1")
        }
        assert max(worth, key=lambda pitch: worth[pitch]) == tonic
        assert all(worth[on] > worth[off] + 0.5 * OFF_SCALE_COST for on in scale for off in set(range(12)) - scale)
        for token, events in enumerate(model.table.spelling):
            pitches = [int(e.split(":")[2]) % 12 for e in events if e.startswith(("on:p1", "on:p2", "on:tr"))]
            assert leaning[token] == pytest.approx(sum(worth[pitch] for pitch in pitches))
    free, held = (model.compose(TuneSpec(frames=1200, seed=2, key=key)) for key in (None, "C"))

    def share(score: Score) -> float:
        notes = [note for notes in score.channels[:3] for note in notes]
        return sum(note.pitch % 12 in {0, 2, 4, 5, 7, 9, 11} for note in notes) / len(notes)

    assert share(held) > share(free) + 0.1


@pytest.mark.parametrize("wanted", [0.6, 0.75, 0.9])
def test_as_many_notes_are_on_a_scale_as_should_be(make_model: MakeModel, wanted: float) -> None:
    model = Composer(make_model(uniform=True))
    writer = Sampler(
        model, model.ids(("<bos>", *clock_events(RowClock(480)))), RowClock(480), 1.0, np.random.default_rng(3)
    )
    writer.favour_key("C", wanted)
    writer.prompt([])
    write_alone(model, writer.sample_beats(range(64)))
    pitches = [note.pitch % 12 for notes in writer.reader.notes[:3] for note in notes]
    assert len(pitches) > 100
    assert sum(pitch in {0, 2, 4, 5, 7, 9, 11} for pitch in pitches) / len(pitches) == pytest.approx(wanted, abs=0.07)


def test_a_specified_density_guides_the_notes_a_second(make_model: MakeModel) -> None:
    model = Composer(make_model(seed=5, context=512))

    def rate(*densities: int) -> float:
        score = model.compose(TuneSpec(frames=1200, seed=6, beat_frames=30.0, densities=densities))
        return score.note_count / score.seconds

    assert rate(0, 1) < rate(2, 3) < rate(4, 5)


def test_unspecified_properties_come_from_a_song(make_model: MakeModel) -> None:
    folder = make_model(seed=5, context=512)
    rows = [
        ["boss", "Cm", "p1+p2+tr", 1, 2, 400, 0.1, None, 64],
        ["town", None, "p1+p2+tr+no", 2, 2, 512, 0.2, None, 64],
    ]
    (folder / "outlines.json").write_text(json.dumps(rows))
    model = Composer(folder)
    fight, walk = (model.compose(TuneSpec(frames=1200, seed=1, scene=scene)) for scene in ("boss", "town"))
    assert fight.grid
    assert walk.grid
    assert fight.grid.bpm == pytest.approx(144, rel=0.06)
    assert walk.grid.bpm == pytest.approx(112.5, rel=0.06)
    assert not fight.channels[3]
    assert walk.channels[3]
    asked = model.compose(TuneSpec(frames=1200, seed=1, scene="boss", beat_frames=30.0))
    assert asked.grid
    assert asked.grid.bpm == pytest.approx(120, rel=0.01)
