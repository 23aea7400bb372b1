"""The figure: time over limit, a row per case, a mark per contestant."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from matplotlib.ticker import FuncFormatter

from .. import plot
from .peers import PEERS
from .results import COLUMNS, Report, Result

SMALL = 50_000                                         # elements: below, calls cost more than bytes
#                         colour, marker, size, and how far below the middle of its row
LOOKS: dict[str, tuple[str, str, float, float]] = {
    "composed": (plot.COLOURS[0], "s", 9, 0.0), "numpy": (plot.COLOURS[6], "|", 15, 0.0),
    "torch": (plot.COLOURS[4], "^", 10, -0.2), "torch.compile": (plot.COLOURS[4], "v", 10, 0.2),
    "jax": (plot.COLOURS[2], "D", 8, -0.2), "sklearn": (plot.COLOURS[5], "P", 12, 0.2),
    "autograd": (plot.COLOURS[3], "X", 10, -0.2), "fused": (plot.COLOURS[1], "o", 15, 0.0)}
ALT = ("For every loss, size and dtype a row of marks on a logarithmic axis: the time for value and "
       "gradient, in units of the time that moving the same bytes takes. ")
ROW = 0.42                                             # inches


def save(report: Report, path: Path) -> None:
    """Draw all cases of at least many thousand elements; if there are none, all there are."""
    large = [r for r in report.results if _elements(r) >= SMALL] or report.results
    dtypes = list(dict.fromkeys(r.dtype for r in large))
    labels = list(dict.fromkeys((r.loss, r.size) for r in large))
    size = 4.2 + 6.2 * len(dtypes), 3.2 + ROW * len(labels)
    fig, panels = plot.figure(1, len(dtypes), sharex=True, size=size,
                              title="Value and gradient: how many times longer than moving the bytes")
    panels = [panels] if len(dtypes) == 1 else list(panels)
    for axes, dtype in zip(panels, dtypes, strict=True):
        _draw(axes, [r for r in large if r.dtype == dtype], labels)
        axes.set_title(dtype)
        axes.set_xlabel("time / time of the limit")
    _label_rows(panels, labels)
    marks = {str(line.get_label()): line for axes in panels for line in axes.lines}
    names = [name for name in COLUMNS if name in marks]
    fig.legend([marks[name] for name in names], names, loc="outside lower center", ncols=len(names),
               frameon=False)
    plot.save(fig, path, ALT + _in_words(large))


def _draw(axes: Any, results: list[Result], labels: list[tuple[str, str]]) -> None:
    places = {label: i for i, label in enumerate(labels)}
    axes.axvline(1, color=plot.GREY, linewidth=2.4, zorder=1)
    axes.text(1, 1.005, "limit", transform=axes.get_xaxis_transform(), color=plot.GREY, fontsize=plot.SMALL,
              ha="center", va="bottom")
    for name, (colour, marker, size, below) in LOOKS.items():
        found = [(r.over_limit(name), places[r.loss, r.size] + below) for r in results]
        shown = [(x, y) for x, y in found if x is not None]
        if shown:
            stroke = marker == "|"
            axes.plot(*zip(*shown, strict=True), linestyle="none", marker=marker, color=colour, label=name,
                      markersize=size, markeredgecolor=colour if stroke else "white",
                      markeredgewidth=3 if stroke else 1, zorder=3)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,g}"))


def _label_rows(panels: list[Any], labels: list[tuple[str, str]]) -> None:
    """Losses from top to bottom, a line between two of them."""
    for axes in panels:
        axes.set_ylim(len(labels) - 0.5, -0.5)
        axes.set_yticks(range(len(labels)), [""] * len(labels))
        axes.tick_params(axis="y", length=0)
        for i, (a, b) in enumerate(zip(labels, labels[1:], strict=False)):
            if a[0] != b[0]:
                axes.axhline(i + 0.5, color=plot.GREY, linewidth=1)
    panels[0].set_yticks(range(len(labels)), [f"{loss}  {size}" for loss, size in labels])


def _elements(result: Result) -> int:
    return math.prod(result.shape)


def _in_words(results: list[Result]) -> str:
    """What the fused path and the peers reach."""
    fused = [x for r in results if (x := r.over_limit("fused")) is not None]
    peers = [x for r in results for name in PEERS if (x := r.over_limit(name)) is not None]
    words = f"Fused: {min(fused):.1f} to {max(fused):.0f} times" if fused else ""
    return words + (f"; other libraries: {min(peers):.1f} to {max(peers):.0f}." if peers else ".")
