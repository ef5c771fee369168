"""A prometheus_client registry shows our families through its own exposition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as parse_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as parse_text

from store_exporter.metrics.births import Look
from store_exporter.metrics.catalogue import CATALOGUE
from store_exporter.metrics.catalogue.operations import OPERATION_LABELS
from store_exporter.metrics.exposition import PrometheusCollector, render_openmetrics, render_text
from store_exporter.metrics.families import Family
from store_exporter.metrics.recorder import Recorder
from tests.metrics.exposition import examples
from tests.metrics.exposition.test_text import samples


class Source:
    """Families as a recorder would give them, and how often they were asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def families(self) -> Iterator[Family]:
        self.asked += 1
        return iter(examples.one_of_each())


class Wrapper:
    """A recorder behind an object of an application, such as one that is made late."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    def families(self) -> Iterable[Family]:
        return self._recorder.families()

    def look(self, known_until: float | None) -> Look:
        return self._recorder.look(known_until)


@pytest.fixture
def registry() -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(PrometheusCollector(Source()))
    return registry


def test_their_text_has_the_samples_of_ours(registry: CollectorRegistry) -> None:
    ours = b"".join(render_text(examples.one_of_each())).decode()
    theirs = generate_latest(registry).decode()
    assert samples(list(parse_text(theirs))) == samples(list(parse_text(ours)))


def test_their_openmetrics_has_the_samples_and_exemplars_of_ours(
    registry: CollectorRegistry,
) -> None:
    ours = list(parse_openmetrics(b"".join(render_openmetrics(examples.one_of_each())).decode()))
    theirs = list(parse_openmetrics(generate_openmetrics(registry).decode()))
    assert samples(theirs) == samples(ours)
    for one, other in zip(theirs, [*ours], strict=False):
        assert (one.name, one.type, one.unit, one.documentation) == (
            other.name,
            other.type,
            other.unit,
            other.documentation,
        )
        assert [sample.exemplar for sample in one.samples] == [
            sample.exemplar for sample in other.samples
        ]


def test_registering_collects_nothing() -> None:
    source = Source()
    CollectorRegistry(auto_describe=True).register(PrometheusCollector(source))
    assert source.asked == 0


def test_a_metric_of_the_application_with_one_of_our_names_is_refused(
    registry: CollectorRegistry,
) -> None:
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        Counter("store_operations", "Taken.", registry=registry)


def test_every_metric_of_the_catalogue_is_described() -> None:
    described = PrometheusCollector(Source()).describe()
    assert len(described) == len(CATALOGUE)


@pytest.mark.parametrize("source", [lambda recorder: recorder, Wrapper])
@pytest.mark.parametrize(
    ("scrapers", "shown"), [(0, [1, 1, 1, 1]), (1, [0, 1, 1, 1]), (2, [0, 0, 1, 1])]
)
def test_a_birth_is_shown_at_zero_to_as_many_scrapers_as_there_are(
    scrapers: int, shown: list[float], source: Callable[[Recorder], Recorder | Wrapper]
) -> None:
    recorder = Recorder()
    handle = recorder.operation(*examples.OPERATION)
    handle.start()
    handle.finish(0.1)
    registry = CollectorRegistry()
    registry.register(PrometheusCollector(source(recorder), scrapers=scrapers))
    labels = dict(zip(OPERATION_LABELS, examples.OPERATION, strict=True))
    found = [registry.get_sample_value("store_operations_total", labels) for _ in range(4)]
    assert found == shown
