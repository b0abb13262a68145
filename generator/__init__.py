"""Turns a request into a score, and the score into MIDI, sound, a picture and other formats, in a process of its own.

The bot may import only `generator.protocol`, which does not load numpy.
"""

import os
import sys

# The network is so small that a second thread only waits for the first, and one thread always sums in the same order,
# so that the same request gives the same tune. OpenBLAS reads this variable once, when numpy is loaded, so it must be
# set before any module here loads numpy. docs/experiments.md has the figures.
if "numpy" not in sys.modules:
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
