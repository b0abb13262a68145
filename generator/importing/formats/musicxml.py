"""Scores in MusicXML, plain or compressed, as MIDI. music21 plays them: repeats, ties, tempos, instruments, lyrics."""

from __future__ import annotations

import zipfile
from io import BytesIO
from xml.etree import ElementTree

from music21 import converter, midi
from music21.exceptions21 import Music21Exception

from generator.importing.instruments import DRUM_CHANNEL
from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.uploads.formats import BROKEN_ZIP, MXL_INDEX
from generator.protocol.uploads.limits import Limit

UNPACKED = Limit(8, _("The score has {found:,} MB when it is unpacked; {most} MB is the most."), unit=1024 * 1024)
NOTES = Limit(20_000, _("The score has {found:,} notes; {most:,} is the most."))
"""music21 reads about 3,000 notes a second."""
STEPS = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

DAMAGED = _("The MusicXML file is damaged and cannot be read.")


def compressed_to_midi(data: bytes) -> bytes:
    """Return the score in a compressed file (.mxl) as a MIDI file. Raise InputError."""
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            index = _parsed(_member(archive, MXL_INDEX))
            root = next((item.get("full-path", "") for item in index.iter() if item.tag.endswith("rootfile")), "")
            return to_midi(_member(archive, root))
    except (*BROKEN_ZIP, LookupError) as error:
        raise InputError(DAMAGED) from error


def to_midi(data: bytes) -> bytes:
    """Return a score as a MIDI file. Raise InputError if it is damaged or too long."""
    root = _parsed(data)
    NOTES.check(sum(1 for _ in root.iter("note")))
    _pitch_drums(root)
    text = ElementTree.tostring(root, encoding="unicode")
    try:
        score = converter.parseData(text, format="musicxml")
        return bytes(midi.translate.streamToMidiFile(score).writestr())
    except (Music21Exception, ValueError, TypeError, KeyError, IndexError, AttributeError, ArithmeticError) as error:
        raise InputError(DAMAGED) from error  # music21 trusts what it reads


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return a member's bytes. Raise InputError if there are too many."""
    with archive.open(name) as file:
        data = file.read(UNPACKED.most * UNPACKED.unit + 1)
    UNPACKED.check(len(data))
    return data


def _parsed(data: bytes) -> ElementTree.Element:
    """Return the root of an XML file. Entities of its own are refused: they can be made to fill the memory."""
    if b"<!ENTITY" in data.replace(b"\0", b""):
        raise InputError(DAMAGED)
    try:
        return ElementTree.fromstring(data)  # noqa: S314 - what makes it vulnerable are entities
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise InputError(DAMAGED) from error


def _pitch_drums(root: ElementTree.Element) -> None:
    """Give drums the pitch of their key on channel 10, because music21 plays one key for all drums of a part."""
    keys: dict[str, int] = {}
    for item in root.iter("midi-instrument"):
        key, channel = item.findtext("midi-unpitched", ""), item.findtext("midi-channel", "")
        if key.isdigit() and 1 <= int(key) <= 128 and channel == str(DRUM_CHANNEL + 1):
            keys[item.get("id", "")] = int(key) - 1
    for note in root.iter("note"):
        unpitched, instrument = note.find("unpitched"), note.find("instrument")
        key_of = None if instrument is None else keys.get(instrument.get("id", ""))
        if unpitched is None or key_of is None:
            continue
        step = STEPS[key_of % 12]
        unpitched.clear()
        unpitched.tag = "pitch"
        for tag, value in (("step", step[0]), ("alter", len(step) - 1), ("octave", key_of // 12 - 1)):
            ElementTree.SubElement(unpitched, tag).text = str(value)
