"""Log lines are one line each, in logfmt or JSON, with secrets masked."""

from __future__ import annotations

import io
import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from opentelemetry.sdk.trace import TracerProvider

from store_exporter import Recorder, track
from store_exporter.net.redactor import Redactor
from store_exporter.server.process import logs
from store_exporter.stores.model import Secret


@pytest.fixture
def restored_logging() -> object:
    root = logging.getLogger()
    handlers = root.handlers[:]
    yield None
    root.handlers[:] = handlers


def log_of(format_: str, redact: Redactor, *told: str) -> str:
    stream = io.StringIO()
    logs.configure("info", format_, redact, stream)
    for text in told:
        logging.getLogger("store_exporter.test").info(text, extra={"said": text})
    return stream.getvalue()


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("format_", logs.FORMATS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=()), max_size=20))
def test_nothing_in_a_line_moves_the_cursor_or_reorders_the_text(format_: str, text: str) -> None:
    written = log_of(format_, Redactor(), text)
    assert written.endswith("\n")
    assert written[:-1].isprintable()
    if format_ == "json":
        entry = json.loads(written)
        assert (entry["msg"], entry["said"]) == (text, text)


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("format_", logs.FORMATS)
def test_controls_are_escaped_and_letters_are_not(format_: str) -> None:
    shown = {
        "\x1b[31m": "\\u001b[31m", "\x9b31m": "\\u009b31m", "\x7f": "\\u007f",
        "a\u202eb": "a\\u202eb", "a\u2066b": "a\\u2066b", "\u2028": "\\u2028", "\ud800": "\\ud800",
        "\U000e0041": "\\udb40\\udc41", "Grüße 注文 😀": "Grüße 注文 😀",
    }  # fmt: skip
    for text, expected in shown.items():
        assert f'"{expected}"' in log_of(format_, Redactor(), text), ascii(text)


@pytest.mark.usefixtures("restored_logging")
@pytest.mark.parametrize("format_", logs.FORMATS)
def test_a_secret_is_masked_whatever_it_is_made_of(format_: str) -> None:
    secret = 'ü\x1b"\u202e\\注'
    written = log_of(format_, Redactor([Secret(secret)]), f"a {secret} b")
    assert written.count("a <masked> b") == 2


def lines(format_: str, level: str = "info") -> list[str]:
    stream = io.StringIO()
    logs.configure(level, format_, Redactor([Secret("hunter2!")]), stream)
    log = logging.getLogger("store_exporter.test")
    log.debug("not at info")
    log.info("a %s b", "hunter2!", extra={"store": "shop.example.com", "empty": "", "n": 1.5})
    try:
        raise ValueError('with hunter2! and "quotes"\nand a line')
    except ValueError:
        log.exception("it failed")
    log.warning("umlaut ä\r\nlevel=error")
    return stream.getvalue().splitlines()


@pytest.mark.usefixtures("restored_logging")
def test_logfmt_is_one_line_each_with_secrets_masked() -> None:
    found = lines("logfmt")
    assert len(found) == 3
    time, rest = found[0].split(" ", 1)
    assert time.startswith("ts=2")
    assert time.endswith("Z")
    assert rest == (
        'level=info logger=store_exporter.test msg="a <masked> b" '
        'store=shop.example.com empty="" n=1.5'
    )
    assert 'level=error logger=store_exporter.test msg="it failed" traceback="Traceback' in found[1]
    assert found[2].endswith('msg="umlaut ä\\r\\nlevel=error"')
    assert "hunter2" not in "".join(found)


@pytest.mark.usefixtures("restored_logging")
def test_json_is_one_object_each_with_secrets_masked() -> None:
    found = [json.loads(line) for line in lines("json")]
    assert [entry["level"] for entry in found] == ["info", "error", "warn"]
    assert found[0]["msg"] == "a <masked> b"
    assert found[0]["n"] == 1.5
    assert "ValueError: with <masked> and" in found[1]["traceback"]


@pytest.mark.usefixtures("restored_logging")
def test_the_level_decides_what_is_written() -> None:
    assert len(lines("logfmt", "debug")) == 4
    assert len(lines("logfmt", "warn")) == 2
    assert len(lines("logfmt", "error")) == 1


@pytest.mark.usefixtures("restored_logging")
def test_a_line_within_a_trace_shows_its_ids() -> None:
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("tests")
    with tracer.start_as_current_span("request") as span:
        found = [json.loads(line) for line in lines("json")]
    context = span.get_span_context()
    told = {(entry["trace_id"], entry["span_id"]) for entry in found}
    assert told == {(f"{context.trace_id:032x}", f"{context.span_id:016x}")}
    assert "trace_id" not in "".join(lines("json"))


def test_the_instrumentations_lines_tell_the_active_trace(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recorder = Recorder()
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("tests")
    with (
        tracer.start_as_current_span("request") as span,
        track("get_cart", labels=lambda: 1 / 0, recorder=recorder),  # type: ignore[arg-type, return-value]
    ):
        pass
    (record,) = caplog.records
    assert record.__dict__["trace_id"] == f"{span.get_span_context().trace_id:032x}"
