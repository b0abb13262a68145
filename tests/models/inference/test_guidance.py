"""Guidance: what is counted of a tune, and which tokens earn a bonus if it misses its targets."""

from pathlib import Path

import numpy as np
import pytest

from models.inference.guidance import Guidance, GuidanceTargets
from models.inference.sampler import Model
from models.tokens.tune_counts import TuneCounts, loudness_of
from tests.models.tiny import codebook

BEAT = [
    [("0.0", "on:p1:60"), ("0.0", "env:pulse:5"), ("0.0", "duty:pulse:1"), ("1.2", "on:p1:62"), ("3.0", "off:p1")],
    [("0.1", "on:p2:50")],
    [],
    [("2.0", "on:no:3"), ("2.0", "env:noise:7")],
]


@pytest.fixture(scope="module")
def rudder(sound_model: Path) -> Guidance:
    return Model(sound_model).guidance


def test_notes_repeats_and_envelopes_are_counted() -> None:
    book = codebook()
    tally = TuneCounts(book)
    tally.add(BEAT)
    assert (tally.notes, tally.written, tally.late, tally.played, tally.repeated) == (4, 4, 2, 3, 0)
    assert tally.enveloped == 3  # pulse 2 has named no envelope yet
    pulse, noise = loudness_of("env:pulse:5", book), loudness_of("env:noise:7", book)
    assert tally.loudness == pytest.approx(2 * pulse + noise)
    tally.add(BEAT, repeating=0b0001)
    assert (tally.notes, tally.written, tally.played, tally.repeated) == (8, 6, 6, 1)
    assert TuneCounts().loudness == 0


def test_notes_on_a_scale_are_counted_of_those_that_have_a_pitch() -> None:
    tally = TuneCounts(scale=frozenset({2}))
    tally.add(BEAT)
    assert (tally.pitched, tally.on_scale) == (3, 2)


def favoured(rudder: Guidance, course: GuidanceTargets, tally: TuneCounts) -> dict[str, float]:
    """The signs of the bonuses of each kind of token. All tokens of a kind have the same sign."""
    turned = np.broadcast_to(rudder.bonus(course, tally, 10.0)[0], rudder.notes.shape)
    late = rudder.late > 0
    kinds = {"notes": (rudder.notes > 0) & ~late, "repeats": rudder.repeats > 0, "late": late}
    return {kind: float(np.sign(turned[mask]).mean()) for kind, mask in kinds.items() if mask.any()}


@pytest.mark.parametrize(
    ("tally", "wanted"),
    [
        (TuneCounts(notes=20, written=20, late=2, played=10, repeated=5), 0.0),
        (TuneCounts(notes=2, written=2, played=10, repeated=5), 1.0),
        (TuneCounts(notes=99, written=99, late=9, played=10, repeated=5), -1.0),
    ],
)
def test_notes_are_favoured_if_there_are_too_few_and_discouraged_if_too_many(
    rudder: Guidance, tally: TuneCounts, wanted: float
) -> None:
    course = GuidanceTargets(density=(1.5, 3.0))
    assert favoured(rudder, course, tally).get("notes", wanted) == wanted
    assert favoured(rudder, course, tally)["repeats"] == 0


def test_each_part_of_a_course_is_steered_by_itself(rudder: Guidance) -> None:
    tally = TuneCounts(notes=20, written=20, late=10, played=10, repeated=1)
    found = favoured(rudder, GuidanceTargets(repetition=(0.4, 0.5), late=(0.0, 0.1)), tally)
    assert found["repeats"] == 1
    assert found["late"] == -1
    assert favoured(rudder, GuidanceTargets(), tally) == dict.fromkeys(found, 0)


def test_louder_envelopes_are_favoured_in_a_tune_that_is_too_quiet(rudder: Guidance) -> None:
    book = codebook()
    quiet = TuneCounts(book, enveloped=10, loudness=10.0)
    turned, _ = rudder.bonus(GuidanceTargets(loudness=(7.0, 9.0)), quiet, 10.0)
    sounds = rudder.louder != 0
    assert np.corrcoef(turned[sounds], rudder.louder[sounds])[0, 1] == pytest.approx(1)
    assert not rudder.bonus(GuidanceTargets(loudness=(0.5, 2.0)), quiet, 10.0)[0].any()


def test_nothing_is_steered_in_the_first_second(rudder: Guidance) -> None:
    assert not any(turned.any() for turned in rudder.bonus(GuidanceTargets(density=(50.0, 60.0)), TuneCounts(), 0.5))


def test_a_note_after_a_late_time_is_late_and_its_end_is_not(sound_model: Path) -> None:
    model = Model(sound_model)
    on, off = model.id("on:p1:60"), model.id("off:p1")
    course, tally = GuidanceTargets(late=(0.0, 0.1)), TuneCounts(notes=9, written=9, late=9)
    on_row, off_row = model.guidance.bonus(course, tally, 5.0)
    assert on_row[on] == 0 > off_row[on]
    assert on_row[off] == off_row[off] == 0
