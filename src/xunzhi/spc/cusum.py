"""Cumulative sums: the tabular CUSUM of a chart, and the risk-adjusted CUSUM and VLAD of single patients' outcomes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xunzhi.spc.charts import Limits, position_in_phase

__all__ = [
    "DECISION_INTERVAL",
    "REFERENCE_VALUE",
    "Cusum",
    "RiskAdjustedCusum",
    "Vlad",
    "cusum",
    "log_likelihood_scores",
    "risk_adjusted_cusum",
    "risk_adjusted_limit",
    "tabular_sums",
    "vlad",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.int8]

REFERENCE_VALUE = 0.5
"""Half the shift to be found, in standard errors: tuned to a shift of 1 (Montgomery section 9.1)."""

DECISION_INTERVAL = 5.0
"""With this limit the in-control average run length is 465 (Montgomery section 9.1)."""

_SIMULATED_STEPS = 20_000_000


@dataclass(frozen=True)
class Cusum:
    """Two one-sided sums of standardised deviations, arrays (…, points).

    Attributes:
        high: sum of deviations upwards, at least 0.
        low: sum of deviations downwards, at most 0.
        limit: decision interval in standard errors.
        codes: +1 where the upper, -1 where the lower sum is beyond the limit, else 0.
    """

    high: Floats
    low: Floats
    limit: float
    codes: Codes


def cusum(
    limits: Limits, *, reference: float = REFERENCE_VALUE, decision: float = DECISION_INTERVAL, restart: bool = False
) -> Cusum:
    """Tabular CUSUM of the standardised points of any chart (Montgomery 9.2 and 9.3).

    Args:
        limits: a calculated chart; its centre and standard errors standardise the points.
        reference: k, deviations smaller than this are not summed.
        decision: h, a larger sum is a signal.
        restart: begin again at 0 after a signal. Each phase begins at 0; missing points leave the sums as they are.
    """
    first = position_in_phase(limits.phase) == 0
    high, low = tabular_sums(limits.z, first, reference, decision, restart=restart)
    codes = (high > decision).astype(np.int8) - (low < -decision).astype(np.int8)
    return Cusum(high, low, decision, codes)


def tabular_sums(z: Floats, first: Bools, reference: float, decision: float, *, restart: bool) -> tuple[Floats, Floats]:
    """The two sums of standardised points (…, points), 0 at the `first` point of a phase; NaN changes nothing."""
    high, low = np.empty(z.shape), np.empty(z.shape)
    up, down = np.zeros(z.shape[:-1]), np.zeros(z.shape[:-1])
    for i in range(z.shape[-1]):
        point = np.where(np.isnan(z[..., i]), 0.0, z[..., i])
        pull = np.where(np.isnan(z[..., i]), 0.0, reference)
        afresh = first[..., i] | (restart & ((up > decision) | (down < -decision)))
        up = np.maximum(0, np.where(afresh, 0.0, up) + point - pull)
        down = np.minimum(0, np.where(afresh, 0.0, down) + point + pull)
        high[..., i], low[..., i] = up, down
    return high, low


@dataclass(frozen=True)
class RiskAdjustedCusum:
    """Evidence that the odds of the outcome have changed by `odds_ratio`, arrays (…, patients) in order of time.

    Attributes:
        score: log-likelihood ratio of each patient.
        path: sum of scores, never below 0; a signal's own value is kept, the next patient starts from 0.
        signal: True where the path reaches the limit.
        limit: the limit.
        odds_ratio: above 1 watches for deterioration, below 1 for improvement.
    """

    score: Floats
    path: Floats
    signal: Bools
    limit: float
    odds_ratio: float


def log_likelihood_scores(outcome: npt.ArrayLike, risk: npt.ArrayLike, odds_ratio: float) -> Floats:
    """Weight of each patient, y log R - log(1 - p + R p) (Steiner et al., Biostatistics 2000;1:441–452, eq. 2.3)."""
    events, expected = np.broadcast_arrays(np.asarray(outcome, dtype=float), np.asarray(risk, dtype=float))
    if ((expected < 0) | (expected > 1)).any():
        raise ValueError("risks must lie between 0 and 1 / 风险须在 0 到 1 之间")
    if (~np.isin(events, (0.0, 1.0)) & ~np.isnan(events)).any():
        raise ValueError("outcomes must be 0 or 1 / 结局须为 0 或 1")
    if odds_ratio <= 0 or odds_ratio == 1:
        raise ValueError(f"odds ratio must be positive and not 1, got {odds_ratio} / 比值比须为正且不等于 1")
    return np.asarray(events * np.log(odds_ratio) - np.log1p((odds_ratio - 1) * expected))


def risk_adjusted_cusum(
    outcome: npt.ArrayLike, risk: npt.ArrayLike, *, odds_ratio: float = 2.0, limit: float, restart: bool = True
) -> RiskAdjustedCusum:
    """Risk-adjusted log-likelihood-ratio CUSUM of binary outcomes; a constant risk gives the Bernoulli CUSUM.

    Args:
        outcome: (…, patients) 1 where the event (death, return …) happened, 0 where not, NaN unknown (passed over).
        risk: (…, patients) expected probability of the event.
        odds_ratio: change of odds to be found.
        limit: signal at this sum; `risk_adjusted_limit` finds it for a wanted run length.
        restart: begin again at 0 after a signal.
    """
    score = log_likelihood_scores(outcome, risk, odds_ratio)
    path = _sum_from_zero(np.where(np.isnan(score), 0.0, score), limit if restart else np.inf)
    return RiskAdjustedCusum(score, path, path >= limit, limit, odds_ratio)


@dataclass(frozen=True)
class Vlad:
    """Variable life-adjusted display: expected minus observed events so far, arrays (…, patients).

    Attributes:
        path: above 0 there were fewer events than expected.
        upper: reached by the path when the CUSUM for improvement would signal.
        lower: reached by the path when the CUSUM for deterioration would signal.
        codes: +1 where improvement, -1 where deterioration is signalled, else 0.
    """

    path: Floats
    upper: Floats
    lower: Floats
    codes: Codes


def vlad(outcome: npt.ArrayLike, risk: npt.ArrayLike, *, worse: RiskAdjustedCusum, better: RiskAdjustedCusum) -> Vlad:
    """VLAD with the limits that two risk-adjusted CUSUMs imply (Lovegrove 1997; Sherlaw-Johnson 2005).

    The distance to the lower limit is about the number of further events, that to the upper limit about the number of
    further expected events without any, that the CUSUM needs to signal; so both displays signal at the same patient.

    Args:
        outcome: (…, patients) 1 event, 0 none, NaN unknown.
        risk: (…, patients) expected probability.
        worse: CUSUM with an odds ratio above 1.
        better: CUSUM with an odds ratio below 1.
    """
    if not worse.odds_ratio > 1 > better.odds_ratio:
        raise ValueError(
            "worse needs an odds ratio above 1, better one below 1 / worse 的比值比须大于 1，better 须小于 1"
        )
    events, expected = np.broadcast_arrays(np.asarray(outcome, dtype=float), np.asarray(risk, dtype=float))
    gain = expected - events
    path = np.cumsum(np.where(np.isnan(gain), 0.0, gain), axis=-1)
    lower = path - np.maximum(worse.limit - worse.path, 0) / np.log(worse.odds_ratio)
    upper = path + np.maximum(better.limit - better.path, 0) / (1 - better.odds_ratio)
    return Vlad(path, upper, lower, better.signal.astype(np.int8) - worse.signal.astype(np.int8))


def risk_adjusted_limit(
    risk: npt.ArrayLike, *, odds_ratio: float, run_length: float, rng: np.random.Generator, paths: int = 1_000
) -> float:
    """Limit at which a CUSUM without any change signals once in `run_length` patients on average.

    Patients are drawn from the case mix with replacement, and their outcomes by their risks. A path does not depend on
    the limit before it signals, so one set of paths serves all limits; those that end without a signal count with
    their whole length (run lengths are nearly exponential).

    Args:
        risk: expected probabilities of the case mix.
        odds_ratio: of the CUSUM.
        run_length: wanted average number of patients between false signals.
        rng: source of random numbers; the same seed gives the same limit.
        paths: number of simulated sequences.
    """
    mix = np.asarray(risk, dtype=float).ravel()
    mix = mix[~np.isnan(mix)]
    scores = log_likelihood_scores([[0.0], [1.0]], mix, odds_ratio)
    length = int(min(3 * run_length, _SIMULATED_STEPS / paths)) + 1
    peak, here = np.zeros(paths), np.zeros(paths)
    times: list[tuple[npt.NDArray[np.intp], int, Floats]] = []
    for patient in range(1, length + 1):
        who = rng.integers(mix.size, size=paths)
        here = np.maximum(0, here + scores[(rng.random(paths) < mix[who]).astype(np.intp), who])
        risen = np.flatnonzero(here > peak)
        if risen.size:
            peak[risen] = here[risen]
            times.append((risen, patient, here[risen]))
    path = np.concatenate([members for members, _, _ in times])
    when = np.concatenate([np.full(members.size, patient) for members, patient, _ in times])
    height = np.concatenate([heights for _, _, heights in times])

    def average(limit: float) -> float:
        first = np.full(paths, length)
        reached = height >= limit
        np.minimum.at(first, path[reached], when[reached])
        hits = int((peak >= limit).sum())
        return float(first.sum() / hits) if hits else np.inf

    low, high = 0.0, float(peak.max())
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (middle, high) if average(middle) < run_length else (low, middle)
    return high


def _sum_from_zero(score: Floats, limit: float) -> Floats:
    path = np.empty(score.shape)
    here = np.zeros(score.shape[:-1])
    for i in range(score.shape[-1]):
        here = np.maximum(0, np.where(here >= limit, 0.0, here) + score[..., i])
        path[..., i] = here
    return path
