"""Whether a training run repeats an earlier one: mean losses over the same steps, side by side.

    python -m benchmarks.composing.training_log runs/mine [--log models/weights/nes/log.csv] [--write FILE]

The log beside the shipped model holds the mean training loss of every 50 steps, in nats per token. A twentieth of a run
is enough to see whether seed, data and program are the same; docs/experiments.md has the commands. `--write` saves such
a log of a run and compares nothing.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Sequence
from pathlib import Path

from models.weights import DEFAULT_MODEL_FOLDER

EVERY = 50
"""Steps per mean."""
TOLERANCE = 0.02


def means(log: Path) -> dict[int, float]:
    """Return the mean loss of each full 50 steps of a run's log, by the number of the last step."""
    losses = [json.loads(line)["loss"] for line in log.read_text(encoding="utf-8").splitlines()]
    return {end: sum(losses[end - EVERY : end]) / EVERY for end in range(EVERY, len(losses) + 1, EVERY)}


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="the folder of a run of chiptune train")
    parser.add_argument("--log", type=Path, default=DEFAULT_MODEL_FOLDER / "log.csv")
    parser.add_argument("--write", type=Path, metavar="FILE", help="save the run's means and compare nothing")
    options = parser.parse_args(arguments)
    run = means(options.run / "log.jsonl")
    if options.write:
        rows = [("step", "loss"), *((step, f"{loss:.4f}") for step, loss in run.items())]
        options.write.write_text("".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
        return
    with options.log.open(encoding="utf-8") as file:
        logged = {int(row["step"]): float(row["loss"]) for row in csv.DictReader(file)}
    both = sorted(run.keys() & logged.keys())
    print("| step | loss in the log | loss of the run | ratio |\n| --- | --- | --- | --- |")
    for step in both:
        print(f"| {step} | {logged[step]:.4f} | {run[step]:.4f} | {run[step] / logged[step]:.4f} |")
    ratio = sum(run[step] for step in both) / max(1e-9, sum(logged[step] for step in both))
    verdict = "within" if abs(ratio - 1) <= TOLERANCE else "NOT within"
    print(f"\nOver {len(both) * EVERY} steps the mean loss is {ratio:.4f} of the log's, {verdict} 2 %.")


if __name__ == "__main__":
    main()
