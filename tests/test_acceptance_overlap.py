"""Overlap of masks: cases that were once somebody's bug, on both paths."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from tinygrad_loss import Tensor, grad, losses
from tinygrad_loss.losses.domain import BINARY

PRED = np.array([[0.1, 0.1, 0.9, 0.8], [0.2, 0.8, 0.9, 0.1]])
MASK = np.array([[0.0, 0.0, 1.0, 1.0], [0.0, 1.0, 1.0, 0.0]])
BOTH_PATHS = pytest.mark.parametrize("path", ["fused", "composed"])


def value_and_slope(name, pred, target, **options):
    x = Tensor(pred, requires_grad=True)
    y = getattr(losses, name)(x, target, **options)
    return y.item(), grad(y, [x])[0].numpy()


@BOTH_PATHS
@pytest.mark.parametrize("gamma", [0.3, 0.75, 1.0, 4 / 3])
@pytest.mark.parametrize("smooth", [0.0, 1.0])
def test_a11_a_perfect_overlap_has_a_finite_gradient(gamma, smooth, path):
    """(1 - T)^0.75 is infinitely steep at T = 1."""
    value, slope = value_and_slope("focal_tversky", MASK, MASK, gamma=gamma, smooth=smooth, path=path)
    assert value == 0.0 and np.isfinite(slope).all()
    assert (slope == 0).all() or gamma == 1.0


@BOTH_PATHS
def test_a11_a_nearly_perfect_overlap_still_pulls_the_right_way(path):
    almost = np.where(MASK == 1, 1 - 1e-15, 0)
    value, slope = value_and_slope("focal_tversky", almost, MASK, path=path)
    assert 0 < value < 1e-10 and np.isfinite(slope).all()
    assert (slope[MASK == 1] < -1).all() and (slope[MASK == 0] > 1).all()


@BOTH_PATHS
def test_a11_one_perfect_sample_does_not_touch_the_others(path):
    pred = np.stack([MASK[0], PRED[1]])
    _, both = value_and_slope("focal_tversky", pred, MASK, per_sample=True, reduction="sum", path=path)
    _, alone = value_and_slope("focal_tversky", PRED[1:], MASK[1:], path=path)
    assert (both[0] == 0).all()
    np.testing.assert_allclose(both[1:], alone, rtol=1e-15)


@BOTH_PATHS
@pytest.mark.parametrize("name, settings, batch, samples", [
    ("jaccard", {}, 1.1 / 5.5, [0.5 / 3.2, 0.6 / 3.3]),
    ("jaccard", {"smooth": 0.0}, 1.1 / 4.5, [0.5 / 2.2, 0.6 / 2.3]),
    ("tversky", {"smooth": 0.0}, 0.55 / 3.95, [0.25 / 1.95, 0.3 / 2.0]),
    ("tversky", {"alpha": 0.3, "beta": 0.7}, 0.57 / 4.97, [0.27 / 2.97, 0.3 / 3.0]),
    ("focal_tversky", {}, (0.57 / 4.97) ** 0.75, [(0.27 / 2.97) ** 0.75, 0.1 ** 0.75])])
def test_a30_batch_and_per_sample(name, settings, batch, samples, path):
    loss = getattr(losses, name)
    assert loss(PRED, MASK, **settings, path=path).item() == pytest.approx(batch, rel=1e-14)
    one_each = loss(PRED, MASK, **settings, per_sample=True, reduction="none", path=path).numpy()
    np.testing.assert_allclose(one_each, samples, rtol=1e-14)
    mean = loss(PRED, MASK, **settings, per_sample=True, path=path).item()
    assert mean == pytest.approx(np.mean(samples), rel=1e-14)
    pictures = PRED.reshape(2, 2, 2), MASK.reshape(2, 2, 2)
    assert loss(*pictures, **settings, per_sample=True, path=path).item() == pytest.approx(mean, rel=1e-15)


@BOTH_PATHS
def test_empty_masks_give_0_with_smoothing_and_nan_without(path):
    nothing = np.zeros((1, 8))
    for name in ("jaccard", "tversky", "focal_tversky"):
        assert value_and_slope(name, nothing, nothing, path=path)[0] == 0.0
        assert np.isnan(value_and_slope(name, nothing, nothing, smooth=0.0, path=path)[0])


@BOTH_PATHS
def test_one_loss_is_another_where_it_says_so(path):
    rng = np.random.default_rng(0)
    pred, target = rng.random((2, 3, 50))
    for smooth in (0.0, 0.5, 3.0):
        d, dd = value_and_slope("dice", pred, target, smooth=2 * smooth, path=path)
        j, dj = value_and_slope("jaccard", pred, target, smooth=smooth, path=path)
        for name, alpha, value, slope in (("tversky", 0.5, d, dd), ("tversky", 1.0, j, dj),
                                          ("focal_tversky", 0.5, d ** 2, 2 * d * dd)):
            settings = {"alpha": alpha, "beta": alpha, "smooth": smooth}
            settings |= {"gamma": 2.0} if name == "focal_tversky" else {}
            found = value_and_slope(name, pred, target, **settings, path=path)
            assert found[0] == pytest.approx(value, rel=1e-14)
            np.testing.assert_allclose(found[1], slope, rtol=1e-12)
    hard = np.round(pred), np.round(target)
    d, j = (losses.LOSSES[name](*hard, smooth=0.0, path=path).item() for name in ("dice", "jaccard"))
    assert j == pytest.approx(2 * d / (1 + d), rel=1e-15)


@BOTH_PATHS
def test_background_that_is_rightly_empty_changes_nothing(path):
    empty = np.zeros((2, 10_000))
    for name in ("jaccard", "tversky", "focal_tversky"):
        alone, _ = value_and_slope(name, PRED, MASK, path=path)
        amid, _ = value_and_slope(name, np.hstack([PRED, empty]), np.hstack([MASK, empty]), path=path)
        assert amid == pytest.approx(alone, rel=1e-15)


@BOTH_PATHS
def test_a_price_makes_the_mistake_that_it_belongs_to_dearer(path):
    pairs = {"alpha": [[1.0, 1.0]], "beta": [[0.5, 0.0]]}            # seen in vain; missed
    for name, (price, pred) in itertools.product(("tversky", "focal_tversky"), pairs.items()):
        costs = [losses.LOSSES[name](pred, [[1.0, 0.0]], **{price: x}, path=path).item() for x in (0.1, 0.9)]
        assert costs[0] < costs[1]


@BOTH_PATHS
def test_logits_come_by_way_of_a_sigmoid_however_large_they_are(path):
    z = Tensor([[800.0, -800.0, 3.0, -2.0]], requires_grad=True)
    for name in ("jaccard", "tversky", "focal_tversky"):
        y = getattr(losses, name)(z.sigmoid(), [[1.0, 0.0, 1.0, 0.0]], path=path)
        slope = grad(y, [z])[0].numpy()
        assert np.isfinite(slope).all() and slope[0, 2] < 0 < slope[0, 3]


OVERLAPS = ["dice", "jaccard", "tversky", "focal_tversky"]


@BOTH_PATHS
@pytest.mark.parametrize("name", OVERLAPS)
@pytest.mark.parametrize("per_sample", [False, True])
def test_from_logits_is_the_loss_of_the_sigmoid(name, per_sample, path):
    z = np.random.default_rng(0).normal(0, 3, (3, 7))
    target = np.random.default_rng(1).uniform(0, 1, (3, 7))
    value, slope = value_and_slope(name, z, target, from_logits=True, per_sample=per_sample, path=path)
    p = 1 / (1 + np.exp(-z))
    of_p, slope_of_p = value_and_slope(name, p, target, per_sample=per_sample, path=path)
    assert value == pytest.approx(of_p, rel=1e-14)
    np.testing.assert_allclose(slope, slope_of_p * p * (1 - p), rtol=1e-12)


@BOTH_PATHS
@pytest.mark.parametrize("name", OVERLAPS[:3])
def test_a_nearly_right_answer_of_logits_keeps_its_digits(name, path):
    """1 - sigmoid(50) is 0 in floats, but sigmoid(-50) is 2e-22."""
    z, target = np.array([[50.0, 60.0, -50.0]]), np.array([[1.0, 1.0, 0.0]])
    value, slope = value_and_slope(name, z, target, smooth=0.0, from_logits=True, path=path)
    wrong = 2 * np.exp(-50.0) + np.exp(-60.0)
    share = {"dice": 1 / 4, "jaccard": 1 / 2, "tversky": 1 / 4}[name]
    assert value == pytest.approx(wrong * share, rel=1e-13)
    np.testing.assert_allclose(slope, [share * np.exp(-abs(z[0])) * [-1, -1, 1]], rtol=1e-13)


@BOTH_PATHS
@pytest.mark.parametrize("name", OVERLAPS)
def test_a12_huge_logits_do_not_overflow(name, path):
    z = np.array([[1e3, -1e3, 1e3, -1e3]])
    right, slope = value_and_slope(name, z, [[1.0, 0.0, 1.0, 0.0]], from_logits=True, path=path)
    assert 0 <= right < 1e-200 and np.isfinite(slope).all()
    wrong, slope = value_and_slope(name, -z, [[1.0, 0.0, 1.0, 0.0]], smooth=0.0, from_logits=True,
                                   path=path)
    assert wrong == 1 and np.isfinite(slope).all()


@BOTH_PATHS
def test_dice_of_many_classes(path):
    """Each class of each picture is a sample, as dice's docstring has it."""
    rng = np.random.default_rng(2)
    z, labels = rng.standard_normal((2, 3, 4, 5)), rng.integers(0, 3, (2, 4, 5))
    one_hot = np.moveaxis(np.eye(3)[labels], -1, 1)
    x = Tensor(z, requires_grad=True)
    y = losses.dice(x.softmax(axis=1).reshape(6, 20), one_hot.reshape(6, 20), per_sample=True, path=path)
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    both, sizes = (p * one_hot).sum(axis=(2, 3)), (p + one_hot).sum(axis=(2, 3))
    assert y.item() == pytest.approx((1 - (2 * both + 1) / (sizes + 1)).mean(), rel=1e-14)
    slope = grad(y, [x])[0].numpy()
    assert slope.shape == z.shape
    np.testing.assert_allclose(slope.sum(axis=1), 0, atol=1e-15)         # of a softmax


@pytest.mark.parametrize("from_logits", [False, True])
def test_large_masks_of_many_pieces(from_logits):
    rng = np.random.default_rng(3)
    pred, target = rng.random((2, 2, 70_001))
    for per_sample in (False, True):
        options = {"from_logits": from_logits, "per_sample": per_sample}
        fused, composed = (value_and_slope("dice", pred, target, **options, path=path)
                           for path in ("fused", "composed"))
        assert fused[0] == pytest.approx(composed[0], rel=1e-13)
        np.testing.assert_allclose(fused[1], composed[1], rtol=1e-9)


@pytest.mark.parametrize("place", [0, 4095, 4096, 9000, 9001])           # within a piece, and in the rest
def test_one_number_that_is_no_share_is_found_among_many(place):
    good = np.full(9_002, 0.5)
    for wrong in (-1e-300, np.nextafter(1, 2), -np.inf, np.inf):
        bad = good.copy()
        bad[place] = wrong
        with pytest.raises(ValueError, match="from 0 to 1"):
            losses.dice(bad, good, path="fused")
        with pytest.raises(ValueError, match="from 0 to 1"):
            losses.dice(good, bad, path="fused")
        with pytest.raises(ValueError, match="from 0 to 1"):
            losses.dice(good, bad, from_logits=True, path="fused")
    for harmless in (-0.0, np.copysign(np.nan, -1)):
        bad = good.copy()
        bad[place] = harmless
        value = losses.dice(bad, good, path="fused").item()
        assert np.isnan(value) if np.isnan(harmless) else 0 < value < 1


def test_a_stricter_domain_is_kept_too():
    """Signs tell what is not from 0 to 1, and no more."""
    dice = losses.LOSSES["dice"]
    hard = losses.Loss(dice.composed, dice.kernel, dice.family, domains={**dice.domains, "target": BINARY})
    assert hard([0.5, 0.5], [0.0, 1.0], path="fused").item() > 0
    with pytest.raises(ValueError, match="0 or 1"):
        hard([0.5, 0.5], [0.0, 0.5], path="fused")
