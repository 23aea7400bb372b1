"""Edges of the domain: nan, inf, 0 and nothing at all, on both paths. Each case was once somebody's bug.

What an article or an issue names is tried as it stands there; then the same question is put to every loss.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from acceptance import both, every_loss, run

from tinygrad_loss import Tensor, grad, losses, where
from tinygrad_loss.losses import LOSSES
from tinygrad_loss.testing import cases


def near(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-14)


# ---------------------------------------------------------------- A1: the branch that is not taken

@np.errstate(invalid="ignore", divide="ignore")
def test_a1_where_keeps_the_untaken_branch_out():
    x = Tensor([-1.0, 4.0], requires_grad=True)
    near(grad(where(x > 0, x.sqrt(), x).sum(), [x])[0], [1, 0.25])
    near(grad(where(x > 0, x, x.sqrt()).sum(), [x])[0].numpy()[1], 1)
    n = Tensor([0.0, 2.0], requires_grad=True)
    near(grad(where(n == 0, 0, 1 / n).sum(), [n])[0], [0, -0.25])
    x, counts = Tensor([3.0, 4.0], requires_grad=True), np.array([0.0, 2.0])
    near(grad(where(counts == 0, 0, x / counts).sum(), [x])[0], [0, 0.5])


EDGES = {                                        # arguments at which some branch of the formula is nan or inf
    "bce": ([0.0, 1.0, 0.0, 1.0, 0.5], [0, 1, 0.0, 1.0, 0.5]),
    "bce_with_logits": ([np.inf, -np.inf, 0.0, 1e308, -1e308], [1, 0, 0.5, 1, 0]),
    "focal": ([0.0, 1.0], [0, 1]),
    "focal_with_logits": ([np.inf, -np.inf, 1e308, -1e308], [1, 0, 1, 0]),
    "soft_margin": ([np.inf, -np.inf, 1e308], [1, -1, 1]),
    "log_cosh": ([0.0, 1e4, -1e4, 1e308], [0, 0, 0, 0.0]),
    "huber": ([1e308, -1e308, 0], [0, 0, 0]),
    "smooth_l1": ([1e308, -1e308, 0], [0, 0, 0]),
    "poisson_nll": ([-np.inf, 0.0, -750.0], [0, 0, 0]),
    "gaussian_nll": ([0.0, 1.0], [0, 1], [0.0, 1e-300]),
    "kl_divergence": ([[0.0, 1.0], [0.5, 0.5]], [[0.0, 1.0], [0.0, 1.0]]),
    "js_divergence": ([[0.0, 1.0], [1.0, 0.0]], [[0.0, 1.0], [0.0, 1.0]]),
    "cross_entropy": ([[-np.inf, 0.0, 0.0], [np.inf, 0.0, 0.0]], [1, 0]),
    "categorical_cross_entropy": ([[0.0, 1.0], [0.5, 0.5]], [[0.0, 1.0], [0.0, 1.0]]),
    "contrastive": ([[0.0, 0.0], [1e200, 0.0]], [[0.0, 0.0], [0.0, 0.0]], [0, 0]),
    "cosine_embedding": ([[0.0, 0.0], [1e200, 0.0]], [[0.0, 0.0], [1.0, 1.0]], [1, -1]),
    "focal_tversky": ([[0.0, 1.0]], [[0.0, 1.0]]),
}


@both
@pytest.mark.parametrize("name", EDGES)
def test_a1_no_branch_of_a_loss_leaks(name, path):
    """Values and gradients are finite although some term that does not count is not."""
    n = LOSSES[name].family.differentiated
    value, slopes = run(name, *EDGES[name], slopes=n, reduction="none", path=path)
    assert np.isfinite(value).all(), value
    assert np.isfinite(np.concatenate([np.ravel(s) for s in ([slopes] if n == 1 else slopes)])).all(), slopes


# ---------------------------------------------------------------- A2: the norm of nothing

def test_a2_the_norm_of_zeros_has_the_slope_0():
    x = Tensor([[0.0, 0.0], [3.0, 4.0]], requires_grad=True)
    near(grad(x.norm(axis=1).sum(), [x])[0], [[0, 0], [0.6, 0.8]])


@both
@pytest.mark.parametrize("label", [0, 1])
def test_a2_two_points_in_one_place(label, path):
    """The value is exact, the slope 0, and the neighbour is what it is alone."""
    a, b = np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([[1.0, 2.0], [1.0, 2.6]])
    value, (da, db) = run("contrastive", a, b, [label, label], slopes=2, reduction="none", path=path)
    alone, (one, other) = run("contrastive", a[1:], b[1:], [label], slopes=2, reduction="none", path=path)
    assert value[0] == (0.0 if label else 0.5) and not da[0].any() and not db[0].any()
    near(value[1:], alone)
    near([da[1:], db[1:]], [one, other])


# ---------------------------------------------------------------- A3, A4: classes that take no part

@both
def test_a3_a_class_at_minus_inf(path):
    value, slope = run("cross_entropy", [[-np.inf, 0.0, 0.0]], [1], path=path)
    near(value, math.log(2))
    near(slope, [[0, -0.5, 0.5]])


@both
@pytest.mark.parametrize("options", [{"weight": [0.0, 1.0, 2.0]}, {"ignore_index": 0}])
def test_a3_with_options(options, path):
    value, slope = run("cross_entropy", [[-np.inf, 0.0, 0.0]], [1], path=path, **options)
    near(value, math.log(2))
    near(slope, [[0, -0.5, 0.5]])


@both
@pytest.mark.parametrize("name", ["nll", "sparse_categorical_cross_entropy"])
def test_a3_by_probabilities(name, path):
    p = np.array([[0.0, 0.5, 0.5]])
    with np.errstate(divide="ignore"):
        value, slope = run(name, np.log(p) if name == "nll" else p, [1], path=path)
    near(value, math.log(2))
    near(slope, [[0, -1 if name == "nll" else -2, 0]])


def test_a4_logsumexp_of_nothing_but_minus_inf():
    x = Tensor([[-np.inf, -np.inf], [0.0, 0.0]], requires_grad=True)
    total = x.logsumexp(axis=1)
    np.testing.assert_array_equal(total.numpy()[0], -np.inf)
    near(grad(total, [x], np.ones(2))[0], [[0, 0], [0.5, 0.5]])


@both
@pytest.mark.parametrize("target", [[1, 1], [[0.0, 1.0, 0.0], [0.0, 1.0, 0.0]]], ids=["labels", "rows"])
def test_a4_a_row_of_minus_inf_does_not_touch_its_neighbour(target, path):
    z = [[-np.inf] * 3, [2.0, 1.0, 0.1]]
    value, slope = run("cross_entropy", z, target, reduction="none", path=path)
    alone = run("cross_entropy", z[1:], target[1:], reduction="none", path=path)
    assert not np.isnan(slope).any()
    near(value[1:], alone[0])
    near(slope[1:], alone[1])


# ---------------------------------------------------------------- A5 to A7: probabilities and logits

@both
def test_a5_certain_answers(path):
    """Nothing is clipped: inf for what was held impossible and happened, with the slope of that function."""
    value, slope = run("bce", [0.0, 1.0, 0.0, 1.0], [1, 0, 0, 1], reduction="none", path=path)
    np.testing.assert_array_equal(value, [np.inf, np.inf, 0, 0])
    np.testing.assert_array_equal(slope, [-np.inf, np.inf, 1, -1])


@both
def test_a5_certain_answers_to_soft_labels(path):
    value, _ = run("bce", [0.0, 1.0], [0.5, 0.5], reduction="none", path=path)
    np.testing.assert_array_equal(value, [np.inf, np.inf])


@both
@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0])
def test_a5_certain_answers_of_focal(gamma, path):
    """Where gamma < 1, the slope of q^gamma is infinite at q = 0, and there it meets a cost of 0."""
    value, slope = run("focal", [0.0, 1.0, 0.0, 1.0], [1, 0, 0, 1], alpha=None, gamma=gamma, reduction="none",
                       path=path)
    np.testing.assert_array_equal(value, [np.inf, np.inf, 0, 0])
    np.testing.assert_array_equal(slope, [-np.inf, np.inf, *([0, 0] if gamma else [1, -1])])
    value, slope = run("focal_with_logits", [-np.inf, np.inf, -np.inf, np.inf, -800.0, 800.0],
                       [1, 0, 0, 1, 0, 1], alpha=None, gamma=gamma, reduction="none", path=path)
    np.testing.assert_array_equal(value, [np.inf, np.inf, 0, 0, 0, 0])
    np.testing.assert_array_equal(slope, [-1, 1, 0, 0, 0, 0])
    value, slope = run("focal_cross_entropy", [[-np.inf, 0.0], [np.inf, 0.0], [800.0, 0.0]], [0, 0, 0],
                       gamma=gamma, reduction="none", path=path)
    np.testing.assert_array_equal(value, [np.inf, 0, 0])
    np.testing.assert_array_equal(slope, [[-1, 1], [0, 0], [0, 0]])


@both
@pytest.mark.parametrize("p", [1e-300, 5e-324, 1e-17])
def test_a5_almost_certain_answers_keep_value_and_slope(p, path):
    value, slope = run("bce", [p], [1.0], path=path)
    near(value, -math.log(p))
    near(slope, [-1 / p] if p > 1e-307 else [-np.inf])


@both
def test_a6_saturated_wrong_answers_keep_their_slope(path):
    for z in (-50.0, -700.0, -1e4):
        near(run("bce_with_logits", [z], [1], path=path)[1], [-1])
        near(run("soft_margin", [z], [1], path=path)[1], [-1])
        near(run("cross_entropy", [[z, 0.0]], [0], path=path)[1], [[-1, 1]])
    clipped = Tensor([1e-9], requires_grad=True)
    near(grad(losses.bce(clipped.clip(1e-7, 1 - 1e-7), [1.0], path=path), [clipped])[0], [0])


@both
@pytest.mark.parametrize("y", [0.0, 0.25, 0.5, 1.0])
def test_a7_the_slope_at_0_is_exact(y, path):
    assert run("bce_with_logits", [0.0], [y], path=path)[1] == 0.5 - y
    assert run("bce_with_logits", [-0.0], [y], path=path)[1] == 0.5 - y


@both
def test_a7_the_slopes_of_its_relatives_at_0(path):
    assert run("soft_margin", [0.0], [1], path=path)[1] == -0.5
    np.testing.assert_array_equal(run("cross_entropy", [[0.0, 0.0]], [0], path=path)[1], [[-0.5, 0.5]])
    np.testing.assert_array_equal(run("multilabel_soft_margin", [[0.0, 0.0]], [[1, 0]], path=path)[1],
                                  [[-0.25, 0.25]])


# ---------------------------------------------------------------- A9: nothing times log of nothing

@both
@np.errstate(divide="ignore")
@pytest.mark.parametrize("log_pred", [False, True])
@pytest.mark.parametrize("log_target", [False, True])
def test_a9_kl_where_the_target_has_nothing(log_pred, log_target, path):
    """dtarget is -inf there; the rule is 0: a class that is out stays out."""
    p, q = np.array([[0.5, 0.0, 0.5], [0.2, 0.8, 0.0]]), np.array([[0.25, 0.25, 0.5], [0.4, 0.6, 0.0]])
    pred, target = np.log(q) if log_pred else q, np.log(p) if log_target else p
    value, (dpred, dtarget) = run("kl_divergence", pred, target, slopes=2, reduction="none", path=path,
                                  log_pred=log_pred, log_target=log_target)
    near(value, [0.5 * math.log(2), 0.2 * math.log(0.5) + 0.8 * math.log(4 / 3)])
    assert np.isfinite(dpred).all() and np.isfinite(dtarget).all()
    assert not dpred[p == 0].any() and not dtarget[p == 0].any()


@both
def test_a9_kl_of_the_impossible_is_inf(path):
    value, (dpred, _) = run("kl_divergence", [[1.0, 0.0]], [[0.5, 0.5]], slopes=2, path=path)
    assert value == np.inf and dpred[0, 1] == -np.inf and dpred[0, 0] == -0.5


@both
def test_a9_others_where_there_is_nothing(path):
    value, slope = run("categorical_cross_entropy", [[0.0, 1.0]], [[0.0, 1.0]], path=path)
    assert value == 0
    np.testing.assert_array_equal(slope, [[0, -1]])
    value, _ = run("js_divergence", [[0.0, 1.0]], [[1.0, 0.0]], slopes=2, path=path)
    near(value, math.log(2))
    value, slope = run("poisson_nll", [0.0], [0.0], log_input=False, path=path)
    assert value == 0 and slope == 1


# ---------------------------------------------------------------- A11, A14: no overlap, no direction

@both
def test_a11_overlap_of_nothing_with_something(path):
    """The other end of A11: nothing in common, so that the loss is 1 and nothing is to be divided."""
    for name in ("dice", "jaccard", "tversky", "focal_tversky"):
        value, slope = run(name, [[0.0, 1.0]], [[1.0, 0.0]], smooth=0.0, path=path)
        assert value == 1 and np.isfinite(slope).all()


@both
@pytest.mark.parametrize("label", [1, -1])
def test_a14_a_vector_of_zeros_has_no_direction(label, path):
    a, b = np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[1.0, 2.0], [1.0, 1.0]])
    options = {"reduction": "none", "path": path}
    value, (da, db) = run("cosine_embedding", a, b, [label, label], slopes=2, **options)
    alone, (one, other) = run("cosine_embedding", a[1:], b[1:], [label], slopes=2, **options)
    assert value[0] == (1.0 if label == 1 else 0.0) and not da[0].any() and not db[0].any()
    near(value[1:], alone)
    near([da[1:], db[1:]], [one, other])


# ---------------------------------------------------------------- A12: exp does not overflow

@both
@pytest.mark.parametrize("x", [1e3, 1e5, 1e300])
def test_a12_softplus_and_its_losses_do_not_overflow(x, path):
    z = Tensor([x, -x], requires_grad=True)
    np.testing.assert_array_equal(z.softplus().numpy(), [x, 0])
    np.testing.assert_array_equal(grad(z.softplus().sum(), [z])[0], [1, 0])
    for name, target in (("soft_margin", [-1, -1]), ("bce_with_logits", [0, 0])):
        value, slope = run(name, [x, -x], target, reduction="none", path=path)
        np.testing.assert_array_equal(value, [x, 0])
        np.testing.assert_array_equal(slope, [1, 0])
    value, slope = run("log_cosh", [x, -x], [0.0, 0.0], reduction="none", path=path)
    near(value, [x - math.log(2)] * 2)
    np.testing.assert_array_equal(slope, [1, -1])
    value, slope = run("cross_entropy", [[x, -x]], [1], path=path)
    near(value, 2 * x)
    np.testing.assert_array_equal(slope, [[1, -1]])


# ---------------------------------------------------------------- A15: an empty batch

@every_loss
def test_a15_an_empty_batch_has_no_mean_and_the_sum_0(loss):
    """Raised where a mean is asked for; a sum of no items is 0, and its gradient has the inputs' shapes."""
    case = next(cases(loss))
    shape = list(case.shape)
    shape[loss.family.batch_axis] = 0
    per_sample = {"per_sample": True} if "per_sample" in loss.defaults else {}
    inputs = case.draw(np.random.default_rng(0), shape=tuple(shape))
    for path in case.paths:
        for reduction in ("mean", "batchmean"):
            with pytest.raises(ValueError, match=f"{loss.name} has nothing to average"):
                case(inputs, reduction=reduction, path=path, **per_sample)
        value, slopes = case.run(inputs, reduction="sum", path=path, **per_sample)
        assert value == 0 and [s.shape for s in slopes] == [x.shape for x in inputs[:len(slopes)]]
        assert case(inputs, reduction="none", path=path, **per_sample).size == 0


@both
@pytest.mark.parametrize("name", ["mse", "hinge", "dice", "bce"])
def test_a15_nothing_at_all(name, path):
    for nothing in ([], np.empty(0), np.empty((0, 3)), np.empty((3, 0))):
        with pytest.raises(ValueError, match="nothing to average"):
            getattr(losses, name)(nothing, nothing, path=path)


# ---------------------------------------------------------------- A16: nan in, nan out; inf at the limit

def make_it_count(case, inputs, place):
    """Turn labels and lengths so that pred counts at this place, and not only elsewhere."""
    for x, domain in zip(inputs[1:], case.domains[1:], strict=True):
        if domain.kind == "labels":
            x[:] = place % case.shape[-1]
        elif domain.text.startswith("the number of frames"):
            x[:] = case.shape[0]


@every_loss
def test_a16_nan_in_any_input_comes_out_wherever_it_stands(loss):
    """First, in the middle, last: Python's max forgets it in one order and not in the other."""
    case = next(cases(loss))
    clean = case.draw(np.random.default_rng(1))
    for k in range(loss.family.differentiated):
        for place in (0, clean[k].size // 2, clean[k].size - 1):
            inputs = [x.copy() for x in clean]
            inputs[k].flat[place] = np.nan
            make_it_count(case, inputs, place)
            for path in case.paths:
                each = case(inputs, reduction="none", path=path).numpy()
                assert np.isnan(each).any(), (path, place)
                assert all(np.isnan(case(inputs, reduction=r, path=path).item()) for r in ("mean", "sum"))


@both
@pytest.mark.parametrize("name", ["hinge", "squared_hinge", "hinge_embedding", "soft_margin"])
def test_a16_nan_at_both_sides_of_a_hinge(name, path):
    for target in (1, -1):
        value, slope = run(name, [np.nan, 0.3], [target, target], reduction="none", path=path)
        assert np.isnan(value[0]) and np.isnan(slope[0]) and np.isfinite(value[1]) and np.isfinite(slope[1])
    assert np.isnan(Tensor([np.nan]).relu().item()) and np.isnan(Tensor([np.nan]).clip(0, 1).item())


@both
def test_a16_infinite_logits_follow_the_limit(path):
    value, slope = run("bce_with_logits", [np.inf, -np.inf, np.inf, -np.inf], [1, 0, 0, 1],
                       reduction="none", path=path)
    np.testing.assert_array_equal(value, [0, 0, np.inf, np.inf])
    np.testing.assert_array_equal(slope, [0, 0, 1, -1])
    value, slope = run("soft_margin", [np.inf, -np.inf], [1, 1], reduction="none", path=path)
    np.testing.assert_array_equal(value, [0, np.inf])
    np.testing.assert_array_equal(slope, [0, -1])
    value, slope = run("hinge", [np.inf, -np.inf], [1, 1], reduction="none", path=path)
    np.testing.assert_array_equal(value, [0, np.inf])
    np.testing.assert_array_equal(slope, [0, -1])


@both
@pytest.mark.parametrize("name, steepest", [("mae", 1), ("huber", 1), ("smooth_l1", 1), ("log_cosh", 1),
                                            ("mse", np.inf), ("quantile", 0.5)])
def test_a16_an_infinite_error(name, steepest, path):
    value, slope = run(name, [np.inf, -np.inf, 1.0], [0.0, 0.0, np.inf], reduction="none", path=path)
    np.testing.assert_array_equal(value, [np.inf] * 3)
    np.testing.assert_array_equal(slope, [steepest, -steepest, -steepest])


@both
@pytest.mark.parametrize("rate, count, value", [(np.inf, np.nan, np.nan), (np.inf, 3.0, np.inf),
                                                (3e38, 3e38, np.inf), (-np.inf, 2.0, np.inf),
                                                (np.inf, np.inf, np.nan), (800.0, np.inf, np.nan)])
def test_a16_counts_at_an_infinite_rate(rate, count, value, path):
    for full in (False, True):
        for dtype in (np.float64, np.float32):
            found, slope = run("poisson_nll", np.array([rate], dtype), np.array([count], dtype), full=full,
                               path=path)
            np.testing.assert_array_equal(found, value)
            assert np.isnan(slope).any() == np.isnan(value)


@both
def test_a16_a_ratio_to_something_infinite(path):
    """The gradient's limit, -2 log(target) / (1 + pred), and not 0 times infinity."""
    value, slope = run("msle", [-0.5, 0.0, 3.0, 1e30], [np.inf] * 4, reduction="none", path=path)
    np.testing.assert_array_equal(value, [np.inf] * 4)
    np.testing.assert_array_equal(slope, [-np.inf] * 4)


@both
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a16_what_float32_cannot_hold_is_inf_without_a_warning(reduction, path):
    for pred in (np.float32([1e30, 0.0]), Tensor(np.float32([1e30, 0.0]), requires_grad=True)):
        value = losses.mse(pred, np.float32([0.0, 0.0]), reduction=reduction, path=path)
        assert value.dtype == np.float32 and value.numpy().max() == np.inf
    assert losses.mse(Tensor(np.float32([1e30]), requires_grad=True), np.float32([0.0])).item() == np.inf


# ------------------------------------------------------------- one row of many holds no probabilities

IN_ROWS = [(name, k) for name, loss in LOSSES.items() for k, argument in enumerate(loss.input_names)
           if loss.family.name == "rows" and loss.alternatives(argument)[-1].kind in ("rows", "log rows")]


@both
@pytest.mark.parametrize("n, width", [(701, 10), (3, 2100)])
@pytest.mark.parametrize("name, k", IN_ROWS)
def test_one_row_that_does_not_sum_to_1_is_found(name, k, n, width, path):
    """The driver looks while it has the row, in whatever block it lies."""
    loss, rng = LOSSES[name], np.random.default_rng(0)
    inputs = [np.asarray(loss.alternatives(x)[-1].draw(rng, (n, width))) for x in loss.input_names]
    loss(*inputs, path=path)
    is_log = loss.alternatives(loss.input_names[k])[-1].kind == "log rows"
    inputs[k][n - 2] = inputs[k][n - 2] - 2e-3 if is_log else inputs[k][n - 2] * 0.998
    with pytest.raises(ValueError, match=rf"row of {loss.input_names[k]}\)?\[{n - 2}\] is 0.99.*must be 1"):
        loss(*inputs, path=path)
