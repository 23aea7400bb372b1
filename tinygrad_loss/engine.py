"""Reverse-mode automatic differentiation of NumPy arrays, in one file.

A `Tensor` is an array that remembers how it was made. Every operation notes its inputs; `grad`
walks these notes from the newest to the oldest and applies, at each step, the derivative rule that
stands beside the operation.

How to read a rule. `tanh = primitive(np.tanh, lambda g, y, x: ...)` is the whole of tanh: what it
computes, then one rule for each input. In every rule

    g        the gradient that arrives from above: d(result of the whole program) / dy
    y        what the operation returned
    a, b, x  its inputs, as Tensors; its settings (axis, keepdims ...) follow by name

and the rule returns the gradient for that input, "g times dy/dx". Rules are written in Tensor
operations, so the derivative of a derivative needs no further code.

Where a function has a corner, the rule picks one slope, the same on the fused path: max and min
split a tie equally; abs, relu and norm have slope 0 at 0; clip has slope 1 on its bounds.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from heapq import heappop, heappush
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from . import numerics as nx
from .arraylike import ArrayLike, floats, is_number

_clock = itertools.count()                     # the order of creation is a topological order
recording = ContextVar("recording", default=True)                # False inside no_grad; per thread


# ------------------------------------------------------------------------------------------ Tensor

class Tensor(ArrayLike):
    """An array of real numbers that can be differentiated.

    `data` is a number, a nested list or an array. float32 and float64 are kept, float16 becomes
    float32, integers and booleans become float64. An array is shared, not copied, and never written
    to. With `requires_grad`, `backward()` leaves the gradient in `.grad`, a Tensor or None.
    Raises TypeError for data that are not real numbers.
    """

    __slots__ = ("_inputs", "_op", "_order", "_settings", "grad", "requires_grad")

    def __init__(self, data: Any, requires_grad: bool = False, dtype: Any = None) -> None:
        self.data = floats(data, dtype)
        self.requires_grad = requires_grad
        self.grad: Tensor | None = None
        self._op: Any = None                                        # None: a leaf, made by the user
        self._inputs: tuple[Tensor, ...] = ()
        self._settings: tuple[Any, ...] = ()
        self._order = next(_clock)

    def _describe(self) -> str:
        return f", made by {self._op.name}" if self._op else ", requires_grad=True" * self.requires_grad

    def detach(self) -> Tensor:
        """The same numbers without the history."""
        return Tensor(self.data)

    def backward(self, gradient: Any = None, create_graph: bool = False) -> None:
        """Add d self / d leaf to the `.grad` of every leaf that requires it.

        `gradient` arrives from above and has this Tensor's shape; only a single number may do
        without (then it is 1). With `create_graph` the gradients can be differentiated again.
        Raises ValueError if nothing requires a gradient or `gradient` is missing or misshapen.
        """
        for leaf, g in _sweep(self, gradient, create_graph).items():
            leaf.grad = g if leaf.grad is None else leaf.grad + g

    def __add__(a, b: Any) -> Tensor:        return add(a, b)
    def __radd__(b, a: Any) -> Tensor:       return add(a, b)
    def __sub__(a, b: Any) -> Tensor:        return sub(a, b)
    def __rsub__(b, a: Any) -> Tensor:       return sub(a, b)
    def __mul__(a, b: Any) -> Tensor:        return mul(a, b)
    def __rmul__(b, a: Any) -> Tensor:       return mul(a, b)
    def __truediv__(a, b: Any) -> Tensor:    return div(a, b)
    def __rtruediv__(b, a: Any) -> Tensor:   return div(a, b)
    def __pow__(a, b: Any) -> Tensor:        return power(a, b) if is_number(b) else pow_(a, b)
    def __rpow__(b, a: Any) -> Tensor:       return pow_(a, b)
    def __matmul__(a, b: Any) -> Tensor:     return matmul(a, b)
    def __rmatmul__(b, a: Any) -> Tensor:    return matmul(a, b)
    def __neg__(x) -> Tensor:                return neg(x)
    def __getitem__(x, index: Any) -> Tensor: return take(x, index)

    def exp(x) -> Tensor:                    return exp(x)
    def expm1(x) -> Tensor:                  return expm1(x)            # exp(x) - 1
    def log(x) -> Tensor:                    return log(x)
    def log1p(x) -> Tensor:                  return log1p(x)            # log(1 + x)
    def sqrt(x) -> Tensor:                   return sqrt(x)
    def tanh(x) -> Tensor:                   return tanh(x)
    def abs(x) -> Tensor:                    return abs_(x)
    def relu(x) -> Tensor:                   return relu(x)             # max(x, 0)
    def sigmoid(x) -> Tensor:                return sigmoid(x)          # 1 / (1 + exp(-x))
    def softplus(x) -> Tensor:               return softplus(x)         # log(1 + exp(x))
    def softmax(x, axis: Any = -1) -> Tensor:                  return softmax(x, axis)
    def log_softmax(x, axis: Any = -1) -> Tensor:              return log_softmax(x, axis)
    def clip(x, min: Any = None, max: Any = None) -> Tensor:   return clip(x, min, max)
    def sum(x, axis: Any = None, keepdims: bool = False) -> Tensor: return sum_(x, axis, keepdims)
    def max(x, axis: Any = None, keepdims: bool = False) -> Tensor: return max_(x, axis, keepdims)
    def min(x, axis: Any = None, keepdims: bool = False) -> Tensor: return -(-x).max(axis, keepdims)
    def norm(x, axis: Any = None, keepdims: bool = False) -> Tensor: return norm(x, axis, keepdims)
    def logsumexp(x, axis: Any = None, keepdims: bool = False) -> Tensor: return logsumexp(x, axis, keepdims)
    def mean(x, axis: Any = None, keepdims: bool = False) -> Tensor:
        return x.sum(axis, keepdims) / math.prod(x.shape[i] for i in _axes(x, axis))

    T = property(lambda x: x.transpose(), doc="The Tensor with its axes reversed.")
    mT = property(lambda x: x.transpose(*range(x.ndim)[:-2], -1, -2), doc="The last two swapped.")
    def broadcast_to(x, shape: Any) -> Tensor: return broadcast_to(x, shape)
    def reshape(x, *shape: Any) -> Tensor: return reshape(x, shape if np.ndim(shape[0]) == 0 else shape[0])
    def transpose(x, *axes: Any) -> Tensor:
        order = axes if axes and np.ndim(axes[0]) == 0 else axes[0] if axes else range(x.ndim)[::-1]
        return transpose(x, normalize_axis_tuple(order, x.ndim))


def _tensor(value: Any, dtype: Any = None) -> Tensor:
    return value if isinstance(value, Tensor) else Tensor(value, dtype=dtype)


# --------------------------------------------------------------------------------------- primitive

class primitive:
    """One operation: `forward` on arrays and, for each input, a rule on Tensors (its vjp).

    Called with the inputs, then the settings, in the order of `forward`'s arguments.
    """

    __slots__ = ("arity", "forward", "name", "pointwise", "selects", "vjps")

    def __init__(self, forward: Callable[..., Any], *vjps: Callable[..., Tensor], name: str = "",
                 selects: bool = False) -> None:
        self.forward, self.vjps, self.selects = forward, vjps, selects
        self.name = name or getattr(forward, "__name__", "an operation")
        self.pointwise = isinstance(forward, np.ufunc) or forward in nx.POINTWISE
        self.arity = max(len(vjps), getattr(forward, "nin", 1))

    def __call__(self, *args: Any) -> Tensor:
        inputs, settings = args[:self.arity], args[self.arity:]
        if any([type(x) is not Tensor for x in inputs]):
            like = next((x.dtype for x in inputs if isinstance(x, Tensor)), None)
            inputs = tuple([_tensor(x, like if is_number(x) else None) for x in inputs])
        try:
            data = nx.quietly(self.forward, *[x.data for x in inputs], *settings)
        except ValueError as error:
            shapes = " and ".join(str(x.shape) for x in inputs)
            problem = str(error).rstrip(" .")
            raise ValueError(f"{self.name} cannot take shape {shapes}: {problem}.") from None
        return self.node(data, inputs, settings)

    def node(self, data: Any, inputs: tuple[Tensor, ...], settings: tuple[Any, ...] = ()) -> Tensor:
        """`data` as a Tensor that remembers where it came from, if anybody may ask."""
        y = Tensor(data)
        if any([x.requires_grad for x in inputs]) and recording.get():
            y.requires_grad, y._op, y._inputs, y._settings = True, self, inputs, settings
        return y


@contextmanager
def no_grad() -> Iterator[None]:
    """Under `with no_grad():`, or in a function decorated `@no_grad()`, no history is kept."""
    token = recording.set(False)
    try:
        yield
    finally:
        recording.reset(token)


# -------------------------------------------------------------------------------------------- grad

def grad(output: Tensor, inputs: Sequence[Tensor], grad_output: Any = None,
         create_graph: bool = False) -> list[Tensor]:
    """The gradients d output / d input, each of its input's shape and dtype. Touches no `.grad`.

    `grad_output` arrives from above and has output's shape; only a single number may do without
    (then it is 1). With `create_graph` the gradients can be differentiated again, to any order. An
    input that does not influence the output gets zeros. Raises ValueError if an input or the output
    does not require a gradient, or if `grad_output` is missing or misshapen.
    """
    for i, x in enumerate(inputs):
        if not x.requires_grad:
            raise ValueError(f"inputs[{i}] needs to be made with Tensor(..., requires_grad=True).")
    found = _sweep(output, grad_output, create_graph, set(inputs))
    return [found[x] if x in found else Tensor(np.zeros_like(x)) for x in inputs]


def _sweep(output: Tensor, grad_output: Any, create_graph: bool,
           wanted: Collection[Tensor] = frozenset(), mending: bool = False) -> dict[Tensor, Tensor]:
    """Hand gradients down from each Tensor to its inputs, newest first, so that all of what arrives at one
    has arrived when its turn comes. Returns the gradients of leaves and of what else is `wanted`.
    Where a selection lies above, what was not taken passes nothing on: there 0 * nan is 0. To look for that
    takes time, so it is left to a second sweep, `mending`, if the first one found what is not finite."""
    mending = mending or create_graph
    gradients = {output: _seed(output, grad_output, create_graph)}
    waiting = [(-output._order, id(output), output)]         # id: a deep copy is as old as its original
    selective = False
    token = recording.set(create_graph)
    try:
        while waiting:
            y = heappop(waiting)[-1]
            op = y._op
            g = gradients[y] if op is None or y in wanted else gradients.pop(y)
            selective = selective or (op is not None and op.selects)
            for i, x in enumerate(y._inputs):
                if x.requires_grad:
                    if i >= len(op.vjps):
                        raise NotImplementedError(f"{op.name} has no derivative rule for input {i}.")
                    dx = op.vjps[i](g, y, *y._inputs, *y._settings)
                    if mending and selective and op.pointwise:
                        dx = where(nx.lost(dx.data, g.data), 0, dx)
                    fits = dx.data.shape == x.data.shape and dx.data.dtype is x.data.dtype
                    dx = dx if fits else _fit(dx, x, op)
                    if x not in gradients and x._op is not None:
                        heappush(waiting, (-x._order, id(x), x))
                    gradients[x] = gradients[x] + dx if x in gradients else dx
    finally:
        recording.reset(token)
    doubtful = selective and not mending and not all(np.isfinite(g.data).all() for g in gradients.values())
    return _sweep(output, grad_output, create_graph, wanted, mending=True) if doubtful else gradients


def _seed(output: Tensor, grad_output: Any, create_graph: bool) -> Tensor:
    """The gradient that starts the sweep."""
    if not output.requires_grad:
        raise ValueError("Nothing here requires a gradient; use Tensor(..., requires_grad=True).")
    if grad_output is None and output.data.size != 1:
        raise ValueError(f"A Tensor of shape {output.shape} needs the gradient from above, one "
                         "number for each element. Call .sum() or .mean() first to do without.")
    if grad_output is None:
        return Tensor(nx.one(output.data.shape, output.data.dtype))
    g = _tensor(grad_output) if create_graph else Tensor(grad_output)
    if g.shape != output.shape:
        raise ValueError(f"The gradient from above has shape {g.shape}, not {output.shape}.")
    return g if g.dtype == output.dtype else astype(g, output.dtype)


def _fit(g: Tensor, x: Tensor, op: primitive) -> Tensor:
    """g in the shape and dtype of x. This undoes broadcasting, once for all rules: the transpose of
    *broadcast* is *sum*."""
    if g.data.shape != x.data.shape:
        new = g.ndim - x.ndim                                 # axes that broadcasting put in front
        g = g.sum(tuple(i for i in range(g.ndim) if i < new or x.shape[i - new] != g.shape[i]))
        if g.size != x.size:
            raise ValueError(f"A rule of {op.name} gave a gradient not of shape {x.shape}.")
        g = g.reshape(x.shape)
    return g if g.data.dtype == x.data.dtype else astype(g, x.dtype)


# ------------------------------------------------------------------------------ the table of rules

def _axes(x: Tensor, axis: Any) -> Sequence[int]:
    return range(x.ndim) if axis is None else normalize_axis_tuple(axis, x.ndim)


def _regrow(y: Tensor, x: Tensor, axis: Any) -> Tensor:
    """Give y, which was x before it was reduced along axis, its lost axes back with length 1."""
    return y.reshape([1 if i in _axes(x, axis) else n for i, n in enumerate(x.shape)])


add  = primitive(np.add,         lambda g, y, a, b: g,         lambda g, y, a, b: g)
sub  = primitive(np.subtract,    lambda g, y, a, b: g,         lambda g, y, a, b: -g)
mul  = primitive(np.multiply,    lambda g, y, a, b: g * b,     lambda g, y, a, b: g * a)
div  = primitive(np.true_divide, lambda g, y, a, b: g / b,     lambda g, y, a, b: -g / b * y)
pow_ = primitive(np.power,       lambda g, y, a, b: g * where((a == 0) & (b == 0), 0, b * a ** (b - 1)),
                                 lambda g, y, a, b: g * xlogy(y, a))
neg  = primitive(np.negative,    lambda g, y, x: -g)

# A number as exponent is a setting, not an input: no logarithm, and x ** 2 costs what x * x costs.
power = primitive(nx.power,      lambda g, y, x, n: g * (n * x ** (n - 1) if n else 0))

exp   = primitive(np.exp,        lambda g, y, x: g * y)
expm1 = primitive(np.expm1,      lambda g, y, x: g * (y + 1))
log   = primitive(np.log,        lambda g, y, x: g / x)
log1p = primitive(np.log1p,      lambda g, y, x: g / (1 + x))
sqrt  = primitive(np.sqrt,       lambda g, y, x: g / (2 * y))
tanh  = primitive(np.tanh,       lambda g, y, x: g * (4 * sigmoid(2 * x) * sigmoid(-2 * x)))
abs_  = primitive(np.abs,        lambda g, y, x: g * np.sign(x.data))
relu  = primitive(nx.relu,       lambda g, y, x: g * nx.positive(x.data))
clip  = primitive(np.clip,       lambda g, y, x, min, max: g * nx.inside(x.data, min, max))

maximum = primitive(np.maximum,  lambda g, y, a, b: g * nx.above(a.data, b.data),
                                 lambda g, y, a, b: g * nx.above(b.data, a.data), selects=True)
minimum = primitive(np.minimum,  lambda g, y, a, b: g * nx.above(b.data, a.data),
                                 lambda g, y, a, b: g * nx.above(a.data, b.data), selects=True)
where_  = primitive(nx.choose,   lambda g, y, a, b, cond: where(cond, g, 0),
                                 lambda g, y, a, b, cond: where(cond, 0, g), selects=True)

# Composed of the rows above, these would overflow, cancel or divide 0 by 0.
sigmoid     = primitive(nx.sigmoid,     lambda g, y, x: g * y * sigmoid(-x))
softplus    = primitive(nx.softplus,    lambda g, y, x: g * sigmoid(x))
xlogy       = primitive(nx.xlogy,       lambda g, y, a, b: xlogy(g, b),
                                        lambda g, y, a, b: g * where((a == 0) & (b == 0), 0, a / b))
softmax     = primitive(nx.softmax,     lambda g, y, x, axis: y * (g - (g * y).sum(axis, True)))
log_softmax = primitive(nx.log_softmax, lambda g, y, x, axis: g * others(p := softmax(x, axis), axis)
                                        - p * others(g, axis))
others      = primitive(nx.others,      lambda g, y, x, axis: others(g, axis))
unit        = primitive(nx.unit,        lambda g, y, x, axis: (g - y * (g * y).sum(axis, True))
                                        / where((length := norm(x, axis, True)) == 0, 1, length))

# Reductions along axis; the last setting is keepdims.
sum_      = primitive(nx.sum,  lambda g, y, x, axis, _: _regrow(g, x, axis).broadcast_to(x.shape))
max_      = primitive(nx.max,  lambda g, y, x, axis, _: _regrow(g, x, axis) * nx.share_of_max(x.data, axis))
norm      = primitive(nx.norm, lambda g, y, x, axis, _: _regrow(g, x, axis) * unit(x, axis))
logsumexp = primitive(nx.logsumexp, lambda g, y, x, axis, _: _regrow(g, x, axis) * softmax(x, axis))

# Moving elements about: the rule moves the gradient back.
take         = primitive(nx.take,         lambda g, y, x, index: scatter(g, index, x.shape))
scatter      = primitive(nx.scatter,      lambda g, y, x, index, shape: g[index])
reshape      = primitive(np.reshape,      lambda g, y, x, shape: g.reshape(x.shape))
transpose    = primitive(np.transpose,    lambda g, y, x, axes: g.transpose(*np.argsort(axes)))
broadcast_to = primitive(np.broadcast_to, lambda g, y, x, shape: g)
astype       = primitive(np.astype,       lambda g, y, x, dtype: g)
_matmul      = primitive(nx.matmul,       lambda g, y, a, b: g @ b.mT, lambda g, y, a, b: a.mT @ g)

for _name, _op in list(globals().items()):                # a primitive is called what its row is
    if isinstance(_op, primitive):
        _op.name = _name.strip("_")


# ------------------------------------------------------------ functions made of several primitives

def matmul(a: Any, b: Any) -> Tensor:
    """a @ b as NumPy has it: a vector is a row on the left, a column on the right."""
    a, b = _tensor(a), _tensor(b)
    y = _matmul(a.reshape(1, -1) if a.ndim == 1 else a, b.reshape(-1, 1) if b.ndim == 1 else b)
    return y.reshape(y.shape[:-2] + y.shape[-2:][int(a.ndim == 1):2 - int(b.ndim == 1)])


def where(cond: Any, a: Any, b: Any) -> Tensor:
    """a where cond holds, else b. What is not taken cannot leak, not even a nan in its slope."""
    return where_(a, b, np.asarray(cond, dtype=bool))
