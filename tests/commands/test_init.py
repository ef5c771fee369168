"""`store-exporter init`: from an address and a key to a configuration that is checked."""

from __future__ import annotations

import asyncio
import io
import socket
import ssl
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import trustme

from store_demo.stores.shopify import SimulatedShopify
from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter import cli
from store_exporter.commands.support import questions
from store_exporter.config import load
from store_exporter.errors import StoreError
from store_exporter.platforms import base
from store_exporter.stores.model import Proxy, Secret, Store
from tests.fakes.handlers import Handler, handling
from tests.fakes.serving import serving

from .shops import DOMAIN
from .terminal import dialogue

PLATFORMS = ", ".join(base.names())


@pytest.fixture
def shop() -> SimulatedWooCommerce:
    return SimulatedWooCommerce(DOMAIN, orders=10, rest_prefix="/shop-api")


@pytest.fixture
def url(shop: SimulatedWooCommerce) -> Iterator[str]:
    with serving(shop) as address:
        yield address


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command runs, without a terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path


def flags(folder: Path, shop: SimulatedWooCommerce, url: str, domain: str = DOMAIN) -> list[str]:
    """All that there is to say of a shop, with its key in files."""
    key = shop.keys.read_only
    (folder / "key").write_text(key.consumer_key)
    (folder / "secret").write_text(key.consumer_secret)
    return [
        "init", "--platform=woocommerce", f"--url={url}", f"--domain={domain}", "--org=acme",
        "--credential=consumer_key=file:key", "--credential=consumer_secret=file:secret",
    ]  # fmt: skip


@pytest.mark.timeout(360)  # a process on a busy machine
def test_a_person_is_asked_and_keys_are_neither_shown_nor_in_the_configuration(
    tmp_path: Path, shop: SimulatedWooCommerce, url: str
) -> None:
    key = shop.keys.read_only
    status, seen = dialogue(
        tmp_path,
        [
            (f"Platform ({PLATFORMS}): ", "wocommerce"),
            (f"one of {PLATFORMS}", "woocommerce"),
            ("Address of the store: ", "shop.invalid"),
            ("There is no host shop.invalid; ", None),
            ("Address of the store [https://shop.invalid]: ", f"{url}/"),
            ("Its name in metrics [127.0.0.1]: ", DOMAIN),
            ("Org that owns the store, as one word: ", f"ck_{'0' * 40}"),
            ("looks like a credential of WooCommerce, and metrics show it", None),
            ("Org that owns the store, as one word: ", "acme"),
            ("consumer_key (not shown): ", key.consumer_secret),
            ("It begins with cs_, as the consumer secret does", None),
            ("consumer_key (not shown): ", key.consumer_key),
            ("consumer_secret (not shown): ", key.consumer_secret),
        ],
    )
    assert status == 0, seen
    text = (tmp_path / "store-exporter.yml").read_text()
    for secret in (key.consumer_key, key.consumer_secret):
        assert secret not in seen
        assert secret not in text
    assert "the API is at /shop-api" in seen
    assert "every 1m   liveness" in seen
    (store,) = load(tmp_path / "store-exporter.yml").stores
    assert (store.url, store.org, store.domain) == (url, "acme", DOMAIN)
    assert store.credentials["consumer_secret"] == Secret(key.consumer_secret)
    kept = tmp_path / "secrets" / DOMAIN / "consumer_key"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.read_text() == key.consumer_key
    assert sorted(path.name for path in tmp_path.iterdir()) == ["secrets", "store-exporter.yml"]


def test_an_address_that_refuses_connections_is_reported_before_any_key_is_requested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    prompts: list[str] = []
    replies = iter(["woocommerce", f"http://127.0.0.1:{port}"])

    def reply(prompt: str) -> str:
        prompts.append(prompt)
        try:
            return next(replies)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr("builtins.input", reply)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    assert cli.main(["init", f"--config.file={tmp_path}/store-exporter.yml"]) == 1
    assert prompts[-1] == f"Address of the store [http://127.0.0.1:{port}]: "
    refused = f"Port {port} of 127.0.0.1 cannot be reached: Connection refused; press Enter"
    assert refused in capsys.readouterr().out


@pytest.mark.timeout(360)
def test_a_key_that_the_store_refuses_leaves_nothing_behind(
    tmp_path: Path, shop: SimulatedWooCommerce, url: str
) -> None:
    status, seen = dialogue(
        tmp_path,
        [
            ("Platform", "woocommerce"),
            ("Address", url),
            ("Its name", DOMAIN),
            ("Org", "acme"),
            ("consumer_key (not shown): ", "ck_" + "0" * 40),
            ("consumer_secret (not shown): ", "cs_" + "0" * 40),
            ("A check failed. Write the configuration anyway? [y/N]: ", ""),
        ],
    )
    assert status == 1, seen
    assert "FAIL" in seen
    assert list(tmp_path.iterdir()) == []


def test_without_a_terminal_flags_say_everything(
    folder: Path, shop: SimulatedWooCommerce, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = flags(folder, shop, url)
    assert cli.main(given[:2]) == 2
    assert capsys.readouterr().err == (
        "There is no terminal for questions: use --url; --help lists the other flags.\n"
    )
    assert cli.main(given[:-1]) == 2
    assert "--credential consumer_secret=file:PATH" in capsys.readouterr().err
    assert not (folder / "store-exporter.yml").exists()
    assert cli.main(given) == 0, capsys.readouterr()
    assert cli.main(["serve", "--config.check"]) == 0


def test_a_failed_check_is_written_down_by_force_only(
    folder: Path, shop: SimulatedWooCommerce, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = flags(folder, shop, url)
    (folder / "secret").write_text("cs_" + "0" * 40)
    assert cli.main(given) == 1
    assert "or use --force" in capsys.readouterr().err
    assert not (folder / "store-exporter.yml").exists()
    assert cli.main([*given, "--force"]) == 0
    assert len(load(folder / "store-exporter.yml").stores) == 1


def test_a_store_is_added_to_a_file_with_its_comments_and_never_twice(
    folder: Path, shop: SimulatedWooCommerce, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(flags(folder, shop, url)) == 0
    assert "\nNext: store-exporter serve " in capsys.readouterr().out
    file = folder / "store-exporter.yml"
    text = file.read_text().replace("stores:", "# All of them.\nstores:") + "# the end\n"
    text = "defaults: {probes: {liveness: {interval: 2m}}}\n" + text
    file.write_text(text)
    file.chmod(0o640)
    assert cli.main(flags(folder, shop, url)) == 2
    assert f"--domain: {DOMAIN} is in store-exporter.yml already" in capsys.readouterr().err
    assert file.read_text() == text
    assert cli.main(flags(folder, shop, url, "b.example")) == 0
    shown = capsys.readouterr().out
    assert "every 2m   liveness" in shown
    assert "\nNext: reload the exporter if it runs, otherwise store-exporter serve " in shown
    assert [store.domain for store in load(file).stores] == [DOMAIN, "b.example"]
    added = file.read_text()
    assert added.startswith(text.removesuffix("# the end\n"))
    assert added.endswith("# the end\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_the_state_of_an_existing_file_is_checked_and_no_other(
    folder: Path, shop: SimulatedWooCommerce, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "store-exporter.yml"
    (folder / "state").write_text("a file where by default the folder is\n")
    file.write_text("state_directory: elsewhere\n")
    assert cli.main(flags(folder, shop, url)) == 0, capsys.readouterr()
    assert str(folder / "elsewhere") in capsys.readouterr().out
    file.write_text("state_database: {url: postgresql://u@h/d, password: env:NOT_SET}\n")
    assert cli.main(flags(folder, shop, url)) == 0, capsys.readouterr()
    assert "state" not in capsys.readouterr().out


def test_where_a_few_lines_cannot_add_it_the_entry_is_printed(
    folder: Path, shop: SimulatedWooCommerce, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "{orgs: [{org: acme}], stores: []}\n"
    (folder / "store-exporter.yml").write_text(text)
    assert cli.main(flags(folder, shop, url)) == 0
    assert (folder / "store-exporter.yml").read_text() == text
    assert f"Add this under `stores`:\n\n  - domain: {DOMAIN}\n" in capsys.readouterr().out


def test_a_file_with_problems_is_left_alone(
    folder: Path, shop: SimulatedWooCommerce, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "store-exporter.yml").write_text("store: []\n")
    assert cli.main(flags(folder, shop, url)) == 1
    told = capsys.readouterr().err
    assert "did you mean stores?" in told
    assert told.endswith("Nothing was written.\n")


def test_one_of_a_pair_of_credentials_is_not_enough(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = SimulatedShopify("shop.example.com", seed=1)
    (folder / "token").write_text(shop.tokens.admin)
    with serving(shop) as url:
        given = ["init", "--platform=shopify", f"--url={url}", "--domain=a.example", "--org=acme"]
        assert cli.main([*given, "--credential=client_id=env:ID"]) == 2
        assert "client_secret" in capsys.readouterr().err
        assert cli.main([*given, "--credential=admin_token=file:token"]) == 0, capsys.readouterr()
    assert load(folder / "store-exporter.yml").stores[0].platform == "shopify"


def test_what_few_shops_need_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def answer(prompt: str) -> str:
        asked.append(prompt.partition(" (")[0])
        return "shpat_0123456789" if asked[-1] == "admin_token" else ""

    monkeypatch.setattr("getpass.getpass", answer)
    typed = questions.Questions(may_ask=True).credentials(base.load("shopify"), {})
    assert list(typed.secrets) == ["admin_token"]
    assert asked == ["client_id", "client_secret", "admin_token", "storefront_token"]


@contextmanager
def leading_to(location: str, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A server that sends everybody elsewhere; yields its address."""

    class Moved(Handler):
        def respond(self) -> None:
            self.answer(301, headers={"Location": location})

    with handling(Moved, tls) as address:
        yield address


def final(url: str, **keys: Any) -> tuple[str, str]:
    store = Store(org="acme", domain=DOMAIN, platform="woocommerce", url=url, **keys)
    return asyncio.run(questions.final(store))


def test_a_redirect_is_followed_on_the_same_host_and_reported_elsewhere(url: str) -> None:
    with leading_to(f"{url}/welcome") as old:
        assert final(old) == (url, f"{old} redirects to {url}, which will be watched.")
        assert final(f"{old}/shop")[0] == f"{url}/shop"
    with leading_to(url.replace("127.0.0.1", "localhost")) as foreign:
        found, told = final(foreign)
    assert found == foreign
    assert told == (
        f"{foreign} redirects visitors to localhost. If the API is there, use that address."
    )
    assert final(url) == (url, "")


def test_a_store_in_a_folder_of_its_host_is_confirmed_by_a_question_and_not_guessed(
    folder: Path, shop: SimulatedWooCommerce, capsys: pytest.CaptureFixture[str]
) -> None:
    class Folder(Handler):
        def respond(self) -> None:
            if self.path.startswith("/shop/"):
                self.answer(200, b"<html>Welcome</html>")
            else:
                self.answer(302, headers={"Location": "/shop/?visit=1"})

    with handling(Folder) as host, leading_to(host) as old:
        told = (
            f"{host} redirects visitors to {host}/shop/. If the store is there, use that address."
        )
        assert final(host) == (host, told)
        assert final(f"{host}/shop") == (f"{host}/shop", "")
        assert final(old)[1] == f"{old} redirects to {host}, which will be watched. {told}"
        assert cli.main(flags(folder, shop, host)) == 1
        assert told in capsys.readouterr().out
    assert not (folder / "store-exporter.yml").exists()


def test_the_page_that_sets_a_site_up_is_no_address_of_a_store(
    folder: Path, shop: SimulatedWooCommerce, capsys: pytest.CaptureFixture[str]
) -> None:
    class Empty(Handler):
        def respond(self) -> None:
            self.answer(302, headers={"Location": "/wp-admin/install.php"})

    with handling(Empty) as host:
        assert cli.main(flags(folder, shop, host)) == 1
    shown = " ".join(capsys.readouterr().out.split())
    what = "a WordPress that is not installed yet, or has lost its tables"
    assert f"{host} redirects visitors to {what}. " in shown
    assert f"redirect: the store redirects to {what}" in shown
    assert "an installation or a notice of the hosting company, repair the site" in shown


@pytest.mark.parametrize(
    "location", ["https://xn--0/", "javascript:alert(1)", "http://..", "http://127.0.0.1:0x1/"]
)
def test_a_redirect_to_what_is_no_address_raises_nothing_of_its_own(location: str) -> None:
    with leading_to(location) as url, suppress(StoreError):
        assert final(url)[0] == url


def test_an_address_that_does_not_respond_is_reported_and_the_environments_proxy_is_not_used(
    folder: Path,
    shop: SimulatedWooCommerce,
    url: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", url)
    given = flags(folder, shop, "http://127.0.0.1:9")
    assert cli.main(given) == 1
    seen = capsys.readouterr().out
    assert seen.count("refused the connection") == 1
    assert "The environment's proxy is not used; use --proxy-url" in seen
    assert not shop.requests


def test_the_first_look_goes_through_the_proxy_of_the_org(
    folder: Path, shop: SimulatedWooCommerce, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "store-exporter.yml").write_text(
        f"orgs: [{{org: acme, proxy_url: {url}, api_tokens: [env:A_TOKEN_OF_THE_EXPORTER]}}]\n"
        "stores: []\n"
    )
    # Only a proxy can tell what this name is; the simulated shop answers as one that knows.
    assert cli.main(flags(folder, shop, "http://shop.invalid")) == 0, capsys.readouterr()
    assert "could not be opened" not in capsys.readouterr().out


def test_what_the_store_is_reached_by_is_looked_at_and_written_down(
    folder: Path, shop: SimulatedWooCommerce, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "tls").mkdir()
    trustme.CA().cert_pem.write_to_path(folder / "tls/ca.pem")
    given = flags(folder, shop, "http://shop.invalid")
    (folder / "conf").mkdir()
    for name in ("key", "secret"):
        (folder / name).rename(folder / "conf" / name)
    asked = [*given, f"--proxy-url={url}", "--ca-file=tls/ca.pem", "--config.file=conf/store.yml"]
    assert cli.main(asked) == 0, capsys.readouterr()
    (store,) = load(folder / "conf/store.yml").stores
    assert store.proxy == Proxy(url)
    assert store.ca_file is not None
    assert Path(store.ca_file).samefile(folder / "tls/ca.pem")


@pytest.mark.timeout(360)
def test_a_person_is_requested_the_issuer_of_a_certificate_that_the_system_does_not_know(
    tmp_path: Path, shop: SimulatedWooCommerce, url: str
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    key = shop.keys.read_only
    question = "PEM file with the certificate's issuer (Enter for none)"
    with leading_to(url, context) as secure:
        status, seen = dialogue(
            tmp_path,
            [
                ("Platform", "woocommerce"),
                ("Address", secure),
                ("Its name", DOMAIN),
                ("Org", "acme"),
                ("consumer_key (not shown): ", key.consumer_key),
                ("consumer_secret (not shown): ", key.consumer_secret),
                (f"{question}: ", "nowhere.pem"),
                ("there is no such file", None),
                (f"{question}: ", "ca.pem"),
            ],
        )
    assert status == 0, seen
    assert f"{secure} redirects to {url}" in seen.replace("\r\n", "")
    # Sentences end at the terminal's edge between words; what is copied from it is not broken.
    folder = str(tmp_path)
    assert [each for each in seen.splitlines() if len(each) > 80 and folder not in each] == []
    (store,) = load(tmp_path / "store-exporter.yml").stores
    assert store.ca_file is not None
    assert Path(store.ca_file).samefile(tmp_path / "ca.pem")


def test_a_folder_that_takes_no_files_is_reported_by_the_name_that_was_given(
    folder: Path, shop: SimulatedWooCommerce, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*flags(folder, shop, url), "--config.file=/proc/store.yml"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("/proc/store.yml: cannot be written: ")
    assert said.endswith("\nNothing was written.\n")
