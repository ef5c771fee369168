"""One line of the benchmark, and how all of them are shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Spread:
    """The least and the greatest of the figures, or ratios, whose median counts."""

    least: float
    greatest: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> Spread:
        return cls(min(figures), max(figures))


@dataclass(frozen=True)
class Result:
    """A figure of ours beside a peer's.

    Attributes:
        name: what was measured, against whom.
        unit: of `ours` and `peer`.
        ours: our figure; smaller is better.
        peer: the peer's figure of the same run; None where there is no peer.
        target: the largest ratio, or without a peer the largest figure, that is good enough; None
            for a figure that is shown for information.
        spread: of the ratios, or without a peer of the figures, between the windows of a run.
    """

    name: str
    unit: str
    ours: float
    peer: float | None = None
    target: float | None = None
    spread: Spread | None = None

    @property
    def ratio(self) -> float | None:
        return None if not self.peer else self.ours / self.peer

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return (self.ours if self.peer is None else self.ours / self.peer) <= self.target


def write_json(results: Iterable[Result], path: Path) -> None:
    lines = [{**asdict(result), "ratio": result.ratio, "met": result.met} for result in results]
    path.write_text(json.dumps({"results": lines}, indent=2) + "\n")


def table(results: Iterable[Result]) -> str:
    """Return the results as a table for a terminal."""
    rows: list[tuple[str, ...]] = [("what", "ours", "peer", "", "ratio", "target", "")]
    rows += [_row(result) for result in results]
    widths = [max(len(row[column]) for row in rows) for column in range(7)]
    lines = []
    for row in rows:
        cells = [row[0].ljust(widths[0])]
        cells += [
            cell.ljust(width) if column in {3, 6} else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row[1:], widths[1:], strict=True), 1)
        ]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines) + "\n"


def _row(result: Result) -> tuple[str, ...]:
    verdict = {True: "met", False: "MISSED", None: ""}[result.met]
    ratio = ratio_text(result)
    if result.target is None:
        target = ""
    else:
        target = f"{result.target:g}" if result.peer is None else f"1/{1 / result.target:g}"
    peer = "" if result.peer is None else shown_number(result.peer)
    return (result.name, shown_number(result.ours), peer, result.unit, ratio, target, verdict)


def ratio_text(result: Result) -> str:
    """Return the ratio as people read it: how many times less, or more."""
    if not result.ratio:
        return ""
    return f"{result.ratio:.2f}" if result.ratio > 1 else f"1/{1 / result.ratio:.1f}"


def shown_number(value: float) -> str:
    """Return a number with three digits, or as a whole."""
    return f"{value:.3g}" if value < 100 else f"{value:,.0f}"
