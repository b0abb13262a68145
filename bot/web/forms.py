"""Parses what browsers and scripts send: a request as JSON, or a remix as multipart with its MIDI file.

Reads no more than the limits allow. `generator.protocol.requests.Request` checks the options.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from aiohttp import BodyPartReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from bot.requests.submissions import Options, Upload
from bot.voting import OUTCOMES
from generator.protocol.errors import InputError
from generator.protocol.requests import Request
from generator.protocol.uploads import MAX_UPLOAD_BYTES, check_size

MAX_FIELDS_BYTES = 64 * 1024
"""The limit of a request's JSON, and of the multipart body apart from the file."""

FIELDS = frozenset(Request.__dataclass_fields__) - {"upload", "name"}
"""The options that the API accepts; the upload's digest and its name come from the file itself."""

MEMBER = "member"
"""The field of a remix that says which file of a zip is meant."""

NOT_JSON = "The request is not a JSON object."
JUDGEMENT = "A judgement is {“a”: id, “b”: id, “winner”: “a”, “b” or “even”}."
TWO_PARTS = "A remix has two parts: “request” and “file”."


async def read_submission(request: web.Request) -> tuple[Options, Upload | None]:
    """Read a submission. Return its options, and the file if one was sent along. Raise InputError."""
    if request.content_length is not None and request.content_length > MAX_UPLOAD_BYTES + MAX_FIELDS_BYTES:
        check_size(b"", declared=request.content_length)
    if request.content_type == "application/json":
        return check_options(parse_object(await _read_body(request))), None
    if request.content_type != "multipart/form-data":
        raise InputError("Send a request as application/json, or as multipart/form-data with a MIDI file.")
    fields, name, data = await _read_parts(request)
    member = fields.pop(MEMBER, None)
    options = check_options(fields)
    if data is None:
        return options, None
    if member is not None and not isinstance(member, str):
        raise InputError("The member is the name of a file in the zip.")
    return options, upload_of(name, data, member)


async def read_object(request: web.Request) -> dict[str, Any]:
    """Read a small JSON object. Raise InputError."""
    if request.content_type != "application/json":
        raise InputError("Send this as application/json.")
    return parse_object(await _read_body(request))


def check_options(fields: Mapping[str, Any]) -> Options:
    """Return the fields of a submission if the API accepts them all. Raise InputError."""
    for name in fields:
        if name not in FIELDS:
            raise InputError(f"A request has no field called “{name[:40]}”.")
    return fields


def upload_of(name: str | None, data: bytes, member: str | None = None) -> Upload:
    """Return an upload whose bytes are here already."""

    async def read() -> bytes:
        return data

    return Upload(name, read, member)


def read_number(request: web.Request, name: str, default: int, limits: tuple[int, int]) -> int:
    """Return a whole number of an address's query. Raise InputError if it is none, or out of its limits."""
    text = request.query.get(name, str(default))
    if not re.fullmatch(r"[0-9]{1,6}", text) or not limits[0] <= int(text) <= limits[1]:
        raise InputError(f"The {name} must be {limits[0]} to {limits[1]}.")
    return int(text)


def parse_object(data: bytes) -> dict[str, Any]:
    """Return a JSON object from its bytes. Raise InputError, or UnicodeError if it holds half a character."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise InputError(NOT_JSON) from error
    if not isinstance(value, dict):
        raise InputError(NOT_JSON)
    json.dumps(value, ensure_ascii=False).encode()  # a lone surrogate is no text: nothing could store it
    return value


async def _read_body(request: web.Request) -> bytes:
    """Return the body. Raise InputError if it is over the limit."""
    data = bytearray()
    async for chunk in request.content.iter_any():
        data += chunk
        if len(data) > MAX_FIELDS_BYTES:
            raise InputError(f"A request has at most {MAX_FIELDS_BYTES // 1024} KB.")
    return bytes(data)


async def _read_parts(request: web.Request) -> tuple[dict[str, Any], str | None, bytes | None]:
    """Return the fields, the file's name and the file of a multipart body. Raise InputError."""
    fields: dict[str, Any] | None = None
    name: str | None = None
    data: bytes | None = None
    try:
        async for part in await request.multipart():
            if not isinstance(part, BodyPartReader) or part.name not in ("request", "file"):
                raise InputError(TWO_PARTS)
            if (part.name == "request" and fields is not None) or (part.name == "file" and data is not None):
                raise InputError(TWO_PARTS)
            if part.name == "request":
                fields = parse_object(await _read_part(part, MAX_FIELDS_BYTES))
            else:
                name, data = part.filename, await _read_part(part, MAX_UPLOAD_BYTES)
    except (ValueError, RuntimeError, HttpProcessingError) as error:  # what aiohttp raises for a broken body
        raise InputError("The multipart body is damaged.") from error
    return fields or {}, name, data


async def _read_part(part: BodyPartReader, limit: int) -> bytes:
    """Return one part's bytes. Raise InputError if they are over the limit."""
    if part.headers.get(hdrs.CONTENT_TRANSFER_ENCODING, "binary").lower() not in ("binary", "8bit", "7bit"):
        raise InputError("Send the file as it is, without a transfer encoding.")
    data = bytearray()
    while chunk := await part.read_chunk():
        data += chunk
        if len(data) > limit:
            check_size(b"", declared=max(len(data), MAX_UPLOAD_BYTES + 1))
    return bytes(data)


def read_judgement(fields: Mapping[str, Any]) -> tuple[str, str, float]:
    """Return the ids of a battle's two songs, and the outcome as a number (see `OUTCOMES`). Raise InputError."""
    a, b, winner = (fields.get(name) for name in ("a", "b", "winner"))
    if set(fields) != {"a", "b", "winner"} or not isinstance(winner, str) or winner not in OUTCOMES:
        raise InputError(JUDGEMENT)
    if not isinstance(a, str) or not isinstance(b, str):
        raise InputError(JUDGEMENT)
    return a, b, OUTCOMES[winner]
