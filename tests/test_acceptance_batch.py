"""Losses of a whole batch: bugs that others had, and what couples its items, on both paths."""

from __future__ import annotations

import math

import numpy as np
import pytest
from acceptance import both

from tinygrad_loss import Tensor, losses
from tinygrad_loss.losses.arguments import PATHS
from tinygrad_loss.testing import cases, nan_comes_out

NAMES = ("info_nce", "nt_xent")
each = pytest.mark.parametrize("name", NAMES)


def run(name, a, b, **options):
    """Value and gradients."""
    a, b = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
    value = getattr(losses, name)(a, b, **options)
    value.sum().backward()
    return value, a.grad.numpy(), b.grad.numpy()


def drawn(n=6, width=5):
    return np.random.default_rng(0).standard_normal((2, n, width))


@both
def test_a14_a_zero_vector_is_similar_to_nothing_and_has_no_slope(path):
    value, da, db = run("info_nce", [[0.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 0.0]], path=path)
    assert value.item() == pytest.approx(math.log(2), rel=1e-15)
    np.testing.assert_allclose([da, db], [[[0, 0], [2.5, 0]], [[0, 2.5], [0, 0]]], atol=1e-30)


@both
@each
def test_a14_nothing_but_zeros(name, path):
    value, da, db = run(name, np.zeros((4, 3)), np.zeros((4, 3)), path=path)
    others = {"info_nce": 4, "nt_xent": 7}[name]
    assert value.item() == pytest.approx(math.log(others), rel=1e-15)
    assert not da.any() and not db.any()


@both
@each
def test_one_item_has_nothing_to_be_told_from(name, path):
    value, da, db = run(name, [[1.0, 2.0]], [[-3.0, 1.0]], path=path, reduction="sum")
    assert value.item() == 0 and not np.signbit(value.item()) and not da.any() and not db.any()


@both
@each
def test_only_directions_count(name, path):
    a, b = drawn()
    value = getattr(losses, name)(a, b, path=path).item()
    for by in (1e-300, 1e300):
        assert getattr(losses, name)(a * by, b, path=path).item() == pytest.approx(value, rel=1e-14)


@both
def test_nt_xent_is_the_mean_over_all_views_of_simclr(path):
    """Equation 1 of the paper, word by word."""
    a, b = drawn()
    views = [x / math.hypot(*x) for pair in zip(a, b, strict=True) for x in pair]

    def of(i, j):
        e = [math.exp(views[i] @ z / 0.5) for z in views]
        return -math.log(e[j] / sum(x for k, x in enumerate(e) if k != i))
    simclr = sum(of(2 * k, 2 * k + 1) + of(2 * k + 1, 2 * k) for k in range(len(a))) / len(views)
    assert losses.nt_xent(a, b, path=path).item() == pytest.approx(simclr, rel=1e-14)


@each
def test_the_gradient_of_single_items_takes_the_composed_path(name):
    """Each of them reaches all vectors, where a kernel leaves one slope for each number."""
    a, b = drawn()
    items = run(name, a, b, reduction="none", path="fused")
    assert items[0]._op.name != name                         # some node that is not the kernel's
    whole = run(name, a, b, reduction="sum", path="fused")
    assert whole[0]._op.name == name
    for x, y in zip(items[1:], whole[1:], strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-12, atol=1e-14)
    value = Tensor(getattr(losses, name)(a, b, reduction="none", path="fused"))
    np.testing.assert_allclose(value.numpy(), items[0].numpy(), rtol=1e-14)


@each
def test_a_batch_of_several_blocks_and_odd_rests(name):
    a, b = drawn(301, 37)
    weight = np.random.default_rng(1).uniform(0, 2, 301)
    found = [run(name, a, b, path=path, sample_weight=weight) for path in PATHS]
    for x, y in zip(*found, strict=True):
        np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=1e-11, atol=1e-15)


@both
@each
@pytest.mark.parametrize("temperature", [1e-3, 1e-12, 1e6])
def test_extreme_temperatures(name, temperature, path):
    value, da, db = run(name, *drawn(), path=path, temperature=temperature)
    assert np.isfinite(value.item()) and np.isfinite(da).all() and np.isfinite(db).all()


@each
def test_three_axes_are_refused(name):
    with pytest.raises(ValueError, match="needs \\(N, D\\), or \\(D,\\) for one item"):
        getattr(losses, name)(np.zeros((2, 3, 4)), np.zeros((2, 3, 4)))


@each
def test_the_law_of_nan_has_power_over_coupled_items(name):
    """A NaN that a loss swallows is caught, although it is free to reach all other items."""
    case = next(cases(getattr(losses, name)))

    class Deaf(type(case.loss)):
        def __call__(self, *args, **named):
            return super().__call__(*[np.nan_to_num(x) if isinstance(x, np.ndarray) else x for x in args],
                                    **named)
    deaf = Deaf(case.loss.composed, case.loss.kernel, case.loss.family, domains=case.loss.domains)
    with pytest.raises(AssertionError):
        nan_comes_out(case._replace(loss=deaf))
