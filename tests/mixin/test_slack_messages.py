"""Messages as a real Alertmanager sends them, to a receiver that refuses what Slack refuses.

The exact messages are in `golden/`; run the tests with STORE_EXPORTER_WRITE_GOLDEN=1 to write them
anew, and read the difference before you commit it.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from store_demo.slack import Message, SlackReceiver
from store_exporter.mixin import policy
from store_exporter.mixin.files import as_yaml, write_templates
from store_exporter.mixin.messages import alertmanager, texts
from store_exporter.mixin.messages.alertmanager import Routing
from store_exporter.mixin.messages.links import ReceiverLinks
from store_exporter.mixin.messages.receivers import Interval, Receivers
from tests import servers

pytestmark = pytest.mark.real

GOLDEN = Path(__file__).parent / "golden"
EXTERNAL = "http://alertmanager.example"
START, END = "2026-03-01T09:30:00Z", "2026-03-01T10:15:00Z"
ODD = 'say "cheese" & <wine>\nof Alsace'


def alert(name: str, *, domain: str = "books.example", **labels: str) -> dict[str, Any]:
    """An alert as Prometheus posts it."""
    collector = labels.get("collector", "")
    return {
        "labels": {
            "alertname": name,
            "org": "acme",
            "domain": domain,
            "platform": "woocommerce",
            "severity": "critical",
            **labels,
        },
        "annotations": {
            "summary": "A store is down.",
            "past": "A store did not respond.",
            "description": f"{domain} (acme) keeps failing its liveness probe. {collector}".strip(),
            "since": "2026-03-01 09:27:45 UTC",
            "lasted": "2m 15s",
            "runbook_url": f"http://exporter.example/runbooks/{name}",
            "dashboard_url": f"http://grafana.example/d/store-exporter-shop?var-org=acme&x={name}",
        },
        "startsAt": START,
        "generatorURL": "http://prometheus.example/graph?g0.expr=store_up+%3D%3D+0&g0.tab=1",
    }


def down(name: str, **labels: str) -> dict[str, Any]:
    """An alert about a store that is, or was, of no use to shoppers."""
    found = alert(name, **labels)
    found["annotations"] |= {"ended": "had failed for", "loss": "about 980 EUR"}
    return found


def stale(number: int) -> list[dict[str, Any]]:
    """As many alerts of one group; each number has a name of its own, by which they are grouped."""
    return [
        alert(
            f"StoreFiguresStale{number}",
            domain=f"n{number}.example",
            collector=f"c{i:02}",
            severity="warning",
        )
        for i in range(number)
    ]


FOREIGN = {"labels": {"alertname": "DiskFull", "instance": "db:9100"}, "startsAt": START}
KNOWN = {
    "error": "Error establishing a database connection",
    "error_type": "server_error",
    "cost": "about 1,240 EUR an hour in 31 orders, at this time of the week",
    "failing": "search_products (34 calls), get_cart (12 calls) in the last five minutes",
    "changed": "platform WooCommerce 9.3.3 to 9.4.1",
    "first": "Open the store's front page in a browser.",
}
FULL = down("StoreDown")
FULL["annotations"] |= KNOWN
FULL["annotations"]["description"] += (
    " The latest failures are of type server_error. It responds with HTTP 500."
)
SHELF = alert("StoreBestSellersOutOfStock", domain="shelf.example", severity="info")
SHELF["annotations"]["lasted"] = "2h 0m 0s"
FIRST: dict[str, list[dict[str, Any]]] = {
    "firing": [FULL],
    "several": [
        {**one, "annotations": {**one["annotations"], "error": f"no response < {at} s"}}
        for at, one in enumerate(stale(3), 10)
    ],
    "more_than_ten": stale(13),
    "without_annotations": [FOREIGN],
    "odd_characters": [
        {
            **alert("StoreDegraded", domain=ODD),
            "annotations": {"summary": f"Not {ODD}.", "description": f"{ODD} * `x` _y_"},
        }
    ],
    "info": [SHELF],
    "resolved": [down("StoreUnstable", domain="tea.example")],
}


def url_of(name: str) -> str:
    """The path by which the receiver knows a case; each has a channel of its own."""
    return f"/services/{name}"


@asynccontextmanager
async def receiving(receiver: SlackReceiver) -> AsyncIterator[str]:
    """Serve a Slack receiver; yields its address."""
    runner = web.AppRunner(receiver.app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def configuration(address: str, *, pace: float = 0.002) -> str:
    """The generated configuration, but for one org's channel at any hour."""
    routing = Routing(
        platform=Receivers(
            {"slack": [{"api_url": f"{address}/services/platform", "channel": "#ops"}]}
        ),
        orgs={
            "acme": Receivers(
                {"slack": [{"api_url": f"{address}/services/acme", "channel": "#acme"}]},
                links=ReceiverLinks(grafana="https://grafana.acme.example"),
            )
        },
        times=alertmanager.Times(business=Interval("00:00", "24:00")),
    )
    return as_yaml(alertmanager.build(routing, pace=pace))


async def post(server: servers.Server, alerts: Sequence[Mapping[str, Any]]) -> None:
    await asyncio.to_thread(server.send_alerts, alerts)


async def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for what the servers do in their own time."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 (other processes set no event here)
            await asyncio.sleep(0.05)


def saying(messages: Sequence[Message], path: str, *words: str) -> list[Message]:
    """The messages of a channel whose texts have all these words."""

    def read(message: Message) -> str:
        return f"{message.payload['text']} {message.payload['attachments'][0]['text']}"

    channel = [message for message in messages if message.path == f"/services/{path}"]
    return [message for message in channel if all(word in read(message) for word in words)]


# Words of each case's message, and the channel it is looked for in.
WHERE = {
    "firing": ("platform", "FIRING", "StoreDown", "books.example"),
    "to_an_org": ("acme", "FIRING", "StoreDown", "books.example"),
    "several": ("acme", "FIRING:3", "n3.example"),
    "more_than_ten": ("acme", "FIRING:13", "n13.example"),
    "without_annotations": ("platform", "FIRING", "DiskFull"),
    "odd_characters": ("acme", "FIRING", "cheese"),
    "info": ("acme", "FIRING", "shelf.example"),
    "resolved": ("acme", "RESOLVED", "tea.example"),
    "partly_resolved": ("acme", "FIRING:1", "n2.example", "Over since the last message: 1"),
}


async def story(directory: Path) -> tuple[dict[str, Any], list[Message]]:
    """Let everything happen once; the message of each case, and all that arrived."""
    receiver = SlackReceiver()
    write_templates(directory / "templates")
    async with receiving(receiver) as address:
        flags = (f"--web.external-url={EXTERNAL}", "--web.route-prefix=/")
        with servers.alertmanager(configuration(address), directory, *flags) as server:
            for alerts in FIRST.values():
                await post(server, alerts)
            await post(server, stale(2))
            late = ("resolved", "partly_resolved")
            waiting = [words for name, words in WHERE.items() if name not in late]
            waiting += [("acme", "FIRING", "tea"), ("acme", "FIRING:2", "n2")]
            await until(lambda: all(saying(receiver.messages, *words) for words in waiting))
            await post(server, [{**FIRST["resolved"][0], "endsAt": END}])
            await post(server, [{**stale(2)[0], "endsAt": END}])
            await until(lambda: all(saying(receiver.messages, *w) for w in WHERE.values()))
    messages = list(receiver.messages)
    return {name: saying(messages, *w)[0].payload for name, w in WHERE.items()}, messages


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[Message]]:
    servers.tool("alertmanager")
    return asyncio.run(story(tmp_path_factory.mktemp("alertmanager")))


@pytest.mark.parametrize("name", sorted(WHERE))
def test_a_message_is_exactly_as_agreed(
    name: str, told: tuple[dict[str, Any], list[Message]]
) -> None:
    file = GOLDEN / f"{name}.json"
    if os.environ.get("STORE_EXPORTER_WRITE_GOLDEN"):
        file.write_text(json.dumps(told[0][name], indent=2, ensure_ascii=False) + "\n")
    assert told[0][name] == json.loads(file.read_text(encoding="utf-8"))


def test_slack_would_accept_every_message(told: tuple[dict[str, Any], list[Message]]) -> None:
    assert [(message.problems, message.payload) for message in told[1] if message.problems] == []


def test_a_message_lists_ten_alerts_at_most_and_counts_the_rest(
    told: tuple[dict[str, Any], list[Message]],
) -> None:
    text = told[0]["more_than_ten"]["attachments"][0]["text"]
    assert text.count("•") == policy.MESSAGES.listed
    assert "13 in all" in text


def test_a_button_is_there_only_when_it_leads_somewhere(
    told: tuple[dict[str, Any], list[Message]],
) -> None:
    def buttons(name: str) -> list[str]:
        actions = told[0][name]["attachments"][0]["actions"]
        return [action["text"] for action in actions if action]

    assert buttons("firing") == ["Runbook", "Dashboard", "Silence", "Query", "Alerts"]
    assert buttons("without_annotations") == ["Silence", "Alerts"]
    assert buttons("resolved") == ["Dashboard"]


def test_what_an_org_gets_leads_to_its_own_grafana_and_nowhere_else(
    told: tuple[dict[str, Any], list[Message]],
) -> None:
    sent = [json.dumps(m.payload) for m in told[1] if m.path == "/services/acme"]
    found = {url for text in sent for url in re.findall(r"https?://[^/\"]+", text)}
    assert found == {"https://grafana.acme.example"}


def test_a_message_fits_the_screen_of_a_telephone(
    told: tuple[dict[str, Any], list[Message]],
) -> None:
    """About 45 characters a line and 30 lines."""
    for name in ("firing", "several", "more_than_ten", "resolved"):
        lines = told[0][name]["attachments"][0]["text"].splitlines()
        assert sum(-(-len(line) // 45) for line in lines) <= 30, name


def test_a_notification_says_what_fires_where_and_in_a_sentence(
    told: tuple[dict[str, Any], list[Message]],
) -> None:
    # Phones show nothing but the text above the attachment.
    firing = "[FIRING:1] StoreDown books.example (acme): A store is down."
    assert told[0]["firing"]["text"] == firing
    assert told[0]["several"]["text"].endswith(": A store is down, in 3 cases.")
    assert told[0]["without_annotations"]["text"] == "[FIRING:1] DiskFull"


def test_what_is_known_of_an_outage_is_shown_before_the_rest_is_asked_for(
    told: tuple[dict[str, Any], list[Message]],
) -> None:
    # Slack shows five lines or 700 characters of an attachment, and then "Show more".
    shown = "\n".join(told[0]["firing"]["attachments"][0]["text"].splitlines()[:5])
    assert len(shown) <= 700
    for word in ("books.example", "HTTP 500", "Error:", "Since", "Costs:", "Fails:"):
        assert word in shown


def test_the_end_of_an_outage_is_reported_in_the_past_and_counts_from_the_first_failed_probe(
    told: tuple[dict[str, Any], list[Message]],
) -> None:
    text = told[0]["resolved"]["attachments"][0]["text"]
    assert "did not respond" in told[0]["resolved"]["text"]
    assert "had failed for 2m 15s, since 2026-03-01 09:27:45 UTC" in text
    assert "keeps" not in text


def test_the_colour_shows_the_severity_and_green_the_end(
    told: tuple[dict[str, Any], list[Message]],
) -> None:
    colours = {name: told[0][name]["attachments"][0]["color"] for name in WHERE}
    assert colours["firing"] == texts.COLORS["critical"]
    assert colours["several"] == texts.COLORS["warning"]
    assert colours["info"] == texts.COLORS["info"]
    assert colours["without_annotations"] == texts.OTHER_COLOR
    assert colours["resolved"] == texts.RESOLVED_COLOR


def test_the_platform_gets_a_copy_of_what_is_critical_or_a_warning_only(
    told: tuple[dict[str, Any], list[Message]],
) -> None:
    assert saying(told[1], "platform", "FIRING", "books.example")
    assert saying(told[1], "platform", "FIRING", "n3.example")
    assert not saying(told[1], "platform", "shelf.example")


@pytest.mark.timeout(360)
async def test_an_outage_of_slack_loses_no_alert(tmp_path: Path) -> None:
    receiver = SlackReceiver()
    receiver.outage = True
    write_templates(tmp_path / "templates")
    async with receiving(receiver) as address:
        with servers.alertmanager(configuration(address), tmp_path) as server:
            await post(server, [alert("StoreDown")])
            # Two channels, and several intervals of the group: more than one attempt was given up.
            await until(lambda: receiver.refused >= 8, 40)
            assert not receiver.messages
            receiver.outage = False
            await until(lambda: len(receiver.messages) >= 2)
    assert {message.path for message in receiver.messages} == {
        "/services/acme",
        "/services/platform",
    }
