"""The formats that a tune is exported to, as people choose them. `generator.exporting` writes them."""

from __future__ import annotations

from dataclasses import dataclass

from generator.protocol.errors import InputError
from generator.protocol.i18n import _

MOST_FILM_SECONDS = 240.0
"""The longest tune of which a film is made on demand: it takes about as long as the tune does."""
FILM_TOO_LONG = _("The tune is too long for a film: it lasts {seconds:.0f} seconds, {most:.0f} is the most.")
NO_FORMAT = _("There is no such format.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """A format. title: what it is, for people. suffix: of the file. sounds: whether the choice of sound matters."""

    name: str
    title: str
    suffix: str
    sounds: bool = False


_TABLE = (
    ExportFormat(name="midi", title=_("MIDI file"), suffix=".mid"),
    ExportFormat(name="wav", title=_("Sound without loss (WAV)"), suffix=".wav", sounds=True),
    ExportFormat(name="ogg", title=_("Sound (OGG)"), suffix=".ogg", sounds=True),
    ExportFormat(name="mp3", title=_("Sound (MP3)"), suffix=".mp3", sounds=True),
    ExportFormat(name="stems", title=_("A sound file for each channel (ZIP)"), suffix=".zip", sounds=True),
    ExportFormat(name="mp4", title=_("Film with oscilloscopes (MP4)"), suffix=".mp4", sounds=True),
    ExportFormat(name="png", title=_("Piano roll (PNG)"), suffix=".png"),
    ExportFormat(name="nsf", title=_("For the console (NSF)"), suffix=".nsf"),
    ExportFormat(name="vgm", title=_("Register writes (VGM)"), suffix=".vgm"),
    ExportFormat(name="famitracker", title=_("FamiTracker text"), suffix=".txt"),
    ExportFormat(name="musicxml", title=_("Sheet music (MusicXML)"), suffix=".musicxml"),
    ExportFormat(name="abc", title=_("Sheet music (ABC)"), suffix=".abc"),
    ExportFormat(name="score", title=_("Score (JSON)"), suffix=".json"),
    ExportFormat(name="nesmdb", title=_("MIDI file as NES-MDB has them"), suffix=".mid"),
)

EXPORT_FORMATS = {form.name: form for form in _TABLE}
"""All formats, in the order in which people see them."""


def export_format(name: str) -> ExportFormat:
    """Return a format. Raise InputError if there is none of that name."""
    if name not in EXPORT_FORMATS:
        raise InputError(NO_FORMAT)
    return EXPORT_FORMATS[name]
