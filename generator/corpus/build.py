"""From sources to a corpus: every file read, labelled and arranged in parallel, copies left out, games put on a side.

The result is `models.music.songs`' two files. A game is on one side only, and so are games whose names begin alike where a
source's own split has one of them (Castlevania II and Castlevania II: Simon's Quest).
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

from generator.analysis.fingerprints import Print, find_copies, fingerprint
from generator.analysis.keys import find_key, key_profiles
from generator.arranging.arrange import reductions
from generator.corpus.labels import Place, place_of, scene_of
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
ALIKE = 6
"""Letters that a game's name has at the least for longer ones to be taken for the same game's."""

COPY = "a copy of another file"
BOTH_SIDES = "of a game that is on both sides of the source's split"

Progress = Callable[[Iterable["Piece"], int], Iterable["Piece"]]
"""Wraps the files as they come, of which there are so many."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a corpus is made.

    reductions: arrangements of each file that is not of the console already. limit: files read at the most, spread
    evenly over the sources. valid_share: games of no known side that are kept from training. seed: draws both.
    """

    reductions: int = 2
    limit: int | None = None
    valid_share: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        if self.reductions < 1:
            raise InputError(f"There is at least one arrangement of a file, not {self.reductions}.")
        if self.limit is not None and self.limit < 1:
            raise InputError(f"The limit is at least one file, not {self.limit}.")
        if not 0 <= self.valid_share < 1:
            raise InputError(f"The share of games to keep from training is 0 to 1, not {self.valid_share:g}.")


@dataclass(slots=True)
class Piece:
    """What is known of one file. reason: why it is left out, else None.

    seconds, notes, bpm: of the main arrangement. packed: its songs, until they lie in the spool; span: where, from and
    bytes. copy_of: the piece whose music it has. side: train or valid.
    """

    parts: tuple[str, ...]
    place: Place
    reason: str | None = None
    real: bool = False
    scene: str | None = None
    key: str | None = None
    key_correlation: float = 0.0
    seconds: float = 0.0
    notes: int = 0
    bpm: float = 0.0
    songs: int = 0
    print: Print | None = None
    packed: bytes = b""
    span: tuple[int, int] = (0, 0)
    copy_of: Piece | None = None
    side: str | None = None


def build(sources: Sequence[Path], out: Path, options: Options, progress: Progress) -> list[Piece]:
    """Write the corpus of some sources into a folder, whole or not at all; what became of each file.

    Raises InputError for sources that cannot be read, CorpusError where nothing is left of them.
    """
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".new-", dir=out) as name:
        folder = Path(name)
        with (folder / "spool").open("wb") as spool:
            pieces = sorted(_read_all(sources, spool, options, progress), key=lambda piece: piece.parts)
        decide_sides(pieces, options)
        mark_copies(pieces)
        if not any(piece.side for piece in pieces):
            raise CorpusError("Nothing in the sources can be trained on.")
        files = {"train": TRAIN_FILE, "valid": VALID_FILE}
        with (folder / "spool").open("rb") as spool:
            for side, file in files.items():
                _write((piece for piece in pieces if piece.side == side), spool, folder / file)
        for file in files.values():
            (folder / file).replace(out / file)
    return pieces


def _read_all(sources: Sequence[Path], spool: IO[bytes], options: Options, progress: Progress) -> Iterator[Piece]:
    """All files, their songs put into the spool."""
    names = [(source, name) for source in sources for name in list_files(source)]
    if not names:
        raise InputError(f"There are no MIDI files in {', '.join(map(str, sources))}.")
    count = min(options.limit or len(names), len(names))
    chosen = [names[i * len(names) // count] for i in range(count)]
    wanted = {source: frozenset(name for of, name in chosen if of == source) for source in sources}
    files = chain.from_iterable(read_files(source, wanted[source]) for source in sources)
    key_profiles()  # music21 takes seconds to load: once, before there are processes that inherit it
    for piece in progress(in_parallel(partial(read_piece, options=options), files), count):
        piece.span = spool.tell(), len(piece.packed)
        spool.write(piece.packed)
        piece.packed = b""
        yield piece


def _write(pieces: Iterable[Piece], spool: IO[bytes], path: Path) -> None:
    """A corpus file of what the spool holds of some pieces."""
    with path.open("wb") as file:
        for piece in pieces:
            start, length = piece.span
            spool.seek(start)
            file.write(spool.read(length))


# --- one file --------------------------------------------------------------------------------------------------


def read_piece(file: SourceFile, options: Options) -> Piece:
    """A file as songs, or with the reason why not."""
    piece = Piece(file.parts, place_of(file.parts))
    try:
        if file.damage:
            raise InputError(file.damage)
        imported = import_midi(file.data)
        scores = _scores(imported, file.data, options)
    except (InputError, MusicError) as error:
        piece.reason = str(error)
        return piece
    piece.reason = _unfit(scores[0]) if scores else "nothing that the four channels can play"
    if piece.reason is None:
        songs = list(_songs(file.parts[-1], piece, imported, scores))
        piece.songs, piece.packed = len(songs), encode_songs(songs)
        piece.print = _print(imported)
    return piece


def _print(imported: Import) -> Print | None:
    """What copies of it would share: its pitched notes, or its drums where it has nothing else."""
    pitched = fingerprint((note.start, note.pitch) for note in imported.notes if not note.drum)
    return fingerprint((note.start, note.pitch) for note in imported.notes) if pitched is None else pitched


def _scores(imported: Import, data: bytes, options: Options) -> list[Score]:
    """The console's own score, or arrangements for it, which depend on the file and the seed alone."""
    if imported.score is not None:
        return [imported.score]
    drawn = hashlib.sha256(b"%d " % options.seed + data).digest()
    return reductions(imported, options.reductions, int.from_bytes(drawn[:4], "big"))


def _unfit(score: Score) -> str | None:
    """Why a score is no song, or None."""
    if score.note_count < FEWEST_NOTES:
        return f"fewer than {FEWEST_NOTES} notes"
    if score.seconds < SHORTEST_SECONDS:
        return f"shorter than {SHORTEST_SECONDS} seconds"
    if not any(volume for _, note in score.notes() for _, volume in note.volume):
        return "silent"
    return None


def _songs(name: str, piece: Piece, imported: Import, scores: Sequence[Score]) -> Iterator[Song]:
    """The songs of a file, with the labels that are the piece's from now on."""
    main = scores[0]
    piece.real = imported.score is not None
    piece.scene = scene_of(piece.place.title)
    key, correlation = find_key(main)
    piece.key, piece.key_correlation = (key, round(correlation, 4)) if correlation else (None, 0.0)
    piece.seconds, piece.notes = main.seconds, main.note_count
    clock = row_clock(main)
    piece.bpm = main.grid.bpm if main.grid else tempo_bpm(clock.beat_frames)
    for number, score in enumerate(scores):
        yield Song(
            name=name.rpartition(".")[0],
            game=piece.place.game,
            collection=piece.place.collection,
            scene=piece.scene,
            key=piece.key,
            key_correlation=piece.key_correlation,
            reduction=number,
            real=piece.real,
            score=score,
            clock=None if score.grid else clock,
        )


# --- all files -------------------------------------------------------------------------------------------------


def decide_sides(pieces: Sequence[Piece], options: Options) -> None:
    """Put every piece that is fit on the side of its game."""
    fixed: defaultdict[str, set[str]] = defaultdict(set)
    for piece in pieces:
        if piece.place.side is not None:
            fixed[piece.place.game].add(piece.place.side)
    known = {game: "valid" if "valid" in found else "train" for game, found in fixed.items()}
    side = {game: _side_of(game, known, options) for game in {piece.place.game for piece in pieces}}
    for piece in pieces:
        if piece.place.side == "train" and side[piece.place.game] == "valid":
            piece.reason = piece.reason or BOTH_SIDES
        if piece.reason is None:
            piece.side = side[piece.place.game]


def _side_of(game: str, known: dict[str, str], options: Options) -> str:
    """The side that is known of a game or of one whose name begins alike, valid before train; else drawn."""
    if game in known:
        return known[game]
    kin = {side for other, side in known.items() if _alike(game, other)}
    if kin:
        return "valid" if "valid" in kin else "train"
    drawn = hashlib.sha256(f"{options.seed} {game}".encode()).digest()
    return "valid" if int.from_bytes(drawn[:4], "big") < options.valid_share * 2**32 else "train"


def _alike(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= ALIKE and long.startswith(short)


def mark_copies(pieces: Sequence[Piece]) -> None:
    """Leave out what is a copy: of its kind the valid side's stays, then the console's own, then the first by name."""
    ranked = sorted(
        (piece for piece in pieces if piece.side),
        key=lambda piece: (piece.side != "valid", not piece.real, piece.parts),
    )
    for copy, original in find_copies([piece.print for piece in ranked]).items():
        ranked[copy].reason, ranked[copy].side, ranked[copy].copy_of = COPY, None, ranked[original]
