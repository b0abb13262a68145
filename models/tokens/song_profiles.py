"""Song profiles: what songs are like, kept with the model that learnt from them, for new tunes to draw from.

A model samples what it was trained on, in which long, dense songs weigh more than short ones. It also ignores a scene
that is given only once. So a new tune takes its voices, density, repetition, tempo and key from the profile of a song,
and is guided to them while it is sampled (`models.inference.guidance`). For a scene, one of its songs is drawn.
Otherwise a game is drawn first, so that long soundtracks do not decide what tunes are like.
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
"""The channels of the songs that tunes are drawn from. Songs can do without drums, but not without another voice."""


@dataclass(frozen=True, slots=True)
class SongProfile:
    """A song's scene and clear key, if it has them, the steps of its plan (`models.tokens.plan`), and more.

    sixteenths: of a frame, in a beat. ornaments: the share of its notes, without repeats, that start in the same row as
    another note of their channel. loudness: the mean volume of its notes' envelopes, if known. beats: its length, as
    `models.tokens.plan` rounds it up. game: a number that the songs of a game share.
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
        """The events of the plan, in the order of `vocabulary.PLAN`."""
        return [f"voices:{self.voices}", f"density:{self.density}", f"returns:{self.returns}"]


DEFAULT_PROFILE = SongProfile(None, None, FULL_VOICES[-1], 2, 2, 480, 0.1, None, 64)
"""The profile of new tunes if the model has none."""


def parse_profile(text: str, codebook: Codebook | None = None) -> SongProfile | None:
    """Return the profile of a training text, or None if it has no notes. codebook: of the envelopes that it names."""
    tune = parse_tune(text)
    controls = dict(event_of(word[0]).split(":") for word in tune.head[1:])
    if "voices" not in controls:
        return None
    counts = TuneCounts(codebook)
    ornaments = 0
    for beat in tune.beats:
        cells = [_events(cell) for cell in beat.cells]
        counts.add(cells)
        rows = Counter((i, time.partition(".")[0]) for i, cell in enumerate(cells) for time, e in cell if is_note(e))
        ornaments += sum(count - 1 for count in rows.values())
    return SongProfile(
        controls.get("scene"),
        controls.get("key"),
        controls["voices"],
        int(controls["density"]),
        int(controls["returns"]),
        16 * int(controls["frames"]) + int(controls["sixteenths"]),
        round(ornaments / max(1, counts.written), 2),
        round(counts.loudness / counts.enveloped, 1) if counts.enveloped else None,
        int(controls["length"]),
    )


def _events(cell: Cell) -> list[tuple[str, str]]:
    """Return what a channel does in a beat as (time, event)."""
    return [
        (event_of(time).partition(":")[2], event_of(c)) for time, characters in cell for c in characters if c != " "
    ]


def save_profiles(songs: Iterable[tuple[str, str]], folder: Path, codebook: Codebook | None) -> None:
    """Write the profiles of songs, (text, game) each, beside a model. Games are numbered as they come."""
    games: dict[str, int] = {}
    profiles = (
        replace(profile, game=games.setdefault(game, len(games)))
        for text, game in songs
        if (profile := parse_profile(text, codebook))
    )
    rows = ",\n".join(json.dumps(astuple(profile)) for profile in profiles)
    (folder / PROFILES_FILE).write_text(f"[\n{rows}\n]\n", encoding="utf-8")


def load_profiles(folder: Path) -> list[SongProfile]:
    """Return a model's profiles, or the default one if it has none. Raise MusicError if the file is damaged."""
    path = folder / PROFILES_FILE
    if not path.exists():
        return [DEFAULT_PROFILE]
    try:
        profiles = [SongProfile(*row) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise MusicError(f"{path} holds no song profiles.") from error
    return profiles or [DEFAULT_PROFILE]


def draw_profile(
    profiles: Sequence[SongProfile],
    random: np.random.Generator,
    *,
    scene: str | None = None,
    key: str | None = None,
    densities: Sequence[int] = (),
    frames: float = 0.0,
) -> SongProfile:
    """Return a random profile, each game's equally often or, for a scene, each song's. `profiles` is not empty.

    Each wish is ignored if no profile fulfils it. scene, densities: what the profile should have. key: a key of the
    mode that it should have. frames: the tune's length; its song should be at least half as long, since jingles are
    another kind of music.
    """
    candidates = list(profiles)
    for fits in (
        lambda profile: profile.voices in FULL_VOICES,
        lambda profile: scene is None or profile.scene == scene,
        lambda profile: profile.beats * profile.sixteenths / 16 >= frames / 2,
        lambda profile: not densities or profile.density in densities,
        lambda profile: key is None or (profile.key is not None and profile.key.endswith("m") == key.endswith("m")),
    ):
        candidates = list(filter(fits, candidates)) or candidates
    if scene is None:
        games = sorted({profile.game for profile in candidates})
        game = games[int(random.integers(len(games)))]
        candidates = [profile for profile in candidates if profile.game == game]
    return candidates[int(random.integers(len(candidates)))]
