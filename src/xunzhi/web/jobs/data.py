"""Mappings and data files that were brought in the browser: kept in $XUNZHI_HOME/mappings, tried and loaded by jobs."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.lake.ingest import check, ingest
from xunzhi.lake.mapping import load_mapping
from xunzhi.web.configuration import home
from xunzhi.web.installation import lake, pack
from xunzhi.web.jobs.fence import keep_inside
from xunzhi.web.jobs.registry import Progress

NAME = re.compile(r"[\w\-][\w.\-]{0,119}")
MAPPING = ".yaml"


@dataclass(frozen=True)
class Brought:
    """A file in the folder of mappings; `report` is what its last dry run or loading said."""

    name: str
    size: int
    at: datetime
    report: str = ""

    @property
    def is_mapping(self) -> bool:
        """Whether it says how data are read."""
        return self.name.endswith(MAPPING)


def folder() -> Path:
    """Where mappings and the files beside them stand."""
    return home() / "mappings"


def brought() -> list[Brought]:
    """The mappings and data files, by name."""
    files = sorted(folder().glob("*")) if folder().is_dir() else []
    return [
        Brought(
            file.name,
            file.stat().st_size,
            datetime.fromtimestamp(file.stat().st_mtime, timezone.get_current_timezone()),
            _report(file),
        )
        for file in files
        if file.is_file() and not file.name.startswith(".")
    ]


def _report(file: Path) -> str:
    said = file.with_name(f".{file.name}.report")
    return said.read_text(encoding="utf-8") if said.is_file() else ""


def keep(upload: UploadedFile) -> str:
    """Store a mapping or a data file; one of the same name is replaced when the new one is whole.

    Raises:
        ValidationError: if the name can't be that of a file here.
    """
    name = Path(str(upload.name)).name
    if not NAME.fullmatch(name):
        raise ValidationError(_("Use letters, digits, dots and dashes in the name of the file."))
    folder().mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{name}.", suffix=".part", dir=folder())
    try:
        with os.fdopen(handle, "wb") as out:
            for chunk in upload.chunks():
                out.write(chunk)
        Path(draft).replace(folder() / name)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return name


def mapping_file(name: str) -> Path:
    """The mapping of a name.

    Raises:
        FileNotFoundError: if there is none.
    """
    file = folder() / name
    if not NAME.fullmatch(name) or not name.endswith(MAPPING) or not file.is_file():
        raise FileNotFoundError(f"没有映射 {name} / there is no mapping {name}")
    return file


def run(name: str, progress: Progress, *, load: bool) -> None:
    """Try a mapping, or load what it brings; what was accepted and refused is kept as its report.

    Raises:
        FileNotFoundError, LakeError, StandardsError: in one message.
    """
    file = mapping_file(name)
    steps = iter(range(1, 1_000_000))

    def step(what: str) -> None:
        done = next(steps)
        progress(done / (done + 10), what)

    mapping = load_mapping(file, pack())
    keep_inside(mapping)
    act = (
        (lambda: ingest(lake(), mapping, wait=True, step=step)) if load else (lambda: check(lake(), mapping, step=step))
    )
    title = "导入 / loaded" if load else "试运行 / dry run"
    texts = [f"{title} {timezone.localtime():%Y-%m-%d %H:%M}"]
    for report in act():
        texts += [report.text("zh"), report.text("en")]
    file.with_name(f".{name}.report").write_text("\n\n".join(texts), encoding="utf-8")
    progress(1, title)
