"""Exercise 05: Huber's slope, then its kernel. The slope is the engine's, the kernel the library's own."""

import numpy as np

from .. import losses
from .task import Task, gradient, of_lesson

SETTINGS = 1.0, 0.5, 2.5


def batches(rng):
    """Errors on both sides of delta and of 0, none at the seam."""
    found = []
    for delta, shape in zip(SETTINGS, [(6,), (3, 4), (5,)], strict=True):
        target = rng.normal(size=shape)
        error = delta * np.resize([0.3, -1.7, -0.6, 2.6, 0.2, -2.1, 1.4], shape)
        found.append((target + error, target, delta))
    return found


def numbers(rng):
    errors = [0.4, -0.3, 2.5, -2.0, 0.0, 7.0]
    return [(target + delta * e, target, delta) for delta in SETTINGS
            for target, e in zip(rng.normal(size=6).tolist(), errors, strict=True)]


def huber(pred, target, delta):
    return losses.huber(pred, target, delta=delta, path="composed")


def clipped(pred, target, delta):
    return np.clip(pred - target, -delta, delta)


def kernel(pred, target, delta):
    e = pred - target
    slope = max(-delta, min(delta, e))
    return slope * (e - slope / 2), slope


def with_loss(pred, target, delta, near, far):
    """The right slope beside a wrong loss."""
    e = pred - target
    return near(e) if abs(e) <= delta else far(abs(e)), kernel(pred, target, delta)[1]


exercise = of_lesson(
    __name__,
    gradient(
        "huber_grad", huber, cases=batches, shown=(losses.huber.composed, losses.huber.kernel),
        hints=("Near the target the loss is e^2 / 2: what is its slope? Far from it, a straight line: what "
               "is its slope, and its sign?",
               "Both parts are one: the slope is e, held within -delta and delta.",
               "np.clip(pred - target, -delta, delta) / pred.size"),
        mistakes={
            "Slope 1 instead of delta in the straight part.":
                lambda pred, target, delta: np.where(abs(pred - target) <= delta, pred - target,
                                                     np.sign(pred - target)) / pred.size,
            "The mean's 1/n is missing: this is the slope of the sum.":
                lambda pred, target, delta: clipped(pred, target, delta),
            "len(pred) counts rows, not elements: use pred.size.":
                lambda pred, target, delta: clipped(pred, target, delta) / len(pred),
            "The sign is turned: prediction and target are exchanged.":
                lambda pred, target, delta: clipped(target, pred, delta) / pred.size,
            "The threshold looks at e, not at |e|: errors below -delta are taken for small ones.":
                lambda pred, target, delta: np.minimum(pred - target, delta) / pred.size,
            "The sign is lost in the straight part: below the target its slope is -delta.":
                lambda pred, target, delta: np.where(abs(pred - target) <= delta, pred - target,
                                                     delta) / pred.size,
            "The slope of e^2 / 2 is e, not 2 e: the 1/2 of the loss is not in it.":
                lambda pred, target, delta: np.where(abs(pred - target) <= delta, 2 * (pred - target),
                                                     delta * np.sign(pred - target)) / pred.size,
            "It clips at 1, whatever delta is.":
                lambda pred, target, delta: np.clip(pred - target, -1, 1) / pred.size,
            "This is the slope of SmoothL1, which is Huber's divided by delta.":
                lambda pred, target, delta: clipped(pred, target, delta) / delta / pred.size,
            "The straight part is missing: this is the slope of the squared error, halved.":
                lambda pred, target, delta: (pred - target) / pred.size,
        }),
    Task(
        "huber_kernel", numbers, losses.huber.kernel,
        shown=(losses.huber.composed, losses.huber.kernel),
        hints=("First the slope: e, held within -delta and delta, by two `if`s.",
               "Then the loss from the slope: write s for it; near the target s is e, far from it s is delta "
               "or -delta. Try s * (e - s / 2) in both parts.",
               "e = pred - target; s = delta if e > delta else -delta if e < -delta else e; "
               "return s * (e - s / 2), s"),
        mistakes={
            "The 1/2 of e^2 / 2 is forgotten in the loss.":
                lambda pred, target, delta: with_loss(
                    pred, target, delta, lambda e: e * e, lambda size: delta * (size - delta / 2)),
            "The straight part starts too high: the - delta^2 / 2 that joins it to the curve is missing.":
                lambda pred, target, delta: with_loss(
                    pred, target, delta, lambda e: e * e / 2, lambda size: delta * size),
            "In the straight part it takes off delta / 2, not delta^2 / 2: delta must multiply all of it.":
                lambda pred, target, delta: with_loss(
                    pred, target, delta, lambda e: e * e / 2, lambda size: delta * size - delta / 2),
            "The loss is right; the slope is 1 or -1, not delta or -delta, in the straight part.":
                lambda pred, target, delta: (kernel(pred, target, delta)[0],
                                             pred - target if abs(pred - target) <= delta
                                             else np.sign(pred - target)),
            "The loss is right; the slope has the wrong sign.":
                lambda pred, target, delta: (kernel(pred, target, delta)[0], -kernel(pred, target, delta)[1]),
            "Loss and slope are in the wrong order: return loss, slope.":
                lambda pred, target, delta: kernel(pred, target, delta)[::-1],
            "The threshold looks at e, not at |e|: errors below -delta are taken for small ones, in loss and "
            "slope alike, so that a gradient check cannot notice.":
                lambda pred, target, delta: ((pred - target) ** 2 / 2, pred - target)
                if pred - target <= delta else kernel(pred, target, delta),
            "Loss and slope are divided by delta: that is SmoothL1.":
                lambda pred, target, delta: tuple(x / delta for x in kernel(pred, target, delta)),
        }),
)
