"""`/chiptune generate`: a new tune. What its options may hold is the contract's."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.app_commands import Range

from bot.discord.core import visibility
from bot.discord.core.autocomplete import complete_key, name_choices, sound_choices
from bot.discord.core.client import ChiptuneClient
from bot.discord.queue import server_defaults, submission
from bot.requests.submissions import with_taste
from generator.protocol.names import DENSITIES, SCENES
from generator.protocol.options import BARS, BPM, SECONDS, SEEDS, TAKES, TEMPERATURE
from generator.protocol.requests import Request, random_seed


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
    sound="What plays it; the notes are the same",
)
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
    """Compose a tune; what is left out is as usual in the server, else the model's choice."""
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
    request, note = await server_defaults.with_server_defaults(interaction, request, sound)
    message = await submission.defer(interaction)
    if seed is None:  # who names one wants the tune that it gives
        request = await with_taste(interaction.client.store, request, visibility.scope_of(interaction))
    await submission.submit(interaction, message, request, note=note)
