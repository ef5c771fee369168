"""A process that counts and pushes; test_processes.py starts it. Its argument says how."""

from __future__ import annotations

import multiprocessing
import os
import sys

from store_exporter.metrics.catalogue import business
from store_exporter.metrics.otlp import start_otlp
from store_exporter.metrics.recorder import default

REVENUE = ("acme", "shop.example.com", "woocommerce", "EUR")


def count(amount: float) -> None:
    default().inc(business.REVENUE, REVENUE, amount)


def count_and_push(amount: float) -> None:
    """Count in a child that begins to push itself."""
    start_otlp(interval=3600)
    count(amount)


def main(how: str) -> None:
    """Count, push as told, and end."""
    if how.startswith("multiprocessing"):
        multiprocessing.set_start_method(how.split()[1])
        started = multiprocessing.Process(target=count_and_push, args=(3,))
        started.start()
        started.join()
        sys.exit(started.exitcode)
    pusher = start_otlp(interval=3600, exit_timeout=float(os.environ.get("EXIT_TIMEOUT", "10")))
    count(5)
    if how == "fork":
        if not pusher.flush():
            sys.exit("the parent could not push")
        child = os.fork()
        if not child:
            count(3)
            # As a pre-forking server ends its workers: with atexit's functions.
            sys.exit(0 if pusher.flush() else "the child could not push")
        if os.waitpid(child, 0)[1]:
            sys.exit("the child failed")
        count(2)
    if how == "inherited":
        multiprocessing.set_start_method("fork")
        worker = multiprocessing.Process(target=count, args=(3,))
        worker.start()
        worker.join()


if __name__ == "__main__":
    main(sys.argv[1])
