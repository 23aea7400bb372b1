"""Who is measured: our two paths, NumPy by hand, and the limit. The peers are in `peers.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from ..engine import Tensor
from .by_hand import BY_HAND
from .cases import Case

LARGE = 10**5                                                # elements, from where on new memory matters
LIMIT, NEW_ARRAY, ON = "limit", "limit, new array", " on "
Answer = tuple[float, list[np.ndarray]]                      # a value and its gradients


class Timing(NamedTuple):
    """How long one contestant takes, in seconds per call."""

    median: float
    lower: float                              # quartiles
    upper: float
    rounds: int
    calls: int                                # in each round
    first: float                              # the first call of all


class Contestant(NamedTuple):
    """Somebody who computes a loss and its gradient."""

    name: str
    run: Callable[[], Any]                                   # what is timed
    answer: Callable[[Any], Answer] | None                   # what `run` returned; None: no loss at all


def ours(case: Case, arrays: Sequence[np.ndarray], path: str) -> Contestant:
    """The public API, called as users call it; the Tensors are made beforehand."""
    loss, n = case.loss, case.n_gradients
    tensors = [Tensor(x, requires_grad=True) for x in arrays[:n]]
    pred, inputs = tensors[0], [*tensors, *arrays[n:]]
    call = loss if path == "fused" else partial(loss, path=path)

    def run() -> Tensor:
        pred.grad = None
        value = call(*inputs)
        value.backward()
        return value

    def run_all() -> Tensor:
        for tensor in tensors:
            tensor.grad = None
        value = call(*inputs)
        value.backward()
        return value

    def answer(value: Tensor) -> Answer:
        return value.item(), [np.asarray(tensor.grad) for tensor in tensors]

    return Contestant(path, run if n == 1 else run_all, answer)


def by_hand(case: Case, arrays: Sequence[np.ndarray]) -> Contestant | None:
    """NumPy by hand, for the losses that have it."""
    function = BY_HAND.get(case.loss.name)
    if function is None:
        return None
    return Contestant("numpy", lambda: function(*arrays), lambda found: (float(found[0]), list(found[1:])))


def limits(case: Case, arrays: Sequence[np.ndarray], threads: int) -> list[Contestant]:
    """Moving the same bytes, into an array that is there and into a new one each time; on one thread
    and on all, because which is faster shows in the race only."""
    from . import limit
    n, large = case.n_gradients, arrays[0].size >= LARGE
    makers = {LIMIT: limit.mover, NEW_ARRAY: limit.allocating_mover} if large else {LIMIT: limit.mover}
    return [Contestant(f"{name}{ON}{k}", make(arrays, n, k), None)
            for name, make in makers.items() for k in sorted({1, threads if large else 1})]


def with_best_limits(timings: dict[str, Timing]) -> dict[str, Timing]:
    """Of one thread and of all, the faster alone."""
    best: dict[str, Timing] = {}
    for name, timing in sorted(timings.items(), key=lambda item: item[1].median):
        best.setdefault(name.partition(ON)[0], timing)
    return best
