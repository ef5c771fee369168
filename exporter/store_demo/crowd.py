"""The demo's application, in a process of its own: it runs operations and serves their metrics.

Usage: python -m store_demo.crowd FILE, where the file is a `Shift` as JSON. When it is told to end
by SIGTERM, the shoppers go home, the scrapers get everything, and what was done is written down.
"""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from store_exporter import report_calls
from store_exporter.mounts import last_look, serve_metrics

from .scene import api_tokens, open_stores
from .shoppers import Shoppers, operated
from .stores.base import cast

LAST_LOOK = 15.0
"""Seconds that it waits for the scrapers at its end."""

Call = tuple[str, str, str | None]
"""Domain, operation, and the error type of a call that failed."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One life of the application.

    Attributes:
        port: where it serves its metrics, on loopback.
        exporter: where the exporter is that shows its recent calls.
        stores: base address of each store by its domain.
        pause: mean seconds between a shopper's errands.
        seed: of all choices.
        done: the file that what was done is written to.
    """

    port: int
    exporter: str
    stores: Mapping[str, str]
    pause: float
    seed: int
    done: str

    def write(self, file: Path) -> None:
        """Write it for `python -m store_demo.crowd`."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")


def calls_of(done: Path) -> Counter[Call]:
    """Read what a shift wrote down when it ended, or raise OSError if it did not by itself."""
    rows = json.loads(done.read_text(encoding="utf-8"))
    return Counter({(domain, name, error): count for domain, name, error, count in rows})


def work(shift: Shift) -> None:
    """Run operations until SIGTERM, and then say what was done."""
    opened = open_stores()
    stores = [operated(opened[r.domain], r.org, shift.stores[r.domain]) for r in cast()]
    shoppers = Shoppers(stores, pause=shift.pause, seed=shift.seed)
    # Blocked in every thread, so that it is this one that waits for it.
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    server = serve_metrics(port=shift.port)
    report_calls(shift.exporter, api_tokens())
    shoppers.start()
    signal.sigwait([signal.SIGTERM])
    shoppers.stop()
    last_look(LAST_LOOK)
    rows = [[*call, count] for call, count in shoppers.finished.items()]
    Path(shift.done).write_text(json.dumps(rows), encoding="utf-8")
    server.close()


if __name__ == "__main__":
    work(Shift(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
