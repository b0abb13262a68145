"""System exclusive messages that say which parts of a synthesiser are drums: those of GS and XG, and the resets."""

from __future__ import annotations

from dataclasses import dataclass

_GM, _ROLAND, _YAMAHA = 0x7E, 0x41, 0x43
_GS_BLOCKS = (9, *range(9), *range(10, 16))
"""By GS's block number of a part: its channel."""


@dataclass(frozen=True, slots=True)
class PartMode:
    """Whether a channel (0-15) is a drum part. channel None: all channels are as at first."""

    channel: int | None
    drum: bool = False


def part_mode(data: bytes) -> PartMode | None:
    """Return what a message says about drum parts, or None. data: without F0 and F7."""
    match list(data):
        case [manufacturer, _, 0x09, 0x01 | 0x03] if manufacturer == _GM:
            return PartMode(None)
        case [manufacturer, _, 0x42, 0x12, 0x40, 0x00, 0x7F, *_] if manufacturer == _ROLAND:
            return PartMode(None)
        case [manufacturer, _, 0x42, 0x12, 0x40 | 0x50, part, 0x15, mode, *_] if (
            manufacturer == _ROLAND and part >> 4 == 1
        ):
            return PartMode(_GS_BLOCKS[part & 0x0F], mode > 0)
        case [manufacturer, _, 0x4C, 0x00, 0x00, 0x7E, *_] if manufacturer == _YAMAHA:
            return PartMode(None)
        case [manufacturer, _, 0x4C, 0x08, part, 0x07, mode, *_] if manufacturer == _YAMAHA and part < 16:
            return PartMode(part, mode > 0)
    return None
