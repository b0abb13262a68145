"""Tunes on Discord: generate, remix, rework, look up, replay, and play in voice channels."""
