"""Why-why: from what happened, by asking why, to causes that one can act on."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from django.utils.translation import gettext as _

from xunzhi.web.improve.tools.outcome import Outcome, rows_of, text

LEVELS = ("why1", "why2", "why3", "why4", "why5")


def outcome(values: Mapping[str, Any]) -> Outcome:
    """Chains drawn as a tree in which equal beginnings are one branch; the last answer of a chain is its root cause."""
    chains = [[text(row.get(level)) for level in LEVELS if text(row.get(level))] for row in rows_of(values, "chains")]
    chains = [chain for chain in chains if chain]
    if not chains:
        return Outcome()
    roots = list(dict.fromkeys(chain[-1] for chain in chains))
    sentence = _("Root causes: %(roots)s.") % {"roots": _(", ").join(roots)}
    return Outcome([sentence], None, _drawn(text(values.get("problem")), chains), "", (), {"roots": roots})


def _drawn(problem: str, chains: list[list[str]]) -> str:
    """Nested lists: readable without a picture, indented by the style sheet."""
    tree: dict[str, Any] = {}
    for chain in chains:
        branch = tree
        for answer in chain:
            branch = branch.setdefault(answer, {})
    return f'<div class="whys"><strong>{escape(problem)}</strong>{_branches(tree)}</div>'


def _branches(tree: dict[str, Any]) -> str:
    return "<ul>" + "".join(_branch(answer, below) for answer, below in tree.items()) + "</ul>"


def _branch(answer: str, below: dict[str, Any]) -> str:
    if below:
        return f"<li><span>{escape(answer)}</span>{_branches(below)}</li>"
    return f'<li><span class="root">{escape(answer)}</span></li>'
