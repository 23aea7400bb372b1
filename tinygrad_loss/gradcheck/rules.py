"""Which operation of a program of Tensors is to blame: for a wrong gradient, or for the first nan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..engine import Tensor, no_grad, recording
from .programs import Program, random, tensors
from .witnesses import Witness


def wrong_rule(f: Callable[..., Any], inputs: Sequence[np.ndarray], at: list[int]) -> str:
    """The first operation whose rule disagrees with the differences of its own forward function."""
    for y in reversed(operations(f, inputs, at)):
        op, arrays, rng = y._op, [x.data for x in y._inputs], np.random.default_rng(0)
        above = random(rng, y.shape)
        for k, x in enumerate(y._inputs):
            if not x.requires_grad or k >= len(op.vjps):
                continue

            def value(xs: Sequence[np.ndarray], y: Tensor = y, above: Any = above) -> float:
                with no_grad():
                    made = y._op(*map(Tensor, xs), *y._settings)
                return float((made.data * above).sum())
            with no_grad():                                  # else a kernel's slope is not asked for
                dx = _unbroadcast(op.vjps[k](Tensor(above), y, *y._inputs, *y._settings).numpy(), x.shape)
            numbered = [f"input {i}" for i in range(len(arrays))]
            alone = Program(op.name, arrays, numbered, {}, [k], value, lambda xs: [], y.shape, None, None)
            if dx.shape != x.shape:
                return f"the rule of {op.name} for its input {k} has the wrong shape"
            found = Witness(alone, k, dx, rng).evidence()
            if any(e.is_wrong for e in found.elements) or max(found.astray, default=0.0) > 1:
                return f"the rule of {op.name} for its input {k} is wrong by itself"
    return ""


def birthplace(f: Callable[..., Any], inputs: Sequence[np.ndarray], at: list[int]) -> str:
    """The operation and the element where the first number was born that is inf or nan."""
    made = operations(f, inputs, at)
    for y in reversed(made):                           # forward, oldest first
        place = _first_bad(y.data)
        if place is not None and all(np.isfinite(x.data).all() for x in y._inputs):
            return f"{y._op.name} made {y.data[place]} at {list(place)}, from finite numbers"
    gradients = {id(made[0]): Tensor(np.ones(made[0].shape))} if made else {}
    token = recording.set(False)
    try:
        for y in made:
            g = gradients.get(id(y))
            for k, x in enumerate(y._inputs):
                if g is None or not x.requires_grad:
                    continue
                dx = y._op.vjps[k](g, y, *y._inputs, *y._settings)
                place = _first_bad(dx.data)
                if place is not None and np.isfinite(g.data).all():
                    return (f"the rule of {y._op.name} for its input {k} made {dx.data[place]} at "
                            f"{list(place)}")
                if dx.shape == x.shape:
                    gradients[id(x)] = gradients[id(x)] + dx if id(x) in gradients else dx
    finally:
        recording.reset(token)
    return ""


def operations(f: Callable[..., Any], inputs: Sequence[np.ndarray], at: list[int]) -> list[Tensor]:
    """All Tensors that were made on the way to the result, newest first."""
    result = f(*tensors(inputs, at))
    found, waiting = {id(result): result}, [result]
    while waiting:
        new = [x for x in waiting.pop()._inputs if id(x) not in found]
        found.update((id(x), x) for x in new)
        waiting += new
    return sorted([y for y in found.values() if y._op is not None], key=lambda y: -y._order)


def _first_bad(x: np.ndarray) -> tuple[int, ...] | None:
    bad = np.argwhere(~np.isfinite(x))
    return tuple(int(i) for i in bad[0]) if len(bad) else None


def _unbroadcast(g: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """g summed over the axes that broadcasting made, as the engine does it for every rule."""
    g = g.sum(tuple(range(g.ndim - len(shape)))) if g.ndim > len(shape) else g
    axes = tuple(i for i, n in enumerate(shape) if n == 1 and g.shape[i] != 1)
    return g.sum(axes, keepdims=True) if axes else g
