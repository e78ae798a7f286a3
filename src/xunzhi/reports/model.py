"""What a bulletin says, whatever it is printed on: built once, drawn by each renderer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, order=True)
class Key:
    """Names one stored result."""

    indicator: str
    stratum: str
    unit: str
    period: str


@dataclass(frozen=True)
class Number:
    """A number in a sentence: as printed, as stored, and the results from which anyone can derive it again.

    `measure` says what it is of its rows: a column (value, numerator, denominator, previous, year_before), a line of
    the chart (centre, change), or how many of them there are (count).
    """

    text: str
    value: float
    measure: str
    rows: tuple[Key, ...] = ()


@dataclass(frozen=True)
class Sentence:
    """A sentence with the numbers and the names that stand in it."""

    text: str
    numbers: tuple[Number, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Paragraph:
    """Sentences that belong together."""

    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class Bullets:
    """A list of sentences."""

    items: tuple[Sentence, ...]


@dataclass(frozen=True)
class Cell:
    """A cell of a table. A cell with a value is a real number in Excel, shown with so many decimal places."""

    text: str
    value: float | None = None
    places: int = 0
    link: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Column:
    """A column of a table; `width` is its share of the table."""

    label: str
    number: bool = False
    width: float = 1


@dataclass(frozen=True)
class TableBlock:
    """A table. On paper only the first `shown` rows stand, with `more` below; Excel holds them all."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    anchors: tuple[str, ...] = ()
    note: str = ""
    shown: int | None = None
    more: Sentence | None = None

    @property
    def printed(self) -> tuple[tuple[Cell, ...], ...]:
        """The rows that stand on paper."""
        return self.rows[: self.shown]


@dataclass(frozen=True)
class Figure:
    """A chart: specification for Vega-Lite, the same in words, its data, and the sentence that stands under it."""

    id: str
    title: str
    spec: Mapping[str, Any]
    summary: Sentence
    table: TableBlock
    caption: Sentence


@dataclass(frozen=True)
class Figures:
    """Charts set side by side where there is room."""

    items: tuple[Figure, ...]


@dataclass(frozen=True)
class Verdict:
    """A verdict as an icon: its kind, the side it points to (1 up, -1 down, 0 none), and the words."""

    kind: str
    side: int
    label: str


@dataclass(frozen=True)
class Spark:
    """A small line: values by month (None where there is none), the target, and the verdict on the last point."""

    values: tuple[float | None, ...]
    target: float | None
    kind: str
    provisional: bool


@dataclass(frozen=True)
class GridRow:
    """One indicator in the overview."""

    indicator: str
    label: Cell
    value: Cell
    counts: Cell
    target: Cell
    previous: Cell
    year_before: Cell
    variation: Verdict
    assurance: Verdict
    spark: Spark
    state: str
    marks: tuple[str, ...] = ()


@dataclass(frozen=True)
class GridArea:
    """The indicators of one area."""

    label: str
    rows: tuple[GridRow, ...]


@dataclass(frozen=True)
class Grid:
    """The overview of all indicators, with its legend and footnotes."""

    heads: tuple[str, ...]
    areas: tuple[GridArea, ...]
    legend: tuple[Verdict, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Definition:
    """What an indicator means: label and lines of (name, text, whether the text is code)."""

    id: str
    label: str
    lines: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class Definitions:
    """The definitions of all indicators shown."""

    entries: tuple[Definition, ...]


Block = Paragraph | Bullets | TableBlock | Figures | Grid | Definitions


@dataclass(frozen=True)
class Section:
    """A chapter, or a part of one (`level` 2). Wide tables stand on landscape pages.

    `sheet` names its sheet in Excel; a section that is not for `paper` stands there only.
    """

    id: str
    title: str
    blocks: tuple[Block, ...]
    level: int = 1
    wide: bool = False
    sheet: str = ""
    paper: bool = True


@dataclass(frozen=True)
class Bulletin:
    """A bulletin in one language. `imprint` is the title block; `notices` must be read first."""

    id: str
    language: str
    title: str
    scope: str
    period: str
    imprint: tuple[tuple[str, str], ...]
    as_of: date
    notices: tuple[Sentence, ...]
    sections: tuple[Section, ...]
    footer: str

    def blocks(self) -> Iterator[Block]:
        """All blocks in order."""
        for section in self.sections:
            yield from section.blocks

    def sentences(self) -> Iterator[Sentence]:
        """Every generated sentence."""
        yield from self.notices
        for block in self.blocks():
            if isinstance(block, Paragraph):
                yield from block.sentences
            elif isinstance(block, Bullets):
                yield from block.items
            elif isinstance(block, Figures):
                yield from (sentence for figure in block.items for sentence in (figure.summary, figure.caption))
            elif isinstance(block, TableBlock) and block.more:
                yield block.more
