"""Runs the network in numpy: the engine, the sampler, new tunes and remixes. Loads no torch."""
