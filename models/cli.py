"""The commands that make and measure models: train, evaluate."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import NoReturn

from models.errors import MusicError, UsageError

DEFAULT_MODEL = Path(__file__).parent / "weights" / "nes"


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of printing how to use the command."""
        raise UsageError(f"{message[:1].upper()}{message[1:]}: see {self.prog} --help.")


def train_command(arguments: list[str]) -> int:
    """`chiptune train CORPUS --out DIR`, or `chiptune train --status DIR`."""
    from models.training.settings import PRESETS

    parser = Parser("chiptune train", description="Train a model on a corpus, or on several.")
    parser.add_argument("corpora", type=Path, nargs="*", metavar="CORPUS", help="a folder of chiptune corpus")
    parser.add_argument("--out", type=Path, help="the run's folder; an earlier run there goes on")
    parser.add_argument("--status", type=Path, metavar="DIR", help="say how far the run in a folder is, and stop")
    parser.add_argument(
        "--knowing", action="store_true", help="train the network that knows the state of the score at each event"
    )
    parser.add_argument("--preset", choices=sorted(PRESETS), default="cpu", help="what the options are if left out")
    parser.add_argument("--steps", type=int, help="optimizer steps in all")
    parser.add_argument("--stop-at", type=int, help="stop after this step; the schedule still counts --steps")
    parser.add_argument(
        "--start", type=Path, metavar="MODEL", help="a model to go on from, of the same width and depth"
    )
    parser.add_argument(
        "--listener", action="store_true", help="train what hears given channels, for --start or the model that ships"
    )
    parser.add_argument("--crop-length", type=int, help="tokens of the first crops")
    parser.add_argument("--context", type=int, help="tokens of the last crops, and that a new network looks back on")
    parser.add_argument("--cooldown", type=float, help="last share of the steps, in which the learning rates fall")
    parser.add_argument("--peak", type=float, help="the share of the usual learning rates that is reached")
    parser.add_argument("--width", type=int, help="a multiple of 64")
    parser.add_argument("--layers", type=int)
    parser.add_argument("--vocabulary", type=int, help="tokens")
    parser.add_argument("--seed", type=int)
    given = parser.parse_args(arguments)
    if given.status:
        from models.training.status import status_of

        print(status_of(given.status))
        return 0
    if not given.corpora or not given.out:
        raise UsageError("Training needs a corpus and --out: see chiptune train --help.")
    if given.knowing:
        return _train_knowing(given)
    options = ("steps", "width", "layers", "vocabulary", "crop_length", "context", "cooldown", "peak", "seed")
    said = {name: value for name in options if (value := getattr(given, name)) is not None}
    settings = replace(PRESETS[given.preset], **said)
    if given.listener:
        from models.training.train_listener import train_listener

        start = given.start or DEFAULT_MODEL
        train_listener(given.corpora, given.out, settings, start=start, stop_at=given.stop_at)
        return 0
    from models.training.train import train

    train(given.corpora, given.out, settings, start=given.start, stop_at=given.stop_at)
    return 0


def _train_knowing(given: argparse.Namespace) -> int:
    """Train the network that knows the state of the score; a run that is there goes on as it began."""
    from models.training.knowing_run import KnowingSettings, settings_of, train_knowing

    options = ("steps", "width", "layers", "cooldown", "seed")
    said = {name: value for name in options if (value := getattr(given, name)) is not None}
    settings = replace(settings_of(given.out) or KnowingSettings(), **said)
    train_knowing(given.corpora, given.out, settings, start=given.start or DEFAULT_MODEL, stop_at=given.stop_at)
    return 0


def evaluate_command(arguments: list[str]) -> int:
    """`chiptune evaluate DIR`."""
    parser = Parser("chiptune evaluate", description="Score a model on songs it has not seen.")
    parser.add_argument(
        "songs", type=Path, help="a folder of MIDI files with tracks p1, p2, tr and no, or a file of chiptune corpus"
    )
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL, help="a folder with a checkpoint")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    if not (given.model / "config.json").exists():
        raise UsageError(f"There is no model in {given.model}.")
    from tqdm import tqdm

    from models.training.evaluate import evaluate

    found = evaluate(given.songs, given.model, lambda found: iter(tqdm(found, desc="evaluating", unit="song")))
    figures = asdict(found)
    print(json.dumps(figures) if given.json else "\n".join(f"{name:16} {value:g}" for name, value in figures.items()))
    return 0


def saying(command: Callable[[list[str]], int]) -> Callable[[list[str]], int]:
    """The command with its errors said in one sentence, exit code 2."""

    def run(arguments: list[str]) -> int:
        try:
            return command(arguments)
        except MusicError as error:
            print(error, file=sys.stderr)
            return 2

    return run


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "train": saying(train_command),
    "evaluate": saying(evaluate_command),
}
