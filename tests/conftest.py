"""Which worker runs which test: what shares compiled kernels, or a slow fixture, stays together."""

from __future__ import annotations

import re

import pytest

from tinygrad_loss.losses import LOSSES

TOGETHER = ("test_bench.py", "test_exercises.py")      # all their tests look at the files of one run


@pytest.hookimpl(optionalhook=True)                    # without pytest-xdist there is nothing to share out
def pytest_xdist_make_scheduler(config, log):
    from xdist.scheduler import LoadScopeScheduling

    class ByLoss(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return group(nodeid)
    return ByLoss(config, log)


def group(nodeid):
    """The loss that a test is about, or its file where that must stay in one piece, or the test itself."""
    file, _, test = nodeid.partition("::")
    named = next((name for name in re.split(r"[\[\] <(-]", test)[1:] if name in LOSSES), "")
    return named or (file if file.endswith(TOGETHER) else nodeid)
