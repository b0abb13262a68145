"""A tune's export, on demand: from its MIDI file to one file in a format, with progress."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from generator.exporting.formats import export_file
from generator.protocol.errors import InputError
from generator.protocol.exports import export_format
from generator.protocol.i18n import _
from generator.protocol.results import Exported, ExportJob, Failure, Progress

STAGE = _("exporting")


def run_export(job: ExportJob, report: Callable[[Progress], None]) -> Exported | Failure:
    """Write a tune in a format. A format of several files becomes one ZIP file. Faults are raised as exceptions."""

    def tell(share: float) -> None:
        report(Progress(id=job.id, fraction=round(0.95 * share, 3), stage=STAGE))

    try:
        form = export_format(job.format)
        midi, folder = Path(job.midi), Path(job.folder)
        out = folder / f"{form.name}{form.suffix}"
        several = form.suffix == ".zip"
        target = folder / form.name if several else out
        tell(0.0)
        written = export_file(
            midi, midi.read_bytes(), form.name, target, job.sound if form.sounds else None, report=tell
        )
        if several:
            _zip(target, [Path(file) for file in written["files"]], out)
    except InputError as error:
        return Failure(id=job.id, sentence=error.sentence)
    return Exported(id=job.id, file=out.name)


def _zip(folder: Path, files: list[Path], out: Path) -> None:
    """Pack files into a ZIP file, with their paths in their folder, and remove the folder."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in files:
            archive.write(file, file.relative_to(folder))
    shutil.rmtree(folder)
