"""Builds a corpus: reads, labels and arranges every file in parallel, removes copies, and assigns games to a side.

The result is the two files of `models.music.songs`. A game is on one side only, and so are games whose names start
alike if a source's own split has one of them (Castlevania II and Castlevania II: Simon's Quest).
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from generator.analysis.fingerprints import Fingerprint, find_copies, fingerprint
from generator.analysis.keys import find_key, key_profiles
from generator.arranging.arrange import reductions
from generator.corpus.labels import Origin, origin_of, scene_of
from generator.corpus.sources import SourceFile, list_files, read_files
from generator.importing.importer import Import, import_midi
from generator.protocol.errors import InputError
from models.errors import MusicError
from models.music.grid import tempo_bpm
from models.music.score import Score
from models.music.songs import TRAIN_FILE, VALID_FILE, CorpusError, Song, encode_songs
from models.parallel import in_parallel
from models.tokens.codec import row_clock

FEWEST_NOTES, SHORTEST_SECONDS = 8, 2
SHORTEST_SERIES = 6
"""Letters that a game's name must have for longer names that start with it to count as the same series."""

COPY = "a copy of another file"
BOTH_SIDES = "of a game that is on both sides of the source's split"

Progress = Callable[[Iterable["CorpusFile"], int], Iterable["CorpusFile"]]
"""Wraps the files as they come, with their total number."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a corpus is built.

    reductions: arrangements of each file that is not for the console's channels already. limit: the largest number of
    files, spread evenly over the sources. valid_share: the share of games without a known side that is held out. seed:
    decides the arrangements and the held-out games.
    """

    reductions: int = 2
    limit: int | None = None
    valid_share: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        if self.reductions < 1:
            raise InputError(f"Each file needs at least one arrangement, not {self.reductions}.")
        if self.limit is not None and self.limit < 1:
            raise InputError(f"The limit must be at least one file, not {self.limit}.")
        if not 0 <= self.valid_share < 1:
            raise InputError(f"The share of held-out games must be from 0 to below 1, not {self.valid_share:g}.")


@dataclass(slots=True)
class CorpusFile:
    """What is known of one file. reason: why it is left out, or None.

    seconds, notes, bpm: of the main arrangement. packed: its songs, until they are in the spool. span: their offset and
    length there. copy_of: the file whose music it has. side: train or valid.
    """

    parts: tuple[str, ...]
    origin: Origin
    reason: str | None = None
    real: bool = False
    scene: str | None = None
    key: str | None = None
    key_correlation: float = 0.0
    seconds: float = 0.0
    notes: int = 0
    bpm: float = 0.0
    songs: int = 0
    fingerprint: Fingerprint | None = None
    packed: bytes = b""
    span: tuple[int, int] = (0, 0)
    copy_of: CorpusFile | None = None
    side: str | None = None


def build(sources: Sequence[Path], out: Path, options: Options, progress: Progress) -> list[CorpusFile]:
    """Write the corpus of some sources into a folder, all of it or nothing, and return what happened to each file.

    Raise InputError if a source cannot be read, and CorpusError if no file remains.
    """
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".new-", dir=out) as name:
        folder = Path(name)
        with (folder / "spool").open("wb") as spool:
            entries = sorted(_read_all(sources, spool, options, progress), key=lambda entry: entry.parts)
        decide_sides(entries, options)
        mark_copies(entries)
        if not any(entry.side for entry in entries):
            raise CorpusError("The sources have no file that can be used for training.")
        files = {"train": TRAIN_FILE, "valid": VALID_FILE}
        with (folder / "spool").open("rb") as spool:
            for side, file in files.items():
                _write((entry for entry in entries if entry.side == side), spool, folder / file)
        for file in files.values():
            (folder / file).replace(out / file)
    return entries


def _read_all(sources: Sequence[Path], spool: IO[bytes], options: Options, progress: Progress) -> Iterator[CorpusFile]:
    """Yield all files, with their songs written to the spool."""
    names = [(source, name) for source in sources for name in list_files(source)]
    if not names:
        raise InputError(f"There are no MIDI files in {', '.join(map(str, sources))}.")
    count = min(options.limit or len(names), len(names))
    chosen = [names[i * len(names) // count] for i in range(count)]
    wanted = {source: frozenset(name for of, name in chosen if of == source) for source in sources}
    files = chain.from_iterable(read_files(source, wanted[source]) for source in sources)
    key_profiles()  # music21 takes seconds to load: do it once, before there are child processes
    for entry in progress(in_parallel(partial(read_file, options=options), files), count):
        entry.span = spool.tell(), len(entry.packed)
        spool.write(entry.packed)
        entry.packed = b""
        yield entry


def _write(entries: Iterable[CorpusFile], spool: IO[bytes], path: Path) -> None:
    """Write a corpus file of the songs of some files, which are in the spool."""
    with path.open("wb") as file:
        for entry in entries:
            start, length = entry.span
            spool.seek(start)
            file.write(spool.read(length))


# --- one file --------------------------------------------------------------------------------------------------


def read_file(file: SourceFile, options: Options) -> CorpusFile:
    """Return a file with its songs, or with the reason why it has none."""
    entry = CorpusFile(file.parts, origin_of(file.parts))
    try:
        if file.damage:
            raise InputError(file.damage)
        imported = import_midi(file.data)
        scores = _scores(imported, file.data, options)
    except (InputError, MusicError) as error:
        entry.reason = str(error)
        return entry
    entry.reason = _why_unfit(scores[0]) if scores else "nothing that the four channels can play"
    if entry.reason is None:
        songs = list(_songs(file.parts[-1], entry, imported, scores))
        entry.songs, entry.packed = len(songs), encode_songs(songs)
        entry.fingerprint = _fingerprint(imported)
    return entry


def _fingerprint(imported: Import) -> Fingerprint | None:
    """Return the fingerprint of a file's pitched notes, or of its drums if it has nothing else."""
    pitched = fingerprint((note.start, note.pitch) for note in imported.notes if not note.drum)
    return fingerprint((note.start, note.pitch) for note in imported.notes) if pitched is None else pitched


def _scores(imported: Import, data: bytes, options: Options) -> list[Score]:
    """Return the console's own score, or arrangements that depend only on the file and the seed."""
    if imported.score is not None:
        return [imported.score]
    digest = hashlib.sha256(b"%d " % options.seed + data).digest()
    return reductions(imported, options.reductions, int.from_bytes(digest[:4], "big"))


def _why_unfit(score: Score) -> str | None:
    """Return why a score is not a usable song, or None."""
    if score.note_count < FEWEST_NOTES:
        return f"fewer than {FEWEST_NOTES} notes"
    if score.seconds < SHORTEST_SECONDS:
        return f"shorter than {SHORTEST_SECONDS} seconds"
    if not any(volume for _, note in score.notes() for _, volume in note.volume):
        return "silent"
    return None


def _songs(name: str, entry: CorpusFile, imported: Import, scores: Sequence[Score]) -> Iterator[Song]:
    """Yield the songs of a file, and set the file's labels."""
    main = scores[0]
    entry.real = imported.score is not None
    entry.scene = scene_of(entry.origin.title)
    key, correlation = find_key(main)
    entry.key, entry.key_correlation = (key, round(correlation, 4)) if correlation else (None, 0.0)
    entry.seconds, entry.notes = main.seconds, main.note_count
    clock = row_clock(main)
    entry.bpm = main.grid.bpm if main.grid else tempo_bpm(clock.beat_frames)
    for number, score in enumerate(scores):
        yield Song(
            name=name.rpartition(".")[0],
            game=entry.origin.game,
            collection=entry.origin.collection,
            scene=entry.scene,
            key=entry.key,
            key_correlation=entry.key_correlation,
            reduction=number,
            real=entry.real,
            score=score,
            clock=None if score.grid else clock,
        )


# --- all files -------------------------------------------------------------------------------------------------


def decide_sides(entries: Sequence[CorpusFile], options: Options) -> None:
    """Put every usable file on the side of its game."""
    fixed: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        if entry.origin.side is not None:
            fixed[entry.origin.game].add(entry.origin.side)
    known_sides = {game: "valid" if "valid" in sides else "train" for game, sides in fixed.items()}
    side = {game: _side_of(game, known_sides, options) for game in {entry.origin.game for entry in entries}}
    for entry in entries:
        if entry.origin.side == "train" and side[entry.origin.game] == "valid":
            entry.reason = entry.reason or BOTH_SIDES
        if entry.reason is None:
            entry.side = side[entry.origin.game]


def _side_of(game: str, known_sides: dict[str, str], options: Options) -> str:
    """Return a game's known side, else that of a game whose name starts alike (valid first), else a random one."""
    if game in known_sides:
        return known_sides[game]
    related = {side for other, side in known_sides.items() if _similar_names(game, other)}
    if related:
        return "valid" if "valid" in related else "train"
    digest = hashlib.sha256(f"{options.seed} {game}".encode()).digest()
    return "valid" if int.from_bytes(digest[:4], "big") < options.valid_share * 2**32 else "train"


def _similar_names(name: str, other: str) -> bool:
    """Return whether one name starts with the other, which must not be too short."""
    short, long = sorted((name, other), key=len)
    return len(short) >= SHORTEST_SERIES and long.startswith(short)


def mark_copies(entries: Sequence[CorpusFile]) -> None:
    """Leave out copies. The file of the valid side stays, else the console's own, else the first by name."""
    ranked = sorted(
        (entry for entry in entries if entry.side),
        key=lambda entry: (entry.side != "valid", not entry.real, entry.parts),
    )
    for copy, original in find_copies([entry.fingerprint for entry in ranked]).items():
        ranked[copy].reason, ranked[copy].side, ranked[copy].copy_of = COPY, None, ranked[original]
