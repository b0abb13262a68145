"""Limits that the kernel keeps for the processes that work on files from strangers: generators, FluidSynth and ffmpeg.

A confined process is killed when its parent dies, from its first moment and whatever killed the parent. It cannot gain
privileges. Its memory, processor time and the size of its files are limited, and what it starts inherits the limits.
Limits on a job as a whole are left to `generator.protocol.client`.
"""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1_000_000
UNPRIVILEGED = ("setpriv", "--no-new-privs", "--pdeathsig", "KILL")
"""util-linux, which Debian always has. The kernel sends the signal when the parent dies (PR_SET_PDEATHSIG)."""
ONLY_OF = '[ "$PPID" = "$0" ] && exec "$@"; exit 143'
"""A shell's script. If the parent died before the signal was set, its child belongs to another parent by now."""


@dataclass(frozen=True, slots=True)
class KernelLimits:
    """memory: bytes of data that the process may allocate. cpu: seconds of processor time, or None for no limit.

    file_size: bytes of the largest file that it may write.
    """

    memory: int
    cpu: int | None
    file_size: int = 600 * MEGABYTE

    def options(self) -> list[str]:
        """Return the options of util-linux's `prlimit`."""
        cpu = [] if self.cpu is None else [f"--cpu={self.cpu}"]
        return [f"--data={self.memory}", f"--fsize={self.file_size}", "--core=0", *cpu]


GENERATOR_LIMITS = KernelLimits(memory=3000 * MEGABYTE, cpu=None)
"""It lives on after a job, so `limit_cpu_from_now` renews its limit of processor time at each one."""
TOOL_LIMITS = KernelLimits(memory=700 * MEGABYTE, cpu=150)
"""For FluidSynth, and for ffmpeg where its pictures do not move. A tune of 10 minutes takes less than 20 s."""
FILM_LIMITS = KernelLimits(memory=1000 * MEGABYTE, cpu=1300)
"""For ffmpeg where its pictures move."""


def confined(command: Sequence[str], limits: KernelLimits) -> list[str]:
    """Return a command that runs `command` as a confined child of this process.

    The process keeps its id, because each program replaces the one before. Without util-linux (so not on Linux),
    return the command as it is. Raise FileNotFoundError if there is no such program.
    """
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(f"{command[0]} is not installed")
    if shutil.which(UNPRIVILEGED[0]) is None or shutil.which("prlimit") is None:
        return list(command)
    guarded = [*UNPRIVILEGED, "sh", "-c", ONLY_OF, str(os.getpid())]
    return [*guarded, "prlimit", *limits.options(), "--", *command]


def fresh_environment(scratch: Path | None, without: Sequence[str]) -> dict[str, str]:
    """Return this process's environment for a child, without some variables.

    scratch: the child's folder for temporary files, which is emptied; None leaves them where they are.
    """
    environment = {name: value for name, value in os.environ.items() if name not in without}
    if scratch is None:
        return environment
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700, parents=True)
    return {**environment, "TMPDIR": str(scratch)}


def limit_cpu_from_now(seconds: float) -> None:
    """Have the kernel kill this process if it takes so much more processor time."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    soft = int(usage.ru_utime + usage.ru_stime + seconds) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    if hard == resource.RLIM_INFINITY or soft <= hard:
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
