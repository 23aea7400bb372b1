"""Mining: brute force over all triples is the referee."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from tinygrad_loss import Tensor, grad, losses, mining

FIRST_FOUR = mining.KINDS[:4]


def brute_force(x, labels, kind, margin, squared):
    """The definition of each kind, one triple after another."""
    def distance(i, j):
        d = math.fsum((a - b) ** 2 for a, b in zip(x[i], x[j], strict=True))
        return d if squared else math.sqrt(d)

    found = []
    for a, p, n in itertools.product(range(len(x)), repeat=3):
        if a != p and labels[a] == labels[p] and labels[a] != labels[n]:
            near, far = distance(a, p), distance(a, n)
            its_kind = ("easy" if near - far + margin <= 0 else "hard" if far <= near else "semi-hard")
            if kind in ("all", its_kind):
                found.append((a, p, n))
    if kind == "batch-hard":
        for a in range(len(x)):
            positives = [i for i in range(len(x)) if i != a and labels[i] == labels[a]]
            negatives = [i for i in range(len(x)) if labels[i] != labels[a]]
            if positives and negatives:
                found.append((a, max(positives, key=lambda i: distance(a, i)),
                              min(negatives, key=lambda i: distance(a, i))))
    return found


def mined(*arguments, **options):
    return list(zip(*(x.tolist() for x in mining.triplets(*arguments, **options)), strict=True))


@pytest.mark.parametrize("kind", mining.KINDS)
@pytest.mark.parametrize("squared", [True, False])
def test_brute_force_finds_the_same(kind, squared):
    rng = np.random.default_rng(0)
    for n, classes, margin in itertools.product((1, 2, 5, 12), (1, 2, 4), (0.0, 1.0, 3.0)):
        labels = rng.integers(0, classes, n) - 1
        for x in (rng.standard_normal((n, 3)), rng.integers(0, 3, (n, 2)).astype(float)):     # many draws
            expected = brute_force(x, labels, kind, margin, squared)
            assert mined(x, labels, kind, margin=margin, squared=squared) == expected


@pytest.mark.parametrize("squared", [True, False])
@pytest.mark.parametrize("margin", [0.0, 0.5, 1.0])
def test_every_triplet_is_of_exactly_one_kind_and_the_loss_agrees(squared, margin):
    rng = np.random.default_rng(1)
    x, labels = rng.integers(0, 4, (10, 2)) / 2, rng.integers(0, 3, 10)
    kinds = {kind: mined(x, labels, kind, margin=margin, squared=squared) for kind in FIRST_FOUR}
    assert sorted(kinds["easy"] + kinds["semi-hard"] + kinds["hard"]) == kinds["all"]
    for kind in FIRST_FOUR[1:]:
        a, p, n = mining.triplets(x, labels, kind, margin=margin, squared=squared)
        cost = losses.triplet(x[a], x[p], x[n], margin=margin, squared=squared, reduction="none").numpy()
        if kind == "easy":
            assert (cost == 0).all()
        elif kind == "semi-hard":
            assert ((cost > 0) & (cost < margin)).all()
        else:
            assert (cost >= margin).all() and (cost > 0).all()


def test_e22_both_boundaries_have_a_kind():
    labels = [0, 0, 1]
    draw, just_the_margin = [[0.0], [1.0], [-1.0]], [[0.0], [1.0], [-2.0]]
    assert mined(draw, labels, "hard", margin=1.0)[0] == (0, 1, 2)
    assert (0, 1, 2) not in mined(draw, labels, "semi-hard") + mined(draw, labels, "easy")
    assert (0, 1, 2) in mined(just_the_margin, labels, "easy", margin=1.0, squared=False)
    assert (0, 1, 2) in mined(draw, labels, "easy", margin=0.0)


def test_e21_squares_change_the_kind():
    x, labels = [[0.0], [0.5], [-1.2]], [0, 0, 1]
    assert (0, 1, 2) in mined(x, labels, "semi-hard", margin=1.0, squared=False)
    assert (0, 1, 2) in mined(x, labels, "easy", margin=1.0, squared=True)


@pytest.mark.parametrize("path", ["fused", "composed"])
@pytest.mark.parametrize("x, labels, kind", [
    ([[0.0], [1.0], [2.0]], [0, 1, 2], "all"), ([[0.0], [1.0], [2.0]], [0, 0, 0], "batch-hard"),
    ([[0.0], [0.1], [9.0]], [0, 0, 1], "hard"), ([[0.0], [0.1], [9.0]], [0, 0, 1], "semi-hard"),
    (np.empty((0, 3)), np.empty(0, int), "all")],
    ids=["no positive", "no negative", "none hard", "none active", "no item"])
def test_a42_a_degenerate_batch_gives_empty_arrays_and_a_gradient_of_zeros(x, labels, kind, path):
    x = Tensor(x, requires_grad=True)
    a, p, n = mining.triplets(x, labels, kind)
    assert len(a) == len(p) == len(n) == 0 and a.dtype == p.dtype == n.dtype == np.int64
    total = losses.triplet(x[a], x[p], x[n], reduction="sum", path=path)
    assert total.item() == 0.0
    (slope,) = grad(total, [x])
    assert slope.shape == x.shape and (slope.numpy() == 0).all()
    with pytest.raises(ValueError, match="nothing to average"):
        losses.triplet(x[a], x[p], x[n], path=path)


def test_the_gradient_reaches_the_embeddings():
    rng = np.random.default_rng(2)
    x, labels = Tensor(rng.standard_normal((8, 3)), requires_grad=True), rng.integers(0, 2, 8)
    a, p, n = mining.triplets(x, labels, "batch-hard")
    (slope,) = grad(losses.triplet(x[a], x[p], x[n]), [x])
    assert np.abs(slope.numpy()).sum() > 0
    np.testing.assert_allclose(slope.numpy().sum(axis=0), 0, atol=1e-15)         # moving all changes nothing


def test_close_embeddings_far_from_0_keep_their_order():
    """|a|^2 - 2 a.b + |b|^2 would give 0 for both distances."""
    x, labels = 1e9 + np.array([[0.0], [3e-7 * 4], [2e-6]]), [0, 0, 1]
    assert mined(x, labels, "semi-hard", margin=1.0) == [(0, 1, 2)]
    assert mined(x, labels, "hard", margin=1.0) == [(1, 0, 2)]


@pytest.mark.parametrize("arguments, message", [
    ((np.ones((3, 2)), [0, 1, 1], "hardest"), "kind must be one of all, easy"),
    ((np.ones((3, 2)), [0, 1]), "must be .N, D. and .N,."), ((np.ones(3), [0, 1, 1]), "must be .N, D."),
    ((np.ones((3, 2)), [0.0, 1.0, 1.0]), "must be integers"),
    ((np.ones((3, 2)), [0, 1, 1], "all", -1.0), "margin must be"),
    ((np.ones((3, 2)), [0, 1, 1], "all", np.nan), "margin must be"),
    (([[0.0], [np.nan], [1.0]], [0, 0, 1]), "embeddings 0 and 1 is nan"),
    (([[0.0], [1e200], [1.0]], [0, 0, 1]), "overflows")])
def test_bad_input_is_refused_in_one_sentence(arguments, message):
    with pytest.raises(ValueError, match=message) as said:
        mining.triplets(*arguments)
    assert "\n" not in str(said.value)
