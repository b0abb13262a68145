"""Which form of tokens a network learns best: each is trained on the same songs with equal compute, then measured.

    python -m benchmarks.composing.representations CORPUS [--steps N] [--songs N] [--valid N] [--only NAME …]

CORPUS is a folder made by `chiptune corpus`. Every form gets the same network, the same number of tokens per step and
the same steps. The measure is nats per note of composition on songs that are not trained on. The forms run one after
another in one process, on as many threads as torch uses.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from tqdm import tqdm

from models.music.score import Note, Score
from models.music.songs import TRAIN_FILE, VALID_FILE, Song, read_songs
from models.tokens.codebook import learn_codebook
from models.tokens.codec import row_clock, to_text
from models.tokens.prompts import parse_tune, render
from models.tokens.sounds import Codebook
from models.tokens.tokenizer import token_id
from models.tokens.vocabulary import EVENTS, char, event_of, is_sound
from models.training.evaluate import BATCH, window_nats, windows
from models.training.examples import Example
from models.training.settings import Settings
from models.training.train import Trainer

VOCABULARY = 1536


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write songs. text: writes one song. merges: whether byte-pair encoding merges its events."""

    name: str
    text: Callable[[Song, Codebook], str]
    merges: bool = True


def by_channel(song: Song, _: Codebook) -> str:
    """Write rows beat by beat, with one channel after another inside a beat."""
    parts = [
        to_text(Score(_only(song.score, channel), song.score.frames), clock=song.clock or row_clock(song.score))
        for channel in range(len(song.score.channels))
    ]
    beats = [_by_beat(part) for part in parts]
    words = parts[0].split(" ")[: parts[0].split(" ").index(beats[0][0][0])]
    for columns in zip(*beats, strict=True):
        words.append(columns[0][0])
        words += [word for column in columns for word in column[1:]]
    return " ".join([*words, char("<end>")])


def _only(score: Score, channel: int) -> tuple[tuple[Note, ...], ...]:
    return tuple(notes if i == channel else () for i, notes in enumerate(score.channels))


def _by_beat(text: str) -> list[list[str]]:
    """Return the words of each beat, its number first."""
    counters = {char(event) for event in EVENTS if event.startswith("beat:")}
    beats: list[list[str]] = []
    for word in text.split(" ")[:-1]:
        if word in counters:
            beats.append([word])
        elif beats:
            beats[-1].append(word)
    return beats


def rows(*, sounds: bool = False, repeats: bool = False) -> Callable[[Song, Codebook], str]:
    """Return the form that the product uses: rows of the grid, with or without sounds and repeats."""

    def text(song: Song, codebook: Codebook) -> str:
        return to_text(song.score, clock=song.clock, codebook=codebook if sounds else None, repeats=repeats)

    return text


def parts_in_turn(order: Sequence[int]) -> Callable[[Song, Codebook], str]:
    """Return the product's form with sounds and repeats, but with one channel after another inside a beat."""

    def text(song: Song, codebook: Codebook) -> str:
        tune = parse_tune(to_text(song.score, clock=song.clock, codebook=codebook, repeats=True))
        words = list(tune.head)
        for i, beat in enumerate(tune.beats):
            words += beat.opening
            for channel in order:
                words += render(tune, range(i, i + 1), [channel])[len(beat.opening) :]
        return " ".join([*words, char("<end>")])

    return text


FORMS = (
    Form("rows, not merged", rows(), merges=False),
    Form("rows", rows()),
    Form("rows, channel by channel", by_channel),
    Form("rows and sounds", rows(sounds=True)),
    Form("rows and repeats", rows(repeats=True)),
    Form("rows, sounds and repeats", rows(sounds=True, repeats=True)),
    Form("the same, channel by channel", parts_in_turn((0, 1, 2, 3))),
    Form("the same, from the drums up", parts_in_turn((3, 2, 1, 0))),
)


def learn(texts: Sequence[str], *, merges: bool) -> Tokenizer:
    """Train a tokenizer for all that any form writes."""
    alphabet = [*map(char, EVENTS)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    size = VOCABULARY if merges else len(alphabet)
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=alphabet,
        show_progress=False,
        special_tokens=[char(event) for event in ("<pad>", "<bos>", "<end>")],
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def measure(form: Form, songs: Sequence[Song], valid: Sequence[Song], codebook: Codebook, settings: Settings) -> None:
    """Train on one form and print its row."""
    examples = [Example(song.name, form.text(song, codebook)) for song in songs]
    tokenizer = learn([example.text for example in examples], merges=form.merges)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(Path(folder), examples, tokenizer, settings)
        for _ in tqdm(trainer.run(settings.steps, settings.steps + 1), total=settings.steps, desc=form.name):
            pass
    seconds = time.perf_counter() - began
    trainer.network.eval()
    beats = frozenset(token_id(tokenizer, event) for event in EVENTS if event.startswith("beat:"))
    texts = [form.text(song, codebook) for song in valid]
    ids = [tokenizer.encode(text).ids for text in texts]
    sounds = torch.tensor([any(is_sound(event_of(character)) for character in text) for text in _spelling(tokenizer)])
    pending = [window for song in ids for window in windows(song, beats, settings.context)]
    pending.sort(key=lambda window: len(window.ids))
    batches = [pending[i : i + BATCH] for i in range(0, len(pending), BATCH)]
    nats = torch.stack([window_nats(trainer.network, batch, sounds) for batch in batches]).sum(dim=0)
    notes, length = sum(song.score.note_count for song in valid), sum(song.score.seconds for song in valid)
    tokens = sum(map(len, ids)) / length
    print(f"| {form.name} | {tokens:.1f} | {nats[0] / notes:.3f} | {nats[1] / notes:.3f} | {seconds:.0f} |", flush=True)


def _spelling(tokenizer: Tokenizer) -> list[str]:
    return [tokenizer.id_to_token(i) or "" for i in range(tokenizer.get_vocab_size())]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--songs", type=int, default=1000, help="songs to train on")
    parser.add_argument("--valid", type=int, default=60, help="songs to measure on")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--only", nargs="*", choices=[form.name for form in FORMS])
    options = parser.parse_args(arguments)
    songs = list(islice(read_songs(options.corpus / TRAIN_FILE), 0, None, max(1, 4000 // options.songs)))
    valid = list(islice(read_songs(options.corpus / VALID_FILE), 0, None, max(1, 360 // options.valid)))
    codebook = learn_codebook((song.score for song in songs), 0)
    if codebook is None:
        parser.error("the corpus holds no real songs")
    settings = Settings(steps=options.steps, layers=options.layers, vocabulary=VOCABULARY, context=512, warmup=30)
    print(f"{len(songs)} songs to train on, {len(valid)} to measure on, {options.steps} steps")
    print(
        "| form | tokens per second | nats per note | of sounds | seconds |\n| --- | --- | --- | --- | --- |",
        flush=True,
    )
    for form in FORMS:
        if not options.only or form.name in options.only:
            measure(form, songs, valid, codebook, settings)


if __name__ == "__main__":
    main()
