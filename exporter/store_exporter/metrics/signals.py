"""Distinguishes exceptions that come from outside from those of the instrumentation itself."""

from __future__ import annotations

from inspect import CO_VARARGS


def comes_from_outside(error: BaseException) -> bool:
    """Whether an exception is meant for the application: a signal handler raised it.

    Deadlines by `SIGALRM` raise plain exceptions wherever the program happens to be: Celery's soft
    time limit, RQ's timeout. A signal handler is given the frame that it interrupts, which is the
    one before its own in the traceback. What is no `Exception` is for the application in any case.
    """
    if not isinstance(error, Exception):
        return True
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        interrupted, trace = trace.tb_frame, trace.tb_next
        code, local = trace.tb_frame.f_code, trace.tb_frame.f_locals
        arguments = [local.get(name) for name in code.co_varnames[: code.co_argcount]]
        if code.co_flags & CO_VARARGS:
            arguments += (
                local.get(code.co_varnames[code.co_argcount + code.co_kwonlyargcount]) or ()
            )
        if any(value is interrupted for value in arguments):
            return True
    return False
