"""The look of a posted tune: its title, player, recipe and lineage as components, and the files sent with it.

A post is a message of Discord's "Components V2". Such a message does not play sound files: an OGG in it can only be
downloaded. It does play videos, on phones too, so the player is the tune's film (picture and sound as MP4) if there is
one. Where a post goes is left to `delivery`, its buttons to `bot.discord.tunes.post_buttons`.
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
from bot.discord.core.message_access import TOO_LARGE
from bot.discord.queue.request_text import ANY_FILE, OPTIONS, option_text, options_line
from bot.files.song_files import FILES_GONE
from bot.languages import say
from bot.requests.delivery import DeliveryError
from bot.store import SONG_DELETED, RequestRecord, Song
from bot.text import plain
from bot.votes.taste_descriptions import describe_choice
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
"""The accent colour of a post by scene, as 0xRRGGBB."""
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
"""Descriptions of a tune's files by suffix. Files with other suffixes are not shown to people."""
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
NO_TITLE = _("An NES tune")
TITLE_REJECTED = _("This server's rules for messages did not allow the title, so it is left out.")

Item = ui.Item[Any]
FileNames = tuple[str, ...]
"""The names of the files in a post, in their order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A tune as it is posted.

    files: the paths of the files that exist, by name. parent: the tune that this is another take or a remix of, with
    its request, which is None if that tune was deleted. public_url: the address of the web page that also serves the
    files, or None.
    """

    entry: RequestRecord
    song: Song
    files: Mapping[str, Path]
    parent: tuple[RequestRecord | None, Song] | None = None
    public_url: str | None = None

    def without_titles(self) -> Post:
        """Return the post without any text that people wrote: titles, and names and reports of uploads."""

        def untitled(song: Song) -> Song:
            return replace(song, title=say(NO_TITLE), report="")

        def unnamed(entry: RequestRecord) -> RequestRecord:
            return replace(entry, request=replace(entry.request, name=None))

        parent = self.parent and (self.parent[0] and unnamed(self.parent[0]), untitled(self.parent[1]))
        return replace(self, entry=unnamed(self.entry), song=untitled(self.song), parent=parent)

    def all_files(self) -> FileNames:
        """Return the names of all existing files of the tune: film, sound, notes and picture first."""
        first = (VIDEO, self.song.audio, self.song.midi, self.song.picture)
        existing = {name for name in self.files if Path(name).suffix in FILES}
        return (*(name for name in first if name in existing), *sorted(existing.difference(first)))

    def check_files(self) -> None:
        """Raise InputError if files that every post needs no longer exist."""
        if not {self.song.audio, self.song.midi, self.song.picture} <= set(self.all_files()):
            raise InputError(FILES_GONE)

    def file_sets(self, limit: int, *, full: bool = False) -> Iterator[FileNames]:
        """Yield the sets of files that fit into `limit` bytes, the largest first. full: begin with all files.

        Raise OSError if a file cannot be read.
        """
        song = self.song
        film = (VIDEO, song.midi) if VIDEO in self.files else ()
        everything = self.all_files() if full else ()
        classic = (song.picture, song.audio, song.midi)
        for names in (*filter(None, (everything, film)), classic, (song.audio, song.midi), (song.midi,), ()):
            # The sum, not each file: how Discord counts has changed more than once.
            if sum(self._path(name).stat().st_size for name in names) <= limit:
                yield names

    def open(self, names: FileNames, *, stem: str | None = None) -> list[discord.File]:
        """Open files; sending them closes them. stem: replaces the stems of their names. Raise OSError."""
        shown_names = [f"{stem}{Path(name).suffix}" if stem else name for name in names]
        return [
            discord.File(self._path(name), filename=shown, description=self._alt_text(name))
            for name, shown in zip(names, shown_names, strict=True)
        ]

    def layout(
        self, names: Collection[str], rows: Iterable[Item] = (), *, head: str = "", more: str = ""
    ) -> ui.LayoutView:
        """Return the message for a set of files. head: text above the post. more: text below the recipe."""
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
        """Return the path of a file. Raise FileNotFoundError."""
        if name not in self.files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return self.files[name]

    def _colour(self) -> int:
        """Return the colour of the scene; a remix has its parent's scene."""
        scene = self.song.scene or (self.parent and self.parent[1].scene)
        return COLOURS.get(scene or "", NO_COLOUR)

    def _heading(self) -> Iterator[str]:
        """Yield the title, what the tune was made from, and a report about an upload's notes."""
        yield f"## {escape(self.song.title)}"
        if lineage := self._lineage():
            yield lineage
        if self.song.report:
            yield f"-# {escape(say(self.song.report), REPORT_LENGTH)}"

    def _recipe(self) -> Iterator[str]:
        """Yield the tune's properties, the options of its request, how original it is, and what reproduces it."""
        song = self.song
        bars = [say(OPTIONS["bars"].counted(float(song.got["bars"])))] if "bars" in song.got else []
        density = [option_text("density", song.got["density"])] if "density" in song.got else []
        beats, seconds = say("{bpm:g} BPM", bpm=song.bpm), say("{seconds:.0f} s", seconds=song.seconds)
        yield f"**{' · '.join([beats, song.key, ', '.join([seconds, *bars]), *density])}**"
        yield f"-# {options_line(self.entry.request)}"
        if choice := describe_choice(song.got):
            yield f"-# {say(choice)}"
        if "shared_notes" in song.got:
            yield f"-# {originality_line(song.got['shared_notes'])}"
        origin = say("Seed {seed} · model {model}, {engine}", seed=song.seed, model=song.model, engine=song.engine)
        yield f"-# {origin}"

    def _lineage(self) -> str:
        """Return what the tune was made from, "" if from nothing."""
        request = self.entry.request
        source = escape(request.name or say(ANY_FILE))
        remix = say(MODES[request.mode].post_title, source=source) if request.upload else ""
        if self.parent is None:
            return remix
        entry, song = self.parent
        parent = linked_title(entry, song)
        if entry is None:  # its request is unknown by now; without an upload, it was the same
            return say(MODES[request.mode].post_title or ANOTHER_TAKE, source=parent)
        if entry.request == replace(request, seed=entry.request.seed, taste=entry.request.taste):
            return "\n".join(filter(None, (remix, say(ANOTHER_TAKE, source=parent))))
        return say(MODES[request.mode].post_title, source=parent)

    def _note(self, names: Collection[str]) -> str:
        """Return a note about the files that are left out, "" if none are."""
        song = self.song
        if VIDEO in names or {song.audio, song.picture} <= set(names):
            return ""
        return f"-# {say(NO_PICTURE if song.audio in names else ONLY_MIDI if song.midi in names else NO_FILES)}"

    def _alt_text(self, name: str) -> str:
        """Return a file's description for people who cannot see or hear it."""
        song = self.song
        title = plain(song.title, TITLE_LENGTH)
        facts = {"title": title, "seconds": song.seconds, "bpm": song.bpm, "key": song.key}
        alt_texts = {VIDEO: ALT_FILM, song.audio: ALT_SOUND, song.picture: ALT_PICTURE}
        return say(alt_texts[name], **facts) if name in alt_texts else say(FILES[Path(name).suffix])


async def load_post(client: ChiptuneClient, song_id: str) -> Post:
    """Return the post of a tune, with the tune that it was made from. Raise InputError if it is deleted."""
    song, entry = await client.store.songs.get(song_id), await client.store.requests.get(song_id)
    if song is None or entry is None:
        raise InputError(SONG_DELETED)
    return await build_post(client, entry, song)


async def build_post(client: ChiptuneClient, entry: RequestRecord, song: Song) -> Post:
    """Return the post of a tune whose rows are loaded already."""
    parent = await client.store.songs.get(entry.parent, or_deleted=True) if entry.parent else None
    return Post(
        entry=entry,
        song=song,
        files=await client.backlog.files.paths(song.id),
        parent=(await client.store.requests.get(parent.id), parent) if parent else None,
        public_url=client.public_url,
    )


async def send_largest(
    file_sets: Iterable[FileNames], send: Callable[[FileNames], Awaitable[discord.Message]]
) -> discord.Message:
    """Send the first set of files that Discord accepts. Raise discord.HTTPException or DeliveryError."""
    refused: discord.HTTPException | None = None
    for names in file_sets:
        try:
            return await send(names)
        except discord.HTTPException as error:
            if error.status != TOO_LARGE:
                raise
            refused = error
    raise refused or DeliveryError("no set of files was small enough", retryable=False)


def post_marker(song_id: str) -> str:
    """Return the custom_id of "Another take", a button that every post of the tune has and no other message."""
    return f"chiptune:take:{song_id}"


def linked_title(entry: RequestRecord | None, song: Song, length: int = TITLE_LENGTH) -> str:
    """Return a tune's title as markdown, linked to its message if there is one. entry: None if the tune was deleted.

    length: the most characters of the title, before escaping.
    """
    if entry is None:
        return say(DELETED)
    title = escape(song.title, length)
    if song.message_id is None:
        return title
    return f"[{title}]({message_link(entry.scope, entry.channel_id, song.message_id)})"


def originality_line(notes: float | str) -> str:
    """Return a line about the longest run of notes that a tune shares with a training song."""
    if not notes:
        return say("Original: no run shared with any training song")
    sentence = ngettext(
        "Longest run shared with any training song: {n:g} note",
        "Longest run shared with any training song: {n:g} notes",
    )
    return say(sentence.counted(float(notes)))
