"""The work: a request becomes a score, and the score becomes MIDI, sound and picture, in a process of its own.

`contract` and `client` are all that the bot's side may import; neither loads torch.
"""
