"""E-mail and webhooks as a real Alertmanager sends them by the generated configuration."""

from __future__ import annotations

import asyncio
import email
import email.policy
import os
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from store_exporter.commands.routing import routing
from store_exporter.config import load
from store_exporter.mixin.files import as_yaml, write_templates
from store_exporter.mixin.messages import alertmanager
from store_exporter.mixin.messages.alertmanager import Routing
from store_exporter.mixin.messages.links import ReceiverLinks
from store_exporter.mixin.messages.receivers import Receivers
from tests import servers

pytestmark = pytest.mark.real

ALERT: dict[str, Any] = {
    "labels": {
        "alertname": "StoreDown",
        "org": "acme",
        "domain": "books.example",
        "severity": "critical",
    },
    "annotations": {
        "summary": "A store is down.",
        "past": "A store did not respond.",
        "description": "It is <down>.",
        "since": "2026-03-01 09:27:45 UTC",
        "lasted": "2m 15s",
        "error_type": "timeout",
        "cost": "about 1,240 EUR an hour",
        "dashboard_url": "http://grafana.internal:3000/d/store-exporter-shop?var-org=acme&var-x=1",
        "runbook_url": "http://exporter.internal:10847/runbooks/StoreDown",
    },
    "startsAt": "2026-03-01T09:30:00Z",
    "generatorURL": "http://prometheus.internal/graph?g0.expr=store_up+%3D%3D+0&g0.tab=1",
}
EXTERNAL = "http://alertmanager.internal"


@asynccontextmanager
async def mail_server(arrived: asyncio.Queue[bytes]) -> AsyncIterator[str]:
    """A server that takes mail as SMTP does and keeps what it is given; yields its address."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example\r\n")
        while line := await reader.readline():
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                message = await reader.readuntil(b"\r\n.\r\n")
                # A line that begins with a dot is sent with one more.
                await arrived.put(message.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n."))
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            if verb == b"QUIT":
                break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def webhook(arrived: asyncio.Queue[Any]) -> AsyncIterator[str]:
    """A receiver of Alertmanager's own JSON; yields its address."""

    async def receive(request: web.Request) -> web.Response:
        await arrived.put(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/alerts", receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/alerts"
    finally:
        await runner.cleanup()


def mailed(to: str, smarthost: str) -> Mapping[str, Any]:
    """A receiver of mail at that server."""
    sender = "alerts@example.com"
    return {"to": to, "from": sender, "smarthost": smarthost, "require_tls": False}


def bodies(raw: bytes) -> tuple[str, tuple[str, str]]:
    """To whom a message about the alert is, and its plain text and HTML."""
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    assert mail["Subject"] == "[FIRING:1] StoreDown books.example (acme)"
    assert mail["From"] == "alerts@example.com"
    parts = {part.get_content_type(): part.get_content() for part in mail.iter_parts()}
    plain, html = (parts[f"text/{kind}"].replace("\r\n", "\n") for kind in ("plain", "html"))
    return str(mail["To"]), (plain, html)


GOLDEN = Path(__file__).parent / "golden"


def golden(file: Path, text: str) -> None:
    """Compare with what was agreed; see test_slack_messages.py on how to write it anew."""
    if os.environ.get("STORE_EXPORTER_WRITE_GOLDEN"):
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


async def test_the_same_alert_reaches_a_mailbox_and_a_webhook(tmp_path: Path) -> None:
    mails: asyncio.Queue[bytes] = asyncio.Queue()
    calls: asyncio.Queue[Any] = asyncio.Queue()
    write_templates(tmp_path / "templates")
    async with mail_server(mails) as smarthost, webhook(calls) as address:
        (tmp_path / "webhook_url").write_text(address, encoding="utf-8")
        chosen = Routing(
            platform=Receivers(
                {
                    "webhook": [{"url_file": str(tmp_path / "webhook_url")}],
                    "email": [mailed("oncall@example.com", smarthost)],
                }
            ),
            orgs={
                "acme": Receivers(
                    {"email": [mailed("shop@acme.example", smarthost)]},
                    links=ReceiverLinks(
                        "https://grafana.acme.example", "https://help.example/runbooks"
                    ),
                )
            },
        )
        config = as_yaml(alertmanager.build(chosen, pace=0.002))
        flags = (f"--web.external-url={EXTERNAL}", "--web.route-prefix=/")
        with servers.alertmanager(config, tmp_path, *flags) as server:
            await asyncio.to_thread(server.send_alerts, [ALERT])
            async with asyncio.timeout(60):
                both = dict([bodies(await mails.get()), bodies(await mails.get())])
                call = await calls.get()
    assert both.keys() == {"shop@acme.example", "oncall@example.com"}
    for to, name in (("shop@acme.example", "mail"), ("oncall@example.com", "mail_platform")):
        plain, html = both[to]
        golden(GOLDEN / f"{name}.txt", plain)
        golden(GOLDEN / f"{name}.html", html)
        assert "It is &lt;down&gt;." in html
        assert not re.search(r"<(img|script|link|style|iframe)|url\(", html), "it loads nothing"
        led = [unescape(url) for url in re.findall('href="([^"]+)"', html)]
        assert led == re.findall(r"^\w+: (https?://.+)$", plain, re.MULTILINE)
    addresses = set(re.findall(r"https?://[^/\"]+", "".join(both["shop@acme.example"])))
    assert addresses == {"https://grafana.acme.example", "https://help.example"}
    assert call["status"] == "firing"
    assert call["alerts"][0]["labels"] == ALERT["labels"]


async def test_one_line_of_configuration_keeps_a_dead_mans_switch_fed(tmp_path: Path) -> None:
    calls: asyncio.Queue[Any] = asyncio.Queue()
    async with webhook(calls) as address:
        (tmp_path / "heartbeat").write_text(address, encoding="utf-8")
        file = tmp_path / "store-exporter.yml"
        file.write_text(f"alerts: {{watchdog: 'file:{tmp_path / 'heartbeat'}'}}\norgs: []\n")
        config = as_yaml(alertmanager.build(routing(load(file, resolve=False)), pace=0.002))
        with servers.alertmanager(config, tmp_path) as server:
            watchdog = {"labels": {"alertname": "Watchdog", "severity": "none"}}
            await asyncio.to_thread(server.send_alerts, [watchdog])
            async with asyncio.timeout(60):
                beats = [await calls.get() for _ in range(3)]
    assert {beat["groupLabels"]["alertname"] for beat in beats} == {"Watchdog"}
