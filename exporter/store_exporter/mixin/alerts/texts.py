"""Texts that several alerts share."""

from __future__ import annotations

from ...metrics.catalogue import business, health

WHO = "{{ $labels.domain }} ({{ $labels.org }})"
PROCESS = ("job", "instance")


def cause(kind: str) -> str:
    """Template text that names the most frequent error type of the last ten minutes."""
    failures = health.PROBE_FAILURES if kind == "probe" else business.COLLECTOR_FAILURES
    selector = f"{failures.name}{{org=%q, domain=%q}}"
    query = f"topk(1, sum by (error_type) (increase({selector}[10m])) > 0)"
    return (
        f'{{{{ with printf "{query}" $labels.org $labels.domain | query }}}}'
        ' Its latest failures are of type {{ . | first | label "error_type" }}.{{ end }}'
    )
