"""The slash commands: `/chiptune generate`, `remix` and `history`.

Each one checks what can be checked, defers, and hands over. What the options may hold is the contract's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.discord import asking, history
from bot.uploads import clean_name
from generator.contract import (
    BPM,
    KEYS,
    SCENES,
    SECONDS,
    SEEDS,
    TEMPERATURE,
    Request,
    check_upload,
    digest,
    random_seed,
)

if TYPE_CHECKING:
    from bot.discord.client import ChiptuneClient

MAX_CHOICES = 25


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
    return group


async def complete_key(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """The keys that begin with what was typed."""
    start = typed.strip().lower()
    found = [key for key in KEYS if key.lower().startswith(start)]
    return [Choice(name=f"{key.rstrip('m')} {'minor' if key.endswith('m') else 'major'}", value=key) for key in found][
        :MAX_CHOICES
    ]


@app_commands.command(name="generate", description="Compose a tune")
@app_commands.describe(
    scene="What it plays for",
    key="Such as C, F# or Bb for major, Cm or F#m for minor",
    tempo="Beats a minute",
    seconds="How long it plays",
    seed="The same seed and options give the same tune again",
    temperature="Below 1 plays it safe, above 1 takes risks",
)
@app_commands.choices(scene=[Choice(name=scene.replace("-", " "), value=scene) for scene in SCENES])
@app_commands.autocomplete(key=complete_key)
async def generate(
    interaction: discord.Interaction[ChiptuneClient],
    *,
    scene: str | None = None,
    key: str | None = None,
    tempo: Range[int, BPM[0], BPM[1]] | None = None,
    seconds: Range[int, SECONDS[0], SECONDS[1]] | None = None,
    seed: Range[int, 0, SEEDS - 1] | None = None,
    temperature: Range[float, TEMPERATURE[0], TEMPERATURE[1]] = 1.0,
) -> None:
    """Compose a tune; what is left out is the model's choice."""
    request = Request(
        scene=scene,
        key=key,
        bpm=tempo,
        seconds=seconds,
        seed=random_seed() if seed is None else seed,
        temperature=temperature,
    )
    await asking.submit(interaction, await asking.defer(interaction), request)


@app_commands.command(name="remix", description="Make an NES tune of a MIDI file")
@app_commands.describe(file="A MIDI file (.mid)")
async def remix(interaction: discord.Interaction[ChiptuneClient], file: discord.Attachment) -> None:
    """Arrange an uploaded MIDI file for the NES's four channels."""
    asking.check_attachment(file)
    message = await asking.defer(interaction)
    upload = await interaction.client.fetch(file)
    check_upload(upload)
    request = Request(mode="arrange", seed=random_seed(), upload=digest(upload), name=clean_name(file.filename))
    await asking.submit(interaction, message, request, upload=upload)


@app_commands.command(name="history", description="The newest tunes made here")
async def show_history(interaction: discord.Interaction[ChiptuneClient]) -> None:
    """The newest tunes of this server, to the one who asks alone."""
    embed, view = await history.page(interaction)
    await interaction.response.send_message(embed=embed, view=view, ephemeral=True)
