"""The commands that train and evaluate models."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import NoReturn

from models.errors import MusicError, UsageError
from models.weights import DEFAULT_MODEL_FOLDER


class Parser(argparse.ArgumentParser):
    """An argument parser that reports what is wrong in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError instead of printing the usage and exiting."""
        raise UsageError(f"{message[:1].upper()}{message[1:]}: see {self.prog} --help.")


def train_command(arguments: list[str]) -> int:
    """Run `chiptune train CORPUS --out DIR` or `chiptune train --status DIR`. Return the exit code."""
    from models.training.score_aware.settings import PRESETS as SCORE_AWARE_PRESETS
    from models.training.settings import PRECISIONS, PRESETS

    parser = Parser("chiptune train", description="Train a model on one corpus or several.")
    parser.add_argument("corpora", type=Path, nargs="*", metavar="CORPUS", help="a folder that chiptune corpus made")
    parser.add_argument("--out", type=Path, help="the run's folder; an earlier run there continues")
    parser.add_argument("--status", type=Path, metavar="DIR", help="print how far the run in a folder is, and stop")
    parser.add_argument(
        "--score-aware", action="store_true", help="train a network that knows the state of the score at each event"
    )
    parser.add_argument(
        "--preset",
        choices=sorted(PRESETS | SCORE_AWARE_PRESETS),
        default="cpu",
        help="the defaults of the other options; cooldown needs --score-aware",
    )
    parser.add_argument("--steps", type=int, help="optimizer steps in total")
    parser.add_argument("--stop-at", type=int, help="stop after this step; the schedule still follows --steps")
    parser.add_argument(
        "--start", type=Path, metavar="MODEL", help="a model to start from, of the same width and depth"
    )
    parser.add_argument(
        "--listener",
        action="store_true",
        help="train only a listener, for the model of --start or else the model that ships",
    )
    parser.add_argument("--crop-length", type=int, help="tokens of the first crops")
    parser.add_argument("--context", type=int, help="tokens of the last crops, and the context length of a new network")
    parser.add_argument(
        "--cooldown", type=float, help="the last share of the steps, in which the learning rates fall to zero"
    )
    parser.add_argument("--peak", type=float, help="the share of the learning rates that is reached at most")
    parser.add_argument("--width", type=int, help="width of a new network, a multiple of 64")
    parser.add_argument("--layers", type=int, help="layers of a new network")
    parser.add_argument("--vocabulary", type=int, help="tokens of a new tokenizer")
    parser.add_argument("--precision", choices=PRECISIONS, help="what products are rounded to")
    parser.add_argument("--seed", type=int)
    score_aware = parser.add_argument_group("with --score-aware")
    score_aware.add_argument("--rows", type=int, help="crops of a step")
    score_aware.add_argument("--minutes", type=float, help="end the run after this many minutes of training")
    score_aware.add_argument("--workers", type=int, default=0, help="processes that make batches ahead (default: none)")
    score_aware.add_argument("--pieces", type=Path, metavar="DIR", help="copy each checkpoint here in pieces of 15 MB")
    score_aware.add_argument("--prepare", action="store_true", help="read the corpora into --out, and stop")
    options = parser.parse_args(arguments)
    if options.status:
        from models.training.status import read_status

        print(read_status(options.status))
        return 0
    if options.score_aware and options.out:
        return _train_score_aware(options)
    if not options.corpora or not options.out:
        raise UsageError("Training needs a corpus and --out: see chiptune train --help.")
    names = "steps width layers vocabulary crop_length context cooldown peak precision seed".split()
    changes = {name: value for name in names if (value := getattr(options, name)) is not None}
    if options.preset not in PRESETS:
        raise UsageError(f"The preset {options.preset} needs --score-aware.")
    settings = replace(PRESETS[options.preset], **changes)
    if options.listener:
        from models.training.train_listener import train_listener

        start = options.start or DEFAULT_MODEL_FOLDER
        train_listener(options.corpora, options.out, settings, start=start, stop_at=options.stop_at)
        return 0
    from models.training.train import train

    train(options.corpora, options.out, settings, start=options.start, stop_at=options.stop_at)
    return 0


def _train_score_aware(options: argparse.Namespace) -> int:
    """Train a score-aware network. A run that exists continues with its own settings. Return the exit code."""
    from models.training.score_aware.run import prepare, train_score_aware
    from models.training.score_aware.settings import PRESETS, read_settings
    from models.training.score_aware.songs import SONGS_FILE

    if not options.corpora and not (options.out / SONGS_FILE).exists():
        raise UsageError(
            "Training needs a corpus, or an --out folder that --prepare filled: see chiptune train --help."
        )
    start = options.start or DEFAULT_MODEL_FOLDER
    if options.prepare:
        prepare(options.corpora, options.out, start)
        return 0
    names = ("steps", "width", "layers", "cooldown", "peak", "precision", "seed", "rows", "minutes")
    changes = {name: value for name in names if (value := getattr(options, name)) is not None}
    settings = replace(read_settings(options.out) or PRESETS[options.preset], **changes)
    train_score_aware(
        options.corpora,
        options.out,
        settings,
        start=start,
        from_weights=options.start is not None,
        stop_at=options.stop_at,
        workers=options.workers,
        pieces=options.pieces,
    )
    return 0


def evaluate_command(arguments: list[str]) -> int:
    """Run `chiptune evaluate SONGS`. Return the exit code."""
    parser = Parser("chiptune evaluate", description="Evaluate a model on songs that it has not seen.")
    parser.add_argument(
        "songs",
        type=Path,
        help="a folder of MIDI files with tracks p1, p2, tr and no, or a file that chiptune corpus made",
    )
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL_FOLDER, help="a folder with a checkpoint")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    if not (options.model / "config.json").exists():
        raise UsageError(f"There is no model in {options.model}.")
    from tqdm import tqdm

    from models.training.evaluate import evaluate

    evaluation = evaluate(options.songs, options.model, lambda songs: iter(tqdm(songs, desc="evaluating", unit="song")))
    figures = asdict(evaluation)
    print(json.dumps(figures) if options.json else "\n".join(f"{name:16} {value:g}" for name, value in figures.items()))
    return 0


def with_error_message(command: Callable[[list[str]], int]) -> Callable[[list[str]], int]:
    """Return the command with its errors printed in one sentence, and exit code 2 for them."""

    def run(arguments: list[str]) -> int:
        try:
            return command(arguments)
        except MusicError as error:
            print(error, file=sys.stderr)
            return 2

    return run


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "train": with_error_message(train_command),
    "evaluate": with_error_message(evaluate_command),
}
