"""Which proxy a store gets: its own, its org's, or that of all, each with its own password."""

from __future__ import annotations

from pathlib import Path

import pytest

from store_exporter.config import Config, ConfigError, dump, load
from store_exporter.stores.model import Proxy, Secret

ENVIRON = {"KEY": "ck_0123456789", "SECRET": "cs_0123456789", "PASSWORD": "of-the-proxy"}
STORE = """  - domain: {domain}
    org: {org}
    platform: woocommerce
    credentials: {{consumer_key: env:KEY, consumer_secret: env:SECRET}}
"""
DEFAULT = (
    "defaults: {proxy_url: http://all.example:3128, proxy_username: ada,"
    " proxy_password: env:PASSWORD, no_proxy: [.internal.example, 10.0.0.0/8]}\n"
)
ORGS = "orgs: [{org: acme}, {org: zen, proxy_url: http://zen.example:8000}]\n"
STORES = "stores:\n" + "".join(
    STORE.format(domain=f"{name}.example", org=org) + more
    for name, org, more in (
        ("plain", "acme", ""),
        ("own", "acme", "    proxy_url: http://own.example:8080\n"),
        ("straight", "zen", "    proxy_url: direct\n"),
        ("orgs", "zen", ""),
    )
)
OF_ALL = Proxy(
    "http://all.example:3128", "ada", Secret("of-the-proxy"), (".internal.example", "10.0.0.0/8")
)


def written(folder: Path, text: str, before: Config | None = None) -> Config:
    file = folder / "store-exporter.yml"
    file.write_text(text)
    return load(file, environ=ENVIRON, before=before)


def proxies(config: Config) -> dict[str, Proxy | None]:
    return {store.domain.partition(".")[0]: store.proxy for store in config.stores}


def test_the_nearest_proxy_wins_with_everything_that_belongs_to_it(tmp_path: Path) -> None:
    config = written(tmp_path, DEFAULT + ORGS + STORES)
    assert proxies(config) == {
        "plain": OF_ALL,
        "own": Proxy("http://own.example:8080"),
        "straight": None,
        "orgs": Proxy("http://zen.example:8000"),
    }
    assert Secret("of-the-proxy") in set(dump.secrets(config))
    assert "of-the-proxy" not in dump.text(config)


def test_a_change_of_an_orgs_proxy_holds_after_a_reload(tmp_path: Path) -> None:
    before = written(tmp_path, ORGS + STORES)
    after = written(tmp_path, ORGS.replace(":8000}", ":81}") + STORES, before)
    assert proxies(after)["orgs"] == Proxy("http://zen.example:81")
    without = written(tmp_path, "orgs: [{org: acme}, {org: zen}]\n" + STORES, after)
    assert proxies(without)["orgs"] is None


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("proxy_url: socks5://x.example:1", "must begin with https:// or http://"),
        ("proxy_url: https://x.example:1", "must be http://HOST:PORT, or direct"),
        ("proxy_url: http://x.example:1/path", "must be http://HOST:PORT, or direct"),
        ("proxy_url: http://ada:pass@x.example:1", "must not contain credentials; see proxy_user"),
        ("proxy_username: ada, proxy_password: env:PASSWORD", "need proxy_url here too"),
        ("proxy_url: http://x.example:1, proxy_username: ada", "must be set together"),
        ("proxy_url: http://x.example:1, no_proxy: ['a b']", "is not a host, .domain, IP address"),
    ],
)
def test_what_is_no_proxy_is_refused(tmp_path: Path, keys: str, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        written(tmp_path, f"defaults: {{{keys}}}\n")
    assert problem in str(raised.value)
    assert "pass@" not in str(raised.value)
