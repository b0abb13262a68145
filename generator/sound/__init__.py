"""Sound: the NES soundfont, FluidSynth, envelopes, loudness, encoding and stems."""
