"""Reading a message of components as a person does: its texts, its player, its buttons, its menu."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import discord


def walk(components: Iterable[Any]) -> Iterator[Any]:
    """Every component, those inside others after them."""
    for component in components:
        yield component
        yield from walk(getattr(component, "children", ()))


def text(message: discord.Message) -> str:
    """Everything that is written in a message."""
    return "\n".join(part.content for part in walk(message.components) if isinstance(part, discord.TextDisplay))


def buttons(message: discord.Message) -> dict[str, discord.Button]:
    """The buttons by the first word of their labels."""
    found = [part for part in walk(message.components) if isinstance(part, discord.Button)]
    return {str(button.label).split()[0].rstrip("…"): button for button in found}


def custom_id(message: discord.Message, word: str) -> str:
    """What a button or the menu is known by."""
    if word == "Rewrite":
        [menu] = [part for part in walk(message.components) if isinstance(part, discord.SelectMenu)]
        return menu.custom_id
    return str(buttons(message)[word].custom_id)


def gallery(message: discord.Message) -> list[discord.MediaGalleryItem]:
    """What is shown or played in place."""
    return [
        item
        for part in walk(message.components)
        if isinstance(part, discord.MediaGalleryComponent)
        for item in part.items
    ]


def files(message: discord.Message) -> list[str]:
    """The names of the files that are shown as such."""
    return [str(part.name) for part in walk(message.components) if isinstance(part, discord.FileComponent)]


def form(modal: dict[str, Any], **changes: object) -> dict[str, object]:
    """A form as it is sent: what stands in it already, but for the changes."""
    filled: dict[str, object] = {}
    for label in modal["components"]:
        field = label["component"]
        chosen = [option["value"] for option in field.get("options", []) if option.get("default")]
        filled[field["custom_id"]] = chosen if "options" in field else field.get("value", "")
    return {**filled, **changes}
