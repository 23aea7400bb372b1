"""Exercise 12: KL divergence and its slopes, as the library has them."""

import numpy as np

from .. import losses
from ..engine import Tensor, grad
from .task import Task, gradient, of_lesson


def inside(rng):
    return [tuple(rng.dirichlet(np.ones(shape[1]) * 3, size=(2, shape[0]))) for shape in [(4, 3), (2, 5)]]


def with_zeros(rng):
    p, t = np.array([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]]), np.array([[0.75, 0.25, 0.0], [0.0, 0.4, 0.6]])
    return [*inside(rng), (p, t)]


def with_misses(rng):
    return [*with_zeros(rng), (np.array([[1.0, 0.0], [0.5, 0.5]]), np.array([[0.5, 0.5], [0.5, 0.5]]))]


def mean(p, t):
    return losses.kl_divergence(p, t, path="composed").item()


def differentiable(p, t):
    """The mean, also for rows that do not sum to 1 while they are moved."""
    return losses.kl_divergence.composed(p, Tensor(t)).mean()


def by_logits(p, t):
    z = Tensor(np.log(p), requires_grad=True)
    return grad(losses.kl_divergence(z.softmax(), t, path="composed"), [z])[0].numpy()


def terms(p, t):
    """Each t log(t / p), with 0 log 0 = 0."""
    some = t > 0
    return np.where(some, t * (np.log(np.where(some, t, 1)) - np.log(np.where(some, p, 1))), 0)


def ratio(p, t):
    return np.where(t > 0, t / np.where(t > 0, p, 1), 0)


exercise = of_lesson(
    __name__,
    Task(
        "kl", with_misses, mean, shown=(losses.kl_divergence.composed, losses.kl_divergence.kernel),
        hints=("Sum over a row, then the mean over the rows: which axis, which count? And what is 0 log 0?",
               "Guard the inputs: where t is 0, put 1 into both logarithms; the term is 0 there by t.",
               "s = t > 0; np.sum(t * (np.log(np.where(s, t, 1)) - np.log(np.where(s, p, 1)))) / len(p)"),
        mistakes={
            "The factor bug: a mean over all numbers. It is C times too small; a row is one item.":
                lambda p, t: terms(p, t).mean(),
            "This is the sum over the batch: divide by the number of rows.":
                lambda p, t: terms(p, t).sum(),
            "These are bits; nats need np.log.":
                lambda p, t: terms(p, t).sum() / np.log(2) / len(p),
            "The arguments are exchanged: t log(t / p), the truth first.":
                lambda p, t: terms(t, p).sum() / len(p),
            "Both are clipped: an impossible answer should cost inf, and terms with t = 0 nothing.":
                lambda p, t: (np.clip(t, 1e-7, 1) * np.log(np.clip(t, 1e-7, 1) / np.clip(p, 1e-7, 1))).sum()
                / len(p),
            "0 log 0 came out as nan: where t is 0, the term is 0. Guard the inputs of the logarithm.":
                lambda p, t: (t * np.log(t / p)).sum() / len(p),
            "Where p is 0 but t is not, the term is inf; it was left out.":
                lambda p, t: np.where(p > 0, terms(np.where(p > 0, p, 1), t), 0).sum() / len(p),
            "The sign is turned: this is never positive.":
                lambda p, t: -terms(p, t).sum() / len(p),
            "This is the cross entropy: t log t is missing.":
                lambda p, t: -(np.where(t > 0, t * np.log(np.where(t > 0, p, 1)), 0)).sum() / len(p),
        }),
    gradient(
        "kl_slope", differentiable, cases=with_zeros,
        shown=(losses.kl_divergence.composed, losses.kl_divergence.kernel),
        hints=("Of t (log t - log p) only the second part knows p.",
               "-t / p, over the number of rows; where t is 0 it is 0, also where p is.",
               "return np.where(t > 0, -t / np.where(t > 0, p, 1), 0) / len(p)"),
        mistakes={
            "The mean's 1/n is missing, n being the number of rows.":
                lambda p, t: -ratio(p, t),
            "The factor bug: it is divided by the number of all elements; the mean is over the rows.":
                lambda p, t: -ratio(p, t) / p.size,
            "The sign is turned: more p where t is makes the loss smaller.":
                lambda p, t: ratio(p, t) / len(p),
            "0 / 0 came out as nan: where t is 0, the slope is 0.":
                lambda p, t: -t / p / len(p),
            "This is the slope by t: log t - log p + 1.":
                lambda p, t: np.where(t > 0, np.log(np.where(t > 0, ratio(p, t), 1)) + 1, 0) / len(p),
            "This is the slope by the logits, p - t.":
                lambda p, t: (p - t) / len(p),
            "These are bits: nats have no log 2.":
                lambda p, t: -ratio(p, t) / np.log(2) / len(p),
            "p was clipped or given an epsilon: every slope is a little off.":
                lambda p, t: -t / (p + 1e-7) / len(p),
        }),
    Task(
        "kl_slope_logits", inside, by_logits,
        shown=(losses.kl_divergence.composed, losses.cross_entropy.kernel),
        hints=("KL is the cross entropy less a constant. What was the slope of cross entropy by the logits?",
               "For one row: p - t.",
               "return (p - t) / len(p)"),
        mistakes={
            "The mean's 1/n is missing, n being the number of rows.":
                lambda p, t: p - t,
            "The factor bug: it is divided by the number of all elements; the mean is over the rows.":
                lambda p, t: (p - t) / p.size,
            "The sign is turned: descent moves the logits towards the truth.":
                lambda p, t: (t - p) / len(p),
            "This is the slope by p; softmax stands between it and the logits.":
                lambda p, t: -t / p / len(p),
            "-t is half of it: the logits push on all p of the row, which adds p.":
                lambda p, t: -t / len(p),
            "p (1 - p) knows only what each logit does to its own p.":
                lambda p, t: -t / p * p * (1 - p) / len(p),
        }),
)
