"""Every law for every case of every loss. A new loss file is tested without a line added here."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_loss import Tensor, losses
from tinygrad_loss.losses import LOSSES
from tinygrad_loss.testing import LAWS, cases

CASES = [case for loss in LOSSES.values() for case in cases(loss)]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law, case):
    law(case)


@pytest.mark.parametrize("path", ["composed", "fused"])
@pytest.mark.parametrize("logits, value, slope", [
    ([-np.inf, -np.inf, -np.inf], np.inf, [0, 0, 0]),                     # no class takes part
    ([np.inf, 0, -np.inf], 0, [0, 0, 0]),
    ([0, np.inf, 0], np.inf, [-1, 1, 0]),
    ([np.inf, np.inf, 0], np.log(2), [-1 / 2, 1 / 2, 0]),                 # a tie, like any other
])
def test_infinite_logits_follow_the_limit_for_labels_and_for_probabilities(logits, value, slope, path):
    for target in ([0], [[1.0, 0.0, 0.0]]):
        pred = Tensor([logits], requires_grad=True)
        loss = losses.cross_entropy(pred, target, path=path)
        loss.backward()
        np.testing.assert_allclose(loss.item(), value, rtol=1e-15)
        np.testing.assert_allclose(pred.grad.numpy(), [slope], rtol=1e-15)
