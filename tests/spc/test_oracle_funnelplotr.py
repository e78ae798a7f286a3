"""Every reference of R package FunnelPlotR 0.6.0: 140 hospital trusts, with and without overdispersion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from xunzhi import spc

pytestmark = pytest.mark.oracle

# FunnelPlotR types the normal quantiles in with six decimals; these are the probabilities they stand for
P95, P998 = 2 * ndtr(1.959964) - 1, 2 * ndtr(3.090232) - 1


@pytest.mark.parametrize(("name", "overdispersion"), [("ae_PR_unadj", False), ("ae_PR_od", True)])
def test_funnel_equals_funnelplotr(
    name: str, overdispersion: bool, table: Callable[[str], Any], expected: Callable[[str], Any]
) -> None:
    wanted = table(f"expected/funnel_{name}.csv")
    manifest = expected("funnel_manifest.json")[name]
    data = table("data/funnel_ae_type1.csv")
    plot = spc.funnel(data.numbers("breaches"), data.numbers("attendances"), overdispersion=overdispersion)

    np.testing.assert_array_equal(data.text("org_code"), wanted.text("group"))
    np.testing.assert_allclose(plot.value, wanted.numbers("rr"), rtol=1e-12)
    np.testing.assert_allclose(plot.z, wanted.numbers("Uzscore"), rtol=1e-9)
    np.testing.assert_allclose(plot.target, manifest["target"], rtol=1e-9)
    np.testing.assert_allclose(plot.phi, manifest["phi"], rtol=1e-9)
    np.testing.assert_allclose(plot.tau2, manifest["tau2"], rtol=1e-9)
    assert pytest.approx([P95, P998], abs=1e-7) == [spc.WARNING, spc.ALARM]
    for probability, column in [(P95, "95"), (P998, "99")]:
        low, high = plot.bounds(probability)
        np.testing.assert_allclose(low, wanted.numbers(f"OD{column}LCL"), rtol=1e-9)
        np.testing.assert_allclose(high, wanted.numbers(f"OD{column}UCL"), rtol=1e-9)
    outliers = plot.outliers() != 0
    np.testing.assert_array_equal(outliers, wanted.numbers("outlier") == 1)
    assert outliers.sum() == manifest["outliers"]

    sample = table(f"expected/funnel_{name}_limits_sample.csv")
    for probability, column in [(P95, "95"), (P998, "998")]:
        low, high = plot.curve(sample.numbers("number_seq"), probability)
        theirs = sample.numbers(f"odll{column}")
        folded = (low == 0) & (theirs > 0)  # they square a negative angle: at n = 3 their limit rises again
        assert folded.sum() == (probability == P95)
        np.testing.assert_allclose(low[~folded], theirs[~folded], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(high, sample.numbers(f"odul{column}"), rtol=1e-9, atol=1e-12)
