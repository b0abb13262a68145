"""A request becomes a tune, with the model that ships. What notes it writes is not tested here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from generator.analysis.keys import find_key
from generator.apu.retrigger import merge_hidden_repeats
from generator.composing.compose import (
    MAX_TAKES,
    Progress,
    Take,
    TasteChoice,
    Tune,
    _move_to_key,
    best_take,
    choose_by_taste,
    compose,
    is_copy,
    make_takes,
    spec_of,
    take_seed,
    taste_score,
    transpose,
)
from generator.composing.faults import find_faults
from generator.composing.originality import MAX_SHARED_NOTES, Index, longest_shared_run
from generator.protocol.options import SEEDS
from generator.protocol.requests import Request
from generator.sound.envelopes import assign_instruments
from models.inference.batch import Text, write_together
from models.inference.new_tune import Composer
from models.inference.sampler import TuneSpec
from models.music.score import CHANNELS, NO, TR, Note, Score
from models.weights import DEFAULT_MODEL_FOLDER
from tests.models.tiny import write_model
from tests.music import bare, random_score, scale


@pytest.fixture(scope="module")
def composer() -> Composer:
    return Composer(DEFAULT_MODEL_FOLDER)


def tune(composer: Composer, **fields: object) -> Tune:
    request = {"seconds": 3.0, "bpm": 160.0, **fields}
    return compose(composer, Request(**request), lambda *_: None)  # type: ignore[arg-type]


def usual(take: int) -> TuneSpec:
    """A take of `tune` with seed 11."""
    return TuneSpec(frames=180, seed=take_seed(11, take), beat_frames=22.5)


def test_a_request_gives_the_same_tune_each_time(composer: Composer) -> None:
    first, again, other = (tune(composer, seed=seed, scene="boss") for seed in (1, 1, 2))
    assert first == again
    assert first.score.channels != other.score.channels
    assert first.title == first.score.title
    assert first.key == find_key(first.score)[0]
    assert first.report == ""


def test_the_tune_kept_is_a_take_and_the_one_with_the_fewest_faults(composer: Composer) -> None:
    found = tune(composer, seed=11)
    takes = []
    for take in range(MAX_TAKES):
        score = composer.compose(usual(take))
        takes.append((len(find_faults(score)), take, score))
        if not takes[-1][0]:
            break
    assert bare(found.score) == bare(merge_hidden_repeats(min(takes)[2]))


def test_a_model_that_names_sounds_is_not_dressed(tmp_path: Path) -> None:
    composer = Composer(write_model(tmp_path, context=512, sounds=True))
    found = tune(composer, seed=11)
    assert found.score.channels in [
        merge_hidden_repeats(composer.compose(usual(take))).channels for take in range(MAX_TAKES)
    ]


class Roller(Composer):
    """Writes a roll of single frames on the triangle and on the noise, whatever is wished for."""

    def writing(self, wish: TuneSpec, progress: Progress = lambda _: None) -> Text[tuple[Score, float]]:
        yield from ()
        progress(1.0)
        roll = tuple(Note(frame, frame + 1, 48) for frame in range(6))
        drums = tuple(replace(note, pitch=9) for note in roll)
        return Score(((), (), (*roll, Note(6, 60, 50)), (*drums, Note(6, 60, 5))), 60), 0.0


@pytest.mark.parametrize("sounds", [True, False])
def test_a_tune_has_no_note_whose_beginning_cannot_be_shown(tmp_path: Path, *, sounds: bool) -> None:
    found = tune(Roller(write_model(tmp_path, context=512, sounds=sounds)), seed=1).score
    assert merge_hidden_repeats(found) == found
    assert [(note.start, note.end) for note in found.channels[TR]] == [(0, 2), (2, 4), (4, 6), (6, 60)]
    assert [(note.start, note.end) for note in found.channels[NO]] == [(0, 2), (2, 4), (4, 6), (6, 60)]


def test_length_and_tempo_are_as_requested(composer: Composer) -> None:
    found = tune(composer, seed=3, seconds=2.5, bpm=96.0)
    assert found.score.seconds == pytest.approx(2.5, abs=0.1)
    assert found.score.grid
    assert found.score.grid.bpm == pytest.approx(96, abs=0.2)


def test_most_tunes_have_the_requested_key(composer: Composer) -> None:
    asked = {4: "Am", 5: "Eb", 6: "C", 7: "F#m"}
    got = {seed: tune(composer, seed=seed, key=key, seconds=6, bpm=None) for seed, key in asked.items()}
    assert all(found.key == find_key(found.score)[0] for found in got.values())
    assert sum(got[seed].key == key for seed, key in asked.items()) >= 3


def test_the_seeds_of_takes_are_the_requests_own_and_others() -> None:
    assert take_seed(7, 0) == 7
    seeds = [take_seed(seed, take) for seed in range(50) for take in range(MAX_TAKES)]
    assert all(0 <= seed < SEEDS for seed in seeds)
    assert len(set(seeds)) == len(seeds)
    assert seeds == [take_seed(seed, take) for seed in range(50) for take in range(MAX_TAKES)]


def test_the_best_take_has_the_lowest_penalty_and_then_the_lowest_surprisal(composer: Composer) -> None:
    tried = {
        take_seed(9, i): Take(scale(), "C", penalty, surprisal)
        for i, (penalty, surprisal) in enumerate([(1, 0.5), (0, 3.0), (0, 2.0), (0, 4.0)])
    }
    asked: list[int] = []
    told: list[float] = []
    stages: list[str] = []

    def tell(share: float, stage: str) -> None:
        told.append(share)
        stages.append(stage)

    def one(seed: int, progress: Progress) -> Text[int]:
        asked.append(seed)
        yield from ()
        progress(0.5)
        progress(1.0)
        return seed

    def write(texts: Sequence[Text[int]]) -> list[int]:
        return write_together(composer, texts)

    def take(request: Request) -> Take:
        return best_take(request, make_takes(request, one, lambda seed, _: tried[seed], tell, write))

    assert take(Request(seed=9)).surprisal == 3.0
    assert asked == list(tried)[:2]
    assert told == sorted(set(told))  # it moves in every take
    assert told[-1] < 1
    assert list(dict.fromkeys(stages)) == ["composing", "composing, take 2 of up to 4"]
    asked.clear()
    told.clear()
    stages.clear()
    assert take(Request(seed=9, takes=4)).surprisal == 2.0
    assert asked == list(tried)
    assert told == [i / 8 for i in range(1, 9)]
    assert set(stages) == {"composing 4 takes"}


def test_a_copy_of_a_song_that_is_known_is_composed_again(composer: Composer) -> None:
    request = Request(seed=22, seconds=12.0, bpm=150.0, density="high")
    free = compose(composer, request, lambda *_: None)
    assert free.shared_notes is None
    known = Index.build([free.score])
    copied = longest_shared_run(free.score, known)
    assert copied > MAX_SHARED_NOTES
    found = compose(composer, request, lambda *_: None, known)
    assert found.score.channels != free.score.channels
    assert found.shared_notes is not None
    assert found.shared_notes <= MAX_SHARED_NOTES


def test_more_than_unrelated_songs_share_is_a_copy() -> None:
    assert [is_copy(n) for n in (None, 0, MAX_SHARED_NOTES, MAX_SHARED_NOTES + 1)] == [False, False, False, True]


def liking_drums() -> Request:
    return Request(seed=9, takes=4, taste={"drums": (1.0, 4.0, 2.0)})


def drummed(drums: int, penalty: int = 0, surprisal: float = 2.0) -> Take:
    """A take whose noise channel plays so many notes."""
    score = scale()
    beats = tuple(Note(10 * i, 10 * i + 3, 4) for i in range(drums))
    return Take(replace(score, channels=(*score.channels[:NO], beats)), "C", penalty, surprisal)


def test_a_taste_chooses_among_the_takes_with_the_least_wrong() -> None:
    takes = [drummed(3, surprisal=1.0), drummed(9), drummed(20, penalty=1), drummed(6)]
    assert liking_drums().taste
    best, chosen = choose_by_taste(liking_drums(), liking_drums().taste or {}, takes)
    assert best is takes[1]
    assert chosen == TasteChoice(take=2, takes=4, likeliest=1, seed=take_seed(9, 1))


def test_takes_that_a_taste_likes_as_much_go_by_likelihood_and_one_alone_is_no_choice() -> None:
    taste = liking_drums().taste or {}
    even = [drummed(3, surprisal=2.0), drummed(3, surprisal=1.0)]
    assert choose_by_taste(liking_drums(), taste, even)[0] is even[1]
    alone = [drummed(3), drummed(9, penalty=1)]
    assert choose_by_taste(liking_drums(), taste, alone) == (alone[0], None)


def test_a_feature_that_a_score_lacks_moves_nothing() -> None:
    taste = {"tempo": (1.0, 100.0, 10.0), "drums": (0.5, 4.0, 2.0)}
    assert taste_score(taste, {"drums": 6.0}) == 0.5
    assert taste_score(taste, {"drums": 6.0, "tempo": 90.0}) == -0.5


def test_a_taste_is_followed_and_the_take_it_chose_comes_again_by_its_seed(composer: Composer) -> None:
    asked = Request(seed=6, seconds=3.0, bpm=150.0, takes=4)
    plain = compose(composer, asked, lambda *_: None)
    assert plain.taste_choice is None
    seeds = [take_seed(6, take) for take in range(4)]
    scores = [
        merge_hidden_repeats(assign_instruments(composer.compose(replace(spec_of(asked), seed=seed)), 6))
        for seed in seeds
    ]
    for sign in (1.0, -1.0):
        found = compose(composer, replace(asked, taste={"notes": (sign, 10.0, 5.0)}), lambda *_: None)
        assert found.taste_choice
        fine = [score for score in scores if not find_faults(score)]
        assert len(fine) > 1
        wanted = max(fine, key=lambda score: sign * score.note_count)
        assert bare(found.score) == bare(wanted)
        assert scores.index(wanted) + 1 == found.taste_choice.take
        again = compose(composer, replace(asked, seed=found.taste_choice.seed, takes=1), lambda *_: None)
        assert again.score.channels == found.score.channels
        without = scores[found.taste_choice.likeliest - 1]
        assert bare(without) == bare(plain.score)


@pytest.mark.parametrize("asked", ["C", "C#", "F#", "G", "B"])
def test_a_tune_in_another_key_of_the_mode_is_moved(asked: str) -> None:
    score, key, wrong = _move_to_key(scale(600), asked)
    assert (key, wrong) == (asked, 0)
    assert find_key(score)[0] == asked
    assert max(abs(a.pitch - b.pitch) for a, b in zip(score.channels[0], scale(600).channels[0], strict=True)) <= 6


def test_a_tune_of_the_other_mode_counts_as_wrong_and_stays() -> None:
    assert _move_to_key(scale(600), "Am") == (scale(600), "C", 1)
    assert _move_to_key(scale(600), None) == (scale(600), "C", 0)


@pytest.mark.parametrize("semitones", [-12, -5, 0, 1, 6, 11])
def test_transposing_leaves_drums_and_times_alone(semitones: int) -> None:
    score = random_score(6)
    up = transpose(score, semitones)
    assert up.channels[NO] == score.channels[NO]
    for spec, before, after in zip(CHANNELS[:NO], score.channels, up.channels, strict=False):
        for a, b in zip(before, after, strict=True):
            assert (a.start, a.end, a.volume, a.duty) == (b.start, b.end, b.volume, b.duty)
            assert (b.pitch - a.pitch - semitones) % 12 == 0
            assert spec.lowest <= b.pitch <= spec.highest


def test_the_seed_of_a_take_gives_it_as_the_only_one(composer: Composer) -> None:
    tune = compose(composer, Request(seed=3, seconds=2, takes=2), lambda *_: None)
    assert [replace(take.score, title=tune.title) for take in tune.takes].count(tune.score) == 1
    for take in tune.takes:
        alone = compose(composer, Request(seed=take.seed, seconds=2, takes=1), lambda *_: None)
        assert alone.score.channels == take.score.channels
