"""The exceptions of the whole project, and the sentences that people read if something fails.

The message of an InputError is one sentence for the person. The message of a FaultError goes to the log; the person
reads `FAULT_SENTENCE` instead.

ChiptuneError              whatever this project raises on purpose (models.errors)
+-- InputError             input that the person can correct
|   +-- JobCancelled       a job that was cancelled before it was done
|   +-- ChooseFile         a zip of several files, one of which must be chosen (generator.protocol.uploads.archives)
|   +-- LimitError         too many open requests (bot.requests.wait_times)
+-- FaultError             a fault of this project or of the machine it runs on
|   +-- GeneratorDied      a generator process that ended during a job
|   +-- JobTooLong         a job that was ended because it took too much
|   +-- FramingError       bytes that are no frame of the protocol (generator.protocol.connection.framing)
|   +-- RenderError        a sound that could not be rendered (generator.sound.fluidsynth_audio)
|   +-- GmeError           an exported file that the sound library refuses (generator.apu.gme)
|   +-- NsfError           a score that does not fit into an NSF file (generator.apu.nsf)
|   +-- AssemblyError      6502 source that does not assemble (generator.apu.assembler)
|   +-- InUseError         a data folder that another bot uses (bot.files.data_folder)
|   +-- QueueError         a queue of the workers that cannot be reached (generator.protocol.cluster.queue)
+-- DeliveryError          an answer that could not be delivered (bot.requests.delivery)
+-- GoneError              a message or channel that no longer exists (bot.discord.core.message_access)
|   +-- TextRejectedError  a text that a server does not allow (bot.discord.core.message_access)
+-- DamagedMidi            bytes that break the MIDI format (generator.importing.midi_reader)
+-- MusicError             data that `models` cannot work with (models.errors)
    +-- ScoreError         a score that the hardware cannot play (models.music.score)
    +-- MidiFormatError    a MIDI file without a score of this project (models.music.midi_formats)
    +-- CorpusError        a folder without songs to train on or to measure (models.music.songs)
    +-- TokenError         tokens that do not decode to a score (models.tokens.vocabulary)
    +-- CodebookError      a codebook file that is missing or damaged (models.tokens.sounds)
    +-- EngineError        a network that the engine cannot run (models.inference.checkpoint)
    |   +-- BatchFullError  a text for a batch without room (models.inference.batch)
    +-- ListenerError      weights for given channels that fit no network (models.inference.cross_attention)
    +-- CompanionError     weights of a score-aware network that fit no checkpoint (models.inference.companion)
    +-- UsageError         a command with wrong arguments (models.errors)
"""

from __future__ import annotations

from generator.protocol.i18n import _
from models.errors import ChiptuneError, MusicError

__all__ = [
    "CANCELLED_SENTENCE",
    "FAULT_SENTENCE",
    "ChiptuneError",
    "FaultError",
    "GeneratorDied",
    "InputError",
    "JobCancelled",
    "JobTooLong",
    "MusicError",
]

FAULT_SENTENCE = _("Something went wrong on our side, not yours. It was logged; please try again.")

CANCELLED_SENTENCE = _("This was cancelled.")


class InputError(ChiptuneError):
    """Input that the person can correct. The message is a sentence for them, translatable if Discord shows it."""


class JobCancelled(InputError):
    """A job that was cancelled before it was done."""

    def __init__(self) -> None:
        super().__init__(CANCELLED_SENTENCE)


class FaultError(ChiptuneError):
    """A fault of this project or of the machine it runs on. The message goes to the log."""


class GeneratorDied(FaultError):
    """A generator process that ended during a job."""


class JobTooLong(FaultError):
    """A job that was ended because it took too much. It would take as much again."""
