"""Wrong gradients as people write them: caught, and told in words that lead to the mistake."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_loss import gradcheck

RNG = np.random.default_rng(77)
ROWS, VECTOR, OTHER, MANY = (RNG.standard_normal(s) for s in ((9, 3), 8, 8, 20_000))
Q, K, V = (RNG.standard_normal(s) for s in ((4, 3), (5, 3), (5, 2)))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def attention(q, k, v):
    return softmax(q @ k.T / np.sqrt(q.shape[1])) @ v


def unscaled(q, k, v, above):
    p, root = softmax(q @ k.T / np.sqrt(q.shape[1])), np.sqrt(q.shape[1])
    dp = above @ v.T
    ds = p * (dp - (p * dp).sum(-1, keepdims=True))
    return ds @ k, ds.T @ q / root, p.T @ above


def norms(x):
    return np.linalg.norm(x, axis=1).mean()


def swapped(x):
    d = 2 * x
    d[[5, 77]] = d[[77, 5]]
    return d


# name: (f, wrong gradient, inputs, diagnosis, what is said)
WRONG = {
    "no scale":        (attention, unscaled, (Q, K, V), "factor", "sqrt(n), n being the number of columns"),
    "mean of the bias": (lambda x, b: x + b, lambda x, b, above: (above, above.mean(0)), (ROWS, V[:3, 0]),
                         "factor", "1/n, n being the length of x"),
    "log base 2":      (lambda x: np.log2(1 + x * x), lambda x: 2 * x / (1 + x * x), (VECTOR,), "factor",
                        "ln 2"),
    "n - 1":           (np.std, lambda x: (x - x.mean()) / (x.size - 1) / x.std(), (VECTOR,), "factor",
                        "n/(n - 1)"),
    "one norm for all": (norms, lambda x: x / np.linalg.norm(x) / len(x), (ROWS,), "other",
                         "each row is right but for a factor of its own"),
    "another order":   (lambda a, b: (a ** 2 * b).sum(), lambda a, b: (a ** 2, 2 * a * b), (VECTOR, OTHER),
                        "permuted", "the gradients of a and b are exchanged"),
    "two exchanged":   (lambda x: (x ** 2).sum(), swapped, (MANY,), "permuted",
                        "x[5] and x[77] are exchanged"),
    "integers":        (lambda x: (x ** 2).sum(), lambda x: (2 * x).astype(int), (3 * VECTOR,), "other",
                        "without what stands behind the point"),
    "an epsilon":      (lambda x: np.logaddexp(0, x), lambda x: 1 / (1 + np.exp(-x)) + 1e-6, (VECTOR,),
                        "other", "too large by 1e-06 wherever"),
    "all but one":     (lambda x: (np.diff(x) ** 2).sum(), lambda x: np.append(-2 * np.diff(x), 0), (VECTOR,),
                        "other", "no single factor"),
    "one too many":    (lambda x: np.sort(x)[-3:].sum(), lambda x: (x >= np.sort(x)[-4]) * 1.0, (VECTOR,),
                        "branch", "there it should be 0"),
    "the sign of a half": (lambda x: np.abs(x).sum(), np.ones_like, (VECTOR,), "branch",
                           "x < 0: there always -1 of it"),
}


@pytest.mark.parametrize("name", WRONG)
def test_the_mistake_is_told_in_words(name):
    f, g, inputs, diagnosis, words = WRONG[name]
    report = gradcheck(f, *inputs, gradient=g)
    assert report.verdict == "WRONG" and report.diagnosis == diagnosis and words in report.pattern, report


LABELS = np.array([0, 2, 1, 1, 0, 2, 2, 0, 1])


@pytest.mark.parametrize("f, g, inputs", [
    (lambda z, t: -np.log(softmax(z)[np.arange(9), t]), lambda z, t: (softmax(z) - np.eye(3)[t], None),
     (ROWS, LABELS)),                                        # None for what is not checked
    (lambda x: (x ** 2).sum(), lambda x: [2 * float(v) for v in x], (VECTOR,)),        # a list of numbers
    (lambda x: (x ** 2).sum(), lambda x: [2 * x], (VECTOR,)),                          # a list of one array
    (lambda x: float(x) ** 3, lambda x: 3 * float(x) ** 2, (1.7,)),
    (lambda x: 1e300 * np.sin(x).sum(), lambda x: 1e300 * np.cos(x), (VECTOR,)),       # squares overflow
    (lambda x: x.sum(), np.ones_like, (1e200 * MANY[:300],)),
    (lambda x: (x ** 3).sum(), lambda x: 3 * x ** 2, (VECTOR.astype(">f8"),)),
])
def test_right_gradients_in_unusual_clothes_pass(f, g, inputs):
    assert (report := gradcheck(f, *inputs, gradient=g)), report


@pytest.mark.parametrize("f, g, words", [
    (lambda x: x ** 2, lambda x: None,   "the gradient must be of real numbers; got NoneType"),
    (lambda x: x ** 2, lambda x: (None,),"the gradient must be of real numbers"),
    (lambda x: x ** 2, lambda x: 2j * x,                    "got an array of complex128"),
    (lambda x: x ** 2, lambda x: (x, x),"2 gradients for 1 inputs of floats"),
    (lambda x: None, lambda x: 2 * x,                       "f must be of real numbers; got NoneType"),
    (lambda x: (x.sum(), x), lambda x: 2 * x,               "f must be of real numbers; got tuple"),
])
def test_what_is_no_gradient_is_said_in_a_sentence(f, g, words):
    report = gradcheck(f, VECTOR, gradient=g)
    assert report.verdict in ("ERROR", "SHAPE") and not report.ok
    assert words in str(report), report
