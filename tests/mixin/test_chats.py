"""Microsoft Teams, Telegram and PagerDuty as a real Alertmanager writes to them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from store_exporter.mixin.files import as_yaml, write_templates
from store_exporter.mixin.messages import alertmanager
from store_exporter.mixin.messages.alertmanager import Routing
from store_exporter.mixin.messages.receivers import Receivers
from tests import servers
from tests.mixin.test_receivers import ALERT, GOLDEN, golden

pytestmark = pytest.mark.real

TOKEN = "7:bot-token-of-acme"


async def arriving(
    alerts: Sequence[Mapping[str, Any]], tmp_path: Path
) -> tuple[dict[str, Any], str]:
    """What each of the three is sent first when these alerts fire, and Alertmanager's address."""
    arrived: dict[str, asyncio.Queue[Any]] = {
        kind: asyncio.Queue() for kind in ("teams", "telegram", "pagerduty")
    }

    async def receive(request: web.Request) -> web.Response:
        kind = request.match_info["kind"]
        body = dict(await request.post()) if kind == f"bot{TOKEN}" else await request.json()
        if kind == f"bot{TOKEN}":
            body = body or await request.json()
            await arrived["telegram"].put(body)
            return web.json_response(
                {"ok": True, "result": {"message_id": 1, "chat": {"id": -100}}}
            )
        await arrived[kind].put(body)
        return web.json_response({"status": "success"}, status=202)

    app = web.Application()
    app.router.add_post("/{kind}", receive)
    app.router.add_post("/{kind}/{method}", receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    address = f"http://127.0.0.1:{runner.addresses[0][1]}"
    write_templates(tmp_path / "templates")
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "key").write_text("routing-key")
    (tmp_path / "teams").write_text(f"{address}/teams")
    to = Receivers(
        {
            "teams": [{"webhook_url_file": str(tmp_path / "teams")}],
            "telegram": [
                {
                    "bot_token_file": str(tmp_path / "token"),
                    "chat_id": -100,
                    "api_url": address,
                }
            ],
            "pagerduty": [
                {"routing_key_file": str(tmp_path / "key"), "url": f"{address}/pagerduty"}
            ],
        }
    )
    config = as_yaml(
        alertmanager.build(Routing(platform=Receivers(), orgs={"acme": to}), pace=0.02)
    )
    try:
        with servers.alertmanager(config, tmp_path) as server:
            await asyncio.to_thread(server.send_alerts, alerts)
            async with asyncio.timeout(60):
                found = {kind: await queue.get() for kind, queue in arrived.items()}
            return found, server.url
    finally:
        await runner.cleanup()


async def test_the_same_alert_reaches_teams_telegram_and_pagerduty(tmp_path: Path) -> None:
    found, own = await arriving([ALERT], tmp_path)
    title, text = found["teams"]["attachments"][0]["content"]["body"]
    golden(GOLDEN / "teams.txt", f"# {title['text']}\n\n{text['text']}")
    telegram = found["telegram"]
    assert telegram["chat_id"] == "-100"
    assert "parse_mode" not in telegram
    golden(GOLDEN / "telegram.txt", telegram["text"])
    event = found["pagerduty"]
    assert (event["routing_key"], event["event_action"]) == ("routing-key", "trigger")
    assert event["payload"]["severity"] == "critical"
    assert event["payload"]["summary"] == "[FIRING:1] StoreDown books.example (acme)"
    golden(GOLDEN / "pagerduty.json", json.dumps(event["payload"], indent=2) + "\n")
    sent = json.dumps(found)
    for inside in ("exporter.internal", "grafana.internal", own):
        assert inside not in sent, "an org's message leads to none of the platform's tools"


def alert(domain: str, **annotations: str) -> dict[str, Any]:
    """The alert of `test_receivers` about another store."""
    labels, usual = ALERT["labels"], ALERT["annotations"]
    return {**ALERT, "labels": labels | {"domain": domain}, "annotations": usual | annotations}


async def test_a_long_message_is_cut_and_not_lost(tmp_path: Path) -> None:
    """As after an outage of many stores, half of which are back."""
    said = "It doesn't respond; the shop's shoppers can't buy, and it's the server's fault. " * 3
    # Alertmanager does not wait for others of a group when an alert is old.
    now = datetime.now(UTC)
    started = {"startsAt": now.isoformat()}
    ended = {"endsAt": (now + timedelta(milliseconds=1)).isoformat()}
    alerts = [
        {
            **alert(f"shop-{number}.with-quite-a-long-name.example", description=said),
            **(started | ended if number % 2 else started),
        }
        for number in range(30)
    ]
    found, _ = await arriving(alerts, tmp_path)
    text = found["telegram"]["text"]
    # Telegram takes no more.
    assert 2_000 < len(text) <= 4_096
    assert text.startswith("[FIRING:15] StoreDown (acme)\nA store is down, in 15 cases.\n")
    # Teams takes 28 KB, PagerDuty 512 KB and 1,024 characters of a summary.
    assert len(json.dumps(found["teams"])) < 28_000
    assert len(json.dumps(found["pagerduty"])) < 512_000


async def test_a_text_makes_no_link_in_teams(tmp_path: Path) -> None:
    said = "Refused: [sign in here](https://elsewhere.example/login) [1]."
    found, _ = await arriving([alert("books.example", description=said)], tmp_path)
    body = found["teams"]["attachments"][0]["content"]["body"]
    assert "[sign in here] (https://elsewhere.example/login) [1]." in body[1]["text"]
