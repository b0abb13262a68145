"""All that the bot may import of the generator: errors, sentences, requests, results, limits, framing and the client.

Loads nothing heavy: no numpy, no torch.
"""
