"""Text is read as JSON, odd characters included."""

from __future__ import annotations

import pytest

from store_exporter.net.decoding import parse, text_after_json


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"Shop \ud83d", "Shop \ufffd"),
        (r"\udE00\ud83d\ude00", "\ufffd\N{GRINNING FACE}"),
        (r"C:\\ud83d", r"C:\ud83d"),
    ],
)
def test_half_a_character_never_gets_into_what_is_written_on(written: str, read: str) -> None:
    assert parse(f'{{"a": "{written}"}}') == {"a": read}


@pytest.mark.parametrize(
    ("source", "rest"),
    [
        ("{} <!-- cached -->", " <!-- cached -->"),
        ("[1]", ""),
        ('{"a": ', None),
        ("[" * 99_999, None),
    ],
)
def test_what_comes_after_json_is_told(source: str, rest: str | None) -> None:
    assert text_after_json(source) == rest
