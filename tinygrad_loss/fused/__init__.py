"""The bridge from a kernel to a Tensor: run it over the arrays and keep the slopes it found.

A fused loss is a single node of the graph. Its value and its gradient come from one pass over the
data; `backward` has nothing left to do but multiply, and not even that when 1 arrives from above. A
gradient that shall itself be differentiated is left to the composed path.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine import Tensor, grad, is_recording, primitive

if TYPE_CHECKING:
    from ..losses.loss import Call


def run(call: Call) -> Tensor:
    """The value of a loss as a Tensor that already knows its gradient."""
    from .compile import driver                              # numba is loaded at the first call
    from .threads import run_blocks

    loss, inputs = call.loss, call.inputs
    arrays = [np.ascontiguousarray(x) for x in inputs]
    if loss.family.driver == "elementwise":
        arrays = [x.reshape(-1) for x in arrays]
    differentiated = tuple(inputs[:loss.family.differentiated])
    wanted = is_recording() and any(isinstance(x, Tensor) and x.requires_grad for x in differentiated)
    slopes = [np.empty_like(x) if wanted else None for x in arrays[:len(differentiated)]]
    dtype = np.result_type(*(x.dtype for x in arrays if x.dtype.kind == "f"))
    losses = np.empty(len(arrays[0]), dtype) if call.reduction == "none" else None
    weight = None if call.weight is None else np.ascontiguousarray(call.weight, np.float64).reshape(-1)
    scale = 1.0 / call.divisor if call.reduction == "mean" else 1.0

    total, ok = run_blocks(driver(loss, arrays[1].ndim == arrays[0].ndim), arrays, slopes, weight, scale,
                           losses, tuple(call.settings.values()))
    if not ok:
        loss.check_elements(inputs)                          # says which element, and raises
    value = total * scale if losses is None else losses.reshape(call.items)
    if not wanted:
        return Tensor(value, dtype=dtype)
    rules = [_rule(call, i, s) for i, s in enumerate(slopes)]
    tensors = tuple(x if isinstance(x, Tensor) else Tensor(x) for x in differentiated)
    return primitive(driver, *rules, name=loss.name).node(np.asarray(value, dtype), tensors)


def _rule(call: Call, i: int, slope: Any) -> Callable[..., Tensor]:
    """The gradient of input i: the kernel's slope times what arrives from above."""
    def vjp(g: Tensor, y: Tensor, *inputs: Tensor) -> Tensor:
        if is_recording():
            again = (*inputs, *call.inputs[len(inputs):])
            return grad(call.composed(*again), [inputs[i]], g, create_graph=True)[0]
        if g.size == 1 and g.item() == 1.0:
            return Tensor(slope.reshape(inputs[i].shape))
        items = g.data if g.ndim == 0 else g.data.reshape(-1, *[1] * (slope.ndim - 1))
        return Tensor((items * slope).reshape(inputs[i].shape))
    return vjp
