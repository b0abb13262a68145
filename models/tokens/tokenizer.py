"""A model's tokenizer: learns byte-pair encoding over words of events, loads it, and tells which events it knows.

What the events mean is in `models.tokens.vocabulary`, how a score becomes events in `models.tokens.codec`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from models.music.score import CHANNEL_NAMES
from models.tokens.sounds import CODEBOOK_FILE, Codebook
from models.tokens.vocabulary import BACKS, EVENTS, SOUNDS, VERSION, TokenError, char, event_of, is_repeat, is_sound

TOKENIZER_FILE = "tokenizer.json"
ABOUT_FILE = "chiptune.json"
"""The file that says how a model was made: vocabulary version, data, settings, figures."""


def train_tokenizer(texts: Iterable[str], size: int, *, sounds: bool = False, repeats: bool = False) -> Tokenizer:
    """Learn a byte-pair encoding with every single event. sounds, repeats: whether to include theirs."""
    left_out = [kind for kind, wanted in ((is_sound, sounds), (is_repeat, repeats)) if not wanted]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        initial_alphabet=[char(event) for event in EVENTS if not any(kind(event) for kind in left_out)],
        show_progress=False,
        special_tokens=[char(event) for event in ("<pad>", "<bos>", "<end>")],
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def load_tokenizer(folder: Path) -> Tokenizer:
    """Return a model's tokenizer. Raise TokenError if its vocabulary's version is unknown to this program."""
    about = folder / ABOUT_FILE
    if about.exists() and not 1 <= json.loads(about.read_text())["vocabulary_version"] <= VERSION:
        raise TokenError(f"the model in {folder} was made for another version of this program")
    return Tokenizer.from_file(str(folder / TOKENIZER_FILE))


def load_codebook(folder: Path, tokenizer: Tokenizer) -> Codebook | None:
    """Return a model's codebook of sounds, or None if its tokenizer knows no sounds.

    Raise CodebookError if a codebook is missing, and TokenError if there is one that the tokenizer cannot name.
    """
    if knows_sounds(tokenizer):
        return Codebook.load(folder)
    if (folder / CODEBOOK_FILE).exists():
        raise TokenError(f"the model in {folder} has a codebook, but its tokenizer knows no sounds")
    return None


def knows_sounds(tokenizer: Tokenizer) -> bool:
    """Return whether a tokenizer has tokens for how notes sound."""
    return tokenizer.token_to_id(char(f"{next(iter(SOUNDS))}:0")) is not None


def knows_repeats(tokenizer: Tokenizer) -> bool:
    """Return whether a tokenizer has tokens for what channels repeat."""
    return tokenizer.token_to_id(char(f"again:{CHANNEL_NAMES[0]}:{BACKS[0]}")) is not None


def knows_plans(tokenizer: Tokenizer) -> bool:
    """Return whether a tokenizer has tokens for a tune's plan and for what is given first."""
    return tokenizer.token_to_id(char("<then>")) is not None


def add_missing_events(tokenizer: Tokenizer) -> Tokenizer:
    """Return a tokenizer with the missing single events added at the end, those of sounds only if it knows sounds."""
    description = json.loads(tokenizer.to_str())
    vocabulary = description["model"]["vocab"]
    for event in EVENTS:
        if knows_sounds(tokenizer) or not is_sound(event):
            vocabulary.setdefault(char(event), len(vocabulary))
    return Tokenizer.from_str(json.dumps(description))


def token_id(tokenizer: Tokenizer, event: str) -> int:
    """Return the token that stands for one event alone. Raise TokenError if the tokenizer does not know it."""
    number = tokenizer.token_to_id(char(event))
    if number is None:
        raise TokenError(f"the tokenizer does not know {event}")
    return number


def token_events(tokenizer: Tokenizer) -> list[tuple[str, ...]]:
    """Return the events that each token stands for, by token id."""
    strings: Sequence[str | None] = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    return [tuple(event_of(character) for character in text or "") for text in strings]
