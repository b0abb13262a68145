"""Bad input and foreign pages at the local channel: each is answered with one sentence and leaves nothing behind."""

import json
from collections.abc import AsyncIterator

import pytest

from bot.scope import Scope
from bot.store import RequestRecord
from generator.protocol.requests import Request
from generator.protocol.uploads import MAX_UPLOAD_BYTES
from tests.archives import zipped
from tests.bot.conftest import MIDI, Channel, is_a_sentence, multipart

BAD_JSON = [
    pytest.param({"key": "H"}, "key", id="an unknown key"),
    pytest.param({"key": 7}, "key", id="a key that is no text"),
    pytest.param({"seconds": -5}, "length", id="a negative length"),
    pytest.param({"seconds": 100000}, "length", id="a day of music"),
    pytest.param({"seconds": "long"}, "length", id="a length in words"),
    pytest.param({"seconds": float("nan")}, "length", id="no number"),
    pytest.param({"bpm": 9000}, "tempo", id="too fast"),
    pytest.param({"scene": "disco"}, "scene", id="an unknown scene"),
    pytest.param({"scene": ["boss"]}, "scene", id="a list of scenes"),
    pytest.param({"mode": "destroy"}, "mode", id="an unknown mode"),
    pytest.param({"mode": "arrange"}, "MIDI file", id="a remix of nothing"),
    pytest.param({"seed": 1.5}, "seed", id="half a seed"),
    pytest.param({"seed": -1}, "seed", id="a negative seed"),
    pytest.param({"temperature": 0}, "temperature", id="frozen"),
    pytest.param({"model": "../../etc"}, "model", id="an unknown model"),
    pytest.param({"version": 99}, "version", id="from the future"),
    pytest.param({"upload": "0" * 64, "mode": "arrange"}, "upload", id="somebody else's upload"),
    pytest.param({"__class__": 1}, "no field", id="an unknown field"),
    pytest.param({"taste": {"drums": [1, 10**400, 2]}}, "finite numbers", id="a taste beyond every number"),
    pytest.param(["generate"], "JSON object", id="a list"),
    pytest.param(None, "JSON object", id="null"),
]


@pytest.mark.parametrize(("fields", "word"), BAD_JSON)
async def test_bad_fields_are_one_sentence(channel: Channel, fields: object, word: str) -> None:
    headers = {"Content-Type": "application/json"}
    status, answer = await channel.post("/api/requests", data=json.dumps(fields), headers=headers)
    assert status == 400
    assert word in answer["error"]
    assert is_a_sentence(answer["error"])
    assert await channel.store.requests.count_open() == 0


@pytest.mark.parametrize("path", ["/api/requests", "/api/contest/nominate", "/api/contest/vote"])
async def test_half_a_character_is_one_sentence_with_the_headers(channel: Channel, path: str) -> None:
    for field in ("scene", "song", "key", "name", "\ud800"):
        body = json.dumps({field: "half of it: \ud83d"})
        async with channel.http.post(
            channel.url + path, data=body, headers={"Content-Type": "application/json"}
        ) as response:
            assert 400 <= response.status < 500
            assert is_a_sentence((await response.json())["error"])
            assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_an_error_that_nobody_foresaw_is_json_with_the_headers(
    channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise LookupError("nobody foresaw it")

    monkeypatch.setattr(channel.store.songs, "history", fail)
    async with channel.http.get(channel.url + "/api/songs") as response:
        assert response.status == 500
        assert is_a_sentence((await response.json())["error"].replace(";", ","))
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 50_000, b'{"seed": ' + b"9" * 5000 + b"}", b"x" * 100_000],
    ids=["empty", "cut", "no UTF-8", "deep", "a very long number", "too long"],
)
async def test_malformed_json_is_one_sentence(channel: Channel, body: bytes) -> None:
    status, answer = await channel.post(
        "/api/requests", data=body, headers={"Content-Type": "application/json; charset=utf-8"}
    )
    assert status == 400
    assert is_a_sentence(answer["error"])


@pytest.mark.parametrize(
    ("head", "size", "word"),
    [
        pytest.param(b"", 0, "empty", id="empty"),
        pytest.param(b"\x89PNG\r\n", 100, "a picture", id="not a MIDI"),
        pytest.param(b"MThd", MAX_UPLOAD_BYTES + 1, "1 MB is the most", id="a byte too large"),
        pytest.param(b"MThd", 50 * 1024 * 1024, "1 MB is the most", id="50 MB"),
        pytest.param(None, 0, "MIDI file", id="none"),
    ],
)
async def test_bad_files_are_one_sentence(channel: Channel, head: bytes | None, size: int, word: str) -> None:
    data = None if head is None else head.ljust(size, b"\0")
    status, answer = await channel.post("/api/requests", data=multipart({"mode": "arrange"}, data))
    assert status == 400
    assert word in answer["error"]
    assert is_a_sentence(answer["error"])
    assert not (channel.folder / "files").exists()


async def test_of_several_files_in_a_zip_one_is_chosen_with_the_next_request(channel: Channel) -> None:
    data = zipped({"one.mid": MIDI, "two.mid": MIDI})
    status, answer = await channel.post("/api/requests", data=multipart({"mode": "arrange"}, data, "songs.zip"))
    assert (status, answer["choices"]) == (400, ["one.mid", "two.mid"])
    assert is_a_sentence(answer["error"])
    for member, expected in (("two.mid", 202), ("three.mid", 400), (3, 400)):
        fields = {"mode": "arrange", "member": member}
        status, answer = await channel.post("/api/requests", data=multipart(fields, data, "songs.zip"))
        assert status == expected
    _, known = await channel.get("/api/options")
    assert ".zip" in known["upload_suffixes"]


async def test_50_mb_without_a_declared_length_are_refused_too(channel: Channel) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mid"\r\n\r\nMThd'
        while sent < 50 * 1024 * 1024:
            sent += 65536
            yield bytes(65536)

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    async with channel.http.post(channel.url + "/api/requests", data=endless(), headers=headers) as response:
        assert response.status == 400
        assert "1 MB is the most" in (await response.json())["error"]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b'{"seed": 1}'),
        ("multipart/form-data", b"--b\r\n"),
        ("multipart/form-data; boundary=b", b"no part at all"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\n1\r\n--b--\r\n'),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="request"\r\n\r\n{'),
        ("multipart/form-data; boundary=b", b"--b\r\n\xff\xff: 1\r\n\r\n1\r\n--b--\r\n"),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\n1\r\n",
        ),
    ],
)
async def test_damaged_bodies_are_one_sentence(channel: Channel, kind: str, body: bytes) -> None:
    status, answer = await channel.post("/api/requests", data=body, headers={"Content-Type": kind})
    assert status == 400
    assert is_a_sentence(answer["error"])


@pytest.mark.parametrize(
    "path",
    [
        f"/api/requests/{'0' * 32}",
        "/api/requests/1",
        f"/api/songs/{'0' * 32}",
        f"/files/{'0' * 32}/tune.mid",
        "/files/..%2f..%2fchiptune.sqlite3",
        "/nothing",
    ],
)
async def test_unknown_addresses_are_404_as_json(channel: Channel, path: str) -> None:
    status, answer = await channel.get(path)
    assert status == 404
    assert is_a_sentence(answer["error"])


async def test_only_a_songs_own_files_are_served(channel: Channel) -> None:
    song = await channel.song(seed=42)
    midi = await channel.files.path(song["id"], "tune.mid")
    assert midi
    for name in (midi.name, f"..%2f{midi.name}", "..%2f..%2fchiptune.sqlite3", "%2e%2e"):
        async with channel.http.get(f"{channel.url}/files/{song['id']}/{name}") as response:
            assert response.status == 404


async def test_a_request_from_discord_is_not_shown_here(channel: Channel) -> None:
    entry = RequestRecord(id="a" * 32, origin="discord", request=Request(), scope=Scope("1"))
    await channel.store.requests.add(entry)
    assert (await channel.get(f"/api/requests/{entry.id}"))[0] == 404


# Foreign names and pages


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("127.0.0.1:8000", 200),
        ("tunes.example.org", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("10.0.0.1", 403),
        ("[::1", 403),
    ],
)
async def test_only_our_host_names_are_answered(channel: Channel, host: str, status: int) -> None:
    assert (await channel.get("/api/songs", headers={"Host": host}))[0] == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 202),
        ({"Sec-Fetch-Site": "none"}, 202),
        ({"Origin": "https://tunes.example.org"}, 202),
        ({}, 202),
    ],
)
async def test_other_sites_pages_change_nothing(channel: Channel, headers: dict[str, str], status: int) -> None:
    got, answer = await channel.post("/api/requests", json={"seed": 42}, headers=headers)
    assert got == status, answer


async def test_a_fault_of_ours_is_a_sentence_too(channel: Channel) -> None:
    (channel.folder / "files").write_text("in the way")
    status, answer = await channel.post("/api/requests", data=multipart({}, MIDI))
    assert status == 500
    assert is_a_sentence(answer["error"])
