"""/metrics: read back by Prometheus' own parser."""

import json
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from tests.bot.conftest import Channel
from tests.conftest import ROOT

DASHBOARD = ROOT / "docker" / "dashboard.json"


async def metrics(channel: Channel) -> dict[tuple[str, str], float]:
    """By name and value of the first label."""
    async with channel.http.get(f"{channel.url}/metrics") as response:
        assert response.status == 200
        assert response.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        families = text_string_to_metric_families(await response.text())
        return {
            (sample.name, next(iter(sample.labels.values()), "")): sample.value
            for family in families
            for sample in family.samples
        }


async def test_metrics_count_what_the_store_holds(channel: Channel) -> None:
    before = await metrics(channel)
    assert before["chiptune_songs", ""] == 0
    assert before["chiptune_working", ""] == 1
    song = await channel.song(seed=42)
    await channel.post(f"/api/songs/{song['id']}/vote", json={"value": 1})
    after = await metrics(channel)
    assert after["chiptune_songs", ""] == 1
    assert after["chiptune_votes", ""] == 1
    assert sum(value for (name, _), value in after.items() if name == "chiptune_requests") == 1
    assert after["chiptune_database_bytes", ""] > 0 or after["chiptune_disk_free_bytes", ""] > 0


async def test_answers_are_measured_by_route_and_not_by_address(channel: Channel) -> None:
    for number in range(3):
        await channel.get(f"/api/songs/{number:032x}")
        await channel.get(f"/nothing/{number}")
    found = await metrics(channel)
    assert found["chiptune_page_answers_total", "404"] == 6
    async with channel.http.get(f"{channel.url}/metrics") as response:
        text = await response.text()
    assert 'chiptune_page_seconds_count{method="GET",route="unknown"} 3.0' in text
    assert "/nothing" not in text


async def test_the_dashboard_shows_only_metrics_that_exist(channel: Channel, tmp_path: Path) -> None:
    await channel.song(seed=42)
    names = {name for name, _ in await metrics(channel)}
    panels = json.loads(DASHBOARD.read_text())["panels"]
    assert len(panels) >= 8
    for panel in panels:
        for target in panel["targets"]:
            words = target["expr"].replace("(", " ").replace("{", " ").replace("[", " ").replace(")", " ").split()
            used = {word for word in words if word.startswith(("chiptune_", "process_"))}
            assert used, target["expr"]
            assert used <= names, target["expr"]
