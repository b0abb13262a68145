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
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mido
import numpy as np
from midi2audio import FluidSynth
from numpy.typing import NDArray

from generator.protocol.errors import FaultError
from generator.protocol.system.confinement import TOOL_LIMITS, confined
from generator.sound.fade import SHORTEST_FADE
from generator.sound.loudness import Samples, gain
from generator.sound.soundfont import soundfont_path

SAMPLE_RATE = 44_100
BLOCK_SAMPLES = 2**18
"""Samples worked on at once, so that the memory needed hardly grows with the length of a tune."""

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
                confined(command, TOOL_LIMITS),
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
            length, clipped = _length_and_clipping(wav)
            if not length or length < (seconds or 0):
                raise RenderError(f"fluidsynth wrote {length:.2f} s of sound, {seconds or 0:.2f} s were due")
            if not clipped:
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
    samples, rate = read_mono(wav)
    write_sound(samples, rate, out, seconds=seconds, fade=fade, tags=tags)


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
    missing or fails. The array may be changed.
    """
    if seconds is not None:
        mono = fit_length(mono, round(seconds * rate), rate, fade)
    write_samples(to_int16(mono, gain(mono, rate)), rate, out, tags)


def render_tune(
    midi: Path, out: Path, seconds: float, fade: float = SHORTEST_FADE, tags: Mapping[str, str] | None = None
) -> None:
    """Write the sound of a MIDI file, played once, as the file that is posted. The arguments are those of `encode`."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "tune.wav"
        render_wav(midi, wav, seconds)
        encode(wav, out, seconds, fade, tags)


def fit_length(samples: Samples, length: int, rate: int, fade: float = SHORTEST_FADE) -> Samples:
    """Return the sound in exactly `length` samples: with silence added, or cut and faded out over `fade` seconds.

    The result may share its memory with the argument, whose end then fades too.
    """
    if length > len(samples):
        samples = np.pad(samples, (0, length - len(samples)))
        if fade <= SHORTEST_FADE:
            return samples
    fitted = samples[:length]
    faded = min(round(fade * rate), length)
    if faded:
        fitted[-faded:] *= np.linspace(1, 0, faded)
    return fitted


@contextmanager
def open_wav(wav: Path) -> Iterator[wave.Wave_read]:
    """Open a WAV file of 16 bits. Raise RenderError if it is missing or damaged, also while it is read."""
    try:
        with wave.open(str(wav)) as file:
            if file.getsampwidth() != 2:
                raise RenderError(f"{wav.name} has {file.getsampwidth() * 8} bits a sample, not 16")
            yield file
    except FileNotFoundError as error:
        raise RenderError(f"{wav.name} was not written") from error
    except (wave.Error, EOFError) as error:
        raise RenderError(f"{wav.name} is no WAV file: {error}") from error


def read_blocks(file: wave.Wave_read) -> Iterator[NDArray[np.int16]]:
    """Yield the samples of an open WAV file, shape (samples, channels), `BLOCK_SAMPLES` at a time."""
    while data := file.readframes(BLOCK_SAMPLES):
        yield np.frombuffer(data, "<i2").reshape(-1, file.getnchannels())


def read_wav(wav: Path) -> tuple[NDArray[np.int16], int]:
    """Return the samples, shape (samples, channels), and the rate of a WAV file of 16 bits. Raise RenderError."""
    with open_wav(wav) as file:
        data = file.readframes(file.getnframes())
        return np.frombuffer(data, "<i2").reshape(-1, file.getnchannels()), file.getframerate()


def read_mono(wav: Path) -> tuple[Samples, int]:
    """Return the mean of the channels, with full scale 1, and the rate of a WAV file of 16 bits. Raise RenderError."""
    with open_wav(wav) as file:
        mono, end = np.zeros(file.getnframes()), 0
        for block in read_blocks(file):
            mono[end : end + len(block)] = block.mean(axis=1) / 32_768
            end += len(block)
        return mono[:end], file.getframerate()


def _length_and_clipping(wav: Path) -> tuple[float, bool]:
    """Return the seconds of a WAV file, and whether any sample is at full scale. Raise RenderError."""
    length, clipped = 0, False
    with open_wav(wav) as file:
        for block in read_blocks(file):
            length += len(block)
            clipped = clipped or bool(block.min() == -32_768 or block.max() == 32_767)
        return length / file.getframerate(), clipped


def to_int16(samples: NDArray[np.floating[Any]], factor: float = 1.0) -> NDArray[np.int16]:
    """Return the samples, multiplied with a factor, as 16-bit integers."""
    integers = np.empty(len(samples), "<i2")
    for at in range(0, len(samples), BLOCK_SAMPLES):
        block = slice(at, at + BLOCK_SAMPLES)
        integers[block] = np.round(samples[block] * factor * 32_767)
    return integers


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
        import pydub.audio_segment  # noqa: PLC0415
        import pydub.exceptions  # noqa: PLC0415
    # It starts ffmpeg by itself, and knows only a program's name for it.
    pydub.audio_segment.subprocess = SimpleNamespace(Popen=_start_confined, PIPE=subprocess.PIPE)
    return pydub


def _start_confined(command: list[str], **options: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(confined(command, TOOL_LIMITS), **options)


def _last_output(output: bytes) -> str:
    """Return the end of a program's output, on one line."""
    return " ".join(output.decode(errors="replace").split())[-300:]
