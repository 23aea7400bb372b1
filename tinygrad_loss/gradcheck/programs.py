"""The two forms of what is checked, brought into one: a function of arrays with a number for an answer, and
the gradient that is claimed for it.

Whatever a function returns is multiplied by random numbers, the gradient from above, and summed: with all
ones instead, a transposed Jacobian or a rule that forgets what arrives from above would pass.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..engine import Tensor, grad

Arrays = list[np.ndarray]


class Program(NamedTuple):
    """A function of arrays and its claimed gradient, both ready to be called again and again."""

    name: str
    inputs: Arrays
    names: list[str]                                         # of the inputs
    constants: dict[str, float]                              # numbers that f has as defaults
    at: list[int]                                            # which of them are of floats, and checked
    value: Callable[[Sequence[np.ndarray]], float]           # the sum of f times what arrives from above
    slope: Callable[[Sequence[np.ndarray]], Arrays]          # the claimed gradient, one for each of `at`
    output: tuple[int, ...]                                  # f's shape
    # The same sum if other numbers arrive from above; None where nothing arrives.
    value_above: Callable[[Sequence[np.ndarray], Any], float] | None
    analytic: Callable[[Sequence[np.ndarray]], complex] | None           # value for complex inputs


def of_arrays(name: str, f: Callable[..., Any], g: Callable[..., Any], inputs: Arrays, at: list[int],
              rng: np.random.Generator) -> Program:
    """Anybody's functions of arrays. A g that takes one argument more than f gets what arrives from above."""
    shape = numbers("f", f(*copies(inputs))).shape
    takes_above = shape != () and _takes(g, len(inputs) + 1)
    above = random(rng, shape) if takes_above else np.ones(shape)

    def value_above(xs: Sequence[np.ndarray], above: Any) -> float:
        return float(np.sum(f(*xs) * above))

    def slope(xs: Sequence[np.ndarray]) -> Arrays:
        return _gradients(g(*xs, above.copy()) if takes_above else g(*xs), inputs, at)

    def analytic(xs: Sequence[np.ndarray]) -> complex:
        return complex(np.sum(f(*xs) * above))
    return Program(name, inputs, names(f, inputs), constants(f), at, lambda xs: value_above(xs, above), slope,
                   shape, value_above if takes_above else None, analytic)


def _gradients(found: Any, inputs: Arrays, at: list[int]) -> Arrays:
    """What g returned, as one array for each checked input. None may stand for an input that is not checked,
    and a list of numbers for an array."""
    if not isinstance(found, tuple | list):
        return [numbers("the gradient", found)]
    if len(at) == 1 and len(found) and np.ndim(found[0]) == inputs[at[0]].ndim - 1:
        return [numbers("the gradient", found)]
    each = [found[i] for i in at] if len(found) == len(inputs) else found
    return [numbers(f"gradient {i}", d) for i, d in enumerate(each)]


def numbers(whose: str, value: Any) -> np.ndarray:
    """A result as an array of its own; TypeError, in a sentence, if it is none of real numbers."""
    try:
        array = np.array(value)
    except ValueError:                                       # lists of several lengths
        array = np.array(None)
    if array.dtype.kind not in "fiub":
        kind = f"an array of {array.dtype}" if array.ndim else type(value).__name__
        raise TypeError(f"{whose} must be of real numbers; got {kind}.")
    return array


def of_tensors(name: str, f: Callable[..., Any], inputs: Arrays, at: list[int], order: int,
               rng: np.random.Generator) -> Program:
    """A function of Tensors and its backward pass; for order 2, its gradient and the derivative of that."""
    shape = f(*tensors(inputs, at)).shape
    above = random(rng, shape)
    directions = [random(rng, inputs[i].shape) for i in at]

    def scalar(xs: list[Any], above: Any) -> Tensor:
        y = (f(*xs) * above).sum()
        if order == 1:
            return y
        slopes = grad(y, [xs[i] for i in at], create_graph=True) if y.requires_grad else []
        total = Tensor(0.0)
        for d, direction in zip(slopes, directions, strict=False):
            total = total + (d * direction).sum()
        return total

    def slope(xs: Sequence[np.ndarray]) -> Arrays:
        given = tensors(xs, at)
        y = scalar(given, above)
        if not y.requires_grad:
            return [np.zeros(xs[i].shape) for i in at]
        return [d.numpy().copy() for d in grad(y, [given[i] for i in at])]

    def value_above(xs: Sequence[np.ndarray], above: Any) -> float:
        return scalar(tensors(xs, at), above).item()
    return Program(name, inputs, names(f, inputs), constants(f), at, lambda xs: value_above(xs, above), slope,
                   shape, value_above if shape else None, None)


def names(f: Callable[..., Any], inputs: Arrays) -> list[str]:
    """What f calls its inputs; x0, x1 ... where it does not say."""
    try:
        bound = inspect.signature(f).bind(*inputs).arguments
    except (TypeError, ValueError):
        bound = {}
    given = [name for name, x in bound.items() if isinstance(x, np.ndarray)]
    plain = [f"x{i}" for i in range(len(inputs))] if len(inputs) > 1 else ["x"]
    return given if len(given) == len(inputs) else plain


def constants(f: Callable[..., Any]) -> dict[str, float]:
    """Numbers that f's arguments have as defaults, such as delta = 1.5."""
    try:
        parameters = inspect.signature(f).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: float(p.default) for p in parameters if type(p.default) in (int, float)}


def tensors(arrays: Sequence[np.ndarray], at: list[int]) -> list[Any]:
    """The checked inputs as Tensors that want a gradient, the others as they are."""
    return [Tensor(x, requires_grad=True) if i in at else x for i, x in enumerate(arrays)]


def copies(arrays: Sequence[np.ndarray]) -> Arrays:
    """Arrays that may be written to without harm."""
    return [x.copy() for x in arrays]


def random(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers between 1/2 and 3/2 in size, of either sign: none is small enough to hide anything."""
    return rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)


def _takes(g: Callable[..., Any], count: int) -> bool:
    """Does g need so many arguments? One that has a default, such as delta=1.0, is no place for what arrives
    from above."""
    try:
        parameters = inspect.signature(g).parameters.values()
    except (TypeError, ValueError):
        return False
    needed = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
    return len(needed) == count or any(p.kind is p.VAR_POSITIONAL for p in needed)
