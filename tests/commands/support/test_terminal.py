"""Sentences at a terminal break between words, and addresses stay whole."""

from __future__ import annotations

import pytest

from store_exporter.commands.support.terminal import width, wrapped

SENTENCE = "the certificate of shop.example.com is not trusted here: see https://shop.example.com/a"


def test_a_sentence_goes_on_below_where_it_began() -> None:
    lines = list(wrapped("key   FAIL  ", SENTENCE, 50))
    assert all(len(line) <= 50 for line in lines)
    assert lines[0].startswith("key   FAIL  the")
    assert {line[:12] for line in lines[1:]} == {" " * 12}
    assert " ".join(line[12:] for line in lines) == SENTENCE
    assert list(wrapped("key  ", "", 50)) == ["key"]


def test_beside_a_long_name_it_begins_in_a_line_of_its_own() -> None:
    name, *lines = wrapped(f"{'shop' * 10}  ", SENTENCE, 60)
    assert name == "shop" * 10
    assert all(line.startswith("      ") and len(line) <= 60 for line in lines)


def test_what_is_no_terminal_has_each_sentence_in_one_line() -> None:
    assert width() is None
    assert list(wrapped("key  ", SENTENCE, None)) == [f"key  {SENTENCE}"]


@pytest.mark.parametrize("columns", [20, 31])
def test_an_address_is_never_broken(columns: int) -> None:
    lines = list(wrapped("", SENTENCE, columns))
    assert any("https://shop.example.com/a" in line for line in lines)
