from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from store_demo.stores.woocommerce import Fault, SimulatedWooCommerce
from store_exporter.cli import main
from store_exporter.platforms import base

from .shops import DOMAIN, configure, served


def probed(file: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    status = main(["probe", DOMAIN, "--format", "json", "--config.file", str(file)])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)
    return status, document


def test_a_healthy_store_is_probed_in_full_and_exits_with_0(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["probe", DOMAIN, "--config.file", str(file)]) == 0
    text = capsys.readouterr().out
    platform = base.load("woocommerce")
    for name in {*platform.probes, *platform.collectors} - {"tls", "dns"}:
        assert f" {name} (" in text
    assert "probe tls" not in text, "a store over plain http has no certificate"
    assert "GET /wp-json/wc/store/v1/cart: HTTP 200" in text
    assert "processing 0.0" in text
    assert 'store_products{stock="low"} 4' in text
    assert "shown as healthy" in text


def test_the_json_says_the_same(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, document = probed(file, capsys)
    assert status == 0
    assert document["health"] == "healthy"
    checks = {check["name"]: check for check in document["checks"]}
    assert checks["liveness"]["status"] == 200
    assert checks["liveness"]["error"] is None
    assert checks["liveness"]["phases_seconds"]["processing"] > 0
    figures = {figure["metric"]: figure["value"] for figure in document["figures"]}
    assert figures["store_customers"] == 10
    assert figures["store_info"] == 1


def test_a_revoked_key_says_what_it_means_and_what_to_do(
    shop: SimulatedWooCommerce, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.keys.revoke(shop.keys.read_only)
    assert main(["probe", DOMAIN, "--config.file", str(file)]) == 1
    text = capsys.readouterr().out
    assert "FAIL  probe liveness" in text
    assert "unauthorized" in text
    assert "Fault: config." in text
    assert "create a new API key" in text
    assert "ok    probe cart" in text
    assert "shown as critical" in text


def test_one_failure_is_enough_to_exit_with_1(
    shop: SimulatedWooCommerce, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.faults.add(Fault(path="*/customers", status=500))
    status, document = probed(file, capsys)
    assert status == 1
    checks = {check["name"]: check for check in document["checks"]}
    assert checks["customers"]["error"]["type"] == "server_error"
    assert checks["customers"]["error"]["fault"] == "store"
    assert checks["webhooks"]["ok"]


def test_a_warning_is_shown_and_is_no_failure(
    shop: SimulatedWooCommerce, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.faults.add(Fault(path="*/settings/*", headers={"Date": "Mon, 23 Nov 2020 12:26:13 GMT"}))
    assert main(["probe", DOMAIN, "--config.file", str(file)]) == 0
    text = capsys.readouterr().out
    assert "warn  probe liveness" in text
    assert "degraded  The store's clock is " in text


def test_nothing_secret_is_printed(
    shop: SimulatedWooCommerce, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = shop.keys.read_only
    # An answer that gives away what it was sent.
    leak = json.dumps({"code": "oops", "message": f"{key.consumer_key} {key.consumer_secret}"})
    shop.faults.add(Fault(status=401, body=leak, content_type="application/json"))
    for form in ("text", "json"):
        assert main(["probe", DOMAIN, "--format", form, "--config.file", str(file)]) == 1
        printed = "".join(capsys.readouterr())
        assert key.consumer_key not in printed
        assert key.consumer_secret not in printed
        assert "oauth_signature" not in printed


def test_probing_leaves_no_state_behind(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in file.parent.iterdir())
    probed(file, capsys)
    assert sorted(path.name for path in file.parent.iterdir()) == before


def test_what_is_disabled_is_not_run(
    shop: SimulatedWooCommerce, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(shop) as url:
        only = {name: {"enabled": False} for name in base.load("woocommerce").collectors}
        file = configure(tmp_path, shop, url, collectors=only)
        _, document = probed(file, capsys)
    assert {check["kind"] for check in document["checks"]} == {"probe"}


def test_an_unknown_domain_is_reported_with_a_suggestion(
    tmp_path: Path, shop: SimulatedWooCommerce, capsys: pytest.CaptureFixture[str]
) -> None:
    file = configure(tmp_path, shop, "https://shop.example.com")
    assert main(["probe", "shop.example.con", "--config.file", str(file)]) == 2
    assert "did you mean shop.example.com" in capsys.readouterr().err


def test_problems_of_the_configuration_are_all_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "store-exporter.yml"
    file.write_text("orgs: 3\nstores: 4\n")
    assert main(["probe", DOMAIN, "--config.file", str(file)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_stores_that_are_discovered_can_be_probed_too(
    tmp_path: Path, shop: SimulatedWooCommerce, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(tmp_path, shop, "https://unused.example")
    (tmp_path / "found.json").write_text(json.dumps([{"targets": ["found.invalid"]}]))
    (tmp_path / "store-exporter.yml").write_text(
        """
orgs: [{org: acme, domains: [found.invalid]}]
discovery:
  - org: acme
    platform: woocommerce
    files: [found.json]
    store:
      credentials: {consumer_key: "file:consumer_key", consumer_secret: "file:consumer_secret"}
"""
    )
    file = tmp_path / "store-exporter.yml"
    assert main(["probe", "found.invalid", "--config.file", str(file)]) == 1
    assert "dns" in capsys.readouterr().out
