"""The player in Chromium: it sounds, and its controls do to the sound and to the roll what they say."""

from __future__ import annotations

import io
import time
import wave
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from playwright.sync_api import expect

from generator.importing.importer import import_midi
from models.music.score import P1, P2, TR, Grid, Note, Score
from tests.bot.web.frontend.conftest import Player
from tests.bot.web.frontend.test_sound import PAGE_RATE, play_page
from tests.music import scale

BAR = 120
"""Frames of a bar of `scale`."""


def strong(samples: np.ndarray, pitch: int, rate: int = PAGE_RATE) -> float:
    """Return how strong a pitch is among all others, 0 to 1."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 19)) ** 2
    middle = round(440 * 2 ** ((pitch - 69) / 12) / rate * (1 << 19))
    return float(spectrum[middle - 60 : middle + 60].sum() / spectrum.sum())


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.05)


def two_lines() -> Score:
    """A4 on pulse 1, C5 on pulse 2, A2 on the triangle, eight bars long."""
    lines = [(P1, 69, 2), (P2, 72, 1), (TR, 45, 0)]
    channels: list[tuple[Note, ...]] = [(), (), (), ()]
    for channel, pitch, duty in lines:
        channels[channel] = tuple(
            Note(bar * BAR, (bar + 1) * BAR - 10, pitch, ((0, 15),), ((0, duty),)) for bar in range(8)
        )
    return Score(tuple(channels), 8 * BAR, Grid((7, 8)), "Lines")


LOUDEST = """analyser().then(node => {
  const samples = new Float32Array(node.fftSize);
  node.getFloatTimeDomainData(samples);
  return Math.max(...samples.map(Math.abs));
})"""


def test_playing_is_heard_and_pausing_is_not(player: Player) -> None:
    player.load(two_lines())
    player.page.get_by_role("button", name="Play", exact=True).click()
    until(lambda: player.call(LOUDEST) > 0.05 and player.call("frame") > 20)
    player.page.get_by_role("button", name="Pause").click()
    until(lambda: player.call(LOUDEST) < 0.01)
    at = player.call("frame")
    time.sleep(0.2)
    assert player.call("frame") == at
    assert not player.call("playing")


def test_muting_and_solo_take_channels_out_of_the_sound(player: Player) -> None:
    score = two_lines()
    assert strong(play_page(player, score), 69) > 0.1
    player.page.get_by_role("button", name="Mute pulse 1").click()
    muted = play_page(player, score)
    assert strong(muted, 69) < 0.01 < strong(muted, 72)
    player.page.get_by_role("button", name="Solo pulse 1").click()
    alone = play_page(player, score)
    assert strong(alone, 72) < 0.01 < strong(alone, 69)


def test_a_volume_and_a_waveform_are_heard(player: Player) -> None:
    score = two_lines()
    player.page.get_by_role("button", name="Solo pulse 1").click()
    before = play_page(player, score)
    player.page.get_by_role("slider", name="Volume of pulse 1").fill("0.5")
    assert np.ptp(play_page(player, score)) < 0.6 * np.ptp(before)
    player.page.get_by_role("combobox", name="Waveform of pulse 1").select_option("triangle")
    assert strong(play_page(player, score), 69) > 0.9 > strong(before, 69) + 0.05


def test_a_waveform_is_dropped_on_a_channel(player: Player) -> None:
    player.load(two_lines())
    player.page.locator(".waves li", has_text="metallic").drag_to(player.page.get_by_role("group", name="pulse 2"))
    expect(player.page.get_by_role("combobox", name="Waveform of pulse 2")).to_have_value("metal")


def test_the_tempo_is_heard(player: Player) -> None:
    score = scale()
    seconds = len(play_page(player, score)) / PAGE_RATE
    player.page.get_by_role("slider", name="Tempo").fill("200")
    assert len(play_page(player, score)) / PAGE_RATE == pytest.approx(seconds / 2, abs=0.1)


def test_a_click_on_the_roll_seeks_and_dragging_over_bars_repeats_them(player: Player) -> None:
    player.load(two_lines())
    roll = player.page.locator("canvas.roll")
    box = roll.bounding_box()
    assert box
    pixels = box["width"] / 480
    roll.click(position={"x": 300 * pixels, "y": 30})
    assert player.call("frame") == pytest.approx(300, abs=3)
    player.page.get_by_role("button", name="Play", exact=True).click()
    until(lambda: player.call("frame") > 310)
    player.page.get_by_role("button", name="Pause").click()
    player.page.locator("canvas.roll").press("Home")
    player.page.mouse.move(box["x"] + 130 * pixels, box["y"] + 50)
    player.page.mouse.down()
    player.page.mouse.move(box["x"] + 250 * pixels, box["y"] + 60, steps=4)
    player.page.mouse.up()
    assert player.call("passage") == {"from": BAR, "to": 3 * BAR}
    player.page.get_by_role("slider", name="Tempo").fill("200")
    player.page.keyboard.press("Escape")
    player.call("select({from: 120, to: 240})")
    player.call("play()")
    places = []
    for _ in range(40):
        places.append(player.call("frame"))
        time.sleep(0.05)
    assert all(BAR - 1 <= place <= 2 * BAR for place in places)
    assert any(after < before - 60 for before, after in pairwise(places))


def test_the_keyboard_alone_is_enough(player: Player) -> None:
    player.load(two_lines())
    page, roll = player.page, player.page.locator("canvas.roll")
    page.evaluate("""() => {
      window.selected = [];
      addEventListener("chiptune-select", event => window.selected.push(event.detail));
    }""")
    roll.focus()
    page.keyboard.press("ArrowRight")
    assert player.call("frame") == BAR
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    assert player.call("passage") == {"from": BAR, "to": 4 * BAR}
    assert page.evaluate("window.selected.at(-1).bars") == {"first": 1, "end": 4}
    page.keyboard.press("Shift+ArrowLeft")
    assert player.call("passage") == {"from": BAR, "to": 3 * BAR}
    page.keyboard.press("Escape")
    assert player.call("passage") is None
    page.keyboard.press("Space")
    until(lambda: player.call("playing") and player.call("frame") > BAR + 5)
    page.keyboard.press("Space")
    assert not player.call("playing")
    page.keyboard.press("2")
    expect(page.get_by_role("button", name="Mute pulse 2")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("+")
    assert player.call("tempoFactor") == pytest.approx(1.1)
    assert roll.get_attribute("aria-valuetext") == "0:02 of 0:16"


def test_the_midi_file_has_what_is_heard(player: Player) -> None:
    score = two_lines()
    player.load(score)
    player.page.get_by_role("button", name="Mute pulse 2").click()
    player.page.get_by_role("combobox", name="Waveform of pulse 1").select_option("12.5 %")
    with player.page.expect_download() as waiting:
        player.page.get_by_role("button", name="MIDI").click()
    assert waiting.value.suggested_filename == "Lines.mid"
    read = import_midi(waiting.value.path().read_bytes()).score
    assert read
    assert [len(notes) for notes in read.channels] == [8, 0, 8, 0]
    assert {note.duty for note in read.channels[P1]} == {((0, 0),)}
    assert [(n.start, n.end, n.pitch) for n in read.channels[TR]] == [
        (n.start, n.end, n.pitch) for n in score.channels[TR]
    ]


def test_one_thing_plays_at_a_time(player: Player) -> None:
    player.load(two_lines())
    player.call("play()")
    silence = io.BytesIO()
    with wave.open(silence, "wb") as file:
        file.setparams((1, 1, 8000, 0, "NONE", ""))
        file.writeframes(bytes([128]) * 16_000)
    player.page.evaluate(
        """bytes => {
          const audio = document.createElement("audio");
          audio.src = URL.createObjectURL(new Blob([new Uint8Array(bytes)], { type: "audio/wav" }));
          document.body.append(audio);
          return audio.play();
        }""",
        list(silence.getvalue()),
    )
    until(lambda: not player.call("playing"))
    player.call("play()")
    until(lambda: player.page.evaluate("document.querySelector('body > audio').paused"))
    player.page.evaluate("document.querySelector('body > audio').remove()")
