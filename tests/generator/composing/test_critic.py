"""A critic tells songs from tunes, is kept beside a model's weights, and chooses among takes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from generator.analysis.musical_features import musical_features
from generator.composing.compose import Take, best_take, choose_by_taste, compose
from generator.composing.critic import CRITIC_FILE, LISTENS_SECONDS, Critic, load_critic
from generator.protocol.errors import FaultError
from generator.protocol.requests import USUAL_TAKES, Request
from generator.quality.critic_fit import cross_validated, fit, measure_songs, spread
from generator.quality.judge_report import Source
from models.inference.new_tune import Composer
from models.music.score import FRAMES_PER_SECOND, NO, Note, Score
from models.music.songs import read_midi_file
from models.weights import DEFAULT_MODEL_FOLDER
from tests.conftest import ROOT
from tests.models.tiny import write_model
from tests.music import random_score, scale


def with_drums(seed: int, *, regular: bool) -> Score:
    """Random channels, with drums that recur at the beat or are random as well."""
    score = random_score(seed)
    drums = scale(score.frames).channels[NO]
    return replace(score, channels=(*score.channels[:NO], drums)) if regular else score


@pytest.fixture(scope="module")
def sides() -> tuple[list[dict[str, float]], list[dict[str, float]]]:
    """The features of "songs" with regular drums, and of "tunes" with random ones."""
    regular, irregular = (
        [musical_features(with_drums(seed, regular=regular)) for seed in range(start, start + 30)]
        for regular, start in ((True, 0), (False, 100))
    )
    return regular, irregular


@pytest.fixture(scope="module")
def critic(sides: tuple[list[dict[str, float]], list[dict[str, float]]]) -> Critic:
    return fit(*sides)


def test_a_critic_tells_songs_from_tunes_that_it_has_not_seen(
    critic: Critic, sides: tuple[list[dict[str, float]], list[dict[str, float]]]
) -> None:
    pairs = [(with_drums(seed, regular=True), with_drums(seed, regular=False)) for seed in range(200, 220)]
    assert sum(critic.realism(song) > critic.realism(tune) for song, tune in pairs) >= 18
    assert cross_validated(*sides, seed=0) > 0.9
    assert 0.2 < cross_validated(sides[0][::2], sides[0][1::2], seed=0) < 0.8


def test_only_the_beginning_of_a_tune_counts(critic: Critic) -> None:
    tune = scale((LISTENS_SECONDS + 4) * FRAMES_PER_SECOND)
    longer = scale((LISTENS_SECONDS + 9) * FRAMES_PER_SECOND)
    assert critic.realism(tune) == critic.realism(longer)


def test_a_critic_is_kept_beside_the_weights_of_a_model(critic: Critic, tmp_path: Path) -> None:
    assert load_critic(tmp_path / "without") is None
    file = critic.save(tmp_path)
    assert file == tmp_path / CRITIC_FILE
    again = load_critic(tmp_path)
    assert again
    assert again.realism(scale()) == pytest.approx(critic.realism(scale()), abs=0.01)


@pytest.mark.parametrize(
    "wrong",
    [
        "{",
        "{}",
        "[]",
        json.dumps({"intercept": 0, "features": {}}),
        json.dumps({"intercept": 0, "features": {"melody: of another version": [0, 1, 1, 1, 1]}}),
        json.dumps({"intercept": 0, "features": {"form: bars that recur": [0, 1]}}),
    ],
)
def test_a_critic_that_cannot_be_used_is_a_fault(tmp_path: Path, wrong: str) -> None:
    (tmp_path / CRITIC_FILE).write_text(wrong)
    with pytest.raises(FaultError, match=r"critic\.json cannot be used"):
        load_critic(tmp_path)


def test_the_critic_that_ships_prefers_tunes_to_their_notes_in_disorder() -> None:
    critic = load_critic(DEFAULT_MODEL_FOLDER)
    assert critic
    random = Random(1)

    def disordered(notes: tuple[Note, ...]) -> tuple[Note, ...]:
        pitches = random.sample([note.pitch for note in notes], len(notes))
        return tuple(replace(note, pitch=pitch) for note, pitch in zip(notes, pitches, strict=True))

    preferred = 0
    for number in range(1, 11):
        tune = read_midi_file(ROOT / "docs" / "tunes" / f"{number}.mid")
        other = replace(tune, channels=(*map(disordered, tune.channels[:NO]), tune.channels[NO]))
        preferred += critic.realism(tune) > critic.realism(other)
    assert preferred >= 8


def test_the_take_most_like_a_song_is_kept_of_those_with_the_fewest_faults() -> None:
    takes = [
        Take(scale(), "C", penalty, surprisal=1.0 - number, realism=realism)
        for number, (penalty, realism) in enumerate([(1, 9.0), (0, -2.0), (0, 0.5), (0, -1.0)])
    ]
    assert best_take(Request(), takes) is takes[2]
    assert best_take(Request(), [replace(take, realism=None) for take in takes]) is not takes[2]


def test_a_taste_and_a_critic_have_an_equal_say() -> None:
    """Drums lift the logit of a like by one for each standard deviation."""
    taste = {"drums": (1.0, 0.0, 1.0)}
    with_and_without = [scale(), replace(scale(), channels=(*scale().channels[:NO], ()))]
    for realism, wanted in ((0.5, 0), (9.0, 1)):
        takes = [Take(score, "C", 0, 1.0, realism=at) for score, at in zip(with_and_without, (0, realism), strict=True)]
        assert choose_by_taste(Request(takes=2), taste, takes)[0] is takes[wanted]


def test_a_new_tune_is_the_best_of_the_usual_takes_by_its_critic(critic: Critic, tmp_path: Path) -> None:
    composer = Composer(write_model(tmp_path, context=512, sounds=True))
    request = Request(seed=4, seconds=4.0)
    tune = compose(composer, request, lambda *_: None, critic=critic)
    assert len(tune.takes) == USUAL_TAKES
    fewest = min(take.penalty for take in tune.takes)
    best = max((take for take in tune.takes if take.penalty == fewest), key=lambda take: take.realism or -99.0)
    assert tune.score.channels == best.score.channels
    assert {take.realism for take in tune.takes} == {critic.realism(take.score) for take in tune.takes}
    alone = compose(composer, replace(request, seed=best.seed, takes=1), lambda *_: None, critic=critic)
    assert alone.score.channels == best.score.channels


def test_songs_are_spread_over_games() -> None:
    songs = [Source(f"game {i // 10}", Path(f"{i}.mid")) for i in range(40)]
    chosen = spread(songs, 0)
    assert all(len({song.game for song in chosen[i : i + 4]}) == 4 for i in range(0, 40, 4))
    assert sorted(chosen, key=str) == sorted(songs, key=str)


def test_songs_that_are_too_short_are_replaced_by_others() -> None:
    songs = [Source(f"game {i}", scale(60 if i % 2 else 600)) for i in range(20)]
    assert len(measure_songs(songs, 8, 600, lambda things, *_: things, 0)) == 8
    assert len(measure_songs(songs, 15, 600, lambda things, *_: things, 0)) == 10
