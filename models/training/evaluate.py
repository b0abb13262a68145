"""Measures how well a model predicts songs that it has not seen, independently of how it represents them.

Notes are counted on the score (onsets and ends rounded half up to 1/60 s), likelihood on the tokens without controls.
Sound tokens count as expression, all others as composition, given the sounds before them. Nothing is sampled here;
that is `models.inference.new_tune`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import LlamaForCausalLM

from models.music.grid import BEAT_CYCLE
from models.music.score import Score
from models.music.songs import midi_files, read_midi_file, read_songs
from models.tokens.codec import decode, to_text
from models.tokens.sounds import Codebook
from models.tokens.tokenizer import knows_repeats, load_codebook, load_tokenizer, token_events, token_id
from models.tokens.vocabulary import is_sound
from models.training.hardware import device
from models.training.network import load_network

BATCH = 8
"""Windows in a batch."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The figures of a model over a folder of songs.

    notes: note-ons. nats: those of notes, times and the end mark, without controls. expression_nats: those of volume,
    duty and envelopes, 0 if the model writes none. kept: the share of note-ons and note-offs that the tokens reproduce
    at the same frame, pitch and channel.
    """

    songs: int
    seconds: float
    notes: int
    tokens: int
    nats: float
    nats_per_note: float
    nats_per_second: float
    expression_nats: float
    kept: float


@dataclass(frozen=True, slots=True)
class Window:
    """Token ids that the network sees at once. Those from index `first` on count."""

    ids: list[int]
    first: int


def note_events(score: Score) -> set[tuple[str, int, int, int]]:
    """Return a score's note-ons and note-offs as (on or off, frame, channel, pitch)."""
    events = set()
    for channel, note in score.notes():
        events |= {("on", note.start, channel, note.pitch), ("off", note.end, channel, note.pitch)}
    return events


def windows(ids: Sequence[int], beats: frozenset[int], context: int) -> Iterator[Window]:
    """Yield a song in windows. Each token counts once, after at least half a context of history or the song's start.

    Later windows start with the song's head (its tempo), as in training, and continue from a beat.
    """
    yield Window(list(ids[:context]), 1)
    counted = context
    starts = [i for i, token in enumerate(ids) if token in beats]
    head = list(ids[: starts[0]]) if starts else []
    while counted < len(ids):
        latest = counted - context // 2
        start = max((i for i in starts if i <= latest), default=0)
        if counted - start > context - len(head) - 16:
            start = latest
        window = head + list(ids[start : start + context - len(head)])
        yield Window(window, len(head) + counted - start)
        counted = start + context - len(head)


def evaluate(
    source: Path,
    model: Path,
    progress: Callable[[Iterable[Any]], Iterator[Any]] = iter,
) -> Evaluation:
    """Evaluate a model on the MIDI files below a folder, or on a corpus file.

    progress: wraps the files or songs, to show progress. Raise CorpusError if there is nothing to read.
    """
    tokenizer, network = load_tokenizer(model), load_network(model)
    network.to(device())
    beats = frozenset(token_id(tokenizer, f"beat:{n}") for n in range(BEAT_CYCLE))
    codebook = load_codebook(model, tokenizer)
    sounds = torch.tensor([any(map(is_sound, events)) for events in token_events(tokenizer)])
    songs = notes = tokens = events = kept = 0
    seconds = 0.0
    nats = torch.zeros(2, dtype=torch.double)
    pending: list[Window] = []
    for score, text in _scores(source, codebook, knows_repeats(tokenizer), progress):
        ids = tokenizer.encode(text).ids
        expected = note_events(score)
        songs, seconds, notes = songs + 1, seconds + score.seconds, notes + score.note_count
        tokens += len(ids) - 1
        events, kept = events + len(expected), kept + len(expected & note_events(decode(tokenizer, ids, codebook)))
        pending += windows(ids, beats, network.config.max_position_embeddings)
        while len(pending) >= BATCH * 8:
            nats += _next_batch_nats(network, pending, sounds)
    while pending:
        nats += _next_batch_nats(network, pending, sounds)
    share = kept / events if events else math.nan
    composition, expression = nats.tolist()
    per_note, per_second = composition / max(1, notes), composition / max(1e-9, seconds)
    return Evaluation(songs, round(seconds, 1), notes, tokens, composition, per_note, per_second, expression, share)


def _scores(
    source: Path, codebook: Codebook | None, repeats: bool, progress: Callable[[Iterable[Any]], Iterator[Any]]
) -> Iterator[tuple[Score, str]]:
    """Yield each score of a folder of MIDI files or of a corpus file, with its text without controls.

    A corpus's arranged songs name no sounds, as in training.
    """
    if source.is_file():
        for song in progress(read_songs(source)):
            yield (
                song.score,
                to_text(song.score, clock=song.clock, codebook=codebook if song.real else None, repeats=repeats),
            )
    else:
        for path in progress(midi_files(source)):
            score = read_midi_file(path)
            yield score, to_text(score, codebook=codebook, repeats=repeats)


def _next_batch_nats(network: LlamaForCausalLM, pending: list[Window], sounds: torch.Tensor) -> torch.Tensor:
    """Take a batch of the longest windows from `pending`, and return their nats as `window_nats` does [2]."""
    pending.sort(key=lambda window: len(window.ids))
    batch, pending[-BATCH:] = pending[-BATCH:], []
    return window_nats(network, batch, sounds)


def window_nats(network: LlamaForCausalLM, batch: Sequence[Window], sounds: torch.Tensor) -> torch.Tensor:
    """Return the nats of the tokens that count in a batch [2]: those of composition, and those of sounds.

    sounds: which tokens are sound tokens [vocabulary].
    """
    longest = max(len(window.ids) for window in batch)
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    counts = torch.zeros((len(batch), longest), dtype=torch.bool)
    for row, window in enumerate(batch):
        ids[row, : len(window.ids)] = torch.tensor(window.ids)
        counts[row, window.first : len(window.ids)] = True
    with torch.inference_mode():
        logits = network(ids[:, :-1].to(network.device), use_cache=False).logits.float().cpu()
    losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
    counted = losses.double() * counts[:, 1:].flatten()
    is_sound_label = sounds[ids[:, 1:].flatten()]
    return torch.stack([counted[~is_sound_label].sum(), counted[is_sound_label].sum()])
