"""Any MIDI file becomes parts of plain notes on a grid."""
