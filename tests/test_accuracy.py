"""Every loss keeps its digits, and the measurement notices when one does not."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from tinygrad_loss import accuracy
from tinygrad_loss.engine import where
from tinygrad_loss.losses import LOSSES, Loss
from tinygrad_loss.testing import cases

SAMPLES = {"rows": 30, "samples": 30, "vectors": 30, "sequences": 15, "batch": 8, "elementwise": 120}
CASES = [case for loss in LOSSES.values() for case in cases(loss)]


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_every_loss_has_its_definition(loss):
    assert loss.exact is not None, f"{loss.name}: add a function `exact` and exact=exact to the record"


@pytest.mark.parametrize("dtype", accuracy.DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_digits_are_kept(case, dtype):
    samples = SAMPLES[case.loss.family.name] // (3 if case.settings else 1)
    for row in accuracy.measure(case, dtype, samples):
        assert row.items > samples / 2
        assert row.ok, f"{row.path}: {max(row.value, row.gradient):.3g} ulp. {row.where}"


# ------------------------------------------------------------------- the measurement has power to fail

def worst(loss: Loss, **changes) -> dict[str, accuracy.Row]:
    """The rows of a copy of a loss that has another formula."""
    arguments = {"composed": loss.composed, "kernel": loss.kernel, "family": loss.family,
                 "domains": loss.domains, "claims": loss.claims, "exact": loss.exact,
                 "kernel_for_rows": loss.kernel_for_rows, "name": "changed", **changes}
    case = next(cases(Loss(arguments.pop("composed"), arguments.pop("kernel"), arguments.pop("family"),
                           **arguments)))
    return {row.path: row for row in accuracy.measure(case, np.float64, 300)}


def article(pred, target, pos_weight, label_smoothing):
    """The formula of many articles, called stable: the tails are a difference of large numbers."""
    e = math.exp(-abs(pred))
    slope = (1.0 / (1.0 + e) if pred >= 0.0 else e / (1.0 + e)) - target
    return max(pred, 0.0) - pred * target + math.log(1.0 + e), slope


def test_a_formula_that_loses_the_tails_is_caught():
    rows = worst(LOSSES["bce_with_logits"], kernel=article)
    assert rows["fused"].value > 1e9 and rows["fused"].gradient > 1e9 and not rows["fused"].ok
    assert "should be" in rows["fused"].where
    assert rows["composed"].ok


def test_a_clipped_probability_is_caught():
    def clipped(pred, target, pos_weight=1.0, label_smoothing=0.0):
        p = pred.sigmoid().clip(1e-7, 1 - 1e-7)
        return -(pos_weight * target * p.log() + (1 - target) * (1 - p).log())

    rows = worst(LOSSES["bce_with_logits"], composed=clipped)
    assert not rows["composed"].ok and rows["fused"].ok


def test_one_unit_too_much_is_seen_as_one_unit():
    def kernel(pred, target):
        error = pred - target
        return np.nextafter(abs(error), np.inf), np.sign(error)

    assert 0.9 < worst(LOSSES["mae"], kernel=kernel)["fused"].value <= 2.5     # below a power of 2, half


def test_at_a_kink_any_slope_between_the_sides_will_do_and_no_other():
    def with_slope_at_0(slope):
        def kernel(pred, target):
            error = pred - target
            return abs(error), slope if error == 0.0 else np.sign(error)
        return worst(LOSSES["mae"], kernel=kernel)["fused"]

    assert with_slope_at_0(0.5).gradient == with_slope_at_0(-1.0).gradient == 0.0
    assert not with_slope_at_0(1.5).ok


def test_at_a_kink_both_paths_must_pick_the_same_slope():
    def composed(pred, target):
        return where(pred > target, pred - target, target - pred)

    rows = worst(LOSSES["mae"], composed=composed)
    assert not rows["composed"].ok and rows["fused"].ok


def test_a_difference_that_vanishes_in_a_certain_row_is_caught():
    def composed(pred, target, weight=None, ignore_index=-100, label_smoothing=0.0):
        return pred.logsumexp(axis=1) - pred[np.arange(pred.shape[0]), target]

    assert not worst(LOSSES["cross_entropy"], composed=composed)["composed"].ok


def test_nan_is_infinitely_wrong():
    def kernel(pred, target):
        error = pred - target
        return error * error if error != 1.0 else np.nan, 2.0 * error

    row = worst(LOSSES["mse"], kernel=kernel)["fused"]
    assert row.value == math.inf and not row.ok


# ----------------------------------------------------------------------------------------- the command

def test_the_table_is_printed(capsys):
    assert accuracy.main(["mae", "mse"], samples=20) == 0
    printed = capsys.readouterr().out
    assert "composed" in printed and "float32" in printed and "OVER" not in printed


def test_the_table_as_json(capsys):
    assert accuracy.main(["mae"], samples=20, json=True) == 0
    rows = json.loads(capsys.readouterr().out)
    assert {(row["path"], row["dtype"]) for row in rows} == {
        (path, dtype) for path in ("fused", "composed") for dtype in ("float64", "float32")}
    assert all(row["ok"] and row["items"] >= 20 for row in rows)


def test_over_the_limit_exits_with_1_and_says_where(capsys, monkeypatch):
    monkeypatch.setitem(accuracy.LIMITS, "fused", 0.1)
    assert accuracy.main(["mse"], samples=20) == 1
    assert "OVER THE LIMIT: mse, fused, float64: value is" in capsys.readouterr().out
