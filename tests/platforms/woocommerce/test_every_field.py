"""Whatever member of an answer is missing, null or of another type: an error, or nothing wrong.

Each operation is run once on the simulated store. Then each member of each answer that it got is
replaced, one at a time, by values that are not what it should be, and the operation is run again
on these answers. It must raise a `StoreError`, or return what it returned before with something
left out: never another figure.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import httpx
import pytest

from store_exporter.errors import StoreError
from store_exporter.platforms.results import Listing
from store_exporter.platforms.woocommerce import WooCommerce
from tests.fakes.clock import Clock
from tests.fakes.woocommerce import DirectTransport

from .calls import CALLS, Scene

Path = tuple[str | int, ...]
MISSING = object()
NUMERIC = set("0123456789.-:T ")
MAPS = {"options", "_links", "extensions", "database"}
"""Members whose own members nobody reads, or too many alike."""
TEXTS = {("cost", "value"), "number"}
"""What only happens to look like a number: a formula for costs, a plugin's order number."""


@dataclass
class Recorded:
    """One exchange."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: Any


class Recorder(httpx.BaseTransport):
    """Keeps what a simulated store answers."""

    def __init__(self, inner: DirectTransport) -> None:
        self.inner = inner
        self.seen: list[Recorded] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.inner.handle_request(request)
        body = json.loads(answer.read())
        headers = {k: v for k, v in answer.headers.items() if k.lower() != "content-length"}
        path = request.url.path
        self.seen.append(Recorded(request.method, path, answer.status_code, headers, body))
        return httpx.Response(answer.status_code, headers=headers, content=json.dumps(body))


class Replayer(httpx.BaseTransport):
    """Answers as recorded; where a request was not recorded there is no such route."""

    def __init__(self, recorded: list[Recorded]) -> None:
        self.left = list(recorded)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for index, one in enumerate(self.left):
            if (one.method, one.path) == (request.method, request.url.path):
                del self.left[index]
                body = json.dumps(one.body)
                return httpx.Response(one.status, headers=one.headers, content=body)
        body = json.dumps({"code": "rest_no_route", "message": "No route"})
        return httpx.Response(404, content=body)


class Replay:
    """A scene of recorded answers."""

    def __init__(self, scene: Scene, transport: httpx.BaseTransport) -> None:
        self.order, self.refunded, self.cart = scene.order, scene.refunded, scene.cart
        self._transport = transport

    def client(self) -> WooCommerce:
        clock = Clock()
        return WooCommerce(
            "https://shop.example.com",
            "ck_1",
            "cs_1",
            org="acme",
            transport=self._transport,
            sleep=clock.sleep,
            monotonic=clock.now,
            now=clock.now,
        )


def record(name: str) -> tuple[Scene, list[Recorded], Any]:
    scene = Scene()
    recorder = Recorder(DirectTransport(scene.store))
    key = scene.store.keys.read_write
    replay = Replay(scene, recorder)
    replay.client = lambda: WooCommerce(  # type: ignore[method-assign]
        "https://shop.example.com",
        key.consumer_key,
        key.consumer_secret,
        org="acme",
        transport=recorder,
        monotonic=scene.clock.now,
        now=scene.clock.now,
    )
    return scene, recorder.seen, CALLS[name](replay)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of all members; of lists only the first item."""
    if path:
        yield path
    if isinstance(value, dict):
        for name in value:
            if name not in (*MAPS, *TEXTS) and (*path, name)[-2:] not in TEXTS:
                yield from places(value[name], (*path, name))
    elif isinstance(value, list) and value:
        yield from places(value[0], (*path, 0))


def others(value: Any, path: Path) -> Iterator[Any]:
    """Yield what a member is not: other types, and texts that are no number or date."""
    yield from (None, {}, {"x": "1"})
    if not isinstance(value, list):
        yield []
    # A list without its first item is a list too, and so is a report without one of its days.
    if not isinstance(path[-1], int) and not str(path[-1]).startswith("20"):
        yield MISSING
    if not isinstance(value, list) or (value and isinstance(value[0], dict)):
        yield [1]
    if not isinstance(value, bool):
        yield True
    if isinstance(value, (bool, dict, list)):
        yield 12345
    if not isinstance(value, str):
        yield "n/a"
    elif value and set(value) <= NUMERIC:
        yield from ("n/a", "1,234.50", "9" * 400)
    else:
        yield 12345
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from ("1,234", 10**40, -(10**40))


def replaced(body: Any, path: Path, value: Any) -> Any:
    changed = copy.deepcopy(body)
    holder = changed
    for step in path[:-1]:
        holder = holder[step]
    if value is MISSING:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return changed


def no_more_than(found: Any, whole: Any) -> bool:
    """Whether a result is another with something left out."""
    if (found == whole and type(found) is type(whole)) or found is None:
        return True
    if type(found) is not type(whole):
        return False
    if isinstance(found, str):
        return found in whole
    if isinstance(found, (Listing, tuple)):
        return all(any(no_more_than(item, other) for other in whole) for item in found)
    if isinstance(found, dict):
        return all(key in whole and no_more_than(found[key], whole[key]) for key in found)
    names = [field.name for field in fields(found)] if is_dataclass(found) else []
    return bool(names) and all(no_more_than(getattr(found, n), getattr(whole, n)) for n in names)


def outcome(name: str, replay: Replay) -> tuple[StoreError | None, Any]:
    try:
        return None, CALLS[name](replay)
    except StoreError as error:
        return error, None


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_member_never_makes_another_figure(name: str) -> None:
    scene, recorded, whole = record(name)
    assert CALLS[name](Replay(scene, Replayer(recorded))) == whole
    wrong, tried, noticed = [], 0, 0
    for index, one in enumerate(recorded):
        for path in places(one.body):
            original = one.body
            for step in path:
                original = original[step]
            for value in others(original, path):
                body = replaced(one.body, path, value)
                changed = [*recorded]
                changed[index] = Recorded(one.method, one.path, one.status, one.headers, body)
                tried += 1
                error, found = outcome(name, Replay(scene, Replayer(changed)))
                noticed += error is not None or found != whole
                if error is None and not no_more_than(found, whole):
                    shown = "missing" if value is MISSING else repr(value)[:30]
                    wrong.append(f"{one.method} {one.path} {path} = {shown}")
    assert wrong == []
    assert tried > 20
    assert noticed > 0


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_that_is_cut_off_is_an_error(name: str) -> None:
    scene, recorded, whole = record(name)
    for index, one in enumerate(recorded):
        text = json.dumps(one.body).encode()
        for size in sorted({0, 1, len(text) // 3, len(text) // 2, len(text) - 1}):
            transport = CutShort(recorded, index, text[:size])
            error, found = outcome(name, Replay(scene, transport))
            if error is not None:
                assert error.error_type == "invalid_response"
            else:
                # The reason of a cancellation is noted after the order was cancelled.
                assert name == "cancel_order"
                assert not found.reason_noted
                assert found.order == whole.order


class CutShort(Replayer):
    """Answers as recorded but for one answer, of which only the beginning arrives."""

    def __init__(self, recorded: list[Recorded], index: int, text: bytes) -> None:
        super().__init__(recorded)
        self._cut = recorded[index]
        self._text = text

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        cut = bool(self.left) and self.left[0] is self._cut
        answer = super().handle_request(request)
        if not cut:
            return answer
        headers = {k: v for k, v in answer.headers.items() if k.lower() != "content-length"}
        return httpx.Response(answer.status_code, headers=headers, content=self._text)
