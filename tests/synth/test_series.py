"""Series drawn straight from the model agree with what is counted in full tables."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pytest
from scipy import stats

from xunzhi.synth import Hospital, all_rates, bank, month_tables, series
from xunzhi.synth.series import usable_rates
from xunzhi.synth.stays import month_number

HOSPITAL = Hospital(beds=900, months=2, seed=11, detail=0.3, dirt=0)


@pytest.fixture(scope="module")
def counted() -> dict[str, dict[tuple[int, str], tuple[int, int]]]:
    """For three rates: (month, department) → numerator, denominator as counted in the finished tables."""
    found: dict[str, dict[tuple[int, str], tuple[int, int]]] = {"front_page_24h": {}, "nutrition": {}, "safety": {}}
    for place in range(HOSPITAL.months):
        tables = dict(month_tables(HOSPITAL, month_number(HOSPITAL.start) + place))
        page = tables["front_page"]
        late = pc.subtract(page["signed_time"], page["discharge_time"]).cast("int64").to_numpy() > 86_400
        departments = np.array(page["department"].to_pylist())
        for code in np.unique(departments):
            mine = departments == code
            found["front_page_24h"][place, str(code)] = (int((mine & ~late).sum()), int(mine.sum()))
        operations = tables["operation"]
        owner = np.array(operations["department"].to_pylist())
        present = np.array(operations["surgeon_postop_round_time"].is_valid().to_pylist())
        done = np.array(operations["end_time"].is_valid().to_pylist())
        for code in np.unique(owner):
            mine = (owner == code) & done
            found["safety"][place, str(code)] = (int((mine & present).sum()), int(mine.sum()))
    return found


@pytest.mark.parametrize(
    ("counted_as", "rate"), [("front_page_24h", "front_page_24h"), ("safety", "surgeon_postop_round_24h")]
)
def test_tables_are_binomial_draws_of_the_probabilities_that_series_use(counted, counted_as: str, rate: str) -> None:  # type: ignore[no-untyped-def]
    """Chi-square of all department-months against the model's probability for each ward and month."""
    units, rates = HOSPITAL.units, HOSPITAL.rates
    squares = []
    for (place, code), (hits, tries) in counted[counted_as].items():
        wards = units.wards[units.department[units.wards] == units.codes.index(code)]
        when = np.full(len(wards), (np.datetime64("2025-01") + place).astype("M8[s]") + np.timedelta64(15, "D"))
        chance = float(np.average(rates.probability(rate, wards, when), weights=units.beds[wards]))
        if tries * min(chance, 1 - chance) > 1:
            squares.append((hits - tries * chance) ** 2 / (tries * chance * (1 - chance)))
    assert len(squares) >= 20
    assert stats.chi2.sf(sum(squares), len(squares)) > 1e-4


def test_volumes_of_series_are_those_of_the_tables(counted) -> None:  # type: ignore[no-untyped-def]
    """Discharges by department-month: Poisson around the same expectation (small bias of returns allowed for)."""
    expected = np.array([HOSPITAL.stays.expected(month_number(HOSPITAL.start) + place) for place in range(2)])
    units = HOSPITAL.units
    total = sum(tries for _, tries in counted["front_page_24h"].values())
    assert total == pytest.approx(expected.sum(), rel=0.05)
    for (place, code), (_, tries) in counted["front_page_24h"].items():
        mean = expected[place, units.department[units.wards] == units.codes.index(code)].sum()
        assert abs(tries - mean) < 5 * np.sqrt(mean) + 0.15 * mean, code


def test_a_series_is_deterministic_and_counts_what_it_should() -> None:
    hospital = Hospital(beds=500, months=12, seed=5)
    one, two = (series(hospital, "discharge_note_24h", "心血管内科") for _ in range(2))
    assert np.array_equal(one[0], two[0])
    assert np.array_equal(one[1], two[1])
    assert np.all(one[0] <= one[1])
    assert one[0].sum() / one[1].sum() == pytest.approx(all_rates()["discharge_note_24h"].value, abs=0.02)


def test_a_bank_of_clean_series_and_one_of_faults() -> None:
    hospital = Hospital(beds=500, months=24, seed=2)
    clean, faulty = bank(hospital, 60), bank(hospital, 60, fault_after=12, factors=(2.0, 0.5))
    assert clean.numerator.shape == faulty.denominator.shape == (60, 24)
    assert np.all(clean.start == -1)
    assert np.all(faulty.start >= 12)
    assert set(faulty.rate) <= set(usable_rates())
    month = np.arange(24)
    after = month >= faulty.start[:, None]
    early = np.where(after, 0, faulty.numerator).sum(1) / np.where(after, 0, faulty.denominator).sum(1)
    late = np.where(after, faulty.numerator, 0).sum(1) / np.where(after, faulty.denominator, 0).sum(1)
    assert np.median(late / early / faulty.factor) == pytest.approx(1, abs=0.1)


def test_half_of_the_clean_series_would_pass_an_ordinary_p_chart_test() -> None:
    """Clean department-months vary a little more than binomial, as real ones do, but not wildly."""
    made = bank(Hospital(beds=500, months=24, seed=4), 150, least=5)
    centre = made.numerator.sum(1) / made.denominator.sum(1)
    variance = made.denominator * (centre * (1 - centre))[:, None]
    spread = ((made.numerator - made.denominator * centre[:, None]) ** 2 / variance).sum(1) / 23
    assert 0.9 < np.median(spread) < 1.4
