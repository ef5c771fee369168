"""A recorder for each test."""

from __future__ import annotations

import pytest

from store_exporter import Recorder


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()
