"""What it helps to know the other channels: nats a note of each channel alone, and after the three others.

    python -m benchmarks.given SONGS [--model DIR] [--count N] [--beats N]

SONGS is a file of `chiptune corpus`. Of each song the first beats are taken, as many as fit into the model's context in
both forms; every control is left out. Composition alone counts: notes, times, and the counting of beats.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import torch
from tokenizers import Tokenizer
from tqdm import tqdm
from transformers import LlamaForCausalLM

from models.cli import DEFAULT_MODEL
from models.forms import EVERY, Sheet, accompany, only, read_sheet
from models.network import load_network
from models.rewrite import AHEAD
from models.score import CHANNEL_NAMES, CHANNELS
from models.songs import read_songs
from models.tokens import load_codebook, load_tokenizer, spelled, to_text, token_id
from models.vocabulary import event_of, is_sound

BATCH = 8


@dataclass(frozen=True, slots=True)
class Line:
    """Token ids of one song in one form, and which of them count."""

    ids: list[int]
    counts: list[bool]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("songs", type=Path)
    parser.add_argument("--model", type=Path, default=DEFAULT_MODEL)
    parser.add_argument("--count", type=int, default=200, help="songs at the most")
    parser.add_argument("--beats", type=int, default=64, help="of each song, at the most")
    parser.add_argument("--ahead", type=int, default=AHEAD, help="beats by which the others come first")
    given = parser.parse_args()
    tokenizer, network = load_tokenizer(given.model), load_network(given.model)
    codebook = load_codebook(given.model, tokenizer)
    sheets = [
        read_sheet(to_text(song.score, clock=song.clock, codebook=codebook, repeats=True))
        for song in islice(read_songs(given.songs), given.count)
    ]
    print("| channel | songs | notes | alone | after the others | ratio |\n| --- | --- | --- | --- | --- | --- |")
    for channel in EVERY:
        print(row((network, tokenizer), sheets, channel, (given.beats, given.ahead)), flush=True)


def row(model: tuple[LlamaForCausalLM, Tokenizer], sheets: Sequence[Sheet], channel: int, told: tuple[int, int]) -> str:
    """A line of the table: nats a note of a channel in both forms. told: as for `_lines`."""
    network, tokenizer = model
    context = network.config.max_position_embeddings
    found = [lines for sheet in sheets if (lines := _lines(tokenizer, sheet, channel, told, context))]
    notes = sum(count for _, _, count in found)
    name = CHANNEL_NAMES[channel]
    alone = sum(_nats(network, [line for line, _, _ in found], name)) / max(1, notes)
    after = sum(_nats(network, [line for _, line, _ in found], name)) / max(1, notes)
    title = CHANNELS[channel].title
    return f"| {title} | {len(found)} | {notes} | {alone:.3f} | {after:.3f} | {after / alone:.3f} |"


def _lines(
    tokenizer: Tokenizer, sheet: Sheet, channel: int, told: tuple[int, int], context: int
) -> tuple[Line, Line, int] | None:
    """(alone, after the others, notes) of a song's beginning; None where the channel or the others are silent there.

    told: beats at the most, and by how many the others come first.
    """
    beats, ahead = min(told[0], len(sheet.beats)), told[1]
    others = [other for other in EVERY if other != channel]
    while beats > 0:
        begun = Sheet(sheet.head, sheet.beats[:beats], sheet.played[:beats])
        after = tokenizer.encode(accompany(begun, others, [channel], ahead=ahead)).ids
        if len(after) <= context:
            break
        beats -= 4
    notes = sum(_notes(begun, channel, beat) for beat in range(beats)) if beats > 0 else 0
    if not notes or not any(begun.played[beat][other] for beat in range(beats) for other in others):
        return None
    alone = tokenizer.encode(only(begun, [channel])).ids
    return _line(tokenizer, alone), _line(tokenizer, after), notes


def _notes(sheet: Sheet, channel: int, beat: int) -> int:
    """Notes that a channel begins in a beat; one character each, before those of their sounds."""
    return sum(event_of(happening[0]).startswith("on:") for _, happening in sheet.played[beat][channel])


def _line(tokenizer: Tokenizer, ids: list[int]) -> Line:
    """What counts is what the channel writes, without sounds: after the head, or after `<then>` up to the next marker.

    That marker counts too: it says that the beat is full, as the next number of a beat does where a channel is alone.
    """
    spelling = spelled(tokenizer)
    given, then = (token_id(tokenizer, event) for event in ("<given>", "<then>"))
    writes = given not in ids
    counts = []
    begun = False
    for token in ids:
        events = spelling[token]
        begun = begun or events[0].startswith("beat:")
        counts.append(writes and begun and not is_sound(events[0]))
        if token in (given, then):
            writes = token == then
    return Line(ids, counts)


def _nats(network: LlamaForCausalLM, lines: Sequence[Line], name: str) -> Iterator[float]:
    """Nats of what counts, a batch at a time."""
    ordered = sorted(lines, key=lambda line: len(line.ids))
    for i in tqdm(range(0, len(ordered), BATCH), desc=name, leave=False):
        batch = ordered[i : i + BATCH]
        longest = max(len(line.ids) for line in batch)
        ids = torch.tensor([line.ids + [0] * (longest - len(line.ids)) for line in batch])
        counts = torch.tensor([line.counts + [False] * (longest - len(line.counts)) for line in batch])
        with torch.inference_mode():
            logits = network(ids[:, :-1], use_cache=False).logits.float()
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        yield float((losses * counts[:, 1:].flatten()).sum())


if __name__ == "__main__":
    main()
