"""The engine's contract: what a Tensor computes, how it is differentiated, what it refuses.

Three independent witnesses: NumPy for values; numeric differences for first and second derivatives, against
a random gradient from above; and, for whole expressions, forward mode with hyper-dual numbers, another way to
differentiate, which shares nothing with the engine's.
"""

import copy
import gc
import operator
import os
import subprocess
import sys
import threading
from functools import reduce

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tinygrad_loss import (
    Tensor,
    concatenate,
    engine,
    grad,
    gradcheck,
    maximum,
    minimum,
    no_grad,
    primitive,
    stack,
    where,
)

nan, inf = np.nan, np.inf
rng = np.random.default_rng(7)             # drawn from in file order, so that every run sees the same numbers


def signed(*shape):
    """Numbers from 0.4 to 1.6 in size: away from every kink."""
    return rng.uniform(0.4, 1.6, shape) * rng.choice([-1.0, 1.0], shape)


def positive(*shape):
    return rng.uniform(0.4, 1.6, shape)


def leaf(x):
    return Tensor(np.asarray(x, float), requires_grad=True)


def slopes(f, *inputs):
    """d sum(f) / d input for each input, as arrays."""
    tensors = [leaf(x) for x in inputs]
    return [g.numpy() for g in grad(f(*tensors).sum(), tensors)]


def slope(f, x):
    """d sum(f) / dx, as an array."""
    return slopes(f, x)[0]


def curvature(f, x, orders=2):
    """The derivative of that order of a function of one number."""
    x = leaf(x)
    y = f(x)
    for _ in range(orders):
        y, = grad(y, [x], create_graph=True)
    return y.item()


# ---------------------------------------------------------------------------------------------- values

OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
             "**": operator.pow}
OTHERS = {"int": 2, "float": 1.5, "bool": True, "list": [1.0, 2.0, 3.0], "NumPy float64": np.float64(1.5),
          "NumPy float32": np.float32(1.3), "NumPy int": np.int64(2), "0-d array": np.array(1.5),
          "array": positive(2, 3), "row": positive(3), "column": positive(2, 1),
          "integer array": np.array([1, 2, 3])}


def right(report):
    """Also of x ** 0 and of curvatures of straight lines, which are 0 and by the numbers, too."""
    return report.ok or report.verdict == "UNTESTED"


@pytest.mark.parametrize("symbol", OPERATORS)
@pytest.mark.parametrize("kind", OTHERS)
def test_operators_take_numbers_and_arrays_on_either_side(symbol, kind):
    apply, x, other = OPERATORS[symbol], positive(2, 3), OTHERS[kind]
    plain = np.asarray(other) if isinstance(other, list) else other
    for f, expected in ((lambda t: apply(t, other), apply(x, plain)),
                        (lambda t: apply(other, t), apply(plain, x))):
        y = f(Tensor(x))
        assert isinstance(y, Tensor) and y.shape == (2, 3) and y.dtype == np.float64
        assert np.allclose(y.numpy(), expected, rtol=1e-15, atol=0)
        assert right(report := gradcheck(f, x)), report


@pytest.mark.parametrize("a, b", [
    ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 4)), ((5, 2, 3), (3, 4)), ((3,), (5, 3, 2)),
    ((5, 2, 3), (3,)), ((5, 1, 2, 3), (4, 3, 2))], ids=str)
def test_matmul_is_numpys_for_vectors_matrices_and_stacks(a, b):
    a, b = signed(*a), signed(*b)
    for y in (Tensor(a) @ Tensor(b), Tensor(a) @ b, a @ Tensor(b)):
        assert y.shape == (a @ b).shape and np.allclose(y.numpy(), a @ b, rtol=1e-14, atol=1e-15)


COMPARISONS = [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne]


@pytest.mark.parametrize("relation", COMPARISONS, ids=lambda f: f.__name__)
def test_comparisons_give_plain_boolean_arrays(relation):
    x, t = np.array([1.0, 2.0, 3.0]), leaf([1, 2, 3])
    for got, expected in ((relation(t, 2), relation(x, 2)), (relation(2, t), relation(2, x)),
                          (relation(t, t), relation(x, x)), (relation(x[::-1], t), relation(x[::-1], x))):
        assert type(got) is np.ndarray and got.dtype == bool and (got == expected).all()


POINTWISE = {"exp": np.exp, "expm1": np.expm1, "log": np.log, "log1p": np.log1p, "sqrt": np.sqrt,
             "tanh": np.tanh, "abs": np.abs, "relu": lambda x: x * (x > 0),
             "sigmoid": lambda x: 1 / (1 + np.exp(-x)), "softplus": lambda x: np.log(1 + np.exp(x))}


@pytest.mark.parametrize("name", POINTWISE)
def test_pointwise_methods(name):
    x = positive(2, 3) if name in ("log", "sqrt") else signed(2, 3) * 0.6
    assert np.allclose(getattr(Tensor(x), name)().numpy(), POINTWISE[name](x), rtol=1e-15, atol=1e-16)


REDUCTIONS = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min,
              "logsumexp": lambda x, **keywords: np.log(np.sum(np.exp(x), **keywords)),
              "norm": lambda x, **keywords: np.sqrt(np.sum(x * x, **keywords))}


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("axis", [None, 0, 1, -1, (0, 2), (-1, 0), (1,), ()], ids=str)
@pytest.mark.parametrize("keepdims", [False, True])
def test_reductions_take_numpys_keywords(name, axis, keepdims):
    x = signed(2, 3, 2)
    method, expected = getattr(Tensor(x), name), REDUCTIONS[name](x, axis=axis, keepdims=keepdims)
    for y in (method(axis=axis, keepdims=keepdims), method(axis, keepdims)):
        assert y.shape == np.shape(expected) and np.allclose(y.numpy(), expected, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_and_its_logarithm(axis):
    x = signed(2, 3)
    expected = np.exp(x) / np.exp(x).sum(axis=axis, keepdims=True)
    assert np.allclose(Tensor(x).softmax(axis=axis).numpy(), expected, rtol=1e-14, atol=0)
    assert np.allclose(Tensor(x).log_softmax(axis=axis).numpy(), np.log(expected), rtol=1e-14, atol=0)
    assert (Tensor(x).softmax().numpy() == Tensor(x).softmax(-1).numpy()).all()


MOVES = {"reshape": lambda x: x.reshape(3, 2), "reshape tuple": lambda x: x.reshape((-1, 1)),
         "reshape all": lambda x: x.reshape(-1), "transpose": lambda x: x.transpose(),
         "transpose axes": lambda x: x.reshape(1, 2, 3).transpose(2, 0, 1),
         "transpose tuple": lambda x: x.reshape(1, 2, 3).transpose((-1, 0, 1)), "T": lambda x: x.T,
         "mT": lambda x: x.reshape(1, 2, 3).mT}


@pytest.mark.parametrize("name", MOVES)
def test_moves_are_numpys(name):
    x = signed(2, 3)
    assert np.array_equal(MOVES[name](Tensor(x)).numpy(), MOVES[name](x))


def test_functions_are_numpys():
    a, b, mask = signed(2, 3), signed(3), np.array([True, False, True])
    for ours, numpys in ((maximum, np.maximum), (minimum, np.minimum)):
        for x, y in ((Tensor(a), Tensor(b)), (a, Tensor(b)), (Tensor(a), b)):
            assert np.array_equal(ours(x, y).numpy(), numpys(a, b))
        assert np.array_equal(ours(0.5, Tensor(a)).numpy(), numpys(0.5, a))
    for x, y in ((Tensor(a), Tensor(b)), (a, Tensor(b)), (Tensor(a), b)):
        assert np.array_equal(where(mask, x, y).numpy(), np.where(mask, a, b))
    assert np.array_equal(where(Tensor(b) > 0, Tensor(a), 0).numpy(), np.where(b > 0, a, 0))
    for axis in (0, 1, -1, -2):
        assert np.array_equal(concatenate([Tensor(a), a], axis=axis).numpy(), np.concatenate([a, a], axis))
        assert np.array_equal(stack([Tensor(a), a, a], axis=axis).numpy(), np.stack([a, a, a], axis))
    assert np.array_equal(Tensor(b).broadcast_to((4, 3)).numpy(), np.broadcast_to(b, (4, 3)))
    assert np.array_equal(Tensor(a).clip(-1, 0.5).numpy(), np.clip(a, -1, 0.5))
    assert np.array_equal(Tensor(a).clip(min=0.5).numpy(), np.maximum(a, 0.5))
    assert np.array_equal(Tensor(a).clip(max=0.5).numpy(), np.minimum(a, 0.5))
    assert np.array_equal(abs(Tensor(a)).numpy(), np.abs(a)) and np.array_equal((-Tensor(a)).numpy(), -a)


# ----------------------------------------------------------------------------------------- derivatives

# name: (function, its inputs). Together they use every primitive of the table, as the test below verifies.
ROWS = {
    "a + b":        (lambda a, b: a + b, signed(2, 3), signed(3)),
    "a - b":        (lambda a, b: a - b, signed(2, 1), signed(3)),
    "a * b":        (lambda a, b: a * b, signed(2, 3), signed(2, 1)),
    "a / b":        (lambda a, b: a / b, signed(3), signed(2, 3)),
    "a ** b":       (lambda a, b: a ** b, positive(2, 3), signed(3)),
    "-x":           (lambda x: -x * x, signed(3)),
    "x ** 3":       (lambda x: x ** 3, signed(3)),
    "x ** 2":       (lambda x: x ** 2, signed(3)),
    "x ** 1":       (lambda x: x ** 1, signed(3)),
    "x ** 0":       (lambda x: x ** 0, signed(3)),
    "x ** -1.5":    (lambda x: x ** -1.5, positive(3)),
    "2 ** x":       (lambda x: 2 ** x, signed(3)),
    "exp":          (lambda x: x.exp(), signed(3)),
    "expm1":        (lambda x: x.expm1(), signed(3)),
    "log":          (lambda x: x.log(), positive(3)),
    "log1p":        (lambda x: x.log1p(), positive(3)),
    "sqrt":         (lambda x: x.sqrt(), positive(3)),
    "tanh":         (lambda x: x.tanh(), signed(3)),
    "sigmoid":      (lambda x: x.sigmoid(), signed(3)),
    "softplus":     (lambda x: x.softplus(), signed(3)),
    "abs":          (lambda x: (x * x.abs()), signed(3)),
    "relu":         (lambda x: x.relu() * x, signed(4)),
    "clip":         (lambda x: x.clip(-1, 1.1) * x, np.array([-1.6, -0.5, 0.7, 1.5])),
    "clip by arrays": (lambda x: x.clip(np.array([[-1.0], [0.0]]), 1.1), np.array([-1.6, -0.5, 0.7, 1.5])),
    "maximum":      (lambda a, b: maximum(a, b) * a, signed(2, 3), 2 * signed(3)),
    "minimum":      (lambda a, b: minimum(a, b) * b, signed(2, 3), 2 * signed(3)),
    "where":        (lambda a, b: where([[True, False, True], [False, True, True]], a, b) * a,
                     signed(3), signed(2, 1)),
    "xlogy":        (lambda a, b: engine.xlogy(a, b), signed(2, 3), positive(3)),
    "softmax":      (lambda x: x.softmax(axis=0), signed(3, 2)),
    "softmax over all": (lambda x: x.softmax(axis=None), signed(2, 2)),
    "log_softmax":  (lambda x: x.log_softmax(), signed(2, 3)),
    "log_softmax of two axes": (lambda x: x.log_softmax(axis=(0, -1)), signed(2, 1, 2)),
    "others":       (lambda x: engine.others(x, 1) * x, signed(2, 3)),
    "others, of all": (lambda x: engine.others(x, None) * x, signed(2, 2)),
    "unit":         (lambda x: engine.unit(x, 0), signed(3, 2)),
    "x[...]":       (lambda x: x[..., None, 1] * x[0, 0], signed(2, 3)),
    "x[slices]":    (lambda x: x[::-1, 1:] * x[1, :-1], signed(2, 3)),
    "x[integers]":  (lambda x: x[[0, 0, -1], [1, 1, 2]] ** 2, signed(2, 3)),
    "x[repeats]":   (lambda x: x[np.array([[0, 1], [0, 0]])] ** 2, signed(2, 2)),
    "x[booleans]":  (lambda x: x[np.array([[True, False, True], [False, False, True]])] ** 2, signed(2, 3)),
    "x[mixed]":     (lambda x: x[:, [True, False, True], np.newaxis] ** 2, signed(2, 3)),
    "scatter":      (lambda x: engine.scatter(x, np.array([0, 2, 0]), (4,)) ** 2, signed(3)),
    "reshape":      (lambda x: x.reshape(3, -1) * x.reshape((3, 2)), signed(2, 3)),
    "transpose":    (lambda x: x.transpose(2, 0, 1) * x.reshape(3, 2, 1), signed(2, 1, 3)),
    "T":            (lambda x: x.T @ x, signed(2, 3)),
    "broadcast_to": (lambda x: x.broadcast_to((2, 2, 3)) ** 2, signed(2, 1)),
    "astype":       (lambda x: engine.astype(x * x, np.float64) * x, signed(3)),
    "matmul":       (lambda a, b: a @ b, signed(2, 3), signed(3, 2)),
    "matmul, vectors": (lambda a, b: a @ b, signed(3), signed(3)),
    "matmul, row":  (lambda a, b: a @ b, signed(3), signed(2, 3, 2)),
    "matmul, column": (lambda a, b: a @ b, signed(2, 2, 3), signed(3)),
    "matmul, stacks": (lambda a, b: a @ b, signed(2, 1, 2, 3), signed(2, 3, 1)),
    "concatenate":  (lambda a, b: concatenate([a, b * b, a], axis=-1) ** 2, signed(2, 1), signed(2, 2)),
    "stack":        (lambda a, b: stack([a, b * b, a], axis=1) ** 2, signed(2, 2), signed(2, 2)),
}
for _name in REDUCTIONS:                                   # "logsumexp((0, -1), keepdims)" and so on
    for _axis, _keep in ((None, False), (1, False), (-1, True), ((0, -1), False), ((0, -1), True)):
        ROWS[f"{_name}({_axis}{', keepdims' * _keep})"] = (
            lambda x, name=_name, axis=_axis, keep=_keep: getattr(x, name)(axis=axis, keepdims=keep) ** 2,
            signed(2, 2, 2) * np.linspace(1, 1.7, 8).reshape(2, 2, 2))


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("row", ROWS)
def test_every_rule_agrees_with_numeric_differences(row, order):
    f, *inputs = ROWS[row]
    before = [x.copy() for x in inputs]
    assert right(report := gradcheck(f, *inputs, order=order)), report
    assert all(np.array_equal(x, old) for x, old in zip(inputs, before, strict=True))


def test_no_primitive_is_left_untested():
    met, stack = set(), [f(*map(leaf, inputs)) for f, *inputs in ROWS.values()]
    while stack:
        y = stack.pop()
        met |= {y._op.name} if y._op else set()
        stack += y._inputs
    table = {op.name for op in vars(engine).values() if isinstance(op, primitive)}
    assert table - met == set()


@pytest.mark.parametrize("f, x, derivatives", [
    (lambda x: x ** 4,              2.0, (32.0, 48.0, 48.0, 24.0)),
    (lambda x: 1 / x,               2.0, (-1 / 4, 2 / 8, -6 / 16, 24 / 32)),
    (lambda x: x.exp(),             1.0, (np.e,) * 4),
    (lambda x: x.log(),             2.0, (1 / 2, -1 / 4, 2 / 8, -6 / 16)),
    (lambda x: x.tanh(),            0.0, (1.0, 0.0, -2.0, 0.0)),
    (lambda x: x.sigmoid(),         0.0, (1 / 4, 0.0, -1 / 8, 0.0)),
    (lambda x: x.softplus(),        0.0, (1 / 2, 1 / 4, 0.0, -1 / 8)),
    (lambda x: x ** x,              1.0, (1.0, 2.0, 3.0, 8.0)),
    (lambda x: x * x * x * x,       2.0, (32.0, 48.0, 48.0, 24.0)),
    (lambda x: stack([x, 2 * x]).logsumexp(), 0.0, (3 / 2, 1 / 4, 0.0, -1 / 8)),
    (lambda x: stack([x, x * x]).norm(), 1.0, (3 / 2 ** .5, 5 / 2 ** 1.5, 3 / 2 ** 2.5, -15 / 2 ** 3.5)),
])
def test_derivatives_to_fourth_order(f, x, derivatives):
    found = [curvature(f, x, order) for order in (1, 2, 3, 4)]
    assert np.allclose(found, derivatives, rtol=1e-12, atol=1e-12)


# ----------------------------------------------------------------------------------------- kinks, ties

# name: (function, inputs, the slope for each input)
KINKS = {
    "max, tie":         (lambda x: x.max(),          [[1, 3, 3, 0]], [[0, 1 / 2, 1 / 2, 0]]),
    "max, ties in rows": (lambda x: x.max(axis=1),   [[[2, 2, 2], [0, 5, 5]]],
                                                     [[[1 / 3, 1 / 3, 1 / 3], [0, 1 / 2, 1 / 2]]]),
    "max, -inf":        (lambda x: x.max(),          [[-inf, -inf]], [[1 / 2, 1 / 2]]),
    "min, tie":         (lambda x: x.min(axis=0),    [[[2, 1], [2, 4]]], [[[1 / 2, 1], [1 / 2, 0]]]),
    "maximum":          (maximum,                    [[1, 2, 3], [2, 2, 2]], [[0, 1 / 2, 1], [1, 1 / 2, 0]]),
    "maximum of twins": (lambda x: maximum(x, x),    [[1, 2]], [[1, 1]]),
    "maximum, inf":     (maximum,                    [[inf, -inf], [inf, inf]], [[1 / 2, 0], [1 / 2, 1]]),
    "minimum":          (minimum,                    [[1, 2, 3], [2, 2, 2]], [[1, 1 / 2, 0], [0, 1 / 2, 1]]),
    "abs":              (abs,                        [[-2, 0, 2]], [[-1, 0, 1]]),
    "relu":             (lambda x: x.relu(),         [[-2, 0, 2]], [[0, 0, 1]]),
    "clip":             (lambda x: x.clip(-1, 1),    [[-2, -1, 0, 1, 2]], [[0, 1, 1, 1, 0]]),
    "clip below":       (lambda x: x.clip(min=-1),   [[-2, -1, 0]], [[0, 1, 1]]),
    "clip above":       (lambda x: x.clip(max=1),    [[0, 1, 2]], [[1, 1, 0]]),
    "norm":             (lambda x: x.norm(),         [[0, 0, 0]], [[0, 0, 0]]),
    "norm of rows":     (lambda x: x.norm(axis=1),   [[[0, 0], [3, 4]]], [[[0, 0], [.6, .8]]]),
    "0 ** b":           (operator.pow,               [[0, 0, 0], [0, 1, 2]], [[0, 1, 0], [-inf, 0, 0]]),
    "x ** 0":           (lambda x: x ** 0,           [[0, 2]], [[0, 0]]),
    "xlogy, 0 log x":   (lambda x: engine.xlogy(0, x), [[0, 2, inf]], [[0, 0, 0]]),
    "xlogy, x log 2":   (lambda x: engine.xlogy(x, 2), [[0, 2, -2]], [[np.log(2)] * 3]),
}


@pytest.mark.parametrize("name", KINKS)
def test_slopes_at_kinks_and_ties(name):
    f, inputs, expected = KINKS[name]
    for found, right in zip(slopes(f, *inputs), expected, strict=True):
        assert np.array_equal(found, right) or np.allclose(found, right, rtol=1e-15, atol=0), (found, right)


COUNTS = np.array([[1.0, 2.0], [0.0, 4.0]])                # somebody divides by the 0 among them
FIRST, ONES = np.array([True, False]), np.ones((2, 2))


# name: (function, input, its slope). Something is not finite where it is not taken.
MASKED = {
    "sqrt":      (lambda x: where(x > 0, x.sqrt(), x),              [-1, 1], [1, 1 / 2]),
    "log":       (lambda x: where(x > 0, x.log(), 0),               [0, 2], [0, 1 / 2]),
    "x log x":   (lambda x: where(x > 0, x * x.log(), 0),           [0, 1], [0, 1]),
    "x / 0":     (lambda x: where([False, True], x / [0, 2], 0),    [3, 1], [0, 1 / 2]),
    "else x / 0": (lambda x: where([True, False], 0, x / [0, 2]),   [3, 1], [0, 1 / 2]),
    "chain":     (lambda x: where([False, True], (x / [0, 2]).exp() + 1, 0), [3, 0], [0, 1 / 2]),
    "nested":    (lambda x: where(x > 0, where(x > 1, (x - 1).sqrt(), x), x.exp()), [0, 1, 2], [1, 1, 1 / 2]),
    "maximum":   (lambda x: maximum(x.sqrt(), 1),                   [0, 4], [0, 1 / 4]),
    "minimum":   (lambda x: minimum(1 / x, 1),                      [0, 2], [0, -1 / 4]),
    "sum":       (lambda x: where(FIRST, (x / COUNTS).sum(axis=1), 0), ONES, [[1, 1 / 2], [0, 0]]),
    "mean":      (lambda x: where(FIRST, (x / COUNTS).mean(axis=1), 0), ONES, [[1 / 2, 1 / 4], [0, 0]]),
    "column":    (lambda x: where(FIRST, (x / COUNTS)[:, 0], 0),    ONES, [[1, 0], [0, 0]]),
    "reshape":   (lambda x: where([True, True, False, True], (x / COUNTS).reshape(-1), 0),
                                                                    ONES, [[1, 1 / 2], [0, 1 / 4]]),
    "transpose": (lambda x: where([[True], [False]], (x / COUNTS.T).T, 0), ONES, [[1, 0], [1 / 2, 0]]),
    "matmul":    (lambda x: where(FIRST, (x / COUNTS) @ np.ones(2), 0), ONES, [[1, 1 / 2], [0, 0]]),
    "joined":    (lambda x: where(FIRST, concatenate([x.sqrt()[:1], x.sqrt()[1:]]), 0), [1, 0], [1 / 2, 0]),
    "norm":      (lambda x: where(FIRST, (x * x).sum(axis=1).sqrt(), 0), [[3, 4], [0, 0]],
                                                                    [[.6, .8], [0, 0]]),
}


@pytest.mark.parametrize("name", MASKED)
def test_where_lets_no_nan_through_from_what_is_not_taken(name):
    f, x, expected = MASKED[name]
    assert np.allclose(slope(f, x), expected, rtol=1e-14, atol=0)
    first, = grad(f(x := leaf(x)).sum(), [x], create_graph=True)
    if first.requires_grad:
        assert np.isfinite(grad(first.sum(), [x])[0].numpy()).all()


def test_where_lets_no_nan_through_into_the_second_derivative():
    """x ** 1.5 has a slope at 0 but no curvature: nothing is amiss until the second derivative."""
    x = leaf([0.0, 4.0])
    first, = grad(where(x > 0, x ** 1.5, x).sum(), [x], create_graph=True)
    assert np.array_equal(first.numpy(), [1, 3])
    assert np.array_equal(grad(first.sum(), [x])[0].numpy(), [0, 3 / 8])


@pytest.mark.parametrize("f, expected", [
    (lambda x: (maximum(x * x, 1) - 4) ** 2,           32),
    (lambda x: (minimum(x * x, 9) - 4) ** 2,           32),
    (lambda x: (where(x > 0, x ** 3, 0) - 8) ** 2,     288),
    (lambda x: ((x * x).relu() - 4) ** 2,              32),
    (lambda x: ((x * x).clip(0, 9) - 4) ** 2,          32),
    (lambda x: (stack([x * x, x]).max() - 4) ** 2,     32),
    (lambda x: ((x * x).abs() - 4) ** 2,               32),
], ids=["maximum", "minimum", "where", "relu", "clip", "max", "abs"])
def test_curvature_survives_where_the_slope_happens_to_be_zero(f, expected):
    """At x = 2 the residual is 0 and so is the slope. The curvature is not; no mask may cut it off."""
    assert curvature(f, 2.0, 1) == 0
    assert curvature(f, 2.0, 2) == pytest.approx(expected, rel=1e-14, abs=0)


# ------------------------------------------------------------------------------------- extreme numbers

PASSING_NAN = {
    "relu": lambda x: x.relu(), "abs": abs, "clip": lambda x: x.clip(-1, 1), "max": lambda x: x.max(),
    "min": lambda x: x.min(), "maximum": lambda x: maximum(x, 0), "maximum, right": lambda x: maximum(0, x),
    "minimum": lambda x: minimum(x, 0), "minimum, right": lambda x: minimum(0, x),
    "sigmoid": lambda x: x.sigmoid(), "softplus": lambda x: x.softplus(), "norm": lambda x: x.norm(),
    "logsumexp": lambda x: x.logsumexp(), "softmax": lambda x: x.softmax(),
    "log_softmax": lambda x: x.log_softmax(), "tanh": lambda x: x.tanh(), "square": lambda x: x ** 2,
    "exp": lambda x: x.exp(), "where": lambda x: where(True, x, 0) ** 2,
    "xlogy": lambda x: engine.xlogy(x, 2) * engine.xlogy(2, x),
}


@pytest.mark.parametrize("name", PASSING_NAN)
def test_nan_reaches_value_and_gradient(name):
    x = leaf([1.0, nan])
    y = PASSING_NAN[name](x)
    assert np.isnan(y.numpy().flat[-1])
    assert np.isnan(grad(y, [x], np.ones(y.shape))[0].numpy()[1])


@pytest.mark.parametrize("x, value, weights", [
    ([1e4, 1e4],         1e4 + np.log(2),  [1 / 2, 1 / 2]),
    ([-1e4, -1e4],       -1e4 + np.log(2), [1 / 2, 1 / 2]),
    ([1e4, -1e4],        1e4,              [1, 0]),
    ([-inf, 0, 0],       np.log(2),        [0, 1 / 2, 1 / 2]),
    ([-inf, -inf],       -inf,             [0, 0]),
    ([inf, 1, 2],        inf,              [1, 0, 0]),
    ([3],                3,                [1]),
    ([0, -40],           4.248354255291589e-18, [1, 4.248354255291589e-18]),
])
def test_logsumexp_and_softmax_at_the_extremes(x, value, weights):
    assert np.allclose(leaf(x).logsumexp().item(), value, rtol=1e-15, atol=0)
    assert np.allclose(slope(lambda x: x.logsumexp(), x), weights, rtol=1e-15, atol=0)
    assert np.allclose(leaf(x).softmax().numpy(), weights, rtol=1e-15, atol=0)


def test_infinite_rows_do_not_touch_their_neighbours():
    x = [[-inf, -inf], [0, 0], [inf, 0]]
    assert np.array_equal(slope(lambda x: x.logsumexp(axis=1), x), [[0, 0], [1 / 2, 1 / 2], [1, 0]])
    assert np.array_equal(leaf(x).softmax().numpy(), [[0, 0], [1 / 2, 1 / 2], [1, 0]])
    assert np.array_equal(leaf(x).log_softmax().numpy()[1:], [[-np.log(2)] * 2, [0, -inf]])


def test_a_certain_class_keeps_the_digits_of_the_others():
    rest = 4.248354255291589e-18                              # exp(-40)
    assert np.allclose(slope(lambda x: x.log_softmax()[0], [0, -40]), [rest, -rest], rtol=1e-15, atol=0)
    assert np.allclose(engine.others(Tensor([1.0, rest, -rest / 2]), 0).numpy(), [rest / 2, 1, 1], rtol=1e-15)


@pytest.mark.parametrize("x, value, first, second", [
    (1000, 1000, 1, 0), (-1000, 0, 0, 0), (inf, inf, 1, 0), (-inf, 0, 0, 0), (0, np.log(2), 1 / 2, 1 / 4),
    (-40, 4.248354255291589e-18, 4.248354255291589e-18, 4.248354255291589e-18),
    (40, 40, 1, 4.248354255291589e-18)])
def test_softplus_and_sigmoid_in_the_tails(x, value, first, second):
    close = {"rtol": 1e-15, "atol": 0}
    assert np.allclose(leaf(x).softplus().item(), value, **close)
    assert np.allclose(leaf(x).sigmoid().item(), first, **close)
    assert np.allclose(slope(lambda x: x.softplus(), x), first, **close)
    assert np.allclose(slope(lambda x: x.sigmoid(), x), second, **close)
    assert np.allclose(curvature(lambda x: x.softplus(), x), second, **close)


@pytest.mark.parametrize("scale", [1.0, 1e-200, 1e200, 5e-324])
def test_norm_neither_overflows_nor_vanishes(scale):
    x = np.array([3.0, -4.0]) * scale
    assert leaf(x).norm().item() == pytest.approx(5 * scale, rel=1e-15, abs=0)
    assert np.allclose(slope(lambda x: x.norm(), x), [.6, -.8], rtol=1e-15, atol=0)


@pytest.mark.parametrize("x, expected", [(20, 1.6993417021166355e-17), (-20, 1.6993417021166355e-17),
                                         (1000, 0)])
def test_tanh_keeps_its_digits_where_it_is_flat(x, expected):
    assert slope(lambda x: x.tanh(), x) == pytest.approx(expected, rel=1e-14, abs=0)


# -------------------------------------------------------------------------------------- dtypes, arrays

FLOAT32, FLOAT64 = np.ones(2, np.float32), np.ones(2)


@pytest.mark.parametrize("data, dtype, expected", [
    (1, None, "float64"), (True, None, "float64"), (1.5, None, "float64"), ([1, 2], None, "float64"),
    (np.ones(2, np.int8), None, "float64"), (np.ones(2, bool), None, "float64"),
    (np.uint64(3), None, "float64"), (FLOAT64, None, "float64"), (FLOAT32, None, "float32"),
    (np.ones(2, np.float16), None, "float32"), (np.float32(1), None, "float32"),
    ([1, 2], np.float32, "float32"), (FLOAT32, "float64", "float64"), (Tensor(FLOAT32), None, "float32"),
    (Tensor(FLOAT32), float, "float64")], ids=str)
def test_dtypes_that_data_become(data, dtype, expected):
    assert Tensor(data, dtype=dtype).dtype == expected


KEEP_FLOAT32 = [
    lambda x: x * 2, lambda x: 2.5 ** x, lambda x: x ** 0.5, lambda x: x / True, lambda x: maximum(0, x),
    lambda x: where(x > 0, x, 0), lambda x: x.clip(0, 1.5), lambda x: x.softmax(), lambda x: x.log_softmax(),
    lambda x: x.logsumexp(), lambda x: x.norm(), lambda x: x.mean(), lambda x: x.max(), lambda x: x @ x,
    lambda x: x.softplus() * x.sigmoid(), lambda x: engine.xlogy(x, 2), lambda x: x[[0, 0]], lambda x: x ** x,
    lambda x: stack([x, x]), lambda x: x * np.float32(2), lambda x: x.tanh() - x.relu(), abs]
MEET_FLOAT64 = [
    lambda x: x * FLOAT64, lambda x: x * np.float64(2), lambda x: Tensor(1.0) - x, lambda x: x @ FLOAT64,
    lambda x: concatenate([x, FLOAT64]), lambda x: where(x > 0, x, FLOAT64), lambda x: x / [1, 2]]


@pytest.mark.parametrize("f, expected", [*((f, "float32") for f in KEEP_FLOAT32),
                                         *((f, "float64") for f in MEET_FLOAT64)])
def test_float32_stays_float32_until_it_meets_float64(f, expected):
    x = Tensor(FLOAT32, requires_grad=True)
    y = f(x)
    assert y.dtype == expected
    first, = grad(y.sum(), [x], create_graph=True)
    assert first.dtype == np.float32 and first.shape == (2,)           # a gradient is of its input's kind
    if first.requires_grad:
        assert grad(first.sum(), [x])[0].dtype == np.float32


def test_a_float64_gradient_from_above_does_not_change_the_dtype():
    x = Tensor(FLOAT32, requires_grad=True)
    y = x * 2
    assert [d.dtype for d in grad(y, [x, y], FLOAT64)] == [np.float32, np.float32]


def test_a_tensor_is_an_array_in_a_box():
    data = np.arange(6.0).reshape(2, 3)
    x = Tensor(data)
    assert (x.shape, x.ndim, x.size, x.dtype, len(x)) == ((2, 3), 2, 6, np.float64, 2)
    assert x.numpy() is data and np.asarray(x) is data and np.array(x, dtype=np.float32).dtype == np.float32
    assert [row.shape for row in x] == [(3,), (3,)] and x[1, 2].item() == float(x[1, 2]) == 5.0
    assert bool(Tensor(2.0)) and not Tensor(0.0) and len({x, x, Tensor(data)}) == 2
    y = (leaf(data) * 2).detach()
    assert not y.requires_grad and np.array_equal(y.numpy(), 2 * data)


# ---------------------------------------------------------------------------------- grad and backward

def test_backward_twice_adds_twice_and_several_losses_add_up():
    x = leaf([1.0, 2.0])
    loss = (x * x).sum()
    loss.backward()
    assert np.array_equal(x.grad.numpy(), [2, 4])
    loss.backward()
    assert np.array_equal(x.grad.numpy(), [4, 8])
    (3 * x).sum().backward()
    assert np.array_equal(x.grad.numpy(), [7, 11])
    assert isinstance(x.grad, Tensor) and not x.grad.requires_grad


def test_backward_fills_leaves_and_nothing_else():
    x, y, constant = leaf([1.0, 2.0]), leaf(3.0), Tensor([5.0, 7.0])
    middle = x * y
    (middle * constant).backward(gradient=[1.0, 10.0])
    assert np.array_equal(x.grad.numpy(), [15, 210]) and y.grad.item() == 145
    assert middle.grad is None and constant.grad is None


def test_a_leaf_is_its_own_gradient():
    x = leaf(3.0)
    x.backward()
    assert x.grad.item() == 1.0
    assert grad(x, [x], 5.0)[0].item() == 5.0


@pytest.mark.parametrize("f, expected", [
    (lambda x: x * x, 6),
    (lambda x: x / x, 0),
    (lambda x: x - x, 0),
    (lambda x: x ** x, 27 * (1 + np.log(3))),
    (lambda x: sum(x * i for i in range(50)), 1225),                        # fan-out 50
    (lambda x: reduce(operator.add, [x] * 50), 50),
    (lambda x: reduce(operator.mul, [x] * 12), 12 * 3.0 ** 11),
    (lambda x: (lambda a: (a + 1) * (a - 1))(x * 2), 24),                   # diamond
    (lambda x: reduce(lambda a, _: a + a, range(20), x), 2 ** 20),          # 20 diamonds in a row
    (lambda x: concatenate([x.reshape(1)] * 3).sum(), 3),
], ids=["x * x", "x / x", "x - x", "x ** x", "used 50 times", "added 50 times", "12th power", "diamond",
        "20 diamonds", "concatenated thrice"])
def test_a_tensor_used_many_times_collects_from_every_use(f, expected):
    assert slope(f, 3.0) == pytest.approx(expected, rel=1e-14, abs=0)
    x = leaf(3.0)
    f(x).backward()
    assert x.grad.item() == pytest.approx(expected, rel=1e-14, abs=0)


def test_grad_is_pure():
    x, unused = leaf([1.0, 2.0]), leaf([inf, nan])
    middle = x * x
    y = (middle * 3).sum()
    dx, dmiddle, dunused, dy = grad(y, [x, middle, unused, y])
    assert np.array_equal(dx.numpy(), [6, 12]) and np.array_equal(dmiddle.numpy(), [3, 3]) and dy.item() == 1
    assert np.array_equal(dunused.numpy(), [0, 0])                          # whatever stands in it
    assert all(t.grad is None for t in (x, middle, unused, y))
    assert not any(d.requires_grad for d in (dx, dmiddle, dunused, dy))
    again = grad(y, [x, x])
    assert all(np.array_equal(d.numpy(), [6, 12]) for d in again)


def test_the_gradient_from_above_is_used_and_may_itself_be_differentiated():
    x, v = leaf([1.0, 2.0, 3.0]), leaf([1.0, 10.0, 100.0])
    assert np.array_equal(grad(x * x, [x], [1.0, 10.0, 100.0])[0].numpy(), [2, 40, 600])
    dx, = grad(x * x, [x], v, create_graph=True)
    assert np.array_equal(grad(dx.sum(), [v])[0].numpy(), [2, 4, 6])
    (x + 0).backward(v)
    assert not x.grad.requires_grad                          # without create_graph a gradient has no history


def test_create_graph_keeps_gradients_differentiable_in_backward():
    x = leaf([1.0, 2.0])
    (x ** 3).sum().backward(create_graph=True)
    assert np.array_equal(grad(x.grad.sum(), [x])[0].numpy(), [6, 12])


def test_gradients_have_no_history_unless_asked_for():
    x = leaf([1.0, 2.0])
    assert not grad((x ** 3).sum(), [x])[0].requires_grad
    assert grad((x ** 3).sum(), [x], create_graph=True)[0].requires_grad


def test_no_operation_changes_its_inputs():
    for f, *inputs in ROWS.values():
        tensors = [leaf(x) for x in inputs]
        for t in tensors:
            t.numpy().setflags(write=False)                  # NumPy itself would complain
        before = [t.numpy().tobytes() for t in tensors]
        y = f(*tensors)
        value = y.numpy().copy()
        above = rng.standard_normal(y.shape)
        kept = above.tobytes()
        dxs = grad(y, tensors, above, create_graph=True)
        total = reduce(operator.add, [d.sum() for d in dxs])
        if total.requires_grad:
            total.backward()
        y.backward(above)
        assert before == [t.numpy().tobytes() for t in tensors] and above.tobytes() == kept
        assert np.array_equal(y.numpy(), value)


# ------------------------------------------------------------------------------------------- no_grad

def test_no_grad_as_a_block_and_as_a_decorator():
    x = leaf(2.0)

    @no_grad()
    def square(x):
        return x * x

    with no_grad():
        assert not (x * x).requires_grad
        with no_grad():
            pass
        assert not (x * x).requires_grad                     # leaving the inner block does not end the outer
    assert (x * x).requires_grad
    assert not square(x).requires_grad and not square(x).requires_grad      # usable more than once
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert (x * x).requires_grad


def test_no_grad_holds_in_its_own_thread_only():
    x, inside, done, seen = leaf(2.0), threading.Event(), threading.Event(), []

    def quiet():
        with no_grad():
            inside.set()
            done.wait(10)
            seen.append((x * x).requires_grad)

    thread = threading.Thread(target=quiet)
    thread.start()
    assert inside.wait(10)
    here = (x * x).requires_grad
    done.set()
    thread.join(10)
    assert here and seen == [False]


# --------------------------------------------------------------------------------- depth and memory

DEEP = """
from tinygrad_loss import Tensor, grad
x = Tensor(1.0, requires_grad=True)
y = x
for i in range(100_000):
    y = y * 1.0 if i % 2 else y + x
y.backward()
assert x.grad.item() == 50_001.0, x.grad
d, = grad(y, [x], create_graph=True)
del y, d
print("freed")
"""


def test_a_deep_copy_and_its_original_take_part_side_by_side():
    x = Tensor([1.0, 2.0], requires_grad=True)
    twin = copy.deepcopy(x)
    (x * x * twin).sum().backward()
    assert x.grad.numpy().tolist() == [2.0, 8.0] and twin.grad.numpy().tolist() == [1.0, 4.0]


def test_a_chain_of_100_000_operations_is_differentiated_and_freed():
    """In a process of its own: a deep recursion would take the interpreter down."""
    run = subprocess.run([sys.executable, "-W", "error", "-c", DEEP], capture_output=True, text=True,
                         env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                         timeout=120)
    assert run.returncode == 0 and run.stdout == "freed\n", run.stderr[-2000:]


@pytest.mark.parametrize("row", ROWS)
def test_a_graph_is_freed_without_the_garbage_collector(row):
    f, *inputs = ROWS[row]
    gc.freeze()                                              # what exists by now is not looked at
    gc.disable()
    try:
        tensors = [leaf(x) for x in inputs]
        y = f(*tensors)
        y.backward(np.ones(y.shape))
        dxs = grad(y, tensors, np.ones(y.shape), create_graph=True)
        del tensors, y, dxs
        assert gc.collect() == 0                             # nothing was left in a cycle
    finally:
        gc.enable()
        gc.unfreeze()


# --------------------------------------------------------------------------------------------- errors

def in_place(symbol):
    def change():
        x = leaf([1.0, 2.0])
        exec(f"x {symbol}= 2", {}, {"x": x})
    return change


def set_item():
    leaf([1.0, 2.0])[0] = 3.0


no_rule = primitive(np.sinh, name="sinh")
half_ruled = primitive(np.arctan2, lambda g, y, a, b: g * b / (a * a + b * b), name="arctan2")
misshapen = primitive(np.sin, lambda g, y, x: g.sum() * np.ones(7), name="misshapen")


ERRORS = [
    *[(in_place(s), TypeError, ("in place", "a = a + b")) for s in ("+", "-", "*", "/", "**", "@")],
    (set_item,                                  TypeError,  ("in place", "where")),
    (lambda: Tensor("abc"),                     TypeError,  ("real numbers", "str")),
    (lambda: Tensor(["a", "b"]),                TypeError,  ("real numbers", "list")),
    (lambda: Tensor(None),                      TypeError,  ("real numbers", "NoneType")),
    (lambda: Tensor({"a": 1}),                  TypeError,  ("real numbers", "dict")),
    (lambda: Tensor(1 + 2j),                    TypeError,  ("real numbers", "complex")),
    (lambda: Tensor(np.array([1, None])),       TypeError,  ("real numbers", "object")),
    (lambda: Tensor(np.array(["2020-01-01"], "M8[D]")), TypeError, ("real numbers", "datetime64")),
    (lambda: Tensor(1.0, dtype=int),            TypeError,  ("float32 or float64", "int64")),
    (lambda: Tensor(1.0, dtype=complex),        TypeError,  ("float32 or float64", "complex128")),
    (lambda: leaf(1.0) + "a",                   TypeError,  ("real numbers", "str")),
    (lambda: Tensor([[1, 2], [3]]),             ValueError, ("equal length",)),
    (lambda: leaf([1, 2]).backward(),           ValueError, ("(2,)", ".sum()")),
    (lambda: grad(leaf([1, 2]) * 1, [leaf(1)]), ValueError, ("(2,)", ".sum()")),
    (lambda: leaf([1, 2]).backward([1, 2, 3]),  ValueError, ("(3,)", "(2,)")),
    (lambda: leaf([1, 2]).backward(1.0),        ValueError, ("()", "(2,)")),
    (lambda: Tensor(1.0).backward(),            ValueError, ("requires_grad=True",)),
    (lambda: grad(Tensor(1.0), [leaf(1)]),      ValueError, ("requires_grad=True",)),
    (lambda: grad(leaf(1) * 1, [leaf(1), Tensor(1.0)]), ValueError, ("inputs[1]", "requires_grad=True")),
    (lambda: no_rule(leaf(1)).backward(),       NotImplementedError, ("sinh", "input 0")),
    (lambda: half_ruled(1.0, leaf(1)).backward(), NotImplementedError, ("arctan2", "input 1")),
    (lambda: misshapen(leaf([1, 2])).sum().backward(), ValueError, ("misshapen", "(2,)")),
    (lambda: leaf([1, 2]) + leaf([1, 2, 3]),    ValueError, ("add", "(2,)", "(3,)")),
    (lambda: leaf([1, 2]) @ leaf([1, 2, 3]),    ValueError, ("matmul", "2", "3")),
    (lambda: leaf(1) @ leaf([1, 2]),            ValueError, ("matmul", "()")),
    (lambda: where(FIRST, leaf([1, 2, 3]), 0),  ValueError, ("where", "(3,)")),
    (lambda: leaf([1, 2]).reshape(3),           ValueError, ("reshape", "(2,)")),
    (lambda: leaf([1, 2]).sum(axis=1),          ValueError, ("sum", "(2,)", "axis 1")),
    (lambda: leaf([1, 2]).broadcast_to((3,)),   ValueError, ("broadcast_to", "(2,)")),
    (lambda: Tensor(np.ones((0, 2))).max(axis=0), ValueError, ("max", "(0, 2)")),
    (lambda: concatenate([leaf([[1, 2]]), leaf([[1]])]), ValueError, ("concatenate", "(1, 2)", "(1, 1)")),
    (lambda: concatenate([leaf(1), leaf(2)]),   ValueError, ("axis 0",)),
    (lambda: concatenate([leaf([1]), leaf([2])], axis=1), ValueError, ("axis 1",)),
    (lambda: concatenate([]),                   ValueError, ()),
    (lambda: stack([leaf([1, 2]), leaf([1, 2])], axis=2), ValueError, ("axis 2",)),
    (lambda: stack([leaf([1, 2]), leaf([1])]),  ValueError, ("(1, 2)", "(1, 1)")),
    (lambda: leaf([1, 2])[5],                   IndexError, ("5", "size 2")),
    (lambda: bool(leaf([1, 2])),                ValueError, ("more than one element",)),
    (lambda: leaf([1, 2]).item(),               ValueError, ("size 1",)),
]


@pytest.mark.parametrize("act, error, words", ERRORS, ids=[" ".join(words) for *_, words in ERRORS])
def test_errors_say_what_is_wrong(act, error, words):
    with pytest.raises(error) as caught:
        act()
    message = str(caught.value)
    assert all(word in message for word in words), message


def test_a_failed_operation_leaves_everything_as_it_was():
    x = leaf([1.0, 2.0])
    y = no_rule(x) * x
    with pytest.raises(NotImplementedError):
        y.sum().backward()
    assert x.grad is None and (x * x).requires_grad           # still recording
    with pytest.raises(TypeError, match="in place"):
        x += 1
    assert np.array_equal(x.numpy(), [1, 2])


# ------------------------------------------------------------------------------------------- printing

@pytest.mark.parametrize("x, text", [
    (Tensor([1.0, 2.0]),                             "Tensor([1., 2.])"),
    (Tensor(3),                                      "Tensor(3.)"),
    (leaf([1.0, 2.0]),                               "Tensor([1., 2.], requires_grad=True)"),
    (leaf([1.0, 2.0]) * 2,                           "Tensor([2., 4.], made by mul)"),
    (leaf([1.0, 2.0]).sum(),                         "Tensor(3., made by sum)"),
    (abs(leaf([1.0, -2.0])),                         "Tensor([1., 2.], made by abs)"),
    (Tensor([1.0, 2.0]) * 2,                         "Tensor([2., 4.])"),
    ((leaf([1.0]) * 2).detach(),                     "Tensor([2.])"),
    (Tensor([1.0, 2.0], dtype=np.float32),           "Tensor([1., 2.], dtype=float32)"),
    (Tensor([1], True, np.float32) + 1,              "Tensor([2.], dtype=float32, made by add)"),
    (Tensor(np.arange(100)),                         "Tensor([ 0.,  1.,  2., ..., 97., 98., 99.])"),
    (Tensor([[1, 2], [3, 4]]),                       "Tensor([[1., 2.],\n        [3., 4.]])"),
    (Tensor([nan, inf]),                             "Tensor([nan, inf])"),
    (Tensor([]),                                     "Tensor([])"),
], ids=range(14))
def test_printing(x, text):
    assert repr(x) == str(x) == text


# ------------------------------------- random expressions against hyper-dual numbers (forward mode)

class HyperDual:
    """f + f_u s + f_v t + f_uv st with s^2 = t^2 = 0: a value, its slopes along two directions u and v, and
    the mixed second derivative. Every operation is the second-order chain rule of one or two arguments."""

    __array_ufunc__ = None

    def __init__(self, f, u=0.0, v=0.0, uv=0.0):
        self.parts = tuple(np.broadcast_arrays(*map(np.asarray, (f, u, v, uv))))

    def chain(self, f, d, dd):
        """A function with this value, first and second derivative, applied to self."""
        _, u, v, uv = self.parts
        return HyperDual(f, d * u, d * v, d * uv + dd * u * v)

    def each(self, linear):
        return HyperDual(*map(linear, self.parts))

    def __add__(self, other):
        return HyperDual(*(a + b for a, b in zip(self.parts, dual(other).parts, strict=True)))

    def __mul__(self, other):
        (a, au, av, auv), (b, bu, bv, buv) = self.parts, dual(other).parts
        return HyperDual(a * b, au * b + a * bu, av * b + a * bv, auv * b + au * bv + av * bu + a * buv)

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -dual(other)

    def reciprocal(self):
        x = self.parts[0]
        return self.chain(1 / x, -1 / x ** 2, 2 / x ** 3)

    def __truediv__(self, other):
        return self * dual(other).reciprocal()

    def exp(self):
        return self.chain(*[np.exp(self.parts[0])] * 3)

    def log(self):
        x = self.parts[0]
        return self.chain(np.log(x), 1 / x, -1 / x ** 2)


def dual(x):
    return x if isinstance(x, HyperDual) else HyperDual(x)


def select(share, a, b):
    """share of a and the rest of b."""
    return dual(a) * share + dual(b) * (1 - share)


def value(x):
    return dual(x).parts[0]


def tie(a, b):
    """1 where a is larger, 0 where b is, 1/2 in a tie."""
    return np.heaviside(value(a) - value(b), 0.5)


def total(x):
    return x.each(lambda p: np.sum(np.atleast_1d(p), -1, keepdims=True))


def tanh(x):
    return ((x * 2).exp() - 1) / ((x * 2).exp() + 1)


def power(x, n):
    return (x.log() * n).exp()


def last_axis(x):
    return x.reshape(x.shape or 1)


# Each operation twice: in the engine, and by another formula in hyper-dual numbers. Bounded, so that trees
# stay tame.
UNARY = {
    "tanh":      (lambda x: x.tanh(),            tanh),
    "sigmoid":   (lambda x: x.sigmoid(),         lambda x: ((-x).exp() + 1).reciprocal()),
    "softplus":  (lambda x: x.softplus(),        lambda x: (x.exp() + 1).log()),
    "exp":       (lambda x: x.tanh().exp(),      lambda x: tanh(x).exp()),
    "expm1":     (lambda x: x.tanh().expm1(),    lambda x: tanh(x).exp() - 1),
    "log":       (lambda x: (x * x + 1).log(),   lambda x: (x * x + 1).log()),
    "log1p":     (lambda x: (x * x).log1p(),     lambda x: (x * x + 1).log()),
    "sqrt":      (lambda x: (x * x + 1).sqrt(),  lambda x: power(x * x + 1, 0.5)),
    "power":     (lambda x: (x * x + 1) ** -1.5, lambda x: power(x * x + 1, -1.5)),
    "cube":      (lambda x: x.tanh() ** 3,       lambda x: tanh(x) * tanh(x) * tanh(x)),
    "relu":      (lambda x: x.relu(),            lambda x: x * np.heaviside(value(x), 0)),
    "abs":       (abs,                           lambda x: x * np.sign(value(x))),
    "clip":      (lambda x: x.clip(-1, 1),       lambda x: select(abs(value(x)) <= 1, x, np.sign(value(x)))),
    "neg":       (lambda x: -x,                  lambda x: x * -1),
    "sum":       (lambda x: last_axis(x).sum(axis=-1, keepdims=True), total),
    "logsumexp": (lambda x: last_axis(x).logsumexp(axis=-1, keepdims=True), lambda x: total(x.exp()).log()),
    "softmax":   (lambda x: last_axis(x).softmax(), lambda x: x.exp() / total(x.exp())),
    "take":      (lambda x: last_axis(x)[..., [0, -1, 0]],
                  lambda x: x.each(lambda p: np.atleast_1d(p)[..., [0, -1, 0]])),
}
BINARY = {
    "+":       (lambda a, b: a + b,                lambda a, b: a + b),
    "-":       (lambda a, b: a - b,                lambda a, b: a + b * -1),
    "*":       (lambda a, b: a * b.tanh(),         lambda a, b: tanh(b) * a),
    "/":       (lambda a, b: a / (1 + b * b),      lambda a, b: (b * b + 1).reciprocal() * a),
    "**":      (lambda a, b: (a * a + 1) ** b.tanh(), lambda a, b: power(a * a + 1, tanh(b))),
    "maximum": (maximum,                           lambda a, b: select(tie(a, b), a, b)),
    "minimum": (minimum,                           lambda a, b: select(tie(a, b), b, a)),
    "where":   (lambda a, b: where(a > b, a * b, b), lambda a, b: select(value(a) > value(b), a * b, b)),
    "xlogy":   (lambda a, b: engine.xlogy(a, b * b + 1), lambda a, b: (b * b + 1).log() * a),
}
SHAPES = [(), (3,), (2, 1), (2, 3)]


ZERO = next(seed for seed in range(99) if np.random.default_rng(seed).integers(-1, 2) == 0)   # makes x0 = 0


def trees():
    """("x", 0) is an input; ("tanh", tree) and ("*", tree, tree) are operations."""
    def grow(tree):
        return (st.tuples(st.sampled_from(sorted(UNARY)), tree)
                | st.tuples(st.sampled_from(sorted(BINARY)), tree, tree))
    return st.recursive(st.tuples(st.just("x"), st.integers(0, 3)), grow, max_leaves=8)


def evaluate(tree, xs, way):
    name, *branches = tree
    if name == "x":
        return xs[branches[0]]
    return {**UNARY, **BINARY}[name][way](*(evaluate(branch, xs, way) for branch in branches))


@settings(deadline=None, max_examples=200, derandomize=True, database=None)
@given(trees(), st.integers(0, 10 ** 6), st.booleans())
@example(("*", ("maximum", ("softplus", ("x", 0)), ("x", 1)), ("x", 0)), ZERO, True)
def test_random_expressions_agree_with_forward_mode(tree, seed, whole_numbers):
    """Whole numbers make ties and kinks frequent; others keep away from them."""
    random = np.random.default_rng(seed)

    def draw(shape):
        return random.standard_normal(shape)
    xs = [np.asarray(random.integers(-1, 2, s) if whole_numbers else draw(s), float) for s in SHAPES]
    us, vs = ([draw(s) for s in SHAPES] for _ in range(2))

    tensors = [leaf(x) for x in xs]
    y = evaluate(tree, tensors, 0)
    above = draw(y.shape)
    first = grad(y, tensors, above, create_graph=True)
    along_v = reduce(operator.add, [(g * v).sum() for g, v in zip(first, vs, strict=True)])
    second = grad(along_v, tensors) if along_v.requires_grad else [Tensor(np.zeros(s)) for s in SHAPES]

    exact = evaluate(tree, [HyperDual(x, u, v) for x, u, v in zip(xs, us, vs, strict=True)], 1).parts
    for derivative, expected in ((first, exact[1]), (second, exact[3])):
        terms = [d.numpy() * u for d, u in zip(derivative, us, strict=True)]
        scale = max(1.0, sum(np.abs(t).sum() for t in terms), np.abs(above * expected).sum())
        assert abs(sum(t.sum() for t in terms) - (above * expected).sum()) <= 1e-10 * scale
    assert np.allclose(y.numpy(), exact[0], rtol=1e-12, atol=1e-12)
