"""Derivatives from function values alone: one line through the inputs, one witness.

The central difference (F(t + h) - F(t - h)) / 2h errs by a multiple of h^2, plus rounding noise that
grows as h shrinks. `slopes` takes it at a row of steps from 1e-1 down to 1e-12 of the scale of t, lets
Richardson extrapolation cancel h^2, h^4, ..., and keeps the estimate that its neighbours confirm best.
How well they confirm it is the error it reports. The differences to either side alone are treated in the
same way: where their limits disagree, the function has a kink, and no single number is its slope.
Source: C. J. F. Ridders, Accurate computation of F'(x) and F'(x)F''(x), 1982; the noise: R. W. Hamming,
Introduction to Applied Numerical Analysis, 1971.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

FIRST_STEP = 0.1                            # relative to the scale
SHRINK = 4.0
STEPS = 20                                  # the last step is 3.6e-13
COLUMNS = 6                                 # of extrapolation: h^12 is cancelled
ENOUGH = 4.0                                # times the rounding noise: an error as small as that will do
SURE = 10.0                                 # times the estimated error: surely a difference
EPS = float(np.finfo(float).eps)


class Slopes(NamedTuple):
    """What function values tell about the slope at one point of a line."""

    value: float                            # of the central differences, where there are any, else of a
                                            # side; nan if no step could be taken
    error: float                            # how far it may be off
    left: float                             # limits of the differences to one side;
    right: float                            # the same number unless there is a kink
    steps: list[float]                      # the sweep: half of each step that was taken
    central: list[float]                    # and its central difference

    @property
    def has_kink(self) -> bool:
        """Do the two sides disagree?"""
        return self.left != self.right


def slopes(function: Callable[[float], float], t: float, scale: float, noise: float = 0.0,
           to_the_end: bool = False) -> Slopes:
    """The slope of a function of one number at t. `noise` is how much its values are known to jitter. Stops
    where smaller steps would only be noisier, unless they are wanted to the end."""
    middle = function(t)
    central, left, right, jitter, steps = [], [], [], [], []
    table, table_left, table_right = Table(2), Table(1), Table(1)
    step = FIRST_STEP * scale
    for _ in range(STEPS):
        up, down = t + step, t - step       # the step that is really taken is up - down
        if down < t < up:
            f_up, f_down = function(up), function(down)
            rounding = max(noise, EPS * max(abs(f_up), abs(f_down), abs(middle)))
            steps.append((up - down) / 2)
            central.append((f_up - f_down) / (up - down))
            right.append((f_up - middle) / (up - t))
            left.append((middle - f_down) / (t - down))
            jitter.append(2 * rounding / (up - down))
            table.add(central[-1], jitter[-1])
            table_left.add(left[-1], 2 * jitter[-1])
            table_right.add(right[-1], 2 * jitter[-1])
            gap = abs(right[-1] - left[-1])
            closing = len(right) > 2 and gap <= 0.5 * abs(right[-3] - left[-3]) + 4 * jitter[-1]
            if closing and table.error <= ENOUGH * jitter[-1] < np.inf and not to_the_end:
                break
        step /= SHRINK
    found = min((table, table_left, table_right), key=lambda t: (np.isnan(t.best), t is not table, t.error))
    sides = [t.best if np.isfinite(t.best) else found.best for t in (table_left, table_right)]
    if all(t.is_vague() for t in (table_left, table_right)) and any(map(_grows, (central, left, right))):
        return Slopes(np.nan, np.inf, np.nan, np.nan, steps, central)    # an infinite slope, or next to one
    unsure = table_left.error + table_right.error + table.error
    kink = abs(sides[1] - sides[0]) > SURE * unsure + 1e-7 * max(map(abs, sides))
    if not kink:
        sides = [found.best, found.best]
    return Slopes(found.best, found.error, sides[0], sides[1], steps, central)


def _grows(estimates: list[float]) -> bool:
    """Do they still grow at the smallest steps?"""
    size = np.abs([x for x in estimates if np.isfinite(x)][-4:])
    return len(size) == 4 and bool((size[1:] > 1.5 * size[:-1]).all())


class Table:
    """Richardson's table, row by row, of estimates whose errors are powers of h: every one, or every
    second."""

    def __init__(self, every: int) -> None:
        self.base = SHRINK ** every
        self.above: list[float] = []        # the row for the step before
        self.best, self.error, self.is_sure = np.nan, np.inf, False

    def is_vague(self) -> bool:
        """Is not even the second digit known?"""
        return not self.error <= 0.01 * abs(self.best)

    def add(self, estimate: float, noise: float) -> None:
        """The estimate of the next step, and its rounding noise."""
        row, power = [estimate], self.base
        for previous in self.above[:COLUMNS]:
            row.append(row[-1] + (row[-1] - previous) / (power - 1))
            error = max(abs(row[-1] - row[-2]), abs(row[-1] - previous)) + noise
            sure = error <= 1e-3 * abs(row[-1])              # beats a smaller error that says nothing
            if (sure, -error) >= (self.is_sure, -self.error):
                self.best, self.error, self.is_sure = row[-1], error, sure
            power *= self.base
        self.above = row if np.isfinite(row[-1]) else []


def noise_of(function: Callable[[float], float], scale: float) -> float:
    """How much the values of a function jitter, from the differences of neighbours a hair apart: those of
    a smooth function vanish as they are differenced again and again, those of noise do not. Where float32
    is inside, neighbours that close are one and the same; so others, further apart, are asked as well."""
    def at(gap: float) -> float:
        return _jitter([function(gap * scale * k) for k in range(1, 10)])
    return at(1e-11) or at(1e-6)


def _jitter(values: list[float]) -> float:
    levels, x = [], np.array(values) / (max(map(abs, values)) or 1.0)
    if not np.isfinite(x).all():
        return 0.0
    for k in range(1, 6):
        x = np.diff(x)
        levels.append(float(np.sqrt(np.mean(x ** 2) / _central_binomial(k))))
    return min(levels[2:]) * max(map(abs, values))


def _central_binomial(k: int) -> float:
    """(2k)! / k!^2: by how much k-fold differences enlarge the variance of noise."""
    return float(np.prod([(k + i) / i for i in range(1, k + 1)]))
