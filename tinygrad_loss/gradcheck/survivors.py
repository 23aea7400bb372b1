"""Would our own tests notice a bug in our own kernels? Each loss gets one after the other, and the laws are
asked.

A bug is planted where all kernels deliver: between the driver that ran them and the Tensor that is made of
what they left. The first law that is broken is the test that would have caught it; a bug that breaks none
has survived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..fused import load
from ..losses.loss import Loss

Slopes = list[np.ndarray]


def _branch(slopes: Slopes) -> None:
    for d in slopes:
        d[np.abs(d) > 0.5 * np.max(np.abs(d), initial=0.0)] = 0.0


def _rows(slopes: Slopes) -> None:
    for d in slopes:
        d[:] = np.roll(d, 1, 0 if len(d) > 1 else -1)


def _times(factor: float) -> Callable[[Slopes], None]:
    def change(slopes: Slopes) -> None:
        for d in slopes:
            d *= factor
    return change


BUGS: dict[str, Callable[[Slopes], None]] = {
    "sign turned": _times(-1.0), "twice": _times(2.0), "half": _times(0.5), "zero": _times(0.0),
    "1 % too large": _times(1.01), "a branch dropped": _branch, "one row off": _rows}


class Fate(NamedTuple):
    """A bug in a kernel's slopes, and the law that it broke first; none if it survived."""

    loss: str
    bug: str
    law: str


def fates(loss: Loss) -> Iterator[Fate]:
    """What becomes of every bug in this loss."""
    from ..testing import LAWS, cases
    case = next(cases(loss))
    for name, change in BUGS.items():
        with spoilt(change):
            yield Fate(loss.name, name, next((law.__name__ for law in LAWS if _breaks(law, case)), ""))


def _breaks(law: Callable[[Any], None], case: Any) -> bool:
    try:
        law(case)
    except AssertionError:
        return True
    return False


@contextmanager
def spoilt(change: Callable[[Slopes], None]) -> Iterator[None]:
    """Every fused gradient is changed, as if its kernel had computed that."""
    bridge = load()
    runner = bridge.runner

    def wrong(run: Callable[..., Any], walk: Any, arrays: Any, slopes: Any, *rest: Any) -> Any:
        found = run(walk, arrays, slopes, *rest)
        change([d for d in slopes if d is not None and d.size])
        return found
    bridge.runner = lambda loss: partial(wrong, runner(loss))
    try:
        yield
    finally:
        bridge.runner = runner
