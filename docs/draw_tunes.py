"""Composes the ten tunes of docs/tunes by rule: run `python -m docs.draw_tunes CORPUS`.

Seeds 1 to 10, nothing else asked, nothing selected: each as MIDI, sound and piano roll. `rolls.png` shows them beside
the tunes of the earlier model and ten songs of the validation part, one of a game, cut to 30 s.
"""

from __future__ import annotations

import argparse
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image
from tqdm import tqdm

from generator.pictures.tune_picture import write_tune_picture
from generator.process.pipeline import run_request
from generator.protocol.requests import Request
from models.music.cutting import first_frames
from models.music.score import FRAMES_PER_SECOND, Score
from models.music.songs import VALID_FILE, read_midi_file, read_songs

FOLDER = Path(__file__).with_name("tunes")
SEEDS = range(1, 11)
SECONDS = 30
EARLIER = "nes"
SIZE = (400, 210)
"""Pixels of a roll in `rolls.png`."""


def compose_tunes(folder: Path) -> list[Path]:
    """Write each tune's MIDI file, sound and picture. Return the pictures."""
    pictures = []
    for seed in tqdm(SEEDS, desc="composing", unit="tune"):
        with tempfile.TemporaryDirectory() as made:
            result = run_request(Request(seed=seed, seconds=SECONDS), Path(made))
            for name in (result.midi, result.audio, result.picture):
                shutil.copyfile(Path(made) / name, folder / f"{seed}{Path(name).suffix}")
        pictures.append(folder / f"{seed}.png")
    return pictures


def earlier_tunes() -> Iterator[Score]:
    """Compose the same with the earlier model."""
    for seed in tqdm(SEEDS, desc=f"composing with {EARLIER}", unit="tune"):
        with tempfile.TemporaryDirectory() as made:
            result = run_request(Request(seed=seed, seconds=SECONDS, model=EARLIER), Path(made))
            yield read_midi_file(Path(made) / result.midi)


def songs(corpus: Path) -> list[Score]:
    """Return the beginnings of ten songs that last long enough, of ten games."""
    frames = SECONDS * FRAMES_PER_SECOND
    by_game: dict[str, list[Score]] = {}
    for song in read_songs(corpus / VALID_FILE):
        if song.real and song.score.frames >= frames:
            by_game.setdefault(song.game, []).append(first_frames(song.score, frames))
    draw = random.Random(0)
    return [draw.choice(by_game[game]) for game in draw.sample(sorted(by_game), len(SEEDS))]


def write_sheet(columns: Sequence[Sequence[Path]], path: Path) -> None:
    """Write pictures in columns as one picture."""
    width, height = SIZE
    sheet = Image.new("RGB", (width * len(columns), height * max(map(len, columns))))
    for x, column in enumerate(columns):
        for y, picture in enumerate(column):
            with Image.open(picture) as image:
                sheet.paste(image.convert("RGB").resize(SIZE, Image.Resampling.LANCZOS), (x * width, y * height))
    sheet.quantize(256).save(path, optimize=True)


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path, help="a folder that chiptune corpus made")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the files go")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    ours = compose_tunes(options.out)
    with tempfile.TemporaryDirectory() as folder:
        columns = []
        for title, scores in (("song", songs(options.corpus)), (EARLIER, earlier_tunes())):
            pictures = []
            for number, score in enumerate(scores, 1):
                pictures.append(Path(folder) / f"{title} {number}.png")
                write_tune_picture(score, pictures[-1], f"{title} {number}")
            columns.append(pictures)
        write_sheet([*columns, ours], options.out / "rolls.png")


if __name__ == "__main__":
    main()
