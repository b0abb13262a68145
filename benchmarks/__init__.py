"""Measurements behind the figures in docs/: run by hand, and at toy size by tests/test_benchmarks.py. See README.md."""
