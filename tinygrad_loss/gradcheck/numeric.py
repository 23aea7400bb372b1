"""Derivatives from function values alone.

The central difference (F(x + h) - F(x - h)) / 2h errs by a multiple of h^2, plus rounding noise
that grows as h shrinks. `derivative` takes it at a row of steps, each a third of the one before,
lets Richardson extrapolation cancel h^2, h^4, ..., and keeps the estimate that its neighbours in
the table confirm best. How well they confirm it is the error it reports.
Source: C. J. F. Ridders, Accurate computation of F'(x) and F'(x)F''(x), 1982.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

FIRST_STEP = 0.1                            # relative to the size of x, or to 1 where x is smaller
SHRINK = 3.0
STEPS = 15                                  # the last step is 2e-8
ENOUGH = 4.0                                # times the rounding noise: an error as small as that will do


class Estimate(NamedTuple):
    """A gradient by numbers, with the error of each element."""

    value: np.ndarray
    error: np.ndarray


def gradient(function: Callable[[np.ndarray], float], x: np.ndarray) -> Estimate:
    """d function / d x by numbers, one element at a time; x is never changed."""
    value, error = np.empty(x.shape), np.empty(x.shape)
    for i in np.ndindex(x.shape):
        def along(t: float, i: tuple[int, ...] = i) -> float:
            moved = x.copy()
            moved[i] = t
            return function(moved)
        value[i], error[i] = derivative(along, float(x[i]))
    return Estimate(value, error)


def _value(function: Callable[[float], float], x: float) -> float:
    """function(x), or nan where the function refuses x: that step is then not used."""
    try:
        return function(x)
    except (ValueError, ArithmeticError):
        return np.nan


def derivative(function: Callable[[float], float], x: float) -> tuple[float, float]:
    """The derivative of a function of one number at x, and an estimate of its error."""
    best, best_error = np.nan, np.inf
    above: list[float] = []                 # the table's row for the step before
    step = FIRST_STEP * max(abs(x), 1.0)
    for _ in range(STEPS):
        right, left = x + step, x - step    # the step that is really taken is right - left
        f_right, f_left = _value(function, right), _value(function, left)
        row = [(f_right - f_left) / (right - left)]
        noise = np.finfo(float).eps * (abs(f_right) + abs(f_left)) / (right - left)
        power = SHRINK ** 2
        for previous in above:
            row.append(row[-1] + (row[-1] - previous) / (power - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - previous)) + noise
            if error <= best_error:
                best, best_error = row[-1], error
            power *= SHRINK ** 2
        if best_error <= ENOUGH * noise:    # smaller steps would only be noisier
            break
        above = row if np.isfinite(row[-1]) else []
        step /= SHRINK
    return best, best_error
