"""Corpus files: labelled songs with their exact scores, one JSON object a line, compressed.

Plain folders of MIDI files are read here too, without labels. `chiptune corpus` (`generator.corpus`) makes the files.
How a song becomes tokens is in `models.training.examples`.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from mido.midifiles.meta import KeySignatureError

from models.errors import MusicError
from models.music.grid import RowClock
from models.music.midi import read_score
from models.music.score import Score
from models.music.score_json import score_from_json, score_to_json

TRAIN_FILE, VALID_FILE = "train.jsonl.gz", "valid.jsonl.gz"
"""The files of a corpus's training side and validation side, in its folder."""

CLEAR_KEY = 0.75
"""The least correlation of a clear key, as in this project's predecessor."""


class CorpusError(MusicError):
    """Files that hold nothing to train or evaluate on."""


@dataclass(frozen=True, slots=True)
class Song:
    """A labelled score of a corpus.

    game: its normalised name. collection: where the song comes from ("vgmusic/nes"). key, key_correlation: as music21
    finds them, None and 0 without pitches. reduction: 0 for the console's own four channels or the main arrangement, 1
    and more for other arrangements of the same file. real: whether the song was recorded from the console's own
    channels, with their volumes, and not arranged. clock: the detected rows, if the score has no grid.
    """

    name: str
    game: str
    collection: str
    scene: str | None
    key: str | None
    key_correlation: float
    reduction: int
    real: bool
    score: Score
    clock: RowClock | None = None

    @property
    def clear_key(self) -> str | None:
        """The key if it is clear, else None."""
        return self.key if self.key_correlation >= CLEAR_KEY else None


def song_to_json(song: Song) -> str:
    """Return a song as one line of JSON."""
    labels = {name: getattr(song, name) for name in Song.__dataclass_fields__ if name not in ("score", "clock")}
    clock = asdict(song.clock) if song.clock else None
    return json.dumps({**labels, "clock": clock, "score": score_to_json(song.score)}, separators=(",", ":"))


def song_from_json(line: str | bytes) -> Song:
    """Return the song that `song_to_json` wrote. Raise CorpusError if the line holds none."""
    try:
        fields = json.loads(line)
        clock = RowClock(**fields["clock"]) if fields["clock"] else None
        return Song(**{**fields, "clock": clock, "score": score_from_json(fields["score"])})
    except (ValueError, TypeError, LookupError) as error:
        raise CorpusError(f"A line of the corpus holds no song: {error}.") from error


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a corpus file, each a song. Raise CorpusError if the file is missing or damaged."""
    try:
        with gzip.open(path, "rb") as file:
            yield from file
    except FileNotFoundError as error:
        raise CorpusError(f"There is no corpus in {path}: chiptune corpus makes one.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusError(f"{path} is no file of chiptune corpus, or is damaged.") from error


def read_songs(path: Path) -> Iterator[Song]:
    """Return an iterator over the songs of a corpus file. Raise CorpusError if it is missing or damaged."""
    return map(song_from_json, read_lines(path))


def encode_songs(songs: Iterable[Song]) -> bytes:
    """Return songs as a part of a corpus file, which is parts in a row. The same songs give the same bytes."""
    return gzip.compress("".join(f"{song_to_json(song)}\n" for song in songs).encode(), 6, mtime=0)


def write_songs(path: Path, songs: Iterable[Song]) -> None:
    """Write a corpus file, one song at a time."""
    with path.open("wb") as file:
        for song in songs:
            file.write(encode_songs([song]))


# --- MIDI files -------------------------------------------------------------------------------------------------


def midi_files(folder: Path) -> list[Path]:
    """Return all MIDI files below a folder, sorted by path. Raise CorpusError if there are none."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".mid", ".midi"))
    if not files:
        raise CorpusError(f"There are no MIDI files in {folder}.")
    return files


def read_midi_file(path: Path) -> Score:
    """Return the score of a MIDI file. Raise CorpusError, which names the file, if it has none."""
    try:
        return read_score(path)
    except (OSError, EOFError, ValueError, LookupError, KeySignatureError) as error:
        raise CorpusError(f"{path.name} cannot be read: {error or type(error).__name__}.") from error
