"""The generator process: reads jobs from stdin, does several at once, and writes answers to stdout.

Both are frames of `generator.protocol.connection.framing`. stdout is reserved for answers. Whatever else is printed,
here or by a library or FluidSynth, goes to stderr. The model is loaded before the process announces that it is ready.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from typing import BinaryIO

from generator.process.inbox import Inbox
from generator.protocol.connection.framing import write_frame
from generator.protocol.errors import FAULT_SENTENCE, InputError
from generator.protocol.logs import about_request, set_up_logs
from generator.protocol.results import Answer, Failure, Job, Progress, answer_to_json, job_from_dict
from generator.protocol.system.confinement import limit_cpu_from_now

log = logging.getLogger("generator")

JOB_CPU_SECONDS = 600.0
"""Processor time after which the kernel ends the process, from when its last job began. The bot, if it runs, ends a job
that used half of it."""
SWITCH_SECONDS = 0.0005
"""How long a thread that draws or writes files may hold up the one that composes, which pauses after each token."""


def reserve_stdout() -> BinaryIO:
    """Return the real stdout as a stream for answers, and redirect everything else that is printed to stderr."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers


def serve(answers: BinaryIO) -> None:
    """Do jobs until stdin ends, each at once and in a thread of its own. How many arrive at once is up to the bot."""
    from generator.process.exports import run_export  # noqa: PLC0415  likewise
    from generator.process.warm_up import warm_pipeline  # noqa: PLC0415  after stdout is reserved: loading prints

    sys.setswitchinterval(SWITCH_SECONDS)
    inbox = Inbox(sys.stdin.buffer)  # first, so that the process ends with the bot even while it loads
    pipeline = warm_pipeline()
    writing = threading.Lock()

    def send(answer: Answer) -> None:
        with writing:
            write_frame(answers, answer_to_json(answer))

    def report(progress: Progress) -> None:
        inbox.check(progress.id)
        send(progress)

    def work(text: str) -> None:
        job_id = json.loads(text)["id"]
        try:
            job = job_from_dict(json.loads(text))
            with about_request(job_id):
                answer: Answer = pipeline.run(job, report) if isinstance(job, Job) else run_export(job, report)
        except InputError as error:
            answer = Failure(id=job_id, sentence=error.sentence)
        except Exception:  # whatever a job raises is its own end, not that of the process
            with about_request(job_id):
                log.exception("the job failed")
            answer = Failure(id=job_id, sentence=FAULT_SENTENCE, fault=True)
        inbox.forget(job_id)
        send(answer)

    write_frame(answers, json.dumps({"type": "ready"}))
    for text in inbox:
        limit_cpu_from_now(JOB_CPU_SECONDS)
        threading.Thread(target=work, args=(text,), daemon=True).start()


def main() -> int:
    """Run the generator process."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    answers = reserve_stdout()
    set_up_logs("generator")
    serve(answers)
    return 0
