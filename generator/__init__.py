"""The work: a request becomes a score, and the score becomes MIDI, sound and picture, in a process of its own.

`contract` and `client` are all that the bot's side may import; neither loads numpy.
"""

import os
import sys

# One token at a time through so small a network: a second thread only waits for the first, and one thread sums in one
# order, so that the same request gives the same tune. OpenBLAS looks here once, when numpy is loaded, so it has to be
# set before anything of ours loads it. docs/experiments.md has the figures.
if "numpy" not in sys.modules:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
