"""`chiptune quality` as a whole, on songs made here and on tunes of the model that ships."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bot.main import main
from generator.analysis.statistics import STATISTICS
from generator.protocol.errors import InputError
from generator.quality.report import REPORT_JSON, REPORT_PAGE, REPORT_PLOTS, figures_of, to_markdown
from generator.quality.run import Options, run
from generator.quality.samples import Sample, measure_songs
from generator.quality.tunes import ABOUT, FOLDER, Job, plan_jobs, run_jobs
from models.music.grid import RowClock
from models.music.midi import midi_bytes, to_midi
from models.music.score import Score
from models.music.songs import Song, write_songs
from models.weights import DEFAULT_MODEL_FOLDER
from tests.music import song_on

MODEL = DEFAULT_MODEL_FOLDER


def silently(things: Iterable[Any], _: int, __: str) -> Iterable[Any]:
    return things


def some_score(seed: int) -> Score:
    return song_on(RowClock(Random(seed).randrange(360, 600, 16)), 16, seed)


def song(score: Score, *, reduction: int = 0, real: bool = True) -> Song:
    return Song("song", "game", "tests", None, None, 0.0, reduction, real, score)


@pytest.fixture(scope="module")
def midi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 songs of six to ten seconds."""
    folder = tmp_path_factory.mktemp("midi")
    for seed in range(24):
        (folder / f"{seed:02}.mid").write_bytes(midi_bytes(to_midi(some_score(seed))))
    return folder


@pytest.fixture(scope="module")
def report(midi: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Songs held against themselves."""
    out = tmp_path_factory.mktemp("report")
    arguments = ["quality", str(midi), "--out", str(out), "--scores", str(midi), "--seconds", "5"]
    assert main(arguments) == 0
    return out


def test_all_three_forms_are_written_and_nothing_is_composed(report: Path) -> None:
    assert {path.name for path in report.iterdir()} == {REPORT_JSON, REPORT_PAGE, REPORT_PLOTS}


def test_songs_reach_the_ceiling_of_themselves(report: Path) -> None:
    figures = json.loads((report / REPORT_JSON).read_text())
    assert figures["tunes"] == figures["songs"]
    assert (figures["songs"]["measured"], figures["sample"], figures["seconds"]) == (24, 12, 5)
    rows = figures["statistics"]
    assert list(rows) == [statistic.name for statistic in STATISTICS]
    assert all(row["reached"] and row["ratio"] > 0.8 and row["songs"] == row["tunes"] for row in rows.values())
    assert all(sum(row["songs_in_bins"]) == pytest.approx(1, abs=0.01) for row in rows.values())
    assert figures["reached"] == len(rows)


def test_the_page_has_a_row_for_each_statistic_and_the_returns(report: Path) -> None:
    page = (report / REPORT_PAGE).read_text()
    table = [line.split("|") for line in page.splitlines() if line.startswith("|")]
    assert [cells[1].strip() for cells in table[2:]] == [statistic.name for statistic in STATISTICS]
    assert len({len(cells) for cells in table}) == 1
    assert "A passage of 2 bars or more returns" in page
    assert "asked of tunes over 30 s; these last 5 s" in page
    assert "✗ |" not in page


def test_the_plots_can_be_seen(report: Path) -> None:
    with Image.open(report / REPORT_PLOTS) as picture:
        pixels = np.asarray(picture.convert("RGB")).reshape(-1, 3)
        assert picture.size[0] > 1000
    for color in ((0x40, 0x60, 0xA0), (0xE0, 0x70, 0x30)):
        assert (pixels == color).all(axis=1).sum() > 5000


def test_statistics_below_the_goal_are_marked() -> None:
    random = np.random.default_rng(1)
    values = random.normal(size=(100, len(STATISTICS)))
    real = Sample(values, (True,) * 75 + (False,) * 25, 3, sounds=True)
    wrong = values[:40].copy()
    wrong[:, 2] += 2
    made = Sample(wrong, (True,) * 10 + (False,) * 30, 0, sounds=True)
    figures = figures_of(made, real, 32.0, 0)
    assert [name for name, row in figures["statistics"].items() if not row["reached"]] == [STATISTICS[2].name]
    page = to_markdown(figures)
    marked = [line for line in page.splitlines() if "✗ " in line and line.startswith("|")]
    assert [line.split("|")[1].strip() for line in marked] == [STATISTICS[2].name]
    assert "25 % (10 of 40) of the tunes and 75 % (75 of 100) of the songs." in page
    assert "asked of" not in page


def test_each_song_counts_once_and_arranged_sound_is_not_measured(tmp_path: Path) -> None:
    scores = [some_score(seed) for seed in range(4)]
    own, arranged = tmp_path / "own.gz", tmp_path / "arranged.gz"
    write_songs(own, [song(score) for score in scores])
    write_songs(arranged, [song(score, reduction=i % 2, real=False) for i, score in enumerate(scores)])
    first, second = (measure_songs(path, 60, silently) for path in (own, arranged))
    assert (first.size, first.sounds, second.size, second.sounds) == (4, True, 2, False)
    assert (first.values[::2] == second.values).all()
    names = figures_of(second, second, 1.0, 0)["statistics"]
    assert {statistic.name for statistic in STATISTICS} - set(names) == {s.name for s in STATISTICS if s.sound}


def test_both_samples_are_cut_to_one_length(midi: Path, tmp_path: Path) -> None:
    long, short, gone = (some_score(seed) for seed in (1, 2, 3))
    file = tmp_path / "songs.gz"
    write_songs(file, [song(long), song(short), song(replace(gone, channels=((),) * 4, frames=100))])
    found = measure_songs(file, 240, silently)
    assert (found.size, found.too_short) == (2, 1)
    until = sum(note.start < 240 for _, note in long.notes())
    assert found.values[0][0] == until / 4


# --- composing -------------------------------------------------------------------------------------------------


def orders(out: Path, seconds: float = 2.0, model: Path = MODEL) -> list[Job]:
    return plan_jobs(model, out, Options(tunes=3, seconds=seconds, seed=5).requests)


@pytest.fixture(scope="module")
def composed(midi: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("composed")
    run(midi, out, Options(tunes=3, seconds=2.0, seed=5), silently, model=MODEL)
    return out


def test_one_tune_for_each_seed_is_composed_and_measured(composed: Path) -> None:
    names = sorted(path.name for path in (composed / FOLDER).iterdir())
    assert names == ["0000000005.mid", "0000000006.mid", "0000000007.mid", ABOUT]
    assert len({path.read_bytes() for path in (composed / FOLDER).glob("*.mid")}) == 3
    figures = json.loads((composed / REPORT_JSON).read_text())
    assert figures["tunes"]["measured"] == 3
    assert figures["statistics"]["notes"]["tunes"] > 0


def test_a_run_continues_where_it_stopped(composed: Path) -> None:
    files = [order.file for order in orders(composed)]
    before = [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]
    files[1].unlink()
    run_jobs(orders(composed), silently)
    after = [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]
    assert [data for data, _ in after] == [data for data, _ in before]
    assert [a[1] == b[1] for a, b in zip(before, after, strict=True)] == [True, False, True]


def test_tunes_of_another_length_or_model_are_not_mixed(composed: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="another model or length"):
        orders(composed, seconds=3.0)
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(InputError, match="another model or length"):
        orders(composed, model=tmp_path)
    orders(tmp_path)
    assert orders(tmp_path, seconds=3.0), "a folder without tunes is free for any"


BAD: dict[str, tuple[list[str], str]] = {
    "no model": (["--model", "nowhere"], "There is no model in nowhere."),
    "no tunes": (["--tunes", "0"], "At least 1 tune is needed to compare, not 0."),
    "too long": (["--seconds", "500"], "The length must be 2 to 180 seconds, not “500.0”."),
    "a seed": (["--seed", "-1"], "The seed must be a whole number"),
    "longer than the songs": (["--seconds", "100"], "0 of 24 songs last 100 s or more; 2 are needed at the least."),
    "no scores": (["--scores", "nowhere"], "There are no MIDI files in nowhere."),
    "an option": (["--loudness", "3"], "nrecognized arguments: --loudness 3"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_one_sentence(name: str, midi: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, sentence = BAD[name]
    assert main(["quality", str(midi), "--out", str(tmp_path), "--seconds", "2", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err.splitlines()[-1]
    assert not (tmp_path / REPORT_JSON).exists()


def test_missing_songs_are_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.mid").write_bytes(b"Once upon a time")
    for songs in (tmp_path / "nowhere", tmp_path):
        assert main(["quality", str(songs), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"There are no MIDI files in {tmp_path / 'nowhere'}."
    assert said[-1].startswith("text.mid cannot be read: ")
