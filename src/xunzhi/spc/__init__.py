"""Statistical process control for thousands of series at once; needs numpy and scipy only.

Arrays are (…, points): one row per series, one column per point; NaN is a missing point, and shorter series end in NaN.

    >>> from xunzhi import spc
    >>> infections = [[3, 2, 4, 2, 3, 1, 2, 3, 2, 9]]
    >>> patient_days = [[900, 870, 940, 910, 930, 880, 900, 950, 870, 940]]
    >>> chart = spc.limits("u", infections, patient_days)
    >>> marks = spc.signals(chart, spc.RULE_SETS["nelson"])
    >>> {rule.code: codes[0].tolist() for rule, codes in marks.items() if codes.any()}
    {'outside': [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]}

charts.py       limits of run, I, MR, EWMA, X̄, S, p, p′, u, u′, c, np, g and t charts
conventions.py  where textbooks and packages differ: explicit parameters with one default
constants.py    d2, d3, c4 and what follows from them, computed from their integrals
patterns.py     every rule an object of its own
rules.py        Western Electric, Nelson, Making Data Count, Anhøj and other selections, and what they find on a chart
runs.py         longest run and crossings
verdicts.py     variation (better or worse) and assurance (will the target be met)
funnel.py       funnel plots with and without overdispersion
cusum.py        tabular and risk-adjusted CUSUM, VLAD
simulate.py     false alarms and run lengths of any selection of rules
discovery.py    p-values and false-discovery control across many charts
rebase.py       proposals to start a new phase after a sustained shift
"""

from __future__ import annotations

from xunzhi.spc.charts import CHARTS, Chart, Limits, Subgroups, limits, subgroups
from xunzhi.spc.conventions import Convention
from xunzhi.spc.cusum import (
    Cusum,
    RiskAdjustedCusum,
    Vlad,
    cusum,
    log_likelihood_scores,
    risk_adjusted_cusum,
    risk_adjusted_limit,
    vlad,
)
from xunzhi.spc.discovery import adjust, alarm_p_values, discoveries, expected_false_alarms, p_values
from xunzhi.spc.funnel import ALARM, WARNING, Funnel, funnel, poisson_limits
from xunzhi.spc.patterns import BOTH_SIDES, HIGH, LOW, UNSIDED, Rule
from xunzhi.spc.rebase import Proposal, propose_rebase
from xunzhi.spc.rules import DEFAULT_RULES, RULE_SETS, RULES, alarms, signals
from xunzhi.spc.runs import RunCounts, crossings_min, longest_run_max, runs_analysis
from xunzhi.spc.simulate import Null, RunLength, run_length
from xunzhi.spc.verdicts import Assurance, Direction, Variation, assurance, latest, variation

__all__ = [
    "ALARM",
    "BOTH_SIDES",
    "CHARTS",
    "DEFAULT_RULES",
    "HIGH",
    "LOW",
    "RULES",
    "RULE_SETS",
    "UNSIDED",
    "WARNING",
    "Assurance",
    "Chart",
    "Convention",
    "Cusum",
    "Direction",
    "Funnel",
    "Limits",
    "Null",
    "Proposal",
    "RiskAdjustedCusum",
    "Rule",
    "RunCounts",
    "RunLength",
    "Subgroups",
    "Variation",
    "Vlad",
    "adjust",
    "alarm_p_values",
    "alarms",
    "assurance",
    "crossings_min",
    "cusum",
    "discoveries",
    "expected_false_alarms",
    "funnel",
    "latest",
    "limits",
    "log_likelihood_scores",
    "longest_run_max",
    "p_values",
    "poisson_limits",
    "propose_rebase",
    "risk_adjusted_cusum",
    "risk_adjusted_limit",
    "run_length",
    "runs_analysis",
    "signals",
    "subgroups",
    "variation",
    "vlad",
]
