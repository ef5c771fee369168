"""The demo's Slack receiver behaves as Slack's incoming webhooks do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp.test_utils import TestServer

from store_demo.slack import Message, SlackReceiver, problems, render

GOOD: dict[str, Any] = {
    "channel": "#alerts",
    "username": "Alertmanager",
    "text": "StoreDown shop.example",
    "attachments": [
        {
            "fallback": "StoreDown shop.example",
            "title": "[FIRING:1] acme &amp; sons",
            "title_link": "http://127.0.0.1/dashboard",
            "text": "It is *down*: <http://127.0.0.1/runbook|Runbook> &lt;5 orders&gt;",
            "fields": [{"title": "Domain", "value": "shop.example"}],
            "actions": [{"type": "button", "text": "Runbook", "url": "http://127.0.0.1/runbook"}],
        }
    ],
}


@pytest.fixture
async def receiver() -> AsyncIterator[tuple[SlackReceiver, TestServer, list[Message]]]:
    seen: list[Message] = []
    slack = SlackReceiver(seen.append, now=lambda: 1_000.0)
    server = TestServer(slack.app)
    await server.start_server()
    yield slack, server, seen
    await server.close()


async def post(server: TestServer, **kwargs: Any) -> tuple[int, str]:
    async with (
        aiohttp.ClientSession() as session,
        session.post(server.make_url("/services/T0/B0/x"), **kwargs) as answer,
    ):
        return answer.status, await answer.text()


async def test_a_good_message_is_accepted_shown_and_listed(
    receiver: tuple[SlackReceiver, TestServer, list[Message]],
) -> None:
    slack, server, seen = receiver
    assert await post(server, json=GOOD) == (200, "ok")
    assert [message.payload for message in seen] == [GOOD]
    async with aiohttp.ClientSession() as session:
        listed = await (await session.get(server.make_url("/api/messages"))).json()
        page = await (await session.get(server.make_url("/"))).text()
        browser = {"Accept": "text/html,*/*;q=0.8"}
        html = await (await session.get(server.make_url("/"), headers=browser)).text()
    assert listed[0]["received"] == 1_000.0
    assert "acme & sons" in listed[0]["text"]
    assert "[ Runbook ]" in page
    assert '<a class="" href="http://127.0.0.1/dashboard">[FIRING:1] acme &amp; sons</a>' in html
    assert len(slack.messages) == 1


async def test_slack_also_takes_the_message_as_a_form_field(
    receiver: tuple[SlackReceiver, TestServer, list[Message]],
) -> None:
    _, server, seen = receiver
    assert (await post(server, data={"payload": '{"text": "hello"}'}))[0] == 200
    assert seen[0].text == "incoming-webhook\nhello"


@pytest.mark.parametrize("body", ["", "{", "[]", "3"])
async def test_what_is_not_a_json_object_is_an_invalid_payload(
    receiver: tuple[SlackReceiver, TestServer, list[Message]], body: str
) -> None:
    _, server, seen = receiver
    assert await post(server, data=body.encode()) == (400, "invalid_payload")
    assert seen == []


async def test_an_outage_responds_with_503_and_counts_refused_requests(
    receiver: tuple[SlackReceiver, TestServer, list[Message]],
) -> None:
    slack, server, seen = receiver
    slack.outage = True
    assert (await post(server, json=GOOD))[0] == 503
    assert (slack.refused, seen) == (1, [])


def test_a_message_reads_as_slack_would_show_it() -> None:
    assert render(GOOD).splitlines() == [
        "Alertmanager #alerts",
        "StoreDown shop.example",
        "┃ [FIRING:1] acme & sons",
        "┃ It is *down*: Runbook (http://127.0.0.1/runbook) <5 orders>",
        "┃ Domain: shop.example",
        "┃ [ Runbook ]",
    ]
    assert list(problems(GOOD)) == []


def attachment(**changes: Any) -> dict[str, Any]:
    return {**GOOD, "attachments": [{**GOOD["attachments"][0], **changes}]}


BUTTON = GOOD["attachments"][0]["actions"][0]


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        ({}, "no_text"),
        ({**GOOD, "text": ""}, "text: missing"),
        ({"text": "a < b"}, "angle bracket"),
        ({"text": "a & b"}, "ampersand"),
        ({"text": "x" * 40_001}, "40001 characters"),
        ({"text": "x", "attachments": [GOOD["attachments"][0]] * 101}, "too_many_attachments"),
        (attachment(fallback=""), "fallback: missing"),
        (attachment(fields=[{"title": "a", "value": "b"}] * 11), "11 of at most 10"),
        (attachment(actions=[BUTTON] * 6), "6 of at most 5 buttons"),
        (attachment(actions=[{**BUTTON, "text": "x" * 31}]), "a label of 1 to 30"),
        (attachment(actions=[{**BUTTON, "url": ""}]), "has no url"),
        (attachment(actions=[{**BUTTON, "url": "javascript:alert(1)"}]), "not a url"),
        (attachment(title_link="http://x/" + "y" * 3_000), "at most 3000"),
    ],
)
def test_each_of_slacks_limits_is_named_when_broken(payload: dict[str, Any], problem: str) -> None:
    assert any(problem in found for found in problems(payload)), list(problems(payload))
