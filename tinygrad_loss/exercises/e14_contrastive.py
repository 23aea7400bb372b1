"""Exercise 14: a safe length. Value and slope are those of the engine's norm."""

import numpy as np

from .. import numerics
from ..engine import Tensor, norm
from .task import Task, gradient, of_lesson


def rows(rng):
    """Harmless ones; with a row of zeros; tiny and huge."""
    return [(rng.normal(size=(3, 2)),), (np.array([[3.0, 4.0, 12.0], [0.0, 0.0, 0.0], [-1.0, 2.0, 2.0]]),),
            (np.array([[3e-170, 4e-170], [3e200, -4e200], [6.0, 8.0]]),)]


def with_above(rng):
    return [(x, rng.normal(size=len(x))) for x, in rows(rng)]


def lengths(x):
    return Tensor(x).norm(axis=1).numpy()


def summed(x, g):
    return (x.norm(axis=1) * g).sum()


def safe(x):
    size = abs(x).max(axis=1, keepdims=True)
    unit = x / np.where(size > 0, size, 1)
    return (size * np.sqrt((unit ** 2).sum(axis=1, keepdims=True)))[:, 0]


def naive(x):
    return np.sqrt((x ** 2).sum(axis=1))


def direction(x):
    size = abs(x).max(axis=1, keepdims=True)
    unit = x / np.where(size > 0, size, 1)
    root = np.sqrt((unit ** 2).sum(axis=1, keepdims=True))
    return unit / np.where(root > 0, root, 1)


exercise = of_lesson(
    __name__,
    Task(
        "length", rows, lengths, digits=True, shown=(numerics.norm,),
        hints=("The square of 1e200 is too large and that of 1e-170 too small. What if each row were divided "
               "by something first?",
               "By its largest size: then the sum of squares is between 1 and D. Multiply afterwards. A row "
               "of zeros must not be divided by 0.",
               "s = abs(x).max(axis=1, keepdims=True); u = x / np.where(s > 0, s, 1); "
               "s[:, 0] * np.sqrt((u ** 2).sum(axis=1))"),
        mistakes={
            "The squares of tiny numbers are 0, of huge ones inf. Divide the row by its largest first.":
                lambda x: naive(x),
            "An epsilon under the root: a row of zeros gets a length, and every other one is a little off.":
                lambda x: np.sqrt((x ** 2).sum(axis=1) + 1e-12),
            "The square root is missing.":
                lambda x: (x ** 2).sum(axis=1),
            "This is the sum of sizes, another distance.":
                lambda x: abs(x).sum(axis=1),
            "This is the largest size of each row: the first step of a safe length, not all of it.":
                lambda x: abs(x).max(axis=1),
            "A row of zeros was divided by 0: nan.":
                lambda x: abs(x).max(axis=1) * naive(x / abs(x).max(axis=1, keepdims=True)),
            "The sum runs down the columns; a row is along axis 1.":
                lambda x: safe(x.T),
            "This is one length for the whole array; each row has its own.":
                lambda x: safe(x.reshape(1, -1))[0],
        }),
    gradient(
        "slope", summed, cases=with_above, digits=True, shown=(norm.vjps[0],),
        hints=("x / length, times g of the row. Three rows are in danger: zeros, tiny, huge.",
               "Divide the row by its largest size first: its direction stays the same. Then by the length "
               "of what is left, between 1 and the root of D.",
               "u as in the first task; r = np.sqrt((u ** 2).sum(axis=1, keepdims=True)); "
               "u / np.where(r > 0, r, 1) * g[:, None]"),
        mistakes={
            "0 / 0: a row of zeros has no direction, and its slope here is 0, not nan.":
                lambda x, g: x / safe(x)[:, None] * g[:, None],
            "Rows of zeros are mended, but tiny and huge ones have lost their length in its squares.":
                lambda x, g: np.where(naive(x)[:, None] > 0, x / np.where(naive(x) > 0, naive(x), 1)[:, None],
                                      0) * g[:, None],
            "The squares of tiny numbers are 0 and those of huge ones inf; and a row of zeros is nan.":
                lambda x, g: x / naive(x)[:, None] * g[:, None],
            "What arrives from above is missing: multiply each row by its g.":
                lambda x, g: direction(x),
            "It is not divided by the length: this is the slope of half the square.":
                lambda x, g: x * g[:, None],
            "This is the slope of the square, 2 x.":
                lambda x, g: 2 * x * g[:, None],
            "An epsilon below: every slope is a little off, and those of tiny rows are lost.":
                lambda x, g: x / (safe(x)[:, None] + 1e-12) * g[:, None],
            "The sign is turned: a row grows in its own direction.":
                lambda x, g: -direction(x) * g[:, None],
        }),
)
