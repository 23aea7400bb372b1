"""What the article says, what is true, and who is right: computed, on both paths.

The article is "Understanding Loss Functions: A Complete Guide from Theory to Practice" (2026). Most of it is
right. This is the rest, by line number.

    test_e15_...     an error, a mismatch or a gap
    EXAMPLES         its worked examples, whatever it prints under them
    test_claim_06_.. what it claims in passing; nearly all of that is true

`its` is the article's code, retyped. `loss.mse(pred, target)` and `slope.mse(pred, target)` are this
library's value and gradient, once for the fused path and once for the composed one.

Nothing can be computed about E14 (the section on common pitfalls is announced and missing; two entries of
the table of contents lead nowhere) and E44 (spelling). Claims 7, 8, 12, 13, 17, 21 and 33 are E39, E4, E23,
E24, E19, E36 and claim 1.
"""

from __future__ import annotations

import math
import re
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from pytest import approx, raises

from tinygrad_loss import Tensor, grad, gradcheck, losses, maximum
from tinygrad_loss.choose import TREE, recommend
from tinygrad_loss.losses import LOSSES, weighted_sum

# ------------------------------------------------------------------------------ the library, one path


@pytest.fixture(params=["fused", "composed"])
def path(request):
    return request.param


@pytest.fixture
def loss(path):
    """Values: `loss.mse(pred, target)` is a number, or an array for reduction="none"."""
    def value(one, *inputs, **settings):
        found = one(*inputs, path=path, **settings).numpy()
        return found if found.ndim else found.item()

    return SimpleNamespace(**{name: partial(value, one) for name, one in LOSSES.items()})


@pytest.fixture
def slope(path):
    """Gradients: `slope.mse(pred, target)`; for losses with several of them, stacked."""
    def gradient(one, *inputs, **settings):
        n = one.family.differentiated
        tensors = [Tensor(x, requires_grad=True) for x in inputs[:n]]
        value = one(*tensors, *inputs[n:], path=path, **settings)
        found = [g.numpy() for g in grad(value, tensors, np.ones(value.shape))]
        return found[0] if n == 1 else np.stack(found)

    return SimpleNamespace(**{name: partial(gradient, one) for name, one in LOSSES.items()})


def slope_of(f, x):
    """The gradient of any Tensor program: what autodiff makes of a formula."""
    x = Tensor(x, requires_grad=True)
    return grad(f(x).sum(), [x])[0].numpy()


def near(x, rel=1e-9):
    """Equal but for rounding; a 0 must be 0."""
    return approx(np.asarray(x) if np.ndim(x) else x, rel=rel, abs=0)


# ------------------------------------------------------------------------------------ the article's code

class its:
    """The article's functions: its order of arguments, its arithmetic, its mistakes."""

    def mse(y_true, y_pred):
        return np.mean((y_pred - y_true) ** 2)

    def mse_gradient(y_true, y_pred):
        return 2 / len(y_true) * (y_pred - y_true)

    def huber(y_true, y_pred, delta=1.0):
        size = abs(y_pred - y_true)
        return np.mean(np.where(size <= delta, size ** 2 / 2, delta * size - delta ** 2 / 2))

    def bce(y_true, y_pred, epsilon=1e-7):
        p = np.clip(y_pred, epsilon, 1 - epsilon)
        return np.mean(-(y_true * np.log(p) + (1 - y_true) * np.log(1 - p)))

    def bce_with_logits(logits, y_true):
        return np.mean(np.maximum(logits, 0) - logits * y_true + np.log(1 + np.exp(-abs(logits))))

    def focal(y_true, y_pred, alpha=0.25, gamma=2.0, epsilon=1e-7):
        p = np.clip(y_pred, epsilon, 1 - epsilon)
        p_t = np.where(y_true == 1, p, 1 - p)
        return np.mean(alpha * (1 - p_t) ** gamma * -np.log(p_t))

    def sparse_cce(y_true, y_pred, epsilon=1e-7):
        p = np.clip(y_pred, epsilon, 1 - epsilon)
        return -np.mean(np.log(p[np.arange(len(p)), y_true]))

    def kl(p_true, q_pred, epsilon=1e-7):
        p, q = np.clip(p_true, epsilon, 1 - epsilon), np.clip(q_pred, epsilon, 1 - epsilon)
        return np.sum(p * np.log(p / q))

    def dice(y_true, y_pred, smooth=1.0):
        intersection, union = np.sum(y_true * y_pred), np.sum(y_true) + np.sum(y_pred)
        return 1 - (2 * intersection + smooth) / (union + smooth)

    def contrastive(a, b, label, margin=1.0):
        distance = np.sqrt(np.sum((a - b) ** 2))
        return distance ** 2 / 2 if label == 1 else max(0, margin - distance) ** 2 / 2

    def triplet(anchor, positive, negative, margin=1.0):
        return max(0, np.sum((anchor - positive) ** 2) - np.sum((anchor - negative) ** 2) + margin)

    def kinds_of_triplet(near, far, margin):
        """Its three inequalities."""
        holds = {"easy": near + margin < far, "hard": near > far, "semi-hard": near < far < near + margin}
        return [kind for kind in holds if holds[kind]]


# ------------------------------------------------------------------------------------ the article's data

PRED, TARGET = np.array([2.3, 1.2, 3.0, 0.8, 3.9]), np.array([2.5, 1.0, 3.2, 0.5, 4.1])           # MSE
WILD, TAME = np.array([1.1, 2.2, 2.9, 4.1, 15.0]), np.array([1.0, 2.0, 3.0, 4.0, 5.0])            # outlier
LOGITS, YES = np.array([2.3, -1.5, 0.8, -0.3, 1.7]), np.array([1.0, 0, 1, 0, 1])         # BCE with logits
P_RARE = np.array([.1, .2, .15, .1, .05, .12, .08, .11, .85, .9])                                 # focal
RARE = np.array([0.0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
ROWS = np.array([[.7, .2, .1], [.1, .2, .7], [.2, .6, .2], [.8, .1, .1], [.3, .3, .4]])           # sparse CCE
LABELS = np.array([0, 2, 1, 0, 2])
ONE_HOT = np.eye(3)[LABELS]
P, Q = np.array([.5, .3, .2]), np.array([.33, .33, .34])                                          # KL
MASK = np.array([[0.0, 0, 1, 1], [0, 1, 1, 0]])                                                   # dice
GOOD = np.array([[.1, .1, .9, .8], [.2, .8, .9, .1]])
BAD = np.array([[.9, .8, .1, .2], [.9, .1, .2, .8]])
A, LIKE, UNLIKE = np.array([1.0, 2.0, 3.0]), np.array([1.1, 2.1, 2.9]), np.array([5.0, 6.0, 7.0])  # metric


# ------------------------------------------------- E1 to E14: wrong numbers, and code that does not run

def test_e01_mse_is_not_0_0380(loss):
    """Line 179 prints `MSE Loss: 0.0380`. Four errors of 0.2 and one of 0.3: (4 * 0.04 + 0.09) / 5."""
    assert loss.mse(PRED, TARGET) == near(its.mse(TARGET, PRED)) == near(0.05)


def test_e02_mae_of_outliers_is_not_2_06(loss):
    """Line 288 prints 2.0600. The errors are 0.1, 0.2, 0.1, 0.1 and 10: it takes no computer."""
    assert loss.mae(WILD, TAME) == near(10.5 / 5) == near(2.1)


def test_e03_huber_of_outliers_is_not_2_56(loss):
    """Line 289 prints 2.5600. Its own code disagrees."""
    assert loss.huber(WILD, TAME) == near(its.huber(TAME, WILD)) == near(1.907)


def test_e04_huber_is_never_between_mse_and_mae(loss):
    """Line 291: "Huber is between MSE and MAE". It is below both, here and always: no error costs more than
    delta |e|, and none more than e^2 / 2. Only the two wrong numbers above it made it look so."""
    assert loss.huber(WILD, TAME) < loss.mae(WILD, TAME) < loss.mse(WILD, TAME)
    e, zero = 10 ** np.random.default_rng(4).uniform(-9, 9, 10_000), np.zeros(10_000)
    for delta in (0.01, 1.0, 100.0):
        huber = loss.huber(e, zero, delta=delta, reduction="none")
        assert (huber <= delta * e * (1 + 1e-15)).all() and (huber <= e ** 2 / 2 * (1 + 1e-15)).all()


def test_e05_the_comparison_stops_at_its_second_line(capsys):
    """Line 288 calls `mae_loss`, which nobody defined. What is printed below it was never printed."""
    block = 'print(f"MSE:  {mse_loss(y, p):.4f}")\nprint(f"MAE:  {mae_loss(y, p):.4f}")'
    with raises(NameError, match="mae_loss"):
        exec(block, {"mse_loss": its.mse, "huber_loss": its.huber, "y": TAME, "p": WILD})
    assert capsys.readouterr().out == "MSE:  20.0140\n"


def test_e06_mse_of_outliers_is_right(loss):
    """Line 287 prints 20.0140. So it is: the one number of that block that the code could print."""
    assert loss.mse(WILD, TAME) == near(20.014)


def test_e07_a_column_against_a_row(loss):
    """Line 1069 trains with logits (N, 1) and labels (N,): PyTorch refuses, and the complete example ends
    at its first example. The article's own function does not refuse. It makes an N x N table of every
    answer against every label, and gives a perfect model the loss 10."""
    z, y = np.array([[20.0], [-20.0]]), np.array([1.0, 0.0])
    assert its.bce_with_logits(z, y) == approx(10)
    with raises(ValueError, match=r"pred has shape \(2, 1\) and target \(2,\)"):
        loss.bce_with_logits(z, y)
    assert loss.bce_with_logits(z[:, 0], y) < 1e-8


def test_e08_the_class_that_never_occurs(loss):
    """Line 1077: "3 classes: 0, 1, 2". A sum is positive exactly when the mean is, so the label is 0 or 2,
    and the clamp has nothing to clamp. A model that holds class 1 impossible is never proved wrong."""
    sums = np.random.default_rng(42).standard_normal((100_000, 10)).sum(axis=1)
    labels = np.clip((sums > 0).astype(int) + (sums / 10 > 0), 0, 2)
    assert np.bincount(labels)[1] == 0
    never_one = np.tile([0.0, -math.inf, 0.0], (len(labels), 1))
    assert loss.cross_entropy(never_one, labels) == near(math.log(2))
    thirds = np.searchsorted(np.quantile(sums, [1 / 3, 2 / 3]), sums)          # what was meant
    assert np.bincount(thirds) == approx(100_000 / 3, abs=1)
    assert loss.cross_entropy(never_one, thirds) == math.inf


def test_e09_regression_with_mse_against_huber(path):
    """Line 1088: "Regression with MSE vs Huber". One loss is trained, and it is neither. Here are both, on
    its data (targets are the mean of ten features, noise 0.5, 50 of 1000 with noise 5 on top)."""
    def distance(one, rng):
        x = rng.standard_normal((1000, 10))
        y = x.mean(axis=1) + 0.5 * rng.standard_normal(1000)
        y[rng.permutation(1000)[:50]] += 5 * rng.standard_normal(50)
        w = np.zeros(10)
        for _ in range(50):
            w = w - 0.4 * slope_of(lambda w: one(x @ w, y, path=path), w)
        return np.linalg.norm(w - 0.1)

    far = {one.name: np.mean([distance(one, np.random.default_rng(seed)) for seed in range(5)])
           for one in (losses.mse, losses.huber)}
    assert far["huber"] < 0.7 * far["mse"]


def test_e10_smooth_l1_is_huber_only_at_one(loss):
    """Line 1103: `nn.SmoothL1Loss()  # Huber loss`. Huber is delta times smooth L1: equal at 1 alone."""
    for delta, huber, smooth_l1 in [(0.1, 0.205, 2.05), (1.0, 1.907, 1.907), (2.0, 3.607, 1.8035)]:
        assert loss.huber(WILD, TAME, delta=delta) == near(huber) == near(delta * smooth_l1)
        assert loss.smooth_l1(WILD, TAME, beta=delta) == near(smooth_l1)


def test_e11_softmax_twice(loss):
    """Lines 1012-1025 build a softmax, never use it, and return logits from both arms of an `if`. Lucky:
    cross entropy has one inside. Of probabilities taken for logits it makes 0.8218, not 0.4727, and a
    perfect answer among three classes can never cost less than log(1 + 2/e) = 0.55."""
    assert loss.cross_entropy(np.log(ROWS), LABELS) == near(its.sparse_cce(LABELS, ROWS))
    assert its.sparse_cce(LABELS, ROWS) == approx(0.4727, abs=5e-5)
    assert loss.cross_entropy(ROWS, LABELS) == approx(0.8218, abs=5e-5)
    assert loss.cross_entropy(ONE_HOT, LABELS) == near(math.log(1 + 2 / math.e))


def test_e12_a_mean_of_batch_means_is_not_the_mean(loss):
    """Line 1048 divides by the number of batches. 1000 samples in batches of 32 leave 8 for the last one:
    each of those counts four times as much as any other."""
    def by_batches(wrong):
        batches = np.split(wrong, range(32, 1000, 32))
        return np.mean([loss.mse(batch, np.zeros(len(batch))) for batch in batches])

    index = np.arange(1000)
    first, last = (index < 8) * 1.0, (index >= 992) * 1.0    # the same eight errors, early and late
    assert loss.mse(first, np.zeros(1000)) == loss.mse(last, np.zeros(1000)) == near(0.008)
    assert by_batches(last) == near(4 * by_batches(first)) == near(1 / 32)


def test_e13_the_custom_loss_is_called_with_names_that_do_not_exist(path):
    """Line 1138: `custom_loss(predictions, targets)`. Neither exists. (It is mse, times two.)"""
    custom = weighted_sum((2.0, losses.mse))
    with raises(NameError, match="predictions"):
        exec("loss_value = custom_loss(predictions, targets)", {"custom_loss": custom})
    assert custom(PRED, TARGET, path=path).item() == near(2 * 0.05)


# ------------------------------------------- E15 to E45: formulas, code and gradients that do not match

def test_e15_mse_gradient_divides_by_all_elements(loss, slope):
    """Lines 168-172: the loss averages all elements, its gradient divides by len, the first axis. On (4, 5)
    it is five times too large, and the checker says so."""
    target, pred = np.zeros((4, 5)), np.ones((4, 5))
    assert its.mse_gradient(target, pred) == near(np.full((4, 5), 0.5))
    assert slope.mse(pred, target) == near(np.full((4, 5), 0.1))
    report = gradcheck(partial(its.mse, target), pred, gradient=partial(its.mse_gradient, target))
    assert (report.verdict, report.diagnosis, round(report.factor, 6)) == ("WRONG", "factor", 5)


def test_e16_cross_entropy_gradients_lack_1_over_n(loss, slope):
    """Lines 524 and 528: dL/dp = -y/p and dL/dz = p - y, of a formula that averages n samples."""
    def softmax(z):
        return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

    def value(z):
        return its.sparse_cce(LABELS, softmax(z))

    z = np.log(ROWS)
    report = gradcheck(value, z, gradient=lambda z: softmax(z) - ONE_HOT)
    assert (report.diagnosis, round(report.factor, 6)) == ("factor", 5)
    assert slope.cross_entropy(z, LABELS) == approx((ROWS - ONE_HOT) / 5)
    assert slope.categorical_cross_entropy(ROWS, ONE_HOT)[0] == near(-ONE_HOT / ROWS / 5)


def test_e17_bce_with_logits_gradient_lacks_1_over_n(slope):
    """Line 392: dL/dz = sigmoid(z) - y. The code ten lines below takes the mean of five."""
    def sigmoid_minus_y(z):
        return 1 / (1 + np.exp(-z)) - YES

    report = gradcheck(lambda z: its.bce_with_logits(z, YES), LOGITS, gradient=sigmoid_minus_y)
    assert (report.diagnosis, round(report.factor, 6)) == ("factor", 5)
    assert slope.bce_with_logits(LOGITS, YES) == near(sigmoid_minus_y(LOGITS) / 5)


def test_e18_one_alpha_for_both_classes_balances_nothing(loss):
    """Line 433 has alpha_t, 0.25 for yes and 0.75 for no; lines 470-476 multiply everything by 0.25. One
    factor for all is a learning rate. The bug is popular: segmentation_models#187, focal-loss-keras#6."""
    assert its.focal(RARE, P_RARE) == near(5.8281611523303e-4)
    assert loss.focal(P_RARE, RARE) == near(1.51293429218518e-3)
    assert loss.focal(P_RARE, RARE, alpha=None) == near(2.33126446093212e-3)
    assert its.focal(RARE, P_RARE, alpha=0.9) == near(9 * its.focal(RARE, P_RARE, alpha=0.1))
    assert its.focal(RARE, P_RARE, gamma=0.0) == near(0.25 * its.bce(RARE, P_RARE))


def test_e19_a_quarter_is_not_focus(loss):
    """Line 486: "Focal loss is lower because easy examples are down-weighted". Of the factor 213, four are
    the constant alpha. Focusing gives 53."""
    bce = loss.bce(P_RARE, RARE)
    unweighted = loss.focal(P_RARE, RARE, alpha=None)
    assert bce / its.focal(RARE, P_RARE) == approx(213.3, abs=0.05)
    assert bce / unweighted == approx(53.3, abs=0.05)
    assert unweighted / its.focal(RARE, P_RARE) == near(4.0)


def test_e20_a_soft_label_is_a_no(loss):
    """Line 470 asks `y_true == 1`. A label of 0.9, nearly sure, counts as 0."""
    assert its.focal(np.array([0.9]), np.array([0.9])) == its.focal(np.array([0.0]), np.array([0.9]))
    with raises(ValueError, match="it must be 0 or 1"):
        loss.focal([0.9], [0.9])


def test_e21_squared_or_not_is_not_a_detail(loss):
    """Line 854: D is "usually Euclidean". Line 896 squares it. Other values, and another verdict: at
    distances 0.5 and 1.2 the triplet teaches in the text and is ignored in the code."""
    for margin, squared, euclidean in [(7.0, 0.0, 0.24500185), (48.0, 0.03, 41.24500185)]:
        assert its.triplet(A, LIKE, UNLIKE, margin) == approx(squared)
        assert loss.triplet(A, LIKE, UNLIKE, margin=margin) == approx(squared)
        assert loss.triplet(A, LIKE, UNLIKE, margin=margin, squared=False) == approx(euclidean)
    assert its.kinds_of_triplet(0.5, 1.2, 1) == ["semi-hard"]
    assert its.kinds_of_triplet(0.5 ** 2, 1.2 ** 2, 1) == ["easy"]
    line = [0.0], [0.5], [1.2]
    assert loss.triplet(*line, squared=False) == near(0.3) and loss.triplet(*line) == 0


def test_e22_triplets_without_a_class(loss, slope):
    """Lines 881-883: easy, hard, semi-hard, all with < and >. Two triplets belong nowhere. At equal distances
    the loss is the margin and pulls; at a gap of exactly the margin it is 0 and rests."""
    assert its.kinds_of_triplet(1, 1, 1) == its.kinds_of_triplet(1, 2, 1) == []
    tie, edge = ([0.0], [1.0], [-1.0]), ([0.0], [1.0], [-2.0])
    assert loss.triplet(*tie, squared=False) == 1 and slope.triplet(*tie, squared=False).any()
    assert loss.triplet(*edge, squared=False) == 0 and not slope.triplet(*edge, squared=False).any()


@np.errstate(invalid="ignore")
def test_e23_stable_for_any_z_but_these(loss):
    """Line 386: "numerically stable for any value of z". At inf it is nan. At 40 it is 0, because log(1 + x)
    forgets a small x: that is what log1p is for. In float32 it forgets from z = 17 on."""
    assert np.isnan(its.bce_with_logits(math.inf, 1))
    assert its.bce_with_logits(40.0, 1) == 0
    assert its.bce_with_logits(np.float32(16), 1) > 0 == its.bce_with_logits(np.float32(17), 1)
    assert its.bce_with_logits(1000.0, 0) == loss.bce_with_logits([1000.0], [0]) == 1000  # so much is true
    assert loss.bce_with_logits([math.inf], [1]) == 0
    assert loss.bce_with_logits([40.0], [1]) == near(4.248354255291589e-18)
    assert loss.bce_with_logits(np.float32([17]), np.float32([1])) == near(4.1399375e-8, rel=1e-6)


def test_e24_same_results_up_to_16(loss):
    """Line 399: "Same results". A confident mistake, z = 20 against y = 0, costs 20, and 16.118 after the
    clip. At z = 50 a probability cannot say how wrong it is: the float is 1."""
    for z in (-16.0, 3.0, 16.0):
        assert its.bce(0, 1 / (1 + np.exp(-z))) == approx(loss.bce_with_logits([z], [0]))
    sigmoid = 1 / (1 + np.exp(-20.0))
    assert its.bce(0, sigmoid) == approx(16.118, abs=1e-3)
    assert loss.bce([sigmoid], [0]) == approx(20) == approx(loss.bce_with_logits([20.0], [0]))
    assert loss.bce_with_logits([50.0], [0]) == near(50) and 1 / (1 + np.exp(-50.0)) == 1


@np.errstate(divide="ignore", invalid="ignore")
def test_e25_clipping_forgives_the_worst_mistakes(slope):
    """Line 351: "Always clip predictions". Then no mistake costs more than 16.118 (15.942 in float32), the
    slope of a worse one is exactly 0, and it is never corrected. In half precision 1 - 1e-7 is 1, and the
    log(0) is back."""
    assert its.bce(1, 0.0) == approx(16.118, abs=1e-3)
    assert its.bce(np.float32(0), np.float32(1)) == approx(15.942, abs=1e-3)
    assert np.float16(1) - np.float16(1e-7) == 1 and its.bce(np.float16(0), np.float16(1)) == math.inf
    assert slope_of(lambda z: -z.sigmoid().clip(1e-7, 1 - 1e-7).log(), [-50.0]) == 0
    assert slope.bce_with_logits([-50.0], [1]) == near([-1.0])
    assert slope.bce([1e-9], [1]) == near([-1e9])


@pytest.mark.parametrize("y", [0.0, 0.3, 1.0])
def test_e26_its_formula_goes_wrong_at_zero(slope, y):
    """Lines 380 and 384: the "log-sum-exp trick" is softplus. Differentiate it as written and z = 0, where
    every network starts, depends on how max treats a tie. PyTorch shipped the wrong one (#2298)."""
    def formula(positive_part):
        return lambda z: positive_part(z) - z * y + (1 + (-abs(z)).exp()).log()

    assert slope_of(formula(lambda z: z.relu()), [0.0]) == near([-y])
    assert slope_of(formula(lambda z: z.clip(min=0.0)), [0.0]) == near([1 - y])
    assert slope_of(formula(lambda z: maximum(z, 0.0)), [0.0]) == near([0.5 - y])         # 1/2 each
    assert slope.bce_with_logits([0.0], [y]) == near([0.5 - y])
    z = Tensor([[0.0, 3.0], [0.0, -3.0]])
    assert z.logsumexp(axis=1).numpy() == near(z[:, 1].softplus().numpy())


def test_e27_extra_bits_are_nats(loss):
    """Line 664: "extra bits". The natural logarithm counts nats; there are 1 / log 2 bits in one."""
    nats = loss.kl_divergence(Q, P)
    assert nats == near(its.kl(P, Q)) == approx(0.073039, abs=5e-7)
    assert nats / math.log(2) == approx(0.105373, abs=5e-7) == approx(np.sum(P * np.log2(P / Q)))


def test_e28_clipping_invents_probability(loss):
    """Lines 689-692 clip both distributions. What is certain becomes uncertain, what is impossible costs
    7.37 instead of inf, and a thousand empty classes take 23 % off. A batch is summed, not averaged."""
    certain, half = np.array([1.0, 0.0]), np.array([0.5, 0.5])
    assert its.kl(certain, half) == approx(0.6931455, abs=5e-8) != approx(math.log(2))
    assert loss.kl_divergence(half, certain) == near(math.log(2))
    assert its.kl(half, certain) == approx(7.37, abs=0.005)
    assert loss.kl_divergence(certain, half) == math.inf
    one, spread = np.eye(1, 1001)[0], np.array([0.999] + [1e-6] * 1000)
    assert its.kl(one, spread) == approx(7.70e-4, abs=5e-7)
    assert loss.kl_divergence(spread, one) == near(-math.log(0.999)) == approx(1.0005e-3, abs=5e-8)
    assert its.kl(np.stack([P, P]), np.stack([Q, Q])) == near(2 * its.kl(P, Q))
    assert loss.kl_divergence([Q, Q], [P, P]) == near(its.kl(P, Q))


def test_e29_a_negative_divergence(loss):
    """Line 664: "always non-negative". Of distributions. These do not sum to 1, and nobody asked
    (pytorch#60928)."""
    p, q = np.array([.1541, .0511, .0947]), np.array([.1132, .5477, .3390])
    assert its.kl(p, q) == approx(-0.19444, abs=5e-6)
    with raises(ValueError, match="must be 1, because a row holds probabilities"):
        loss.kl_divergence(q, p)


def test_e30_the_union_is_no_union(loss):
    """Lines 716 and 742-748: `union` is |X| + |Y|, so that a mask shares only half of it with itself. Epsilon
    "prevents division by zero", and the default of 1 changes every value: a mask that misses everything
    costs 0.89. All pictures of a batch are one."""
    assert np.sum(MASK * MASK) / (np.sum(MASK) + np.sum(MASK)) == 0.5
    assert loss.jaccard(MASK, MASK, smooth=0.0) == 0
    for pred, smoothed, plain in [(GOOD, 0.12360, 0.13924), (BAD, 0.75556, 0.85), (1 - MASK, 0.88889, 1.0)]:
        assert loss.dice(pred, MASK) == approx(its.dice(MASK, pred)) == approx(smoothed, abs=5e-6)
        assert loss.dice(pred, MASK, smooth=0.0) == approx(plain, abs=5e-6)
    assert loss.dice(GOOD, MASK, per_sample=True) == approx(0.11102, abs=5e-6)


def test_e31_dice_is_f1_only_of_hard_masks(loss):
    """Line 707: "also called F1 score". True of masks of 0 and 1. Of soft ones a perfect match is not free:
    p = y = 0.5 everywhere costs 0.44 (0.5 unsmoothed), and the prediction 1 costs less."""
    pred, mask = np.random.default_rng(31).integers(0, 2, (2, 50)).astype(float)
    precision, recall = pred @ mask / pred.sum(), pred @ mask / mask.sum()
    assert loss.dice(pred, mask, smooth=0.0) == near(1 - 2 * precision * recall / (precision + recall))
    half = np.full(8, 0.5)
    assert loss.dice(half, half) == near(4 / 9) and loss.dice(half, half, smooth=0.0) == 0.5
    assert loss.dice(np.ones(8), half, smooth=0.0) == near(1 / 3)


def test_e32_overlap_is_not_accuracy(loss):
    """Line 732 recommends dice "when pixel-wise accuracy matters", eight lines after "focuses on the overlap,
    not the total accuracy". Of 1000 pixels find none of 5: 99.5 % accuracy, and the worst dice there is."""
    mask, nothing = (np.arange(1000) < 5) * 1.0, np.zeros(1000)
    assert np.mean(mask == nothing) == 0.995
    assert loss.dice(nothing, mask, smooth=0.0) == 1


def test_e33_any_label_but_one_is_dissimilar(loss):
    """Line 824 asks `label == 1`. A pair labelled 2, -1, or 0.5, for which the formula has an answer, is
    pushed apart. And a batch of pairs is taken for one long pair."""
    for label in (2, 0.5, -1):
        assert its.contrastive(A, LIKE, label) == its.contrastive(A, LIKE, 0)
        with raises(ValueError, match="it must be 0 or 1"):
            loss.contrastive(A, LIKE, label)
    a, b = np.stack([A, A]), np.stack([LIKE, UNLIKE])
    assert its.contrastive(a, b, 1) == near(24.015)
    assert loss.contrastive(a, b, [1, 0], reduction="none") == near([0.015, 0.0])


def test_e34_two_dissimilar_points_in_one_place(loss, slope):
    """Line 821 takes the root of a sum of squares. At distance 0 its slope is 0/0: one such pair and every
    weight is nan, a thing reported against every library there is."""
    def as_written(b):
        return (1 - ((Tensor(A) - b) ** 2).sum().sqrt()).relu() ** 2 / 2

    assert np.isnan(slope_of(as_written, A)).all()
    assert loss.contrastive(A, A, 0) == 0.5 and not slope.contrastive(A, A, 0).any()


def test_e35_hinge_with_the_labels_it_warns_of(loss):
    """Line 618: "note: not {0, 1}!", and no code that would notice. With 0 for no, every score costs 1."""
    assert {max(0, 1 - 0 * score) for score in (-100.0, 0.0, 100.0)} == {1}
    with raises(ValueError, match="1 or -1"):
        loss.hinge([2.0, -1.0], [1, 0])


def test_e36_a_thousandfold_saving_of_half(loss):
    """Lines 561-564: labels instead of one-hot rows save 4 GB to 4 MB. The probabilities, as large as the
    rows, stay: in all it is 1.998 times. And a label of NumPy's has 8 bytes, not 4."""
    n, classes, size = 1_000_000, 1000, np.dtype(np.float32).itemsize
    labels, rows = n * size, n * classes * size
    assert (rows, labels) == (4e9, 4e6)
    assert (rows + rows) / (rows + labels) == approx(1.998, abs=5e-4)
    assert np.zeros(n, dtype=int).nbytes == 8e6


@pytest.mark.parametrize("name", ["cross_entropy", "sparse_categorical_cross_entropy"])
def test_e37_the_label_minus_one(loss, name):
    """Line 586 indexes with whatever label there is: -1, the usual "unknown", is the last class. Label 3 of
    three classes NumPy refuses; a kernel would read on behind the row."""
    assert its.sparse_cce(np.array([-1]), ROWS[:1]) == its.sparse_cce(np.array([2]), ROWS[:1])
    for label in (-1, 3):
        with raises(ValueError, match="an integer from 0 to 2, because pred has 3 classes"):
            getattr(loss, name)(ROWS[:1], [label])


def test_e38_the_one_function_with_its_arguments_turned(loss):
    """Line 404: its functions take (y_true, y_pred), but `bce_with_logits` takes (logits, y_true). Called
    like the others it answers, wrongly. Here pred comes first, in all losses."""
    assert its.bce_with_logits(YES, LOGITS) != approx(its.bce_with_logits(LOGITS, YES))
    assert its.bce_with_logits(LOGITS, YES) == near(loss.bce_with_logits(LOGITS, YES))
    order = {tuple(one.input_names[:2]) for one in LOSSES.values() if "target" in one.input_names}
    assert order == {("pred", "target")}


def test_e39_delta_also_scales(loss, slope):
    """Lines 265-267: a large delta "acts like MSE": half of it. A small one "like MAE": delta times it, and
    the slope shrinks by delta as well. Only after division it is MAE."""
    for delta in (10.0, 100.0):
        assert loss.huber(WILD, TAME, delta=delta) == near(loss.mse(WILD, TAME) / 2) == near(10.007)
    assert loss.huber(WILD, TAME, delta=0.1) == near(0.205)
    assert loss.huber(WILD, TAME, delta=1e-6) / 1e-6 == approx(loss.mae(WILD, TAME))
    assert slope.huber(WILD, TAME, delta=0.01) == near(0.01 * slope.mae(WILD, TAME))


def test_e40_a_gradient_does_not_know_how_sure_it_is(path):
    """Line 93: a gradient tells "Confidence: How certain are we about this direction?" Ten samples that agree
    and ten that quarrel send the same."""
    def pull(targets):
        return slope_of(lambda w: losses.mse(w * np.ones(10), targets, path=path), 0.0)

    assert pull(np.full(10, 0.1)) == near(pull(np.array([10.1, -9.9] * 5))) == near(-0.2)


def test_e41_weighted_cross_entropy_has_two_means(loss):
    """Lines 934, 959, 975 recommend "Weighted CCE"; no line defines it. Shall 1/n be the number of samples or
    the sum of their weights? Keras and PyTorch differ. Here it is the weights."""
    z, labels, w = np.tile([2.0, 1.0, 0.1], (3, 1)), [0, 1, 2], np.array([1.0, 2.0, 3.0])
    each = loss.cross_entropy(z, labels, reduction="none")
    assert loss.cross_entropy(z, labels, weight=w) == near(w @ each / 6) == approx(1.7003633)
    assert w @ each / 3 == approx(3.4007267)


def test_e42_a_divergence_is_no_similarity(loss):
    """Line 945 files KL under similarity learning. It changes when its arguments are exchanged. In the tree
    of `tinygrad-loss choose` it stands where distributions are."""
    assert loss.kl_divergence(Q, P) != approx(loss.kl_divergence(P, Q))
    assert all("kl_divergence" not in leaf.losses for leaf in TREE["similarity"].leaves.values())
    assert recommend("distribution", "known").losses == ["kl_divergence"]


@pytest.mark.parametrize("name, decade", [("hinge", 1990), ("contrastive", 2000), ("triplet", 2000)])
def test_e43_the_losses_of_the_2010s_are_older(name, decade):
    """Lines 57-58: hinge loss came in the 2000s, contrastive and triplet loss in the 2010s. Each is a decade
    older; the docstrings name the papers."""
    year = int(re.search(r"Source:.*?(\d{4})", LOSSES[name].__doc__, re.DOTALL)[1])
    assert decade <= year < decade + 10


NO_GRADIENT_GIVEN = {      # loss: inputs, settings
    "focal": ((P_RARE, RARE), {}),
    "sparse_categorical_cross_entropy": ((np.log(ROWS), LABELS), {}),
    "hinge": ((np.array([2.0, 0.5, -1.0]), np.ones(3)), {}),
    "kl_divergence": ((np.log(Q), P), {}),
    "dice": ((GOOD, MASK), {}),
    "contrastive": ((A, UNLIKE, 0), {"margin": 10.0}),
    "triplet": ((A, LIKE, UNLIKE), {"margin": 50.0}),
}


@pytest.mark.parametrize("name", NO_GRADIENT_GIVEN)
def test_e45_the_gradients_it_does_not_give(path, name):
    """Seven of its losses come without one. Here they are, on its own numbers, and numeric differences agree.
    (Rows of probabilities are reached through a softmax: a single one cannot move.)"""
    inputs, settings = NO_GRADIENT_GIVEN[name]
    rows = name in ("sparse_categorical_cross_entropy", "kl_divergence")
    n = {"contrastive": 2, "triplet": 3}.get(name, 1)

    def value(pred, *others):
        return LOSSES[name](pred.softmax() if rows else pred, *others, *inputs[n:], **settings, path=path)

    report = gradcheck(value, *inputs[:n])           # one pair, one triplet: on one side of its margin
    assert report.ok or (n > 1 and "right so far" in str(report)), str(report)
    assert len(report.elements) == sum(x.size for x in inputs[:n])


# --------------------------------------------------------------------------------- its worked examples

UNWEIGHTED = np.array([
    .003218321424, .01392574205, .007522626708, .003218321424, .0007760908386, .004704364553, .002029757917,
    .003923294519, -.007522626708, -.003218321424])          # the slope of focal, by mpmath

EXAMPLES = {      # what: (loss, inputs, settings, value, gradient or None)
    "house prices, line 107": ("mse", ([4.8e5], [5e5]), {}, 4e8, [-4e4]),
    "house prices, line 108": ("mse", ([6e5], [5e5]), {}, 1e10, [2e5]),
    "house prices, line 114": ("mae", ([4.8e5], [5e5]), {}, 2e4, [-1]),
    "house prices, line 115": ("mae", ([6e5], [5e5]), {}, 1e5, [1]),
    "temperatures, MSE": ("mse", ([22.0], [20.0]), {}, 4, [4]),
    "temperatures, MSE of the bad one": ("mse", ([30.0], [20.0]), {}, 100, [20]),
    "temperatures, MAE": ("mae", ([22.0], [20.0]), {}, 2, [1]),
    "temperatures, MAE of the bad one": ("mae", ([30.0], [20.0]), {}, 10, [1]),
    "outlier, MSE": ("mse", (WILD, TAME), {}, 20.014, [.04, .08, -.04, .04, 4]),
    "outlier, Huber 100": ("huber", (WILD, TAME), {"delta": 100.0}, 10.007, [.02, .04, -.02, .02, 2]),
    "surprise 0.105": ("bce", ([0.1], [0]), {}, 0.1053605157, [1 / 0.9]),
    "surprise 2.303": ("bce", ([0.9], [0]), {}, 2.3025850930, [10]),
    "focal, alpha_t": ("focal", (P_RARE, RARE), {}, 1.51293429218518e-3,
                       UNWEIGHTED * np.where(RARE, 0.25, 0.75)),
    "focal, no alpha": ("focal", (P_RARE, RARE), {"alpha": None}, 2.33126446093212e-3, UNWEIGHTED),
    "cat, good": ("categorical_cross_entropy", ([[.8, .15, .05]], [[1, 0, 0]]), {}, 0.2231435513,
                  [[[-1.25, 0, 0]], [[-math.log(.8), -math.log(.15), -math.log(.05)]]]),
    "cat, bad": ("categorical_cross_entropy", ([[.2, .5, .3]], [[1, 0, 0]]), {}, 1.6094379124,
                 [[[-5, 0, 0]], [[-math.log(.2), -math.log(.5), -math.log(.3)]]]),
    "sparse CCE, logits": ("cross_entropy", (np.log(ROWS), LABELS), {}, 0.47272195896636404,
                           (ROWS - ONE_HOT) / 5),
    "hinge, confident": ("hinge", ([2.0], [1]), {}, 0, [0]),
    "hinge, unsure": ("hinge", ([0.5], [1]), {}, 0.5, [-1]),
    "hinge, wrong": ("hinge", ([-1.0], [1]), {}, 2, [-1]),
    "KL, perfect match": ("kl_divergence", (P, P), {}, 0, [[-1, -1, -1], [1, 1, 1]]),
    "dice, good": ("dice", (GOOD, MASK), {}, 11 / 89, np.where(MASK, -0.1262466860, 0.0984724151)),
    "dice, bad": ("dice", (BAD, MASK), {}, 34 / 45, np.where(MASK, -0.1950617284, 0.0271604938)),
    "dice, good, unsmoothed": ("dice", (GOOD, MASK), {"smooth": 0.0}, 11 / 79,
                               np.where(MASK, (68 / 79 - 2) / 7.9, 68 / 79 / 7.9)),
    "dice, nothing there": ("dice", (np.full(8, 0.1), np.zeros(8)), {}, 4 / 9, np.full(8, 1 / 1.8 ** 2)),
    "dice, 0/0": ("dice", (np.zeros(8), np.zeros(8)), {"smooth": 0.0}, math.nan, None),
    "triplet, far enough": ("triplet", (A, LIKE, UNLIKE), {}, 0, np.zeros((3, 3))),
    "triplet, Euclid": ("triplet", (A, LIKE, UNLIKE), {"margin": 10.0, "squared": False}, 3.2450018505,
                        [[0, 0, 1.1547005384], [.5773502692, .5773502692, -.5773502692],
                         [-.5773502692, -.5773502692, -.5773502692]]),
}


@pytest.mark.parametrize("what", EXAMPLES)
def test_worked_example(loss, slope, what):
    """What its code would have printed, and the gradient it never shows."""
    name, inputs, settings, value, gradient = EXAMPLES[what]
    assert getattr(loss, name)(*inputs, **settings) == approx(value, rel=1e-9, abs=1e-15, nan_ok=True)
    if gradient is not None:
        found = getattr(slope, name)(*inputs, **settings)
        assert found == approx(np.asarray(gradient, float), rel=1e-8, abs=1e-15)


def test_worked_example_of_outliers_in_other_measures(loss):
    """Line 284. One error of 10 among five: the root of MSE is 4.5, the median of the errors still 0.1."""
    assert math.sqrt(loss.mse(WILD, TAME)) == approx(4.4737, abs=5e-5)
    assert loss.log_cosh(WILD, TAME) == near(1.8683391920)
    assert np.median(loss.mae(WILD, TAME, reduction="none")) == approx(0.1)


def test_worked_example_of_focal_as_coded(loss, slope):
    """Lines 470-476 multiply all by 0.25: value and slope, by ours without an alpha."""
    assert 0.25 * loss.focal(P_RARE, RARE, alpha=None) == near(5.8281611523303e-4)
    assert 0.25 * slope.focal(P_RARE, RARE, alpha=None) == approx(np.array([
        8.04580e-4, 3.481436e-3, 1.880657e-3, 8.04580e-4, 1.94023e-4, 1.176091e-3, 5.07439e-4, 9.80824e-4,
        -1.880657e-3, -8.04580e-4]), rel=1e-5)


def test_worked_example_of_distances(loss):
    """Lines 831 and 902: how far the points are, and how far below 0 the triplet is before it is cut off."""
    assert math.sqrt(2 * loss.contrastive(A, LIKE, 1)) == near(0.1732050808)
    assert math.sqrt(2 * loss.contrastive(A, UNLIKE, 1)) == near(6.9282032303)
    assert loss.triplet(A, LIKE, UNLIKE, margin=101.0) - 100 == approx(-46.97)
    assert loss.triplet(A, LIKE, UNLIKE, margin=101.0, squared=False) - 100 == approx(-5.7549981495)


def test_worked_example_of_hinge_and_kl_in_full(loss, slope):
    """Lines 631 and 694, gradients included."""
    assert loss.hinge([2.0, 0.5, -1.0], [1, 1, 1]) == near(2.5 / 3)
    assert slope.hinge([2.0, 0.5, -1.0], [1, 1, 1]) == near([0, -1 / 3, -1 / 3])
    assert loss.kl_divergence(Q, P) == near(0.07303901782710)
    assert loss.kl_divergence(P, Q) == near(0.07474586818922)
    assert slope.kl_divergence(Q, P) == approx(np.array([[-1.515152, -.909091, -.588235],
                                                         [1.415515, .904690, .469372]]), abs=5e-7)


# --------------------------------------------------------------------- what it claims in passing

def test_claim_01_five_times_the_error(loss):
    """True, lines 110 and 223: 25 times under the square, 5 times under the bars. In any unit."""
    for unit in (1e-3, 1.0, 1e6):
        assert loss.mse([5 * unit], [0.0]) == near(25 * loss.mse([unit], [0.0]))
        assert loss.mae([5 * unit], [0.0]) == near(5 * loss.mae([unit], [0.0]))


def test_claim_02_the_mse_gradient_is_proportional_to_the_error(slope):
    """True, line 143 (the sentence with "solarger" in it)."""
    assert slope.mse(WILD, TAME) == near(2 / 5 * (WILD - TAME))


def test_claim_03_the_mae_gradient_is_constant(slope):
    """True, line 196: 1/n, whether an error is 0.1 or 10."""
    assert slope.mae(WILD, TAME) == near(np.sign(WILD - TAME) / 5)


def test_claim_04_mse_converges_faster(slope):
    """True of plain gradient descent, lines 151 and 210: the square slows down as it arrives, the bars step
    over the target for ever."""
    mse = mae = np.array([0.95])
    for _ in range(200):
        mse, mae = mse - 0.1 * slope.mse(mse, [0.0]), mae - 0.1 * slope.mae(mae, [0.0])
    assert abs(mse) < 1e-15 and abs(mae) == approx(0.05)


def test_claim_05_outliers_move_the_mean_and_not_the_median(slope):
    """True: the best constant is the mean under MSE, the median under MAE, and only the first follows the
    outlier."""
    for outlier in (10.0, 1e6):
        data = np.array([1.0, 2.0, 3.0, 4.0, outlier])
        assert slope.mse(np.full(5, data.mean()), data).sum() == approx(0, abs=1e-9 * outlier)
        assert slope.mae(np.full(5, 3.0), data).sum() == 0


@pytest.mark.parametrize("delta", [0.1, 1.0, 2.0])
def test_claim_06_huber_is_smooth_once(loss, slope, delta):
    """True of the formula of line 236: no jump and no corner at delta. The curvature jumps, from 1 to 0."""
    h = 1e-6
    around = delta + np.array([-h, 0.0, h])
    values = loss.huber(around, np.zeros(3), delta=delta, reduction="none")
    slopes = slope.huber(around, np.zeros(3), delta=delta, reduction="none")
    assert np.diff(values) == approx(delta * h, rel=1e-4)
    assert np.diff(slopes) / h == approx(np.array([1.0, 0.0]), abs=1e-6)


def test_claim_09_surprise(loss):
    """True, lines 318-324: 0.105 for 90 % right, 2.303 for 90 % wrong, whatever the label."""
    cost = loss.bce([.9, .1, .1, .9], [1, 1, 0, 0], reduction="none")
    assert cost == approx(np.array([0.105, 2.303, 0.105, 2.303]), abs=5e-4)


def test_claim_10_sigmoid_and_bce_simplify(path, slope):
    """True, line 332: through the sigmoid, the slope is (sigmoid(z) - y) / n."""
    through = slope_of(lambda z: losses.bce(z.sigmoid(), YES, path=path), LOGITS)
    assert through == near(slope.bce_with_logits(LOGITS, YES))
    assert through == near((1 / (1 + np.exp(-LOGITS)) - YES) / 5)


def test_claim_11_log_of_zero_is_undefined(loss, slope):
    """False, line 351: it is -inf, the honest price of holding impossible what then happens. What was held
    impossible and did not happen costs 0. No clip is needed for either."""
    assert loss.bce([0.0, 1.0], [1, 0], reduction="none") == near([math.inf, math.inf])
    assert loss.bce([0.0, 1.0], [0, 1]) == 0
    assert slope.bce([0.0, 1.0], [0, 1], reduction="sum") == near([1.0, -1.0])


def test_claim_14_ninety_nine_percent_of_nothing(loss, slope):
    """True, line 423: "healthy" to all is 99 % accurate and finds nobody. But that BCE "never learns" the
    rare class, line 425, is false: its best constant answer is a probability of 1 %, which is right."""
    sick = (np.arange(1000) < 10) * 1.0
    healthy = np.full(1000, -20.0)
    assert np.mean((healthy > 0) == sick) == 0.99 and not np.any((healthy > 0) & (sick == 1))
    honest = np.full(1000, math.log(0.01 / 0.99))
    assert slope.bce_with_logits(honest, sick).sum() == approx(0, abs=1e-15)
    assert loss.bce_with_logits(honest, sick) < 0.3 * loss.bce_with_logits(healthy, sick)


def test_claim_15_focal_factors(loss):
    """True, lines 444-446: 0.01, 0.25, 0.81 for p_t = 0.9, 0.5, 0.1."""
    p, yes = [0.9, 0.5, 0.1], [1, 1, 1]
    focal, plain = (loss.focal(p, yes, gamma=gamma, reduction="none") for gamma in (2.0, 0.0))
    assert focal / plain == near([0.01, 0.25, 0.81])


def test_claim_16_without_focus_focal_is_bce(loss):
    """True of gamma = 0 with alpha = 1 in its code. With alpha_t, nearly all weight on the yes leaves the no
    nearly none; 0.5 gives half of BCE, and None all of it."""
    assert its.focal(RARE, P_RARE, alpha=1.0, gamma=0.0) == near(its.bce(RARE, P_RARE))
    assert 2 * loss.focal(P_RARE, RARE, alpha=0.5, gamma=0.0) == near(loss.bce(P_RARE, RARE))
    assert loss.focal(P_RARE, RARE, alpha=None, gamma=0.0) == near(loss.bce(P_RARE, RARE))
    assert loss.focal([0.1], [0], alpha=0.999, gamma=0.0) == near(0.001 * loss.bce([0.1], [0]))


def test_claim_18_only_the_true_class_matters(loss, slope):
    """Half true, line 520. In the value, yes: what the others share is all one. In the gradient of the logits
    every class moves."""
    rows = np.array([[.2, .5, .3], [.2, .79, .01]])
    first, second = loss.cross_entropy(np.log(rows), [0, 0], reduction="none")
    assert first == near(second)
    first, second = slope.cross_entropy(np.log(rows), [0, 0])
    assert first.all() and first[0] == near(second[0]) and first[1] != approx(second[1])


def test_claim_19_softmax_and_cross_entropy_simplify(path, slope):
    """True, line 528 (with E16's 1/n): through the softmax, the slope is (p - y) / n."""
    z = np.log(ROWS) + 1.0
    through = slope_of(lambda z: losses.categorical_cross_entropy(z.softmax(), ONE_HOT, path=path), z)
    assert through == approx(slope.cross_entropy(z, LABELS))
    assert through == approx((ROWS - ONE_HOT) / 5)


def test_claim_20_labels_and_one_hot_rows_agree(loss, slope):
    """True, line 571, "same mathematical results", and to the last few bits."""
    z = np.random.default_rng(20).standard_normal((50, 7)) * 5
    labels = np.random.default_rng(21).integers(0, 7, 50)
    rows = np.eye(7)[labels]
    for sparse, dense, pred in [("cross_entropy", "cross_entropy", z),
                                ("sparse_categorical_cross_entropy", "categorical_cross_entropy",
                                 Tensor(z).softmax().numpy())]:
        by_label, by_row = getattr(loss, sparse)(pred, labels), getattr(loss, dense)(pred, rows)
        assert by_label == near(by_row, rel=4e-15)
        by_label, by_row = getattr(slope, sparse)(pred, labels), getattr(slope, dense)(pred, rows)
        assert by_label == near(by_row if dense == sparse else by_row[0], rel=4e-15)


def test_claim_22_hinge_has_three_cases(loss):
    """True, lines 623-625: beyond the margin 0, at the margin 0, within it 1 - y s."""
    cost = loss.hinge([1.5, 1.0, 0.25, -1.5, 1.5], [1, 1, 1, -1, -1], reduction="none")
    assert cost == near([0, 0, 0.75, 0, 2.5])


def test_claim_23_kl_is_a_divergence(loss):
    """True, lines 652-676: not symmetric, never negative, 0 only for equals; and for Q = 0 < P not undefined
    but infinite."""
    assert (loss.kl_divergence(Q, P), loss.kl_divergence(P, Q)) == approx((0.07303902, 0.07474587))
    p, q = np.random.default_rng(23).dirichlet(np.ones(5), (2, 1000))
    assert (loss.kl_divergence(q, p, reduction="none") > 0).all()
    assert not loss.kl_divergence(p, p, reduction="none").any()
    assert loss.kl_divergence([1.0, 0.0], [0.5, 0.5]) == math.inf


def test_claim_24_kl_is_cross_entropy_less_entropy(path, loss, slope):
    """True, and not in the article: the slopes are the same, so that to train with one is to train with the
    other."""
    z = np.array([[0.3, -1.0, 2.0]])
    kl = slope_of(lambda z: losses.kl_divergence(z.log_softmax(), [P], log_pred=True, path=path), z)
    assert kl == approx(slope.cross_entropy(z, [P]))
    difference = loss.cross_entropy(z, [P]) - loss.kl_divergence(Tensor(z).softmax(), [P])
    assert difference == approx(-np.sum(P * np.log(P)))


def test_claim_25_dice_does_not_see_the_background(loss):
    """True, line 724: ten thousand pixels that are rightly empty change nothing. They divide BCE by 1251."""
    pred, mask = (np.concatenate([x.ravel(), np.zeros(10_000)]) for x in (GOOD, MASK))
    assert loss.dice(pred, mask) == near(loss.dice(GOOD, MASK))
    assert loss.bce(pred, mask) == near(loss.bce(GOOD, MASK) / 1251)


def test_claim_26_dice_is_not_calibrated(loss):
    """True, line 737: of pixels that cannot be told apart, 30 % of them foreground, dice wants all called 1.
    Cross entropy wants 0.3."""
    p = np.linspace(0, 1, 101)
    pred, mask = np.repeat(p[:, None], 10, axis=1), np.tile([1.0] * 3 + [0.0] * 7, (101, 1))
    dice = loss.dice(pred, mask, per_sample=True, smooth=0.0, reduction="none")
    assert p[np.argmin(dice)] == 1
    assert p[np.argmin(loss.bce(pred, mask, reduction="none").mean(axis=1))] == 0.3


def test_claim_27_when_a_pair_is_done(loss, slope):
    """True, lines 788 and 793: similar ones at distance 0, others from the margin on."""
    for a, b, label in [(A, A, 1), (A, UNLIKE, 0), ([0.0, 0.0], [0.6, 0.8], 0)]:
        assert loss.contrastive(a, b, label) == approx(0, abs=1e-30)
        assert slope.contrastive(a, b, label) == approx(0, abs=1e-15)


@pytest.mark.parametrize("squared", [True, False])
def test_claim_28_only_relative_distances_matter(loss, squared):
    """True, line 859: move all three or turn them, the loss does not notice."""
    rng = np.random.default_rng(28)
    points, shift = rng.standard_normal((3, 20, 3)), rng.standard_normal(3)
    turn, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    here = loss.triplet(*points, squared=squared, reduction="none")
    there = loss.triplet(*(points @ turn + shift), squared=squared, reduction="none")
    assert here.any() and there == approx(here, rel=1e-9, abs=1e-13)


def test_claim_29_what_triplets_cost(loss):
    """True: an easy one 0, a semi-hard one less than the margin, a hard one more."""
    for far, kind in [(3.0, "easy"), (1.5, "semi-hard"), (0.5, "hard")]:
        assert its.kinds_of_triplet(1.0, far, 1.0) == [kind]
        cost = loss.triplet([0.0], [1.0], [-far], squared=False)
        assert {"easy": cost == 0, "semi-hard": 0 < cost < 1, "hard": cost > 1}[kind]


def test_claim_30_a_good_loss_is_differentiable():
    """Line 45 asks it of every loss. Four of the thirteen that follow have a corner."""
    smooth = ["mse", "huber", "bce", "bce_with_logits", "focal", "categorical_cross_entropy",
              "sparse_categorical_cross_entropy", "kl_divergence", "dice"]
    assert not any(LOSSES[name].kinks for name in smooth)
    assert all(LOSSES[name].kinks for name in ("mae", "hinge", "contrastive", "triplet"))


def test_claim_31_weights_against_imbalance(slope):
    """True, line 975: with weights of one over the frequency, 90 of one class and 10 of the other pull
    equally hard, and "no idea" is the best constant answer."""
    labels, no_idea = (np.arange(100) < 10).astype(int), np.zeros((100, 2))
    assert slope.cross_entropy(no_idea, labels).sum(axis=0) == near([-0.4, 0.4])
    assert slope.cross_entropy(no_idea, labels, weight=[1 / 90, 1 / 10]).sum(axis=0) == approx(0, abs=1e-15)


def test_claim_32_losses_add_and_so_do_their_gradients(path, loss, slope):
    """True, line 984: `0.5 * BCE + 0.5 * Dice` is a loss, and nothing need be derived."""
    both = weighted_sum((0.5, losses.bce), (0.5, losses.dice))
    value = 0.5 * loss.bce(GOOD, MASK) + 0.5 * loss.dice(GOOD, MASK)
    assert both(GOOD, MASK, path=path).item() == near(value)
    pull = slope_of(lambda p: both(p, MASK, path=path), GOOD)
    assert pull == near(0.5 * slope.bce(GOOD, MASK) + 0.5 * slope.dice(GOOD, MASK))


@pytest.mark.parametrize("yes", [6, 7, 9])
def test_claim_34_hinge_gives_no_probability(loss, yes):
    """True, line 644: let 6 or 9 of 10 say yes, the best score is 1. The best logit tells them apart."""
    scores = np.linspace(-3, 3, 601)
    pred = np.repeat(scores[:, None], 10, axis=1)
    sign = np.tile([1.0] * yes + [-1.0] * (10 - yes), (601, 1))
    assert scores[np.argmin(loss.hinge(pred, sign, reduction="none").mean(axis=1))] == approx(1)
    best = scores[np.argmin(loss.bce_with_logits(pred, (sign + 1) / 2, reduction="none").mean(axis=1))]
    assert best == approx(math.log(yes / (10 - yes)), abs=0.01)


@pytest.mark.parametrize("classes", [2, 10, 1000])
def test_claim_35_an_untrained_network_costs_log_c(loss, classes):
    """Not in the article, and the first thing to check: before training, the loss is log C. 2.303 for ten
    classes; if it is more, the network is already sure of something."""
    assert loss.cross_entropy(np.zeros((4, classes)), [0, 1, 1, 0]) == near(math.log(classes))
