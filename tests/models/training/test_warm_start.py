"""A model starts with the weights of another model that has other tokens."""

from pathlib import Path

import pytest
import torch

from models.errors import UsageError
from models.tokens.tokenizer import load_tokenizer, token_id
from models.tokens.vocabulary import char, event_of, is_repeat, is_sound
from models.training.network import load_network, new_network
from models.training.warm_start import warm_start
from tests.models.tiny import tokenizer

EMBEDDINGS = "model.embed_tokens.weight"


@pytest.fixture(scope="module")
def taken(tiny_model: Path) -> tuple[torch.Tensor, torch.Tensor]:
    """The embeddings of a model that names sounds, (as initialised, as transferred)."""
    known = tokenizer(sounds=True)
    network = new_network(vocabulary=known.get_vocab_size(), width=64, layers=1, context=128, pad=0, bos=1, end=2)
    before = network.state_dict()[EMBEDDINGS].clone()
    warm_start(network, known, tiny_model)
    assert network.lm_head.weight is network.model.embed_tokens.weight
    others = {name: w for name, w in load_network(tiny_model).state_dict().items() if w.shape[0] != 900}
    assert len(others) > 5
    assert all(torch.equal(network.state_dict()[name], w) for name, w in others.items())
    return before, network.state_dict()[EMBEDDINGS].detach()


def test_a_token_of_the_same_spelling_keeps_its_embedding(
    taken: tuple[torch.Tensor, torch.Tensor], tiny_model: Path
) -> None:
    known, fresh = load_tokenizer(tiny_model), tokenizer(sounds=True)
    rows = load_network(tiny_model).state_dict()[EMBEDDINGS]
    same = [text for text in known.get_vocab() if text in fresh.get_vocab()]
    assert sum(len(text) > 1 for text in same) > 20
    assert any(known.token_to_id(text) != fresh.token_to_id(text) for text in same)
    for text in same:
        assert torch.equal(taken[1][fresh.token_to_id(text)], rows[known.token_to_id(text)])


def test_a_new_token_of_known_events_begins_as_their_mean(
    taken: tuple[torch.Tensor, torch.Tensor], tiny_model: Path
) -> None:
    known, fresh = load_tokenizer(tiny_model), tokenizer(sounds=True)
    rows = load_network(tiny_model).state_dict()[EMBEDDINGS]
    merged = [text for text in fresh.get_vocab() if text not in known.get_vocab() and not is_new(event_of(text[0]))]
    assert merged
    for text in merged:
        mean = sum(rows[token_id(known, event_of(character))] for character in text) / len(text)
        assert torch.allclose(taken[1][fresh.token_to_id(text)], torch.as_tensor(mean), atol=1e-6)


def is_new(event: str) -> bool:
    return is_sound(event) or is_repeat(event)


def test_events_that_the_other_model_does_not_know_begin_at_random(taken: tuple[torch.Tensor, torch.Tensor]) -> None:
    fresh = tokenizer(sounds=True)
    ids = [i for text, i in fresh.get_vocab().items() if is_new(event_of(text[0]))]
    assert len(ids) > 210
    assert {token_id(fresh, "env:pulse:0"), token_id(fresh, "again:tr:16")} <= set(ids)
    assert torch.equal(taken[1][ids], taken[0][ids])
    assert len(set(map(tuple, taken[1][ids].tolist()))) == len(ids)


def test_a_model_of_the_same_tokens_is_taken_whole(sound_model: Path) -> None:
    known = load_tokenizer(sound_model)
    network = new_network(vocabulary=known.get_vocab_size(), width=64, layers=1, context=128, pad=0, bos=1, end=2)
    warm_start(network, known, sound_model)
    wanted = load_network(sound_model).state_dict()
    assert all(torch.equal(w, wanted[name]) for name, w in network.state_dict().items())


@pytest.mark.parametrize(("width", "layers"), [(128, 1), (64, 2)])
def test_another_width_or_depth_is_refused(tiny_model: Path, width: int, layers: int) -> None:
    known = load_tokenizer(tiny_model)
    network = new_network(
        vocabulary=known.get_vocab_size(), width=width, layers=layers, context=128, pad=0, bos=1, end=2
    )
    with pytest.raises(UsageError, match="another width or depth"):
        warm_start(network, known, tiny_model)


def test_every_event_of_the_tiny_tokenizers_is_a_token() -> None:
    assert tokenizer().token_to_id(char("env:pulse:0")) is None
    assert tokenizer(sounds=True).token_to_id(char("mode:noise:1")) is not None
