"""Sound: the NES soundfont, FluidSynth, loudness, and encoding."""
