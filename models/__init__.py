"""Music as values and tokens, the network that predicts them, its training and evaluation.

Knows nothing of requests, sound, Discord or the web: `generator` builds on this package, never the reverse.
"""
