"""Whether a tune is what was asked for: key, tempo, length, density, and whether its scene can be told.

    python -m benchmarks.composing.controls CORPUS [--tunes N] [--scenes N] [--seconds S] [--only NAME ...]

CORPUS is a folder of `chiptune corpus` with NES-MDB's songs, which scenes are learnt from. Tunes are composed as people
get them, by `generator.composing.compose`, seeds counting from 0; what is got is found from the notes alone: the key by music21's
profiles, the tempo by the row clock of the onsets (half and double are wrong), the length by the frames, the density by
notes a second.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from generator.analysis.keys import find_key
from generator.analysis.statistics import STATISTICS
from generator.composing.compose import compose, is_as_dense
from generator.composing.originality import INDEX_FILE, Index
from generator.protocol.names import DENSITIES, KEYS, SCENES
from generator.protocol.requests import Request
from generator.quality.samples import beginning
from models.inference.new_tune import Composer
from models.music.grid import find_clock, tempo_bpm
from models.music.score import FRAMES_PER_SECOND, Score
from models.music.songs import TRAIN_FILE, VALID_FILE, read_songs
from models.parallel import in_parallel
from models.weights import DEFAULT_MODEL_FOLDER

NEAR_BPM = 2.0
CONTROLS = ("key", "tempo", "length", "density")
EXCERPT_SECONDS = 16


@dataclass(frozen=True, slots=True)
class Outcome:
    """A tune that was composed as asked for, and whether it is so."""

    request: Request
    score: Score
    kept: bool


def request_for(control: str, seed: int, seconds: float) -> Request:
    """The request with one control, drawn by its seed."""
    random = np.random.default_rng((seed, CONTROLS.index(control)))
    usual = Request(seed=seed, seconds=seconds)
    if control == "key":
        return replace(usual, key=KEYS[int(random.integers(len(KEYS)))])
    if control == "tempo":
        return replace(usual, bpm=float(random.integers(90, 181)))
    if control == "length":
        return replace(usual, seconds=None, bars=int(random.integers(4, 17)))
    return replace(usual, density=DENSITIES[int(random.integers(len(DENSITIES)))])


def is_kept(request: Request, score: Score) -> bool:
    """Whether a score is what its request asked for, found from its notes."""
    if request.key:
        return find_key(score)[0] == request.key
    if request.bpm:
        return abs(tempo_bpm(find_clock(replace(score, grid=None)).beat_frames) - request.bpm) <= NEAR_BPM
    if request.bars:
        grid = score.grid
        return grid is not None and score.frames == grid.row(request.bars * grid.rows_a_beat * grid.beats_a_bar)
    return is_as_dense(score, request.density)


def outcome(request: Request) -> Outcome:
    """A request's tune."""
    score = compose(_composer(), request, lambda _: None, _known()).score
    return Outcome(request, score, is_kept(request, score))


@cache
def _composer() -> Composer:
    return Composer(DEFAULT_MODEL_FOLDER)


@cache
def _known() -> Index:
    return Index.load(DEFAULT_MODEL_FOLDER / INDEX_FILE)


def features(score: Score) -> list[float]:
    """What scenes are told by: the statistics of the quality report, the tempo and the mode."""
    values = [statistic.measure(score) for statistic in STATISTICS]
    return [*values, find_clock(replace(score, grid=None)).beat_frames, float(find_key(score)[0].endswith("m"))]


def _labelled(path: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Features [songs, features] and scenes [songs] of a corpus file's songs, the beginning of each."""
    songs = [song for song in read_songs(path) if song.scene and song.score.frames >= 4 * FRAMES_PER_SECOND]
    rows = list(tqdm(in_parallel(features, [_beginning(song.score) for song in songs]), total=len(songs)))
    return np.array(rows), np.array([SCENES.index(song.scene or "") for song in songs])


def _beginning(score: Score) -> Score:
    """The first seconds, so that scenes are not told by how long a recording is."""
    return beginning(score, EXCERPT_SECONDS * FRAMES_PER_SECOND)


class Classifier:
    """Multinomial logistic regression on standardised features, every scene weighing the same."""

    def __init__(self, rows: npt.NDArray[np.float64], scenes: npt.NDArray[np.int64]) -> None:
        self.mean, self.spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(rows.shape[1], len(SCENES))
        data, wanted = self._scaled(rows), torch.from_numpy(scenes)
        weight = torch.tensor([1 / max(1, int((scenes == i).sum())) for i in range(len(SCENES))], dtype=torch.float32)
        optimizer = torch.optim.Adam(self.layer.parameters(), lr=0.05, weight_decay=1e-3)
        for _ in range(600):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(self.layer(data), wanted, weight=weight).backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    def _scaled(self, rows: npt.NDArray[np.float64]) -> torch.Tensor:
        return torch.tensor(np.clip((rows - self.mean) / self.spread, -4, 4), dtype=torch.float32)

    def told(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """The scene of each row."""
        with torch.no_grad():
            return np.asarray(self.layer(self._scaled(rows)).argmax(dim=1).numpy())


def recall(told: npt.NDArray[np.int64], scenes: npt.NDArray[np.int64]) -> list[float]:
    """For each scene the share of its songs that are told right."""
    return [float((told[scenes == i] == i).mean()) if (scenes == i).any() else 0.0 for i in range(len(SCENES))]


def compare_scenes(corpus: Path, tunes: int) -> None:
    """Print how well scenes are told of real songs and of tunes, which are as long as tunes of their scene are."""
    classifier = Classifier(*_labelled(corpus / TRAIN_FILE))
    rows, scenes = _labelled(corpus / VALID_FILE)
    real = recall(classifier.told(rows), scenes)
    requests = [Request(seed=i, scene=scene) for scene in SCENES for i in range(tunes)]
    made = _outcomes(requests, "scenes")
    excerpts = np.array(list(in_parallel(features, [_beginning(one.score) for one in made])))
    got = recall(classifier.told(excerpts), np.array([SCENES.index(one.request.scene or "") for one in made]))
    counts = Counter(scenes.tolist())
    print("| scene | held-out songs | told right | tunes | told right |\n| --- | --- | --- | --- | --- |")
    for i, scene in enumerate(SCENES):
        print(f"| {scene} | {counts[i]} | {real[i]:.2f} | {tunes} | {got[i]:.2f} |")
    print(f"| mean | | {np.mean(real):.3f} | | {np.mean(got):.3f} |\n\nchance {1 / len(SCENES):.3f}")


def _outcomes(requests: Sequence[Request], what: str) -> list[Outcome]:
    return list(tqdm(in_parallel(outcome, requests, chunk=1), total=len(requests), desc=what))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--tunes", type=int, default=100, help="of each control")
    parser.add_argument("--scenes", type=int, default=50, help="tunes of each scene")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--only", nargs="*", choices=[*CONTROLS, "scenes"])
    given = parser.parse_args()
    wanted = given.only or [*CONTROLS, "scenes"]
    print("| control | tunes | as asked |\n| --- | --- | --- |")
    for control in CONTROLS:
        if control in wanted:
            found = _outcomes([request_for(control, i, given.seconds) for i in range(given.tunes)], control)
            print(f"| {control} | {len(found)} | {sum(one.kept for one in found) / len(found):.2f} |", flush=True)
    if "scenes" in wanted:
        compare_scenes(given.corpus, given.scenes)


if __name__ == "__main__":
    main()
