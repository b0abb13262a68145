"""A stand-in for Discord on one port of 127.0.0.1, and what tests do with it: commands, clicks and faults.

`rest.py` has the REST side, `gateway.py` the gateway, and `world.py` the state.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from aiohttp import web

from tests.wire.standin.certificates import server_context
from tests.wire.standin.components import BUTTON, MENU, walk
from tests.wire.standin.gateway import Gateway, guild
from tests.wire.standin.rest import Rest
from tests.wire.standin.world import (
    APP_ID,
    CHANNEL,
    GUILD,
    MANAGE_MESSAGES,
    MODERATORS,
    USER,
    ApiError,
    Fault,
    File,
    Interaction,
    Payload,
    World,
)

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5
LABEL = 18
SUB_COMMAND, GROUP, STRING, INTEGER, CHANNEL_OPTION, ATTACHMENT, NUMBER = 1, 2, 3, 4, 7, 11, 10
T = TypeVar("T")


class StandIn:
    """Discord for one bot: `async with StandIn(folder) as discord`."""

    def __init__(self, folder: Path) -> None:
        self.world = World()
        self.gateway = Gateway(self.world)
        self.port = 0
        self._folder = folder
        self._context, self.ca_file = server_context(folder)
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        rest = Rest(self.world)
        app = web.Application(middlewares=[rest.errors], client_max_size=64 * 1024 * 1024)
        app.add_routes([*rest.routes(), web.get("/", self.gateway.connect)])
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=self._context)
        await site.start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            self.gateway.drop()
            await self._runner.cleanup()

    async def until(self, condition: Callable[[], T | None], seconds: float = 60.0) -> T:
        """Wait until `condition` returns something true, and return that. Raise TimeoutError after `seconds`."""
        async with asyncio.timeout(seconds):
            while True:
                if value := condition():
                    return value
                await asyncio.sleep(0.01)

    def fault(
        self, pattern: str, status: int, code: int = 0, times: int = 1, retry_after: float | None = None
    ) -> Fault:
        """Play an error on the next `times` requests whose "METHOD /path" matches `pattern`; see `world.Fault`."""
        error = ApiError(status, code, f"fault {status}")
        if retry_after is not None:
            error.headers = {"Retry-After": str(retry_after), "Via": "1.1 wire"}
            error.extra = {"retry_after": retry_after, "global": False}
        fault = Fault(pattern, error, times)
        self.world.faults.append(fault)
        return fault

    async def slash(
        self,
        name: str,
        options: Payload | None = None,
        *,
        user: int = USER,
        file: File | None = None,
        declared: int | None = None,
        member: bool = True,
        permissions: int = 0,
    ) -> Interaction:
        """Send `/chiptune NAME`, or `/chiptune GROUP NAME`. A `channel` among the options is a channel's id.

        file: the value of the option `file`. declared: the size to claim for it. member: whether the bot is installed
        in the server, not only by the user. permissions: the user's.
        """
        arguments: list[Payload] = [_option(key, value) for key, value in (options or {}).items()]
        resolved: Payload = {}
        if channel := (options or {}).get("channel"):
            about = {**guild()["channels"][0], "id": str(channel), "name": "other", "permissions": "0"}
            resolved = {"resolved": {"channels": {str(channel): about}}}
        if file is not None:
            stored = self.world.store(CHANNEL, file, declared)
            arguments.append({"name": "file", "type": ATTACHMENT, "value": stored["id"]})
            resolved = {"resolved": {"attachments": {stored["id"]: stored}}}
        *group, last = name.split()
        command = {"name": last, "type": SUB_COMMAND, "options": arguments}
        for outer in group:
            command = {"name": outer, "type": GROUP, "options": [command]}
        data = {"id": "1", "name": "chiptune", "type": 1, "options": [command], **resolved}
        return await self._interact(COMMAND, data, user, member=member, permissions=permissions)

    async def autocomplete(self, name: str, option: str, text: str) -> list[Payload]:
        """Type into an option. Return the choices that the bot proposes."""
        typed = {"name": option, "type": STRING, "value": text, "focused": True}
        command = {"name": name, "type": SUB_COMMAND, "options": [typed]}
        data = {"id": "1", "name": "chiptune", "type": 1, "options": [command]}
        interaction = await self._interact(AUTOCOMPLETE, data, USER)
        await self.answered(interaction)
        choices: list[Payload] = interaction.data["choices"]
        return choices

    async def press(self, message: Payload, label: str, *, user: int = USER, permissions: int = 0) -> Interaction:
        """Press the button whose emoji and label begin with `label`. permissions: the user's."""
        buttons = [part for part in walk(message["components"]) if part["type"] == BUTTON and "custom_id" in part]
        custom_id = next(item["custom_id"] for item in buttons if _label(item).startswith(label))
        data = {"custom_id": custom_id, "component_type": BUTTON}
        return await self._interact(COMPONENT, data, user, message=message, permissions=permissions)

    async def select(self, message: Payload, value: str, *, user: int = USER) -> Interaction:
        """Choose an option of a message's menu."""
        menu = next(part for part in walk(message["components"]) if part["type"] == MENU)
        data = {"custom_id": menu["custom_id"], "component_type": MENU, "values": [value]}
        return await self._interact(COMPONENT, data, user, message=message)

    async def submit(self, form: Interaction, message: Payload, **changes: Any) -> Interaction:
        """Submit a form that the bot has opened, with its default values except for the changes."""
        fields: list[Payload] = []
        for label in form.data["components"]:
            field: Payload = label["component"]
            name, kind = field["custom_id"], field["type"]
            about = {"id": len(fields) + 1, "type": kind, "custom_id": name}
            if kind == MENU:
                chosen = [option["value"] for option in field["options"] if option.get("default")]
                about["values"] = changes.get(name, chosen)
            else:
                about["value"] = changes.get(name, field.get("value", ""))
            fields.append({"id": 100 + len(fields), "type": LABEL, "component": about})
        data = {"custom_id": form.data["custom_id"], "components": fields}
        return await self._interact(SUBMIT, data, form.user, message=message)

    async def answered(self, interaction: Interaction) -> Interaction:
        """Wait for the first answer to an interaction, and return the interaction."""
        await self.until(lambda: interaction.callback is not None)
        return interaction

    def messages(self, channel: int = CHANNEL) -> list[Payload]:
        """Return a channel's messages, oldest first. The channel of direct messages is minus the user's id."""
        return list(self.world.channels.get(channel, {}).values())

    def posts(self, channel: int = CHANNEL) -> list[Payload]:
        """Return the messages with files."""
        return [message for message in self.messages(channel) if message["attachments"]]

    def original(self, interaction: Interaction) -> Payload | None:
        """Return the message of the first answer, or None if there is none."""
        return self.world.channels.get(interaction.channel, {}).get(interaction.original or 0)

    def follow_ups(self, interaction: Interaction) -> list[Payload]:
        """Return the follow-ups that still exist."""
        messages = self.world.channels.get(interaction.channel, {})
        return [messages[message] for message in interaction.followups if message in messages]

    async def _interact(
        self,
        kind: int,
        data: Payload,
        user: int,
        *,
        message: Payload | None = None,
        member: bool = True,
        permissions: int = 0,
    ) -> Interaction:
        world = self.world
        channel = int(message["channel_id"]) if message else CHANNEL
        interaction = Interaction(
            id=world.new_id(),
            token=f"interaction-token-{secrets.token_urlsafe(24)}",
            channel=channel,
            user=user,
            sent=world.now(),
            limit=world.limit,
            message=int(message["id"]) if message else None,
        )
        world.interactions[interaction.token] = interaction
        person = {"id": str(user), "username": f"person{user}", "discriminator": "0", "avatar": None}
        await self.gateway.dispatch(
            "INTERACTION_CREATE",
            {
                "id": str(interaction.id),
                "application_id": str(APP_ID),
                "type": kind,
                "token": interaction.token,
                "version": 1,
                "data": data,
                "guild_id": str(GUILD),
                "guild": {"id": str(GUILD), "locale": "en-US", "features": []},
                "channel": {**guild()["channels"][0], "id": str(channel), "guild_id": str(GUILD)},
                "channel_id": str(channel),
                "member": {
                    "user": person,
                    "roles": [str(MODERATORS)] if permissions & MANAGE_MESSAGES else [],
                    "joined_at": "2026-01-01T00:00:00+00:00",
                    "deaf": False,
                    "mute": False,
                    "flags": 0,
                    "permissions": str(permissions),
                },
                "locale": world.locale,
                "guild_locale": world.guild_locale,
                "app_permissions": str(1 << 53 if member else 0),
                "attachment_size_limit": interaction.limit,
                "entitlements": [],
                "authorizing_integration_owners": {"0": str(GUILD)} if member else {"1": str(user)},
                "context": 0,
                **({"message": message} if message else {}),
            },
        )
        return interaction


def _option(name: str, value: Any) -> Payload:
    if name == "channel":
        return {"name": name, "type": CHANNEL_OPTION, "value": str(value)}
    kind = STRING if isinstance(value, str) else NUMBER if isinstance(value, float) else INTEGER
    return {"name": name, "type": kind, "value": value}


def _label(button: Payload) -> str:
    """Return a button's emoji and label."""
    return str((button.get("emoji") or {}).get("name") or "") + str(button.get("label") or "")
