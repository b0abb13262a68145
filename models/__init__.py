"""Music as values and as tokens, the network that predicts the tokens, and its training and evaluation.

It knows nothing of requests, sound, Discord or the web: `generator` builds on this package, never the reverse.
"""
