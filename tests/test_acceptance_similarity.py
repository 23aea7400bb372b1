"""Embeddings and their distances: cases that were once somebody's bug, on both paths."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tinygrad_loss import Tensor, grad, losses

BOTH_PATHS = pytest.mark.parametrize("path", ["fused", "composed"])
ORDERS = pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0, 10.0, math.inf])
A, P, N = np.random.default_rng(0).standard_normal((3, 5, 4))


def run(name, *inputs, **options):
    """Value, and the gradients of the inputs that are vectors."""
    loss = getattr(losses, name)
    n = loss.family.differentiated
    xs = [Tensor(x, requires_grad=True) for x in inputs[:n]]
    y = loss(*xs, *inputs[n:], **options)
    return y.numpy(), [g.numpy() for g in grad(y, xs, np.ones(y.shape))]


@BOTH_PATHS
@ORDERS
@pytest.mark.parametrize("soft", [False, True])
def test_a2_anchor_equal_to_positive(path, p, soft):
    """The distance is 0 exactly, without any epsilon, and so is its slope; other rows stay what they are."""
    same = P.copy()
    same[2] = A[2]
    settings = {"p": p, "squared": False, "soft": soft, "reduction": "none", "path": path}
    value, slopes = run("triplet", A, same, N, **settings, margin=9.0)
    far = np.linalg.norm(A[2] - N[2], p)
    np.testing.assert_allclose(value[2], np.log1p(np.exp(-far)) if soft else 9 - far, rtol=1e-14)
    assert (slopes[1][2] == 0).all() and all(np.isfinite(x).all() for x in slopes)
    usual = run("triplet", A, P, N, **settings, margin=9.0)
    for x, y in zip([value, *slopes], [usual[0], *usual[1]], strict=True):
        np.testing.assert_array_equal(np.delete(x, 2, axis=0), np.delete(y, 2, axis=0))


@BOTH_PATHS
@ORDERS
@pytest.mark.parametrize("squared", [False, True])
@pytest.mark.parametrize("swap", [False, True])
def test_a2_all_three_in_one_place(path, p, squared, swap):
    value, slopes = run("triplet", A, A, A, p=p, squared=squared, swap=swap, path=path)
    assert value == 1 and not np.any(slopes)


@BOTH_PATHS
def test_a2_a_dissimilar_pair_in_one_place(path):
    value, slopes = run("contrastive", A, A, np.zeros(5), margin=3.0, path=path)
    assert value == 4.5 and not np.any(slopes)


@BOTH_PATHS
def test_a12_soft_triplet_does_not_overflow(path):
    """log(1 + exp(1000)) is 1000, and its slope that of the distances; of -1000 it is 0."""
    near, far = [[0.0]], [[1000.0]]
    value, slopes = run("triplet", near, far, near, soft=True, squared=False, path=path)
    assert value == 1000 and [x.item() for x in slopes] == [-1, 1, 0]
    value, slopes = run("triplet", near, near, far, soft=True, squared=False, path=path)
    assert value == 0 and not np.any(slopes)


@BOTH_PATHS
def test_a12_soft_margin_does_not_overflow(path):
    value, [slope] = run("soft_margin", [1e3, -1e3], [-1.0, 1.0], reduction="none", path=path)
    np.testing.assert_array_equal(value, [1000, 1000])
    np.testing.assert_array_equal(slope, [1, -1])
    value, [slope] = run("soft_margin", [1e3, -1e3], [1.0, -1.0], reduction="none", path=path)
    assert not np.any(value) and not np.any(slope)


@BOTH_PATHS
@pytest.mark.parametrize("scale", [1e-310, 1.0, 1e300])
def test_a14_a_vector_of_zeros_has_no_direction(path, scale):
    zero = np.zeros_like(A)
    for a, b in ((zero, A * scale), (A * scale, zero), (zero, zero)):
        for label, expected in ((1, 1.0), (-1, 0.0)):
            value, slopes = run("cosine_embedding", a, b, np.full(5, label), path=path)
            assert value == expected and not np.any(slopes)


@BOTH_PATHS
@pytest.mark.parametrize("p, unit", [
    (1.0, [1, -1, 0, 1]), (2.0, np.array([3, -1, 0, 5]) / 35 ** 0.5),
    (3.0, np.array([9, -1, 0, 25]) / 153 ** (2 / 3)), (math.inf, [0, 0, 0, 1])])
def test_a44_each_norm_has_its_own_slope(path, p, unit):
    zero, x = np.zeros((1, 4)), np.array([[3.0, -1.0, 0.0, 5.0]])
    value, slopes = run("triplet", zero, x, zero, p=p, squared=False, path=path)
    np.testing.assert_allclose(value, np.linalg.norm(x[0], p) + 1, rtol=1e-14)
    np.testing.assert_allclose(slopes[1], [unit], rtol=1e-14)
    np.testing.assert_allclose(slopes[0], [np.negative(unit)], rtol=1e-14)


@BOTH_PATHS
@ORDERS
@pytest.mark.parametrize("swap", [False, True])
def test_a44_the_slope_is_that_of_numeric_differences(path, p, swap):
    value, slopes = run("triplet", A, P, N, p=p, squared=False, swap=swap, margin=9.0, path=path)
    for k, slope in enumerate(slopes):
        for i in np.ndindex(A.shape):
            moved = [[x.copy() for x in (A, P, N)] for _ in range(2)]
            moved[0][k][i] += 1e-6
            moved[1][k][i] -= 1e-6
            up, down = (losses.triplet(*x, p=p, squared=False, swap=swap, margin=9.0, path=path).item()
                        for x in moved)
            assert slope[i] == pytest.approx((up - down) / 2e-6, abs=1e-8)


@BOTH_PATHS
def test_only_the_euclidean_distance_is_squared(path):
    for p in (1.0, 3.0, math.inf):
        whole, root = (losses.triplet(A, P, N, p=p, squared=s, path=path).item() for s in (True, False))
        assert whole == root


@BOTH_PATHS
@pytest.mark.parametrize("p", [1.0, 2.0, math.inf])
def test_swap_takes_the_negative_that_is_nearer(path, p):
    a, q, n = [[0.0]], [[2.0]], [[3.0]]
    settings = {"p": p, "squared": False, "path": path}
    assert losses.triplet(a, q, n, **settings).item() == 0
    assert losses.triplet(a, q, n, swap=True, **settings).item() == 2
    _, slopes = run("triplet", a, q, n, swap=True, **settings)
    assert [x.item() for x in slopes] == [-1, 2, -1]
    _, slopes = run("triplet", a, q, [[1.0]], swap=True, **settings)     # as near to one as to the other
    assert [x.item() for x in slopes] == [-0.5, 0.5, 0]


@pytest.mark.parametrize("p", [0.5, 1001.0, -1.0, math.nan, "2", None])
def test_what_is_no_norm_is_refused(p):
    with pytest.raises(ValueError, match="triplet: p must be a number from 1 to 1000, or inf"):
        losses.triplet(A, P, N, p=p)
