"""The bridge from a kernel to a Tensor: run it over the arrays and keep the slopes it found.

A fused loss is a single node of the graph. Its value and its gradient come from one pass over the
data; `backward` has nothing left to do but multiply, and not even that when 1 arrives from above. A
gradient that shall itself be differentiated is left to the composed path.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arraylike import FLOAT32
from ..engine import Tensor, grad, primitive, recording
from . import buffers, overlap
from .batch import run_passes
from .compile import driver, forget_disk, split
from .threads import run_blocks

if TYPE_CHECKING:
    from ..losses.loss import Call, Loss

LARGEST_FLOAT32 = 3.4e38


def run(call: Call) -> Tensor:
    """The value of a loss as a Tensor that already knows its gradient."""
    loss, inputs = call.loss, call.inputs
    differentiated = inputs[:loss.family.differentiated]
    wanted = call.wants_gradient(differentiated)
    arrays = [_flat(x, loss.family.flat, call.dtype) for x in inputs]
    weight = None if call.weight is None else _flat(call.weight, True, np.dtype(np.float64))
    slopes, weight, losses = (_buffers if loss.family.flat else _or_nothing)(call, arrays, weight, wanted)
    scale = 1.0 / call.divisor

    settings, constants = split(loss, call.settings)
    rest = _three(arrays), _three(slopes), weight, scale, losses, settings
    single = call.dtype == FLOAT32
    target_is_row = arrays[1].ndim == arrays[0].ndim or bool(loss.softens and loss.softens(*call.settings))
    run_all = runner(loss)
    holds = overlap.tests(loss, call.settings) if run_all is overlap.run else loss.holds(call.settings)
    which = loss, target_is_row, single, holds, constants
    try:
        total, ok = run_all(driver(*which), *rest)
    except OSError:                                          # the disk's cache cannot be used after all
        forget_disk()
        total, ok = run_all(driver(*which), *rest)
    if not ok:
        call.check_elements()                                # says which element, and raises
    value = losses.reshape(call.items) if call.reduction == "none" else rounded(total * scale, call.dtype)
    if not wanted:
        return Tensor(value)
    tensors = tuple([x if isinstance(x, Tensor) else Tensor(x) for x in differentiated])
    return node(loss).node(value, tensors, (lambda: call, slopes))


@cache
def runner(loss: Loss) -> Callable[..., tuple[float, bool]]:
    """What runs the driver of a loss over all blocks."""
    several = {"batch": run_passes, "views": run_passes, "overlap": overlap.run}
    return several.get(loss.family.driver, run_blocks)


Buffers = tuple[list[Any], Any, Any]


def _buffers(call: Call, arrays: list[np.ndarray], weight: Any, wanted: bool) -> Buffers:
    """Slopes, weights and losses for an elementwise driver: None is compiled for itself. To keep such cases
    few, a call with weights or with single losses gets everything."""
    each = call.reduction == "none"
    weight = np.ones(len(arrays[0])) if each and weight is None else weight
    wanted = wanted or weight is not None
    slopes = [buffers.empty(x.size, x.dtype) if wanted else None
              for x in arrays[:call.loss.family.differentiated]]
    return slopes, weight, buffers.empty(len(arrays[0]), call.dtype) if each else None


def _or_nothing(call: Call, arrays: list[np.ndarray], weight: Any, wanted: bool) -> Buffers:
    """The same for all other drivers, where an empty array says that something is not wanted."""
    slopes = [buffers.empty(x.size, x.dtype).reshape(x.shape) if call.wants_gradient([given])
              else np.empty((0,) * x.ndim, x.dtype)
              for x, given in zip(arrays, call.inputs[:call.loss.family.differentiated], strict=False)]
    losses = buffers.empty(len(arrays[0]) if call.reduction == "none" else 0, call.dtype)
    return slopes, np.empty(0) if weight is None else weight, losses


def rounded(x: float, dtype: np.dtype[Any]) -> np.ndarray:
    """x as an array of one number. What float32 cannot hold is inf there, and no reason for a warning."""
    if abs(x) < LARGEST_FLOAT32:
        return np.array(x, dtype)
    with np.errstate(over="ignore"):
        return np.array(x, dtype)


def _flat(x: Any, flat: bool, dtype: np.dtype[Any]) -> np.ndarray:
    """The numbers of x in C order, and floats of one type, as if a mixture were compiled for itself; a copy
    only where they are not."""
    array = x.data if isinstance(x, Tensor) else x
    array = array.ravel() if flat else np.ascontiguousarray(array)
    if array.dtype.kind == "f":
        array = array.astype(dtype, copy=False)
    return array if array.flags.writeable else np.asarray(_Unlocked(array))


class _Unlocked:
    """The memory of a read-only array. numba would compile everything once more for such arrays, in case
    a kernel wrote to its inputs; ours never do."""

    def __init__(self, array: np.ndarray) -> None:
        address, _ = array.__array_interface__["data"]
        self.__array_interface__ = {**array.__array_interface__, "data": (address, False)}
        self.array = array                                   # keeps the memory alive


def _three(arrays: list[Any]) -> list[Any]:
    """As many as a driver takes at least; None says that the loss has no more."""
    return arrays + [None] * (3 - len(arrays))


@cache
def node(loss: Loss) -> primitive:
    """The graph's view of a fused loss: its rules look up the slopes that the kernel left."""
    rules = [_rule(i) for i in range(loss.family.differentiated)]
    return primitive(_again, *rules, name=loss.name)


def _again(*args: Any) -> np.ndarray:
    """The value for other inputs, all else as in the call: what a check of this node alone asks for."""
    *arrays, prepare, _ = args
    call = copy(prepare())
    call.inputs = [*arrays, *call.inputs[len(arrays):]]
    return run(call).data


def _rule(i: int) -> Callable[..., Tensor]:
    """The gradient of input i: the kernel's slope times what arrives from above."""
    def vjp(g: Tensor, y: Tensor, *rest: Any) -> Tensor:
        prepare, slopes = y._settings
        if recording.get():
            call = prepare()
            again = (*rest[:-2], *call.inputs[len(slopes):])
            return grad(call.composed(*again), [again[i]], g, create_graph=True)[0]
        slope, above, x = slopes[i], g.data, y._inputs[i].data
        if above.ndim or above.item() != 1.0 or slope.dtype != x.dtype:
            with np.errstate(all="ignore"):                  # one number, or one for each item
                slope = (slope * above.reshape(-1, *[1] * (slope.ndim - 1))).astype(x.dtype, copy=False)
        return Tensor(slope if slope.shape == x.shape else slope.reshape(x.shape))
    return vjp
