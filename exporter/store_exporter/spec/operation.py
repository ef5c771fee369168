"""The specification of an operation, and how it becomes a method of clients.

A specification is written as the method that it becomes: name, parameters with types and defaults,
result. An `Annotated` type holds the description of a parameter.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from types import MethodType
from typing import (
    Any,
    Concatenate,
    ForwardRef,
    Generic,
    ParamSpec,
    Protocol,
    Self,
    TypeVar,
    overload,
)

from ..errors import ErrorName

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
_MODULE = re.compile(r"\b(?:[a-z_]\w*\.)+")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation.

    Attributes:
        name: the keyword.
        type: as Python writes it, without modules.
        description: one sentence.
        required: whether it has no default.
        default: None also for a required parameter.
    """

    name: str
    type: str
    description: str
    required: bool
    default: Any


class OperationSpec(Generic[P, T_co]):
    """One operation, the same on every platform; a method when it is an attribute of a client.

    Attributes:
        name: value of the label `operation`.
        example: one call, as Python.
        errors: error types that it may raise in addition to those of any request.
        writes: whether it changes more in the store than the shopper's own cart.
        aliases: other names of the method; calls by these are measured under the operation's name.
    """

    def __init__(
        self,
        function: Callable[Concatenate[Any, P], T_co],
        *,
        example: str,
        errors: tuple[ErrorName, ...],
        writes: bool,
    ) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self.name = function.__name__
        self.example = example
        self.errors = errors
        self.writes = writes
        self.aliases: tuple[str, ...] = ()

    # The properties below are computed on use: most programs need only the names.

    @property
    def description(self) -> str:
        """One sentence."""
        return paragraphs(self._function)[0]

    @property
    def notes(self) -> str:
        """Further paragraphs that hold on every platform."""
        return "\n\n".join(paragraphs(self._function)[1:])

    @functools.cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters of the operation.

        Raises:
            TypeError: a parameter is not described.
        """
        _, *parameters = inspect.signature(self._function).parameters.values()
        return tuple(self._described(parameter) for parameter in parameters)

    @property
    def result(self) -> str:
        """The type that it returns."""
        return written(self._function.__annotations__["return"])

    @functools.cached_property
    def signature(self) -> inspect.Signature:
        """The method's signature without `self`, types as strings."""
        _, *parameters = self.__signature__.parameters.values()
        return self.__signature__.replace(parameters=parameters)

    @functools.cached_property
    def __signature__(self) -> inspect.Signature:
        own, *parameters = inspect.signature(self._function).parameters.values()
        pairs = zip(parameters, self.parameters, strict=True)
        typed = [parameter.replace(annotation=described.type) for parameter, described in pairs]
        return inspect.Signature([own, *typed], return_annotation=self.result)

    def _described(self, parameter: inspect.Parameter) -> Parameter:
        metadata = getattr(parameter.annotation, "__metadata__", ())
        if not metadata:
            raise TypeError(
                f"{self.name}: what {parameter.name} means is missing; write its type as "
                'Annotated[type, "One sentence."]'
            )
        required = parameter.default is parameter.empty
        default = None if required else parameter.default
        kind = written(parameter.annotation.__origin__)
        return Parameter(parameter.name, kind, metadata[0], required, default)

    def __set_name__(self, owner: type, name: str) -> None:
        if name != self.name:
            self.aliases += (name,)

    def __repr__(self) -> str:
        return f"<operation {self.name}{self.signature}>"

    def __call__(self, client: RunsBlocking | RunsAwaited, /, *args: Any, **kwargs: Any) -> Any:
        """Run the operation by a client."""
        return client.run_operation(self, *args, **kwargs)

    @overload
    def __get__(self, client: None, owner: type, /) -> Self: ...
    @overload
    def __get__(self, client: RunsBlocking, owner: type, /) -> Callable[P, T_co]: ...
    @overload
    def __get__(
        self, client: RunsAwaited, owner: type, /
    ) -> Callable[P, Coroutine[Any, Any, T_co]]: ...
    def __get__(self, client: Any, owner: type, /) -> Any:
        return self if client is None else MethodType(self, client)


class RunsBlocking(Protocol):
    """A client whose operations return their results."""

    def run_operation(self, spec: OperationSpec[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run one operation, measured."""
        ...


class RunsAwaited(Protocol):
    """A client whose operations must be awaited."""

    async def run_operation(self, spec: OperationSpec[..., T], /, *args: Any, **kwargs: Any) -> T:
        """Run one operation, measured."""
        ...


def operation(
    *, example: str, errors: tuple[ErrorName, ...] = (), writes: bool = False
) -> Callable[[Callable[Concatenate[Any, P], T]], OperationSpec[P, T]]:
    """Make a specification of a method; `OperationSpec` describes the arguments."""

    def specify(function: Callable[Concatenate[Any, P], T]) -> OperationSpec[P, T]:
        return OperationSpec(function, example=example, errors=errors, writes=writes)

    return specify


def written(annotation: Any) -> str:
    """Return a type as Python writes it, without the modules that its parts come from."""
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    return _MODULE.sub("", text)


def paragraphs(function: Callable[..., Any]) -> list[str]:
    """Return a docstring's paragraphs, each on one line, without the errors listed at its end."""
    text = inspect.cleandoc(function.__doc__ or "").partition("Raises:\n")[0]
    found = (" ".join(part.split()) for part in text.split("\n\n"))
    return [paragraph for paragraph in found if paragraph]
