"""Music as values: scores, grids, beats, MIDI files in both directions."""
