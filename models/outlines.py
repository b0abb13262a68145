"""Outlines: what songs are before their first note, kept with the model that learnt from them, for new tunes to draw.

A model draws what it is trained on, and long, dense songs are more of that than short ones; nor does it hear a scene
that is told once. So a tune's voices, density, returns, tempo and key are those of a song drawn among all, or among
those of a scene, and the tune is kept to them while it is written (`models.writer`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from models.errors import MusicError
from models.vocabulary import event_of

OUTLINES_FILE = "outlines.json"
VOICED = ("p1+p2+tr", "p1+p2+tr+no")
"""Songs do without drums; one without a voice is poorer than a tune for people should be."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A song's scene and clear key, where it has them; the steps of its plan (`models.plan`); sixteenths a beat.

    ornaments: the share of its notes, repeats left out, that begin in the same row as another of their channel.
    """

    scene: str | None
    key: str | None
    voices: str
    density: int
    returns: int
    sixteenths: int
    ornaments: float

    @property
    def plan(self) -> list[str]:
        """The events of `vocabulary.PLAN`."""
        return [f"voices:{self.voices}", f"density:{self.density}", f"returns:{self.returns}"]


USUAL = Outline(None, None, VOICED[-1], 2, 2, 480, 0.1)
"""For a model that was kept without outlines."""


def outline_of(text: str) -> Outline | None:
    """What a text of training says of a song; None of one without notes."""
    said: dict[str, str] = {}
    begun = ornaments = 0
    row, rows = "", dict[str, str]()
    for event in (event_of(character) for character in text if character != " "):
        kind, _, value = event.partition(":")
        if kind == "at":
            row = value.partition(".")[0]
        elif kind == "on":
            channel = value.partition(":")[0]
            begun, ornaments = begun + 1, ornaments + (rows.get(channel) == row)
            rows[channel] = row
        else:
            rows = {} if kind == "beat" else rows
            said.setdefault(kind, value)
    if "voices" not in said:
        return None
    return Outline(
        said.get("scene"),
        said.get("key"),
        said["voices"],
        int(said["density"]),
        int(said["returns"]),
        16 * int(said["frames"]) + int(said["sixteenths"]),
        round(ornaments / max(1, begun), 2),
    )


def save_outlines(texts: Iterable[str], folder: Path) -> None:
    """Keep the outlines of songs with a model, a line each."""
    rows = ",\n".join(json.dumps(astuple(found)) for found in map(outline_of, texts) if found)
    (folder / OUTLINES_FILE).write_text(f"[\n{rows}\n]\n", encoding="utf-8")


def load_outlines(folder: Path) -> list[Outline]:
    """The outlines kept with a model, or the usual one alone. Raises MusicError where the file is damaged."""
    path = folder / OUTLINES_FILE
    if not path.exists():
        return [USUAL]
    try:
        found = [Outline(*row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise MusicError(f"{path} holds no outlines") from error
    return found or [USUAL]


def draw_outline(
    outlines: Sequence[Outline],
    random: np.random.Generator,
    *,
    scene: str | None = None,
    key: str | None = None,
    densities: Sequence[int] = (),
) -> Outline:
    """One of some outlines (there is at least one), as often as songs are so.

    scene, densities: only such outlines, where there are any. key: only ones of its mode, where there are any.
    """
    found = list(outlines)
    for fits in (
        lambda one: one.voices in VOICED,
        lambda one: scene is None or one.scene == scene,
        lambda one: not densities or one.density in densities,
        lambda one: key is None or (one.key is not None and one.key.endswith("m") == key.endswith("m")),
    ):
        found = list(filter(fits, found)) or found
    return found[int(random.integers(len(found)))]
