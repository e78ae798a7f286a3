"""Bring tables of units, people and posts into the organisation.

A dry run does everything and takes it back; so what it shows is what will happen. Rows that can't be taken are named
with their line and reason and kept; all others are taken together, or none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from xunzhi.web.audit.services import record
from xunzhi.web.org import services
from xunzhi.web.org.files import COLUMNS, Row, day
from xunzhi.web.org.models import Import, Person, Post, Unit

NEW, CHANGED, CLOSED, SAME, REJECTED = "new", "changed", "closed", "same", "rejected"
STATUSES = (NEW, CHANGED, CLOSED, SAME, REJECTED)


@dataclass(frozen=True)
class Line:
    """What becomes of a row: its line in the file, status, what it is about, and what changes or why not."""

    line: int
    status: str
    thing: str
    text: str = ""


Outcome = tuple[str, str]
Institutions = frozenset[str] | None


class _Batch:
    """The rows of one import while they are brought in."""

    def __init__(self, on: date, institutions: Institutions):
        self.on = on
        self.institutions = institutions
        self.seen: dict[tuple[str, ...], int] = {}

    @cached_property
    def people(self) -> dict[tuple[str, str], Person]:
        """People by institution and staff number."""
        return {(person.institution, person.code): person for person in Person.objects.select_related("unit")}

    @cached_property
    def units(self) -> dict[tuple[str, str], dict[str, Unit]]:
        """Units by institution and code, then kind: a code may be that of a department and of its ward."""
        found: dict[tuple[str, str], dict[str, Unit]] = {}
        for unit in Unit.objects.select_related("parent"):
            found.setdefault((unit.institution, unit.code), {})[unit.kind] = unit
        return found

    def unit(self, institution: str, code: str, kind: str = "") -> Unit:
        """The unit that a code means: of a kind, or the highest one.

        Raises:
            ValidationError: if there is none.
        """
        found = self.units.get((institution, code), {})
        unit = found.get(kind) if kind else next((found[of] for of in Unit.Kind.values if of in found), None)
        if unit is None:
            raise ValidationError(_("There is no unit %(code)s.") % {"code": code})
        return unit

    def check(self, kind: str, row: Row, key: tuple[str, ...]) -> None:
        """What holds for every table.

        Raises:
            ValidationError: if a cell is empty that must not be, or the row is there twice, or not for this person.
        """
        for column in COLUMNS[kind]:
            if column.required and not row.cells.get(column.name):
                raise ValidationError(_("%(column)s is empty.") % {"column": f"{column.zh} / {column.en}"})
        if self.institutions is not None and row.cells["institution"] not in self.institutions:
            raise ValidationError(_("You may not maintain institution %(code)s.") % {"code": row.cells["institution"]})
        if (first := self.seen.setdefault(key, row.line)) != row.line:
            raise ValidationError(_("The same stands in line %(line)d.") % {"line": first})


def run(kind: str, rows: Iterable[Row], on: date, *, keep: bool, institutions: Institutions = None) -> list[Line]:
    """Bring rows in (`keep`) or see what would become of them; changes take effect from the day `on`.

    `institutions` None: all.
    """
    with transaction.atomic():
        batch = _Batch(on, institutions)
        lines = _units(batch, list(rows)) if kind == Import.Kind.UNITS else [_one(batch, kind, row) for row in rows]
        if not keep:
            transaction.set_rollback(True)
    return sorted(lines, key=lambda line: line.line)


def _one(batch: _Batch, kind: str, row: Row) -> Line:
    thing = " · ".join(filter(None, (row.cells.get("code") or row.cells.get("person"), row.cells.get("name"))))
    try:
        with transaction.atomic():
            status, text = TAKE[kind](batch, row)
    except ValidationError as error:
        return Line(row.line, REJECTED, thing, " ".join(error.messages))
    return Line(row.line, status, thing, text)


def _units(batch: _Batch, rows: list[Row]) -> list[Line]:
    """Units in an order in which each finds its parent; those that end come last, from below."""
    ending = [row for row in rows if row.cells.get("until")]
    lines: list[Line] = []
    pending = [row for row in rows if not row.cells.get("until")]
    for group in (pending, ending):
        left = group
        while left:
            done = [(row, _one(batch, Import.Kind.UNITS, row)) for row in left]
            taken = [(row, line) for row, line in done if line.status != REJECTED]
            if not taken:
                lines += [line for _row, line in done]
                break
            lines += [line for _row, line in taken]
            kept = {row.line for row, _line in taken}
            left = [row for row in left if row.line not in kept]
    return lines


def _take_unit(batch: _Batch, row: Row) -> Outcome:
    cells = row.cells
    kind = choice(Unit.Kind, cells.get("kind", ""))
    key = (cells["institution"], kind, cells["code"])
    batch.check(Import.Kind.UNITS, row, key)
    parent = _parent(batch, cells, kind)
    since, until = day(cells.get("since", "")), day(cells.get("until", ""))
    told = {name: cells[name] for name in ("name_en", "owner_key") if cells.get(name)}
    unit = batch.units.get(key[::2], {}).get(kind)
    if unit is None:
        unit = services.create(kind, key[0], key[2], cells["name"], parent, since, **told)
        batch.units.setdefault(key[::2], {})[kind] = unit
        if until:
            services.close(unit, until)
        return NEW, parent.name if parent else ""
    changes = _changed(unit, {"name": cells["name"], **told} | ({"parent": parent} if cells.get("parent") else {}))
    if changes:
        _change_unit(unit, changes, batch.on)
        batch.units[key[::2]][kind] = Unit.objects.select_related("parent").get(pk=unit.pk)
    if until and until != unit.until:
        services.close(unit, until)
        return CLOSED, until.isoformat()
    return (CHANGED, _told(changes)) if changes else (SAME, "")


def _parent(batch: _Batch, cells: dict[str, str], kind: str) -> Unit | None:
    if kind == Unit.Kind.INSTITUTION:
        return None
    return batch.unit(cells["institution"], cells.get("parent") or _top(batch, cells["institution"]).code)


def _top(batch: _Batch, institution: str) -> Unit:
    for (of, _code), kinds in batch.units.items():
        if of == institution and Unit.Kind.INSTITUTION in kinds:
            return kinds[Unit.Kind.INSTITUTION]
    raise ValidationError(_("There is no institution %(code)s.") % {"code": institution})


def _change_unit(unit: Unit, changes: dict[str, tuple[Any, Any]], on: date) -> None:
    if "owner_key" in changes:
        Unit.objects.filter(pk=unit.pk).update(owner_key=changes["owner_key"][1])
    history = {name: new for name, (_old, new) in changes.items() if name != "owner_key"}
    parent = history.get("parent")
    if parent is not None and parent.within(unit):
        raise ValidationError(_("%(name)s can't be placed below itself.") % {"name": unit.name})
    if history:
        services.change(unit, on, **history)


def _take_person(batch: _Batch, row: Row) -> Outcome:
    cells = row.cells
    key = (cells["institution"], cells["code"])
    batch.check(Import.Kind.PEOPLE, row, key)
    told: dict[str, Any] = {
        name: cells[name]
        for name in ("name", "title", "category", "licence_level", "email")
        if name == "name" or cells.get(name)
    }
    told["unit"] = batch.unit(key[0], cells["unit"])
    told |= {name: day(cells[name]) for name in ("since", "until") if cells.get(name)}
    person = batch.people.get(key)
    status = NEW
    changes: dict[str, tuple[Any, Any]] = {}
    if person is None:
        person = Person(institution=key[0], code=key[1], **told)
    else:
        changes = _changed(person, told)
        status = CLOSED if "until" in changes else CHANGED if changes else SAME
        if "unit" in changes:
            services.transfer(person, told["unit"], batch.on)
        for name, value in told.items():
            setattr(person, name, value)
    if status != SAME:
        services.check_term(person.since, person.until)
        person.full_clean(validate_unique=False, validate_constraints=False)
        person.save()
    if status == CLOSED and person.until:
        services.end_posts(person, person.until)
    batch.people[key] = person
    return status, _told(changes)


def _take_post(batch: _Batch, row: Row) -> Outcome:
    cells = row.cells
    duty = choice(Post.Duty, cells.get("duty", ""))
    key = (cells["institution"], cells["person"], cells["unit"], duty, cells.get("since", ""))
    batch.check(Import.Kind.POSTS, row, key)
    person = batch.people.get((key[0], key[1]))
    if person is None:
        raise ValidationError(_("There is nobody with the staff number %(code)s.") % {"code": key[1]})
    unit, since, until = batch.unit(key[0], key[2]), day(cells["since"]), day(cells.get("until", ""))
    services.check_term(since, until)
    post = Post.objects.filter(person=person, unit=unit, duty=duty, since=since).first()
    told = {"until": until, "duties": cells.get("duties", "")}
    text = f"{person.name} · {unit.name}"
    if post is None:
        Post.objects.create(person=person, unit=unit, duty=duty, since=since, **told)
        return NEW, text
    changes = _changed(post, told)
    for name, value in told.items():
        setattr(post, name, value)
    post.save()
    return (CLOSED if changes.get("until", (1, None))[1] else CHANGED if changes else SAME), _told(changes) or text


TAKE: dict[str, Callable[[_Batch, Row], Outcome]] = {
    Import.Kind.UNITS: _take_unit,
    Import.Kind.PEOPLE: _take_person,
    Import.Kind.POSTS: _take_post,
}


@lru_cache
def _names(choices: type[models.TextChoices]) -> dict[str, str]:
    found = {value: value for value in choices.values}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            found |= {str(label).lower(): value for value, label in choices.choices}
    return found


def choice(choices: type[models.TextChoices], text: str) -> str:
    """The choice that a text means, in either language or in code.

    Raises:
        ValidationError: naming the choices.
    """
    found = _names(choices).get(text.strip().lower())
    if found is None:
        known = ", ".join(str(label) for label in choices.labels)
        raise ValidationError(_("“%(text)s” is none of: %(known)s.") % {"text": text, "known": known})
    return found


def _changed(row: Any, told: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {name: (getattr(row, name), value) for name, value in told.items() if getattr(row, name) != value}


def _told(changes: dict[str, tuple[Any, Any]]) -> str:
    return "; ".join(
        f"{old if old is not None else ''} → {new if new is not None else ''}" for old, new in changes.values()
    )


def propose(kind: str, name: str, rows: list[Row], on: date, by: str, institutions: Institutions = None) -> Import:
    """Keep a table that someone brought, with what would become of each row."""
    lines = run(kind, rows, on, keep=False, institutions=institutions)
    return Import.objects.create(
        kind=kind,
        name=name[:200],
        rows=[asdict(row) for row in rows],
        lines=[asdict(line) for line in lines],
        effective=on,
        by=by,
    )


@transaction.atomic
def apply(brought: Import, by: Any, institutions: Institutions = None) -> None:
    """Take over a table that was proposed.

    Raises:
        ValidationError: if that was done already.
    """
    now = timezone.now()
    if not Import.objects.filter(pk=brought.pk, applied=None).update(applied=now):
        raise ValidationError(_("This table has been taken over already."))
    rows = [Row(**row) for row in brought.rows]
    lines = run(brought.kind, rows, brought.effective, keep=True, institutions=institutions)
    brought.applied, brought.lines = now, [asdict(line) for line in lines]
    brought.save(update_fields=["lines"])
    record(by, "org.import", f"import {brought.pk} {brought.kind}"[:200], detail=counts(brought))


def counts(brought: Import) -> dict[str, int]:
    """How many rows have which status."""
    found = Counter(line["status"] for line in brought.lines)
    return {status: found[status] for status in STATUSES}
