"""How near arrangements of fans' MIDI files come to what the console plays.

    python -m benchmarks.importing.console_originals VGMUSIC NESMDB [--pairs FILE] [--pictures OUT] [--half HALF]

VGMUSIC is a folder of folders named after games, with MIDI files that people made by ear; NESMDB has the same games'
songs as the console plays them. Files of one game are a pair if they share enough phrases. The shared phrases also say
how the file's time, tempo and key map to the console's. `--pairs` keeps what was found, because looking takes minutes.

Of each pair the file is arranged, and its channels are compared with the console's where both play: melody (pulse 1
with the pulse that it is nearest to) and bass (triangle) by onset and pitch class, drums (noise) by onset. A note
counts if the other side has one within NEAR frames; the figure is F1 of precision and recall, as a mean of the songs.
Games are split by name into a train half, by which the arranger may be tuned, and a held-out half. `--pictures` draws
the console's song and the arrangement of ten pairs of each half.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import statistics
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from random import Random

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from benchmarks.importing.arranger import skyline
from generator.arranging.drums import is_percussion
from generator.arranging.envelopes import to_score
from generator.arranging.reduction import reduce
from generator.importing.importer import import_midi
from generator.pictures.colours import CHANNEL_COLOURS
from generator.pictures.piano_roll import Axis
from generator.protocol.canvas import BACKGROUND, TEXT
from generator.protocol.errors import ChiptuneError
from models.music.midi import read_score
from models.music.score import FRAMES_PER_SECOND, NO, P1, P2, TR, Score

NEAR = 3
"""Frames by which a note may begin too early or too late."""
PHRASE = 6
"""Intervals of a phrase that two files may share."""
FEWEST_KINDS = 3
"""Different intervals in such a phrase: scales and trills are shared by all music."""
MOST_PLACES = 6
"""Places of one phrase that are looked at, the first ones."""
CLOSE = 4
"""Frames by which a shared phrase may miss the place that the other phrases give it."""
FEWEST_PHRASES, FEWEST_SHARE = 15, 0.25
"""Phrases of a console song, and their share, that a file must have in their places to be a pair with it."""
TEMPOS = (0.75, 1.33)
"""How much faster or slower a file may be."""
TRIES = 300
HALVES = ("train", "held-out")


@dataclass(frozen=True)
class Pair:
    """A file and the console's song. Frame f of the console is frame `ratio * f + shift` of the file, `up` semitones
    higher. phrases: the share of the song's phrases that are in their places. span: the console's frames from the first
    of them to the last: before and after, fans go other ways.
    """

    game: str
    file: str
    song: str
    ratio: float
    shift: float
    up: int
    phrases: float
    span: tuple[int, int]

    @property
    def half(self) -> str:
        """The half of its game."""
        return HALVES[hashlib.sha256(self.game.encode()).digest()[0] % 2]


@dataclass(frozen=True)
class Nearness:
    """F1 of melody, bass and drums; None if the console or the file has none of them."""

    melody: float | None
    bass: float | None
    drums: float | None


# --- pairs --------------------------------------------------------------------------------------------------------

Line = Sequence[tuple[int, int]]
"""(frame, pitch) of notes one after another."""
Phrases = dict[tuple[int, ...], list[tuple[int, int]]]
"""By intervals: (frame, first pitch) of each place."""


def game_of(name: str) -> str:
    """Return the name of a game in a form that both collections share."""
    return re.sub(r"[^a-z0-9]|japan|\bthe\b", "", re.sub(r"-(the|japan)\b", "", name.lower()))


def phrases_of(lines: Iterable[Line]) -> Phrases:
    """Return the phrases of lines."""
    found: Phrases = {}
    for line in lines:
        for at in range(len(line) - PHRASE):
            part = line[at : at + PHRASE + 1]
            intervals = tuple(b[1] - a[1] for a, b in pairwise(part))
            if len(set(intervals)) >= FEWEST_KINDS and len(found.setdefault(intervals, [])) < MOST_PLACES:
                found[intervals].append(part[0])
    return found


def match(song: Phrases, file: Phrases, seed: int) -> tuple[float, float, int, float, tuple[int, int]] | None:
    """Return (ratio, shift, semitones, share of the song's phrases, their span) that map a song to a file, or None."""
    shared = [(a, b) for intervals in song.keys() & file.keys() for a in song[intervals] for b in file[intervals]]
    total = sum(map(len, song.values()))
    if len(shared) < FEWEST_PHRASES:
        return None
    ups = np.array([b[1] - a[1] for a, b in shared])
    up = int(np.bincount(ups + 128).argmax()) - 128
    ours = np.array([a[0] for a, _ in shared], dtype=float)[ups == up]
    theirs = np.array([b[0] for _, b in shared], dtype=float)[ups == up]
    random, best, fit, span = np.random.default_rng(seed), 0, (1.0, 0.0), (0, 0)
    if len(ours) < FEWEST_PHRASES:
        return None
    for i, j in random.integers(len(ours), size=(TRIES, 2)):
        apart = ours[j] - ours[i]
        if abs(apart) < 2 * FRAMES_PER_SECOND:
            continue
        ratio = (theirs[j] - theirs[i]) / apart
        if not TEMPOS[0] <= ratio <= TEMPOS[1]:
            continue
        shift = theirs[i] - ratio * ours[i]
        near = np.abs(ratio * ours + shift - theirs) <= CLOSE
        count = len(np.unique(ours[near]))
        if count > best:
            best, fit = count, _least_squares(ours[near], theirs[near])
            span = int(ours[near].min()), int(ours[near].max())
    share = best / total
    return (*fit, up, share, span) if best >= FEWEST_PHRASES and share >= FEWEST_SHARE else None


def _least_squares(xs: np.ndarray, ys: np.ndarray) -> tuple[float, float]:
    """Return (slope, intercept) of the line through points."""
    slope, intercept = np.polyfit(xs, ys, 1)
    return float(slope), float(intercept)


def find_pairs(vgmusic: Path, nesmdb: Path) -> Iterator[Pair]:
    """Yield for each song of NES-MDB the file of its game that has the most of its phrases."""
    songs: dict[str, list[Path]] = {}
    for path in sorted(nesmdb.rglob("*_*_*.mid")):
        songs.setdefault(game_of(path.name.split("_")[1]), []).append(path)
    folders = [folder for folder in sorted(vgmusic.iterdir()) if folder.is_dir() and game_of(folder.name) in songs]
    for folder in tqdm(folders, unit="game"):
        game = game_of(folder.name)
        files = dict(_files_of(folder))
        used: set[str] = set()
        for path in songs[game]:
            score = read_score(path)
            phrases = phrases_of([(note.start, note.pitch) for note in score.channels[c]] for c in (P1, P2, TR))
            fits = [(fit, name) for name, theirs in files.items() if (fit := match(phrases, theirs, 0))]
            if fits:
                (ratio, shift, up, share, span), name = max(fits, key=lambda item: (item[0][3], item[1]))
                if name not in used:
                    used.add(name)
                    yield Pair(game, name, str(path.relative_to(nesmdb)), ratio, shift, up, share, span)


def _files_of(folder: Path) -> Iterator[tuple[str, Phrases]]:
    """Yield (name, phrases) of the files that can be read."""
    for path in sorted(folder.glob("*.mid")):
        try:
            parts = import_midi(path.read_bytes()).parts
        except ChiptuneError:
            continue
        lines = [[(note.start, note.pitch) for note in skyline(p.notes)] for p in parts if not is_percussion(p)]
        yield f"{folder.name}/{path.name}", phrases_of(lines)


# --- nearness -----------------------------------------------------------------------------------------------------

Onsets = dict[int, list[int]]
"""By pitch class, or 0 for all drums: sorted frames."""


def onsets(score: Score, channel: int, span: tuple[float, float], pair: Pair | None = None) -> Onsets:
    """Return the onsets of a channel in a span of the file. pair: maps a console's score to it."""
    found: Onsets = {}
    for note in score.channels[channel]:
        frame = pair.ratio * note.start + pair.shift if pair else note.start
        if span[0] <= frame < span[1]:
            kind = 0 if channel == NO else (note.pitch + (pair.up if pair else 0)) % 12
            found.setdefault(kind, []).append(round(frame))
    return found


def f1(ours: Onsets, theirs: Onsets) -> float | None:
    """Return F1 of two channels; None if one is empty."""
    counts = [sum(map(len, side.values())) for side in (ours, theirs)]
    if not all(counts):
        return None
    precision, recall = _found(ours, theirs) / counts[0], _found(theirs, ours) / counts[1]
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _found(these: Onsets, those: Onsets) -> int:
    """Return how many of these onsets have one of those near."""
    count = 0
    for kind, frames in these.items():
        others = those.get(kind, [])
        for frame in frames:
            at = bisect_left(others, frame - NEAR)
            count += at < len(others) and others[at] <= frame + NEAR
    return count


def span_of(pair: Pair) -> tuple[float, float]:
    """Return the frames of the file in which both play the same."""
    first, last = pair.span
    return pair.ratio * first + pair.shift - NEAR, pair.ratio * last + pair.shift + NEAR


def nearness(pair: Pair, song: Score, arranged: Score) -> Nearness:
    """Compare an arrangement with the console's song."""
    span = span_of(pair)
    lead = onsets(arranged, P1, span)
    pulses = [f1(lead, onsets(song, channel, span, pair)) for channel in (P1, P2)]
    bass, drums = (f1(onsets(arranged, c, span), onsets(song, c, span, pair)) for c in (TR, NO))
    return Nearness(max((value for value in pulses if value is not None), default=None), bass, drums)


def arranged(path: Path) -> Score:
    """Return the arrangement of a file."""
    return to_score(reduce(import_midi(path.read_bytes()).parts))


def summary(results: Sequence[Nearness]) -> dict[str, float]:
    """Return the means of the songs, and `all`, the mean of the three."""
    means = {}
    for name in ("melody", "bass", "drums"):
        values = [value for result in results if (value := getattr(result, name)) is not None]
        means[name] = statistics.mean(values) if values else 0.0
    return {**means, "all": statistics.mean(means.values())}


# --- pictures -----------------------------------------------------------------------------------------------------

WIDTH, ROLL, GAP, SECONDS = 1600, 300, 26, 30


def draw(pair: Pair, song: Score, ours: Score, title: str, path: Path) -> None:
    """Draw the console's song above the arrangement, in the file's time, from where the song begins."""
    image = Image.new("RGB", (WIDTH, 2 * (ROLL + GAP)), BACKGROUND)
    pen = ImageDraw.Draw(image)
    first = max(0.0, pair.shift)
    for row, (name, score, map_) in enumerate((("console", song, pair), (f"arranged {title}", ours, None))):
        top = row * (ROLL + GAP)
        pen.text((6, top + 6), f"{pair.game}: {name}", fill=TEXT)
        axis = Axis((0, top + GAP, WIDTH, top + GAP + ROLL), SECONDS * FRAMES_PER_SECOND, 24, 100)
        for channel in (NO, P2, TR, P1):
            for note in score.channels[channel]:
                begin, end = note.start, note.end
                pitch = 24 + note.pitch // 4 if channel == NO else note.pitch
                if map_:
                    begin, end = (round(map_.ratio * frame + map_.shift) for frame in (begin, end))
                    pitch += 0 if channel == NO else map_.up
                left, right = axis.x(begin - first), axis.x(end - first)
                if right > 0 and left < WIDTH:
                    box = (left, axis.y(pitch) - 2, max(left + 1, right - 1), axis.y(pitch) + 2)
                    pen.rectangle(box, fill=CHANNEL_COLOURS[channel])
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


def load_pairs(options: argparse.Namespace) -> list[Pair]:
    """Return the pairs that were kept, or look for them."""
    if options.pairs and options.pairs.exists():
        return [Pair(**{**item, "span": tuple(item["span"])}) for item in json.loads(options.pairs.read_text())]
    pairs = list(find_pairs(options.vgmusic, options.nesmdb))
    if options.pairs:
        options.pairs.write_text(json.dumps([asdict(pair) for pair in pairs], indent=1))
    return pairs


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vgmusic", type=Path)
    parser.add_argument("nesmdb", type=Path)
    parser.add_argument("--pairs", type=Path, help="a JSON file")
    parser.add_argument("--half", choices=HALVES, help="only this half")
    parser.add_argument("--pictures", type=Path, metavar="OUT")
    options = parser.parse_args(arguments)
    pairs = load_pairs(options)
    for half in [options.half] if options.half else HALVES:
        chosen = [pair for pair in pairs if pair.half == half]
        results: list[Nearness] = []
        drawn = set(Random(0).sample(range(len(chosen)), min(10, len(chosen))))
        for i, pair in enumerate(tqdm(chosen, unit="pair")):
            song, ours = read_score(options.nesmdb / pair.song), arranged(options.vgmusic / pair.file)
            results.append(nearness(pair, song, ours))
            if options.pictures and i in drawn:
                shown = ", ".join(f"{k} {v:.0%}" for k, v in asdict(results[-1]).items() if v is not None)
                name = Path(pair.song).stem
                draw(pair, song, ours, shown, options.pictures / f"{half} {name}.png")
        means = ", ".join(f"{name} {value:.1%}" for name, value in summary(results).items()) if results else "none"
        games = len({pair.game for pair in chosen})
        print(f"{half}: {len(chosen)} pairs of {games} games: {means}")


if __name__ == "__main__":
    main()
