"""What Discord shows about command options: descriptions, fixed choices, and proposals while a user types."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import discord
from discord import app_commands
from discord.app_commands import Choice

from bot.discord.core import visibility
from bot.discord.core.client import ChiptuneClient
from bot.languages import say
from bot.store import Song
from bot.text import SOUND_TITLES, plain
from generator.protocol.i18n import _
from generator.protocol.names import KEYS, readable_name
from generator.protocol.options import Option

Callback = TypeVar("Callback", bound=Callable[..., Any])

MAX_CHOICES = 25
CHOICE_LENGTH = 100
TEMPO = _("{bpm:.0f} BPM")
SONGS_SEARCHED = 200
"""How many of the newest tunes are searched for a title."""


def describe_options(options: Mapping[str, Option], **others: str) -> Callable[[Callback], Callback]:
    """Return a decorator that describes the parameters of a command.

    options: describe the parameters that they are named like. others: the descriptions of further parameters.
    """

    def describe(callback: Callback) -> Callback:
        parameters = inspect.signature(callback).parameters
        descriptions = {
            option.parameter: option.description for option in options.values() if option.parameter in parameters
        }
        return app_commands.describe(**descriptions, **others)(callback)

    return describe


def name_choices(names: Sequence[str]) -> list[Choice[str]]:
    """Return names as choices, written as people read them."""
    return [Choice(name=readable_name(name), value=name) for name in names]


def sound_choices() -> list[Choice[str]]:
    """Return the sounds that can play a tune as choices."""
    return [Choice(name=title[:1].upper() + title[1:], value=sound) for sound, title in SOUND_TITLES.items()]


async def complete_key(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """Propose the keys that begin with the typed text."""
    start = typed.strip().lower()
    keys = [key for key in KEYS if key.lower().startswith(start)]
    names = [
        say("{tonic} minor", tonic=key[:-1]) if key.endswith("m") else say("{tonic} major", tonic=key) for key in keys
    ]
    return [Choice(name=name, value=key) for name, key in zip(names, keys, strict=True)][:MAX_CHOICES]


async def complete_song(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """Propose the newest tunes made here whose titles contain the typed text."""
    return song_choices(await visibility.list_songs(interaction, limit=SONGS_SEARCHED), typed)


def song_choices(songs: Sequence[Song], typed: str) -> list[Choice[str]]:
    """Return the tunes whose titles contain the typed text as choices."""
    matches = [song for song in songs if typed.strip().lower() in song.title.lower()]
    return [Choice(name=plain(song_label(song), CHOICE_LENGTH), value=song.id) for song in matches[:MAX_CHOICES]]


def song_label(song: Song) -> str:
    """Return the text of a tune in a list to choose from."""
    return f"{song.title} · {song.key} · {say(TEMPO, bpm=song.bpm)}"
