"""Whether tunes follow their options: key, tempo, length, density, and whether their scene can be recognised.

    python -m benchmarks.composing.controls CORPUS [--model DIR] [--tunes N] [--scenes N] [--seconds S] [--only NAME …]

CORPUS is a folder made by `chiptune corpus` with NES-MDB's songs, from which scenes are learnt. Tunes are composed as
for users, by `generator.composing.compose`, with seeds from 0. The result is measured on the notes alone: the key by
music21's profiles, the tempo by the row clock of the onsets (half and double are wrong), the length in frames, and the
density in notes per second.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tqdm import tqdm

from generator.analysis.keys import find_key
from generator.analysis.statistics import STATISTICS
from generator.composing.compose import compose, has_density
from generator.composing.originality import load_index
from generator.protocol.names import DENSITIES, KEYS, SCENES
from generator.protocol.requests import Request
from models.inference.new_tune import load_composer
from models.music.cutting import first_frames
from models.music.grid import find_clock, tempo_bpm
from models.music.score import FRAMES_PER_SECOND, Score
from models.music.songs import TRAIN_FILE, VALID_FILE, read_songs
from models.parallel import in_parallel
from models.weights import DEFAULT_MODEL_FOLDER

NEAR_BPM = 2.0
"""How far a tempo may be off."""
CONTROLS = ("key", "tempo", "length", "density")
EXCERPT_SECONDS = 16


@dataclass(frozen=True, slots=True)
class Outcome:
    """A composed tune, and whether it follows its request."""

    request: Request
    score: Score
    followed: bool


def request_for(control: str, seed: int, seconds: float) -> Request:
    """Return a request with one option, whose value the seed draws."""
    random = np.random.default_rng((seed, CONTROLS.index(control)))
    usual = Request(seed=seed, seconds=seconds)
    if control == "key":
        return replace(usual, key=KEYS[int(random.integers(len(KEYS)))])
    if control == "tempo":
        return replace(usual, bpm=float(random.integers(90, 181)))
    if control == "length":
        return replace(usual, seconds=None, bars=int(random.integers(4, 17)))
    return replace(usual, density=DENSITIES[int(random.integers(len(DENSITIES)))])


def follows(request: Request, score: Score) -> bool:
    """Return whether the notes of a score show what its request asked for."""
    if request.key:
        return find_key(score)[0] == request.key
    if request.bpm:
        return abs(tempo_bpm(find_clock(replace(score, grid=None)).beat_frames) - request.bpm) <= NEAR_BPM
    if request.bars:
        grid = score.grid
        return grid is not None and score.frames == grid.row(request.bars * grid.rows_a_bar)
    return has_density(score, request.density)


def outcome(request: Request, model: Path) -> Outcome:
    """Compose the tune of a request and check it."""
    score = compose(load_composer(model), request, lambda *_: None, load_index(model)).score
    return Outcome(request, score, follows(request, score))


def features(score: Score) -> list[float]:
    """Return what scenes are recognised by: the statistics of the quality report, the tempo, and major or minor."""
    values = [statistic.measure(score) for statistic in STATISTICS]
    return [*values, find_clock(replace(score, grid=None)).beat_frames, float(find_key(score)[0].endswith("m"))]


def _labelled(path: Path) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Return features [songs, features] and scenes [songs] of the beginnings of a corpus file's songs."""
    songs = [song for song in read_songs(path) if song.scene and song.score.frames >= 4 * FRAMES_PER_SECOND]
    rows = list(tqdm(in_parallel(features, [_beginning(song.score) for song in songs]), total=len(songs)))
    return np.array(rows), np.array([SCENES.index(song.scene or "") for song in songs])


def _beginning(score: Score) -> Score:
    """Return the first seconds, so that the length of a recording does not give its scene away."""
    return first_frames(score, EXCERPT_SECONDS * FRAMES_PER_SECOND)


class Classifier:
    """Multinomial logistic regression on standardised features, with equal weight for every scene."""

    def __init__(self, rows: npt.NDArray[np.float64], scenes: npt.NDArray[np.int64]) -> None:
        self.mean, self.spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(rows.shape[1], len(SCENES))
        data, labels = self._scaled(rows), torch.from_numpy(scenes)
        weight = torch.tensor([1 / max(1, int((scenes == i).sum())) for i in range(len(SCENES))], dtype=torch.float32)
        optimizer = torch.optim.Adam(self.layer.parameters(), lr=0.05, weight_decay=1e-3)
        for _ in range(600):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(self.layer(data), labels, weight=weight).backward()  # type: ignore[no-untyped-call]
            optimizer.step()

    def _scaled(self, rows: npt.NDArray[np.float64]) -> torch.Tensor:
        return torch.tensor(np.clip((rows - self.mean) / self.spread, -4, 4), dtype=torch.float32)

    def predict(self, rows: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Return the scene of each row."""
        with torch.no_grad():
            return np.asarray(self.layer(self._scaled(rows)).argmax(dim=1).numpy())


def recall(predicted: npt.NDArray[np.int64], scenes: npt.NDArray[np.int64]) -> list[float]:
    """Return for each scene the share of its songs that are recognised."""
    return [float((predicted[scenes == i] == i).mean()) if (scenes == i).any() else 0.0 for i in range(len(SCENES))]


def compare_scenes(corpus: Path, model: Path, tunes: int, seconds: float | None) -> None:
    """Print how well scenes are recognised in real songs, and in tunes of the length that is usual for their scene."""
    classifier = Classifier(*_labelled(corpus / TRAIN_FILE))
    rows, scenes = _labelled(corpus / VALID_FILE)
    real = recall(classifier.predict(rows), scenes)
    requests = [Request(seed=i, scene=scene, seconds=seconds) for scene in SCENES for i in range(tunes)]
    outcomes = _outcomes(requests, model, "scenes")
    excerpts = np.array(list(in_parallel(features, [_beginning(each.score) for each in outcomes])))
    composed = recall(
        classifier.predict(excerpts), np.array([SCENES.index(each.request.scene or "") for each in outcomes])
    )
    counts = Counter(scenes.tolist())
    print("| scene | held-out songs | recognised | tunes | recognised |\n| --- | --- | --- | --- | --- |")
    for i, scene in enumerate(SCENES):
        print(f"| {scene} | {counts[i]} | {real[i]:.2f} | {tunes} | {composed[i]:.2f} |")
    print(f"| mean | | {np.mean(real):.3f} | | {np.mean(composed):.3f} |\n\nchance {1 / len(SCENES):.3f}")


def _outcomes(requests: Sequence[Request], model: Path, what: str) -> list[Outcome]:
    work = partial(outcome, model=model)
    return list(tqdm(in_parallel(work, requests, chunk=1), total=len(requests), desc=what))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL_FOLDER)
    parser.add_argument("--tunes", type=int, default=100, help="for each option")
    parser.add_argument("--scenes", type=int, default=50, help="tunes for each scene")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--scene-seconds", type=float, help="the length of the scenes' tunes; as usual if left out")
    parser.add_argument("--only", nargs="*", choices=[*CONTROLS, "scenes"])
    options = parser.parse_args(arguments)
    chosen = options.only or [*CONTROLS, "scenes"]
    print("| option | tunes | followed |\n| --- | --- | --- |")
    for control in CONTROLS:
        if control in chosen:
            requests = [request_for(control, i, options.seconds) for i in range(options.tunes)]
            outcomes = _outcomes(requests, options.model, control)
            print(
                f"| {control} | {len(outcomes)} | {sum(each.followed for each in outcomes) / len(outcomes):.2f} |",
                flush=True,
            )
    if "scenes" in chosen:
        compare_scenes(options.corpus, options.model, options.scenes, options.scene_seconds)


if __name__ == "__main__":
    main()
