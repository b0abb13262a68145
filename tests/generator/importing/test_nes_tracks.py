"""Files that have the console's channels, though nothing says so: unnamed, in another order, on other MIDI channels."""

from __future__ import annotations

from random import Random

import mido
import pytest

from generator.importing.importer import import_midi
from generator.importing.nes_tracks import read_nes_tracks
from models.music.midi import to_midi, to_nesmdb
from models.music.score import NO, P1, P2, TR, Score
from tests.music import random_score, scale, twinkle


def shuffled(midi: mido.MidiFile, seed: int, *, channels: bool = True) -> mido.MidiFile:
    """Without names, the tracks of notes in another order, and on other channels."""
    random = Random(seed)
    tracks = midi.tracks[1:]
    random.shuffle(tracks)
    numbers = random.sample([n for n in range(16) if n != 9], len(tracks))
    for track, number in zip(tracks, numbers, strict=True):
        track[:] = [
            message.copy(channel=number) if channels and hasattr(message, "channel") else message
            for message in track
            if message.type != "track_name"
        ]
    midi.tracks = [midi.tracks[0], *tracks]
    return midi


def notes(score: Score, channel: int) -> list[tuple[int, int, int]]:
    return [(note.start, note.end, note.pitch) for note in score.channels[channel]]


@pytest.mark.parametrize("seed", range(12))
def test_the_channels_of_nesmdb_are_known_without_names(seed: int) -> None:
    score = random_score(seed)
    found = read_nes_tracks(shuffled(to_nesmdb(score), seed))
    assert found is not None
    assert sorted((notes(found, P1), notes(found, P2))) == sorted((notes(score, P1), notes(score, P2)))
    assert (notes(found, TR), notes(found, NO)) == (notes(score, TR), notes(score, NO))


def test_a_tune_of_nesmdb_keeps_every_channel() -> None:
    score = scale(600, None)
    found = read_nes_tracks(shuffled(to_nesmdb(score), 3))
    assert found is not None
    assert {tuple(notes(found, P1)), tuple(notes(found, P2))} == {tuple(notes(score, P1)), tuple(notes(score, P2))}
    assert (notes(found, TR), notes(found, NO)) == (notes(score, TR), notes(score, NO))


def test_a_tune_of_ours_keeps_every_channel() -> None:
    score = scale(600)
    found = read_nes_tracks(shuffled(to_midi(score), 5, channels=False))
    assert found is not None
    assert (notes(found, TR), notes(found, NO)) == (notes(score, TR), notes(score, NO))


def test_an_ordinary_file_is_none() -> None:
    assert read_nes_tracks(import_midi(twinkle()).midi) is None
