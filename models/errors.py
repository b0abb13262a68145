"""The root of all the project's exceptions, and the base of those that this package raises.

`generator/protocol/errors.py` draws the whole hierarchy.
"""


class ChiptuneError(Exception):
    """The base of every exception that this project raises on purpose."""

    @property
    def sentence(self) -> str:
        """The message as it was passed in, so that a translatable one stays translatable."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else str(self)


class MusicError(ChiptuneError, ValueError):
    """Input that this package cannot work with. The message is one sentence."""


class UsageError(MusicError):
    """A command that was called with wrong arguments."""
