"""Sentences: English when they are read, and what they are made of wherever they travel."""

from __future__ import annotations

import copy
import json
from dataclasses import asdict

import pytest

from bot.languages import LANGUAGES, NATIVE, percent, say, using_language
from generator.protocol.errors import CANCELLED_SENTENCE, InputError
from generator.protocol.i18n import Sentence, _, joined, ngettext, pgettext
from generator.protocol.results import Failure, Progress, answer_from_json, answer_to_json

TUNES = ngettext("{n} tune", "{n} tunes")
KEPT = _("Kept {channels}; the other channels were written anew.")


def test_a_sentence_is_its_english() -> None:
    assert _("There is no model called {name}.") == "There is no model called {name}."
    assert _("There is no model called {name}.").format(name="{x}") == "There is no model called {x}."
    assert [str(TUNES.counted(count)) for count in (0, 1, 2)] == ["0 tunes", "1 tune", "2 tunes"]
    assert str(KEPT.format(channels=("p1",))) == "Kept p1; the other channels were written anew."
    assert str(KEPT.format(channels=("p1", _("noise"), "tr"))).startswith("Kept p1, noise and tr;")
    assert joined(" ", "", _("Stopped."), "", TUNES.counted(1)) == "Stopped. 1 tune"
    with pytest.raises(KeyError):
        KEPT.format(names="p1")


def test_a_sentence_is_translated() -> None:
    said = KEPT.format(channels=(_("pulse 1"), _("noise")))
    with using_language("de"):
        assert say(said) == "Puls 1 und Rauschen behalten; die anderen Kanäle wurden neu geschrieben."
        assert [say(TUNES.counted(count)) for count in (1, 2)] == ["1 Stück", "2 Stücke"]
        assert say(pgettext("command", "song")) == "stück"
        assert say("{value:.4g} s", value=1.5) == "1,5 s"
        assert say("What nobody translates {gap}.", gap=1) == "What nobody translates 1."
        assert percent(0.5) == "50\N{NO-BREAK SPACE}%"
        with using_language("fr"):
            assert [say(TUNES.counted(count)) for count in (0, 1, 2)] == ["0 morceau", "1 morceau", "2 morceaux"]
        assert say(TUNES.counted(0)) == "0 Stücke"
    assert say(said) == said
    assert percent(0.5) == "50%"


def test_typed_text_is_never_a_template() -> None:
    said = _("There is no model called {name}.").format(name="{channel} %s {0.__class__}")
    for name in LANGUAGES:
        with using_language(name):
            assert "{channel} %s {0.__class__}" in say(said)


@pytest.mark.parametrize(
    "sentence",
    [
        CANCELLED_SENTENCE,
        TUNES.counted(3),
        KEPT.format(channels=(_("pulse 1"), "p2")),
        joined(" ", KEPT.format(channels=("p1",)), TUNES.counted(1.5, more=_("Stopped."))),
        pgettext("command", "song"),
    ],
)
def test_a_sentence_outlives_json_and_copies(sentence: Sentence) -> None:
    for again in (Sentence.from_json(json.loads(json.dumps(sentence.to_json()))), copy.deepcopy(sentence)):
        assert again == sentence
        for name in LANGUAGES:
            with using_language(name):
                assert say(again) == say(sentence)


def test_an_answer_keeps_the_templates_of_its_sentences() -> None:
    failure = Failure(id="a", sentence=_("There is no model called {name}.").format(name="zx"))
    data = json.loads(answer_to_json(failure))
    assert data["sentence"] == "There is no model called zx."
    assert data["said"] == {"sentence": {"template": "There is no model called {name}.", "values": {"name": "zx"}}}
    again = answer_from_json(answer_to_json(failure))
    assert again == failure
    assert isinstance(again, Failure)
    with using_language("de"):
        assert say(again.sentence) == "Ein Modell zx gibt es nicht."
    plain = Progress(id="a", fraction=0.5, stage=_("composing"))
    assert json.loads(answer_to_json(plain)) == asdict(plain)
    old = answer_from_json('{"type": "failure", "id": "a", "sentence": "It rains.", "fault": false}')
    assert old == Failure(id="a", sentence="It rains.")


def test_an_error_keeps_its_sentence() -> None:
    said = TUNES.counted(2)
    assert InputError(said).sentence is said
    assert str(InputError(said)) == "2 tunes"
    assert InputError().sentence == ""


def test_every_language_has_a_name() -> None:
    assert NATIVE in LANGUAGES
    assert len(set(LANGUAGES.values())) == len(LANGUAGES)
