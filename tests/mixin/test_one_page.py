"""A store that comes and goes is one page: not one more from another alert, nor again and again."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path

import pytest

from store_exporter.mixin import alerts
from store_exporter.mixin.model import as_document
from store_exporter.mixin.names import AlertName
from store_exporter.mixin.objectives import DEFAULT, Override
from store_exporter.mixin.rules import recording, slo
from tests.mixin import promtool

RHYTHMS = {
    "one minute in two, half an hour": ("1 0", 15),
    "one minute in three, forty minutes": ("1 0 0", 13),
    "one minute in five, an hour": ("1 0 0 0 0", 12),
    "two minutes in six, an hour": ("1 1 0 0 0 0", 10),
    "one minute in ten, 100 minutes": ("1 0 0 0 0 0 0 0 0 0", 10),
}
"""When it fails, and how often that happens."""
BEFORE, AFTER = 120, 180
PAGE = 'ALERTS{alertstate="firing", severity="critical"}'
AT = f"{BEFORE + 100 + 170}m"
WINDOW = "280m:1m"


def store(org: str, domain: str, rhythm: str, times: int) -> Iterator[tuple[str, str]]:
    """A store whose liveness probe and every call fail in such a rhythm, a call each second."""
    labels = f'org="{org}", domain="{domain}", platform="woocommerce"'
    failing = [*map(int, rhythm.split())] * times
    error = f'{labels}, operation="get_cart", error_type="timeout", fault="store"'
    counts = accumulate(60 * bit for bit in failing)

    def values(then: int, during: list[int]) -> str:
        return f"{then}x{BEFORE - 1} {' '.join(map(str, during))} {then}x{AFTER}"

    yield f"store_up{{{labels}}}", values(1, [1 - bit for bit in failing])
    yield f'store_health{{{labels}, state="critical"}}', values(0, failing)
    yield f'store_operations_total{{{labels}, operation="get_cart"}}', "0+60x500"
    last = 60 * sum(failing)
    during = " ".join(map(str, counts))
    yield f"store_operation_errors_total{{{error}}}", f"0x{BEFORE - 1} {during} {last}x{AFTER}"


@pytest.mark.real
def test_a_store_that_comes_and_goes_is_one_page_whatever_its_objectives(tmp_path: Path) -> None:
    strict = [Override("strict", target=0.999)]
    objectives = tuple(
        type(each)(each.name, each.kind, each.target, each.threshold, overrides=tuple(strict))
        for each in DEFAULT
    )
    groups = [*recording.groups(), *slo.groups(objectives)]
    rules = as_document(groups)
    pages = {AlertName.STORE_DOWN, AlertName.STORE_UNSTABLE, AlertName.STORE_ERROR_BUDGET_BURN}
    fired = alerts.document()
    for group in fired["groups"]:
        group["rules"] = [promtool.said(r, ()) for r in group["rules"] if r["alert"] in pages]
    inputs = dict(
        each
        for org in ("strict", "usual")
        for number, (rhythm, times) in enumerate(RHYTHMS.values())
        for each in store(org, f"{number}.example", rhythm, times)
    )
    by = "by (org, domain)"
    fires = f"group {by} ({PAGE})"
    known = f"timestamp({fires})[{WINDOW}]"
    gaps = f"(max_over_time({known}) - min_over_time({known})) / 60 + 1 - count_over_time({known})"
    # What fails for a minute in ten is within the usual objective of an hour.
    told = [("strict", n) for n in range(5)] + [("usual", n) for n in range(4)]
    samples = [f'{{org="{org}", domain="{number}.example"}}' for org, number in told]
    checks = [
        {"expr": expression, "eval_time": AT,
         "exp_samples": [{"labels": each, "value": value} for each in samples]}
        for expression, value in (
            (f"count {by} (group by (org, domain, alertname) (last_over_time({PAGE}[280m])))", 1),
            (gaps, 0),
        )
    ]  # fmt: skip
    promtool.write_files(
        tmp_path,
        {
            "recording.yml": promtool.needed(rules, [fired, checks]),
            "alerts.yml": {"groups": [group for group in fired["groups"] if group["rules"]]},
        },
        {
            "evaluation_interval": "1m",
            "tests": [
                {
                    "interval": "1m",
                    "input_series": [{"series": k, "values": v} for k, v in inputs.items()],
                    "promql_expr_test": checks,
                }
            ],
        },
    )
    promtool.run(tmp_path)
