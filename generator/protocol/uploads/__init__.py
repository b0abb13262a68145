"""Files that people upload, as far as no parser is needed: their limits, their formats, and what a zip holds.

limits    how large and how long a file may be
formats   the table of formats that can be remixed, and what other files are
archives  the files inside a zip, and the one that is meant
"""

from generator.protocol.uploads.archives import ChooseFile, open_upload
from generator.protocol.uploads.formats import ACCEPTED_SUFFIXES, UNKNOWN, Format, format_of
from generator.protocol.uploads.limits import (
    MAX_UPLOAD_BYTES,
    MAX_UPLOAD_PREFIX,
    TUNE_LENGTH,
    UPLOAD_LIMITS,
    Limit,
    check_size,
    check_upload,
    digest,
)

__all__ = [
    "ACCEPTED_SUFFIXES",
    "MAX_UPLOAD_BYTES",
    "MAX_UPLOAD_PREFIX",
    "TUNE_LENGTH",
    "UNKNOWN",
    "UPLOAD_LIMITS",
    "ChooseFile",
    "Format",
    "Limit",
    "check_size",
    "check_upload",
    "digest",
    "format_of",
    "open_upload",
]
