"""Free ports are different ones, also where tests begin at the same time."""

from __future__ import annotations

import random

from store_demo.ports import free_ports


def test_free_ports_differ() -> None:
    assert len(set(free_ports(20))) == 20


def test_processes_that_have_seeded_random_numbers_alike_choose_other_ports() -> None:
    # As tests in several workers have, which begin at the same time.
    chosen = set()
    for _ in range(2):
        random.seed(1)
        chosen |= set(free_ports(5))
    assert len(chosen) > 5
