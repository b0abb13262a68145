"""Remixes with tiny random networks: kept notes do not change, and new ones are where they should be."""

from dataclasses import replace
from pathlib import Path

import pytest

from models.inference.batch import Text, write_alone
from models.inference.new_tune import Composer
from models.inference.remix import Source, accompaniment, accompany, continue_score, infill, parse_source, start_beat
from models.inference.sampler import Sampler, TuneSpec
from models.music.grid import ROWS
from models.music.score import Note, Score
from models.tokens.prompts import ALL_CHANNELS, Cell
from models.tokens.vocabulary import char, event_of
from tests.models.conftest import MakeModel
from tests.models.tokens.test_piano_roll import rows_by_event
from tests.music import BEAT_OF_30, loop_of, random_score, scale


@pytest.fixture(scope="module")
def composers(make_model: MakeModel) -> list[Composer]:
    """Models with and without sounds, a listener and a companion; their contexts hold a tune or do not."""
    kinds = [(512, True, False), (128, True, True), (256, False, False), (512, True, True)]
    return [
        Composer(make_model(seed, context=context, sounds=sounds, listener=listener))
        for seed, (context, sounds, listener) in enumerate(kinds)
    ] + [Composer(make_model(seed, context=256, companion=True)) for seed in range(2)]


def song(seed: int) -> Score:
    return scale(60 * 16) if seed % 3 == 0 else loop_of(random_score(seed, grid=seed % 2 == 0), 2)


def begun_in(source: Source, channel: int, beats: range) -> list[Note]:
    return [note for note in source.score.channels[channel] if start_beat(source, note) in beats]


@pytest.mark.parametrize("seed", range(12))
def test_a_tune_continues_from_a_beat(composers: list[Composer], seed: int) -> None:
    model = composers[seed % 6]
    source = parse_source(model, song(seed))
    start = source.beats * (1 + seed % 2) // 2
    score = continue_score(model, source, TuneSpec(frames=300, seed=seed), start)
    join = source.clock.row(start * ROWS)
    for old, new in zip(source.score.channels, score.channels, strict=True):
        assert [note for note in new if note.start < join] == [note for note in old if note.start < join]
    assert any(note.start >= join for notes in score.channels for note in notes)
    assert score.frames >= join + 300 - source.clock.beat_frames
    assert score.grid == source.score.grid


@pytest.mark.parametrize("seed", range(12))
def test_kept_channels_stay_and_the_others_are_written_throughout(composers: list[Composer], seed: int) -> None:
    model = composers[seed % 6]
    source = parse_source(model, song(seed))
    keep = [[0], [2, 3], [0, 1, 2], [1]][seed // 3]
    told: list[float] = []
    score = accompany(model, source, TuneSpec(frames=0, seed=seed), keep, told.append)
    for channel in ALL_CHANNELS:
        same = score.channels[channel] == source.score.channels[channel]
        assert same == (channel in keep) or not source.score.channels[channel]
    new = [note for channel in ALL_CHANNELS if channel not in keep for note in score.channels[channel]]
    assert max(note.start for note in new) > 0.7 * score.frames
    assert score.frames == source.score.frames
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("seed", range(12))
def test_a_span_is_written_anew_and_nothing_else(composers: list[Composer], seed: int) -> None:
    model = composers[seed % 6]
    source = parse_source(model, song(seed))
    span = [range(4, 8), range(3), range(source.beats - 3, source.beats)][seed // 4]
    score = infill(model, source, TuneSpec(frames=0, seed=seed), span)
    start, stop = source.frame(span.start), source.frame(span.stop)
    assert score.frames == source.score.frames
    changed = False
    for channel in ALL_CHANNELS:
        outside = [note for note in score.channels[channel] if not start <= note.start < stop]
        assert outside == [note for note in source.score.channels[channel] if not start <= note.start < stop]
        inside = [note for note in score.channels[channel] if start <= note.start < stop]
        changed = changed or inside != begun_in(source, channel, span)
    assert changed


def test_a_note_that_rings_into_a_span_is_not_cut(composers: list[Composer]) -> None:
    held = Note(0, 200, 60)
    source = parse_source(composers[0], Score(((held,), (), (), (Note(0, 5, 3), Note(400, 405, 3))), 480, BEAT_OF_30))
    for seed in range(4):
        score = infill(composers[0], source, TuneSpec(frames=0, seed=seed), range(4, 12))
        assert score.channels[0][0] == held
        assert all(note.start >= 210 for note in score.channels[0][1:])  # from the next beat on


@pytest.mark.parametrize("what", [continue_score, accompany, infill])
def test_the_same_seed_writes_the_same(composers: list[Composer], what: object) -> None:
    for model in (composers[0], composers[1]):
        source = parse_source(model, song(0))

        def written(seed: int, model: Composer = model, source: Source = source) -> Score:
            spec = TuneSpec(frames=240, seed=seed)
            if what is continue_score:
                return continue_score(model, source, spec, 16)
            if what is accompany:
                return accompany(model, source, spec, [0])
            return infill(model, source, spec, range(8, 16))

        assert written(1) == written(1) != written(2)


def test_kept_channels_are_listened_to_and_then_forgotten(make_model: MakeModel) -> None:
    model = Composer(make_model(3, context=512, sounds=True, listener=True))
    fresh = model.compose(TuneSpec(frames=300, seed=4))
    source = parse_source(model, song(0))
    # Everything else is the same, guidance included: only the roll differs.
    beats = [replace_cells(cells) for cells in source.tune.played]
    other = replace(source, tune=replace(source.tune, played=beats))
    deaf = Composer(make_model(3, context=512, sounds=True))

    def written(of: Composer, heard: Source) -> object:
        return accompany(of, heard, TuneSpec(frames=0, seed=1), [0]).channels[1:]

    assert written(model, source) == written(model, source)
    assert written(model, source) != written(model, other)
    assert written(model, source) != written(deaf, source)
    assert model.compose(TuneSpec(frames=300, seed=4)) == fresh


def replace_cells(cells: list[Cell]) -> list[Cell]:
    """The cells of a beat, with the first pulse an octave higher or lower."""
    moved = []
    for time, happening in cells[0]:
        kind, *rest = event_of(happening[0]).split(":")
        pitch = int(rest[1]) if kind == "on" else 0
        moved.append((time, char(f"on:p1:{pitch + (12 if pitch < 70 else -12)}") if kind == "on" else happening))
    return [tuple(moved), *cells[1:]]


@pytest.mark.parametrize("context", [128, 256, 512])
def test_every_token_is_given_its_row(context: int, make_model: MakeModel, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Composer(make_model(5, context=context, sounds=True, listener=True))
    told: list[int] = []
    appended: list[int] = []
    writers: list[Sampler] = []
    restarts = 0
    append = Sampler._append

    def appending(writer: Sampler, tokens: list[int]) -> None:
        writers[:] = [writer]
        appended.extend(tokens)
        append(writer, tokens)

    def watched(text: Text[Score]) -> Text[Score]:
        nonlocal restarts
        ask = next(text)
        while True:
            assert ask.rows is not None
            if ask.anew:
                restarts += 1
                told.clear()
            told.extend(ask.rows.tolist())
            body = len(writers[0].body)
            assert told[-body:] == rows_by_event(model.table.spelling, appended)[-body:]
            assert set(told[:-body]) == {told[-body] // ROWS * ROWS}  # the head is where the first beat begins
            try:
                ask = text.send((yield ask))
            except StopIteration as stop:
                return stop.value  # type: ignore[no-any-return]

    monkeypatch.setattr(Sampler, "_append", appending)
    source = parse_source(model, loop_of(random_score(4, grid=True), 4))
    write_alone(model, watched(accompaniment(model, source, TuneSpec(frames=0, seed=2), [0])))
    assert appended
    assert (restarts > 1) == (context < 512)


def test_beats_are_found_from_frames(tiny_model: Path) -> None:
    source = parse_source(Composer(tiny_model), scale(600))
    assert [source.beat_at(frame) for frame in (0, 14, 16, 300, 590, 600, 9999)] == [0, 0, 1, 10, 20, 20, 20]
    assert source.frame(7) == 210
    assert source.frame(99) == 600
