"""`store-exporter grafana`: an organisation for each org, which sees that org and nothing else."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ..config import Config, ConfigError, load
from ..config.secrets import SecretSource
from ..mixin import dashboards, policy
from ..mixin.names import Dashboards
from ..stores.model import Secret
from . import CommandError
from .support import servers
from .support.arguments import add_config_file, add_url
from .support.grafana_api import Grafana

DATASOURCE = "store-exporter"
FOLDER = "store-exporter"
HOME = Dashboards.SHOP.uid
"""The start page of an org's people: what it sells, and whether everything works."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "org", nargs="*", default=[], help="orgs to set up (default: all of the configuration)"
    )
    add_config_file(parser)
    add_url(parser, "--grafana.url", policy.LINKS.grafana, "Grafana")
    parser.add_argument(
        "--grafana.user",
        dest="grafana_user",
        default="admin",
        metavar="NAME",
        help="a server administrator of Grafana (default: %(default)s)",
    )
    parser.add_argument(
        "--grafana.password",
        dest="grafana_password",
        default="env:GRAFANA_PASSWORD",
        metavar="REFERENCE",
        help="the administrator's password, as env:NAME or file:PATH (default: %(default)s)",
    )
    add_url(
        parser,
        "--proxy.url",
        "http://label-proxy:8080",
        "prom-label-proxy as Grafana reaches it",
    )
    parser.add_argument(
        "--scrape.interval",
        dest="scrape_interval",
        type=interval,
        default="1m",
        metavar="DURATION",
        help="scrape_interval of Prometheus; rates are computed over at least four of them, and "
        "are empty if the real interval is longer (default: %(default)s, which is "
        "Prometheus' own)",
    )
    add_url(
        parser,
        "--runbook.url",
        policy.LINKS.runbooks,
        "where dashboards find the runbooks",
    )


def interval(text: str) -> str:
    """A duration as Prometheus writes it, such as 15s."""
    if not re.fullmatch(r"[1-9]\d*(ms|s|m|h)", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as 15s or 1m")
    return text


def run(args: argparse.Namespace) -> int:
    """Set everything up and print what was done; 1 when Grafana or the configuration is wrong."""
    try:
        config = load(args.config_file, resolve=False)
        password = _password(args.grafana_password)
        unknown = sorted(set(args.org) - config.orgs.keys())
        if unknown:
            raise ValueError(f"no such org in {args.config_file}: {', '.join(unknown)}")
        links = policy.Links(grafana=args.grafana_url, runbooks=args.runbook_url)
        boards = documents(links)
        failed = 0
        asking = partial(servers.asking, args.grafana_url, "Grafana", "--grafana.url")
        user = args.grafana_user
        with asking(), servers.client(args.grafana_url, (user, password.reveal())) as client:
            grafana = Grafana(client, user)
            grafana.sign_in()
            for org in args.org or config.orgs:
                wanted = datasource(org, args.proxy_url, args.scrape_interval)
                # A problem in one org must not stop the others.
                try:
                    with asking():
                        done = set_up(grafana, org, wanted, boards, timezone(config, org))
                    print(f"{org}: {done}")
                except CommandError as error:
                    print(f"{org}: {error}", file=sys.stderr)
                    failed = 1
    except (ConfigError, ValueError) as error:
        raise CommandError(str(error)) from None
    return failed


def _password(reference: str) -> Secret:
    try:
        return SecretSource(Path.cwd(), os.environ).secret(reference)
    except ValueError as error:
        raise ValueError(f"--grafana.password: {error}") from None


def documents(links: policy.Links) -> list[dict[str, Any]]:
    """The dashboards that an org gets."""
    found = dashboards.documents(links, dashboards.for_orgs(), one_org=True)
    return [found[name] for name in sorted(found)]


def datasource(org: str, proxy: str, scrape_interval: str) -> dict[str, Any]:
    """A datasource that reaches Prometheus through the proxy, as this org.

    Grafana's server sends the header, so no viewer of a dashboard can change it. The header is not
    secret, but Grafana stores the values of headers only as secret settings.
    """
    return {
        "uid": DATASOURCE,
        "name": "Prometheus",
        "type": "prometheus",
        "access": "proxy",
        "url": proxy,
        "isDefault": True,
        "jsonData": {
            "httpMethod": "POST",
            "manageAlerts": False,
            "timeInterval": scrape_interval,
            "httpHeaderName1": policy.ORG_HEADER,
        },
        "secureJsonData": {"httpHeaderValue1": org},
    }


def timezone(config: Config, org: str) -> str | None:
    """The time zone of an org, if its configuration or the platform's has one."""
    is_set = "timezone" in config.alerts.model_fields_set
    return config.orgs[org].alerts.timezone or (config.alerts.timezone if is_set else None)


def set_up(
    grafana: Grafana,
    org: str,
    wanted: Mapping[str, Any],
    boards: list[dict[str, Any]],
    zone: str | None,
) -> str:
    """Create or update an org's organisation and its content; return what was done."""
    number, new_org = grafana.organisation(org)
    source = grafana.datasource(number, wanted)
    grafana.folder(number, FOLDER, "Stores")
    written = sum(grafana.dashboard(number, FOLDER, board) for board in boards)
    grafana.prefer(number, HOME, zone)
    organisation = "created" if new_org else "kept"
    return (
        f"organisation {organisation}, datasource {source}, "
        f"{written} of {len(boards)} dashboards written"
    )
