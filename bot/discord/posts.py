"""What a posted tune looks like: the embed with its recipe, the files, and smaller forms where they are too big.

Where it is posted is left to `poster`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import discord

from bot.discord.history import TITLE_LENGTH, message_link
from bot.store import Entry, Song

REMIXES = {
    "arrange": "Remix of",
    "continue": "Continuation of",
    "accompany": "New accompaniment to",
    "vary": "Variation on",
    "infill": "New bars in",
}
"""What a remix is to what it was made of."""
NO_PICTURE = "The picture is left out: the files were over Discord's limit."
ONLY_MIDI = "Only the MIDI file is here: the sound is over Discord's limit."
NO_FILES = "The files are over Discord's limit."


@dataclass(frozen=True, slots=True)
class Form:
    """One form of a post. files: paths, each with its name and alt text. note: says what was left out, else ""."""

    files: tuple[tuple[Path, str, str], ...]
    note: str
    picture: bool

    def open(self) -> list[discord.File]:
        """The files, opened anew; whoever sends them closes them. Raises OSError."""
        return [discord.File(path, filename=name, description=text) for path, name, text in self.files]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A tune as it is posted.

    files: where they are, by name. parent: the tune that this is another take or a remix of, with its request.
    public_url: where the files can also be had, None: nowhere.
    """

    entry: Entry
    song: Song
    files: Mapping[str, Path]
    parent: tuple[Entry, Song] | None = None
    public_url: str | None = None

    def forms(self, limit: int) -> Iterator[Form]:
        """The forms that fit into `limit` bytes, the fullest first. Raises OSError where a file is missing."""
        song = self.song
        about = f"{song.title}, {song.seconds:.0f} seconds of NES music at {song.bpm:.0f} BPM in {song.key}"
        audio = (self.files[song.audio], song.audio, about)
        midi = (self.files[song.midi], song.midi, "The same tune as a MIDI file")
        alt = f"Piano roll of {song.title}: its four channels over time"
        picture = (self.files[song.picture], song.picture, alt)
        for form in (
            Form((audio, midi, picture), "", picture=True),
            Form((audio, midi), NO_PICTURE, picture=False),
            Form((midi,), ONLY_MIDI, picture=False),
            Form((), NO_FILES, picture=False),
        ):
            # The sum and not each file alone: what Discord counts has changed more than once.
            if sum(path.stat().st_size for path, _, _ in form.files) <= limit:
                yield form

    def embed(self, form: Form) -> discord.Embed:
        """Title, lineage, recipe and picture."""
        embed = discord.Embed(
            title=discord.utils.escape_markdown(self.song.title[:TITLE_LENGTH]),
            description="\n".join(filter(None, (self._lineage(), self.song.report, self._link(), form.note))) or None,
        )
        for name, text in self._recipe():
            embed.add_field(name=name, value=text, inline=True)
        if form.picture:
            embed.set_image(url=f"attachment://{self.song.picture}")
        return embed

    def _recipe(self) -> Iterator[tuple[str, str]]:
        """What decided the tune, and what was asked for beside what came out."""
        asked, song = self.entry.request, self.song
        yield "Tempo", _asked_and_got(asked.bpm, f"{song.bpm:.4g}", " BPM")
        yield "Key", _asked_and_got(asked.key, song.key, "")
        if asked.bars and "bars" in song.got:
            yield "Length", f"asked {asked.bars} bars, got {song.got['bars']:g} bars, {song.seconds:.4g} s"
        else:
            yield "Length", _asked_and_got(asked.seconds, f"{song.seconds:.4g}", " s")
        if song.scene:
            yield "Scene", song.scene
        if asked.density:
            yield "Density", _asked_and_got(asked.density, str(song.got.get("density", "unknown")), "")
        if "shared_notes" in song.got:
            yield "Originality", originality(song.got["shared_notes"])
        yield "Seed", str(song.seed)
        if asked.takes:
            yield "Takes", str(asked.takes)
        if asked.temperature != 1.0:
            yield "Temperature", f"{asked.temperature:g}"
        yield "Model", f"{song.model}, {song.engine}"

    def _lineage(self) -> str:
        """What the tune came from."""
        request = self.entry.request
        name = discord.utils.escape_markdown(request.name or "a MIDI file")
        remix = f"{REMIXES[request.mode]} {name}" if request.upload else ""
        if self.parent is None:
            return remix
        entry, song = self.parent
        title = discord.utils.escape_markdown(song.title[:TITLE_LENGTH])
        link = message_link(entry.guild_id, entry.channel_id, song.message_id) if song.message_id else None
        parent = title + (f" ([there]({link}))" if link else "")
        if entry.request == replace(request, seed=entry.request.seed):
            take = f"Another take of {parent}"
            return f"{remix}\n{take}" if remix else take
        return f"{REMIXES[request.mode]} {parent}"

    def _link(self) -> str:
        return (
            f"[Listen on the web]({self.public_url}/files/{self.song.id}/{self.song.audio})" if self.public_url else ""
        )


def originality(notes: float | str) -> str:
    """The longest run that a tune shares with a song that the model has learnt from."""
    if not notes:
        return "no run shared with any training song"
    return f"longest run shared with any training song: {notes} notes"


def _asked_and_got(asked: float | str | None, got: str, unit: str) -> str:
    """`asked 120, got 120 BPM`, or what came out alone where nothing was asked for."""
    if asked is None:
        return f"{got}{unit}"
    return f"asked {asked if isinstance(asked, str) else f'{asked:.4g}'}, got {got}{unit}"
