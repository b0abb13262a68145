"""A stand-in for `python -m generator`: the same protocol, tiny files, no model.

What it does is chosen by the request's seed:

    1  held: tells progress until the file is there that FAKE_GENERATOR_GATE names, then a tune; can be cancelled
    2  dies in the middle of every job
    3  an answer without a tune, as for a damaged MIDI file
    4  sends garbage instead of a frame
    5  dies in the middle of its first job; later children do the job (noted in a file in the job's folder)
    6  hangs without an answer, and cannot be cancelled
    7  an answer without a tune, by a fault of ours
    8  busy: works for a fortieth of the tune's length, as the real one does, and keeps a core busy with it
    13 an answer without a tune, as for a MIDI file over a limit, which can be said in any language
    any other: a quick tune
FAKE_GENERATOR_LOG names a file to which a line is added for every job that is begun ("job ID"), FAKE_GENERATOR_GATE
one that lets go of held jobs once it exists (without it they are held for ever), and FAKE_START can be "silent" (never
ready) or "die" (ends at once).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import sys
import threading
import time
from pathlib import Path

from generator.process.inbox import Inbox
from generator.protocol.connection.framing import write_frame
from generator.protocol.errors import InputError, JobCancelled
from generator.protocol.results import (
    Answer,
    Exported,
    ExportJob,
    Failure,
    Job,
    Progress,
    Result,
    answer_to_json,
    job_from_dict,
)
from generator.protocol.uploads import UPLOAD_LIMITS

HELD = 1
"""The seed of a job that is under way for as long as a test needs it to be."""
BUSY = 8
"""The seed of a job that keeps a core busy."""
TELLING = threading.Lock()
MIDI = bytes.fromhex("4d546864 00000006 0000 0001 0060 4d54726b 00000004 00ff2f00")
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001"
    "a5f645400000000049454e44ae426082"
)
OGG = b"OggS" + bytes(range(256)) * 16
MP4 = b"\x00\x00\x00\x20ftypisom" + bytes(range(256)) * 20
SCORE = b'{"frames":1800,"grid":null,"title":"","loop":null,"channels":[[[0,30,60,[15],[2]]],[],[],[]]}'
FILES = (("tune.mid", MIDI), ("tune.ogg", OGG), ("tune.png", PNG), ("tune.mp4", MP4), ("score.json", SCORE))


def main() -> None:
    start = os.environ.get("FAKE_START")
    if start == "die":
        sys.exit(3)
    inbox = Inbox(sys.stdin.buffer)
    if start != "silent":
        write_frame(sys.stdout.buffer, json.dumps({"type": "ready"}))
    for text in inbox:
        threading.Thread(target=do, args=(job_from_dict(json.loads(text)), inbox), daemon=True).start()


def do(job: Job | ExportJob, inbox: Inbox) -> None:
    try:
        work(job, inbox) if isinstance(job, Job) else export(job, inbox)
    except JobCancelled as error:
        tell(Failure(id=job.id, sentence=str(error)))
    except OSError as error:  # such as a folder that is gone; the real one answers too, whatever happens
        tell(Failure(id=job.id, sentence=str(error), fault=True))


def work(job: Job, inbox: Inbox) -> None:
    note_begin(job)
    folder = Path(job.folder)
    tell(Progress(id=job.id, fraction=0.1, stage="composing"))
    match job.request.seed:
        case 1:
            hold(job, inbox)
        case 2:
            os._exit(9)
        case 3:
            tell(Failure(id=job.id, sentence="The MIDI file is damaged: a track ends too early."))
            return
        case 4:
            sys.stdout.buffer.write(b"Loading weights... done\n")
            sys.stdout.buffer.flush()
            return
        case 5 if not (folder / "died").exists():
            (folder / "died").touch()
            os._exit(9)
        case 6:
            time.sleep(600)
        case 7:
            tell(Failure(id=job.id, sentence="Something went wrong on our side.", fault=True))
            return
        case 8:
            work_hard(job)
        case 13:
            refuse(job)
            return
    finish(job, folder)


def export(job: ExportJob, inbox: Inbox) -> None:
    """Write "FORMAT of BYTES bytes"; "nsf" goes on until the gate opens, "vgm" fails, "abc" dies."""
    note_begin(job)
    tell(Progress(id=job.id, fraction=0.2, stage="exporting"))
    match job.format:
        case "nsf":
            hold(job, inbox)
        case "vgm":
            tell(Failure(id=job.id, sentence="The tune has no bars."))
            return
        case "abc":
            os._exit(9)
    size = len(Path(job.midi).read_bytes())
    (Path(job.folder) / "out").write_text(f"{job.format} of {size} bytes, {job.sound}")
    tell(Exported(id=job.id, file="out"))


def refuse(job: Job) -> None:
    """Find a limit broken, as the real one does."""
    try:
        UPLOAD_LIMITS["tracks"].check(200)
    except InputError as error:
        tell(Failure(id=job.id, sentence=error.sentence))


def work_hard(job: Job) -> None:
    """Compute for a fortieth of the tune's length, by this process's own time."""
    step = (job.request.seconds or 30.0) / 40 / 100
    for count in range(1, 101):
        end = time.process_time() + step
        while time.process_time() < end:
            hashlib.sha256(bytes(10_000)).digest()
        tell(Progress(id=job.id, fraction=round(0.1 + 0.008 * count, 3), stage="composing"))


def hold(job: Job | ExportJob, inbox: Inbox) -> None:
    """Go on for as long as the gate is shut: progress that always changes and never gets to the end."""
    gate = os.environ.get("FAKE_GENERATOR_GATE")
    for step in itertools.count():
        if gate and Path(gate).exists():
            return
        inbox.check(job.id)
        tell(Progress(id=job.id, fraction=round(0.9 - 0.8 * 0.99**step, 4), stage="composing"))
        time.sleep(0.05)


def finish(job: Job, folder: Path) -> None:
    for name, data in FILES:
        (folder / name).write_bytes(data)
    request = job.request
    if request.takes and request.takes > 1:
        takes = [
            {"seed": 500 + i, "kept": i == 0, "key": "C", "score": json.loads(SCORE)} for i in range(request.takes)
        ]
        (folder / "takes.json").write_text(json.dumps(takes))
    tell(
        Result(
            id=job.id,
            title=f"Tune {request.seed}",
            midi="tune.mid",
            audio="tune.ogg",
            picture="tune.png",
            digest=hashlib.sha256(MIDI).hexdigest(),
            seconds=request.seconds or 30.0,
            bpm=request.bpm or 120.0,
            key=request.key or "C",
            seed=request.seed,
            model=request.model,
            engine="fake 1",
            report="4 of 9 parts were kept." if job.upload else "",
            got={"density": "medium", "bars": 16.0},
            features={"tempo": request.bpm or 120.0, "drums": 2.5},
            timings={"compose": 0.01, "total": 0.01, "processor": 0.01},
        )
    )


def note_begin(job: Job | ExportJob) -> None:
    if path := os.environ.get("FAKE_GENERATOR_LOG"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(f"job {job.id}\n")


def tell(answer: Answer) -> None:
    with TELLING:
        write_frame(sys.stdout.buffer, answer_to_json(answer))


if __name__ == "__main__":
    main()
