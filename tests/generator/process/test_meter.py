"""Processor time is split among the jobs that run, and the shares add up."""

import pytest

from generator.process.meter import Meter, used_seconds


def test_time_is_shared_by_the_jobs_that_run() -> None:
    now = 5.0
    meter = Meter(lambda: now)
    meter.begin("a")
    now = 6.0
    meter.begin("b")
    now = 8.0
    assert meter.end("a") == pytest.approx(2.0)
    now = 8.5
    assert meter.end("b") == pytest.approx(1.5)
    now = 20.0
    meter.begin("a")
    assert meter.end("a") == 0


def test_the_clock_is_that_of_the_processor() -> None:
    before = used_seconds()
    sum(range(3_000_000))
    assert used_seconds() > before
