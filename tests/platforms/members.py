"""Each member of an answer replaced by what it should not be, on every platform.

An operation is run once on a simulated store. Then each member of each answer that it got is
replaced, one at a time, by values that are not what it should be, and the operation is run again
on these answers. It must raise a `StoreError`, or return what it returned before with something
left out: never another figure.
"""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import urlsplit

from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net.plans import Request
from store_exporter.platforms.kit.client.clients import BlockingClient
from store_exporter.spec.results import CustomerInsights, Listing, SalesReport

ClientT = TypeVar("ClientT", bound=BlockingClient[Any])

Path = tuple[str | int, ...]
MISSING = object()
NUMERIC = set("0123456789.-:T ")
NUMBER = 12345
"""What stands in the place of other types; as a text it is the same, as of a SKU of digits."""
Key = Callable[[Request], str]
"""What tells requests of one operation apart."""


def path_of(request: Request) -> str:
    """The path, which is enough where each resource has an address."""
    return urlsplit(request.url).path


@dataclass
class Recorded:
    """One exchange."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: Any

    @functools.cached_property
    def text(self) -> bytes:
        """The body as it was sent."""
        return json.dumps(self.body).encode()


class Recorder:
    """Keeps what a client is answered."""

    def __init__(self, key: Key = path_of) -> None:
        self._key = key
        self.seen: list[Recorded] = []

    def on(self, client: ClientT) -> ClientT:
        """Keep what this client is answered from now on."""
        inner = client._driver._request

        async def exchange(request: Request) -> Response:
            answer = await inner(request)
            # Links repeat what is unlike in each request, by which an answer of a cache is known.
            dropped = ("content-length", "link")
            headers = {k: v for k, v in answer.headers.items() if k not in dropped}
            body = json.loads(answer.body)
            one = Recorded(request.method, self._key(request), answer.status, headers, body)
            self.seen.append(one)
            return replace(answer, headers=headers, body=one.text)

        client._driver._request = exchange  # type: ignore[method-assign]
        return client


class Replayer:
    """Answers as recorded; where a request was not recorded there is no such route."""

    def __init__(self, recorded: list[Recorded], key: Key = path_of) -> None:
        self.left = list(recorded)
        self._key = key

    def on(self, client: ClientT) -> ClientT:
        """Have a client be answered so, without httpx, which takes longer than all that is read."""

        async def exchange(request: Request) -> Response:
            return self.answer(request)

        client._driver._request = exchange  # type: ignore[method-assign]
        return client

    def answer(self, request: Request) -> Response:
        """The answer to a request."""
        for index, one in enumerate(self.left):
            if (one.method, one.path) == (request.method, self._key(request)):
                del self.left[index]
                return Response(one.status, one.headers, one.text, request.url)
        body = json.dumps({"code": "rest_no_route", "message": "No route"})
        return Response(404, {}, body.encode(), request.url)


class Scene(Protocol):
    """What the calls of a platform's operations need besides a client."""

    order: Any
    refunded: Any
    cart: Any


SceneT = TypeVar("SceneT", bound=Scene)


class Replay(Generic[SceneT]):
    """A scene whose clients get the responses that are given.

    Args:
        scene: its clients get the store's own.
        answers: gives the responses, or records the store's.
    """

    def __init__(self, scene: SceneT, answers: Replayer | Recorder) -> None:
        self.order, self.refunded, self.cart = scene.order, scene.refunded, scene.cart
        self.scene, self.answers = scene, answers


def places(value: Any, left_out: Collection[Any] = (), path: Path = ()) -> Iterator[Path]:
    """Yield the paths of all members; of lists only the first item.

    Args:
        value: the answer.
        left_out: names of members, or the last two names of their path, that are not replaced.
        path: of `value` itself.
    """
    if path:
        yield path
    if isinstance(value, dict):
        for name in value:
            if name not in left_out and (*path, name)[-2:] not in left_out:
                yield from places(value[name], left_out, (*path, name))
    elif isinstance(value, list) and value:
        yield from places(value[0], left_out, (*path, 0))


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
        yield NUMBER
    if not isinstance(value, str):
        yield "n/a"
    elif value and set(value) <= NUMERIC:
        yield from ("n/a", "1.234,50", "9" * 400)
    else:
        yield NUMBER
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        yield from ("1,234", 10**40, -(10**40))


def replaced(body: Any, path: Path, value: Any) -> Any:
    """The body with one member replaced; it shares the others with `body`."""
    changed = copy.copy(body)
    step, *further = path
    if further:
        changed[step] = replaced(body[step], tuple(further), value)
    elif value is MISSING:
        del changed[step]
    else:
        changed[step] = value
    return changed


def no_more_than(found: Any, whole: Any) -> bool:
    """Whether a result is another with something left out, or a number as one of its texts."""
    if (found == whole and type(found) is type(whole)) or found is None:
        return True
    if type(found) is not type(whole) or isinstance(found, str):
        texts = isinstance(found, str) and isinstance(whole, str)
        return texts and (found in whole or str(NUMBER) in found)
    if isinstance(found, (SalesReport, CustomerInsights)) and found.unreadable:
        return True
    if isinstance(found, (Listing, tuple)):
        return all(any(no_more_than(item, other) for other in whole) for item in found)
    if isinstance(found, dict):
        kept = [key for key in found if key != str(NUMBER)]
        return all(key in whole and no_more_than(found[key], whole[key]) for key in kept)
    names = [field.name for field in fields(found)] if is_dataclass(found) else []
    # What is left out may be told.
    names = [name for name in names if name != "unreadable"]
    return bool(names) and all(no_more_than(getattr(found, n), getattr(whole, n)) for n in names)


class CutShort(Replayer):
    """Answers as recorded but for one answer, of which only the beginning arrives."""

    def __init__(
        self, recorded: list[Recorded], index: int, text: bytes, key: Key = path_of
    ) -> None:
        super().__init__(recorded, key)
        self._cut = recorded[index]
        self._text = text

    def answer(self, request: Request) -> Response:
        """The answer, cut short if it is the one."""
        cut = bool(self.left) and self.left[0] is self._cut
        whole = super().answer(request)
        return replace(whole, body=self._text) if cut else whole


def changes(
    recorded: list[Recorded], left_out: Collection[Any] = ()
) -> Iterator[tuple[str, str, list[Recorded]]]:
    """Yield what was recorded with one member replaced, after its name and that of the change."""
    for index, one in enumerate(recorded):
        for path in places(one.body, left_out):
            original = one.body
            for step in path:
                original = original[step]
            for value in others(original, path):
                body = replaced(one.body, path, value)
                changed = [*recorded]
                changed[index] = Recorded(one.method, one.path, one.status, one.headers, body)
                shown = "missing" if value is MISSING else repr(value)[:30]
                member = ".".join([step for step in path if isinstance(step, str)][-2:])
                yield member, f"{one.method} {one.path} {path} = {shown}", changed


def cuts(recorded: list[Recorded], key: Key = path_of) -> Iterator[tuple[Recorded, Replayer]]:
    """Yield what cuts one answer short each."""
    for index, one in enumerate(recorded):
        text = one.text
        for size in sorted({0, 1, len(text) // 3, len(text) // 2, len(text) - 1}):
            yield one, CutShort(recorded, index, text[:size], key)


def outcome(call: Callable[[Any], Any], on: Any) -> tuple[StoreError | None, Any]:
    """Call an operation; return its error, or its result."""
    try:
        return None, call(on)
    except StoreError as error:
        return error, None


def other_figures(
    call: Callable[[Any], Any],
    on: Callable[[Replayer], Any],
    recorded: list[Recorded],
    whole: Any,
    left_out: Collection[Any],
    *,
    key: Key = path_of,
) -> tuple[list[str], set[str]]:
    """Return the changes of single members with which an operation returns another figure.

    The second result is the members without which it fails, each as `in.member`.

    Args:
        call: of the operation.
        on: makes what it is called on, from what answers.
        recorded: its good answers.
        whole: what it returns on these.
        left_out: members that are not changed.
        key: tells requests apart.
    """
    wrong, failed, tried, noticed = [], set(), 0, 0
    for member, change, changed in changes(recorded, left_out):
        tried += 1
        error, found = outcome(call, on(Replayer(changed, key)))
        noticed += error is not None or found != whole
        if error is not None:
            failed.add(member)
        elif not no_more_than(found, whole):
            wrong.append(change)
    assert tried > 20
    assert noticed > 0
    return wrong, failed


def spoilt(rows: list[Any], index: int, left_out: Collection[Any] = ()) -> Iterator[list[Any]]:
    """Yield a list with one member of one of its rows replaced each, or the whole row.

    Args:
        rows: the list.
        index: of the row.
        left_out: names of members that are not replaced.
    """
    for path in places(rows[index], left_out):
        original = rows[index]
        for step in path:
            original = original[step]
        for value in others(original, path):
            yield replaced(rows, (index, *path), value)
    for value in (None, 7, "n/a", [1]):
        yield replaced(rows, (index,), value)
