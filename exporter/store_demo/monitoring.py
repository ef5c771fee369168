"""Prometheus and Alertmanager of the demo: their files and their command lines."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from store_exporter.mixin import alerts, policy
from store_exporter.mixin.files import write_templates
from store_exporter.mixin.messages import alertmanager
from store_exporter.mixin.messages.receivers import Receivers
from store_exporter.mixin.rules import recording, slo

from .folder import write
from .scene import Pace
from .stores.base import cast


def write_files(directory: Path, addresses: Mapping[str, str], pace: Pace) -> None:
    """Write rules, routes, templates and the scrape configuration into a folder."""
    links = policy.Links(grafana=addresses["grafana"], runbooks=f"{addresses['exporter']}/runbooks")
    write(directory / "rules" / "recording.yml", recording.document(pace=pace.alerts))
    write(directory / "rules" / "slo.yml", slo.document(pace=pace.alerts))
    write(directory / "rules" / "alerts.yml", alerts.document(links, pace=pace.alerts))
    write(directory / "prometheus.yml", prometheus(addresses, pace))
    write_templates(directory / "templates")
    write(directory / "alertmanager.yml", routes(addresses["slack"], pace))


def prometheus(addresses: Mapping[str, str], pace: Pace) -> dict[str, Any]:
    """Return Prometheus' configuration."""

    def hosts(name: str) -> list[dict[str, list[str]]]:
        return [{"targets": [addresses[name].removeprefix("http://")]}]

    return {
        "global": {
            "scrape_interval": f"{pace.scrape:g}s",
            "scrape_timeout": f"{pace.scrape:g}s",
            "evaluation_interval": f"{pace.scrape:g}s",
        },
        "rule_files": ["rules/*.yml"],
        "alerting": {"alertmanagers": [{"static_configs": hosts("alertmanager")}]},
        "scrape_configs": [
            {"job_name": policy.EXPORTER_JOB, "static_configs": hosts("exporter")},
            {"job_name": "application", "static_configs": hosts("application")},
            {"job_name": "alertmanager", "static_configs": hosts("alertmanager")},
            {"job_name": "prometheus", "static_configs": hosts("prometheus")},
        ],
    }


def prometheus_argv(addresses: Mapping[str, str]) -> list[str]:
    """Return the command that runs Prometheus."""
    address = addresses["prometheus"]
    return [
        "prometheus",
        "--config.file=prometheus.yml",
        "--storage.tsdb.path=prometheus-data",
        "--enable-feature=native-histograms,exemplar-storage",
        f"--web.listen-address={address.removeprefix('http://')}",
        f"--web.external-url={address}",
    ]


def routes(receiver: str, pace: Pace) -> dict[str, Any]:
    """Return Alertmanager's configuration: a channel for the platform and one for each org."""

    def channel(name: str) -> Receivers:
        url = f"{receiver}/services/demo/{name}"
        return Receivers({"slack": [{"api_url": url, "channel": f"#{name}"}]})

    orgs = sorted({role.org for role in cast()})
    routing = alertmanager.Routing(
        platform=channel("platform-alerts"), orgs={org: channel(f"{org}-alerts") for org in orgs}
    )
    return alertmanager.build(routing, pace=pace.messages)


def alertmanager_argv(addresses: Mapping[str, str]) -> list[str]:
    """Return the command that runs Alertmanager, alone and without a cluster's port."""
    address = addresses["alertmanager"]
    return [
        "alertmanager",
        "--config.file=alertmanager.yml",
        "--storage.path=alertmanager-data",
        "--cluster.listen-address=",
        "--enable-feature=receiver-name-in-metrics",
        f"--web.listen-address={address.removeprefix('http://')}",
        f"--web.external-url={address}",
    ]
