"""Templates are read once for each language: fixed words, icons and addresses of files are text by then (tags.once)."""

from __future__ import annotations

from django.template.base import Origin
from django.template.loaders import cached
from django.utils.translation import get_language


class Loader(cached.Loader):
    """Keeps the templates that it has read, those of each language apart."""

    def cache_key(self, template_name: str, skip: list[Origin] | None = None) -> str:
        """What a template that was read is known by."""
        return f"{get_language()} {super().cache_key(template_name, skip)}"
