"""Figures in one style: curves of a loss and its slope, graphs of a computation.

    curves(losses.huber, [{"delta": 0.5}, {"delta": 2.0}])
    graph(loss, {"x": x, "w": w})
    fig, axes = figure(2, 1, sharex=True)              # empty, for drawings of your own
    save(fig, "figures/05_family.png", alt="...")      # and the plotted numbers, 05_family.json

Made to be projected on a wall: white paper, large letters, and colours that differ for colour-blind
eyes (Okabe and Ito, 2008), each with a line style of its own, so that grey prints can be read too.
No figure belongs to a window until `show` is called; matplotlib's backend is left alone until then.
"""

from __future__ import annotations

import json
import math
import re
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.collections import PathCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure as PlainFigure
from matplotlib.lines import Line2D

from .engine import Tensor, grad
from .graph import FONT, LETTER, Node, arrange, dot, draw, mermaid, trace
from .losses import Loss

__all__ = ["COLOURS", "GREY", "LINES", "Figure", "curves", "dot", "figure", "graph", "mermaid",
           "save", "show", "style"]


# ------------------------------------------------------------------------------------------- style

#           blue       vermilion  green      purple     orange     sky blue   black
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000"]
LINES: list[Any] = ["-", (0, (5, 2)), (0, (1, 1)), (0, (6, 2, 1, 2)), (0, (9, 3)),
                    (0, (3, 1, 1, 1, 1, 1)), (0, (1, 3))]
GREY = "#555555"
SMALL = 13                                    # points: notes and legends

STYLE: dict[str, Any] = {
    "font.family": "DejaVu Sans", "font.size": 16, "axes.titlesize": 17, "axes.labelsize": 16,
    "xtick.labelsize": 14, "ytick.labelsize": 14, "legend.fontsize": SMALL,
    "figure.titlesize": 19, "figure.facecolor": "white", "axes.facecolor": "white",
    "savefig.facecolor": "white", "text.usetex": False, "legend.framealpha": 0.9,
    "lines.linewidth": 2.6, "lines.markersize": 8, "axes.linewidth": 1.2,
    "axes.spines.top": False, "axes.spines.right": False,
    "axes.grid": True, "axes.axisbelow": True, "grid.color": "#E3E3E3", "grid.linewidth": 1.0,
    "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=LINES),
}

_unseen: deque[Figure] = deque(maxlen=20)     # for show(); a notebook that never asks keeps no more


class Figure(PlainFigure):
    """A figure that can carry the data it was drawn from, where lines and bars do not tell."""

    tinygrad_data: dict[str, Any] | None = None


def style() -> None:
    """Make the house style matplotlib's default; `matplotlib.rcdefaults()` undoes it."""
    matplotlib.style.use(STYLE)


def figure(rows: int = 1, columns: int = 1, *, size: tuple[float, float] | None = None,
           sharex: bool = False, title: str | None = None) -> tuple[Figure, Any]:
    """An empty figure in the house style, and its Axes: one, or an array as plt.subplots gives it.

    `size` is in inches, width first. The style stays matplotlib's default, for what is drawn next.
    """
    style()
    fig = Figure(figsize=size or (4.5 + 4.5 * columns, 2 + 3.2 * rows), layout="constrained")
    if title:
        fig.suptitle(title)
    _unseen.append(fig)
    return fig, fig.subplots(rows, columns, sharex=sharex)


# ------------------------------------------------------------------------------------------ curves

POINTS = 401                                  # odd, so that the middle is one of them
DOTS = 16


def curves(loss: Loss, settings: Sequence[Mapping[str, Any]] = ({},), *, x: Any = None,
           target: float = 0.0, title: str | None = None, xlabel: str | None = None,
           curvature: bool = False, fixed: Mapping[str, Any] | None = None) -> Figure:
    """An elementwise loss above, its slope below, as functions of pred; then its curvature, if wanted.

    Each of `settings` gets a colour: the composed path as a line, the fused path as dots on it. A
    setting may name a "target" of its own; `fixed` holds for all of them. `x` holds the values of
    pred, in increasing order. Dotted verticals mark kinks, where the slope jumps, and seams, where the
    curvature does.
    """
    x = _usual_x(loss) if x is None else np.asarray(x, dtype=np.float64)
    complete = [{"target": target, **loss.defaults, **(fixed or {}), **setting} for setting in settings]
    names = [_name(setting) or loss.name for setting in settings]
    fig, panels = figure(3 if curvature else 2, 1, sharex=True, title=title or loss.name)
    every, lines = max(1, x.size // DOTS), []
    for i, setting in enumerate(complete):
        some = x[i * every // len(complete)::every]          # staggered: no dot hides another
        lines.append(_draw_line(panels, loss, x, setting, i, names[i]))
        _draw_dots(panels, loss, some, setting, i, names[i])
    _mark_corners(panels, loss, x, complete)

    above, below, *lowest = panels
    pred, targets = loss.input_names[0], {setting["target"] for setting in complete}
    given = f"   (target = {targets.pop():g})" if len(targets) == 1 else ""
    above.set(ylabel="loss")
    below.set(ylabel=f"slope  d loss / d {pred}")
    for axes in lowest:
        axes.set(ylabel=f"curvature  d slope / d {pred}")
    panels[-1].set(xlabel=xlabel or pred + given)
    above.legend(lines, names)
    below.legend([Line2D([], [], color=GREY), Line2D([], [], **_dots(GREY))], ["composed", "fused"])
    return fig


def _usual_x(loss: Loss) -> np.ndarray:
    """Values of pred from -3 to 3, or the part of it that the loss allows."""
    wide = np.arange(-3.0, 3.0 + 1 / 64, 1 / 64)             # 0 and 1 are among them, exactly
    holds = loss.element_domain(loss.input_names[0]).holds(wide)
    allowed = wide[np.broadcast_to(holds, wide.shape)]
    return np.linspace(allowed[0], allowed[-1], POINTS)


def _name(setting: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in setting.items())


def _colour(i: int) -> str:
    return COLOURS[i % len(COLOURS)]


def _dots(colour: str) -> dict[str, Any]:
    return {"linestyle": "none", "marker": "o", "color": colour, "markeredgecolor": "white"}


def _arguments(x: np.ndarray, setting: Mapping[str, Any]) -> tuple[np.ndarray, dict[str, Any]]:
    """The target as an array, and the settings without it."""
    others = {name: value for name, value in setting.items() if name != "target"}
    return np.full_like(x, setting["target"]), others


def _evaluate(loss: Loss, x: np.ndarray, setting: Mapping[str, Any], path: str
              ) -> tuple[np.ndarray, np.ndarray]:
    """The loss at every x, and its slope there."""
    pred, (target, others) = Tensor(x, requires_grad=True), _arguments(x, setting)
    y = loss(pred, target, **others, reduction="none", path=path)
    return y.numpy(), grad(y, [pred], np.ones_like(x))[0].numpy()


def _curvature(loss: Loss, x: np.ndarray, setting: Mapping[str, Any]) -> np.ndarray:
    """The second derivative at every x, of the composed path."""
    pred, (target, others) = Tensor(x, requires_grad=True), _arguments(x, setting)
    y = loss(pred, target, **others, reduction="none", path="composed")
    slope = grad(y, [pred], np.ones_like(x), create_graph=True)[0]
    return grad(slope, [pred], np.ones_like(x))[0].numpy() if slope.requires_grad else np.zeros_like(x)


def _draw_line(panels: Any, loss: Loss, x: np.ndarray, setting: Mapping[str, Any], i: int,
               name: str) -> Line2D:
    """Draw the composed path. The slope is asked for close to both sides of a kink and left out on
    it, so that the line breaks off there and does not climb; the curvature at seams, too."""
    look = {"color": _colour(i), "linestyle": LINES[i % len(LINES)], "label": f"{name}, composed"}
    kinks, close = _zeros(loss.kinks, x, setting), 1e-9 * np.ptp(x)

    def with_sides(places: np.ndarray) -> np.ndarray:
        return np.unique(np.concatenate([x, places - close, places, places + close]))
    for axes in panels[2:]:
        places = np.concatenate([kinks, _zeros(loss.seams, x, setting)])
        finer = with_sides(places)
        axes.plot(finer, np.where(np.isin(finer, places), np.nan, _curvature(loss, finer, setting)), **look)
    x = with_sides(kinks)
    value, slope = _evaluate(loss, x, setting, "composed")
    slope = np.where(np.isin(x, kinks), np.nan, slope)
    panels[1].plot(x, slope, **look)
    line: Line2D = panels[0].plot(x, value, **look)[0]
    return line


def _draw_dots(panels: Any, loss: Loss, x: np.ndarray, setting: Mapping[str, Any], i: int,
               name: str) -> None:
    """Draw the fused path; on a kink, its dot shows the slope that was chosen there."""
    for axes, y in zip(panels, _evaluate(loss, x, setting, "fused"), strict=False):
        axes.plot(x, y, **_dots(_colour(i)), label=f"{name}, fused")


def _zeros(function: Any, x: np.ndarray, setting: Mapping[str, Any]) -> np.ndarray:
    """Where the kinks or seams of a loss are: the zeros of `function` within the range of x.

    A zero may be touched and not crossed, so each least |function| on the grid is looked at through
    ever finer grids, until it has shown whether it is 0.
    """
    if function is None:
        return np.array([])
    def size(x: np.ndarray) -> np.ndarray:
        target, others = _arguments(x, setting)
        return np.abs(np.asarray(function(x, target, **others))).reshape(-1, x.size)
    zeros = []
    for number, coarse in enumerate(size(x)):        # a loss may have several such functions
        for at in 1 + np.flatnonzero((coarse[1:-1] <= coarse[:-2]) & (coarse[1:-1] < coarse[2:])):
            low, high = x[at - 1], x[at + 1]
            for _ in range(12):
                fine = np.linspace(low, high, 101)
                best = int(np.clip(np.argmin(size(fine)[number]), 1, 99))
                low, high = fine[best - 1], fine[best + 1]
            if size(fine)[number, best] <= 1e-12 * coarse.max():
                zeros.append(round(float(fine[best]), 12) + 0.0)
    return np.unique(zeros)


def _mark_corners(panels: Any, loss: Loss, x: np.ndarray, complete: Sequence[Mapping[str, Any]]
                  ) -> None:
    """A dotted vertical at each kink and seam, grey unless it belongs to one setting of several."""
    owners: dict[tuple[float, str], list[int]] = {}
    for kind, function in ("kink", loss.kinks), ("seam", loss.seams):
        for i, setting in enumerate(complete):
            for place in _zeros(function, x, setting):
                owners.setdefault((float(place), kind), []).append(i)
    room, labelled = 0.08 * np.ptp(x), -math.inf     # the width of a label, the place of the last
    for (place, kind), settings in sorted(owners.items()):
        colour = _colour(settings[0]) if len(complete) > len(settings) == 1 else GREY
        for axes in panels:
            axes.axvline(place, color=colour, linestyle=":", linewidth=1.6, zorder=1, gid=kind)
        if place - labelled >= room:
            panels[1].text(place, 1.01, kind, transform=panels[1].get_xaxis_transform(),
                           color=colour, fontsize=SMALL, ha="center", va="bottom")
            labelled = place


# ------------------------------------------------------------------------------------------- graph

MARGIN, CAPTION, TITLE = 0.3, 0.55, 0.5       # inches
KEPT = 20                                     # elements of a large array that the JSON file shows


def graph(output: Tensor, names: Mapping[str, Tensor] | None = None, *, title: str | None = None,
          slopes: bool = True, order: bool = False) -> Figure:
    """The computation that made `output`: leaves at the left, each operation right of its inputs.

    A box shows name and operation, the value and, tinted, the slope d output / d node; constants
    are pale. `names` says what Tensors are called. The first input of an operation arrives at the
    top of its box. With `order`, circled numbers tell in which order backward comes by.
    """
    nodes = trace(output, names)
    layout = arrange(nodes, slopes)
    caption = _caption(nodes[-1], slopes and nodes[-1].slope is not None, order)
    drawn = layout.spans[-1][1]
    width = max(drawn, len(caption) * LETTER, len(title or "") * LETTER * 1.2) + 2 * MARGIN
    left, top = (width - drawn) / 2, MARGIN + (TITLE if title else 0)
    height = top + layout.height + (CAPTION if caption else MARGIN)

    fig, axes = figure(size=(width, height), title=title)
    fig.set_layout_engine("none")
    axes.set(position=(0, 0, 1, 1), xlim=(-left, width - left), ylim=(height - top, -top))
    axes.set_axis_off()                              # the axes count inches, from the top left box
    draw(axes, layout, slopes, order)
    axes.text(width / 2 - left, height - top - CAPTION / 2, caption, fontsize=FONT, color=GREY,
              ha="center", va="center")
    fig.tinygrad_data = _graph_data(nodes)
    return fig


def _caption(output: Node, slopes: bool, order: bool) -> str:
    """How to read the boxes."""
    name = output.name or "output"
    name = f"sum({name})" if output.tensor.size > 1 else name
    return "      ".join([f"tinted: slope, d {name} / d node"] * slopes
                         + ["circled: order of backward"] * order)


def _graph_data(nodes: Sequence[Node]) -> dict[str, Any]:
    """Nodes and edges as plain data, arrays flattened."""
    def first(array: np.ndarray | None) -> np.ndarray | None:
        return None if array is None else array.ravel()[:KEPT]
    return {"nodes": [{"id": n.id, "name": n.name, "operation": n.operation, "visit": n.visit,
                       "shape": list(n.tensor.shape), "value": first(n.tensor.data),
                       "slope": first(n.slope)} for n in nodes],
            "edges": [[source.id, n.id] for n in nodes for source in n.inputs]}


# -------------------------------------------------------------------------------------------- save

def save(fig: PlainFigure, path: str | Path, alt: str) -> None:
    """Write the figure to `path`, a PNG, and the numbers it shows to a JSON file beside it.

    The JSON holds titles and labels, lines, scatters and bars in data coordinates, a graph's nodes
    and edges, and `alt`, which says in words what is to be seen. Equal figures give equal bytes.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    fig.savefig(path, dpi=150, bbox_inches="tight", metadata={"Software": None})
    data: dict[str, Any] = {"alt": alt, "title": fig.get_suptitle(),
                            "axes": [_axes_data(axes) for axes in fig.axes]}
    if isinstance(fig, Figure) and fig.tinygrad_data:
        data["graph"] = fig.tinygrad_data
    text = json.dumps(_plain(data), indent=1, ensure_ascii=False, allow_nan=False)
    path.with_suffix(".json").write_text(_numbers_on_one_line(text) + "\n", encoding="utf-8")


def _axes_data(axes: Axes) -> dict[str, Any]:
    """What one pair of axes shows. Marks such as axvline's are not data, and are left out."""
    series = [_series("line", line.get_label(), *line.get_data()) for line in axes.lines
              if line.get_transform() == axes.transData]
    series += [_series("scatter", dots.get_label(), *np.ma.getdata(dots.get_offsets()).T)
               for dots in axes.collections if isinstance(dots, PathCollection)]
    series += [_bars(bars) for bars in axes.containers if isinstance(bars, BarContainer)]
    return {"title": axes.get_title(), "xlabel": axes.get_xlabel(), "ylabel": axes.get_ylabel(),
            "series": series}


def _series(kind: str, label: Any, x: Any, y: Any) -> dict[str, Any]:
    label = str(label)
    return {"kind": kind, "label": "" if label.startswith("_") else label, "x": x, "y": y}


def _bars(bars: BarContainer) -> dict[str, Any]:
    """Bars by their middle and their length, which is x where they lie."""
    lying = bars.orientation == "horizontal"
    x = [b.get_width() if lying else b.get_x() + b.get_width() / 2 for b in bars]
    y = [b.get_y() + b.get_height() / 2 if lying else b.get_height() for b in bars]
    return _series("bar", bars.get_label(), x, y)


def _plain(value: Any) -> Any:
    """Lists, strings and numbers for JSON, which knows neither nan (null here) nor inf (text)."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(item) for item in value]
    if isinstance(value, float | np.floating):
        if math.isnan(value):
            return None
        return float(f"{value:.9g}") + 0.0 if math.isfinite(value) else str(value)
    return value.item() if isinstance(value, np.generic) else value


def _numbers_on_one_line(text: str) -> str:
    """JSON with every innermost list on one line. Text in JSON never holds a line break itself."""
    def join(found: re.Match[str]) -> str:
        return "[" + ", ".join(line.strip(" ,") for line in found[1].strip().split("\n")) + "]"
    return re.sub(r"\[\n([^\[\]{}]*)\]", join, text)


WITHOUT_WINDOWS = ("agg", "cairo", "pdf", "pgf", "ps", "svg", "template")


def show() -> None:
    """Open windows for new figures and wait until they are closed; without a screen, do nothing."""
    import matplotlib.pyplot as plt
    if plt.get_backend().lower() in WITHOUT_WINDOWS:         # now matplotlib looks for a screen
        _unseen.clear()
        return
    while _unseen:
        fig, window = _unseen.popleft(), plt.figure()
        window.set_size_inches(*fig.get_size_inches())
        window.canvas.figure = fig                           # the window's own figure was empty
        fig.set_canvas(window.canvas)
    plt.show()
