"""A collector for applications that already expose a prometheus_client registry."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from ..births import Look
from ..catalogue import CATALOGUE, Metric
from ..families import Count, Exemplar, Family, HistogramValue, Source
from .lines import bound

if TYPE_CHECKING:
    from prometheus_client import Metric as ClientMetric
    from prometheus_client.samples import Exemplar as ClientExemplar


@runtime_checkable
class Looked(Source, Protocol):
    """A source that shows new series at zero: a recorder, or what wraps one."""

    def look(self, known_until: float | None) -> Look:
        """Take a look for a scraper whose last look was at that moment."""


class PrometheusCollector:
    """Exposes a recorder's state in a prometheus_client registry.

    Register it once: `REGISTRY.register(PrometheusCollector(recorder))`. It exposes no native
    histograms, because prometheus_client's formats cannot contain them; `render` does.

    A registry does not say who scrapes it. So a new series is shown at zero in as many collections
    as there are scrapers, one after another.

    Args:
        source: a recorder.
        scrapers: how many scrapers read the registry, all at the same interval. With 0, every
            series always has its real value, and Prometheus misses what a series has counted before
            its first scrape.
    """

    def __init__(self, source: Source, *, scrapers: int = 1) -> None:
        self._source = source
        self._looks: deque[float] = deque(maxlen=scrapers)

    def describe(self) -> list[ClientMetric]:
        """Return every metric that may appear, so that registration does not have to collect."""
        return [_client_metric(metric) for metric in CATALOGUE.values()]

    def collect(self) -> Iterator[ClientMetric]:
        """Yield the present state in prometheus_client's classes."""
        for family in self._families():
            client_metric = _client_metric(family.metric)
            _add_samples(client_metric, family)
            yield client_metric

    def _families(self) -> Iterable[Family]:
        looks = self._looks
        if not looks.maxlen or not isinstance(self._source, Looked):
            return self._source.families()
        look = self._source.look(looks[0] if len(looks) == looks.maxlen else None)
        looks.append(look.moment)
        return look.families


def _client_metric(metric: Metric) -> ClientMetric:
    from prometheus_client import Metric as ClientMetric

    return ClientMetric(metric.family, metric.help, metric.kind.value, metric.declared_unit)


def _add_samples(client_metric: ClientMetric, family: Family) -> None:
    names = family.metric.labels
    name = client_metric.name + family.metric.kind.suffix
    bounds = [*map(bound, family.metric.buckets), "+Inf"]
    for values, value in family.series:
        labels = dict(zip(names, map(str, values), strict=True))
        if isinstance(value, HistogramValue):
            _add_histogram(client_metric, labels, bounds, value)
        else:
            exemplar = _client_exemplar(value.exemplar) if isinstance(value, Count) else None
            client_metric.add_sample(name, labels, float(value), exemplar=exemplar)


def _add_histogram(
    client_metric: ClientMetric, labels: dict[str, str], bounds: list[str], value: HistogramValue
) -> None:
    name = client_metric.name
    exemplars = value.exemplars or {}
    count = 0
    for index, count in enumerate(accumulate(value.counts)):
        exemplar = exemplars.get(index)
        client_metric.add_sample(
            f"{name}_bucket",
            {**labels, "le": bounds[index]},
            float(count),
            exemplar=_client_exemplar(exemplar) if exemplar else None,
        )
    client_metric.add_sample(f"{name}_sum", labels, value.sum)
    client_metric.add_sample(f"{name}_count", labels, float(count))


def _client_exemplar(exemplar: Exemplar) -> ClientExemplar:
    from prometheus_client.samples import Exemplar as ClientExemplar

    ids = {"trace_id": exemplar.trace_id, "span_id": exemplar.span_id}
    return ClientExemplar(ids, exemplar.value, exemplar.timestamp)
