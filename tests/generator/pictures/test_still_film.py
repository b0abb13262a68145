"""The film of a tune, by the real ffmpeg."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from generator.pictures.still_film import write_still_film
from generator.sound.fluidsynth_audio import RenderError
from tests.conftest import ROOT

TUNES = ROOT / "docs" / "tunes"


def test_a_film_has_picture_and_sound_of_the_same_length_and_the_same_bytes_again(tmp_path: Path) -> None:
    first, second = tmp_path / "first.mp4", tmp_path / "second.mp4"
    for out in (first, second):
        write_still_film(TUNES / "5.png", TUNES / "5.ogg", out, 4.0)
    assert first.read_bytes() == second.read_bytes()
    shown = ("codec_name", "pix_fmt", "width", "height", "duration")
    command = ["ffprobe", "-v", "error", "-show_entries", f"stream={','.join(shown)}", "-of", "json", str(first)]
    streams = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["streams"]
    video, audio = streams
    assert {key: video[key] for key in shown[:4]} == {
        "codec_name": "h264", "pix_fmt": "yuv420p", "width": 1200, "height": 630
    }  # fmt: skip
    assert audio["codec_name"] == "aac"
    assert all(float(stream["duration"]) == pytest.approx(4.0, abs=0.05) for stream in streams)
    assert first.read_bytes().find(b"moov") < first.read_bytes().find(b"mdat"), "it starts before all of it is there"


def test_a_picture_that_ffmpeg_cannot_read_is_reported(tmp_path: Path) -> None:
    (tmp_path / "no.png").write_bytes(b"no picture")
    with pytest.raises(RenderError, match=r"ffmpeg could not write out\.mp4"):
        write_still_film(tmp_path / "no.png", TUNES / "5.ogg", tmp_path / "out.mp4", 1.0)
