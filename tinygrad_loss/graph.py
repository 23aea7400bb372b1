"""The computation graph of a Tensor: its nodes, their places on paper, and the same as text.

    trace(output, names)    the nodes: operation, inputs, value, slope
    mermaid, dot            the graph as text, for a README or for graphviz
    arrange(nodes)          places in columns and rows, and the steps that join them
    draw(axes, layout)      boxes and arrows on matplotlib's Axes

Every operation stands right of its inputs. An edge longer than one column passes through a free
place in each column between, so that it never runs behind a box. The order within a column follows
the mean rank of the neighbours, which keeps crossings few (Sugiyama, Tagawa and Toda, 1981).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, combinations, pairwise
from statistics import fmean
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from .engine import Tensor, grad

SYMBOLS = {"add": "+", "sub": "−", "mul": "×", "div": "÷"}
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


# ------------------------------------------------------------------------------------------- nodes

@dataclass(eq=False)
class Node:
    """A Tensor of the graph, and what is said about it."""

    id: str
    tensor: Tensor
    name: str                                 # what the caller calls it, or ""
    inputs: list[Node]
    slope: np.ndarray | None                  # d output / d node; None where no gradient is needed
    visit: int | None                         # backward comes here as the first, second ...

    @property
    def operation(self) -> str:
        """The symbol or the name of what made it; "" for a leaf."""
        op = self.tensor._op
        if op is None:
            return ""
        if op.name == "power":
            exponent = f"{self.tensor._settings[0]:g}"
            whole = exponent.lstrip("-").isdigit()
            return f"x{exponent.translate(SUPERSCRIPTS)}" if whole else f"x^{exponent}"
        return SYMBOLS.get(op.name, str(op.name))

    @property
    def header(self) -> str:
        """Name, operation and the shape of an array; "" for a plain number."""
        made_by = f"({self.operation})" if self.name and self.operation else self.operation
        shape = str(self.tensor.shape) if self.tensor.shape else ""
        return " ".join(part for part in (self.name, made_by, shape) if part)

    def label(self, slope: str | None = "slope ") -> list[str]:
        """The lines of text that stand for it; the last begins with `slope`, or is left out."""
        lines = [*filter(None, [self.header]), digits(self.tensor.data)]
        if slope is None or self.slope is None:
            return lines
        return [*lines, slope + digits(self.slope)]


def digits(array: np.ndarray) -> str:
    """A number with 4 digits; up to three elements of an array, or two and dots, with 3 digits."""
    if array.ndim == 0:
        return f"{array + 0.0:.4g}"           # + 0.0 turns -0 into 0
    first = [f"{x + 0.0:.3g}" for x in array.flat[:3]]
    return f"[{', '.join(first if array.size <= 3 else [*first[:2], '…'])}]"


def trace(output: Tensor, names: Mapping[str, Tensor] | None = None) -> list[Node]:
    """All that leads to `output`, oldest first. Slopes are those of the sum of its elements."""
    found, stack = {id(output): output}, [output]
    while stack:
        for x in stack.pop()._inputs:
            if id(x) not in found:
                found[id(x)] = x
                stack.append(x)
    tensors = sorted(found.values(), key=lambda x: x._order)

    visited = [x for x in reversed(tensors) if x.requires_grad]       # backward: newest first
    slopes = grad(output, visited, np.ones_like(output.data)) if visited else []
    slope_of = {id(x): slope.numpy() for x, slope in zip(visited, slopes, strict=True)}
    visit_of = {id(x): number for number, x in enumerate(visited, 1)}
    name_of = {id(x): name for name, x in (names or {}).items()}
    nodes: dict[int, Node] = {}
    for x in tensors:
        nodes[id(x)] = Node(f"n{len(nodes)}", x, name_of.get(id(x), ""),
                            [nodes[id(i)] for i in x._inputs],
                            slope_of.get(id(x)), visit_of.get(id(x)))
    return list(nodes.values())


def mermaid(output: Tensor, names: Mapping[str, Tensor] | None = None) -> str:
    """The graph as a Mermaid flowchart; constants have dashed borders."""
    nodes = trace(output, names)
    lines = ["flowchart LR"]
    for node in nodes:           # a line that starts with + would be a list, the code of + is not
        text = "<br/>".join(node.label()).replace('"', "#quot;").replace("+", "#43;")
        lines.append(f'    {node.id}["{text}"]{":::constant" if node.slope is None else ""}')
    lines += [f"    {source.id} --> {node.id}" for node in nodes for source in node.inputs]
    return "\n".join([*lines, "    classDef constant stroke-dasharray: 4 4"]) + "\n"


def dot(output: Tensor, names: Mapping[str, Tensor] | None = None) -> str:
    """The graph in the DOT language of graphviz; constants have dashed borders."""
    nodes = trace(output, names)
    lines = ["digraph {", "    rankdir=LR", "    node [shape=box]"]
    for node in nodes:
        text = "\\n".join(node.label()).replace('"', '\\"')
        dashes = " style=dashed" if node.slope is None else ""
        lines.append(f'    {node.id} [label="{text}"{dashes}]')
    lines += [f"    {source.id} -> {node.id}" for node in nodes for source in node.inputs]
    return "\n".join([*lines, "}"]) + "\n"


# ------------------------------------------------------------------------------------------ layout
# Lengths are in inches. x points to the right, y down: the first of a column is at its top.

FONT = 16                                     # points, 72 to the inch
LETTER = 0.602 * FONT / 72                    # the width of every letter of DejaVu Sans Mono
LINE, PADDING = 0.32, 0.14
COLUMN_GAP, ROW_GAP = 0.55, 0.34
SWEEPS, SETTLING = 20, 300                    # more than graphs that fit on a wall need


@dataclass(eq=False)
class Place:
    """A spot in a column: for the box of a node, or for its edge to pass on to later columns."""

    column: int
    node: Node                                # whose box, or whose edge
    is_box: bool
    width: float = 0.0
    height: float = 0.0
    x: float = 0.0                            # of the middle
    y: float = 0.0


class Step(NamedTuple):
    """The part of an edge between neighbouring columns."""

    left: Place
    right: Place
    port: float = 0.0                         # where it ends: -1/2 top of the box, 1/2 bottom

    @property
    def drop(self) -> float:
        """How far below the middle of the right place it ends."""
        return self.port * self.right.height


@dataclass
class Layout:
    """The places, column by column from the left, and the steps that join them."""

    columns: list[list[Place]]
    steps: list[Step]
    spans: list[tuple[float, float]] = field(default_factory=list)      # of x, for each column
    height: float = 0.0


def arrange(nodes: Sequence[Node], slopes: bool = True) -> Layout:
    """A place for every node, so that nothing overlaps and few edges cross."""
    layout = _join(nodes, slopes)
    _uncross(layout)
    _set_x(layout)
    _set_y(layout)
    return layout


def _join(nodes: Sequence[Node], slopes: bool) -> Layout:
    """Columns, oldest at the top. The first input of an operation arrives at the top of its box."""
    column_of = _column_of(nodes)
    columns: list[list[Place]] = [[] for _ in range(max(column_of.values()) + 1)]
    steps: list[Step] = []
    chains: dict[Node, list[Place]] = {}      # the node's box, then the places its edges pass
    for node in nodes:
        lines = node.label("" if slopes else None)    # colour and place say that it is the slope
        box = Place(column_of[node], node, True, max(map(len, lines)) * LETTER + 2 * PADDING,
                    len(lines) * LINE + PADDING)
        last_use = max((column_of[n] for n in nodes if node in n.inputs), default=0)
        chains[node] = [box, *(Place(c, node, False) for c in range(box.column + 1, last_use))]
        for place in chains[node]:
            columns[place.column].append(place)
        steps += [Step(left, right) for left, right in pairwise(chains[node])]
    for node in nodes:
        for i, source in enumerate(node.inputs):
            left = chains[source][column_of[node] - column_of[source] - 1]
            steps.append(Step(left, chains[node][0], (i + 0.5) / len(node.inputs) - 0.5))
    return Layout(columns, steps)


def _column_of(nodes: Sequence[Node]) -> dict[Node, int]:
    """The longest path from a leaf. A number without a name stands beside its first use."""
    column: dict[Node, int] = {}
    for node in nodes:
        column[node] = max((column[i] + 1 for i in node.inputs), default=0)
    for node in nodes:
        users = [column[n] for n in nodes if node in n.inputs]
        if node.slope is None and not node.name and users:
            column[node] = min(users) - 1
    return column


def _uncross(layout: Layout) -> None:
    """Sort every column by the mean rank of its left neighbours, then of its right ones, and so on;
    keep the best that turns up."""
    columns, steps = layout.columns, layout.steps
    layout.columns = [list(column) for column in columns]
    wish: dict[Place, float] = {}
    for sweep in range(SWEEPS):
        rightwards = sweep % 2 == 0
        for column in columns if rightwards else reversed(columns):
            rank = _ranks(columns)
            for p in column:
                near = ([rank[s.left] for s in steps if s.right is p] if rightwards else
                        [rank[s.right] + s.port for s in steps if s.left is p])
                wish[p] = fmean(near or [rank[p]])
            column.sort(key=wish.__getitem__)
        if _crossings(columns, steps) < _crossings(layout.columns, steps):
            layout.columns = [list(column) for column in columns]


def _ranks(columns: Sequence[Sequence[Place]]) -> dict[Place, int]:
    """0 for the top of a column, 1 for the next ..."""
    return {place: rank for column in columns for rank, place in enumerate(column)}


def _crossings(columns: Sequence[Sequence[Place]], steps: Sequence[Step]) -> int:
    """How many pairs of steps between the same two columns cross."""
    rank = _ranks(columns)
    ends = [(s.left.column, rank[s.left], rank[s.right] + s.port) for s in steps]
    return sum(a[0] == b[0] and (a[1] - b[1]) * (a[2] - b[2]) < 0 for a, b in combinations(ends, 2))


def _set_x(layout: Layout) -> None:
    """Columns side by side, each as wide as its widest box."""
    x = 0.0
    for column in layout.columns:
        width = max(place.width for place in column)
        layout.spans.append((x, x + width))
        for place in column:
            place.x, place.width = x + width / 2, place.width if place.is_box else width
        x += width + COLUMN_GAP


def _set_y(layout: Layout) -> None:
    """Make edges as level as can be: the sum of their squared rises least, column after column, the
    others held. What constants add hardly counts, so that they give way to the operations."""
    pulls = {p: [(p, 0.0, 1e-9)] for column in layout.columns for p in column}
    for step in layout.steps:
        weight = 1e-4 if step.left.node.slope is None else 1.0
        pulls[step.left].append((step.right, step.drop, weight))
        pulls[step.right].append((step.left, -step.drop, weight))
    for sweep in range(SETTLING):
        for column in layout.columns if sweep % 2 == 0 else reversed(layout.columns):
            weights = [[weight for _, _, weight in pulls[p]] for p in column]
            wishes = [fmean([other.y + drop for other, drop, _ in pulls[p]], w)
                      for p, w in zip(column, weights, strict=True)]
            gaps = [(a.height + b.height) / 2 + ROW_GAP for a, b in pairwise(column)]
            for place, y in zip(column, _spread(wishes, [*map(sum, weights)], gaps), strict=True):
                place.y = y
    top = min(place.y - place.height / 2 for place in pulls)
    for place in pulls:
        place.y -= top
    layout.height = max(place.y + place.height / 2 for place in pulls)


def _spread(wishes: Sequence[float], weights: Sequence[float], gaps: Sequence[float]
            ) -> list[float]:
    """The increasing numbers nearest to the wishes, in least squares, at least the gaps apart."""
    offsets = [0.0, *accumulate(gaps)]
    def mean(block: list[int]) -> float:
        return fmean([wishes[i] - offsets[i] for i in block], [weights[i] for i in block])
    blocks: list[list[int]] = []              # neighbours that wish to overlap move as one block
    for i in range(len(wishes)):
        blocks.append([i])
        while len(blocks) > 1 and mean(blocks[-2]) >= mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    return [mean(block) + offsets[i] for block in blocks for i in block]


# ----------------------------------------------------------------------------------------- drawing

INK, PALE_INK, SLOPE_INK = "#000000", "#6A6A6A", "#A84300"
PAPER, PALE_PAPER, LEAF_PAPER, SLOPE_PAPER = "#FFFFFF", "#F4F4F4", "#DCEEFA", "#FCE9DC"
BADGE, ARROW = 0.17, 0.14                     # the radius of a circled number, the length of a tip


def draw(axes: Axes, layout: Layout, slopes: bool, order: bool) -> None:
    """Draw a graph on axes that count inches from its top left corner, y downwards."""
    for step in layout.steps:
        _draw_step(axes, step, layout)
    for place in (place for column in layout.columns for place in column):
        if place.is_box:
            _draw_box(axes, place, slopes, order)


def _draw_step(axes: Axes, step: Step, layout: Layout) -> None:
    """An edge's part: level within the columns, bent only in the gap between them."""
    a, b = step.left, step.right
    start = a.x + a.width / 2 if a.is_box else a.x - a.width / 2
    bend, unbend = layout.spans[a.column][1], layout.spans[b.column][0]
    end, level = b.x - b.width / 2, b.y + step.drop
    tip, ink = ARROW if b.is_box else 0.0, PALE_INK if a.node.slope is None else INK
    middle = (bend + unbend - tip) / 2
    points = [(start, a.y), (bend, a.y), (middle, a.y), (middle, level), (unbend - tip, level),
              (end - tip, level)]
    codes = [Path.MOVETO, Path.LINETO, *[Path.CURVE4] * 3, Path.LINETO]
    axes.add_patch(PathPatch(Path(points, codes), fill=False, linewidth=1.8, edgecolor=ink))
    head = [(end, level), (end - tip, level - tip / 2), (end - tip, level + tip / 2)]
    axes.add_patch(Polygon(head, color=ink, linewidth=0))


def _draw_box(axes: Axes, place: Place, slopes: bool, order: bool) -> None:
    """Paper, the slope's tinted strip, frame, text, and the number at the corner."""
    node, width, height = place.node, place.width, place.height
    x, y = place.x - width / 2, place.y - height / 2
    pale, has_slope = node.slope is None, slopes and node.slope is not None
    paper = PALE_PAPER if pale else PAPER if node.inputs else LEAF_PAPER
    ink = PALE_INK if pale else INK
    strip = LINE + PADDING / 2 if has_slope else 0.0
    axes.add_patch(Rectangle((x, y), width, height, color=paper, zorder=2, linewidth=0))
    axes.add_patch(Rectangle((x, y + height - strip), width, strip, color=SLOPE_PAPER, zorder=2,
                             linewidth=0))
    axes.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=ink, linewidth=1.6,
                             linestyle="--" if pale else "-", zorder=3))
    lines = node.label("" if slopes else None)
    for i, line in enumerate(lines):
        is_header, is_slope = i == 0 and node.header != "", has_slope and i == len(lines) - 1
        axes.text(place.x, y + PADDING / 2 + (i + 0.5) * LINE, line, family="DejaVu Sans Mono",
                  fontsize=FONT, fontweight="bold" if is_header else "normal", parse_math=False,
                  color=SLOPE_INK if is_slope else ink, ha="center", va="center_baseline", zorder=4)
    if order and node.visit is not None:
        x, y = x - BADGE / 3, y - BADGE / 3          # aside, to leave the text free
        axes.add_patch(Circle((x, y), BADGE, facecolor=INK, edgecolor=PAPER, zorder=5))
        axes.text(x, y, str(node.visit), color=PAPER, fontsize=12, fontweight="bold", zorder=6,
                  ha="center", va="center_baseline")
