"""What is slow the first time, done before the first job: the model, the soundfont, the loudness meter, the keys."""

from __future__ import annotations

import numpy as np

from generator.analysis.keys import find_key
from generator.process.pipeline import Pipeline
from generator.sound.loudness import loudness_of
from generator.sound.soundfont import soundfont_path
from models.inference.sampler import TuneSpec
from models.music.score import Note, Score


def warm_pipeline() -> Pipeline:
    """Return a pipeline whose first job is as fast as the next."""
    pipeline = Pipeline()
    soundfont_path()
    loudness_of(np.sin(np.arange(44_100) / 20), 44_100)
    find_key(Score(((Note(0, 60, 60),), (), (), ()), 60))
    pipeline.composer.compose(TuneSpec(frames=60, seed=0))
    return pipeline
