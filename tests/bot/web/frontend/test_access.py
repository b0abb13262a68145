"""The player for everyone: axe has no findings in either colour scheme, and drawing costs little."""

from __future__ import annotations

import json
from typing import Literal

import pytest

from tests.bot.web.frontend.conftest import Player
from tests.bot.web.frontend.test_build import MODULES
from tests.music import scale

MOST_MILLISECONDS = 4.0
"""Of script for one picture, a quarter of the time that a picture has at 60 a second."""


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_axe_finds_nothing(player: Player, scheme: Literal["dark", "light"]) -> None:
    player.page.emulate_media(color_scheme=scheme)
    player.load(scale(), recording="/tune.ogg")
    player.call("select({from: 0, to: 120})")
    player.page.evaluate((MODULES / "axe-core/axe.min.js").read_text(encoding="utf-8"))
    found = player.page.evaluate("axe.run('chiptune-player')")
    faults = [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]]
    assert not faults, json.dumps(faults, indent=1)


def test_a_picture_takes_a_small_part_of_its_time(player: Player) -> None:
    player.load(scale(3600))
    spent = player.page.evaluate("""() => {
      const player = document.querySelector("chiptune-player");
      const costs = [];
      for (let i = 0; i < 120; i++) {
        const begin = performance.now();
        player.seek(10 * i);
        costs.push(performance.now() - begin);
      }
      return costs.sort((a, b) => a - b)[60];
    }""")
    assert spent < MOST_MILLISECONDS


def test_with_reduced_motion_the_roll_turns_pages(player: Player) -> None:
    changes: dict[str, bool] = {}
    motions: tuple[Literal["no-preference", "reduce"], ...] = ("no-preference", "reduce")
    for motion in motions:
        player.page.emulate_media(reduced_motion=motion)
        player.load(scale(1200))
        player.call("seek(200)")
        first = player.call("roll.span.first")
        player.call("seek(260)")
        changes[motion] = player.call("roll.span.first") != first
    player.page.emulate_media(reduced_motion="no-preference")
    assert changes == {"no-preference": True, "reduce": False}
