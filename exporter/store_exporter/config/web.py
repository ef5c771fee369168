"""`--web.config.file`: TLS and passwords, in the format of Prometheus' exporter-toolkit."""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from . import document, problems
from .checker import Checker
from .load import read
from .secrets import SecretSource
from .section import Section
from .types import ReadableFile

_BCRYPT = re.compile(r"\$2[abxy]\$([0-9]{2})\$[./A-Za-z0-9]{53}")
_CLIENT_AUTH = Literal["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"]
_VERSION = Literal["TLS12", "TLS13"]


def _hashed(users: Mapping[str, str]) -> Mapping[str, str]:
    for hashed in users.values():
        match = _BCRYPT.fullmatch(hashed)
        if match is None or not 4 <= int(match[1]) <= 16:
            raise ValueError(
                "a password must be a bcrypt hash of cost 4 to 16, as `htpasswd -nBC 10 NAME` makes"
            )
    return users


class TlsServer(Section):
    """How this server proves who it is, and whether clients must."""

    cert_file: ReadableFile = Field(description="PEM file with the certificate and its chain.")
    private_key_file: ReadableFile = Field(
        alias="key_file", description="PEM file with the private key, not encrypted."
    )
    client_auth_type: _CLIENT_AUTH = Field(
        "NoClientCert", description="Whether clients must present a certificate."
    )
    client_ca_file: ReadableFile | None = Field(
        None, description="PEM file with the issuers of clients' certificates."
    )
    min_version: _VERSION = Field("TLS12", description="Oldest protocol version accepted.")
    max_version: _VERSION = Field("TLS13", description="Newest protocol version accepted.")


class WebConfig(Section):
    """The file's top level."""

    tls_server_config: TlsServer | None = Field(None, description="TLS; plain HTTP without it.")
    basic_auth_users: Annotated[dict[str, str], AfterValidator(_hashed)] = Field(
        {}, max_length=1000, description="Bcrypt hashes of passwords by user name."
    )

    @property
    def guards(self) -> bool:
        """Whether everybody must show a password or a certificate."""
        tls = self.tls_server_config
        certified = tls is not None and tls.client_auth_type == "RequireAndVerifyClientCert"
        return bool(self.basic_auth_users) or certified


def load_web(path: str | Path) -> WebConfig:
    """Read the file and check that its certificates can be used.

    Raises:
        ConfigError: with every problem of the file.
    """
    path = Path(path)
    parsed = document.parse(read(path), str(path))
    checker = Checker(parsed, SecretSource(path.absolute().parent, {}))
    config = checker.validate(WebConfig, parsed.data, ())
    if config is not None and config.tls_server_config is not None:
        _check_tls(checker, config.tls_server_config)
    if config is None or checker.problems:
        raise problems.ConfigError(checker.problems)
    return config


def _check_tls(checker: Checker, tls: TlsServer) -> None:
    path = ("tls_server_config",)
    if (tls.client_auth_type == "NoClientCert") != (tls.client_ca_file is None):
        message = "goes with a client_auth_type that verifies, and is needed by it"
        checker.complain((*path, "client_ca_file"), message)
    if tls.min_version > tls.max_version:
        checker.complain((*path, "min_version"), "is newer than max_version")
    try:
        ssl_context(tls)
    except (ssl.SSLError, OSError, ValueError):
        # The library's message may quote the file.
        message = "the certificate and key cannot be used together; both must be PEM and match"
        checker.complain((*path, "cert_file"), message)


def ssl_context(tls: TlsServer) -> ssl.SSLContext:
    """Make the server's TLS context from the files as they are now.

    Raises:
        ssl.SSLError, OSError, ValueError: a file cannot be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    versions = {"TLS12": ssl.TLSVersion.TLSv1_2, "TLS13": ssl.TLSVersion.TLSv1_3}
    context.minimum_version = versions[tls.min_version]
    context.maximum_version = versions[tls.max_version]
    # An encrypted key would make the library ask for its password at the terminal.
    context.load_cert_chain(tls.cert_file, tls.private_key_file, password=_no_password)
    if tls.client_ca_file is not None:
        context.load_verify_locations(tls.client_ca_file)
        required = tls.client_auth_type == "RequireAndVerifyClientCert"
        context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
    return context


def _no_password(*_: Any) -> str:
    raise ValueError("the key is encrypted")
