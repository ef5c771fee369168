"""Whatever bytes others send: what reads them raises what it says it raises, and nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz import EXAMPLES
from tests.fuzz.targets import SEEDS, TARGETS


@st.composite
def changed(draw: st.DrawFn, seeds: tuple[bytes, ...]) -> bytes:
    """Bytes that a target reads, with others in the place of some of them."""
    seed = draw(st.sampled_from(seeds))
    begin = draw(st.integers(0, len(seed)))
    end = draw(st.integers(begin, len(seed)))
    return seed[:begin] + draw(st.binary(max_size=20)) + seed[end:]


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_are_read_or_refused(name: str) -> None:
    @settings(max_examples=EXAMPLES, deadline=None)
    @given(st.binary(max_size=300) | changed(SEEDS.get(name, (b"",))))
    def check(data: bytes) -> None:
        TARGETS[name](data)

    check()
