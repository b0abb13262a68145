"""The network: a small Llama that predicts the next token, as a standard Hugging Face checkpoint.

It knows nothing of music. Training is in `models.training.train`, sampling in `models.inference.sampler`.
"""

from __future__ import annotations

from pathlib import Path

from transformers import LlamaConfig, LlamaForCausalLM


def new_network(
    *, vocabulary: int, width: int, layers: int, context: int, pad: int, bos: int, end: int
) -> LlamaForCausalLM:
    """Return a network with random weights: heads of 64, rotary positions, tied embeddings, no dropout."""
    config = LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        intermediate_size=-(-width * 8 // 3 // 64) * 64,
        num_hidden_layers=layers,
        num_attention_heads=width // 64,
        max_position_embeddings=context,
        tie_word_embeddings=True,
        pad_token_id=pad,
        bos_token_id=bos,
        eos_token_id=end,
    )
    return LlamaForCausalLM(config)


def load_network(folder: Path) -> LlamaForCausalLM:
    """Return the network of a checkpoint on disk, in float32 and in evaluation mode. Download nothing."""
    network = LlamaForCausalLM.from_pretrained(folder, dtype="float32", local_files_only=True)
    network.eval()
    return network


def parameter_count(network: LlamaForCausalLM) -> int:
    """Return the number of a network's weights, tied ones counted once."""
    return sum(parameter.numel() for parameter in network.parameters())
