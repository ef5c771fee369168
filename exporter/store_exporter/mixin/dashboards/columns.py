"""The columns in which tables show labels."""

from __future__ import annotations

from dataclasses import dataclass

from .values import BLUE, RED, YELLOW


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table that shows a label.

    Attributes:
        width: its width in pixels, or its minimum width if it grows.
        grows: whether it takes up the remaining width.
        whole: whether a longer text is wrapped rather than cut off.
        fact: whether it comes after the figures, because it does not identify a row.
        words: each value, the text shown in its place, and its colour.
    """

    title: str
    width: int
    grows: bool = False
    whole: bool = True
    fact: bool = False
    words: tuple[tuple[str, str, str], ...] = ()


NOTE = "note"
"""The label of the text that a table shows in place of rows. It is none of the labels that identify
a row and have links, because the text is not a store's name."""

COLUMNS: dict[str, Column] = {
    NOTE: Column("Note", 145, grows=True),
    "what": Column("What is wrong", 160, grows=True),
    "product": Column("Product", 145, grows=True),
    "sku": Column("SKU", 150),
    "cart": Column("Cart", 90),
    "domain": Column("Store", 170, grows=True),
    "operation": Column("Operation", 160, grows=True),
    "error_type": Column("Error", 140, grows=True),
    "probe": Column("Check", 90),
    "collector": Column("Figures", 130, grows=True),
    "slo": Column("Objective", 95),
    "instance": Column("Process", 170, grows=True),
    # Numbers, by which the table is sorted.
    "rank": Column(
        "Severity",
        102,
        fact=True,
        words=(("1", "critical", RED), ("2", "warning", YELLOW), ("3", "info", BLUE)),
    ),
    "alertname": Column("Alert", 230, fact=True),
    "kind": Column("Kind", 90),
    "component": Column("What", 150, grows=True),
    "before": Column("Before", 120),
    "after": Column("After", 120),
    "status": Column("HTTP status", 110, fact=True),
    "fault": Column("Fault", 80, fact=True),
    "version": Column("Version", 90, fact=True),
    "stock": Column("Stock", 75, fact=True, words=(("out", "Out", RED), ("low", "Low", YELLOW))),
    "currency": Column("Currency", 85, fact=True),
    "timezone": Column("Time zone", 150, fact=True),
    "order_storage": Column("Order storage", 120, fact=True),
    "org": Column("Org", 140, whole=False, fact=True),
}
"""The column of each label."""
