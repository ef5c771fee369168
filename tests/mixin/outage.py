"""A fleet of stores that fail by a script, watched by the generated rules and told of by Slack.

Everything between is real: Prometheus scrapes the fleet's metrics and evaluates the generated
rules, Alertmanager routes by the generated configuration. Time is compressed by a factor `pace`:
every interval, hold, range and wait is shortened alike, so that ten minutes pass in seconds.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from store_demo.slack import Message, SlackReceiver
from store_exporter.metrics.catalogue import Metric, exporter, health
from store_exporter.mixin import alerts, policy, promql
from store_exporter.mixin.files import as_yaml, write_templates
from store_exporter.mixin.messages import alertmanager
from store_exporter.mixin.messages.alertmanager import Routing
from store_exporter.mixin.messages.receivers import Receivers
from store_exporter.mixin.rules import recording
from tests import servers

PROBING = 60.0
"""Seconds between liveness probes of a store."""
SCRAPE = 15.0
"""Seconds between scrapes, and between evaluations of the rules."""

PACES = (1 / 60, 1 / 20, 1 / 6)

Story = Callable[[Path, float], Awaitable[None]]
"""What a test tells in a folder of its own, at a pace."""
Failing = Callable[[int, float], bool]
"""Whether the store of that number fails at that time, in seconds since the beginning."""


class LateError(Exception):
    """A story failed while scrapes or rules were too late for its pace, which says nothing."""


async def told_in_time(folder: Path, story: Story) -> None:
    """Tell a story, and where a busy machine did not keep its pace, tell it again more slowly.

    Raises:
        LateError: it did not keep the slowest either.
    """
    for pace in PACES:
        own = folder / f"{pace:.3f}"
        own.mkdir()
        try:
            await story(own, pace)
        except LateError:
            if pace == PACES[-1]:
                raise
        else:
            return


@dataclass(slots=True)
class Fleet:
    """Stores that fail by a script, each probed once a minute, one after the other.

    Attributes:
        stores: how many there are; each has an org of its own.
        failing: which fail when.
        pace: how much quicker than real time everything goes.
        begun: when its time began, by the monotonic clock.
    """

    stores: int
    failing: Failing
    pace: float
    begun: float = field(default_factory=time.monotonic)

    @property
    def now(self) -> float:
        """Seconds of the fleet's own time since the beginning."""
        return (time.monotonic() - self.begun) / self.pace

    def labels(self, number: int) -> str:
        """The labels of a store."""
        platform = ("woocommerce", "shopify")[number % 2]
        return f'org="org{number}",domain="shop{number}.example",platform="{platform}"'

    def probed(self, number: int) -> tuple[bool, int]:
        """Whether the last probe of a store failed, and how many have."""
        offset = PROBING * number / self.stores
        last = int(max(self.now - offset, -1) // PROBING)
        failed = [self.failing(number, run * PROBING + offset) for run in range(last + 1)]
        return bool(failed and failed[-1]), sum(failed)

    def page(self) -> str:
        """The metrics of all stores, as the exporter writes them."""
        lines = [f"{exporter.LOOP_LAG.name} 0"]
        liveness = promql.equal("probe", policy.LIVENESS_PROBE)

        def sample(metric: Metric, value: float, *labels: str) -> None:
            lines.append(f"{metric.name}{{{','.join(labels)}}} {value:g}")

        for number in range(self.stores):
            down, count = self.probed(number)
            store = self.labels(number)
            sample(health.UP, not down, store)
            sample(health.PROBE_SUCCESS, not down, store, liveness)
            timeout = 'error_type="timeout",fault="store"'
            sample(health.PROBE_FAILURES, count, store, liveness, timeout)
        return "\n".join([*lines, ""])


@dataclass(slots=True)
class Watched:
    """The running whole."""

    fleet: Fleet
    receiver: SlackReceiver
    prometheus: servers.Server
    alertmanager: servers.Server

    async def until(self, seconds: float) -> None:
        """Wait for a moment of the fleet's time."""
        await asyncio.sleep(max((seconds - self.fleet.now) * self.fleet.pace, 0))

    async def hears(self, *words: str, path: str = "platform", within: float = 1200) -> Message:
        """Wait for a message with all these words, for so many seconds of the fleet's time.

        Raises:
            AssertionError: it did not come; names the messages that did.
        """
        deadline = self.fleet.now + within
        while not (found := self.told(*words, path=path)):
            heard = [message.text for message in self.receiver.messages]
            assert self.fleet.now < deadline, f"no message has {words}: {heard}"
            await asyncio.sleep(0.05)
        return found[0]

    def told(self, *words: str, path: str = "platform") -> list[Message]:
        """The messages of a channel whose text has all these words."""
        channel = [m for m in self.receiver.messages if m.path == f"/services/{path}"]
        return [message for message in channel if all(word in message.text for word in words)]


def compressed(document: Mapping[str, Any], pace: float) -> dict[str, Any]:
    """Shorten the ranges and offsets of every expression and message of a rule file."""

    def shorter(match: re.Match[str]) -> str:
        seconds = promql.seconds(match.group(2)) * pace
        return match.group(1) + promql.duration(max(round(seconds, 3), 0.001))

    def text(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: text(each) for key, each in value.items()}
        if isinstance(value, list):
            return [text(each) for each in value]
        if isinstance(value, str):
            return re.sub(r"(\[|\[\d+[smhdw]:|offset )(\d+[smhdw])(?=[\]: )\n]|$)", shorter, value)
        return value

    shortened: dict[str, Any] = text(dict(document))
    return shortened


@asynccontextmanager
async def watched(
    directory: Path, fleet: Fleet, receiver: SlackReceiver, orgs: int = 0
) -> AsyncIterator[Watched]:
    """Run Prometheus and Alertmanager on a fleet, and fail by `LateError` where they were late.

    Args:
        directory: for their files.
        fleet: the stores.
        receiver: the Slack that messages go to.
        orgs: how many orgs have a channel of their own.
    """
    pace = fleet.pace
    app = receiver.app

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(text=fleet.page())

    app.add_routes([web.get("/metrics", metrics)])
    async with AsyncExitStack() as stack:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        address = f"127.0.0.1:{runner.addresses[0][1]}"

        def channel(name: str) -> Receivers:
            return Receivers({"slack": [{"api_url": f"http://{address}/services/{name}"}]})

        write_templates(directory / "templates")
        routing = Routing(
            platform=channel("platform"),
            orgs={f"org{number}": channel(f"org{number}") for number in range(orgs)},
        )
        told = stack.enter_context(
            servers.alertmanager(
                as_yaml(alertmanager.build(routing, pace=pace)),
                directory,
                "--enable-feature=receiver-name-in-metrics",
            )
        )
        scraping, rules = _rules_and_scraping(directory, pace, address, told.address)
        fleet.begun = math.inf
        asking = stack.enter_context(
            servers.prometheus(
                yaml.safe_dump(scraping),
                directory,
                f"--rules.alert.resend-delay={promql.duration(60 * pace)}",
            )
        )
        # Evaluated before a first scrape that is late, rules would tell that nobody reports.
        await asyncio.to_thread(
            servers.eventually, partial(asking.query, "up == 1"), lambda found: len(found) == 2
        )
        (directory / "prometheus.yml").write_text(yaml.safe_dump({**scraping, **rules}))
        await asyncio.to_thread(asking.reload)
        fleet.begun = time.monotonic()
        try:
            yield Watched(fleet, receiver, asking, told)
        except AssertionError as error:
            if missed(asking) or failed(asking):
                raise LateError from error
            raise


def _rules_and_scraping(
    directory: Path, pace: float, fleet: str, alertmanager: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the rules at a pace, and return what Prometheus scrapes, and what it then evaluates."""
    for name, document in (
        ("recording", recording.document(pace=pace)),
        ("alerts", alerts.document(pace=pace)),
    ):
        text = as_yaml(compressed(document, pace))
        (directory / f"{name}.yml").write_text(text, encoding="utf-8")
    every = promql.duration(SCRAPE * pace)
    intervals = ("scrape_interval", "scrape_timeout", "evaluation_interval")

    def hosts(address: str) -> list[dict[str, list[str]]]:
        return [{"targets": [address]}]

    scraping = {
        "global": dict.fromkeys(intervals, every),
        "alerting": {"alertmanagers": [{"static_configs": hosts(alertmanager)}]},
        "scrape_configs": [
            {"job_name": policy.EXPORTER_JOB, "static_configs": hosts(fleet)},
            {"job_name": "alertmanager", "static_configs": hosts(alertmanager)},
        ],
    }
    return scraping, {"rule_files": ["recording.yml", "alerts.yml"]}


def missed(prometheus: servers.Server) -> float:
    """How many evaluations of rules were left out because the one before took too long."""
    name = "prometheus_rule_group_iterations_missed_total"
    page = prometheus.get("/metrics").decode()
    return sum(map(float, re.findall(rf"^{name}{{.*}} (\S+)$", page, re.MULTILINE)))


def failed(prometheus: servers.Server) -> float:
    """How many scrapes failed: nothing that is scraped is ever away, but it may stand still."""
    found = prometheus.query("sum(count_over_time(up[1h]) - sum_over_time(up[1h]))")
    return float(sum(value for _, value in found))
