"""The bot's metrics for Prometheus: counted as things happen, or read from the store when they are asked for.

The page serves them at /metrics (`bot.web.metrics`). A dashboard for Grafana is in docker/dashboard.json.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from bot.files.data_folder import DATABASE
from bot.store import Store

PAGE_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """All metrics of one bot. They are kept apart from those of other bots in the process."""

    def __init__(self, store: Store, data_dir: Path) -> None:
        self._store = store
        self._data_dir = data_dir
        self._registry = CollectorRegistry()
        self._page = Histogram(
            "chiptune_page_seconds",
            "Time to answer a request of the page.",
            ["method", "route"],
            registry=self._registry,
            buckets=PAGE_SECONDS,
        )
        self._answers = Counter("chiptune_page_answers", "Answers of the page.", ["status"], registry=self._registry)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)

    def note_answer(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count an answer of the page. route: the pattern of its address, so that there are few."""
        self._page.labels(method, route).observe(seconds)
        self._answers.labels(str(status)).inc()

    async def text(self, *, working: bool) -> bytes:
        """Return all metrics in Prometheus' text format. working: whether tunes are made at the moment."""
        counts = await self._store.counts.now()
        state = _State(
            requests=counts.requests,
            others={
                "chiptune_songs": ("Tunes that are kept.", counts.songs),
                "chiptune_votes": ("Votes on tunes that are kept.", counts.votes),
                "chiptune_queue_oldest_seconds": ("Age of the oldest open request.", counts.oldest_seconds),
                "chiptune_working": ("1 if tunes are made, 0 if the queue pauses.", float(working)),
                "chiptune_disk_free_bytes": ("Free on the data folder's disk.", _free(self._data_dir)),
                "chiptune_database_bytes": ("Size of the database.", _size(self._data_dir / DATABASE)),
            },
            pace=counts.pace,
        )
        self._registry.register(state)
        try:
            return generate_latest(self._registry)
        finally:
            self._registry.unregister(state)


@dataclass(frozen=True, eq=False)
class _State(Collector):
    """What the store held when it was asked. requests: by status. pace: seconds of work for one of music, by mode."""

    requests: dict[str, int]
    others: dict[str, tuple[str, float]]
    pace: dict[str, float]

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        yield _labelled("chiptune_requests", "Requests that are kept, by status.", "status", self.requests)
        yield _labelled(
            "chiptune_pace_ratio", "Seconds of work for a second of music in a mode, as learnt.", "mode", self.pace
        )
        for name, (about, value) in self.others.items():
            yield GaugeMetricFamily(name, about, value)


def _labelled(name: str, about: str, label: str, values: dict[str, int] | dict[str, float]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def _free(folder: Path) -> float:
    try:
        return float(shutil.disk_usage(folder).free)
    except OSError:
        return 0.0


def _size(file: Path) -> float:
    try:
        return float(file.stat().st_size)
    except OSError:
        return 0.0
