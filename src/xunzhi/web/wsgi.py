"""The site for a WSGI server."""

from __future__ import annotations

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "xunzhi.web.settings")
if _site := os.environ.get("XUNZHI_SITE"):  # under `xunzhi serve`: no process outlives its parent
    from xunzhi.web.serve import die_with

    die_with(int(_site))
application = get_wsgi_application()
if _site:
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018  reads all pages and the standards: the first visitor shall not wait for it
    gc.collect()
    gc.freeze()  # all of that stays, so the collector need not walk it again and again
    gc.set_threshold(10_000, 20, 20)  # a page makes thousands of objects, and few of them in circles
