"""The words that case types are written in, beside the names of their own fields, states and transitions."""

from __future__ import annotations

from collections.abc import Mapping

RELATIONS: Mapping[str, str] = {
    "opener": "who opened the case",
    "assignee": "whom the case is assigned to",
    "responsible": "who is responsible for the state that the case is in",
    "unit_head": "the head of the unit of the case, or of the nearest unit above that has one",
    "unit_head_nurse": "the head nurse of that unit",
    "unit_quality": "the QC doctor and nurse of that unit",
    "participant_heads": "the heads of the units that take part",
    "followers": "who follows the case",
    "everyone": "everyone who is signed in",
}
"""Parties that stand in a relation to the case."""

COLUMNS = (
    "number", "title", "state", "unit", "opened_by", "assignee", "opened_at", "entered_state_at", "due_at", "closed_at",
    "round", "secrecy", "institution",
)  # fmt: skip
"""What every case has, for list, board, lake and texts; a field is `field.NAME`."""

LAKE_COLUMNS = frozenset(COLUMNS) | {"case_number", "stage", "row"}
"""Columns of the lake that every case has; no field is called so."""

TEXT_NAMES = ("number", "title", "unit", "due", "by", "state", "comment", "round", "type")
"""What the texts of notifications may name in braces."""

TERM = r"^\d+ (working day|day|hour|minute)s?$"
"""A length of time: "5 working days", "3 days", "8 hours"."""
