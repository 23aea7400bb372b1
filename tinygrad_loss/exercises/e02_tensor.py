"""Exercise 02: the rules of mul and sum, and what undoes a broadcast. All three are the engine's."""

import numpy as np

from .. import engine
from ..engine import Tensor, grad
from .task import Task, gradient, of_lesson


def factors(rng):
    found = []
    for shape in (3,), (2, 3), (1, 2, 2):
        g, a, b = rng.normal(size=(3, *shape))
        found.append((g, a * b, a, b))
    return found


def arrays(rng):
    found = [(2.0, rng.normal(size=3)), (-0.7, rng.normal(size=(2, 4))), (1.5, rng.normal(size=(1, 3, 2)))]
    return [(g, x.sum().item(), x) for g, x in found]


def broadcasts(rng):
    pairs = [((2, 3), (3,)), ((2, 3), (2, 1)), ((4, 2, 3), (1, 3)), ((2, 3), ()), ((2, 3), (2, 3)),
             ((4, 2, 3), (4, 1, 3)), ((3, 2, 2), (1, 1))]
    return [(rng.normal(size=large), small) for large, small in pairs]


def product(g, y, a, b):
    return (g * (a * b)).sum()


def total(g, y, x):
    return g * x.sum()


def unbroadcast(g, shape):
    x = Tensor(np.zeros(shape), requires_grad=True)
    return grad((x.broadcast_to(g.shape) * g).sum(), [x])[0].numpy()


def reduced(g, shape, front, ones, reduce=np.sum, keep=True):
    """g, reduced along the axes in front, along those of length 1, or along both."""
    new = g.ndim - len(shape)
    axes = tuple(i for i in range(g.ndim) if (i < new and front)
                 or (i >= new and ones and shape[i - new] == 1 != g.shape[i]))
    found = reduce(g, axis=axes, keepdims=True)
    return found.reshape(found.shape[new:]) if keep and front else found if keep else np.squeeze(found)


exercise = of_lesson(
    __name__,
    gradient(
        "mul_rules", product, wrt=(2, 3), cases=factors, shown=(engine.mul.vjps[0],),
        hints=("If a grows by 1, by how much does a * b grow? And by how much what lies above it, if g is "
               "the slope up there?",
               "The slope of a * b by a is b. Multiply by g, what arrives from above.",
               "return g * b, g * a"),
        mistakes={
            "The two are exchanged: a gets g times b, and b gets g times a.":
                lambda g, y, a, b: (g * a, g * b),
            "What arrives from above is missing: multiply by g.":
                lambda g, y, a, b: (b.copy(), a.copy()),
            "g is handed down unchanged: that is the rule of a sum of a and b.":
                lambda g, y, a, b: (g.copy(), g.copy()),
            "y is not needed: g * y is the product once more, not its slope.":
                lambda g, y, a, b: (g * y, g * y),
            "Both get the rule of a: b needs g * a.":
                lambda g, y, a, b: (g * b, g * b),
            "Both get the rule of b: a needs g * b.":
                lambda g, y, a, b: (g * a, g * a),
            "The second has a minus: that belongs to a difference, or to a quotient.":
                lambda g, y, a, b: (g * b, -g * a),
            "The gradients are added into one: each input gets its own.":
                lambda g, y, a, b: (g * b + g * a, g * b + g * a),
        }),
    gradient(
        "sum_rule", total, wrt=(2,), cases=arrays, shown=(engine.sum_.vjps[0],),
        hints=("If one element grows by 1, by how much does the sum? The shape to return is x's.",
               "Every element gets the same: g.",
               "np.full(x.shape, g)"),
        mistakes={
            "That is the rule of the mean: in a sum nothing is divided.":
                lambda g, y, x: np.full(x.shape, g / x.size),
            "What arrives from above is missing: g at each place, not 1.":
                lambda g, y, x: np.ones(x.shape),
            "One number for all: the gradient has the shape of the input.":
                lambda g, y, x: np.array(g),
            "The slope of a sum by an element does not depend on the element: no x in it.":
                lambda g, y, x: g * x,
            "The slope is not the sum: no y in it.":
                lambda g, y, x: np.full(x.shape, g * y),
            "Multiplied by the number of elements: each place gets g once.":
                lambda g, y, x: np.full(x.shape, g * x.size),
            "g stands at the first place alone: every element is in the sum.":
                lambda g, y, x: np.concatenate([[g], np.zeros(x.size - 1)]).reshape(x.shape),
        }),
    Task(
        "unbroadcast", broadcasts, unbroadcast, shown=(engine._fit,),
        hints=("One number was used in several places. Each of them reports a slope; how much does the loss "
               "change, all in all, if the number grows by 1?",
               "Sum over the axes that are missing in front, and those where shape has 1 and g has more.",
               "new = g.ndim - len(shape); sum over i with i < new or shape[i - new] != g.shape[i]; then "
               "reshape to shape."),
        mistakes={
            "A mean where a sum belongs: every use adds its slope.":
                lambda g, shape: reduced(g, shape, True, True, np.mean),
            "One of the uses is taken and the others forgotten: they add up.":
                lambda g, shape: reduced(g, shape, True, True, lambda g, axis, keepdims: g[tuple(
                    slice(0, 1) if i in axis else slice(None) for i in range(g.ndim))]),
            "Axes of length 1 were broadcast as well, not only those that are missing in front.":
                lambda g, shape: reduced(g, shape, True, False),
            "Axes that are missing in front were broadcast as well, not only those of length 1.":
                lambda g, shape: reduced(g, shape, False, True),
            "The right sums, but axes of length 1 are lost: the result has another shape than the input.":
                lambda g, shape: reduced(g, shape, True, True, keep=False),
            "g is returned as it came: the gradient must have the shape of the input.":
                lambda g, shape: g.copy(),
            "Everything is summed into one number: only the axes that were broadcast are.":
                lambda g, shape: np.full(shape, g.sum()),
            "reshape or resize throws slopes away; they have to be added up.":
                lambda g, shape: np.resize(g, shape),
        }),
)
