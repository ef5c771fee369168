"""Starting one program, waiting until it is ready, asking it questions, ending it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

TOOLS = Path(__file__).parents[2] / ".tools" / "bin"
MISSING = "not to be had: "


class StartError(Exception):
    """A server did not become ready; the message ends with the last lines of its log."""


def tool(name: str) -> str:
    """The path of a program from `scripts/tools`; skips the test when it is missing."""
    path = TOOLS / name
    if not path.exists():
        pytest.skip(f"{MISSING}{name} (scripts/test --all gets it, or says why not)")
    return str(path)


def missing_tools(reasons: Sequence[str]) -> list[str]:
    """Those names for which `tool` skipped tests, from the reasons of all skips."""
    found = (re.search(rf"{MISSING}(\S+)", reason) for reason in reasons)
    return sorted({match.group(1) for match in found if match})


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.

    Attributes:
        name: the program's name.
        url: its base address, without a slash at the end.
        directory: its configuration, data and log are there.
        pid: its process.
        patience: seconds that an answer may take.
    """

    name: str
    url: str
    directory: Path
    pid: int
    patience: float = 30

    @property
    def address(self) -> str:
        """Host and port, as a scrape target is written."""
        return self.url.removeprefix("http://")

    def get(self, path: str, **params: str) -> bytes:
        """The body of a successful GET.

        Raises:
            urllib.error.HTTPError: the server answered with an error.
        """
        query = f"?{urllib.parse.urlencode(params)}" if params else ""
        with urllib.request.urlopen(f"{self.url}{path}{query}", timeout=self.patience) as answer:
            body: bytes = answer.read()
            return body

    def json(self, path: str, **params: str) -> Any:
        """The decoded JSON of a successful GET."""
        return json.loads(self.get(path, **params))

    def send_alerts(self, alerts: Sequence[Mapping[str, Any]]) -> None:
        """Send alerts to Alertmanager as Prometheus does."""
        request = urllib.request.Request(
            f"{self.url}/api/v2/alerts",
            data=json.dumps(alerts).encode(),
            headers={"Content-Type": "application/json"},
        )
        urllib.request.urlopen(request, timeout=60).close()

    def query(self, promql: str, **params: str) -> list[tuple[dict[str, str], Any]]:
        """An instant query: labels and value of each series.

        The value is a float, or Prometheus' JSON form of a native histogram.
        """
        self.flush()
        result = self.json("/api/v1/query", query=promql, **params)["data"]["result"]
        return [
            (series["metric"], series["histogram"][1])
            if "histogram" in series
            else (series["metric"], float(series["value"][1]))
            for series in result
        ]

    def flush(self) -> None:
        """Have VictoriaMetrics show what it took; by itself it does after ten seconds."""
        if self.name == "victoria-metrics":
            self.get("/internal/force_flush")

    def growth(self, selector: str, *by: str) -> dict[tuple[str, ...], float]:
        """By how much the samples of counters, or counts of native histograms, grew in all.

        It adds up differences of stored samples, resets included, and extrapolates nothing. What
        did not grow is left out.

        Args:
            selector: the series.
            by: labels by which they are added up.
        """
        found: defaultdict[tuple[str, ...], float] = defaultdict(float)
        for series in self.json("/api/v1/query", query=f"{selector}[1h]")["data"]["result"]:
            values = [float(value) for _, value in series.get("values", ())]
            values += [float(value["count"]) for _, value in series.get("histograms", ())]
            found[tuple(series["metric"][label] for label in by)] += sum(
                after - before if after >= before else after for before, after in pairwise(values)
            )
        return {key: value for key, value in found.items() if value}

    def reload(self) -> None:
        """Have the server read its configuration again (Prometheus and Alertmanager)."""
        request = urllib.request.Request(f"{self.url}/-/reload", method="POST")
        urllib.request.urlopen(request, timeout=self.patience).close()

    def processor_seconds(self) -> float:
        """What its threads have used of processors so far."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/schedstat")
        return sum(int(each.read_text().split()[0]) for each in tasks) / 1e9

    def log(self) -> str:
        """All that the server has written so far."""
        return _log(self.directory, self.name).read_text(encoding="utf-8", errors="replace")


@contextmanager
def running(
    name: str,
    argv: Sequence[str],
    *,
    directory: Path,
    listening: str,
    ready: str,
    program: str | None = None,
    env: Mapping[str, str] | None = None,
    patience: float = 60,
) -> Iterator[Server]:
    """Run a server that chose its own port.

    Args:
        name: the program, as `scripts/tools` calls it.
        argv: its arguments.
        directory: where it keeps its files.
        listening: a regular expression for its log; its group is the address it listens on.
        ready: a path that answers 200 when it is ready.
        program: its path, where it is none of `scripts/tools`.
        env: environment variables besides our own.
        patience: seconds in which it must be ready. Half of it is how long an answer may take, and
            a sixth how long it may take to end.

    Raises:
        StartError: it ended early or was not ready in time.
    """
    program = program or tool(name)
    log = _log(directory, name)
    with (
        log.open("wb") as output,
        subprocess.Popen(
            [program, *argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=directory,
            env={**os.environ, **(env or {})},
        ) as child,
    ):
        try:
            url = _await_ready(child, log, patience, listening=listening, ready=ready)
            yield Server(name, url, directory, child.pid, patience / 2)
        finally:
            child.terminate()
            try:
                child.wait(patience / 6)
            except subprocess.TimeoutExpired:
                child.kill()


def eventually(
    question: Callable[[], T], holds: Callable[[T], bool] = bool, *, timeout: float = 60
) -> T:
    """Ask until the answer is right and return it; for what a real server does in its own time.

    Raises:
        AssertionError: it was not right within `timeout` seconds; names the last answer.
    """
    began = time.monotonic()
    waited = 0.0
    # Of a question that took longer than there is time, the answer may be as old.
    while not holds(answer := question()):
        if waited > timeout:
            raise AssertionError(f"not so within {timeout:g} s; the last answer was {answer!r}")
        time.sleep(pause(waited))
        waited = time.monotonic() - began
    return answer


def pause(waited: float) -> float:
    """Seconds until a server is asked again, after so many seconds of waiting for something.

    Each question costs its processor time as well, so what takes long is asked for more rarely.
    """
    return min(max(waited / 20, 0.05), 0.5)


def _log(directory: Path, name: str) -> Path:
    return directory / f"{name}.log"


def _await_ready(
    child: subprocess.Popen[bytes], log: Path, patience: float, *, listening: str, ready: str
) -> str:
    deadline = time.monotonic() + patience
    while True:
        said = log.read_text(encoding="utf-8", errors="replace")
        found = re.search(listening, said)
        if found and _answers(url := f"http://{found.group(1)}", ready):
            return url
        if (ended := child.poll()) is not None or time.monotonic() > deadline:
            why = (
                f"was not ready after {patience:g} s"
                if ended is None
                else f"ended with status {ended}"
            )
            tail = "\n".join(said.splitlines()[-15:])
            raise StartError(f"{log.stem} {why}; its log ends:\n{tail}")
        time.sleep(0.02)


def _answers(url: str, path: str) -> bool:
    try:
        with urllib.request.urlopen(url + path, timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as error:
        # Python 3.14 warns of an answer that is not closed.
        error.close()
        return False
    except OSError:
        return False
