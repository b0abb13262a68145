"""`/chiptune remix`: a MIDI file or a tune made here, arranged, continued or changed.

The modes are declared in `generator.protocol.modes`.
"""

from __future__ import annotations

from itertools import combinations

import discord
from discord import app_commands
from discord.app_commands import Choice, Range

from bot.discord.core.autocomplete import complete_song, describe_options, name_choices, sound_choices
from bot.discord.core.client import ChiptuneClient
from bot.discord.queue import submission
from bot.discord.tunes.remix_form import CHANNEL_TITLES
from bot.languages import say
from generator.protocol.modes import REMIX_MODES
from generator.protocol.names import CHANNEL_NAMES, LAST_BAR, parse_channels, parse_span
from generator.protocol.options import BARS, REMIX_BPM, REMIX_OPTIONS, SEEDS, STRENGTH, TRANSPOSE


async def complete_keep(interaction: discord.Interaction[ChiptuneClient], typed: str) -> list[Choice[str]]:
    """Propose every set of one to three channels whose names contain the typed text."""
    groups = [group for count in (1, 2, 3) for group in combinations(CHANNEL_NAMES, count)]
    choices = [(" + ".join(say(CHANNEL_TITLES[name]) for name in group), ",".join(group)) for group in groups]
    text = typed.lower()
    return [Choice(name=title, value=value) for title, value in choices if text in title or text in value]


@app_commands.command(name="remix", description="Make an NES tune of a MIDI file, or of a tune made here")
@describe_options(
    REMIX_OPTIONS,
    file="MIDI, karaoke, MusicXML, Guitar Pro 3 to 5, or a zip",
    song="A tune made here",
    mode="Arrange it only, or compose new parts",
)
@app_commands.choices(mode=name_choices(tuple(REMIX_MODES)), sound=sound_choices())
@app_commands.autocomplete(song=complete_song, keep=complete_keep)
async def remix(
    interaction: discord.Interaction[ChiptuneClient],
    *,
    file: discord.Attachment | None = None,
    song: str | None = None,
    mode: str = "arrange",
    keep: str | None = None,
    strength: Range[float, STRENGTH.low, STRENGTH.high] | None = None,
    from_bar: Range[int, 1, LAST_BAR] | None = None,
    span: str | None = None,
    bars: Range[int, BARS.low, BARS.high] | None = None,
    tempo: Range[int, REMIX_BPM.low, REMIX_BPM.high] | None = None,
    transpose: Range[int, TRANSPOSE.low, TRANSPOSE.high] | None = None,
    seed: Range[int, 0, SEEDS - 1] | None = None,
    sound: str | None = None,
) -> None:
    """Make an NES tune of a MIDI file or of a tune made here."""
    options = {
        "mode": mode,
        "keep": parse_channels(keep) if keep else None,
        "strength": strength,
        "from_bar": from_bar,
        "span": parse_span(span) if span else None,
        "bars": bars,
        "bpm": tempo,
        "transpose": transpose,
        "seed": seed,
        "sound": sound,
    }
    source = await submission.find_source(interaction, file, song, options)
    await submission.remix(interaction, source, options)
