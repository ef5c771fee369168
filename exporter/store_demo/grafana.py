"""Grafana of the demo, where a `grafana` binary is on PATH: provisioned as in docker-compose."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from store_exporter.mixin import files, policy
from store_exporter.mixin.names import Dashboards

from .folder import write
from .scene import Pace

QUIET = {
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_ANALYTICS_FEEDBACK_LINKS_ENABLED": "false",
    "GF_NEWS_NEWS_FEED_ENABLED": "false",
    "GF_PLUGINS_PREINSTALL_DISABLED": "true",
    "GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED": "true",
    "GF_SECURITY_DISABLE_GRAVATAR": "true",
}
"""Settings without which Grafana, or a browser that shows it, asks other hosts."""


HOME = f"{Dashboards.FLEET.name}.json"
"""The dashboard that Grafana opens with."""


def write_files(directory: Path, addresses: Mapping[str, str], pace: Pace) -> None:
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
                    "jsonData": {"timeInterval": f"{pace.scrape:g}s"},
                }
            ],
        },
    )
    dashboards = directory / "grafana" / "dashboards"
    write(
        provisioning / "dashboards" / "store-exporter.yml",
        {
            "apiVersion": 1,
            "providers": [
                {
                    "name": "store-exporter",
                    "folder": "Stores",
                    "options": {"path": str(dashboards)},
                }
            ],
        },
    )
    exporter = addresses["exporter"]
    links = policy.Links(addresses["grafana"], f"{exporter}/runbooks", f"{exporter}/calls")
    dashboards.mkdir(parents=True, exist_ok=True)
    for name, text in files.boards(links).items():
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
        # Everybody on this machine may look, and there is no administrator to log in as.
        "GF_AUTH_ANONYMOUS_ENABLED": "true",
        "GF_AUTH_DISABLE_LOGIN_FORM": "true",
        "GF_SECURITY_DISABLE_INITIAL_ADMIN_CREATION": "true",
        "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": str(folder / "dashboards" / HOME),
        **QUIET,
    }
