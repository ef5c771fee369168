"""The configuration as `/config` shows it: as read, with references instead of secrets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any

import yaml
from pydantic import BaseModel

from ..stores.model import Secret, Store
from .entries import Discovery
from .load import Config

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def text(config: Config) -> str:
    """Return the configuration as YAML. Validation ensured that secrets are references.

    It is written entry by entry, so that other threads can run while thousands of stores are
    written.
    """
    return "".join(_parts(config.data))


def _parts(data: Mapping[str, Any]) -> Iterator[str]:
    for key, value in data.items():
        if isinstance(value, list) and value:
            yield f"{key}:\n"
            yield from (_dump([entry]) for entry in value)
        else:
            yield _dump({key: value})


def _dump(data: Any) -> str:
    dumped: str = yaml.dump(data, Dumper=_DUMPER, sort_keys=False, allow_unicode=True)
    return dumped


def secrets(value: Any) -> Iterator[Secret]:
    """Yield every secret in a configuration, or in a part of it, wherever it stands."""
    if isinstance(value, Secret):
        yield value
    else:
        for part in _parts_of(value):
            yield from secrets(part)


def _parts_of(value: Any) -> Iterable[Any]:
    if isinstance(value, Config):
        # Not `data`: it is the file's content, which has references only.
        return (getattr(value, field.name) for field in fields(value) if field.name != "data")
    if isinstance(value, BaseModel):
        return vars(value).values()
    if isinstance(value, Store):
        return (value.credentials, value.settings, value.proxy and value.proxy.password)
    if isinstance(value, Discovery):
        return (value.http, value.template.keys)
    if isinstance(value, Mapping):
        return value.values()
    return value if isinstance(value, list | tuple) else ()
