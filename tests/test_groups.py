"""Tests that share what takes long to make run in one worker, so that it is made once."""

from __future__ import annotations

import pytest


@pytest.mark.xdist_group("together")
def test_the_plugin_that_spreads_tests_over_workers_knows_their_groups(
    request: pytest.FixtureRequest,
) -> None:
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("tests are not spread by `--dist loadgroup`")
    # It knows a test by this name alone, and goes on without groups where it has none.
    assert request.node.nodeid.endswith("@together")
