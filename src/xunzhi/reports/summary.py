"""The first paragraph: what the period was like, in sentences that carry the results they state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xunzhi.measures import HOSPITAL
from xunzhi.measures.results import NO_CASES, NOT_COLLECTED, OK
from xunzhi.measures.signals import Signal
from xunzhi.reports.changes import WORSE, signal_sentence
from xunzhi.reports.messages import Messages
from xunzhi.reports.model import Block, Bullets, Key, Number, Paragraph, Sentence
from xunzhi.reports.overview import counted_targets, indicators_of, met
from xunzhi.reports.quantities import shown
from xunzhi.reports.source import DEPARTMENT, FAULT, Source
from xunzhi.standards import Indicator

WORST = 3


def count(claim: str, rows: Iterable[Key]) -> Number:
    """How many results a claim holds for."""
    listed = tuple(rows)
    return Number(str(len(listed)), len(listed), f"count_{claim}", listed)


def summary(source: Source, unit: str, say: Messages) -> tuple[Block, ...]:
    """The period in a few sentences, and what got worse most surely."""
    first = (*_coverage(source, unit, say), *_provisional(source, unit, say), *_targets(source, unit, say))
    moves = (*_moves(source, unit, say), *_departments(source, unit, say), _false_alarms(source, unit, say))
    worst = [signal for signal in _signals(source, unit) if signal.kind in WORSE][:WORST]
    if not worst:
        return Paragraph(first), Paragraph(moves)
    items = Bullets(tuple(signal_sentence(source, signal, say) for signal in worst))
    return Paragraph(first), Paragraph(moves), Paragraph((say.sentence("summary.worst"),)), items


def _signals(source: Source, unit: str) -> tuple[Signal, ...]:
    return source.signals(DEPARTMENT if unit else HOSPITAL, unit or None)


def key_of(source: Source, indicator: str, unit: str) -> Key:
    """The result of the period."""
    return Key(indicator, DEPARTMENT if unit else HOSPITAL, unit, source.period)


def _coverage(source: Source, unit: str, say: Messages) -> Sequence[Sentence]:
    shown_indicators = indicators_of(source, unit)

    def having(status: str) -> Number:
        return count(
            status, (key_of(source, i.id, unit) for i in shown_indicators if source.status(i.id, unit) == status)
        )

    sentences = [say.sentence("summary.values", period=say.period(source.period), n=having(OK))]
    for status in (NO_CASES, NOT_COLLECTED, FAULT):
        number = having(status)
        if number.value:
            sentences.append(say.sentence(f"summary.{status}", n=number))
    return sentences


def _targets(source: Source, unit: str, say: Messages) -> Sequence[Sentence]:
    aimed = counted_targets(source, unit)
    if not aimed:
        return [say.sentence("summary.no_targets")]
    reached = [indicator for indicator, value in aimed if met(indicator, value)]
    return [
        say.sentence(
            "summary.targets",
            n=count("targeted", (key_of(source, indicator.id, unit) for indicator, _ in aimed)),
            met=count("met", (key_of(source, indicator.id, unit) for indicator in reached)),
        )
    ]


def _moves(source: Source, unit: str, say: Messages) -> Sequence[Sentence]:
    signals = _signals(source, unit)
    if not signals:
        return [say.sentence("summary.nothing_moved")]

    def moved(*kinds: str) -> Number:
        return count("_".join(kinds), (Key(s.indicator, s.stratum, unit, s.month) for s in signals if s.kind in kinds))

    found = {"worse": moved("concern", "both"), "better": moved("improvement"), "other": moved("neutral")}
    return [say.sentence("summary.moved", **found)]


def _false_alarms(source: Source, unit: str, say: Messages) -> Sentence:
    charts, expected = source.looked_at(unit)
    return say.sentence(
        "summary.false_alarms",
        charts=Number(f"{charts:,}", charts, "charts_judged"),
        expected=Number(shown(expected, 1), expected, "false_alarms_expected"),
    )


def _departments(source: Source, unit: str, say: Messages) -> Sequence[Sentence]:
    signals = source.signals(DEPARTMENT)
    if unit or not signals:
        return []
    worse = [signal for signal in signals if signal.kind in WORSE]
    every = count("department_signal", (Key(s.indicator, s.stratum, s.unit, s.month) for s in signals))
    if not worse:
        return [say.sentence("summary.departments_better", n=every)]
    units = {signal.unit for signal in worse}
    return [
        say.sentence(
            "summary.departments",
            n=every,
            worse=count("department_worse", (Key(s.indicator, s.stratum, s.unit, s.month) for s in worse)),
            units=Number(
                str(len(units)), len(units), "units_of", tuple(Key("", DEPARTMENT, u, "") for u in sorted(units))
            ),
        )
    ]


def _provisional(source: Source, unit: str, say: Messages) -> Sequence[Sentence]:
    def late(indicator: Indicator) -> bool:
        row = source.row(indicator.id, unit)
        return bool(row and row.provisional)

    number = count("provisional", (key_of(source, i.id, unit) for i in indicators_of(source, unit) if late(i)))
    return [say.sentence("summary.provisional", n=number)] if number.value else []
