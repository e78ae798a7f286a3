"""Methods, tools and sheets of the pack in use."""

from __future__ import annotations

from functools import lru_cache

from xunzhi.standards.improvement import Improvement, Method, load_improvement
from xunzhi.web.cases.models import Case
from xunzhi.web.installation import pack


@lru_cache(maxsize=1)
def improvement() -> Improvement:
    """The content of improve.yaml."""
    return load_improvement(pack())


def method_of(case: Case) -> Method:
    """The method by which a project works."""
    return improvement().methods[case.values["method"]]
