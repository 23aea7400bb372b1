"""Exercise 03: find the check that cannot fail. The stub's checks are tried on wrong gradients."""

import contextlib
import io
import runpy

import numpy as np

from .. import course
from .child import Code
from .task import Task, of_lesson

given = runpy.run_path(str(course.stub("03_trust.py")))
POINTS = np.array([0.5, -1.2, 1.5, 0.8, -0.3])


def right(x):
    return 3 * x ** 2 / 1e6


def passes(letter, gradient):
    """What a check of the stub says, without what it prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        return bool(given[f"check_{letter}"](gradient))


def cannot_fail():
    """Tried on gradients that are wrong in many ways."""
    rng = np.random.default_rng(0)
    wrong = [lambda x, k=k: k * right(x) for k in (0.0, 2.0, -1.0, 1e6)]
    wrong += [lambda x, d=d: d for d in rng.normal(size=(50, POINTS.size))]
    return "".join(letter.upper() for letter in "abcdefg" if all(passes(letter, g) for g in wrong))


def only_first(x):
    return right(x) * (np.arange(x.size) == 0)


def standing(value, x):
    """Is it wrong, and what do the three checks say?"""
    is_wrong = not np.allclose(value, right(x), rtol=1e-2, atol=0)
    return (is_wrong, *[passes(letter, lambda x: value) for letter in "bef"])


def by_numbers(x, h=1e-4):
    steps = h * np.eye(x.size)
    return np.array([(((x + e) ** 3).sum() - ((x - e) ** 3).sum()) / (2e6 * h) for e in steps])


def close(a, b):
    return bool(np.allclose(a, b, rtol=1e-4, atol=0))


PLANTED = [
    "3 * x ** 2 / 1e6", "0 * x", "6 * x ** 2 / 1e6", "-3 * x ** 2 / 1e6", "3 * x ** 2",
    "3 * x ** 2 / 1e6 * np.where(x == x.max(), 1.05, 1.0)", "3 * x ** 2 / 1e6 * (np.arange(x.size) == 0)",
    "np.roll(3 * x ** 2 / 1e6, 1)",
    "3 * x ** 2 / 1e6 + 1e-7 * (np.arange(x.size) == 0) - 1e-7 * (np.arange(x.size) == 1)"]

exercise = of_lesson(
    __name__,
    Task(
        "cannot_fail", lambda rng: [()], cannot_fail,
        reads=lambda value: "".join(sorted(set(filter(str.isalpha, value.upper())))),
        hints=("Look for a path from the first line to False. Which checks have none, for finite numbers of "
               "the right shape?",
               "One compares a thing with itself, one returns early, one forgets to use what it found.",
               "C returns early, D compares g with g, G prints and says True."),
        mistakes={
            "B can fail: it refuses zeros, though it lets everything else pass.": lambda: "BCDG",
            "E can fail: it refuses what is off by more than 0.00001, a hundred times these slopes.":
                lambda: "CDEG",
            "F can fail: it looks at one element, always the first, but that it does check.": lambda: "CDFG",
            "C is missing: g(X) has the right shape, so that the comparison is never reached.": lambda: "DG",
            "D is missing: it compares g with g.": lambda: "CG",
            "G is missing: it finds the mistake, prints it, and says True.": lambda: "CD",
            "These are the checks that can fail; name the others.": lambda: "ABEF",
            "B, E and F are weak, but each can fail: B at zeros, E at large ones, F at the first element.":
                lambda: "BCDEFG",
        }),
    Task(
        "wrong_gradient", lambda rng: [(POINTS,)], only_first, reads=standing,
        hints=("What does each of the three never look at? B at sizes, E at anything below 0.00001, F at all "
               "elements but one.",
               "Start from the right one, 3 x^2 / 1e6, and leave its first element as it is.",
               "d = 3 * x ** 2 / 1e6; d[1:] = 0; return d"),
        mistakes={
            "All zeros: the one thing that B refuses. And F sees the first element.":
                lambda x: 0 * x,
            "F sees the first element, and there it is wrong.":
                lambda x: right(x) / 2,
            "It is right, or wrong by less than 1 %.":
                lambda x: right(x),
            "E refuses it: off by more than 0.00001 somewhere, though right in the first element.":
                lambda x: right(x) + (np.arange(x.size) > 0),
            "E and F refuse it: too far off everywhere, also in the first element.":
                lambda x: np.ones(x.shape),
            "Infinite numbers: B and E look for those.":
                lambda x: np.where(np.arange(x.size) > 0, np.inf, right(x)),
        }),
    Task(
        "my_check", lambda rng: [(Code("lambda x: " + text),) for text in PLANTED],
        lambda g: close(g(POINTS), by_numbers(POINTS)),
        hints=("Compare with the numbers, every element, and relative to its size.",
               "np.allclose adds an absolute tolerance; slopes that are smaller all look equal. Set atol=0.",
               "return np.allclose(g(X), numbers(X), rtol=1e-4, atol=0)"),
        mistakes={
            "It says True to everything.":
                lambda g: True,
            "It is turned round: True for wrong ones, False for the right one.":
                lambda g: not close(g(POINTS), by_numbers(POINTS)),
            "It refuses the right one, too: numbers are never equal to the last digit. Allow roundings.":
                lambda g: bool((g(POINTS) == by_numbers(POINTS)).all()),
            "Its absolute tolerance is larger than the slopes: zero passes. np.allclose has one; set atol=0.":
                lambda g: bool(np.allclose(g(POINTS), by_numbers(POINTS), atol=1e-5)),
            "It looks at the first element alone.":
                lambda g: close(g(POINTS)[0], by_numbers(POINTS)[0]),
            "It only asks whether the numbers are finite and not all zero.":
                lambda g: bool(np.isfinite(g(POINTS)).all() and g(POINTS).any()),
            "It compares sizes without signs: the negated gradient passes.":
                lambda g: close(abs(g(POINTS)), abs(by_numbers(POINTS))),
            "It compares sums: what is right in the sum alone passes, and so does another order.":
                lambda g: close(g(POINTS).sum(), by_numbers(POINTS).sum()),
            "It sorts before it compares: the right numbers in another order pass.":
                lambda g: close(np.sort(g(POINTS)), np.sort(by_numbers(POINTS))),
        }),
)
