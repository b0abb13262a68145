"""The run that trains the network that knows the state of the score: one long run with one cool-down at its end.

Its folder holds `songs.npz` (the corpus as numbers), `sounds.json` and `outlines.json` as any model's, `features/`
(`models.training.score_aware.store`), what `models.training.run` keeps there, and the checkpoint of the average of the
late weights (Polyak and Juditsky 1992), which is what a run is worth before it has cooled down.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cached_property
from itertools import chain
from pathlib import Path

import torch
from tqdm import tqdm

from models.errors import UsageError
from models.inference.companion import COMPANION_FILE
from models.music.songs import TRAIN_FILE
from models.tokens.song_profiles import save_profiles
from models.tokens.tokenizer import ABOUT_FILE, load_codebook, load_tokenizer
from models.tokens.vocabulary import EVENTS, VERSION, is_control
from models.training.examples import read_examples
from models.training.hardware import device
from models.training.run import IGNORED, TrainingRun, saved_state
from models.training.score_aware.checkpoint import load_checkpoint, save_checkpoint
from models.training.score_aware.crops import ScoreAwareCrops
from models.training.score_aware.loading import Batch, Batches, as_known, batches_from
from models.training.score_aware.network import Network, parameter_count
from models.training.score_aware.pieces import write_pieces
from models.training.score_aware.settings import SETTINGS_FILE, ScoreAwareSettings
from models.training.score_aware.songs import Songs, load_songs, songs_of
from models.training.score_aware.store import build

SAVE_SECONDS = 120.0
"""Between two saves."""


class ScoreAwareTrainer(TrainingRun[ScoreAwareSettings]):
    """One run in one folder."""

    def __init__(
        self,
        folder: Path,
        crops: ScoreAwareCrops,
        settings: ScoreAwareSettings,
        workers: int = 0,
        pieces: Path | None = None,
    ) -> None:
        self.workers, self.pieces = workers, pieces
        torch.manual_seed(settings.seed)
        self.network = Network(settings.sizes).to(device())
        super().__init__(folder, settings, dict(self.network.named_parameters()))
        self.crops = crops
        self.average = {name: p.detach().clone() for name, p in self.parameters.items()}
        self.controls = torch.tensor([is_control(event) for event in EVENTS], device=device())

    def start_from(self, model: Path) -> None:
        """Take the weights of a score-aware model. Raise UsageError if its network has another size."""
        weights = load_checkpoint(model).state_dict()
        if {name: w.shape for name, w in weights.items()} != {name: p.shape for name, p in self.parameters.items()}:
            raise UsageError(
                f"The network of {model} has another size: --width and --layers must be those of its card."
            )
        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(weights[name])
                self.average[name].copy_(weights[name])

    def is_matrix(self, name: str, parameter: torch.nn.Parameter) -> bool:
        """Whether a parameter is a matrix between layers: all but embeddings, tables and the pointer."""
        tables = ("embed", "known", "given", "pointer", "believed", "intervals")
        return parameter.ndim == 2 and not any(part in name for part in tables)

    def loss(self) -> tuple[torch.Tensor, int]:
        """Return (nats a token, tokens) of this step's crops."""
        settings = self.settings
        inputs, following = next(self.batches)
        ids, known = as_known(inputs)
        labels = following.to(device(), non_blocking=True)
        labels = labels.masked_fill(self.controls[labels], IGNORED)
        dropout = settings.dropout if self.step >= settings.dropout_from else 0.0
        torch.manual_seed(settings.seed * 1_000_003 + self.step)
        with torch.autocast(device(), torch.bfloat16, enabled=self.bfloat16):
            logits = self.network(ids, known, dropout)
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORED)
        return loss, labels.numel()

    @cached_property
    def batches(self) -> Iterator[Batch]:
        """The batches of the steps that are left. The first access starts the processes that make them."""
        return batches_from(Batches(self.crops, self.settings), self.step, self.workers)

    def is_over(self) -> bool:
        """Return whether the minutes of the run are spent."""
        return self.settings.progress(self.step, self.seconds) >= 1

    def rate(self) -> float:
        """Return the share of the learning rates that this step uses."""
        return self.settings.rate(self.step, self.seconds)

    def after_step(self) -> None:
        """Let the average follow the weights: it goes back a twentieth of the run so far, `averaged` steps at most."""
        share = 1 / min(self.settings.averaged, 1 + self.step / 20)
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.values()), [p.detach() for p in self.parameters.values()], share)

    def extra_state(self) -> dict[str, torch.Tensor]:
        """Return the average of the weights."""
        return self.average

    def export(self) -> None:
        """Write the checkpoint of the average in half precision, and its pieces into the other folder."""
        files = save_checkpoint(self.folder, self.settings.sizes, self.average)
        if self.pieces:
            write_pieces([*files, self.folder / "log.jsonl", self.folder / SETTINGS_FILE], self.pieces)


def prepare(corpora: Sequence[Path], folder: Path, start: Path) -> Songs:
    """Return the songs of a run: those in its folder, or else those of the corpora, which are written there.

    start: the model whose codebook of sounds the run uses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if (songs := load_songs(folder)) is not None:
        return songs
    codebook = load_codebook(start, load_tokenizer(start))
    if codebook:
        codebook.save(folder)
    examples = chain.from_iterable(read_examples(corpus / TRAIN_FILE, codebook) for corpus in corpora)
    read = list(tqdm(examples, desc="reading", unit="song"))
    save_profiles(((song.text, song.game) for song in read if song.real), folder, codebook)
    songs = songs_of(read)
    songs.save(folder)
    return songs


def train_score_aware(
    corpora: Sequence[Path],
    folder: Path,
    settings: ScoreAwareSettings,
    *,
    start: Path,
    from_weights: bool = False,
    stop_at: int | None = None,
    workers: int = 0,
    pieces: Path | None = None,
) -> None:
    """Train in `folder` and show progress. A run that was stopped there continues with its own settings.

    start: the model whose codebook of sounds the run uses. from_weights: whether the run also starts from its weights;
    the optimizers start anew. workers: processes that make batches ahead. pieces: a folder that gets a copy of each
    checkpoint (`models.training.score_aware.pieces`). Raise UsageError if the run there has other settings, or if
    `start` has no weights that fit.
    """
    if from_weights and not (start / COMPANION_FILE).exists():
        raise UsageError(f"The model in {start} is not a score-aware one: it has no {COMPANION_FILE}.")
    songs = prepare(corpora, folder, start)
    store = build(songs, folder / "features", lambda events: tqdm(events, desc="features", unit="song"))
    trainer = ScoreAwareTrainer(folder, ScoreAwareCrops(store, settings.seed), settings, workers, pieces)
    if from_weights and saved_state(folder) is None:
        trainer.start_from(start)
    trainer.resume()
    (folder / SETTINGS_FILE).write_text(json.dumps(asdict(settings), indent=1))
    about = {"vocabulary_version": VERSION, "songs": len(songs), "parameters": parameter_count(trainer.network)}
    (folder / ABOUT_FILE).write_text(json.dumps({**about, "settings": asdict(settings)}, indent=1))
    trainer.train(stop_at, settings.steps, SAVE_SECONDS)
