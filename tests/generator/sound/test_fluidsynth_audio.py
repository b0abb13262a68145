"""Sound files: their length, loudness, timing and repeatability, and what happens where a program fails."""

import re
import subprocess
import time
import wave
from pathlib import Path

import mido
import numpy as np
import pytest
from numpy.typing import NDArray

from generator.protocol.errors import FaultError
from generator.sound import fluidsynth_audio
from generator.sound.fade import SHORTEST_FADE, fade_seconds
from generator.sound.fluidsynth_audio import RenderError, encode, fit_length, render_tune, render_wav
from generator.sound.loudness import LOUDNESS, PEAK, true_peak
from models.music.midi import midi_bytes, to_midi
from models.music.score import Grid, Note, Score

RATE = 44_100

Samples = NDArray[np.float64]


@pytest.fixture(scope="module", autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory) -> object:
    """One soundfont for all tests here, in a cache folder of their own."""
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


def tune(frames: int = 150) -> Score:
    """A small tune on all four channels."""
    envelope = ((0, 12), (4, 8), (8, 5))
    melody = (60, 64, 67, 72, 71, 67, 64, 62)
    pulse_1 = tuple(Note(t, t + 13, melody[t // 15 % 8], envelope, ((0, 2),)) for t in range(0, frames - 15, 15))
    pulse_2 = tuple(Note(t, t + 28, melody[t // 30 % 8] - 5, ((0, 7),), ((0, 1),)) for t in range(0, frames - 30, 30))
    triangle = tuple(Note(t, t + 25, melody[t // 60 % 8] - 24) for t in range(0, frames - 30, 30))
    noise = tuple(Note(t, t + 6, 12, ((0, 10), (2, 4)), ((0, t // 15 % 2),)) for t in range(0, frames - 15, 15))
    return Score((pulse_1, pulse_2, triangle, noise), frames, Grid((7, 8)))


def written(score: Score, path: Path) -> Path:
    path.write_bytes(midi_bytes(to_midi(score)))
    return path


def decoded(path: Path) -> Samples:
    """A sound file through ffmpeg as mono samples, not clipped."""
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "f32le", "-ar", str(RATE), "-ac", "1", "-"]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60)
    return np.frombuffer(done.stdout, "<f4").astype(np.float64)


def loudness(path: Path) -> float:
    """LUFS as ffmpeg's own measure has it, a mono file being heard from two loudspeakers."""
    command = ["ffmpeg", "-hide_banner", "-nostats", "-i", str(path), "-af", "ebur128=dualmono=true", "-f", "null", "-"]
    done = subprocess.run(command, check=True, capture_output=True, timeout=60, text=True)
    return float(re.findall(r"I:\s+(-?[\d.]+) LUFS", done.stderr)[-1])


@pytest.mark.parametrize("suffix", [".ogg", ".mp3", ".wav"])
def test_a_tune_has_its_length_and_the_standard_loudness(tmp_path: Path, suffix: str) -> None:
    score = tune()
    out = tmp_path / f"tune{suffix}"
    render_tune(written(score, tmp_path / "tune.mid"), out, score.seconds)
    sound = decoded(out)
    assert len(sound) / RATE == pytest.approx(score.seconds, abs=0.005)
    assert loudness(out) == pytest.approx(LOUDNESS, abs=0.3)
    assert np.abs(sound).max() < 1
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".wav"] == (
        [out.name] if suffix == ".wav" else []
    )


@pytest.mark.parametrize("suffix", [".ogg", ".mp3"])
def test_the_same_tune_gives_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    midi = written(tune(), tmp_path / "tune.mid")
    for name in ("a", "b"):
        render_tune(midi, tmp_path / f"{name}{suffix}", 1.0)
    assert (tmp_path / f"a{suffix}").read_bytes() == (tmp_path / f"b{suffix}").read_bytes()


def test_notes_sound_when_the_score_has_them(tmp_path: Path) -> None:
    starts = (0, 31, 77, 120, 200)
    score = Score((tuple(Note(start, start + 8, 69) for start in starts), (), (), ()), 240, Grid((7, 8)))
    render_tune(written(score, tmp_path / "tune.mid"), tmp_path / "tune.wav", score.seconds)
    sound = np.abs(decoded(tmp_path / "tune.wav"))
    for start in starts:
        onset, end = round(start / 60 * RATE), round((start + 8) / 60 * RATE)
        first = onset - 441 if start else 0
        heard = first + int(np.argmax(sound[first:end] > 0.3 * sound[onset:end].max()))
        assert (heard - onset) / RATE == pytest.approx(0, abs=0.005)
        assert sound[end + 882 : end + 2000].max() < 0.01 * sound[onset:end].max()


def test_volumes_of_a_score_are_those_of_the_sound(tmp_path: Path) -> None:
    volumes = (15, 10, 6, 3, 1)
    score = Score(((Note(0, 300, 69, tuple((60 * i, v) for i, v in enumerate(volumes))),), (), (), ()), 300)
    render_tune(written(score, tmp_path / "tune.mid"), tmp_path / "tune.wav", score.seconds)
    parts = decoded(tmp_path / "tune.wav").reshape(5, RATE)[:, 4410:-4410]
    heard = np.sqrt(np.mean(parts**2, axis=1))
    assert 15 * heard / heard[0] == pytest.approx(np.array(volumes), abs=0.1)


@pytest.mark.parametrize("frames", [1, 6, 20])
def test_a_very_short_tune_is_neither_lost_nor_clipped(tmp_path: Path, frames: int) -> None:
    score = Score(((Note(0, frames, 69),), (), (), ()), frames)
    render_tune(written(score, tmp_path / "tune.mid"), tmp_path / "tune.wav", score.seconds)
    sound = decoded(tmp_path / "tune.wav")
    assert len(sound) == round(score.seconds * RATE)
    assert 0.1 < np.abs(sound).max() < 0.9


def test_silence_stays_silent(tmp_path: Path) -> None:
    score = Score(((), (), (), ()), 120)
    render_tune(written(score, tmp_path / "tune.mid"), tmp_path / "tune.ogg", score.seconds)
    sound = decoded(tmp_path / "tune.ogg")
    assert len(sound) / RATE == pytest.approx(2, abs=0.005)
    assert np.abs(sound).max() < 1e-3


def test_a_sparse_tune_is_as_loud_as_its_peaks_allow(tmp_path: Path) -> None:
    drums = tuple(Note(t, t + 2, 5) for t in range(0, 200, 50))
    score = Score(((), (), (), drums), 200)
    for suffix in (".wav", ".ogg", ".mp3"):
        out = tmp_path / f"tune{suffix}"
        render_tune(written(score, tmp_path / "tune.mid"), out, score.seconds)
        loudest = 20 * np.log10(true_peak(decoded(out)))
        assert loudest < -1
        assert suffix != ".wav" or loudest == pytest.approx(PEAK, abs=0.05) or loudness(out) > LOUDNESS - 0.3


def test_a_file_with_many_voices_that_never_end_is_neither_clipped_nor_endless(tmp_path: Path) -> None:
    track = mido.MidiTrack()
    for channel in range(8):
        track.append(mido.Message("control_change", channel=channel, control=7, value=127))
        track.append(mido.Message("program_change", channel=channel, program=80))
        track += [mido.Message("note_on", channel=channel, note=key, velocity=127) for key in range(40, 88, 4)]
    track.append(mido.MetaMessage("end_of_track", time=480))
    mido.MidiFile(type=0, tracks=[track]).save(tmp_path / "dense.mid")
    render_wav(tmp_path / "dense.mid", tmp_path / "dense.wav")
    with wave.open(str(tmp_path / "dense.wav")) as file:
        sound = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert 3_000 < np.abs(sound.astype(int)).max() < 32_700
    assert len(sound) < 2 * 5 * RATE


def test_no_reverb_follows_the_last_note(tmp_path: Path) -> None:
    score = Score(((Note(0, 30, 69),), (), (), ()), 60)
    render_wav(written(score, tmp_path / "tune.mid"), tmp_path / "tune.wav", score.seconds)
    sound = np.abs(decoded(tmp_path / "tune.wav"))
    assert sound[: round(0.5 * RATE)].max() > 0.05
    assert sound[round(0.53 * RATE) :].max() < 3e-4


# --- length ------------------------------------------------------------------------------------------


def test_only_a_tune_that_is_cut_off_fades(tmp_path: Path) -> None:
    held = Score(((Note(0, 240, 69),), (), (), ()), 240)
    midi = written(held, tmp_path / "tune.mid")
    for name, fade in (("cut", 1.0), ("whole", fade_seconds(held))):
        render_tune(midi, tmp_path / f"{name}.wav", held.seconds, fade)
    cut, whole = (np.abs(decoded(tmp_path / f"{name}.wav")) for name in ("cut", "whole"))
    assert cut[-RATE // 20 :].max() < 0.1 * cut[RATE : 2 * RATE].max()
    assert whole[-RATE // 20 :].max() > 0.9 * whole[RATE : 2 * RATE].max()
    assert max(cut[0], cut[-1], whole[0], whole[-1]) < 0.002


def test_fit_length_cuts_with_a_fade_and_adds_silence() -> None:
    sound = np.ones(RATE)
    cut = fit_length(sound, 22_050, RATE)
    assert len(cut) == 22_050
    assert cut[-1] == 0
    assert (cut[: -round(SHORTEST_FADE * RATE)] == 1).all()
    assert np.abs(np.diff(cut)).max() < 0.01
    sound = np.ones(RATE)  # cutting may have changed the other one
    filled = fit_length(sound, 50_000, RATE)
    assert (filled[:RATE] == 1).all()
    assert not filled[RATE:].any()
    assert sound.all()
    assert len(fit_length(sound, 0, RATE)) == 0


# --- programs that fail ----------------------------------------------------------------------------------------


def stand_in(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of this name that is found before the real one; `$out` is the file it is to write."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    find_out = 'while [ $# -gt 0 ]; do [ "$1" = -F ] && out=$2; shift; done'
    program.write_text(f"#!/bin/sh\n{find_out}\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("exit 0", "was not written"),
        ('echo "no such font"; exit 3', "ended with 3: no such font"),
        (': > "$out"', "is no WAV file"),
        ('echo RIFFnonsense > "$out"', "is no WAV file"),
        ('cp "$SHORT" "$out"', r"wrote 0.50 s of sound, 5.00 s were due"),
        ("kill -9 $$", "ended with -9"),
    ],
)
def test_a_fluidsynth_that_fails_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, sentence: str
) -> None:
    short = tmp_path / "short.wav"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=duration=0.5:sample_rate=44100", str(short)]
    subprocess.run(command, check=True, timeout=60)
    monkeypatch.setenv("SHORT", str(short))
    midi = written(tune(), tmp_path / "tune.mid")
    stand_in(tmp_path / "bin", "fluidsynth", script, monkeypatch)
    with pytest.raises(RenderError, match=sentence) as caught:
        render_tune(midi, tmp_path / "tune.ogg", 5.0)
    assert isinstance(caught.value, FaultError)
    assert not (tmp_path / "tune.ogg").exists()


def test_a_file_left_from_before_does_not_hide_a_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    midi = written(tune(), tmp_path / "tune.mid")
    render_wav(midi, tmp_path / "tune.wav")
    stand_in(tmp_path / "bin", "fluidsynth", "exit 0", monkeypatch)
    with pytest.raises(RenderError, match="was not written"):
        render_wav(midi, tmp_path / "tune.wav")


def test_a_fluidsynth_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fluidsynth_audio, "RENDER_TIMEOUT", 0.3)
    midi = written(tune(), tmp_path / "tune.mid")
    stand_in(tmp_path / "bin", "fluidsynth", "exec sleep 30", monkeypatch)
    begun = time.monotonic()
    with pytest.raises(RenderError, match="took longer"):
        render_wav(midi, tmp_path / "tune.wav")
    assert time.monotonic() - begun < 10


def test_a_missing_fluidsynth_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    midi = written(tune(), tmp_path / "tune.mid")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RenderError, match=r"fluidsynth is not installed.*apt install fluidsynth"):
        render_wav(midi, tmp_path / "tune.wav")


def test_a_missing_ffmpeg_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    render_wav(written(tune(), tmp_path / "tune.mid"), tmp_path / "tune.wav")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RenderError, match=r"ffmpeg is not installed.*apt install ffmpeg"):
        encode(tmp_path / "tune.wav", tmp_path / "tune.ogg")


def test_a_file_that_is_not_midi_is_a_fault(tmp_path: Path) -> None:
    for data in (b"", b"MThd", b"MThd\0\0\0\6\0\1\0\1\0\x60MTrk\0\0\0\x0f"):
        (tmp_path / "tune.mid").write_bytes(data)
        with pytest.raises(RenderError, match=r"tune\.mid is no MIDI file"):
            render_wav(tmp_path / "tune.mid", tmp_path / "tune.wav")


def test_an_ffmpeg_that_fails_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    render_wav(written(tune(60), tmp_path / "tune.mid"), tmp_path / "tune.wav")
    stand_in(tmp_path / "bin", "ffmpeg", "echo no encoder >&2; exit 1", monkeypatch)
    with pytest.raises(RenderError, match=r"ffmpeg could not write tune\.ogg"):
        encode(tmp_path / "tune.wav", tmp_path / "tune.ogg")
    assert not (tmp_path / "tune.ogg").exists()


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"no audio format '\.flac', only \.ogg"):
        encode(tmp_path / "tune.wav", tmp_path / "tune.flac")


def test_nothing_is_printed_on_our_stdout(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    render_tune(written(tune(60), tmp_path / "tune.mid"), tmp_path / "tune.ogg", 1.0)
    stand_in(tmp_path / "bin", "fluidsynth", "echo chatter; echo more >&2", monkeypatch)
    with pytest.raises(RenderError):
        render_wav(tmp_path / "tune.mid", tmp_path / "tune.wav")
    assert capfd.readouterr() == ("", "")


def test_the_users_own_fluidsynth_settings_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".fluidsynth").write_text("gain 0\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    render_wav(written(tune(60), tmp_path / "tune.mid"), tmp_path / "tune.wav")
    assert np.abs(decoded(tmp_path / "tune.wav")).max() > 0.05
