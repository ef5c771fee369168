"""The two tutorials work as they are written, against a simulated store and real servers."""

from __future__ import annotations

import asyncio
import os
import queue
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import yaml

from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.config import load
from store_exporter.mixin import alerts
from store_exporter.mixin.files import as_yaml
from tests import servers
from tests.commands.serving import served
from tests.commands.terminal import dialogue
from tests.docs.blocks import Block, blocks
from tests.fakes.handlers import Handler, handling
from tests.fakes.serving import serving
from tests.servers import eventually
from tests.servers.process import TOOLS

DOMAIN = "shop.acme.example"
STORE, ALERT = "docs/quick-start.md", "docs/first-alert.md"
# Started by the test itself, which has to know where they listen; tests/packaging installs.
SERVED = ("store-exporter serve\n", "prometheus ", "alertmanager ", "python3 -m venv ")


def steps(page: str, *languages: str) -> list[Block]:
    found = [block for block in blocks(*languages) if block.page == page]
    assert found
    return found


def type_in(folder: Path, page: str, environ: dict[str, str], address: str) -> None:
    """Run what a page has people type into a shell, but for the servers."""
    programs = f"{Path(sys.executable).parent}:{TOOLS}:{os.environ['PATH']}"
    for block in steps(page, "sh"):
        if block.text.startswith(SERVED):
            continue
        text = re.sub(r"--url [\w.]+", f"--url {address}", block.text)
        done = subprocess.run(
            ["bash", "-euc", text], cwd=folder, env={**os.environ, **environ, "PATH": programs},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{block}: {done.stdout}{done.stderr}"


def answer_questions(folder: Path, shop: SimulatedWooCommerce, address: str) -> None:
    """Have the dialogue that the page shows, about another address and with a key that is good."""
    (block,) = steps(STORE, "console")
    command, *lines = block.text.splitlines()
    assert command == "$ store-exporter init"
    known = {
        "Address of the store": address,
        "Its name in metrics": DOMAIN,
        "consumer_key (not shown)": shop.keys.read_only.consumer_key,
        "consumer_secret (not shown)": shop.keys.read_only.consumer_secret,
    }
    answers = []
    for line in lines:
        question, _, answer = re.sub(r" \[.*\]", "", line).partition(": ")
        if not question.startswith("consumer_") or question in known:
            answers.append((question, known.get(question, answer)))
    status, seen = dialogue(folder, answers)
    assert status == 0, seen


@contextmanager
def slack() -> Iterator[tuple[str, queue.Queue[str]]]:
    """Yield the address of a webhook, and what arrives there."""
    arrived: queue.Queue[str] = queue.Queue()

    class Webhook(Handler):
        def respond(self) -> None:
            arrived.put(self.body().decode())
            self.answer(body=b"ok")

    with handling(Webhook) as address:
        yield f"{address}/services/T0/B0/x", arrived


def quicken(folder: Path) -> str:
    """Make waits of minutes waits of seconds; returns Alertmanager's configuration."""
    rules = folder / "monitoring/alerts/rules/alerts.yml"
    rules.write_text(as_yaml(alerts.document(pace=0.01)))
    file = folder / "store-exporter.yml"
    file.write_text(file.read_text() + "defaults: {probes: {liveness: {interval: 1s}}}\n")
    text = (folder / "monitoring/alerts/alertmanager.yml").read_text()
    return re.sub(r"(group_wait|group_interval): .*", r"\1: 1s", text)


def follow(
    folder: Path, exporter: str, arrived: queue.Queue[str], reload: Callable[[], None]
) -> None:
    """Start Alertmanager and Prometheus as the pages say, try the way to Slack and break the store.

    Args:
        folder: with what the pages have people write.
        exporter: its address.
        arrived: messages in Slack.
        reload: has the exporter read its configuration.
    """
    pace = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    prometheus = {**yaml.safe_load(steps(STORE, "yaml")[1].text), "global": pace}
    text = yaml.safe_dump(prometheus).replace("localhost:10847", exporter)
    (flag,) = re.findall(r"--enable-feature=\S+", steps(ALERT, "sh")[-1].text)
    generated = folder / "monitoring/alerts"
    with servers.alertmanager(quicken(folder), generated, flag, folder=folder) as teller:
        text = text.replace("localhost:9093", teller.address)
        with servers.prometheus(text, folder) as server:
            up = partial(server.query, "store_up")
            eventually(up, lambda found: [value for _, value in found] == [1.0], timeout=120)
            done = subprocess.run(
                [sys.executable, "-m", "store_exporter", "alert-test", "acme",
                 f"--alertmanager.url={teller.url}"],
                cwd=folder, capture_output=True, text=True, check=False,
            )  # fmt: skip
            told = steps(ALERT, "console")[0].text.splitlines()[1]
            assert told in done.stdout.splitlines(), done.stdout + done.stderr
            # A machine that is busy may have told that the exporter stalls.
            while "AlertTest" not in arrived.get(timeout=120):
                pass
            broken = yaml.safe_load(steps(ALERT, "yaml")[1].text)["stores"][0]
            file = folder / "store-exporter.yml"
            file.write_text(re.sub(r"url: http\S+", f"url: {broken['url']}", file.read_text()))
            reload()
            while "StoreDown" not in (message := arrived.get(timeout=240)):
                pass
            assert broken["domain"] in message


@pytest.mark.real
@pytest.mark.timeout(600)  # seven processes on a machine that may be busy
async def test_from_nothing_to_the_first_alert(tmp_path: Path) -> None:
    shop = SimulatedWooCommerce(DOMAIN, orders=10)
    key = shop.keys.read_only
    with serving(shop) as address, slack() as (webhook, arrived):
        answer_questions(tmp_path, shop, address)
        file = tmp_path / "store-exporter.yml"
        written = yaml.safe_load(file.read_text())
        assert written["stores"][0].pop("url") == address
        assert written == yaml.safe_load(steps(STORE, "yaml")[0].text)
        environ = {
            "OUTLET_KEY": key.consumer_key,
            "OUTLET_SECRET": key.consumer_secret,
            "SLACK_WEBHOOK": webhook,
        }
        type_in(tmp_path, STORE, environ, address)
        assert len(load(tmp_path / "outlet.yml", resolve=False).stores) == 1
        file.write_text(steps(ALERT, "yaml")[0].text + file.read_text())
        type_in(tmp_path, ALERT, environ, address)
        async with served(tmp_path, python=sys.executable) as (exporter, where, _):
            reload = partial(exporter.send_signal, signal.SIGHUP)
            at = where.removeprefix("http://")
            await asyncio.to_thread(follow, tmp_path, at, arrived, reload)
