"""Sound: a MIDI file through FluidSynth and the NES soundfont to WAV, and from there to the file that is posted.

Every file has one steady loudness (ITU-R BS.1770) and the length that was asked for. What a score is and how it
becomes MIDI is left to `models`, the soundfont to `generator.soundfont`. Nothing here writes to our stdout, which is
reserved for the generator's answers.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
import warnings
import wave
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mido
import numpy as np
from midi2audio import FluidSynth
from numpy.typing import NDArray

from generator.contract import FaultError
from generator.soundfont import soundfont_path

if TYPE_CHECKING:
    import pyloudnorm

SAMPLE_RATE = 44_100
LOUDNESS = -16.0
"""LUFS, as heard from two loudspeakers."""
PEAK = -1.0
"""dBFS: the highest sample; the gain is lowered where the loudness asked for would go above it."""
FADE = 0.005
"""Seconds at the cut, so that it does not click."""
BLOCK = 0.4
"""Seconds: the shortest sound that BS.1770 measures."""

GAINS = (0.6, 0.1, 0.02)
"""FluidSynth's gain, and those tried where the one before clips. Four NES channels at their loudest stay below full
scale with the first: the softest notes then stand clear of the 16 bits. The last is for a hundred voices."""
RENDER_TIMEOUT = 120.0
"""Seconds of wall clock for one run of FluidSynth; a tune of 10 minutes takes a few."""
ALL_SOUND_OFF = 120
"""Controller that ends every note of a channel at once."""
ENCODE_TIMEOUT = 120
"""Seconds of processor time for one run of ffmpeg."""

EXACT = ("-fflags", "+bitexact", "-flags:a", "+bitexact", "-map_metadata", "-1", "-timelimit", str(ENCODE_TIMEOUT))
"""Options of ffmpeg: the same sound gives the same bytes, and no run is endless."""
FORMATS: dict[str, tuple[str | None, tuple[str, ...]]] = {
    ".ogg": ("libvorbis", ("-q:a", "5", *EXACT)),
    ".mp3": ("libmp3lame", ("-q:a", "2", *EXACT)),
    ".wav": (None, ()),
}
"""Codec and options of ffmpeg by suffix; WAV needs no ffmpeg."""

Samples = NDArray[np.float64]
"""Mono, full scale 1, shape (samples,)."""


class RenderError(FaultError):
    """FluidSynth or ffmpeg is missing, failed, or wrote less than was asked for."""


class QuietFluidSynth(FluidSynth):  # type: ignore[misc]  # midi2audio has no types
    """midi2audio's FluidSynth with its output kept from ours, a time limit, its exit code read and no effects."""

    def midi_to_audio(self, midi_file: str, audio_file: str, gain: float = GAINS[0]) -> None:
        """Render a file; raises RenderError where FluidSynth is missing, fails or takes too long."""
        # An empty command file keeps the person's own ~/.fluidsynth out; -R and -C switch reverb and chorus off.
        options = ["-q", "-ni", "-f", os.devnull, "-R", "0", "-C", "0", "-g", str(gain), "-r", str(self.sample_rate)]
        command = ["fluidsynth", *options, "-F", audio_file, self.sound_font, midi_file]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=RENDER_TIMEOUT,
                check=False,
            )
        except FileNotFoundError as error:
            raise RenderError(
                "fluidsynth is not installed: install FluidSynth 2 (Debian: apt install fluidsynth)"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise RenderError(f"fluidsynth took longer than {RENDER_TIMEOUT:.0f} s") from error
        if done.returncode:
            raise RenderError(f"fluidsynth ended with {done.returncode}: {_last_words(done.stdout)}")


def render(midi: Path, wav: Path, seconds: float | None = None) -> None:
    """Play a MIDI file with the NES soundfont to a WAV file of 16 bits, stereo, 44.1 kHz, without effects.

    The file ends with FluidSynth's own tail of silence. seconds: how much sound there must be at the least. Raises
    RenderError where FluidSynth wrote no file or less.
    """
    synth = QuietFluidSynth(str(soundfont_path()), SAMPLE_RATE)
    with tempfile.TemporaryDirectory() as folder:
        ended = Path(folder) / "ended.mid"
        _end_all_notes(midi, ended)
        for gain in GAINS:
            wav.unlink(missing_ok=True)
            synth.midi_to_audio(str(ended), str(wav.absolute()), gain)
            samples, rate = _read(wav)
            if not len(samples) or len(samples) < (seconds or 0) * rate:
                length = len(samples) / rate
                raise RenderError(f"fluidsynth wrote {length:.2f} s of sound, {seconds or 0:.2f} s were due")
            if samples.min() > -32_768 and samples.max() < 32_767:
                return


def _end_all_notes(midi: Path, ended: Path) -> None:
    """Write a copy in which nothing sounds past the end: FluidSynth plays on, and writes, while any note is held."""
    try:
        file = mido.MidiFile(midi, clip=True)
    except (OSError, EOFError, ValueError, LookupError, mido.KeySignatureError) as error:
        raise RenderError(f"{midi.name} is no MIDI file: {error}") from error
    end = max((sum(message.time for message in track) for track in file.tracks), default=0)
    silence = [
        mido.Message("control_change", channel=channel, control=ALL_SOUND_OFF, time=0 if channel else end)
        for channel in range(16)
    ]
    file.type = 1  # a file of one track becomes one of two
    file.tracks.append(mido.MidiTrack(silence))
    file.save(ended)


def encode(wav: Path, out: Path, seconds: float | None = None) -> None:
    """Write a WAV file as `out` in the form of its suffix (`FORMATS`): mono, 44.1 kHz, at one steady loudness.

    As `write_sound`.
    """
    _check_format(out)
    samples, rate = _read(wav)
    write_sound(samples.mean(axis=1) / 32_768, rate, out, seconds)


def write_sound(mono: Samples, rate: int, out: Path, seconds: float | None = None) -> None:
    """Write samples as `out` in the form of its suffix (`FORMATS`), at one steady loudness.

    rate: samples a second. seconds: the exact length, cut or filled with silence; None keeps the length. Raises
    RenderError where the suffix is unknown, ffmpeg is missing or fails.
    """
    if seconds is not None:
        mono = fit(mono, round(seconds * rate), rate)
    write_samples(level(mono, rate), rate, out)


def write_samples(mono: Samples, rate: int, out: Path) -> None:
    """Write samples as they are; as `write_sound`."""
    _check_format(out)
    _export(_int16(mono), rate, out)


def render_tune(midi: Path, out: Path, seconds: float) -> None:
    """The sound of a MIDI file, played once, as the file that is posted; raises RenderError."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "tune.wav"
        render(midi, wav, seconds)
        encode(wav, out, seconds)


def fit(samples: Samples, length: int, rate: int) -> Samples:
    """The sound in exactly `length` samples: filled with silence, or cut and faded out."""
    if length >= len(samples):
        return np.pad(samples, (0, length - len(samples)))
    fitted = samples[:length].copy()
    fade = min(round(FADE * rate), length)
    if fade:
        fitted[-fade:] *= np.linspace(1, 0, fade)
    return fitted


def level(samples: Samples, rate: int) -> Samples:
    """The sound at `LOUDNESS`, or as loud as `PEAK` allows; silence stays as it is."""
    return samples * level_gain(samples, rate)


def level_gain(samples: Samples, rate: int) -> float:
    """What `level` multiplies a sound by; 1 for silence."""
    loudness = measure(samples, rate)
    if not np.isfinite(loudness):
        return 1.0
    wanted = 10 ** ((LOUDNESS - loudness) / 20)
    return float(min(wanted, 10 ** (PEAK / 20) / np.abs(samples).max()))


def measure(samples: Samples, rate: int) -> float:
    """Loudness in LUFS of a mono sound played by two loudspeakers (ITU-R BS.1770-4); minus infinity for silence.

    What is shorter than the measure's block is measured as if it were repeated.
    """
    if not samples.any():
        return -np.inf
    needed = int(BLOCK * rate) + 1
    if len(samples) < needed:
        samples = np.tile(samples, -(-needed // len(samples)))
    # Two loudspeakers with the same sound: twice the power of one.
    return float(_meter(rate).integrated_loudness(samples)) + 10 * float(np.log10(2))


@cache
def _meter(rate: int) -> pyloudnorm.Meter:
    """The meter; the import brings scipy and takes a second, so that only who measures pays it."""
    import pyloudnorm  # noqa: PLC0415

    return pyloudnorm.Meter(rate)


def _read(wav: Path) -> tuple[NDArray[np.int16], int]:
    """Samples, shape (samples, channels), and rate of a WAV file of 16 bits; raises RenderError."""
    try:
        with wave.open(str(wav)) as file:
            if file.getsampwidth() != 2:
                raise RenderError(f"{wav.name} has {file.getsampwidth() * 8} bits a sample, not 16")
            data = file.readframes(file.getnframes())
            return np.frombuffer(data, "<i2").reshape(-1, file.getnchannels()), file.getframerate()
    except FileNotFoundError as error:
        raise RenderError(f"{wav.name} was not written") from error
    except (wave.Error, EOFError) as error:
        raise RenderError(f"{wav.name} is no WAV file: {error}") from error


def _check_format(out: Path) -> None:
    if out.suffix.lower() not in FORMATS:
        raise RenderError(f"there is no audio format {out.suffix!r}, only {', '.join(FORMATS)}")


def _int16(samples: Samples) -> NDArray[np.int16]:
    return np.round(samples * 32_767).astype("<i2")


def _export(samples: NDArray[np.int16], rate: int, out: Path) -> None:
    """Write mono samples with pydub, which hands them to ffmpeg."""
    codec, options = FORMATS[out.suffix.lower()]
    if codec and not shutil.which("ffmpeg"):
        raise RenderError("ffmpeg is not installed: install it (Debian: apt install ffmpeg)")
    pydub = _pydub()
    segment = pydub.AudioSegment(data=samples.tobytes(), sample_width=2, frame_rate=rate, channels=1)
    encoded = io.BytesIO()  # and not the file: pydub leaves it open where ffmpeg fails
    try:
        segment.export(encoded, format=out.suffix[1:].lower(), codec=codec, parameters=list(options) or None)
    except pydub.exceptions.CouldntEncodeError as error:
        raise RenderError(f"ffmpeg could not write {out.name}: {_last_words(str(error).encode())}") from error
    if not encoded.getvalue():
        raise RenderError(f"ffmpeg wrote nothing to {out.name}")
    out.write_bytes(encoded.getvalue())


@cache
def _pydub() -> Any:
    """Pydub, imported without the warnings of its import: audioop's end is met by audioop-lts, ffmpeg we look for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pydub  # noqa: PLC0415
        import pydub.exceptions  # noqa: PLC0415
    return pydub


def _last_words(output: bytes) -> str:
    """The end of what a program printed, on one line."""
    return " ".join(output.decode(errors="replace").split())[-300:]
