"""What takes long to make is made once for all tests: shared fixtures, and the tests' modules."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests import forks


@pytest.mark.xdist_group("together")
def test_the_plugin_that_spreads_tests_over_workers_knows_their_groups(
    request: pytest.FixtureRequest,
) -> None:
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("tests are not spread by `--dist loadgroup`")
    # It knows a test by this name alone, and goes on without groups where it has none.
    assert request.node.nodeid.endswith("@together")


def test_a_worker_is_forked_from_a_process_that_has_imported_the_tests() -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ or sys.platform != "linux":
        pytest.skip("this process is none of those that are forked")
    parent = Path(f"/proc/{os.getppid()}/cmdline").read_text().split("\0")
    assert forks.__file__ in parent
