"""One month in the making: its stays, its random streams, and the columns that children inherit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa

from xunzhi.synth.catalog import Cases, cases
from xunzhi.synth.columns import Array, Coded, Rows, serial
from xunzhi.synth.rates import Rates
from xunzhi.synth.scenario import Scenario
from xunzhi.synth.stays import StayMaker, Stays, encounter_ids, first_day, label, patient_ids
from xunzhi.synth.world import Staff, Units, make_staff, make_units, stream


@dataclass(frozen=True)
class Hospital:
    """A hospital to be made: size, time, seed, how much detail, how much dirt, and what goes wrong.

    `detail` scales rows per discharge; 1 means about 6 orders, 8 documents, 4 specimens, 5 results and 4 nursing
    assessments. `smooth` leaves out the random effects of departments, wards and months.
    """

    beds: int = 500
    months: int = 12
    start: date = date(2025, 1, 1)
    seed: int = 1
    scenario: Scenario | None = None
    detail: float = 1.0
    dirt: float = 0.002
    institution: str = "H001"
    smooth: bool = False

    @cached_property
    def units(self) -> Units:
        """Departments and wards."""
        return make_units(self.beds)

    @cached_property
    def staff(self) -> Staff:
        """All staff."""
        return make_staff(self.units, self.beds, self.seed, self.start)

    @cached_property
    def rates(self) -> Rates:
        """Rates with the scenario's faults."""
        effects = self.scenario.effects(self.units) if self.scenario else []
        return Rates(self.units, self.seed, effects, smooth=self.smooth)

    @cached_property
    def stays(self) -> StayMaker:
        """The maker of stays."""
        return StayMaker(self.units, self.staff, self.rates, self.seed)


@dataclass
class Month:
    """Everything about one month; makers of tables read it and add what others need to `shared`."""

    hospital: Hospital
    number: int
    shared: dict[str, Array] = field(default_factory=dict)
    ids: dict[str, pa.Array] = field(default_factory=dict)

    @cached_property
    def stays(self) -> Stays:
        """Stays discharged in the month."""
        return self.hospital.stays.month(self.number)

    @cached_property
    def patients(self) -> pa.Array:
        """Patient numbers of the stays."""
        return patient_ids(self.stays)

    @cached_property
    def encounters(self) -> pa.Array:
        """Encounter numbers of the stays."""
        return encounter_ids(self.number, len(self.stays))

    @cached_property
    def cases(self) -> Cases:
        """Case types."""
        return cases()

    @property
    def units(self) -> Units:
        """Departments and wards."""
        return self.hospital.units

    @property
    def staff(self) -> Staff:
        """All staff."""
        return self.hospital.staff

    @property
    def rates(self) -> Rates:
        """Rates with effects and faults."""
        return self.hospital.rates

    @property
    def first(self) -> np.datetime64:
        """The first day of the month."""
        return first_day(self.number)

    @property
    def days(self) -> Array:
        """All days of the month."""
        return np.arange(self.first, first_day(self.number + 1))

    def rng(self, name: str) -> np.random.Generator:
        """The random stream of one table in this month."""
        return stream(self.hospital.seed, name, self.number)

    def hit(self, rng: np.random.Generator, name: str, stay: Array, when: Array | None = None) -> Array:
        """Whether `name` happens to each of these stays, in their wards, at `when` (else at discharge)."""
        at = self.stays.discharge[stay] if when is None else when
        return self.rates.hit(rng, name, self.stays.unit[stay], at, self.stays.doctor[stay])

    def keys(self, table: str, prefix: str, count: int) -> pa.Array:
        """Running numbers of a table, kept for tables that point to it."""
        self.ids[table] = serial(f"{prefix}{label(self.number).replace('-', '')}", count, 7)
        return self.ids[table]

    def place(self, unit: Array) -> Rows:
        """Department and ward columns of units (a department has no ward)."""
        ward = np.where(unit >= self.units.departments, unit, -1)
        codes = self.units.code_values
        return {"department": Coded(self.units.department[unit], codes), "ward": Coded(ward, codes)}

    def of_stay(self, stay: Array, unit: Array | None = None) -> Rows:
        """The columns that every child of a stay has."""
        return {
            "institution": self.hospital.institution,
            "patient_id": Coded(stay, self.patients),
            "encounter_id": Coded(stay, self.encounters),
            **self.place(self.stays.unit[stay] if unit is None else unit),
        }

    def count(self, rng: np.random.Generator, mean: Array | float, size: int) -> Array:
        """Poisson numbers of children, scaled by the detail of the hospital."""
        return rng.poisson(np.broadcast_to(mean, size) * self.hospital.detail)
