"""From the votes that stand to a request that takes the taste along, over the real store and the page's API."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.files.song_files import Files
from bot.requests.submissions import with_taste
from bot.scope import PAGE, Scope
from bot.store import Song, Store
from generator.protocol.errors import InputError
from generator.protocol.requests import Request
from tests.bot.conftest import Channel
from tests.bot.kept import make

PEOPLE, TUNES = 8, 8
SEVERAL = Request(seed=3, takes=4)


async def songs_with_drums(store: Store, files: Files, place: str = "7", *, features: bool = True) -> list[Song]:
    """So many tunes, every second one with drums."""
    made = [await make(store, files, seed, scope=place, user_id="maker") for seed in range(TUNES)]
    if features:
        for number, song in enumerate(made):
            held = json.dumps({"drums": 6.0 * (number % 2), "tempo": 120.0})
            await store.database.change("UPDATE songs SET features = :held WHERE id = :id", held=held, id=song.id)
    return made


async def vote(store: Store, songs: list[Song], people: int = PEOPLE) -> None:
    """So many people like the tunes with drums and dislike the others."""
    async with store.database.transaction():
        for person in range(people):
            for number, song in enumerate(songs):
                row = (song.id, f"voter {person}", 1 if number % 2 else -1, float(person))
                await store.database.execute("INSERT INTO votes VALUES (?, ?, ?, ?)", row)


@pytest_asyncio.fixture
async def files(store: Store, tmp_path: Path) -> Files:
    return Files(store, tmp_path)


async def test_a_taste_is_found_in_the_votes_that_rank_and_a_place_has_its_own(store: Store, files: Files) -> None:
    songs = await songs_with_drums(store, files)
    await vote(store, songs)
    for song in songs:
        await store.votes.cast(song.id, "maker", -1)  # one's own, which does not rank
    liked = await store.tastes.of(Scope("7"))
    assert (liked.votes, liked.people, liked.songs) == (64, 8, 8)
    assert liked.acts
    [drums] = liked.preferences
    assert drums.feature == "drums"
    assert drums.low > 0
    assert (await store.tastes.of(Scope("8"))).votes == 0


async def test_it_follows_the_votes(store: Store, files: Files) -> None:
    songs = await songs_with_drums(store, files)
    await vote(store, songs, people=6)
    few = await store.tastes.of(Scope("7"))
    assert (few.votes, few.acts) == (48, False)
    await store.votes.cast(songs[0].id, "late", -1)
    await store.votes.cast(songs[1].id, "late", 1)
    enough = await store.tastes.of(Scope("7"))
    assert (enough.votes, enough.acts) == (50, True)
    for song in songs:  # the same votes, turned about
        await store.database.change("UPDATE votes SET value = -value WHERE song = :id", id=song.id)
    assert (await store.tastes.of(Scope("7"))).preferences[0].weight == pytest.approx(-enough.preferences[0].weight)
    await store.people.erase("voter 0")
    assert (await store.tastes.of(Scope("7"))).votes == 42
    await files.delete(songs[0].id)
    assert (await store.tastes.of(Scope("7"))).songs == TUNES - 1


async def test_tunes_of_earlier_versions_tell_nothing(store: Store, files: Files) -> None:
    await vote(store, await songs_with_drums(store, files, features=False))
    assert (await store.tastes.of(Scope("7"))).votes == 0


async def test_a_new_tune_of_several_takes_gets_the_taste_and_others_stay_as_they_are(
    store: Store, files: Files
) -> None:
    await vote(store, await songs_with_drums(store, files))
    got = await with_taste(store, SEVERAL, Scope("7"))
    assert got == replace(SEVERAL, taste=(await store.tastes.of(Scope("7"))).taste)
    assert got.taste
    assert set(got.taste) == {"drums"}
    upload = "0" * 64
    assert (await with_taste(store, Request(seed=3), Scope("7"))).taste == got.taste
    for other in (Request(takes=1), Request(mode="vary", upload=upload, takes=4)):
        assert await with_taste(store, other, Scope("7")) == other
    own = replace(SEVERAL, taste={"minor": (1.0, 0.5, 0.5)})
    assert await with_taste(store, own, Scope("7")) == own
    assert await with_taste(store, SEVERAL, Scope("8")) == SEVERAL


async def test_a_server_can_switch_it_off(store: Store, files: Files) -> None:
    await vote(store, await songs_with_drums(store, files))
    with pytest.raises(InputError):
        await store.servers.change(Scope("7"), "taste", "no")
    await store.servers.change(Scope("7"), "taste", False)
    assert await with_taste(store, SEVERAL, Scope("7")) == SEVERAL
    await store.servers.reset(Scope("7"), "taste")
    assert (await with_taste(store, SEVERAL, Scope("7"))).taste


async def test_features_are_kept_exported_and_go_with_the_song(store: Store, files: Files) -> None:
    songs = await songs_with_drums(store, files)
    kept = await store.songs.get(songs[1].id)
    assert kept
    assert kept.features == {"drums": 6.0, "tempo": 120.0}
    about = await store.people.export("maker")
    assert about["songs"][1]["features"] == {"drums": 6.0, "tempo": 120.0}
    child = await make(store, files, 50, parent=songs[1].id)
    assert child.parent
    await files.delete(songs[1].id)
    gone = await store.songs.get(songs[1].id, or_deleted=True)
    assert gone
    assert gone.features == {}


async def local_taste(channel: Channel) -> None:
    await vote(channel.store, await songs_with_drums(channel.store, channel.files, PAGE))


async def sent(channel: Channel, request_id: str) -> Request:
    """A request as it was queued, once it is answered: only so many of a person may be open."""
    await channel.until_over(request_id)
    entry = await channel.store.requests.get(request_id)
    assert entry
    return entry.request


async def test_the_page_tells_how_far_it_is_and_what_people_like(channel: Channel) -> None:
    status, none = await channel.get("/api/taste")
    assert (status, none["votes"], none["least"], none["acts"], none["features"]) == (200, 0, 50, False, [])
    assert none["words"][0] == "Not enough votes yet: 0 of 50."
    await local_taste(channel)
    _, taste = await channel.get("/api/taste")
    assert taste["acts"]
    assert taste["words"][0] == "People here like more drums."
    [drums] = taste["features"]
    assert (drums["name"], drums["more"], drums["less"]) == ("drums", "more drums", "fewer drums")
    assert 0 < drums["low"] < drums["weight"] < drums["high"]


async def test_features_come_from_the_generator_with_the_tune(channel: Channel) -> None:
    song = await channel.song(bpm=150)
    assert song["features"] == {"tempo": 150, "drums": 2.5}
    assert song["choice"] == ""


async def test_the_page_s_requests_take_it_along_unless_they_name_a_seed(channel: Channel) -> None:
    await local_taste(channel)
    steered_id = await channel.ask(takes=3)
    taste = (await sent(channel, steered_id)).taste
    assert taste
    fields: list[dict[str, Any]] = [{"takes": 3, "seed": 9}, {"takes": 1}, {"takes": 3, "taste": {}}]
    for given in fields:
        assert not (await sent(channel, await channel.ask(**given))).taste
    own = {"minor": [1.0, 0.5, 0.5]}
    assert (await sent(channel, await channel.ask(takes=3, seed=9, taste=own))).taste == {"minor": (1.0, 0.5, 0.5)}
    await channel.store.database.change("DELETE FROM votes WHERE voter = 'voter 0' OR voter = 'voter 1'")
    status, another = await channel.post(f"/api/songs/{steered_id}/another")
    assert status == 202
    request = await sent(channel, another["id"])
    assert (request.takes, request.taste) == (3, None)  # the votes of now, which are too few
