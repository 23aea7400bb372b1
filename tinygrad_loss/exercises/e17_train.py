"""Exercise 17: the article's three examples, mended. The slopes of example 3 are the engine's."""

import numpy as np

from .. import losses
from ..engine import Tensor, grad
from .task import Task, of_lesson

NAMES = "mse", "mae", "huber"


def features(rng):
    return [(rng.normal(size=(6, 10)),), (rng.normal(size=(12, 10)) + 0.3,)]


def data(rng):
    found = []
    for n, rate, steps in (9, 0.1, 5), (20, 0.3, 12):
        x = rng.normal(size=n)
        clean = 2 * x + 0.1 * rng.normal(size=n)
        found.append((x, clean + 15 * (np.arange(n) % 6 == 0), clean, rate, steps))
    return found


def binary_labels(x):
    return 1.0 * (x.sum(axis=1, keepdims=True) > 0)


def three_classes(x):
    return ranks(x) // (len(x) // 3)


def ranks(x):
    return np.argsort(np.argsort(x.sum(axis=1)))


def compare(x, y, clean, rate, steps):
    found = []
    for name in NAMES:
        w = 0.0
        for _ in range(steps):
            weight = Tensor(w, requires_grad=True)
            loss = losses.LOSSES[name](weight * x, y, path="composed")
            w -= rate * grad(loss, [weight])[0].item()
        found.append(abs(x * w - clean).mean())
    return np.array(found)


def pull(e, name):
    """The slope of one item."""
    return 2 * e if name == "mse" else np.sign(e) if name == "mae" else np.clip(e, -1, 1)


def trained(x, y, rate, steps, name, slope=pull):
    w = 0.0
    for _ in range(steps):
        w -= rate * (slope(x * w - y, name) * x).mean()
    return w


def measured(x, y, clean, rate, steps, names=NAMES, slope=pull, error=lambda e: abs(e).mean()):
    return np.array([error(x * trained(x, y, rate, steps, name, slope) - clean) for name in names])


def not_reset(x, y, clean, rate, steps):
    found, w = [], 0.0
    for name in NAMES:
        for _ in range(steps):
            w -= rate * (pull(x * w - y, name) * x).mean()
        found.append(abs(x * w - clean).mean())
    return np.array(found)


exercise = of_lesson(
    __name__,
    Task(
        "binary_labels", features, binary_labels, reads=lambda value, x: (value, value.dtype.kind == "b"),
        hints=("(N,) and (N, 1) broadcast to (N, N). What does keepdims=True do?",
               "x.sum(axis=1, keepdims=True) has shape (N, 1). Compare it with 0.",
               "return (x.sum(axis=1, keepdims=True) > 0).astype(float)"),
        mistakes={
            "As in the article: shape (N,) against the network's (N, 1). Keep the axis.":
                lambda x: 1.0 * (x.sum(axis=1) > 0),
            "These are True and False; the loss wants numbers.":
                lambda x: x.sum(axis=1, keepdims=True) > 0,
            "The classes are exchanged: 1.0 where the sum is greater than 0.":
                lambda x: 1.0 * (x.sum(axis=1, keepdims=True) <= 0),
            "The sum runs over the rows, not along each of them.":
                lambda x: 1.0 * (x.sum(axis=0, keepdims=True) > 0),
            "The labels are -1 and 1; this loss wants 0 and 1.":
                lambda x: np.sign(x.sum(axis=1, keepdims=True)),
            "These are the sums; is each greater than 0?":
                lambda x: x.sum(axis=1, keepdims=True),
            "One label for each number; there is one for each row.":
                lambda x: 1.0 * (x > 0),
        }),
    Task(
        "three_classes", features, three_classes, reads=lambda value, x: (value, value.dtype.kind in "iu"),
        hints=("Equal thirds of the rows: what counts is the rank of a sum, not its size.",
               "np.argsort(np.argsort(sums)) is the rank of each, from 0 to N - 1.",
               "return np.argsort(np.argsort(x.sum(axis=1))) // (len(x) // 3)"),
        mistakes={
            "As in the article: sum > 0 and mean > 0 are the same condition, so class 1 never occurs.":
                lambda x: 1 * (x.sum(axis=1) > 0) + 1 * (x.mean(axis=1) > 0),
            "The classes are in reverse order: 0 is for the smallest sums.":
                lambda x: 2 - three_classes(x),
            "Labels are integers: an index into a row of probabilities.":
                lambda x: 1.0 * three_classes(x),
            "argsort once says which row has each rank; twice says which rank each row has.":
                lambda x: np.argsort(x.sum(axis=1)) // (len(x) // 3),
            "The thirds are counted along the batch; the sums are not looked at.":
                lambda x: np.arange(len(x)) // (len(x) // 3),
            "Equal parts of the range of sums hold unequal numbers of rows; take ranks.":
                lambda x: np.minimum(3 * (x.sum(axis=1) - x.sum(axis=1).min()) / np.ptp(x.sum(axis=1)),
                                     2).astype(int),
            "The labels are 1 to 3; classes are counted from 0.":
                lambda x: three_classes(x) + 1,
        }),
    Task(
        "compare", data, compare, shown=(losses.huber.composed, losses.huber.kernel),
        hints=("Three trainings, each from w = 0, and one measure for all three. What is the slope of the "
               "mean loss by w?",
               "With e = x * w - y the slope is the mean of s(e) * x, s being 2 e, np.sign(e), or "
               "np.clip(e, -1, 1).",
               "for each s: w = 0.0; steps times  w -= rate * (s(x * w - y) * x).mean();  then "
               "abs(x * w - clean).mean()"),
        mistakes={
            "Each is measured on y, with its outliers: by what it was trained on.":
                lambda x, y, clean, rate, steps: measured(x, y, y, rate, steps),
            "The weight goes on from where the last loss left it; each starts at 0.":
                lambda x, y, clean, rate, steps: not_reset(x, y, clean, rate, steps),
            "The clean errors are squared; the measure is the mean of their sizes.":
                lambda x, y, clean, rate, steps: measured(x, y, clean, rate, steps,
                                                          error=lambda e: (e ** 2).mean()),
            "The slope of MSE lacks its 2.":
                lambda x, y, clean, rate, steps: measured(
                    x, y, clean, rate, steps, slope=lambda e, name: e if name == "mse" else pull(e, name)),
            "Huber's slope is not clipped: it is trained with half of MSE.":
                lambda x, y, clean, rate, steps: measured(
                    x, y, clean, rate, steps, slope=lambda e, name: e if name == "huber" else pull(e, name)),
            "It is trained on clean: nobody has that.":
                lambda x, y, clean, rate, steps: measured(x, clean, clean, rate, steps),
            "The order is MSE, MAE, Huber.":
                lambda x, y, clean, rate, steps: measured(x, y, clean, rate, steps,
                                                          names=("mse", "huber", "mae")),
            "One step too few.":
                lambda x, y, clean, rate, steps: measured(x, y, clean, rate, steps - 1),
            "Uphill: w - rate * slope.":
                lambda x, y, clean, rate, steps: measured(x, y, clean, -rate, steps),
        }),
)
