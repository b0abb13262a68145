"""What came of a corpus, as JSON, as a page of text, and as plots: counts, reasons, labels, tempos, lengths."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from generator.corpus.build import COPY, Options, Piece
from generator.corpus.labels import SIDES
from generator.protocol.names import KEYS, SCENES
from models.music.songs import CLEAR_KEY

REPORT_JSON, REPORT_PAGE, REPORT_PLOTS = "report.json", "report.md", "report.png"
SHARES = (5, 25, 50, 75, 95)
"""Percentiles that are reported."""

Figures = dict[str, Any]


def figures_of(pieces: Sequence[Piece], options: Options) -> Figures:
    """The report's figures, for JSON."""
    kept = [piece for piece in pieces if piece.side]
    clear = [piece for piece in kept if piece.key and piece.key_correlation >= CLEAR_KEY]
    return {
        "reductions": options.reductions,
        "valid_share": options.valid_share,
        "seed": options.seed,
        "files": len(pieces),
        "kept": len(kept),
        "left_out": _counted(kind_of(piece.reason) for piece in pieces if piece.reason),
        "copies": _copies(pieces),
        "collections": {name: _collection(own) for name, own in _by(pieces, lambda piece: piece.place.collection)},
        "sides": {side: _side([piece for piece in kept if piece.side == side]) for side in SIDES},
        "scenes": {scene: sum(piece.scene == scene for piece in kept) for scene in SCENES},
        "without_scene": sum(piece.scene is None for piece in kept),
        "keys": {key: sum(piece.key == key for piece in clear) for key in KEYS},
        "without_clear_key": len(kept) - len(clear),
        "bpm": _spread(piece.bpm for piece in kept),
        "seconds": _spread(piece.seconds for piece in kept),
        "notes_a_second": _spread(piece.notes / piece.seconds for piece in kept),
    }


def kind_of(reason: str) -> str:
    """A reason without the numbers and names that make it one file's own."""
    return re.sub(r"\d[\d.,]*\d|\d", "…", reason) if not reason.startswith(("fewer", "shorter")) else reason


def _copies(pieces: Sequence[Piece]) -> dict[str, int]:
    """Copies by where their originals are."""
    pairs = [(piece, piece.copy_of) for piece in pieces if piece.copy_of is not None]
    same = [copy.place.collection == original.place.collection for copy, original in pairs]
    games = [copy.place.game == original.place.game for copy, original in pairs]
    return {
        "same game": sum(games),
        "other game of the same collection": sum(s and not g for s, g in zip(same, games, strict=True)),
        "other game of another collection": sum(not s and not g for s, g in zip(same, games, strict=True)),
    }


def _collection(pieces: Sequence[Piece]) -> Figures:
    kept = [piece for piece in pieces if piece.side]
    share = 1 / max(1, len(kept))
    return {
        "files": len(pieces),
        "kept": len(kept),
        "copies": sum(piece.reason == COPY for piece in pieces),
        "broken_or_empty": sum(piece.reason not in (None, COPY) for piece in pieces),
        "real": sum(piece.real for piece in kept),
        "games": len({piece.place.game for piece in kept}),
        "hours": round(sum(piece.seconds for piece in kept) / 3600, 2),
        "with_scene": round(sum(piece.scene is not None for piece in kept) * share, 3),
        "with_clear_key": round(sum(piece.key_correlation >= CLEAR_KEY for piece in kept) * share, 3),
        "valid": sum(piece.side == "valid" for piece in kept),
    }


def _side(pieces: Sequence[Piece]) -> Figures:
    return {
        "files": len(pieces),
        "songs": sum(piece.songs for piece in pieces),
        "games": len({piece.place.game for piece in pieces}),
        "hours": round(sum(piece.seconds for piece in pieces) / 3600, 2),
        "notes": sum(piece.notes for piece in pieces),
    }


def _spread(values: Iterable[float]) -> dict[str, float]:
    """Percentiles."""
    found = np.percentile(list(values), SHARES)
    return {f"{share} %": round(float(value), 2) for share, value in zip(SHARES, found, strict=True)}


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _by(pieces: Sequence[Piece], name: Callable[[Piece], str]) -> list[tuple[str, list[Piece]]]:
    found: dict[str, list[Piece]] = {}
    for piece in pieces:
        found.setdefault(name(piece), []).append(piece)
    return sorted(found.items())


# --- written ---------------------------------------------------------------------------------------------------


def write_report(pieces: Sequence[Piece], options: Options, folder: Path) -> Figures:
    """Write the three forms of the report beside the corpus; the figures."""
    figures = figures_of(pieces, options)
    (folder / REPORT_JSON).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (folder / REPORT_PAGE).write_text(page_of(figures), encoding="utf-8")
    _draw([piece for piece in pieces if piece.side], figures, folder / REPORT_PLOTS)
    return figures


def page_of(figures: Figures) -> str:
    """The figures as Markdown."""
    sides = figures["sides"]
    kept = max(1, figures["kept"])
    lines = [
        "# Corpus",
        "",
        f"{figures['kept']} of {figures['files']} files, with {sum(s['songs'] for s in sides.values())} arrangements;"
        f" {sides['train']['files']} files of {sides['train']['games']} games to train on,"
        f" {sides['valid']['files']} of {sides['valid']['games']} kept from it.",
        f"{_percent(1 - figures['without_scene'] / kept)} have a scene,"
        f" {_percent(1 - figures['without_clear_key'] / kept)} a clear key (correlation {CLEAR_KEY} or more).",
        "",
        f"![Plots]({REPORT_PLOTS})",
        "",
        *_table("collection", figures["collections"]),
        *_table("side", sides),
        *_table("percentiles", {name: figures[name] for name in ("bpm", "seconds", "notes_a_second")}),
        *_list("Left out", figures["left_out"]),
        *_list("Copies of a file of", figures["copies"]),
        *_list("Scenes", {**figures["scenes"], "none": figures["without_scene"]}),
        *_list("Keys", {**figures["keys"], "none that is clear": figures["without_clear_key"]}),
    ]
    return "\n".join(lines)


def _table(title: str, rows: dict[str, Figures]) -> list[str]:
    columns = list(next(iter(rows.values()), {}))
    head = [
        f"| {title} | {' | '.join(column.replace('_', ' ') for column in columns)} |",
        "| --- " * (len(columns) + 1) + "|",
    ]
    return [*head, *(f"| {name} | {' | '.join(str(row[c]) for c in columns)} |" for name, row in rows.items()), ""]


def _list(title: str, counts: dict[str, int]) -> list[str]:
    return [f"## {title}", "", *(f"- {name}: {count}" for name, count in counts.items()), ""]


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _draw(kept: Sequence[Piece], figures: Figures, path: Path) -> None:
    """Six panels: files, scenes, keys; tempos, lengths, density."""
    import matplotlib as mpl  # noqa: PLC0415  slow to load: only where something is drawn

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figure, ((files, scenes, keys), (bpm, seconds, density)) = plt.subplots(2, 3, figsize=(16, 9), layout="constrained")
    collections = figures["collections"]
    left = np.zeros(len(collections))
    for label, color in (("kept", "#3a7d44"), ("copies", "#e0a030"), ("broken_or_empty", "#b03a3a")):
        counts = np.array([row[label] for row in collections.values()])
        files.barh(list(collections), counts, left=left, color=color, label=label.replace("_", " "))
        left += counts
    files.legend()
    files.invert_yaxis()
    files.set_title("files")
    scenes.barh([*figures["scenes"], "none"], [*figures["scenes"].values(), figures["without_scene"]], color="#4060a0")
    scenes.invert_yaxis()
    scenes.set_title("scenes")
    keys.barh([*figures["keys"], "unclear"], [*figures["keys"].values(), figures["without_clear_key"]], color="#4060a0")
    keys.invert_yaxis()
    keys.tick_params(axis="y", labelsize=8)
    keys.set_title(f"keys (unclear: correlation under {CLEAR_KEY})")
    for axes, title, values, high in (
        (bpm, "tempo (BPM)", [piece.bpm for piece in kept], 300),
        (seconds, "length (s)", [piece.seconds for piece in kept], 300),
        (density, "notes a second", [piece.notes / piece.seconds for piece in kept], 60),
    ):
        for real, label in ((True, "the console's own"), (False, "arranged")):
            some = [min(value, high) for value, piece in zip(values, kept, strict=True) if piece.real is real]
            if some:
                axes.hist(some, bins=60, range=(0, high), alpha=0.6, label=f"{label} ({len(some)})")
        axes.set_title(title)
        axes.legend()
    figure.savefig(path, dpi=80, metadata={"Software": None})
    plt.close(figure)
