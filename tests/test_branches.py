"""A branch that the inputs never visit was never checked, and the report says so."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_loss import Tensor, gradcheck, losses, maximum, minimum, where
from tinygrad_loss.gradcheck import pitfalls

SMALL, BOTH, ZEROS = np.array([0.1, 0.2, 0.3]), np.array([0.1, -5.0, 0.3]), np.zeros(3)


def huber(x):
    return where(abs(x.data) <= 1, x * x / 2, 2 * x)         # the other branch is wrong, and nobody looks


# (f, inputs that see one side, inputs that see both, what is said of the first)
BRANCHES = {
    "where":    (huber, SMALL, BOTH, "a where was seen from one side only; x ten times as large"),
    "abs":      (lambda x: x.abs(), SMALL, BOTH, "an abs was seen from one side only; x negated"),
    "relu":     (lambda x: x.relu() + x, SMALL, BOTH, "a relu"),
    "maximum":  (lambda x: maximum(x, 1 - x), SMALL, np.array([0.1, 5.0]), "a maximum"),
    "minimum":  (lambda x: minimum(x, 1 - x), SMALL, np.array([0.1, 5.0]), "a minimum"),
    "seam":     (lambda x: losses.huber(x, ZEROS), SMALL, BOTH, "the seam of huber"),
    "kink":     (lambda x: losses.mae(x, ZEROS, path="fused"), SMALL, BOTH, "the kink of mae"),
    "composed": (lambda x: losses.hinge(x, ZEROS + 1, path="composed"), SMALL, -BOTH, "a "),
}


@pytest.mark.parametrize("name", BRANCHES)
def test_a_branch_that_was_never_visited_is_untested(name):
    f, one, both, words = BRANCHES[name]
    report = gradcheck(f, one)
    assert report.verdict == "UNTESTED" and not report.ok and words in str(report), report
    assert words in report.unvisited and report.to_dict()["unvisited"] == report.unvisited
    if name != "where":                                      # that one is wrong there
        assert (report := gradcheck(f, both)) and not report.unvisited, report


def test_what_lay_there_unseen_is_wrong():
    report = gradcheck(lambda x: where(abs(x.data) <= 1, x * x / 2, Tensor(2 * x.data)), BOTH)
    assert report.verdict == "WRONG" and report.diagnosis in ("branch", "element")


@pytest.mark.parametrize("f, x", [
    (lambda x: where(x.data == 0, 1, x).log(), SMALL),       # a guard: none but 0 itself takes the other side
    (lambda x: where(np.isfinite(x.data), x, 0) ** 2, SMALL),
    (lambda x: (x - x.max()).exp().sum().log() + x.max(), SMALL),
    (lambda x: x.clip(1e-7, 1 - 1e-7).log(), SMALL),
    (lambda x: x.abs(), ZEROS + [0, 1, 2]),                  # at the corner both slopes are looked at
    (lambda x: maximum(x, -1).sqrt(), SMALL),                # the other side is refused, or not to be reached
    (lambda x: losses.bce(x, ZEROS + 1), SMALL),
    (lambda x: where(x.data < 0.5, (1 - x) / (1 + x), 1 - 2 * x / (1 + x)), SMALL),    # two ways
    (lambda x: losses.dice(x, [0.0, 1.0, 1.0], path="composed"), SMALL),
])
def test_guards_are_no_branches(f, x):
    assert (report := gradcheck(f, x)) and not report.unvisited, report


def numpy_huber(x):
    return np.where(abs(x) <= 1.5, x * x / 2, 1.5 * (abs(x) - 0.75)).sum()


def test_of_plain_arrays_a_note_says_where_the_gradient_differs():
    report = gradcheck(numpy_huber, SMALL, gradient=lambda x: np.where(abs(x) <= 1.5, x, np.sign(x)))
    assert report.ok and "not with x ten times as large" in str(report)
    report = gradcheck(numpy_huber, SMALL, gradient=lambda x: np.clip(x, -1.5, 1.5))
    assert report.ok and not report.unvisited


@pytest.mark.parametrize("name", pitfalls.RIGHT)
def test_right_programs_get_no_note(name):
    f, g, x = pitfalls.RIGHT[name]
    assert not (report := gradcheck(f, x, gradient=g)).unvisited, report
