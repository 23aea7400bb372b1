"""Wrong gradients of backward passes written by hand, on both paths. Each case was once somebody's bug.

What an issue names is tried as it stands there; then the same question is put to every loss.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from acceptance import both, every_loss, run

from tinygrad_loss import Tensor, grad, gradcheck, losses
from tinygrad_loss.testing import cases


def drawn(loss, seed=0):
    """The loss with its defaults, and inputs for it."""
    case = next(cases(loss))
    return case, case.draw(np.random.default_rng(seed))


def near(found, expected, rtol=1e-13, atol=0.0):
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=atol)


# ---------------------------------------------------------------- A36: the gradient from above

@every_loss
def test_a36_each_item_gets_its_own_gradient_from_above(loss):
    """Not that of the first one, and not their mean: what comes from above for one item alone, added up."""
    case, inputs = drawn(loss)
    items = case.items(inputs)
    above = np.random.default_rng(1).standard_normal(items)
    for path in case.paths:
        _, slopes = case.run(inputs, above, reduction="none", path=path)
        parts = []
        for place in np.ndindex(items):
            one = np.zeros(items)
            one[place] = above[place]
            parts.append(case.run(inputs, one, reduction="none", path=path)[1])
        for k, slope in enumerate(slopes):
            near(slope, sum(part[k] for part in parts), rtol=1e-12, atol=1e-15)


@both
def test_a36_pinned(path):
    x = Tensor([3.0, 3.0, 3.0], requires_grad=True)
    each = losses.mse(x, [1.0, 2.0, 3.5], reduction="none", path=path)
    near(grad(each, [x], np.array([1.0, 10.0, 100.0]))[0], [4, 20, -100])
    near(grad((each * [0.0, 1.0, -2.0]).sum(), [x])[0], [0, 2, 2])
    near(grad(each.mean() * 6, [x])[0], [8, 4, -2])


@every_loss
def test_a36_nothing_from_above_gives_nothing(loss):
    case, inputs = drawn(loss)
    for path in case.paths:
        _, slopes = case.run(inputs, np.zeros(case.items(inputs)), reduction="none", path=path)
        assert not any(s.any() for s in slopes)


# ---------------------------------------------------------------- A37: inputs and saved numbers stay

@every_loss
def test_a37_inputs_stay_and_a_second_backward_finds_the_same(loss):
    case, inputs = drawn(loss)
    before = [x.tobytes() for x in inputs]
    for path in case.paths:
        tensors = case.tensors(inputs)
        value = case(tensors, path=path)
        once = [g.numpy().copy() for g in grad(value, tensors[:loss.family.differentiated])]
        for _ in range(2):
            again = grad(value, tensors[:loss.family.differentiated])
            assert all((g.numpy() == first).all() for g, first in zip(again, once, strict=True))
    assert [x.tobytes() for x in inputs] == before


@both
def test_a37_two_heads_on_one_tensor(path):
    """And a gradient that somebody wrote to is not the kernel's memory."""
    z = Tensor([0.5, -1.0, 2.0], requires_grad=True)
    heads = {"bce_with_logits": [1, 0, 1], "mse": [0.0, 0.0, 0.0], "soft_margin": [1, -1, 1]}
    alone = [run(name, z.numpy(), target, path=path)[1] for name, target in heads.items()]
    parts = [getattr(losses, name)(z, target, path=path) for name, target in heads.items()]
    total = parts[0] + parts[1] + parts[2]
    total.backward()
    near(z.grad, sum(alone))
    z.grad.numpy()[:] = 77
    z.grad = None
    total.backward()
    near(z.grad, sum(alone))


@both
def test_a37_what_is_returned_shares_no_memory_with_the_inputs(path):
    x = np.array([1.0, 2.0])
    t = Tensor(x, requires_grad=True)
    each = losses.mae(t, np.zeros(2), reduction="none", path=path)
    (slope,) = grad(each, [t], np.ones(2))
    assert not np.shares_memory(each.numpy(), x) and not np.shares_memory(slope.numpy(), x)


# ---------------------------------------------------------------- A38, A39: thresholds

@both
@pytest.mark.parametrize("name, slopes", [
    ("huber", [0.5, 1, 1]), ("smooth_l1", [0.5, 1, 1]), ("mae", [1, 1, 1]), ("mse", [1, 3, 6]),
    ("log_cosh", np.tanh([0.5, 1.5, 3]))])
def test_a38_thresholds_are_on_both_sides(name, slopes, path):
    e = np.array([0.5, 1.5, 3.0])
    up, above = run(name, e, np.zeros(3), reduction="none", path=path)
    down, below = run(name, -e, np.zeros(3), reduction="none", path=path)
    near(up, down)
    near(above, slopes)
    near(below, -above)
    near(run(name, np.full(3, 7.0), 7 - e, reduction="none", path=path)[1], slopes)


@both
def test_a38_quantile_is_not_symmetric(path):
    up, above = run("quantile", [0.5, 3.0], [0.0, 0.0], quantile=0.9, reduction="none", path=path)
    down, below = run("quantile", [-0.5, -3.0], [0.0, 0.0], quantile=0.9, reduction="none", path=path)
    near(up, [0.05, 0.3])
    near(down, [0.45, 2.7])
    near([above, below], [[0.1, 0.1], [-0.9, -0.9]])


@both
@pytest.mark.parametrize("delta", [0.1, 1.0, 2.0])
@pytest.mark.parametrize("name, parameter", [("huber", "delta"), ("smooth_l1", "beta")])
def test_a39_no_jump_at_the_threshold(name, parameter, delta, path):
    """Value and slope from the left, at it, and from the right, on both sides of 0."""
    h = 1e-9
    e = np.array([delta - h, delta, delta + h])
    for sign in (1, -1):
        value, slope = run(name, sign * e, np.zeros(3), **{parameter: delta}, reduction="none", path=path)
        steepest = delta if name == "huber" else 1.0
        near(value, 0.5 * delta * steepest, rtol=3 * h / delta)
        near(slope, sign * steepest, rtol=2 * h / delta)


@both
@pytest.mark.parametrize("delta", [0.1, 1.0, 2.0])
def test_a39_huber_is_delta_times_smooth_l1(delta, path):
    e = np.array([-3.0, -0.5, -0.05, 0.0, 0.1, 1.0, 2.0, 5.0])
    huber = run("huber", e, 0 * e, delta=delta, reduction="none", path=path)
    smooth = run("smooth_l1", e, 0 * e, beta=delta, reduction="none", path=path)
    for a, b in zip(huber, smooth, strict=True):
        near(a, delta * b)


@both
def test_a39_beta_0_is_l1(path):
    e = np.array([-3.0, -1e-300, 0.0, 1e-300, 5.0])
    for a, b in zip(run("smooth_l1", e, 0 * e, beta=0.0, path=path), run("mae", e, 0 * e, path=path),
                    strict=True):
        near(a, b)
    for name, bad in (("huber", {"delta": 0.0}), ("huber", {"delta": -1.0}), ("smooth_l1", {"beta": -1.0})):
        with pytest.raises(ValueError, match=name):
            getattr(losses, name)(e, 0 * e, path=path, **bad)


# ---------------------------------------------------------------- A42: a batch of one kind

@both
@pytest.mark.parametrize("name", ["bce_with_logits", "focal_with_logits", "soft_margin", "hinge"])
def test_a42_only_yes_or_only_no(name, path):
    for label in (1, -1 if name in ("soft_margin", "hinge") else 0):
        value, slope = run(name, [3.0, -0.5], [label, label], path=path)
        assert np.isfinite(value) and np.isfinite(slope).all() and value > 0


@both
def test_a42_no_pair_that_pulls(path):
    """All of them apart by the margin, or all in the right order: 0, and a gradient of zeros."""
    a, b = np.zeros((2, 3)), np.full((2, 3), 5.0)
    value, slopes = run("contrastive", a, b, [0, 0], slopes=2, path=path)
    assert value == 0 and not np.any(slopes)
    value, slope = run("hinge", [5.0, -5.0], [1, -1], path=path)
    assert value == 0 and not slope.any()
    value, slopes = run("margin_ranking", [5.0], [1.0], [1], slopes=2, path=path)
    assert value == 0 and not np.any(slopes)
    value, slope = run("multiclass_hinge", [[9.0, 0.0, 1.0]], [0], path=path)
    assert value == 0 and not slope.any()


@both
def test_a42_masks_without_foreground(path):
    for name in ("dice", "jaccard", "tversky", "focal_tversky"):
        value, slope = run(name, np.full((2, 4), 0.1), np.zeros((2, 4)), path=path)
        assert 0 < value < 1 and np.isfinite(slope).all() and (slope > 0).all()


# ---------------------------------------------------------------- A44: the power that was asked for

@both
@pytest.mark.parametrize("p", [1, 2])
def test_a44_the_power_of_a_hinge_is_also_that_of_its_slope(p, path):
    z = np.array([[0.3, 0.1, -0.8], [1.0, 2.0, 0.5]])
    value, slope = run("multiclass_hinge", z, [0, 2], p=p, reduction="none", path=path)
    gaps = np.array([[0.0, 0.8, 0.0], [1.5, 2.5, 0.0]])
    near(value, (gaps ** p).sum(axis=1) / 3)
    others = p * gaps ** (p - 1) * (gaps > 0) / 3
    expected = others.copy()
    expected[[0, 1], [0, 2]] = -others.sum(axis=1)
    near(slope, expected)


# ---------------------------------------------------------------- A45: focal loss, in detail

P, Y = np.array([.1, .2, .15, .1, .05, .12, .08, .11, .85, .9]), np.array([0.0] * 8 + [1, 1])


@both
@pytest.mark.parametrize("alpha, value", [(0.25, 1.51293429218518e-3), (None, 2.33126446093212e-3)])
def test_a45_pinned_values(alpha, value, path):
    near(run("focal", P, Y, alpha=alpha, path=path)[0], value)
    near(run("focal_with_logits", np.log(P / (1 - P)), Y, alpha=alpha, path=path)[0], value, rtol=1e-12)


@both
def test_a45_gamma_is_an_exponent_and_alpha_is_for_yes(path):
    p = np.array([0.9, 0.9])
    for gamma in (0.0, 0.5, 1.0, 2.0, 5.0):
        value, _ = run("focal", p, [1, 0], gamma=gamma, alpha=0.25, reduction="none", path=path)
        near(value, [0.25 * 0.1 ** gamma * -math.log(0.9), 0.75 * 0.9 ** gamma * -math.log(0.1)])


@both
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
def test_a45_the_gradient_is_that_of_the_value(gamma, path):
    """dlib had the gradient right and the value wrong."""
    for name, pred in (("focal", P), ("focal_with_logits", np.log(P / (1 - P)))):
        report = gradcheck(partial(getattr(losses, name), target=Y, gamma=gamma, path=path), pred)
        assert report.ok, str(report)


# ---------------------------------------------------------------- A46: which label means alike

@both
def test_a46_labels_of_pairs(path):
    a, b = [[0.0, 0.0]], [[0.3, 0.4]]
    near(run("contrastive", a, b, [1], slopes=2, path=path)[0], 0.125)               # 1 is alike
    near(run("contrastive", a, b, [0], slopes=2, path=path)[0], 0.125)
    near(run("contrastive", a, b, [0], slopes=2, margin=2.0, path=path)[0], 1.125)
    for bad in (-1, 2, 0.5, np.inf):
        with pytest.raises(ValueError, match="contrastive: label.* must be 0 or 1"):
            losses.contrastive(a, b, [bad], path=path)
    for name, inputs in (("cosine_embedding", (a, b)), ("margin_ranking", ([1.0], [2.0]))):
        for bad in (0, 2, 0.5):
            with pytest.raises(ValueError, match="1 or -1"):
                getattr(losses, name)(*inputs, [bad], path=path)
    assert "similar" in losses.contrastive.__doc__


# ---------------------------------------------------------------- A47: the engine

def slope_of(f, x=3.0):
    x = Tensor(x, requires_grad=True)
    return grad(f(x), [x])[0].item()


def test_a47_a_node_that_is_used_often():
    assert slope_of(lambda x: x * x) == 6 and slope_of(lambda x: x + x) == 2
    assert slope_of(lambda x: (x * 2) * (x + 1)) == 14                                # a diamond
    assert slope_of(lambda x: sum([x * k for k in range(12)], Tensor(0.0))) == 66    # a fan of 12
    assert slope_of(lambda x: (lambda y: y * y + y)(x * x)) == 6 * (2 * 9 + 1)        # an inner node, twice


def test_a47_backward_twice_adds_and_leaves_inner_nodes_alone():
    x = Tensor(3.0, requires_grad=True)
    y = x * x
    z = y * y + y
    for times in (1, 2, 3):
        z.backward()
        assert x.grad.item() == times * 6 * 19 and y.grad is None
    (x * 5).backward()
    assert x.grad.item() == 3 * 6 * 19 + 5


@both
@pytest.mark.parametrize("name", ["mse", "mae", "huber", "log_cosh", "js_divergence"])
def test_a47_one_tensor_in_both_places(name, path):
    p = np.array([[0.2, 0.3, 0.5]])
    x = Tensor(p, requires_grad=True)
    value = getattr(losses, name)(x, x, path=path)
    assert value.item() == 0
    near(grad(value, [x])[0], np.zeros((1, 3)), atol=1e-16)
    x = Tensor(p, requires_grad=True)
    (slope,) = grad(losses.categorical_cross_entropy(x, x, path=path), [x])          # -sum p log p
    near(slope, -np.log(p) - 1)


@both
def test_a47_one_tensor_in_all_places(path):
    x = Tensor([[1.0, 2.0]], requires_grad=True)
    value = losses.triplet(x, x, x, path=path)
    assert value.item() == 1
    near(grad(value, [x])[0], [[0, 0]])


@both
@pytest.mark.parametrize("fan", [2, 5, 12])
def test_a47_many_losses_of_one_tensor(fan, path):
    """mxnet#17989: from the fifth on they were forgotten."""
    z = Tensor([0.5, -1.0], requires_grad=True)
    alone = run("bce_with_logits", z.numpy(), [1, 0], path=path)[1]
    sum([losses.bce_with_logits(z, [1, 0], path=path) for _ in range(fan)], Tensor(0.0)).backward()
    near(z.grad, fan * alone)
