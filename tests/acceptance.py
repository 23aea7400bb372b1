"""What the acceptance tests have in common: a question is put to both paths, and often to every loss."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_loss import Tensor, grad, losses
from tinygrad_loss.losses import LOSSES
from tinygrad_loss.losses.arguments import PATHS

both = pytest.mark.parametrize("path", PATHS)
every_loss = pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)


def run(name, *inputs, slopes=1, **options):
    """Value and gradients of the first inputs; a single gradient comes alone."""
    xs = [Tensor(x, requires_grad=True) for x in inputs[:slopes]]
    value = getattr(losses, name)(*xs, *inputs[slopes:], **options)
    found = [g.numpy() for g in grad(value, xs, np.ones(value.shape))]
    return value.numpy(), found[0] if slopes == 1 else found
