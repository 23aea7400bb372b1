"""What an argument of a loss may be: a sentence for people, a test for programs, samples for laws.

A `Domain` belongs to one argument. Arrays are tested element by element with `holds`, a function so
plain that it is compiled into a driver's loop as well as applied to a whole array. NaN is always let
through: it is the loss that answers NaN with NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Shape = tuple[int, ...]


class Domain(NamedTuple):
    """What an argument may be."""

    text: str                                        # "a number from 0 to 1"
    holds: Callable[[Any], Any]                      # is x allowed? for numbers and for arrays
    draw: Callable[[np.random.Generator, Shape], Any]            # allowed values of that shape
    examples: tuple[Any, ...] = ()                   # allowed values worth trying: likely corners
    refused: tuple[Any, ...] = ()                    # values that must raise
    kind: str = "elements"                           # or choices, labels, label lists, rows,
                                                     # log rows, for sequences spelling, lengths;
                                                     # of settings: setting, class weights


INTEGERS = {"labels", "label lists", "spelling", "lengths"}          # the kinds that are no floats


class Switch(NamedTuple):
    """What an input may be where a setting, True or False, decides."""

    setting: str
    on: Domain
    off: Domain


def in_rows(of_logs: bool) -> Callable[[Callable[[Any], Any]], Any]:
    """Mark a test of elements: drivers also test that a row, or the exponentials of it, sum to 1."""
    def mark(test: Any) -> Any:
        test.of_logs = of_logs
        return test
    return mark


def _any(x: Any) -> Any:
    return True


def _unit(x: Any) -> Any:
    return ((x >= 0) & (x <= 1)) | (x != x)


def _not_negative(x: Any) -> Any:
    return x >= 0


def _positive(x: Any) -> Any:
    return x > 0


def _positive_or_nan(x: Any) -> Any:
    return (x > 0) | (x != x)


def _not_negative_or_nan(x: Any) -> Any:
    return (x >= 0) | (x != x)


@in_rows(of_logs=False)
def _probability(x: Any) -> Any:
    return ((x >= 0) & (x <= 1)) | (x != x)


@in_rows(of_logs=True)
def _log_probability(x: Any) -> Any:
    return (x <= 0) | (x != x)


def _above_minus_one(x: Any) -> Any:
    return (x > -1) | (x != x)


def _sign(x: Any) -> Any:
    return (x == 1) | (x == -1) | (x != x)


def _binary(x: Any) -> Any:
    return (x == 1) | (x == 0) | (x != x)


def _finite_not_negative(x: Any) -> Any:
    return 0 <= x < np.inf


def _share_or_none(x: Any) -> Any:
    return x is None or 0 < x < 1


def _number(x: Any) -> Any:
    return abs(x) < np.inf


def _boolean(x: Any) -> Any:
    return x is True or x is False


def _integer(x: Any) -> Any:
    return isinstance(x, int | np.integer)


def _label_lists(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    """A few labels, though not all, or one again and again; then -1, and what does not count."""
    n_classes, place = shape[-1], np.arange(shape[-1])
    labels = rng.permuted(np.broadcast_to(place, shape), axis=-1)
    same = rng.random((*shape[:-1], 1)) < 0.3
    n = rng.integers(1, min(n_classes, 4) + 1, same.shape)
    n = np.where(same, n, np.clip(n, 1, max(n_classes - 1, 1)))
    return np.where(place == n, -1, np.where(same, labels[..., :1], labels))


REAL = Domain("any real number", _any, lambda rng, shape: 2 * rng.standard_normal(shape),
              examples=(-1.0, -0.5, 0.0, 0.5, 1.0))
UNIT = Domain("a number from 0 to 1", _unit, lambda rng, shape: rng.uniform(0.02, 0.98, shape),
              examples=(0.0, 0.5, 1.0), refused=(-0.1, 1.5, np.inf))
POSITIVE = Domain("a number above 0", _positive_or_nan, lambda rng, shape: rng.gamma(2.0, 0.7, shape) + 0.1,
                  examples=(0.5, 1.0, 2.0), refused=(0.0, -1.0, -np.inf))
NOT_NEGATIVE = Domain("a number that is not negative", _not_negative_or_nan,
                      lambda rng, shape: rng.gamma(2.0, 0.7, shape) + 0.1,
                      examples=(0.0, 0.5, 1.0, 2.0), refused=(-1.0, -1e-9, -np.inf))
ABOVE_MINUS_ONE = Domain("a number above -1", _above_minus_one,
                         lambda rng, shape: rng.gamma(2.0, 1.0, shape) - 0.8,
                         examples=(-0.5, 0.0, 1.0, 3.0), refused=(-1.0, -2.0, -np.inf))
SIGN = Domain("1 or -1 (of labels 0 and 1, make 2 * label - 1)", _sign,
              lambda rng, shape: rng.choice([-1.0, 1.0], shape), refused=(0.0, 0.5, 2.0, np.inf),
              kind="choices")
BINARY = Domain("0 or 1", _binary, lambda rng, shape: rng.choice([0.0, 1.0], shape),
                refused=(-1.0, 0.5, 2.0, np.inf), kind="choices")
LABELS = Domain("an integer label, from 0 to the number of classes - 1", _any,
                lambda rng, shape: rng.integers(0, shape[-1], shape[:-1]), kind="labels")
LABEL_LISTS = Domain("an integer label, from 0 to the number of classes - 1, or -1, which ends a list",
                     _any, _label_lists, kind="label lists")
PROBABILITIES = Domain("a probability, in a row that sums to 1", _probability,
                       lambda rng, shape: rng.dirichlet(np.ones(shape[-1]), shape[:-1]), kind="rows")
LOG_PROBABILITIES = Domain("the logarithm of a probability, in a row of probabilities that sum to 1",
                           _log_probability,
                           lambda rng, shape: np.log(rng.dirichlet(np.ones(shape[-1]), shape[:-1])),
                           kind="log rows")


def per_item(domain: Domain) -> Domain:
    """The same for an input that has one number for each item, where an item is a vector."""
    return domain._replace(draw=lambda rng, shape: domain.draw(rng, shape[:-1]))


def _setting(text: str, holds: Callable[[Any], Any], examples: tuple[Any, ...],
             *refused: Any) -> Domain:
    return Domain(text, holds, lambda rng, shape: rng.choice(examples), examples,
                  (*refused, np.nan, "1", None), "setting")


def real(*examples: float) -> Domain:
    """A setting that is any number."""
    return _setting("a number", _number, examples)


def positive(*examples: float) -> Domain:
    """A setting above 0."""
    return _setting("a number above 0", _positive, examples, 0.0, -1.0)


def not_negative(*examples: float) -> Domain:
    """A setting of 0 or more."""
    return _setting("a number that is not negative", _finite_not_negative, examples, -1.0, np.inf)


def order_of_norm(*examples: float) -> Domain:
    """The p of a p norm; powers beyond 1000 would overflow, and tell no more than inf does."""
    return _setting("a number from 1 to 1000, or inf", lambda p: (p >= 1) & (p <= 1000) | (p == np.inf),
                    examples, 0.5, 2000.0)


def within(low: float, high: float, *examples: float) -> Domain:
    """A setting between two numbers, or one of them."""
    return _setting(f"a number from {low:g} to {high:g}", lambda x: (x >= low) & (x <= high), examples,
                    low - 0.1, high + 0.1)


def unit(*examples: float) -> Domain:
    """A setting from 0 to 1."""
    return Domain("a number from 0 to 1", lambda x: (x >= 0) & (x <= 1),
                  lambda rng, shape: rng.choice(examples), examples,
                  (-0.1, 1.5, np.nan, "1", None), "setting")


def share_or_none(*examples: float | None) -> Domain:
    """A setting between 0 and 1, or None."""
    return Domain("a number above 0 and below 1, or None", _share_or_none,
                  lambda rng, shape: examples[rng.integers(len(examples))], examples,
                  (0.0, 1.0, -1.0, np.nan, "1"), "setting")


def integer(*examples: int) -> Domain:
    """A whole number."""
    return _setting("a whole number", _integer, examples, 0.5)


def choice(*allowed: int) -> Domain:
    """One of these numbers."""
    return _setting(" or ".join(map(str, allowed)), lambda x: x in allowed, allowed, 0.5)


def boolean() -> Domain:
    """A setting that is True or False."""
    return _setting("True or False", _boolean, (True, False), 2)


def class_weights() -> Domain:
    """One number per class, or None, which counts every class once."""
    return Domain("one number per class, none of them negative", _not_negative,
                  lambda rng, shape: rng.uniform(0.5, 2.0, shape[-1]), kind="class weights")
