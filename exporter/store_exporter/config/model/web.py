"""`--web.config.file`: TLS, passwords, headers and a rate limit.

Every file that github.com/prometheus/exporter-toolkit accepts is accepted (web/tls_config.go and
web/handler.go of v0.20.0). Settings that are not supported here cause a warning.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from .. import problems
from ..load import read
from ..secrets import SecretSource
from ..yaml import document
from ..yaml.checker import Checker
from .section import Section, blank_as_mapping
from .tls_server import KEY_IS_ENCRYPTED, TlsServer, ssl_context
from .types import Says
from .values import go_duration

_BCRYPT = re.compile(r"\$2[abxy]\$([0-9]{2})\$[./A-Za-z0-9]{53}")
_DEAR = 16
"""Cost of a bcrypt hash above which checking a password takes several seconds."""
_HEADERS: Mapping[str, tuple[str, ...]] = {
    "Content-Security-Policy": (),
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
}
"""The headers that may be set, each with its allowed values; an empty tuple allows any."""


def _hashed(users: Mapping[str, str]) -> Mapping[str, str]:
    for hashed in users.values():
        match = _BCRYPT.fullmatch(hashed)
        if match is None or not 4 <= int(match[1]) <= 31:
            raise ValueError("a password must be a bcrypt hash, as `htpasswd -nBC 10 NAME` makes")
    return users


def _settable(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        if name not in _HEADERS:
            raise ValueError(f"can only hold these headers: {', '.join(_HEADERS)}")
        if _HEADERS[name] and value not in _HEADERS[name]:
            raise ValueError(f"{name} must be {' or '.join(_HEADERS[name])}")
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"{name} must be one line of ASCII")
    return headers


def _as_text(value: Any) -> Any:
    """Return a number as text, as Go's YAML does."""
    return str(value) if type(value) in (int, float) else value


_BlankMapping = BeforeValidator(blank_as_mapping)
_Header = Annotated[str, BeforeValidator(_as_text)]
_GoDuration = Annotated[float, BeforeValidator(go_duration), Says("duration")]


_FOREIGN_KEY = "the key does not belong to the first certificate"
_UNUSABLE = {
    "KEY_VALUES_MISMATCH": _FOREIGN_KEY,
    # Where one is RSA and the other is not.
    "NO_CERTIFICATE_ASSIGNED": _FOREIGN_KEY,
    "EE_KEY_TOO_SMALL": "the certificate's key is too short for this system's OpenSSL",
    KEY_IS_ENCRYPTED: "the key is encrypted; nobody could enter its password at the start",
}
"""Why a certificate and its key cannot be used, by OpenSSL's reason or our own message."""


class HttpServer(Section):
    """Settings of HTTP responses."""

    http2: bool = Field(True, description="Accepted, without effect; the server uses HTTP/1.1.")
    headers: Annotated[dict[str, _Header], _BlankMapping, AfterValidator(_settable)] = Field(
        {},
        description="Headers that replace the exporter's own in every response: "
        f"{', '.join(_HEADERS)}; a header with an empty value is not sent.",
    )


class RateLimit(Section):
    """The limit on the requests of all clients together."""

    interval: _GoDuration = Field(
        0.0, description="Time after which one more request is allowed; 0 for no limit."
    )
    burst: int = Field(0, ge=0, description="Maximum number of requests at once.")


class WebConfig(Section):
    """The file's top level."""

    tls_server_config: TlsServer = Field(
        default_factory=TlsServer.usual, description="TLS; default: plain HTTP."
    )
    http_server_config: HttpServer = Field(
        default_factory=HttpServer.usual, description="Settings of HTTP responses."
    )
    basic_auth_users: Annotated[dict[str, str], _BlankMapping, AfterValidator(_hashed)] = Field(
        {}, max_length=1000, description="Bcrypt hashes of passwords by user name."
    )
    rate_limit: RateLimit = Field(
        default_factory=RateLimit.usual,
        description="Limit on requests; further ones get 429.",
    )

    @property
    def tls(self) -> TlsServer | None:
        """The TLS settings; None for plain HTTP."""
        return self.tls_server_config if self.tls_server_config.enabled else None

    @property
    def guards(self) -> bool:
        """Whether every client must give a password or a certificate."""
        return bool(self.basic_auth_users) or (self.tls is not None and self.tls.guards)

    def warnings(self) -> Iterator[str]:
        """Yield a message about each setting that works differently from exporter-toolkit."""
        if "http2" in self.http_server_config.model_fields_set and self.http_server_config.http2:
            yield "http_server_config.http2: HTTP/2 is not supported; the server uses HTTP/1.1"
        dear = [user for user, hashed in self.basic_auth_users.items() if int(hashed[4:6]) > _DEAR]
        if dear:
            text = f"hashes of a cost above {_DEAR} take several seconds each"
            yield f"basic_auth_users: {text}; number of these: {len(dear)}"
        if self.tls is not None:
            for key, message in self.tls.warnings():
                yield f"tls_server_config.{key}: {message}"


def load_web(path: str | Path) -> WebConfig:
    """Read the file and check that its certificates can be used.

    Raises:
        ConfigError: with every problem of the file.
    """
    path = Path(path)
    parsed = document.parse(read(path), str(path))
    checker = Checker(parsed, SecretSource(path.absolute().parent, os.environ))
    config = checker.validate(WebConfig, parsed.data, ())
    if config is not None and config.tls is not None:
        _check_tls(checker, config.tls)
    if config is None or checker.problems:
        raise problems.ConfigError(checker.problems)
    return config


def _check_tls(checker: Checker, tls: TlsServer) -> None:
    for key, message in tls.problems():
        checker.complain(("tls_server_config", key), message)
    if tls.certificate is None or tls.key is None:
        return
    try:
        ssl_context(tls)
    except (ssl.SSLError, OSError, ValueError) as error:
        # The library's own message may quote the file.
        message = _UNUSABLE.get(getattr(error, "reason", None) or str(error), "")
        if not message:
            message = "the certificate and key cannot be used together; both must be PEM and match"
            if tls.verifies:
                message += "; or the file of clients' issuers holds no certificates"
        key = "cert" if tls.cert_file is None else "cert_file"
        checker.complain(("tls_server_config", key), message)
