"""What is asked of a function, and what the claimed gradient must answer.

    few numbers     each is moved alone: its slope is known to ten digits and more
    many numbers    all are moved together, along random directions: one line tells about all of the
                    gradient at the noise floor, so that 5 % in one of 20 000 shows. Some are moved alone
                    as well. Where a direction disagrees, its halves, quarters ... lead to the numbers
                    that are wrong
    a kink          no slope is right or wrong by itself there; any between those of the two sides will do
    beside          everything once more near the inputs: a gradient that was saved somewhere else shows
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from . import numeric
from .programs import Arrays, Program, random

FEW = 100                                   # elements of an input: up to here, each is moved alone
DIRECTIONS = 3
SAMPLE = 24                                 # of many elements, moved alone
HUNTED = 6                                  # wrong elements are looked for until so many are found
ROUNDINGS = 64.0                            # a right gradient may be off by so many of them
HIDDEN = 0.5                                # of a slope: who cannot tell it from 0 has not tested it


class Element(NamedTuple):
    """One element of one gradient, by both accounts."""

    name: str                               # "x[2, 0]"
    input: int
    place: tuple[int, ...]
    yours: float
    numbers: float
    error: float                            # how far the numbers may be off
    allowed: float                          # the difference that is still right
    left: float                             # slopes to either side, which differ at a kink
    right: float
    line: numeric.Slopes

    @property
    def at_kink(self) -> bool:
        """Are there two slopes?"""
        return self.left != self.right

    @property
    def excess(self) -> float:
        """How many times the allowed difference, from the nearest slope that would be right; nan counts as
        infinitely wrong."""
        low, high = min(self.left, self.right), max(self.left, self.right)
        away = max(low - self.yours, self.yours - high, 0.0) if not np.isnan(self.yours) else np.inf
        return 0.0 if away == 0 or np.isnan(self.numbers) else away / self.allowed if self.allowed else np.inf

    @property
    def is_wrong(self) -> bool:
        """Is the difference too large?"""
        return self.excess > 1

    @property
    def has_power(self) -> bool:
        """Would a slope of 0 have been noticed here, or would another than 0 have?"""
        return self.allowed < HIDDEN * max(abs(self.numbers), abs(self.yours))


class Evidence(NamedTuple):
    """All that was found out about the gradient of one input."""

    elements: list[Element]
    complete: bool                          # every element was moved alone
    astray: list[float]                     # directions: how many times the allowed difference
    has_kinks: bool
    noise: float                            # of the function's values


def gather(program: Program, yours: Arrays, rng: np.random.Generator) -> list[Evidence]:
    """Evidence about the gradient of each checked input."""
    return [Witness(program, k, d, rng).evidence() for k, d in zip(program.at, yours, strict=True)]


def quietly(function: Callable[[], Any]) -> float:
    """The value of a function, or nan where it refuses: that step is then not used."""
    try:
        with np.errstate(all="ignore"):
            return float(function())
    except (ValueError, ArithmeticError, IndexError):
        return np.nan


def length(x: np.ndarray) -> float:
    """The length of a vector, also of one whose squares overflow. Without BLAS, which starts threads."""
    largest = float(np.max(np.abs(x), initial=0.0))
    return largest * float(np.sqrt(np.sum((x / largest) ** 2))) if 0 < largest < np.inf else largest


class Witness:
    """Asks about one input, the others staying where they are."""

    def __init__(self, program: Program, k: int, yours: np.ndarray, rng: np.random.Generator,
                 noise: float | None = None) -> None:
        self.program, self.k, self.rng = program, k, rng
        self.eps = float(np.finfo(program.inputs[k].dtype).eps)
        self.inputs = [x.astype(np.float64) if i in program.at else x for i, x in enumerate(program.inputs)]
        self.x, self.yours = self.inputs[k], yours.astype(np.float64)
        self.size = float(np.max(np.abs(self.yours), initial=0.0))
        self.noise = self.jitter() if noise is None else noise

    def value(self, x: np.ndarray) -> float:
        """The function's value with another x."""
        return quietly(lambda: self.program.value([*self.inputs[:self.k], x, *self.inputs[self.k + 1:]]))

    def jitter(self) -> float:
        """How far the function's values are from smooth."""
        along = random(self.rng, self.x.shape)
        return numeric.noise_of(lambda t: self.value(self.x + t * along), 1.0) if self.x.size else 0.0

    def evidence(self) -> Evidence:
        """Everything that this witness can tell."""
        if self.x.size <= FEW:
            elements = self.elements(np.ndindex(self.x.shape))
            return Evidence(elements, True, [], any(e.at_kink for e in elements), self.noise)
        directions = [self.direction() for _ in range(DIRECTIONS)]
        found = [self.along(v) for v in directions]
        if has_kinks := any(kink for _, kink in found):      # leave out what looks like the reason
            directions = [np.where(self.suspects(), 0.0, v) for v in directions]
            found = [self.along(v) for v in directions]
        astray = [excess for excess, _ in found]
        elements = self.elements(self.sample(4 * SAMPLE if any(kink for _, kink in found) else SAMPLE))
        if max(astray) > 1 and not any(e.is_wrong for e in elements):
            v = directions[int(np.argmax(astray))]
            elements += self.elements(self.hunt(v, np.flatnonzero(v), HUNTED))
        return Evidence(elements, False, astray, has_kinks or any(e.at_kink for e in elements), self.noise)

    # -------------------------------------------------------------------------------- one at a time

    def elements(self, indices: Iterable[tuple[int, ...]]) -> list[Element]:
        """These elements, each moved alone."""
        found = [(i, self.line(i)) for i in indices]
        scale = max((abs(s.value) for _, s in found if np.isfinite(s.value)), default=0.0)
        return [self.element(i, s, scale) for i, s in found]

    def line(self, i: tuple[int, ...], to_the_end: bool = False) -> numeric.Slopes:
        """The slope along one axis."""
        def value(t: float) -> float:
            moved = self.x.copy()
            moved[i] = t
            return self.value(moved)
        t = float(self.x[i])
        found = numeric.slopes(value, t, max(abs(t), 1.0), self.noise, to_the_end)
        if 0 < abs(t) < 1e-3 and not found.error < 1e-6 * abs(found.value):          # steps of its own size
            closer = numeric.slopes(value, t, abs(t), self.noise)
            found = closer if closer.error * abs(found.value) < found.error * abs(closer.value) else found
        return found

    def element(self, i: tuple[int, ...], s: numeric.Slopes, scale: float) -> Element:
        """An element and the difference allowed to it: ten times the estimated error of the numbers, and
        the roundings that a right gradient of this dtype may carry."""
        size = max(abs(s.value), abs(s.left), abs(s.right))
        allowed = numeric.SURE * s.error + self.eps ** 0.75 * size + ROUNDINGS * self.eps * scale
        name = self.program.names[self.k] + (f"[{', '.join(map(str, i))}]" if i else "")
        return Element(name, self.k, i, float(self.yours[i]), s.value, s.error, allowed, s.left, s.right, s)

    # --------------------------------------------------------------------------------- all together

    def direction(self) -> np.ndarray:
        """A random direction. Numbers of very different sizes are moved in proportion to theirs."""
        sizes = np.abs(self.x[self.x != 0])
        similar = sizes.size == 0 or np.quantile(sizes, 0.9) < 1e4 * np.quantile(sizes, 0.1)
        typical = float(np.median(sizes)) if sizes.size else 1.0
        scale = np.full(self.x.shape, typical) if similar else np.where(self.x == 0, typical, np.abs(self.x))
        return scale * random(self.rng, self.x.shape)

    def along(self, v: np.ndarray) -> tuple[float, bool]:
        """How many times the allowed difference yours is off along a direction, and: is there a kink?"""
        moved = self.yours * v
        position = numeric.EPS * length(self.yours * np.where(v == 0, 0, self.x))
        s = numeric.slopes(lambda t: self.value(self.x + t * v), 0.0, 1.0, max(self.noise, position))
        if s.has_kink or not np.isfinite(s.value):           # which slope is right there, no line can tell
            return 0.0, s.has_kink
        allowed = (numeric.SURE * s.error + self.eps ** 0.75 * length(moved)
                   + ROUNDINGS * self.eps * self.size * length(v))
        away = abs(float(moved.sum()) - s.value)
        return (away / allowed if allowed else np.inf if away else 0.0), False

    def suspects(self) -> np.ndarray:
        """Elements that may be at a kink: at 0, equal to each other, or to those of another input."""
        values, where, counts = np.unique(self.x, return_inverse=True, return_counts=True)
        mask = (self.x == 0) | (counts[where.reshape(self.x.shape)] > 1)
        for i, other in enumerate(self.inputs):
            if i != self.k and other.shape == self.x.shape:
                mask |= other == self.x
        return mask

    def sample(self, count: int) -> list[tuple[int, ...]]:
        """Some elements: the largest and the smallest slopes, suspects, and others."""
        order = np.argsort(np.abs(self.yours), axis=None)
        chosen = [*order[-3:], *order[:3], *np.flatnonzero(self.suspects())[:3]]
        chosen += list(self.rng.permutation(self.x.size)[:count])
        return [tuple(map(int, np.unravel_index(i, self.x.shape))) for i in dict.fromkeys(map(int, chosen))]

    def hunt(self, v: np.ndarray, among: np.ndarray, wanted: int) -> list[tuple[int, ...]]:
        """Up to so many elements along v that are to blame, found by halving."""
        part = np.zeros(v.size)
        part[among] = v.reshape(-1)[among]
        if not among.size or self.along(part.reshape(v.shape))[0] <= 1:
            return []
        if among.size == 1:
            return [tuple(map(int, np.unravel_index(among[0], v.shape)))]
        half = among.size // 2
        found = self.hunt(v, among[:half], wanted)
        return found + (self.hunt(v, among[half:], wanted - len(found)) if len(found) < wanted else [])


def swept(program: Program, e: Element) -> Element:
    """The element with its difference quotients for all steps, for the report."""
    nothing = np.zeros(program.inputs[e.input].shape)
    witness = Witness(program, e.input, nothing, np.random.default_rng(0), noise=0.0)
    return e._replace(line=witness.line(e.place, to_the_end=True))


def complex_step(program: Program, e: Element) -> float:
    """The slope of an element without any difference: the imaginary part of f(x + ih), over h. Exact where f
    is analytic; nan where it does not take complex numbers. Source: W. Squire and G. Trapp, Using Complex
    Variables to Estimate Derivatives of Real Functions, 1998."""
    if program.analytic is None:
        return np.nan
    inputs = [x.astype(np.complex128) if i == e.input else x for i, x in enumerate(program.inputs)]
    inputs[e.input][e.place] += 1e-20j
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error")                   # an imaginary part that is thrown away
            return program.analytic(inputs).imag / 1e-20
    except Exception:                                        # f is made for real numbers
        return np.nan


def beside(program: Program, here: list[Evidence], rng: np.random.Generator) -> list[float]:
    """How far astray a gradient is near the inputs, a little closer to 0 and so still allowed: along one
    direction for each of them. Nothing if the function refuses."""
    point = [(x * (1 - 1e-3 * rng.random(x.shape))).astype(x.dtype) if i in program.at else x
             for i, x in enumerate(program.inputs)]
    if not np.isfinite(quietly(lambda: program.value(point))):
        return []
    try:
        yours = program.slope(point)
    except Exception:                                        # a refusal: nothing to compare
        return []
    near = program._replace(inputs=point)
    witnesses = [Witness(near, k, d, rng, found.noise)
                 for k, d, found in zip(program.at, yours, here, strict=True)]
    return [w.along(w.direction())[0] for w in witnesses if w.x.size and np.isfinite(w.yours).all()]
