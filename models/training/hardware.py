"""What training runs on and how precisely it multiplies: the only choices in training that depend on the machine.

The precision can be forced by `Settings.precision`.
"""

from __future__ import annotations

import torch


def device() -> str:
    """Return the device that training and evaluation run on: `cuda` or `cpu`."""
    return "cuda" if torch.cuda.is_available() else "cpu"


def uses_bfloat16(precision: str) -> bool:
    """Return whether products are rounded to bfloat16. precision: one of `settings.PRECISIONS`."""
    if precision == "auto":
        return device() == "cuda" or multiplies_bfloat16()
    return precision == "bfloat16"


def multiplies_bfloat16() -> bool:
    """Return whether this processor has bfloat16 products. Others imitate them, 30 times as slowly as float32."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
