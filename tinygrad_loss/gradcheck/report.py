"""What a gradient check found, as data and as a text that a learner can act on."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SHOWN = 5                                                    # elements listed in a failing report


class Element(NamedTuple):
    """One element of one gradient, by both accounts."""

    name: str                                                # "x[2, 0]"
    yours: float
    numbers: float
    error: float                                             # how far the numbers may be off
    allowed: float                                           # the difference that is still right

    @property
    def excess(self) -> float:
        """How many times the allowed difference; nan counts as infinitely wrong."""
        ratio = abs(self.yours - self.numbers) / self.allowed if self.allowed else np.inf
        return 0.0 if self.yours == self.numbers else np.inf if np.isnan(ratio) else float(ratio)


class Report(NamedTuple):
    """The result of `gradcheck`: true if the gradient is right."""

    name: str
    verdict: str                                             # PASS, WRONG, SHAPE or NONFINITE
    diagnosis: str | None                                    # what is wrong: zero, sign, factor, other
    factor: float | None                                     # yours / numbers, where it is constant
    elements: list[Element]                                  # the worst first
    message: str = ""

    @property
    def ok(self) -> bool:
        """Is the gradient right?"""
        return self.verdict == "PASS"

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return "\n".join([self._headline(), *self._table()])

    def _headline(self) -> str:
        if self.ok:
            worst = max((abs(e.yours - e.numbers) for e in self.elements), default=0.0)
            scale = max((abs(e.numbers) for e in self.elements), default=0.0)
            return (f"PASS  {self.name}   {len(self.elements)} elements; largest difference "
                    f"{worst:.1e}, largest slope {scale:.3g}")
        reason = f": {self.message}" if self.message else ""
        return f"FAIL  {self.name}   {self.verdict}{reason}"

    def _table(self) -> list[str]:
        if self.ok or not self.elements:
            return []
        lines = ["", f"  {'element':<12}{'yours':>13}{'numbers':>13}{'difference':>13}{'yours/numbers':>16}"]
        for e in self.elements[:SHOWN]:
            ratio = f"{e.yours / e.numbers:.4f}" if e.numbers else "-"
            lines.append(f"  {e.name:<12}{e.yours:>13.6g}{e.numbers:>13.6g}"
                         f"{e.yours - e.numbers:>+13.1e}{ratio:>16}")
        wrong = sum(e.excess > 1 for e in self.elements)
        return [*lines, "", f"  {wrong} of {len(self.elements)} elements are wrong."]
