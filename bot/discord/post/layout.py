"""What a posted tune looks like: title, player, recipe and lineage as components, and which files go with it.

A post is a message of Discord's "Components V2", which plays no sound files: an OGG in it is a file to download. It
does play films, on phones too, so that the player is the tune's film (picture and sound as MP4) where there is one.
Where a post goes is left to `poster`, what its buttons do to `buttons`.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import discord
from discord import ui

from bot.discord.core.client import ChiptuneClient
from bot.discord.core.markdown import TITLE_LENGTH, escape, message_link
from bot.discord.queue.request_text import ANY_FILE, OPTIONS, option_text, options_line
from bot.files.song_files import FILES_GONE
from bot.languages import say
from bot.requests.delivery import DeliveryError
from bot.store import GONE, RequestRecord, Song
from bot.text import plain
from bot.votes.taste_descriptions import choice_told
from generator.protocol.errors import InputError
from generator.protocol.i18n import _, ngettext
from generator.protocol.modes import MODES
from generator.protocol.results import VIDEO

ANOTHER_TAKE = _("Another take of {source}")
COLOURS = {
    "stage": 0x4CAF50,
    "boss": 0xD32F2F,
    "clear": 0xFFC107,
    "title": 0x3F51B5,
    "game-over": 0x607D8B,
    "ending": 0xFF8A65,
    "town": 0x26A69A,
    "dungeon": 0x7E57C2,
    "menu": 0x29B6F6,
}
"""A post's accent by scene, as 0xRRGGBB."""
NO_COLOUR = 0x9E9E9E
FILES = {
    ".mid": _("The same tune as a MIDI file"),
    ".ogg": _("The tune as OGG"),
    ".mp3": _("The tune as MP3"),
    ".wav": _("The tune as WAV"),
    ".png": _("The piano roll"),
    ".mp4": _("The tune as a film of its piano roll"),
    ".nsf": _("The tune for the console (NSF)"),
    ".vgm": _("The tune as register writes (VGM)"),
    ".txt": _("The tune for FamiTracker"),
}
"""What a tune's files are, by suffix; anything else that is kept with it is not for people."""
REPORT_LENGTH = 500
NO_PICTURE = _("The picture is left out: the files were over Discord's limit.")
ONLY_MIDI = _("Only the MIDI file is here: the sound is over Discord's limit.")
NO_FILES = _("The files are over Discord's limit.")
DELETED = _("a deleted tune")
ALT_SOUND = _("{title}, {seconds:.0f} seconds of NES music at {bpm:.0f} BPM in {key}")
ALT_FILM = _(
    "{title}, {seconds:.0f} seconds of NES music at {bpm:.0f} BPM in {key}, with its piano roll: the four channels over"
    " time"
)
ALT_PICTURE = _("Piano roll of {title}: its four channels over time")
TOO_LARGE = 413
"""Discord's HTTP status for files over its limit."""

Item = ui.Item[Any]
FileNames = tuple[str, ...]
"""The files of one form of a post, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A tune as it is posted.

    files: where those are that are there, by name. parent: the tune that this is another take or a remix of, with its
    request; None stands for the request of one that was deleted. public_url: where the files can also be had, None:
    nowhere.
    """

    entry: RequestRecord
    song: Song
    files: Mapping[str, Path]
    parent: tuple[RequestRecord | None, Song] | None = None
    public_url: str | None = None

    def all_files(self) -> FileNames:
        """Every file of the tune that is there: sound, notes and picture, then what else there is."""
        first = (VIDEO, self.song.audio, self.song.midi, self.song.picture)
        there = {name for name in self.files if Path(name).suffix in FILES}
        return (*(name for name in first if name in there), *sorted(there.difference(first)))

    def check_files(self) -> None:
        """Raise InputError where the files that every post may need are no longer there."""
        if not {self.song.audio, self.song.midi, self.song.picture} <= set(self.all_files()):
            raise InputError(FILES_GONE)

    def forms(self, limit: int, *, full: bool = False) -> Iterator[FileNames]:
        """The forms that fit into `limit` bytes, the fullest first. full: begin with all files. Raises OSError."""
        song = self.song
        film = (VIDEO, song.midi) if VIDEO in self.files else ()
        whole = self.all_files() if full else ()
        classic = (song.picture, song.audio, song.midi)
        for names in (*filter(None, (whole, film)), classic, (song.audio, song.midi), (song.midi,), ()):
            # The sum and not each file alone: what Discord counts has changed more than once.
            if sum(self._path(name).stat().st_size for name in names) <= limit:
                yield names

    def open(self, names: FileNames, *, stem: str | None = None) -> list[discord.File]:
        """Files, opened anew; whoever sends them closes them. stem: what they are called instead. Raises OSError."""
        readable_name = [f"{stem}{Path(name).suffix}" if stem else name for name in names]
        return [
            discord.File(self._path(name), filename=shown, description=self._alt_text(name))
            for name, shown in zip(names, readable_name, strict=True)
        ]

    def layout(
        self, names: Collection[str], rows: Iterable[Item] = (), *, head: str = "", more: str = ""
    ) -> ui.LayoutView:
        """The message whose files are called so. head: stands above it; more: follows the recipe."""
        song = self.song
        gallery = next((name for name in (VIDEO, song.picture) if name in names), None)
        parts: list[Item] = [ui.TextDisplay("\n".join(self._heading()))]
        if gallery:
            media = discord.MediaGalleryItem(f"attachment://{gallery}", description=self._alt_text(gallery))
            parts.append(ui.MediaGallery(media))
        parts += [ui.File(f"attachment://{name}") for name in names if name != gallery]
        texts = ["\n".join(self._recipe()), more, self._note(names)]
        parts += [ui.TextDisplay(text) for text in texts if text]
        container: ui.Container[Any] = ui.Container(*parts, *rows, accent_colour=self._colour())
        view = ui.LayoutView(timeout=None)
        if head:
            view.add_item(ui.TextDisplay(head))
        return view.add_item(container)

    def _path(self, name: str) -> Path:
        """Where a file is. Raises FileNotFoundError."""
        if name not in self.files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return self.files[name]

    def _colour(self) -> int:
        """The scene's, which a remix has from its parent."""
        scene = self.song.scene or (self.parent and self.parent[1].scene)
        return COLOURS.get(scene or "", NO_COLOUR)

    def _heading(self) -> Iterator[str]:
        """Title, what the tune came from, and what became of an upload's notes."""
        yield f"## {escape(self.song.title)}"
        if lineage := self._lineage():
            yield lineage
        if self.song.report:
            yield f"-# {escape(say(self.song.report), REPORT_LENGTH)}"

    def _recipe(self) -> Iterator[str]:
        """What came out, what was asked for, how original it is, and what makes it again."""
        song = self.song
        bars = [say(OPTIONS["bars"].counted(float(song.got["bars"])))] if "bars" in song.got else []
        density = [option_text("density", song.got["density"])] if "density" in song.got else []
        beats, seconds = say("{bpm:g} BPM", bpm=song.bpm), say("{seconds:.0f} s", seconds=song.seconds)
        yield f"**{' · '.join([beats, song.key, ', '.join([seconds, *bars]), *density])}**"
        yield f"-# {options_line(self.entry.request)}"
        if choice := choice_told(song.got):
            yield f"-# {say(choice)}"
        if "shared_notes" in song.got:
            yield f"-# {originality_line(song.got['shared_notes'])}"
        made = say("Seed {seed} · model {model}, {engine}", seed=song.seed, model=song.model, engine=song.engine)
        yield f"-# {made}"

    def _lineage(self) -> str:
        """What the tune came from."""
        request = self.entry.request
        source = escape(request.name or say(ANY_FILE))
        remix = say(MODES[request.mode].post_title, source=source) if request.upload else ""
        if self.parent is None:
            return remix
        entry, song = self.parent
        parent = linked_title(entry, song)
        if entry is None:  # what was asked for then is not known any more; without a file it was the same
            return say(MODES[request.mode].post_title or ANOTHER_TAKE, source=parent)
        if entry.request == replace(request, seed=entry.request.seed, taste=entry.request.taste):
            return "\n".join(filter(None, (remix, say(ANOTHER_TAKE, source=parent))))
        return say(MODES[request.mode].post_title, source=parent)

    def _note(self, names: Collection[str]) -> str:
        """What is left out of a form."""
        song = self.song
        if VIDEO in names or {song.audio, song.picture} <= set(names):
            return ""
        return f"-# {say(NO_PICTURE if song.audio in names else ONLY_MIDI if song.midi in names else NO_FILES)}"

    def _alt_text(self, name: str) -> str:
        """A file in words, for those who do not see it."""
        song = self.song
        title = plain(song.title, TITLE_LENGTH)
        facts = {"title": title, "seconds": song.seconds, "bpm": song.bpm, "key": song.key}
        described = {VIDEO: ALT_FILM, song.audio: ALT_SOUND, song.picture: ALT_PICTURE}
        found = described.get(name)
        return say(found, **facts) if found else say(FILES[Path(name).suffix])


async def load_post(client: ChiptuneClient, song_id: str) -> Post:
    """The post of a tune of the history, with the tune that it came from. Raises InputError where it is gone."""
    song, entry = await client.store.songs.get(song_id), await client.store.requests.get(song_id)
    if song is None or entry is None:
        raise InputError(GONE)
    return await build_post(client, entry, song)


async def build_post(client: ChiptuneClient, entry: RequestRecord, song: Song) -> Post:
    """The post of a tune whose rows are at hand."""
    parent = await client.store.songs.get(entry.parent, or_deleted=True) if entry.parent else None
    return Post(
        entry=entry,
        song=song,
        files=await client.backlog.files.paths(song.id),
        parent=(await client.store.requests.get(parent.id), parent) if parent else None,
        public_url=client.public_url,
    )


async def send_largest(
    forms: Iterable[FileNames], send: Callable[[FileNames], Awaitable[discord.Message]]
) -> discord.Message:
    """Send the fullest form that Discord takes. Raises discord.HTTPException, and PostError where none was left."""
    refused: discord.HTTPException | None = None
    for names in forms:
        try:
            return await send(names)
        except discord.HTTPException as error:
            if error.status != TOO_LARGE:
                raise
            refused = error
    raise refused or DeliveryError("no form of the post was left", retryable=False)


def post_marker(song_id: str) -> str:
    """Return the custom_id of "Another take", a button that every post of the tune has and no other message."""
    return f"chiptune:take:{song_id}"


def linked_title(entry: RequestRecord | None, song: Song, length: int = TITLE_LENGTH) -> str:
    """A tune's title, with the way to its message where there is one. entry: None where the tune was deleted.

    length: of the title, in letters before those that are escaped.
    """
    if entry is None:
        return say(DELETED)
    title = escape(song.title, length)
    if song.message_id is None:
        return title
    return f"[{title}]({message_link(entry.scope, entry.channel_id, song.message_id)})"


def originality_line(notes: float | str) -> str:
    """The longest run that a tune shares with a song that the model has learnt from."""
    if not notes:
        return say("Original: no run shared with any training song")
    said = ngettext(
        "Longest run shared with any training song: {n:g} note",
        "Longest run shared with any training song: {n:g} notes",
    )
    return say(said.counted(float(notes)))
