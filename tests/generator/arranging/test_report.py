"""The report on an arrangement: what was kept, and what was heard as melody, bass and drums, and why."""

from __future__ import annotations

import mido
import pytest

from generator.arranging.reduction import reduce
from generator.arranging.report import report_on
from generator.importing.importer import Part, import_midi
from tests.generator.arranging.songs import part, reduced, tune
from tests.generator.importing.test_instruments import beats, cc, line, named, program, written

LEAD = tune([72, 74, 76, 77] * 4)
BASS = tune([36, 43] * 8)


def test_the_report_counts_every_note_once() -> None:
    chords = part([(t, t + 90, pitch) for t in range(0, 320, 90) for pitch in (55, 60, 64, 67)], program=48)
    parts = [
        part(LEAD, name="Lead"),
        chords,
        part(BASS, program=33, name="\u202eBass\n"),
        part([(0, 2, 36)], drum=True),
    ]
    report = report_on(parts, reduced(*parts))
    assert report.notes == 16 + 16 + 16 + 1
    assert report.kept + report.dropped == report.notes
    assert report.kept >= 16 + 16 + 1
    assert (report.melody, report.bass) == ("‘Lead’ (its name says so)", "‘Bass’ (it is the lowest)")
    heard = "the melody from ‘Lead’ (its name says so), the bass from ‘Bass’ (it is the lowest), the drums from part 4"
    assert report.sentence.startswith(f"Kept {report.kept} of 49 notes: {heard}")


@pytest.mark.parametrize(
    ("parts", "melody", "bass"),
    [
        ([part(LEAD)], "part 1 (no other part could be it)", None),
        ([part(LEAD, program=80), part(BASS, program=33)], "part 1 (no other part could be it)", "it is the lowest"),
        ([part(LEAD, name="Vocals"), part(LEAD, name="Echo")], "‘Vocals’ (its name says so)", None),
    ],
)
def test_the_report_says_why_a_part_was_heard_as_what_it_is(parts: list[Part], melody: str, bass: str | None) -> None:
    report = report_on(parts, reduced(*parts))
    assert report.melody == melody
    assert bass is None or (report.bass and bass in report.bass)


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([named("Beat"), *beats(9)], "‘Beat’ (they are on channel 10)"),
        ([named("Drumset"), *beats(3)], "‘Drumset’ (its name says so)"),
        ([named("x"), *beats(3)], "‘x’ (kicks, snares and cymbals play together)"),
        ([named("x"), cc(3, 0, 127), program(3, 0), *beats(3)], "‘x’ (the file says so)"),
    ],
)
def test_the_report_says_why_a_part_is_drums(messages: list[mido.Message], why: str) -> None:
    parts = import_midi(written([named("Tune"), *line(0)], messages)).parts
    assert report_on(parts, reduce(parts)).drums == why


def test_the_report_counts_notes_moved_by_octaves() -> None:
    parts = [part(LEAD), part(tune([24, 26] * 8), program=33)]
    assert report_on(parts, reduced(*parts)).moved == 16
