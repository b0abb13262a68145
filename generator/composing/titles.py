"""Titles for new tunes: an adjective and a noun that the seed draws, the noun to fit the scene if there is one."""

from __future__ import annotations

import numpy as np

_ADJECTIVES = (
    "Amber Azure Broken Clockwork Copper Crystal Distant Dusty Electric Emerald Falling Fearless Flickering Frozen "
    "Gilded Hidden Hollow Humming Iron Lonely Lost Lucky Lunar Midnight Molten Neon Pixel Prism Quiet Restless Rising "
    "Rusty Sapphire Secret Silver Sleepy Solar Spinning Stormy Sunken Tiny Turbo Velvet Wandering Windy Winter"
).split()
_NOUNS = {
    "stage": "Run Ridge Skyline Sprint Canyon Harbor Meadow Rooftops Railway Rapids Frontier Marathon",
    "boss": "Colossus Warden Hydra Overlord Machine Serpent Duel Showdown Titan Warlord",
    "clear": "Victory Trophy Flag Finish Triumph Fireworks",
    "title": "Overture Horizon Dawn Prologue Legend Opening",
    "game-over": "Farewell Ashes Coin Silence Goodbye",
    "ending": "Homecoming Epilogue Sunset Credits Reunion",
    "town": "Market Village Bakery Plaza Inn Lanterns Bridge",
    "dungeon": "Catacombs Labyrinth Depths Crypt Cavern Cellar Vault",
    "menu": "Lobby Cursor Catalog Toolbox Atlas Anteroom",
}
_ANY = tuple(noun for nouns in _NOUNS.values() for noun in nouns.split())


def title_for(seed: int, scene: str | None) -> str:
    """Return the title of a new tune. The same seed and scene give the same title."""
    random = np.random.default_rng((seed, 2))
    nouns = _NOUNS[scene].split() if scene else _ANY
    adjective = _ADJECTIVES[int(random.integers(len(_ADJECTIVES)))]
    return f"{adjective} {nouns[int(random.integers(len(nouns)))]}"
