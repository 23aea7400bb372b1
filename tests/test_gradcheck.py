"""The tester is tested: right gradients pass, every planted bug is caught and named."""

import numpy as np
import pytest

from tinygrad_loss import Tensor, gradcheck, primitive, stack, where

rng = np.random.default_rng(11)
X = rng.uniform(0.5, 1.5, (3, 3)) * rng.choice([-1.0, 1.0], (3, 3))
W = rng.standard_normal((3, 3))
LABELS = np.array([2, 0, 2])
N = X.size


def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


# --------------------------------------------------------------------------------- right gradients pass

RIGHT_TENSORS = {
    "scalar":          (lambda x: (x * x).sum(), X),
    "array":           (lambda x: x.exp() / 3, X),
    "number":          (lambda x: x ** 3, 2.0),
    "several inputs":  (lambda x, w, b: (x @ w + b).tanh(), X, W, W[0]),
    "labels":          (lambda x, labels: -x.log_softmax()[np.arange(3), labels], X, LABELS),
    "list":            (lambda x: x * x, [1.0, 2.0]),
    "unused input":    (lambda x, w: x * x, X, W),
    "large numbers":   (lambda x: x ** 2 * 1e12, X * 1e6),
    "small numbers":   (lambda x: x ** 2 * 1e-12, X * 1e-3),
    "large offset":    (lambda x: (x - 1) ** 2 + 1e6, X),
    "near a border":   (lambda x: x.log(), np.array([1e-3, 1.0])),
    "at zero":         (lambda x: x.exp() * x, np.zeros(3)),
    "empty":           (lambda x: x * x, np.ones((0, 3))),
}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", RIGHT_TENSORS)
def test_right_backward_passes(name, order):
    f, *inputs = RIGHT_TENSORS[name]
    assert (report := gradcheck(f, *inputs, order=order)), report
    assert report.ok and report.verdict == "PASS" and report.diagnosis is None


RIGHT_ARRAYS = {
    "number":              (lambda x: np.sum(x ** 3), lambda x: 3 * x ** 2, X),
    "array":               (np.sin, lambda x: np.cos(x), X),
    "array, from above":   (softmax, lambda x, g: (p := softmax(x)) * (g - (g * p).sum(1, keepdims=True)), X),
    "several inputs":      (lambda x, w: x @ w, lambda x, w, g: (g @ w.T, x.T @ g), X, W),
    "labels":              (lambda x, t: -np.log(softmax(x)[np.arange(3), t]).mean(),
                            lambda x, t: (softmax(x) - np.eye(3)[t]) / 3, X, LABELS),
    "Python number":       (lambda x: x * x, lambda x: 2 * x, 1.5),
}


@pytest.mark.parametrize("name", RIGHT_ARRAYS)
def test_right_functions_of_arrays_pass(name):
    f, g, *inputs = RIGHT_ARRAYS[name]
    assert (report := gradcheck(f, *inputs, gradient=g)), report


def test_a_default_of_the_gradient_is_left_alone():
    def slope(x, delta=1.0):
        return np.clip(x, -delta, delta)
    report = gradcheck(lambda x: np.where(abs(x) < 1, x * x / 2, abs(x) - 0.5), 2 * X, gradient=slope)
    assert report, report


@pytest.mark.parametrize("order", [1, 2])
def test_float32_passes_with_its_own_roundings(order):
    x = X.astype(np.float32)
    assert (report := gradcheck(lambda x: (x.exp() * x).softplus(), x, order=order)), report
    assert (report := gradcheck(lambda x: (x - 1) ** 2, np.float32(3.0), order=order)), report


# ----------------------------------------------------------------------------- planted bugs are caught

def loss(x):
    return np.mean(x ** 3)


def right(x):
    return 3 * x ** 2 / N


FIRST_ABOVE = np.random.default_rng(0).uniform(0.5, 1.5, X.shape).flat[0]         # or minus that


def with_element(change):
    def gradient(x):
        g = right(x)
        g[1, 2] = change(g[1, 2])
        return g
    return gradient


# name: (f, wrong gradient, verdict, diagnosis, factor)
PLANTED = {
    "sign":             (loss, lambda x: -right(x),                 "WRONG", "sign", -1),
    "twice":            (loss, lambda x: 2 * right(x),              "WRONG", "factor", 2),
    "half":             (loss, lambda x: right(x) / 2,              "WRONG", "factor", 1 / 2),
    "sum for mean":     (loss, lambda x: N * right(x),              "WRONG", "factor", N),
    "mean for sum":     (lambda x: N * loss(x), right,              "WRONG", "factor", 1 / N),
    "0.1 % too large":  (loss, lambda x: 1.001 * right(x),          "WRONG", "factor", 1.001),
    "1e-7 too large":   (loss, lambda x: (1 + 1e-7) * right(x),     "WRONG", "factor", 1 + 1e-7),
    "zero":             (loss, lambda x: 0 * x,                     "WRONG", "zero", 0),
    "one element":      (loss, with_element(lambda g: 1.05 * g),    "WRONG", "element", None),
    "one element zero": (loss, with_element(lambda g: 0),           "WRONG", "element", None),
    "one row off":      (loss, lambda x: np.roll(right(x), 1, 0),   "WRONG", "permuted", None),
    "constant added":   (loss, lambda x: right(x) + 1e-6,           "WRONG", "other", None),
    "transposed":       (loss, lambda x: right(x).T,                "WRONG", "transposed", None),
    "row sum":          (loss, lambda x: right(x).sum(0),           "SHAPE", None, None),
    "column":           (loss, lambda x: right(x).reshape(-1, 1),   "SHAPE", None, None),
    "number":           (loss, lambda x: right(x).sum(),            "SHAPE", None, None),
    "one too many":     (loss, lambda x: (right(x), right(x)),      "SHAPE", None, None),
    "nan":              (loss, with_element(lambda g: np.nan),      "NONFINITE", None, None),
    "inf":              (loss, with_element(lambda g: np.inf),      "NONFINITE", None, None),
    "transposed, from above": (lambda x: x @ W, lambda x, g: g @ W, "WRONG", "other", None),
    "ignores what comes from above": (softmax, lambda x, g: softmax(x) * (1 - softmax(x)),
                                                                    "WRONG", "other", None),
    "ones from above":  (np.sin, lambda x, g: np.cos(x),            "WRONG", "upstream", None),
    "first from above": (np.sin, lambda x, g: np.cos(x) * g.flat[0], "WRONG", "upstream", FIRST_ABOVE),
}


@pytest.mark.parametrize("name", PLANTED)
def test_planted_bugs_are_caught_and_named(name):
    f, wrong, verdict, diagnosis, factor = PLANTED[name]
    report = gradcheck(f, X, gradient=wrong)
    assert not report and not report.ok and report.verdict == verdict, report
    assert report.diagnosis == diagnosis
    assert (report.factor is None) == (factor is None)
    if factor is not None:
        found = abs(report.factor) if factor is FIRST_ABOVE else report.factor
        assert found == pytest.approx(factor, rel=1e-8)


BROKEN_RULES = {
    "sign":                  primitive(np.exp, lambda g, y, x: -g * y),
    "forgets from above":    primitive(np.exp, lambda g, y, x: y),
    "uses the input":        primitive(np.exp, lambda g, y, x: g * x),
    "one part in a million": primitive(np.exp, lambda g, y, x: g * y * 1.000001),
    "no flow":               primitive(np.exp, lambda g, y, x: g * 0),
    "history cut":           primitive(np.exp, lambda g, y, x: g * y.detach()),
    "wrong transpose":       primitive(lambda x: x @ W, lambda g, y, x: g @ W),
    "softmax, without sum":  primitive(softmax, lambda g, y, x: g * y * (1 - y)),
}


@pytest.mark.parametrize("name", BROKEN_RULES)
def test_broken_rules_of_the_engine_are_caught(name):
    order = 2 if name == "history cut" else 1                # right at first order, wrong at second
    assert not gradcheck(BROKEN_RULES[name], X, order=order)
    if order == 2:
        assert gradcheck(BROKEN_RULES[name], X, order=1)


def test_the_wrong_one_of_several_inputs_is_found():
    report = gradcheck(lambda x, w: x @ w, X, W, gradient=lambda x, w, g: (g @ w.T, 2 * (x.T @ g)))
    assert not report
    assert {e.name[0] for e in report.elements if e.excess > 1} == {"w"}
    swapped = gradcheck(lambda x, w: x @ w, X, W, gradient=lambda x, w, g: (x.T @ g, g @ w.T))
    assert swapped.verdict == "WRONG"


def test_float32_gradients_are_not_excused_altogether():
    x = X.astype(np.float32)
    assert gradcheck(loss, x, gradient=lambda x: right(x).astype(np.float32))
    assert not gradcheck(loss, x, gradient=lambda x: 1.001 * right(x).astype(np.float32))


def test_a_tiny_gradient_must_be_right_too():
    """A bare absolute tolerance of 1e-5 would let every one of these pass."""
    def tiny(x):
        return 1e-9 * loss(x)
    assert gradcheck(tiny, X, gradient=lambda x: 1e-9 * right(x))
    for factor in (0, -1, 2, 1.01):
        assert not gradcheck(tiny, X, gradient=lambda x, factor=factor: factor * 1e-9 * right(x))


# -------------------------------------------------------------------------------------------- the report

def test_a_failing_report_shows_yours_the_numbers_and_their_ratio():
    report = gradcheck(loss, X, gradient=lambda x: 2 * right(x))
    text = str(report)
    for word in ("FAIL", "loss", "yours", "numbers", "yours/numbers", "2.0000"):
        assert word in text, text
    worst = report.elements[0]
    assert worst.name in text and f"{worst.yours:.6g}" in text and f"{worst.numbers:.6g}" in text


def test_the_worst_element_comes_first():
    report = gradcheck(loss, X, gradient=with_element(lambda g: 1.05 * g))
    assert report.elements[0].name == "x[1, 2]"
    assert report.elements[0].yours / report.elements[0].numbers == pytest.approx(1.05, rel=1e-9)
    assert [e.excess > 1 for e in report.elements] == [True] + [False] * (N - 1)


def test_a_passing_report_is_one_line_that_names_the_function():
    report = gradcheck(loss, X, gradient=right)
    assert bool(report) is report.ok is True
    assert str(report).startswith("PASS") and "loss" in str(report) and "\n" not in str(report)
    assert len(report.elements) == N


# ------------------------------------------------------------------------------------------ good manners

def test_inputs_are_never_changed():
    """Not even by functions that write into what they are given."""
    inputs = X.copy(), W.copy(), LABELS.copy()

    def meddling(x, w, labels):
        value = np.sum(x ** 3 * w) + labels.sum()
        x[:] = w[:] = labels[:] = 0
        return value

    def meddling_gradient(x, w, labels):
        dx, dw = 3 * x ** 2 * w, x ** 3
        x[:] = w[:] = labels[:] = 7
        return dx, dw
    def decent(x, w, labels):
        return np.sum(x ** 3 * w) + labels.sum()
    report = gradcheck(meddling, *inputs, gradient=meddling_gradient)
    assert report.verdict == "MUTATES" and "f writes to x" in str(report)
    report = gradcheck(decent, *inputs, gradient=meddling_gradient)
    assert report.verdict == "MUTATES" and "the gradient writes to x" in str(report)
    assert gradcheck(lambda x, w, labels: (x * w)[np.arange(3), labels] ** 2, *inputs, order=2)
    assert all(map(np.array_equal, inputs, (X, W, LABELS)))


def test_tensors_given_as_inputs_are_left_alone():
    x = Tensor(X, requires_grad=True)
    assert gradcheck(lambda x: x * x, x)
    assert x.grad is None


def test_the_same_seed_gives_the_same_report():
    def reports(rng):
        return [gradcheck(lambda x: x.exp(), X, rng=rng),
                gradcheck(softmax, X, gradient=lambda x, g: g, rng=rng)]
    assert reports(3) == reports(3) == reports(np.int64(3))
    assert reports(3) != reports(4)
    assert gradcheck(np.sin, X, gradient=lambda x, g: g * np.cos(x), rng=np.random.default_rng(3))


@pytest.mark.parametrize("act, words", [
    (lambda: gradcheck(lambda x: x, LABELS),                                ("input of floats",)),
    (lambda: gradcheck(lambda x: x * x, X, order=3),                        ("order", "3")),
    (lambda: gradcheck(loss, X, gradient=right, order=2),                   ("order", "Tensors")),
])
def test_errors_say_what_is_wrong(act, words):
    with pytest.raises(ValueError) as caught:
        act()
    assert all(word in str(caught.value) for word in words)


def test_kinks_beside_the_point_do_not_disturb():
    assert gradcheck(lambda x: x.relu() + abs(x - 0.01), np.array([-0.02, 0.02, 1.0]))
    assert gradcheck(lambda x: where(x > 0, x * x, -x), np.array([-1e-3, 1e-3]))
    assert gradcheck(lambda x: stack([x, 1.001 * x]).max(axis=0), np.array([1.0, -1.0]))
