"""What a submission becomes: the defaults of its scope, its sound, its seed, and when it is acknowledged."""

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.files.song_files import Files
from bot.requests.backlog import Backlog
from bot.requests.submissions import Defaults, Origin, Submissions, Upload
from bot.requests.wait_times import LimitError
from bot.scope import Scope
from bot.store import RequestRecord, Song, Store
from generator.protocol.client import GeneratorClient
from generator.protocol.errors import InputError
from generator.protocol.names import SOUNDS
from tests.bot.conftest import MIDI
from tests.bot.kept import song_of, write_job
from tests.conftest import FAKE_GENERATOR

SERVER = Scope.server(7)
ORIGIN = Origin(name="discord", scope=SERVER, user_id="1", channel_id="9")


class Desk:
    """Submissions over a real store, and what was acknowledged."""

    def __init__(self, store: Store, files: Files, submissions: Submissions) -> None:
        self.store = store
        self.files = files
        self.submissions = submissions
        self.acknowledged: list[Defaults] = []

    async def acknowledge(self, defaults: Defaults) -> Mapping[str, Any]:
        self.acknowledged.append(defaults)
        return {"message": 5}


@pytest_asyncio.fixture
async def desk(store: Store, tmp_path: Path) -> AsyncIterator[Desk]:
    files = Files(store, tmp_path)
    generator = GeneratorClient(FAKE_GENERATOR)
    yield Desk(store, files, Submissions(store, Backlog(store, generator, {}, files)))
    await generator.close()


def upload(name: str | None = "tune.mid") -> Upload:
    async def read() -> bytes:
        return MIDI

    return Upload(name, read)


async def test_a_new_tune_gets_the_defaults_of_its_server(desk: Desk) -> None:
    for name, value in {"scene": "boss", "seconds": 20.0, "sound": "apu"}.items():
        await desk.store.servers.change(SERVER, name, value)
    entry = await desk.submissions.generate(ORIGIN, {"scene": "title", "seconds": None, "bars": None}, desk.acknowledge)
    request = entry.request
    assert (request.scene, request.seconds, request.sound) == ("title", 20.0, "apu")
    assert desk.acknowledged == [{"seconds": 20.0, "sound": "apu"}]
    assert (entry.destination, entry.scope, entry.channel_id) == ({"message": 5}, SERVER, "9")


async def test_a_length_in_bars_replaces_the_default_in_seconds(desk: Desk) -> None:
    await desk.store.servers.change(SERVER, "seconds", 20.0)
    entry = await desk.submissions.generate(ORIGIN, {"bars": 8})
    assert (entry.request.bars, entry.request.seconds) == (8, None)


@pytest.mark.parametrize(("chosen", "sound"), [(None, "apu"), ("soundfont", "soundfont")])
async def test_a_remix_of_a_song_sounds_as_the_song_unless_a_sound_is_chosen(
    desk: Desk, chosen: str | None, sound: str
) -> None:
    parent = await desk.submissions.generate(ORIGIN, {"sound": "apu"})
    song = await made(desk, parent)
    entry = await desk.submissions.remix(ORIGIN, song, {"mode": "vary", "sound": chosen})
    assert (entry.request.mode, entry.request.sound, entry.parent) == ("vary", sound, song.id)
    assert entry.request.name == f"{song.title}.mid"


async def test_a_remix_of_an_upload_sounds_as_usual_in_the_server(desk: Desk) -> None:
    entry = await desk.submissions.remix(ORIGIN, upload("songs/My tune.mid"), {})
    assert (entry.request.mode, entry.request.sound, entry.request.name) == ("arrange", SOUNDS[0], "My tune.mid")
    await desk.store.servers.change(SERVER, "sound", "apu")
    assert (await desk.submissions.remix(ORIGIN, upload(None), {})).request.sound == "apu"


async def test_another_take_has_the_same_request_but_the_seed(desk: Desk) -> None:
    entry = await desk.submissions.generate(ORIGIN, {"key": "Eb", "seed": 42})
    take = await desk.submissions.another_take(ORIGIN, entry.id)
    assert take.request.key == "Eb"
    assert take.request.seed != 42


async def test_an_invalid_option_is_refused_before_anything_is_acknowledged(desk: Desk) -> None:
    with pytest.raises(InputError):
        await desk.submissions.generate(ORIGIN, {"bpm": 1000}, desk.acknowledge)
    with pytest.raises(InputError):
        await desk.submissions.remix(ORIGIN, upload(), {"mode": "infill", "span": "9-2"}, desk.acknowledge)
    assert desk.acknowledged == []


async def test_a_full_queue_is_refused_before_anything_is_acknowledged(desk: Desk) -> None:
    await desk.store.servers.change(SERVER, "person_limit", 1)
    await desk.submissions.generate(ORIGIN, {})
    with pytest.raises(LimitError):
        await desk.submissions.generate(ORIGIN, {}, desk.acknowledge)
    assert desk.acknowledged == []


async def made(desk: Desk, entry: RequestRecord) -> Song:
    """Return the song that a request becomes."""
    await write_job(desk.files, entry)
    song = song_of(entry)
    assert await desk.files.compose(song)
    return song
