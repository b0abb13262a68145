"""Titles: the same for the same seed and scene, and many different ones."""

import pytest

from generator.composing.titles import title_for
from generator.protocol.names import SCENES


@pytest.mark.parametrize("scene", [None, *SCENES])
def test_a_title_follows_from_seed_and_scene(scene: str | None) -> None:
    titles = [title_for(seed, scene) for seed in range(300)]
    assert titles == [title_for(seed, scene) for seed in range(300)]
    assert len(set(titles)) > 100
    assert all(len(title.split()) >= 2 and title.isprintable() and len(title) < 40 for title in titles)


def test_scenes_have_nouns_of_their_own() -> None:
    nouns = {scene: {title_for(seed, scene).split()[-1] for seed in range(400)} for scene in SCENES}
    assert not nouns["boss"] & nouns["town"]
    everything = {title_for(seed, None).split()[-1] for seed in range(2000)}
    assert nouns["dungeon"] <= everything
