"""What the kernel does to confined processes, tried on real ones."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from generator.protocol.system.confinement import KernelLimits, confined
from tests.conftest import ROOT

MEGABYTE = 1_000_000
SMALL = KernelLimits(memory=100 * MEGABYTE, cpu=1, file_size=MEGABYTE)


def run(code: str, limits: KernelLimits = SMALL) -> subprocess.CompletedProcess[str]:
    command = confined([sys.executable, "-c", textwrap.dedent(code)], limits)
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_confined_command_has_its_own_exit_code_and_output() -> None:
    ended = run("print('hello'); raise SystemExit(7)")
    assert (ended.returncode, ended.stdout) == (7, "hello\n")


def test_memory_is_limited() -> None:
    assert "MemoryError" in run("bytearray(200_000_000)").stderr
    assert run("bytearray(20_000_000)").returncode == 0


def test_processor_time_is_limited() -> None:
    began = time.monotonic()
    assert run("while True: pass").returncode in (-signal.SIGXCPU, -signal.SIGKILL)
    assert time.monotonic() - began < 50


def test_the_size_of_files_is_limited(tmp_path: Path) -> None:
    file = tmp_path / "large"
    assert "File too large" in run(f"open({str(file)!r}, 'wb').write(bytes(2_000_000))").stderr
    assert file.stat().st_size <= MEGABYTE


def test_limits_hold_for_what_a_process_starts() -> None:
    code = "import subprocess, sys; print(subprocess.run([sys.executable, '-c', 'bytearray(200_000_000)']).returncode)"
    assert run(code).stdout == "1\n"


def test_no_privileges_can_be_gained() -> None:
    assert (
        run("print([line for line in open('/proc/self/status') if 'NoNewPrivs' in line][0].split()[1])").stdout == "1\n"
    )


def test_a_program_that_is_missing_is_reported() -> None:
    with pytest.raises(FileNotFoundError):
        confined(["no-such-program"], SMALL)


PARENT = """
    import subprocess, sys, time
    from generator.protocol.system.confinement import KernelLimits, confined
    limits = KernelLimits(memory=10**9, cpu=None)
    inner = "import subprocess, sys; from generator.protocol.system.confinement import *; " \\
        "child = subprocess.Popen(confined(['sleep', '300'], KernelLimits(10**9, None))); " \\
        "print(child.pid, flush=True); child.wait()"
    child = subprocess.Popen(confined([sys.executable, "-c", inner], limits), start_new_session=True)
    print(child.pid, flush=True)
    time.sleep({wait})
"""


def state(pid: int) -> str:
    """The state of a process: "Z" and "" mean that it is dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


def all_dead(pids: list[int], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if all(state(pid) in ("", "Z") for pid in pids):
            return True
        time.sleep(0.02)
    return False


def test_a_killed_parent_takes_its_children_and_theirs_along() -> None:
    code = textwrap.dedent(PARENT).format(wait=300)
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    pids = [int(parent.stdout.readline()), int(parent.stdout.readline())]
    assert all(state(pid) not in ("", "Z") for pid in pids)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert all_dead(pids, 5)


DYING = """
    import os, subprocess
    from generator.protocol.system.confinement import KernelLimits, confined
    child = subprocess.Popen(confined(["sleep", "300"], KernelLimits(10**9, None)), stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    os.kill(os.getpid(), 9)
"""


def test_a_parent_that_dies_while_the_child_starts_leaves_nothing() -> None:
    for _ in range(10):
        parent = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(DYING)], cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert all_dead([int(parent.stdout)], 5)


def test_the_children_of_a_dead_parent_never_start() -> None:
    command = confined(["true"], SMALL)
    command[command.index(str(os.getpid()))] = "1000000000"  # as if this process were not the one that asked
    assert subprocess.run(command, check=False).returncode == 143
