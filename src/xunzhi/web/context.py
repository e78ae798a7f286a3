"""What every page shows around its content: navigation, language, theme."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from xunzhi.web import navigation


def page(request: HttpRequest) -> dict[str, Any]:
    """Context of the frame (templates/base.html)."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {"language": request.LANGUAGE_CODE}
    return {
        "language": request.LANGUAGE_CODE,
        "access": request.access,  # type: ignore[attr-defined]
        "navigation": navigation.for_access(request.access, request.path),  # type: ignore[attr-defined]
    }
