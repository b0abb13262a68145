"""The family tree of a tune: what it was made from and what was made from it, as a list of markdown."""

from __future__ import annotations

from collections.abc import Collection

from bot.discord.core.autocomplete import SONGS_SEARCHED
from bot.discord.post.layout import Post, linked_title
from bot.languages import say
from bot.store import Song, Store

ANCESTORS = 4
"""How many generations of ancestors are shown."""
CHILDREN = 8
"""How many children are shown."""
TITLE_LETTERS = 40
"""The most characters of each title: a message may have 4,000 in all, including links and escapes."""


async def family_tree(store: Store, post: Post, channels: Collection[str]) -> str:
    """Return a tune's ancestors and children as nested lists, "" if it has neither. channels: see `Songs.history`."""
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
    """Return the tunes that a song was made from, oldest first, back to the first one that is not visible here."""
    ancestors: list[Song] = []
    parent = song.parent
    while parent and len(ancestors) < ANCESTORS and (song_above := await store.songs.get(parent, or_deleted=True)):
        if song_above.only_in not in (None, *channels):
            break
        ancestors.append(song_above)
        parent = song_above.parent
    return ancestors[::-1]


async def _children(store: Store, song: Song, channels: Collection[str]) -> list[Song]:
    """Return those of the newest tunes in the song's scope that were made from it, oldest first."""
    newest = await store.songs.history(song.scope, channels=channels, limit=SONGS_SEARCHED)
    return [child for child in reversed(newest) if child.parent == song.id]


async def _linked(store: Store, song: Song) -> str:
    """Return a tune's title, linked to its message."""
    return linked_title(await store.requests.get(song.id), song, TITLE_LETTERS)
