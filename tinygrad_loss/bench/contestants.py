"""Who is measured: our two paths, NumPy by hand, and the limit. The peers are in `peers.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..engine import Tensor
from .by_hand import BY_HAND
from .cases import Case

LARGE = 10**5                                                # elements, from where on new memory matters
Answer = tuple[float, list[np.ndarray]]                      # a value and its gradients


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
    options = {} if path == "fused" else {"path": path}

    def run() -> Tensor:
        pred.grad = None
        value = loss(*inputs, **options)
        value.backward()
        return value

    def run_all() -> Tensor:
        for tensor in tensors:
            tensor.grad = None
        value = loss(*inputs, **options)
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
    """Moving the same bytes: into an array that is there, and into a new one each time."""
    from . import limit
    n = case.n_gradients
    found = [Contestant("limit", limit.mover(arrays, n, threads), None)]
    if arrays[0].size >= LARGE:
        found.append(Contestant("limit, new array", limit.allocating_mover(arrays, n, threads), None))
    return found
