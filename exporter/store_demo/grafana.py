"""Grafana of the demo, where a `grafana` binary is on PATH: provisioned as in docker-compose."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from store_exporter.mixin import files

from .files import write


def write_files(directory: Path, addresses: Mapping[str, str]) -> None:
    """Write the data source, the dashboards and their provider into a folder."""
    provisioning = directory / "grafana" / "provisioning"
    write(
        provisioning / "datasources" / "prometheus.yml",
        {
            "apiVersion": 1,
            "datasources": [
                {
                    "name": "Prometheus",
                    "uid": "prometheus",
                    "type": "prometheus",
                    "access": "proxy",
                    "url": addresses["prometheus"],
                    "isDefault": True,
                }
            ],
        },
    )
    dashboards = directory / "grafana" / "dashboards"
    write(
        provisioning / "dashboards" / "store-exporter.yml",
        {
            "apiVersion": 1,
            "providers": [{"name": "store-exporter", "options": {"path": str(dashboards)}}],
        },
    )
    for name, text in files.generate().items():
        if name.startswith("grafana/dashboards/"):
            dashboards.mkdir(parents=True, exist_ok=True)
            (dashboards / Path(name).name).write_text(text, encoding="utf-8")


def command(
    program: str, directory: Path, addresses: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    """Return the command that runs Grafana, and its settings as environment variables.

    Grafana wants the folder of its own web files; distributions and archives put it beside the
    program or into `/usr/share/grafana`.
    """
    beside = Path(program).resolve().parent.parent
    home = beside if (beside / "public").is_dir() else Path("/usr/share/grafana")
    folder = directory / "grafana"
    return [program, "server", "--homepath", str(home)], {
        "GF_PATHS_DATA": str(folder / "data"),
        "GF_PATHS_LOGS": str(folder / "logs"),
        "GF_PATHS_PROVISIONING": str(folder / "provisioning"),
        "GF_SERVER_HTTP_ADDR": "127.0.0.1",
        "GF_SERVER_HTTP_PORT": addresses["grafana"].rpartition(":")[2],
        "GF_AUTH_ANONYMOUS_ENABLED": "true",
        "GF_ANALYTICS_REPORTING_ENABLED": "false",
        "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    }
