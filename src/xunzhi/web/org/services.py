"""The organisation, as it is and as it was: what others ask of it, and how it changes.

Days are inclusive. `on` None means today.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import BigIntegerField, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from xunzhi.measures import HOSPITAL
from xunzhi.web.installation import kinds_of_cases
from xunzhi.web.org.models import Person, Placement, Post, Unit, UnitState

ANSWERS = {
    Unit.Kind.INSTITUTION: (Post.Duty.PRESIDENT,),
    Unit.Kind.COMMITTEE: (Post.Duty.CHAIR, Post.Duty.SECRETARY),
    Unit.Kind.SUBCOMMITTEE: (Post.Duty.CHAIR, Post.Duty.SECRETARY),
    Unit.Kind.OFFICE: (Post.Duty.HEAD, Post.Duty.DEPUTY_HEAD),
    Unit.Kind.DEPARTMENT: (Post.Duty.HEAD, Post.Duty.DEPUTY_HEAD),
    Unit.Kind.WARD: (Post.Duty.HEAD_NURSE, Post.Duty.HEAD),
    Unit.Kind.GROUP: (Post.Duty.HEAD, Post.Duty.QUALITY_DOCTOR, Post.Duty.QUALITY_NURSE),
}
"""Who answers for a kind of unit, first choice first."""


@dataclass
class Node:
    """A unit as it was on a day, with what lay below it."""

    unit: Unit
    name: str
    name_en: str
    parent_id: int | None
    depth: int = 0
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterable[Node]:
        """This node and all below, from the top down."""
        yield self
        for child in self.children:
            yield from child.walk()


def in_force(on: date | None = None) -> Q:
    """The condition on rows with `since` and `until` that hold on a day."""
    day = on or timezone.localdate()
    return Q(since__lte=day) & (Q(until=None) | Q(until__gte=day))


def tree(on: date | None = None) -> list[Node]:
    """The institutions of a day with all their units below them (two queries)."""
    units = {unit.pk: unit for unit in Unit.objects.filter(in_force(on))}
    states = {state.unit_id: state for state in UnitState.objects.filter(in_force(on), unit__in=units)} if on else {}
    nodes = {pk: _node(unit, states.get(pk)) for pk, unit in units.items()}
    tops = []
    for node in nodes.values():
        above = nodes.get(node.parent_id) if node.parent_id else None
        (above.children if above else tops).append(node)
    for top in tops:
        _number(top, 0)
    return tops


def _node(unit: Unit, state: UnitState | None) -> Node:
    if state is None:
        return Node(unit, unit.name, unit.name_en, unit.parent_id)
    return Node(unit, state.name, state.name_en, state.parent_id)


def _number(node: Node, depth: int) -> None:
    node.depth = depth
    for child in node.children:
        _number(child, depth + 1)


def unit_at(unit: Unit, on: date | None = None) -> UnitState | None:
    """What a unit was called and where it belonged on a day; None if it didn't exist."""
    day = on or timezone.localdate()
    if unit.since > day or (unit.until and unit.until < day):
        return None
    return unit.states.filter(in_force(day)).select_related("parent").first() or _present(unit)


def _present(unit: Unit) -> UnitState:
    """The state of a unit that never changed."""
    return UnitState(
        unit=unit, name=unit.name, name_en=unit.name_en, parent=unit.parent, since=unit.since, until=unit.until
    )


def unit_for(institution: str, stratum: str, code: str = "") -> Unit | None:
    """The unit behind a row of results: a department or ward, where a doctor works, else the institution."""
    units = Unit.objects.filter(institution=institution)
    if stratum == HOSPITAL or kinds_of_cases(stratum) is not None:
        return units.filter(kind=Unit.Kind.INSTITUTION).first()
    if stratum in ("department", "ward"):
        kinds = [Unit.Kind.DEPARTMENT, Unit.Kind.WARD, Unit.Kind.OFFICE]
        found = {unit.kind: unit for unit in units.filter(code=code, kind__in=kinds)}
        return next((found[kind] for kind in (stratum, *kinds) if kind in found), None)
    person = Person.objects.filter(institution=institution, code=code).select_related("unit").first()
    return person.unit if person else None


def heads(unit: Unit, on: date | None = None) -> list[Person]:
    """Those who answer for a unit: its head (of a ward the head nurse, of a committee the chair), else its parent's."""
    above = [int(pk) for pk in unit.path.strip("/").split("/")]
    posts = Post.objects.filter(in_force(on), unit__in=above).select_related("person", "unit")
    held: dict[tuple[int, str], list[Person]] = {}
    for post in posts:
        held.setdefault((post.unit_id, post.duty), []).append(post.person)
    kinds = dict(Unit.objects.filter(pk__in=above).values_list("pk", "kind"))
    for pk in reversed(above):
        for duty in ANSWERS[Unit.Kind(kinds[pk])]:
            if found := held.get((pk, duty)):
                return found
    return []


def members(unit: Unit, duty: str | None = None, on: date | None = None) -> QuerySet[Person]:
    """The people who hold a post in a unit on a day; with a duty only those who have it."""
    posts = Post.objects.filter(in_force(on), unit=unit)
    return Person.objects.filter(posts__in=posts.filter(duty=duty) if duty else posts).distinct()


def staff(on: date | None = None) -> QuerySet[Person]:
    """The people of a day; `place` is the id of the unit in which each worked then."""
    people = Person.objects.filter(in_force(on))
    if on is None:
        return people.annotate(place=F("unit_id"))
    then = Placement.objects.filter(person=OuterRef("pk"), since__lte=on, until__gte=on).values("unit")[:1]
    return people.annotate(place=Coalesce(Subquery(then), F("unit_id"), output_field=BigIntegerField()))


def as_of(people: Iterable[Person], on: date | None) -> list[Person]:
    """People of :func:`staff` with the unit of that day, named as it was then (two queries)."""
    people = list(people)
    if on is None:
        return people
    units = Unit.objects.in_bulk({person.place for person in people})  # type: ignore[attr-defined]
    for state in UnitState.objects.filter(in_force(on), unit__in=units):
        units[state.unit_id].name, units[state.unit_id].name_en = state.name, state.name_en
    for person in people:
        person.unit = units[person.place]  # type: ignore[attr-defined]
    return people


@transaction.atomic
def transfer(person: Person, unit: Unit, on: date | None = None) -> None:
    """Let someone work in another unit from a day on (today at the latest); where he worked before is kept."""
    today = timezone.localdate()
    day = min(on or today, today)
    before = Person.objects.select_for_update().get(pk=person.pk)
    last = before.placements.order_by("-until").first()
    begun = last.until + timedelta(days=1) if last else before.since
    if before.unit_id != unit.pk and begun < day:
        Placement.objects.create(person=before, unit_id=before.unit_id, since=begun, until=day - timedelta(days=1))
    person.unit = unit
    person.save(update_fields=["unit"])


@transaction.atomic
def create(
    kind: str, institution: str, code: str, name: str, parent: Unit | None, since: date | None = None, **more: Any
) -> Unit:
    """A new unit, with the first line of its history.

    Raises:
        ValidationError: if the code is taken, or the parent isn't there by then.
    """
    if Unit.objects.filter(institution=institution, kind=kind, code=code).exists():
        raise ValidationError(_("There is already a unit %(code)s of this kind.") % {"code": code})
    begun = {"since": since} if since else {}
    unit = Unit(kind=kind, institution=institution, code=code, name=name, parent=parent, **begun, **more)
    if parent and parent.since > unit.since:
        raise ValidationError(
            _("%(name)s exists only since %(day)s; choose a later day.") % {"name": parent.name, "day": parent.since}
        )
    unit.save()
    _present(unit).save()
    return unit


def rename(unit: Unit, name: str, on: date | None = None, name_en: str | None = None) -> None:
    """Give a unit another name from a day on."""
    change(unit, on, name=name, name_en=unit.name_en if name_en is None else name_en)


def move(unit: Unit, parent: Unit, on: date | None = None) -> None:
    """Put a unit, and all below it, under another one from a day on.

    Raises:
        ValidationError: if that would put it below itself.
    """
    if parent.within(unit):
        raise ValidationError(_("%(name)s can't be placed below itself.") % {"name": unit.name})
    change(unit, on, parent=parent)


@transaction.atomic
def change(unit: Unit, on: date | None = None, **changes: Any) -> None:
    """Let name, English name or parent be different from a day on; what was before stays in the history.

    Raises:
        ValidationError: if the day lies before the last change, or outside the unit's life.
    """
    day = on or timezone.localdate()
    unit = Unit.objects.select_for_update().get(pk=unit.pk)
    last = unit.states.order_by("since").last() or _present(unit)
    if day < last.since or (unit.until and day > unit.until):
        raise ValidationError(
            _("%(name)s last changed on %(day)s; a change can't take effect before that, or after it was closed.")
            % {"name": unit.name, "day": last.since}
        )
    told = {"name": last.name, "name_en": last.name_en, "parent": last.parent, **changes}
    if day == last.since:
        for attribute, value in told.items():
            setattr(last, attribute, value)
        last.save()
    else:
        last.until = day - timedelta(days=1)
        last.save()
        UnitState.objects.create(unit=unit, since=day, until=unit.until, **told)
    apply_states([unit])


@transaction.atomic
def close(unit: Unit, on: date | None = None) -> None:
    """Let `on` be the last day of a unit.

    Raises:
        ValidationError: if units below it, posts or people would remain after that day.
    """
    day = on or timezone.localdate()
    left = (
        unit.children.filter(Q(until=None) | Q(until__gt=day)).count(),
        Person.objects.filter(Q(until=None) | Q(until__gt=day), unit=unit).count(),
    )
    if any(left):
        raise ValidationError(
            _("%(name)s still has %(units)d units and %(people)d people after that day; move or close them first.")
            % {"name": unit.name, "units": left[0], "people": left[1]}
        )
    if day < unit.since:
        raise ValidationError(_("%(name)s began only on %(day)s.") % {"name": unit.name, "day": unit.since})
    Post.objects.filter(Q(until=None) | Q(until__gt=day), unit=unit, since__lte=day).update(until=day)
    Post.objects.filter(unit=unit, since__gt=day).delete()
    unit.states.filter(since__gt=day).delete()
    unit.states.filter(Q(until=None) | Q(until__gt=day)).update(until=day)
    Unit.objects.filter(pk=unit.pk).update(until=day)
    unit.refresh_from_db()


def apply_states(units: Iterable[Unit] | None = None, on: date | None = None) -> int:
    """Bring units to what their history says of a day, so that a change dated ahead comes into force.

    Returns how many units changed.
    """
    states = UnitState.objects.filter(in_force(on)).select_related("unit")
    if units is not None:
        states = states.filter(unit__in=[unit.pk for unit in units])
    changed = 0
    for state in states:
        unit = state.unit
        if (unit.name, unit.name_en, unit.parent_id) == (state.name, state.name_en, state.parent_id):
            continue
        before, unit.name, unit.name_en, unit.parent_id = unit.path, state.name, state.name_en, state.parent_id
        unit.save()
        _carry(before, unit.path)
        changed += 1
    return changed


def _carry(before: str, after: str) -> None:
    """Units below a unit that moved follow it."""
    if before == after:
        return
    below = list(Unit.objects.filter(path__startswith=before))
    for unit in below:
        unit.path = after + unit.path.removeprefix(before)
    Unit.objects.bulk_update(below, ["path"], batch_size=500)


def check_term(since: date | None, until: date | None) -> None:
    """Refuse a term that ends before it begins.

    Raises:
        ValidationError: if it does.
    """
    if since and until and until < since:
        raise ValidationError(_("The term ends before it begins."))


def end_posts(person: Person, on: date) -> None:
    """Who leaves holds no post after that day."""
    Post.objects.filter(person=person, since__gt=on).delete()
    Post.objects.filter(Q(until=None) | Q(until__gt=on), person=person).update(until=on)
