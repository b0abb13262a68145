"""The listening test over a real socket: pairs that can be heard, a key that is not served, answers that are kept."""

import json
import threading
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from generator.protocol.errors import InputError
from generator.quality.listening import (
    ANSWERS_FILE,
    FOLDER,
    KEY_FILE,
    PAIRS,
    Pair,
    Result,
    make_pairs,
    read_result,
    result_sentence,
)
from generator.quality.listening_page import make_server
from models.music.midi import midi_bytes, to_nesmdb
from models.music.score import Score
from tests.music import random_score, scale


def no_bar(items: object, _: int, __: str) -> object:
    return items


@pytest.fixture(scope="module")
def test_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A test of ten pairs, rendered by FluidSynth."""
    out = tmp_path_factory.mktemp("quality")
    tunes = []
    for seed in range(PAIRS):
        tunes.append(out / f"{seed}.mid")
        tunes[-1].write_bytes(midi_bytes(to_nesmdb(random_score(seed))))
    songs = [(f"song {number}", scale(720 + number)) for number in range(PAIRS + 1)]
    make_pairs(songs, tunes, out, 1, no_bar)  # type: ignore[arg-type]
    return out / FOLDER


Ask = Callable[[str, str, bytes | None], tuple[int, bytes]]
"""Sends a request: (method, path, body) to (status, answer)."""


@pytest.fixture
def ask(test_folder: Path) -> Iterator[Ask]:
    (test_folder / ANSWERS_FILE).unlink(missing_ok=True)
    with make_server(test_folder) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def send(method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
            connection = HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
            connection.request(method, path, body)
            response = connection.getresponse()
            answer = response.status, response.read()
            connection.close()
            return answer

        yield send
        server.shutdown()


def key(folder: Path) -> list[Pair]:
    return [Pair(**pair) for pair in json.loads((folder / KEY_FILE).read_text())]


def answers(*sides: str | None) -> bytes:
    return json.dumps({"answers": sides}).encode()


def test_every_pair_can_be_heard_and_the_key_cannot_be_fetched(ask: Ask, test_folder: Path) -> None:
    for number in range(PAIRS):
        for side in "ab":
            status, sound = ask("GET", f"/{number}{side}.ogg", None)
            assert (status, sound[:4]) == (200, b"OggS")
    page = ask("GET", "/", None)[1].decode()
    assert f"const count = {PAIRS};" in page
    assert not any(pair.song in page for pair in key(test_folder))
    for path in (f"/{KEY_FILE}", "/../key.json", "/99a.ogg", f"/{ANSWERS_FILE}"):
        assert ask("GET", path, None)[0] == 404


def test_songs_are_on_either_side(test_folder: Path) -> None:
    assert {pair.real for pair in key(test_folder)} == {"a", "b"}
    assert len({pair.song for pair in key(test_folder)}) == PAIRS


def test_answers_are_kept_and_counted(ask: Ask, test_folder: Path) -> None:
    assert read_result(test_folder) is None
    real = [pair.real for pair in key(test_folder)]
    wrong = ["b" if side == "a" else "a" for side in real]
    status, told = ask("POST", "/", answers(*real[:6], *wrong[6:9], None))
    assert (status, json.loads(told)["real"]) == (200, real)
    ask("POST", "/", answers(*real))
    assert read_result(test_folder) == Result(2, 19, 16)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"\xff", answers("a"), answers(*[None] * PAIRS), answers(*"c" * PAIRS), b"x" * 20_000],
    ids=["empty", "list", "bytes", "few", "none", "unknown", "long"],
)
def test_answers_that_make_no_sense_are_refused_with_a_sentence(ask: Ask, test_folder: Path, body: bytes) -> None:
    status, sentence = ask("POST", "/", body)
    assert status == 400
    assert sentence.decode().endswith(".")
    assert read_result(test_folder) is None


def test_the_result_says_how_sure_it_is() -> None:
    low, high = Result(2, 20, 10).interval
    assert (round(low, 3), round(high, 3)) == (0.299, 0.701)
    assert result_sentence(Result(1, 20, 18)).startswith("1 listener told 18 of 20 songs from tunes (90 %;")
    assert result_sentence(None).endswith("yet.")


def test_too_few_songs_are_refused(tmp_path: Path) -> None:
    short = [("short", Score(((), (), (), ()), 60))] * 20
    with pytest.raises(InputError):
        make_pairs(short, [tmp_path / "a.mid"] * 20, tmp_path, 0, no_bar)  # type: ignore[arg-type]
