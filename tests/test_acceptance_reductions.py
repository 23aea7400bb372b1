"""Reductions, weights, masks, shapes and dtypes, on both paths. Each case was once somebody's bug.

What an issue names is tried as it stands there; then the same question is put to every loss.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from acceptance import both, every_loss, run

from tinygrad_loss import Tensor, losses
from tinygrad_loss.testing import cases

Z, TARGET = [[2.0, 1.0, 0.1]] * 3, [0, 1, 2]


def drawn(loss, seed=0, dtype=np.float64):
    """The loss with its defaults, and inputs for it."""
    case = next(cases(loss))
    return case, case.draw(np.random.default_rng(seed), dtype)


def near(found, expected, rtol=1e-13):
    np.testing.assert_allclose(found, expected, rtol=rtol)


# ---------------------------------------------------------------- A17: (N,) against (N, 1)

@both
@pytest.mark.parametrize("name", ["mse", "mae", "huber", "bce_with_logits", "hinge", "dice", "log_cosh"])
def test_a17_a_column_against_a_row_raises(name, path):
    column, row = np.array([[1.0], [1.0], [1.0]]), np.array([1.0, 1.0, 1.0])
    for pred, target in ((column, row), (row, column), (row, row[:1]), (row, 1.0), (column, row[None])):
        with pytest.raises(ValueError, match=rf"{name}.*pred has shape .*{np.ndim(pred)}?.* and target"):
            getattr(losses, name)(pred, target, path=path)


@every_loss
def test_a17_every_loss_names_both_shapes(loss):
    case, inputs = drawn(loss)
    for path in case.paths:
        for k in range(1, len(inputs)):
            wrong = [*inputs[:k], inputs[k][..., None], *inputs[k + 1:]]
            with pytest.raises(ValueError, match=loss.input_names[k]) as said:
                case(wrong, path=path)
            assert loss.name in str(said.value) and str(wrong[k].shape) in str(said.value)


@both
def test_a17_weights_of_another_shape(path):
    for weight in (np.ones((3, 1)), np.ones(2), 1.0, np.ones(())):
        with pytest.raises(ValueError, match=r"mse: sample_weight has shape .*; it needs .* shape \(3,\)"):
            losses.mse([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], sample_weight=weight, path=path)


# ---------------------------------------------------------------- A18: nothing counts

@both
@pytest.mark.parametrize("name", ["cross_entropy", "focal_cross_entropy"])
@pytest.mark.parametrize("ignore", [-100, 1, 255])
def test_a18_all_labels_ignored(name, ignore, path):
    labels = np.full(3, ignore)
    with pytest.raises(ValueError, match="nothing to average"):
        getattr(losses, name)(Z, labels, ignore_index=ignore, path=path)
    for reduction in ("sum", "none"):
        value, slope = run(name, Z, labels, ignore_index=ignore, reduction=reduction, path=path)
        assert not value.any() and not slope.any()


@both
def test_a18_an_ignored_row_may_hold_anything(path):
    z = [[np.nan, np.inf, 1e308], [2.0, 1.0, 0.1]]
    value, slope = run("cross_entropy", z, [-100, 0], path=path)
    near(value, run("cross_entropy", z[1:], [0], path=path)[0])
    assert not slope[0].any() and np.isfinite(slope).all()


@both
def test_a18_all_class_weights_zero(path):
    with pytest.raises(ValueError, match="nothing to average"):
        losses.cross_entropy(Z, TARGET, weight=[0.0, 0.0, 0.0], path=path)
    value, slope = run("cross_entropy", Z, TARGET, weight=[0.0] * 3, reduction="sum", path=path)
    assert value == 0 and not slope.any()


@every_loss
def test_a18_all_weights_zero_give_0_and_no_gradient(loss):
    """The mean divides by the number of items, and not by the sum of their weights: 0 / n, not 0 / 0."""
    case, inputs = drawn(loss)
    nothing = np.zeros(case.items(inputs))
    for path in case.paths:
        for reduction in ("mean", "sum"):
            value, slopes = case.run(inputs, reduction=reduction, sample_weight=nothing, path=path)
            assert value == 0 and not any(s.any() for s in slopes)


# ---------------------------------------------------------------- A20, A21: smoothing, weighted means

@both
def test_a20_label_smoothing_has_a_floor(path):
    q = np.array([1 - 0.1 + 0.1 / 3, 0.1 / 3, 0.1 / 3])
    near(q, [0.9333333333333333, 0.03333333333333333, 0.03333333333333333])
    value, slope = run("cross_entropy", [np.log(q)], [0], label_smoothing=0.1, path=path)
    near(value, 0.2911398388, rtol=1e-9)
    near(value, -np.sum(q * np.log(q)))
    np.testing.assert_allclose(slope, [[0, 0, 0]], atol=1e-16)
    value, _ = run("cross_entropy", Z[:1], [0], label_smoothing=0.1, path=path)
    near(value, 0.5136966829, rtol=1e-9)
    near(value, run("cross_entropy", Z[:1], [q], path=path)[0])


@both
def test_a20_label_smoothing_of_two_classes_is_that_of_bce(path):
    z = np.array([-1.3, 0.2, 4.0])
    value, slope = run("bce_with_logits", z, [1, 0, 1], label_smoothing=0.1, path=path)
    rows, slopes = run("cross_entropy", np.stack([0 * z, z], 1), [1, 0, 1], label_smoothing=0.1, path=path)
    near(value, rows)
    near(slope, slopes[:, 1], rtol=1e-12)


@both
def test_a21_the_weighted_mean_divides_by_the_sum_of_weights(path):
    w = np.array([1.0, 2.0, 3.0])
    each = run("cross_entropy", Z, TARGET, weight=w, reduction="none", path=path)[0]
    near(run("cross_entropy", Z, TARGET, weight=w, path=path)[0], each.sum() / 6)
    near(run("cross_entropy", Z, [0, -100, 2], weight=w, path=path)[0], (each[0] + each[2]) / 4)


@every_loss
def test_a21_the_mean_of_weighted_items_divides_by_their_number(loss):
    case, inputs = drawn(loss)
    weight = np.random.default_rng(3).uniform(0.5, 2.0, case.items(inputs))
    for path in case.paths:
        each = case(inputs, reduction="none", path=path).numpy()
        near(case(inputs, sample_weight=weight, path=path).item(), (weight * each).sum() / each.size)


@both
@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_a21_infinite_weights_raise(bad, path):
    with pytest.raises(ValueError, match=r"sample_weight\[1\] is -?inf; it must be a finite number"):
        losses.mse([1.0, 2.0], [0.0, 0.0], sample_weight=[1.0, bad], path=path)
    with pytest.raises(ValueError, match="weight must be 3 finite numbers"):
        losses.cross_entropy(Z, TARGET, weight=[1.0, 2.0, bad], path=path)


# ---------------------------------------------------------------- A23 to A26: what is not in the domain

@both
@np.errstate(divide="ignore")
def test_a23_kl_in_the_wrong_space_raises(path):
    p, q = np.array([[0.5, 0.3, 0.2]]), np.array([[0.33, 0.33, 0.34]])
    unnormalised = [[0.1541, 0.0511, 0.0947]], [[0.1132, 0.5477, 0.3390]]                 # pytorch#60928
    for pred, target, options in [
            (np.log(q), p, {}), (q, np.log(p), {}), (q, p, {"log_pred": True}), (q, p, {"log_target": True}),
            (*unnormalised[::-1], {}), (2 * q, p, {}), (q, 0 * p, {})]:
        with pytest.raises(ValueError, match="kl_divergence: .*(pred|target).*must be"):
            losses.kl_divergence(pred, target, path=path, **options)
    for name in ("js_divergence", "categorical_cross_entropy"):
        with pytest.raises(ValueError, match=f"{name}: .*target.*must be"):
            getattr(losses, name)(q, 0.5 * p, path=path)


@both
@pytest.mark.parametrize("label", [-1, 3, -101, 2 ** 40])
def test_a24_labels_out_of_range_raise(label, path):
    for name in ("cross_entropy", "focal_cross_entropy", "multiclass_hinge"):
        with pytest.raises(ValueError, match=rf"target\[1\] is {label}.*from 0 to 2"):
            getattr(losses, name)(Z, [0, label, 2], path=path)
    with pytest.raises(ValueError, match="target"):
        losses.ctc(np.log(np.full((4, 1, 3), 1 / 3)), [[1, label]], [4], [2], path=path)


@both
@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.int32, np.uint16, np.int64, np.uint64, ">i4"])
def test_a24_labels_of_any_integer_type(dtype, path):
    near(run("cross_entropy", Z, np.array(TARGET, dtype), path=path)[0],
         run("cross_entropy", Z, TARGET, path=path)[0])
    with pytest.raises(ValueError, match="from 0 to 2"):
        losses.cross_entropy(Z, np.array([0, 1, 127], dtype), path=path)


@both
def test_a24_the_void_label_of_pictures(path):
    labels = np.array([0, 255, 2], np.uint8)
    value, slope = run("cross_entropy", Z, labels, ignore_index=255, path=path)
    near(value, run("cross_entropy", Z[:2], [0, 2], path=path)[0])
    assert not slope[1].any()
    with pytest.raises(ValueError, match=r"target\[1\] is 255"):
        losses.cross_entropy(Z, labels, path=path)


@both
@pytest.mark.parametrize("labels", [[0.0, 1.0, 2.0], [True, False, True], Tensor([0, 1, 2])],
                         ids=["floats", "booleans", "a Tensor"])
def test_a24_labels_that_are_no_integers_raise(labels, path):
    with pytest.raises(TypeError, match=r"target has the shape of labels .*Use np.asarray\(target, int\)"):
        losses.cross_entropy(Z, labels, path=path)
    near(run("cross_entropy", Z, np.asarray(labels, int), path=path)[0],
         run("cross_entropy", Z, np.array(labels, int), path=path)[0])


@both
@pytest.mark.parametrize("name, labels, text", [
    ("hinge", [1, 0], "1 or -1"), ("squared_hinge", [1, 0], "1 or -1"), ("soft_margin", [1, 0], "1 or -1"),
    ("hinge_embedding", [1, 0], "1 or -1"), ("hinge", [1, 0.5], "1 or -1"), ("bce", [1, -1], "from 0 to 1"),
    ("bce_with_logits", [1, 2], "from 0 to 1"), ("bce_with_logits", [1, -1], "from 0 to 1"),
    ("bce", [1, 255], "from 0 to 1"), ("focal", [1, 0.75], "0 or 1"),
    ("focal_with_logits", [1, -1], "0 or 1"), ("dice", [1, 255], "from 0 to 1")])
def test_a25_labels_of_the_other_convention_raise(name, labels, text, path):
    with pytest.raises(ValueError, match=rf"{name}: target\[1\] is {labels[1]:g}.*{text}"):
        getattr(losses, name)([0.5, 0.5], labels, path=path)


@both
def test_a25_yes_and_no_may_be_booleans_or_any_integers(path):
    expected = run("bce_with_logits", [0.3, -2.0], [1.0, 0.0], path=path)
    for target in ([True, False], np.array([1, 0], np.uint8), np.array([1, 0], np.int32), Tensor([1, 0])):
        for a, b in zip(run("bce_with_logits", [0.3, -2.0], target, path=path), expected, strict=True):
            near(a, b)
    near(run("hinge", [0.3, -2.0], np.array([1, -1], np.int8), path=path)[0], 0.35)


@both
def test_a26_probabilities_and_logits_are_told_apart(path):
    p = Tensor(Z).softmax(axis=1).numpy()
    for rows in (np.array(Z), p * 0.99, p[:, :2], -p):
        target = np.eye(rows.shape[1])[[0, 1, 0]]
        with pytest.raises(ValueError, match="pred.*must be"):
            losses.categorical_cross_entropy(rows, target, path=path)
        with pytest.raises(ValueError, match="pred.*must be"):
            losses.sparse_categorical_cross_entropy(rows, [0, 1, 0], path=path)
    for name in ("bce", "focal", "dice", "jaccard"):
        with pytest.raises(ValueError, match=f"{name}: pred.*must be a number from 0 to 1"):
            getattr(losses, name)([2.0, -1.0], [1.0, 0.0], path=path)
    near(run("sparse_categorical_cross_entropy", p, TARGET, path=path)[0],
         run("cross_entropy", Z, TARGET, path=path)[0])


@both
def test_a26_a_huge_number_is_no_log_probability(path):
    """Refused without a warning about the overflow of its exp."""
    for name, target in (("nll", [1]), ("kl_divergence", [[0.5, 0.5]])):
        options = {"log_pred": True} if name == "kl_divergence" else {}
        with pytest.raises(ValueError, match="pred"):
            getattr(losses, name)([[1e308, 0.0]], target, path=path, **options)


# ---------------------------------------------------------------- A28: few digits

@both
def test_a28_seventy_thousand_halves_and_floats(path):
    """A running sum in float16 stops at 2048, one in float32 at 16,777,216 ones."""
    for dtype in (np.float16, np.float32):
        ones, zeros = np.ones(70_000, dtype), np.zeros(70_000, dtype)
        assert losses.mse(ones, zeros, reduction="sum", path=path).item() == 70_000
        assert losses.mae(ones, zeros, path=path).item() == 1


@both
def test_a28_a_float32_sum_keeps_its_digits(path):
    """numba#2855: adding one after the other lost three digits here."""
    x = np.random.default_rng(0).uniform(0, 1, 100_000).astype(np.float32)
    exact = math.fsum(x.tolist())
    found = losses.mae(x, np.zeros_like(x), reduction="sum", path=path).item()
    assert abs(found - exact) < 4e-7 * exact


@every_loss
def test_a28_float32_stays_float32(loss):
    case, single = drawn(loss, dtype=np.float32)
    expected = case([x.astype(np.float64) if x.dtype.kind == "f" else x for x in single], reduction="none")
    for path in case.paths:
        value, slopes = case.run(single, reduction="none", path=path)
        assert value.dtype == np.float32 and all(s.dtype == np.float32 for s in slopes)
        near(value, expected, rtol=2e-6)


@every_loss
def test_a28_mixed_types_are_computed_in_float64(loss):
    """A composed loss would round its first steps to float32, and call the result float64."""
    case, inputs = drawn(loss)
    for k in range(loss.family.differentiated):
        mixed = [x.astype(np.float32) if i == k else x for i, x in enumerate(inputs)]
        exact = case([x.astype(np.float64) if i == k else x for i, x in enumerate(mixed)], path="composed")
        value, slopes = case.run(mixed, path="composed")
        assert slopes[k].dtype == np.float32
        near(value, exact, rtol=1e-12 if value.dtype == np.float64 else 1e-6)


@both
def test_a28_mixed_types_of_bce(path):
    value, slope = run("bce", np.float32([0.1, 0.2]), [0.3, 0.4], path=path)
    exact = run("bce", np.float32([0.1, 0.2]).astype(float), [0.3, 0.4], path=path)[0]
    assert value.dtype == np.float64 and slope.dtype == np.float32
    near(value, exact)


# ---------------------------------------------------------------- A30, A31: items

@both
def test_a30_dice_of_a_batch_and_of_its_samples(path):
    """keras#19637."""
    target = np.array([[1.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 0.0]])
    pred = np.array([[0.0, 1.0, 0.0, 1.0], [0.4, 0.0, 0.0, 0.9]])
    near(run("dice", pred, target, smooth=0.0, path=path)[0], 1 - 2.8 / 7.3)
    each = run("dice", pred, target, smooth=0.0, per_sample=True, reduction="none", path=path)[0]
    near(each, [0.5, 1 - 0.8 / 3.3])
    np.testing.assert_allclose(each, [0.5, 0.7576], atol=5e-5)
    near(run("dice", pred, target, smooth=0.0, per_sample=True, path=path)[0], each.mean())


@every_loss
def test_a31_none_gives_one_loss_for_each_item(loss):
    case, inputs = drawn(loss)
    items = {"elementwise": case.shape, "rows": case.shape[:1], "vectors": case.shape[:1], "samples": (),
             "sequences": case.shape[1:2]}.get(loss.family.name)
    for path in case.paths:
        value, slopes = case.run(inputs, reduction="none", path=path)
        assert value.shape == case.items(inputs) and (items is None or value.shape == items)
        assert [s.shape for s in slopes] == [x.shape for x in inputs[:len(slopes)]]


@both
def test_a31_further_axes_are_items(path):
    rng = np.random.default_rng(0)
    z, labels = rng.standard_normal((2, 3, 4, 5)), rng.integers(0, 3, (2, 4, 5))
    value, slope = run("cross_entropy", z, labels, reduction="none", path=path)
    assert value.shape == (2, 4, 5) and slope.shape == z.shape
    flat = run("cross_entropy", np.moveaxis(z, 1, -1).reshape(-1, 3), labels.ravel(), reduction="none",
               path=path)[0]
    near(value.ravel(), flat)
    value, _ = run("gaussian_nll", [1.0, 2.0], [1.0, 1.0], var=[1.0, 1.0], reduction="none", path=path)
    assert value.shape == (2,)                                                             # pytorch#53964


# ---------------------------------------------------------------- A32 to A34: likelihoods

@both
def test_a32_the_full_poisson_loss(path):
    """pytorch#28575: a rate of 3, a count of 5."""
    short, full = (run("poisson_nll", [math.log(3)], [5.0], full=f, path=path)[0] for f in (False, True))
    near(short, 3 - 5 * math.log(3))
    np.testing.assert_allclose(full, 2.2777856083, rtol=1e-10)
    np.testing.assert_allclose(full, short + math.lgamma(6), atol=0.017)     # Stirling's log 5!, not its own
    near(run("poisson_nll", [3.0], [5.0], log_input=False, full=True, path=path)[0], full)


@both
def test_a32_the_full_gaussian_loss(path):
    for full, value in ((False, 0.0), (True, 0.5 * math.log(2 * math.pi))):
        near(run("gaussian_nll", [1.0], [1.0], var=[1.0], full=full, path=path)[0], value)


@both
def test_a33_variances(path):
    for bad in (-1e-9, -1.0, -np.inf):
        with pytest.raises(ValueError, match=r"gaussian_nll: var\[1\] is .*not negative"):
            losses.gaussian_nll([1.0, 2.0], [0.0, 0.0], [1.0, bad], path=path)
    for shape in ((), (1,), (2, 1)):
        with pytest.raises(ValueError, match=r"gaussian_nll: pred has shape \(2,\) and var"):
            losses.gaussian_nll([1.0, 2.0], [0.0, 0.0], np.ones(shape), path=path)
    clamped, _ = run("gaussian_nll", [1.0], [0.0], var=[0.0], eps=0.25, path=path)
    near(clamped, 0.5 * (math.log(0.25) + 4))                                # not log(0 + eps), nor var + eps
    near(run("gaussian_nll", [1.0], [0.0], var=[0.5], eps=0.25, path=path)[0], 0.5 * (math.log(0.5) + 2))


@both
def test_a34_a_rate_below_0_raises(path):
    with pytest.raises(ValueError, match=r"poisson_nll: pred\[1\] is -0.1"):
        losses.poisson_nll([1.0, -0.1], [1.0, 1.0], log_input=False, path=path)
    with pytest.raises(ValueError, match=r"poisson_nll: target\[0\] is -1"):
        losses.poisson_nll([1.0, 0.1], [-1.0, 1.0], path=path)
    assert np.isfinite(run("poisson_nll", [-0.1], [1.0], path=path)[0])      # as a logarithm it is fine


# ---------------------------------------------------------------- neighbours: what else may be given

@every_loss
def test_a17_masked_arrays_raise(loss):
    """Their masks would be forgotten."""
    case, inputs = drawn(loss)
    for k, name in enumerate(loss.input_names):
        masked = np.ma.masked_array(inputs[k], np.zeros(inputs[k].shape, bool))
        for path in case.paths:
            with pytest.raises(TypeError, match=f"{loss.name}: {name} is a masked array"):
                case([*inputs[:k], masked, *inputs[k + 1:]], path=path)


@every_loss
def test_a28_lists_and_other_byte_orders_are_welcome(loss):
    case, inputs = drawn(loss)
    for path in case.paths:
        expected = case(inputs, path=path).item()
        for given in ([x.tolist() for x in inputs], [x.astype(x.dtype.newbyteorder()) for x in inputs]):
            near(case(given, path=path).item(), expected)


@both
def test_a28_whole_numbers_do_not_wrap_around(path):
    """uint8 pictures: 0 - 255 is not 1, and 200 + 100 not 44."""
    pred, target = np.array([0, 200], np.uint8), np.array([255, 100], np.uint8)
    near(losses.mae(pred, target, path=path).item(), (255 + 100) / 2)
    near(losses.mse(pred, target, path=path).item(), (255 ** 2 + 100 ** 2) / 2)


@both
@pytest.mark.parametrize("name", ["mse", "bce_with_logits", "hinge"])
def test_a31_single_numbers(name, path):
    value, slope = run(name, 0.5, 1.0, path=path)
    assert value.shape == slope.shape == ()
    for reduction in ("none", "sum", "batchmean"):
        near(run(name, 0.5, 1.0, reduction=reduction, path=path)[0], value)
