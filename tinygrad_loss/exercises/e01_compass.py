"""Exercise 01: three steps by hand. The slope is the engine's; the steps follow it."""

import numpy as np

from .task import Task, of_lesson, slope_of

SIZES, PRICES, RATE, START = np.array([1.0, 2.0]), np.array([3.0, 8.0]), 0.1, 1.0


def loss(w):
    return ((w * SIZES - PRICES) ** 2).mean()


def walk(slope_at, rate=RATE):
    """The three places that steps along this slope lead to."""
    found, w = [], START
    for _ in range(3):
        w = w - rate * slope_at(w)
        found.append(w)
    return np.array(found)


def three_steps():
    slope = slope_of(loss)
    return walk(lambda w: slope(w).item())


def fate():
    """The slope is curvature * (w - end), a straight line."""
    slope = slope_of(loss)
    curvature = (slope(1.0) - slope(0.0)).item()
    return 1 - RATE * curvature, -slope(0.0).item() / curvature, 2 / curvature


exercise = of_lesson(
    __name__,
    Task(
        "slope", lambda rng: [(1.0,), (0.0,), (4.2,), (10.0,)], slope_of(loss),
        hints=("One house alone: the error is  w * size - price.  How fast does its square change with the "
               "error, and the error with w?",
               "For each house  2 * (w * size - price) * size;  then the mean of the two.",
               "((w - 3) + 2 * (2 * w - 8)),  which is  5 * w - 19"),
        mistakes={
            "The mean's 1/2 is missing: this is the slope of the sum over both houses.":
                lambda w: 10 * w - 38,
            "The 2 that comes down from the square is missing.":
                lambda w: (5 * w - 19) / 2,
            "The size is missing: when w grows by 1, the second price grows by 2.":
                lambda w: (w - 3) + (2 * w - 8),
            "The sign is turned: at w = 1 both houses are too cheap, and more w makes the loss smaller.":
                lambda w: 19 - 5 * w,
            "This is the loss itself, not its slope.":
                lambda w: ((w - 3) ** 2 + (2 * w - 8) ** 2) / 2,
            "Only the first house is in it.":
                lambda w: 2 * (w - 3),
            "Only the second house is in it.":
                lambda w: 4 * (2 * w - 8),
        }),
    Task(
        "three_steps", lambda rng: [()], three_steps,
        hints=("The first step: 1 - 0.1 * slope(1). For the second, take the slope where you are now.",
               "slope(w) is 5 w - 19, so the first step leads from 1 to 1 + 1.4.",
               "np.array([2.4, 3.1, 3.45])"),
        mistakes={
            "Uphill: the step is minus rate times slope.":
                lambda: walk(lambda w: -(5 * w - 19)),
            "Stale: each step used the slope of the start. Ask for it anew where you are.":
                lambda: walk(lambda w: -14.0),
            "These are the places before each step; the first step leads away from 1.":
                lambda: np.array([1.0, 2.4, 3.1]),
            "These are the slopes, not the places.":
                lambda: np.array([-14.0, -7.0, -3.5]),
            "These steps use the slope of the sum; the loss is the mean.":
                lambda: walk(lambda w: 10 * w - 38),
            "The rate is missing: w - slope, and w is flung away.":
                lambda: walk(lambda w: 5 * w - 19, rate=1.0),
            "These are the steps themselves; add them up from 1.":
                lambda: np.array([1.4, 0.7, 0.35]),
        }),
    Task(
        "fate", lambda rng: [()], fate,
        hints=("The end is where the slope is 0. How far from it is w before a step of rate 0.1, and after?",
               "With d = w - end the slope is 5 d, so a step leads from d to (1 - 5 * rate) d.",
               "It never arrives once |1 - 5 * rate| is 1, that is, at rate 2/5: return 0.5, 3.8, 0.4"),
        mistakes={
            "The end is not yet 3.45, where three steps lead: the walk goes on while there is a slope.":
                lambda: (0.5, 3.45, 0.4),
            "The end is not the mean of 3/1 and 8/2: larger houses weigh more. Where is the slope 0?":
                lambda: (0.5, 3.5, 0.4),
            "The end is not 11/3, prices over sizes: that makes the mean error 0, not the slope.":
                lambda: (0.5, 11 / 3, 0.4),
            "At the rate 0.2 it arrives in one step. Go on to where a step leads as far beyond the end.":
                lambda: (0.5, 3.8, 0.2),
            "At the rate 1 it is flung away, but it is so from a smaller rate on.":
                lambda: (0.5, 3.8, 1.0),
            "The factor is what is left over what was there: less than 1, or it would never arrive.":
                lambda: (2.0, 3.8, 0.4),
            "The factor of the slope of the sum is 0; the loss is the mean.":
                lambda: (0.0, 3.8, 0.4),
        }),
)
