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
from llvmlite import ir
from numba import config
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic, overload, register_jitable

from . import vmath, vmath32
from .vmath import prefetch, total, wide_vectors

if TYPE_CHECKING:
    from ..losses.loss import Loss


HINTS = (prefetch, wide_vectors)               # words to the compiler and the processor, no functions

LINE = 64                                     # bytes that come into the cache together

_disk = SimpleNamespace(usable=True)

# In the driver's own arithmetic, which is the sum over a block, the order of additions is free: so the
# sum is vectorised too. The order is fixed when compiled, whatever the thread. Kernels keep theirs.
OPTIONS: Any = {"nogil": True, "error_model": "numpy", "fastmath": {"contract", "reassoc", "nsz"}}


@cache
def driver(loss: Loss, target_is_row: bool, single: bool, holds: tuple[Callable[..., Any], ...],
           constants: tuple[Any, ...] = ()) -> Callable[..., Any]:
    """The compiled loop of a loss, for float64 or for single precision; machine code is made, or loaded,
    when it first meets its arguments. constants: what `split` found."""
    for_rows = loss.kernel_for_rows if target_is_row else None
    kernel = for_rows or loss.kernel
    build = import_module(".rows" if for_rows else f".{loss.family.driver}", __package__).build
    if single:
        kernel, build = _shortened(kernel), _shortened(build)
    parts = [function for f in (kernel, *holds, total, build) for function in _with_helpers(f)]
    if constants:
        kernel = _with_constants(kernel, constants)
        parts.append(kernel)
    for function in parts:
        _allow(function)
    walk = build(kernel, holds, total, _fingerprint(parts) + repr(constants), for_rows is not None)
    if config.DISABLE_JIT:  # type: ignore[attr-defined]    # plain Python, for a debugger
        return np.errstate(all="ignore")(walk)
    # numba numbers the files of all that has one name, and two processes that compile at once take the same
    # number twice: one may then run what the other wrote. So no two losses have one name.
    walk.__qualname__ = f"{loss.name}_{'float32' if single else 'float64'}"
    try:
        return numba.njit(walk, **OPTIONS, cache=_disk.usable)
    except RuntimeError:                             # nowhere to write: compile in every process
        return numba.njit(walk, **OPTIONS)


def machine_code(walk: Any, *arguments: Any) -> Callable[..., Any]:
    """The machine code of a driver for arguments of these types. To call it, and not the driver, saves numba
    a look at the type of each argument, which takes longer than a short loop."""
    if not isinstance(walk, Dispatcher):             # plain Python, for a debugger
        return walk
    types = tuple([numba.typeof(x) for x in arguments])
    walk.compile(types)
    code: Callable[..., Any] = walk.get_overload(types)
    return code


def split(loss: Loss, settings: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The settings that a driver is given, and those that are compiled into it: the usual ones, if they all
    have their defaults. What they leave out then costs no time."""
    n = len(settings) - loss.usual
    if loss.usual and settings[n:] == loss.default_settings[n:]:
        return settings[:n], settings[n:]
    return settings, ()


def _with_constants(kernel: Callable[..., Any], constants: tuple[Any, ...]) -> Any:
    return lambda *arguments: kernel(*arguments, *constants)


@cache
def _shortened(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, except that it calls those of vmath32 where it names those of vmath. There is but
    one of each: what kernels share is compiled once."""
    assert isinstance(function, FunctionType)
    short = {name: getattr(vmath32, name, f) if f.__module__ == vmath.__name__ else _shortened(f)
             for name, f in _helpers(function)}
    if all(f is function.__globals__[name] for name, f in short.items()):
        return function
    changed = FunctionType(function.__code__, {**function.__globals__, **short}, function.__name__,
                           function.__defaults__, function.__closure__)
    changed.__dict__.update(function.__dict__)
    return changed


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
        if f not in found:
            found.add(f)
            waiting += [helper for _, helper in _helpers(f)]
            yield f


@overload(prefetch, inline="always")
def _prefetch(x: Any) -> Any:
    def each_line(x: Any) -> Any:
        for i in range(0, x.size, LINE // x.itemsize):
            _prefetch_at(x, i)  # type: ignore[call-arg]
    return each_line


@intrinsic
def _prefetch_at(context: Any, array: Any, index: Any) -> Any:
    """The processor's own word for it: fetch the line of memory with x[i] into the cache, to be written."""
    def fetch(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = context.make_array(signature.args[0])(context, builder, args[0]).data
        place = builder.bitcast(builder.gep(data, [args[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        call = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        word = builder.module.declare_intrinsic("llvm.prefetch", [place.type], call)
        builder.call(word, [place, number(1), number(2), number(1)])     # to write, second-level, data
        return context.get_dummy_value()
    return numba.types.none(array, index), fetch


def _helpers(function: FunctionType) -> Iterator[tuple[str, FunctionType]]:
    """The plain Python functions that a function, or one within it, calls by a global name."""
    waiting = [function.__code__]
    while waiting:
        code = waiting.pop()
        waiting += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
        for name in code.co_names:
            f = function.__globals__.get(name)
            if isinstance(f, FunctionType) and f not in HINTS and not _belongs_to_numpy(f):
                yield name, f


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
