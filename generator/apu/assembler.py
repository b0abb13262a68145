"""A two-pass assembler for the part of the 6502 that the NSF player needs.

A line holds a label with a colon, an instruction or directive, and a comment after a semicolon; each may be absent.
`name = value` defines a name, `.org address` sets the code's address. A value is `$hex`, a decimal number or a name,
optionally with `+number` after it; with `#` in front it is an immediate operand. What the code does is left to
`player.asm`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from generator.protocol.errors import FaultError

OPCODES: dict[str, dict[str, int]] = {
    "adc": {"immediate": 0x69, "zero": 0x65},
    "bcc": {"relative": 0x90},
    "beq": {"relative": 0xF0},
    "bmi": {"relative": 0x30},
    "bne": {"relative": 0xD0},
    "clc": {"none": 0x18},
    "cmp": {"immediate": 0xC9},
    "dec": {"zero": 0xC6},
    "inc": {"zero": 0xE6},
    "iny": {"none": 0xC8},
    "jmp": {"absolute": 0x4C},
    "jsr": {"absolute": 0x20},
    "lda": {"immediate": 0xA9, "zero": 0xA5, "(zero),y": 0xB1},
    "ldy": {"immediate": 0xA0},
    "pha": {"none": 0x48},
    "pla": {"none": 0x68},
    "rts": {"none": 0x60},
    "sbc": {"immediate": 0xE9},
    "sec": {"none": 0x38},
    "sta": {"zero": 0x85, "absolute": 0x8D, "absolute,x": 0x9D},
    "stx": {"zero": 0x86},
    "tax": {"none": 0xAA},
}
"""Opcodes by instruction and addressing mode. Source: MCS6500 Family Programming Manual, appendix B."""

SIZES = {"none": 1, "immediate": 2, "zero": 2, "(zero),y": 2, "relative": 2, "absolute": 3, "absolute,x": 3}
"""Bytes of an instruction, by addressing mode."""

_LINE = re.compile(r"(?:(\w+):)?\s*(?:(\.?\w+)(?:\s+(.+))?)?")
_EQUATE = re.compile(r"(\w+)\s*=\s*(\S+)")
_VALUE = re.compile(r"(\$[0-9A-Fa-f]+|\d+|[A-Za-z_]\w*)(?:\+(\d+))?")


class AssemblyError(FaultError):
    """Source that cannot be assembled; the message names the line."""


@dataclass
class Assembled:
    """Machine code, its start address, and the value of every name."""

    code: bytes = b""
    origin: int = 0
    names: dict[str, int] = field(default_factory=dict)


def assemble(source: str) -> Assembled:
    """Return the machine code of a source text: the first pass collects names, the second writes bytes.

    Raise AssemblyError if a line cannot be assembled.
    """
    return _pass(source, _pass(source, None).names)


def _pass(source: str, names: dict[str, int] | None) -> Assembled:
    """Read the source once. names: all names, from the first pass; None in the first pass itself."""
    result = Assembled()
    for number, text in enumerate(source.splitlines(), 1):
        line = text.split(";")[0].strip()
        try:
            _read_line(line, result, names)
        except (KeyError, ValueError) as error:
            raise AssemblyError(f"line {number}, “{line}”: {error}") from error
    return result


def _read_line(line: str, result: Assembled, names: dict[str, int] | None) -> None:
    """Add one line, without its comment, to the result."""
    if equate := _EQUATE.fullmatch(line):
        result.names[equate[1]] = _value(equate[2], {**(names or {}), **result.names})
        return
    match = _LINE.fullmatch(line)
    if not match:
        raise ValueError("neither label, instruction nor comment")
    label, name, operand = match.groups()
    here = result.origin + len(result.code)
    if label:
        result.names[label] = here
    if name == ".org":
        result.origin = _value(operand, {})
    elif name:
        result.code += _instruction(
            name, operand or "", here, {**(names or {}), **result.names}, final=names is not None
        )


def _instruction(name: str, operand: str, here: int, names: dict[str, int], *, final: bool) -> bytes:
    """Return the bytes of one instruction. In the first pass, names may be unknown and count as addresses."""
    modes = OPCODES[name]
    mode, text = _addressing_mode(operand, modes)
    value = _value(text, names if final else _ForwardLabels(names)) if text else 0
    if mode == "absolute" and "zero" in modes and value < 0x100:
        mode = "zero"
    if mode == "relative":
        value = value - here - 2 if final else 0
        if not -128 <= value < 128:
            raise ValueError("too far to branch")
    return bytes((modes[mode],)) + (value & 0xFFFF).to_bytes(2, "little")[: SIZES[mode] - 1]


def _addressing_mode(operand: str, modes: dict[str, int]) -> tuple[str, str]:
    """Return the addressing mode of an operand, and the value in it."""
    if not operand:
        return "none", ""
    if operand.startswith("#"):
        return "immediate", operand[1:]
    if operand.startswith("(") and operand.endswith("),y"):
        return "(zero),y", operand[1:-3]
    if operand.endswith(",x"):
        return "absolute,x", operand[:-2]
    return ("relative" if "relative" in modes else "absolute"), operand


class _ForwardLabels(dict[str, int]):
    """Names, of which unknown ones are taken for labels further down, beyond the zero page."""

    def __missing__(self, name: str) -> int:
        return 0xFFFF


def _value(text: str, names: dict[str, int]) -> int:
    """Return the number that a value stands for. Raise KeyError for unknown names and ValueError for bad syntax."""
    match = _VALUE.fullmatch(text.strip())
    if not match:
        raise ValueError(f"“{text}” is not a value")
    base, offset = match.groups()
    number = int(base[1:], 16) if base[0] == "$" else int(base) if base.isdigit() else names[base]
    return number + int(offset or 0)
