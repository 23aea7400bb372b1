"""What an argument of a loss may be: a sentence for people, a test for programs, a sampler for laws.

A `Domain` belongs to one argument. Arrays are tested element by element with `holds`, a scalar
function so plain that it can be compiled into a kernel's loop as well as applied to a whole array.
NaN is always let through: it is the loss that answers NaN with NaN. Settings such as `delta` are
plain numbers; `examples` are the values that the laws try beside the default.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class Domain(NamedTuple):
    """What an argument may be."""

    text: str                                                  # "a number from 0 to 1"
    holds: Callable[[Any], Any]                                # is x allowed? for numbers and arrays
    draw: Callable[..., Any] = lambda rng, shape: None         # allowed values of that shape
    examples: tuple[Any, ...] = ()                             # for settings: values worth trying
    kind: str = "elements"                                     # or "labels", "rows", "class weights"


def _any(x: Any) -> Any:
    return True


def _unit(x: Any) -> Any:
    return ((x >= 0) & (x <= 1)) | (x != x)


def _not_negative(x: Any) -> Any:
    return x >= 0


def _positive(x: Any) -> Any:
    return x > 0


def _boolean(x: Any) -> Any:
    return x is True or x is False


def _integer(x: Any) -> Any:
    return isinstance(x, int | np.integer)


def _draw_real(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return 2 * rng.standard_normal(shape)


def _draw_unit(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(0.02, 0.98, shape)


def _draw_labels(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(0, shape[-1], shape[:-1])


def _draw_rows(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.dirichlet(np.ones(shape[-1]), shape[:-1])


# Arrays.
REAL = Domain("any real number", _any, _draw_real)
UNIT = Domain("a number from 0 to 1", _unit, _draw_unit)
LABELS = Domain("an integer label from 0 to the number of classes - 1", _any, _draw_labels,
                kind="labels")
PROBABILITIES = Domain("a row of probabilities that sum to 1", _unit, _draw_rows, kind="rows")


# Settings.
def positive(*examples: float) -> Domain:
    """A number above 0."""
    return Domain("a number above 0", _positive, examples=examples)


def not_negative(*examples: float) -> Domain:
    """A number that is at least 0."""
    return Domain("a number that is at least 0", _not_negative, examples=examples)


def unit(*examples: float) -> Domain:
    """A number from 0 to 1."""
    return Domain("a number from 0 to 1", _unit, examples=examples)


def integer(*examples: int) -> Domain:
    """A whole number."""
    return Domain("a whole number", _integer, examples=examples)


def boolean() -> Domain:
    """True or False."""
    return Domain("True or False", _boolean, examples=(True, False))


def class_weights() -> Domain:
    """One number per class, none negative; None counts every class once."""
    return Domain("one number per class, none of them negative, or None", _not_negative,
                  draw=lambda rng, shape: rng.uniform(0.5, 2.0, shape[-1]), kind="class weights")
