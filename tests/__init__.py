"""Tests: they mirror the three packages, plus end to end."""
