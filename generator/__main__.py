"""The generator process: jobs come in on stdin, answers go out on stdout, both length-prefixed JSON.

stdout is reserved for answers: whatever else is printed, by us, by a library or by FluidSynth, goes to stderr.
Loads the model before it says that it is ready.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from typing import BinaryIO

from generator.process.inbox import Inbox
from generator.protocol.errors import FAULT_SENTENCE, ChiptuneError, InputError
from generator.protocol.framing import write_frame
from generator.protocol.results import Answer, Failure, Job, Progress, answer_to_json

log = logging.getLogger("generator")


def reserve_stdout() -> BinaryIO:
    """The real stdout as a stream of our own; from here on everything printed goes to stderr."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return answers


def serve(answers: BinaryIO) -> None:
    """Do jobs until stdin ends."""
    from generator.process.warm_up import warm_pipeline  # noqa: PLC0415  after stdout is reserved: loading prints

    workshop = warm_pipeline()
    inbox = Inbox(sys.stdin.buffer)

    def send(answer: Answer) -> None:
        write_frame(answers, answer_to_json(answer))

    def report(progress: Progress) -> None:
        inbox.check(progress.id)
        send(progress)

    write_frame(answers, json.dumps({"type": "ready"}))
    for text in inbox:
        name = json.loads(text)["id"]
        try:
            send(workshop.run(Job.from_dict(json.loads(text)), report))
        except InputError as error:
            send(Failure(id=name, sentence=error.sentence))
        except ChiptuneError:
            log.exception("job %s failed", name)
            send(Failure(id=name, sentence=FAULT_SENTENCE, fault=True))
        finally:
            inbox.forget(name)


def main() -> int:
    """`python -m generator`."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    answers = reserve_stdout()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    serve(answers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
