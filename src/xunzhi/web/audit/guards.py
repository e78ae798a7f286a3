"""Triggers that make the database itself refuse to change or delete entries of the audit log.

Migrations create them. SQLite drops triggers when a migration remakes their table: create them again after it.
"""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper

REFUSAL = "the audit log is append-only"

_REFUSE = f"""
CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';
END $$"""
_EACH_ROW = "BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_refuse()"
_TRUNCATE = "BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()"
_ABORT = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"

GUARD = {
    "sqlite": (
        f"CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit_entry {_ABORT}",
        f"CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit_entry {_ABORT}",
    ),
    "postgresql": (
        _REFUSE,
        f"CREATE TRIGGER audit_no_change {_EACH_ROW}",
        f"CREATE TRIGGER audit_no_truncate {_TRUNCATE}",
    ),
}
LIFT = {
    "sqlite": ("DROP TRIGGER IF EXISTS audit_no_update", "DROP TRIGGER IF EXISTS audit_no_delete"),
    "postgresql": (
        "DROP TRIGGER IF EXISTS audit_no_change ON audit_entry",
        "DROP TRIGGER IF EXISTS audit_no_truncate ON audit_entry",
        "DROP FUNCTION IF EXISTS audit_refuse",
    ),
}


def guard(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers; those that stand are made anew."""
    lift(connection)
    _run(connection, GUARD)


def lift(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers: for migrations backwards, and tests that empty tables."""
    _run(connection, LIFT)


def _run(connection: BaseDatabaseWrapper, statements: dict[str, tuple[str, ...]]) -> None:
    with connection.cursor() as cursor:
        for statement in statements[connection.vendor]:
            cursor.execute(statement)
