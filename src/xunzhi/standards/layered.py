"""Files that stand beside a pack's standards, one in each layer: read, merged and checked in one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from xunzhi.standards.errors import Problem, StandardsError
from xunzhi.standards.tables import Standard
from xunzhi.standards.yaml_source import Source, load_yaml

if TYPE_CHECKING:
    from xunzhi.standards.pack import Pack

Content = TypeVar("Content", bound=Standard)


def load_layered(
    pack: Pack, name: str, model: type[Content], mistakes: Callable[[Source, Content, Content], list[Problem]]
) -> Content:
    """The file `name` of a pack; of a pack that extends another one, its own entries come last and replace.

    `mistakes` tells what is wrong with the content of one file, given that of all of them.

    Raises:
        StandardsError: if no layer has the file, or with every problem found.
    """
    files = [folder / name for folder in pack.layers if (folder / name).is_file()]
    if not files:
        raise StandardsError([Problem(pack.root / name, 1, "", "is missing; the site needs it")])
    sources = [load_yaml(file) for file in files]
    found = [source.validate(model) for source in sources]
    merged = model.model_validate(_merged(found))
    if problems := [one for pair in zip(sources, found, strict=True) for one in mistakes(*pair, merged)]:
        raise StandardsError(problems)
    return merged


def _merged(found: list[Content]) -> dict[str, Any]:
    """What the files say, field by field: lists of names are joined, of anything else the last holds."""
    merged: dict[str, Any] = {}
    for part in found:
        for field in part.model_fields_set:
            value = getattr(part, field)
            merged[field] = {**merged.get(field, {}), **value} if isinstance(value, dict) else value
    return merged
