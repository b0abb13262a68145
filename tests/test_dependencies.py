"""Dependencies: pinned with a reason, licensed so that the bot may be given away, and listed."""

import re
import tomllib

import pytest

from docs.list_licences import PAGE, licence_of, locked, page
from tests.conftest import ROOT

PROJECT = (ROOT / "pyproject.toml").read_text()
FREE = re.compile(r"MIT|BSD|Apache|PSF|Python Software Foundation|MPL|Mozilla|ISC|0BSD|LGPL|CC0|Zlib|HPND|Unlicense")
COPYLEFT = re.compile(r"(?<!L)GPL")


def direct() -> list[str]:
    extras = tomllib.loads(PROJECT)["project"]["optional-dependencies"]
    return sorted({requirement for requirements in extras.values() for requirement in requirements})


@pytest.mark.parametrize("requirement", direct())
def test_a_direct_dependency_is_pinned_with_a_reason(requirement: str) -> None:
    if requirement.startswith("chiptune-bot"):
        return
    assert "==" in requirement
    lines = [line for line in PROJECT.splitlines() if f'"{requirement}"' in line]
    assert any("#" in line for line in lines), "no reason is given"


@pytest.mark.parametrize("requirement", direct())
def test_the_lock_has_the_same_version(requirement: str) -> None:
    if requirement.startswith("chiptune-bot"):
        return
    spec = requirement.split(";", maxsplit=1)[0].strip()
    name, version = re.sub(r"\[.*\]", "", spec).split("==")
    by_name = {re.sub(r"[-_.]+", "-", package).lower(): pinned for package, pinned in locked().items()}
    assert by_name.get(re.sub(r"[-_.]+", "-", name).lower(), version) == version


def test_every_licence_is_known_and_lets_us_give_the_bot_away() -> None:
    listed = [line.split("|")[1].strip() for line in page().splitlines() if line.startswith("| ")][1:]
    assert len(listed) > 50
    for package in listed:
        if package == "---":
            continue
        licence = licence_of(package)
        assert FREE.search(licence), f"{package}: {licence}"
        assert not COPYLEFT.search(licence), f"{package}: {licence}"


def test_the_list_of_licences_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m docs.list_licences"
