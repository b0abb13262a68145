"""Draws docs/architecture.svg from the imports that the source has: run `python -m docs.draw_architecture`.

Each box is a package. It imports only boxes below it in its column, and boxes of columns to the right. A line is an
import that no chain of other lines shows. Of the lines between columns only one is drawn: the bot's into the generator.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

from tests.test_architecture import ROOMS, imports, package_of

PICTURE = Path(__file__).with_name("architecture.svg")
COLOURS = {"bot/discord": "#e4defc", "bot": "#dbe9ff", "generator": "#e3f4dd", "models": "#fdeccb"}
"""The columns, from left to right."""
WIDTH, HEIGHT, GAP, STEP = 2.75, 0.72, 0.3, 1.2
"""Of a box, of the space between two, and from one level to the next."""

Graph = Mapping[str, frozenset[str]]
Place = tuple[float, float]


def packages() -> Graph:
    """Return which packages of its own column each package imports. Modules that lie in a room itself are left out."""
    graph: dict[str, set[str]] = {package_of(name): set() for name in imports() if package_of(name) not in ROOMS}
    for name, others in imports().items():
        home = package_of(name)
        for other in map(package_of, others):
            if home in graph and other in graph and other != home and column(other) == column(home):
                graph[home].add(other)
    return {name: frozenset(others) for name, others in graph.items()}


def column(package: str) -> str:
    """Return the column that a package is drawn in."""
    room, name = package.split(".", maxsplit=1)
    return "bot/discord" if package.startswith("bot.discord.") or name == "discord" else room


def levels(graph: Graph) -> dict[str, int]:
    """Return for each package the length of its longest chain of imports."""
    found: dict[str, int] = {}

    def level(package: str) -> int:
        if package not in found:
            found[package] = max((level(other) + 1 for other in graph[package]), default=0)
        return found[package]

    for package in graph:
        level(package)
    return found


def reduced(graph: Graph) -> Graph:
    """Return the graph without the edges that a longer path shows."""
    reach: dict[str, frozenset[str]] = {}
    for package in sorted(graph, key=levels(graph).__getitem__):
        reach[package] = graph[package].union(*(reach[other] for other in graph[package]))
    return {
        package: frozenset(other for other in others if not any(other in reach[third] for third in others))
        for package, others in graph.items()
    }


def places(graph: Graph) -> dict[str, Place]:
    """Return the middle of each box: columns side by side, levels above each other."""
    heights, result, left = levels(graph), {}, 0.0
    for name in COLOURS:
        own = [package for package in graph if column(package) == name]
        rows = [[p for p in own if heights[p] == level] for level in range(max(heights[p] for p in own) + 1)]
        widest = max(map(len, rows)) * (WIDTH + GAP)
        for level, row in enumerate(rows):
            for i, package in enumerate(row):
                shift = (i - (len(row) - 1) / 2) * (WIDTH + GAP)
                result[package] = (left + widest / 2 + shift, level * STEP)
        left += widest + 2 * GAP
    return result


def draw(graph: Graph, axes: Axes) -> None:
    """Draw boxes and lines."""
    where = places(graph)
    for package, others in reduced(graph).items():
        for other in sorted(others):
            (x, y), (to_x, to_y) = where[package], where[other]
            axes.plot([x, to_x], [y - HEIGHT / 2, to_y + HEIGHT / 2], color="#8a8f98", linewidth=0.8, zorder=1)
    for package, (x, y) in where.items():
        corner = (x - WIDTH / 2, y - HEIGHT / 2)
        style = "round,pad=0,rounding_size=0.12"
        axes.add_patch(
            FancyBboxPatch(
                corner, WIDTH, HEIGHT, boxstyle=style, facecolor=COLOURS[column(package)], edgecolor="#444c56", zorder=2
            )
        )
        text = package.split(".", maxsplit=1)[1].removeprefix("discord.")
        text = "app, registry" if text == "discord" else text.replace(".", "/")
        axes.text(x, y, text, ha="center", va="center", fontsize=11, zorder=3)
    top = max(y for _, y in where.values()) + STEP
    for name in COLOURS:
        middle = [x for package, (x, _) in where.items() if column(package) == name]
        axes.text((min(middle) + max(middle)) / 2, top, f"{name}/", ha="center", fontsize=16, weight="bold")
    right = max(x for package, (x, _) in where.items() if column(package) == "bot")
    protocol = where["generator.protocol"]
    axes.annotate(
        "all that the bot may import",
        xy=(protocol[0] - WIDTH / 2, protocol[1] - HEIGHT / 2),
        xytext=(right, -1.15),
        arrowprops={"arrowstyle": "->", "color": "#b3261e", "connectionstyle": "arc3,rad=0.15"},
        color="#b3261e",
        fontsize=11,
        ha="right",
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=PICTURE, help="a file ending in .svg or .png")
    options = parser.parse_args(arguments)
    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "architecture"
    figure, axes = plt.subplots(figsize=(17, 9))
    draw(packages(), axes)
    axes.set_aspect("equal")
    axes.axis("off")
    metadata = {"Date": None} if options.out.suffix == ".svg" else None
    figure.savefig(options.out, bbox_inches="tight", facecolor="white", metadata=metadata)
    plt.close(figure)


if __name__ == "__main__":
    main()
