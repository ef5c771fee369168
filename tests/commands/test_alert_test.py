"""`store-exporter alert-test` with a real Alertmanager, and receivers that take or refuse."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from store_exporter.commands.routing import routing
from store_exporter.config import load
from store_exporter.mixin.files import as_yaml, write_templates
from store_exporter.mixin.messages import alertmanager
from tests import servers
from tests.commands.serving import run_here
from tests.fakes.handlers import Handler, handling

CONFIGURATION = """
alerts:
  slack: {{channel: "#ops", webhook_url: "file:{folder}/good"}}
  maintenance: {maintenance}
orgs:
  - {{org: well, alerts: {{webhook: "file:{folder}/good"}}}}
  - {{org: gone, alerts: {{teams: "file:{folder}/bad", webhook: "file:{folder}/good"}}}}
  - org: acme
  - org: shut
    alerts:
      webhook: "file:{folder}/good"
      teams: "file:{folder}/good"
      business_hours: {{from: "00:00", to: "24:00"}}
      routes:
        - {{severity: critical, to: [webhook], when: business_hours}}
        - {{severity: critical, to: [teams], when: outside_business_hours}}
"""


class Receiver(Handler):
    """Takes what is sent to /good and refuses the rest, as a webhook that was removed does."""

    taken: Sequence[bytes] = ()

    def respond(self) -> None:
        body, good = self.body(), self.path == "/good"
        self.answer(*((200, b"ok") if good else (404, b"no such webhook")))
        if good:
            type(self).taken = [*type(self).taken, body]


@contextmanager
def whole(folder: Path, *flags: str, maintenance: str = "[]") -> Iterator[str]:
    """A receiver and an Alertmanager by the generated configuration; yields its address."""
    Receiver.taken = []
    with handling(Receiver) as address:
        for name in ("good", "bad"):
            (folder / name).write_text(f"{address}/{name}")
        file = folder / "store-exporter.yml"
        file.write_text(CONFIGURATION.format(folder=folder, maintenance=maintenance))
        write_templates(folder / "templates")
        document = alertmanager.build(routing(load(file, resolve=False)), pace=0.002)
        with servers.alertmanager(as_yaml(document), folder, *flags) as server:
            yield server.url


def command(folder: Path, url: str, *more: str) -> subprocess.CompletedProcess[str]:
    # As a process, tests/docs/test_tutorials.py has it.
    return run_here(folder, "alert-test", f"--alertmanager.url={url}", *more)


@pytest.mark.real
def test_what_arrives_and_what_is_refused_is_said(tmp_path: Path) -> None:
    with whole(tmp_path, "--enable-feature=receiver-name-in-metrics") as url:
        done = command(tmp_path, url, "well")
        assert done.returncode == 0, done.stdout + done.stderr
        first, *lines = done.stdout.splitlines()
        # A script may test all orgs at once, and each test needs a name of its own.
        assert re.match(r"AlertTest\d{12} of well goes to org-well, platform$", first)
        assert lines == ["org-well webhook: arrived, 1 of 1", "platform slack: arrived, 1 of 1"]
        assert any(b"This is a test; nothing is wrong." in body for body in Receiver.taken)
        done = command(tmp_path, url, "gone")
        assert done.returncode == 1
        assert done.stdout.splitlines()[1:] == [
            "org-gone msteamsv2: REFUSED, 1 of 1 requests (clientError)",
            "org-gone webhook: arrived, 1 of 1",
            "platform slack: arrived, 1 of 1",
            "Alertmanager's log has the receiver's response",
        ]
        done = command(tmp_path, url, "acme")
        assert done.stdout.splitlines()[1:] == ["platform slack: arrived, 1 of 1"]


@pytest.mark.real
def test_without_names_in_metrics_it_is_said_by_kind(tmp_path: Path) -> None:
    with whole(tmp_path) as url:
        done = command(tmp_path, url, "gone", "--severity=warning")
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:4] == [
        "msteamsv2: REFUSED, 1 of 1 requests (clientError)",
        "slack: arrived, 1 of 1",
        "webhook: arrived, 1 of 1",
    ]


@pytest.mark.real
def test_what_keeps_it_from_being_sent_is_said(tmp_path: Path) -> None:
    always = '[{from: "00:00", to: "24:00"}]'
    with whole(tmp_path, maintenance=always) as url:
        done = command(tmp_path, url, "well")
    assert done.returncode == 1
    assert done.stdout.splitlines()[1:] == [
        "org-well: not sent now, by the hours maintenance",
        "platform: not sent now, by the hours maintenance",
    ]


@pytest.mark.real
def test_a_receiver_whose_hours_it_is_not_is_no_failure(tmp_path: Path) -> None:
    with whole(tmp_path, "--enable-feature=receiver-name-in-metrics") as url:
        done = command(tmp_path, url, "shut")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[1:] == [
        "org-shut/2: not sent now, by the hours org-shut-business-hours",
        "org-shut/1 webhook: arrived, 1 of 1",
        "platform slack: arrived, 1 of 1",
    ]


def test_an_org_that_there_is_not_and_an_alertmanager_that_there_is_not(tmp_path: Path) -> None:
    text = CONFIGURATION.format(folder=tmp_path, maintenance="[]")
    (tmp_path / "store-exporter.yml").write_text(text)
    done = command(tmp_path, "http://127.0.0.1:9", "wel")
    assert done.returncode == 2
    assert done.stderr.startswith("wel is not among the orgs of store-exporter.yml; did you mean")
    done = command(tmp_path, "http://127.0.0.1:9", "well")
    assert done.returncode == 1
    assert done.stderr.startswith("http://127.0.0.1:9: ")
