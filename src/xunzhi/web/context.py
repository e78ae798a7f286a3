"""What every page shows around its content: navigation, language, theme."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from xunzhi.web import navigation


def page(request: HttpRequest) -> dict[str, Any]:
    """Context of the frame (templates/base.html)."""
    user = getattr(request, "user", None)
    if not user or not user.is_authenticated:
        return {"language": request.LANGUAGE_CODE, "user": user}
    return {
        "language": request.LANGUAGE_CODE,
        "user": user,
        "access": request.access,  # type: ignore[attr-defined]
        "sidebar": navigation.sidebar(request.access, request.path),  # type: ignore[attr-defined]
    }
