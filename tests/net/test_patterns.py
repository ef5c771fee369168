"""Patterns that are compiled when they are first used."""

from __future__ import annotations

import re

import pytest

from store_exporter.net.patterns import late


def test_a_pattern_is_compiled_when_it_is_first_used() -> None:
    broken = late("(")
    with pytest.raises(re.error):
        broken.search("x")


def test_it_finds_what_the_pattern_finds() -> None:
    word = late("[a-z]+", re.IGNORECASE)
    assert word.fullmatch("Shop")
    assert word.sub("-", "a shop 1") == "- - 1"
    assert not word.search("1")
    assert word.flags & re.IGNORECASE
