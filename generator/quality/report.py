"""Reports on a comparison as JSON, Markdown and plots: a row and a panel for each statistic."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from generator.analysis.bars import PASSAGE, SAME
from generator.analysis.statistics import STATISTICS
from generator.quality.overlap import SPLITS, Array, Overlap, compare, histogram, sample_size
from generator.quality.samples import Sample

REPORT_JSON, REPORT_PAGE, REPORT_PLOTS = "report.json", "report.md", "report.png"
GOAL = 0.8
"""The share of the ceiling that each statistic should reach."""
LONG = 30
"""Seconds: longer tunes should have a passage that returns."""
COLUMNS = 5
"""Panels in a row."""
REAL_COLOR, MADE_COLOR = "#4060a0", "#e07030"

Figures = dict[str, Any]


def write_report(tunes: Sample, songs: Sample, seconds: float, seed: int, out: Path) -> Figures:
    """Write the three forms of the report into a folder, and return its figures.

    tunes, songs: at least 1 and 2 of them. seconds: the length that was measured. seed: decides the splits.
    """
    figures = figures_of(tunes, songs, seconds, seed)
    (out / REPORT_JSON).write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (out / REPORT_PAGE).write_text(to_markdown(figures), encoding="utf-8")
    _draw(figures, out / REPORT_PLOTS)
    return figures


def figures_of(tunes: Sample, songs: Sample, seconds: float, seed: int) -> Figures:
    """Return the report's figures, ready for JSON; shares and overlaps are 0 to 1."""
    rows = {}
    for i, statistic in enumerate(STATISTICS):
        if songs.sounds or not statistic.sound:
            overlap = compare(tunes.values[:, i], songs.values[:, i], seed)
            rows[statistic.name] = {"unit": statistic.unit, **_row(overlap, tunes.values[:, i], songs.values[:, i])}
    return {
        "seconds": seconds,
        "seed": seed,
        "splits": SPLITS,
        "sample": sample_size(tunes.size, songs.size),
        "tunes": _side(tunes),
        "songs": _side(songs),
        "reached": sum(row["reached"] for row in rows.values()),
        "statistics": rows,
    }


def _side(sample: Sample) -> Figures:
    """Return the figures of one sample."""
    return {"measured": sample.size, "too_short": sample.too_short, "with_return": sum(sample.returns)}


def _row(overlap: Overlap, tunes: Array, songs: Array) -> Figures:
    """Return the figures of one statistic, without the outermost edges, which are infinite."""
    edges = np.array(overlap.edges)
    return {
        "songs": round(float(np.median(songs)), 4),
        "tunes": round(float(np.median(tunes)), 4),
        "overlap": round(overlap.overlap, 4),
        "ceiling": round(overlap.ceiling, 4),
        "spread": round(overlap.spread, 4),
        "ratio": round(overlap.ratio, 4),
        "reached": overlap.ratio >= GOAL,
        "edges": [round(edge, 6) for edge in overlap.edges[1:-1]],
        "songs_in_bins": histogram(songs, edges).round(4).tolist(),
        "tunes_in_bins": histogram(tunes, edges).round(4).tolist(),
    }


# --- words -----------------------------------------------------------------------------------------------------


def to_markdown(figures: Figures) -> str:
    """Return the figures as Markdown."""
    tunes, songs = figures["tunes"], figures["songs"]
    lines = [
        "# Quality",
        "",
        f"{tunes['measured']} generated tunes beside {songs['measured']} held-out songs, the first"
        f" {figures['seconds']:g} s of each; {tunes['too_short']} tunes and {songs['too_short']} songs are shorter and"
        " were left out.",
        goal_sentence(figures),
        "",
        *markdown_table(figures),
        "",
        returns_sentence(figures),
        "",
        f"![Plots]({REPORT_PLOTS})",
        "",
        "## How to read it",
        "",
        "- songs, tunes: medians.",
        "- overlap: the area that the histograms of tunes and songs share. The bins hold equal shares of the"
        " songs, with one more on either side for tunes below the least and above the greatest song.",
        f"- ceiling: the same between two halves of the songs that share none, the mean of {figures['splits']} splits;"
        " ± is its standard deviation, which is what chance alone does at this size.",
        f"- Every overlap is taken between samples of {figures['sample']}: few values leave gaps in a histogram, which"
        " lower an overlap, and equal sizes lower both sides' alike. Chance also draws what is left toward 1, so that"
        " few tunes flatter a model.",
        f"- of the ceiling: overlap / ceiling; ✗ marks what is under {GOAL}.",
        f"- A bar is four beats, on rows found from the onsets on both sides; two bars are the same where their onsets"
        f" by row, channel and pitch have a Jaccard similarity of {SAME} or more. Transposed returns do not count.",
        "",
    ]
    return "\n".join(lines)


def goal_sentence(figures: Figures) -> str:
    """Return a sentence that says how many statistics reach the goal."""
    return f"{figures['reached']} of {len(figures['statistics'])} statistics reach {GOAL} of the ceiling."


def markdown_table(figures: Figures) -> list[str]:
    """Return the statistics as the lines of a Markdown table."""
    heads = ("statistic", "unit", "songs", "tunes", "overlap", "ceiling", "of the ceiling", "")
    rows = [
        (
            name,
            row["unit"],
            f"{row['songs']:.2f}",
            f"{row['tunes']:.2f}",
            f"{row['overlap']:.2f}",
            f"{row['ceiling']:.2f} ± {row['spread']:.2f}",
            f"{row['ratio']:.2f}",
            "" if row["reached"] else "✗",
        )
        for name, row in figures["statistics"].items()
    ]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = [heads, tuple("-" * max(3, width) for width in widths), *rows]
    return [f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |" for line in lines]


def returns_sentence(figures: Figures) -> str:
    """Return one or two sentences on the share of tunes and of songs in which a passage returns."""

    def share(side: Figures) -> str:
        return f"{100 * side['with_return'] / side['measured']:.0f} % ({side['with_return']} of {side['measured']})"

    short = f" That is asked of tunes over {LONG} s; these last {figures['seconds']:g} s."
    return (
        f"A passage of {PASSAGE} bars or more returns, {PASSAGE} bars later or more, in"
        f" {share(figures['tunes'])} of the tunes and {share(figures['songs'])} of the songs."
        f"{short if figures['seconds'] <= LONG else ''}"
    )


# --- plots -----------------------------------------------------------------------------------------------------


def _draw(figures: Figures, path: Path) -> None:
    """Draw a panel for each statistic, and one for the returning passages."""
    import matplotlib as mpl  # noqa: PLC0415  slow to load

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    rows = figures["statistics"]
    lines = -(-(len(rows) + 1) // COLUMNS)
    figure, grid = plt.subplots(lines, COLUMNS, figsize=(4 * COLUMNS, 3.2 * lines), layout="constrained")
    for axes, (name, row) in zip(grid.flat, rows.items(), strict=False):
        _draw_bins(axes, name, row)
    _draw_returns(grid.flat[len(rows)], figures)
    for axes in grid.flat[len(rows) + 1 :]:
        axes.set_axis_off()
    handles, labels = grid.flat[0].get_legend_handles_labels()
    for axes in grid[:, 0]:
        axes.set_ylabel("share of songs, of tunes", fontsize=8)
    figure.legend(handles, labels, loc="outside upper center", ncols=2)
    figure.savefig(path, dpi=80, metadata={"Software": None})
    plt.close(figure)


def _draw_bins(axes: Any, name: str, row: Figures) -> None:
    """Draw two histograms on shared bins. All bins are equally wide, because their true widths differ too much."""
    edges = row["edges"]
    at = np.arange(len(edges) + 1)
    axes.bar(at - 0.2, row["songs_in_bins"], 0.4, color=REAL_COLOR, label="held-out songs")
    axes.bar(at + 0.2, row["tunes_in_bins"], 0.4, color=MADE_COLOR, label="generated tunes")
    axes.set_xticks(at[:-1] + 0.5, [f"{edge:.3g}" for edge in edges], fontsize=7, rotation=45)
    axes.set_xlabel(row["unit"], fontsize=8)
    axes.tick_params(axis="y", labelsize=7)
    title = f"{name}\noverlap {row['overlap']:.2f}, ceiling {row['ceiling']:.2f}: {row['ratio']:.2f}"
    axes.set_title(title, fontsize=10, color="black" if row["reached"] else "#b03030")


def _draw_returns(axes: Any, figures: Figures) -> None:
    """Draw the shares of songs and tunes with a passage that returns."""
    shares = [figures[side]["with_return"] / figures[side]["measured"] for side in ("songs", "tunes")]
    axes.bar(["held-out songs", "generated tunes"], shares, color=[REAL_COLOR, MADE_COLOR])
    axes.set_ylim(0, 1)
    axes.set_title(f"share with a passage that returns\nin {figures['seconds']:g} s", fontsize=10)
