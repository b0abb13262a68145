"""How well the arranger does on real files: what it keeps of melody and bass, how long it takes, what it refuses.

    python -m benchmarks.importing.arranger FOLDER [--files N] [--seed N] [--pictures OUT] [--nesmdb FOLDER]

Draws MIDI files of a folder by the seed. Published methods that the arranger does not use say what melody and bass are.
One of their notes counts as kept if any pitched channel begins a note of the same pitch class within two frames.
`--pictures` draws each source above its arrangement. `--nesmdb` also arranges NES-MDB's files, once as they are and
once with their tracks shuffled and unnamed.
"""

from __future__ import annotations

import argparse
import io
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from math import log
from pathlib import Path

import mido
from PIL import Image, ImageDraw
from tqdm import tqdm

from generator.arranging.arrange import arrange
from generator.arranging.drums import is_percussion
from generator.importing.importer import Import, Part, PartNote, import_midi
from generator.pictures.colours import CHANNEL_COLOURS
from generator.pictures.piano_roll import Axis
from generator.protocol.canvas import BACKGROUND, TEXT
from generator.protocol.errors import InputError
from generator.protocol.requests import Request
from generator.protocol.uploads import digest
from models.music.midi import midi_bytes, read_score
from models.music.score import FRAMES_PER_SECOND, NO, P1, P2, TR, Score

NEAR = 2
"""Frames by which a kept note may begin too early or too late."""
SHOWN_SECONDS = 45
"""Seconds of each song in the pictures."""


# --- the melody and the bass by published methods -----------------------------------------------------------------


def skyline(notes: Iterable[PartNote]) -> list[PartNote]:
    """Return the highest of the notes that begin together: all-mono of Uitdenbogerd and Zobel (1998)."""
    by_start = groupby(sorted(notes, key=lambda note: note.start), key=lambda note: note.start)
    return [max(struck, key=lambda note: note.pitch) for _, struck in by_start]


def entropy_channel(parts: Sequence[Part]) -> list[PartNote]:
    """Return the skyline whose pitches have the highest entropy of all parts: their entropy-channel."""
    return max((skyline(part.notes) for part in parts), key=_entropy, default=[])


def top_channel(parts: Sequence[Part]) -> list[PartNote]:
    """Return the skyline of the part with the highest mean pitch: their top-channel."""
    return skyline(max(parts, key=_mean_pitch).notes) if parts else []


def lowest_line(notes: Iterable[PartNote]) -> list[PartNote]:
    """Return the bass: each note that begins while nothing lower sounds, the lowest if several do."""
    line: list[PartNote] = []
    for note in sorted(notes, key=lambda note: (note.start, note.pitch)):
        if not line or line[-1].end <= note.start or (note.pitch < line[-1].pitch and note.start > line[-1].start):
            line.append(note)
    return line


def _entropy(notes: Sequence[PartNote]) -> float:
    counts = Counter(note.pitch for note in notes)
    return -sum(n / len(notes) * log(n / len(notes)) for n in counts.values())


def _mean_pitch(part: Part) -> float:
    return sum(note.pitch for note in part.notes) / len(part.notes)


# --- what is counted ----------------------------------------------------------------------------------------------


@dataclass
class KeptNotes:
    """The shares of notes that are kept: of all songs together, and of each song."""

    kept: int = 0
    notes: int = 0
    songs: list[float] = field(default_factory=list)

    def add(self, notes: Sequence[PartNote], score: Score, channels: Iterable[int]) -> None:
        """Count the notes of a song that any of the channels keeps."""
        onsets = {
            (n.start + d, n.pitch % 12) for c in channels for n in score.channels[c] for d in range(-NEAR, NEAR + 1)
        }
        kept = sum((note.start, note.pitch % 12) in onsets for note in notes)
        self.kept += kept
        self.notes += len(notes)
        if notes:
            self.songs.append(kept / len(notes))

    def __str__(self) -> str:
        if not self.songs:
            return "none"
        worst = sorted(self.songs)[len(self.songs) // 10]
        share, mean = self.kept / self.notes, statistics.mean(self.songs)
        return f"{share:6.1%} of {self.notes:,} notes; mean of the songs {mean:.1%}, a tenth of them under {worst:.1%}"


ROWS: tuple[tuple[str, str, tuple[int, ...]], ...] = (
    ("melody (all-mono)", "skyline", (P1, P2, TR)),
    ("  of it on pulse 1", "skyline", (P1,)),
    ("melody (entropy-channel)", "entropy", (P1, P2, TR)),
    ("  of it on pulse 1", "entropy", (P1,)),
    ("melody (top-channel)", "top", (P1, P2, TR)),
    ("  of it on pulse 1", "top", (P1,)),
    ("bass (lowest line)", "lowest", (P1, P2, TR)),
    ("  of it on the triangle", "lowest", (TR,)),
    ("all pitched notes", "all", (P1, P2, TR)),
)


def lines_of(parts: Sequence[Part]) -> dict[str, list[PartNote]]:
    """Return a song's melody and bass by each method."""
    pitched = [part for part in parts if not is_percussion(part)]
    notes = [note for part in pitched for note in part.notes]
    return {
        "skyline": skyline(notes),
        "entropy": entropy_channel(pitched),
        "top": top_channel(pitched),
        "lowest": lowest_line(notes),
        "all": notes,
    }


def measure(files: Sequence[Path], pictures: Path | None) -> None:
    """Arrange the files and print the table."""
    tallies = [KeptNotes() for _ in ROWS]
    times: list[float] = []
    refused: Counter[str] = Counter()
    for number, file in enumerate(tqdm(files, unit="file")):
        data = file.read_bytes()
        began = time.perf_counter()
        try:
            tune = arrange(Request(mode="arrange", upload=digest(data), name=file.name), data)
        except InputError as error:
            refused[str(error)] += 1
            continue
        times.append(time.perf_counter() - began)
        imported = import_midi(data)
        lines = lines_of(imported.parts)
        for tally, (_, line, channels) in zip(tallies, ROWS, strict=True):
            tally.add(lines[line], tune.score, channels)
        if pictures:
            draw(imported, tune.score, pictures / f"{number:03} {tune.title}.png", tune.report)
    print(f"{len(files)} files, {len(times)} arranged, {sum(refused.values())} refused")
    for sentence, count in refused.most_common():
        print(f"  {count} x {sentence}")
    if times:
        print(f"seconds: median {statistics.median(times):.2f}, most {max(times):.2f}")
    for (title, *_), tally in zip(ROWS, tallies, strict=True):
        print(f"{title:26} {tally}")


# --- NES-MDB ------------------------------------------------------------------------------------------------------


def measure_nesmdb(files: Sequence[Path]) -> None:
    """Print the share of note-ons that keep channel, frame and pitch, with track names and without."""
    shuffle = random.Random(0)
    named, unnamed, refused = [0, 0], [0, 0], 0
    for file in tqdm(files, unit="file"):
        data = file.read_bytes()
        truth = read_score(data)
        try:
            for count, upload in ((named, data), (unnamed, shuffled(data, shuffle))):
                score = arrange(Request(mode="arrange", upload=digest(upload), name=file.name), upload).score
                count[0] += most_kept(truth, score)
                count[1] += truth.note_count
        except InputError:
            refused += 1
    print(f"{len(files)} files of NES-MDB, {refused} refused")
    print(f"with names {named[0] / named[1]:.2%} of {named[1]:,} note-ons, shuffled {unnamed[0] / unnamed[1]:.2%}")


def shuffled(data: bytes, shuffle: random.Random) -> bytes:
    """Return a MIDI file with its tracks shuffled, on other MIDI channels and without names."""
    midi = mido.MidiFile(file=io.BytesIO(data))
    tracks = midi.tracks[1:]
    shuffle.shuffle(tracks)
    channels = shuffle.sample(range(16), len(tracks))
    for track, channel in zip(tracks, channels, strict=True):
        track[:] = [
            message.copy(channel=channel) if hasattr(message, "channel") else message
            for message in track
            if message.type != "track_name"
        ]
    midi.tracks = [midi.tracks[0], *tracks]
    return midi_bytes(midi)


def most_kept(truth: Score, score: Score) -> int:
    """Return the number of note-ons with equal channel, frame and pitch. The two pulses may be swapped."""
    orders = ((P1, P2, TR, NO), (P2, P1, TR, NO))
    return max(sum(len(_onsets(truth, a) & _onsets(score, b)) for a, b in enumerate(order)) for order in orders)


def _onsets(score: Score, channel: int) -> set[tuple[int, int]]:
    return {(note.start, note.pitch) for note in score.channels[channel]}


# --- pictures -----------------------------------------------------------------------------------------------------

PART_COLOURS = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167),
    (150, 150, 150), (180, 220, 120), (120, 100, 200), (250, 170, 170), (110, 220, 220),
)  # fmt: skip
WIDTH, ROLL_HEIGHT, NOISE_HEIGHT, LETTERS = 2000, 560, 80, 24

Bar = tuple[int, int, int, tuple[int, int, int]]
"""Start, end, pitch, colour."""


def draw(imported: Import, score: Score, path: Path, report: str) -> None:
    """Draw a song's parts, each in its colour, above its arrangement in the channels' colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGB", (WIDTH, 2 * (ROLL_HEIGHT + NOISE_HEIGHT + LETTERS)), BACKGROUND)
    pen = ImageDraw.Draw(image)
    drums = [(n.start, n.start + 3, n.pitch, TEXT) for part in imported.parts if part.drum for n in part.notes]
    parts = [
        (n.start, n.end, n.pitch, PART_COLOURS[i % len(PART_COLOURS)])
        for i, part in enumerate(imported.parts)
        if not part.drum
        for n in part.notes
    ]
    noise = [(n.start, n.end, n.pitch, CHANNEL_COLOURS[NO]) for n in score.channels[NO]]
    channels = [(n.start, n.end, n.pitch, CHANNEL_COLOURS[c]) for c in (P2, TR, P1) for n in score.channels[c]]
    pitches = [bar[2] for bar in parts + channels] or [60]
    names = "  ".join(f"{i + 1} {part.name[:14]}/{part.program}" for i, part in enumerate(imported.parts))
    for top, title, pitched, struck, keys in (
        (0, names, parts, drums, (27, 87)),
        (ROLL_HEIGHT + NOISE_HEIGHT + LETTERS, report, channels, noise, (1, 16)),
    ):
        pen.text((4, top + 4), title.encode("latin-1", "replace").decode("latin-1"), fill=TEXT)
        middle = top + LETTERS + ROLL_HEIGHT
        _bars(pen, (top + LETTERS, middle), (min(pitches), max(pitches)), pitched)
        _bars(pen, (middle + 4, middle + NOISE_HEIGHT), keys, struck)
    for i, part in enumerate(imported.parts):
        pen.rectangle(
            (4 + i * 24, 20, 24 + i * 24, 23), fill=TEXT if part.drum else PART_COLOURS[i % len(PART_COLOURS)]
        )
    image.save(path)


def _bars(pen: ImageDraw.ImageDraw, span: tuple[int, int], pitches: tuple[int, int], bars: Iterable[Bar]) -> None:
    axis = Axis((0, span[0], WIDTH, span[1]), SHOWN_SECONDS * FRAMES_PER_SECOND, *pitches)
    for pitch in range(pitches[0], pitches[1] + 1):
        if pitch % 12 == 0:
            pen.line((0, axis.y(pitch - 0.5), WIDTH, axis.y(pitch - 0.5)), fill=(58, 62, 92))
    for start, end, pitch, colour in sorted(bars):
        left, half = axis.x(start), max(1.5, axis.row * 0.45)
        pen.rectangle((left, axis.y(pitch) - half, max(left + 1, axis.x(end) - 1), axis.y(pitch) + half), fill=colour)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="MIDI files, also in subfolders")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="draws the files")
    parser.add_argument("--pictures", type=Path, metavar="OUT")
    parser.add_argument("--nesmdb", type=Path, metavar="FOLDER")
    options = parser.parse_args(arguments)
    files = sorted(options.folder.rglob("*.mid"))
    measure(random.Random(options.seed).sample(files, min(options.files, len(files))), options.pictures)
    if options.nesmdb:
        measure_nesmdb(sorted(options.nesmdb.rglob("*.mid")))


if __name__ == "__main__":
    main()
