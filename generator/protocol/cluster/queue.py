"""The queue in NATS JetStream: its streams, subjects and messages, and a connection to it.

    stream CHIPTUNE_JOBS      chiptune.jobs.<id>      a work queue: a job stays until a worker acknowledges it
    stream CHIPTUNE_ANSWERS   chiptune.answers.<id>   how a job ended, until the bot has taken it
    stream CHIPTUNE_DEAD      chiptune.dead.<id>      jobs that were given up
    objects chiptune-files    in.<id>, out.<id>.…     uploads and finished files
    plain subjects            chiptune.progress.<id>, chiptune.cancel.<id>

The first two streams refuse a second message with a subject that they hold. So a job that is asked for twice is done
once, and of two workers that do the same job, the first one's answer counts. The bot's side is
`generator.protocol.cluster.nats_generator`, the worker's `generator.process.worker`.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from urllib.parse import urlsplit

import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    ObjectStoreConfig,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, NotFoundError
from nats.js.object_store import ObjectStore

from generator.protocol.errors import FaultError

log = logging.getLogger(__name__)

JOBS, ANSWERS, DEAD = "CHIPTUNE_JOBS", "CHIPTUNE_ANSWERS", "CHIPTUNE_DEAD"
FILES = "chiptune-files"
WORKERS = "workers"
"""The consumer that all workers share."""
HEARTBEAT_SECONDS = 30.0
"""A job whose worker has not been heard of for so long is given to another one."""
KEPT_SECONDS = 24 * 3600.0
"""How long answers and files that nobody takes are kept. The bot gives up a request after as long."""
DEAD_SECONDS = 30 * 24 * 3600.0
MAX_TRIES = 3
"""A job during which so many workers or generators died is a dead letter."""
CONNECT_SECONDS = 5.0
SUBJECT_TAKEN = "maximum messages per subject exceeded"
"""What a stream says that holds a message with this subject already."""

ERRORS = (nats.errors.Error, TimeoutError, OSError)
"""What the queue raises if the server is out of reach."""


class QueueError(FaultError):
    """The queue cannot be set up."""


@dataclass(frozen=True, slots=True)
class Queue:
    """A connection with its streams."""

    connection: Client
    stream: JetStreamContext
    files: ObjectStore


def subject(kind: str, job_id: str) -> str:
    """Return the subject of a job's messages. kind: `jobs`, `answers`, `dead`, `progress` or `cancel`."""
    return f"chiptune.{kind}.{job_id}"


def place_of(url: str) -> str:
    """Return a server's host and port, without credentials, for the log."""
    parts = urlsplit(url if "://" in url else f"nats://{url}")
    try:
        return f"{parts.hostname}:{parts.port or 4222}"
    except ValueError:
        return "an address that cannot be read"


async def connect(url: str, *, credentials: str | None = None, heartbeat: float = HEARTBEAT_SECONDS) -> Queue:
    """Connect, and create the streams if they are missing. The connection is restored whenever it breaks.

    credentials: a file with the user's credentials. heartbeat: see `HEARTBEAT_SECONDS`. Raise one of `ERRORS` if the
    server is out of reach, QueueError if it refuses.
    """

    async def note_error(error: Exception) -> None:
        log.warning("NATS at %s: %s", place_of(url), type(error).__name__)  # its message may hold the URL

    async def note_lost() -> None:
        log.warning("the connection to NATS at %s is lost", place_of(url))

    connection = Client()
    reaching = connection.connect(
        url,
        user_credentials=credentials,
        connect_timeout=int(CONNECT_SECONDS),
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        error_cb=note_error,
        disconnected_cb=note_lost,
    )
    try:
        async with asyncio.timeout(2 * CONNECT_SECONDS):  # it would try for ever, also with wrong credentials
            await reaching
        stream = connection.jetstream(timeout=CONNECT_SECONDS)
        files = await _set_up(stream, heartbeat)
    except APIError as error:
        await connection.close()
        raise QueueError(f"NATS at {place_of(url)} refuses the queue: {error.description}") from error
    except BaseException:
        await connection.close()
        raise
    return Queue(connection, stream, files)


async def _set_up(stream: JetStreamContext, heartbeat: float) -> ObjectStore:
    for name, kind, retention, age in (
        (JOBS, "jobs", RetentionPolicy.WORK_QUEUE, None),
        (ANSWERS, "answers", RetentionPolicy.LIMITS, KEPT_SECONDS),
        (DEAD, "dead", RetentionPolicy.LIMITS, DEAD_SECONDS),
    ):
        wanted = StreamConfig(
            name=name,
            subjects=[subject(kind, "*")],
            retention=retention,
            storage=StorageType.FILE,
            max_age=age,
            max_msgs_per_subject=1,
            discard=DiscardPolicy.OLD if kind == "dead" else DiscardPolicy.NEW,
            discard_new_per_subject=kind != "dead",
        )
        await stream.add_stream(wanted)
    await stream.add_consumer(
        JOBS, ConsumerConfig(durable_name=WORKERS, ack_policy=AckPolicy.EXPLICIT, ack_wait=heartbeat)
    )
    try:
        return await stream.object_store(FILES)
    except NotFoundError:
        return await stream.create_object_store(FILES, ObjectStoreConfig(bucket=FILES, ttl=int(KEPT_SECONDS)))


async def publish_once(stream: JetStreamContext, what: str, data: bytes) -> bool:
    """Publish a message unless its stream holds one with this subject. Return whether it was published."""
    try:
        await stream.publish(what, data)
    except APIError as error:
        if error.description == SUBJECT_TAKEN:
            return False
        raise
    return True


async def held(stream: JetStreamContext, name: str, what: str) -> bytes | None:
    """Return the message that a stream holds with a subject, or None. name: the stream's. what: the subject."""
    try:
        return (await stream.get_last_msg(name, what)).data or b""
    except NotFoundError:
        return None


async def remove(stream: JetStreamContext, name: str, what: str) -> None:
    """Remove the messages that a stream holds with a subject."""
    await stream.purge_stream(name, subject=what)
