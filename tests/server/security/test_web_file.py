"""`--web.config.file` takes every file of exporter-toolkit, and TLS is spoken as it says."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from textwrap import indent

import aiohttp
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from store_exporter.config import ConfigError
from store_exporter.config.model.tls_server import TlsServer
from store_exporter.config.model.values import go_duration
from store_exporter.config.model.web import RateLimit, load_web
from store_exporter.server.security.web_file import WebFile
from store_exporter.server.security.web_rules import TokenBucket
from tests.server.support import Running, configuration, exporting

GCM_128 = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
GCM_256 = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
PAIR = "cert_file: cert.pem, key_file: key.pem"
VERIFY = f"{PAIR}, client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.pem"
UNVERIFIED = f"{PAIR}, client_auth_type: RequestClientCert, client_ca_file: ca.pem"

# Named as if they were wrong, and valid by exporter-toolkit's own `Validate`: the first verifies
# against the system's issuers, the second refuses its client, the third lacks what HTTP/2 needs.
VALID_ALL_THE_SAME = {
    "web_config_auth_clientCAs_missing.bad.yml",
    "web_config_auth_client_san.bad.yaml",
    "web_config_noAuth_noHTTP2Cipher.bad.yml",
}


def toolkit() -> list[Path]:
    """The files of exporter-toolkit's own tests, from Go's cache of modules."""
    if not (go := shutil.which("go")):
        pytest.skip("Go is not there to tell where its modules are")
    asked = subprocess.run([go, "env", "GOMODCACHE"], capture_output=True, text=True, check=True)
    modules = Path(asked.stdout.strip()) / "github.com/prometheus"
    newest = sorted(modules.glob("exporter-toolkit@v0.[2-9]*"))[-1:]
    return [file for folder in newest for file in (folder / "web/testdata").glob("*.y*ml")]


@pytest.mark.real
def test_exporter_toolkits_own_files_are_judged_as_it_judges_them() -> None:
    files = toolkit()
    if not files:
        pytest.skip("Go has not fetched exporter-toolkit 0.20 or later")
    for file in files:
        junk = ".bad." in file.name or "junk" in file.name
        if junk and file.name not in VALID_ALL_THE_SAME:
            with pytest.raises(ConfigError):
                load_web(file)
        else:
            load_web(file)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def folder(tmp_path: Path, authority: trustme.CA) -> Path:
    issued = authority.issue_cert("127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    issued.private_key_pem.write_to_path(str(tmp_path / "key.pem"))
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return tmp_path


def client_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    """A client that trusts the server, with a certificate for those names if there are any."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    if names:
        authority.issue_cert(*names).configure_cert(context)
    return context


def written(folder: Path, text: str) -> WebFile:
    file = folder / "web.yml"
    file.write_text(text)
    return WebFile(file)


async def answered(folder: Path, text: str, client: ssl.SSLContext) -> bool:
    """Tell whether a server with this file answers a client."""
    async with exporting(folder, configuration(), web_file=written(folder, text)) as running:
        try:
            return (await running.ask("/-/healthy", ssl=client)).status == 200
        except (aiohttp.ClientError, OSError):
            return False


@pytest.mark.parametrize(
    ("text", "warnings"),
    [
        ("", []),
        ("tls_server_config:\nhttp_server_config:\nbasic_auth_users:\nrate_limit:\n", []),
        ("tls_server_config: {min_version: TLS13}", []),
        (f"tls_server_config: {{{PAIR}}}", []),
        (f"tls_server_config: {{{VERIFY}, client_allowed_sans: [a.example]}}", []),
        (f"tls_server_config: {{{PAIR}, cert: '', key: ''}}", []),
        (f"tls_server_config: {{{PAIR}, prefer_server_cipher_suites: true}}", []),
        (f"tls_server_config: {{{PAIR}, curve_preferences: [X25519]}}", []),
        (f"tls_server_config: {{{PAIR}, cipher_suites: [{GCM_128}, TLS_AES_128_GCM_SHA256]}}", []),
        ("http_server_config: {http2: false, headers: {X-XSS-Protection: 1}}", []),
        ("rate_limit: {interval: 1m0.5s, burst: 3}", []),
        ("rate_limit: {interval: 0, burst: 0}", []),
        ("http_server_config: {http2: true}", ["http_server_config.http2"]),
        (
            f"tls_server_config: {{{PAIR}, client_auth_type: RequireAnyClientCert}}",
            ["tls_server_config.client_auth_type"],
        ),
        (
            f"tls_server_config: {{{UNVERIFIED}, client_allowed_sans: [a]}}",
            ["tls_server_config.client_auth_type", "tls_server_config.client_allowed_sans"],
        ),
        (
            f"tls_server_config: {{{PAIR}, client_auth_type: VerifyClientCertIfGiven}}",
            ["tls_server_config.client_ca_file"],
        ),
        (
            f"tls_server_config: {{{PAIR}, prefer_server_cipher_suites: false}}",
            ["tls_server_config.prefer_server_cipher_suites"],
        ),
        (f"tls_server_config: {{{PAIR}, min_version: TLS10}}", ["tls_server_config.min_version"]),
        (f"basic_auth_users: {{ada: $2y$18${'a' * 53}}}", ["basic_auth_users"]),
    ],
)
def test_what_is_valid_is_taken_with_one_warning_for_each_thing_done_otherwise(
    folder: Path, caplog: pytest.LogCaptureFixture, text: str, warnings: list[str]
) -> None:
    web_file = written(folder, text)
    said = [record.getMessage() for record in caplog.records]
    found = [line.removeprefix(f"accepted in {folder}/web.yml: ") for line in said]
    assert [line.partition(":")[0] for line in found] == warnings
    assert (web_file.tls is None) == (PAIR not in text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"tls_server_config: {{{PAIR}, cipher_suites: [RC4]}}", "entry 1 is not a cipher suite"),
        (f"tls_server_config: {{{PAIR}, curve_preferences: [P1]}}", "entry 1 is not a curve of Go"),
        (f"tls_server_config: {{{PAIR}, max_version: TLS11}}", "TLS 1.0 and 1.1 are not supported"),
        (f"tls_server_config: {{{VERIFY.replace('ca.pem', 'key.pem')}}}", "clients' issuers"),
        ("tls_server_config: {cert: x, key: y}", "cannot be used together"),
        ("tls_server_config: {client_ca: x}", "cert_file: is missing, and so is cert"),
        ("http_server_config: {headers: {X-Frame-Options: all}}", "must be deny or sameorigin"),
        ("http_server_config: {headers: {Set-Cookie: a}}", "can only hold these headers"),
        ('http_server_config: {headers: {X-XSS-Protection: "1\\r\\nA: b"}}', "one line of ASCII"),
        ("rate_limit: {interval: 5, burst: 1}", "is not a duration"),
        ("basic_auth_users: [ada]", "must be a mapping of keys to values"),
        ("rate_limit: {interval: 5s, burst: -1}", "must be at least 0"),
        ("basic_auth_users: {ada: $2y$32$" + "a" * 53 + "}", "must be a bcrypt hash"),
    ],
)
def test_what_is_not_valid_is_refused(folder: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        written(folder, text)


@pytest.mark.parametrize(
    ("key", "password", "problem"),
    [
        (ec.generate_private_key(ec.SECP256R1()), None, "the key does not belong to the first"),
        (rsa.generate_private_key(65537, 2048), None, "the key does not belong to the first"),
        (ec.generate_private_key(ec.SECP256R1()), b"hunter22", "the key is encrypted"),
    ],
)
def test_why_a_key_is_not_that_of_a_certificate_is_said(
    folder: Path,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    password: bytes | None,
    problem: str,
) -> None:
    form = PrivateFormat.TraditionalOpenSSL
    hidden = BestAvailableEncryption(password) if password else NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, form, hidden))
    with pytest.raises(ConfigError, match=f"cert_file: {problem}"):
        written(folder, f"tls_server_config: {{{PAIR}}}")


async def test_certificates_may_stand_in_the_file(folder: Path, authority: trustme.CA) -> None:
    names = {"cert": "cert.pem", "key": "key.pem", "client_ca": "ca.pem"}
    parts = [
        f"  {key}: |\n{indent((folder / name).read_text(), '    ')}" for key, name in names.items()
    ]
    kind = "  client_auth_type: RequireAndVerifyClientCert\n"
    text = f"tls_server_config:\n{kind}{''.join(parts)}"
    for name in names.values():
        (folder / name).unlink()
    assert await answered(folder, text, client_context(authority, "client.example"))
    assert not await answered(folder, text, client_context(authority))


@pytest.mark.parametrize(
    ("names", "allowed", "comes_in"),
    [
        (["a.example"], ["b.example", "a.example"], True),
        (["127.0.0.9"], ["127.0.0.9"], True),
        (["::1"], ["::1"], True),
        (["ops@a.example"], ["ops@a.example"], True),
        (["a.example"], ["b.example"], False),
        (["sub.a.example"], ["a.example"], False),
        ([], ["a.example"], False),
    ],
)
@pytest.mark.parametrize("kind", ["RequireAndVerifyClientCert", "VerifyClientCertIfGiven"])
async def test_a_client_must_have_one_of_the_allowed_names(
    folder: Path,
    authority: trustme.CA,
    kind: str,
    names: list[str],
    allowed: list[str],
    *,
    comes_in: bool,
) -> None:
    keys = VERIFY.replace("RequireAndVerifyClientCert", kind)
    listed = ", ".join(f'"{name}"' for name in allowed)
    text = f"tls_server_config: {{{keys}, client_allowed_sans: [{listed}]}}"
    assert await answered(folder, text, client_context(authority, *names)) == comes_in


def only(cipher: str) -> Callable[[ssl.SSLContext], None]:
    def change(client: ssl.SSLContext) -> None:
        client.maximum_version = ssl.TLSVersion.TLSv1_2
        client.set_ciphers(cipher)

    return change


def tls12(client: ssl.SSLContext) -> None:
    client.maximum_version = ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize(
    ("keys", "change", "agrees"),
    [
        (f"cipher_suites: [{GCM_128}]", only("ECDHE-ECDSA-AES128-GCM-SHA256"), True),
        (f"cipher_suites: [{GCM_128}]", only("ECDHE-ECDSA-AES256-GCM-SHA384"), False),
        (f"cipher_suites: [{GCM_128}, {GCM_256}]", only("ECDHE-ECDSA-AES256-GCM-SHA384"), True),
        ("cipher_suites: [TLS_AES_128_GCM_SHA256]", tls12, False),
        ("min_version: TLS13", tls12, False),
        ("min_version: TLS11, max_version: TLS12", tls12, True),
        ("curve_preferences: [CurveP384]", lambda c: c.set_ecdh_curve("secp384r1"), True),
        ("curve_preferences: [CurveP384]", lambda c: c.set_ecdh_curve("prime256v1"), False),
    ],
)
async def test_what_may_be_spoken_is_what_was_chosen(
    folder: Path,
    authority: trustme.CA,
    keys: str,
    change: Callable[[ssl.SSLContext], None],
    *,
    agrees: bool,
) -> None:
    client = client_context(authority)
    change(client)
    assert await answered(folder, f"tls_server_config: {{{PAIR}, {keys}}}", client) == agrees


async def test_what_changes_holds_for_the_next_connection(
    folder: Path, authority: trustme.CA
) -> None:
    async with exporting(
        folder, configuration(), web_file=written(folder, f"tls_server_config: {{{PAIR}}}")
    ) as running:
        assert await came_in(running, client_context(authority))
        fresh = folder / "fresh.yml"
        fresh.write_text(f"tls_server_config: {{{VERIFY}}}")
        fresh.replace(folder / "web.yml")
        assert not await came_in(running, client_context(authority))
        assert await came_in(running, client_context(authority, "client.example"))


def test_keys_may_be_credentials_of_the_unit(
    folder: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path_factory.mktemp("credentials")
    (folder / "key.pem").rename(credentials / "secrets_web.key")
    unit = PAIR.replace("key.pem", "$CREDENTIALS_DIRECTORY/secrets_web.key")
    file = folder / "web.yml"
    file.write_text(f"tls_server_config: {{{unit}}}")
    with pytest.raises(ConfigError, match="CREDENTIALS_DIRECTORY is not set"):
        load_web(file)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credentials))
    tls = load_web(file).tls
    assert tls is not None
    assert credentials / "secrets_web.key" in tls.files


async def came_in(running: Running, client: ssl.SSLContext) -> bool:
    port = int(running.url.rpartition(":")[2])
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client)
        writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
    except OSError:
        return False
    return answer.startswith(b"HTTP/1.1 200")


async def test_headers_of_the_file_replace_those_of_every_response(tmp_path: Path) -> None:
    headers = 'X-Frame-Options: sameorigin, Content-Security-Policy: "", X-XSS-Protection: 1'
    web_file = written(tmp_path, f"http_server_config: {{headers: {{{headers}}}}}")
    async with exporting(tmp_path, configuration(), web_file=web_file) as running:
        for path in ("/", "/metrics", "/nowhere"):
            found = (await running.ask(path)).headers
            assert (found["X-Frame-Options"], found["X-XSS-Protection"]) == ("sameorigin", "1")
            assert "Content-Security-Policy" not in found
            assert found["X-Content-Type-Options"] == "nosniff"


async def test_requests_beyond_the_rate_limit_get_429(tmp_path: Path) -> None:
    web_file = written(tmp_path, "rate_limit: {interval: 1h, burst: 2}")
    async with exporting(tmp_path, configuration(), web_file=web_file) as running:
        found = [(await running.ask("/-/healthy")).status for _ in range(4)]
        assert found == [200, 200, 429, 429]


def test_a_place_comes_back_with_each_interval_and_no_more_than_the_burst() -> None:
    now = 0.0
    limit = RateLimit.model_validate({"interval": "2s", "burst": 2})
    bucket = TokenBucket(limit, clock=lambda: now)
    assert [bucket.allow() for _ in range(3)] == [True, True, False]
    now = 2.0
    assert [bucket.allow() for _ in range(2)] == [True, False]
    now = 100.0
    assert [bucket.allow() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("0", 0), ("1.5h", 5400), ("1m30s", 90), ("300ms", 0.3), (".5s", 0.5), ("2us", 2e-6)],
)
def test_durations_are_read_as_go_reads_them(text: str, seconds: float) -> None:
    assert go_duration(text) == pytest.approx(seconds)


def test_a_key_in_the_file_never_shows() -> None:
    tls = TlsServer.model_validate({"key": "PRIVATE"})
    assert "PRIVATE" not in repr(tls)
    assert tls.key == "PRIVATE"
