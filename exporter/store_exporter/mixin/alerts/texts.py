"""Texts that several alerts share."""

from __future__ import annotations

from ...metrics.catalogue import Metric, business, health

WHO = "{{ $labels.domain }} ({{ $labels.org }})"
PROCESS = ("job", "instance")


def cause(failures: Metric, window: str, *more: str) -> str:
    """Template text that names the most frequent error type within a window, if there was one.

    Args:
        failures: a counter with the label `error_type`.
        window: long enough for two runs.
        more: labels of the alert, beside org and domain, that the failures must share.
    """
    labels = ("org", "domain", *more)
    chosen = ", ".join(f"{label}=%q" for label in labels)
    values = " ".join(f"$labels.{label}" for label in labels)
    moved = f"increase({failures.name}{{{chosen}}}[{window}])"
    query = f"topk(1, sum by (error_type) ({moved}) > 0)"
    return (
        f'{{{{ with printf "{query}" {values} | query }}}}'
        ' The latest failures are of type {{ . | first | label "error_type" }}.{{ end }}'
    )


PROBE_CAUSE = cause(health.PROBE_FAILURES, "10m")
COLLECTOR_CAUSE = cause(business.COLLECTOR_FAILURES, "1h", "collector")
