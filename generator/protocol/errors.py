"""Every error that this project raises on purpose, and the sentences that people read in place of a fault.

ChiptuneError
+-- InputError        the person can correct it; its message is the sentence that the person reads
|   +-- JobCancelled  the job was cancelled while it ran
+-- FaultError        our fault; the message goes to the log, the person reads `FAULT_SENTENCE`
    +-- GeneratorDied the generator process ended in the middle of a job
"""

from __future__ import annotations

from generator.protocol.i18n import _

FAULT_SENTENCE = _("Something went wrong on our side, not yours. It was logged; please try again.")

CANCELLED_SENTENCE = _("This was cancelled.")


class ChiptuneError(Exception):
    """Whatever this project raises on purpose."""

    @property
    def sentence(self) -> str:
        """The message; where it can be said in other languages, a `generator.protocol.i18n.Sentence`."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)


class InputError(ChiptuneError):
    """Bad input; the message is one clear sentence for the person, translatable where it can reach Discord."""


class JobCancelled(InputError):
    """Nobody wants the job's tune any more: it was taken back while it was being made."""

    def __init__(self) -> None:
        super().__init__(CANCELLED_SENTENCE)


class FaultError(ChiptuneError):
    """A fault of ours."""


class GeneratorDied(FaultError):
    """The generator process ended in the middle of a job."""
