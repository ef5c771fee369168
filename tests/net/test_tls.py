"""Certificates: whom to trust, and when they expire."""

from __future__ import annotations

import os
import ssl
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import certifi
import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from store_exporter.errors import Fault, StoreError
from store_exporter.net import tls
from store_exporter.platforms.kit.client.drivers import tls_context

KEY = ec.generate_private_key(ec.SECP256R1())
NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.example.com")])


def certificate(expires: datetime) -> bytes:
    builder = x509.CertificateBuilder(NAME, NAME, KEY.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(datetime(1971, 1, 1, tzinfo=UTC))
    signed = builder.not_valid_after(expires).sign(KEY, hashes.SHA256())
    return signed.public_bytes(serialization.Encoding.DER)


@settings(deadline=None)
@given(st.datetimes(datetime(1972, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001 - as hypothesis wants it
def test_the_expiry_is_read_out_of_any_certificate(expires: datetime) -> None:
    expected = expires.replace(microsecond=0).timestamp()
    assert tls.expiry(certificate(expires)) == expected


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_what_is_no_certificate_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the type is the promise
        tls.expiry(data)


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_certificate_is_refused_or_read_but_never_breaks(place: int, byte: int) -> None:
    damaged = bytearray(certificate(datetime(2030, 1, 1, tzinfo=UTC)))
    damaged[place % len(damaged)] = byte
    with suppress(ValueError):
        assert isinstance(tls.expiry(bytes(damaged)), float)


def test_the_expiry_equals_what_the_standard_library_reads() -> None:
    ca = trustme.CA()
    pem = ca.issue_cert("shop.example.com").cert_chain_pems[0].bytes()
    der = ssl.PEM_cert_to_DER_cert(pem.decode())
    parsed = x509.load_der_x509_certificate(der)
    assert tls.expiry(der) == parsed.not_valid_after_utc.timestamp()


def test_contexts_verify_and_are_shared() -> None:
    context = tls.context(certifi.where())
    assert context is tls.context(certifi.where())
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert not context.hostname_checks_common_name
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.fixture(scope="module")
def diffie_hellman_only(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A server that exchanges keys by numbers which it chooses, and by nothing else."""
    # A client cannot tell whether they are prime. Of 10,000 bits they cost it more than a second.
    number = ((1 << 2047) | 1).to_bytes(257, "big")
    encoded = bytes.fromhex("30820108 02820101") + number + bytes.fromhex("020102")
    chosen: Path = tmp_path_factory.mktemp("dh") / "chosen.pem"
    chosen.write_text(ssl.DER_cert_to_PEM_cert(encoded).replace("CERTIFICATE", "DH PARAMETERS"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("DHE-RSA-AES128-GCM-SHA256")
    context.load_dh_params(str(chosen))
    trustme.CA().issue_cert("shop.example.com", key_type=trustme.KeyType.RSA).configure_cert(
        context
    )
    return context


@pytest.mark.parametrize(
    "context",
    [tls.context(), tls._unverified(), tls_context(None)],
    ids=["probes", "a look at a refused certificate", "clients"],
)
def test_no_server_chooses_how_long_an_exchange_of_keys_takes(
    context: ssl.SSLContext, diffie_hellman_only: ssl.SSLContext
) -> None:
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(to_client, to_server, server_hostname="shop.example.com")
    server = diffie_hellman_only.wrap_bio(to_server, to_client, server_side=True)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    with pytest.raises(ssl.SSLError, match="NO_SHARED_CIPHER"):
        server.do_handshake()
    assert context.options & ssl.OP_NO_RENEGOTIATION, "nor how often there is one"


def test_certifi_is_trusted_where_the_system_trusts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        ssl,
        "get_default_verify_paths",
        lambda: ssl.DefaultVerifyPaths(None, None, "", "", "", ""),  # type: ignore[arg-type]
    )
    context = tls.context.__wrapped__(None)
    assert len(context.get_ca_certs()) > 50


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "No such file or directory"),
        ("no PEM", "it holds no certificate in PEM format"),
        # Opening it would stop the exporter until somebody writes into it.
        ("a pipe", "it is no regular file"),
    ],
)
def test_a_file_without_certificates_is_named_and_no_store_is_blamed(
    tmp_path: Path, content: str | None, reason: str
) -> None:
    file = tmp_path / "ca.pem"
    if content == "a pipe":
        os.mkfifo(file)
    elif content is not None:
        file.write_text(content)
    with pytest.raises(StoreError) as caught:
        tls.context(str(file))
    assert caught.value.message == f"ca_file is unusable: {reason}"
    assert (caught.value.error_type, caught.value.fault) == ("tls_untrusted", Fault.CONFIG)
