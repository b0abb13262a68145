"""Outlines: what songs are before their first note, kept with the model that learnt from them, for new tunes to draw.

A model draws what it is trained on, and long, dense songs are more of that than short ones; nor does it hear a scene
that is told once. So a tune's voices, density, returns, tempo and key are those of a song drawn among all, or among
those of a scene, and the tune is kept to them while it is written (`models.inference.sampler`). Among all, a game is drawn first,
so that long soundtracks do not decide what tunes are like; of a scene a game has few songs.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path

import numpy as np

from models.errors import MusicError
from models.tokens.prompts import Cell, parse_tune
from models.tokens.sounds import Codebook
from models.tokens.tune_counts import TuneCounts
from models.tokens.vocabulary import event_of, is_note

PROFILES_FILE = "outlines.json"
FULL_VOICES = ("p1+p2+tr", "p1+p2+tr+no")
"""Songs do without drums; one without a voice is poorer than a tune for people should be."""


@dataclass(frozen=True, slots=True)
class SongProfile:
    """A song's scene and clear key, where it has them; the steps of its plan (`models.tokens.plan`); sixteenths a beat.

    ornaments: the share of its notes, repeats left out, that begin in the same row as another of their channel.
    loudness: the mean volume of its notes' envelopes (`models.inference.guidance`), where they are known. beats: its length, as
    `models.tokens.plan` rounds it up. game: a number that the songs of its game share.
    """

    scene: str | None
    key: str | None
    voices: str
    density: int
    returns: int
    sixteenths: int
    ornaments: float
    loudness: float | None
    beats: int
    game: int = 0

    @property
    def plan(self) -> list[str]:
        """The events of `vocabulary.PLAN`."""
        return [f"voices:{self.voices}", f"density:{self.density}", f"returns:{self.returns}"]


DEFAULT_PROFILE = SongProfile(None, None, FULL_VOICES[-1], 2, 2, 480, 0.1, None, 64)
"""For a model that was kept without outlines."""


def parse_profile(text: str, codebook: Codebook | None = None) -> SongProfile | None:
    """What a text of training says of a song; None of one without notes. codebook: of the envelopes that it names."""
    sheet = parse_tune(text)
    said = dict(event_of(word[0]).split(":") for word in sheet.head[1:])
    if "voices" not in said:
        return None
    tally = TuneCounts(codebook)
    ornaments = 0
    for beat in sheet.beats:
        cells = [_events(cell) for cell in beat.cells]
        tally.add(cells)
        rows = Counter((i, time.partition(".")[0]) for i, cell in enumerate(cells) for time, e in cell if is_note(e))
        ornaments += sum(count - 1 for count in rows.values())
    return SongProfile(
        said.get("scene"),
        said.get("key"),
        said["voices"],
        int(said["density"]),
        int(said["returns"]),
        16 * int(said["frames"]) + int(said["sixteenths"]),
        round(ornaments / max(1, tally.written), 2),
        round(tally.loudness / tally.heard, 1) if tally.heard else None,
        int(said["length"]),
    )


def _events(cell: Cell) -> list[tuple[str, str]]:
    """(time, event) of what a channel does in a beat."""
    return [(event_of(time).partition(":")[2], event_of(c)) for time, told in cell for c in told if c != " "]


def save_profiles(songs: Iterable[tuple[str, str]], folder: Path, codebook: Codebook | None) -> None:
    """Write the profiles of songs, (text, game) each, beside a model. Games are numbered as they come."""
    games: dict[str, int] = {}
    found = (
        replace(profile, game=games.setdefault(game, len(games)))
        for text, game in songs
        if (profile := parse_profile(text, codebook))
    )
    rows = ",\n".join(json.dumps(astuple(profile)) for profile in found)
    (folder / PROFILES_FILE).write_text(f"[\n{rows}\n]\n", encoding="utf-8")


def load_profiles(folder: Path) -> list[SongProfile]:
    """The outlines kept with a model, or the usual one alone. Raises MusicError where the file is damaged."""
    path = folder / PROFILES_FILE
    if not path.exists():
        return [DEFAULT_PROFILE]
    try:
        found = [SongProfile(*row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise MusicError(f"{path} holds no outlines") from error
    return found or [DEFAULT_PROFILE]


def draw_profile(
    outlines: Sequence[SongProfile],
    random: np.random.Generator,
    *,
    scene: str | None = None,
    key: str | None = None,
    densities: Sequence[int] = (),
    frames: float = 0.0,
) -> SongProfile:
    """One of some outlines (there is at least one): each game's as often, or, of a scene, each song's.

    scene, densities: only such outlines, where there are any. key: only ones of its mode, where there are any.
    frames: a tune's length; only songs at least half as long, where there are any, since jingles are another kind of
    music.
    """
    found = list(outlines)
    for fits in (
        lambda one: one.voices in FULL_VOICES,
        lambda one: scene is None or one.scene == scene,
        lambda one: one.beats * one.sixteenths / 16 >= frames / 2,
        lambda one: not densities or one.density in densities,
        lambda one: key is None or (one.key is not None and one.key.endswith("m") == key.endswith("m")),
    ):
        found = list(filter(fits, found)) or found
    if scene is None:
        games = sorted({one.game for one in found})
        game = games[int(random.integers(len(games)))]
        found = [one for one in found if one.game == game]
    return found[int(random.integers(len(found)))]
