"""Labels from a file's folders and name: its collection, game, side of a published split, and scene.

Two naming schemes are known: NES-MDB's (number_Game_track_trackTitle, in folders `train` and `valid`), and a folder for
each game, as in VGMusic.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SIDES = ("train", "valid")

_NESMDB_NAME = re.compile(r"\d+_(?P<game>.+?)_\d\d_(?:\d\d)?(?P<title>.*)")
_GENERIC_FOLDERS = frozenset(("midi", "mid", "music", "musics", "songs", "src", "files", "data", "versions"))
"""Folders that hold music but name neither game nor collection."""

_SCENE_WORDS = {
    "game-over": r"game ?over|g(?:a?m)?e?over\b|continue \?|death|dead|\bdies?\b|miss\b|(?<!c)lose\b|fail(?:ed|ure)?\b",
    "clear": r"(?<!nu)clear|complete|victory|fanfare|win(?:s|ner)?\b|won\b|goal\b|done\b|congratul|results?\b",
    "boss": r"boss|battle|\bbatt?l?\b|\bbt\b|fight|enemy|versus|\bvs\b|duel|showdown",
    "title": r"titl|opening(?! stage)|\bop\b|intro(?!.?stage)|prologue|overture",
    "ending": r"ending|\bend\b|credit|staff|epilogue|finale",
    "town": r"town|village|castle|shop|house|\binn\b|(?<!o)city|market|palace",
    "dungeon": r"dungeon|cave|underground|tower|labyrinth|temple|underworld|crypt|ruins?\b|maze|sewer|shrine",
    "menu": r"menu|select|pass ?word|name ?(?:entry|input)|option|map\b(?! \d)|set ?up|\bsave\b|config",
    "stage": r"stage|\bst\b|st?ge?\b|level(?! up)|\blve?l?\b|area|round|w(?:or)?ld|main|bgm|theme|field|course|zone"
    r"|\bact\b|mission|forest|jungle|desert|mountain|route|\brace|game ?play|in ?game",
}
"""Words in a title that name a scene, the most reliable scenes first: a boss's stage is the boss's."""
_SCENES = {scene: re.compile(words) for scene, words in _SCENE_WORDS.items()}

_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12"}
"""Without V and X: V-Rally is not a fifth part, Mega Man X not a tenth."""
ALIKE_LETTERS = 4
"""Letters that a game's name must have to be found inside a longer word."""
_DROPPED = frozenset(("the", "a", "an", "of", "no", "and", "amp", "japan", "usa", "europe", "jp", "us", "version"))


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a file comes from. game: normalised. side: of a published split, if a folder names it."""

    collection: str
    game: str
    side: str | None
    title: str


def origin_of(parts: Sequence[str]) -> Origin:
    """Return the origin of a file, from the names of its source, its folders and itself."""
    folders = [part for part in parts[:-1] if part]
    sides = [folder for folder in folders if folder.lower() in SIDES]
    names = [folder for folder in folders if folder not in sides and folder.lower() not in _GENERIC_FOLDERS]
    # An archive often holds one folder of its own name.
    names = [name for before, name in pairwise(["", *names]) if name.lower() != before.lower()] or ["songs"]
    stem = parts[-1].rpartition(".")[0] or parts[-1]
    side = sides[-1].lower() if sides else None
    match = _NESMDB_NAME.fullmatch(stem)
    if match:
        return Origin("/".join(names), game_name(match["game"]), side, match["title"])
    game = names[-1] if not names[-1].isdigit() else " ".join(names[-2:])
    return Origin("/".join(names[:-1] or names), game_name(game), side, _without_game(stem, game))


def game_name(name: str) -> str:
    """Return a game's name without case, spaces, punctuation and articles, with digits: `megaman2`, `finalfantasy5`."""
    words = [word for word in _words(name) if word not in _DROPPED]
    if words and words[-1] == "i":
        words.pop()
    numbered = [_ROMAN.get(word, word) for word in words]
    if len(numbered) > 1 and numbered[-1] == "v":
        numbered[-1] = "5"
    return "".join(numbered) or "".join(_words(name)) or "unknown"


def scene_of(title: str) -> str | None:
    """Return the scene that a title names, or None."""
    spaced = " ".join(_words(title))
    return next((scene for scene, pattern in _SCENES.items() if pattern.search(spaced)), None)


def _words(name: str) -> list[str]:
    """Return the words of a name in lower case without accents, split where the case or kind of letter changes."""
    decomposed = unicodedata.normalize("NFKD", name)
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter)).replace("'", "")
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+|\d+|\?", plain)]


def _without_game(stem: str, game: str) -> str:
    """Return a file's name without its game's: not every song of Castlevania plays in a castle."""
    words = _words(game)
    whole = "".join(words)
    rest = stem.lower().replace(whole, " ") if len(whole) >= ALIKE_LETTERS else stem.lower()
    return " ".join(word for word in re.split(r"[\s_\-]+", rest) if word not in words)
