"""The stand-in's REST side: the part of Discord's API v10 that a slash command bot uses, and the attachment host.

`world.py` enforces the rules of the state, and `gateway.py` pushes events to the bot.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from tests.wire.standin.components import form_faults
from tests.wire.standin.world import APP_ID, BOT_USER, EPHEMERAL, TOKEN, ApiError, File, Interaction, Payload, World

API = "/api/v10"
MESSAGE, DEFER, DEFER_UPDATE, UPDATE, FORM = 4, 5, 6, 7, 9
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answer(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    """Return JSON, with exactly the Content-Type that discord.py compares with."""
    headers = {"Content-Type": "application/json", **(headers or {})}
    return web.Response(body=json.dumps(value).encode(), status=status, headers=headers)


async def parse(request: web.Request) -> tuple[Payload, list[File]]:
    """Return the JSON and the files of a request: either JSON, or multipart with `payload_json` and `files[n]`."""
    if not request.content_type.startswith("multipart/"):
        return json.loads(await request.text() or "{}"), []
    body: Payload = {}
    files: list[File] = []
    form = await request.post()
    for name, field in form.items():
        if name == "payload_json":
            body = json.loads(field if isinstance(field, str) else "")
        elif isinstance(field, web.FileField) and name.startswith("files["):
            files.append(File(field.filename, field.file.read()))
    return body, files


class Rest:
    """The routes, over one `World`."""

    def __init__(self, world: World) -> None:
        self.world = world

    def routes(self) -> list[web.RouteDef]:
        """Return all supported routes."""
        hook = f"{API}/webhooks/{{app}}/{{token}}"
        messages = f"{API}/channels/{{channel}}/messages"
        return [
            web.get(f"{API}/users/@me", self.me),
            web.post(f"{API}/users/@me/channels", self.open_dm),
            web.get(f"{API}/oauth2/applications/@me", self.application),
            web.get(f"{API}/gateway/bot", self.gateway),
            web.put(f"{API}/applications/{{app}}/commands", self.sync),
            web.post(f"{API}/interactions/{{id}}/{{token}}/callback", self.callback),
            web.post(hook, self.follow_up),
            web.get(f"{hook}/messages/{{message}}", self.read_hook),
            web.patch(f"{hook}/messages/{{message}}", self.edit_hook),
            web.delete(f"{hook}/messages/{{message}}", self.delete_hook),
            web.get(messages, self.list),
            web.post(messages, self.post),
            web.get(f"{messages}/{{message}}", self.read),
            web.patch(f"{messages}/{{message}}", self.edit),
            web.delete(f"{messages}/{{message}}", self.delete),
            web.get("/attachments/{channel}/{file}/{name}", self.download),
        ]

    @web.middleware
    async def errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Log each request, play faults, check the bot's token, and turn `ApiError` into Discord's error body."""
        with_files = request.content_type.startswith("multipart/")
        line = f"{request.method} {request.path_qs}{' with files' if with_files else ''}"
        try:
            # Read the body first: an answer in the middle of an upload would break the connection.
            await (request.post() if with_files else request.read())
            self.world.play(line, after=False)
            if request.path.startswith(f"{API}/channels") and request.headers.get("Authorization") != f"Bot {TOKEN}":
                raise ApiError(401, 0, "401: Unauthorized")
            response = await handler(request)
            self.world.play(line, after=True)
        except ApiError as error:
            body = {"code": error.code, "message": error.text, **error.extra}
            response = answer(body, error.status, error.headers)
            response.body = error.raw or response.body
        self.world.log.append((line, response.status))
        return response

    async def me(self, request: web.Request) -> web.Response:
        return answer(BOT_USER)

    async def application(self, request: web.Request) -> web.Response:
        owner = {"id": "1", "username": "owner", "discriminator": "0", "avatar": None}
        about: Payload = {"id": str(APP_ID), "name": "chiptune", "description": "", "icon": None, "owner": owner}
        about |= {"bot_public": True, "bot_require_code_grant": False, "verify_key": "0", "flags": 0}
        return answer({**about, "privacy_policy_url": "https://tunes.example/privacy"})

    async def gateway(self, request: web.Request) -> web.Response:
        starts = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        return answer({"url": "wss://gateway.discord.gg", "shards": 1, "session_start_limit": starts})

    async def sync(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.world.syncs += 1
        self.world.commands = [
            {"id": str(self.world.new_id()), "application_id": str(APP_ID), "version": "1", **command}
            for command in body
        ]
        return answer(self.world.commands)

    async def open_dm(self, request: web.Request) -> web.Response:
        user = int((await request.json())["recipient_id"])
        self.world.channels.setdefault(-user, {})
        person = {"id": str(user), "username": "person", "discriminator": "0", "avatar": None}
        return answer({"id": str(-user), "type": 1, "recipients": [person], "last_message_id": None})

    async def callback(self, request: web.Request) -> web.Response:
        """Accept the first answer to an interaction, within three seconds and only once."""
        interaction = self.world.interactions.get(request.match_info["token"])
        if interaction is None or self.world.now() - interaction.sent > self.world.answer_seconds:
            raise ApiError(404, 10062, "Unknown interaction")
        if interaction.callback is not None:
            raise ApiError(400, 40060, "Interaction has already been acknowledged.")
        body, files = await parse(request)
        interaction.data = body.get("data") or {}
        message: Payload | None = None
        if body["type"] in (MESSAGE, DEFER):
            message = self.world.create(interaction.channel, interaction.data, files, interaction.limit)
            interaction.loading = body["type"] == DEFER
        elif body["type"] in (UPDATE, DEFER_UPDATE):
            message = self.world.message(interaction.channel, interaction.message)
            self.world.write(message, interaction.data, files, interaction.limit)
        elif body["type"] == FORM:
            for fault in form_faults(interaction.data):
                raise ApiError(400, 50035, f"Invalid Form Body: {fault}")
        interaction.original = int(message["id"]) if message else None
        interaction.latency = self.world.now() - interaction.sent
        interaction.callback = body["type"]
        about = {"id": str(interaction.id), "type": 2, "response_message_id": message["id"] if message else None}
        return answer({"interaction": {**about, "response_message_loading": interaction.loading}})

    async def follow_up(self, request: web.Request) -> web.Response:
        """Accept a follow-up. While the defer is open, it replaces the placeholder and has its visibility."""
        interaction = self._hook(request)
        body, files = await parse(request)
        if interaction.loading:
            interaction.loading = False
            message = self.world.message(interaction.channel, interaction.original)
            self.world.write(message, body, files, interaction.limit)
        else:
            message = self.world.create(interaction.channel, body, files, interaction.limit)
            interaction.followups.append(int(message["id"]))
        return answer(message)

    async def read_hook(self, request: web.Request) -> web.Response:
        return answer(self._hook_message(request))

    async def edit_hook(self, request: web.Request) -> web.Response:
        interaction, message = self._hook(request), self._hook_message(request)
        body, files = await parse(request)
        self.world.write(message, body, files, interaction.limit)
        interaction.loading = False
        self.world.edits.append((self.world.now(), int(message["id"]), body))
        return answer(message)

    async def delete_hook(self, request: web.Request) -> web.Response:
        interaction, message = self._hook(request), self._hook_message(request)
        del self.world.channel(interaction.channel)[int(message["id"])]
        return web.Response(status=204)

    async def list(self, request: web.Request) -> web.Response:
        messages = self.world.bot_channel(self._channel(request))
        newest = [item for item in reversed(messages.values()) if not item["flags"] & EPHEMERAL]
        return answer(newest[: int(request.query.get("limit", 50))])

    async def post(self, request: web.Request) -> web.Response:
        channel = self._channel(request)
        self.world.bot_channel(channel)
        body, files = await parse(request)
        return answer(self.world.create(channel, body, files, self.world.limit))

    async def read(self, request: web.Request) -> web.Response:
        return answer(self._message(request))

    async def edit(self, request: web.Request) -> web.Response:
        message = self._message(request)
        body, files = await parse(request)
        self.world.write(message, body, files, self.world.limit)
        return answer(message)

    async def delete(self, request: web.Request) -> web.Response:
        message = self._message(request)
        del self.world.channel(self._channel(request))[int(message["id"])]
        return web.Response(status=204)

    async def download(self, request: web.Request) -> web.Response:
        """Serve an attachment."""
        file = self.world.files.get(int(request.match_info["file"]))
        if file is None:
            raise ApiError(404, 0, "404: Not Found")
        return web.Response(body=file.data)

    def _hook(self, request: web.Request) -> Interaction:
        return self.world.interaction(request.match_info["token"])

    def _hook_message(self, request: web.Request) -> Payload:
        interaction, name = self._hook(request), request.match_info["message"]
        return self.world.message(interaction.channel, interaction.original if name == "@original" else int(name))

    def _channel(self, request: web.Request) -> int:
        return int(request.match_info["channel"])

    def _message(self, request: web.Request) -> Payload:
        self.world.bot_channel(self._channel(request))
        return self.world.message(self._channel(request), int(request.match_info["message"]))
