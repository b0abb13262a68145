"""The local channel over real sockets: requests, remixes, votes, history, the page."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest

from bot.files.data_folder import DATABASE
from bot.scope import PAGE, Scope
from bot.store import RequestRecord, Song
from bot.text import clean_file_name
from bot.voting import MOST, OWN
from bot.web.files import STATIC
from generator.protocol.modes import REMIX_MODES
from generator.protocol.requests import Request
from generator.protocol.uploads import digest
from tests.bot.conftest import MIDI, PUBLIC_URL, Channel, is_a_sentence, multipart
from tests.fake_generator import HELD

# Requests


async def test_a_request_from_asking_to_its_files(channel: Channel) -> None:
    fields = {"mode": "generate", "scene": "boss", "bpm": 150, "key": "c minor", "seconds": 20, "seed": 42}
    state = await channel.until_over(await channel.ask(**fields))
    assert (state["status"], state["progress"], state["position"], state["error"]) == ("done", 1.0, 0, None)
    song = state["song"]
    expected = {"title": "Tune 42", "seconds": 20, "bpm": 150, "key": "Cm", "scene": "boss", "seed": 42, "votes": 0}
    assert {name: song[name] for name in expected} == expected
    assert song["id"] == state["id"]
    for what, kind in (("midi", "audio/midi"), ("audio", "audio/ogg"), ("picture", "image/png")):
        async with channel.http.get(channel.url + song[what]) as response:
            assert (response.status, response.content_type) == (200, kind)
            assert await response.read()


async def test_a_player_can_seek(channel: Channel) -> None:
    song = await channel.song(seed=42)
    async with channel.http.get(channel.url + song["audio"], headers={"Range": "bytes=4-7"}) as response:
        assert response.status == 206
        assert await response.read() == bytes(range(4))


async def test_progress_and_the_place_in_the_queue(gate: Path, channel: Channel) -> None:
    first, second, third = [await channel.ask(seed=seed) for seed in (HELD, 42, 43)]
    async with asyncio.timeout(60):
        while (state := (await channel.get(f"/api/requests/{first}"))[1])["stage"] is None:
            await asyncio.sleep(0.05)
    assert state["status"] == "working"
    assert 0 < state["progress"] < 1
    assert (state["stage"], state["song"]) == ("composing", None)
    waiting = [(await channel.get(f"/api/requests/{one}"))[1] for one in (second, third)]
    assert [(one["status"], one["position"], one["progress"]) for one in waiting] == [
        ("queued", 1, 0),
        ("queued", 2, 0),
    ]
    gate.touch()
    assert (await channel.until_over(third))["status"] == "done"


async def test_a_job_that_fails_says_why(channel: Channel) -> None:
    state = await channel.until_over(await channel.ask(seed=3))
    assert (state["status"], state["song"]) == ("failed", None)
    assert state["error"] == "The MIDI file is damaged: a track ends too early."


async def test_without_a_seed_every_tune_is_another(channel: Channel) -> None:
    seeds = {(await channel.song())["seed"] for _ in range(3)}
    assert len(seeds) == 3


async def test_a_remix(channel: Channel) -> None:
    status, answer = await channel.post("/api/requests", data=multipart({"mode": "arrange"}, MIDI, "../My tune.mid"))
    assert status == 202
    state = await channel.until_over(answer["id"])
    assert state["song"]["report"] == "4 of 9 parts were kept."
    entry = await channel.store.requests.get(answer["id"])
    assert entry
    assert (entry.request.upload, entry.request.name) == (digest(MIDI), "My tune.mid")
    assert channel.files.path_of(digest(MIDI)).read_bytes() == MIDI


async def test_a_song_that_is_here_is_remixed_and_becomes_the_parent(channel: Channel) -> None:
    song = await channel.song()
    fields = {"mode": "infill", "span": [2, 3], "seed": 12}
    status, answer = await channel.post(f"/api/songs/{song['id']}/remix", json=fields)
    assert status == 202
    made = (await channel.until_over(answer["id"]))["song"]
    assert made["parent"] == song["id"]
    entry = await channel.store.requests.get(answer["id"])
    assert entry
    assert (entry.request.mode, entry.request.span, entry.request.name) == ("infill", (2, 3), f"{song['title']}.mid")
    midi = await channel.files.path(song["id"], "tune.mid")
    assert midi
    assert entry.request.upload == digest(midi.read_bytes())
    status, refused = await channel.post(f"/api/songs/{song['id']}/remix", json={"mode": "infill", "span": "9-2"})
    assert (status, "not from 9 to 2" in refused["error"]) == (400, True)
    assert (await channel.post(f"/api/songs/{'0' * 32}/remix", json={}))[0] == 404
    midi.unlink()
    status, refused = await channel.post(f"/api/songs/{song['id']}/remix", json={})
    assert (status, refused["error"]) == (400, "The files of this tune are no longer here.")


async def test_a_remix_sounds_as_its_tune_does(channel: Channel) -> None:
    song = await channel.song(sound="apu")
    sounds = []
    for fields in ({}, {"sound": "soundfont"}):
        _, answer = await channel.post(f"/api/songs/{song['id']}/remix", json=fields)
        entry = await channel.store.requests.get(answer["id"])
        assert entry
        sounds.append(entry.request.sound)
    assert sounds == ["apu", "soundfont"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\music\\a.mid", "a.mid"),
        ("../../etc/passwd", "passwd"),
        ("a\n\x1b[31m.mid", "a[31m.mid"),
        ("/", None),
        (None, None),
        ("x" * 300, "x" * 100),
    ],
)
def test_names_of_uploads_are_cleaned(sent: str | None, kept: str | None) -> None:
    assert clean_file_name(sent) == kept


async def test_another_take_has_the_same_request_but_the_seed(channel: Channel) -> None:
    _, answer = await channel.post("/api/requests", json={"key": "Eb", "seed": 42})
    song = (await channel.until_over(answer["id"]))["song"]
    status, another = await channel.post(f"/api/songs/{song['id']}/another")
    assert status == 202
    take = (await channel.until_over(another["id"]))["song"]
    assert (take["parent"], take["key"], take["report"]) == (song["id"], "Eb", song["report"])
    assert take["seed"] != song["seed"]


async def test_fifty_at_once_are_all_answered(channel: Channel) -> None:
    await channel.store.servers.change(PAGE, "server_limit", 50)
    await channel.store.servers.change(PAGE, "person_limit", 50)
    ids = await asyncio.gather(*(channel.ask(seed=1000 + i) for i in range(50)))
    states = await asyncio.gather(*(channel.until_over(one) for one in ids))
    assert sorted(state["song"]["seed"] for state in states) == list(range(1000, 1050))
    assert len((await channel.get("/api/songs?limit=100"))[1]) == 50


# Limits and cancelling


async def test_a_limit_is_a_sentence_and_says_when(gate: Path, channel: Channel) -> None:
    for _ in range(3):
        await channel.ask(seed=HELD)
    async with channel.http.post(f"{channel.url}/api/requests", json={}) as response:
        assert response.status == 429
        assert 1 <= int(response.headers["Retry-After"]) < 60
        said = (await response.json())["error"]
    assert is_a_sentence(said)
    assert "You have 3 open requests" in said


async def test_a_browser_is_one_person_from_its_first_page_on(gate: Path, channel: Channel) -> None:
    for _ in range(3):
        await channel.ask(seed=HELD)
    async with channel.http.get(channel.url) as response:
        cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    request = await channel.ask(seed=HELD)
    entry = await channel.store.requests.get(request)
    assert entry
    assert entry.user_id
    assert entry.user_id in cookie


async def test_a_browser_cancels_its_own_requests_alone(gate: Path, channel: Channel) -> None:
    async with channel.http.get(channel.url):
        held, waiting = await channel.ask(seed=HELD), await channel.ask(seed=42)
    state = (await channel.get(f"/api/requests/{waiting}"))[1]
    assert state["estimate"] >= 1
    assert "ready in" in state["place"]
    for request in (waiting, held):
        path = f"/api/requests/{request}/cancel"
        async with aiohttp.ClientSession() as another, another.post(channel.url + path) as response:
            assert response.status == 400
            assert (await response.json())["error"] == "Only the browser that asked can cancel this."
        assert await channel.post(path) == (200, {"id": request})
        state = await channel.until_over(request)
        assert (state["status"], state["error"], state["place"]) == ("failed", "This was cancelled.", None)
    assert (await channel.post(f"/api/requests/{held}/cancel"))[0] == 400
    assert (await channel.post(f"/api/requests/{'0' * 32}/cancel"))[0] == 404


# Votes and history


async def test_votes_are_one_a_browser_and_can_change(channel: Channel) -> None:
    song = await channel.song(seed=42)
    path = f"/api/songs/{song['id']}"
    totals = [(await channel.post(f"{path}/vote", json={"value": value}))[1]["votes"] for value in (1, 1, -1, 0, 1)]
    assert totals == [1, 1, -1, 0, 1]
    async with (
        aiohttp.ClientSession() as another_browser,
        another_browser.post(f"{channel.url}{path}/vote", json={"value": 1}) as response,
    ):
        assert (await response.json())["votes"] == 2
        cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    shown = (await channel.get(path))[1]
    assert (shown["votes"], shown["vote"]) == (2, 1)


@pytest.mark.parametrize("value", [{"value": 2}, {"value": True}, {"value": "1"}, {}, {"value": 1, "voter": "x"}, []])
async def test_bad_votes_are_refused(channel: Channel, value: object) -> None:
    song = await channel.song(seed=42)
    status, answer = await channel.post(f"/api/songs/{song['id']}/vote", json=value)
    assert status == 400
    assert is_a_sentence(answer["error"])


async def test_a_song_of_discord_is_voted_on_there(
    channel: Channel, make_song: Callable[[RequestRecord], Song]
) -> None:
    entry = RequestRecord(id="a" * 32, origin="discord", request=Request(), scope=Scope("1"))
    await channel.store.requests.add(entry)
    await channel.store.requests.compose(make_song(entry))
    assert (await channel.get(f"/api/songs/{entry.id}"))[0] == 200
    assert (await channel.post(f"/api/songs/{entry.id}/vote", json={"value": 1}))[0] == 400
    assert (await channel.get("/api/songs"))[1] == []


async def test_the_history_is_newest_first_and_paged(channel: Channel) -> None:
    await channel.store.servers.change(PAGE, "person_limit", 50)
    ids = [await channel.ask(seed=100 + i) for i in range(5)]
    await asyncio.gather(*(channel.until_over(one) for one in ids))
    page = (await channel.get("/api/songs?limit=3"))[1]
    rest = (await channel.get(f"/api/songs?limit=3&before={page[-1]['id']}"))[1]
    assert [song["id"] for song in page + rest] == ids[::-1]
    assert (await channel.get("/api/songs?limit=0"))[0] == 400


# Charts


async def test_the_chart_has_bounds_and_pages_by_period(channel: Channel) -> None:
    await channel.store.servers.change(PAGE, "person_limit", 50)
    ids = [(await channel.song(seed=100 + number))["id"] for number in range(3)]
    for song, likes in zip(ids, (1, 3, 2), strict=True):
        for voter in range(likes):
            await channel.store.votes.cast(song, f"{voter:032x}", 1)
    await channel.store.votes.cast(ids[1], "f" * 32, -1)
    status, chart = await channel.get("/api/top")
    assert status == 200
    assert [(one["rank"], one["id"], one["likes"], one["dislikes"]) for one in chart] == [
        (1, ids[2], 2, 0),
        (2, ids[1], 3, 1),
        (3, ids[0], 1, 0),
    ]
    assert (chart[0]["low"], chart[0]["high"]) == (pytest.approx(0.3424, abs=5e-5), 1.0)
    assert chart[0]["title"] == "Tune 102"
    assert (await channel.get("/api/top?period=all&limit=1&start=1"))[1] == chart[1:2]
    await channel.store.database.change("UPDATE songs SET created = created - 86401 WHERE id = :id", id=ids[2])
    assert [one["id"] for one in (await channel.get("/api/top?period=day"))[1]] == [ids[1], ids[0]]
    await channel.files.delete(ids[1])
    assert [one["id"] for one in (await channel.get("/api/top?period=month"))[1]] == [ids[2], ids[0]]


@pytest.mark.parametrize("query", ["period=year", "period=", "limit=0", "limit=101", "start=-1", "start=x", "start="])
async def test_a_bad_chart_is_refused(channel: Channel, query: str) -> None:
    status, answer = await channel.get(f"/api/top?{query}")
    assert status == 400
    assert is_a_sentence(answer["error"])


async def test_a_vote_on_one_s_own_tune_is_said_not_to_rank(channel: Channel) -> None:
    async with channel.http.get(channel.url):  # from here on the browser has a name
        song = await channel.song(seed=42)
    path = f"/api/songs/{song['id']}/vote"
    answers = [(await channel.post(path, json={"value": value}))[1] for value in (1, -1)]
    assert answers == [{"votes": 1, "vote": 1, "note": OWN}, {"votes": -1, "vote": -1, "note": None}]
    assert (await channel.get("/api/top?period=all"))[1] == []


async def test_too_many_votes_are_refused_with_when_again(channel: Channel) -> None:
    async with channel.http.get(channel.url):
        song = await channel.song(seed=42)
    path = f"{channel.url}/api/songs/{song['id']}/vote"
    for number in range(MOST + 1):
        async with channel.http.post(path, json={"value": number % 2}) as response:
            assert response.status == (429 if number == MOST else 200)
            wait, answer = response.headers.get("Retry-After"), await response.json()
    assert wait
    assert 0 < int(wait) <= 60
    assert is_a_sentence(answer["error"])


# The page


async def test_the_page_needs_nothing_from_elsewhere(channel: Channel) -> None:
    for name in ("", *(path.name for path in STATIC.iterdir() if path.name != "index.html")):
        async with channel.http.get(f"{channel.url}/{name}") as response:
            assert response.status == 200
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]
            content = await response.read()
        if not name.endswith((".png", ".woff2")):
            text = content.decode().replace("http://www.w3.org/2000/svg", "").replace(PUBLIC_URL, "")
            assert "http://" not in text
            assert "https://" not in text
            assert "innerHTML" not in text


async def test_readiness(channel: Channel) -> None:
    assert await channel.get("/readyz") == (200, {"status": "ok"})
    channel.files.least_free = 1 << 60
    status, answer = await channel.get("/readyz")
    assert (status, answer["status"]) == (503, "waiting")
    assert "The disk is full" in answer["error"]
    channel.files.least_free = 0
    (channel.folder / DATABASE).rename(channel.folder / "moved")
    assert "was removed" in (await channel.get("/readyz"))[1]["error"]
    (channel.folder / "moved").rename(channel.folder / DATABASE)


async def test_health(channel: Channel) -> None:
    assert await channel.get("/healthz") == (200, {"status": "ok", "open": 0})


async def test_the_form_offers_every_remix_mode(channel: Channel) -> None:
    status, options = await channel.get("/api/options")
    assert status == 200
    assert list(options["remix_modes"]) == list(REMIX_MODES)
    assert set(options["remix_modes"]) < set(options["modes"])
