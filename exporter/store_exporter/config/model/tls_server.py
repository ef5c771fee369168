"""`tls_server_config` of `--web.config.file`, and the TLS context that it describes."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from ...stores.model import Secret
from .section import Section, blank_as_list
from .types import ReadableFile, Says

# Names in Go's crypto/tls, `CipherSuites()` of Go 1.26, and their names in OpenSSL. Those of
# TLS 1.3 cannot be chosen, nor can they in Go.
_CIPHERS: Mapping[str, str] = {
    "TLS_AES_128_GCM_SHA256": "",
    "TLS_AES_256_GCM_SHA384": "",
    "TLS_CHACHA20_POLY1305_SHA256": "",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
}
_CURVES: Mapping[str, str] = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}
_OLD = ("TLS10", "TLS11")
KEY_IS_ENCRYPTED = "the key is encrypted"
_UNVERIFIED = ("RequestClientCert", "RequireClientCert", "RequireAnyClientCert")
_Version = Literal["TLS10", "TLS11", "TLS12", "TLS13"]


def _blank_is_none(value: Any) -> Any:
    return None if value == "" else value


def _secret(value: Any) -> Any:
    return Secret(value) if isinstance(value, str) and value else None


def _known(names: Mapping[str, str], what: str) -> AfterValidator:
    def check(value: list[str]) -> list[str]:
        for number, name in enumerate(value, 1):
            if name not in names:
                raise ValueError(f"entry {number} is not a {what} of Go: {', '.join(names)}")
        return value

    return AfterValidator(check)


_Names = BeforeValidator(blank_as_list)
_File = Annotated[ReadableFile | None, BeforeValidator(_blank_is_none), Says("path")]
_Pem = Annotated[str | None, BeforeValidator(_blank_is_none), Says("PEM")]
_Key = Annotated[Secret | None, BeforeValidator(_secret), Says("PEM")]


class TlsServer(Section):
    """The server's certificate and TLS versions, and whether clients need a certificate."""

    cert_file: _File = Field(None, description="PEM file with the certificate and its chain.")
    cert: _Pem = Field(None, description="The certificate itself, instead of `cert_file`.")
    private_key_file: _File = Field(
        None, alias="key_file", description="PEM file with the private key, not encrypted."
    )
    private_key: _Key = Field(
        None, alias="key", description="The key itself, instead of `key_file`."
    )
    client_auth_type: Literal[
        "NoClientCert",
        "RequestClientCert",
        "RequireClientCert",
        "RequireAnyClientCert",
        "VerifyClientCertIfGiven",
        "RequireAndVerifyClientCert",
    ] = Field(
        "NoClientCert",
        description="Whether clients must present a certificate. The three values that do not "
        "verify certificates do not request one either.",
    )
    client_ca_file: _File = Field(
        None,
        description="PEM file with the issuers of client certificates; default: those that the "
        "system trusts.",
    )
    client_ca: _Pem = Field(
        None, description="The issuers themselves, instead of `client_ca_file`."
    )
    client_allowed_sans: Annotated[list[str], _Names] = Field(
        [],
        description="DNS names, IP addresses, mail addresses and URIs; a client's certificate "
        "must contain one of them.",
    )
    min_version: _Version = Field(
        "TLS12", description="Minimum TLS version; versions below 1.2 are treated as 1.2."
    )
    max_version: _Version = Field("TLS13", description="Maximum TLS version, TLS12 or TLS13.")
    cipher_suites: Annotated[list[str], _Names, _known(_CIPHERS, "cipher suite")] = Field(
        [], description="Cipher suites for TLS 1.2, by Go's names."
    )
    prefer_server_cipher_suites: bool = Field(
        True, description="Accepted without effect, as in Go since 1.17."
    )
    curve_preferences: Annotated[list[str], _Names, _known(_CURVES, "curve")] = Field(
        [], description="Curves for the key exchange; before Python 3.15 at most one."
    )

    @property
    def certificate(self) -> Path | str | None:
        """The file of the certificate, or the certificate itself."""
        return self.cert_file or self.cert

    @property
    def key(self) -> Path | str | None:
        """The file of the private key, or the key itself."""
        if self.private_key_file is not None or self.private_key is None:
            return self.private_key_file
        return self.private_key.reveal()

    @property
    def issuers(self) -> Path | str | None:
        """The issuers of clients' certificates, or their file; None for the system's."""
        return self.client_ca_file or self.client_ca

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that the keys name."""
        named = (self.cert_file, self.private_key_file, self.client_ca_file)
        return tuple(path for path in named if path is not None)

    @property
    def enabled(self) -> bool:
        """Whether any key configures TLS."""
        part = self.certificate or self.key or self.issuers
        return bool(part) or "client_auth_type" in self.model_fields_set

    @property
    def verifies(self) -> bool:
        """Whether clients' certificates are verified."""
        return self.client_auth_type in ("VerifyClientCertIfGiven", "RequireAndVerifyClientCert")

    @property
    def guards(self) -> bool:
        """Whether every client must present a certificate that the file's keys restrict."""
        required = self.client_auth_type == "RequireAndVerifyClientCert"
        return required and bool(self.issuers or self.client_allowed_sans)

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield each problem: the key and the message."""
        for name, value in (("cert", self.certificate), ("key", self.key)):
            if value is None:
                yield f"{name}_file", f"is missing, and so is {name}"
        if self.issuers is not None and self.client_auth_type == "NoClientCert":
            key = "client_ca" if self.client_ca_file is None else "client_ca_file"
            yield key, "needs a client_auth_type, which is missing"
        if self.max_version in _OLD:
            yield "max_version", "TLS 1.0 and 1.1 are not supported"
        elif self.min_version > self.max_version:
            yield "min_version", "is newer than max_version"

    def warnings(self) -> Iterator[tuple[str, str]]:
        """Yield each key that works differently from exporter-toolkit, and the message."""
        if self.client_auth_type in _UNVERIFIED:
            message = "clients are not asked for certificates, because nothing would verify them"
            yield "client_auth_type", message
        if self.client_allowed_sans and not self.verifies:
            yield (
                "client_allowed_sans",
                "has no effect, because this client_auth_type does not verify certificates",
            )
        if self.verifies and self.issuers is None:
            message = "is missing, so clients' issuers are all those that this system trusts"
            yield "client_ca_file", message
        if not self.prefer_server_cipher_suites:
            yield "prefer_server_cipher_suites", "has no effect, as in Go since 1.17"
        if self.min_version in _OLD:
            yield "min_version", "TLS 1.0 and 1.1 are not supported; TLS 1.2 is the oldest version"
        if len(self.curve_preferences) > 1 and not hasattr(ssl.SSLContext, "set_groups"):
            yield (
                "curve_preferences",
                "only one can be set before Python 3.15; OpenSSL's default is used",
            )


class _ServerObject(ssl.SSLObject):
    """An `SSLObject` that checks a client's names after its certificate was verified."""

    def do_handshake(self) -> None:
        """Continue the handshake; called repeatedly until it is complete.

        Raises:
            ssl.SSLCertVerificationError: the client's certificate has none of the allowed names.
        """
        super().do_handshake()
        allowed: frozenset[str] = getattr(self.context, "allowed", frozenset())
        if allowed and not allowed & set(_names(self.getpeercert() or {})):
            raise ssl.SSLCertVerificationError("the client's certificate has no allowed name")


class _ServerContext(ssl.SSLContext):
    sslobject_class = _ServerObject
    allowed: frozenset[str] = frozenset()


def _names(certificate: Mapping[str, Any]) -> Iterator[str]:
    for kind, value in certificate.get("subjectAltName", ()):
        if kind in ("DNS", "email", "URI"):
            yield value
        elif kind == "IP Address":
            yield str(ip_address(value.strip()))


def ssl_context(tls: TlsServer) -> ssl.SSLContext:
    """Make the server's TLS context from the current content of the files.

    Raises:
        ssl.SSLError, OSError, ValueError: a certificate, key or issuer cannot be used.
    """
    context = _ServerContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    context.maximum_version, context.minimum_version = (
        ssl.TLSVersion.TLSv1_3 if version == "TLS13" else ssl.TLSVersion.TLSv1_2
        for version in (tls.max_version, tls.min_version)
    )
    # For an encrypted key, the library would ask for the password at the terminal.
    with _as_file(tls.certificate) as certificate, _as_file(tls.key) as key:
        context.load_cert_chain(certificate, key, password=_no_password)
    if tls.verifies:
        required = tls.client_auth_type == "RequireAndVerifyClientCert"
        context.verify_mode = ssl.CERT_REQUIRED if required else ssl.CERT_OPTIONAL
        context.allowed = frozenset(tls.client_allowed_sans)
        if tls.issuers is None:
            context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        else:
            with _as_file(tls.issuers) as issuers:
                context.load_verify_locations(issuers)
    _choose(context, tls)
    return context


def _choose(context: ssl.SSLContext, tls: TlsServer) -> None:
    """Restrict a context to the configured cipher suites and curves."""
    if tls.cipher_suites:
        chosen = [name for name in map(_CIPHERS.__getitem__, tls.cipher_suites) if name]
        if chosen:
            context.set_ciphers(":".join(chosen))
        else:
            context.minimum_version = ssl.TLSVersion.TLSv1_3
    curves = [_CURVES[name] for name in tls.curve_preferences]
    if curves and hasattr(context, "set_groups"):
        context.set_groups(":".join(curves))
    elif len(curves) == 1:
        context.set_ecdh_curve(curves[0])


@contextmanager
def _as_file(pem: Path | str | None) -> Iterator[str | Path]:
    """Yield the path of a PEM file; PEM text is written to a private file, removed at the end."""
    if not isinstance(pem, str):
        yield pem or ""
        return
    if not hasattr(os, "memfd_create"):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(pem)
            file.flush()
            yield file.name
        return
    # The file is in memory, because a deployed program may have no writable folder.
    with os.fdopen(os.memfd_create("pem"), "w") as file:
        file.write(pem)
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"


def _no_password(*_: Any) -> str:
    raise ValueError(KEY_IS_ENCRYPTED)
