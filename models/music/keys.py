"""The 24 major and minor keys: their names, their scales, and other spellings of their tonics."""

TONICS = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")

KEYS = (*TONICS, *(f"{tonic}m" for tonic in TONICS))
"""The canonical spellings: 12 major keys, then the 12 minor ones."""

TONIC_SPELLINGS = {
    "Db": "C#",
    "D#": "Eb",
    "Gb": "F#",
    "G#": "Ab",
    "A#": "Bb",
    "Cb": "B",
    "B#": "C",
    "E#": "F",
    "Fb": "E",
}
"""Other spellings of a tonic, and the canonical one."""

_SCALES = ((0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10))
"""Semitones above the tonic of a major key and of a natural minor key."""

KEY_PROFILES = (
    (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
)
"""How well each semitone above the tonic fits a major key, and a minor one, by ear (Krumhansl and Kessler 1982)."""


def scale_of(key: str) -> frozenset[int]:
    """Return the pitch classes of a key's scale. A minor key has the natural minor scale."""
    mode, tonic = divmod(KEYS.index(key), len(TONICS))
    return frozenset((tonic + step) % 12 for step in _SCALES[mode])
