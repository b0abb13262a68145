"""Renders MIDI files with FluidSynth and the NES soundfont, and encodes the sound that is posted.

Every file has the same loudness (ITU-R BS.1770) and exactly the requested length. Scores and their MIDI form are left
to `models`, the soundfont to `generator.sound.soundfont`. Nothing here writes to our stdout, which is reserved for the
generator's answers.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import tempfile
import warnings
import wave
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import mido
import numpy as np
from midi2audio import FluidSynth
from numpy.typing import NDArray

from generator.protocol.errors import FaultError
from generator.sound.fade import SHORTEST_FADE
from generator.sound.loudness import Samples, normalise
from generator.sound.soundfont import soundfont_path

SAMPLE_RATE = 44_100

GAINS = (0.6, 0.1, 0.02)
"""FluidSynth's gain, and the gains tried if the one before clips. With the first, four NES channels at their loudest
stay below full scale, and the softest notes are well above the resolution of 16 bits. The last is for a hundred
voices."""
RENDER_TIMEOUT = 120.0
"""Seconds of wall-clock time for one run of FluidSynth. A tune of 10 minutes takes a few."""
ALL_SOUND_OFF = 120
"""The controller that ends every note of a channel at once."""
ENCODE_TIMEOUT = 120
"""Seconds of processor time for one run of ffmpeg."""

REPRODUCIBLE = (
    "-fflags",
    "+bitexact",
    "-flags:a",
    "+bitexact",
    "-map_metadata",
    "-1",
    "-timelimit",
    str(ENCODE_TIMEOUT),
)
"""Options of ffmpeg: the same sound gives the same bytes, and no run is endless."""
FORMATS: dict[str, tuple[str | None, tuple[str, ...]]] = {
    ".ogg": ("libvorbis", ("-q:a", "5", *REPRODUCIBLE)),
    ".mp3": ("libmp3lame", ("-q:a", "2", *REPRODUCIBLE)),
    ".wav": (None, ()),
}
"""ffmpeg's codec and options by suffix. WAV needs no ffmpeg."""


class RenderError(FaultError):
    """FluidSynth or ffmpeg is missing, failed, or wrote too little."""


class QuietFluidSynth(FluidSynth):  # type: ignore[misc]  # midi2audio has no types
    """midi2audio's FluidSynth without output to stdout, effects or the user's settings, but with a time limit and a
    check of the exit code.
    """

    def midi_to_audio(self, midi_file: str, audio_file: str, gain: float = GAINS[0]) -> None:
        """Render a file. Raise RenderError if FluidSynth is missing, fails or takes too long."""
        # An empty command file replaces the user's own ~/.fluidsynth; -R and -C switch reverb and chorus off.
        options = ["-q", "-ni", "-f", os.devnull, "-R", "0", "-C", "0", "-g", str(gain), "-r", str(self.sample_rate)]
        command = ["fluidsynth", *options, "-F", audio_file, self.sound_font, midi_file]
        try:
            process = subprocess.run(
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
        if process.returncode:
            raise RenderError(f"fluidsynth ended with {process.returncode}: {_last_output(process.stdout)}")


def render_wav(midi: Path, wav: Path, seconds: float | None = None) -> None:
    """Render a MIDI file with the NES soundfont as WAV: 16 bits, stereo, 44.1 kHz, without effects.

    The file ends with FluidSynth's own tail of silence. seconds: the least amount of sound that must be there. Raise
    RenderError if FluidSynth wrote no file or less.
    """
    synth = QuietFluidSynth(str(soundfont_path()), SAMPLE_RATE)
    with tempfile.TemporaryDirectory() as folder:
        ended = Path(folder) / "ended.mid"
        _end_all_notes(midi, ended)
        for gain in GAINS:
            wav.unlink(missing_ok=True)
            synth.midi_to_audio(str(ended), str(wav.absolute()), gain)
            samples, rate = read_wav(wav)
            if not len(samples) or len(samples) < (seconds or 0) * rate:
                length = len(samples) / rate
                raise RenderError(f"fluidsynth wrote {length:.2f} s of sound, {seconds or 0:.2f} s were due")
            if samples.min() > -32_768 and samples.max() < 32_767:
                return


def _end_all_notes(midi: Path, ended: Path) -> None:
    """Write a copy in which no note sounds past the end: FluidSynth keeps playing while any note is held."""
    try:
        file = mido.MidiFile(midi, clip=True)
    except (OSError, EOFError, ValueError, LookupError, mido.KeySignatureError) as error:
        raise RenderError(f"{midi.name} is no MIDI file: {error}") from error
    end = max((sum(message.time for message in track) for track in file.tracks), default=0)
    silence = [
        mido.Message("control_change", channel=channel, control=ALL_SOUND_OFF, time=0 if channel else end)
        for channel in range(16)
    ]
    file.type = 1  # a file of type 0 may have one track only
    file.tracks.append(mido.MidiTrack(silence))
    file.save(ended)


def encode(
    wav: Path,
    out: Path,
    seconds: float | None = None,
    fade: float = SHORTEST_FADE,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write a WAV file as `out`, mono, as `write_sound` does."""
    _check_format(out)
    samples, rate = read_wav(wav)
    write_sound(to_mono(samples), rate, out, seconds=seconds, fade=fade, tags=tags)


def write_sound(
    mono: Samples,
    rate: int,
    out: Path,
    *,
    seconds: float | None = None,
    fade: float = SHORTEST_FADE,
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write a sound as `out`, in the format of its suffix (`FORMATS`) and at the standard loudness.

    rate: samples a second. seconds: the exact length, reached by cutting and fading over `fade` seconds or by adding
    silence; None keeps the length. tags: for OGG and MP3. Raise RenderError if the suffix is unknown, or ffmpeg is
    missing or fails.
    """
    if seconds is not None:
        mono = fit_length(mono, round(seconds * rate), rate, fade)
    write_samples(to_int16(normalise(mono, rate)), rate, out, tags)


def render_tune(
    midi: Path, out: Path, seconds: float, fade: float = SHORTEST_FADE, tags: Mapping[str, str] | None = None
) -> None:
    """Write the sound of a MIDI file, played once, as the file that is posted. The arguments are those of `encode`."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "tune.wav"
        render_wav(midi, wav, seconds)
        encode(wav, out, seconds, fade, tags)


def fit_length(samples: Samples, length: int, rate: int, fade: float = SHORTEST_FADE) -> Samples:
    """Return the sound in exactly `length` samples: with silence added, or cut and faded out over `fade` seconds."""
    if length > len(samples):
        samples = np.pad(samples, (0, length - len(samples)))
        if fade <= SHORTEST_FADE:
            return samples
    fitted = samples[:length].copy()
    faded = min(round(fade * rate), length)
    if faded:
        fitted[-faded:] *= np.linspace(1, 0, faded)
    return fitted


def read_wav(wav: Path) -> tuple[NDArray[np.int16], int]:
    """Return the samples, shape (samples, channels), and the rate of a WAV file of 16 bits. Raise RenderError."""
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


def to_int16(samples: Samples) -> NDArray[np.int16]:
    """Return the samples as 16-bit integers."""
    return np.round(samples * 32_767).astype("<i2")


def to_mono(samples: NDArray[np.int16]) -> Samples:
    """Return samples of `read_wav` as one channel with full scale 1."""
    mono: Samples = samples.mean(axis=1) / 32_768
    return mono


def _check_format(out: Path) -> None:
    if out.suffix.lower() not in FORMATS:
        raise RenderError(f"there is no audio format {out.suffix!r}, only {', '.join(FORMATS)}")


def write_samples(samples: NDArray[np.int16], rate: int, out: Path, tags: Mapping[str, str] | None = None) -> None:
    """Write mono samples unchanged, by pydub and ffmpeg. Raise RenderError as `write_sound` does."""
    _check_format(out)
    codec, options = FORMATS[out.suffix.lower()]
    if codec and not shutil.which("ffmpeg"):
        raise RenderError("ffmpeg is not installed: install it (Debian: apt install ffmpeg)")
    pydub = _pydub()
    segment = pydub.AudioSegment(data=samples.tobytes(), sample_width=2, frame_rate=rate, channels=1)
    encoded = io.BytesIO()  # pydub would leave a file open if ffmpeg fails
    try:
        segment.export(encoded, format=out.suffix[1:].lower(), codec=codec, parameters=list(options) or None, tags=tags)
    except pydub.exceptions.CouldntEncodeError as error:
        raise RenderError(f"ffmpeg could not write {out.name}: {_last_output(str(error).encode())}") from error
    if not encoded.getvalue():
        raise RenderError(f"ffmpeg wrote nothing to {out.name}")
    out.write_bytes(encoded.getvalue())


@cache
def _pydub() -> Any:
    """Import pydub without its warnings: audioop-lts replaces audioop, and we look for ffmpeg ourselves."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pydub  # noqa: PLC0415
        import pydub.exceptions  # noqa: PLC0415
    return pydub


def _last_output(output: bytes) -> str:
    """Return the end of a program's output, on one line."""
    return " ".join(output.decode(errors="replace").split())[-300:]
