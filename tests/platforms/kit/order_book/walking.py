"""A model store whose orders change, and a reader that walks and counts."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass, field, replace
from decimal import Decimal

from store_exporter.platforms.kit.order_book.accounts import CountedOrder
from store_exporter.platforms.kit.order_book.ledger import Ledger
from store_exporter.platforms.kit.order_book.saved import restored
from store_exporter.platforms.kit.order_book.walk import Walk, WalkQuery

START = 1_000_000
OVERLAP = 60


@dataclass
class Store:
    """Orders with times of change, served in pages as a shop would; ties in no fixed sequence."""

    now: int = START
    orders: dict[str, CountedOrder] = field(default_factory=dict)
    random: random.Random = field(default_factory=lambda: random.Random(1))
    queries: int = 0

    def place(self, *, created: int | None = None, paid: bool = False) -> None:
        number = str(len(self.orders) + 1)
        when = self.now if created is None else created
        self.orders[number] = CountedOrder(
            number,
            "processing" if paid else "pending",
            "GBP",
            Decimal(len(self.orders) + 1),
            created=when,
            modified=self.now,
            paid=when if paid else None,
        )

    def change(self, number: str, **members: object) -> None:
        old = self.orders[number]
        self.orders[number] = replace(old, modified=self.now, **members)  # type: ignore[arg-type]

    def page(self, query: WalkQuery, size: int) -> tuple[list[CountedOrder], int]:
        self.queries += 1
        rows = [
            order
            for order in self.orders.values()
            if order.modified >= query.since
            and (query.until is None or order.modified <= query.until)
        ]
        self.random.shuffle(rows)
        key = (lambda o: int(o.id)) if query.until is not None else (lambda o: o.modified)
        rows.sort(key=key)
        return rows[(query.page - 1) * size : query.page * size], len(rows)


@dataclass
class Reader:
    """A collector's run, with a document in the place of the disk."""

    store: Store
    size: int = 3
    limit: int = 1_000
    document: str = ""

    def begin(self, since: int | None = None) -> None:
        ledger = Ledger(since or self.store.now, self.store.now if since else 0, self.limit)
        walk = Walk(since or self.store.now)
        if since is None:
            for order in self.store.orders.values():
                ledger.apply(order, count=False)
        self.save(ledger, walk)

    def save(self, ledger: Ledger, walk: Walk) -> None:
        self.document = json.dumps([ledger.to_document(), asdict(walk)])

    def load(self) -> tuple[Ledger, Walk]:
        ledger, walk = json.loads(self.document)
        return Ledger.from_document(ledger, self.limit), restored(Walk, walk)

    def run(self, pages: int = 10_000, crash_after: int | None = None) -> bool:
        """Run once; return whether it caught up. A crash loses what was not saved."""
        ledger, walk = self.load()
        walk.begin(self.store.now, OVERLAP, ledger.floor)
        for number in range(pages):
            orders, total = self.store.page(walk.query(self.size), self.size)
            for order in orders:
                ledger.apply(order)
                if order.id in ledger.undated:
                    dated = [replace(r, created=int(r.id)) for r in order.refunds]
                    ledger.date_refunds(order.id, dated)
            more = walk.advance([o.id for o in orders], [o.modified for o in orders], total)
            ledger.forget(walk.read_again_from(OVERLAP))
            if number == crash_after:
                return False
            self.save(ledger, walk)
            if not more:
                break
        walk.settle(self.store.now, self.store.now)
        self.save(ledger, walk)
        return walk.caught_up
