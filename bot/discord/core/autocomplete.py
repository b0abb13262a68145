"""What Discord proposes while somebody types an option, and names as choices."""

from __future__ import annotations

from collections.abc import Sequence

import discord
from discord.app_commands import Choice

from bot.discord.core import visibility
from bot.discord.core.client import ChiptuneClient
from bot.languages import say
from bot.store import Song
from bot.text import SOUND_TITLES, plain
from generator.protocol.i18n import _
from generator.protocol.names import KEYS, readable_name

MAX_CHOICES = 25
CHOICE_LENGTH = 100
TEMPO = _("{bpm:.0f} BPM")
SONGS_SEARCHED = 200
"""The newest tunes that are looked through for a title."""


def name_choices(names: Sequence[str]) -> list[Choice[str]]:
    """Names as choices, as a person reads them."""
    return [Choice(name=readable_name(name), value=name) for name in names]


def sound_choices() -> list[Choice[str]]:
    """What can play a tune, as choices."""
    return [Choice(name=title[:1].upper() + title[1:], value=sound) for sound, title in SOUND_TITLES.items()]


async def complete_key(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """The keys that begin with what was typed."""
    start = typed.strip().lower()
    found = [key for key in KEYS if key.lower().startswith(start)]
    named = [
        (say("{tonic} minor", tonic=key[:-1]) if key.endswith("m") else say("{tonic} major", tonic=key), key)
        for key in found
    ]
    return [Choice(name=name, value=key) for name, key in named][:MAX_CHOICES]


async def complete_song(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """The newest tunes made here whose titles hold what was typed."""
    return song_choices(await visibility.list_songs(interaction, limit=SONGS_SEARCHED), typed)


def song_choices(songs: Sequence[Song], typed: str) -> list[Choice[str]]:
    """Those tunes whose titles hold what was typed."""
    found = [song for song in songs if typed.strip().lower() in song.title.lower()]
    return [Choice(name=plain(song_label(song), CHOICE_LENGTH), value=song.id) for song in found[:MAX_CHOICES]]


def song_label(song: Song) -> str:
    """A tune in a list to choose from."""
    return f"{song.title} · {song.key} · {say(TEMPO, bpm=song.bpm)}"
