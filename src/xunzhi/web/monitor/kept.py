"""Parts of pages kept for the next reader who would be shown the same.

A part belongs to the results that it shows (readmodel.Model) and goes with them; its key holds all else that it says.
"""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

from django.utils.safestring import SafeString

MOST = 48 * 2**20
"""Bytes of memory that the parts of a process take at most."""


class Kept:
    """Parts of pages by all that they depend on. Beyond `most` bytes the one that nobody asked for longest goes."""

    def __init__(self, most: int = MOST):
        self.most, self.size = most, 0
        self._parts: OrderedDict[Hashable, SafeString] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable, make: Callable[[], SafeString]) -> SafeString:
        """The part of a key; made if nobody asked for it before."""
        with self._lock:
            if key in self._parts:
                self._parts.move_to_end(key)
                return self._parts[key]
        part = make()
        with self._lock:
            self._forget(key)
            self._parts[key] = part
            self.size += sys.getsizeof(part)
            while self.size > self.most:
                self._forget(next(iter(self._parts)))
        return part

    def _forget(self, key: Hashable) -> None:
        part = self._parts.pop(key, None)
        self.size -= 0 if part is None else sys.getsizeof(part)
