"""The grid that a file states, and the files that state none."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

import mido
import pytest

from generator.importing.importer import import_midi
from models.music.midi import midi_bytes, to_midi
from models.music.midi_reading import read_score
from models.music.score import Grid, Score
from models.music.score_json import score_from_json, score_to_json

BEAT = 480


def song(
    beats: int = 64,
    *,
    tempos: Mapping[int, float] | None = None,
    meters: dict[int, tuple[int, int]] | None = None,
    ticks: list[int] | None = None,
) -> Grid | None:
    """The grid of a song of eighths. tempos: BPM at beats. meters: at beats. ticks: onsets instead of the eighths."""
    return import_midi(song_bytes(beats, tempos=tempos, meters=meters, ticks=ticks)).grid


def song_bytes(
    beats: int = 64,
    *,
    tempos: Mapping[int, float] | None = None,
    meters: dict[int, tuple[int, int]] | None = None,
    ticks: list[int] | None = None,
) -> bytes:
    """The file of `song`."""
    head = mido.MidiTrack()
    changes = [(at, mido.MetaMessage("set_tempo", tempo=round(6e7 / bpm))) for at, bpm in (tempos or {}).items()]
    for at, (upper, lower) in (meters or {}).items():
        changes.append((at, mido.MetaMessage("time_signature", numerator=upper, denominator=lower)))
    now = 0
    for at, message in sorted(changes, key=lambda change: change[0]):
        head.append(message.copy(time=(at - now) * BEAT))
        now = at
    notes = mido.MidiTrack()
    now = 0
    for tick in ticks or range(0, beats * BEAT, BEAT // 2):
        notes += [mido.Message("note_on", note=60, time=tick - now), mido.Message("note_off", note=60, time=1)]
        now = tick + 1
    return midi_bytes(mido.MidiFile(ticks_per_beat=BEAT, tracks=[head, notes]))


@pytest.mark.parametrize("bpm", [30, 87, 100, 120, 133, 140, 187, 211, 300])
def test_one_tempo_is_the_grid(bpm: int) -> None:
    grid = song(tempos={0: bpm})
    assert grid
    assert grid.bpm == pytest.approx(bpm, rel=1e-5)
    assert (grid.start, grid.meter) == (0, (4, 4))


@pytest.mark.parametrize("bpm", [97, 113, 128, 140, 171])
def test_no_note_leaves_its_beat_in_a_long_song(bpm: int) -> None:
    beats = 8 * bpm  # eight minutes
    data = song_bytes(beats, tempos={0: bpm}, ticks=[beat * BEAT for beat in range(beats)])
    imported = import_midi(data)
    assert imported.grid
    frames = [note.start for part in imported.parts for note in part.notes]
    away = [abs(frame - imported.grid.row(4 * beat)) for beat, frame in enumerate(frames)]
    assert max(away) <= 1, "a file says its tempo in microseconds, which no groove of 97 or 113 beats has exactly"
    assert sum(away) <= beats / 50


@pytest.mark.parametrize("bpm", [75, 90, 104, 140])
@pytest.mark.parametrize("division", [2, 3, 4, 5, 6, 8])
def test_a_stated_tempo_is_kept_on_any_usual_subdivision(bpm: int, division: int) -> None:
    """Arpeggios of a whole subdivision each beat, so that nothing but the file tells which note is the beat."""
    ticks = [i * BEAT // division for i in range(64 * division)]
    grid = song(tempos={0: bpm}, ticks=ticks)
    assert grid
    assert grid.bpm == pytest.approx(bpm, rel=1e-5)


@pytest.mark.parametrize("bpm", [93, 140, 151.5])
def test_a_tempo_lasts_through_an_export_and_back(bpm: float) -> None:
    grid = song(tempos={0: bpm})
    assert grid
    score = Score(((), (), (), ()), 600, grid)
    midi = to_midi(score)
    [tempo] = [message.tempo for message in midi.tracks[0] if message.type == "set_tempo"]
    assert mido.tempo2bpm(tempo) == pytest.approx(bpm, rel=1e-5)
    assert read_score(midi_bytes(midi)).grid == grid


def test_a_file_that_states_no_tempo_has_120_bpm() -> None:
    assert song() == Grid((7, 8))


@pytest.mark.parametrize(
    ("meter", "rows"),
    [((4, 4), 16), ((3, 4), 12), ((2, 2), 16), ((6, 8), 12), ((12, 8), 24), ((7, 8), 14), ((5, 16), 5), ((1, 4), 4)],
)
def test_bars_are_those_of_the_meter(meter: tuple[int, int], rows: int) -> None:
    grid = song(meters={0: meter})
    assert grid
    assert (grid.meter, grid.rows_a_bar, grid.start) == (meter, rows, 0)


def test_two_bars_that_make_whole_rows_are_counted_as_one() -> None:
    grid = song(meters={0: (7, 32)})
    assert grid
    assert (grid.meter, grid.rows_a_bar) == ((14, 32), 7)


@pytest.mark.parametrize("meter", [(6, 8), (7, 8), (5, 16), (3, 4)])
def test_a_meter_lasts_through_an_export_and_back(meter: tuple[int, int]) -> None:
    grid = song(meters={0: meter})
    score = Score(((), (), (), ()), 600, grid)
    assert read_score(midi_bytes(to_midi(score))).grid == grid
    assert score_from_json(score_to_json(score)).grid == grid


@pytest.mark.parametrize(
    ("meters", "start", "upper"),
    [
        pytest.param({0: (1, 4), 1: (4, 4)}, 30, 4, id="a pickup bar of a quarter"),
        pytest.param({0: (3, 4), 3: (4, 4)}, 90, 4, id="a pickup bar of three quarters"),
        pytest.param({0: (3, 4), 12: (4, 4)}, 0, 4, id="four bars of another meter"),
        pytest.param({0: (3, 4), 9: (4, 4)}, 30, 4, id="three bars of another meter"),
        pytest.param({0: (4, 4), 60: (3, 4)}, 0, 4, id="another meter at the end"),
        pytest.param({0: (4, 4), 8: (2, 4), 10: (4, 4)}, 60, 4, id="a half bar in between: most bars begin after it"),
        pytest.param({0: (4, 4), 1000: (3, 4)}, 0, 4, id="a meter that begins after the song"),
    ],
)
def test_bar_1_is_where_most_bars_have_it(meters: dict[int, tuple[int, int]], start: int, upper: int) -> None:
    grid = song(meters=meters)
    assert grid
    assert (grid.start, grid.meter) == (start, (upper, 4))


@pytest.mark.parametrize(
    "tempos",
    [
        pytest.param({0: 120, 62: 100, 63: 80}, id="a ritardando at the end"),
        pytest.param({at: 120 + (at % 3 - 1) * 2 for at in range(64)}, id="two per cent up and down"),
        pytest.param({0: 120, 1000: 40}, id="a tempo after the last note"),
    ],
)
def test_small_changes_leave_the_tempo(tempos: dict[int, int]) -> None:
    grid = song(tempos=tempos)
    assert grid
    assert grid.bpm == pytest.approx(120, rel=0.01)
    assert grid.start == 0


def test_a_slow_bar_before_the_song_moves_bar_1() -> None:
    grid = song(tempos={0: 60, 4: 120})
    assert grid
    assert grid.bpm == 120
    assert grid.start == 0  # four beats of 60 frames end on a bar of 120
    grid = song(tempos={0: 90, 4: 120})
    assert grid
    assert grid.start == 40  # four beats of 40 frames


@pytest.mark.parametrize(
    "tempos",
    [
        pytest.param({0: 120, 32: 90}, id="two tempos"),
        pytest.param({at: 100 + at for at in range(64)}, id="faster and faster"),
        pytest.param({0: 29}, id="too slow"),
        pytest.param({0: 310}, id="too fast"),
        pytest.param({0: 120, 30: 30, 31: 120}, id="a long hold in the middle"),
    ],
)
def test_these_state_no_grid(tempos: dict[int, int]) -> None:
    assert song(tempos=tempos) is None


def test_notes_that_keep_no_beat_have_no_grid() -> None:
    recorded = list(accumulate([391, 407, 389, 401] * 20))
    assert song(ticks=recorded) is None
    assert song(ticks=[at * BEAT // 2 + 40 + at % 3 * 20 for at in range(80)]) is None  # late by half a row
    human = [at * BEAT // 2 + (at * 7 % 11 - 5) * 6 for at in range(1, 80)]
    assert song(ticks=human) is not None
    swung = [at // 2 * BEAT + at % 2 * BEAT * 2 // 3 for at in range(80)]
    assert song(ticks=swung) is not None
