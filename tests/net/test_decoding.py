"""Text is read as JSON, odd characters included."""

from __future__ import annotations

import time

import pytest

from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net.decoding import parse, shown_text, text, text_after_json


def answer(body: bytes, charset: str = "") -> Response:
    headers = {"content-type": f"text/html; charset={charset}"} if charset else {}
    return Response(200, headers, body, "https://shop.example.com/")


WORDS = '{"name": "Käse"}'
NAMES = ["utf8mb4", "undefined", "punycode", "base64", "rot13", "latin-1", "UTF-16", ""]


@pytest.mark.parametrize("charset", NAMES)
def test_what_is_in_utf_8_is_read_so_whatever_is_declared(charset: str) -> None:
    assert text(answer(WORDS.encode(), charset)) == WORDS


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "utf-16-le", "UTF-16BE"])
def test_what_is_not_is_read_as_declared(charset: str) -> None:
    assert text(answer(WORDS.encode(charset), charset)) == WORDS


def test_what_is_in_no_encoding_is_shown_with_a_replacement() -> None:
    cut = answer("<p>Käse</p>".encode().replace(b"\xa4", b""), "UTF-8")
    assert shown_text(cut) == "<p>K\ufffdse</p>"
    with pytest.raises(StoreError, match="not text in utf-8"):
        text(cut)


@pytest.mark.parametrize("blank", ["\ufeff\n\ufeff\ufeff", "\r\n\t ", "\xa0\u200b"])
def test_what_is_blank_around_a_document_means_nothing(blank: str) -> None:
    assert parse(text(answer(f"{blank}{WORDS}{blank}".encode()))) == {"name": "Käse"}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"Shop \ud83d", "Shop \ufffd"),
        (r"\udE00\ud83d\ude00", "\ufffd\N{GRINNING FACE}"),
        (r"C:\\ud83d", r"C:\ud83d"),
        (r"C:\\ud83d\ude00\\\ud83d", "C:\\ud83d\ufffd\\\ufffd"),
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
def test_text_after_json_is_reported(source: str, rest: str | None) -> None:
    assert text_after_json(source) == rest


def test_a_header_of_blanks_is_read_in_time() -> None:
    began = time.process_time()
    assert text(answer(b"{}", " " * 64_000)) == "{}"
    assert time.process_time() - began < 1


MANY = 5_242_000


@pytest.mark.parametrize("value", ["[]", "{}", "1.5", '{"a":1}', r'"\ud800"', "9e9"])
def test_json_of_too_many_values_is_refused_before_it_is_read(value: str) -> None:
    source = f"[{(value + ',') * (MANY // (len(value) + 1))}0]"
    with pytest.raises(StoreError, match="too many small values") as refused:
        parse(source)
    assert refused.value.error_type == "response_too_large"
    assert text_after_json(f"{source} <!-- cached -->") is None


def test_json_as_dense_as_that_of_a_store_is_read_at_any_size() -> None:
    order = '{"id":1,"key":"_billing_vat_number","value":"DE123456789","price":"12.50"},'
    source = f"[{order * (2 * MANY // len(order))}0]"
    assert len(parse(source)) == source.count("{") + 1


def test_a_response_of_escaped_characters_is_read_in_time() -> None:
    source = f'["{chr(92) * (MANY // 2 * 2)}{chr(92)}ud800"]'
    began = time.process_time()
    assert parse(source)[0].endswith("\ufffd")
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "number",
    ["1e309", "-1e999999999", "1e-999999999", f"1e{'9' * 30}", "9" * 400, f"0.{'1' * 1000}"],
)
def test_numbers_that_no_other_program_can_read_are_no_json(number: str) -> None:
    with pytest.raises(ValueError, match="out of range"):
        parse(f'{{"total": {number}}}')
    assert text_after_json(f"[{number}]") is None


def test_numbers_that_php_writes_are_exact() -> None:
    written = "[0, -0, 0.0, 1.7976931348623157e308, 2.2e-308, 12.50, 1E+25, 9007199254740993]"
    assert [str(number) for number in parse(written)] == [
        *("0", "0", "0.0", "1.7976931348623157E+308", "2.2E-308", "12.50", "1E+25"),
        "9007199254740993",
    ]
