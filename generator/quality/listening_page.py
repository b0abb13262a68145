"""The listening test from end to end: makes it, and serves the page, the sounds and the answers on this machine.

The pairs and their key are `listening`'s.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from pathlib import Path
from typing import Any

from generator.protocol.errors import InputError
from generator.quality.listening import (
    FOLDER,
    KEY_FILE,
    PAIRS,
    keep_answers,
    make_pairs,
    parse_answers,
    read_key,
    read_result,
    result_sentence,
)
from generator.quality.run import Options
from generator.quality.tunes import Progress, plan_jobs, run_jobs
from models.music.score import Score
from models.music.songs import midi_files, read_midi_file, read_songs

PAGE = "listening.html"
MOST_BYTES = 10_000
"""Of a body with answers."""


def make_server(folder: Path, port: int = 0) -> ThreadingHTTPServer:
    """Return a server of the test in `folder`, on a port of this machine (0: any that is free); it does not run yet."""
    return ThreadingHTTPServer(("127.0.0.1", port), partial(_Handler, folder))


class _Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    def __init__(self, folder: Path, *arguments: Any) -> None:
        self.folder = folder
        super().__init__(*arguments)

    def do_GET(self) -> None:
        """Send the page, or one sound."""
        if self.path == "/":
            self._send(HTTPStatus.OK, "text/html; charset=utf-8", page(self.folder))
        elif re.fullmatch(r"/\d+[ab]\.ogg", self.path) and (self.folder / self.path[1:]).exists():
            self._send(HTTPStatus.OK, "audio/ogg", (self.folder / self.path[1:]).read_bytes())
        else:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"There is nothing at this address.")

    def do_POST(self) -> None:
        """Keep a listener's answers, and send back which side was the song in each pair."""
        pairs = read_key(self.folder)
        length = self.headers.get("Content-Length", "")
        try:
            if not length.isdecimal() or int(length) > MOST_BYTES:
                raise InputError("The answers are too long.")
            answers = parse_answers(self.rfile.read(int(length)), pairs)
        except InputError as error:
            self._send(HTTPStatus.BAD_REQUEST, "text/plain; charset=utf-8", str(error).encode())
            return
        keep_answers(self.folder, answers)
        key = json.dumps({"real": [pair.real for pair in pairs], "songs": [pair.song for pair in pairs]})
        self._send(HTTPStatus.OK, "application/json", key.encode())

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the name is the base class's
        """Log nothing."""

    def _send(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)


def page(folder: Path) -> bytes:
    """Return the page of the test in `folder`."""
    text = (resources.files("generator.quality") / PAGE).read_text(encoding="utf-8")
    return text.replace("PAIR_COUNT", str(len(read_key(folder)))).encode()


def run_listening(
    songs: Path, out: Path, options: Options, progress: Progress, *, model: Path, scores: Path | None = None
) -> str:
    """Make the listening test in `out`, serve it until Ctrl-C, and return what all listeners answered as a sentence.

    scores: a folder of composed MIDI files; without it, the model's tunes are composed. Raise InputError and
    MusicError.
    """
    folder = out / FOLDER
    if not (folder / KEY_FILE).exists():
        jobs = [] if scores else plan_jobs(model, out, replace(options, tunes=min(options.tunes, PAIRS)).requests)
        run_jobs(jobs, progress)
        files = midi_files(scores) if scores else [job.file for job in jobs]
        make_pairs(_real_songs(songs), files, out, options.seed, progress)
    serve(folder, print)
    return result_sentence(read_result(folder))


def _real_songs(source: Path) -> list[tuple[str, Score]]:
    """Return the held-out songs of a corpus file, or of a folder of MIDI files, by name. Raise CorpusError."""
    if source.is_file():
        return [(song.name, song.score) for song in read_songs(source) if song.reduction == 0]
    return [(file.stem, read_midi_file(file)) for file in midi_files(source)]


def serve(folder: Path, announce: Callable[[str], None]) -> None:
    """Serve the test in `folder` until the person presses Ctrl-C. announce: is told the address."""
    with make_server(folder) as server:
        announce(f"The listening test is at http://127.0.0.1:{server.server_address[1]}. Press Ctrl-C to end it.")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
