"""From a plain kernel to machine code, kept on disk for the next process.

A driver is a closure around its kernel. numba's cache tells closures apart by what their cells
hold, and it recognises a plain function again in the next process where a compiled one would look
new each time. So the cell holds the *plain* kernel, which numba is told it may compile; and a
second cell holds a fingerprint of the kernel and of every helper it calls, so that an edited one
is compiled afresh.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from types import CodeType, FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numba
from numba.extending import register_jitable

from .vmath import total

if TYPE_CHECKING:
    from ..losses.loss import Loss


_disk = SimpleNamespace(usable=True)


@cache
def driver(loss: Loss, target_is_row: bool) -> Callable[..., Any]:
    """The compiled loop of a loss; machine code is made, or loaded, when it first meets a dtype."""
    kernel = loss.kernel_for_rows if target_is_row and loss.kernel_for_rows else loss.kernel
    holds = tuple(loss.element_domain(name).holds for name in loss.input_names)
    parts = [function for f in (kernel, *holds, total) for function in _with_helpers(f)]
    for function in parts:
        _allow(function)
    build = import_module(f".{loss.family.driver}", __package__).build
    walk = build(kernel, holds, total, _fingerprint(parts))
    try:
        return numba.njit(walk, nogil=True, error_model="numpy", cache=_disk.usable)
    except RuntimeError:                             # nowhere to write: compile in every process
        return numba.njit(walk, nogil=True, error_model="numpy")


def forget_disk() -> None:
    """From now on compile in memory: a full disk or a folder without permission is no error."""
    _disk.usable = False
    driver.cache_clear()


@cache
def _allow(function: FunctionType) -> None:
    """Let numba compile a plain function where compiled code calls it."""
    register_jitable(function)


def _with_helpers(function: Callable[..., Any]) -> Iterator[FunctionType]:
    """A function and all the plain Python functions that it calls by a global name."""
    found, waiting = set[Any](), [cast(Any, function)]
    while waiting:
        f = waiting.pop()
        if isinstance(f, FunctionType) and f not in found and not f.__module__.startswith("n"):
            found.add(f)
            waiting += [f.__globals__.get(name) for name in f.__code__.co_names]
            yield f


def _fingerprint(functions: list[FunctionType]) -> str:
    """A digest of what the functions do: their bytecode, constants and the names they use."""
    digest = hashlib.sha256()
    for f in functions:
        for part in _content(f.__code__):
            digest.update(repr(part).encode())
    return digest.hexdigest()


def _content(code: CodeType) -> Iterator[Any]:
    yield code.co_code
    yield code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _content(constant)
        else:
            yield constant
