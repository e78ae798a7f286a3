"""What a hospital decides about its bulletins: its names and what it wants compared ($XUNZHI_HOME/bulletin.yaml)."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

FILE = "bulletin.yaml"


class Profile(BaseModel):
    """Settings of bulletins. All may be left out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    institutions: dict[str, str] = Field(default_factory=dict, description="institution code → name in the title")
    issuer: str = Field(default="", description="who issues; the owner offices of the indicators if empty")
    compare: tuple[str, ...] = Field(default=(), description="indicators whose departments are always compared")

    def name_of(self, institution: str) -> str:
        """The institution's name, or its code."""
        return self.institutions.get(institution, institution)


def read_profile(home: Path) -> Profile:
    """The settings of an installation; the defaults if there is no file.

    Raises:
        ValueError: naming the file and what is wrong in it.
    """
    file = home / FILE
    if not file.is_file():
        return Profile()
    try:
        return Profile.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except (ValidationError, yaml.YAMLError) as error:
        raise ValueError(f"{file}: {error}") from error
