"""Bugs that others had in losses of many classes, and the outcome that is required here, on both paths."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tinygrad_loss import Tensor, losses
from tinygrad_loss.losses.arguments import PATHS

Z = [[2.0, 1.0, 0.1]] * 3
both = pytest.mark.parametrize("path", PATHS)
LABELLED = ["cross_entropy", "focal_cross_entropy", "nll", "sparse_categorical_cross_entropy",
            "multiclass_hinge"]


def run(name, pred, target, **options):
    """Value and gradient."""
    x = Tensor(pred, requires_grad=True)
    value = getattr(losses, name)(x, target, **options)
    value.sum().backward()
    return value.numpy(), x.grad.numpy()


def fitting(name, z):
    """What the loss takes for these logits."""
    z = Tensor(z)
    return {"nll": z.log_softmax(axis=1), "sparse_categorical_cross_entropy": z.softmax(axis=1)}.get(name, z)


@both
def test_a3_minus_inf_elsewhere_costs_nothing(path):
    value, slope = run("focal_cross_entropy", [[-np.inf, 0.0, 0.0]], [1], path=path, gamma=0.0)
    np.testing.assert_allclose(value, math.log(2), rtol=1e-15)
    np.testing.assert_allclose(slope, [[0, -0.5, 0.5]], rtol=1e-15)
    value, slope = run("focal_cross_entropy", [[-np.inf, 0.0, 0.0]], [1], path=path)
    np.testing.assert_allclose(value, math.log(2) / 4, rtol=1e-15)
    assert slope[0, 0] == 0 and np.isfinite(slope).all()


@both
def test_a3_minus_inf_with_a_row_of_targets(path):
    value, slope = run("cross_entropy", [[-np.inf, 0.0, 0.0]], [[0.0, 1.0, 0.0]], path=path)
    np.testing.assert_allclose(value, math.log(2), rtol=1e-15)
    np.testing.assert_allclose(slope, [[0, -0.5, 0.5]], rtol=1e-15)


@both
@pytest.mark.parametrize("name", ["cross_entropy", "focal_cross_entropy"])
def test_a4_a_row_of_minus_inf_leaves_its_neighbours_alone(name, path):
    value, slope = run(name, [[-np.inf] * 3, Z[0]], [1, 1], path=path, reduction="none")
    alone = run(name, Z[:1], [1], path=path, reduction="none")
    assert value[0] == np.inf and not slope[0].any()
    np.testing.assert_allclose(value[1:], alone[0], rtol=1e-15)
    np.testing.assert_allclose(slope[1:], alone[1], rtol=1e-15)


@both
@pytest.mark.parametrize("name", LABELLED)
def test_a15_an_empty_batch_has_no_mean(name, path):
    with pytest.raises(ValueError, match="nothing to average"):
        getattr(losses, name)(np.ones((0, 3)), np.ones(0, int), path=path)


@both
@pytest.mark.parametrize("name", LABELLED[:-1])
def test_a18_all_targets_ignored(name, path):
    pred, labels = fitting(name, Z), [-100] * 3
    with pytest.raises(ValueError, match="nothing to average"):
        getattr(losses, name)(pred, labels, path=path)
    value, slope = run(name, pred, labels, path=path, reduction="sum")
    assert value == 0 and not slope.any()


@both
@pytest.mark.parametrize("name", ["cross_entropy", "nll", "sparse_categorical_cross_entropy"])
def test_a21_the_weighted_mean_divides_by_the_sum_of_weights(name, path):
    t, w, pred = [0, 1, 2], [1.0, 2.0, 3.0], fitting(name, Z)
    each = run(name, pred, t, path=path, reduction="none", weight=w)[0]
    mean, slope = run(name, pred, t, path=path, weight=w)
    np.testing.assert_allclose(mean, each.sum() / 6, rtol=1e-15)
    np.testing.assert_allclose(mean, 1.7003633496111665, rtol=1e-14)
    summed = run(name, pred, t, path=path, reduction="sum", weight=w)[1]
    np.testing.assert_allclose(slope * 6, summed, rtol=1e-14)


@both
def test_a21_the_weighted_mean_of_a_hinge_divides_by_the_number_of_items(path):
    each = run("multiclass_hinge", Z, [0, 1, 2], path=path, reduction="none", weight=[1.0, 2.0, 3.0])[0]
    mean = run("multiclass_hinge", Z, [0, 1, 2], path=path, weight=[1.0, 2.0, 3.0])[0]
    np.testing.assert_allclose(mean, each.sum() / 3, rtol=1e-15)


@both
@pytest.mark.parametrize("label", [-1, 3, 10**9])
@pytest.mark.parametrize("name", LABELLED)
def test_a24_labels_out_of_range_raise(name, label, path):
    with pytest.raises(ValueError, match=f"target.*{label}.*from 0 to 2"):
        getattr(losses, name)(fitting(name, Z), [0, label, 2], path=path)


@both
def test_a26_logits_are_no_probabilities(path):
    for name, target in (("sparse_categorical_cross_entropy", [0, 1, 2]),
                         ("categorical_cross_entropy", np.eye(3))):
        with pytest.raises(ValueError, match="pred.*must be 1"):
            getattr(losses, name)(Z, target, path=path)
    for wrong in (Tensor(Z), Tensor(Z).softmax(axis=1)):
        with pytest.raises(ValueError, match="pred.*must be 1"):
            losses.nll(wrong, [0, 1, 2], path=path)


@both
@pytest.mark.parametrize("name", LABELLED[1:])
def test_rows_are_no_labels(name, path):
    for rows in (np.eye(3), np.eye(3, dtype=int)):
        with pytest.raises(ValueError, match="takes labels"):
            getattr(losses, name)(fitting(name, Z), rows, path=path)


@both
def test_e25_a_sure_wrong_answer_keeps_its_slope(path):
    value, slope = run("sparse_categorical_cross_entropy", [[1e-30, 1.0]], [0], path=path)
    np.testing.assert_allclose(value, 30 * math.log(10), rtol=1e-15)
    np.testing.assert_allclose(slope, [[-1e30, 0]], rtol=1e-15)
    value, slope = run("sparse_categorical_cross_entropy", [[0.0, 1.0]], [0], path=path)
    assert value == np.inf and slope[0, 0] == -np.inf and slope[0, 1] == 0


@both
def test_article_sparse_and_dense_are_equal(path):
    """Claim 20: and so are their gradients, and those of log probabilities and of logits."""
    p = np.random.default_rng(0).dirichlet(np.ones(5), 7)
    t = np.arange(7) % 5
    dense = run("categorical_cross_entropy", p, np.eye(5)[t], path=path)
    for a, b in zip(dense, run("sparse_categorical_cross_entropy", p, t, path=path), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-15)
    for name in ("nll", "cross_entropy"):
        np.testing.assert_allclose(run(name, np.log(p), t, path=path)[0], dense[0], rtol=1e-14)


@both
def test_a45_focal_turns_down_by_the_power_of_what_is_missing(path):
    z = np.log([[0.9, 0.05, 0.05], [0.5, 0.3, 0.2], [0.1, 0.5, 0.4]])
    plain = run("cross_entropy", z, [0, 0, 0], path=path, reduction="none")[0]
    focal = run("focal_cross_entropy", z, [0, 0, 0], path=path, reduction="none")[0]
    np.testing.assert_allclose(focal / plain, [0.01, 0.25, 0.81], rtol=1e-13)     # the article's factors


@both
def test_a45_focal_of_two_classes_is_the_binary_one(path):
    """For logits (0, z), p of class 1 is sigmoid(z)."""
    z = np.array([-3.0, -0.4, 0.7, 5.0])
    p = 1 / (1 + np.exp(-z))
    value = run("focal_cross_entropy", np.stack([0 * z, z], 1), [1] * 4, path=path, reduction="none")[0]
    np.testing.assert_allclose(value, -((1 - p) ** 2) * np.log(p), rtol=1e-13)


@both
def test_a12_soft_margin_does_not_overflow(path):
    value, slope = run("multilabel_soft_margin", [[1e3], [-1e3]], [[0], [0]], path=path, reduction="none")
    np.testing.assert_array_equal(value, [1000.0, 0.0])
    np.testing.assert_array_equal(slope, [[1.0], [0.0]])


@both
def test_a25_labels_of_many_are_0_or_1(path):
    for bad in (-1.0, 0.5, 2.0):
        with pytest.raises(ValueError, match="target.*0 or 1"):
            losses.multilabel_soft_margin([[0.0, 1.0]], [[1.0, bad]], path=path)


@both
def test_a24_lists_of_labels(path):
    """-1 ends a list; below it, and from the number of classes on, nothing is a label."""
    for bad in ([[0, -2, 1]], [[3, -1, 0]], [[0, -1, 3]], [[0, -1, -2]]):
        with pytest.raises(ValueError, match="target.*from 0 to 2 or -1"):
            losses.multilabel_margin(Z[:1], bad, path=path)
    with pytest.raises(TypeError, match="target.*integers"):
        losses.multilabel_margin(Z[:1], [[0.0, -1.0, 1.0]], path=path)


@both
def test_lists_of_labels_without_a_pair_cost_nothing(path):
    value, slope = run("multilabel_margin", Z, [[-1, 0, 1], [2, 1, 0], [1, -1, -1]], path=path,
                       reduction="none")
    np.testing.assert_allclose(value, [0, 0, (2 + 0.1) / 3], rtol=1e-15)
    assert not slope[:2].any() and slope[2].any()


@both
def test_what_follows_the_end_of_a_list_does_not_count(path):
    short, long = (run("multilabel_margin", Z[:1], [t], path=path) for t in ([1, -1, -1], [1, -1, 0]))
    assert short[0] == long[0] and (short[1] == long[1]).all()


@both
def test_a_list_of_one_label_is_a_multiclass_hinge(path):
    one = run("multilabel_margin", Z, [[0, -1, -1], [1, -1, 0], [2, -1, -1]], path=path)
    for a, b in zip(one, run("multiclass_hinge", Z, [0, 1, 2], path=path), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-15)


@pytest.mark.parametrize("path", ["composed", "fused"])
@pytest.mark.parametrize("pred, target, value", [
    ([[1e308, -1e308, 0.0, 0.0]], [1], 1e308),               # the gap of 2e308 is too large for a float
    ([[1e17, 1e17, 0.0, 0.0]], [1], 0.25)])                  # a tie costs the margin, however high
def test_margins_of_any_size(path, pred, target, value):
    lists = [[target[0], -1, 0, 0]]
    assert losses.multiclass_hinge(pred, target, path=path).item() == pytest.approx(value, rel=1e-15)
    assert losses.multilabel_margin(pred, lists, path=path).item() == pytest.approx(value, rel=1e-15)
