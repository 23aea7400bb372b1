"""Every law for every case of every loss. A new loss file is tested without a line added here."""

from __future__ import annotations

import pytest

from tinygrad_loss.losses import LOSSES
from tinygrad_loss.testing import LAWS, cases

CASES = [case for loss in LOSSES.values() for case in cases(loss)]


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law, case):
    law(case)
