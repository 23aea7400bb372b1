"""Blocks of work on all cores, with the same bits for any number of them.

The work is cut into blocks of a fixed size. Each block leaves one partial sum, and the partial sums
are added in order, so that the result does not depend on who did which block. Compiled drivers
release Python's lock, so ordinary threads are enough: any number of callers may call at once, and a
forked child simply makes threads of its own.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np

BLOCK = 2048                                  # elements in a block: its scratch stays in the cache
SERIAL = 1 << 17                              # below this many elements, waking a thread costs more


def run_blocks(walk: Callable[..., Any], arrays: list[Any], slopes: list[Any], weight: Any,
               scale: float, losses: Any, settings: tuple[Any, ...], work: int = 0) -> tuple[float, bool]:
    """Run `walk` over all items. Returns the sum of their losses, and whether all were allowed. `work`: how
    many elements would take as long, where it is more than there are."""
    size, n_items = arrays[0].size, len(arrays[0])
    if size <= BLOCK:                                       # one block, no thread
        partial = np.zeros(1)
        ok = walk(0, min(n_items, 1), max(n_items, 1), *arrays, *slopes, weight, scale, losses, partial,
                  settings)
        return partial.item(), ok
    per_block = items_per_block(n_items, size)
    return share_out(walk, -(-n_items // per_block), per_block, threads_for(max(size, work)),
                     arrays, slopes, weight, scale, losses, settings)


def items_per_block(n_items: int, size: int) -> int:
    """How many items go into a block; all of them, where they are few."""
    return n_items if size <= BLOCK else max(1, BLOCK * n_items // size)


def threads_for(work: int) -> int:
    """How many threads so many elements are worth."""
    return 1 if work < SERIAL else _cores()


def share_out(walk: Callable[..., Any], n_blocks: int, per_block: int, n_threads: int, arrays: list[Any],
              slopes: list[Any], weight: Any, scale: float, losses: Any, settings: tuple[Any, ...]
              ) -> tuple[float, bool]:
    """The same for so many blocks of so many items each, on so many threads."""
    partials = np.zeros(n_blocks)
    rest = (per_block, *arrays, *slopes, weight, scale, losses, partials, settings)
    n_threads = min(n_threads, n_blocks)
    if n_threads == 1:
        ok = walk(0, n_blocks, *rest)
    else:
        bounds = [n_blocks * i // n_threads for i in range(n_threads + 1)]
        pool = helpers(os.getpid())
        others = [pool.submit(walk, start, stop, *rest)
                  for start, stop in zip(bounds[1:], bounds[2:], strict=False)]
        ok = walk(0, bounds[1], *rest)
        ok = all([ok, *(other.result() for other in others)])
    return float(partials.sum()), ok


def _cores() -> int:
    """How many cores this process may use; NUMBA_NUM_THREADS asks for fewer."""
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(available, int(os.environ.get("NUMBA_NUM_THREADS", available)))


class Helpers:
    """Threads that stand by for the one that calls.

    The system likes to wake a thread on the core of the one that wakes it. If that one goes on working, as it
    does here, both may share a core for milliseconds while another is idle: longer than most calls take. So
    before they are woken, helpers are sent away from the caller's core, where the system allows that."""

    def __init__(self) -> None:
        self._threads: dict[int, set[int]] = {}              # by number: the cores it may use
        self._pool = ThreadPoolExecutor(_cores(), "tinygrad_loss", self._introduce)

    def _introduce(self) -> None:
        self._threads[threading.get_native_id()] = set()

    def submit(self, function: Callable[..., Any], *args: Any) -> Future[Any]:
        """function(*args) on another thread, on another core."""
        if here := _core():
            elsewhere = os.sched_getaffinity(0) - here
            for thread, cores in self._threads.copy().items():
                if cores != elsewhere:
                    self._threads[thread] = elsewhere
                    with suppress(OSError):                  # it is a wish, and may be refused
                        os.sched_setaffinity(thread, elsewhere)
        return self._pool.submit(function, *args)


@cache
def helpers(process: int) -> Helpers:
    """The helpers of this process; a forked child has another number and makes its own."""
    return Helpers()


def _core() -> set[int]:
    """The core that runs this; none if the system does not say."""
    return {_sched_getcpu()} if _sched_getcpu and hasattr(os, "sched_setaffinity") else set()


_sched_getcpu = getattr(ctypes.PyDLL(None), "sched_getcpu", None) if os.name == "posix" else None
