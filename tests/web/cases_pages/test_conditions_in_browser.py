"""Browser and server answer every condition alike: static/cases/conditions.js against xunzhi.standards.expressions."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from xunzhi.standards.expressions import evaluate, parse

SCRIPT = Path(__file__).parents[3] / "src/xunzhi/web/cases/static/cases/conditions.js"
CONDITIONS = [
    "a = 'x'",
    "a != 'x'",
    "not (a = 'x' or b > 2)",
    "b <= 2 and empty(c)",
    "a in ['x', 'y', 'z']",
    "c has 'x'",
    "count(c) >= 2",
    "total(s) >= 12",
    "band(s) = 'high'",
    "t = true",
    "d < '2026-03-02'",
    "empty(a) and not empty(b)",
    "a = b",
]
VALUES = [
    {},
    {"a": "x", "b": 3, "c": ["x", "y"], "d": "2026-03-01", "t": True},
    {"a": "", "b": 2, "c": [], "d": "", "t": False, "s": {"answers": {"i": "o"}, "total": 12, "band": "high"}},
    {"a": "y", "b": 0, "c": ["z"], "d": "2026-03-02T08:30", "s": {}},
    {"a": 3, "b": 3, "c": [{"x": 1}], "d": 5, "t": "true"},
    {"a": None, "b": None, "c": None, "s": None, "t": None, "d": None},
]


def test_browser_and_server_answer_alike() -> None:
    trees = [parse(text) for text in CONDITIONS]
    expected = [[evaluate(tree, values) is True for values in VALUES] for tree in trees]
    program = (
        f"const {{ holds }} = await import({json.dumps(SCRIPT.as_uri())});"
        f"const trees = {json.dumps(trees)}, values = {json.dumps(VALUES)};"
        "console.log(JSON.stringify(trees.map((tree) => values.map((each) => holds(tree, each)))));"
    )
    ran = subprocess.run(
        ["node", "--no-warnings", "--input-type=module", "-e", program], capture_output=True, text=True, check=True
    )
    assert json.loads(ran.stdout) == expected
