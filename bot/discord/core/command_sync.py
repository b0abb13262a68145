"""Tells Discord about the commands, but only if they have changed: Discord limits how often it is told."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import discord
from discord import app_commands

from bot.discord.core.command_names import CatalogueTranslator

log = logging.getLogger(__name__)


async def sync_commands(tree: app_commands.CommandTree[Any], synced_file: Path) -> None:
    """Register the commands of a tree, with their translations, unless they equal those registered last.

    synced_file: holds the digest of the commands registered last. If Discord refuses the commands, log the error and
    return: those registered before keep working, which is better than no bot.
    """
    translator = CatalogueTranslator()
    await tree.set_translator(translator)
    commands = [await command.get_translated_payload(tree, translator) for command in tree.get_commands()]
    text = json.dumps([tree.client.application_id, discord.__version__, commands], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    if await asyncio.to_thread(_read, synced_file) == digest:
        return
    try:
        await tree.sync()
    except discord.HTTPException as error:
        log.error("the commands could not be registered: %s", error)
        return
    await asyncio.to_thread(synced_file.write_text, digest)
    log.info("commands registered")


def _read(path: Path) -> str | None:
    """Return the text of a file, or None if there is no file."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return None
