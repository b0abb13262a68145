"""Discord's rules for messages with components, and for forms, as the stand-in enforces them.

They follow Discord's component reference: types and nesting, at most 40 components and 4,000 characters, unique custom
ids of 1 to 100 characters, and references to uploaded files.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Payload = dict[str, Any]

IS_COMPONENTS_V2 = 1 << 15
ROW, BUTTON, MENU, SECTION, TEXT, THUMBNAIL, GALLERY, FILE, SEPARATOR, CONTAINER = 1, 2, 3, 9, 10, 11, 12, 13, 14, 17
IN_CONTAINER = {ROW, SECTION, TEXT, GALLERY, FILE, SEPARATOR}
LINK = 5


def walk(components: list[Payload]) -> Iterator[Payload]:
    """Yield every component, each before the components inside it."""
    for component in components:
        yield component
        yield from walk(component.get("components", []))


def faults(message: Payload) -> Iterator[str]:
    """Yield what is wrong with a message."""
    components = message["components"]
    all_components = list(walk(components))
    if message["flags"] & IS_COMPONENTS_V2:
        if message["content"] or message["embeds"]:
            yield "a message with components has no content and no embeds"
        if not components:
            yield "a message with components has at least one component"
        top = IN_CONTAINER | {CONTAINER}
    else:
        top = {ROW}
    if wrong := [part["type"] for part in components if part["type"] not in top]:
        yield f"components of the types {wrong} are not allowed at the top level of this message"
    for part in all_components:
        if part["type"] == CONTAINER and any(child["type"] not in IN_CONTAINER for child in part["components"]):
            yield "a container holds a component that is not allowed there"
        if part["type"] == ROW:
            yield from _row_faults(part["components"])
    if len(all_components) > 40:
        yield "at most 40 components"
    if sum(len(part["content"]) for part in all_components if part["type"] == TEXT) > 4000:
        yield "at most 4,000 characters"
    ids = [part["custom_id"] for part in all_components if "custom_id" in part]
    if len(ids) != len(set(ids)) or not all(1 <= len(name) <= 100 for name in ids):
        yield "custom ids have 1 to 100 characters and are unique"


def show_files(components: list[Payload], attachments: list[Payload]) -> None:
    """Replace references to files by their URLs, as Discord does. Raise KeyError if a file is missing."""
    by_reference = {f"attachment://{item['filename']}": item for item in attachments}
    for part in walk(components):
        if part["type"] == FILE:
            file = by_reference[part["file"]["url"]]
            part |= {"file": {"url": file["url"]}, "name": file["filename"], "size": file["size"]}
        for item in part.get("items", []):
            item["media"] = {"url": by_reference[item["media"]["url"]]["url"]}


def _row_faults(children: list[Payload]) -> Iterator[str]:
    """Yield what is wrong with the components of a row."""
    kinds = [child["type"] for child in children]
    if kinds != [MENU] and not (1 <= len(kinds) <= 5 and set(kinds) == {BUTTON}):
        yield "a row holds one menu, or one to five buttons"
    for child in children:
        if child["type"] == BUTTON and (len(child.get("label") or "") > 80 or not child.get("label")):
            yield "a button has a label of 1 to 80 characters"
        if child["type"] == BUTTON and ("url" in child) != (child["style"] == LINK):
            yield "only buttons of the link style have a URL"
        if child["type"] == MENU and not 1 <= len(child["options"]) <= 25:
            yield "a menu has 1 to 25 options"


def form_faults(form: Payload) -> Iterator[str]:
    """Yield what is wrong with a form."""
    if not 1 <= len(form["title"]) <= 45:
        yield "a form's title has 1 to 45 characters"
    if not 1 <= len(form["components"]) <= 5:
        yield "a form has 1 to 5 fields"
    for label in form["components"]:
        if len(label["label"]) > 45 or len(label.get("description") or "") > 100:
            yield "a label has at most 45 characters, its description at most 100"
