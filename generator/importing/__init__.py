"""Turns any MIDI file into parts of plain notes on a grid."""
