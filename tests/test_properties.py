"""The table of properties is true, and what finds them out by trying can find the opposite."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tinygrad_loss import losses, maximum
from tinygrad_loss.losses import LOSSES, Claims, Loss
from tinygrad_loss.losses.domain import REAL, UNIT
from tinygrad_loss.losses.family import ELEMENTWISE
from tinygrad_loss.properties import properties
from tinygrad_loss.testing import cases

STEP, JUMP = 1e-8, 1e-3


def made(composed, target=REAL, pred=REAL, kinks=None, lipschitz=math.inf):
    """A loss of that formula; its other path is never asked."""
    return Loss(composed, lambda pred, target: (0.0, 0.0), ELEMENTWISE, name="made", kinks=kinks,
                domains={"pred": pred, "target": target},
                claims=Claims(convex=True, symmetric=False, lipschitz=lipschitz, minimum=0.0))


def largest_jump(loss):
    """By how much a slope changes across a point, at the corners and ties of the loss's domains. Rows of
    probabilities stay where they are; a slope that is infinite there has no other side."""
    case, rng = next(cases(loss)), np.random.default_rng(3)
    n, jump = loss.family.differentiated, 0.0
    for _ in range(40):
        inputs = case.draw_corners(rng)
        way = [STEP * rng.standard_normal(x.shape) * (k < n and domain.kind == "elements")
               for k, (x, domain) in enumerate(zip(inputs, case.domains, strict=True))]
        (_, left), (_, right) = (
            case.run([np.where(d.holds(x + side * step), x + side * step, x).astype(x.dtype)
                      for x, step, d in zip(inputs, way, case.domains, strict=True)],
                     reduction="sum", path="composed") for side in (-1, 1))
        for a, b in zip(left, right, strict=True):
            a, b = (slope[np.isfinite(a) & np.isfinite(b)] for slope in (a, b))
            jump = max(jump, float(np.max(np.abs(b - a) / (1 + np.abs(a)), initial=0.0)))
    return jump


# ------------------------------------------------------------------------------------- every loss there is

@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_differentiable_means_that_no_slope_jumps(loss):
    assert (largest_jump(loss) < JUMP) == properties(loss).differentiable


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_what_was_tried_fits_what_is_claimed(loss):
    """A pull without limit means slopes without limit; a bounded loss is not convex and has a limit
    above its minimum, unless its inputs are bounded too."""
    found = properties(loss)
    assert found.robust == math.isfinite(found.lipschitz)
    free = all(d.text == REAL.text for name in loss.input_names for d in loss.alternatives(name))
    assert not (found.bounded and found.convex and free)


# ---------------------------------------------------------------------------------- facts from textbooks

@pytest.mark.parametrize("name, facts", [
    ("mse", {"convex": True, "differentiable": True, "symmetric": True, "bounded": False, "robust": False}),
    ("mae", {"convex": True, "differentiable": False, "lipschitz": 1.0, "robust": True, "calibrated": ""}),
    ("huber", {"convex": True, "differentiable": True, "lipschitz": 1.0, "robust": True, "bounded": False}),
    ("bce_with_logits", {"convex": True, "symmetric": False, "robust": True, "calibrated": "probability"}),
    ("cross_entropy", {"convex": True, "differentiable": True, "calibrated": "probability"}),
    ("dice", {"convex": False, "bounded": True, "calibrated": "decision"}),
    ("triplet", {"convex": False, "differentiable": False, "bounded": False, "calibrated": ""})])
def test_facts(name, facts):
    found = properties(losses.LOSSES[name])._asdict()
    assert {key: found[key] for key in facts} == facts


# ------------------------------------------------------------------------- it can find the opposite

def welsch(pred, target):
    return 1 - (-0.5 * (pred - target) ** 2).exp()


def cauchy(pred, target):
    return (0.5 * (pred - target) ** 2).log1p()


def brier(pred, target):
    return (pred - target) ** 2


def squared_hinge(pred, target):
    return maximum(1 - (2 * target - 1) * pred, 0) ** 2


def clipped_entropy(pred, target):
    p = pred.clip(1e-7, 1 - 1e-7)
    return -(target * p.log() + (1 - target) * (1 - p).log())


def entropy(pred, target):
    return -(target * pred.log() + (1 - target) * (1 - pred).log())


def lenient(pred, target):
    return (pred - 0.3 * target) ** 2


def test_bounded_is_found_and_a_slow_growth_is_growth():
    assert properties(made(welsch)).bounded and properties(made(welsch)).robust
    assert not properties(made(cauchy)).bounded and properties(made(cauchy)).robust
    assert properties(made(clipped_entropy, UNIT, UNIT)).bounded
    assert not properties(made(entropy, UNIT, UNIT)).bounded


def test_robust_is_denied_where_slopes_grow():
    assert not properties(made(lambda pred, target: (pred - target) ** 2 / 1000)).robust
    assert not properties(made(lambda pred, target: abs(pred - target) ** 1.5)).robust
    assert not properties(made(entropy, UNIT, UNIT)).robust
    assert not properties(made(lambda pred, target: abs(pred) ** 0.5 + 0 * target)).robust     # steep at 0


@pytest.mark.parametrize("composed, pred, expected", [
    (brier, UNIT, "probability"), (entropy, UNIT, "probability"), (squared_hinge, REAL, "decision"),
    (lenient, UNIT, "no"), (lambda pred, target: 0 * pred * target, REAL, "no")])
def test_calibration_is_told_apart(composed, pred, expected):
    assert properties(made(composed, UNIT, pred)).calibrated == expected


def test_a_kink_that_is_not_declared_is_found():
    assert largest_jump(made(lambda pred, target: abs(pred - target))) > JUMP
    assert largest_jump(made(lambda pred, target: (pred - target) ** 2)) < JUMP
