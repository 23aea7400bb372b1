"""The limit: loops that read and write the same bytes as a loss and its gradient, and compute nothing.

Every input is read once; where an input has a gradient, an array of its size is written. Ordinary
threads run the compiled loops, each over its part, because OpenMP's threads go on spinning after
the work and would disturb whoever is measured next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numba
import numpy as np

from ..fused.threads import Helpers

Loop = tuple[Callable[..., Any], tuple[np.ndarray, ...]]     # a compiled loop and its arrays


def _add(x: Any, y: Any, out: Any) -> None:
    for i in range(out.size):
        out[i] = x[i] + y[i]


def _double(x: Any, out: Any) -> None:
    for i in range(out.size):
        out[i] = x[i] + x[i]


def _read(x: Any) -> Any:
    total = 0
    for i in range(x.size):
        total ^= x[i]                                        # whole numbers: any order will do
    return total


add, double, read = (numba.njit(nogil=True)(loop) for loop in (_add, _double, _read))


def loops(inputs: Sequence[np.ndarray], outputs: Sequence[np.ndarray]) -> list[Loop]:
    """The loops that read all the inputs and write all the outputs, each once."""
    written, rest = inputs[:len(outputs)], list(inputs[len(outputs):])
    found: list[Loop] = []
    for x, out in zip(written, outputs, strict=True):
        partner = next((i for i, y in enumerate(rest) if y.size == x.size and y.dtype == x.dtype), None)
        found.append((double, (x, out)) if partner is None else (add, (x, rest.pop(partner), out)))
    return found + [(read, (y.view(f"i{y.dtype.itemsize}"),)) for y in rest]     # bytes as whole numbers


def mover(inputs: Sequence[np.ndarray], n_gradients: int, threads: int) -> Callable[[], None]:
    """A call that moves the bytes."""
    flat = [x.ravel() for x in inputs]
    return _run(loops(flat, [np.empty_like(x) for x in flat[:n_gradients]]), threads)


def allocating_mover(inputs: Sequence[np.ndarray], n_gradients: int, threads: int) -> Callable[[], None]:
    """The same, but each call makes new arrays for what it writes, as a caller of a loss expects."""
    flat = [x.ravel() for x in inputs]
    kept: list[np.ndarray] = []

    def call() -> None:
        kept.clear()                                         # as `pred.grad = None` does
        kept.extend(np.empty_like(x) for x in flat[:n_gradients])
        _run(loops(flat, kept), threads)()

    return call


def _run(work: list[Loop], threads: int) -> Callable[[], None]:
    """A call of all the loops, each thread over its part of every array."""
    mine, *others = [[(loop, _part(arrays, i, threads)) for loop, arrays in work] for i in range(threads)]

    def part(loops_of_one: list[Loop]) -> None:
        for loop, arrays in loops_of_one:
            loop(*arrays)

    def call() -> None:
        running = [_helpers().submit(part, other) for other in others]
        part(mine)
        for job in running:
            job.result()

    return call


def _part(arrays: tuple[np.ndarray, ...], i: int, parts: int) -> tuple[np.ndarray, ...]:
    return tuple([x[x.size * i // parts:x.size * (i + 1) // parts] for x in arrays])


@cache
def _helpers() -> Helpers:
    return Helpers()
