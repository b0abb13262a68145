"""The network that knows the state of the score, in torch: a Llama whose tokens come with what is known at each.

The trunk has the tensors of transformers' LlamaForCausalLM and is equal to it where the rest adds nothing. Beside it:
features, summed embeddings of what is known (`models.features`), read by a small transform and added before the first,
the middle and the last step; a pointer, which raises candidates; and a head for intervals, in which the next pitch of
a channel gains by how far it lies from the last pitches of all.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from models.features import columns, given
from models.features.candidates import BUCKETS
from models.features.columns import PITCHED, REFERENCES, STATE_COLUMNS
from models.inference.companion import BASIS, POINTERS, REACH
from models.music.score import CHANNELS
from models.tokens.vocabulary import EVENTS, NUMBER

EPSILON = 1e-6
HEAD = 64
"""Width of an attention head."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of a network. features, transform: widths of the embeddings of what is known, and of what reads them."""

    width: int = 384
    layers: int = 6
    context: int = 512
    features: int = 192
    transform: int = 512
    theta: float = 10_000.0

    @property
    def hidden(self) -> int:
        """The width inside a layer's gated part."""
        return -(-self.width * 8 // 3 // 64) * 64


def normed(rows: Tensor, weight: Tensor | None = None) -> Tensor:
    """Rows at a mean square of 1 (RMS norm, Zhang and Sennrich 2019), times weights."""
    return functional.rms_norm(rows, (rows.shape[-1],), weight, EPSILON)


class Norm(nn.Module):
    """An RMS norm with weights."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, rows: Tensor) -> Tensor:
        """Rows [..., width], normed."""
        return normed(rows, self.weight)


def matrix(inner: int, outer: int) -> nn.Linear:
    """A matrix without bias."""
    return nn.Linear(inner, outer, bias=False)


class Attention(nn.Module):
    """Causal self-attention with rotary positions (Su 2021), its matrices named as transformers names them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (matrix(width, width) for _ in range(4))

    def forward(self, rows: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
        """Rows [n, tokens, width]. turns: cosines and sines of the positions [tokens, HEAD]."""
        count, tokens, width = rows.shape
        mixed = functional.linear(rows, torch.cat([self.q_proj.weight, self.k_proj.weight, self.v_proj.weight]))
        queries, keys, values = mixed.view(count, tokens, 3, width // HEAD, HEAD).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(
            turned(queries, turns), turned(keys, turns), values, is_causal=True
        )
        return self.o_proj(found.transpose(1, 2).reshape(count, tokens, width))  # type: ignore[no-any-return]


def turned(rows: Tensor, turns: tuple[Tensor, Tensor]) -> Tensor:
    """Heads [..., tokens, HEAD] turned by their positions."""
    first, second = rows.chunk(2, dim=-1)
    return rows * turns[0].to(rows.dtype) + torch.cat([-second, first], -1) * turns[1].to(rows.dtype)


class Gated(nn.Module):
    """The gated part of a layer (SwiGLU, Shazeer 2020)."""

    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = matrix(width, hidden), matrix(width, hidden)
        self.down_proj = matrix(hidden, width)

    def forward(self, rows: Tensor) -> Tensor:
        """Rows [..., width]."""
        wide = functional.linear(rows, torch.cat([self.gate_proj.weight, self.up_proj.weight]))
        gate, up = wide.chunk(2, dim=-1)
        return self.down_proj(functional.silu(gate) * up)  # type: ignore[no-any-return]


class Layer(nn.Module):
    """One layer of the trunk."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = Norm(sizes.width), Norm(sizes.width)
        self.self_attn, self.mlp = Attention(sizes.width), Gated(sizes.width, sizes.hidden)

    def forward(self, rows: Tensor, turns: tuple[Tensor, Tensor], dropout: float = 0.0) -> Tensor:
        """Rows [n, tokens, width]. dropout: the share of what is added that is left out (Srivastava 2014)."""
        rows = rows + functional.dropout(self.self_attn(self.input_layernorm(rows), turns), dropout)
        return rows + functional.dropout(self.mlp(self.post_attention_layernorm(rows)), dropout)


class Trunk(nn.Module):
    """The parts that a checkpoint of a Llama holds, by their names there."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(len(EVENTS), sizes.width)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.layers))
        self.norm = Norm(sizes.width)


class Companion(nn.Module):
    """What is beside the trunk: features, pointer and the head for intervals."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width, wide = sizes.features, sizes.transform
        self.known = nn.EmbeddingBag(columns.TABLE, width, mode="sum")
        self.given = nn.EmbeddingBag(given.TABLE, width, mode="sum")
        self.classes = matrix(columns.CLASSES, width)
        self.read = matrix(3 * width, wide)
        self.directly = matrix(3 * width, sizes.width)
        self.first, self.middle, self.last = (matrix(wide, sizes.width) for _ in range(3))
        self.believed = nn.Parameter(torch.zeros(POINTERS, BUCKETS + 1))
        self.pointer = matrix(sizes.width, POINTERS)
        self.intervals = nn.Parameter(torch.zeros(PITCHED, REFERENCES, BASIS, 2 * REACH + 1))
        self.mixes = matrix(sizes.width, PITCHED * REFERENCES * BASIS)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known at each token, as tensors of `models.training.score_aware.crops.Inputs`."""

    indices: Tensor
    classes: Tensor
    last: Tensor
    before: Tensor
    tokens: Tensor
    buckets: Tensor
    given_rows: Tensor
    given: Tensor


class Network(nn.Module):
    """The whole network."""

    cosines: Tensor
    sines: Tensor

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.model, self.companion = Trunk(sizes), Companion(sizes)
        powers = sizes.theta ** (torch.arange(0, HEAD, 2).float() / HEAD)
        angles = torch.arange(sizes.context).float()[:, None] * (1 / powers)
        angles = torch.cat([angles, angles], -1)
        self.register_buffer("cosines", angles.cos(), persistent=False)
        self.register_buffer("sines", angles.sin(), persistent=False)
        self._begin()

    def _begin(self) -> None:
        """Random weights; what is beside the trunk adds nothing at first."""
        for part in self.modules():
            if isinstance(part, nn.Linear | nn.Embedding):
                nn.init.normal_(part.weight, std=0.02)
        companion = self.companion
        nn.init.normal_(companion.known.weight, std=0.12)
        nn.init.normal_(companion.given.weight, std=0.12)
        for part in (companion.directly, companion.first, companion.middle, companion.last, companion.pointer):
            nn.init.zeros_(part.weight)

    def forward(self, ids: Tensor, known: Known, dropout: float = 0.0) -> Tensor:
        """Logits of what follows each token [n, tokens, events]. ids: events [n, tokens]."""
        tokens = ids.shape[1]
        turns = self.cosines[:tokens], self.sines[:tokens]
        first, middle, last = self._features(known)
        rows = functional.dropout(self.model.embed_tokens(ids) + first, dropout)
        half = len(self.model.layers) // 2
        for number, layer in enumerate(self.model.layers):
            if number == half:
                rows = rows + middle
            rows = layer(rows, turns, dropout)
        rows = self.model.norm(rows + last)
        logits = functional.linear(rows, self.model.embed_tokens.weight).float()
        return self._relative(rows, known, self._pointed(rows, known, logits))

    def _features(self, known: Known) -> tuple[Tensor, Tensor, Tensor]:
        """What is added to the tokens before the first layer, the middle one, and the final norm [n, tokens, width]."""
        part = self.companion
        count, tokens, _ = known.indices.shape
        flat = known.indices.flatten(0, 1)
        state = part.known(flat[:, :STATE_COLUMNS]) + part.classes(known.classes.flatten(0, 1))
        looked = part.known(flat[:, STATE_COLUMNS:])
        ahead = torch.zeros_like(state)
        if len(known.given_rows):
            found = normed(part.given(known.given.flatten(0, 1)))
            where = (known.given_rows[:, None] * tokens + torch.arange(tokens, device=flat.device)).flatten()
            ahead = ahead.index_copy(0, where, found.to(ahead.dtype))
        read = torch.cat([normed(state), normed(looked), ahead], -1)
        wide = functional.relu(part.read(read)).square()
        first = part.first(wide) + part.directly(read)
        return (
            first.view(count, tokens, -1),
            part.middle(wide).view(count, tokens, -1),
            part.last(wide).view(count, tokens, -1),
        )

    def _pointed(self, rows: Tensor, known: Known, logits: Tensor) -> Tensor:
        """Logits with what candidates gain by how far they are believed, and by the context."""
        part = self.companion
        number = torch.arange(POINTERS, device=rows.device)
        gains = part.pointer(rows).float() + part.believed[number, known.buckets.long()]
        gains = gains * (known.tokens >= 0)
        return logits.scatter_add(-1, known.tokens.long().clamp(min=0), gains)

    def _relative(self, rows: Tensor, known: Known, logits: Tensor) -> Tensor:
        """Logits with what pitches gain by their intervals to the last ones of all pitched channels."""
        part = self.companion
        count, tokens, _ = rows.shape
        mixes = part.mixes(rows).float().view(count, tokens, PITCHED, REFERENCES, BASIS)
        mixes = torch.cat([mixes[..., :1] + 1, mixes[..., 1:]], -1)
        for channel in range(PITCHED):
            spec = CHANNELS[channel]
            begin = NUMBER[f"on:{spec.name}:{spec.lowest}"]
            pitches = torch.arange(spec.lowest, spec.highest + 1, device=rows.device)
            references = torch.cat([known.last, known.before[..., channel : channel + 1]], -1).long()
            total: Tensor | float = 0.0
            for number in range(REFERENCES):
                reference = references[..., number : number + 1]
                curves = mixes[:, :, channel, number] @ part.intervals[channel, number]
                places = (pitches - reference + REACH).clamp(0, 2 * REACH)
                total = total + curves.gather(-1, places) * (reference >= 0)
            logits[..., begin : begin + len(pitches)] += total
        return logits


def parameter_count(network: nn.Module) -> int:
    """Weights, tied ones once."""
    return sum(parameter.numel() for parameter in network.parameters())
