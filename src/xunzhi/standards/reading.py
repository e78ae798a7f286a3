"""Reading the files of a pack, and of the packs that it extends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from xunzhi.standards.errors import Problem, StandardsError
from xunzhi.standards.grains import Grain
from xunzhi.standards.indicators import Indicator
from xunzhi.standards.manifest import LISTS, PARTS, Manifest, inherited
from xunzhi.standards.sql import unknown
from xunzhi.standards.tables import CodeList, Standard, Table
from xunzhi.standards.yaml_source import Loc, Source, load_yaml

M = TypeVar("M", bound=Standard)


class Reader:
    """Reads standards, gathering problems instead of stopping at the first.

    After `read`, the mappings hold what the pack and those below it define, the lowest first; `places` says where.

    Args:
        packs: the folder of the packs that come with the program.
    """

    def __init__(self, packs: Path):
        self.packs = packs
        self.problems: list[Problem] = []
        self.folders: list[Path] = []
        self.places: dict[tuple[str, str], tuple[Source, Loc]] = {}
        self.codes: dict[str, CodeList] = {}
        self.tables: dict[str, Table] = {}
        self.grains: dict[str, Grain] = {}
        self.indicators: dict[str, Indicator] = {}

    def read(self, root: Path) -> Manifest:
        """Read the pack in a folder, what it extends first.

        Raises:
            StandardsError: if pack.yaml can't be used; other mistakes are gathered in `problems`.
        """
        manifest = self._layer(root, ())
        self.grains = {name: self._with_sql(grain) for name, grain in self.grains.items()}
        return manifest

    def report(self, folder: str, name: str, loc: Loc, message: str) -> None:
        """Note a problem with a standard."""
        source, at = self.places[folder, name]
        self.problems.append(source.problem(at + loc, message))

    def _layer(self, root: Path, above: tuple[Path, ...]) -> Manifest:
        yaml = load_yaml(root / "pack.yaml")
        base = yaml.data.get("extends") if isinstance(yaml.data, dict) else None
        if base is None:
            manifest = yaml.validate(Manifest)
        else:
            below = self._extended(yaml, str(base), (*above, root.resolve()))
            manifest = inherited(yaml, below).validate(Manifest)
            self._inherit(yaml, manifest, below)
        self.folders.append(root)
        self._folder(root, manifest, "codes", CodeList, lambda item: item.id)
        self._folder(root, manifest, "tables", Table, lambda item: item.table)
        self._folder(root, manifest, "grains", Grain, lambda item: item.grain)
        self._folder(root, manifest, "indicators", Indicator, lambda item: item.id)
        for name, stratum in manifest.strata.items():
            if stratum.codes and stratum.codes not in self.codes:
                message = unknown("code list", stratum.codes, set(self.codes))
                self.problems.append(yaml.problem(("strata", name, "codes"), message))
        return manifest

    def _extended(self, yaml: Source, name: str, above: tuple[Path, ...]) -> Manifest:
        """Read the pack that another one extends."""
        folder = (yaml.file.parent / name).resolve()
        if not (folder / "pack.yaml").is_file():
            folder = (self.packs / name).resolve()
        if not (folder / "pack.yaml").is_file():
            known = {path.parent.name for path in self.packs.glob("*/pack.yaml")}
            raise StandardsError([yaml.problem(("extends",), unknown("pack", name, known))])
        if folder in above:
            circle = " → ".join(path.name for path in (*above[above.index(folder) :], folder))
            raise StandardsError([yaml.problem(("extends",), f"extends itself: {circle}; break the circle")])
        return self._layer(folder, above)

    def _inherit(self, yaml: Source, manifest: Manifest, below: Manifest) -> None:
        """Take over what stays in use of the packs below, and check that names stand for one thing."""
        for name in manifest.keeps or ():
            if name not in self.indicators:
                self.problems.append(yaml.problem(("keeps",), unknown("indicator", name, set(self.indicators))))
        if manifest.keeps is not None:
            self.indicators = {name: self.indicators[name] for name in self.indicators if name in manifest.keeps}
        for part in (*PARTS, *LISTS):
            there = set(getattr(self if part in PARTS else below, part))
            for name in sorted(set(manifest.replaces.names(part)) - there):
                self.problems.append(yaml.problem(("replaces", part), unknown(f"name in {part}", name, there)))
        for part in LISTS:
            twice = set(yaml.data.get(part) or ()) & set(getattr(below, part))
            for name in sorted(twice - set(manifest.replaces.names(part))):
                self.problems.append(yaml.problem((part, name), _taken(part, name, str(manifest.extends))))

    def _folder(self, root: Path, manifest: Manifest, folder: str, model: type[M], name_of: Callable[[M], str]) -> None:
        """Add all standards of a folder; a file holds one, or a list of them."""
        found: dict[str, M] = getattr(self, folder)
        replaced = manifest.replaces.names(folder)
        own: dict[str, M] = {}
        for file in sorted((root / folder).glob("*.yaml")):
            for source, loc in self._entries(file):
                try:
                    item = source.validate(model, loc)
                except StandardsError as error:
                    self.problems += error.problems
                    continue
                name = name_of(item)
                if name in own:
                    taken = f"{name!r} is already defined in {self.places[folder, name][0].file}"
                    self.problems.append(source.problem(loc, taken))
                elif name in found and name not in replaced:
                    self.problems.append(source.problem(loc, _taken(folder, name, str(manifest.extends))))
                else:
                    own[name] = item
                    self.places[folder, name] = (source, loc)
        for name in sorted(set(found) & set(replaced) - set(own)):
            self.report(folder, name, (), f"{manifest.pack} says that it replaces {name!r}, but doesn't define it")
        found.update(own)

    def _entries(self, file: Path) -> Iterator[tuple[Source, Loc]]:
        try:
            source = load_yaml(file)
        except StandardsError as error:
            self.problems += error.problems
            return
        if isinstance(source.data, list):
            yield from ((source, (index,)) for index in range(len(source.data)))
        else:
            yield source, ()

    def _with_sql(self, grain: Grain) -> Grain:
        """The grain with the text of its SQL file."""
        if not grain.sql.endswith(".sql"):
            return grain
        file = self.places["grains", grain.grain][0].file.parent / grain.sql
        if not file.is_file():
            self.report("grains", grain.grain, ("sql",), f"no file {grain.sql} beside this one")
            return grain
        return grain.model_copy(update={"sql": file.read_text(encoding="utf-8")})


def _taken(part: str, name: str, base: str) -> str:
    """What to say of a name that the extended pack has too."""
    return (
        f"{name!r} is already defined in {base}; take another name, or say replaces: {{{part}: [{name}]}} in pack.yaml"
    )
