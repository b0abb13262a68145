"""The state of a MIDI channel: program, bank, volume, pedals and pitch bend, as its messages change them.

`generator.importing.parts` sends the messages here in order, and asks how a note sounds that begins or ends.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from generator.importing.instruments import DRUM_BANKS, DRUM_CHANNEL, MELODY_BANK
from generator.importing.part_building import NoteBuilder, PartBuilder

BANK, DATA, VOLUME, EXPRESSION, DATA_FINE = 0, 6, 7, 11, 38
SUSTAIN, SOSTENUTO, RPN_FINE, RPN = 64, 66, 100, 101
NRPN = (98, 99)
DOWN = 64
"""The lowest value at which a pedal is down."""
SOUND_OFF, RESET = 120, 121
"""RESET resets expression, pedals and bend, but not the volume (MIDI's RP-015)."""
NOTES_OFF = frozenset({120, 123, 124, 125, 126, 127})
"""The mode messages that end all notes of their channel."""
BEND_RANGE, MPE = (0, 0), (0, 6)
"""Registered parameters: (CC 101, CC 100)."""
NO_PARAMETER = (127, 127)
FULL = 127
DEFAULT_VOLUME = 100
"""General MIDI's default of CC 7."""
DEFAULT_RANGE = 2.0
"""Semitones of a full bend."""
MPE_RANGE = 48.0
"""The same for the member channels of MPE."""
FULL_BEND = 8192
BEND_STEP = 0.9
"""Semitones of bend that are another note: a little less than one, because bends are rounded. Less is detune."""


@dataclass(slots=True)
class ChannelState:
    """One MIDI channel while a file is read.

    drum: what the file says, or None. programs: (program, bank) by the track that set them for its own notes. bends:
    (frame, semitones) where the bend reaches another note. sounding: the parts with notes since all notes last ended.
    muted: the last notes that began at volume 0, each with its own velocity.
    """

    channel: int
    drum: bool | None = None
    program: tuple[int, int] = (0, 0)
    programs: dict[int, tuple[int, int]] = field(default_factory=dict)
    bank: int = 0
    volume: int = DEFAULT_VOLUME
    expression: int = FULL
    bend: int = 0
    bend_range: float = DEFAULT_RANGE
    master: ChannelState | None = None
    members: list[ChannelState] = field(default_factory=list)
    bends: list[tuple[int, int]] = field(default_factory=list)
    sounding: set[PartBuilder] = field(default_factory=set)
    muted: deque[tuple[NoteBuilder, int]] = field(default_factory=lambda: deque(maxlen=16))
    _parameter: tuple[int, int] = NO_PARAMETER
    _sustain: bool = False
    _ringing: list[NoteBuilder] = field(default_factory=list)
    _sostenuto: list[NoteBuilder] | None = None

    def is_drum(self, track: int) -> bool | None:
        """Return whether notes of a track are drums here, or None if the file does not say."""
        if self.master:
            return False
        if self.drum is not None:
            return self.drum
        bank = self.program_of(track)[1]
        if bank in DRUM_BANKS:
            return True
        return bank != MELODY_BANK if self.channel == DRUM_CHANNEL else None

    def program_of(self, track: int) -> tuple[int, int]:
        """Return (program, bank) with which a track plays."""
        state = self.master or self
        return state.programs.get(track, state.program)

    def set_program(self, program: int, track: int, *, own: bool) -> None:
        """Change the program. own: whether the track plays notes here; if so, other tracks keep theirs."""
        if not own:
            self.programs.clear()
        self.program = program, self.bank
        if own:
            self.programs[track] = self.program

    def scaled(self, velocity: int) -> int:
        """Return a velocity scaled by volume and expression; 0 only if one of them is 0."""
        level = self.volume * self.expression
        return max(1, round(velocity * level / FULL**2)) if level else 0

    def set_members(self, members: list[ChannelState]) -> None:
        """Become the master of an MPE zone of these channels."""
        for state in self.members:
            state.master, state.bend_range = None, DEFAULT_RANGE
        for state in members:
            state.master, state.bend_range = self, MPE_RANGE
        self.members = members

    def ended(self, note: NoteBuilder) -> None:
        """Let a note ring on if a pedal is down."""
        state = self.master or self
        if state._sustain:
            state._ringing.append(note)

    def set_bend(self, frame: int, bend: int) -> None:
        """Bend the channel, and the members of its zone."""
        self.bend = bend
        for state in (self, *self.members):
            last = state.bends[-1][1] if state.bends else 0
            if abs(state._semitones() - last) >= BEND_STEP:
                state.bends.append((frame, round(state._semitones())))

    def begin_bend(self, frame: int) -> None:
        """Forget where the bend was before a note that begins now."""
        semitones = self._semitones()
        bend = round(semitones) if abs(semitones) >= BEND_STEP else 0
        if bend != (self.bends[-1][1] if self.bends else 0):
            self.bends.append((frame, bend))

    def control(self, frame: int, number: int, value: int) -> None:
        """Apply a controller."""
        if number == BANK:
            self.bank = value
        elif number in (VOLUME, EXPRESSION, RESET):
            self._set_level(frame, number, value)
        elif number in (SUSTAIN, SOSTENUTO):
            self._set_pedal(frame, number, down=value >= DOWN)
        elif number in (RPN, RPN_FINE, *NRPN):
            self._select_parameter(number, value)
        elif number in (DATA, DATA_FINE):
            self._set_parameter(frame, number, value)
        elif number in NOTES_OFF:
            self._end_notes(frame, ring=number != SOUND_OFF)

    def _set_level(self, frame: int, number: int, value: int) -> None:
        """Set volume or expression, or reset the controllers. Notes that began in silence may become audible."""
        if number == VOLUME:
            self.volume = value
        elif number == EXPRESSION:
            self.expression = value
        else:
            self._reset(frame)
        for note, velocity in self.muted:
            if note.end < 0:
                note.velocity = max(note.velocity, self.scaled(velocity))

    def _set_pedal(self, frame: int, number: int, *, down: bool) -> None:
        if number == SOSTENUTO:
            self._set_sostenuto(frame, down=down)
            return
        self._sustain = down
        if not down:
            self._release(frame)

    def _select_parameter(self, number: int, value: int) -> None:
        if number == RPN:
            self._parameter = value, self._parameter[1]
        elif number == RPN_FINE:
            self._parameter = self._parameter[0], value
        else:
            self._parameter = NO_PARAMETER

    def _semitones(self) -> float:
        """Return the bend in semitones."""
        bend = self.bend * self.bend_range / FULL_BEND
        return bend + (self.master.bend * self.master.bend_range / FULL_BEND if self.master else 0)

    def _set_parameter(self, frame: int, number: int, value: int) -> None:
        """Set the bend range; members of a zone share theirs."""
        if self._parameter != BEND_RANGE:
            return
        bend_range = float(value) if number == DATA else int(self.bend_range) + value / 100
        for state in self.master.members if self.master else (self,):
            state.bend_range = bend_range
        self.set_bend(frame, self.bend)

    @property
    def sets_zone(self) -> bool:
        """Whether a data entry now says how many member channels MPE has."""
        return self._parameter == MPE

    def _reset(self, frame: int) -> None:
        self.expression, self._parameter, self._sustain = FULL, NO_PARAMETER, False
        self._release(frame)
        self._set_sostenuto(frame, down=False)
        self.set_bend(frame, 0)

    def _release(self, frame: int) -> None:
        """End the notes that a raised pedal held."""
        held = {id(note) for note in self._sostenuto or ()}
        for note in self._ringing:
            if id(note) not in held:
                note.rings_until = frame
        self._ringing = [note for note in self._ringing if id(note) in held]

    def _set_sostenuto(self, frame: int, *, down: bool) -> None:
        """Hold the notes that sound now, until the pedal is raised."""
        if down and self._sostenuto is None:
            self._sostenuto = [note for part in self.sounding for note in part.sounding_notes()]
        elif not down and self._sostenuto is not None:
            for note in self._sostenuto:
                if 0 <= note.end < frame and not self._sustain:
                    note.rings_until = frame
            if self._sustain:
                self._ringing += self._sostenuto
            self._sostenuto = None

    def _end_notes(self, frame: int, *, ring: bool) -> None:
        """End all notes. ring: whether a pedal still holds them."""
        for part in self.sounding:
            ended = part.all_notes_off(frame)
            if ring and self._sustain:
                self._ringing += ended
        if not ring:
            for note in self._ringing:
                note.rings_until = frame
            self._ringing.clear()
        self.sounding.clear()
