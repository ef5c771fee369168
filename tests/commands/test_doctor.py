from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from store_demo.stores.woocommerce import Fault, SimulatedWooCommerce
from store_exporter.cli import main
from store_exporter.commands import sizing
from store_exporter.commands.support.store_series import store_series, usual_store
from store_exporter.config import load
from store_exporter.contract import Collector, Finding, Probe, Run
from store_exporter.net.plans import Plan
from store_exporter.platforms import base
from store_exporter.probing.state.sqlite_state import SqliteState
from store_exporter.probing.state.storage import Key, Write
from store_exporter.stores.model import Schedule, Store

from .shops import DOMAIN, configure, served


def examined(
    file: Path, capsys: pytest.CaptureFixture[str], *domains: str
) -> tuple[int, dict[str, dict[str, Any]]]:
    """The exit status and the findings by check, of the one store and of the exporter."""
    status = main(["doctor", *domains, "--format", "json", "--config.file", str(file)])
    document = json.loads(capsys.readouterr().out)
    findings = [*document["exporter"], *document["stores"][0]["findings"]]
    return status, {finding["check"]: finding for finding in findings}


def test_a_healthy_store_has_a_table_without_failures(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--config.file", str(file)]) == 0
    text = capsys.readouterr().out
    assert "1 store examined: of 10 checks 0 failed" in text
    for check in ("state directory", "API", "key", "clock", "may write", "budget", "series"):
        assert f"  {check} " in text


def test_the_budget_is_compared_with_what_is_needed(
    shop: SimulatedWooCommerce, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    states = {}
    with served(shop) as url:
        for limit in (600, 160, 100):
            file = configure(tmp_path, shop, url, requests_per_hour=limit)
            status, found = examined(file, capsys)
            states[limit] = (found["budget"]["state"], status)
    assert states == {600: ("ok", 0), 160: ("warn", 0), 100: ("fail", 1)}
    platform = base.load("woocommerce")
    checks: list[Probe | Collector] = [*platform.probes.values()]
    checks += platform.collectors.values()
    checks.remove(platform.probes["tls"])
    needed = sum(check.requests * 3600 / check.interval for check in checks)
    assert found["budget"]["message"] == f"{needed:.0f} requests an hour of 100"
    assert "requests_per_hour" in found["budget"]["advice"]


def test_a_store_without_its_secret_is_named_and_the_others_are_examined(
    shop: SimulatedWooCommerce, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with served(shop) as url:
        file = configure(tmp_path, shop, url)
        document = yaml.safe_load(file.read_text())
        keys = {"consumer_key": "env:NOT_THERE", "consumer_secret": "file:nowhere"}
        sick = {**document["stores"][0], "domain": "sick.example", "credentials": keys}
        document["stores"].append(sick)
        file.write_text(yaml.safe_dump(document))
        assert main(["doctor", "--config.file", str(file), "--format", "json"]) == 1
        stores = json.loads(capsys.readouterr().out)["stores"]
        assert main(["probe", DOMAIN, "--config.file", str(file)]) == 0
    failed = {
        store["domain"]: [f for f in store["findings"] if f["state"] == "fail"] for store in stores
    }
    assert failed[DOMAIN] == []
    key, secret, request = failed["sick.example"]
    assert [one["check"] for one in (key, secret, request)] == ["credentials", "credentials", "key"]
    assert secret["message"] == "consumer_secret: cannot read nowhere: No such file or directory"
    assert "the environment variable NOT_THERE is not set" in key["message"]
    assert shop.requests, "the healthy one was asked"


def test_a_missing_secret_is_named_even_if_the_store_cannot_be_reached(
    shop: SimulatedWooCommerce, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = configure(tmp_path, shop, "http://127.0.0.1:1")
    document = yaml.safe_load(file.read_text())
    document["stores"][0]["credentials"]["consumer_key"] = "env:NOT_THERE"
    file.write_text(yaml.safe_dump(document))
    status, found = examined(file, capsys)
    assert (status, found["API"]["state"]) == (1, "fail")
    expected = "consumer_key: the environment variable NOT_THERE is not set"
    assert found["credentials"]["message"] == expected


def test_a_bug_in_a_platform_is_a_finding(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(api: Any, run: Run) -> Plan[Sequence[Finding]]:
        del run
        yield from ()
        found: Sequence[Finding] = api.nothing
        return found

    platform = replace(base.load("woocommerce"), diagnose=broken)
    monkeypatch.setattr(base, "load", lambda _: platform)
    status, found = examined(file, capsys)
    assert status == 1
    assert found["access"]["message"] == (
        "exception: AttributeError: 'Api' object has no attribute 'nothing'"
    )
    assert found["budget"]["state"] == "ok"


def test_a_revoked_key_fails_and_says_what_to_do(
    shop: SimulatedWooCommerce, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.keys.revoke(shop.keys.read_only)
    assert main(["doctor", DOMAIN, "--config.file", str(file)]) == 1
    text = capsys.readouterr().out
    assert "FAIL" in text
    assert "unauthorized" in text
    assert "1 failed" in text


def test_a_store_that_cannot_be_reached_fails_and_is_distinguished(
    shop: SimulatedWooCommerce, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = configure(tmp_path, shop, "http://127.0.0.1:1")
    status, found = examined(file, capsys)
    assert status == 1
    assert found["API"]["state"] == "fail"
    assert found["API"]["message"].startswith("connection")
    assert found["budget"]["state"] == "ok"


def test_a_state_directory_that_cannot_be_written_fails(
    shop: SimulatedWooCommerce, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocker = file.parent / "state"
    blocker.write_text("not a folder")
    status, found = examined(file, capsys)
    assert status == 1
    assert found["state directory"]["state"] == "fail"
    # As little is known of it as where a folder above it may not be searched.
    file.write_text(f"state_directory: {'x' * 300}\n{file.read_text()}")
    assert examined(file, capsys)[1]["state directory"]["state"] == "fail"


def test_state_that_is_left_behind_is_reported(
    shop: SimulatedWooCommerce, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long_ago = SqliteState(file.parent / "state", now=lambda: time.time() - 3 * 86_400)
    long_ago.put([Write(Key("acme", "woocommerce", "gone.example", "https://g", "orders"), "{}")])
    long_ago.close()
    _, found = examined(file, capsys)
    assert found["state directory"]["state"] == "ok"
    assert found["state"]["state"] == "warn"
    assert found["state"]["message"] == (
        "kept of 1 stores, of which 1 were not watched for two days"
    )


def test_a_state_database_that_is_not_there_fails(
    shop: SimulatedWooCommerce, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address = "postgresql://exporter@/none?host=/nowhere"
    with file.open("a") as more:
        more.write(f"\nstate_database: {{url: '{address}'}}\n")
    status, found = examined(file, capsys)
    assert status == 1
    assert found["state database"]["state"] == "fail"
    assert "PostgreSQL cannot be used for the state" in found["state database"]["message"]


def test_nothing_secret_is_printed(
    shop: SimulatedWooCommerce, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = shop.keys.read_only
    leak = json.dumps({"code": "oops", "message": f"{key.consumer_key} {key.consumer_secret}"})
    shop.faults.add(Fault(status=401, body=leak, content_type="application/json"))
    main(["doctor", "--config.file", str(file)])
    main(["doctor", "--format", "json", "--config.file", str(file)])
    printed = "".join(capsys.readouterr())
    assert key.consumer_key not in printed
    assert key.consumer_secret not in printed


def test_an_unknown_domain_is_an_error_of_the_command_line(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "other.example.com", "--config.file", str(file)]) == 2
    assert "is not among the stores" in capsys.readouterr().err


def test_a_missing_file_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--config.file", str(tmp_path / "none.yml")]) == 1
    assert "there is no such file" in capsys.readouterr().err


def test_fewer_checks_need_fewer_series() -> None:
    plain = Store("acme", DOMAIN, "woocommerce", "https://shop.example.com")
    off = Schedule(60.0, 10.0, enabled=False)
    fewer = Store(
        "acme",
        DOMAIN,
        "woocommerce",
        "https://shop.example.com",
        probes={"cart": off, "storefront": off},
        collectors={"stock": off},
    )
    assert store_series(fewer).own < store_series(plain).own
    assert store_series(fewer).buckets < store_series(plain).buckets


def test_the_number_of_series_is_the_one_that_sizing_computes_with(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = usual_store()
    own, buckets, listed = store_series(usual)
    parts = {part.name: part.series for part in sizing.parts(sizing.Fleet(1))}
    assert (parts["stores"], parts["their lists"]) == (own, listed)
    classic = {part.name: part.series for part in sizing.parts(sizing.Fleet(1, native=False))}
    assert classic["stores"] == own + buckets
    main(["doctor", "--config.file", str(file)])
    (store,) = load(file).stores
    assert f"about {store_series(store).own}, up to" in capsys.readouterr().out
