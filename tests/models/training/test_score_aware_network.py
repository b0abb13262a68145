"""The network in torch: a Llama where the rest adds nothing, and blind to what comes later in every part of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.features.events import numbers_of
from models.features.given import NEVER, Played
from models.features.inputs import Given, Part, inputs_of, part_of
from models.music.score import NO, TR
from models.tokens.vocabulary import NUMBER
from models.training.network import load_network
from models.training.score_aware.checkpoint import save_checkpoint
from models.training.score_aware.loading import tensors
from models.training.score_aware.network import Known, Network, Sizes
from models.training.score_aware.store import Told, told_of
from tests.models.features.test_tracker import text_of

SMALL = Sizes(width=64, layers=2, context=256, features=16, transform=32)


def random_network(seed: int = 0) -> Network:
    """One in which every part is heard."""
    torch.manual_seed(seed)
    network = Network(SMALL)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "norm" not in name:
                parameter.normal_(std=0.3 if "companion" in name else 0.1)
    return network.eval()


def part(told: Told, channels: tuple[int, ...] = (), shift: int = 0) -> Part:
    """A whole song, some of its channels given."""
    ticks = told.ticks.astype(np.int64)
    given = None
    if channels:
        start = np.full((len(ticks), 4), NEVER, np.int64)
        start[:, channels] = 0
        given = Given(start, channels)
    return part_of(told.events, ticks, (told.raw, told.tokens, told.buckets), told.played, shift=shift, given=given)


def read(told: Told, length: int, channels: tuple[int, ...] = ()) -> tuple[torch.Tensor, Known]:
    return tensors(inputs_of([[part(told, channels)]], length))


def test_without_its_companion_it_is_a_llama(tmp_path: Path) -> None:
    network = random_network()
    with torch.no_grad():
        for parameter in network.companion.parameters():
            parameter.zero_()
    save_checkpoint(tmp_path, SMALL, dict(network.named_parameters()))
    llama = load_network(tmp_path)
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if not name.startswith("companion."):
                parameter.copy_(llama.state_dict()[name])
    ids, known = read(told_of(numbers_of(text_of(0))), 200)
    with torch.inference_mode():
        torch.testing.assert_close(network(ids, known), llama(ids).logits, atol=2e-5, rtol=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_logits_know_nothing_of_what_comes_later(seed: int) -> None:
    text, other = text_of(seed).replace(" ", ""), text_of(seed + 20).replace(" ", "")
    network = random_network()
    cut = min(len(text), 200) * 2 // 3
    whole, changed = told_of(numbers_of(text)), told_of(numbers_of(text[:cut] + other[len(other) // 2 :]))
    length = min(len(whole.events), len(changed.events), 200)
    with torch.inference_mode():
        one, two = (network(*read(told, length)) for told in (whole, changed))
    assert (one[0, :cut] - two[0, :cut]).abs().max() < 1e-5
    assert (one[0, cut:] - two[0, cut:]).abs().max() > 1e-2


def test_given_channels_are_heard_before_they_are_reached() -> None:
    """What the triangle is going to play is changed: logits differ where it is given, and only there."""
    told = told_of(numbers_of(text_of(0)))
    codes = tuple(
        np.where(channel == TR, code + 3, code).astype(np.uint8) for channel, code in enumerate(told.played.codes)
    )
    changed = replace(told, played=Played(told.played.ticks, codes))
    network = random_network()
    with torch.inference_mode():
        for channels, same in (((NO,), True), ((TR,), False)):
            one, two = (network(*read(some, 100, channels)) for some in (told, changed))
            assert torch.equal(one, two) == same


def test_pitches_gain_by_their_interval_alone() -> None:
    """Of a melody moved by a few semitones the head for intervals says the same, moved."""
    network = random_network()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            if "intervals" not in name and "norm" not in name:
                parameter.zero_()
    told = told_of(numbers_of(text_of(0)))
    with torch.inference_mode():
        here, higher = (network(*tensors(inputs_of([[part(told, shift=shift)]], 100)))[0, -1] for shift in (0, 3))
    first, pitches = NUMBER["on:p1:33"], 76
    assert here[first : first + pitches].abs().min() > 0
    torch.testing.assert_close(here[first : first + pitches - 3], higher[first + 3 : first + pitches])


def test_dropout_is_off_unless_asked_for() -> None:
    network = random_network().train()
    ids, known = read(told_of(numbers_of(text_of(1))), 60)
    with torch.no_grad():
        assert torch.equal(network(ids, known), network(ids, known))
        assert not torch.equal(network(ids, known, 0.5), network(ids, known, 0.5))
