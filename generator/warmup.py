"""Everything that is slow the first time, done before the first job: the model, the soundfont, the loudness meter."""

from __future__ import annotations

import numpy as np

from generator.analysis import find_key
from generator.loudness import measure
from generator.soundfont import soundfont_path
from generator.work import Workshop
from models.score import Note, Score
from models.writer import Wish


def ready_workshop() -> Workshop:
    """A workshop whose first job is as fast as the next."""
    workshop = Workshop()
    soundfont_path()
    measure(np.sin(np.arange(44_100) / 20), 44_100)
    find_key(Score(((Note(0, 60, 60),), (), (), ()), 60))
    workshop.composer.compose(Wish(frames=60, seed=0))
    return workshop
