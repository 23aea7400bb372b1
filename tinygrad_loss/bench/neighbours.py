"""How busy others keep the machine, so that a round they disturbed can be told from a quiet one.

A few spinning threads of ours and one thread of somebody else on the same cores make times that say
nothing: a barrier that takes microseconds then takes until the scheduler comes round.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

STAT = Path("/proc/stat")


class Neighbours:
    """The share of the machine that others took since it was last asked; 0 where nobody can tell."""

    def __init__(self) -> None:
        self._last = self._now()

    def share(self) -> float:
        """From 0 to 1."""
        (busy, own, clock), self._last = self._last, self._now()
        others = (self._last[0] - busy) - (self._last[1] - own)
        capacity = (self._last[2] - clock) * (os.cpu_count() or 1)
        return max(0.0, others / capacity) if STAT.exists() and capacity > 0 else 0.0

    @staticmethod
    def _now() -> tuple[float, float, float]:
        """Seconds of work done by everybody, by this process, and seconds by the clock."""
        busy = 0.0
        if STAT.exists():
            user, nice, system, _, _, irq, softirq, steal, *_ = STAT.read_text().split("\n")[0].split()[1:]
            ticks = sum(map(int, (user, nice, system, irq, softirq, steal)))
            busy = ticks / os.sysconf("SC_CLK_TCK")
        return busy, time.process_time(), time.perf_counter()
