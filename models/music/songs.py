"""Songs with their labels as files that training reads: one JSON object a line, compressed. Scores are kept exactly.
Plain folders of MIDI files are read here too, without labels.

The files are made by `chiptune corpus` (`generator.corpus`); how a song becomes tokens is in `models.training.examples`.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mido.midifiles.meta import KeySignatureError

from models.errors import MusicError
from models.music.grid import RowClock
from models.music.midi import read_score
from models.music.score import Change, Grid, Note, Score

TRAIN_FILE, VALID_FILE = "train.jsonl.gz", "valid.jsonl.gz"
"""The two sides of a corpus, in its folder."""

CLEAR_KEY = 0.75
"""Correlation under which a song counts as having no clear key, as the predecessor drew the line."""


class CorpusError(MusicError):
    """Files that hold nothing to train on or to measure with."""


@dataclass(frozen=True, slots=True)
class Song:
    """One labelled score of a corpus.

    game: its name, normalised. collection: where it comes from ("vgmusic/nes"). key, key_correlation: as music21 finds
    them; None and 0 without pitches. reduction: 0 for the console's own four channels or the main arrangement, 1 and
    more for others of the same file. real: whether the file had the console's own channels, with their volumes.
    clock: the rows found, where the score has no grid.
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
        """The key, where there is no doubt about it."""
        return self.key if self.key_correlation >= CLEAR_KEY else None


def song_to_json(song: Song) -> str:
    """A song as one line."""
    labels = {name: getattr(song, name) for name in Song.__dataclass_fields__ if name not in ("score", "clock")}
    clock = asdict(song.clock) if song.clock else None
    return json.dumps({**labels, "clock": clock, "score": _score_to_json(song.score)}, separators=(",", ":"))


def song_from_json(line: str | bytes) -> Song:
    """The song that `song_to_json` wrote. Raises CorpusError."""
    try:
        found = json.loads(line)
        clock = RowClock(**found["clock"]) if found["clock"] else None
        return Song(**{**found, "clock": clock, "score": _score_from_json(found["score"])})
    except (ValueError, TypeError, LookupError) as error:
        raise CorpusError(f"A line of the corpus holds no song: {error}.") from error


def read_lines(path: Path) -> Iterator[bytes]:
    """The lines of a corpus file, each a song. Raises CorpusError where the file is missing or damaged."""
    try:
        with gzip.open(path, "rb") as file:
            yield from file
    except FileNotFoundError as error:
        raise CorpusError(f"There is no corpus in {path}: chiptune corpus makes one.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise CorpusError(f"{path} is no file of chiptune corpus, or is damaged.") from error


def read_songs(path: Path) -> Iterator[Song]:
    """The songs of a corpus file, one at a time. Raises CorpusError."""
    return map(song_from_json, read_lines(path))


def encode_songs(songs: Iterable[Song]) -> bytes:
    """Songs as a part of a corpus file, which is such parts one after the other. The same songs, the same bytes."""
    return gzip.compress("".join(f"{song_to_json(song)}\n" for song in songs).encode(), 6, mtime=0)


def write_songs(path: Path, songs: Iterable[Song]) -> None:
    """Write a corpus file, one song at a time."""
    with path.open("wb") as file:
        for song in songs:
            file.write(encode_songs([song]))


# --- MIDI files -------------------------------------------------------------------------------------------------


def midi_files(folder: Path) -> list[Path]:
    """All MIDI files below a folder, in the order of their names. Raises CorpusError where there is none."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".mid", ".midi"))
    if not files:
        raise CorpusError(f"There are no MIDI files in {folder}.")
    return files


def read_midi_file(path: Path) -> Score:
    """A file's score; raises CorpusError, which names the file."""
    try:
        return read_score(path)
    except (OSError, EOFError, ValueError, LookupError, KeySignatureError) as error:
        raise CorpusError(f"{path.name} cannot be scored: {error or type(error).__name__}.") from error


# --- scores ----------------------------------------------------------------------------------------------------


def _score_to_json(score: Score) -> dict[str, Any]:
    """A score as lists: a note is [frames after the end of the one before, length, pitch, volume, duty]."""
    grid = score.grid
    channels = []
    for notes in score.channels:
        before, rows = 0, []
        for note in notes:
            rows.append(
                [
                    note.start - before,
                    note.length,
                    note.pitch,
                    _flatten_changes(note.volume),
                    _flatten_changes(note.duty),
                ]
            )
            before = note.end
        channels.append(rows)
    return {
        "frames": score.frames,
        "grid": [grid.groove, grid.start, grid.rows_a_beat, grid.beats_a_bar] if grid else None,
        "title": score.title,
        "loop": score.loop,
        "channels": channels,
    }


def _score_from_json(packed: dict[str, Any]) -> Score:
    channels = []
    for rows in packed["channels"]:
        now, notes = 0, []
        for gap, length, pitch, volume, duty in rows:
            start = now + gap
            now = start + length
            notes.append(Note(start, now, pitch, _parse_changes(volume), _parse_changes(duty)))
        channels.append(tuple(notes))
    grid = packed["grid"]
    kept = Grid(tuple(grid[0]), *grid[1:]) if grid else None
    return Score(tuple(channels), packed["frames"], kept, packed["title"], packed["loop"])


def _flatten_changes(changes: tuple[Change, ...]) -> list[int]:
    """[first value, time, value, time, value ...]: the first change is always at 0."""
    return [number for change in changes for number in change][1:]


def _parse_changes(flat: list[int]) -> tuple[Change, ...]:
    return ((0, flat[0]), *zip(flat[1::2], flat[2::2], strict=True))
