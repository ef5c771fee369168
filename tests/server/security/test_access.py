from __future__ import annotations

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import bcrypt
import pytest
import trustme

from store_exporter.config import ConfigError
from store_exporter.server.security.access import credentials
from store_exporter.server.security.web_file import WebFile
from tests.server.support import Running, configuration, exporting, hashed

HASH = hashed(b"correct horse")


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def replace(path: Path, text: str) -> None:
    """Write a file as a new one, as deployments do, so that a change shows at once."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.replace(path)


@asynccontextmanager
async def guarded(folder: Path, text: str) -> AsyncIterator[tuple[Running, Path]]:
    path = folder / "web.yml"
    path.write_text(text)
    async with exporting(folder, configuration(), web_file=WebFile(path)) as running:
        yield running, path


async def test_a_right_password_comes_in_and_everything_else_does_not(tmp_path: Path) -> None:
    async with guarded(tmp_path, f"basic_auth_users: {{ada: {HASH}}}\n") as (running, _):
        for headers in ({}, basic("ada", "wrong"), basic("bob", "correct horse"), basic("", "")):
            for path in ("/", "/metrics", "/config", "/nowhere", "/-/reload", "/-/healthy/"):
                answer = await running.ask(path, headers=headers)
                assert answer.status == 401
                assert answer.headers["WWW-Authenticate"].startswith("Basic")
        for _ in range(2):
            answer = await running.ask("/metrics", headers=basic("ada", "correct horse"))
            assert answer.status == 200


async def test_who_restarts_or_balances_needs_no_password(tmp_path: Path) -> None:
    async with guarded(tmp_path, f"basic_auth_users: {{ada: {HASH}}}\n") as (running, path):
        for path_ in ("/-/healthy", "/-/ready"):
            assert (await running.ask(path_)).status == 200
        # A typing error in this file must not have the process restarted.
        replace(path, "[\n")
        assert (await running.ask("/-/healthy")).status == 200
        assert (await running.ask("/")).status == 500


async def test_passwords_that_vanish_from_the_file_open_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = f"basic_auth_users: {{ada: {HASH}}}\n"
    async with guarded(tmp_path, good) as (running, path):
        replace(path, "basic_auth_users: {}\n")
        assert (await running.ask("/")).status == 500
        assert (await running.ask("/", headers=basic("ada", "correct horse"))).status == 500
        assert "only a restart removes passwords" in caplog.messages[-1]
        replace(path, good)
        assert (await running.ask("/", headers=basic("ada", "correct horse"))).status == 200


async def test_who_brings_no_password_costs_no_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def expensive(*_: bytes) -> bool:
        raise AssertionError("it was checked")

    monkeypatch.setattr(bcrypt, "checkpw", expensive)
    async with guarded(tmp_path, f"basic_auth_users: {{ada: {HASH}}}\n") as (running, _):
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic %"}):
            assert (await running.ask("/", headers=headers)).status == 401


async def test_the_api_has_its_own_tokens(tmp_path: Path) -> None:
    async with guarded(tmp_path, f"basic_auth_users: {{ada: {HASH}}}\n") as (running, _):
        assert (await running.api("/api/v1/health")).status == 200
        assert (await running.api("/api/v1/health", "wrong")).status == 401


async def test_the_predecessors_addresses_take_tokens_too(tmp_path: Path) -> None:
    path = tmp_path / "web.yml"
    path.write_text(f"basic_auth_users: {{ada: {HASH}}}\n")
    text = configuration(more="predecessor_api: true\n")
    async with exporting(tmp_path, text, web_file=WebFile(path)) as running:
        assert (await running.api("/api/woocommerce/health")).status == 200
        refused = await running.api("/api/woocommerce/health", "wrong")
        assert (refused.status, refused.json["success"]) == (401, False)


async def test_users_change_without_a_restart(tmp_path: Path) -> None:
    async with guarded(tmp_path, f"basic_auth_users: {{ada: {HASH}}}\n") as (running, path):
        replace(path, f"basic_auth_users: {{ada: {hashed(b'new')}, bob: {HASH}}}\n")
        assert (await running.ask("/", headers=basic("ada", "correct horse"))).status == 401
        assert (await running.ask("/", headers=basic("ada", "new"))).status == 200
        assert (await running.ask("/", headers=basic("bob", "correct horse"))).status == 200


async def test_a_file_that_becomes_bad_locks_everybody_out_until_it_is_good(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good = f"basic_auth_users: {{ada: {HASH}}}\n"
    async with guarded(tmp_path, good) as (running, path):
        for bad in ("basic_auth_user: {}\n", "tls_server_config: {}\n", "[\n"):
            replace(path, bad)
            answer = await running.ask("/", headers=basic("ada", "correct horse"))
            assert answer.status == 500
        assert "basic_auth_user: unknown key; did you mean" in vars(caplog.records[0])["problems"]
        path.unlink()
        assert (await running.ask("/", headers=basic("ada", "correct horse"))).status == 500
        replace(path, good)
        assert (await running.ask("/", headers=basic("ada", "correct horse"))).status == 200


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("Basic " + base64.b64encode(b"ada:a:b").decode(), ("ada", b"a:b")),
        ("basic " + base64.b64encode(b"ada:").decode(), ("ada", b"")),
        ("Basic " + base64.b64encode(b"\xff:x").decode(), ("", b"")),
        ("Basic %%%", ("", b"")),
        ("Basic \udcff\udcfe", ("", b"")),
        ("Basic", ("", b"")),
        ("Bearer YWRhOmI=", ("", b"")),
        ("", ("", b"")),
    ],
)
def test_credentials_are_read_or_empty(header: str, expected: tuple[str, bytes]) -> None:
    assert credentials(header) == expected


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def write_certificate(authority: trustme.CA, folder: Path, name: str) -> None:
    """Replace the server's certificate by one whose subject tells it apart."""
    issued = authority.issue_cert("127.0.0.1", organization_name=name)
    fresh = folder / "fresh.pem"
    issued.cert_chain_pems[0].write_to_path(str(fresh))
    fresh.replace(folder / "cert.pem")
    issued.private_key_pem.write_to_path(str(fresh))
    fresh.replace(folder / "key.pem")


TLS = "tls_server_config: {cert_file: cert.pem, key_file: key.pem%s}\n"


async def organization(url: str, client: ssl.SSLContext) -> str:
    """Return the organization of the certificate that a new connection is shown."""
    port = int(url.rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client)
    certificate = writer.get_extra_info("peercert")
    writer.close()
    await writer.wait_closed()
    names = dict(pair for group in certificate["subject"] for pair in group)
    return str(names["organizationName"])


async def test_tls_is_spoken_and_follows_its_files(tmp_path: Path, authority: trustme.CA) -> None:
    write_certificate(authority, tmp_path, "first")
    client = ssl.create_default_context()
    authority.configure_trust(client)
    async with guarded(tmp_path, TLS % "") as (running, path):
        assert running.url.startswith("https://")
        assert (await running.ask("/-/healthy", ssl=client)).status == 200
        assert await organization(running.url, client) == "first"
        write_certificate(authority, tmp_path, "second")
        assert await organization(running.url, client) == "second"
        replace(path, f"basic_auth_users: {{ada: {HASH}}}\n")
        with pytest.raises((ssl.SSLError, OSError)):
            await organization(running.url, client)
        replace(path, TLS % "")
        assert await organization(running.url, client) == "second"


async def test_clients_must_show_a_certificate_where_that_is_required(
    tmp_path: Path, authority: trustme.CA
) -> None:
    write_certificate(authority, tmp_path, "server")
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    options = ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem"
    client = ssl.create_default_context()
    authority.configure_trust(client)
    async with guarded(tmp_path, TLS % options) as (running, _):
        with pytest.raises((aiohttp.ClientError, ssl.SSLError, OSError)):
            await running.ask("/-/healthy", ssl=client)
        authority.issue_cert("client.example").configure_cert(client)
        assert (await running.ask("/-/healthy", ssl=client)).status == 200


UNKNOWN = "tls_config: {}\n"
CLEAR = "basic_auth_users: {ada: secret}\n"
MISSING = "tls_server_config:\n  cert_file: nowhere.pem\n  min_version: TLS9\n"
KEYLESS = "tls_server_config:\n  cert: x\n  client_ca: x\n  max_version: TLS11\n"
AT_ODDS = """tls_server_config:
  cert_file: cert.pem
  key_file: cert.pem
  client_auth_type: VerifyClientCertIfGiven
  max_version: TLS12
  min_version: TLS13
"""


@pytest.mark.parametrize(
    ("text", "problems"),
    [
        (UNKNOWN, ["1: tls_config: unknown key; did you mean tls_server_config?"]),
        (CLEAR, ["1: basic_auth_users: a password must be a bcrypt hash, as `htpasswd"]),
        (
            MISSING,
            [
                "2: tls_server_config.cert_file: cannot read the file: No such file or directory",
                "3: tls_server_config.min_version: must be 'TLS10', 'TLS11', 'TLS12' or 'TLS13'",
            ],
        ),
        (
            KEYLESS,
            [
                "1: tls_server_config.key_file: is missing, and so is key",
                "3: tls_server_config.client_ca: needs a client_auth_type, which is missing",
                "4: tls_server_config.max_version: TLS 1.0 and 1.1 are not supported",
            ],
        ),
        (
            AT_ODDS,
            [
                "2: tls_server_config.cert_file: the certificate and key cannot be used together",
                "6: tls_server_config.min_version: is newer than max_version",
            ],
        ),
    ],
)
def test_a_bad_file_is_refused_with_every_problem(
    tmp_path: Path, authority: trustme.CA, text: str, problems: list[str]
) -> None:
    write_certificate(authority, tmp_path, "a")
    path = tmp_path / "web.yml"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        WebFile(path)
    found = [line.removeprefix(f"{path}:") for line in str(caught.value).splitlines()]
    assert [line[: len(start)] for line, start in zip(found, problems, strict=True)] == problems
    assert "secret" not in str(caught.value)
