"""The composed path of a long batch, piece by piece.

The loss of a batch is a sum over its items, and the gradient of a sum is the sum of the gradients. So each
piece is a program of its own: composed, differentiated by the engine, and forgotten. The thirty arrays that
it makes on its way stay in the cache, where those of the whole batch would be gigabytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import numerics as nx
from ..engine import Tensor, grad, primitive, recording

if TYPE_CHECKING:
    from .loss import Call, Loss

PIECE = 1 << 16                               # elements: fewer, and the engine's own work would show


def is_long(call: Call) -> bool:
    """Are there several pieces, and is no more than their sum wanted? A formula without a kernel may mix the
    items of its batch; with one it cannot, since a kernel sees one item at a time."""
    apart = call.items and call.loss.kernel and not call.loss.family.coupled
    return bool(apart) and call.inputs[0].size >= 2 * PIECE and call.reduction != "none"


def run(call: Call) -> Tensor:
    """The value of a loss as a Tensor that already knows its gradient."""
    given = call.inputs if call.weight is None else [*call.inputs, call.weight]
    arrays = [_by_item(np.asarray(x), call.loss.family.flat) for x in given]
    asked = [k for k, x in enumerate(given) if call.wants_gradient([x])]
    slopes = [np.empty_like(arrays[k]) for k in asked]
    total = 0.0
    for here in _pieces(arrays[0]):
        part: list[Any] = [Tensor(x[here], k in asked) if x.dtype.kind == "f" else x[here]
                           for k, x in enumerate(arrays)]
        value = _with_inputs(call, part).composed()
        total += value.item()
        if asked:
            for slope, g in zip(slopes, grad(value, [part[k] for k in asked]), strict=True):
                slope[here] = g.data
    value = nx.quietly(np.asarray, total, call.dtype)
    slopes = [slope.reshape(given[k].shape) for k, slope in zip(asked, slopes, strict=True)]
    inputs = tuple([given[k] for k in asked])
    return _node(call.loss, len(asked)).node(value, inputs, (call, asked, slopes)) if asked else Tensor(value)


def _by_item(x: np.ndarray, flat: bool) -> np.ndarray:
    """x with an entry of its first axis for each item."""
    return x.reshape(-1) if flat else x


def _pieces(x: np.ndarray) -> Iterator[slice]:
    step = max(1, PIECE * len(x) // x.size)
    for start in range(0, len(x), step):
        yield slice(start, start + step)


def _with_inputs(call: Call, given: list[Any]) -> Call:
    """The same call of other inputs, with their weight if it has one."""
    other, n = copy(call), len(call.inputs)
    other.inputs, other.items = given[:n], given[0].shape if call.loss.family.flat else given[0].shape[:1]
    other.weight = None if call.weight is None else given[n].reshape(other.items)
    return other


@cache
def _node(loss: Loss, n: int) -> primitive:
    """The graph's view of all pieces: its rules look up what they left."""
    return primitive(_again, *[_rule(i) for i in range(n)], name=loss.name)


def _again(*args: Any) -> np.ndarray:
    """The value for other inputs, all else as in the call: what a check of this node alone asks for."""
    *arrays, call, asked, _ = args
    given = [*call.inputs, call.weight]
    for k, x in zip(asked, arrays, strict=True):
        given[k] = x
    return _with_inputs(call, given).composed().data


def _rule(i: int) -> Callable[..., Tensor]:
    """The gradient of input i: what the pieces found, times what arrives from above."""
    def vjp(g: Tensor, y: Tensor, *inputs_and_settings: Any) -> Tensor:
        call, asked, slopes = y._settings
        if recording.get():                                  # to be differentiated again: the whole program
            return grad(call.composed(), [y._inputs[i]], g, create_graph=True)[0]
        return Tensor(slopes[i] if g.item() == 1.0 else nx.quietly(np.multiply, slopes[i], g.data))
    return vjp
