"""The assembler: machine code known from the manual, and source that is refused."""

import pytest

from generator.apu.assembler import AssemblyError, assemble

LOOP = """
        .org $8000
count = 3               ; a number
start:  lda #count      ; A9 03
        sta $02         ; 85 02
again:  dec $02         ; C6 02
        bne again       ; D0 FC
        jmp done        ; 4C 0F 80
        sta $4000,x     ; 9D 00 40
        rts             ; 60
done:   lda ($04),y     ; B1 04
"""


def test_a_program_assembles_to_the_manuals_bytes() -> None:
    done = assemble(LOOP)
    assert done.code.hex(" ") == "a9 03 85 02 c6 02 d0 fc 4c 0f 80 9d 00 40 60 b1 04"
    assert (done.origin, done.names["again"], done.names["done"]) == (0x8000, 0x8004, 0x800F)


@pytest.mark.parametrize("line", ["xyz #1", "lda #nothing", "bne", "sta #$03", "lda #$zz", "a b c d e: f"])
def test_a_line_that_cannot_be_read_is_named(line: str) -> None:
    with pytest.raises(AssemblyError, match="line 2"):
        assemble(f"        .org $8000\n{line}\n")


def test_a_branch_too_far_is_refused() -> None:
    far = "\n".join(["start: rts", *["        rts"] * 200, "        bne start"])
    with pytest.raises(AssemblyError, match="too far"):
        assemble(far)
