"""What the listener gains: nats per note of each channel, without the other channels and with them given.

    python -m benchmarks.composing.listener_gain SONGS [--model DIR] [--count N] [--beats N]

SONGS is a file made by `chiptune corpus`. The first beats of each song are used, as many as fit into the model's
context, without controls. Only composition counts: notes, times and beat numbers. The channel's tokens are the same
each time. They are scored by the network without its listener, with a listener that is given nothing, with the other
channels given, and with those of another song given, which shows what a listener adds by itself.
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
VARIANTS = ("without", "listener, nothing given", "the others given", "another song's given")


@dataclass(frozen=True, slots=True)
class ChannelTokens:
    """The tokens of one channel.

    ids: token ids. reached: the row of each. counts: which of them are measured. notes: how many notes they hold.
    roll: the given channels as a piano roll; None for no listener.
    """

    ids: list[int]
    reached: Rows
    counts: list[bool]
    notes: int
    roll: Roll | None = None


@dataclass(frozen=True, slots=True)
class Models:
    """A network with its tokenizer and its listener."""

    tokenizer: Tokenizer
    network: LlamaForCausalLM
    listener: Listener


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("songs", type=Path)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL_FOLDER)
    parser.add_argument("--count", type=int, default=400, help="most songs")
    parser.add_argument("--beats", type=int, default=64, help="most beats of a song")
    options = parser.parse_args(arguments)
    network = load_network(options.model)
    models = Models(load_tokenizer(options.model), network, load_listener(options.model, network))
    codebook = load_codebook(options.model, models.tokenizer)
    tunes = [
        parse_tune(to_text(song.score, clock=song.clock, codebook=codebook, repeats=True))
        for song in islice(read_songs(options.songs), options.count)
    ]
    print(f"| channel | songs | notes | {' | '.join(VARIANTS)} | given / without |\n{'| --- ' * (4 + len(VARIANTS))}|")
    for channel in ALL_CHANNELS:
        print(row(models, tunes, channel, options.beats), flush=True)


def row(models: Models, tunes: Sequence[ParsedTune], channel: int, beats: int) -> str:
    """Return a row of the table: nats per note of a channel in the four variants."""
    counter = RowCounter(token_events(models.tokenizer))
    usable = [(tokens, tune) for tune in tunes if (tokens := _tokens(models, counter, tune, channel, beats))]
    others = [other for other in ALL_CHANNELS if other != channel]
    rolls = [make_roll(tune, others) for _, tune in usable]
    # The next song in the list serves as the other one.
    strange = [_as_long(rolls[(i + 1) % len(rolls)], len(roll)) for i, roll in enumerate(rolls)]
    nothing = [make_roll(tune, []) for _, tune in usable]
    channels = [tokens for tokens, _ in usable]
    notes = max(1, sum(tokens.notes for tokens in channels))
    variants: list[Sequence[Roll | None]] = [[None] * len(channels), nothing, rolls, strange]
    nats = [
        sum(_nats(models, [replace(tokens, roll=roll) for tokens, roll in zip(channels, given, strict=True)], name))
        / notes
        for given, name in zip(variants, VARIANTS, strict=True)
    ]
    figures = " | ".join(f"{value:.3f}" for value in nats)
    ratio = nats[2] / max(1e-9, nats[0])
    return f"| {CHANNELS[channel].title} | {len(channels)} | {notes} | {figures} | {ratio:.3f} |"


def _as_long(roll: Roll, rows: int) -> Roll:
    """Return a roll cut or repeated to a number of rows."""
    return np.resize(roll, (rows, roll.shape[1]))


def _tokens(models: Models, counter: RowCounter, tune: ParsedTune, channel: int, beats: int) -> ChannelTokens | None:
    """Return one channel of a song's beginning; None if it or all others are silent there."""
    context = models.network.config.max_position_embeddings
    beats = min(beats, len(tune.beats))
    while beats > 0:
        begun = ParsedTune(tune.head, tune.beats[:beats], tune.played[:beats])
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
    return ChannelTokens(ids, counter.rows(ids, 0), counts, notes)


def _notes(tune: ParsedTune, channel: int, beat: int) -> int:
    """Return how many notes a channel begins in a beat. A word begins with its note, its sound follows."""
    return sum(event_of(happening[0]).startswith("on:") for _, happening in tune.played[beat][channel])


def _nats(models: Models, channels: Sequence[ChannelTokens], name: str) -> Iterator[float]:
    """Yield the nats of the measured tokens, one batch at a time."""
    ordered = sorted(channels, key=lambda tokens: len(tokens.ids))
    for i in tqdm(range(0, len(ordered), BATCH), desc=name, leave=False):
        batch = ordered[i : i + BATCH]
        longest = max(len(tokens.ids) for tokens in batch)
        ids = torch.tensor([tokens.ids + [0] * (longest - len(tokens.ids)) for tokens in batch])
        counts = torch.tensor([tokens.counts + [False] * (longest - len(tokens.counts)) for tokens in batch])
        with torch.inference_mode():
            _give(models.listener, batch, longest)
            logits = models.network(ids[:, :-1], use_cache=False).logits.float()
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        yield float((losses * counts[:, 1:].flatten()).sum())


def _give(listener: Listener, batch: Sequence[ChannelTokens], longest: int) -> None:
    """Give the listener the rolls of a batch; either all channels have one or none has."""
    rolls = [tokens.roll for tokens in batch if tokens.roll is not None]
    if not rolls:
        listener.clear()
        return
    reached = np.zeros((len(batch), longest), dtype=np.int64)
    for row, tokens in zip(reached, batch, strict=True):
        row[: len(tokens.reached)] = tokens.reached
    listener.read(torch.from_numpy(stack_rolls(rolls)), torch.from_numpy(reached[:, :-1]))


if __name__ == "__main__":
    main()
