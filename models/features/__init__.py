"""What a reader of a tune knows at each event, in numbers: the state of the score, the past, what is given.

`tracker` follows a tune event by event, `lookback` finds what happened at the same place some beats ago, `candidates`
what may come next, `given` what lies ahead in channels that are given. `columns` turns all of it into numbers of one
table of embeddings, in any key. The network that reads them is in `models.training` and `models.inference`.
"""
