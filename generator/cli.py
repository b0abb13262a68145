"""The commands that make tunes, files and corpora, and measure tunes: generate, remix, render, export, corpus,
quality, originality.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import Any, NoReturn

from generator.protocol.errors import InputError
from generator.protocol.modes import MODES
from generator.protocol.names import DEFAULT_SECONDS, DENSITIES, KEYS, SCENES, SOUNDS
from generator.protocol.requests import (
    BARS,
    BPM,
    REMIX_BPM,
    SECONDS,
    TAKES,
    TEMPERATURE,
    TRANSPOSE,
    Request,
    random_seed,
)
from generator.protocol.results import Result
from generator.protocol.uploads import digest


class Parser(argparse.ArgumentParser):
    """Says what is wrong with the arguments in one sentence."""

    def error(self, message: str) -> NoReturn:
        """Raise InputError instead of printing how to use the command."""
        raise InputError(f"{message[:1].upper()}{message[1:]}: see {self.prog} --help.")


def generate_command(arguments: list[str]) -> int:
    """`chiptune generate --out DIR`."""
    parser = Parser("chiptune generate", description="Compose a new tune.")
    parser.add_argument("--scene", help=", ".join(SCENES))
    parser.add_argument("--bpm", type=float, help=f"{BPM[0]} to {BPM[1]}; the model's choice if left out")
    parser.add_argument("--key", help=f"{', '.join(KEYS[:3])} … or {', '.join(KEYS[12:15])} …")
    parser.add_argument("--density", help=f"{', '.join(DENSITIES)}; the model's choice if left out")
    _add_length(parser, f"{DEFAULT_SECONDS} s, less for scenes whose music is short")
    _add_writing(parser)
    _add_output(parser)
    given = parser.parse_args(arguments)
    request = Request(scene=given.scene, bpm=given.bpm, key=given.key, density=given.density, **_said(given))
    return _make(request, given.out, None, as_json=given.json)


def remix_command(arguments: list[str]) -> int:
    """`chiptune remix FILE.mid --out DIR`."""
    parser = Parser("chiptune remix", description="Arrange a MIDI file for the console's channels, and write on it.")
    parser.add_argument("file", type=Path, help="a MIDI file")
    parser.add_argument("--mode", default="arrange", help=", ".join(list(MODES)[1:]))
    parser.add_argument("--bpm", type=float, help=f"{REMIX_BPM[0]} to {REMIX_BPM[1]}; the file's own if left out")
    parser.add_argument("--transpose", type=int, help=f"semitones, {TRANSPOSE[0]} to {TRANSPOSE[1]}")
    parser.add_argument("--keep", help="accompany: channels such as p1,tr; the melody's if left out")
    parser.add_argument("--strength", type=float, help="vary: the share of the bars, 0 to 1; 0.5 if left out")
    parser.add_argument("--from-bar", type=int, help="continue: the first new bar; after the end if left out")
    parser.add_argument("--span", help="infill: bars such as 5-8; four in the middle if left out")
    _add_length(parser, "continue: 8 bars")
    _add_writing(parser)
    _add_output(parser)
    given = parser.parse_args(arguments)
    data = _read(given.file)
    request = Request(
        mode=given.mode,
        upload=digest(data),
        name=given.file.name,
        bpm=given.bpm,
        transpose=given.transpose,
        keep=given.keep,
        strength=given.strength,
        from_bar=given.from_bar,
        span=given.span,
        **_said(given),
    )
    return _make(request, given.out, given.file, as_json=given.json)


def render_command(arguments: list[str]) -> int:
    """`chiptune render FILE.mid --out FILE`."""
    parser = Parser("chiptune render", description="A MIDI file as sound or picture.")
    parser.add_argument("file", type=Path, help="any MIDI file; a picture needs the tracks p1, p2, tr and no")
    parser.add_argument("--out", type=Path, required=True, help="a file ending in .wav, .ogg, .mp3 or .png")
    _add_sound(parser, None)
    given = parser.parse_args(arguments)
    data = _read(given.file)
    from generator.exporting.render import render_file

    render_file(given.file, data, given.out, given.sound)
    return 0


def export_command(arguments: list[str]) -> int:
    """`chiptune export FILE.mid --to FORMAT --out PATH`."""
    from generator.exporting.formats import EXPORTERS, export_file

    parser = Parser("chiptune export", description="A tune in a form to go on working with.")
    parser.add_argument("file", type=Path, help="a MIDI file; most formats need the tracks p1, p2, tr and no")
    parser.add_argument("--to", required=True, metavar="FORMAT", help=", ".join(EXPORTERS))
    parser.add_argument("--out", type=Path, required=True, help="the file to write; a folder for stems")
    _add_sound(parser, None)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args(arguments)
    said = export_file(given.file, _read(given.file), given.to, given.out, given.sound)
    print(json.dumps(said) if given.json else "\n".join(said["files"]))
    return 0


def corpus_command(arguments: list[str]) -> int:
    """`chiptune corpus SOURCE … --out DIR`."""
    from tqdm import tqdm

    from generator.corpus.build import Options, build
    from generator.corpus.report import REPORT_PAGE, write_report
    from models.errors import MusicError

    usual = Options()
    parser = Parser("chiptune corpus", description="Make a corpus to train on of MIDI files.")
    parser.add_argument("sources", type=Path, nargs="+", metavar="SOURCE", help="a folder, .tar, .tar.xz or .zip")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the corpus and its report")
    parser.add_argument("--reductions", type=int, default=usual.reductions, help="arrangements of each song")
    parser.add_argument("--limit", type=int, help="files at the most, spread evenly over the sources")
    parser.add_argument("--valid-share", type=float, default=usual.valid_share, help="of games, kept from training")
    parser.add_argument("--seed", type=int, default=usual.seed)
    given = parser.parse_args(arguments)
    options = Options(given.reductions, given.limit, given.valid_share, given.seed)
    _make_folder(given.out)
    try:
        pieces = build(given.sources, given.out, options, lambda read, n: tqdm(read, total=n, unit="file"))
    except MusicError as error:
        raise InputError(str(error)) from error
    figures = write_report(pieces, options, given.out)
    print(f"{figures['kept']} of {figures['files']} files kept: {given.out / REPORT_PAGE}")
    return 0


def quality_command(arguments: list[str]) -> int:
    """`chiptune quality SONGS --out DIR [--judge]`."""
    from tqdm import tqdm

    from generator.quality.judge_report import run_judge
    from generator.quality.run import Options, run
    from models.cli import DEFAULT_MODEL
    from models.errors import MusicError

    usual = Options()
    parser = Parser("chiptune quality", description="Hold a model's tunes against songs it has not seen.")
    parser.add_argument(
        "songs", type=Path, help="a folder of MIDI files with tracks p1, p2, tr and no, or a file of chiptune corpus"
    )
    parser.add_argument("--out", type=Path, required=True, help="the folder for the report, and for the tunes it keeps")
    parser.add_argument("--tunes", type=int, default=usual.tunes, help=f"to compose, {usual.tunes} if left out")
    parser.add_argument(
        "--seconds", type=float, default=usual.seconds, help=f"the length, {usual.seconds:g} if left out"
    )
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL, help="a folder with a checkpoint")
    parser.add_argument("--seed", type=int, default=usual.seed, help="the first tune's; the others' follow it")
    parser.add_argument("--scores", type=Path, metavar="FOLDER", help="measure these MIDI files and compose nothing")
    parser.add_argument("--judge", action="store_true", help="say how well a classifier tells tunes from songs")
    given = parser.parse_args(arguments)
    _make_folder(given.out)
    options = Options(given.tunes, given.seconds, given.seed)
    try:
        table = (run_judge if given.judge else run)(
            given.songs,
            given.out,
            options,
            lambda things, n, what: tqdm(things, total=n, desc=what),
            model=given.model,
            scores=given.scores,
        )
    except MusicError as error:
        raise InputError(str(error)) from error
    print(table)
    return 0


def originality_command(arguments: list[str]) -> int:
    """`chiptune originality CORPUS … --out FILE`."""
    from tqdm import tqdm

    from generator.composing.originality import Index
    from models.errors import MusicError
    from models.music.songs import TRAIN_FILE, read_lines, song_from_json

    parser = Parser("chiptune originality", description="Make the index by which a tune is known for a copy.")
    parser.add_argument("corpora", type=Path, nargs="+", metavar="CORPUS", help="a folder of chiptune corpus")
    parser.add_argument("--out", type=Path, required=True, help="the index, a file ending in .npz")
    given = parser.parse_args(arguments)
    if given.out.suffix != ".npz":
        raise InputError(f"{given.out} does not end in .npz.")
    _make_folder(given.out.parent)
    try:
        lines = [line for corpus in given.corpora for line in read_lines(corpus / TRAIN_FILE)]
        # Of a file that was arranged several ways, each way: the model learns from all of them.
        index = Index.of(map(song_from_json, tqdm(lines, unit="song")))
    except MusicError as error:
        raise InputError(str(error)) from error
    try:
        index.save(given.out)
    except OSError as error:
        raise InputError(f"{given.out} cannot be written: {(error.strerror or 'unknown error').lower()}.") from error
    print(f"{len(index.hashes)} phrases, {given.out.stat().st_size / 1e6:.2f} MB: {given.out}")
    return 0


def _add_output(parser: argparse.ArgumentParser) -> None:
    _add_sound(parser)
    parser.add_argument("--seed", type=int, help="the same seed gives the same tune; drawn if left out")
    parser.add_argument("--out", type=Path, required=True, help="the folder for the tune's files")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _add_sound(parser: argparse.ArgumentParser, default: str | None = SOUNDS[0]) -> None:
    parser.add_argument("--sound", default=default, help=f"what plays it: {' or '.join(SOUNDS)} (the sound chip)")


def _add_length(parser: argparse.ArgumentParser, usual: str) -> None:
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=float, help=f"{SECONDS[0]} to {SECONDS[1]}; {usual} if left out")
    length.add_argument("--bars", type=int, help=f"{BARS[0]} to {BARS[1]}")


def _add_writing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--temperature", type=float, default=1.0, help=f"{TEMPERATURE[0]} to {TEMPERATURE[1]}")
    parser.add_argument("--takes", type=int, help=f"{TAKES[0]} to {TAKES[1]}, of which the best is kept")
    parser.add_argument("--model", default="nes", help="a folder of models/weights")


def _said(given: argparse.Namespace) -> dict[str, Any]:
    """The fields that a new tune and a remix have in common."""
    names = ("seconds", "bars", "temperature", "takes", "model", "sound")
    return {**{name: getattr(given, name) for name in names}, "seed": _seed(given.seed)}


def _seed(given: int | None) -> int:
    return random_seed() if given is None else given


def _read(file: Path) -> bytes:
    """A file's bytes; raises InputError with the sentence."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file} cannot be read: {(error.strerror or 'unknown error').lower()}.") from error


def _make_folder(out: Path) -> None:
    """The folder to write to; raises InputError with the sentence."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {(error.strerror or 'unknown error').lower()}.") from error


def _make(request: Request, out: Path, upload: Path | None, *, as_json: bool) -> int:
    """Do a request and say what came of it."""
    _make_folder(out)
    with redirect_stdout(sys.stderr):
        from generator.process.pipeline import run_request

        result = run_request(request, out.resolve(), upload.resolve() if upload else None)
    if as_json:
        print(json.dumps(_printed(result, out)))
    else:
        print(f"{result.title}: {result.seconds:g} s, {result.bpm:g} BPM, {result.key}, seed {result.seed}")
        if result.report:
            print(result.report)
        for name in (result.midi, result.audio, result.picture):
            print(out / name)
    return 0


def _printed(result: Result, out: Path) -> dict[str, object]:
    """The object that --json prints."""
    paths = {kind: str(out / getattr(result, kind)) for kind in ("midi", "audio", "picture")}
    rest = {name: value for name, value in asdict(result).items() if name not in ("id", "type", *paths)}
    return {**paths, **rest}


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "generate": generate_command,
    "remix": remix_command,
    "render": render_command,
    "export": export_command,
    "corpus": corpus_command,
    "quality": quality_command,
    "originality": originality_command,
}
