"""Exercise 08: focal loss, with the right alpha for each class, and safe for every gamma.

With q, the mistake, being 1 - p where y = 1 and p where y = 0, the focal loss of one sample is
alpha_t q^gamma (-log(1 - q)). NumPy alone; do not change the inputs.

    tinygrad-loss check 08      what is right, and what is not yet
    tinygrad-loss hint 08       one step further
"""

import numpy as np


def alpha_t(y, alpha):
    """The weight of each sample: alpha for y = 1, 1 - alpha for y = 0, and in between for labels in between.

    y: an array of numbers from 0 to 1; alpha: a number from 0 to 1. Returns an array of y's shape.

    alpha_t(np.array([1.0, 0.0, 0.5]), 0.25)  is  [0.25, 0.75, 0.5]
    """
    raise NotImplementedError


def focal_loss(p, y, alpha, gamma):
    """The focal loss of each sample.

    p: an array of probabilities between 0 and 1; y: an array of that shape, 0 or 1; alpha from 0 to 1;
    gamma >= 0. Returns an array of that shape.

    focal_loss(np.array([0.9, 0.9]), np.array([1.0, 0.0]), 0.25, 2.0)  is about  [0.00026340, 1.398820]
    """
    raise NotImplementedError


def focal_slope(p, y, gamma):
    """The slope of  q^gamma (-log(1 - q))  with respect to p, for each sample. There is no alpha here.

    p: an array of probabilities, also 0 where y is 0 and 1 where y is 1; y: an array of that shape, 0 or 1;
    gamma > 0, also below 1. Returns an array of that shape. A perfect answer, q = 0, has slope 0.

    focal_slope(np.array([0.9, 1.0]), np.array([1.0, 1.0]), 0.5)  is about  [-0.517955, 0.0]
    """
    raise NotImplementedError
