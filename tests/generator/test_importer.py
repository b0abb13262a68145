"""Any file at all: its notes, or one sentence that says why not, and in bounded time."""

from __future__ import annotations

import struct
import time
from random import Random

import mido
import pytest

from generator.arrange import arrange
from generator.contract import MAX_UPLOAD_BYTES, MAX_UPLOAD_EVENTS, InputError, Request, digest
from generator.importer import PartNote, import_midi
from models.midi import midi_bytes, to_midi, to_nesmdb
from tests.music import events, random_score, scale, smf, twinkle

END = "00 ff 2f 00"
TWO_NOTES = "00 90 3c 40  83 60 80 3c 00  00 90 40 50  83 60 80 40 00"
"""C and E, a quarter of 480 ticks each."""


def notes(*tracks: str, form: int = 1, division: int = 480) -> list[tuple[int, int, int]]:
    """(start, end, pitch) of what a file of such tracks holds."""
    found = import_midi(smf(*map(events, tracks), form=form, division=division)).notes
    return [(note.start, note.end, note.pitch) for note in found]


def test_notes_are_read_with_velocity_and_drums() -> None:
    drums = events(f"00 99 24 7f  81 70 89 24 00  {END}")
    found = import_midi(smf(events(f"{TWO_NOTES} {END}"), drums)).notes
    assert found == (
        PartNote(0, 30, 60, 0x40, drum=False),
        PartNote(0, 15, 36, 0x7F, drum=True),
        PartNote(30, 60, 64, 0x50, drum=False),
    )


def test_a_track_needs_no_end() -> None:
    assert notes(TWO_NOTES) == notes(f"{TWO_NOTES} {END}") == [(0, 30, 60), (30, 60, 64)]


def test_running_status_and_velocity_0_are_understood() -> None:
    assert notes(f"00 90 3c 40  83 60 3c 00  00 40 50  83 60 40 00 {END}") == [(0, 30, 60), (30, 60, 64)]


def test_running_status_lasts_through_meta_events() -> None:
    assert notes(f"00 90 3c 40  00 ff 01 01 61  83 60 3c 00 {END}") == [(0, 30, 60)]


def test_hanging_notes_end_with_their_track() -> None:
    assert notes("00 90 3c 40  83 60 90 40 40  83 60 ff 2f 00") == [(0, 60, 60), (30, 60, 64)]


def test_a_repeated_note_is_not_cut_by_the_end_of_the_one_before() -> None:
    struck_twice = "00 90 3c 40  83 60 90 3c 40  00 80 3c 00  83 60 80 3c 00"
    assert notes(f"{struck_twice} {END}") == [(0, 30, 60), (30, 60, 60)]


def test_a_note_without_length_lasts_a_frame() -> None:
    assert notes(f"00 90 3c 40  00 80 3c 00  83 60 90 40 40  00 80 40 00 {END}") == [(0, 1, 60), (30, 31, 64)]


def test_bad_data_bytes_are_clipped() -> None:
    assert notes("00 90 3c ff  83 60 80 3c 00") == [(0, 30, 60)]


def test_what_says_nothing_of_notes_is_passed_over() -> None:
    odd = """
        00 ff 7f 03 01 02 03
        00 f0 05 7e 7f 09 01 f7  # General MIDI on
        00 f7 02 f3 01
        00 f8 00 f6 00 f2 01 02  # system messages, which files should not hold
        00 e0 00 40 00 c0 05 00 d0 40 00 a0 3c 40
    """
    assert notes(f"{odd} {TWO_NOTES}") == [(0, 30, 60), (30, 60, 64)]


def test_empty_tracks_and_unknown_chunks_are_passed_over() -> None:
    data = smf(b"", events(TWO_NOTES), events(END))
    data = data[:14] + b"XFIH" + struct.pack(">I", 3) + b"abc" + data[14:]
    assert len(import_midi(data).notes) == 2


def test_a_header_may_be_longer_and_count_its_tracks_wrongly() -> None:
    data = smf(events(TWO_NOTES), events(END), declared=1)
    longer = b"MThd" + struct.pack(">I", 8) + data[8:14] + b"??" + data[14:]
    assert len(import_midi(longer).notes) == 2
    assert len(import_midi(smf(events(TWO_NOTES), declared=3)).notes) == 2


def test_format_0_holds_all_channels_in_one_track() -> None:
    assert notes(f"00 90 3c 40  00 91 30 40  83 60 80 3c 00  00 81 30 00 {END}", form=0) == [(0, 30, 60), (0, 30, 48)]


def test_patterns_of_format_2_follow_one_another() -> None:
    assert notes(f"{TWO_NOTES} {END}", f"{TWO_NOTES} {END}", form=2)[2:] == [(60, 90, 60), (90, 120, 64)]


@pytest.mark.parametrize(("a_second", "ticks"), [(24, 4), (25, 40), (29, 80), (30, 100)])
def test_times_in_smpte_frames_are_seconds(a_second: int, ticks: int) -> None:
    tempo = "00 ff 51 03 01 00 00"  # means nothing here
    found = import_midi(smf(events(f"{tempo} {TWO_NOTES}"), division=-a_second << 8 | ticks))
    rate = {29: 29.97}.get(a_second, a_second) * ticks
    assert found.notes[0].end == pytest.approx(480 / rate * 60, abs=1)
    assert found.notes[1].end == pytest.approx(960 / rate * 60, abs=1)
    assert found.beat_frames is None


def test_tempo_and_meter_are_told_where_the_tempo_is_steady() -> None:
    found = import_midi(smf(events(f"00 ff 51 03 06 1a 80  00 ff 58 04 03 02 18 08  {TWO_NOTES}")))
    assert (found.beat_frames, found.beats_a_bar) == (24.0, 3)
    changing = import_midi(smf(events(f"00 ff 51 03 06 1a 80 {TWO_NOTES} 00 ff 51 03 07 1a 80")))
    assert changing.beat_frames is None
    assert import_midi(smf(events(TWO_NOTES))).beat_frames == 30.0


def test_riff_files_are_unwrapped_and_karaoke_is_midi() -> None:
    plain = smf(events(f"00 ff 05 02 4c 61 {TWO_NOTES}"))
    riff = b"RIFF" + struct.pack("<I", len(plain) + 12) + b"RMIDdata" + struct.pack("<I", len(plain)) + plain
    assert import_midi(riff).notes == import_midi(plain).notes


def test_a_file_with_the_four_channels_is_a_score() -> None:
    score = scale()
    assert import_midi(midi_bytes(to_midi(score))).score == score
    assert import_midi(twinkle()).score is None


def test_the_cleaned_file_can_be_written_for_other_programs() -> None:
    odd = smf(events(f"00 f8 {TWO_NOTES} 00 f0 05 7e 7f 09 01 f7"), b"", form=0)
    again = import_midi(midi_bytes(import_midi(odd).midi))
    assert again.notes == import_midi(odd).notes


GOOD = smf(events(f"{TWO_NOTES} {END}"))
LONG_DELTA = "ff ff ff 7f"


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "The file is empty."),
        (b"hello", "not a MIDI file"),
        (b"MThd", "damaged"),
        (GOOD[:13], "damaged"),
        (GOOD[:14], "damaged"),
        (GOOD[:-3], "damaged"),
        (GOOD[:30], "damaged"),
        (smf(), "damaged"),
        (smf(events(TWO_NOTES), division=0), "damaged"),
        (smf(events(TWO_NOTES), division=-1 << 8 | 4), "damaged"),
        (smf(events(TWO_NOTES), division=-25 << 8), "damaged"),
        (smf(events("00 3c 40")), "damaged"),
        (smf(events("00 90 3c")), "damaged"),
        (smf(events("00 ff")), "damaged"),
        (smf(events("00 ff 51 05 01")), "damaged"),
        (smf(events("00 f0 ff ff ff 7f 01")), "damaged"),
        (smf(events(f"00 ff 59 02 63 07 {TWO_NOTES}")), "damaged"),
        (b"MThd" + struct.pack(">IHHH", 4, 1, 1, 480) + GOOD[14:], "damaged"),
        (b"RIFF....RMID", "RIFF file holds no MIDI"),
        (smf(events(END)), "holds no notes"),
        (smf(b""), "holds no notes"),
        (smf(events(f"00 90 3c 40 {LONG_DELTA} 80 3c 00")), "minutes is the most"),
        (smf(events(f"00 90 3c 40 {LONG_DELTA} ff 01 00" + f" {LONG_DELTA} ff 01 00" * 200)), "minutes is the most"),
        (smf(*[events(END)] * 129), "129 tracks; 128 is the most"),
        (smf(events(TWO_NOTES), declared=300), "300 tracks; 128 is the most"),
        (smf(*[b""] * 70_000, declared=1), "70000 tracks; 128 is the most"),
    ],
)
def test_bad_files_are_refused_with_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        import_midi(data)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)


def test_a_tune_of_an_hour_is_refused_whether_its_notes_or_its_silence_is_long() -> None:
    midi = to_nesmdb(scale())
    midi.tracks[1].append(mido.MetaMessage("end_of_track", time=44_100 * 3600 * 2))
    with pytest.raises(InputError, match="has the channels p1, p2, tr and no, but"):
        import_midi(midi_bytes(midi))
    midi.tracks[1][-1].time = 44_100 * 3000
    with pytest.raises(InputError, match=r"lasts 50\.1 minutes"):
        import_midi(midi_bytes(midi))


def bomb(size: int) -> bytes:
    """A file of nothing but note-ons and offs in running status, three bytes each."""
    track = b"\x00\x90\x3c\x40" + b"".join(bytes((i % 2, 40 + i % 40, i * 7 % 128)) for i in range(size))
    return smf(track)


def test_a_file_full_of_events_is_refused_in_time() -> None:
    data = bomb(MAX_UPLOAD_BYTES // 3 - 20)
    began = time.perf_counter()
    with pytest.raises(InputError, match="more than 200,000 events"):
        import_midi(data)
    assert time.perf_counter() - began < 20


def test_many_tempos_in_many_tracks_take_no_longer() -> None:
    tempos = events("01 ff 51 03 07 a1 20") * 4000
    tracks = [tempos, *[events("01 90 3c 40 01 80 3c 00") * 200] * 100]
    began = time.perf_counter()
    assert import_midi(smf(*tracks)).notes
    assert time.perf_counter() - began < 10


@pytest.mark.long
def test_as_many_events_as_may_be_are_arranged_in_time() -> None:
    data = bomb(MAX_UPLOAD_EVENTS - 10)
    began = time.perf_counter()
    arrange(Request(mode="arrange", upload=digest(data)), data)
    assert time.perf_counter() - began < 30


def mutated(random: Random, data: bytes) -> bytes:
    """A file with some bytes changed, taken out, put in or moved about."""
    broken = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5, 20))):
        at = random.randrange(len(broken))
        match random.randrange(6):
            case 0:
                broken[at] = random.randrange(256)
            case 1:
                del broken[at : at + random.choice((1, 1, 3, 50))]
            case 2:
                broken[at:at] = random.randbytes(random.choice((1, 2, 8)))
            case 3:
                broken[at] ^= 1 << random.randrange(8)
            case 4:
                broken[at : at + 4] = random.choice((b"\xff\xff\xff\x7f", b"\0\0\0\0", b"MTrk", b"\xff\x51\x03\0"))
            case _:
                broken[at:at] = broken[random.randrange(len(broken)) :][:40]
        if not broken:
            return b"MThd"
    return bytes(broken)


@pytest.mark.parametrize("part", range(4))
def test_mutated_files_are_arranged_or_refused_with_a_sentence(part: int) -> None:
    sources = [twinkle(), midi_bytes(to_midi(scale())), midi_bytes(to_nesmdb(random_score(2))), GOOD]
    random = Random(part)
    done = refused = 0
    for _ in range(60):
        data = mutated(random, sources[part])
        began = time.perf_counter()
        try:
            tune = arrange(Request(mode="arrange", upload=digest(data), name="a.mid"), data)
        except InputError:
            refused += 1
        else:
            assert midi_bytes(to_midi(tune.score))
            done += 1
        assert time.perf_counter() - began < 10
    assert done > 5 < refused
