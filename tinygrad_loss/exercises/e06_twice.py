"""Exercise 06: fuse MAE, and find the drift between two copies. The answers are the library's kernels."""

import math
import runpy

from .. import course, losses
from .task import Task, of_lesson

given = runpy.run_path(str(course.stub("06_twice.py")))


def pairs(rng):
    found = [(2.5, 1.0), (-1.0, 2.0), (3.0, 3.0), (0.3, 0.1), (-4.0, -4.5)]
    return [*found, (math.nan, 1.0), (1.0, math.nan)]


def triples(rng):
    return [(t + beta * e, t, beta) for beta in (1.0, 0.5, 2.0)
            for e, t in zip([0.4, -0.7, 2.5, -3.0, 0.0, 4.0], rng.normal(size=6).tolist(), strict=True)]


def sign(e):
    return 1.0 if e > 0 else -1.0 if e < 0 else 0.0 * e


def standing(value, *_):
    """Where such an input lies."""
    pred, target, beta = value
    e = pred - target
    if math.isnan(pred + target + beta):
        return "nan"
    if not beta > 0:
        return "beta"
    if given["first_copy"](*value) != given["second_copy"](*value) and not math.isclose(
            given["first_copy"](*value)[0], given["second_copy"](*value)[0], rel_tol=1e-9):
        return "differ"
    near, one = "near" if abs(e) < beta else "far", "beta is 1" if beta == 1 else "other beta"
    return f"{near}, {one}"


def smooth(pred, target, beta):
    e = pred - target
    slope = max(-1.0, min(1.0, e / beta))
    return slope * (e - slope * beta / 2), slope


def branches(pred, target, beta, near, far, small=None):
    """Loss and slope from two formulas, each for error and size."""
    e = pred - target
    return near(e) if (abs(e) < beta if small is None else small(e)) else far(e)


exercise = of_lesson(
    __name__,
    Task(
        "mae_kernel", pairs, losses.mae.kernel, shown=(losses.mae.composed, losses.mae.kernel),
        hints=("Two `if`s: above the target the slope is 1, below it -1. What is left over?",
               "What is left over is a tie or nan, and nan compares with nothing: there e itself, 0 or nan, "
               "is both loss and slope.",
               "if e > 0: return e, 1.0; if e < 0: return -e, -1.0; return e, e"),
        mistakes={
            "At a tie the slope is 0, not 1: an error that is not there pulls nowhere.":
                lambda pred, target: (abs(pred - target), 1.0 if pred >= target else -1.0 if pred < target
                                      else math.nan),
            "At a tie the slope is 0, not -1, and nan is not below anything: `else` takes both.":
                lambda pred, target: (abs(pred - target), 1.0 if pred > target else -1.0),
            "All right but for nan: `else` gives it the slope 0. A lost number must not look like a hit.":
                lambda pred, target: (abs(pred - target), 1.0 if pred > target else -1.0 if pred < target
                                      else 0.0),
            "The slope's sign is turned.":
                lambda pred, target: (abs(pred - target), -sign(pred - target)),
            "That is the squared error's slope: the absolute error's does not grow.":
                lambda pred, target: (abs(pred - target), 2 * (pred - target)),
            "The loss lacks the absolute value.":
                lambda pred, target: (pred - target, sign(pred - target)),
            "Loss and slope are in the wrong order: return loss, slope.":
                lambda pred, target: (sign(pred - target), abs(pred - target)),
        }),
    Task(
        "witness", lambda rng: [()], lambda: (5.0, 0.0, 2.0), reads=standing,
        hints=("Compare the copies line by line: where they are the same formula, they cannot differ. What "
               "is the loss of the second, far from the target?",
               "Far from the target the first has a 0.5 where the text above says beta / 2.",
               "Far from the target, and a beta that is not 1: return 5.0, 0.0, 2.0"),
        mistakes={
            "Here |e| < beta, and near the target the copies agree. Go further away.":
                lambda: (0.5, 0.0, 2.0),
            "This is far enough, but with beta = 1 the copies agree. Take another beta.":
                lambda: (5.0, 0.0, 1.0),
            "With beta = 1 the copies agree everywhere, and near the target for every beta.":
                lambda: (0.5, 0.0, 1.0),
            "nan differs from itself, too; find numbers.":
                lambda: (math.nan, 0.0, 2.0),
            "beta must be greater than 0.":
                lambda: (5.0, 0.0, -2.0),
            "Far enough, and beta is not 1; but the difference is lost in the roundings of so large a loss.":
                lambda: (1e30, 0.0, 2.0),
        }),
    Task(
        "mended", triples, losses.smooth_l1.kernel,
        shown=(losses.smooth_l1.composed, losses.smooth_l1.kernel),
        hints=("Which of the two is as the text says? At |e| = beta the two branches must meet.",
               "In the first copy, 0.5 is beta / 2 for beta = 1 only.",
               "return abs(e) - beta / 2, 1.0 if e > 0 else -1.0"),
        mistakes={
            "This is the first copy as it was: its 0.5 is beta / 2 for beta = 1 only.":
                lambda pred, target, beta: branches(
                    pred, target, beta, lambda e: (e * e / (2 * beta), e / beta),
                    lambda e: (abs(e) - 0.5, sign(e))),
            "This is Huber's loss, which is beta times as much.":
                lambda pred, target, beta: tuple(beta * x for x in smooth(pred, target, beta)),
            "It takes off beta, not beta / 2: the branches do not meet at |e| = beta.":
                lambda pred, target, beta: branches(
                    pred, target, beta, lambda e: (e * e / (2 * beta), e / beta),
                    lambda e: (abs(e) - beta, sign(e))),
            "It takes off 1 / (2 beta) instead of beta / 2: the branches do not meet at |e| = beta.":
                lambda pred, target, beta: branches(
                    pred, target, beta, lambda e: (e * e / (2 * beta), e / beta),
                    lambda e: (abs(e) - 0.5 / beta, sign(e))),
            "The threshold looks at e, not at |e|: large negative errors are taken for small ones.":
                lambda pred, target, beta: branches(
                    pred, target, beta, lambda e: (e * e / (2 * beta), e / beta),
                    lambda e: (abs(e) - beta / 2, sign(e)), small=lambda e: e < beta),
            "The threshold is 1 whatever beta is.":
                lambda pred, target, beta: branches(
                    pred, target, beta, lambda e: (e * e / (2 * beta), e / beta),
                    lambda e: (abs(e) - beta / 2, sign(e)), small=lambda e: abs(e) < 1),
            "Near the target beta is missing: the loss is e^2 / (2 beta), its slope e / beta.":
                lambda pred, target, beta: branches(
                    pred, target, beta, lambda e: (e * e / 2, e), lambda e: (abs(e) - beta / 2, sign(e))),
            "The loss is mended; the slope has lost its sign far below the target.":
                lambda pred, target, beta: (smooth(pred, target, beta)[0],
                                            min(1.0, abs(pred - target) / beta)
                                            if pred - target < -beta else smooth(pred, target, beta)[1]),
        }),
)
