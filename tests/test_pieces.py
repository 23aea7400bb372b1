"""Long arrays piece by piece: the same bits as in one piece, along every axis."""

import numpy as np
import pytest

from tinygrad_loss import numerics as nx
from tinygrad_loss.pieces import PIECE

RNG = np.random.default_rng(0)
LONG = [(3 * PIECE + 5,), (PIECE // 8, 20), (2, PIECE), (5, 7, PIECE // 10), (1, 2 * PIECE)]


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
