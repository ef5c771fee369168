"""What the budget of a store with few events says."""

from __future__ import annotations

from pathlib import Path

import pytest

from store_exporter.mixin.model import as_document
from store_exporter.mixin.objectives import DEFAULT
from store_exporter.mixin.policy import SLO_WINDOW
from store_exporter.mixin.rules import slo
from tests.mixin import promtool
from tests.mixin.alert_cases.case import of

NAME = DEFAULT[0].name
LABEL = f'slo="{NAME}"'


@pytest.mark.real
@pytest.mark.parametrize(
    ("events", "bad", "left"),
    [
        pytest.param(4, 2, 1 - 2 / 100 / 0.01, id="few"),
        pytest.param(100, 2, 1 - 2 / 100 / 0.01, id="enough"),
        pytest.param(400, 2, 0.5, id="many"),
        pytest.param(0, 0, None, id="none"),
    ],
)
def test_missing_events_of_a_store_with_few_count_as_good(
    tmp_path: Path, events: int, bad: int, left: float | None
) -> None:
    document = as_document([slo.groups()[-1]])
    series = {
        of(slo.up_to_hour(slo.events_in(SLO_WINDOW)), LABEL): events,
        of(slo.up_to_hour(slo.bad_in(SLO_WINDOW)), LABEL): bad,
        of(slo.EVENTS, LABEL): events,
    }
    check = {
        "expr": f"round({slo.BUDGET}, 1e-6)",
        "eval_time": "20m",
        "exp_samples": [] if left is None else [{"labels": of("", LABEL), "value": round(left, 6)}],
    }
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": f"{n}x30"} for name, n in series.items()],
        "promql_expr_test": [check],
    }
    tests = {"evaluation_interval": "1m", "tests": [test]}
    promtool.write_files(tmp_path, {"rules.yml": document}, tests)
    promtool.run(tmp_path)
