"""Loop points: how files mark them, what is played of the file, and which exports return there."""

from __future__ import annotations

import re

import mido
import pytest

from generator.apu.registers import register_stream
from generator.arranging.arrange import arrange
from generator.exporting.famitracker import to_famitracker
from generator.importing.importer import import_midi
from generator.protocol.requests import Request
from generator.sound.stems import loop_tags
from models.music.midi import midi_bytes, read_score, to_midi
from tests.generator.importing.test_instruments import BEAT, cc, line, named, written

REQUEST = Request(mode="arrange", upload="0" * 64)


def marker(text: str, beat: float, kind: str = "marker") -> mido.MetaMessage:
    return mido.MetaMessage(kind, text=text, time=round(beat * BEAT))


def song(*marks: mido.Message | mido.MetaMessage, bpm: float = 120) -> bytes:
    """Two tracks of 16 quarters, and a track of marks."""
    melody, bass = (line(channel, (*range(low, low + 8),) * 2) for channel, low in ((0, 72), (1, 40)))
    return written(list(marks), [named("Melody"), *melody], [named("Bass"), *bass], bpm=bpm)


@pytest.mark.parametrize(
    ("marks", "start", "end"),
    [
        pytest.param([marker("loopStart", 4), marker("loopEnd", 12)], 4, 12, id="markers"),
        pytest.param([marker("LOOP_END", 12, "text"), marker("Loop Start", 4, "text")], 4, 12, id="text"),
        pytest.param([marker("loopstart", 2, "cue_marker")], 2, 16, id="a cue, to the end"),
        pytest.param([marker("loopEnd", 8)], 0, 8, id="only an end"),
        pytest.param([cc(0, 111, 1, 4 * BEAT)], 4, 16, id="RPG Maker"),
        pytest.param([cc(5, 110, 0, 3 * BEAT), cc(5, 111, 0, 11 * BEAT)], 3, 11, id="HMI"),
        pytest.param([cc(2, 116, 0, 4 * BEAT), cc(2, 117, 127, 8 * BEAT)], 4, 8, id="XMIDI"),
        pytest.param([cc(2, 116, 0, 0), cc(2, 117, 127, 20 * BEAT)], 0, 20, id="a rest at the end"),
    ],
)
@pytest.mark.parametrize("bpm", [120, 90])
def test_a_loop_is_read_and_kept_in_the_score(marks: list[mido.Message], start: float, end: float, bpm: float) -> None:
    beat = 3600 / bpm
    tune = arrange(REQUEST, song(*marks, bpm=bpm))
    assert (tune.score.loop, tune.score.frames) == (start * beat, end * beat)
    assert max(note.end for notes in tune.score.channels for note in notes) == min(end, 16) * beat
    assert read_score(midi_bytes(to_midi(tune.score))).loop == tune.score.loop
    seconds = int(start * beat / 60)
    assert tune.report.endswith(f"It loops back to 0:{seconds:02}.")


@pytest.mark.parametrize(
    "marks",
    [
        pytest.param([], id="nothing"),
        pytest.param([marker("loop", 4), marker("Start", 0)], id="other words"),
        pytest.param([cc(0, 116, 2, 4 * BEAT), cc(0, 117, 127, 8 * BEAT)], id="two repetitions"),
        pytest.param([cc(0, 110, 0, 4 * BEAT)], id="a start of HMI's alone"),
        pytest.param([marker("loopStart", 4), marker("loopEnd", 4.25)], id="hardly any time"),
        pytest.param([marker("loopStart", 17), marker("x", 30)], id="after the music"),
    ],
)
def test_these_mark_no_loop(marks: list[mido.Message]) -> None:
    found = import_midi(song(*marks))
    assert (found.loop, found.frames) == (None, 480)


def test_a_loop_moves_with_silence_that_is_left_out_and_with_the_tempo() -> None:
    late = [message.copy(time=message.time + 24 * BEAT) for message in line(0, (60, 62, 64, 65))]
    data = written([marker("loopStart", 26)], late, bpm=120)
    assert import_midi(data).loop == 60
    slower = arrange(Request(mode="arrange", upload="0" * 64, bpm=60), data).score
    assert (slower.loop, slower.frames) == (120, 240)


def test_the_end_of_a_file_is_that_of_its_last_bar() -> None:
    last = written([cc(0, 111, 0), *line(0)[:-1], mido.Message("note_off", note=62, time=8 * BEAT - 30)])
    assert import_midi(last).frames == 240


def test_exports_return_to_the_loop_point() -> None:
    score = arrange(REQUEST, song(marker("loopStart", 4), marker("loopEnd", 12))).score
    assert register_stream(score).loop == 120
    assert loop_tags(score) == {"LOOPSTART": str(120 * 735), "LOOPLENGTH": str(240 * 735)}
    jumps = re.findall(r" B([0-9A-F]{2})", to_famitracker(score))
    assert jumps == ["01"]
