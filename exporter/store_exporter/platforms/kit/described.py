"""Operations written once: a plan with its description, bound to blocking and async clients.

    @operation("What it does.", parameters={"product": "Id or SKU."}, ...)
    def check_stock(api: Api, product: int | str) -> Plan[Stock]: ...

    class Client(BlockingClient):
        check_stock = Blocking(operations.check_stock)       # (product) -> Stock

    class AsyncClient(AsyncClientBase):
        check_stock = Awaited(operations.check_stock)        # (product) -> Awaitable[Stock]

Both are measured by the same instrumentation that applications put around their own operations.
Types, defaults and names of the parameters in the description come from the function itself, so
that documentation, command line and code cannot disagree.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, TypeVar, cast

from ...net.plans import Plan
from ..base import Operation, Parameter

P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Planned(Generic[P, T_co]):
    """An operation: the function that makes its plan, and its description."""

    plan: Callable[Concatenate[Any, P], Plan[T_co]]
    description: Operation


def _parameters(
    function: Callable[..., Any], texts: Mapping[str, str]
) -> tuple[tuple[Parameter, ...], str]:
    """Return the parameters and the result's type as the function declares them.

    Raises:
        TypeError: `texts` describes other parameters than the function has.
    """
    signature = inspect.signature(function)
    own = dict(list(signature.parameters.items())[1:])
    if set(own) != set(texts):
        differing = ", ".join(sorted(set(own) ^ set(texts)))
        raise TypeError(f"{function.__name__}: described and real parameters differ: {differing}")
    rows = tuple(
        Parameter(
            name,
            str(parameter.annotation),
            texts[name],
            required=parameter.default is parameter.empty,
            default=None if parameter.default is parameter.empty else parameter.default,
        )
        for name, parameter in own.items()
    )
    result = str(signature.return_annotation).removeprefix("Plan[").removesuffix("]")
    return rows, result


def _notes(function: Callable[..., Any]) -> str:
    """Return the docstring as paragraphs of one line each, without the errors listed below it."""
    text = (inspect.getdoc(function) or "").partition("\nRaises:\n")[0]
    paragraphs = (" ".join(part.split()) for part in text.split("\n\n"))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)


def operation(
    description: str,
    *,
    parameters: Mapping[str, str],
    errors: tuple[str, ...] = (),
    calls: tuple[str, ...],
    example: str,
    writes: bool = False,
) -> Callable[[Callable[Concatenate[Any, P], Plan[T_co]]], Planned[P, T_co]]:
    """Describe an operation.

    Args:
        description: one sentence.
        parameters: one sentence for each parameter after the first, which is the API.
        errors: error types that it raises beyond those of any request.
        calls: API calls that it makes.
        example: one call, as Python.
        writes: whether it changes more than the shopper's own cart.

    The function's own docstring becomes the notes below the description.
    """

    def describe(function: Callable[Concatenate[Any, P], Plan[T_co]]) -> Planned[P, T_co]:
        rows, result = _parameters(function, parameters)
        return Planned(
            function,
            Operation(
                function.__name__,
                description,
                rows,
                result,
                errors,
                calls,
                example,
                writes,
                notes=_notes(function),
            ),
        )

    return describe


def by_name(operations: Iterable[Planned[Any, Any]]) -> dict[str, Operation]:
    """Return the descriptions by the operations' names."""
    return {planned.description.name: planned.description for planned in operations}


class RunsBlocking(Protocol):
    """A client that runs operations and returns their results."""

    def run_operation(self, planned: Planned[..., T_co], /, *args: Any, **kwargs: Any) -> T_co:
        """Run one operation, measured."""
        ...


class RunsAwaited(Protocol):
    """A client that runs operations and returns awaitables of their results."""

    def run_operation(
        self, planned: Planned[..., T_co], /, *args: Any, **kwargs: Any
    ) -> Awaitable[T_co]:
        """Run one operation, measured."""
        ...


def _with_signature(
    function: Callable[..., Any], planned: Planned[..., Any], result: str
) -> Callable[..., Any]:
    """Let help and editors show what a method returns, rather than the plan behind it."""
    signature = inspect.signature(planned.plan)
    returns = result.format(planned.description.result)
    function.__signature__ = signature.replace(return_annotation=returns)  # type: ignore[attr-defined]
    return function


class Blocking(Generic[P, T_co]):
    """An operation as a method of a blocking client."""

    def __init__(self, planned: Planned[P, T_co]) -> None:
        @functools.wraps(planned.plan)
        def run(client: RunsBlocking, /, *args: P.args, **kwargs: P.kwargs) -> T_co:
            return client.run_operation(planned, *args, **kwargs)

        self._run = _with_signature(run, planned, "{}")

    def __get__(self, client: RunsBlocking | None, owner: type) -> Callable[P, T_co]:
        return cast("Callable[P, T_co]", _bound(self._run, client))


class Awaited(Generic[P, T_co]):
    """An operation as a method of an async client."""

    def __init__(self, planned: Planned[P, T_co]) -> None:
        @functools.wraps(planned.plan)
        def run(client: RunsAwaited, /, *args: P.args, **kwargs: P.kwargs) -> Awaitable[T_co]:
            return client.run_operation(planned, *args, **kwargs)

        self._run = _with_signature(run, planned, "Awaitable[{}]")

    def __get__(self, client: RunsAwaited | None, owner: type) -> Callable[P, Awaitable[T_co]]:
        return cast("Callable[P, Awaitable[T_co]]", _bound(self._run, client))


def _bound(function: Callable[..., Any], client: object | None) -> Callable[..., Any]:
    """Return a method of the client; read from the class it is the function itself."""
    return function if client is None else MethodType(function, client)
