"""vmalert loads and evaluates every rule, and its alerts say what those of Prometheus say."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from store_exporter.metrics.catalogue import CATALOGUE, Metric, health
from store_exporter.mixin import alerts, series, wide
from store_exporter.mixin.files import as_yaml
from store_exporter.mixin.rules import costs, recording, slo
from tests.mixin import synthetic
from tests.mixin.alert_cases.case import LIVENESS, of, why
from tests.mixin.outage import compressed
from tests.mixin.test_victoria_metrics import FLAGS, send
from tests.servers import Server, eventually, running, victoria_metrics

pytestmark = [pytest.mark.real, pytest.mark.timeout(360)]

PACE = 1 / 60
STORES = [f'org="org{number}", domain="shop{number}.example", platform="p"' for number in range(6)]


@contextmanager
def vmalert(directory: Path, database: Server, *documents: Mapping[str, Any]) -> Iterator[Server]:
    """Run vmalert with files of rules."""
    files = []
    for number, document in enumerate(documents):
        files.append(directory / f"{number}.yml")
        files[-1].write_text(as_yaml(document), encoding="utf-8")
    argv = [
        *(f"-rule={file}" for file in files),
        f"-datasource.url={database.url}",
        f"-remoteWrite.url={database.url}",
        f"-remoteRead.url={database.url}",
        "-remoteWrite.flushInterval=200ms",
        "-notifier.blackhole",
        "-evaluationInterval=1s",
        "-rule.evalDelay=0s",
        "-httpListenAddr=127.0.0.1:0",
    ]
    listening = r"started server at http://(127\.0\.0\.1:\d+)/"
    with running(
        "vmalert", argv, directory=directory, listening=listening, ready="/health"
    ) as server:
        yield server


def outage(begun: int, until: int) -> Iterator[str]:
    """Samples of stores that all fail from a moment on, a second apart."""

    def rows(
        metric: Metric | str, more: str, value: float, store: str, since: int
    ) -> Iterator[str]:
        for at in range(since, until):
            yield f"{of(metric, more, store)} {value} {at * 1000}"

    for store in STORES:
        yield from rows(health.UP, "", 0, store, begun)
        yield from rows(health.PROBE_SUCCESS, LIVENESS, 0, store, begun)
        yield from rows(health.PROBE_STATUS, LIVENESS, 503, store, begun)
        yield from rows(health.PROBE_FAILING_SINCE, LIVENESS, begun, store, begun)
        yield from rows(costs.REVENUE, 'currency="EUR"', 1240, store, begun)
        name = why(LIVENESS, "Error establishing a database connection", store)
        yield from (f"{name} 1 {at * 1000}" for at in range(begun, until))


def firing(server: Server, name: str) -> list[dict[str, Any]]:
    """The alerts of a name that fire, as vmalert lists them."""
    found = server.json("/api/v1/alerts")["data"]["alerts"]
    return [a for a in found if a["name"] == name and a["state"] == "firing"]


def test_alerts_fire_there_with_the_same_labels_and_facts_and_no_rule_fails(
    tmp_path: Path,
) -> None:
    begun = int(time.time()) - 5
    until = begun + 400
    with victoria_metrics(tmp_path, *FLAGS) as database:
        send(database, outage(begun, until))
        for metric in CATALOGUE.values():
            send(database, synthetic.lines(metric, until, synthetic.raw_windows(until)[-1:]))
        every = (recording.document, slo.document, alerts.document)
        documents = (compressed(each(pace=PACE), PACE) for each in every)
        with vmalert(tmp_path, database, *documents) as server:

            def among_many() -> list[dict[str, Any]]:
                database.flush()  # so that rules read at once what others recorded
                return firing(server, "StoreDownAmongMany")

            found = eventually(among_many, lambda f: len(f) == len(STORES), timeout=150)
            # What is made of what other rules record, which it reads back from the database.
            for name in (
                wide.ERRORS.of_orgs,
                wide.LATENCIES.of_all,
                series.SLOWEST_PROBE,
            ):
                eventually(partial(database.query, name), timeout=150)
            groups = server.json("/api/v1/rules")["data"]["groups"]
        (alert,) = (alert for alert in found if alert["labels"]["domain"] == "shop3.example")
        assert alert["labels"] == {
            "alertname": "StoreDownAmongMany",
            "alertgroup": "store-exporter.alerts.among_many",
            "audience": "org",
            "domain": "shop3.example",
            "org": "org3",
            "platform": "p",
            "severity": "critical",
        }
        said = alert["annotations"]
        assert said["error"] == "Error establishing a database connection"
        assert said["cost"] == "about 1,240 EUR an hour, at this time of the week"
        assert "It responds with HTTP 503." in said["description"]
        assert said["since"] == time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(begun))
        # Two groups are evaluated once an hour; test_victoria_metrics.py asks their expressions.
        evaluated = [r for g in groups for r in g["rules"] if not r["lastEvaluation"] < "2"]
        assert len(evaluated) > 100
        assert not [(rule["name"], rule["lastError"]) for rule in evaluated if rule["lastError"]]


def test_rules_that_fail_there_are_an_alert_that_names_their_groups(tmp_path: Path) -> None:
    pace = PACE / 5
    twice = 'label_replace(vector(1), "a", "1", "", "") or vector(2)'
    failing = {
        "name": "store-exporter.failing",
        "interval": "100ms",
        "rules": [{"record": "a:b", "expr": f"({twice}) + on () ({twice})"}],
    }
    (ours,) = (
        group
        for group in alerts.document(pace=pace)["groups"]
        if group["name"] == "store-exporter.alerts.rules"
    )
    with victoria_metrics(tmp_path, *FLAGS) as database:
        document = compressed({"groups": [ours, failing]}, pace)
        with vmalert(tmp_path, database, document) as server:

            def told() -> list[dict[str, Any]]:
                with urllib.request.urlopen(f"{server.url}/metrics", timeout=60) as answer:
                    text = answer.read()
                url = f"{database.url}/api/v1/import/prometheus"
                labels = "extra_label=job=vmalert&extra_label=instance=vmalert:8880"
                urllib.request.urlopen(f"{url}?{labels}", text, timeout=60).close()
                database.flush()
                return firing(server, "StoreRulesFailing")

            (alert,) = eventually(told)
    assert alert["labels"]["instance"] == "vmalert:8880"
    assert alert["annotations"]["description"].endswith(" Groups: store-exporter.failing.")
