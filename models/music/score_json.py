"""Scores as JSON, in corpus files, between the generator and the page, and in links that hold a whole tune.

    {"frames", "grid": [groove, start, rows a beat, beats a bar] or null, "title", "loop": frame or null,
     "channels": [[[gap, length, pitch, volume, duty], …], …]}

All times are frames of 1/60 s. `gap` counts from the end of the note before, or from 0. `volume` and `duty` are
[first value, time, value, time, value …], with times from the note's start. The channels are p1, p2, tr, no.
"""

from __future__ import annotations

from typing import Any

from models.music.score import Change, Grid, Note, Score


def score_to_json(score: Score) -> dict[str, Any]:
    """Return a score as lists. A note is [frames after the end of the note before, length, pitch, volume, duty]."""
    grid = score.grid
    channels = []
    for notes in score.channels:
        before, rows = 0, []
        for note in notes:
            rows.append(
                [
                    note.start - before,
                    note.length,
                    note.pitch,
                    _flatten_changes(note.volume),
                    _flatten_changes(note.duty),
                ]
            )
            before = note.end
        channels.append(rows)
    return {
        "frames": score.frames,
        "grid": [grid.groove, grid.start, grid.rows_a_beat, *grid.meter] if grid else None,
        "title": score.title,
        "loop": score.loop,
        "channels": channels,
    }


def score_from_json(packed: dict[str, Any]) -> Score:
    """Return the score that `score_to_json` wrote."""
    channels = []
    for rows in packed["channels"]:
        now, notes = 0, []
        for gap, length, pitch, volume, duty in rows:
            start = now + gap
            now = start + length
            notes.append(Note(start, now, pitch, _parse_changes(volume), _parse_changes(duty)))
        channels.append(tuple(notes))
    grid = packed["grid"]
    score_grid = Grid(tuple(grid[0]), *grid[1:]) if grid else None
    return Score(tuple(channels), packed["frames"], score_grid, packed["title"], packed["loop"])


def _flatten_changes(changes: tuple[Change, ...]) -> list[int]:
    """Return changes as [first value, time, value, time, value ...]: the first change is always at 0."""
    return [number for change in changes for number in change][1:]


def _parse_changes(flat: list[int]) -> tuple[Change, ...]:
    """Return the changes that `_flatten_changes` wrote."""
    return ((0, flat[0]), *zip(flat[1::2], flat[2::2], strict=True))
