"""What got better and what got worse, with the control charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from xunzhi.measures import HOSPITAL
from xunzhi.measures.signals import Signal
from xunzhi.reports.figures import Named, control_chart
from xunzhi.reports.messages import Messages
from xunzhi.reports.model import (
    Block,
    Cell,
    Column,
    Figure,
    Figures,
    Key,
    Number,
    Paragraph,
    Section,
    Sentence,
    TableBlock,
)
from xunzhi.reports.quantities import shown, whole_or, with_unit
from xunzhi.reports.source import BETWEEN_EVENTS, DEPARTMENT, Source

WORSE, BETTER, OTHER = ("concern", "both"), ("improvement",), ("neutral",)
CHARTS = 8
"""Charts printed of each kind; the others stand in the table and in Excel."""

SMALLEST_Q = 0.001
LISTED = 25
"""Department signals printed; all stand in Excel."""


def sections(source: Source, unit: str, say: Messages) -> list[Section]:
    """What moved: a section each for worse, better and other, and the departments' signals in a hospital bulletin."""
    signals = source.signals(DEPARTMENT if unit else HOSPITAL, unit or None)
    found = [Section("changes", say("section.changes"), _lead(signals, say), sheet=say("sheet.changes"))]
    for name, kinds in (("worse", WORSE), ("better", BETTER), ("other", OTHER)):
        chosen = [signal for signal in signals if signal.kind in kinds]
        if chosen:
            blocks = _charted(source, chosen, name, say)
            found.append(
                Section(f"changes-{name}", say(f"section.{name}"), blocks, level=2, sheet=say("sheet.changes"))
            )
    if not unit:
        blocks = _of_departments(source, say)
        found.append(
            Section(
                "changes-departments", say("section.department_changes"), blocks, level=2, sheet=say("sheet.changes")
            )
        )
    return found


def _lead(signals: Sequence[Signal], say: Messages) -> tuple[Block, ...]:
    return (Paragraph((say.sentence("change.how" if signals else "change.nothing"),)),)


def _charted(source: Source, signals: Sequence[Signal], name: str, say: Messages) -> tuple[Block, ...]:
    """The surest signals, each in a sentence under its chart; a table of the others."""
    charts = tuple(figure for signal in signals[:CHARTS] if (figure := chart_of(source, signal, say)))
    rest = signals[CHARTS:]
    tables = (signal_table(source, rest, f"more-{name}", say("change.more"), say),) if rest else ()
    return Figures(charts), *tables


def chart_of(source: Source, signal: Signal, say: Messages) -> Figure | None:
    """The control chart behind a signal."""
    unit = "" if signal.stratum == HOSPITAL else signal.unit
    found = source.chart(signal.indicator, unit)
    if found is None:
        return None
    name = label(source, signal, say)
    place = f"c-{signal.indicator}" + (f"-{source.units.index(unit)}" if unit in source.units else "")
    return control_chart(
        *found, Named(place, name, unit, source.decimals[signal.indicator]), say, signal_sentence(source, signal, say)
    )


def label(source: Source, signal: Signal, say: Messages) -> str:
    """The indicator's name."""
    return source.pack.indicators[signal.indicator].label(say.language)


def signal_sentence(source: Source, signal: Signal, say: Messages) -> Sentence:
    """A signal in one sentence, its numbers with the result they come from; and that they may change, if so."""
    said = _said(source, signal, say)
    gap = "" if say.language == "zh" else " "
    return replace(said, text=said.text + gap + say("change.provisional")) if signal.provisional else said


def _said(source: Source, signal: Signal, say: Messages) -> Sentence:
    indicator, decimals = source.pack.indicators[signal.indicator], source.decimals[signal.indicator]
    found = source.chart(signal.indicator, "" if signal.stratum == HOSPITAL else signal.unit)
    chart = found[0].chart if found else indicator.chart
    events = chart in BETWEEN_EVENTS
    unit = say(f"chart.unit_{chart}") if events else say.unit(indicator.unit)
    key = Key(signal.indicator, signal.stratum, "" if signal.stratum == HOSPITAL else signal.unit, signal.month)

    def number(measure: str, value: float, text: str) -> Number:
        return Number(text, value, measure, (key,))

    def quantity(measure: str, value: float) -> Number:
        return number(measure, value, with_unit(shown(value, 0 if events else decimals), unit))

    parts: dict[str, Number | str] = {
        "indicator": indicator.label(say.language),
        "month": say.period(signal.month),
        "value": quantity("point", signal.value),
        "centre": quantity("centre", signal.centre),
        "side": say("change.above" if signal.change > 0 else "change.below" if signal.change < 0 else "change.at"),
        "rules": say.listed([say.rule(code) for code in signal.rules]),
        "owner": source.pack.manifest.owners[signal.owner](say.language),
    }
    if indicator.kind in ("proportion", "rate") and not events:
        parts |= {
            "numerator": number("numerator", signal.numerator, whole_or(signal.numerator)),
            "denominator": number("denominator", signal.denominator, whole_or(signal.denominator)),
        }
        return say.sentence("change.sentence_counted", **parts)
    return say.sentence("change.sentence_between" if events else "change.sentence", **parts)


def signal_table(
    source: Source, signals: Sequence[Signal], name: str, title: str, say: Messages, limit: int | None = None
) -> TableBlock:
    """Signals as a table, the surest first."""
    heads = (
        ("indicator", 3.2),
        ("unit", 1.6),
        ("verdict", 1.2),
        ("value", 1.5),
        ("centre", 1.5),
        ("rules", 2.6),
        ("q", 1.1),
        ("owner", 1.4),
    )
    columns = tuple(
        Column(say(f"change.column_{head}"), head in ("value", "centre", "q"), width) for head, width in heads
    )
    hidden = len(signals) - limit if limit is not None and len(signals) > limit else 0
    more = say.sentence("change.not_printed", n=Number(str(hidden), hidden, "rows_hidden")) if hidden else None
    rows = tuple(_table_row(source, signal, say) for signal in signals)
    return TableBlock(name, title, columns, rows, shown=limit if hidden else None, more=more)


def _table_row(source: Source, signal: Signal, say: Messages) -> tuple[Cell, ...]:
    indicator, decimals = source.pack.indicators[signal.indicator], source.decimals[signal.indicator]
    found = source.chart(signal.indicator, "" if signal.stratum == HOSPITAL else signal.unit)
    chart = found[0].chart if found else indicator.chart
    unit = say(f"chart.unit_{chart}") if chart in BETWEEN_EVENTS else say.unit(indicator.unit)
    places = 0 if chart in BETWEEN_EVENTS else decimals
    return (
        Cell(indicator.label(say.language), link=f"#i-{indicator.id}"),
        Cell(say("scope.hospital") if signal.stratum == HOSPITAL else source.name_of(signal.unit)),
        Cell(say(f"verdict.{signal.kind}"), tone=signal.kind),
        Cell(with_unit(shown(signal.value, places), unit), signal.value, places),
        Cell(with_unit(shown(signal.centre, places), unit), signal.centre, places),
        Cell(say.listed([say.rule(code) for code in signal.rules])),
        Cell("< 0.001" if signal.q < SMALLEST_Q else shown(signal.q, 3), signal.q, 3),
        Cell(source.pack.manifest.owners[signal.owner](say.language)),
    )


def _of_departments(source: Source, say: Messages) -> tuple[Block, ...]:
    signals = source.signals(DEPARTMENT)
    if not signals:
        return (Paragraph((say.sentence("change.no_department"),)),)
    ranked = sorted(signals, key=lambda signal: signal.kind not in WORSE)
    title = say("change.departments_title")
    return (signal_table(source, ranked, "department-changes", title, say, LISTED),)
