"""Everything real but Discord itself: the bot as people start it, its generator, its model, FluidSynth and ffmpeg.

One bot serves both sides at once. In the middle of a job first the generator and then the bot is killed.
"""

from __future__ import annotations

import asyncio
import io
import os
import re
import signal
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import mido
from PIL import Image
from pydub import AudioSegment

from models.music.midi import midi_bytes, read_score
from models.music.score import CHANNELS
from tests.wire.standin.process import Bot
from tests.wire.standin.reading import text
from tests.wire.standin.server import StandIn

PATIENCE = 240.0
"""Seconds for a job on a machine that does other things too."""


def check_midi(data: bytes, seconds: float) -> None:
    """A legal tune of that length: one note at a time on each channel, within the console's ranges."""
    midi = mido.MidiFile(file=io.BytesIO(data))
    assert abs(midi.length - seconds) <= 0.05 * seconds
    score = read_score(data)
    assert score.note_count > 0
    for spec, notes in zip(CHANNELS, score.channels, strict=True):
        assert all(spec.lowest <= note.pitch <= spec.highest for note in notes)
        assert all(before.end <= after.start for before, after in pairwise(notes))


def check_audio(data: bytes, seconds: float) -> None:
    """Sound of that length, neither silent nor clipped."""
    audio = AudioSegment.from_file(io.BytesIO(data))
    assert abs(audio.duration_seconds - seconds) <= 0.05 * seconds
    assert audio.dBFS > -40
    assert audio.max_dBFS < 0


def check_picture(data: bytes) -> None:
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG"
    assert image.width >= 800


def a_song() -> bytes:
    """A chord, a bass and a drum, as anybody's sequencer writes them."""
    midi = mido.MidiFile()
    for channel, pitches in ((0, (60, 64, 67)), (1, (36,)), (9, (38,))):
        track = mido.MidiTrack()
        for _ in range(8):
            track += [mido.Message("note_on", channel=channel, note=pitch, velocity=90) for pitch in pitches]
            track += [
                mido.Message("note_off", channel=channel, note=pitch, time=480 if pitch == pitches[0] else 0)
                for pitch in pitches
            ]
        midi.tracks.append(track)
    return midi_bytes(midi)


class Page:
    """The local page of a running bot, as a browser speaks to it."""

    def __init__(self, bot: Bot, http: aiohttp.ClientSession) -> None:
        found = re.findall(r"the page is at (http://\S+?)/?\s", bot.log())
        self.url = found[-1]
        self.http = http

    async def get(self, path: str) -> Any:
        async with self.http.get(self.url + path) as response:
            return await (response.json() if response.content_type == "application/json" else response.read())

    async def ask(self, **fields: Any) -> dict[str, Any]:
        """Send a request and wait until it is over."""
        async with self.http.post(f"{self.url}/api/requests", **fields) as response:
            assert response.status == 202, await response.text()
            name = (await response.json())["id"]
        async with asyncio.timeout(PATIENCE):
            while (state := await self.get(f"/api/requests/{name}"))["status"] in ("queued", "working"):
                await asyncio.sleep(0.2)
        return dict(state)

    async def check(self, song: dict[str, Any], seconds: float) -> None:
        check_midi(await self.get(song["midi"]), seconds)
        check_audio(await self.get(song["audio"]), seconds)
        check_picture(await self.get(song["picture"]))


async def test_a_tune_on_discord_survives_two_kills(tmp_path: Path) -> None:
    async with StandIn(tmp_path) as discord:
        bot = Bot(discord, tmp_path, generator=None)
        await bot.start()
        try:
            interaction = await discord.answered(await discord.slash("generate", {"seconds": 120, "seed": 5}))
            assert interaction.latency is not None
            assert interaction.latency < 1.0
            await composing(discord)
            for pid in bot.generator_pids():
                os.kill(pid, signal.SIGKILL)
            discord.world.edits.clear()
            await composing(discord)
            await bot.end(signal.SIGKILL)
            await bot.start()
            [post] = await discord.until(discord.posts, PATIENCE)
            assert int(post["id"]) == interaction.original
            await discord.until(lambda: bot.rows("SELECT 1 FROM requests WHERE status = 'posted'"))
            files = {discord.world.files[int(item["id"])].name: item["id"] for item in post["attachments"]}
            data = {name: discord.world.files[int(number)].data for name, number in files.items()}
            check_midi(data["tune.mid"], 120)
            check_audio(data["tune.mp4"], 120)
            async with aiohttp.ClientSession() as http:
                await the_page_works(Page(bot, http))
            assert len(discord.posts()) == 1
        finally:
            await bot.end()


async def composing(discord: StandIn) -> None:
    """Wait until a placeholder shows that a tune is being written."""
    await discord.until(lambda: any("Composing" in text(body) for _, _, body in discord.world.edits), PATIENCE)


async def the_page_works(page: Page) -> None:
    """A tune, a remix, and a damaged file, over the page's API."""
    assert (await page.get("/healthz"))["status"] == "ok"
    made = await page.ask(json={"mode": "generate", "seconds": 5, "seed": 1, "key": "Am"})
    assert made["status"] == "done", made["error"]
    await page.check(made["song"], 5)
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("request", "{}", content_type="application/json")
    form.add_field("file", a_song(), filename="a song.mid")
    remixed = await page.ask(data=form)
    assert remixed["status"] == "done", remixed["error"]
    await page.check(remixed["song"], remixed["song"]["seconds"])
    assert remixed["song"]["title"] == "a song"
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("request", "{}", content_type="application/json")
    form.add_field("file", a_song()[:24], filename="half.mid")
    failed = await page.ask(data=form)
    assert (failed["status"], failed["song"]) == ("failed", None)
    assert failed["error"].endswith(".")
