"""The earlier model `nes`: it loads beside the default one and composes legal tunes, the same each time."""

from generator.process.pipeline import Pipeline
from models.inference.sampler import TuneSpec
from models.music.score import CHANNELS, FRAMES_PER_SECOND


def test_the_earlier_model_composes_the_same_legal_tune_twice() -> None:
    composer = Pipeline()._composer("nes")
    assert not composer.engine.companion
    spec = TuneSpec(frames=8 * FRAMES_PER_SECOND, seed=1)
    score = composer.compose(spec)
    assert score == composer.compose(spec)
    assert abs(score.frames - spec.frames) <= 0.05 * spec.frames  # whole bars
    assert score.note_count > 10
    for channel, notes in zip(CHANNELS, score.channels, strict=True):
        assert all(channel.lowest <= note.pitch <= channel.highest for note in notes)
