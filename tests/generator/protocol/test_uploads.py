"""Which files are accepted, which one of a zip is meant, and what people read about the others."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from generator.importing.formats.readers import READERS
from generator.protocol.errors import InputError
from generator.protocol.uploads import (
    ACCEPTED_SUFFIXES,
    MAX_UPLOAD_BYTES,
    ChooseFile,
    check_upload,
    format_of,
    open_upload,
)
from generator.protocol.uploads.formats import FORMATS, MXL_INDEX
from tests.archives import zipped
from tests.music import twinkle

SONG = twinkle()
XML = '<?xml version="1.0" encoding="{}"?>\n<!DOCTYPE score-partwise>\n<score-partwise version="4.0"/>'


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (SONG, "midi"),
        (bytes(128) + SONG, "midi"),
        (b"RIFF\0\0\0\0RMIDdata" + SONG, "rmid"),
        (b"XMF_1.00" + SONG, "xmf"),
        (b"\x18FICHIER GUITAR PRO v4.06", "guitar-pro"),
        (XML.format("UTF-8").encode(), "musicxml"),
        (XML.format("UTF-16").encode("utf-16"), "musicxml"),
        (zipped({MXL_INDEX: b"<container/>", "score.xml": b""}), "mxl"),
    ],
)
def test_a_file_is_what_its_bytes_say(data: bytes, name: str) -> None:
    form = format_of(data)
    assert form
    assert form.name == name
    check_upload(data)


def test_every_format_has_a_reader_and_no_suffix_is_of_two() -> None:
    assert set(READERS) == {form.name for form in FORMATS}
    assert len(set(ACCEPTED_SUFFIXES)) == len(ACCEPTED_SUFFIXES)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"hello", "no music file"),
        (b"RIFF\0\0\0\0WAVEfmt ", "a recording"),
        (b"ID3\x03", "a recording"),
        (b"OggS\0", "a recording"),
        (b"\0\0\0\x20ftypM4A ", "a recording"),
        (b"RIFF\0\0\0\0sfbk", "RIFF file holds no MIDI"),
        (b"Rar!\x1a\x07", "Of archives only zip"),
        (b"\x1f\x8b\x08", "Of archives only zip"),
        (b"BCFZ\0", "Guitar Pro 6"),
        (zipped({"Content/score.gpif": b"<GPIF/>"}), "Guitar Pro 6"),
        (zipped({"song.mscx": b"<museScore/>"}), "Export the score as MusicXML"),
        (b'<?xml version="1.0"?>\n<museScore version="3"/>', "Export the score as MusicXML"),
        (b"NESM\x1a\x01", "a sound chip"),
        (b"Extended Module: x", "Tracker modules"),
        (bytes(1080) + b"M.K.", "Tracker modules"),
        (b"%PDF-1.4", "a printed page"),
        (b"\x89PNG\r\n", "a picture"),
        (zipped({"a.mid": SONG}), "another archive inside"),
    ],
)
def test_other_files_are_refused_with_a_sentence_that_says_what_they_are(data: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence) as refused:
        check_upload(data)
    assert str(refused.value).endswith(".")


def test_the_only_song_of_a_zip_is_taken() -> None:
    others = {"readme.txt": b"x", "__MACOSX/._song.mid": b"x", "dir/.hidden.mid": b"x", "cover.png": b"x"}
    assert open_upload("a.zip", zipped({**others, "dir\\song.mid": SONG})) == ("song.mid", SONG)
    assert open_upload("a.zip", zipped({"song.mid": SONG}, zipfile.ZIP_STORED)) == ("song.mid", SONG)
    assert open_upload("song.mid", SONG) == ("song.mid", SONG)
    mxl = zipped({MXL_INDEX: b"", "score.xml": b""})
    assert open_upload("song.mxl", mxl) == ("song.mxl", mxl)
    assert open_upload("a.zip", zipped({"song.mxl": mxl})) == ("song.mxl", mxl)


def test_one_of_several_songs_must_be_chosen() -> None:
    names = ("Über/eins.mid", "two.KAR", "3.gp5")
    data = zipped(dict.fromkeys(names, SONG))
    with pytest.raises(ChooseFile) as asked:
        open_upload("a.zip", data)
    assert asked.value.names == names
    assert "Über/eins.mid, two.KAR and 3.gp5" in str(asked.value)
    assert open_upload("a.zip", data, "two.KAR") == ("two.KAR", SONG)
    with pytest.raises(InputError, match=r"no file called four\.mid"):
        open_upload("a.zip", data, "four.mid")
    with pytest.raises(InputError, match="nothing to choose"):
        open_upload("a.mid", SONG, "two.KAR")


def test_names_in_utf_8_that_do_not_say_so_are_read() -> None:
    data = zipped({"x\u00fc.mid": SONG})
    plain = data.replace(b"\0\x08", b"\0\0")  # the flag of UTF-8
    assert open_upload("a.zip", plain)[0] == "xü.mid"


def _locked() -> bytes:
    data = bytearray(zipped({"a.mid": SONG}))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (zipped({"a.txt": b"x"}), "no file in the zip that can be remixed"),
        (zipped({"inner.zip": zipped({"a.mid": SONG})}), "only other archives"),
        (zipped({"bomb.mid": b"MThd" + bytes(50 * MAX_UPLOAD_BYTES)}), "50.1 MB; 1 MB is the most"),
        (_locked(), "locked with a password"),
        (zipped({"a.mid": SONG})[:-30], "damaged"),
        (zipped({"a.mid": SONG}, zipfile.ZIP_STORED).replace(SONG[60:68], b"12345678"), "damaged"),
        (b"PK\x03\x04", "damaged"),
        (zipped({f"{i}.txt": b"" for i in range(10_001)}, zipfile.ZIP_STORED), "10,001 files; 10,000 is the most"),
    ],
)
def test_a_zip_that_cannot_be_opened_is_refused(data: bytes, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        open_upload("a.zip", data)


def test_a_bomb_whose_header_lies_is_not_unpacked() -> None:
    data = bytearray(zipped({"bomb.mid": b"MThd" + bytes(20 * MAX_UPLOAD_BYTES)}))
    for place in (22, data.index(b"PK\x01\x02") + 24):  # the unpacked size, in both headers
        data[place : place + 4] = (1000).to_bytes(4, "little")
    with pytest.raises(InputError, match="damaged"):
        open_upload("a.zip", bytes(data))


def test_the_documentation_lists_every_suffix() -> None:
    reference = (Path(__file__).parents[3] / "docs" / "reference.md").read_text()
    assert not [suffix for suffix in ACCEPTED_SUFFIXES if f"`{suffix}`" not in reference]
