"""Losses of one's own: from functions, and as weighted sums. All laws hold for them too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tinygrad_loss import Tensor, grad, losses
from tinygrad_loss.cli import main
from tinygrad_loss.losses import define, weighted_sum
from tinygrad_loss.losses.claims import Claims
from tinygrad_loss.losses.domain import not_negative, positive
from tinygrad_loss.losses.family import VECTORS
from tinygrad_loss.testing import LAWS, cases, check_loss


def composed(pred, target, power=3.0):
    return abs(pred - target) ** power


def kernel(pred, target, power):
    error = pred - target
    return abs(error) ** power, power * abs(error) ** (power - 1.0) * np.sign(error)


def wrong(pred, target, power):
    error = pred - target
    return abs(error) ** power, power * abs(error) ** (power - 1.0)


ROOT = Path(__file__).parent.parent
POWERS = {"power": positive(1.5, 2.0)}
mixed = weighted_sum((0.5, losses.bce_with_logits), (0.25, losses.huber, {"delta": 0.5}))
overlap = weighted_sum((0.3, losses.mae), (0.7, losses.dice, {"per_sample": True}))
tasks = weighted_sum((2.0, losses.mse), (0.5, losses.cross_entropy), tasks=True)


@pytest.mark.parametrize("loss", [define(composed, kernel, domains=POWERS), define(composed, domains=POWERS),
                                  mixed, overlap], ids=["kernel", "composed", "mixed", "overlap"])
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law, loss):
    for case in cases(loss):
        law(case)


def test_a_wrong_kernel_is_found():
    with pytest.raises(AssertionError):
        check_loss(define(composed, wrong, domains=POWERS))


def test_without_a_kernel_the_fused_path_is_refused():
    with pytest.raises(ValueError, match="composed has no kernel"):
        define(composed)([1.0], [2.0], path="fused")


@pytest.mark.parametrize("path", ["fused", "composed"])
def test_a_sum_is_the_sum(path):
    rng = np.random.default_rng(0)
    z, y = Tensor(rng.standard_normal((3, 6)), requires_grad=True), rng.uniform(size=(3, 6))
    both = weighted_sum((0.5, losses.mse), (0.5, losses.bce_with_logits))(z, y, path=path)
    a, b = losses.mse(z, y, path=path), losses.bce_with_logits(z, y, path=path)
    assert both.item() == pytest.approx(0.5 * a.item() + 0.5 * b.item(), rel=1e-15)
    (slope,), (da,), (db,) = grad(both, [z]), grad(a, [z]), grad(b, [z])
    np.testing.assert_allclose(slope.numpy(), 0.5 * da.numpy() + 0.5 * db.numpy(), rtol=1e-14)


@pytest.mark.parametrize("path", ["fused", "composed"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_tasks_have_predictions_of_their_own(path, reduction):
    rng = np.random.default_rng(1)
    price, kind = rng.standard_normal(5), rng.standard_normal((5, 3))
    true_price, true_kind = rng.standard_normal(5), rng.integers(0, 3, 5)
    xs = [Tensor(price, requires_grad=True), Tensor(kind, requires_grad=True)]
    value = tasks(*xs, true_price, true_kind, reduction=reduction, path=path)
    parts = (2.0 * losses.mse(xs[0], true_price, reduction=reduction)
             + 0.5 * losses.cross_entropy(xs[1], true_kind, reduction=reduction))
    np.testing.assert_allclose(value.numpy(), parts.numpy(), rtol=1e-13)
    above = np.ones(value.shape)
    for x, y in zip(grad(value, xs, above), grad(parts, xs, above), strict=True):
        np.testing.assert_allclose(x.numpy(), y.numpy(), rtol=1e-13)


@pytest.mark.parametrize("make, sentence", [
    (lambda: weighted_sum(), "nothing to add"),
    (lambda: weighted_sum((1.0, np.mean)), r"part 0 is .*must be \(weight, loss\)"),
    (lambda: weighted_sum((1.0, losses.triplet)), "part 0 is triplet, which takes anchor"),
    (lambda: define(composed, domains={"powder": positive(1.0)}), "domains names powder"),
    (lambda: define("huber"), "composed must be a function"),
    (lambda: define(lambda pred, target, kind="a": pred), "say in domains what kind may be"),
    (lambda: tasks(np.ones((2, 3)), np.ones((5, 3)), np.ones((2, 3)), np.ones(5, int), reduction="sum"),
     "cannot be added"),
], ids=lambda given: given if isinstance(given, str) else "define")
def test_what_cannot_be_a_loss_is_refused(make, sentence):
    with pytest.raises((TypeError, ValueError), match=sentence):
        make()


# ------------------------------------------------------------------------------- tinygrad-loss check

MODULE = """
import numpy as np
from tinygrad_loss.losses import define

def composed(pred, target):
    return (pred - target) ** 2 / 2

def kernel(pred, target):
    return (pred - target) ** 2 / 2, {slope}

halved = define(composed, kernel, name="halved")
"""


def check(folder, *arguments):
    return subprocess.run([sys.executable, "-m", "tinygrad_loss", "check", *arguments], cwd=folder,
                          capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})


def test_check_passes_a_right_loss_and_fails_a_wrong_one(tmp_path):
    (tmp_path / "right.py").write_text(MODULE.format(slope="pred - target"))
    (tmp_path / "wrong.py").write_text(MODULE.format(slope="2 * (pred - target)"))
    right, wrong = check(tmp_path, "right:halved"), check(tmp_path, "wrong:halved")
    assert right.returncode == 0 and "BROKEN" not in right.stdout, right.stdout + right.stderr
    assert wrong.returncode == 1 and "BROKEN: paths_agree, halved" in wrong.stdout
    assert "BROKEN: numbers_agree, halved" in wrong.stdout


def test_check_as_json(capsys):
    assert main(["check", "mse", "--json"]) == 0
    outcomes = json.loads(capsys.readouterr().out)["mse"]
    assert {o["law"] for o in outcomes} == {law.__name__ for law in LAWS}
    assert all(o["problem"] == "" for o in outcomes)


@pytest.mark.parametrize("arguments, sentence", [
    ([], "Say which loss"), (["mse", "--all"], "Say which loss"), (["mean"], "There is no loss 'mean'"),
    (["json:dumb"], "json has no loss or function 'dumb'"), (["no_module:x"], "no_module cannot be imported"),
])
def test_check_refuses_what_is_no_loss(arguments, sentence, capsys):
    assert main(["check", *arguments]) == 2
    assert sentence in capsys.readouterr().out


# ----------------------------------------------- the example of a triplet loss by any distance, with a kernel

def canberra(x, y):
    """A distance that no p norm is: each difference counts by its share of the sizes."""
    return (abs(x - y) / (1 + abs(x) + abs(y))).sum(axis=1)


def canberra_kernel(x, y, dx, dy):
    """The same of numbers, with both slopes."""
    result = 0.0
    for i in range(x.size):
        gap, size = x[i] - y[i], 1.0 + abs(x[i]) + abs(y[i])
        dx[i] = (np.sign(gap) - np.sign(x[i]) * abs(gap) / size) / size
        dy[i] = (-np.sign(gap) - np.sign(y[i]) * abs(gap) / size) / size
        result += abs(gap) / size
    return result


def triplet_composed(anchor, positive, negative, margin=1.0):
    return (canberra(anchor, positive) - canberra(anchor, negative) + margin).relu()


def triplet_kernel(anchor, positive, negative, danchor, dpositive, dnegative, margin):
    near, spare = canberra_kernel(anchor, positive, danchor, dpositive), np.empty(anchor.size)
    gap = near - canberra_kernel(anchor, negative, spare, dnegative) + margin
    active = 1.0 if gap > 0.0 else 0.0 if gap <= 0.0 else gap
    for i in range(anchor.size):
        danchor[i] = active * (danchor[i] - spare[i])
        dpositive[i] *= active
        dnegative[i] *= -active
    return gap if active > 0.0 else active


def triplet_kinks(anchor, positive, negative, margin):
    near, far = ((abs(anchor - x) / (1 + abs(anchor) + abs(x))).sum(-1) for x in (positive, negative))
    corners = anchor, positive, negative, anchor - positive, anchor - negative
    return np.concatenate([np.ravel(near - far + margin), *[np.ravel(x) for x in corners]])


@pytest.mark.parametrize("kernel", [None, triplet_kernel], ids=["composed", "kernel"])
def test_a_triplet_loss_by_any_distance(kernel):
    loss = define(triplet_composed, kernel, family=VECTORS, domains={"margin": not_negative(0.5)},
                  kinks=triplet_kinks,
                  claims=Claims(convex=False, symmetric=False, lipschitz=2.0, minimum=0.0))
    assert check_loss(loss) == 2 * len(LAWS)
