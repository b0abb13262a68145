"""What it helps to hear the other channels: nats a note of each channel without them, and with the three others given.

    python -m benchmarks.composing.listener_gain SONGS [--model DIR] [--count N] [--beats N]

SONGS is a file of `chiptune corpus`. Of each song the first beats are taken, as many as fit into the model's context;
every control is left out. Composition alone counts: notes, times, and the counting of beats. The channel is told in the
same tokens each time: to the network as it is, without its listener; with the listener, and nothing given; with the
others given; and with the others of another song, for what a listener adds by itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from tqdm import tqdm
from transformers import LlamaForCausalLM

from models.music.score import CHANNELS
from models.music.songs import read_songs
from models.tokens.codec import to_text
from models.tokens.piano_roll import Roll, RowCounter, Rows, make_roll, stack_rolls
from models.tokens.prompts import ALL_CHANNELS, ParsedTune, parse_tune, render_channels
from models.tokens.tokenizer import load_codebook, load_tokenizer, token_events
from models.tokens.vocabulary import event_of, is_sound
from models.training.listener import Listener, load_listener
from models.training.network import load_network
from models.weights import DEFAULT_MODEL_FOLDER

BATCH = 8
WAYS = ("without", "listener, nothing given", "the others given", "another song's given")


@dataclass(frozen=True, slots=True)
class Line:
    """Token ids of one channel, the row each is at, which of them count, the notes; what is given, None for nothing."""

    ids: list[int]
    reached: Rows
    counts: list[bool]
    notes: int
    roll: Roll | None = None


@dataclass(frozen=True, slots=True)
class Models:
    """What is measured."""

    tokenizer: Tokenizer
    network: LlamaForCausalLM
    listener: Listener


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("songs", type=Path)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL_FOLDER)
    parser.add_argument("--count", type=int, default=400, help="songs at the most")
    parser.add_argument("--beats", type=int, default=64, help="of each song, at the most")
    given = parser.parse_args()
    network = load_network(given.model)
    models = Models(load_tokenizer(given.model), network, load_listener(given.model, network))
    codebook = load_codebook(given.model, models.tokenizer)
    sheets = [
        parse_tune(to_text(song.score, clock=song.clock, codebook=codebook, repeats=True))
        for song in islice(read_songs(given.songs), given.count)
    ]
    print(f"| channel | songs | notes | {' | '.join(WAYS)} | given / without |\n{'| --- ' * (4 + len(WAYS))}|")
    for channel in ALL_CHANNELS:
        print(row(models, sheets, channel, given.beats), flush=True)


def row(models: Models, sheets: Sequence[ParsedTune], channel: int, beats: int) -> str:
    """A line of the table: nats a note of a channel in the four ways."""
    counter = RowCounter(token_events(models.tokenizer))
    found = [(line, sheet) for sheet in sheets if (line := _line(models, counter, sheet, channel, beats))]
    others = [other for other in ALL_CHANNELS if other != channel]
    rolls = [make_roll(sheet, others) for _, sheet in found]
    # The next song in the list stands for another one.
    strange = [_as_long(rolls[(i + 1) % len(rolls)], len(roll)) for i, roll in enumerate(rolls)]
    nothing = [make_roll(sheet, []) for _, sheet in found]
    lines = [line for line, _ in found]
    notes = max(1, sum(line.notes for line in lines))
    ways: list[Sequence[Roll | None]] = [[None] * len(lines), nothing, rolls, strange]
    nats = [
        sum(_nats(models, [replace(line, roll=roll) for line, roll in zip(lines, way, strict=True)], name)) / notes
        for way, name in zip(ways, WAYS, strict=True)
    ]
    figures = " | ".join(f"{value:.3f}" for value in nats)
    ratio = nats[2] / max(1e-9, nats[0])
    return f"| {CHANNELS[channel].title} | {len(lines)} | {notes} | {figures} | {ratio:.3f} |"


def _as_long(roll: Roll, rows: int) -> Roll:
    """A roll of so many rows, from the beginning of one that may be shorter, over and over."""
    return np.resize(roll, (rows, roll.shape[1]))


def _line(models: Models, counter: RowCounter, sheet: ParsedTune, channel: int, beats: int) -> Line | None:
    """A channel of a song's beginning; None where it or the others are silent there."""
    context = models.network.config.max_position_embeddings
    beats = min(beats, len(sheet.beats))
    while beats > 0:
        begun = ParsedTune(sheet.head, sheet.beats[:beats], sheet.played[:beats])
        ids = models.tokenizer.encode(render_channels(begun, [channel])).ids
        if len(ids) <= context:
            break
        beats -= 4
    notes = sum(_notes(begun, channel, beat) for beat in range(beats)) if beats > 0 else 0
    if not notes or not any(
        begun.played[beat][other] for beat in range(beats) for other in ALL_CHANNELS if other != channel
    ):
        return None
    spelling = token_events(models.tokenizer)
    first = next(i for i, token in enumerate(ids) if spelling[token][0].startswith("beat:"))
    counts = [i >= first and not is_sound(spelling[token][0]) for i, token in enumerate(ids)]
    return Line(ids, counter.rows(ids, 0), counts, notes)


def _notes(sheet: ParsedTune, channel: int, beat: int) -> int:
    """Notes that a channel begins in a beat; one character each, before those of their sounds."""
    return sum(event_of(happening[0]).startswith("on:") for _, happening in sheet.played[beat][channel])


def _nats(models: Models, lines: Sequence[Line], name: str) -> Iterator[float]:
    """Nats of what counts, a batch at a time."""
    ordered = sorted(lines, key=lambda line: len(line.ids))
    for i in tqdm(range(0, len(ordered), BATCH), desc=name, leave=False):
        batch = ordered[i : i + BATCH]
        longest = max(len(line.ids) for line in batch)
        ids = torch.tensor([line.ids + [0] * (longest - len(line.ids)) for line in batch])
        counts = torch.tensor([line.counts + [False] * (longest - len(line.counts)) for line in batch])
        with torch.inference_mode():
            _hear(models.listener, batch, longest)
            logits = models.network(ids[:, :-1], use_cache=False).logits.float()
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        yield float((losses * counts[:, 1:].flatten()).sum())


def _hear(listener: Listener, batch: Sequence[Line], longest: int) -> None:
    """Tell the listener what is given in a batch: all of it, or of none."""
    rolls = [line.roll for line in batch if line.roll is not None]
    if not rolls:
        listener.hear_nothing()
        return
    reached = np.zeros((len(batch), longest), dtype=np.int64)
    for row, line in zip(reached, batch, strict=True):
        row[: len(line.reached)] = line.reached
    listener.hear(torch.from_numpy(stack_rolls(rolls)), torch.from_numpy(reached[:, :-1]))


if __name__ == "__main__":
    main()
