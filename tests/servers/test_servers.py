"""Real servers start on ports of their own, tell why when they do not, and end alone."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from tests import servers
from tests.servers import (
    AlertmanagerFactory,
    PrometheusFactory,
    StartError,
    VictoriaMetricsFactory,
    eventually,
    missing_tools,
    tool,
)

ALERTMANAGER = """
    route: {receiver: nobody}
    receivers: [{name: nobody}]
"""


@pytest.mark.real
def test_prometheus_scrapes_a_target_and_evaluates_queries(
    prometheus: PrometheusFactory, alertmanager: AlertmanagerFactory
) -> None:
    target = alertmanager(ALERTMANAGER).address
    server = prometheus(f"""
        scrape_configs:
          - job_name: other
            scrape_interval: 100ms
            static_configs: [{{targets: [{target!r}]}}]
    """)
    labels = {"__name__": "up", "job": "other", "instance": target}
    eventually(lambda: server.query("up"), lambda found: found == [(labels, 1.0)])


@pytest.mark.real
def test_prometheus_reads_its_configuration_again(prometheus: PrometheusFactory) -> None:
    server = prometheus("global: {external_labels: {ours: before}}")
    file = server.directory / "prometheus.yml"
    file.write_text("global: {external_labels: {ours: after}}", encoding="utf-8")
    server.reload()
    assert "ours: after" in server.json("/api/v1/status/config")["data"]["yaml"]


@pytest.mark.real
def test_two_servers_of_a_kind_run_side_by_side(alertmanager: AlertmanagerFactory) -> None:
    one, other = alertmanager(ALERTMANAGER), alertmanager(ALERTMANAGER)
    assert one.url != other.url
    assert one.json("/api/v2/status")["cluster"]["status"] == "disabled"


@pytest.mark.real
def test_alertmanager_renders_its_default_slack_template(alertmanager: AlertmanagerFactory) -> None:
    server = alertmanager("""
        route: {receiver: slack}
        receivers:
          - name: slack
            slack_configs: [{api_url: "http://127.0.0.1:9/none", channel: "#none"}]
    """)
    assert "ERROR" not in server.log()


@pytest.mark.real
def test_victoria_metrics_takes_and_returns_a_sample(
    victoria_metrics: VictoriaMetricsFactory,
) -> None:
    server = victoria_metrics()
    server.get("/health")
    assert server.query("1") == [({}, 1.0)]


@pytest.mark.real
def test_a_server_that_does_not_start_shows_the_end_of_its_log(
    prometheus: PrometheusFactory,
) -> None:
    with pytest.raises(StartError, match=r"ended with status 2[\s\S]*field nonsense not found"):
        prometheus("nonsense: true")


@pytest.mark.real
def test_a_server_ends_with_its_context(tmp_path: Path) -> None:
    with servers.alertmanager(ALERTMANAGER, tmp_path) as server:
        os.kill(server.pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)


@pytest.mark.real
@pytest.mark.parametrize("name", ["promtool", "amtool"])
def test_a_tool_runs(name: str) -> None:
    done = subprocess.run([tool(name), "--version"], capture_output=True, text=True, check=True)
    assert name in done.stdout


def test_a_missing_tool_skips_with_its_name() -> None:
    with pytest.raises(pytest.skip.Exception, match="not to be had: no-such-server") as skip:
        tool("no-such-server")
    assert missing_tools([str(skip.value), "no IPv6 here"]) == ["no-such-server"]


def test_what_does_not_come_true_fails_with_the_last_response() -> None:
    with pytest.raises(AssertionError, match="the last answer was 7"):
        eventually(lambda: 7, lambda answer: answer > 7, timeout=0)


def test_what_came_true_while_a_long_question_was_asked_is_asked_once_more() -> None:
    answers = iter((False, True))

    def slow() -> bool:
        time.sleep(0.02)
        return next(answers)

    assert eventually(slow, timeout=0.01)
