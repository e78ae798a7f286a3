"""The appendix: every indicator in thirteen months, what each means, and (in Excel) every department."""

from __future__ import annotations

from collections.abc import Iterator

from xunzhi.measures.results import OK
from xunzhi.reports.messages import Messages
from xunzhi.reports.model import Cell, Column, Definition, Definitions, Paragraph, Section, TableBlock
from xunzhi.reports.overview import counts, indicators_of, revision_of, target_text
from xunzhi.reports.quantities import shown
from xunzhi.reports.source import Source
from xunzhi.standards import Aggregate, Indicator
from xunzhi.standards.indicators import ALL, Reference
from xunzhi.standards.prose import in_words


def series(source: Source, unit: str, say: Messages) -> Section:
    """All indicators by month."""
    columns = (
        Column(say("grid.indicator"), width=3.4),
        *(Column(month, number=True) for month in source.shown_months),
    )
    chosen = indicators_of(source, unit)
    rows, anchors = [], []
    for indicator in chosen:
        decimals = source.decimals[indicator.id]
        cells = (_month(value, late, decimals) for value, late in source.series(indicator.id, unit))
        name = Cell(f"{indicator.label(say.language)} ({say.unit(indicator.unit)})", link=f"#i-{indicator.id}")
        rows.append((name, *cells))
        anchors.append(f"s-{indicator.id}")
    table = TableBlock("series", "", columns, tuple(rows), tuple(anchors), note=say("series.note"))
    return Section("series", say("section.series"), (table,), wide=True, sheet=say("sheet.series"))


def _month(value: float | None, late: bool, decimals: int) -> Cell:
    return Cell(
        shown(value, decimals) + ("*" if late and value is not None else ""),
        value,
        decimals,
        tone="late" if late else "",
    )


def definitions(source: Source, unit: str, say: Messages) -> Section:
    """What each indicator counts, and where that comes from."""
    entries = tuple(
        Definition(f"i-{indicator.id}", indicator.label(say.language), tuple(definition_lines(source, indicator, say)))
        for indicator in indicators_of(source, unit)
    )
    blocks = (Paragraph((say.sentence("definition.how"),)), Definitions(entries))
    return Section("definitions", say("section.definitions"), blocks, sheet=say("sheet.definitions"))


def definition_lines(source: Source, indicator: Indicator, say: Messages) -> Iterator[tuple[str, str, bool]]:
    """What an indicator means, as lines of (name, text, whether the text is code)."""
    revision = revision_of(source, indicator)
    citation, language = revision.source, say.language
    yield say("definition.id"), indicator.id, True
    yield say("definition.numerator"), _part(source, revision.numerator, say), False
    if revision.denominator is not None:
        yield say("definition.denominator"), _part(source, revision.denominator, say), False
    if target_text(indicator, say):
        goal = indicator.target.source if indicator.target else ""
        yield say("definition.target"), f"{target_text(indicator, say)} {say.unit(indicator.unit)} · {goal}", False
    cited = " · ".join(text for text in (citation.document, citation.edition, citation.item) if text)
    yield say("definition.source"), cited, False
    yield say("definition.verified"), say(f"verified.{citation.verified}"), False
    if citation.note:
        yield say("definition.note"), citation.note(language), False
    if len(indicator.revisions) > 1:
        changed = say.listed([item.since.isoformat() for item in indicator.revisions[1:]])
        note = f" · {revision.note(language)}" if revision.note else ""
        yield say("definition.revised"), changed + note, False
    yield say("definition.owner"), source.pack.manifest.owners[indicator.owner](language), False
    yield say("definition.minimum"), str(indicator.minimum), False


def _part(source: Source, part: Aggregate | Reference, say: Messages) -> str:
    """A numerator or denominator in words."""
    if isinstance(part, Reference):
        return say("definition.reference", indicator=source.pack.indicators[part.indicator].label(say.language))
    row = source.pack.grains[part.grain].row(say.language)
    if part.expression == ALL:
        return say("definition.count_all", row=row)
    said = in_words(source.pack, part.grain, part.expression, say.language)
    if part.function == "count":
        return say("definition.count", row=row, condition=said)
    text = say(f"definition.{part.function}", row=row, expression=said, q=part.q)
    if part.where is None or part.where == ALL:
        return text
    return text + say("definition.where", condition=in_words(source.pack, part.grain, part.where, say.language))


def departments(source: Source, say: Messages) -> TableBlock:
    """Every indicator of every department in the period; for Excel only."""
    heads = ("unit", "indicator", "value", "counts", "target", "previous", "year_before", "state")
    columns = tuple(
        Column(say(f"grid.{name}"), name in ("value", "target", "previous", "year_before")) for name in heads
    )
    rows = []
    for unit in source.units:
        for indicator in source.pack.indicators.values():
            row, decimals = source.row(indicator.id, unit), source.decimals[indicator.id]
            if row is None:
                continue
            late = say("state.provisional") if row.provisional else ""
            state = say(f"state.{row.status}") if row.status != OK else late
            target = indicator.target.value if indicator.target else None
            rows.append(
                (
                    Cell(source.name_of(unit)),
                    Cell(f"{indicator.label(say.language)} ({say.unit(indicator.unit)})"),
                    Cell(shown(row.value, decimals), row.value, decimals),
                    Cell(counts(indicator, row)),
                    Cell(target_text(indicator, say), target, decimals),
                    Cell(shown(row.previous, decimals), row.previous, decimals),
                    Cell(shown(row.year_before, decimals), row.year_before, decimals),
                    Cell(state),
                )
            )
    return TableBlock("all-departments", say("sheet.all_departments"), columns, tuple(rows), shown=0)
