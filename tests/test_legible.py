"""Text in the words of others stays what its writer meant, and is one line."""

from __future__ import annotations

import pytest

from store_exporter.legible import is_line, legible, line

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        FAMILY,
        "\u067e\u0645\u067e\u200c\u0622\u0628",
        "\u5b9a\u671f\u3000\u4f5c\u696d",
        "10\xa0h",
    ],
)
def test_joiners_and_the_spaces_of_other_scripts_are_text(text: str) -> None:
    assert is_line(text)
    assert line(text) == text


@pytest.mark.parametrize("character", "\0\t\n\r\x1b\x7f\x85\u200f\u2028\u202e\u2066\ufeff\ud800")
def test_what_steers_a_terminal_or_the_writing_is_a_space(character: str) -> None:
    text = f"a{character} b"
    assert not is_line(text)
    assert line(text) == "a  b"
    assert legible(text) == "a b"
