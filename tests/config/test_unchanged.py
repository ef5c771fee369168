"""What a reload takes over of the configuration before: what says the same, and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from store_exporter.config import Config, ConfigError, load
from store_exporter.config.load import Reading
from store_exporter.stores.model import Unreadable
from tests.config.example import PLATFORMS

ENVIRON = {"KEY": "ck_12345678"}
BEFORE = """
orgs: [{org: acme}, {org: zen}]
defaults: {requests_per_hour: 100}
stores:
  - {domain: a.example, org: acme, platform: example, credentials: {key: env:KEY}}
  - {domain: b.example, org: acme, platform: example, credentials: {key: 'file:key', user: me}}
  - domain: c.example
    org: zen
    platform: example
    credentials: {key: env:KEY}
    collectors: {orders: {pages: 9}}
"""


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        (("acme", "acme"), "abc"),
        (("requests_per_hour: 100", "requests_per_hour: 101"), ""),
        (("orgs: [", "orgs: [{org: new}, "), "abc"),
        (("{org: acme}", "{org: acme, lists: false}"), ""),
        (("pages: 9", "pages: 8"), "ab"),
        (("user: me", "user: you"), "ac"),
        (("  - {domain: a.example, org: acme", "  - {domain: a.example, org: zen"), "bc"),
        (("b.example", "x.example"), "ac"),
        (("credentials: {key: env:KEY}}", "credentials: {key: 'file:key'}}"), "bc"),
        (("    org: zen\n", "    org: zen\n    ca_file: ca.pem\n"), "ab"),
    ],
)
def test_an_entry_that_says_the_same_is_the_same_store(
    tmp_path: Path, change: tuple[str, str], kept: str
) -> None:
    (tmp_path / "key").write_text("ck_of_the_file")
    (tmp_path / "ca.pem").write_text("")
    file = tmp_path / "store-exporter.yml"
    file.write_text(BEFORE)
    before = load(file, environ=ENVIRON, platforms=PLATFORMS)
    file.write_text(BEFORE.replace(*change))
    after = load(file, environ=ENVIRON, platforms=PLATFORMS, before=before)
    assert after == load(file, environ=ENVIRON, platforms=PLATFORMS)
    old = {id(store) for store in before.stores}
    assert "".join(store.domain[0] for store in after.stores if id(store) in old) == kept


def test_secrets_are_read_again_at_each_reload(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ck_of_the_file")
    file = tmp_path / "store-exporter.yml"
    file.write_text(BEFORE)
    before = load(file, environ=ENVIRON, platforms=PLATFORMS)
    (tmp_path / "key").write_text("ck_another_one")
    after = load(file, environ=ENVIRON, platforms=PLATFORMS, before=before)
    assert after.stores[1].credentials["key"].reveal() == "ck_another_one"  # type: ignore[union-attr]
    assert after.stores[0] is before.stores[0]
    (tmp_path / "key").unlink()
    lost = load(file, environ=ENVIRON, platforms=PLATFORMS, before=after)
    assert isinstance(lost.stores[1].credentials["key"], Unreadable)


def test_what_is_wrong_is_found_in_a_file_of_which_the_rest_is_known(tmp_path: Path) -> None:
    secrets = "credentials: {consumer_key: env:KEY, consumer_secret: env:SECRET}"
    text = "orgs: [{org: acme}, {org: zen}]\nstores:\n" + "".join(
        f"  - {{domain: {name}.example, org: {org}, platform: woocommerce, {secrets}}}\n"
        for name, org in (("a", "acme"), ("b", "acme"), ("c", "zen"))
    )
    environ = {"KEY": f"ck_{'0a' * 20}", "SECRET": f"cs_{'0b' * 20}"}
    file = tmp_path / "store-exporter.yml"

    def write(content: str) -> None:
        file.write_text(content)
        os.utime(file, (0, 0))  # long ago, so that nobody may be writing it

    write(text)
    reading = Reading(file, environ=environ)
    first = reading()
    write(text.replace("{org: zen}", "{org: other}"))
    with pytest.raises(ConfigError, match=r"stores\[2\]\.org: the org is not declared"):
        reading()
    write(text)
    assert [one is other for one, other in zip(reading().stores, first.stores, strict=True)] == [
        True
    ] * 3


def test_nothing_is_read_anew_where_nothing_has_changed(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ck_of_the_file")
    (tmp_path / "ca.pem").write_text("")
    file = tmp_path / "store-exporter.yml"
    file.write_text(BEFORE.replace("defaults: {", "defaults: {ca_file: ca.pem, "))

    def again(before: Config | None) -> Config:
        return load(file, environ=ENVIRON, platforms=PLATFORMS, before=before)

    before = again(None)
    assert again(before) is before
    (tmp_path / "key").write_text("ck_another_one")
    other = again(before)
    assert other.stores[0] is before.stores[0]
    assert other.stores[1] is not before.stores[1]
    assert again(other) is other
    (tmp_path / "ca.pem").unlink()
    with pytest.raises(ConfigError, match=r"defaults\.ca_file: cannot read the file"):
        again(other)


def test_a_source_of_stores_reads_secrets_at_each_look(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ck_one")
    file = tmp_path / "store-exporter.yml"
    file.write_text(
        "orgs: [{org: acme, domains: [a.example]}]\n"
        "discovery:\n  - org: acme\n    platform: example\n    files: [a.json]\n"
        "    store: {credentials: {key: 'file:key'}}\n"
    )
    template = load(file, environ={}, platforms=PLATFORMS).discovery[0].template
    keys = []
    for secret in ("ck_one", "ck_two"):
        (tmp_path / "key").write_text(secret)
        keys.append(template.source.secret("file:key").reveal())
    assert keys == ["ck_one", "ck_two"]


def test_no_secret_of_a_removed_store_is_kept(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("ck_of_the_file")
    file = tmp_path / "store-exporter.yml"
    file.write_text(BEFORE)
    before = load(file, environ=ENVIRON, platforms=PLATFORMS)
    rest = [line for line in BEFORE.splitlines() if "b.example" not in line]
    file.write_text("\n".join(rest))
    after = load(file, environ=ENVIRON, platforms=PLATFORMS, before=before)
    (tmp_path / "key").unlink()
    assert load(file, environ=ENVIRON, platforms=PLATFORMS, before=after) is after


def test_the_secrets_of_a_store_that_is_taken_over_are_compared_at_each_reload(
    tmp_path: Path,
) -> None:
    (tmp_path / "key").write_text("ck_of_the_file")
    file = tmp_path / "store-exporter.yml"
    config = None
    for pages in (7, 8, 9):
        file.write_text(BEFORE.replace("pages: 9", f"pages: {pages}"))
        config = load(file, environ=ENVIRON, platforms=PLATFORMS, before=config)
    (tmp_path / "key").write_text("ck_another_one")
    found = load(file, environ=ENVIRON, platforms=PLATFORMS, before=config)
    assert found.stores[1].credentials["key"].reveal() == "ck_another_one"  # type: ignore[union-attr]
