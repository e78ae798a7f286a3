"""What went wrong in the lake, in Chinese and English."""

from __future__ import annotations

import errno


class LakeError(Exception):
    """A failure that a person can do something about: what, where, what to do. The lake is as it was."""

    def __init__(self, en: str, zh: str):
        self.en = en
        self.zh = zh
        super().__init__(f"{zh}\n{en}")


class LakeBusyError(LakeError):
    """Another process is writing to the lake."""


_FULL_CODES = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_WORDS = ("no space left", "disk full", "quota exceeded", "file too large", "max_temp_directory_size")


def is_disk_full(error: BaseException) -> bool:
    """Whether an error of any of the libraries underneath means that nothing more can be written."""
    if isinstance(error, OSError) and error.errno in _FULL_CODES:
        return True
    return any(words in str(error).lower() for words in _FULL_WORDS)
