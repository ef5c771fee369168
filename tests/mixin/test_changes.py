"""Which events a dashboard shows of what is chosen above it, by a real Prometheus."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from store_exporter.mixin import changes
from tests import servers
from tests.mixin.panels import ALL, fill
from tests.servers import Server

pytestmark = [pytest.mark.real, pytest.mark.xdist_group("changes")]

STORES = (
    ("acme", "books.example", "woocommerce"),
    ("acme", "toys.example", "shopify"),
    ("zen", "tea.example", "shopify"),
)
CHOICE = ("org", "domain", "platform")


def rule(metric: str, **labels: str) -> str:
    told = ", ".join(f"{name}: {value}" for name, value in labels.items())
    return f"      - {{record: {metric}, expr: vector(time()), labels: {{{told}}}}}\n"


def event(org: str, component: str, **store: str) -> str:
    labels = {"org": org, "kind": "deploy", "component": component, "after": "v1", **store}
    return rule("store_event_timestamp_seconds", **labels)


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("events")
    rules = "groups:\n  - name: events\n    rules:\n"
    for org, domain, platform in STORES:
        rules += rule("store_up", org=org, domain=domain, platform=platform)
        rules += event(org, f"of-{domain}", domain=domain, platform=platform)
    rules += event("acme", "of-acme") + event("zen", "of-zen")
    # Two processes tell of the same one.
    rules += event("acme", "of-acme", instance="other")
    (folder / "rules.yml").write_text(rules)
    config = "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
    with servers.prometheus(config, folder) as server:
        servers.eventually(lambda: len(server.query("store_event_timestamp_seconds")) == 6)
        yield server


@pytest.mark.parametrize("window", ["", "$__range"])
@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, {"books.example", "toys.example", "tea.example", "acme", "zen"}),
        ({"org": "acme"}, {"books.example", "toys.example", "acme"}),
        # What is about all stores of another org is no event of this store.
        (
            {"domain": "(books.example|tea\\\\.example)"},
            {"books.example", "tea.example", "acme", "zen"},
        ),
        ({"domain": "books\\\\.example"}, {"books.example", "acme"}),
        ({"platform": "shopify"}, {"toys.example", "tea.example", "acme", "zen"}),
        ({"org": "zen", "platform": "woocommerce"}, set()),
    ],
)
def test_events_are_those_of_the_chosen_stores_and_of_all_stores_of_their_orgs(
    figures: Server, window: str, chosen: dict[str, str], expected: set[str]
) -> None:
    query = fill(changes.of(CHOICE, window), {**dict.fromkeys(CHOICE, ALL), **chosen})
    found = [labels["component"].removeprefix("of-") for labels, _ in figures.query(query)]
    assert sorted(found) == sorted(expected)


def test_a_page_about_processes_shows_all_events_once(figures: Server) -> None:
    assert len(figures.query(changes.of(()))) == 5
