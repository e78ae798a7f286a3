"""Chinese for the English strings of code and templates: update, check and compile the catalogues.

    python -m xunzhi.web.translations [ROOM …]   add new strings to locale/zh_Hans/LC_MESSAGES/django.po of rooms
                                                 (all if none named; "web" for the frame), compile, list gaps
    python -m xunzhi.web.translations --check    list what is untranslated; exit code 1 if anything is
    python -m xunzhi.web.translations --compile  compile only

Each room has its own catalogue; what stands in templates/ and modules of web/ itself is in web/locale.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

WEB = Path(__file__).parent
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}


def rooms() -> Iterator[tuple[Path, list[Path]]]:
    """Each folder that has a catalogue, and the files whose strings belong there."""
    apps = sorted(folder.parent for folder in WEB.glob("*/apps.py"))
    own = [file for file in _sources(WEB) if not any(app in file.parents for app in apps)]
    yield WEB, own
    for app in apps:
        yield app, list(_sources(app))


def _sources(folder: Path) -> Iterator[Path]:
    for suffix in ("py", "html", "txt"):
        for file in sorted(folder.rglob(f"*.{suffix}")):
            if not {"migrations", "static", "assets"} & set(file.relative_to(WEB).parts):
                yield file


def strings(files: list[Path]) -> Catalog:
    """All translatable strings of some files."""
    found = Catalog()
    for file in files:
        text = file.read_text(encoding="utf-8")
        if file.suffix != ".py":
            text = "\n".join(line.lstrip() for line in templatize(text).splitlines())  # no indents that Python minds
        messages = extract("python", BytesIO(text.encode()), keywords=KEYWORDS, options={"encoding": "utf-8"})  # type: ignore[arg-type]
        for _line, message, _comments, context in messages:
            if message and message != "":
                found.add(message, context=context)
    return found


def catalogue(room: Path) -> Catalog:
    """The Chinese catalogue of a room as it is on disk."""
    file = _po(room)
    if not file.is_file():
        return Catalog(locale="zh_Hans")
    with file.open("rb") as source:
        return read_po(source, locale="zh_Hans")


def _po(room: Path) -> Path:
    return room / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"


def untranslated(room: Path, files: list[Path]) -> list[str]:
    """Strings in use that the catalogue of the room doesn't translate, or only guesses."""
    known = catalogue(room)
    missing = []
    for message in strings(files):
        if not message.id:
            continue
        said = known.get(message.id, context=message.context)
        parts = said.string if said and isinstance(said.string, tuple | list) else (said.string if said else "",)
        if said is None or said.fuzzy or not all(parts):
            missing.append(str(message.id))
    return missing


def update(room: Path, files: list[Path]) -> None:
    """Bring a catalogue up to date with the code: new strings come in empty, those out of use go."""
    fresh, known = strings(files), catalogue(room)
    merged = Catalog(locale="zh_Hans", fuzzy=False)
    for message in fresh:
        if message.id:
            said = known.get(message.id, context=message.context)
            merged.add(message.id, said.string if said else None, context=message.context)
    if not len(merged):
        return
    _po(room).parent.mkdir(parents=True, exist_ok=True)
    with _po(room).open("wb") as out:
        write_po(out, merged, omit_header=False, sort_output=True, width=120, include_previous=False)
    _without_dates(_po(room))


def _without_dates(file: Path) -> None:
    """Dates and names of tools in the header would change with every run."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    noise = ('"POT-Creation-Date', '"PO-Revision-Date', '"Last-Translator', '"Language-Team', '"Generated-By')
    head = ('"Project-Id-Version', '"Report-Msgid-Bugs-To')
    kept = [line for line in lines if not line.startswith((*noise, *head)) and not line.startswith("#")]
    file.write_text("".join(kept).lstrip("\n"), encoding="utf-8")


def compile_all() -> None:
    """Write django.mo beside every django.po."""
    for room, _files in rooms():
        if _po(room).is_file():
            with _po(room).with_suffix(".mo").open("wb") as out:
                write_mo(out, catalogue(room))


def clashes() -> list[str]:
    """Strings to which two rooms give different words: Django knows one catalogue only, so one of them would lose."""
    said: dict[tuple[str, str], dict[str, str]] = {}
    for room, _files in rooms():
        for message in catalogue(room):
            if message.id and message.string:
                key = str(message.id), message.context or ""
                said.setdefault(key, {}).setdefault(str(message.string), room.name)
    return [
        f"{text!r} is {' and '.join(f'{words} ({room})' for words, room in found.items())}: "
        "use the same words, or give one a context (pgettext)"
        for (text, _context), found in said.items()
        if len(found) > 1
    ]


def main(arguments: list[str]) -> int:
    """Run the command."""
    named = [name for name in arguments if not name.startswith("--")]
    chosen = [(room, files) for room, files in rooms() if not named or room.name in named]
    if "--compile" in arguments:
        compile_all()
        return 0
    if "--check" not in arguments:
        for room, files in chosen:
            update(room, files)
        compile_all()
    missing = [(room.name, text) for room, files in chosen for text in untranslated(room, files)]
    torn = clashes()
    for text in torn:
        print(text)  # noqa: T201
    for room_name, text in missing:
        print(f"{room_name}: {text!r} has no Chinese; add it to {room_name}/locale/zh_Hans/LC_MESSAGES/django.po")  # noqa: T201
    return 1 if missing or torn else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
