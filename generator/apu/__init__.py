"""The NES sound chip: a score as register writes, as an NSF file, and played by an emulator of the chip.

tuning      the chip's clock, and pitches as period registers
retrigger   how notes repeated on one pitch are kept apart
registers   a score as register writes, frame by frame
assembler   a 6502 assembler for the player
nsf         an NSF file: the player (player.asm) and the register writes
gme         an NSF file played by Game Music Emu
"""
