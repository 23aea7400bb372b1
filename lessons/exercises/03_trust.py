"""Exercise 03: find the check that cannot fail.

Below are a function f, its slope by numbers, and seven checks. Each takes a gradient, that is a function
g(x), and says True or False; each says True to the right one. What does it compare, at which points, within
which tolerance? Run them, if you like: a wrong gradient is quickly written.

    tinygrad-loss check 03      what is right, and what is not yet
    tinygrad-loss hint 03       one step further
"""

import numpy as np

X = np.array([0.5, -1.2, 1.5, 0.8, -0.3])


def f(x):
    """The mean of x^3 over a million samples, of which x holds a few; the others are 0."""
    return (x ** 3).sum() / 1e6


def numbers(x, h=1e-4):
    """The slope of f by central differences."""
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(x.size)])


def check_a(g):
    return np.allclose(g(X), numbers(X), rtol=1e-4, atol=0)


def check_b(g):
    return np.isfinite(g(X)).all() and g(X).any()


def check_c(g):
    if g(X).shape == X.shape:
        return True
    return np.allclose(g(X), numbers(X), rtol=1e-4, atol=0)


def check_d(g):
    return np.allclose(g(X), g(X.copy()))


def check_e(g):
    return np.allclose(g(X), numbers(X), rtol=1e-3, atol=1e-5)


def check_f(g):
    i = np.random.default_rng(0).integers(1)                 # a random element
    return np.allclose(g(X)[i], numbers(X)[i], rtol=1e-4, atol=0)


def check_g(g):
    if not np.allclose(g(X), numbers(X), rtol=1e-4, atol=0):
        print("The gradient is wrong.")
    return True


# ------------------------------------------------------------------------------------------ your turn

def cannot_fail():
    """Which of the checks say True to every g that returns finite numbers of x's shape, however wrong?

    Returns their letters as a text, such as "AB". (That is wrong.)
    """
    raise NotImplementedError


def wrong_gradient(x):
    """A gradient of f that is wrong, by more than 1 % somewhere, and that B, E and F all let pass.

    x: an array of shape (N,). Returns an array of that shape, of finite numbers.
    """
    raise NotImplementedError


def my_check(g):
    """A check of your own: True for the right gradient of f, False for wrong ones.

    g: a function of an array of shape (N,), such as X. Returns True or False.
    Planted are: zero, doubled, negated, a million times too large, 5 % off in one element, right in the
    first element alone, in another order, and right in the sum alone.
    """
    raise NotImplementedError
