"""Whether a run of training goes as the one did whose log ships: mean losses over the same steps, side by side.

    python -m benchmarks.composing.training_log runs/mine [--log models/weights/nes/log.csv]

The log that ships has the mean training loss of every 50 steps, in nats a token. A twentieth of a run is enough to see
whether seed, data and program are the same; docs/experiments.md has the commands. `--write FILE` makes such a log.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

from models.weights import DEFAULT_MODEL_FOLDER

EVERY = 50
WITHIN = 0.02


def means(log: Path) -> dict[int, float]:
    """For each whole 50 steps of a run's log, by the last of them, the mean loss."""
    losses = [json.loads(line)["loss"] for line in log.read_text(encoding="utf-8").splitlines()]
    return {end: sum(losses[end - EVERY : end]) / EVERY for end in range(EVERY, len(losses) + 1, EVERY)}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="the folder of a run of chiptune train")
    parser.add_argument("--log", type=Path, default=DEFAULT_MODEL_FOLDER / "log.csv")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the run's own means, and compare nothing")
    given = parser.parse_args()
    found = means(given.run / "log.jsonl")
    if given.write:
        rows = [("step", "loss"), *((step, f"{loss:.4f}") for step, loss in found.items())]
        given.write.write_text("".join(f"{a},{b}\n" for a, b in rows), encoding="utf-8")
        return
    with given.log.open(encoding="utf-8") as file:
        wanted = {int(row["step"]): float(row["loss"]) for row in csv.DictReader(file)}
    both = sorted(found.keys() & wanted.keys())
    print("| step | loss in the log | here | ratio |\n| --- | --- | --- | --- |")
    for step in both:
        print(f"| {step} | {wanted[step]:.4f} | {found[step]:.4f} | {found[step] / wanted[step]:.4f} |")
    ratio = sum(found[step] for step in both) / max(1e-9, sum(wanted[step] for step in both))
    verdict = "within" if abs(ratio - 1) <= WITHIN else "NOT within"
    print(f"\nMean of {len(both) * EVERY} steps: {ratio:.4f} of the log's, {verdict} 2 %.")


if __name__ == "__main__":
    main()
