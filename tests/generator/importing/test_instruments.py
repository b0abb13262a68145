"""What a part is and what its channel does: drums, roles, voices over several channels, pedals, bends, key switches."""

from __future__ import annotations

from io import BytesIO

import mido
import pytest

from generator.importing.importer import Part, import_midi

BEAT = 480
ROCK = (36, 42), (42,), (38, 42), (42,)
LINE = (60, 62, 64, 65, 67, 65, 64, 62)
XG_ON = (0x43, 0x10, 0x4C, 0, 0, 0x7E, 0)


def written(*tracks: list[mido.Message], bpm: float = 120) -> bytes:
    """A file of tracks whose messages have absolute ticks."""
    midi = mido.MidiFile(ticks_per_beat=BEAT)
    midi.tracks.append(mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=mido.bpm2tempo(bpm))]))
    for messages in tracks:
        now, track = 0, mido.MidiTrack()
        for message in sorted(messages, key=lambda message: message.time):
            track.append(message.copy(time=message.time - now))
            now = message.time
        midi.tracks.append(track)
    out = BytesIO()
    midi.save(file=out)
    return out.getvalue()


def named(name: str) -> mido.MetaMessage:
    return mido.MetaMessage("track_name", name=name)


def cc(channel: int, number: int, value: int, at: int = 0) -> mido.Message:
    return mido.Message("control_change", channel=channel, control=number, value=value, time=at)


def program(channel: int, number: int, at: int = 0) -> mido.Message:
    return mido.Message("program_change", channel=channel, program=number, time=at)


def note(channel: int, pitch: int, start: float, end: float, velocity: int = 90) -> list[mido.Message]:
    """A note from one beat to another."""
    return [
        mido.Message("note_on", channel=channel, note=pitch, velocity=velocity, time=round(start * BEAT)),
        mido.Message("note_off", channel=channel, note=pitch, time=round(end * BEAT)),
    ]


def beats(channel: int) -> list[mido.Message]:
    """Two bars of drums."""
    return [message for i in range(16) for key in ROCK[i % 4] for message in note(channel, key, i / 2, i / 2 + 0.25)]


def line(channel: int, pitches: tuple[int, ...] = LINE, at: float = 0) -> list[mido.Message]:
    """A line of quarter notes."""
    return [message for i, pitch in enumerate(pitches) for message in note(channel, pitch, at + i, at + i + 1)]


def parts(*tracks: list[mido.Message], bpm: float = 120) -> tuple[Part, ...]:
    return import_midi(written(*tracks, bpm=bpm)).parts


def spans(part: Part) -> list[tuple[int, int, int]]:
    return [(note.start, note.end, note.pitch) for note in part.notes]


@pytest.mark.parametrize("channel", [0, 8, 9, 10, 15])
def test_drums_are_where_gs_says(channel: int) -> None:
    block = (*range(1, 10), 0, *range(10, 16))[channel]
    mode = mido.Message("sysex", data=(0x41, 0x10, 0x42, 0x12, 0x40, 0x10 | block, 0x15, 1, 0))
    assert [part.drum for part in parts([mode], line(7 if channel else 3), [program(channel, 33), *line(channel)])] == [
        False,
        True,
    ]


@pytest.mark.parametrize("channel", [0, 10, 15])
def test_drums_are_where_xg_says(channel: int) -> None:
    mode = mido.Message("sysex", data=(0x43, 0x10, 0x4C, 8, channel, 7, 2))
    assert parts([mido.Message("sysex", data=XG_ON), mode], line(channel))[0].drum
    assert parts([cc(channel, 0, 127), program(channel, 40), *line(channel)])[0].drum
    assert not parts([mode, mido.Message("sysex", data=XG_ON, time=1)], [*line(channel, at=1)])[0].drum


def test_a_melody_is_on_channel_10_where_the_file_says_so() -> None:
    gs = mido.Message("sysex", data=(0x41, 0x10, 0x42, 0x12, 0x40, 0x10, 0x15, 0, 0x1B))
    xg = mido.Message("sysex", data=(0x43, 0x10, 0x4C, 8, 9, 7, 0))
    for says in (gs, xg, cc(9, 0, 121)):
        assert not parts([says, program(9, 80), *line(9)])[0].drum
    assert parts([program(9, 80), *line(9)])[0].drum


@pytest.mark.parametrize("name", ["Drums", "Drumset", "Percussion", "BATERIA"])
@pytest.mark.parametrize("channel", [0, 3, 15])
def test_drums_are_found_by_name(name: str, channel: int) -> None:
    track = [named(name), *line(channel, (36, 38, 36, 38))]
    assert [part.drum for part in parts(track, [named("Lead"), *line(channel)])] == [True, False]


@pytest.mark.parametrize("name", ["Steel Drums", "Drum & Bass", "Lead"])
def test_other_names_are_no_drums(name: str) -> None:
    assert not parts([named(name), *line(3, (36, 38, 36, 38))], line(4))[0].drum


def test_drums_are_found_by_what_they_play_and_a_bass_is_not() -> None:
    bass = line(2, (35, 42, 40, 44, 35, 42, 40, 38, 36, 38))
    assert [part.drum for part in parts(beats(3), bass, line(4))] == [True, False, False]
    assert not parts([program(3, 4), *beats(3)])[0].drum


def test_a_part_is_split_where_its_instrument_changes_role() -> None:
    track = [program(0, 33), *line(0, (36, 38)), program(0, 80, 2 * BEAT), *line(0, (72, 74), 2)]
    track += [program(0, 81, 4 * BEAT), *line(0, (76,), 4)]
    bass, lead = parts(track)
    assert [note.pitch for note in bass.notes] == [36, 38]
    assert [(note.pitch, note.program) for note in lead.notes] == [(72, 80), (74, 80), (76, 81)]


def test_tracks_that_share_a_channel_keep_their_programs() -> None:
    tracks = [[program(0, number), *line(0, pitches)] for number, pitches in ((36, (40, 41)), (80, LINE), (122, (50,)))]
    assert [part.program for part in parts(*tracks)] == [36, 80, 122]


@pytest.mark.parametrize("bpm", [60, 97, 140, 233])
def test_the_strings_of_a_guitar_are_one_part(bpm: float) -> None:
    strings = [message for i, pitch in enumerate(LINE) for message in note(i % 6, pitch, i, i + 1)]
    guitar = [named("Guitar"), *(program(channel, 27) for channel in range(6)), *strings]
    (part, _) = parts(guitar, [program(8, 33), *line(8, (36, 36))], bpm=bpm)
    assert [note.pitch for note in part.notes] == list(LINE)


def test_channels_that_double_each_other_stay_two_parts() -> None:
    assert len(parts([*line(0), *line(1)], line(2, (40,)))) == 3


@pytest.mark.parametrize("upper", [False, True])
def test_the_channels_of_an_mpe_zone_are_one_part(upper: bool) -> None:
    master = 15 if upper else 0
    zone = [cc(master, 101, 0), cc(master, 100, 6), cc(master, 6, 15), program(master, 81)]
    members = [channel for channel in range(16) if channel != master]
    notes = [message for i, pitch in enumerate(LINE * 4) for message in note(members[i % 15], pitch, i, i + 1)]
    (part,) = parts([*zone, *notes])
    assert [note.pitch for note in part.notes] == list(LINE) * 4
    assert (part.program, part.drum) == (81, False)


@pytest.mark.parametrize("bpm", range(60, 241, 12))
def test_a_line_handed_over_legato_is_one_part(bpm: int) -> None:
    flute, violin = [program(0, 73)], [program(1, 40)]
    for bar in range(6):
        (violin if bar % 2 else flute).extend(line(bar % 2, LINE[:4], 4 * bar))
    (part,) = parts(flute, violin, bpm=bpm)
    assert [note.program for note in part.notes] == ([73] * 4 + [40] * 4) * 3


def test_the_sustain_pedal_holds_notes_until_it_is_raised() -> None:
    pedal = [cc(0, 64, 127), cc(0, 64, 0, 3 * BEAT)]
    assert spans(parts([*pedal, *note(0, 60, 0, 1), *note(0, 64, 1, 2), *note(0, 67, 4, 5)])[0]) == [
        (0, 90, 60),
        (30, 90, 64),
        (120, 150, 67),
    ]


@pytest.mark.parametrize("channel", [0, 5])
def test_under_a_pedal_melody_and_bass_ring_on_and_the_figure_between_them_does_not(channel: int) -> None:
    figure = (48, 55, 60, 64, 67, 64, 60, 55)
    pedalled = [
        *note(channel, 72, 0, 0.5),
        *note(channel, 36, 0, 0.5),
        *(message for i, pitch in enumerate(figure) for message in note(channel, pitch, i / 2, i / 2 + 0.4)),
        cc(channel, 64, 127, at=1),
        cc(channel, 64, 0, at=4 * BEAT),
    ]
    held = {span[2]: span[:2] for span in spans(parts(pedalled)[0]) if span[2] in (36, 72)}
    assert held == {72: (0, 120), 36: (0, 120)}
    inner = [span for span in spans(parts(pedalled)[0]) if span[2] not in held]
    assert inner == [(i * 15, i * 15 + 15, pitch) for i, pitch in enumerate(figure)]


def test_a_held_note_ends_where_its_pitch_begins_again() -> None:
    pedal = [cc(0, 64, 64), cc(0, 64, 63, 4 * BEAT)]
    assert spans(parts([*pedal, *note(0, 60, 0, 1), *note(0, 60, 2, 3)])[0]) == [(0, 60, 60), (60, 120, 60)]


def test_sostenuto_holds_only_what_sounds_when_it_is_pressed() -> None:
    pedal = [cc(0, 66, 127, BEAT // 2), cc(0, 66, 0, 3 * BEAT)]
    assert spans(parts([*pedal, *note(0, 60, 0, 1), *note(0, 64, 1, 2)])[0]) == [(0, 90, 60), (30, 60, 64)]


@pytest.mark.parametrize(("mode", "end"), [(120, 60), (121, 60), (123, 120), (127, 120)])
def test_mode_messages_end_notes_and_pedals(mode: int, end: int) -> None:
    track = [cc(0, 64, 127), *note(0, 60, 0, 1), cc(0, mode, 0, 2 * BEAT), cc(0, 64, 0, 4 * BEAT)]
    assert spans(parts(track)[0]) == [(0, end, 60)]


@pytest.mark.parametrize("semitones", [2, 7, 12, 24])
def test_a_melody_of_bends_is_a_melody(semitones: int) -> None:
    steps = (0, 2, -1, 1)
    setting = [cc(0, 101, 0), cc(0, 100, 0), cc(0, 6, semitones), cc(0, 38, 0)]
    bends = [
        mido.Message("pitchwheel", pitch=min(8191, round(step * 8192 / semitones)), time=i * BEAT)
        for i, step in enumerate(steps)
    ]
    (part,) = parts([*setting, *bends, *note(0, 60, 0, 4)])
    assert spans(part) == [(30 * i, 30 * i + 30, 60 + step) for i, step in enumerate(steps)]


def test_steps_of_a_slide_are_marked_and_the_pitch_that_lasts_is_not() -> None:
    wheel = [
        mido.Message("pitchwheel", channel=0, pitch=pitch, time=round(beat * BEAT))
        for beat, pitch in ((0, -8192), (0.25, -4096), (0.5, 0))
    ]
    (part,) = parts([*wheel, *note(0, 72, 0, 4)])
    assert [(n.pitch, n.slide) for n in part.notes] == [(70, True), (71, True), (72, False)]


def test_a_bend_of_less_than_a_semitone_is_detune_and_a_constant_one_transposes() -> None:
    vibrato = [mido.Message("pitchwheel", pitch=3000 * (i % 2), time=i * 40) for i in range(12)]
    assert [note.pitch for note in parts([*vibrato, *note(0, 60, 0, 2)])[0].notes] == [60]
    constant = mido.Message("pitchwheel", pitch=-4096)
    assert [note.pitch for note in parts([constant, *line(0)])[0].notes] == [pitch - 1 for pitch in LINE]


def test_key_switches_are_left_out() -> None:
    switches = [message for i in range(3) for message in note(0, 24 + i, 2 * i, 2 * i + 0.1, velocity=1)]
    assert [note.pitch for note in parts([*line(0), *switches])[0].notes] == list(LINE)


@pytest.mark.parametrize(("before", "frames"), [(((60, 0, 2),), 60), ((), 240)])
def test_a_last_note_without_an_end_is_as_long_as_the_longest_of_its_part(
    before: tuple[tuple[int, float, float], ...], frames: int
) -> None:
    notes = [message for pitch, start, end in before for message in note(0, pitch, start, end)]
    (part,) = parts([*notes, mido.Message("note_on", note=64, velocity=90, time=2 * BEAT)])
    assert part.notes[-1].end - part.notes[-1].start == frames


def test_the_softest_drums_are_no_key_switches() -> None:
    ghosts = [message for i in range(3) for message in note(9, 37, i + 0.5, i + 0.6, velocity=1)]
    assert len(parts([*beats(9), *ghosts])[0].notes) == len(parts(beats(9))[0].notes) + 3
