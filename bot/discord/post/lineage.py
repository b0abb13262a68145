"""Where a tune comes from and what came of it, as a small tree. Whose history that is, is the store's."""

from __future__ import annotations

from collections.abc import Collection

from bot.discord.core.autocomplete import SONGS_SEARCHED
from bot.discord.post.layout import Post, linked_title
from bot.languages import say
from bot.store import Song, Store

ANCESTORS = 4
"""Generations up that are shown."""
CHILDREN = 8
"""Tunes that are shown of those that came of one."""
TITLE_LETTERS = 40
"""Of each title: all text of a message has at most 4,000, links and escapes counted."""


async def family_tree(store: Store, post: Post, channels: Collection[str]) -> str:
    """A tune's parents and children in lists of markdown, "" where it has neither. channels: as for `Songs.history`."""
    above = await _ancestors(store, post.song, channels)
    below = await _children(store, post.song, channels)
    if not above and not below:
        return ""
    lines = [*[await _linked(store, song) for song in above], f"**{await _linked(store, post.song)}**"]
    tree = [f"{'  ' * depth}- {line}" for depth, line in enumerate(lines)]
    tree += [f"{'  ' * len(lines)}- {await _linked(store, song)}" for song in below[:CHILDREN]]
    if len(below) > CHILDREN:
        more = say("and {count} more", count=len(below) - CHILDREN)
        tree.append(f"{'  ' * len(lines)}- {more}")
    return "\n".join([say("**Family**"), *tree])


async def _ancestors(store: Store, song: Song, channels: Collection[str]) -> list[Song]:
    """The tunes that one comes from, the oldest first, as far back as they are listed here."""
    found: list[Song] = []
    parent = song.parent
    while parent and len(found) < ANCESTORS and (above := await store.songs.get(parent, or_deleted=True)):
        if above.only_in not in (None, *channels):
            break
        found.append(above)
        parent = above.parent
    return found[::-1]


async def _children(store: Store, song: Song, channels: Collection[str]) -> list[Song]:
    """The tunes that came of one, oldest first; of its place, among the newest of them."""
    newest = await store.songs.history(song.scope, channels=channels, limit=SONGS_SEARCHED)
    return [child for child in reversed(newest) if child.parent == song.id]


async def _linked(store: Store, song: Song) -> str:
    """A tune's title with its way there."""
    return linked_title(await store.requests.get(song.id), song, TITLE_LETTERS)
