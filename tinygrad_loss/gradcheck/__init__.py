"""Is a gradient right? Ask the function's values.

`gradcheck` compares a gradient with numeric differences, element by element. The result of the
function is first multiplied by random numbers and summed: with all ones instead, a transposed
Jacobian or a rule that forgets the gradient from above would pass.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..engine import Tensor, grad, no_grad
from . import numeric
from .report import Element, Report

__all__ = ["Element", "Report", "gradcheck"]


def gradcheck(f: Callable[..., Any], *inputs: Any, gradient: Callable[..., Any] | None = None,
              order: int = 1, rng: int | np.random.Generator = 0) -> Report:
    """Compare a gradient with numeric differences.

    With `gradient=None`, `f` takes Tensors and returns a Tensor of any shape; its backward pass is
    checked. With `gradient=g`, both are functions of NumPy arrays: `f` returns a number or an array,
    `g` the gradient array, or a tuple of them for several inputs. If `g` takes one argument more
    than `f`, it gets the gradient from above, a random array of f's shape; otherwise it returns the
    gradient of the sum of f. Every input of floats is checked, integers are passed on. `order=2`
    checks the derivative of the gradient (Tensors only). `rng` is a seed or a generator. The report
    is true if the gradient is right; print it to see why it is not.
    """
    rng = np.random.default_rng(rng)
    arrays = [np.asarray(x) for x in inputs]
    at = [i for i, x in enumerate(arrays) if x.dtype.kind == "f"]
    if not at:
        raise ValueError("gradcheck needs at least one input of floats; got none.")
    if order not in (1, 2) or (order == 2 and gradient is not None):
        raise ValueError(f"order must be 1, or 2 where f takes Tensors; got {order}.")
    name = str(getattr(f, "__name__", None) or getattr(f, "name", "f"))
    value, slope = (_of_arrays(f, gradient, arrays, rng) if gradient else
                    _of_tensors(f, arrays, at, order, rng))
    return _compare(name, value, slope, arrays, at)


Value = Callable[..., float]
Slope = Callable[..., list[np.ndarray]]


def _of_arrays(f: Callable[..., Any], g: Callable[..., Any], arrays: list[np.ndarray],
               rng: np.random.Generator) -> tuple[Value, Slope]:
    """Anybody's functions of arrays."""
    shape = np.shape(f(*[x.copy() for x in arrays]))
    takes_above = shape != () and _takes(g, len(arrays) + 1)
    above = _random(rng, shape) if takes_above else np.ones(shape)

    def value(*xs: np.ndarray) -> float:
        return float(np.sum(f(*xs) * above))

    def slope(*xs: np.ndarray) -> list[np.ndarray]:
        found = g(*xs, above) if takes_above else g(*xs)
        return [np.asarray(d) for d in found] if isinstance(found, tuple) else [np.asarray(found)]
    return value, slope


def _takes(g: Callable[..., Any], count: int) -> bool:
    """Can g be called with so many arguments?"""
    try:
        inspect.signature(g).bind(*range(count))
    except (TypeError, ValueError):
        return False
    return True


def _of_tensors(f: Callable[..., Any], arrays: list[np.ndarray], at: list[int], order: int,
                rng: np.random.Generator) -> tuple[Value, Slope]:
    """A function of Tensors and its backward pass, against a random gradient from above."""
    with no_grad():
        shape = f(*_tensors(arrays, at)).shape
    above = _random(rng, shape)
    directions = [_random(rng, arrays[i].shape) for i in at]

    def scalar(xs: list[Any]) -> Tensor:
        y = (f(*xs) * above).sum()
        if order == 1 or not y.requires_grad:
            return y if order == 1 else Tensor(0.0)
        slopes = grad(y, [xs[i] for i in at], create_graph=True)
        total = Tensor(0.0)
        for d, direction in zip(slopes, directions, strict=True):
            total = total + (d * direction).sum()
        return total

    def value(*xs: np.ndarray) -> float:
        return scalar(_tensors(list(xs), at)).item()

    def slope(*xs: np.ndarray) -> list[np.ndarray]:
        tensors = _tensors(list(xs), at)
        y = scalar(tensors)
        if not y.requires_grad:
            return [np.zeros(x.shape) for i, x in enumerate(xs) if i in at]
        return [d.numpy() for d in grad(y, [tensors[i] for i in at])]
    return value, slope


def _tensors(arrays: list[np.ndarray], at: list[int]) -> list[Any]:
    return [Tensor(x, requires_grad=True) if i in at else x for i, x in enumerate(arrays)]


def _random(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Numbers between 1/2 and 3/2 in size, of either sign: none is small enough to hide anything."""
    return rng.uniform(0.5, 1.5, shape) * rng.choice([-1.0, 1.0], shape)


def _compare(name: str, value: Value, slope: Slope, arrays: list[np.ndarray], at: list[int]) -> Report:
    yours = slope(*[x.copy() for x in arrays])
    for d, i in zip(yours, at, strict=False):
        if d.shape != arrays[i].shape:
            return Report(name, "SHAPE", None, None, [], f"the gradient of input {i} has shape "
                          f"{d.shape}, the input {arrays[i].shape}")
    if len(yours) != len(at):
        return Report(name, "SHAPE", None, None, [], f"{len(yours)} gradients for {len(at)} inputs of "
                      "floats")
    elements: list[Element] = []
    wide = [x.astype(np.float64) if i in at else x for i, x in enumerate(arrays)]
    for d, i in zip(yours, at, strict=True):
        def along(x: np.ndarray, i: int = i) -> float:
            return value(*[x if j == i else w.copy() for j, w in enumerate(wide)])
        elements += _elements(f"x{i}" if len(arrays) > 1 else "x", d, numeric.gradient(along, wide[i]),
                              float(np.finfo(arrays[i].dtype).eps))
    elements.sort(key=lambda e: -e.excess)
    if all(e.excess <= 1 for e in elements):
        return Report(name, "PASS", None, None, elements)
    if not all(np.isfinite(e.yours) for e in elements):
        return Report(name, "NONFINITE", None, None, elements, "the gradient holds inf or nan")
    diagnosis, factor = _diagnose(elements)
    words = {"zero": "it is zero", "sign": "its sign is turned", "other": ""}
    return Report(name, "WRONG", diagnosis, factor, elements,
                  words.get(diagnosis, f"it is {factor or 0:.6g} times the right one"))


def _elements(name: str, yours: np.ndarray, numbers: numeric.Estimate, eps: float) -> list[Element]:
    """Elements with the difference allowed to each: ten times the estimated error of the numbers,
    and the roundings that a right gradient of this dtype may carry."""
    scale = float(np.max(np.abs(numbers.value), initial=0.0))
    return [Element(f"{name}[{', '.join(map(str, i))}]" if i else name, float(yours[i]),
                    float(numbers.value[i]), float(numbers.error[i]),
                    float(10 * numbers.error[i] + eps ** 0.75 * abs(numbers.value[i]) + 64 * eps * scale))
            for i in np.ndindex(yours.shape)]


def _diagnose(elements: list[Element]) -> tuple[str, float | None]:
    """The one factor that would make the gradient right, if there is one."""
    yours = np.array([e.yours for e in elements])
    numbers = np.array([e.numbers for e in elements])
    allowed = np.array([e.allowed for e in elements])
    if not numbers.any():
        return "other", None
    factor = float(yours @ numbers / (numbers @ numbers))
    if not (np.abs(yours - factor * numbers) <= allowed * max(1.0, abs(factor))).all():
        return "other", None
    return ("zero" if abs(factor) < 1e-6 else "sign" if abs(factor + 1) < 1e-6 else "factor"), factor
