"""Cuts scores short."""

from __future__ import annotations

from dataclasses import replace

from models.music.score import Note, Score


def first_frames(score: Score, frames: int) -> Score:
    """Return the first frames of a score; notes that still sound end there. A loop point after them is left out."""

    def cut(note: Note) -> Note:
        if note.end <= frames:
            return note
        volume = tuple(change for change in note.volume if change[0] < frames - note.start)
        duty = tuple(change for change in note.duty if change[0] < frames - note.start)
        return replace(note, end=frames, volume=volume, duty=duty)

    channels = tuple(tuple(cut(note) for note in notes if note.start < frames) for notes in score.channels)
    loop = score.loop if score.loop is not None and score.loop < frames else None
    lyrics = tuple(lyric for lyric in score.lyrics if lyric[0] < frames)
    return replace(score, channels=channels, frames=min(frames, score.frames), loop=loop, lyrics=lyrics)
