"""What a request may hold, and the sentence for what it may not."""

import json
from typing import Any

import pytest

from generator.protocol.errors import InputError
from generator.protocol.modes import MODES
from generator.protocol.requests import Request
from generator.protocol.tastes import MAX_DEVIATIONS, standardized

REMIX: dict[str, Any] = {"upload": "0" * 64}
USES: dict[str, Any] = {
    "scene": "boss", "bpm": 120, "key": "C", "seconds": 10, "bars": 8, "density": "low", "takes": 2, "transpose": -3,
    "keep": "p1", "strength": 0.5, "from_bar": 3, "span": "2-4", "taste": {"tempo": [0.4, 140, 22]},
}  # fmt: skip


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("field", USES)
def test_each_mode_takes_only_the_fields_that_it_uses(mode: str, field: str) -> None:
    values = {"mode": mode, field: USES[field], **({} if mode == "generate" else REMIX)}
    if field in MODES[mode].fields:
        assert getattr(Request(**values), field) is not None
    else:
        with pytest.raises(InputError, match=f"The mode {mode} has no use for {field.replace('_', ' ')}"):
            Request(**values)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"density": "thick"}, "The density must be one of low, medium, high, not “thick”."),
        ({"bars": 65}, "The length must be a whole number from 1 to 64 bars, not “65”."),
        ({"bars": 2.5}, "The length must be a whole number from 1 to 64 bars"),
        ({"bars": 4, "seconds": 10}, "in seconds or in bars, not in both"),
        ({"takes": 9}, "The number of takes must be a whole number from 1 to 8"),
        ({"bpm": 60}, "The tempo must be 90 to 180 BPM"),
        ({"mode": "vary", "strength": 1.5, **REMIX}, "The strength must be 0 to 1, not “1.5”."),
        ({"mode": "vary", "strength": float("nan"), **REMIX}, "The strength must be 0 to 1"),
        ({"mode": "arrange", "bpm": 20, **REMIX}, "The tempo must be 40 to 300 BPM"),
        ({"mode": "arrange", "transpose": 25, **REMIX}, "The transposition must be a whole number from -24 to 24"),
        ({"mode": "continue", "from_bar": 0, **REMIX}, "The bar must be a whole number from 1"),
        ({"mode": "accompany", "keep": "p1,xx", **REMIX}, "The channel must be one of p1, p2, tr, no, not “xx”."),
        ({"mode": "accompany", "keep": "no,tr,p2,p1", **REMIX}, "there is nothing to write"),
        ({"mode": "accompany", "keep": [], **REMIX}, "The channels to keep are some of"),
        ({"mode": "infill", "span": "8-5", **REMIX}, "not from 8 to 5"),
        ({"mode": "infill", "span": "five", **REMIX}, "such as 5-8, not “five”."),
        ({"mode": "infill", "span": [1, 2, 3], **REMIX}, "such as 5-8"),
        ({"mode": "infill"}, "A remix needs a MIDI file."),
        ({"upload": "0" * 64}, "A new tune takes no MIDI file."),
        ({"mode": "dance"}, "The mode must be one of generate, arrange, continue, accompany, vary, infill"),
        ({"seed": True}, "The seed must be a whole number"),
        ({"taste": [1]}, "A taste holds three numbers for each of its features."),
        ({"taste": {"charm": [1, 0, 1]}}, "The feature must be one of tempo, notes"),
        ({"taste": {"tempo": [1, 0]}}, "The taste of tempo is a weight, a mean and a standard deviation."),
        ({"taste": {"tempo": [1, 0, 0]}}, "the standard deviation above 0"),
        ({"taste": {"tempo": [float("nan"), 0, 1]}}, "is three finite numbers"),
        ({"taste": {"tempo": [1, 10**400, 1]}}, "is three finite numbers"),
    ],
)
def test_an_invalid_request_is_refused_with_a_sentence(fields: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        Request(**fields)
    assert sentence in str(caught.value)
    assert str(caught.value).endswith(".")


@pytest.mark.parametrize(
    ("typed", "kept"), [("tr, P1", ("p1", "tr")), (["no"], ("no",)), (("p2", "p2"), ("p2",)), ("p1", ("p1",))]
)
def test_channels_are_parsed_from_text_or_json_and_sorted(typed: Any, kept: tuple[str, ...]) -> None:
    assert Request(mode="accompany", keep=typed, **REMIX).keep == kept


@pytest.mark.parametrize(("typed", "bars"), [("5-8", (5, 8)), (" 5 - 8 ", (5, 8)), ("7", (7, 7)), ([1, 3], (1, 3))])
def test_bars_are_parsed_from_text_or_json(typed: Any, bars: tuple[int, int]) -> None:
    assert Request(mode="infill", span=typed, **REMIX).span == bars


def test_a_request_survives_json() -> None:
    for request in (
        Request(mode="infill", span=(2, 5), takes=3, **REMIX),
        Request(mode="accompany", keep=("p2", "no"), transpose=2, **REMIX),
        Request(bars=16, density="low", key="bb minor"),
        Request(takes=4, taste={"tempo": (0.4, 140.0, 22.0), "minor": (-0.2, 0.3, 0.46)}),
    ):
        assert Request.from_dict(json.loads(json.dumps(request.to_dict()))) == request


def test_a_feature_counts_at_most_three_deviations() -> None:
    assert [standardized(value, 10, 2) for value in (11, 10, 30, -30)] == [0.5, 0, MAX_DEVIATIONS, -MAX_DEVIATIONS]


def test_a_request_of_the_first_release_is_still_read() -> None:
    old = {"mode": "generate", "seed": 3, "seconds": None, "bpm": 120.0, "key": "C", "scene": None, "temperature": 1.0,
           "model": "nes", "upload": None, "name": None, "version": 1}  # fmt: skip
    assert Request.from_dict(old) == Request(seed=3, bpm=120.0, key="C", model="nes")
