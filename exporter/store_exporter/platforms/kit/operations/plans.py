"""A platform's operations: one plan for each specification, and what differs from it.

@plan(Operations.check_stock, calls=("GET /products",))
def check_stock(api: Api, product: int | str) -> Plan[Stock]:
"Notes on what is special to this platform; empty if nothing is."

PLANS = Plans("Magento", (f"{__name__}.products",), {"get_order_notes": "why it cannot"})
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

from ....errors import ErrorName, UnsupportedOperationError
from ....spec.operation import OperationSpec, paragraphs, written
from ....spec.operations import OPERATIONS

if TYPE_CHECKING:
    from ....net.plans import Plan

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
ApiT = TypeVar("ApiT")


@dataclass(frozen=True, slots=True)
class Planned(Generic[P, T_co]):
    """How one platform performs an operation.

    Attributes:
        spec: the specification of the operation.
        plan: makes the plan, from the platform's API and the operation's arguments.
        calls: API calls that it makes, as `METHOD path` or GraphQL operation names.
        errors: error types that it may raise besides those of any request; those of `spec` first.
        notes: what is special to this platform, in paragraphs.
        deadline: seconds for the whole operation if the client has no policy; None for the usual.
    """

    spec: OperationSpec[P, T_co]
    plan: Callable[Concatenate[Any, P], Plan[T_co]]
    calls: tuple[str, ...]
    errors: tuple[ErrorName, ...]
    notes: str
    deadline: float | None


def plan(
    spec: OperationSpec[P, T],
    *,
    calls: tuple[str, ...],
    errors: tuple[ErrorName, ...] = (),
    notes_of: Callable[..., Any] | None = None,
    deadline: float | None = None,
) -> Callable[[Callable[Concatenate[ApiT, P], Plan[T]]], Planned[P, T]]:
    """Make a function the plan of an operation.

    Args:
        spec: such as `Operations.check_stock`.
        calls: API calls that it makes.
        errors: error types beyond those of the specification and of any request.
        notes_of: the function whose docstring is the notes; by default the function itself.
        deadline: seconds for the whole operation if the client has no policy; None for the usual.

    Raises:
        TypeError: the parameters or the result of the function differ from the specification.
    """

    def planned(function: Callable[Concatenate[ApiT, P], Plan[T]]) -> Planned[P, T]:
        found = _signature(function)
        if found != spec.signature:
            raise TypeError(
                f"{function.__module__}.{function.__name__} is {found}, but the specification of "
                f"{spec.name} in {spec.__module__} is {spec.signature}; make them alike"
            )
        notes = "\n\n".join(paragraphs(notes_of or function))
        # Tuples that plans share overlap.
        once = tuple(dict.fromkeys(calls))
        return Planned(spec, function, once, (*spec.errors, *errors), notes, deadline)

    return planned


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """Return a plan's signature in the form of its specification, without the API."""
    signature = inspect.signature(function)
    _, *parameters = signature.parameters.values()
    result = written(signature.return_annotation).removeprefix("Plan[").removesuffix("]")
    return signature.replace(
        parameters=[p.replace(annotation=written(p.annotation)) for p in parameters],
        return_annotation=result,
    )


class _Planned(Mapping[str, Planned[..., Any]]):
    """Plans by the names of their operations, imported when the first of them is used."""

    def __init__(
        self, title: str, names: Sequence[str], modules: Sequence[ModuleType | str]
    ) -> None:
        self._title = title
        self._names = names
        self._modules = modules

    @cached_property
    def plans(self) -> Mapping[str, Planned[..., Any]]:
        plans = _plans_in(self._modules)
        if wrong := ", ".join(sorted(plans.keys() ^ set(self._names))):
            needed = "an operation needs either a plan, or the reason why there is none"
            raise TypeError(f"{wrong} of {self._title}: {needed}")
        return plans

    def __getitem__(self, name: str) -> Planned[..., Any]:
        return self.plans[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names


def _plans_in(modules: Iterable[ModuleType | str]) -> dict[str, Planned[..., Any]]:
    return {
        planned.spec.name: planned
        for module in modules
        for value in vars(import_module(module) if isinstance(module, str) else module).values()
        for planned in (value if isinstance(value, tuple) else (value,))
        if isinstance(planned, Planned)
    }


class Plans:
    """The operations of a platform: those of the specification that are not `unsupported`.

    Args:
        title: the platform's name for people.
        modules: the modules with its plans, single ones or in tuples; those that are given by name
            are imported when a plan is first used.
        unsupported: operations that it cannot do, with the reason.
        otherwise: the reason for all other operations without a plan, for a platform that is not
            complete, whose modules are imported at once. Without it, an operation that has neither
            a plan nor a reason, or both, raises `TypeError` when a plan is first used.

    Attributes:
        planned: by name, in the order of the specification.
    """

    def __init__(
        self,
        title: str,
        modules: Sequence[ModuleType | str],
        unsupported: Mapping[str, str],
        *,
        otherwise: str = "",
    ) -> None:
        found = _plans_in(modules) if otherwise else OPERATIONS
        rest = [name for name in OPERATIONS if name not in found]
        self.title = title
        self.unsupported = {**dict.fromkeys(rest, otherwise), **unsupported}
        names = [name for name in OPERATIONS if name not in self.unsupported]
        self.planned = _Planned(title, names, modules)

    def load(self) -> None:
        """Import the plans now, so that the first operation does not wait for it."""
        _ = self.planned.plans

    def of(self, spec: OperationSpec[..., T]) -> Planned[..., T]:
        """Return how an operation is done.

        Raises:
            UnsupportedOperationError: the platform cannot do it.
        """
        planned = self.planned.get(spec.name)
        if planned is None:
            reason = self.reason(spec.name)
            raise UnsupportedOperationError(spec.name, self.title, reason)
        return planned

    def reason(self, name: str) -> str:
        """Return why the platform cannot do an operation."""
        return self.unsupported.get(name, "the platform has no such operation")
