"""The latency objective counts slow calls by either kind of histogram, and none of no calls."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from store_exporter.mixin.model import as_document
from store_exporter.mixin.rules import recording, slo
from tests.mixin import promtool

LABELS = 'org="acme", domain="a.example", platform="woocommerce"'
DURATION = "store_operation_duration_seconds"
CALLS = f'store_operations_total{{{LABELS}, operation="get_cart"}}'

# Thirty calls a minute for ten minutes, a tenth of them in the bucket of 2 to 4 s; then none.
NATIVE = {
    f'{DURATION}{{{LABELS}, operation="get_cart"}}': "{{schema:0 count:0 sum:0}}"
    "+{{schema:0 count:30 sum:30 offset:0 buckets:[27 0 3]}}x10 "
    "{{schema:0 count:300 sum:300 offset:0 buckets:[270 0 30]}}x20",
}
CLASSIC = {
    f'{DURATION}_bucket{{{LABELS}, operation="get_cart", le="2.5"}}': "0+27x10 270x20",
    f'{DURATION}_bucket{{{LABELS}, operation="get_cart", le="+Inf"}}': "0+30x10 300x20",
}


@pytest.mark.real
@pytest.mark.parametrize(
    ("histogram", "bad"),
    # Within the bucket of 2 to 4 s, native histograms interpolate by the logarithm.
    [(NATIVE, 0.05 * (1 - 0.32192809488736235)), (CLASSIC, 0.05)],
    ids=["native", "classic"],
)
def test_slow_calls_are_bad_and_no_calls_are_not(
    tmp_path: Path, histogram: dict[str, str], bad: float
) -> None:
    groups = [*recording.groups(), *slo.groups()]
    document = as_document(groups)
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    series = {CALLS: "0+30x10 300x20", **histogram}
    found = 'round(org_domain_platform_slo:store_slo_bad_events:rate5m{slo="latency"}, 1e-6)'
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "promql_expr_test": [
            {
                "expr": found,
                "eval_time": when,
                "exp_samples": [{"labels": f'{{{LABELS}, slo="latency"}}', "value": value}],
            }
            for when, value in (("10m", round(bad, 6)), ("25m", 0))
        ],
    }
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "30s",
        "group_eval_order": [group.name for group in groups],
        "tests": [test],
    }
    (tmp_path / promtool.FILE).write_text(yaml.safe_dump(tests), encoding="utf-8")
    promtool.run(tmp_path)
