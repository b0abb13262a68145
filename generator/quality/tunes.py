"""Tunes to be measured: composed on the product's own path, in several processes, each kept as soon as it is there.

A run that was cut short goes on where it stopped. What is measured on the tunes is up to `samples`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from generator.analysis.keys import key_profiles
from generator.composing.compose import compose
from generator.composing.originality import INDEX_FILE, Index
from generator.protocol.errors import InputError
from generator.protocol.requests import Request
from generator.protocol.uploads import digest
from models.inference.new_tune import Composer
from models.music.midi import midi_bytes, to_midi
from models.parallel import in_parallel

FOLDER, ABOUT = "tunes", "made.json"
"""Where the tunes are kept, and what says there which model wrote them and what it was asked for."""

Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]
"""Wraps things on their way: (things, how many there are, what is done to them)."""


@dataclass(frozen=True, slots=True)
class Job:
    """One tune to compose: a model's folder, a request, and the file that it goes to."""

    model: Path
    request: Request
    file: Path


def plan_jobs(model: Path, out: Path, requests: list[Request]) -> list[Job]:
    """An order a request, for files below `out`. The requests differ in nothing but their seeds.

    Raises InputError where there is no model, or where the folder holds tunes of another model or other requests.
    """
    folder = out / FOLDER
    _claim_folder(folder, model, requests[0])
    return [Job(model, request, folder / f"{request.seed:010}.mid") for request in requests]


def run_jobs(orders: list[Job], progress: Progress) -> None:
    """Compose the tunes that are not there yet."""
    key_profiles()  # takes a second to load: once, before the processes part
    missing = [order for order in orders if not order.file.exists()]
    for _ in progress(in_parallel(_write, missing, chunk=1), len(missing), "composing"):
        pass


def _claim_folder(folder: Path, model: Path, request: Request) -> None:
    """Say in the folder what its tunes are; raises InputError where it says something else already."""
    weights = model / "model.safetensors"
    if not weights.exists():
        raise InputError(f"There is no model in {model}.")
    asked = {name: value for name, value in request.to_dict().items() if name not in ("seed", "model")}
    about = json.dumps({"weights": digest(weights.read_bytes()), "request": asked}, indent=1) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    said = folder / ABOUT
    if not any(folder.glob("*.mid")):
        _write_whole(said, about.encode())
    elif not said.exists() or said.read_text(encoding="utf-8") != about:
        raise InputError(f"{folder} holds tunes of another model or length: choose another --out.")


def _write(order: Job) -> None:
    """Compose a tune and keep it."""
    tune = compose(_composer(order.model), order.request, lambda _: None, _index(order.model))
    _write_whole(order.file, midi_bytes(to_midi(tune.score)))


@cache
def _composer(model: Path) -> Composer:
    """A process's own model."""
    return Composer(model)


@cache
def _index(model: Path) -> Index | None:
    """The songs that a model may not copy, where they are known."""
    file = model / INDEX_FILE
    return Index.load(file) if file.exists() else None


def _write_whole(file: Path, data: bytes) -> None:
    """Write a file whole or not at all, so that what is there is done."""
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    part.write_bytes(data)
    part.replace(file)
