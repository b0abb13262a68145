"""The video, by what ffmpeg reads in it and by the pixels of its frames."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from generator.pictures.colours import CHANNEL_COLOURS
from generator.pictures.oscilloscope import SHADES, trace, trigger
from generator.pictures.scope_film import (
    FPS,
    HEIGHT,
    MOST_BITS,
    PLAYHEAD,
    ROLL_TOP,
    SCOPE_BOTTOM,
    SCOPE_TOP,
    SOUND_BITS,
    STEP,
    WIDTH,
    frames,
    write_scope_film,
)
from generator.sound.fluidsynth_audio import RenderError
from models.music.score import P1, Note, Score
from tests.music import scale

RATE = 44_100


def test_a_video_has_the_tunes_length_and_what_chats_can_play(tmp_path: Path) -> None:
    score = scale(180)
    write_scope_film(score, "Scale", tmp_path / "tune.mp4")
    command = ["ffprobe", "-v", "error", "-show_streams", "-show_format", "-of", "json", str(tmp_path / "tune.mp4")]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)
    video, audio = found["streams"]
    assert [video[name] for name in ("codec_name", "pix_fmt", "width", "height")] == ["h264", "yuv420p", WIDTH, HEIGHT]
    assert audio["codec_name"] == "aac"
    assert float(video["duration"]) == pytest.approx(score.seconds, abs=1 / FPS)
    assert float(audio["duration"]) == pytest.approx(score.seconds, abs=0.05)
    assert int(found["format"]["size"]) < 1.5 * score.seconds * (MOST_BITS + SOUND_BITS) / 8


def test_notes_reach_the_playhead_when_they_sound() -> None:
    score = Score(((Note(60, 120, 60),), (), (), ()), 180)
    silent = np.zeros((4, 180 * 735), np.int16)
    reds = [picture[ROLL_TOP:, :, 0].astype(int) - picture[ROLL_TOP:, :, 2] for picture in frames(score, "", silent)]
    assert len(reds) == 90
    for frame, begins in ((0, PLAYHEAD + 30 * STEP), (30, PLAYHEAD), (45, PLAYHEAD - 15 * STEP)):
        columns = np.flatnonzero((reds[frame] > 80).any(axis=0))
        assert abs(columns[0] - begins) <= 2
        assert columns[-1] - columns[0] == pytest.approx(30 * STEP, abs=3)


def test_a_scope_shows_its_channel_and_nothing_else() -> None:
    sounds = np.zeros((4, 30 * 735), np.int16)
    sounds[P1] = 9_000 * np.sign(np.sin(2 * np.pi * 200 * np.arange(30 * 735) / RATE))
    scopes = next(frames(Score(((), (), (), ()), 30), "", sounds))[SCOPE_TOP:SCOPE_BOTTOM].astype(int)
    heights = []
    for i, colour in enumerate(CHANNEL_COLOURS):
        panel = scopes[:, i * WIDTH // 4 : (i + 1) * WIDTH // 4]
        rows = np.flatnonzero((np.abs(panel - np.array(colour)).max(axis=2) < 12).any(axis=1))
        heights.append(rows[-1] - rows[0])
    assert heights[0] > 90
    assert max(heights[1:]) <= 3


def test_a_trigger_finds_the_same_point_of_each_period() -> None:
    pulse = np.where(np.arange(RATE) % 100 < 25, 1.0, -0.2).astype(np.float32)
    assert [trigger(pulse, near, 200) for near in (960, 1000, 1049)] == [1000, 1000, 1000]
    assert trigger(np.zeros(500, np.float32), 100, 50) == 100
    assert trigger(np.zeros(0, np.float32), 100, 50) == 100


def test_a_trace_is_one_line_however_steep_and_flat_beyond_the_sound() -> None:
    step = np.repeat(np.array([-0.5, 0.5], np.float32), 500)
    shown = trace(step, 500, 400, 101, 200) == SHADES - 1
    assert shown[25:76].any(axis=1).all()
    assert not shown[:23].any()
    beyond = trace(step, 10_000, 400, 101, 200) == SHADES - 1
    assert np.flatnonzero(beyond.any(axis=1)).tolist() == [50]


def test_an_ffmpeg_that_fails_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"ffmpeg could not write tune\.mp4"):
        write_scope_film(scale(30), "", tmp_path / "nowhere" / "tune.mp4")
