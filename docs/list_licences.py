"""Lists the licence of every package in requirements.lock as docs/licences.md: `python -m docs.list_licences`.

The licences are those that the installed packages declare. `tests/test_dependencies.py` checks them.
"""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK, PAGE = ROOT / "requirements.lock", ROOT / "docs" / "licences.md"
CLASSIFIER = "License :: OSI Approved :: "


def locked() -> dict[str, str]:
    """Return the versions in requirements.lock by package."""
    return dict(line.split("==", 1) for line in LOCK.read_text().splitlines() if "==" in line)


def licence_of(package: str) -> str:
    """Return the licence that an installed package declares. Raise PackageNotFoundError if it is not installed."""
    metadata = importlib.metadata.metadata(package)
    classified = [line.removeprefix(CLASSIFIER) for line in metadata.get_all("Classifier") or [] if CLASSIFIER in line]
    [expression, *_], [text, *_] = (metadata.get_all(name) or [""] for name in ("License-Expression", "License"))
    declared = expression or "; ".join(classified) or text
    declared = declared.removeprefix(CLASSIFIER)
    return re.sub(r"\s+", " ", declared.splitlines()[0] if declared else "").strip()


def page() -> str:
    """Return the page."""
    rows = []
    for package in sorted(locked(), key=str.lower):
        try:
            rows.append(f"| {package} | {licence_of(package)} |")
        except importlib.metadata.PackageNotFoundError:
            continue  # needed only on other systems or versions of Python
    head = ["# Licences of dependencies", "", "Written by `python -m docs.list_licences`.", "", "| package | licence |"]
    return "\n".join([*head, "| --- | --- |", *rows, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
