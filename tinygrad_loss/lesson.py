"""What a lesson needs: prose that prints as it runs, checks that count, figures that are kept.

A lesson is a plain script in percent cells. `Lesson("05_huber")` finds the script that calls it and,
before anything is shown, prints the text cells that stand above that line: in a terminal, prose and
results alternate as they do in a notebook. In a notebook the text is there already.

    lesson = Lesson("05_huber")
    lesson.show("slope at 3:", slope)                        # print, after the prose above it
    lesson.check("the slope never exceeds delta", ok)        # counts, and prints ✓ or ✗
    lesson.agree("both paths give one value", a, b)          # a check of two results, in ulp
    lesson.gradient("huber", f, x)                           # a check by gradcheck
    lesson.standard(losses.huber, pred, target, delta=0.5)   # path against path, both against numbers
    lesson.figure("05_family", fig, alt="...")               # saved with its numbers
    lesson.end()                                             # one stable line, and the exit code
"""

from __future__ import annotations

import io
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from .engine import Tensor
from .gradcheck import gradcheck
from .losses import Loss

TOLERANCE = 1e-12                            # two paths in float64 may differ by some thousand ulp


class Lesson:
    """A running lesson: counts its checks, prints its prose, keeps its figures."""

    def __init__(self, name: str, rng: int = 0) -> None:
        self.name, self.rng = name, np.random.default_rng(rng)
        self.passed = self.failed = self.figures = 0
        self._started = time.perf_counter()
        file = sys._getframe(1).f_globals.get("__file__")
        self._script = Path(file).resolve() if file else None
        self._prose = _text_cells(self._script) if self._script else []
        self._show_windows = "--show" in sys.argv
        if isinstance(sys.stdout, io.TextIOWrapper):       # a pipe may not speak Unicode
            sys.stdout.reconfigure(encoding="utf-8", errors="replace")

    def show(self, *values: Any) -> None:
        """Print values, after the prose that stands above."""
        self._tell(sys._getframe(1))
        print(*values)

    def check(self, claim: str, passed: Any, evidence: str = "") -> bool:
        """Count a claim as passed or failed, and say which."""
        self._tell(sys._getframe(1))
        return self._count(claim, bool(passed), evidence)

    def agree(self, claim: str, a: Any, b: Any, tolerance: float = TOLERANCE) -> bool:
        """Check that two results are equal, relative to the larger of their elements."""
        self._tell(sys._getframe(1))
        return self._agree(claim, a, b, tolerance)

    def gradient(self, claim: str, f: Callable[..., Any], *inputs: Any, **options: Any) -> bool:
        """Check a gradient by `gradcheck`; a wrong one prints its report."""
        self._tell(sys._getframe(1))
        return self._gradient(claim, f, *inputs, **options)

    def standard(self, loss: Loss, *inputs: Any, **settings: Any) -> None:
        """The five checks of every loss: values and gradients of the two paths agree, and the gradient
        of each agrees with numbers; so does the derivative of the composed gradient."""
        self._tell(sys._getframe(1))
        results = {}
        for path in ("composed", "fused"):
            pred = Tensor(inputs[0], requires_grad=True)
            value = loss(pred, *inputs[1:], path=path, **settings)
            value.backward()
            results[path] = value.item(), pred.grad
        options = ", ".join(f"{name}={value}" for name, value in settings.items())
        shown = f"{loss.name}({options})" if options else loss.name
        self._agree(f"{shown}: one value by both paths", results["composed"][0], results["fused"][0])
        self._agree(f"{shown}: one gradient by both paths", results["composed"][1], results["fused"][1])

        def run(path: str) -> Callable[[Any], Tensor]:
            return lambda pred: loss(pred, *inputs[1:], path=path, **settings)
        self._gradient(f"{shown}: composed gradient = numbers", run("composed"), inputs[0])
        self._gradient(f"{shown}: fused gradient = numbers", run("fused"), inputs[0])
        self._gradient(f"{shown}: second derivative = numbers", run("composed"), inputs[0], order=2)

    def figure(self, name: str, fig: Any, alt: str) -> None:
        """Save a figure as figures/NAME.png with its numbers in NAME.json; `alt` says what it shows."""
        from . import plot
        self._tell(sys._getframe(1))
        self.figures += 1
        folder = Path(os.environ.get("TINYGRAD_LOSS_FIGURES", "") or self._figure_folder())
        file = folder / f"{name}.png"
        plot.save(fig, file, alt)
        print(f"  figure {folder.name}/{name}.png")
        if self._show_windows:
            plot.show()
        if self._script is None:                           # in a notebook, below the cell
            from IPython.display import Image, display  # type: ignore[import-not-found]
            display(Image(file))

    def end(self) -> None:
        """Print the summary line; a failed check makes the script exit with 1."""
        self._tell(sys._getframe(1))
        seconds = time.perf_counter() - self._started
        print(f"\nlesson {self.name[:2]}  checks {self.passed + self.failed}  passed {self.passed}  "
              f"failed {self.failed}  skipped 0  figures {self.figures}  {seconds:.1f} s")
        if self._script and self.failed:
            sys.exit(1)

    def _count(self, claim: str, passed: bool, evidence: str) -> bool:
        self.passed, self.failed = self.passed + passed, self.failed + (not passed)
        print(f"  {'✓' if passed else '✗ FAILED:'} {claim}{f'   ({evidence})' if evidence else ''}")
        return passed

    def _agree(self, claim: str, a: Any, b: Any, tolerance: float = TOLERANCE) -> bool:
        a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
        scale = max(float(np.max(np.abs(a), initial=0.0)), float(np.max(np.abs(b), initial=0.0)), 1e-300)
        gap = float(np.max(np.abs(a - b), initial=0.0)) / scale
        return self._count(claim, a.shape == b.shape and gap <= tolerance, f"difference {gap:.1e}")

    def _gradient(self, claim: str, f: Callable[..., Any], *inputs: Any, **options: Any) -> bool:
        report = gradcheck(f, *inputs, rng=self.rng, **options)
        worst = max((abs(e.yours - e.numbers) for e in report.elements), default=0.0)
        straight = options.get("order") == 2 and report.verdict == "UNTESTED"            # no curvature at all
        passed = self._count(claim, report.ok or straight, f"largest difference {worst:.1e}")
        if not passed:
            print(report)
        return passed

    def _tell(self, caller: FrameType) -> None:
        """Print the text cells above the caller's line that have not been printed yet."""
        while self._prose and self._prose[0][0] <= caller.f_lineno:
            print(f"\n{self._prose.pop(0)[1]}\n")

    def _figure_folder(self) -> Path:
        beside = self._script.parent.parent if self._script else Path.cwd()
        return beside / "figures"


def _text_cells(script: Path) -> list[tuple[int, str]]:
    """The markdown cells of a script in percent format, each with the line it starts in."""
    cells: list[tuple[int, list[str]]] = []
    inside = False
    for number, line in enumerate(script.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("# %%"):
            inside = "[markdown]" in line
            if inside:
                cells.append((number, []))
        elif inside:
            cells[-1][1].append(re.sub(r"^# ?", "", line))
    return [(number, "\n".join(lines).strip()) for number, lines in cells]
