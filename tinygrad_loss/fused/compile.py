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
import numpy as np
from numba import config
from numba.extending import intrinsic, overload, register_jitable

from . import vmath, vmath32
from .vmath import total, wide_vectors

if TYPE_CHECKING:
    from ..losses.loss import Loss


_disk = SimpleNamespace(usable=True)

# In the driver's own arithmetic, which is the sum over a block, the order of additions is free: so the
# sum is vectorised too. The order is fixed when compiled, whatever the thread. Kernels keep theirs.
OPTIONS: Any = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz"}}


@cache
def driver(loss: Loss, target_is_row: bool, single: bool) -> Callable[..., Any]:
    """The compiled loop of a loss, for float64 or for single precision; machine code is made, or loaded,
    when it first meets its arguments."""
    kernel = loss.kernel_for_rows if target_is_row and loss.kernel_for_rows else loss.kernel
    if single:
        kernel = _with_short_functions(kernel)
    holds = tuple(loss.element_domain(name).holds for name in loss.input_names)
    parts = [function for f in (kernel, *holds, total) for function in _with_helpers(f)]
    for function in parts:
        _allow(function)
    build = import_module(f".{loss.family.driver}", __package__).build
    walk = build(kernel, holds, total, _fingerprint(parts))
    if config.DISABLE_JIT:  # type: ignore[attr-defined]    # plain Python, for a debugger
        return np.errstate(all="ignore")(walk)
    try:
        return numba.njit(walk, **OPTIONS, cache=_disk.usable)
    except RuntimeError:                             # nowhere to write: compile in every process
        return numba.njit(walk, **OPTIONS)


def _with_short_functions(kernel: Callable[..., Any]) -> Callable[..., Any]:
    """The same kernel, except that it calls the functions of vmath32 where it names those of vmath."""
    assert isinstance(kernel, FunctionType)
    short = {name: getattr(vmath32, name) for name, value in kernel.__globals__.items()
             if getattr(value, "__module__", "") == vmath.__name__ and hasattr(vmath32, name)}
    return FunctionType(kernel.__code__, {**kernel.__globals__, **short}, kernel.__name__,
                        kernel.__defaults__, kernel.__closure__) if short else kernel


def forget_disk() -> None:
    """From now on compile in memory: a full disk or a folder without permission is no error."""
    _disk.usable = False
    driver.cache_clear()


@cache
def _allow(function: FunctionType) -> None:
    """Let numba compile a plain function into the code that calls it.

    It must be inlined, or the loop around it cannot become vector instructions. A multiplication and
    an addition may be contracted into one instruction; nothing else may be rearranged, except in a
    sum that says `any_order`.
    """
    free = {"reassoc", "nsz"} if getattr(function, "any_order", False) else set[str]()
    register_jitable(fastmath={"contract"} | free, forceinline=True)(function)


@overload(wide_vectors, inline="always")
def _wide_vectors() -> Any:
    return lambda: _set_vector_width()  # type: ignore[call-arg]


@intrinsic
def _set_vector_width(context: Any) -> Any:
    """Mark the function that is being compiled; LLVM would else use half of the widest vectors."""
    def mark(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()
    return numba.types.none(), mark


def _with_helpers(function: Callable[..., Any]) -> Iterator[FunctionType]:
    """A function and all the plain Python functions that it calls by a global name."""
    found, waiting = set[Any](), [cast(Any, function)]
    while waiting:
        f = waiting.pop()
        ours = isinstance(f, FunctionType) and f is not wide_vectors and not _belongs_to_numpy(f)
        if ours and f not in found:
            found.add(f)
            waiting += [f.__globals__.get(name) for name in f.__code__.co_names]
            yield f


def _belongs_to_numpy(function: FunctionType) -> bool:
    return function.__module__.partition(".")[0] in ("numpy", "numba")


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
