"""The examples of docs/applications.md, run as they stand against a real exporter."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from store_exporter.errors import ERROR_TYPES
from tests.ingest.support import CART, ERRORS, SHOP, TOKEN, TOTAL, reporting, shown, taking

DOCS = Path(__file__).parents[2] / "docs"
TRACK = DOCS / "examples/typescript/track.ts"
STRICT = (
    "--strict --noUncheckedIndexedAccess --noImplicitReturns --noUnusedLocals "
    "--noFallthroughCasesInSwitch --target es2022 --module nodenext --types node "
    # Others' declarations are used and not checked themselves, which takes half of the time.
    "--skipLibCheck"
)


async def run(
    *command: str | Path, folder: Path, environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return await asyncio.to_thread(
        subprocess.run, command, cwd=folder, env={**os.environ, **(environ or {})},
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.timeout(360)  # the compiler shares a busy machine
async def test_the_typescript_example_is_strict_and_reports_each_call_once(
    tmp_path: Path, node_folder: Path
) -> None:
    shutil.copy(TRACK, node_folder)
    shutil.copy(Path(__file__).parent / "node" / "app.ts", node_folder)
    (node_folder / "package.json").write_text('{"type": "module"}')
    compiler = node_folder / "node_modules" / ".bin" / "tsc"
    compiled = await run(compiler, *STRICT.split(), "app.ts", folder=node_folder)
    assert (compiled.returncode, compiled.stdout) == (0, "")
    async with taking(tmp_path) as running:
        options = json.dumps({"url": running.url, "token": TOKEN})
        done = await run("node", "app.js", options, folder=node_folder)
        found = await shown(running)
    assert done.returncode == 0, done.stderr
    # One of each tracker in one outage, and of each that is set up wrongly or refused; a response
    # that is lost once is no outage.
    line = r"calls cannot be reported to http://127\.0\.0\.1:\d+ now: [\w ]+"
    assert re.fullmatch(rf"({line}\n){{8}}", done.stderr)
    assert "secret" not in done.stderr
    dropped = json.loads(done.stdout)["dropped"]
    # Two, and 140 while nobody listened, of which 70 were on their way and 50 kept.
    assert found[TOTAL, *CART] == 142 - dropped
    assert dropped == 40
    order = (*CART[:3], "check_order")
    assert found[TOTAL, *order] == 6
    types = {key[5]: value for key, value in found.items() if key[:5] == (ERRORS, *order)}
    assert types == {"server_error": 1, "connection": 1, "timeout": 1, "exception": 3}
    coupon = (*CART[:3], "apply_coupon_to_cart")
    assert found[ERRORS, *coupon, "invalid_coupon", "customer"] == 1


def test_the_error_types_of_the_typescript_example_are_the_closed_list() -> None:
    declared = re.search(r"export type ErrorType =(.*?);", TRACK.read_text(), re.DOTALL)
    assert declared is not None
    assert re.findall(r'"(\w+)"', declared[1]) == list(ERROR_TYPES)


PHP = """<?php
require 'track.php';
$tracker = new StoreTracker(getenv('EXPORTER_URL'), getenv('TOKEN'), 'shop.example.com');
assert($tracker->track('get_cart', fn () => 42) === 42);
$tracker->track('get_cart', fn () => 'refused', fn ($result) => 'out_of_stock');
assert($tracker->track('get_cart', fn () => 7, fn ($result) => throw new Error('mistake')) === 7);
class TimeoutError extends RuntimeException {}
$anonymous = new class('slow') extends TimeoutError {};
foreach ([new TimeoutError('slow'), $anonymous, new RuntimeException('down', 503)] as $error) {
    try {
        $tracker->track('get_cart', function () use ($error) { throw $error; });
    } catch (RuntimeException $caught) {
        assert($caught === $error);
    }
}
"""


async def test_the_php_example_reports_when_the_request_has_ended(tmp_path: Path) -> None:
    if not shutil.which("php"):
        pytest.skip("not to be had: php (php-cli has to be on PATH)")
    shutil.copy(DOCS / "examples/php/track.php", tmp_path)
    (tmp_path / "app.php").write_text(PHP)
    checked = ("php", "-d", "zend.assertions=1", "-d", "assert.exception=1", "app.php")
    async with taking(tmp_path) as running:
        environ = {"EXPORTER_URL": running.url, "TOKEN": TOKEN}
        done = await run(*checked, folder=tmp_path, environ=environ)
        found = await shown(running)
        gone = await run(
            *checked, folder=tmp_path, environ={**environ, "EXPORTER_URL": "http://127.0.0.1:9"}
        )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert found[TOTAL, *CART] == 6
    types = {key[5]: value for key, value in found.items() if key[0] == ERRORS}
    assert types == {"out_of_stock": 1, "timeout": 2, "server_error": 1}
    assert gone.returncode == 0
    assert "calls could not be reported" in gone.stdout + gone.stderr


async def test_the_curl_example_of_the_page_gets_the_response_that_the_page_shows(
    tmp_path: Path,
) -> None:
    if not shutil.which("curl"):
        pytest.skip("not to be had: curl (it has to be on PATH)")
    page = (DOCS / "applications.md").read_text()
    match = re.search(r"```sh\n(curl .*?)```\n\n```json\n(.*?)```", page, re.DOTALL)
    assert match is not None
    text = reporting().replace(SHOP, "shop.acme.example")
    async with taking(tmp_path, text) as running:
        environ = {"EXPORTER_URL": running.url, "ACME_INGEST_TOKEN": TOKEN}
        done = await run("sh", "-ec", match[1], folder=tmp_path, environ=environ)
    assert json.loads(done.stdout) == json.loads(match[2])
