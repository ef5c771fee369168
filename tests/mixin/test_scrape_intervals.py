"""Panels show rates whatever the scrape interval is, when the data source is told of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from store_exporter.mixin import dashboards
from store_exporter.mixin.dashboards.panels import Panel, Query
from tests import servers
from tests.mixin import synthetic
from tests.mixin.panels import Source, choices, rate_interval

pytestmark = [pytest.mark.real, pytest.mark.timeout(360)]

RATES = [
    (page, panel, query)
    for page in dashboards.pages()
    for panel in page.panels
    for query in panel.queries
    if "$__rate_interval" in query.expression
]


@pytest.fixture(scope="module", params=[15, 60])
def scraped(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, int, int]]:
    """A Prometheus with figures of every metric, its moment, and its scrape interval."""
    interval = int(request.param)
    directory = tmp_path_factory.mktemp("scraped")
    now = int(time.time())
    synthetic.write_scraped(directory, now, interval)
    with servers.prometheus("global: {}", directory) as server:
        yield server.url, now, interval


def empty(source: Source) -> list[str]:
    """The rates that show nothing."""
    found: list[str] = []
    choice: dict[str, dict[str, str]] = {}
    for page, panel, query in RATES:
        chosen = choice.setdefault(page.file, next(choices(source, page)))
        if not shown(source, panel, query, chosen):
            found.append(f"{page.file}: {panel.title}: {query.legend}")
    return found


def shown(source: Source, panel: Panel, query: Query, chosen: dict[str, str]) -> bool:
    """Whether a query has points."""
    return any(values for _, values in source.ask(panel, query, chosen))


def test_every_rate_is_shown_at_this_scrape_interval(scraped: tuple[str, int, int]) -> None:
    url, now, interval = scraped
    assert len(RATES) >= 5
    assert empty(Source(url, now, scrape=interval, step=interval)) == []


def test_a_data_source_with_too_short_a_scrape_interval_shows_nothing(
    scraped: tuple[str, int, int],
) -> None:
    url, now, interval = scraped
    # So it is the setting that makes the rates appear, and not the samples' places.
    assert bool(empty(Source(url, now, scrape=interval / 4, step=interval / 4)))


def test_grafanas_rate_interval_spans_at_least_four_scrapes() -> None:
    assert [rate_interval(15, 60), rate_interval(60, 60), rate_interval(60, 300)] == [75, 240, 360]
