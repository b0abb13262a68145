"""A folder of MIDI files as training data: texts of events with their labels, then tokens in twelve keys.

Reads files in either form of `models.midi`. Knows nothing of the network.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from models.errors import MusicError
from models.key import CLEAR, find_key
from models.midi import MidiFormError, read_score
from models.score import Score, ScoreError
from models.tokens import row_clock, to_text, token_id, train_tokenizer
from models.vocabulary import EVENTS, transposition

SHIFTS = tuple(range(-5, 7))
"""Transpositions in semitones: every song in every key once."""

_SCENE_WORDS = {
    "game-over": r"game ?over|continue\?|death|dead|die\b|miss\b|lose",
    "clear": r"clear|complete|victory|fanfare|win\b|round end",
    "boss": r"boss|battle|fight|enemy|versus|duel",
    "title": r"title|opening|intro",
    "ending": r"ending|credit|staff|epilogue|finale",
    "town": r"town|village|castle|shop|house|inn\b|city",
    "dungeon": r"dungeon|cave|underground|tower|labyrinth|temple|underworld",
    "menu": r"menu|select|password|name entry|option|map\b|setup",
    "stage": r"stage|level|area|round|world|main|bgm|theme|overworld|field|course",
}
_PATTERNS = {scene: re.compile(words, re.IGNORECASE) for scene, words in _SCENE_WORDS.items()}

Tokens = npt.NDArray[np.uint16]


class CorpusError(MusicError):
    """A folder that holds nothing to train on."""


@dataclass(frozen=True, slots=True)
class Song:
    """One song of a corpus: its file's name and its text of events, controls included."""

    name: str
    text: str


def midi_files(folder: Path) -> list[Path]:
    """All MIDI files below a folder, in the order of their names. Raises CorpusError where there is none."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in (".mid", ".midi"))
    if not files:
        raise CorpusError(f"There are no MIDI files in {folder}.")
    return files


def scene_of(name: str) -> str | None:
    """The scene that a file's name speaks of (number_Game_track_trackTitle), or None."""
    title = re.sub(r"(?<=[a-z])(?=[A-Z0-9])", " ", name.rpartition("_")[2])
    return next((scene for scene, pattern in _PATTERNS.items() if pattern.search(title)), None)


def comes_to_rest(score: Score) -> bool:
    """Whether the last note begins a beat or more before the end: a close, and not a recording's cut."""
    last = max((notes[-1].start for notes in score.channels if notes), default=0)
    return score.frames - last >= row_clock(score).beat_frames


def read_song(path: Path) -> Song | str:
    """A file as a song, or why it is left out."""
    try:
        score = read_score(path)
    except (MidiFormError, ScoreError, OSError, EOFError, ValueError) as error:
        return f"{path.name}: {error}"
    if score.note_count < 8:
        return f"{path.name}: {score.note_count} notes"
    key, clear = find_key(score)
    text = to_text(score, scene_of(path.stem), key if clear >= CLEAR else None, countdown=comes_to_rest(score))
    return Song(path.stem, text)


def read_corpus(files: Sequence[Path], progress: Callable[[Iterator[Song | str]], Iterator[Song | str]]) -> list[Song]:
    """All songs of the files, read in parallel, each text once. progress: wraps the iterator, to show how far it is."""
    with ProcessPoolExecutor() as pool:
        read = list(progress(pool.map(read_song, files, chunksize=16)))
    songs: dict[str, Song] = {}
    for song in read:
        if isinstance(song, Song):
            songs.setdefault(song.text, song)
    if not songs:
        raise CorpusError("None of the files holds a song with channels p1, p2, tr and no.")
    return list(songs.values())


def learn_tokenizer(songs: Sequence[Song], size: int, seed: int) -> Tokenizer:
    """A tokenizer learnt from every song in a key drawn at random."""
    tables = [transposition(shift) for shift in SHIFTS]
    draw = np.random.default_rng(seed).integers(len(SHIFTS), size=len(songs))
    return train_tokenizer((s.text.translate(tables[k]) for s, k in zip(songs, draw, strict=True)), size)


def encode(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Tokens]:
    """Texts as token ids."""
    return [np.array(row.ids, dtype=np.uint16) for row in tokenizer.encode_batch(list(texts))]


class Crops:
    """Crops of songs for training: a song's head, then its tokens from some beat on, then other songs' from the start.

    Every crop is a function of (seed, step, row) alone, so that a resumed run sees what an unbroken one would.
    """

    def __init__(self, tokenizer: Tokenizer, songs: Sequence[Song], seed: int) -> None:
        self.seed = seed
        self.keys = [encode(tokenizer, [s.text.translate(transposition(shift)) for s in songs]) for shift in SHIFTS]
        self.beats = _ids(tokenizer, "beat:")
        self.controls = [_ids(tokenizer, kind) for kind in ("scene:", "key:", "left:")]
        lengths = np.array([len(tokens) for tokens in self.keys[0]], dtype=float)
        self.share = np.cumsum(lengths / lengths.sum())

    @property
    def token_count(self) -> int:
        """Tokens of all songs in one key."""
        return sum(len(tokens) for tokens in self.keys[SHIFTS.index(0)])

    def batch(self, step: int, rows: int, length: int) -> Tokens:
        """Token ids [rows, length]."""
        return np.stack([self._row(np.random.default_rng((self.seed, step, row)), length) for row in range(rows)])

    def _row(self, random: np.random.Generator, length: int) -> Tokens:
        row = self._from_beat(random, self._draw(random))
        while len(row) < length:
            row = np.concatenate([row, self._without(random, self._draw(random))])
        return row[:length]

    def _draw(self, random: np.random.Generator) -> Tokens:
        song = min(int(np.searchsorted(self.share, random.random())), len(self.share) - 1)
        return self.keys[int(random.integers(len(SHIFTS)))][song]

    def _from_beat(self, random: np.random.Generator, tokens: Tokens) -> Tokens:
        beats = np.flatnonzero(np.isin(tokens, self.beats))
        start = int(beats[0]) if random.random() < 0.1 else int(random.choice(beats))
        return self._without(random, np.concatenate([tokens[: beats[0]], tokens[start:]]))

    def _without(self, random: np.random.Generator, tokens: Tokens) -> Tokens:
        """Each kind of control left out at random, half the time."""
        keep = np.ones(len(tokens), dtype=bool)
        for control in self.controls:
            if random.random() < 0.5:
                keep &= ~np.isin(tokens, control)
        return tokens[keep]


def _ids(tokenizer: Tokenizer, prefix: str) -> npt.NDArray[np.int64]:
    """The ids of all events that begin with a prefix."""
    return np.array([token_id(tokenizer, event) for event in EVENTS if event.startswith(prefix)])
