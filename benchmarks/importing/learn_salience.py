"""Learns the weights of `generator.arranging.salience` from what consoles play of songs that fans wrote down.

    python -m benchmarks.importing.learn_salience VGMUSIC NESMDB --pairs FILE

The pairs are those of `console_originals`, of its train half only. In each block of a file (1.6 s), the voice with the
most notes of the console's lead or bass is the right one among those that play; if that is not clear, the block is left
out. A conditional logit over the voices' features moves the present weights towards those that would choose it. How far
is decided by games that are left out in turn: the penalty under which most of their blocks are right.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks.importing.arranger import skyline
from benchmarks.importing.conditional_logit import Choice, fit
from benchmarks.importing.console_originals import NEAR, Onsets, Pair, f1, load_pairs, onsets, span_of
from generator.arranging.features import BLOCK, FEATURES, SLICE, Array, VoiceFeatures, voice_features
from generator.arranging.salience import BASS, BASSES, IS_BASS, MELODY, MELODY_FAMILIES, NAMED
from generator.arranging.voices import Voice, source_notes, split_voices
from generator.importing.importer import import_midi
from models.music.midi import read_score
from models.music.score import P1, P2, TR, Score

FEWEST, MARGIN = 3, 2
"""Notes of the console that the right voice must have in a block, and how many more than any other."""
FEATURES_OF = {"melody": (*FEATURES, "instrument", "name"), "bass": (*FEATURES, "is bass")}
PRESENT = {
    "melody": np.array([*(MELODY.get(name, 0.0) for name in FEATURES), 1.0, NAMED]),
    "bass": np.array([*(BASS.get(name, 0.0) for name in FEATURES), IS_BASS]),
}
"""The weights that the arranger has, in the order of `FEATURES_OF`."""
PENALTIES = (0.03, 0.1, 0.3, 1.0, 10.0)
FOLDS = 5
KINDS = {"melody": ("solo", "top", "bottom"), "bass": ("solo", "bottom")}
"""The kinds of voices that may play each role."""


@dataclass(frozen=True)
class Source:
    """A file with the features of its voices, and the console's lead and bass in its time."""

    features: VoiceFeatures
    console: dict[str, Onsets]


def lead_of(pair: Pair, song: Score, parts_onsets: Sequence[Onsets], span: tuple[float, float]) -> Onsets:
    """Return the onsets of the pulse that a part of the file is nearest to."""
    pulses = [onsets(song, channel, span, pair) for channel in (P1, P2)]
    return max(pulses, key=lambda pulse: max((f1(own, pulse) or 0.0 for own in parts_onsets), default=0.0))


def read(pair: Pair, vgmusic: Path, nesmdb: Path) -> Source | None:
    """Return a pair's file and console; None if the file has no pitched notes."""
    imported, song = import_midi((vgmusic / pair.file).read_bytes()), read_score(nesmdb / pair.song)
    notes = source_notes(imported.parts)
    if not notes:
        return None
    span = span_of(pair)
    lines = [_onsets_of(skyline(part.notes)) for part in imported.parts if not part.drum]
    lead = lead_of(pair, song, lines, span)
    features = voice_features(split_voices(notes), imported.parts)
    return Source(features, {"melody": lead, "bass": onsets(song, TR, span, pair)})


def _onsets_of(notes: Sequence[object]) -> Onsets:
    found: Onsets = {}
    for note in notes:
        found.setdefault(note.pitch % 12, []).append(note.start)  # type: ignore[attr-defined]
    return found


def choices_of(source: Source, role: str) -> Iterator[Choice]:
    """Yield the clear choices of a file."""
    features = source.features
    allowed = np.array([voice.kind in KINDS[role] for voice in features.voices])
    blocks = len(features.active) // BLOCK
    hits = np.zeros((blocks, len(features.voices)), int)
    for i, voice in enumerate(features.voices):
        if allowed[i]:
            _count(voice, source.console[role], hits[:, i])
    values = role_values(features, role)
    for block in range(blocks):
        at = block * BLOCK
        able = features.active[at : at + BLOCK].any(axis=0) & allowed
        if able.sum() < 2:
            continue
        ranked = np.sort(hits[block][able])
        if ranked[-1] >= FEWEST and ranked[-1] - ranked[-2] >= MARGIN:
            yield Choice(values[at + BLOCK // 2][able], int(hits[block][able].argmax()))


def _count(voice: Voice, console: Onsets, hits: np.ndarray) -> None:
    """Count a voice's notes that the console has, by block."""
    for chord in voice.chords:
        note = chord.notes[0]
        if any(abs(frame - note.start) <= NEAR for frame in console.get(note.pitch % 12, ())):
            hits[min(chord.start // (SLICE * BLOCK), len(hits) - 1)] += 1


def role_values(features: VoiceFeatures, role: str) -> Array:
    """Return everything that a role weighs [slices, voices, numbers], as `FEATURES_OF` has it."""
    shape = features.active.shape
    of_parts = {
        "bass": [features.families == BASSES],
        "melody": [MELODY_FAMILIES[features.families], features.names],
    }[role]
    columns = [np.broadcast_to(np.asarray(column, float), shape) for column in of_parts]
    return np.concatenate([features.values, np.stack(columns, axis=-1)], axis=-1)


Games = dict[str, list[Choice]]
"""Choices by the game of their file."""


def share_right(games: Games, weights: Array) -> float:
    """Return the share of the choices that are right, as a mean of the games."""
    shares = [
        sum(int((choice.features @ weights).argmax()) == choice.right for choice in choices) / len(choices)
        for choices in games.values()
        if choices
    ]
    return sum(shares) / max(1, len(shares))


def learn(games: Games, present: Array, penalty: float) -> Array:
    """Return the weights for these games."""
    choices = [choice for found in games.values() for choice in found]
    return fit(choices, penalty, present) if choices else present


def left_out(games: Games, present: Array, penalty: float) -> float:
    """Return the share of right choices in games that are left out in turn."""
    folds = [set(sorted(games)[i::FOLDS]) for i in range(FOLDS)]
    shares = []
    for fold in filter(None, folds):
        weights = learn({game: found for game, found in games.items() if game not in fold}, present, penalty)
        shares.append(share_right({game: games[game] for game in fold}, weights))
    return sum(shares) / max(1, len(shares))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("vgmusic", type=Path)
    parser.add_argument("nesmdb", type=Path)
    parser.add_argument("--pairs", type=Path)
    options = parser.parse_args(arguments)
    roles: dict[str, Games] = {"melody": {}, "bass": {}}
    for pair in tqdm([pair for pair in load_pairs(options) if pair.half == "train"], unit="pair"):
        if source := read(pair, options.vgmusic, options.nesmdb):
            for role, games in roles.items():
                games.setdefault(pair.game, []).extend(choices_of(source, role))
    for role, games in roles.items():
        present = PRESENT[role]
        print(f"{role}: {sum(map(len, games.values()))} choices, now {share_right(games, present):.1%} right")
        tried = {penalty: left_out(games, present, penalty) for penalty in PENALTIES}
        print("  left out:", ", ".join(f"{penalty:g}: {share:.1%}" for penalty, share in tried.items()))
        weights = learn(games, present, max(tried, key=lambda penalty: tried[penalty]))
        for name, before, after in zip(FEATURES_OF[role], present, weights, strict=True):
            print(f"  {name:10} {before:6.2f} {after:6.2f}")


if __name__ == "__main__":
    main()
