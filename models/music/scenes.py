"""The scenes of a game that a tune can be composed for, and how long their music usually lasts."""

SCENES = ("stage", "boss", "clear", "title", "game-over", "ending", "town", "dungeon", "menu")

DEFAULT_SECONDS = 30

SCENE_SECONDS = {"clear": 8, "game-over": 8, "menu": 16}
"""The length of a tune for a scene with short music: half of NES-MDB's tunes for these scenes last less than 5, 5 and
13 s."""


def default_seconds(scene: str | None) -> float:
    """Return the length of a tune for a scene, in seconds, if the request does not give one."""
    return SCENE_SECONDS.get(scene or "", DEFAULT_SECONDS)
