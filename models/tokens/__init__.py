"""Scores as tokens and back: vocabulary, codec, sound codebook, grammar and prompts."""
