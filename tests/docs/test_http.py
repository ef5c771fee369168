"""docs/http-api.md and docs/migration.md show what a running exporter answers, and how to ask."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from store_demo.stores.base import Role, open_store
from store_exporter import track
from store_exporter.metrics.recorder import Recorder
from store_exporter.net.redactor import Redactor
from tests.docs.blocks import Block, blocks
from tests.server.support import ENVIRON, Running, configuration, exporting

TOKENS = {
    "ACME_API_TOKEN": ENVIRON["ACME_TOKEN"],
    "ACME_WORKS_TOKEN": "token-for-works-0123456789",
    "ACME_PIPELINE_TOKEN": "token-of-pipeline-0123456789",
    "ACME_INGEST_TOKEN": "token-of-ingest-0123456789",
}
# Keys of these are error types and operations, as many as there were.
BY_NAME = ("errors_by_type", "operations_by_type")
PATHS = {
    "health_checks": "/api/v1/health",
    "calls": "/api/v1/calls",
    "events": "/api/v1/events",
    "maintenance": "/api/v1/maintenance",
    "metrics": "/api/v1/analytics",
}
OLD_PATHS = {
    "metrics": "/api/woocommerce/analytics",
    "health_checks": "/api/woocommerce/health",
}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    """An exporter of two stores, one of which does not answer, and one call that failed."""
    recorder = Recorder()
    shop = open_store(Role("acme", "shop.acme.example", "woocommerce", "EUR"), seed=5)
    environ = {
        **ENVIRON,
        **TOKENS,
        "KEY": shop.credentials["consumer_key"],
        "SECRET": shop.credentials["consumer_secret"],
    }
    async with shop.serve() as url:
        stores = [
            ("acme", "shop.acme.example", url),
            ("acme", "outlet.acme.example", "http://127.0.0.1:9"),
            ("acme", "shop.example.com", url),
        ]
        text = configuration(*stores, more="predecessor_api: true\n").replace(
            "env:ACME_TOKEN",
            "env:ACME_TOKEN, {token: env:ACME_WORKS_TOKEN, scopes: [maintenance]}, "
            "{token: env:ACME_PIPELINE_TOKEN, scopes: [events]}, "
            "{token: env:ACME_INGEST_TOKEN, scopes: [ingest]}",
        )
        async with exporting(
            tmp_path, text, recorder=recorder, environ=environ, redact=Redactor()
        ) as exporter:
            await exporter.scheduler.run("liveness")
            with (
                pytest.raises(TimeoutError),
                track("get_cart", org="acme", domain="shop.acme.example", platform="woocommerce",
                      recorder=recorder),
            ):  # fmt: skip
                raise TimeoutError("the store did not respond within 10 s")
            yield exporter


def differences(shown: Any, answered: Any, place: str = "") -> Iterator[str]:
    """Yield where the keys of two documents differ; what one of them leaves empty says nothing."""
    if isinstance(shown, list) and isinstance(answered, list):
        if shown and answered:
            yield from differences(shown[0], answered[0], f"{place}[]")
    elif isinstance(shown, dict) and isinstance(answered, dict):
        if shown.keys() != answered.keys():
            yield f"{place}: {sorted(shown.keys() ^ answered.keys())}"
        for key in (shown.keys() & answered.keys()) - {*BY_NAME}:
            yield from differences(shown[key], answered[key], f"{place}.{key}")
    elif None not in (shown, answered) and not _like(shown, answered):
        yield f"{place}: {shown!r} is another kind than {answered!r}"


def _like(one: object, other: object) -> bool:
    numbers = (int, float)
    return type(one) is type(other) or (isinstance(one, numbers) and isinstance(other, numbers))


async def test_responses_have_the_fields_and_types_that_the_page_shows(running: Running) -> None:
    await begin_maintenance(running)
    seen = []
    for block in blocks("json"):
        shown = json.loads(block.text)
        paths = {"docs/http-api.md": PATHS, "docs/migration.md": OLD_PATHS}.get(block.page, {})
        path = next((paths[key] for key in paths if key in shown.get("data", shown)), None)
        if path:
            answer = await running.api(path)
            assert answer.status == 200, answer.text
            assert list(differences(shown, answer.json)) == [], str(block)
            assert len(answer.json.get("health_checks", [0])) > 0
            seen.append(path)
    assert sorted(seen) == sorted([*PATHS.values(), *OLD_PATHS.values()])


async def begin_maintenance(running: Running) -> None:
    headers = {"Authorization": f"Bearer {TOKENS['ACME_WORKS_TOKEN']}"}
    asked = {"domain": "shop.example.com", "for": "2h", "reason": "plugins are updated"}
    answer = await running.ask("/api/v1/maintenance", "POST", headers=headers, json=asked)
    assert answer.status == 200, answer.text


CURLS = [block for block in blocks("console") if block.text.startswith("$ curl ")]


@pytest.mark.parametrize("block", CURLS, ids=str)
async def test_curl_gets_a_response(block: Block, running: Running, tmp_path: Path) -> None:
    if not shutil.which("curl"):
        pytest.skip("not to be had: curl (it has to be on PATH)")
    text = block.text.removeprefix("$ ").replace("http://localhost:10847", running.url)
    curl = await asyncio.create_subprocess_exec(
        "bash", "-ec", text.replace("curl ", "curl --fail-with-body --silent ", 1),
        cwd=tmp_path, env={**os.environ, **TOKENS}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await curl.communicate()
    assert curl.returncode == 0, out
    assert json.loads(out)
