"""The lake: facts in canonical tables, loaded from any source, kept by version."""

from __future__ import annotations

from xunzhi.lake.errors import LakeBusyError, LakeError
from xunzhi.lake.lake import Lake
from xunzhi.lake.snapshot import Snapshot
from xunzhi.lake.transaction import Rows, Transaction, Upserted

__all__ = ["Lake", "LakeBusyError", "LakeError", "Rows", "Snapshot", "Transaction", "Upserted"]
