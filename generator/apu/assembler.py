"""A two-pass assembler for as much of the 6502 as our player needs.

A line holds a label with a colon, an instruction or a directive, and a comment after a semicolon, each of which may be
left out. `name = value` names a number, `.org address` says where the code is to lie. A value is `$hex`, a decimal
number or a name, with `+number` after it; `#` before it makes it the operand itself. What the code does is left to
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
"""The instructions known, each with its ways to address. Source: MCS6500 Family Programming Manual, appendix B."""

SIZES = {"none": 1, "immediate": 2, "zero": 2, "(zero),y": 2, "relative": 2, "absolute": 3, "absolute,x": 3}
"""Bytes that an instruction takes, by its way to address."""

_LINE = re.compile(r"(?:(\w+):)?\s*(?:(\.?\w+)(?:\s+(.+))?)?")
_EQUATE = re.compile(r"(\w+)\s*=\s*(\S+)")
_VALUE = re.compile(r"(\$[0-9A-Fa-f]+|\d+|[A-Za-z_]\w*)(?:\+(\d+))?")


class AssemblyError(FaultError):
    """Source that cannot be assembled; the message names the line."""


@dataclass
class Assembled:
    """Machine code, the address where it begins, and every name with its number."""

    code: bytes = b""
    origin: int = 0
    names: dict[str, int] = field(default_factory=dict)


def assemble(source: str) -> Assembled:
    """Machine code of a source text; raises AssemblyError. The first pass finds names, the second writes bytes."""
    return _pass(source, _pass(source, None).names)


def _pass(source: str, known: dict[str, int] | None) -> Assembled:
    """Go through the source once. known: all names, from the pass before; None in the first."""
    result = Assembled()
    for number, text in enumerate(source.splitlines(), 1):
        line = text.split(";")[0].strip()
        try:
            _read_line(line, result, known)
        except (KeyError, ValueError) as error:
            raise AssemblyError(f"line {number}, “{line}”: {error}") from error
    return result


def _read_line(line: str, result: Assembled, known: dict[str, int] | None) -> None:
    if equate := _EQUATE.fullmatch(line):
        result.names[equate[1]] = _value(equate[2], {**(known or {}), **result.names})
        return
    found = _LINE.fullmatch(line)
    if not found:
        raise ValueError("neither label, instruction nor comment")
    label, name, operand = found.groups()
    here = result.origin + len(result.code)
    if label:
        result.names[label] = here
    if name == ".org":
        result.origin = _value(operand, {})
    elif name:
        result.code += _instruction(
            name, operand or "", here, {**(known or {}), **result.names}, final=known is not None
        )


def _instruction(name: str, operand: str, here: int, names: dict[str, int], *, final: bool) -> bytes:
    """The bytes of one instruction. Before the final pass a name may still be unknown, and counts as an address."""
    ways = OPCODES[name]
    way, text = _way(operand, ways)
    value = _value(text, names if final else _Guess(names)) if text else 0
    if way == "absolute" and "zero" in ways and value < 0x100:
        way = "zero"
    if way == "relative":
        value = value - here - 2 if final else 0
        if not -128 <= value < 128:
            raise ValueError("too far to branch")
    return bytes((ways[way],)) + (value & 0xFFFF).to_bytes(2, "little")[: SIZES[way] - 1]


def _way(operand: str, ways: dict[str, int]) -> tuple[str, str]:
    """How an operand addresses, and the value in it."""
    if not operand:
        return "none", ""
    if operand.startswith("#"):
        return "immediate", operand[1:]
    if operand.startswith("(") and operand.endswith("),y"):
        return "(zero),y", operand[1:-3]
    if operand.endswith(",x"):
        return "absolute,x", operand[:-2]
    return ("relative" if "relative" in ways else "absolute"), operand


class _Guess(dict[str, int]):
    """Names of which the unknown ones are labels further down, somewhere beyond the zero page."""

    def __missing__(self, name: str) -> int:
        return 0xFFFF


def _value(text: str, names: dict[str, int]) -> int:
    found = _VALUE.fullmatch(text.strip())
    if not found:
        raise ValueError(f"“{text}” is no value")
    base, more = found.groups()
    number = int(base[1:], 16) if base[0] == "$" else int(base) if base.isdigit() else names[base]
    return number + int(more or 0)
