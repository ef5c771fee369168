"""A process that runs operations when it is told to; test_truth.py scrapes and ends it.

Usage: python -m tests.mounts.shop PORT ORG. Each line on its input is a JSON list of calls, each an
operation and an error type or null, and answered by a line when they are done. The last line, an
empty list, is answered when the scrapers have got everything.
"""

from __future__ import annotations

import json
import sys

from store_exporter import track
from store_exporter.mounts import last_look, serve_metrics

DOMAIN, PLATFORM = "shop.example.com", "woocommerce"
LAST_LOOK = 60.0


def main(port: int, org: str) -> None:
    @track("search_products", org=org, domain=DOMAIN, platform=PLATFORM)
    def search_products() -> None:
        """Stands in the code, and so is known before it is called."""

    serve_metrics(port)
    say("ready")
    while calls := json.loads(sys.stdin.readline()):
        for operation, error_type in calls:
            if operation == "search_products" and error_type is None:
                search_products()
                continue
            with track(operation, org=org, domain=DOMAIN, platform=PLATFORM) as running:
                if error_type is not None:
                    running.fail(error_type)
        say("done")
    say("seen" if last_look(LAST_LOOK) else "unseen")
    sys.stdin.readline()


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
