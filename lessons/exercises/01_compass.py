"""Exercise 01: three steps by hand.

Two houses of size 1 and 2 cost 3 and 8. The model says  price = w * size,  and the loss is the mean of the
two squared errors:  ((w * 1 - 3)^2 + (w * 2 - 8)^2) / 2.  A step is  w <- w - rate * slope.  Take pencil and
paper, then write down here what you found.

    tinygrad-loss check 01      what is right, and what is not yet
    tinygrad-loss hint 01       one step further
"""

import numpy as np


def slope(w):
    """The slope of the loss with respect to w, as a formula of w.

    w: a number. Returns a number.

    At the start, w = 1, it is -14: the loss falls steeply if w grows.
    """
    raise NotImplementedError


def three_steps():
    """Where is w after one, two, three steps of rate 0.1 from w = 1?

    Returns an array of three numbers, such as np.array([1.5, 1.7, 1.8]). (Those are wrong.)
    """
    raise NotImplementedError


def fate():
    """How does the walk go on? Returns three numbers: factor, end, rate.

    factor   the way that is left to the end shrinks by it in each step of rate 0.1
    end      where w arrives after many steps
    rate     the smallest rate at which the walk never arrives

    Returned as  return 0.9, 2.5, 0.7.  (Those are wrong.)
    """
    raise NotImplementedError
