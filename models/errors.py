"""The root of this package's errors.

MusicError
+-- ScoreError     a score that the hardware could not play
+-- MidiFormatError a MIDI file in neither of our two formats
+-- TokenError     tokens that spell no score
+-- EngineError    a network that the engine cannot run
+-- ListenerError  what should hear given channels, and is for another network or none
+-- CorpusError    a folder that holds nothing to train on or to measure with
+-- UsageError     a command called wrongly
"""


class MusicError(ValueError):
    """Input that this package cannot work with; the message is one sentence."""


class UsageError(MusicError):
    """A command called wrongly."""
