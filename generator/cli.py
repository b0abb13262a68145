"""The commands that make tunes, files and corpora, and measure tunes: generate, remix, render, export, corpus,
quality, originality, and the one that makes tunes for a bot elsewhere: worker.

The options of a request come from `generator.protocol.options`. Heavy modules are imported inside the commands that
need them, so that `--help` and refusals are quick.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from generator.protocol.errors import InputError
from generator.protocol.logs import set_up_logs
from generator.protocol.modes import REMIX_MODES
from generator.protocol.options import GENERATE_OPTIONS, REMIX_OPTIONS, SOUND, Option
from generator.protocol.requests import Request, random_seed
from generator.protocol.results import Result
from generator.protocol.uploads import ACCEPTED_SUFFIXES, digest, open_upload

MAX_PROCESSES = 256


class Parser(argparse.ArgumentParser):
    """A parser that reports wrong arguments in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raise InputError instead of printing the usage."""
        raise InputError(f"{message[:1].upper()}{message[1:]}: see {self.prog} --help.")


def generate_command(arguments: list[str]) -> int:
    """`chiptune generate --out DIR`."""
    parser = Parser("chiptune generate", description="Compose a new tune.")
    _add_options(parser, GENERATE_OPTIONS)
    _add_output(parser)
    options = parser.parse_args(arguments)
    request = Request(**_fields(options, GENERATE_OPTIONS))  # type: ignore[arg-type]
    return _make_tune(request, options.out, None, as_json=options.json)


def remix_command(arguments: list[str]) -> int:
    """`chiptune remix FILE --out DIR`."""
    parser = Parser("chiptune remix", description="Arrange a MIDI file for the NES, and compose on it.")
    parser.add_argument("file", type=Path, help=f"a file that ends in {', '.join(ACCEPTED_SUFFIXES)}")
    parser.add_argument("--member", metavar="NAME", help="which file of a zip, if it holds several")
    parser.add_argument("--mode", default=next(iter(REMIX_MODES)), help=", ".join(REMIX_MODES))
    _add_options(parser, REMIX_OPTIONS | {"sound": SOUND})
    _add_output(parser)
    options = parser.parse_args(arguments)
    name, data = open_upload(options.file.name, _read(options.file), options.member)
    fields = _fields(options, REMIX_OPTIONS)
    request = Request(mode=options.mode, upload=digest(data), name=name, **fields)  # type: ignore[arg-type]
    with TemporaryDirectory() as folder:
        upload = Path(folder) / "upload"
        upload.write_bytes(data)
        return _make_tune(request, options.out, upload, as_json=options.json)


def render_command(arguments: list[str]) -> int:
    """`chiptune render FILE.mid --out FILE`."""
    parser = Parser("chiptune render", description="Render a MIDI file as sound or as a picture.")
    parser.add_argument("file", type=Path, help="any MIDI file; a picture needs the tracks p1, p2, tr and no")
    parser.add_argument("--out", type=Path, required=True, help="a file ending in .wav, .ogg, .mp3 or .png")
    parser.add_argument("--sound", help=SOUND.help)
    options = parser.parse_args(arguments)
    data = _read(options.file)
    from generator.exporting.formats import render_file

    render_file(options.file, data, options.out, options.sound)
    return 0


def export_command(arguments: list[str]) -> int:
    """`chiptune export FILE.mid --to FORMAT --out PATH`."""
    from generator.exporting.formats import EXPORTERS, export_file

    parser = Parser("chiptune export", description="Export a tune to a format that other programs read.")
    parser.add_argument("file", type=Path, help="a MIDI file; most formats need the tracks p1, p2, tr and no")
    parser.add_argument("--to", required=True, metavar="FORMAT", help=", ".join(EXPORTERS))
    parser.add_argument("--out", type=Path, required=True, help="the file to write; a folder for stems")
    parser.add_argument("--sound", help=SOUND.help)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    report = export_file(options.file, _read(options.file), options.to, options.out, options.sound)
    print(json.dumps(report) if options.json else "\n".join(report["files"]))
    return 0


def corpus_command(arguments: list[str]) -> int:
    """`chiptune corpus SOURCE … --out DIR`."""
    from tqdm import tqdm

    from generator.corpus.build import Options, build
    from generator.corpus.report import REPORT_PAGE, write_report

    defaults = Options()
    parser = Parser("chiptune corpus", description="Build a corpus for training from MIDI files.")
    parser.add_argument("sources", type=Path, nargs="+", metavar="SOURCE", help="a folder, .tar, .tar.xz or .zip")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the corpus and its report")
    parser.add_argument("--reductions", type=int, default=defaults.reductions, help="arrangements of each song")
    parser.add_argument("--limit", type=int, help="the most files to read, spread evenly over the sources")
    parser.add_argument(
        "--valid-share", type=float, default=defaults.valid_share, help="the share of games that is kept for validation"
    )
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parsed = parser.parse_args(arguments)
    options = Options(parsed.reductions, parsed.limit, parsed.valid_share, parsed.seed)
    _make_folder(parsed.out)
    pieces = build(parsed.sources, parsed.out, options, lambda read, n: tqdm(read, total=n, unit="file"))
    figures = write_report(pieces, options, parsed.out)
    print(f"{figures['kept']} of {figures['files']} files kept: {parsed.out / REPORT_PAGE}")
    return 0


def quality_command(arguments: list[str]) -> int:
    """`chiptune quality SONGS --out DIR [--judge | --listen | --critic]`."""
    from tqdm import tqdm

    from generator.quality.critic_fit import run_critic
    from generator.quality.judge_report import run_judge
    from generator.quality.listening_page import run_listening
    from generator.quality.run import Options, run
    from models.weights import DEFAULT_MODEL_FOLDER

    defaults = Options()
    parser = Parser("chiptune quality", description="Compare a model's tunes with songs that it was not trained on.")
    parser.add_argument(
        "songs", type=Path, help="a folder of MIDI files with tracks p1, p2, tr and no, or a file of chiptune corpus"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder for the report and for the tunes it keeps")
    parser.add_argument("--tunes", type=int, default=defaults.tunes, help=f"tunes to compose; default {defaults.tunes}")
    parser.add_argument(
        "--seconds", type=float, default=defaults.seconds, help=f"their length; default {defaults.seconds:g}"
    )
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL_FOLDER, help="a folder with a checkpoint")
    parser.add_argument(
        "--seed", type=int, default=defaults.seed, help="of the first tune; the others count up from it"
    )
    parser.add_argument("--scores", type=Path, metavar="FOLDER", help="measure these MIDI files and compose nothing")
    kinds = parser.add_mutually_exclusive_group()
    kinds.add_argument("--judge", action="store_true", help="report how well a classifier tells tunes from songs")
    kinds.add_argument(
        "--listen", action="store_true", help="serve a blind listening test to a browser, and keep what people answer"
    )
    kinds.add_argument(
        "--critic",
        action="store_true",
        help="fit the critic that chooses among takes to the songs of the training data",
    )
    parsed = parser.parse_args(arguments)
    _make_folder(parsed.out)
    kinds_run = {"judge": run_judge, "listen": run_listening, "critic": run_critic}
    run_kind = next((run_it for name, run_it in kinds_run.items() if getattr(parsed, name)), run)
    table = run_kind(
        parsed.songs,
        parsed.out,
        Options(parsed.tunes, parsed.seconds, parsed.seed),
        lambda things, n, what: tqdm(things, total=n, desc=what),
        model=parsed.model,
        scores=parsed.scores,
    )
    print(table)
    return 0


def originality_command(arguments: list[str]) -> int:
    """`chiptune originality CORPUS … --out FILE`."""
    from tqdm import tqdm

    from generator.composing.originality import Index
    from models.music.songs import TRAIN_FILE, read_lines, song_from_json

    parser = Parser("chiptune originality", description="Build the index that tunes are checked against for copying.")
    parser.add_argument("corpora", type=Path, nargs="+", metavar="CORPUS", help="a folder of chiptune corpus")
    parser.add_argument("--out", type=Path, required=True, help="the index, a file ending in .npz")
    options = parser.parse_args(arguments)
    if options.out.suffix != ".npz":
        raise InputError(f"{options.out} does not end in .npz.")
    _make_folder(options.out.parent)
    lines = [line for corpus in options.corpora for line in read_lines(corpus / TRAIN_FILE)]
    # A file that was arranged several ways counts each way, because the model learns from all of them.
    index = Index.build(map(song_from_json, tqdm(lines, unit="song")))
    try:
        index.save(options.out)
    except OSError as error:
        raise InputError(f"{options.out} cannot be written: {_reason(error)}.") from error
    print(f"{len(index.hashes)} phrases, {options.out.stat().st_size / 1e6:.2f} MB: {options.out}")
    return 0


def _add_options(parser: argparse.ArgumentParser, options: Mapping[str, Option]) -> None:
    """Add the options of a request that people type. A tune's length is given in seconds or in bars."""
    length = parser.add_mutually_exclusive_group()
    for name, option in options.items():
        if option.description:
            group = length if name in ("seconds", "bars") else parser
            group.add_argument(f"--{name.replace('_', '-')}", type=option.kind, help=option.help)


def _fields(parsed: argparse.Namespace, options: Mapping[str, Option]) -> dict[str, object]:
    """Return the fields of a request that were typed, with a random seed if none was."""
    typed = {name: value for name in options if (value := getattr(parsed, name, None)) is not None}
    return {"seed": random_seed(), **typed}


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="the folder for the tune's files")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _read(file: Path) -> bytes:
    """Return a file's bytes. Raise InputError if it cannot be read."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {_reason(error)}.") from error


def _make_folder(folder: Path) -> None:
    """Create a folder if it does not exist. Raise InputError if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {_reason(error)}.") from error


def _reason(error: OSError) -> str:
    return (error.strerror or "unknown error").lower()


def _make_tune(request: Request, out: Path, upload: Path | None, *, as_json: bool) -> int:
    """Carry out a request and print what came of it."""
    _make_folder(out)
    with redirect_stdout(sys.stderr):
        from generator.process.pipeline import run_request

        result = run_request(request, out.resolve(), upload.resolve() if upload else None)
    if as_json:
        print(json.dumps(_to_json(result, out)))
    else:
        print(f"{result.title}: {result.seconds:g} s, {result.bpm:g} BPM, {result.key}, seed {result.seed}")
        if result.report:
            print(result.report)
        for name in (result.midi, result.audio, result.picture):
            print(out / name)
    return 0


def _to_json(result: Result, out: Path) -> dict[str, object]:
    """Return the object that --json prints."""
    paths = {kind: str(out / getattr(result, kind)) for kind in ("midi", "audio", "picture")}
    rest = {name: value for name, value in asdict(result).items() if name not in ("id", "type", *paths)}
    return {**paths, **rest}


def worker_command(arguments: list[str]) -> int:
    """`chiptune worker`."""
    parser = Parser(
        "chiptune worker",
        description="Make tunes for a bot on another machine, which has the same CHIPTUNE_NATS_URL.",
        epilog="CHIPTUNE_NATS_URL is the server's address, CHIPTUNE_NATS_CREDENTIALS a file with credentials for it.",
    )
    cores = len(os.sched_getaffinity(0))
    parser.add_argument("--processes", type=int, default=cores, help="tunes made at once; one for each core by default")
    options = parser.parse_args(arguments)
    url = os.environ.get("CHIPTUNE_NATS_URL", "").strip()
    if not url:
        raise InputError("Set CHIPTUNE_NATS_URL to the address of the NATS server, such as nats://queue:4222.")
    if not 1 <= options.processes <= MAX_PROCESSES:
        raise InputError(f"--processes must be a number from 1 to {MAX_PROCESSES}.")
    from generator.process.worker import work

    set_up_logs("worker")
    credentials = os.environ.get("CHIPTUNE_NATS_CREDENTIALS") or None
    asyncio.run(work(url, credentials=credentials, processes=options.processes))
    return 0


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "generate": generate_command,
    "remix": remix_command,
    "render": render_command,
    "export": export_command,
    "corpus": corpus_command,
    "quality": quality_command,
    "originality": originality_command,
    "worker": worker_command,
}
