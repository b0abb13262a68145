"""What people ask for: a new tune, another take of a tune, or a remix. Discord and the web page both use this module.

A submission becomes a request here: options left out are filled in (the scope's defaults, a seed, the sound, the
taste), limits are checked, an upload is read, and the backlog accepts the result. Where a submission comes from, how it
is acknowledged and how its answer looks is left to the callers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.requests.backlog import Backlog
from bot.scope import Scope
from bot.store import SONG_DELETED, Requester, RequestRecord, ServerSettings, Song, Store
from bot.text import clean_file_name
from generator.protocol.errors import InputError
from generator.protocol.i18n import _
from generator.protocol.names import SOUNDS
from generator.protocol.requests import Request, random_seed
from generator.protocol.uploads import check_upload, digest, open_upload

PENDING_DIGEST = "0" * 64
"""Stands for an upload's digest while the other options are checked: the file is read last."""

NO_TAKE = _("That take is no longer here: takes are kept for a day.")

Options = Mapping[str, Any]
"""Fields of a `Request` by name; None leaves a field out."""
Defaults = Mapping[str, str | float]
"""The fields of a request that the scope's settings filled in."""
Acknowledge = Callable[[Defaults], Awaitable[Mapping[str, Any]]]
"""Tells the person that the submission was received, and returns the destination of the answer (see `RequestRecord`).

Called once, after every check that needs no upload, and before anything that may take long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a submission comes from.

    name: the origin by which the backlog finds the delivery, "discord" or "local". channel_id: the channel that the
    tune is posted in. only_in: the only channel whose lists show the tune, or None if the whole scope may see it.
    """

    name: str
    scope: Scope
    user_id: str | None
    channel_id: str | None = None
    only_in: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to remix. name: as the sender called it. read: gets its bytes, and may raise InputError.

    member: which file of a zip is meant; not needed if there is only one.
    """

    name: str | None
    read: Callable[[], Awaitable[bytes]]
    member: str | None = None


async def acknowledge_silently(_: Defaults) -> Mapping[str, Any]:
    """Tell the person nothing, for origins that ask for their answers themselves."""
    return {}


class Submissions:
    """Turns what people ask for into accepted requests.

    Every method raises InputError if an option is invalid, LimitError if the person or the scope has too many open
    requests, and FaultError if an upload cannot be stored.
    """

    def __init__(self, store: Store, backlog: Backlog) -> None:
        self._store = store
        self._backlog = backlog

    async def generate(
        self, origin: Origin, options: Options, acknowledge: Acknowledge = acknowledge_silently
    ) -> RequestRecord:
        """Submit a new tune.

        The scope's settings fill in the scene, the length and the sound. The scope's taste chooses among takes, unless
        the options name a seed: a person who names one wants the tune that it gives.
        """
        request = make_request(options)
        defaults = default_options(await self._store.servers.settings(origin.scope), options)
        request = Request.from_dict({**request.to_dict(), **defaults})
        destination = await self._begin(origin, acknowledge, defaults)
        if options.get("seed") is None:
            request = await with_taste(self._store, request, origin.scope)
        return await self._accept(origin, request, destination)

    async def another_take(
        self, origin: Origin, song_id: str, acknowledge: Acknowledge = acknowledge_silently
    ) -> RequestRecord:
        """Submit the request of a song again, with another seed and the scope's present taste."""
        entry = await self._store.requests.get(song_id)
        if entry is None:
            raise InputError(SONG_DELETED)
        request = replace(entry.request, seed=random_seed(), taste=None)
        destination = await self._begin(origin, acknowledge)
        request = await with_taste(self._store, request, origin.scope)
        return await self._accept(origin, request, destination, parent=song_id)

    async def pick_take(
        self, origin: Origin, song: Song, number: int, acknowledge: Acknowledge = acknowledge_silently
    ) -> RequestRecord:
        """Submit one of the takes that a song was chosen from, counted from 1, as a tune of its own."""
        entry = await self._store.requests.get(song.id)
        takes = await self._backlog.files.takes_of(song)
        if entry is None or not 1 <= number <= len(takes):
            raise InputError(NO_TAKE)
        request = replace(entry.request, seed=int(takes[number - 1]["seed"]), takes=1, taste=None)
        destination = await self._begin(origin, acknowledge)
        return await self._accept(origin, request, destination, parent=song.id)

    async def remix(
        self, origin: Origin, source: Song | Upload, options: Options, acknowledge: Acknowledge = acknowledge_silently
    ) -> RequestRecord:
        """Submit a remix of a song or of an upload; its mode is "arrange" unless the options name another.

        A remix of a song sounds as the song does, unless the options name a sound; a remix of an upload sounds as the
        scope's settings say. Raise ChooseFile if the upload is a zip of several files and none is chosen.
        """
        request = make_request({"mode": "arrange", **options}, upload=PENDING_DIGEST)
        destination = await self._begin(origin, acknowledge)
        parent: str | None
        name: str | None
        if isinstance(source, Song):
            parent, name, data = source.id, f"{source.title}.mid", await self._backlog.files.midi_of(source)
        else:
            parent, name, data = None, source.name, await source.read()
            name, data = open_upload(name or "", data, source.member)
        check_upload(data)
        sound = options.get("sound") or await self._default_sound(origin.scope, parent)
        request = replace(request, upload=digest(data), name=clean_file_name(name), sound=sound)
        return await self._accept(origin, request, destination, upload=data, parent=parent)

    async def _begin(
        self, origin: Origin, acknowledge: Acknowledge, defaults: Defaults | None = None
    ) -> Mapping[str, Any]:
        """Check the limits, then acknowledge. Return the destination. Raise LimitError."""
        await self._backlog.check_limits(Requester(origin.name, origin.user_id, origin.scope))
        return await acknowledge(defaults or {})

    async def _default_sound(self, scope: Scope, parent: str | None) -> str:
        """Return the sound of the song that is remixed, or else the scope's."""
        if parent and (entry := await self._store.requests.get(parent)):
            return entry.request.sound
        return (await self._store.servers.settings(scope)).sound or SOUNDS[0]

    async def _accept(
        self,
        origin: Origin,
        request: Request,
        destination: Mapping[str, Any],
        *,
        upload: bytes | None = None,
        parent: str | None = None,
    ) -> RequestRecord:
        return await self._backlog.accept(
            request,
            origin=origin.name,
            destination=destination,
            user_id=origin.user_id,
            scope=origin.scope,
            channel_id=origin.channel_id,
            only_in=origin.only_in,
            parent=parent,
            upload=upload,
        )


def make_request(options: Options, **fields: Any) -> Request:
    """Return a request with some options and fields, and a random seed if the options name none. Raise InputError."""
    named = {name: value for name, value in options.items() if value is not None}
    return Request.from_dict({"seed": random_seed(), **named, **fields})


def default_options(settings: ServerSettings, options: Options) -> dict[str, str | float]:
    """Return the fields of a new tune that a scope's settings fill in: those that the options leave out."""
    defaults: dict[str, str | float] = {}
    if settings.scene and options.get("scene") is None:
        defaults["scene"] = settings.scene
    if settings.seconds and options.get("seconds") is None and options.get("bars") is None:
        defaults["seconds"] = settings.seconds
    if settings.sound and options.get("sound") is None:
        defaults["sound"] = settings.sound
    return defaults


async def with_taste(store: Store, request: Request, scope: Scope) -> Request:
    """Return a request with the taste of its scope, which chooses among the takes of a new tune.

    The request stays as it is if it has a taste or asks for one take, or if the scope's settings say so.
    """
    if request.mode != "generate" or request.taste is not None or request.takes == 1:
        return request
    settings = await store.servers.settings(scope)
    if not settings.taste:
        return request
    return replace(request, taste=(await store.tastes.of(scope)).taste)
