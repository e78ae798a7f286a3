"""Who may see a case, and do what with it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, reduce
from operator import or_
from threading import get_ident
from typing import NamedTuple

from django.db.models import Q

from xunzhi.standards.cases import CaseType, Transition
from xunzhi.standards.roles import Secrecy
from xunzhi.web.cases.models import Case, Cases, Comment, Participation
from xunzhi.web.cases.parties import headed, is_party
from xunzhi.web.cases.types import case_types
from xunzhi.web.org.models import Unit
from xunzhi.web.permissions import Access, Reach, reached

WIDE, NARROW = ("institution", "everything"), ("own", "unit", "patient")
"""Scopes of grants that reach private states, and those that don't."""

_TO_HEADS = [level.value for level in Secrecy if level.rank <= Secrecy.CONFIDENTIAL.rank]
_TO_MENTIONED = [level.value for level in Secrecy if level.rank <= Secrecy.INTERNAL.rank]


def visible(access: Access, type: str = "") -> Cases:  # noqa: A002  as the column is called
    """The cases, of one type if that is named, that someone may see.

    Those within reach of `case.view`, up to its secrecy; one's own: opened by him or assigned to him; those of units
    that he heads or that take part (up to confidential); those in which he was mentioned (up to internal); of
    public types, those of his institution. What is seen only for the sake of a unit is not seen in a private state.
    """
    if not access.user.is_authenticated:
        return Case.objects.none()
    forms = {name: form for name, form in case_types().items() if type in ("", name)}
    person = access.person
    asked = Asked(
        type,
        access.user.pk,
        access.reaches("case.view"),
        person.pk if person else None,
        person.institution if person else "",
        tuple(headed(person)) if person else (),
        tuple(name for name, form in forms.items() if form.secrecy is Secrecy.PUBLIC),
        tuple((state, name) for name, form in forms.items() for state, spec in form.states.items() if spec.private),
    )
    return _cases(asked, get_ident()).all()


class Asked(NamedTuple):
    """All that decides which cases someone sees; `private` holds states, each with its type."""

    type: str
    user: int
    reaches: tuple[Reach, ...]
    person: int | None
    institution: str
    paths: tuple[str, ...]
    public: tuple[str, ...]
    private: tuple[tuple[str, str], ...]


@lru_cache(maxsize=1024)
def _cases(asked: Asked, _thread: int) -> Cases:
    """The query of :func:`visible`: long to put together, and the same for the same rights.

    Each thread keeps its own: parts of a query are shared by its copies, and Django counts in them while it asks.
    """
    condition = reached(asked.reaches, secrecy="secrecy", scopes=WIDE) | Q(opened_by=asked.user)
    nearby = reached(asked.reaches, secrecy="secrecy", scopes=NARROW)
    if asked.person is not None:
        mentioned = Comment.mentions.through.objects.filter(person=asked.person).values("comment__case")
        condition |= Q(assignee=asked.person) | Q(pk__in=mentioned, secrecy__in=_TO_MENTIONED)
        if asked.paths:
            below = Unit.objects.filter(_below(asked.paths, "path")).order_by().values("pk")
            shared = Participation.objects.filter(unit__in=below).values("case")
            nearby |= (_below(asked.paths) | Q(pk__in=shared)) & Q(secrecy__in=_TO_HEADS)
        if asked.public:
            nearby |= Q(type__in=asked.public, secrecy=Secrecy.PUBLIC.value, institution=asked.institution)
    found = Case.objects.filter(condition | (nearby & ~_private(asked.private)))
    return found.filter(type=asked.type) if asked.type else found


def _private(states: Iterable[tuple[str, str]]) -> Q:
    """Cases in a state of which the units around don't know yet."""
    types: dict[str, list[str]] = {}
    for state, name in states:
        types.setdefault(state, []).append(name)
    return reduce(or_, (Q(state=state, type__in=names) for state, names in types.items()), Q(pk__in=[]))


def may_see(access: Access, case: Case) -> bool:
    """Whether someone may know of a case: whether it is :func:`visible`."""
    return _reached(access, case) or visible(access, case.type).filter(pk=case.pk).exists()


def _reached(access: Access, case: Case) -> bool:
    """Whether grants alone let someone see a case: the most frequent reason, and the database isn't asked for it."""
    form = case_types().get(case.type)
    private = form is not None and case.state in form.states and form.states[case.state].private
    secrecy = Secrecy(case.secrecy).rank
    return any(
        reach.scope in (WIDE if private else (*WIDE, "unit"))
        and reach.secrecy.rank >= secrecy
        and reach.covers(case.unit)
        for reach in access.reaches("case.view")
    )


def may_open(access: Access, form: CaseType, unit: Unit | None = None) -> bool:
    """Whether someone may open a case of a type; for a unit, or somewhere if none is given."""
    held = set(access.role_names()) & set(form.open_by)
    if "everyone" in form.open_by:
        return bool(access.user.is_authenticated)
    if not held:
        return False
    return unit is None or any(access.holds(role, unit) for role in held)


def may_move(access: Access, case: Case, transition: str) -> bool:
    """Whether someone is among those who may take a step; not whether it can be taken now."""
    step = case.form.transitions.get(transition)
    return step is not None and any(is_party(access, case, party) for party in step.by)


def steps(access: Access, case: Case) -> dict[str, Transition]:
    """The steps that someone may take with a case now, in the order of the case type."""
    return {
        name: step
        for name, step in case.form.leaving(case.state).items()
        if (step.when is None or step.when(case.values)) and may_move(access, case, name)
    }


def may_edit(access: Access, case: Case) -> bool:
    """Whether someone may fill in the fields that are open in the state of a case: who may take a step out of it."""
    return case.open and bool(case.form.open_fields(case.state)) and bool(steps(access, case))


def may_work(access: Access, case: Case) -> bool:
    """Whether someone may comment and add files: who sees the case and has a part in it, or works on such cases."""
    return access.may("case.work", case.unit, secrecy=Secrecy(case.secrecy)) or may_see(access, case)


def _below(paths: Iterable[str], column: str = "unit__path") -> Q:
    return reduce(or_, (Q(**{f"{column}__startswith": path}) for path in paths))
