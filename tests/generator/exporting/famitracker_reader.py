"""FamiTracker's text read as strictly as its importer reads it, and played frame by frame as its engine would.

Written after the published format and effect list, apart from the code that writes the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

CHANNELS = 5
NOTES = {name: i for i, name in enumerate("C- C# D- D# E- F- F# G- G# A- A# B-".split())}
EFFECTS = {0: "GSV", 1: "GSV", 2: "GS", 3: "GSV", 4: "FBCD"}
"""What we expect in each channel; all of them are legal there."""


@dataclass
class Cell:
    note: str
    instrument: int | None
    volume: int | None
    effects: dict[str, int]


@dataclass
class Module:
    sequences: dict[tuple[int, int], tuple[int, list[int]]] = field(default_factory=dict)
    instruments: dict[int, list[int]] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    speed: int = 0
    tempo: int = 0
    columns: list[int] = field(default_factory=list)
    order: list[list[int]] = field(default_factory=list)
    patterns: dict[tuple[int, int, int], Cell] = field(default_factory=dict)


def read(text: str) -> Module:
    """The module; fails on whatever the importer would refuse."""
    module = Module()
    pattern = -1
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        word = line.split()[0]
        if word in ("TITLE", "AUTHOR", "COPYRIGHT", "COMMENT"):
            module.texts[word] = _text(line[len(word) :].strip())
        elif word in ("MACHINE", "FRAMERATE", "EXPANSION", "VIBRATO", "SPLIT"):
            assert int(line.split()[1]) == {"VIBRATO": 1, "SPLIT": 32}.get(word, 0)
        elif word == "MACRO":
            _sequence(line, module)
        elif word == "INST2A03":
            found = re.fullmatch(r"INST2A03 +(\d+) +((?:-?\d+ +){5})(\".*\")", line)
            assert found
            number, sequences = int(found[1]), [int(n) for n in found[2].split()]
            assert 0 <= number < 64
            assert number not in module.instruments
            assert all(n == -1 or (kind, n) in module.sequences for kind, n in enumerate(sequences))
            _text(found[3])
            module.instruments[number] = sequences
        elif word == "TRACK":
            found = re.fullmatch(r"TRACK +(\d+) +(\d+) +(\d+) (\".*\")", line)
            assert found
            module.rows, module.speed, module.tempo = (int(found[i]) for i in (1, 2, 3))
            assert 1 <= module.rows <= 256
            assert 1 <= module.speed < 32
            assert module.tempo == 150
            module.texts["TRACK"] = _text(found[4])
        elif word == "COLUMNS":
            module.columns = [int(n) for n in line.split()[2:]]
            assert len(module.columns) == CHANNELS
            assert all(1 <= n <= 4 for n in module.columns)
        elif word == "ORDER":
            _, place, colon, *patterns = line.split()
            assert (int(place, 16), colon, len(patterns)) == (len(module.order), ":", CHANNELS)
            module.order.append([int(n, 16) for n in patterns])
        elif word == "PATTERN":
            pattern = int(line.split()[1], 16)
        else:
            _row(line, pattern, module)
    assert 1 <= len(module.order) <= 128
    assert all(0 <= n < 128 for frame in module.order for n in frame)
    return module


def _text(quoted: str) -> str:
    assert quoted[0] == quoted[-1] == '"'
    assert quoted.isascii()
    inside = quoted[1:-1]
    assert inside.replace('""', "").count('"') == 0
    return inside.replace('""', '"')


def _sequence(line: str, module: Module) -> None:
    head, values = line.split(":")
    _, *numbers = head.split()
    kind, number, loop, release, setting = map(int, numbers)
    found = [int(n) for n in values.split()]
    low, high = {0: (0, 15), 1: (-96, 96), 4: (0, 3)}[kind]
    assert 0 <= number < 128
    assert (kind, number) not in module.sequences
    assert 1 <= len(found) <= 252
    assert all(low <= n <= high for n in found)
    assert -1 <= loop < len(found)
    assert (release, setting) == (-1, 0)
    module.sequences[kind, number] = (loop, found)


def _row(line: str, pattern: int, module: Module) -> None:
    head, *cells = line.split(" : ")
    word, number = head.split()
    row = int(number, 16)
    assert word == "ROW"
    assert 0 <= row < module.rows
    assert len(cells) == CHANNELS
    for channel, cell in enumerate(cells):
        note, instrument, volume, *effects = cell.split()
        assert len(effects) == module.columns[channel]
        _check_note(note, channel)
        assert instrument == ".." or int(instrument, 16) in module.instruments
        assert re.fullmatch(r"\.|[0-9A-F]", volume)
        made = {}
        for effect in effects:
            if effect != "...":
                assert re.fullmatch(f"[{EFFECTS[channel]}][0-9A-F]{{2}}", effect), effect
                assert effect[0] not in made
                made[effect[0]] = int(effect[1:], 16)
        module.patterns[channel, pattern, row] = Cell(
            note,
            None if instrument == ".." else int(instrument, 16),
            None if volume == "." else int(volume, 16),
            made,
        )


def _check_note(note: str, channel: int) -> None:
    if note in ("...", "---"):
        return
    assert channel < 4
    if channel == 3:
        assert re.fullmatch(r"[0-9A-F]-#", note)
    else:
        assert note[:2] in NOTES
        assert note[2] in "01234567"


@dataclass
class _Voice:
    """A channel of the engine."""

    note: int = 0
    gate: bool = False
    instrument: int = 0
    column: int = 15
    default: int = 0
    since: int = 0
    cut: int | None = None
    delayed: tuple[int, Cell] | None = None


State = tuple[int, int, int]
"""MIDI pitch or noise period, volume, duty; (0, 0, 0) where it is silent."""


def play(module: Module, frames: int) -> list[list[State]]:
    """What each of the four channels does in each frame."""
    voices = [_Voice() for _ in range(4)]
    states: list[list[State]] = [[] for _ in range(4)]
    speed, frame, row = module.speed, 0, 0
    halted = False
    while len(states[0]) < frames:
        cells = [module.patterns[c, module.order[frame][c], row] for c in range(CHANNELS)]
        jumps = cells[4].effects
        speed = jumps.get("F", speed)
        assert 1 <= speed < 32
        for voice, cell in zip(voices, cells, strict=False):
            assert cell.effects.get("G", 0) < speed
            _begin(voice, cell)
        for _ in range(speed):
            for channel, voice in enumerate(voices):
                states[channel].append((0, 0, 0) if halted else _tick(channel, voice, module))
        halted = halted or "C" in jumps
        if "B" in jumps:
            frame, row = jumps["B"], 0
        elif "D" in jumps:
            frame, row = frame + 1, jumps["D"]
        elif row + 1 == module.rows:
            frame, row = frame + 1, 0
        else:
            row += 1
        if halted:
            frame = row = 0
    return [line[:frames] for line in states]


def _begin(voice: _Voice, cell: Cell) -> None:
    if cell.effects.get("G"):
        voice.delayed = (cell.effects["G"], Cell(cell.note, cell.instrument, cell.volume, {**cell.effects, "G": 0}))
        return
    voice.default = cell.effects.get("V", voice.default)
    if "S" in cell.effects:
        voice.cut = cell.effects["S"]
    voice.column = voice.column if cell.volume is None else cell.volume
    if cell.note == "---":
        voice.gate = False
    elif cell.note != "...":
        assert cell.instrument is not None
        voice.instrument, voice.gate, voice.since = cell.instrument, True, 0
        name, last = cell.note[:2], cell.note[2]
        voice.note = int(name[0], 16) if last == "#" else NOTES[name] + 12 * int(last)


def _tick(channel: int, voice: _Voice, module: Module) -> State:
    if voice.delayed is not None:
        frames, cell = voice.delayed
        voice.delayed = (frames - 1, cell) if frames else None
        if not frames:
            _begin(voice, cell)
    if voice.cut is not None:
        if voice.cut == 0:
            voice.gate = False
        voice.cut = voice.cut - 1 if voice.cut else None
    volumes, steps, _, _, duties = module.instruments.get(voice.instrument, [-1] * 5)
    volume = _value(module, 0, volumes, voice.since, 15)
    loud = volume * voice.column // 15
    loud = 1 if not loud and volume and voice.column else loud
    note = voice.note + _value(module, 1, steps, voice.since, 0)
    duty = _value(module, 4, duties, voice.since, voice.default)
    voice.since += 1
    if not voice.gate or not loud:
        return 0, 0, 0
    if channel == 3:
        return note % 16 + 1, loud, duty
    return (note + 12, 15, 0) if channel == 2 else (note + 24, loud, duty)


def _value(module: Module, kind: int, number: int, since: int, usual: int) -> int:
    if number < 0:
        return usual
    loop, values = module.sequences[kind, number]
    if since < len(values):
        return values[since]
    return values[-1] if loop < 0 else values[loop + (since - loop) % (len(values) - loop)]
