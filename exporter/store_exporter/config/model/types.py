"""The types of the configuration's values: how each is read, and its name in the reference."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo

from ...errors import ERROR_TYPES
from ...stores.model import Secret, Unreadable
from .. import secrets
from ..problems import suggestion
from . import values

MIN_TOKEN_LENGTH = 16
_SENDABLE = re.compile(r"[!-~]+").fullmatch
"""Matches a bearer token that a header can carry; RFC 6750 allows fewer characters."""
SHORTEST_INTERVAL = 1.0
"""Seconds between two runs of a probe or collector; less is taken for a wrong unit."""
Info = ValidationInfo[secrets.SecretSource]


def _secret(value: Any, info: Info) -> Secret:
    return info.context.secret(value)


def _of_store(value: Any, info: Info) -> Secret | Unreadable:
    return info.context.of_store(value)


def _path(value: Any, info: Info) -> Path:
    return info.context.path(value)


def _readable(value: Any, info: Info) -> Path:
    return info.context.readable(value)


def read_token(value: Any, info: Info) -> Secret:
    """Read the secret of a bearer token.

    Raises:
        ValueError: it cannot be read, is so short that it can be guessed, or cannot be sent.
    """
    secret = info.context.secret(value)
    if not info.context.resolve:
        return secret
    if len(secret.reveal()) < MIN_TOKEN_LENGTH:
        raise ValueError(f"the token must have at least {MIN_TOKEN_LENGTH} characters")
    if not _SENDABLE(secret.reveal()):
        raise ValueError("the token must consist of ASCII letters, digits and punctuation")
    return secret


def _error_type(value: Any) -> str:
    if not isinstance(value, str) or value not in ERROR_TYPES:
        hint = suggestion(value if isinstance(value, str) else "", ERROR_TYPES)
        raise ValueError(f"is not an error type; {hint}")
    return value


def _interval(value: Any) -> float:
    seconds = values.duration(value)
    if seconds < SHORTEST_INTERVAL:
        raise ValueError(f"must be at least {values.duration_text(SHORTEST_INTERVAL)}")
    return seconds


def _file_reference(value: Any) -> str:
    kind, name = secrets.reference(value)
    if kind != "file":
        raise ValueError("Alertmanager reads its secrets from files only; write file:PATH")
    return name


@dataclass(frozen=True, slots=True)
class Says:
    """How the reference of the configuration describes the type of a value."""

    kind: str


_REFERENCE = Says("`env:` or `file:`")
SecretReference = Annotated[Secret, BeforeValidator(_secret), _REFERENCE]
StoreSecret = Annotated[Secret | Unreadable, BeforeValidator(_of_store), _REFERENCE]
"""A secret that only one store needs; if it cannot be read, that store is shown as critical."""
Token = Annotated[Secret, BeforeValidator(read_token), _REFERENCE]
Duration = Annotated[float, BeforeValidator(values.duration), Says("duration")]
Interval = Annotated[float, BeforeValidator(_interval), Says("duration")]
Moment = Annotated[float, BeforeValidator(values.moment), Says("date and time")]
Domain = Annotated[str, BeforeValidator(values.domain), Says("host name")]
Org = Annotated[str, BeforeValidator(values.org), Says("name")]
DatabaseUrl = Annotated[str, BeforeValidator(values.database_url), Says("address")]
Url = Annotated[str, BeforeValidator(values.url), Says("address")]
ErrorTypeName = Annotated[str, BeforeValidator(_error_type), Says("error type")]
ProxyUrl = Annotated[str, BeforeValidator(values.proxy_url), Says("address or `direct`")]
ProxyExemption = Annotated[str, BeforeValidator(values.proxy_exemption), Says("host or network")]
UrlTemplate = Annotated[str, BeforeValidator(values.url_template), Says("address")]
Network = Annotated[str, BeforeValidator(values.network), Says("network")]
FilePath = Annotated[Path, BeforeValidator(_path), Says("path")]
ReadableFile = Annotated[Path, BeforeValidator(_readable), Says("path")]
AlertmanagerFile = Annotated[str, BeforeValidator(_file_reference), Says("`file:`")]
"""A path as Alertmanager sees it, from `file:PATH`; this process never reads it."""
