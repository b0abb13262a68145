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

from models.inference.companion import COMPANION_FILE
from models.inference.score_memory import ScoreMemory
from models.music.grid import BEAT_CYCLE
from models.music.score import Score
from models.music.songs import midi_files, read_midi_file, read_songs
from models.tokens.codec import decode, to_text
from models.tokens.sounds import Codebook
from models.tokens.tokenizer import knows_repeats, load_codebook, load_tokenizer, token_events, token_id
from models.tokens.vocabulary import is_sound
from models.training.hardware import device
from models.training.network import load_network
from models.training.score_aware.checkpoint import load_checkpoint
from models.training.score_aware.loading import tensors

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
    tokenizer = load_tokenizer(model)
    beats = frozenset(token_id(tokenizer, f"beat:{n}") for n in range(BEAT_CYCLE))
    codebook = load_codebook(model, tokenizer)
    sounds = torch.tensor([any(map(is_sound, events)) for events in token_events(tokenizer)])
    songs = notes = tokens = events = kept = 0
    seconds = 0.0
    scorer = (ScoreAwareScorer if (model / COMPANION_FILE).exists() else Scorer)(model, beats, sounds)
    for score, text in _scores(source, codebook, knows_repeats(tokenizer), progress):
        ids = tokenizer.encode(text).ids
        expected = note_events(score)
        songs, seconds, notes = songs + 1, seconds + score.seconds, notes + score.note_count
        tokens += len(ids) - 1
        events, kept = events + len(expected), kept + len(expected & note_events(decode(tokenizer, ids, codebook)))
        scorer.add(ids)
    share = kept / events if events else math.nan
    composition, expression = scorer.total().tolist()
    per_note, per_second = composition / max(1, notes), composition / max(1e-9, seconds)
    return Evaluation(songs, round(seconds, 1), notes, tokens, composition, per_note, per_second, expression, share)


class Scorer:
    """Adds up the nats of songs under a network, with windows of similar length in a batch."""

    def __init__(self, model: Path, beats: frozenset[int], sounds: torch.Tensor) -> None:
        """beats: the tokens that start a beat. sounds: which tokens are sound tokens [vocabulary]."""
        self.network = load_network(model)
        self.network.to(device())
        self.beats, self.sounds = beats, sounds
        self.nats = torch.zeros(2, dtype=torch.double)
        self.pending: list[Window] = []

    def add(self, ids: Sequence[int]) -> None:
        """Add a song's tokens."""
        self.pending += windows(ids, self.beats, self.network.config.max_position_embeddings)
        while len(self.pending) >= BATCH * 8:
            self.nats += _next_batch_nats(self.network, self.pending, self.sounds)

    def total(self) -> torch.Tensor:
        """Return the nats of composition and those of sounds [2]."""
        while self.pending:
            self.nats += _next_batch_nats(self.network, self.pending, self.sounds)
        return self.nats


class ScoreAwareScorer:
    """Adds up the nats of songs under a score-aware network (`models.training.score_aware.network`)."""

    def __init__(self, model: Path, beats: frozenset[int], sounds: torch.Tensor) -> None:
        """beats: the tokens that start a beat. sounds: which tokens are sound tokens [vocabulary]."""
        self.network = load_checkpoint(model)
        self.network.to(device())
        self.beats, self.sounds = beats, sounds
        self.nats = torch.zeros(2, dtype=torch.double)

    def add(self, ids: Sequence[int]) -> None:
        """Add a song's tokens, which are events by their numbers."""
        memory = ScoreMemory()
        memory.take(ids)
        starts = frozenset(place for place, event in enumerate(ids) if event in self.beats)
        for window in windows(range(len(ids)), starts, self.network.sizes.context):
            following = torch.tensor([ids[place] for place in window.ids[1:]])
            with torch.inference_mode():
                logits = self.network(*tensors(memory.inputs(window.ids)))[0, :-1].float().cpu()
            losses = torch.nn.functional.cross_entropy(logits, following, reduction="none").double()
            counted, is_sound_label = losses[window.first - 1 :], self.sounds[following[window.first - 1 :]]
            self.nats += torch.stack([counted[~is_sound_label].sum(), counted[is_sound_label].sum()])

    def total(self) -> torch.Tensor:
        """Return the nats of composition and those of sounds [2]."""
        return self.nats


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
