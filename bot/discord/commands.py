"""The slash commands: `/chiptune generate`, `remix` and `history`; `queue` and `cancel` stand in `queue`.

Each one checks what can be checked, defers, and hands over. What the options may hold is the contract's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.discord import asking, history
from bot.discord.queue import cancel, show_queue
from generator.contract import (
    BARS,
    BPM,
    CHANNELS,
    DENSITIES,
    KEYS,
    LAST_BAR,
    MODES,
    REMIX_BPM,
    SCENES,
    SECONDS,
    SEEDS,
    STRENGTH,
    TAKES,
    TEMPERATURE,
    TRANSPOSE,
    Request,
    check_upload,
    digest,
    parse_channels,
    parse_span,
    random_seed,
)

if TYPE_CHECKING:
    from bot.discord.client import ChiptuneClient

MAX_CHOICES = 25
SEARCHED = 200
"""The newest tunes that are looked through for a title."""
CHANNEL_TITLES = {"p1": "pulse 1", "p2": "pulse 2", "tr": "triangle", "no": "noise"}
UNKNOWN_DIGEST = "0" * 64
"""Stands for a file's digest until the file is here, so that everything else is checked before."""


def _choices(names: Sequence[str]) -> list[Choice[str]]:
    """Names as choices, as a person reads them."""
    return [Choice(name=name.replace("-", " "), value=name) for name in names]


def chiptune_group() -> app_commands.Group:
    """`/chiptune` with its commands, for servers, direct messages and user installs."""
    group = app_commands.Group(
        name="chiptune",
        description="NES music, composed on the spot",
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
    )
    group.add_command(generate)
    group.add_command(remix)
    group.add_command(show_history)
    group.add_command(show_queue)
    group.add_command(cancel)
    return group


async def complete_key(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """The keys that begin with what was typed."""
    start = typed.strip().lower()
    found = [key for key in KEYS if key.lower().startswith(start)]
    return [Choice(name=f"{key.rstrip('m')} {'minor' if key.endswith('m') else 'major'}", value=key) for key in found][
        :MAX_CHOICES
    ]


async def complete_song(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """The newest tunes made here whose titles hold what was typed."""
    songs = await interaction.client.store.songs.history(asking.place(interaction), limit=SEARCHED)
    found = [song for song in songs if typed.strip().lower() in song.title.lower()]
    return [Choice(name=f"{song.title} · {song.key} · {song.bpm:.0f} BPM"[:100], value=song.id) for song in found][
        :MAX_CHOICES
    ]


async def complete_keep(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """Every choice of one to three channels whose names hold what was typed."""
    groups = [group for count in (1, 2, 3) for group in combinations(CHANNELS, count)]
    named = [(" + ".join(CHANNEL_TITLES[name] for name in group), ",".join(group)) for group in groups]
    words = typed.lower()
    return [Choice(name=title, value=value) for title, value in named if words in title or words in value]


@app_commands.command(name="generate", description="Compose a tune")
@app_commands.describe(
    scene="What it plays for",
    key="Such as C, F# or Bb for major, Cm or F#m for minor",
    tempo="Beats a minute",
    seconds="How long it plays",
    bars="How long it plays, in bars",
    density="How many notes",
    seed="The same seed and options give the same tune again",
    temperature="Below 1 plays it safe, above 1 takes risks",
    takes="Compose so many and keep the best",
)
@app_commands.choices(scene=_choices(SCENES), density=_choices(DENSITIES))
@app_commands.autocomplete(key=complete_key)
async def generate(
    interaction: discord.Interaction[ChiptuneClient],
    *,
    scene: str | None = None,
    key: str | None = None,
    tempo: Range[int, BPM[0], BPM[1]] | None = None,
    seconds: Range[int, SECONDS[0], SECONDS[1]] | None = None,
    bars: Range[int, BARS[0], BARS[1]] | None = None,
    density: str | None = None,
    seed: Range[int, 0, SEEDS - 1] | None = None,
    temperature: Range[float, TEMPERATURE[0], TEMPERATURE[1]] = 1.0,
    takes: Range[int, TAKES[0], TAKES[1]] | None = None,
) -> None:
    """Compose a tune; what is left out is the model's choice."""
    request = Request(
        scene=scene,
        key=key,
        bpm=tempo,
        seconds=seconds,
        bars=bars,
        density=density,
        seed=random_seed() if seed is None else seed,
        temperature=temperature,
        takes=takes,
    )
    await asking.submit(interaction, await asking.defer(interaction), request)


@app_commands.command(name="remix", description="Make an NES tune of a MIDI file, or of a tune made here")
@app_commands.describe(
    file="A MIDI file (.mid)",
    song="A tune made here",
    mode="Only arrange it, or write on it",
    keep="Accompany: the channels that stay as they are",
    strength="Vary: how much of it changes, 0 to 1",
    from_bar="Continue: the first new bar; after the end if left out",
    span="Infill: the bars to write anew, such as 5-8",
    bars="Continue: how many new bars",
    tempo="Beats a minute",
    transpose="Semitones up or down",
    seed="The same seed and options give the same tune again",
)
@app_commands.choices(mode=_choices(tuple(MODES)[1:]))
@app_commands.autocomplete(song=complete_song, keep=complete_keep)
async def remix(
    interaction: discord.Interaction[ChiptuneClient],
    *,
    file: discord.Attachment | None = None,
    song: str | None = None,
    mode: str = "arrange",
    keep: str | None = None,
    strength: Range[float, STRENGTH[0], STRENGTH[1]] | None = None,
    from_bar: Range[int, 1, LAST_BAR] | None = None,
    span: str | None = None,
    bars: Range[int, BARS[0], BARS[1]] | None = None,
    tempo: Range[int, REMIX_BPM[0], REMIX_BPM[1]] | None = None,
    transpose: Range[int, TRANSPOSE[0], TRANSPOSE[1]] | None = None,
    seed: Range[int, 0, SEEDS - 1] | None = None,
) -> None:
    """Arrange a MIDI file or a tune made here for the NES's four channels, and write on it."""
    wanted = Request(
        mode=mode,
        upload=UNKNOWN_DIGEST,
        keep=parse_channels(keep) if keep else None,
        strength=strength,
        from_bar=from_bar,
        span=parse_span(span) if span else None,
        bars=bars,
        bpm=tempo,
        transpose=transpose,
        seed=random_seed() if seed is None else seed,
    )
    source = await asking.find_source(interaction, file, song)
    message = await asking.defer(interaction)
    data, name = await source.read(interaction.client)
    check_upload(data)
    request = replace(wanted, upload=digest(data), name=name)
    await asking.submit(interaction, message, request, upload=data, parent=source.parent)


@app_commands.command(name="history", description="The newest tunes made here")
async def show_history(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """The newest tunes of this server, to the one who asks alone."""
    embed, view = await history.page(interaction)
    await interaction.response.send_message(embed=embed, view=view, ephemeral=True)
