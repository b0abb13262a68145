"""Limits on uploaded files, and the checks that need no parser, which both sides make."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

from generator.protocol.errors import InputError
from generator.protocol.i18n import Sentence, _
from generator.protocol.uploads.formats import MAX_UPLOAD_PREFIX, check_format

__all__ = [
    "MAX_UPLOAD_BYTES",
    "MAX_UPLOAD_PREFIX",
    "TUNE_LENGTH",
    "UPLOAD_LIMITS",
    "Limit",
    "check_size",
    "check_upload",
    "digest",
]


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit on uploads.

    most: the highest amount, in `unit`s. sentence: the refusal, with placeholders `found` and `most`.
    """

    most: int
    sentence: Sentence
    unit: int = 1

    def check(self, amount: float) -> None:
        """Raise InputError if an amount is above the limit. The sentence rounds it up, so it never reads as allowed."""
        if amount > self.most * self.unit:
            rounded = math.ceil(amount / self.unit * 10) / 10
            raise InputError(self.sentence.format(found=int(rounded) if self.unit == 1 else rounded, most=self.most))


UPLOAD_LIMITS = {
    "bytes": Limit(1, _("The file has {found:,} MB; {most} MB is the most for a MIDI file."), unit=1024 * 1024),
    "tracks": Limit(128, _("The MIDI file has {found:,} tracks; {most} is the most.")),
    "events": Limit(200_000, _("The MIDI file has {found:,} events; {most:,} is the most.")),
    "seconds": Limit(10, _("The MIDI file lasts {found:,} minutes; {most} minutes is the most."), unit=60),
}
"""The limits of a MIDI file. The largest of 21,027 files of VGMusic has half a megabyte."""

TUNE_LENGTH = Limit(
    UPLOAD_LIMITS["seconds"].most, _("The tune would last {found:,} minutes; {most} minutes is the most."), unit=60
)
"""The limit on what becomes of a file, in seconds. It is checked again after everything that makes a tune longer."""

MAX_UPLOAD_BYTES = UPLOAD_LIMITS["bytes"].most * UPLOAD_LIMITS["bytes"].unit


def check_size(data: bytes, declared: int | None = None) -> None:
    """Raise InputError if an upload is empty or too large. declared: the size in bytes by its sender."""
    UPLOAD_LIMITS["bytes"].check(max(len(data), declared or 0))
    if not data and not declared:
        raise InputError(_("The file is empty."))


def check_upload(data: bytes) -> None:
    """Raise InputError if an upload is too large, or in no format that can be remixed."""
    check_size(data)
    check_format(data)


def digest(data: bytes) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal, under which the file is stored."""
    return hashlib.sha256(data).hexdigest()
