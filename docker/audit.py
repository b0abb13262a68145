"""Looks up every package of requirements.lock in the Python Packaging Advisory Database: `make audit`.

Exit code 1 if a package has a known vulnerability. Without a network it says so, and ends with 0: a build must not fail
because a server cannot be reached.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

COMMAND = ("pip_audit", "-r", "requirements.lock", "--no-deps", "--disable-pip", "--format", "json")
SECONDS = 180


def main() -> int:
    """Print what is known of each package. Return the exit code."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", *COMMAND], capture_output=True, text=True, timeout=SECONDS, check=False
        )
        packages: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        packages = []
    checked = [package for package in packages if "vulns" in package]
    if not checked:
        print("The advisories could not be checked: the database cannot be reached.")
        return 0
    found = [(package, each) for package in checked for each in package["vulns"]]
    for package, each in found:
        fixed = ", ".join(each["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {each['id']}, fixed in {fixed}.")
    print(f"{len(checked)} of {len(packages)} packages checked, {len(found)} known vulnerabilities.")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
