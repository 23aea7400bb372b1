"""Exercise 09: softmax backward, and the slope of cross entropy. Both are the engine's."""

import numpy as np

from .. import engine, losses
from .task import gradient, of_lesson


def pairs(rng):
    return [tuple(rng.normal(size=(2, *shape))) for shape in [(3,), (4, 3), (2, 5)]]


def batches(rng):
    return [(rng.normal(size=(4, 3)), np.array([2, 0, 2, 1])), (rng.normal(size=(2, 5)), np.array([4, 0])),
            (rng.normal(size=(1, 3)), np.array([1]))]


def summed(z, g):
    return (z.softmax() * g).sum()


def cross_entropy(z, labels):
    return losses.cross_entropy(z, labels, path="composed")


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def one_hot(z, labels):
    return np.eye(z.shape[1])[labels]


exercise = of_lesson(
    __name__,
    gradient(
        "softmax_backward", summed, cases=pairs, shown=(engine.softmax.forward, engine.softmax.vjps[0]),
        hints=("dp_i/dz_j = p_i (1 - p_j) for i = j, and -p_i p_j else. Expand the sum of g_i times that; "
               "one part of it is the same number for every j.",
               "That number is s, the sum of g_i p_i; what is left is p_j (g_j - s).",
               "p = softmax(z); return p * (g - (g * p).sum(axis=-1, keepdims=True))"),
        mistakes={
            "Each p depends on every z of its row: the part that all share is missing, - p times sum of g p.":
                lambda z, g: softmax(z) * g,
            "Only p_i by its own z_i is in it: the slopes by the other z of the row are missing.":
                lambda z, g: softmax(z) * (1 - softmax(z)) * g,
            "The number to take off is the sum of g times p, not the sum of g.":
                lambda z, g: softmax(z) * (g - g.sum(axis=-1, keepdims=True)),
            "The number to take off is the sum of g times p, not their mean.":
                lambda z, g: softmax(z) * (g - (g * softmax(z)).mean(axis=-1, keepdims=True)),
            "The factor p in front is missing.":
                lambda z, g: g - (g * softmax(z)).sum(axis=-1, keepdims=True),
            "Right for one row; with several, each row has a sum of its own: axis=-1, keepdims=True.":
                lambda z, g: softmax(z) * (g - (g * softmax(z)).sum()),
            "The sums run over the wrong axis: a row is along the last one.":
                lambda z, g: softmax(z) * (g - (g * softmax(z)).sum(axis=0, keepdims=True)),
            "The sign is turned.":
                lambda z, g: softmax(z) * ((g * softmax(z)).sum(axis=-1, keepdims=True) - g),
            "z is taken for p: softmax first.":
                lambda z, g: z * (g - (g * z).sum(axis=-1, keepdims=True)),
        }),
    gradient(
        "cross_entropy_slope", cross_entropy, cases=batches,
        shown=(losses.cross_entropy.composed, losses.cross_entropy.kernel),
        hints=("For one row the loss is logsumexp(z) - z[label]. The slope of the first is softmax.",
               "p, less 1 at the label; then the mean over the rows.",
               "d = softmax(z); d[np.arange(len(z)), labels] -= 1; return d / len(z)"),
        mistakes={
            "The mean's 1/n is missing, n being the number of rows.":
                lambda z, labels: softmax(z) - one_hot(z, labels),
            "It is divided by the number of all logits; the mean is over the rows.":
                lambda z, labels: (softmax(z) - one_hot(z, labels)) / z.size,
            "The sign is turned: descent raises the logit of the label.":
                lambda z, labels: (one_hot(z, labels) - softmax(z)) / len(z),
            "The label is missing: p everywhere, and no 1 taken off.":
                lambda z, labels: softmax(z) / len(z),
            "Only the label's own place has a slope here; every logit of the row is in the loss.":
                lambda z, labels: (softmax(z) - 1) * one_hot(z, labels) / len(z),
            "That is the slope by p, -1/p at the label; wanted is the one by z.":
                lambda z, labels: -one_hot(z, labels) / softmax(z) / len(z),
            "Softmax was taken twice.":
                lambda z, labels: (softmax(softmax(z)) - one_hot(z, labels)) / len(z),
            "Softmax runs along the wrong axis: a row is one sample.":
                lambda z, labels: (softmax(z, axis=0) - one_hot(z, labels)) / len(z),
            "The labels are taken for 1 to C; they are 0 to C - 1.":
                lambda z, labels: (softmax(z) - one_hot(z, labels - 1)) / len(z),
        }),
)
