"""The base class of every mapping of the configuration."""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, model_validator

KEY_PREFIX = "key_"
"""Prefix of the attribute of a key that Python or pydantic reserves, or that a platform named."""


class Section(BaseModel):
    """A mapping of the file: unknown keys are errors; a blank one is empty."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        arbitrary_types_allowed=True,
        alias_generator=lambda name: name.removeprefix(KEY_PREFIX),
    )

    @model_validator(mode="before")
    @classmethod
    def _blank_is_empty(cls, data: Any) -> Any:
        return blank_as_mapping(data)

    @classmethod
    def usual(cls) -> Self:
        """Return the section with its defaults."""
        return cls.model_validate({})


def blank_as_list(value: Any) -> Any:
    """Read a blank key as an empty list."""
    return [] if value is None else value


def blank_as_mapping(value: Any) -> Any:
    """Read a blank key as an empty mapping."""
    return {} if value is None else value


def as_tuple(value: Any) -> Any:
    """Return a list of the file as a tuple."""
    return tuple(value) if isinstance(value, list) else value
