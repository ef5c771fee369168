"""The running demo: what the dashboards show of it, and that its story can fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from store_demo.evidence import MissingEvidenceError
from store_demo.scene import CHECK
from store_demo.story import Story
from store_exporter.metrics.catalogue import operations
from store_exporter.mixin import dashboards
from store_exporter.mixin.rules import slo
from tests.demo import Demo
from tests.demo import demo as running
from tests.mixin.panels import Source, proof
from tests.servers import eventually

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The whole demo; a test leaves its stores and its Slack as it found them."""
    with running(tmp_path_factory.mktemp("demo")) as started:
        yield started


@pytest.mark.timeout(240)
def test_every_panel_shows_what_the_demo_does(demo: Demo) -> None:
    url = demo.stack.addresses["prometheus"]
    # The last series to come: sums over days, of recorded hours, of recorded minutes.
    eventually(lambda: found(url, f"{slo.BUDGET} <= 1"), timeout=90)
    # How long the others take depends on when their groups of rules are evaluated.
    eventually(
        lambda: proof(Source(url), dashboards.pages()), lambda problems: not problems, timeout=60
    )
    # The synthetic history has classic histograms; here it is native ones, and nothing else.
    duration = operations.OPERATION_DURATION.name
    assert found(url, f"histogram_count({duration})")
    assert not found(url, f"{duration}_bucket")


def found(url: str, query: str) -> bool:
    """Whether a query has a result."""
    return bool(Source(url).get("/api/v1/query", {"query": query})["result"])


@pytest.mark.timeout(180)
def test_the_story_fails_when_slack_hears_nothing(demo: Demo) -> None:
    facts: list[str] = []
    story = Story(demo.stack, CHECK, tell=facts.append, verified=facts.append, patience=20)
    demo.slack.outage = True
    try:
        with pytest.raises(MissingEvidenceError, match="Slack received the message"):
            demo.run(story.store_fails())
    finally:
        demo.slack.outage = False
        demo.stack.stores[story._failing].faults.remove(story._outage)
    assert demo.slack.refused > 0
    assert any("Alertmanager holds StoreDown" in fact for fact in facts)
