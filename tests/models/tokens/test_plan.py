"""Plans: the events describe the song."""

import pytest

from models.music.score import Note, Score
from models.tokens.codec import to_text
from models.tokens.plan import DENSITY_EDGES, density_step, length_event, plan_of, repetition_step
from models.tokens.prompts import parse_tune
from models.tokens.vocabulary import EVENTS, PLAN
from tests.music import random_score, scale


def test_a_plan_says_each_kind_once_and_in_order() -> None:
    score = scale(1800)
    plan = plan_of(score, parse_tune(to_text(score, repeats=True)))
    assert [event.partition(":")[0] for event in plan] == list(PLAN)
    assert all(event in EVENTS for event in plan)
    assert plan[0] == "voices:p1+p2+tr+no"


def test_voices_are_the_channels_that_play() -> None:
    score = Score(((Note(0, 30, 60),), (), (), (Note(0, 5, 3),)), 60)
    assert plan_of(score, parse_tune(to_text(score, repeats=True)))[0] == "voices:p1+no"
    silence = Score(((), (), (), ()), 60)
    assert plan_of(silence, parse_tune(to_text(silence, repeats=True))) == []


@pytest.mark.parametrize("step", range(6))
def test_density_is_notes_a_second(step: int) -> None:
    rate = [*DENSITY_EDGES, 40.0][step] - 0.5
    notes = round(rate * 10)
    score = Score((tuple(Note(i, i + 1, 60) for i in range(notes)), (), (), ()), 600)
    assert density_step(score) == step


def test_a_loop_returns_more_than_chance_does() -> None:
    loop, chance = scale(60 * 40), random_score(2)
    assert repetition_step(parse_tune(to_text(loop, repeats=True))) == 5
    assert repetition_step(parse_tune(to_text(chance, repeats=True))) == 0


@pytest.mark.parametrize(
    ("beats", "event"), [(1, "length:8"), (8, "length:8"), (60, "length:64"), (9999, "length:512")]
)
def test_a_length_is_rounded_up(beats: int, event: str) -> None:
    assert length_event(beats) == event
