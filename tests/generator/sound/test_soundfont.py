"""The soundfont, by its file's structure and by what FluidSynth makes of it: pitch, level, timbre, coverage."""

import struct
import subprocess
import sys
import wave
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import mido
import numpy as np
import pytest
from numpy.typing import NDArray

from generator.apu.tuning import CPU_CLOCK, frequency
from generator.protocol.errors import FaultError
from generator.sound import soundfont
from generator.sound.fluidsynth_audio import QuietFluidSynth
from generator.sound.instruments import DRUMS, PROGRAMS, program_runs
from generator.sound.waveforms import (
    NOISE_CYCLES,
    NOISE_LEVEL,
    PULSE_LEVEL,
    TRIANGLE_LEVEL,
    TRIANGLE_STEPS,
    band_limited,
    noise_loops,
    noise_steps,
    pitched_loops,
)
from models.music.midi import NOISE_KEYS, NOISE_KIT, PULSE_BANK, PULSE_PROGRAMS, TRIANGLE_PROGRAM, to_control

RATE = 44_100
NOTE = 0.5
"""Seconds from one note of a test to the next; it sounds for 0.4 of them."""

Samples = NDArray[np.float64]
Player = Callable[[Iterable[list[mido.Message]]], list[Samples]]


@pytest.fixture(scope="module")
def font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("font") / "nes.sf2"
    soundfont.build(path)
    return path


@pytest.fixture
def play(font: Path, tmp_path: Path) -> Player:
    """Plays messages that set a note up and strike it, one list after the other; gives each note's 0.4 s."""

    def run(notes: Iterable[list[mido.Message]]) -> list[Samples]:
        track = mido.MidiTrack()
        count = 0
        for count, messages in enumerate(notes, 1):  # noqa: B007
            track.extend(messages)
            struck = messages[-1]
            track.append(mido.Message("note_off", channel=struck.channel, note=struck.note, time=384))
            track.append(mido.Message("control_change", channel=struck.channel, control=120, time=96))
        file = mido.MidiFile(type=0, ticks_per_beat=480)
        file.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=500_000), *track]))
        file.save(tmp_path / "test.mid")
        QuietFluidSynth(str(font)).midi_to_audio(str(tmp_path / "test.mid"), str(tmp_path / "test.wav"), 1.5)
        with wave.open(str(tmp_path / "test.wav")) as wav:
            sound = np.frombuffer(wav.readframes(wav.getnframes()), "<i2").reshape(-1, 2).mean(axis=1) / 32_768
        assert np.abs(sound).max() < 0.999
        return [sound[round(i * NOTE * RATE) : round((i * NOTE + 0.4) * RATE)] for i in range(count)]

    return run


def note(program: int, key: int, velocity: int = 127, channel: int = 0, **controls: int) -> list[mido.Message]:
    """The messages of one note; controls as cc11=127."""
    return [
        mido.Message("program_change", channel=channel, program=program),
        *(mido.Message("control_change", channel=channel, control=int(k[2:]), value=v) for k, v in controls.items()),
        mido.Message("note_on", channel=channel, note=key, velocity=velocity),
    ]


def middle(sound: Samples) -> Samples:
    """Past the onset and before the release: 0.3 s."""
    return sound[round(0.05 * RATE) : round(0.35 * RATE)]


def rms(sound: Samples) -> float:
    return float(np.sqrt(np.mean(middle(sound) ** 2)))


def power(sound: Samples) -> tuple[Samples, Samples]:
    """Frequencies in Hz and the power at each."""
    part = middle(sound)
    spectrum: Samples = np.abs(np.fft.rfft(part * np.hanning(len(part)), 8 * len(part))) ** 2
    return np.arange(len(spectrum)) * RATE / (8 * len(part)), spectrum


def centroid(sound: Samples) -> float:
    hertz, spectrum = power(sound)
    return float((hertz * spectrum).sum() / spectrum.sum())


def pitch_near(sound: Samples, expected: float) -> float:
    """Hz of the strongest partial within a semitone of the expected one, between the bins of the spectrum."""
    hertz, spectrum = power(sound)
    near = np.flatnonzero(np.abs(np.log2(hertz[1:] / expected)) < 1 / 12) + 1
    peak = near[spectrum[near].argmax()]
    a, b, c = np.log(spectrum[peak - 1 : peak + 2])
    return float((peak + 0.5 * (a - c) / (a - 2 * b + c)) * hertz[1])


def partials(sound: Samples, pitch: float, count: int) -> Samples:
    """Amplitudes of the first partials, relative to the strongest."""
    hertz, spectrum = power(sound)
    heights = [spectrum[np.abs(hertz - n * pitch) < pitch / 4].max() for n in range(1, count + 1)]
    relative: Samples = np.sqrt(np.array(heights) / max(heights))
    return relative


# --- the file --------------------------------------------------------------------------------------------------


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(name, data) of the chunks in a RIFF file's lists."""
    at = 0
    while at < len(data):
        name, size = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        body = data[at + 8 : at + 8 + size]
        if name in (b"RIFF", b"LIST"):
            yield from chunks(body[4:])
        else:
            yield name, body
        at += 8 + size + size % 2


def test_the_file_is_small_complete_and_reproducible(font: Path) -> None:
    data = font.read_bytes()
    assert len(data) < 6_000_000
    assert data == soundfont.soundfont_bytes()
    assert struct.unpack_from("<I", data, 4)[0] == len(data) - 8
    sizes = {b"phdr": 38, b"pbag": 4, b"pmod": 10, b"pgen": 4, b"inst": 22, b"ibag": 4, b"imod": 10, b"igen": 4}
    parts = dict(chunks(data))
    assert all(len(parts[name]) % size == 0 and parts[name] for name, size in (sizes | {b"shdr": 46}).items())


def test_it_has_all_programs_pulses_by_duty_and_both_kits(font: Path) -> None:
    headers = dict(chunks(font.read_bytes()))[b"phdr"]
    found = [struct.unpack_from("<HH", headers, at + 20) for at in range(0, len(headers) - 38, 38)]
    duties = [(program, PULSE_BANK) for program in sorted(PULSE_PROGRAMS)]
    assert found == [*((program, 0) for program in range(128)), *duties, (0, 128), (NOISE_KIT, 128)]


def test_samples_follow_the_specification(font: Path) -> None:
    parts = dict(chunks(font.read_bytes()))
    data = np.frombuffer(parts[b"smpl"], "<i2")
    for at in range(0, len(parts[b"shdr"]) - 46, 46):
        start, end, first, last, rate, *_ = struct.unpack_from("<5IBbHH", parts[b"shdr"], at + 20)
        assert start + 8 <= first < last <= end - 8
        assert last - first >= 32
        assert 400 <= rate <= 50_000
        # What interpolation meets before and behind the loop is what it meets at the loop's other end.
        assert np.array_equal(data[first - 8 : first], data[last - 8 : last])
        assert np.array_equal(data[last : last + 8], data[first : first + 8])
        assert not data[end : end + 46].any()


def test_a_loop_has_no_click_at_its_seam() -> None:
    for loop in pitched_loops():
        steps = np.abs(np.diff(loop.data.astype(int)))
        assert abs(int(loop.data[0]) - int(loop.data[-1])) <= steps.max() + 1, loop.name


def test_a_step_has_the_spectrum_of_a_rectangle() -> None:
    # 441 samples of a 100 Hz square: the textbook's 4/pi (sin x + sin 3x / 3 + ...), cut after the ninth.
    square = band_limited(np.array([1.0, -1.0]), 441, 9)
    x = 2 * np.pi * np.arange(441) / 441
    assert square == pytest.approx(4 / np.pi * sum(np.sin(n * x) / n for n in (1, 3, 5, 7, 9)), abs=1e-9)
    with pytest.raises(ValueError, match="do not fit"):
        band_limited(np.array([1.0, -1.0]), 16, 8)


def test_noise_repeats_after_the_chips_own_number_of_steps() -> None:
    assert len(noise_steps("long")) == 32_767
    assert len(noise_steps("short")) == 93
    for loop in noise_loops():
        cycles = NOISE_CYCLES[int(loop.name.split()[-1])]
        steps = len(loop.data) / RATE * CPU_CLOCK / cycles
        assert steps == pytest.approx(round(steps), rel=3e-4), loop.name


def test_the_table_names_each_program_once() -> None:
    assert [program for program, _, _ in program_runs()] == list(range(128))
    assert [first for first, _, _ in PROGRAMS] == sorted({first for first, _, _ in PROGRAMS})


# --- where it lies ---------------------------------------------------------------------------------------------


def test_the_cached_file_is_built_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = soundfont.soundfont_path()
    built = path.stat().st_mtime_ns
    assert path.read_bytes().startswith(b"RIFF")
    assert soundfont.soundfont_path() == path
    assert path.stat().st_mtime_ns == built
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_cache_that_cannot_be_written_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(FaultError, match="XDG_CACHE_HOME"):
        soundfont.soundfont_path()


def test_a_build_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "nes.sf2"
    path.write_bytes(b"old")

    def fail() -> bytes:
        raise OSError("the disk is full")

    monkeypatch.setattr(soundfont, "soundfont_bytes", fail)
    with pytest.raises(OSError, match="full"):
        soundfont.build(path)
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [b"old"]


def test_it_runs_as_a_script(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "generator.sound.soundfont", str(tmp_path / "nes.sf2")], check=True, timeout=60
    )
    assert b"CC0 1.0" in (tmp_path / "nes.sf2").read_bytes()[:500]
    assert "SPDX-License-Identifier: CC0-1.0" in (tmp_path / "nes.sf2.license").read_text().splitlines()


# --- how it sounds ---------------------------------------------------------------------------------------------

KEYS = (33, 35, 48, 60, 69, 70, 81, 96, 107, 108)


@pytest.mark.parametrize("program", [*PULSE_PROGRAMS, TRIANGLE_PROGRAM, 0, 24, 48, 73])
def test_every_note_is_in_tune(play: Player, program: int) -> None:
    for key, sound in zip(KEYS, play(note(program, key) for key in KEYS), strict=True):
        cents = 1200 * np.log2(pitch_near(sound, frequency(key)) / frequency(key))
        assert abs(cents) < 3, f"key {key}"


def test_nothing_sounds_between_the_partials(play: Player) -> None:
    """Aliases and clicks in the loop would."""
    programs = (*PULSE_PROGRAMS, TRIANGLE_PROGRAM)
    keys = [(program, key) for program in programs for key in (60, 85, 108)]
    for (program, key), sound in zip(keys, play(note(*pair) for pair in keys), strict=True):
        hertz, spectrum = power(sound)
        pitch = frequency(key)
        between = np.abs(hertz / pitch - np.round(hertz / pitch)) * pitch > 20
        assert spectrum[between].sum() < 1e-5 * spectrum.sum(), f"program {program}, key {key}"


def test_each_duty_lacks_the_expected_partials(play: Player) -> None:
    eighth, quarter, half, three = (
        partials(s, frequency(57), 16) for s in play(note(program, 57) for program in PULSE_PROGRAMS)
    )
    assert eighth[[7, 15]].max() < 0.003
    assert eighth[:7].min() > 0.1
    assert quarter[[3, 7, 11, 15]].max() < 0.003 < quarter[[0, 1, 2, 4, 5, 6]].min()
    assert half[1::2].max() < 0.003
    assert half[::2] == pytest.approx(1 / np.arange(1, 17, 2), abs=0.01)
    assert three == pytest.approx(quarter, abs=0.01)


def by_duty(duty: int) -> list[mido.Message]:
    return [mido.Message("control_change", control=0, value=PULSE_BANK), *note(80, 57, cc12=duty)]


def test_a_duty_by_controller_is_the_duty_by_program(play: Player) -> None:
    plain = play(note(program, 57) for program in PULSE_PROGRAMS)
    chosen = play(by_duty(duty) for duty in range(4))
    for one, other in zip(chosen, plain, strict=True):
        assert rms(one) == pytest.approx(rms(other), rel=0.005)
        # The others are at least 50 dB down, so that the partials that a duty lacks stay lacking.
        assert partials(one, frequency(57), 16) == pytest.approx(partials(other, frequency(57), 16), abs=0.003)


def test_a_duty_changes_while_its_note_sounds(play: Player) -> None:
    messages = [*by_duty(0), mido.Message("control_change", control=12, value=2, time=192)]
    (sound,) = play([[*messages, mido.Message("polytouch", note=57)]])  # `play` ends the note that is named last
    before, after = sound[2_000:8_000], sound[10_000:16_000]
    assert after.std() / before.std() == pytest.approx(0.5 / (7 / 64) ** 0.5, rel=0.02)
    seam = sound[8_500:9_500]
    assert np.abs(np.diff(seam)).max() < 1.1 * np.abs(np.diff(after)).max()


def test_the_triangle_is_the_chips_staircase(play: Player) -> None:
    (sound,) = play([note(TRIANGLE_PROGRAM, 45)])
    found = partials(sound, frequency(45), 33)
    steps = np.abs(np.fft.fft(TRIANGLE_STEPS))[np.arange(1, 34) % 32] * np.sinc(np.arange(1, 34) / 32)
    assert found == pytest.approx(np.abs(steps) / steps[0], abs=0.003)
    assert found[30] > 0.02  # a smooth triangle would have 0.001 there


def test_the_channels_have_the_mixers_relative_levels(play: Player) -> None:
    pulse, triangle, noise = (
        rms(s) for s in play([note(80, 57), note(38, 57), note(NOISE_KIT, NOISE_KEYS[4], channel=9)])
    )
    assert triangle / pulse == pytest.approx(TRIANGLE_LEVEL / 15 * np.std(TRIANGLE_STEPS) / (PULSE_LEVEL / 2), rel=0.02)
    assert noise / pulse == pytest.approx(NOISE_LEVEL / PULSE_LEVEL, rel=0.05)


@pytest.mark.parametrize("program", [80, 81])
def test_volume_steps_are_even_by_velocity_and_by_controller(play: Player, program: int) -> None:
    volumes = (15, 12, 8, 5, 3, 2, 1)
    by_velocity = [rms(s) for s in play(note(program, 60, to_control(v, 15)) for v in volumes)]
    by_controller = [rms(s) for s in play(note(program, 60, cc11=to_control(v, 15)) for v in volumes)]
    for levels in (by_velocity, by_controller):
        assert [15 * level / levels[0] for level in levels] == pytest.approx(volumes, abs=0.1)


def test_volume_zero_is_silent_and_soft_notes_are_not_duller(play: Player) -> None:
    loud, soft, silent = play([note(81, 60), note(81, 60, 30), note(81, 60, cc11=0)])
    assert centroid(soft) == pytest.approx(centroid(loud), rel=0.02)
    assert rms(silent) < 1e-3 * rms(loud)


@pytest.mark.parametrize("mode", [0, 1])
def test_noise_brightens_with_its_period(play: Player, mode: int) -> None:
    notes = [note(NOISE_KIT, NOISE_KEYS[period], channel=9, cc12=mode) for period in range(1, 13)]
    heights = [centroid(s) for s in play(notes)]
    assert heights == sorted(heights)
    assert heights[-1] > 15 * heights[0]


def test_short_noise_is_the_93_steps_and_long_noise_is_not(play: Player) -> None:
    key = NOISE_KEYS[10]  # register 6: 128 cycles a step
    long, short, soft = play(
        [note(NOISE_KIT, key, v, 9, cc12=mode) for v, mode in ((127, 0), (127, 1), (64, 1))],
    )
    period = round(93 * 128 / CPU_CLOCK * RATE)

    def likeness(sound: Samples) -> float:
        part = middle(sound)
        return float(np.corrcoef(part[:-period], part[period:])[0, 1])

    assert likeness(short) > 0.9
    assert abs(likeness(long)) < 0.2
    steps = noise_steps("short")
    assert rms(short) / rms(long) == pytest.approx(steps.std() / 0.5, rel=0.06)
    assert rms(soft) / rms(short) == pytest.approx((64 / 127) ** 2, rel=0.03)


def test_bare_noise_is_held_evenly_until_its_end(play: Player) -> None:
    for sound in play(note(NOISE_KIT, key, channel=9) for key in NOISE_KEYS.values()):
        part = middle(sound)
        halves = np.sqrt(np.mean(part.reshape(2, -1) ** 2, axis=1))
        assert halves[0] == pytest.approx(halves[1], rel=0.3)


def test_a_note_ends_within_20_milliseconds(play: Player) -> None:
    for program in (*PULSE_PROGRAMS, TRIANGLE_PROGRAM):
        messages = note(program, 60)
        end = mido.Message("note_off", note=60, time=192)  # 0.2 s
        (sound, *_) = play([[*messages, end, mido.Message("note_on", note=0, velocity=1)]])
        assert rms(sound[: round(0.2 * RATE)]) > 0.05
        assert np.abs(sound[round(0.22 * RATE) : round(0.3 * RATE)]).max() < 0.01


def test_all_128_programs_sound(play: Player) -> None:
    silent = [i for i, s in enumerate(play(note(program, 60) for program in range(128))) if np.abs(s).max() < 0.02]
    assert silent == []


def test_percussive_instruments_decay_and_sustained_ones_do_not(play: Player) -> None:
    piano, guitar, organ, xylophone = play(note(program, 72) for program in (0, 25, 19, 13))
    ends = [np.abs(s[-2000:]).max() / np.abs(s[:4000]).max() for s in (piano, guitar, organ, xylophone)]
    assert ends[2] == pytest.approx(1, abs=0.05)
    assert ends[3] < 0.1 < ends[1] < ends[0] < 0.8


@pytest.mark.parametrize("kit", [0, NOISE_KIT, 40])
def test_every_drum_sounds_in_every_kit(play: Player, kit: int) -> None:
    keys = list(DRUMS)
    for key, sound in zip(keys, play(note(kit, key, channel=9) for key in keys), strict=True):
        assert np.abs(sound).max() > 0.02, key
        if kit != NOISE_KIT:
            assert rms(sound[round(0.25 * RATE) :]) < 0.9 * rms(sound), key


def test_drums_range_from_dark_to_bright(play: Player) -> None:
    kick, tom, snare, hat = (centroid(s) for s in play(note(0, key, channel=9) for key in (36, 45, 38, 46)))
    assert max(kick, tom) < snare < hat
