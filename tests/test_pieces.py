"""Long arrays and long batches piece by piece: the same numbers as in one piece."""

import itertools
import platform
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from tinygrad_loss import Tensor, grad, losses
from tinygrad_loss import numerics as nx
from tinygrad_loss.losses import LOSSES, piecewise
from tinygrad_loss.pieces import NARROW, PIECE, SHORT
from tinygrad_loss.testing import cases

RNG = np.random.default_rng(0)
LONG = [(3 * PIECE + 5,), (PIECE // 8, 40), (2, PIECE), (5, 7, PIECE // 10), (1, 2 * PIECE)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("shape", LONG, ids=str)
@pytest.mark.parametrize("f", [nx.sigmoid, nx.softplus])
def test_each_element_for_itself(f, shape, dtype):
    x = (10 * RNG.standard_normal(shape)).astype(dtype)
    assert f(x).dtype == dtype and np.array_equal(f(x), f.__wrapped__(x))


@np.errstate(all="ignore")
@pytest.mark.parametrize("shape", LONG, ids=str)
@pytest.mark.parametrize("f", [nx.softmax, nx.log_softmax, nx.others, nx.unit])
def test_along_each_axis(f, shape):
    x = 10 * RNG.standard_normal(shape)
    for axis in [None, *range(len(shape)), *range(-len(shape), 0)]:
        np.testing.assert_array_equal(f(x, axis), f.__wrapped__(x, axis), err_msg=f"axis {axis}")


def test_the_pieces_are_small():
    seen = []

    @nx.in_pieces
    def spy(x):
        seen.append(x.size)
        return 2 * x
    x = np.arange(10.0 * PIECE).reshape(-1, 10)
    assert np.array_equal(spy(x), 2 * x) and 5 < len(seen) and max(seen) <= PIECE


@np.errstate(all="ignore")
@pytest.mark.parametrize("f", [nx.softmax, nx.log_softmax, nx.others, nx.unit])
@pytest.mark.parametrize("n_rows", [SHORT // NARROW + 1, PIECE // 5])
def test_short_rows_on_their_side(f, n_rows):
    x = 10 * np.random.default_rng(1).standard_normal((n_rows, NARROW))
    x[3, 4], x[5, 6], x[7], x[8, 9] = np.inf, -np.inf, -np.inf, np.nan
    np.testing.assert_array_equal(f(x, 1), f.__wrapped__(np.ascontiguousarray(x.T), 0).T)
    np.testing.assert_allclose(f(x, -1), f.__wrapped__(x, 1), rtol=1e-14, atol=1e-13)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_choice_by_bits_is_a_choice(dtype, share):
    n = nx.FEW
    a, b = RNG.standard_normal((2, n)).astype(dtype)
    a[:5], b[3:8] = [np.nan, np.inf, -np.inf, -0.0, 5e-324], [np.nan, np.inf, -np.inf, -0.0, 5e-324]
    cond = RNG.random(n) < share
    for x, y in itertools.product((a, a[0], dtype(0)), (b, b[::-1], dtype(-1))):
        chosen = nx.choose(np.asarray(x), np.asarray(y), cond)
        np.testing.assert_array_equal(chosen.view(f"i{chosen.itemsize}"),
                                      np.where(cond, x, y).view(f"i{chosen.itemsize}"))
        assert chosen.dtype == dtype


# ---------------------------------------------------------------------------------------- long batches

def value_and_gradients(case, inputs, weight, reduction):
    tensors = [Tensor(x, requires_grad=True) if x.dtype.kind == "f" else x for x in (*inputs, weight)]
    value = case(tensors[:-1], path="composed", reduction=reduction, sample_weight=tensors[-1])
    return [value, *grad(value, [x for x in tensors if isinstance(x, Tensor)], 2.5)]


@pytest.mark.parametrize("case", [case for loss in LOSSES.values() for case in cases(loss)], ids=str)
def test_a_batch_in_pieces_is_the_batch(case, monkeypatch):
    """Value and gradients of all inputs and of the weight, whatever the loss, its settings and its shape."""
    rng = np.random.default_rng(2)
    inputs = case.draw(rng)
    weight = rng.random(case.items(inputs))
    for reduction in ("mean", "sum"):
        whole = value_and_gradients(case, inputs, weight, reduction)
        with monkeypatch.context() as patch:
            patch.setattr(piecewise, "PIECE", 4)
            in_pieces = value_and_gradients(case, inputs, weight, reduction)
        for x, y in zip(whole, in_pieces, strict=True):
            np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=1e-12, atol=1e-300)


def test_pieces_can_be_differentiated_again(monkeypatch):
    monkeypatch.setattr(piecewise, "PIECE", 4)
    pred, target = Tensor(RNG.standard_normal((6, 5)), requires_grad=True), RNG.standard_normal((6, 5))
    slope = grad(losses.mse(pred, target, path="composed"), [pred], create_graph=True)[0]
    np.testing.assert_allclose(grad(slope.sum(), [pred])[0].numpy(), np.full((6, 5), 2 / 30))
    losses.mse(pred * 3, target, path="composed").backward()
    np.testing.assert_allclose(pred.grad.numpy(), 3 * 2 * (3 * pred.numpy() - target) / 30)


def test_a_formula_that_mixes_its_items_stays_whole(monkeypatch):
    def spread(pred, target):
        return (pred - pred.mean()) ** 2 + 0 * target
    monkeypatch.setattr(piecewise, "PIECE", 4)
    pred = np.arange(20.0)
    assert losses.define(spread)(pred, np.zeros(20)).item() == pytest.approx(pred.var())


def test_a_long_batch_takes_the_memory_of_its_gradient():
    n = 20 * piecewise.PIECE
    pred, target = Tensor(RNG.standard_normal(n), requires_grad=True), RNG.standard_normal(n)
    tracemalloc.start()
    losses.huber(pred, target, path="composed").backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.1 * 8 * n + 30 * 8 * piecewise.PIECE


NEW_PAGES = """
import resource                                                # how many pages the system had to give
import numpy as np
from tinygrad_loss import Tensor, losses

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    pred.grad = None
    losses.huber(pred, target, path="composed").backward()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pred, target = Tensor(np.linspace(-3, 3, 10**5), requires_grad=True), np.zeros(10**5)
print(min(pages() for _ in range(5)))
"""


def test_memory_is_used_again():
    """With glibc, no page has to come from the system after a first step."""
    if platform.libc_ver()[0] == "glibc":
        found = subprocess.run([sys.executable, "-c", NEW_PAGES], capture_output=True, text=True, check=True)
        assert int(found.stdout) < 100
