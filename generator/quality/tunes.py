"""Composes the tunes to be measured, as the bot would, in several processes, and saves each as soon as it is done.

An interrupted run continues where it stopped. Measuring the tunes is left to `samples`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from generator.analysis.keys import key_profiles
from generator.composing.compose import compose
from generator.composing.critic import load_critic
from generator.composing.originality import load_index
from generator.protocol.errors import InputError
from generator.protocol.requests import Request
from generator.protocol.uploads import digest
from models.inference.new_tune import load_composer
from models.music.midi import midi_bytes, to_midi
from models.parallel import in_parallel

FOLDER, ABOUT = "tunes", "made.json"
"""The folder of the tunes, and the file in it that says which model and request they come from."""

Progress = Callable[[Iterable[Any], int, str], Iterable[Any]]
"""Wraps items as they come: (items, their number, what is being done)."""


@dataclass(frozen=True, slots=True)
class Job:
    """One tune to compose: the model's folder, the request, and the file to write."""

    model: Path
    request: Request
    file: Path


def plan_jobs(model: Path, out: Path, requests: list[Request]) -> list[Job]:
    """Return a job for each request, for files below `out`. The requests may differ in their seeds only.

    Raise InputError if there is no model, or if the folder has tunes of another model or other requests.
    """
    folder = out / FOLDER
    _claim_folder(folder, model, requests[0])
    return [Job(model, request, folder / f"{request.seed:010}.mid") for request in requests]


def run_jobs(jobs: list[Job], progress: Progress) -> None:
    """Compose the tunes that do not exist yet."""
    key_profiles()  # takes a second to load: do it once, before there are child processes
    missing = [job for job in jobs if not job.file.exists()]
    for _ in progress(in_parallel(_write, missing, chunk=1), len(missing), "composing"):
        pass


def _claim_folder(folder: Path, model: Path, request: Request) -> None:
    """Record in the folder what its tunes are. Raise InputError if it has other tunes."""
    weights = model / "model.safetensors"
    if not weights.exists():
        raise InputError(f"There is no model in {model}.")
    fields = {name: value for name, value in request.to_dict().items() if name not in ("seed", "model")}
    about = json.dumps({"weights": digest(weights.read_bytes()), "request": fields}, indent=1) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    record = folder / ABOUT
    if not any(folder.glob("*.mid")):
        _write_whole(record, about.encode())
    elif not record.exists() or record.read_text(encoding="utf-8") != about:
        raise InputError(f"{folder} holds tunes of another model or length: choose another --out.")


def _write(job: Job) -> None:
    """Compose a tune and save it."""
    index, critic = load_index(job.model), load_critic(job.model)
    tune = compose(load_composer(job.model), job.request, lambda *_: None, index, critic=critic)
    _write_whole(job.file, midi_bytes(to_midi(tune.score)))


def _write_whole(file: Path, data: bytes) -> None:
    """Write a file completely or not at all, so that an existing file is always complete."""
    unfinished = file.with_name(f"{file.name}.{os.getpid()}.part")
    unfinished.write_bytes(data)
    unfinished.replace(file)
