"""Filters of the log's page."""

from __future__ import annotations

from django import template

from xunzhi.web.audit.words import action_said, purpose_said

register = template.Library()
register.filter(action_said)
register.filter(purpose_said)
