"""An application that is scraped tells its recent calls to an exporter elsewhere."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Any

import pytest

from store_exporter import CallReporter, Recorder, StoreError, report_calls, track
from tests.ingest.support import SHOP, TOKEN, reporting, shown, taking
from tests.operations.shop import Shop
from tests.server.support import Running

STORE: Shop = {"org": "acme", "domain": SHOP, "platform": "woocommerce"}
PATH = "/api/v1/calls"
NEVER = 3600.0
"""Seconds between requests, where the test says when."""


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def fail(recorder: Recorder, message: str, *, org: str = "acme", domain: str = SHOP) -> None:
    labels: Shop = {"org": org, "domain": domain, "platform": "woocommerce"}
    with pytest.raises(StoreError), track("get_cart", recorder=recorder, **labels):
        raise StoreError("unauthorized", message, status=401)


async def flushed(reporter: CallReporter) -> bool:
    return await asyncio.to_thread(reporter.flush)


async def listed(running: Running) -> Any:
    return json.loads((await running.api(PATH)).text)


async def messages(running: Running) -> list[str]:
    return [call["message"] for call in (await listed(running))["calls"]]


async def test_failing_and_slow_calls_are_shown_elsewhere_once_and_not_counted_there(
    tmp_path: Path, recorder: Recorder
) -> None:
    async with taking(tmp_path) as running:
        reporter = report_calls(running.url, {"acme": TOKEN}, recorder=recorder, interval=NEVER)
        fail(recorder, "the key is wrong")
        with track("check_order", recorder=recorder, **STORE):
            pass
        assert await flushed(reporter)
        reporter._reported.clear()  # as after an answer that was lost
        fail(recorder, "of jane@example.com with Bearer abcdefghijkl")
        assert await flushed(reporter)
        reporter.close()
        found = await listed(running)
        figures = await shown(running)
    assert [
        (c["operation"], c["error_type"], c["message"], c["status"]) for c in found["calls"]
    ] == [
        ("get_cart", "unauthorized", "of <hidden> with <masked>", 401),
        ("get_cart", "unauthorized", "the key is wrong", 401),
    ]
    assert [call["operation"] for call in found["slowest"]] == ["check_order"]
    assert figures == {}


async def test_each_org_has_its_own_token_and_calls_of_other_orgs_are_not_reported(
    tmp_path: Path, recorder: Recorder
) -> None:
    async with taking(tmp_path) as running:
        reporter = report_calls(running.url, {"acme": TOKEN}, recorder=recorder, interval=NEVER)
        fail(recorder, "of zen", org="zen", domain="zen.example")
        fail(recorder, "of acme")
        assert await flushed(reporter)
        reporter.close()
        assert await messages(running) == ["of acme"]
        assert running.exporter.calls.read("zen") == []


async def test_calls_that_could_not_be_reported_are_reported_when_the_exporter_is_there(
    tmp_path: Path, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    async with taking(tmp_path) as running:
        reporter = report_calls(
            "http://127.0.0.1:9", {"acme": TOKEN}, recorder=recorder, interval=NEVER
        )
        fail(recorder, "nobody hears it")
        assert not await flushed(reporter)
        assert not await flushed(reporter)
        # A request of an earlier test that its server has let hang may end only now.
        warnings = [text for text in caplog.messages if "127.0.0.1:9/" in text]
        assert len(warnings) == 1
        assert "Connection refused" in warnings[0]
        reporter._sender._address = running.url + PATH
        assert await flushed(reporter)
        reporter.close()
        assert await messages(running) == ["nobody hears it"]


async def test_a_refusal_is_logged_in_the_exporters_words_and_not_repeated(
    tmp_path: Path, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    async with taking(tmp_path) as running:
        reporter = report_calls(running.url, {"acme": TOKEN}, recorder=recorder, interval=NEVER)
        fail(recorder, "elsewhere", domain="elsewhere.example")
        assert not await flushed(reporter)
        assert await flushed(reporter)
        reporter.close()
    assert "acme: it responded 400" in caplog.text
    assert "there is no store of this domain" in caplog.text


@contextmanager
def answering(status: int, **headers: str) -> Iterator[tuple[str, list[str]]]:
    """Serve one answer; yields the address and the tokens that came."""
    tokens: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            tokens.append(self.headers["Authorization"])
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        do_GET = do_POST  # noqa: N815 - the server's name

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", tokens
        finally:
            server.shutdown()
            thread.join()


def test_a_redirect_gets_no_token(recorder: Recorder) -> None:
    with answering(200) as (elsewhere, leaked), answering(307, Location=elsewhere) as (url, tokens):
        reporter = report_calls(url, {"acme": TOKEN}, recorder=recorder, interval=NEVER)
        fail(recorder, "secret")
        assert not reporter.flush()
        reporter.close()
    assert set(tokens) == {f"Bearer {TOKEN}"}
    assert leaked == []


@pytest.mark.parametrize("status", [200, 404, 408, 429, 500, 503])
def test_a_report_is_sent_again_if_the_response_accepted_nothing(
    status: int, recorder: Recorder
) -> None:
    with answering(status) as (url, tokens):
        reporter = report_calls(url, {"acme": TOKEN}, recorder=recorder, interval=NEVER)
        fail(recorder, "again")
        assert not reporter.flush()
        assert not reporter.flush()
        reporter.close()
    assert len(tokens) >= 2


async def test_a_refused_token_pauses_and_its_orgs_calls_are_reported_afterwards(
    tmp_path: Path, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    tokens = {"zen": "of-nobody", "acme": TOKEN}
    async with taking(tmp_path) as running:
        with answering(401) as (url, asked):
            reporter = report_calls(url, tokens, recorder=recorder, interval=NEVER)
            fail(recorder, "kept")
            fail(recorder, "kept too", org="zen", domain="zen.example")
            for _ in range(3):
                assert not await flushed(reporter)
            assert sorted(asked) == ["Bearer of-nobody", f"Bearer {TOKEN}"]
        reporter._sender._address = running.url + PATH
        del reporter._sender._resting["acme"]
        # One org's token stands in no other's way.
        assert not await flushed(reporter)
        assert await messages(running) == ["kept"]
        reporter.close()
    (warning, *_) = warnings_about(url, caplog)
    assert "it responded 401" in warning.getMessage()


@pytest.mark.parametrize(
    ("url", "tokens", "interval", "message"),
    [
        ("exporter:10847", {"acme": TOKEN}, 5, "url is the exporter's"),
        ("http://user:word@exporter", {"acme": TOKEN}, 5, "without user and password"),
        ("http://exporter/?token=a", {"acme": TOKEN}, 5, "url is the exporter's"),
        ("http://exporter:99999", {"acme": TOKEN}, 5, "url is the exporter's"),
        ("http://exporter/\n", {"acme": TOKEN}, 5, "url is the exporter's"),
        ("http://[::1", {"acme": TOKEN}, 5, "url is the exporter's"),
        (
            "http://exporter",
            {"acme": f"{TOKEN}\n"},
            5,
            "token of acme has a space, the end of a line",
        ),
        ("http://exporter", {"acme": f"{TOKEN}€"}, 5, "a letter beyond ASCII"),
        ("http://exporter", {}, 5, "one is missing"),
        ("http://exporter", {"acme": ""}, 5, "one is missing"),
        ("http://exporter", {"acme": TOKEN}, 0, "interval is a positive number"),
        ("http://exporter", {"acme": TOKEN}, float("nan"), "interval is a positive number"),
        ("http://exporter", {"acme": TOKEN}, float("inf"), "interval is a positive number"),
    ],
)
def test_every_problem_is_reported_at_once(
    url: str, tokens: dict[str, str], interval: float, message: str, recorder: Recorder
) -> None:
    with pytest.raises(ValueError, match=message) as refused:
        report_calls(url, tokens, recorder=recorder, interval=interval)
    assert recorder.calls is None
    assert TOKEN not in str(refused.value)


@contextmanager
def saying(answer: bytes, *, hold: bool = False) -> Iterator[str]:
    """Answer each request with these bytes, and close the connection unless it is to be held."""
    ended = threading.Event()

    class Handler(StreamRequestHandler):
        def handle(self) -> None:
            length = 0
            while (line := self.rfile.readline()).strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            self.rfile.read(length)
            with suppress(OSError):
                self.wfile.write(answer)
            if hold:
                ended.wait(60)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            ended.set()
            server.shutdown()
            thread.join()


OK = b"HTTP/1.1 200 OK\r\n\r\n"
BROKEN = {
    "an error that breaks off": b"HTTP/1.1 503 No\r\nContent-Length: 500\r\n\r\nabc",
    "ten megabytes": OK + b"[" * 10_000_000,
    "deep": OK + b"[" * 50_000,
    "null": OK + b"null",
    "a number": OK + b'{"refused": 1}',
    "no HTTP": b"\x1b[31mfalse\r\n\r\n",
    "nothing": b"",
}


def warnings_about(url: str, caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return what was logged about a server: reporters of earlier tests may still log."""
    return [one for one in caplog.records if url in one.getMessage()]


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
async def test_whatever_an_exporter_responds_nothing_is_raised_and_no_call_is_lost(
    answer: bytes, tmp_path: Path, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    async with taking(tmp_path) as running:
        with saying(answer) as url:
            reporter = report_calls(url, {"acme": TOKEN}, recorder=recorder, interval=NEVER)
            fail(recorder, "kept")
            assert not await flushed(reporter)
        (warning,) = warnings_about(url, caplog)
        assert warning.exc_info is None
        assert warning.getMessage().isprintable()
        reporter._sender._address = running.url + PATH
        assert await flushed(reporter)
        reporter.close()
        assert await messages(running) == ["kept"]


def test_what_a_refusal_says_is_logged_on_one_short_line(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    refusal = {"field": "a\r\nforged \x1b[31m\u202e", "error": "e" * 50_000}
    with saying(OK + json.dumps({"refused": [refusal]}).encode()) as url:
        reporter = report_calls(url, {"acme": TOKEN}, recorder=recorder, interval=NEVER)
        fail(recorder, "refused")
        assert not reporter.flush()
        reporter.close()
    (warning,) = warnings_about(url, caplog)
    said = warning.getMessage()
    assert "a forged [31m e" in said
    assert said.isprintable()
    assert len(said) < 700


def test_a_server_that_repeats_the_token_does_not_have_it_logged(
    recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    with saying(b"HTTP/1.1 502 No\r\n\r\n" + f"you sent Bearer {TOKEN}, {TOKEN}".encode()) as url:
        reporter = report_calls(url, {"acme": TOKEN}, recorder=recorder, interval=NEVER)
        fail(recorder, "kept")
        assert not reporter.flush()
        reporter.close()
    assert "it responded 502 you sent <masked>, <masked>" in caplog.text
    assert TOKEN not in caplog.text


@pytest.mark.parametrize("answer", [b"", OK], ids=["before it answers", "within its answer"])
def test_a_hanging_exporter_delays_nobody(answer: bytes, recorder: Recorder) -> None:
    with saying(answer, hold=True) as url:
        reporter = report_calls(url, {"acme": TOKEN}, recorder=recorder, interval=NEVER)
        fail(recorder, "nobody waits")
        assert not reporter.flush(timeout=0.05)
        fail(recorder, "nor for this one")
        reporter.close(timeout=0.05)
        assert not reporter.flush()
    # What it logs at its end is no later test's.
    reporter._thread.join(60)


def test_of_stores_that_are_forgotten_nothing_is_kept(recorder: Recorder) -> None:
    with saying(OK + b'{"refused": []}') as url:
        reporter = report_calls(url, {"acme": TOKEN}, recorder=recorder, interval=NEVER)
        fail(recorder, "told")
        assert reporter.flush()
        assert reporter._reported
        reporter._book.forget("acme", SHOP)
        assert reporter.flush()
        assert reporter.flush()  # what changed is looked at twice
        assert not reporter._reported
        reporter.close()


def test_calls_that_somebody_remembers_already_are_not_reported_a_second_time(
    recorder: Recorder,
) -> None:
    reporter = report_calls("http://127.0.0.1:9", {"acme": TOKEN}, recorder=recorder)
    with pytest.raises(ValueError, match="already kept"):
        report_calls("http://127.0.0.1:9", {"acme": TOKEN}, recorder=recorder)
    reporter.close()


APPLICATION = """
import multiprocessing, os, sys
from store_exporter import StoreError, report_calls, track

reporter = report_calls(sys.argv[1], {"acme": os.environ["ACME_TOKEN"]}, interval=60)

def fail(message):
    try:
        with track("get_cart", org="acme", domain="shop.example.com", platform="woocommerce"):
            raise StoreError("timeout", message)
    except StoreError:
        pass

fail("of the parent")
child = os.fork()
if not child:
    fail("of the child")
    reporter.close(timeout=60)
    sys.exit()
os.waitpid(child, 0)
worker = multiprocessing.get_context("fork").Process(target=fail, args=("of a worker",))
worker.start()
worker.join()
reporter.close(timeout=60)
"""


async def test_a_process_and_its_children_tell_their_own_calls_and_what_is_left_at_their_end(
    tmp_path: Path,
) -> None:
    async with taking(tmp_path, reporting()) as running:
        process = await asyncio.create_subprocess_exec(
            # Python 3.12 and later warn of a fork beside threads.
            *(sys.executable, "-W", "ignore::DeprecationWarning", "-c", APPLICATION, running.url),
            stderr=asyncio.subprocess.PIPE,
            env={"ACME_TOKEN": TOKEN, "PYTHONPATH": ":".join(sys.path)},
        )
        _, said = await process.communicate()
        assert (process.returncode, said) == (0, b"")
        assert sorted(await messages(running)) == [
            "of a worker",
            "of the child",
            "of the parent",
        ]
