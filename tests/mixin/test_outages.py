"""Outages of many stores, of one store again and again, and of Slack: how many messages it takes.

The whole chain is real, in compressed time: see tests/mixin/outage.py.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from store_demo.slack import SlackReceiver
from tests.mixin.outage import Fleet, told_in_time, watched

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]


@pytest.mark.xdist_group("outages")
async def test_an_outage_of_many_stores_is_one_message_and_each_org_hears_of_its_own(
    tmp_path: Path,
) -> None:
    def failing(number: int, at: float) -> bool:
        return number < 60 and 60 <= at < 600

    async def story(folder: Path, pace: float) -> None:
        fleet = Fleet(160, failing, pace)
        async with watched(folder, fleet, SlackReceiver(pause=pace), orgs=2) as all_of_it:
            await all_of_it.until(600)
            titles = [message.text.splitlines()[1] for message in all_of_it.told()]
            assert titles == ["[FIRING:2] StoresDown: Many stores do not respond, in 2 cases."]
            assert "30 of the 80 shopify stores" in all_of_it.told()[0].text
            for org in ("org0", "org1"):
                message = await all_of_it.hears("FIRING", path=org)
                assert all_of_it.told(path=org) == [message]
                assert f"[FIRING:1] StoreDownAmongMany shop{org[3:]}.example" in message.text
            await all_of_it.hears("RESOLVED", "StoresDown", within=1800)
            titles = [message.text.splitlines()[1] for message in all_of_it.told()]
            assert [title.partition(":")[2] for title in titles] == [
                "2] StoresDown: Many stores do not respond, in 2 cases.",
                "2] StoresDown: Many stores did not respond, in 2 cases.",
            ]
            assert all_of_it.receiver.refused == 0

    await told_in_time(tmp_path, story)


@pytest.mark.xdist_group("outages")
async def test_what_began_and_ended_while_slack_refused_everything_is_reported_afterwards(
    tmp_path: Path,
) -> None:
    def failing(number: int, at: float) -> bool:
        return (number == 0 and 120 <= at < 600) or (number == 1 and at >= 900)

    async def story(folder: Path, pace: float) -> None:
        receiver = SlackReceiver(pause=pace)
        receiver.limiting = True
        async with watched(folder, Fleet(20, failing, pace), receiver, orgs=2) as all_of_it:
            await all_of_it.until(1500)
            assert receiver.refused >= 5
            assert not receiver.messages
            receiver.limiting = False
            await all_of_it.hears("StoreAlertsUndelivered", "StoreDown shop0.example (org0)")
            await all_of_it.hears("FIRING", "StoreDown", "shop1.example")
            ended = "Alerts that fired and ended in the last two hours: StoreDown shop0.example."
            await all_of_it.hears("FIRING", "StoreAlertsMissed", ended, path="org0")
            await all_of_it.hears("FIRING", "StoreDown", "shop1.example", path="org1")
            assert len(all_of_it.told(path="org1")) == 1

    await told_in_time(tmp_path, story)


@pytest.mark.xdist_group("outages")
async def test_a_store_that_fails_one_probe_in_three_is_one_message(tmp_path: Path) -> None:
    def failing(number: int, at: float) -> bool:
        return number == 0 and at >= 60 and int(at // 60) % 3 == 0

    async def story(folder: Path, pace: float) -> None:
        fleet = Fleet(10, failing, pace)
        async with watched(folder, fleet, SlackReceiver(pause=pace)) as all_of_it:
            await all_of_it.hears("StoreUnstable", within=1800)
            await all_of_it.until(fleet.now + 600)
            titles = [message.text.splitlines()[1] for message in all_of_it.told()]
            assert len(titles) == 1
            assert re.search(r"FIRING:1. StoreUnstable shop0\.example", titles[0])

    await told_in_time(tmp_path, story)
