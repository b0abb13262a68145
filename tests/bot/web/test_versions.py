"""What was made from a tune: takes to choose from, versions with their own names, families; and deleting one's own."""

import time

import pytest

from bot.files.song_files import TAKES_SECONDS
from tests.bot.conftest import MIDI, Channel, is_a_sentence, multipart
from tests.fake_generator import FILES


async def made(channel: Channel, path: str, **fields: object) -> dict[str, object]:
    status, answer = await channel.post(path, json=fields)
    assert status == 202, answer
    return dict((await channel.until_over(answer["id"]))["song"])


async def test_versions_of_a_tune_have_names_of_their_own(channel: Channel) -> None:
    song = await channel.song(seed=42)
    assert song["name"] == song["title"] == "Tune 42"
    remix = f"/api/songs/{song['id']}/remix"
    names = [
        (await made(channel, remix, mode="vary"))["name"],
        (await made(channel, remix, mode="infill"))["name"],
        (await made(channel, remix, mode="vary"))["name"],
        (await made(channel, f"/api/songs/{song['id']}/another"))["name"],
    ]
    assert names == ["Variation 1 of Tune 42", "New bars 1 in Tune 42", "Variation 2 of Tune 42", "Take 2 of Tune 42"]
    _, family = await channel.get(f"/api/songs/{song['id']}/family")
    assert [each["name"] for each in family] == ["Tune 42", *names]
    assert {each["parent"] for each in family} == {None, song["id"]}
    _, listed = await channel.get("/api/songs")
    assert [each["name"] for each in listed] == ["Tune 42", *names][::-1]
    german = (await channel.get(f"/api/songs/{family[1]['id']}", headers={"Accept-Language": "de"}))[1]
    assert german["mode"] == "vary"


async def test_an_arrangement_has_no_other_take(channel: Channel) -> None:
    _, answer = await channel.post("/api/requests", data=multipart({"mode": "arrange"}, MIDI))
    song = (await channel.until_over(answer["id"]))["song"]
    assert song["again"] is False
    status, refused = await channel.post(f"/api/songs/{song['id']}/another")
    assert (status, is_a_sentence(refused["error"])) == (400, True)
    assert (await channel.song(seed=42))["again"] is True


async def test_what_was_asked_and_what_came_are_side_by_side(channel: Channel) -> None:
    song = await channel.song(seed=42, key="Am", seconds=20, density="low")
    asked = {each["name"]: (each["asked"], each["got"], each["same"]) for each in song["asked"]}
    assert asked == {"key": ("Am", "Am", True), "seconds": (20, 20, True), "density": ("low", "medium", False)}
    await channel.store.database.change("UPDATE songs SET key = 'D', seconds = 25")
    _, song = await channel.get(f"/api/songs/{song['id']}")
    differing = {each["name"]: (each["got"], each["same"]) for each in song["asked"]}
    assert differing == {"key": ("D", False), "seconds": (25, False), "density": ("medium", False)}


async def test_a_take_can_be_chosen_for_a_day(channel: Channel) -> None:
    song = await channel.song(seed=42, takes=3, bpm=150)
    path = f"/api/songs/{song['id']}/takes"
    assert (await channel.get(f"/api/songs/{song['id']}"))[1]["takes"] == 3
    _, takes = await channel.get(path)
    assert [take["kept"] for take in takes] == [True, False, False]
    assert takes[1]["score"]["channels"][0]
    chosen = await made(channel, f"{path}/2")
    entry = await channel.store.requests.get(str(chosen["id"]))
    assert entry
    assert (entry.request.seed, entry.request.takes, entry.request.bpm, entry.parent) == (501, 1, 150, song["id"])
    assert (await channel.post(f"{path}/4"))[0] == 400
    await channel.store.database.change("UPDATE songs SET created = :at", at=time.time() - TAKES_SECONDS - 1)
    assert (await channel.get(path))[1] == []
    status, refused = await channel.post(f"{path}/2")
    assert (status, is_a_sentence(refused["error"])) == (400, True)


async def test_only_the_browser_that_asked_deletes_a_tune(channel: Channel) -> None:
    async with channel.http.get(channel.url):
        song = await channel.song(seed=42)
    path = f"/api/songs/{song['id']}"
    assert (await channel.get(path))[1]["mine"] is True
    cookies = {"chiptune_voter": "0" * 32}
    status, refused = await channel.post(f"{path}/delete", cookies=cookies)
    assert (status, is_a_sentence(refused["error"])) == (400, True)
    assert (await channel.post(f"{path}/delete"))[0] == 200
    assert (await channel.get(path))[0] == 404


@pytest.mark.parametrize("old", [False, True])
async def test_a_song_has_its_score(channel: Channel, *, old: bool) -> None:
    song = await channel.song(seed=42)
    if old:
        await channel.store.files.forget(song["id"], "score.json")
    async with channel.http.get(f"{channel.url}/api/songs/{song['id']}/score") as response:
        assert (response.status, response.content_type) == (200, "application/json")
        text = await response.text()
    assert text == ("score of 26 bytes, soundfont" if old else dict(FILES)["score.json"].decode())
