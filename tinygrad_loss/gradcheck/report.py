"""What a gradient check found, as data, as a text that a learner can act on, and as a picture."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from .numeric import FIRST_STEP
from .witnesses import Element

SHOWN = 5                                                    # elements listed in a failing report
SWEPT = 3                                                    # of them have all steps in the picture
FINE = ("PASS", "SUBGRADIENT")
HEADLINES = {
    "sign": "the sign is turned", "zero": "it is zero", "factor": "a constant factor", "branch": "one branch",
    "element": "single elements", "transposed": "transposed", "permuted": "in another order",
    "upstream": "what arrives from above is not used", "other": ""}


class Report(NamedTuple):
    """The result of `gradcheck`: true if the gradient is right.

    verdict      PASS; SUBGRADIENT: right, and at a kink one of the slopes between both sides;
                 WRONG; SHAPE; NONFINITE: inf or nan; PRECISION: the numbers are too vague to tell;
                 UNTESTED: a wrong gradient would pass too, or a branch was never visited;
                 NONDETERMINISTIC; MUTATES: an input was written to; ERROR: an exception
    diagnosis    for WRONG: sign, zero, factor, branch, element, transposed, permuted, upstream, other
    factor       yours / numbers, where that is one number
    """

    name: str
    verdict: str
    diagnosis: str | None = None
    factor: float | None = None
    elements: list[Element] = []                             # noqa: RUF012  the worst first; never changed
    message: str = ""                                        # the verdict in words
    pattern: str = ""
    mistake: str = ""                                        # what usually leads to it
    blame: str = ""                                          # which operation, which path
    complete: bool = True                                    # all elements were looked at one by one
    complex_step: float = np.nan                             # the slope of the worst, in another way
    unvisited: str = ""                                      # a branch that the inputs never took

    @property
    def ok(self) -> bool:
        """Is the gradient right?"""
        return self.verdict in FINE

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        return "\n".join([self._headline(), *self._table(), *self._lines()])

    def _headline(self) -> str:
        if self.ok:
            worst = max((abs(e.yours - e.numbers) for e in self.elements if not e.at_kink), default=0.0)
            scale = max((abs(e.numbers) for e in self.elements), default=0.0)
            text = (f"{self.verdict}  {self.name}   {len(self.elements)} elements; largest difference "
                    f"{worst:.1e}, largest slope {scale:.3g}")
            return text + "".join(f"; {note}" for note in (self.message, self.unvisited) if note)
        words = HEADLINES.get(self.diagnosis or "", "") or self.message
        return f"FAIL  {self.name}   {self.verdict}" + (f": {words}" if words else "")

    def _table(self) -> list[str]:
        if self.ok or self.unvisited or not self.elements:
            return []
        lines = ["", f"  {'element':<12}{'yours':>13}{'numbers':>13}{'difference':>13}{'yours/numbers':>16}"]
        for e in self.elements[:SHOWN]:
            ratio = f"{e.yours / e.numbers:.4f}" if e.numbers else "-"
            lines.append(f"  {e.name:<12}{e.yours:>13.6g}{e.numbers:>13.6g}"
                         f"{e.yours - e.numbers:>+13.1e}{ratio:>16}")
        wrong = sum(e.is_wrong for e in self.elements)
        sample = "" if self.complete else " that were looked at one by one"
        return [*lines, "", f"  {wrong} of {len(self.elements)} elements{sample} are wrong."]

    def _lines(self) -> list[str]:
        if self.ok:
            return []
        answers = [("Is the check at fault?", self._is_the_check_at_fault()), ("Pattern", self.pattern),
                   ("Usual mistake", self.mistake), ("Where", self.blame),
                   ("Could it have missed?", self._could_it_have_missed())]
        return ["", *[f"  {question:<24}{answer}" for question, answer in answers if answer]]

    def _is_the_check_at_fault(self) -> str:
        if self.verdict != "WRONG" or not self.elements:
            return ""
        worst = self.elements[0]
        far = abs(worst.yours - worst.numbers) / 2           # closer to the numbers than to yours
        told = [(h, abs(worst.yours - c)) for h, c in zip(worst.line.steps, worst.line.central, strict=True)
                if abs(c - worst.numbers) < far]
        if not told:
            return ""
        steps, gaps = zip(*told, strict=True)
        agrees = abs(self.complex_step - worst.numbers) <= 1e-6 * abs(worst.numbers)
        return (f"No. At {worst.name} the difference is at least {min(gaps):.1e} for every step from "
                f"{max(steps):.0e} to {min(steps):.0e}"
                + (", and the complex step finds the numbers, too." if agrees else "."))

    def _could_it_have_missed(self) -> str:
        if self.verdict != "WRONG":
            return ""
        if all(e.has_power or e.is_wrong for e in self.elements):
            return "No: zero, doubled or negated gradients would all be caught here."
        blind = [e.name for e in self.elements if not e.has_power and not e.is_wrong]
        return f"Only at {', '.join(blind[:3])}{' ...' * (len(blind) > 3)}, where any small slope would pass."

    def to_dict(self) -> dict[str, Any]:
        """Everything in it, ready for JSON."""
        elements = [{"name": e.name, "place": list(e.place), "input": e.input, "yours": e.yours,
                     "numbers": e.numbers, "error": e.error, "allowed": e.allowed, "left": e.left,
                     "right": e.right, "wrong": e.is_wrong} for e in self.elements]
        return {**self._asdict(), "elements": elements, "ok": self.ok}

    def plot(self) -> Any:
        """The sweep as a picture: how far yours is from the difference quotient, for every step. A right
        gradient goes down as h^2 and up again with the roundings; a wrong one stays where it is."""
        from .. import plot
        fig, axes = plot.figure(title=f"{self.name}: {self.verdict}")
        for i, e in enumerate(self.elements[:SWEPT]):
            gaps = np.abs(np.array(e.line.central) - e.yours)
            seen = np.isfinite(gaps) & (gaps > 0)
            axes.loglog(np.array(e.line.steps)[seen], gaps[seen], color=plot.COLOURS[i], marker="os^"[i],
                        linestyle=["-", "--", ":"][i], label=e.name)
        axes.set(xlabel="step h", ylabel="| yours - difference quotient |", xlim=(1e-13, 3 * FIRST_STEP))
        if self.elements:
            axes.legend(frameon=False)
        return fig
