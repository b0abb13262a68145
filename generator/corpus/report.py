"""Reports on a corpus as JSON, Markdown and plots: counts, reasons, labels, tempos, lengths."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from generator.corpus.build import COPY, CorpusFile, Options
from generator.corpus.labels import SIDES
from generator.protocol.names import KEYS, SCENES
from models.music.songs import CLEAR_KEY

REPORT_JSON, REPORT_PAGE, REPORT_PLOTS = "report.json", "report.md", "report.png"
SHARES = (5, 25, 50, 75, 95)
"""Percentiles in the report."""

Figures = dict[str, Any]


def figures_of(entries: Sequence[CorpusFile], options: Options) -> Figures:
    """Return the report's figures, ready for JSON."""
    kept = [entry for entry in entries if entry.side]
    clear = [entry for entry in kept if entry.key and entry.key_correlation >= CLEAR_KEY]
    return {
        "reductions": options.reductions,
        "valid_share": options.valid_share,
        "seed": options.seed,
        "files": len(entries),
        "kept": len(kept),
        "left_out": _counted(generic_reason(entry.reason) for entry in entries if entry.reason),
        "copies": _copies(entries),
        "collections": {name: _collection(own) for name, own in _by(entries, lambda entry: entry.origin.collection)},
        "sides": {side: _side([entry for entry in kept if entry.side == side]) for side in SIDES},
        "scenes": {scene: sum(entry.scene == scene for entry in kept) for scene in SCENES},
        "without_scene": sum(entry.scene is None for entry in kept),
        "keys": {key: sum(entry.key == key for entry in clear) for key in KEYS},
        "without_clear_key": len(kept) - len(clear),
        "bpm": _spread(entry.bpm for entry in kept),
        "seconds": _spread(entry.seconds for entry in kept),
        "notes_a_second": _spread(entry.notes / entry.seconds for entry in kept),
    }


def generic_reason(reason: str) -> str:
    """Return a reason without the numbers and names of a particular file."""
    return re.sub(r"\d[\d.,]*\d|\d", "…", reason) if not reason.startswith(("fewer", "shorter")) else reason


def _copies(entries: Sequence[CorpusFile]) -> dict[str, int]:
    """Return the number of copies by the kind of their original."""
    pairs = [(entry, entry.copy_of) for entry in entries if entry.copy_of is not None]
    same = [copy.origin.collection == original.origin.collection for copy, original in pairs]
    games = [copy.origin.game == original.origin.game for copy, original in pairs]
    return {
        "same game": sum(games),
        "other game of the same collection": sum(s and not g for s, g in zip(same, games, strict=True)),
        "other game of another collection": sum(not s and not g for s, g in zip(same, games, strict=True)),
    }


def _collection(entries: Sequence[CorpusFile]) -> Figures:
    """Return the figures of one collection."""
    kept = [entry for entry in entries if entry.side]
    share = 1 / max(1, len(kept))
    return {
        "files": len(entries),
        "kept": len(kept),
        "copies": sum(entry.reason == COPY for entry in entries),
        "broken_or_empty": sum(entry.reason not in (None, COPY) for entry in entries),
        "real": sum(entry.real for entry in kept),
        "games": len({entry.origin.game for entry in kept}),
        "hours": round(sum(entry.seconds for entry in kept) / 3600, 2),
        "with_scene": round(sum(entry.scene is not None for entry in kept) * share, 3),
        "with_clear_key": round(sum(entry.key_correlation >= CLEAR_KEY for entry in kept) * share, 3),
        "valid": sum(entry.side == "valid" for entry in kept),
    }


def _side(entries: Sequence[CorpusFile]) -> Figures:
    """Return the figures of one side."""
    return {
        "files": len(entries),
        "songs": sum(entry.songs for entry in entries),
        "games": len({entry.origin.game for entry in entries}),
        "hours": round(sum(entry.seconds for entry in entries) / 3600, 2),
        "notes": sum(entry.notes for entry in entries),
    }


def _spread(values: Iterable[float]) -> dict[str, float]:
    """Return the percentiles of some values."""
    percentiles = np.percentile(list(values), SHARES)
    return {f"{share} %": round(float(value), 2) for share, value in zip(SHARES, percentiles, strict=True)}


def _counted(values: Iterable[str]) -> dict[str, int]:
    """Return how often each value occurs, the most frequent first."""
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _by(entries: Sequence[CorpusFile], name: Callable[[CorpusFile], str]) -> list[tuple[str, list[CorpusFile]]]:
    """Return the files grouped by a name, sorted by it."""
    groups: dict[str, list[CorpusFile]] = {}
    for entry in entries:
        groups.setdefault(name(entry), []).append(entry)
    return sorted(groups.items())


# --- written ---------------------------------------------------------------------------------------------------


def write_report(entries: Sequence[CorpusFile], options: Options, folder: Path) -> Figures:
    """Write the three forms of the report beside the corpus, and return its figures."""
    figures = figures_of(entries, options)
    (folder / REPORT_JSON).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (folder / REPORT_PAGE).write_text(to_markdown(figures), encoding="utf-8")
    _draw([entry for entry in entries if entry.side], figures, folder / REPORT_PLOTS)
    return figures


def to_markdown(figures: Figures) -> str:
    """Return the figures as Markdown."""
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
    """Return the lines of a Markdown table, followed by an empty one."""
    columns = list(next(iter(rows.values()), {}))
    head = [
        f"| {title} | {' | '.join(column.replace('_', ' ') for column in columns)} |",
        "| --- " * (len(columns) + 1) + "|",
    ]
    return [*head, *(f"| {name} | {' | '.join(str(row[c]) for c in columns)} |" for name, row in rows.items()), ""]


def _list(title: str, counts: dict[str, int]) -> list[str]:
    """Return the lines of a Markdown list with a heading."""
    return [f"## {title}", "", *(f"- {name}: {count}" for name, count in counts.items()), ""]


def _percent(share: float) -> str:
    """Return a share as a percentage."""
    return f"{100 * share:.0f} %"


def _draw(kept: Sequence[CorpusFile], figures: Figures, path: Path) -> None:
    """Draw six panels: files, scenes, keys; tempos, lengths, density."""
    import matplotlib as mpl  # noqa: PLC0415  slow to load

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
        (bpm, "tempo (BPM)", [entry.bpm for entry in kept], 300),
        (seconds, "length (s)", [entry.seconds for entry in kept], 300),
        (density, "notes a second", [entry.notes / entry.seconds for entry in kept], 60),
    ):
        for real, label in ((True, "the console's own"), (False, "arranged")):
            shown = [min(value, high) for value, entry in zip(values, kept, strict=True) if entry.real is real]
            if shown:
                axes.hist(shown, bins=60, range=(0, high), alpha=0.6, label=f"{label} ({len(shown)})")
        axes.set_title(title)
        axes.legend()
    figure.savefig(path, dpi=80, metadata={"Software": None})
    plt.close(figure)
