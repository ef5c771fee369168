"""Figures that pages state are those of the code, or what the program prints."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from store_exporter import cli, turns
from store_exporter.calls import book
from store_exporter.discovery import discoverer, sources
from store_exporter.ingest import body, ledger, otlp
from store_exporter.mixin import policy
from store_exporter.platforms import base
from store_exporter.server import app, bodies, endpoints, metrics, probe
from store_exporter.server.api import orgs, prometheus, query_api
from store_exporter.server.process import connections, descriptors
from store_exporter.server.security import passwords, safety
from store_exporter.stores import maintenance
from store_exporter.stores.model import Store
from tests.docs.blocks import ROOT, blocks

WORDS = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)
MIB = 1024 * 1024
BUDGET = Store("acme", "a.example", "woocommerce", "https://a.example").requests_per_hour
SAID: dict[str, tuple[str, ...]] = {
    "docs/security.md": (
        f"| scrapes at the same time | {metrics.MAX_SCRAPES} | 503 |",
        f"| scrapes that are being received | {metrics.MAX_READERS} | the oldest ends |",
        f"| time for a request | {safety.REQUEST_SECONDS:g} s | 503 |",
        f"| `/probe` at the same time; for a store | {probe.MAX_PROBES};",
        f"| reloads at the same time | {app.MAX_RELOADS} | 503 |",
        f"for an org; in all | {orgs.MAX_ANALYTICS_OF_ORG}; {orgs.MAX_ANALYTICS} | 429; 503 |",
        f"for an org; in all | {bodies.MAX_BODIES_OF_ORG}; {bodies.MAX_BODIES} | 429; 503 |",
        (
            f"| {body.MAX_CALLS:,}, {otlp.MAX_POINTS:,}; {body.MAX_BYTES // MIB} MiB; "
            f"{bodies.SECONDS:g} s | 413; 413; 408 |"
        ),
        f"| remembered keys of reports, for an org | {ledger.MOST_MARKS:,} |",
        f"| passwords checked at the same time | {passwords.CHECKS_AT_ONCE}, ",
        f"| passwords waiting to be checked | {passwords.WAITING} | 429 |",
        f"time for a TLS handshake; for a request's head | {connections._HANDSHAKE_SECONDS:g} s;",
        f"{sources.MAX_BYTES // MIB} MiB, {sources.MAX_FILES:,} files",
        f"| `limit`; {('', '', 'twice')[discoverer._CHANGES]} as many |",
        f"in one turn of the event loop | {turns.TURN_SECONDS * 1000:g} ms |",
        f"Below {descriptors.SCARCE:,} there is a",
    ),
    "docs/http-api.md": (
        f"more than {WORDS[orgs.MAX_ANALYTICS_OF_ORG]} requests for analytics of one org",
        f"more than {WORDS[orgs.MAX_ANALYTICS]} requests for analytics of all orgs",
        f"did not respond within {prometheus.TIMEOUT:g} seconds",
        f"more than {query_api.MAX_BYTES // MIB} MiB",
        f"| `days` | 7 | Number of past days, 1 to {orgs.MAX_DAYS};",
        f"Most rows under `metrics`, 1 to {endpoints.MAX_LIMIT}. |",
        f"for at most {book.MAX_STORES:,} stores",
        f"Messages are cut to {book.SHOWN} characters",
        f"for at most {maintenance.MAX_BEGUN_SECONDS // 86_400} days",
    ),
    "docs/applications.md": (
        f"{body.MAX_CALLS:,} calls and {body.MAX_BYTES // MIB} MiB, compressed or not",
        f"The last {ledger.MOST_MARKS:,} keys of an org are remembered",
        f"the body took longer than {bodies.SECONDS:g} seconds",
    ),
    "docs/alerting.md": (
        f"the first message waits {policy.MESSAGES.group_wait:g} seconds more",
        f"ends by itself after at most {maintenance.MAX_BEGUN_SECONDS // 86_400} days",
    ),
    "docs/scaling.md": (f"for more than {prometheus.COUNTER_DAYS} days, up to {orgs.MAX_DAYS},",),
    "docs/woocommerce.md": (f"below the default budget of {BUDGET} requests an hour",),
}


@pytest.mark.parametrize(
    ("page", "sentence"), [(page, said) for page, all_said in SAID.items() for said in all_said]
)
def test_a_page_states_the_figure_of_the_code(page: str, sentence: str) -> None:
    assert sentence in " ".join((ROOT / page).read_text(encoding="utf-8").split())


def test_what_sizing_is_said_to_print_it_prints(capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = [one for one in blocks("console") if "store-exporter sizing" in one.text]
    command, _, printed = block.text.partition("\n")
    assert cli.main(shlex.split(command)[2:]) == 0
    assert capsys.readouterr().out.strip() == printed.strip()


@pytest.mark.parametrize("name", base.built_in())
def test_default_checks_stay_below_the_default_budget(name: str, repository: Path) -> None:
    """The generated table of a platform's page adds up to less than a store may be asked."""
    page = (repository / "docs" / f"{name}.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"\| \*\*all\*\* \|  \|  \| \*\*([\d.,]+)\*\* \|", page)
    assert float(found.replace(",", "")) < BUDGET
