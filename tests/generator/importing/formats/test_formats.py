"""Files of other formats become the notes that their programs would play."""

from __future__ import annotations

import zlib
from io import BytesIO

import guitarpro as gp
import pytest

from generator.exporting.notation import write_musicxml
from generator.importing.importer import Part, import_midi
from generator.protocol.errors import InputError
from generator.protocol.uploads.formats import MXL_INDEX
from tests.archives import zipped
from tests.music import scale, twinkle

SCORE = """<?xml version="1.0" encoding="UTF-8"?>
<score-partwise version="4.0"><part-list>
<score-part id="P1"><part-name>Flöte</part-name><score-instrument id="I1"><instrument-name>Flute</instrument-name>
</score-instrument><midi-instrument id="I1"><midi-channel>1</midi-channel><midi-program>74</midi-program>
</midi-instrument></score-part>
<score-part id="P2"><part-name>Drums</part-name>
<score-instrument id="K"><instrument-name>Kick</instrument-name></score-instrument>
<score-instrument id="S"><instrument-name>Snare</instrument-name></score-instrument>
<midi-instrument id="K"><midi-channel>10</midi-channel><midi-unpitched>37</midi-unpitched></midi-instrument>
<midi-instrument id="S"><midi-channel>10</midi-channel><midi-unpitched>39</midi-unpitched></midi-instrument>
</score-part></part-list>
<part id="P1"><measure number="1"><attributes><divisions>2</divisions><time><beats>3</beats><beat-type>4</beat-type>
</time></attributes><direction><sound tempo="96"/></direction>
<barline location="left"><repeat direction="forward"/></barline>
{notes}<note><pitch><step>E</step><octave>5</octave></pitch><duration>2</duration><tie type="start"/></note></measure>
<measure number="2"><note><pitch><step>E</step><octave>5</octave></pitch><duration>2</duration><tie type="stop"/></note>
<note><rest/><duration>4</duration></note><barline location="right"><repeat direction="backward"/></barline></measure>
</part>
<part id="P2"><measure number="1"><attributes><divisions>2</divisions></attributes>
<barline location="left"><repeat direction="forward"/></barline>
<note><unpitched><display-step>F</display-step><display-octave>4</display-octave></unpitched><duration>2</duration>
<instrument id="K"/></note>
<note><unpitched><display-step>C</display-step><display-octave>5</display-octave></unpitched><duration>2</duration>
<instrument id="S"/></note><note><rest/><duration>2</duration></note></measure>
<measure number="2"><note><rest/><duration>6</duration></note>
<barline location="right"><repeat direction="backward"/></barline></measure></part></score-partwise>""".format(
    notes="".join(
        f"<note><pitch><step>{step}</step><octave>5</octave></pitch><duration>2</duration></note>" for step in "CD"
    )
)
BEAT = 37.5
"""Frames at 96 BPM."""


def spans(part: Part) -> list[tuple[int, int, int]]:
    return [(note.start, note.end, note.pitch) for note in part.notes]


def beats(*notes: tuple[float, float, int], beat: float = BEAT) -> list[tuple[int, int, int]]:
    return [(int(start * beat + 0.5), int(end * beat + 0.5), pitch) for start, end, pitch in notes]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(SCORE.encode(), id="plain"),
        pytest.param(SCORE.replace("UTF-8", "UTF-16").encode("utf-16"), id="utf-16"),
        pytest.param(
            zipped(
                {
                    MXL_INDEX: b'<container><rootfiles><rootfile full-path="x.xml"/></rootfiles></container>',
                    "x.xml": SCORE.encode(),
                }
            ),
            id="compressed",
        ),
    ],
)
def test_a_score_plays_its_repeats_ties_tempo_and_drums(data: bytes) -> None:
    found = import_midi(data)
    flute, drums = found.parts
    once = [(0, 1, 72), (1, 2, 74), (2, 4, 76)]
    assert spans(flute) == beats(*once, *((a + 6, b + 6, pitch) for a, b, pitch in once))
    assert (flute.name, flute.program) == ("Flöte", 73)
    assert drums.drum
    assert [(note.start, note.pitch) for note in drums.notes] == [
        (start, pitch) for start, _, pitch in beats((0, 1, 36), (1, 2, 38), (6, 7, 36), (7, 8, 38))
    ]
    assert found.grid
    assert (found.grid.bpm, found.grid.upper) == (96, 3)


def test_our_own_sheet_music_can_be_read_again(tmp_path) -> None:  # type: ignore[no-untyped-def]
    score = scale()
    write_musicxml(score, "Scale", tmp_path / "scale.musicxml")
    parts = import_midi((tmp_path / "scale.musicxml").read_bytes()).parts
    assert [note.pitch for note in parts[0].notes] == [note.pitch for note in score.channels[0]]


BOMB = (
    '<!DOCTYPE score-partwise [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><score-partwise>&b;</score-partwise>'
)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<score-partwise>", "MusicXML file is damaged"),
        (b"<score-partwise/>", "holds no notes"),
        (BOMB.encode(), "MusicXML file is damaged"),
        (b"<score-partwise><part-list/>" + b"<note/>" * 20_001 + b"</score-partwise>", "20,001 notes; 20,000"),
        (zipped({MXL_INDEX: b"<container/>"}), "MusicXML file is damaged"),
        (
            zipped({MXL_INDEX: b'<a><rootfile full-path="x"/></a>', "x": b"<score-partwise>" + bytes(9 * 2**20)}),
            "MB when it is unpacked",
        ),
        (zipped({MXL_INDEX: b"<container/>"})[8:], "no music file"),
        (zipped({MXL_INDEX: b"<container/>"}).replace(b"PK\x05\x06", b"\0\0\0\0"), "another archive"),
        (b"\x18FICHIER GUITAR PRO v5.00\0\0\0\0\0\0", "Guitar Pro file is damaged"),
        (b"XMF_1.00 nothing", "no MIDI in the XMF"),
    ],
)
def test_damaged_files_are_refused_with_one_sentence(data: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        import_midi(data)


@pytest.mark.parametrize("pack", [bytes, zlib.compress, lambda data: zlib.compress(data, 9)])
def test_the_song_in_a_ringtone_is_found(pack) -> None:  # type: ignore[no-untyped-def]
    data = b"XMF_2.00\0\0\0\2" + bytes(range(64)) + b"\x78\x9cno zlib" + pack(twinkle()) + b"rest"
    assert import_midi(data).parts == import_midi(twinkle()).parts


def tablature(version: tuple[int, int, int], *, volta: bool = False) -> bytes:
    """Two measures for a guitar, the first repeated, with a tie, a bend, a harmonic; and a kick drum."""
    song = gp.Song(tempo=90)
    song.measureHeaders = [gp.MeasureHeader(number=1), gp.MeasureHeader(number=2, start=960 * 5)]
    song.measureHeaders[0].isRepeatOpen = True
    song.measureHeaders[0].repeatClose = 1
    if volta:
        song.measureHeaders[1].timeSignature = gp.TimeSignature(3, gp.Duration(4))
    guitar = gp.Track(song, 1, name="Lead", channel=gp.MidiChannel(0, 1, 29))
    drums = gp.Track(song, 2, name="Kit", isPercussionTrack=True, channel=gp.MidiChannel(9, 9, 0))
    drums.strings = [gp.GuitarString(i + 1, 0) for i in range(6)]
    song.tracks = [guitar, drums]
    first, second = guitar.measures
    for fret, string, kind in ((3, 1, "normal"), (5, 1, "normal"), (5, 1, "tie"), (0, 6, "normal")):
        note(first, fret, string, gp.NoteType[kind])
    bent = note(second, 7, 2)
    bent.effect.bend = gp.BendEffect(
        gp.BendType.bend, 100, [gp.BendPoint(0, 0), gp.BendPoint(6, 4), gp.BendPoint(12, 4)]
    )
    note(second, 12, 1).effect.harmonic = gp.NaturalHarmonic()
    note(drums.measures[0], 36, 1)
    out = BytesIO()
    gp.write(song, out, version=version)
    return out.getvalue()


def note(measure: gp.models.Measure, fret: int, string: int, kind: gp.NoteType = gp.NoteType.normal) -> gp.Note:
    """Add a quarter to a measure."""
    beat = gp.Beat(measure.voices[0], status=gp.BeatStatus.normal)
    added = gp.Note(beat, value=fret, string=string, type=kind)
    beat.notes.append(added)
    measure.voices[0].beats.append(beat)
    return added


@pytest.mark.parametrize("version", [(3, 0, 0), (4, 0, 6), (5, 0, 0), (5, 1, 0)])
def test_a_tablature_is_played_as_it_is_written(version: tuple[int, int, int]) -> None:
    found = import_midi(tablature(version))
    guitar, drums = found.parts
    once = [(0, 1, 67), (1, 3, 69), (3, 4, 40)]
    ends = [(8, 8.5, 66), (8.5, 9, 68), (9, 10, 76)]
    expected = beats(*once, *((a + 4, b + 4, pitch) for a, b, pitch in once), beat=40)
    assert spans(guitar)[:6] == expected
    assert [pitch for *_, pitch in spans(guitar)[6:]] == [66, 68, 76]
    assert spans(guitar)[6][0] == 320
    assert spans(guitar)[-1] == beats(ends[-1], beat=40)[0]
    assert (guitar.name, guitar.program) == ("Lead", 29)
    assert drums.drum
    assert [(n.start, n.pitch) for n in drums.notes] == [(0, 36), (160, 36)]
    assert found.grid
    assert found.grid.bpm == 90
