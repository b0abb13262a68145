"""`/chiptune generate`: a new tune. The limits of its options are in `generator.protocol`."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Range

from bot.discord.core.autocomplete import complete_key, describe_options, name_choices, sound_choices
from bot.discord.core.client import ChiptuneClient
from bot.discord.queue import submission
from generator.protocol.names import DENSITIES, SCENES
from generator.protocol.options import BARS, BPM, GENERATE_OPTIONS, SECONDS, SEEDS, TAKES, TEMPERATURE


@app_commands.command(name="generate", description="Compose a tune")
@describe_options(GENERATE_OPTIONS)
@app_commands.choices(scene=name_choices(SCENES), density=name_choices(DENSITIES), sound=sound_choices())
@app_commands.autocomplete(key=complete_key)
async def generate(
    interaction: discord.Interaction[ChiptuneClient],
    *,
    scene: str | None = None,
    key: str | None = None,
    tempo: Range[int, BPM.low, BPM.high] | None = None,
    seconds: Range[int, SECONDS.low, SECONDS.high] | None = None,
    bars: Range[int, BARS.low, BARS.high] | None = None,
    density: str | None = None,
    seed: Range[int, 0, SEEDS - 1] | None = None,
    temperature: Range[float, TEMPERATURE.low, TEMPERATURE.high] = 1.0,
    takes: Range[int, TAKES.low, TAKES.high] | None = None,
    sound: str | None = None,
) -> None:
    """Compose a tune. Options that are left out come from the server's settings, or else are the model's choice."""
    options = {
        "scene": scene,
        "key": key,
        "bpm": tempo,
        "seconds": seconds,
        "bars": bars,
        "density": density,
        "seed": seed,
        "temperature": temperature,
        "takes": takes,
        "sound": sound,
    }
    await submission.generate(interaction, options)
