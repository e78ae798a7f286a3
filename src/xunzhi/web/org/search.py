"""What the search page finds here: units and people."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from xunzhi.web.org.models import Person, Unit
from xunzhi.web.org.services import in_force
from xunzhi.web.permissions import Access
from xunzhi.web.work.items import Hit

MOST = 10
"""Hits of each kind."""


def found(access: Access, text: str) -> Iterator[Hit]:
    """Units whose name or code holds the text, and people by name or staff number."""
    if not access.may_somewhere("org.view"):
        return
    named = Q(name__icontains=text) | Q(code__iexact=text)
    units = Unit.objects.filter(in_force(), named | Q(name_en__icontains=text), access.within("org.view", field=""))
    for unit in units[:MOST]:
        yield Hit(unit.name, reverse("org:unit", args=[unit.pk]), _("Organisation"), unit.get_kind_display(), "sitemap")
    people = Person.objects.filter(in_force(), named, access.within("org.view")).select_related("unit")
    for person in people[:MOST]:
        note = f"{person.unit} · {person.code}"
        yield Hit(person.name, reverse("org:person", args=[person.pk]), _("People"), note, "user")
