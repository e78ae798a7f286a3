"""Drill-down: the rows behind a number, with the patient's identity masked unless the reader is allowed to see it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

from xunzhi.measures.cube import HOSPITAL, month_of, quoted
from xunzhi.measures.engine import Engine
from xunzhi.measures.periods import months_in
from xunzhi.measures.plan import cells_of
from xunzhi.standards import Aggregate, Grain, Indicator, Pack
from xunzhi.standards.pack import expression_columns
from xunzhi.standards.tables import Sensitivity


@dataclass(frozen=True)
class Wanted:
    """Which rows: one part of an indicator in a period, in one unit of a stratum or the whole institution."""

    period: str
    part: str = "numerator"
    institution: str | None = None
    stratum: str = HOSPITAL
    unit: str | None = None
    limit: int = 1000


def cases(engine: Engine, pack: Pack, indicator: Indicator, wanted: Wanted, mask: Mask | None) -> pa.Table:
    """The rows of the grain behind a numerator or denominator: key, time, strata and what the definition looks at.

    Columns that identify a patient are replaced by pseudonyms unless `mask` is None.

    Raises:
        ValueError: for an indicator that is a ratio of two others, or a stratum that its grain has not.
    """
    aggregate = aggregate_of(indicator, wanted)
    grain = pack.grains[aggregate.grain]
    columns = _columns(grain, aggregate)
    first, last = months_in(wanted.period)
    conditions = [
        f"{month_of(grain.time)} BETWEEN '{first}' AND '{last}'",
        f"({cells_of(aggregate)[0].condition})",
    ]
    if wanted.institution is not None:
        conditions.append(f"institution = {quoted([wanted.institution])}")
    if wanted.stratum != HOSPITAL:
        if wanted.stratum not in grain.strata:
            raise ValueError(
                f"{indicator.id} is not divided by {wanted.stratum}; it has {', '.join(grain.strata) or 'no strata'}"
            )
        conditions.append(f"coalesce({grain.strata[wanted.stratum]}, '') = {quoted([wanted.unit or ''])}")
    order = ", ".join([grain.time, *grain.key])
    sql = (
        f"SELECT {', '.join(columns)} FROM ({grain.sql.strip()}) AS g WHERE {' AND '.join(conditions)} "
        f"ORDER BY {order} LIMIT {int(wanted.limit)}"
    )
    rows = engine.query(sql)
    return rows if mask is None else mask.table(rows, identifying(pack, grain))


def aggregate_of(indicator: Indicator, wanted: Wanted) -> Aggregate:
    """What the wanted part of an indicator counts in the period.

    Raises:
        ValueError: if there was no definition, or that part is made of other indicators.
    """
    _, last = months_in(wanted.period)
    revision = indicator.revision_on(date.fromisoformat(f"{last}-01"))
    if revision is None:
        raise ValueError(f"{indicator.id} has no definition for {wanted.period}")
    part = revision.denominator if wanted.part == "denominator" else revision.numerator
    if isinstance(part, Aggregate):
        return part
    raise ValueError(f"{indicator.id} is made of other indicators or has no {wanted.part}; look at the rows of those")


def _columns(grain: Grain, aggregate: Aggregate) -> list[str]:
    patient = [grain.patient] if grain.patient else []
    wanted = ["institution", *grain.key, *patient, grain.time, *grain.strata.values(), *expression_columns(aggregate)]
    return list(dict.fromkeys(wanted))


def identifying(pack: Pack, grain: Grain) -> set[str]:
    """Columns of a grain that name a patient: those that the data dictionary marks, wherever they come from."""
    marked = {
        name
        for table in (grain.base, *grain.links)
        for name, column in pack.tables[table].columns.items()
        if column.sensitivity in (Sensitivity.IDENTIFYING, Sensitivity.PERSONAL)
    }
    return (marked & set(pack.grain_columns[grain.grain])) | ({grain.patient} if grain.patient else set())


class Mask:
    """Replaces identities by pseudonyms that stay the same within one installation and can't be turned back."""

    def __init__(self, key: bytes):
        self._key = key

    @classmethod
    def of(cls, home: Path) -> Mask:
        """The mask of an installation; its key is made on first use and readable by its owner only."""
        file = home / "mask.key"
        if not file.is_file():
            home.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_bytes(secrets.token_bytes(32))
        return cls(file.read_bytes())

    def text(self, value: object) -> str | None:
        """The pseudonym of a value."""
        if value is None:
            return None
        return "P" + hmac.new(self._key, str(value).encode(), hashlib.sha256).hexdigest()[:10].upper()

    def table(self, rows: pa.Table, columns: set[str]) -> pa.Table:
        """A table with some columns replaced by pseudonyms."""
        for index, name in enumerate(rows.column_names):
            if name in columns:
                masked = pa.array([self.text(value) for value in rows[name].to_pylist()], pa.string())
                rows = rows.set_column(index, name, masked)
        return rows
