"""Colours that mean the same on every dashboard: faults, error types, states, quantiles."""

from __future__ import annotations

import colorsys
import re

from ....errors import ERROR_TYPES, Fault
from ....metrics.catalogue.values import (
    ActionState,
    PushResult,
    SkipReason,
    StockState,
    WebhookState,
)
from ..panels import Query
from ..values import BLUE, GREEN, GREY, ORANGE, RED, YELLOW

PURPLE = "purple"

FAULTS: dict[str, str] = {
    Fault.STORE.value: RED,
    Fault.CONFIG.value: ORANGE,
    Fault.APP.value: PURPLE,
    Fault.CUSTOMER.value: BLUE,
    Fault.CANCELLED.value: GREY,
}
# Where the hues of a fault's error types begin, in degrees; 40 degrees belong to it.
_HUES = {Fault.STORE: 335, Fault.CONFIG: 20, Fault.APP: 265, Fault.CUSTOMER: 190}


def _shade(fault: Fault, number: int) -> str:
    """The colour of a fault's error type: close to the fault's colour, and unique.

    It depends only on the type's position among those of the same fault, so a type added at the end
    does not change the colours of the others.
    """
    if fault not in _HUES:
        return FAULTS[fault]
    lightness = (0.58, 0.74, 0.44)[number % 3]
    hue = (_HUES[fault] + 11 * number % 40) % 360
    red, green, blue = colorsys.hls_to_rgb(hue / 360, lightness, 0.75)
    return f"#{round(red * 255):02x}{round(green * 255):02x}{round(blue * 255):02x}"


def _error_types() -> dict[str, str]:
    found: dict[str, str] = {}
    for fault in Fault:
        members = [entry.name for entry in ERROR_TYPES.values() if entry.fault is fault]
        found |= {name: _shade(fault, number) for number, name in enumerate(members)}
    return found


COLOURS: dict[str, dict[str, str]] = {
    "fault": FAULTS,
    "error_type": _error_types(),
    "stock": {StockState.IN: GREEN, StockState.LOW: YELLOW, StockState.OUT: RED},
    "state": {WebhookState.DISABLED: RED, ActionState.OVERDUE: ORANGE},
    "result": {PushResult.SUCCESS: GREEN, PushResult.FAILURE: RED},
    "reason": {SkipReason.OVERLAP: ORANGE, SkipReason.BUDGET: YELLOW, SkipReason.BACKOFF: BLUE},
    "phase": {
        "resolve": PURPLE,
        "connect": BLUE,
        "tls": YELLOW,
        "processing": ORANGE,
        "transfer": GREEN,
    },
}
"""The colour of each value of a label."""

NAMES: dict[str, str] = {"p50": BLUE, "p95": ORANGE, "p99": RED, "now": BLUE, "this week": BLUE}
"""The colour of each series with a fixed name."""


def of(query: Query) -> list[tuple[str, str]]:
    """The fixed colours of a query's series: a regular expression for the name, and the colour.

    Grafana reads text between slashes as a regular expression.
    """
    if query.legend in NAMES:
        return [(f"/^{re.escape(query.legend)}$/", NAMES[query.legend])]
    for label in re.findall(r"\{\{(\w+)\}\}", query.legend):
        if label in COLOURS:
            before, _, after = query.legend.partition(f"{{{{{label}}}}}")
            ends = ("" if before else "^", "" if after else "$")
            return [
                (f"/{ends[0] or chr(92) + 'b'}{value}{ends[1] or chr(92) + 'b'}/", colour)
                for value, colour in COLOURS[label].items()
            ]
    return []
