"""Thousands of broken files for the importer and the arranger: does any crash, hang or fill the memory?

    python -m benchmarks.importing.fuzz FOLDER [--count N] [--seed N] [--largest BYTES] [--keep FOLDER]

FOLDER holds files of any format that can be remixed, of which broken copies are made. Each goes to a child process,
which is started anew if it ends or hangs. The exit code is 1 if a file ended the child, took too long or was
refused without one clear sentence, or if the child's memory grew beyond MEMORY. `--keep` saves those files.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from random import Random

from tqdm import tqdm

from benchmarks.importing.midi_mutations import mutated
from generator.arranging.arrange import arrange
from generator.protocol.errors import InputError
from generator.protocol.requests import Request
from generator.protocol.uploads import ACCEPTED_SUFFIXES, digest, open_upload
from models.music.midi import midi_bytes, to_midi

LIMIT = 10.0
"""Seconds of processor time."""
PATIENCE = 12
"""How much longer a file may take by the clock, because other programs may run too."""
MEMORY = 500
"""Peak MiB that the child may use, imports included."""
ADDRESS_SPACE = 4 * 1024**3
"""Bytes. A file that needs all memory then ends the child and not the machine."""
SENTENCE = re.compile(r"[A-Z“][^\n]{10,300}\.")
ARRANGED = "arranged"


def outcome(data: bytes) -> str:
    """Arrange a file; return `arranged`, or the sentence that refuses it."""
    try:
        _, data = open_upload("fuzz", data)
        tune = arrange(Request(mode="arrange", upload=digest(data), name="fuzz.mid"), data)
    except InputError as error:
        return str(error)
    midi_bytes(to_midi(tune.score))
    return ARRANGED


def peak_memory() -> float:
    """Return the peak memory of this process in MiB.

    From Linux's /proc: `ru_maxrss` also counts the parent's memory at the time of the fork.
    """
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+)", status)[1]) / 1024  # type: ignore[index]


def _serve(files: Connection) -> None:
    """Run the child: answer each file with its outcome and the child's peak memory in MiB."""
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    outcome(b"MThd")  # so that late imports do not count for the first file
    files.send("")
    while data := files.recv_bytes():
        began = time.process_time()
        result = outcome(data)
        files.send((result, peak_memory(), time.process_time() - began))


class Child:
    """The process that tries the files, one at a time."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._files, far = context.Pipe()
        self._process = context.Process(target=_serve, args=(far,), daemon=True)
        self._process.start()
        far.close()
        self._files.recv()

    def try_file(self, data: bytes) -> tuple[str, float, float]:
        """Return (outcome, peak MiB, seconds). The outcome is `slow` or `crash` if the file ends the child."""
        self._files.send_bytes(data)
        try:
            if self._files.poll(PATIENCE * LIMIT):
                result, memory, seconds = self._files.recv()
                return result, memory, seconds
        except EOFError:
            self._process.join()
            return "crash", 0, 0
        self.end()
        return "slow", 0, LIMIT

    def end(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.join()


@dataclass
class Tally:
    """The outcomes of the files."""

    outcomes: Counter[str] = field(default_factory=Counter)
    bad: int = 0
    slowest: float = 0
    memory: float = 0

    def print_table(self) -> None:
        """Print one line for each kind of outcome, the most common first."""
        for kind, count in self.outcomes.most_common():
            print(f"{count:7,}  {kind}")
        print(f"slowest {self.slowest:.2f} s, peak memory {self.memory:.0f} MiB, {self.bad} bad")


def fuzz(seeds: Sequence[bytes], count: int, seed: int, keep: Path | None = None) -> Tally:
    """Try `count` broken copies of the files in `seeds`. The same seeds and seed make the same copies."""
    tally = Tally()
    child = Child()
    for number in tqdm(range(count), unit="file", mininterval=5):
        random = Random(f"{seed} {number}")
        data = mutated(random, random.choice(seeds)) or b"?"
        result, memory, seconds = child.try_file(data)
        tally.slowest = max(tally.slowest, seconds)
        grew = memory > MEMORY >= tally.memory
        tally.memory = max(tally.memory, memory)
        ended = result in ("slow", "crash")
        if ended:
            child = Child()
        if ended or grew or seconds > LIMIT or not (result == ARRANGED or SENTENCE.fullmatch(result)):
            tally.bad += 1
            if keep:
                (keep / f"{seed}-{number}.mid").write_bytes(data)
        tally.outcomes[re.sub(r"\d[\d.,]*\d|\d", "#", result)] += 1
    child.end()
    return tally


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 if any file was bad."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--largest", type=int, default=64 * 1024, help="bytes of the largest file of FOLDER that is used"
    )
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args(arguments)
    files = sorted(
        path
        for path in options.folder.rglob("*")
        if path.suffix.lower() in ACCEPTED_SUFFIXES and path.stat().st_size <= options.largest
    )
    if not files:
        parser.error(f"no files of music in {options.folder}")
    Random(options.seed).shuffle(files)
    tally = fuzz([path.read_bytes() for path in files[:1000]], options.count, options.seed, options.keep)
    tally.print_table()
    return 1 if tally.bad else 0


if __name__ == "__main__":
    sys.exit(main())
