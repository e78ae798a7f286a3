"""Every rule on drawn series: what it must flag and what it must not.

Each letter is a point by its distance from the centre line in standard errors:

    D -3.5   d -2.5   l -1.5   m -0.5   . 0   p 0.5   h 1.5   u 2.5   U 3.5      (space: missing)

and below it stands what the rule says: ^ high, v low, o flagged without a side, x high and low, . nothing.
"""

from __future__ import annotations

import numpy as np
import pytest

from xunzhi import spc
from xunzhi.spc.patterns import (
    BOTH_SIDES,
    HIGH,
    LOW,
    UNSIDED,
    Alternation,
    Beyond,
    Crossings,
    CumulativeSum,
    LongestRun,
    Outside,
    Rule,
    Shift,
    Trend,
    Within,
    Zone,
)

HEIGHT = dict(zip("Ddlm.phuU", (-3.5, -2.5, -1.5, -0.5, 0.0, 0.5, 1.5, 2.5, 3.5), strict=True)) | {" ": np.nan}
MARK = {0: ".", HIGH: "^", LOW: "v", UNSIDED: "o", BOTH_SIDES: "x"}


def chart(drawing: str, phases: list[int] | None = None) -> spc.Limits:
    return spc.limits("i", [HEIGHT[letter] for letter in drawing], centre=0, sigma=1, phases=phases)


def marks(rule: Rule, limits: spc.Limits) -> str:
    return "".join(MARK[int(code)] for code in spc.signals(limits, [rule])[rule])


def alarms(rule: Rule, limits: spc.Limits) -> str:
    return "".join(MARK[int(code)] for code in spc.alarms(limits, [rule])[rule])


MUST_FLAG = [
    (Outside(), "pmUmDp", "..^.v."),
    (Shift(8), "mpphphppp", ".^^^^^^^^"),
    (Shift(8), "mmmmlmmmmp", "vvvvvvvvv."),
    (Shift(7), "pphphpp", "^^^^^^^"),
    (Shift(8), "pppp pppp", "^^^^.^^^^"),
    (Trend(6), "pDdlmphp", ".^^^^^^."),
    (Trend(6), "uhp.mlp", "vvvvvv."),
    (Trend(6), "dlm.p hm", "^^^^^.^."),
    (Trend(6), "dlm.phpm.ld", "^^^^^^....."),
    (Trend(4), "mdlmphpml.", ".^^^^xvvv."),
    (Alternation(14), "pmpmpmpmpmpmpm", "oooooooooooooo"),
    (Zone(2, 3, 2.0), "pupum", ".^.^."),
    (Zone(2, 3, 2.0), "ddm", "vv."),
    (Zone(2, 3, 2.0), "umu", "^.^"),
    (Zone(2, 3, 2.0, one_side=True, inside=True), "upup", "^.^."),
    (Zone(4, 5, 1.0), "mhhphhm", ".^^.^^."),
    (Zone(4, 5, 1.0), "lldml", "vvv.v"),
    (Within(15), "pmpmpm.mpmpmpmp", "ooooooooooooooo"),
    (Beyond(8), "hlhlhlhl", "oooooooo"),
    (CumulativeSum(), "m.hhhhhhm", "..^^^^^^."),
    (CumulativeSum(), "ppUuphhm", "..^^^^^."),
    (CumulativeSum(), "hpulll lllm", "...vvv.vvvv"),
    (CumulativeSum(0.0, 2.5), "ppp uu", "^^^.^^"),
    (LongestRun(), "mpppppppmpmp", "............"),
    (LongestRun(), "mppppppppmpm", ".^^^^^^^^..."),
    (Crossings(), "pppppmmmmm", "oooooooooo"),
]
MUST_NOT_FLAG = [
    (Outside(), "uuhdd"),
    (Shift(8), "pppppppmpppp"),
    (Shift(8), "pppp.pppp"),
    (Shift(7), "pppmmmppp"),
    (Trend(6), "Ddlmpp"),
    (Trend(6), "Ddlm.ddlm."),
    (Alternation(14), "pmpmpmpmpmpmm"),
    (Alternation(14), "pmpmpmppmpmpmpm"),
    (Zone(2, 3, 2.0), "uppu"),
    (Zone(2, 3, 2.0), "udp"),
    (Zone(2, 3, 2.0, one_side=True, inside=True), "umu"),
    (Zone(2, 3, 2.0, one_side=True, inside=True), "UpU"),
    (Zone(4, 5, 1.0), "hhphph"),
    (Within(15), "pmpmpm.mpmpmpmh"),
    (Beyond(8), "hlhlhlhp"),
    (CumulativeSum(), "pppppppppppppppp"),
    (CumulativeSum(), "hhhhmhhm"),
    (LongestRun(), "ppppppmmmp"),
    (Crossings(), "pppmmmpppm"),
]


@pytest.mark.parametrize(("rule", "drawing", "expected"), MUST_FLAG, ids=lambda value: getattr(value, "code", value))
def test_must_flag(rule: Rule, drawing: str, expected: str) -> None:
    assert marks(rule, chart(drawing)) == expected


@pytest.mark.parametrize(("rule", "drawing"), MUST_NOT_FLAG, ids=lambda value: getattr(value, "code", value))
def test_must_not_flag(rule: Rule, drawing: str) -> None:
    assert marks(rule, chart(drawing)) == "." * len(drawing)
    assert alarms(rule, chart(drawing)) == "." * len(drawing)


@pytest.mark.parametrize(
    ("rule", "drawing", "expected"),
    [
        (Shift(8), "pppppppppp", ".......^^^"),
        (Trend(6), "Ddlm.ph", ".....^^"),
        (Zone(2, 3, 2.0), "pupu", "...^"),
        (Zone(2, 3, 2.0, one_side=True), "muup", "...^"),
        (CumulativeSum(), "hhhhhhhhhhhh", ".....^.....^"),
        (Within(15), "p" * 16, "." * 14 + "oo"),
        (Crossings(), "pppppmmmmm", ".........o"),
    ],
    ids=lambda value: getattr(value, "code", value),
)
def test_an_alarm_comes_when_the_pattern_is_complete(rule: Rule, drawing: str, expected: str) -> None:
    assert alarms(rule, chart(drawing)) == expected


def test_no_pattern_reaches_into_the_next_phase() -> None:
    drawing, phases = "pppppppp", [1, 1, 1, 1, 2, 2, 2, 2]
    assert marks(Shift(8), chart(drawing)) == "^^^^^^^^"
    assert marks(Shift(8), chart(drawing, phases)) == "........"
    assert marks(Trend(6), chart("Ddlmph", [1, 1, 1, 2, 2, 2])) == "......"
    assert marks(Zone(2, 3, 2.0), chart("puup", [1, 1, 2, 2])) == "...."


def test_ignored_points_are_passed_over_but_can_lie_outside() -> None:
    limits = chart("ppppDpppp")
    ignore = np.arange(9) == 4
    assert marks(Shift(8), limits) == "........."
    found = spc.signals(limits, [Shift(8), Outside()], ignore=ignore)
    assert found[Shift(8)].tolist() == [1, 1, 1, 1, 0, 1, 1, 1, 1]
    assert found[Outside()].tolist() == [0, 0, 0, 0, -1, 0, 0, 0, 0]


def test_rules_are_chosen_one_by_one_with_their_parameters() -> None:
    assert spc.RULES["shift"](length=7) == Shift(7)
    assert {rule.code for rule in spc.RULE_SETS["western_electric"]} == {
        "outside",
        "shift_8",
        "zone_2_of_3_2_sigma",
        "zone_4_of_5_1_sigma",
    }
    assert len({rule.code for rule in spc.RULE_SETS["nelson"]}) == 8
    for rules in spc.RULE_SETS.values():
        assert set(spc.signals(chart("pmpmpm"), rules)) == set(rules)
    assert Shift(2).code == "shift_2"
    with pytest.raises(ValueError, match="at least 2 points"):
        Shift(1)


def test_series_shorter_than_a_pattern() -> None:
    for drawing in ("", "p", "pU"):
        for rules in spc.RULE_SETS.values():
            for rule, codes in spc.signals(chart(drawing), rules).items():
                assert codes.shape == (len(drawing),), rule.code
