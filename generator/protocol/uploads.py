"""Limits on uploaded files, and the check that both sides can make before a file is parsed."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from generator.protocol.errors import InputError
from generator.protocol.i18n import Sentence, _


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that an upload may have of something, in `unit`s, and what the person reads who has more."""

    most: int
    sentence: Sentence
    unit: int = 1

    def check(self, found: float) -> None:
        """Raise InputError above the limit. `found` is shown rounded up, so that a bit too much reads as too much."""
        if found > self.most * self.unit:
            shown = math.ceil(found / self.unit * 10) / 10
            raise InputError(self.sentence.format(found=int(shown) if self.unit == 1 else shown, most=self.most))


UPLOAD_LIMITS = {
    "bytes": Limit(1, _("The file has {found:,} MB; {most} MB is the most for a MIDI file."), unit=1024 * 1024),
    "tracks": Limit(128, _("The MIDI file has {found:,} tracks; {most} is the most.")),
    "events": Limit(200_000, _("The MIDI file has {found:,} events; {most:,} is the most.")),
    "seconds": Limit(10, _("The MIDI file lasts {found:,} minutes; {most} minutes is the most."), unit=60),
}
"""What a MIDI file may have. A megabyte is twice the largest of 21,027 files of VGMusic."""

MAX_UPLOAD_BYTES = UPLOAD_LIMITS["bytes"].most * UPLOAD_LIMITS["bytes"].unit

MAX_UPLOAD_PREFIX = 128
"""Bytes that may stand before MThd: as many as a MacBinary header has."""


def check_upload(data: bytes, declared: int | None = None) -> None:
    """What the edge can see of an upload; raises InputError. `declared`: the size that the sender names, in bytes."""
    UPLOAD_LIMITS["bytes"].check(max(len(data), declared or 0))
    if not data:
        raise InputError(_("The file is empty."))
    if not data.startswith(b"RIFF") and data.find(b"MThd", 0, MAX_UPLOAD_PREFIX + 4) < 0:
        raise InputError(_("That is not a MIDI file: a MIDI file begins with MThd."))


def digest(data: bytes) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal: the name that it is stored under."""
    return hashlib.sha256(data).hexdigest()
