"""Copies are found by their music; other songs are not taken for copies."""

from collections.abc import Sequence
from random import Random

import pytest

from generator.analysis.fingerprints import SAME, estimated_similarity, find_copies, fingerprint, phrase_hashes

Onsets = list[tuple[int, int]]


def tune(seed: int, bars: int = 32) -> Onsets:
    """A melody of mixed rhythm over a bass."""
    random = Random(seed)
    found, frame, pitch = [], 0, 72
    while frame < bars * 120:
        pitch = min(96, max(60, pitch + random.choice((-5, -4, -2, -1, 0, 1, 2, 3, 4, 7))))
        found.append((frame, pitch))
        frame += random.choice((15, 15, 30, 30, 45, 60))
    return found + [(beat, 36 + random.choice((0, 5, 7))) for beat in range(0, frame, 60)]


def edited(onsets: Onsets, share: float) -> Onsets:
    """Some notes left out, some at another pitch."""
    random = Random(1)
    found = []
    for frame, pitch in onsets:
        chance = random.random()
        if chance > share / 2:
            found.append((frame, pitch + (random.randint(1, 5) if chance > 1 - share / 2 else 0)))
    return found


def alike(one: Sequence[tuple[int, int]], other: Sequence[tuple[int, int]]) -> float:
    first, second = fingerprint(one), fingerprint(other)
    assert first is not None
    assert second is not None
    return estimated_similarity(first, second)


SONG = tune(0)


@pytest.mark.parametrize(
    ("copy", "least"),
    [
        (SONG, 1.0),
        (list(reversed(SONG)), 1.0),
        ([(frame, pitch - 7) for frame, pitch in SONG], 1.0),
        ([(frame + 333, pitch) for frame, pitch in SONG], 1.0),
        ([(round(frame * 1.31), pitch) for frame, pitch in SONG], 0.9),
        ([(round(frame * 0.7), pitch) for frame, pitch in SONG], 0.9),
        ([(frame + Random(frame).randrange(2), pitch) for frame, pitch in SONG], 0.9),
        (SONG + [(frame + 32 * 120, pitch) for frame, pitch in SONG], 0.9),
        (edited(SONG, 0.02), SAME),
    ],
    ids=["same", "order", "key", "start", "slower", "faster", "uneven", "played twice", "edited"],
)
def test_a_copy_is_known_by_its_music(copy: Onsets, least: float) -> None:
    assert alike(SONG, copy) >= least


def test_other_songs_are_not_copies() -> None:
    assert max(alike(SONG, tune(seed)) for seed in range(1, 60)) < SAME / 2


@pytest.mark.parametrize("share", [0.0, 0.05, 0.2, 0.5])
def test_the_estimate_is_the_share_of_common_phrases(share: float) -> None:
    one, other = SONG, edited(SONG, share)
    phrases = set(phrase_hashes(one).tolist()), set(phrase_hashes(other).tolist())
    exact = len(phrases[0] & phrases[1]) / len(phrases[0] | phrases[1])
    assert alike(one, other) == pytest.approx(exact, abs=0.12)


def test_the_first_is_kept_and_each_copy_names_it() -> None:
    higher = [(frame, pitch + 2) for frame, pitch in SONG]
    songs = [SONG, tune(1), higher, [], tune(2), tune(1), higher]
    assert find_copies([fingerprint(song) for song in songs]) == {2: 0, 5: 1, 6: 0}


def test_short_songs_are_compared_as_a_whole() -> None:
    jingle = [(0, 60), (10, 64), (20, 67), (40, 72)]
    assert fingerprint([]) is None
    assert fingerprint(jingle[:2]) is None
    assert alike(jingle, [(2 * frame, pitch + 5) for frame, pitch in jingle]) == 1.0
    assert alike(jingle, [*jingle[:3], (40, 71)]) == 0.0


def test_fingerprints_are_the_same_on_every_machine() -> None:
    found = fingerprint([(0, 60), (10, 64), (20, 67), (40, 72)])
    assert found is not None
    assert found.tolist()[:3] == [891973005, 268634963, 942002089]
