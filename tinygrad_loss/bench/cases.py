"""What is measured: a loss, the shape of its inputs and their dtype; and the inputs themselves.

Inputs come from the domains that the loss declares, so that a new loss is measured without a word here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from ..losses import LOSSES
from ..losses.domain import REAL, Domain
from ..losses.loss import Loss

Shape = tuple[int, ...]

DTYPES = ("float64", "float32")
WIDTHS: dict[str, Shape] = {                        # of an item, where only the number of items is given
    "rows": (10,), "vectors": (128,), "sequences": (100, 28), "batch": (128,)}
SHAPES: dict[str, Sequence[Shape]] = {
    "elementwise": [(32,), (1024,), (10**5,), (10**7,)],
    "rows": [(32, 10), (10**6, 10), (20_000, 1000), (2000, 32_000)],
    "samples": [(10**5,), (10**7,)],
    "vectors": [(10**4, 128), (10**5, 128)],
    "sequences": [(32, 28), (1000, 28)],
    "batch": [(256, 128), (4096, 128)],
}


class Case(NamedTuple):
    """One loss at one shape and dtype."""

    loss: Loss
    shape: Shape                                     # of the first input
    dtype: str

    @property
    def size(self) -> str:
        """The shape as people write it: 32, 1e5, 2e4x1000."""
        return size_text(self.shape)

    def __str__(self) -> str:
        return f"{self.loss.name} {self.size} {self.dtype}"

    @property
    def n_gradients(self) -> int:
        """How many of the inputs, from the first on, get a gradient."""
        return self.loss.family.differentiated

    def inputs(self, rng: np.random.Generator) -> list[np.ndarray]:
        """One array for each input of the loss; labels where it takes labels."""
        domains = [self.loss.alternatives(name)[0] for name in self.loss.input_names]
        return [_draw(domain, rng, self.shape, self.dtype) for domain in domains]


def _draw(domain: Domain, rng: np.random.Generator, shape: Shape, dtype: str) -> np.ndarray:
    if domain is REAL:                               # the same numbers as it draws, without a detour
        drawn: np.ndarray = rng.standard_normal(shape, np.dtype(dtype).type)
        drawn *= 2
        return drawn
    array: np.ndarray = np.asarray(domain.draw(rng, shape))
    return array if array.dtype.kind in "iu" else array.astype(dtype, copy=False)


def cases(names: Iterable[str], sizes: Sequence[Shape], dtypes: Sequence[str]) -> list[Case]:
    """Every named loss in every dtype, at the given sizes or else at those of its family."""
    return [Case(LOSSES[name], shape, dtype) for name in names for dtype in dtypes
            for shape in shapes(LOSSES[name], sizes)]


def shapes(loss: Loss, sizes: Sequence[Shape]) -> list[Shape]:
    """Shapes of the first input. Where an item has a width, the first number counts the items, and a
    second one is their width."""
    chosen = sizes or SHAPES.get(loss.family.name, [(1024,)])
    item, axis = WIDTHS.get(loss.family.name, ()), loss.family.batch_axis
    if not item:
        return list(chosen)
    items = [(n, item[:-1] + (tuple(width) or item[-1:])) for n, *width in chosen]
    return [(*each[:axis], n, *each[axis:]) for n, each in items]


def parse_size(text: str) -> Shape:
    """The shape behind 1024, 1e5 or 2e4x1000. Raises ValueError for anything else."""
    numbers = [float(part) for part in text.split("x")]
    if len(numbers) > 2 or not all(n >= 1 and n.is_integer() for n in numbers):
        raise ValueError(f"{text!r} is no size. Write a number of items, or rows x width.")
    return tuple(int(n) for n in numbers)


def size_text(shape: Sequence[int]) -> str:
    """How people write a shape: 32, 1e5, 2e4x1000."""
    return "x".join(_number(n) for n in shape)


def _number(n: int) -> str:
    digits = str(n)
    zeros = len(digits) - 1
    return f"{digits[0]}e{zeros}" if zeros >= 4 and n == int(digits[0]) * 10**zeros else digits
