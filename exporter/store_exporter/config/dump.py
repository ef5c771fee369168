"""The configuration as `/config` shows it: what was read, with references instead of secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from ..stores.model import Secret, Store
from .load import Config

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def text(config: Config) -> str:
    """Write the configuration as YAML. Validation made sure that secrets stand as references.

    It is written entry by entry, so that other threads get their turn while thousands of stores
    are.
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


def secrets(config: Config) -> Iterator[Secret]:
    """Yield every secret that the configuration refers to."""
    for org in config.orgs.values():
        yield from org.api_tokens
    for discovery in config.discovery:
        if discovery.http is not None and discovery.http.bearer_token is not None:
            yield discovery.http.bearer_token
    yield from store_secrets(config.stores)


def store_secrets(stores: tuple[Store, ...]) -> Iterator[Secret]:
    """Yield the secrets among the credentials of stores."""
    for store in stores:
        for value in store.credentials.values():
            if isinstance(value, Secret):
                yield value
