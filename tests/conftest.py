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
    """What a test is about: a loss, or all losses that share a driver, of which the elementwise one is small;
    a lesson; its file, where that must stay in one piece; or else the test itself."""
    file, _, test = nodeid.partition("::")
    words = re.split(r"[\[\] <(-]", test)[1:]
    for name in words:
        if name in LOSSES:
            driver = LOSSES[name].family.driver
            return name if driver == "elementwise" else driver
    lesson = next((word for word in words if re.fullmatch(r"\d\d_\w+", word)), "")
    return lesson or (file if file.endswith(TOGETHER) else nodeid)
