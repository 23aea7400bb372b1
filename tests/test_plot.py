"""Figures by their structure and their numbers, never by their pixels."""

import copy
import json
import os
import subprocess
import sys
from itertools import combinations

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from tinygrad_loss import Tensor, graph, losses, plot, primitive
from tinygrad_loss.losses.domain import UNIT


def leaf(x):
    return Tensor(x, requires_grad=True)


def python(code, **environment):
    """Run a program in a process of its own, where warnings are errors; return what it prints."""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], text=True, timeout=120,
                          capture_output=True, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---------------------------------------------------------------------------------------- imports

def test_matplotlib_is_not_loaded_by_the_package_nor_pyplot_by_plot():
    assert python("import sys, tinygrad_loss; print('matplotlib' in sys.modules)") == "False\n"
    assert python("import sys, tinygrad_loss.plot; print('matplotlib' in sys.modules, "
                  "'matplotlib.pyplot' in sys.modules)") == "True False\n"


# ------------------------------------------------------------------------------------------ style

def test_every_colour_has_a_line_style_of_its_own():
    assert len(plot.COLOURS) == len(plot.LINES) == len(set(plot.COLOURS)) == len(set(plot.LINES))
    _, axes = plot.figure()
    for colour, style in zip(plot.COLOURS, plot.LINES, strict=True):
        line, = axes.plot([0, 1])
        assert to_hex(line.get_color()).upper() == colour
        assert line._unscaled_dash_pattern == ((0, None) if style == "-" else style)


def test_figure_gives_one_pair_of_axes_or_an_array():
    fig, axes = plot.figure(title="A title")
    assert fig.axes == [axes] and fig.get_suptitle() == "A title"
    _, column = plot.figure(2, 1, sharex=True)
    assert column.shape == (2,)
    column[0].set_xlim(3, 4)
    assert column[1].get_xlim() == (3, 4)
    fig, grid = plot.figure(2, 3, size=(10, 5))
    assert grid.shape == (2, 3) and tuple(fig.get_size_inches()) == (10, 5)
    grid[0, 0].set_xlim(3, 4)
    assert grid[1, 0].get_xlim() != (3, 4)


def test_letters_drawn_later_are_large_too():
    _, axes = plot.figure()
    axes.plot([0, 1], label="a line")
    assert axes.set_title("later").get_fontsize() >= 16
    assert axes.legend().get_texts()[0].get_fontsize() >= 13


# ----------------------------------------------------------------------------------------- curves

def series(axes, label):
    """x and y of the one line with that label."""
    line, = [line for line in axes.lines if line.get_label() == label]
    return line.get_data()


def marks(axes, kind):
    """Where the verticals of a kind stand."""
    return [line.get_xdata()[0] for line in axes.lines if line.get_gid() == kind]


@pytest.mark.parametrize("path", ["composed", "fused"])
def test_lines_and_dots_are_the_loss_above_and_its_slope_below(path):
    above, below = plot.curves(losses.huber, [{"delta": 0.5}, {"delta": 2.0}], target=1.0).axes
    for delta in 0.5, 2.0:
        x, y = series(above, f"delta = {delta}, {path}")
        error = x - 1.0
        expected = np.where(abs(error) <= delta, error**2 / 2, delta * (abs(error) - delta / 2))
        np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-15)
        x, y = series(below, f"delta = {delta}, {path}")
        np.testing.assert_allclose(y, np.clip(x - 1.0, -delta, delta), rtol=1e-12, atol=1e-15)


def test_lines_come_from_the_composed_path_and_dots_from_the_fused_one():
    two_faced = copy.copy(losses.mse)
    two_faced.composed = lambda pred, target: 3 * (pred - target) ** 2
    panels = plot.curves(two_faced).axes
    for axes, right in zip(panels, (lambda x: x**2, lambda x: 2 * x), strict=True):
        x, y = series(axes, "mse, composed")
        np.testing.assert_allclose(y, 3 * right(x), atol=1e-12)
        x, y = series(axes, "mse, fused")
        np.testing.assert_allclose(y, right(x), atol=1e-12)


def test_dots_are_sparse_and_lines_are_dense():
    above, _ = plot.curves(losses.mse).axes
    assert 10 <= len(series(above, "mse, fused")[0]) <= 30
    assert len(series(above, "mse, composed")[0]) >= 300


def test_dots_of_different_settings_do_not_hide_each_other():
    above, _ = plot.curves(losses.huber, [{"delta": 0.5}, {"delta": 2.0}]).axes
    x, other = (series(above, f"delta = {delta}, fused")[0] for delta in (0.5, 2.0))
    assert abs(x[:, None] - other).min() > 0.1


def test_settings_differ_in_colour_and_line_style_and_are_named():
    above, below = plot.curves(losses.huber, [{"delta": 0.5}, {"delta": 2.0}]).axes
    looks = {(to_hex(line.get_color()), line.get_linestyle()) for line in above.lines
             if line.get_label().endswith("composed")}
    assert len({colour for colour, _ in looks}) == len({style for _, style in looks}) == 2
    assert [t.get_text() for t in above.get_legend().get_texts()] == ["delta = 0.5", "delta = 2.0"]
    assert [t.get_text() for t in below.get_legend().get_texts()] == ["composed", "fused"]


def test_axes_are_labelled():
    fig = plot.curves(losses.mae, target=2)
    above, below = fig.axes
    assert fig.get_suptitle() == "mae"
    assert above.get_ylabel() == "loss" and below.get_ylabel() == "slope  d loss / d pred"
    assert below.get_xlabel() == "pred   (target = 2)"
    fig = plot.curves(losses.mae, title="Absolute error", xlabel="prediction")
    assert fig.get_suptitle() == "Absolute error" and fig.axes[1].get_xlabel() == "prediction"


def test_panels_share_one_x_axis():
    above, below = plot.curves(losses.mse).axes
    above.set_xlim(0, 1)
    assert below.get_xlim() == (0, 1)


def test_a_setting_may_name_its_target():
    above, below = plot.curves(losses.bce_with_logits, [{"target": 0}, {"target": 1}]).axes
    x, y = series(above, "target = 0, composed")
    np.testing.assert_allclose(y, np.log1p(np.exp(x)), rtol=1e-12)
    x, y = series(below, "target = 1, fused")
    np.testing.assert_allclose(y, -1 / (1 + np.exp(x)), rtol=1e-12)
    assert below.get_xlabel() == "pred"


def test_given_x_are_used():
    x = np.linspace(5, 6, 7)
    above, _ = plot.curves(losses.mse, x=x).axes
    np.testing.assert_array_equal(series(above, "mse, composed")[0], x)
    np.testing.assert_array_equal(series(above, "mse, fused")[0], x)


def test_usual_x_stay_within_what_the_loss_allows():
    share = copy.copy(losses.mse)
    share.domains = {**losses.mse.domains, "pred": UNIT}
    x, _ = series(plot.curves(share).axes[0], "mse, composed")
    assert (x.min(), x.max()) == (0, 1)
    x, _ = series(plot.curves(losses.mse).axes[0], "mse, composed")
    assert (x.min(), x.max()) == (-3, 3)


@pytest.mark.parametrize("target", [0.0, 1.5, -0.123456])
def test_a_kink_is_marked_and_the_slope_breaks_there(target):
    above, below = plot.curves(losses.mae, target=target).axes
    for axes in above, below:
        assert marks(axes, "kink") == [pytest.approx(target, abs=1e-12)]
    assert [t.get_text() for t in below.texts] == ["kink"]
    x, y = series(below, "mae, composed")
    broken, = np.flatnonzero(np.isnan(y))
    assert x[broken] == pytest.approx(target, abs=1e-12)
    assert y[broken - 1] == -1 and y[broken + 1] == 1
    assert x[broken + 1] - x[broken - 1] < 1e-7
    assert not np.isnan(series(above, "mae, composed")[1]).any()


def test_seams_are_marked_for_every_setting_and_do_not_break_the_slope():
    _, below = plot.curves(losses.huber, [{"delta": 0.5}, {"delta": 2.0}]).axes
    assert marks(below, "seam") == pytest.approx([-2.0, -0.5, 0.5, 2.0], abs=1e-12)
    colours = [to_hex(line.get_color()).upper() for line in below.lines if line.get_gid() == "seam"]
    assert colours == [plot.COLOURS[i] for i in (1, 0, 0, 1)]
    assert marks(below, "kink") == []
    assert not np.isnan(series(below, "delta = 0.5, composed")[1]).any()


def test_a_smooth_loss_has_no_marks():
    for axes in plot.curves(losses.mse).axes:
        assert marks(axes, "kink") == marks(axes, "seam") == []
        assert not axes.texts


@pytest.mark.parametrize("kinks, expected", [
    (lambda pred, target: (pred - 0.4321) ** 2, [0.4321]),               # touched, off the grid
    (lambda pred, target: (pred - 0.4321) ** 2 + 1e-6, []),                 # nearly touched
    (lambda pred, target: [pred - 1, pred**2 - 4], [-2, 1, 2]),             # several functions
    (lambda pred, target: pred - 7, []),                                    # out of sight
])
def test_zeros_are_found_wherever_they_are(kinks, expected):
    loss = copy.copy(losses.mae)
    loss.kinks = kinks
    assert marks(plot.curves(loss).axes[0], "kink") == pytest.approx(expected, abs=1e-7)


def test_the_curvature_is_drawn_below_and_breaks_at_kinks_and_seams():
    fig = plot.curves(losses.huber, [{"delta": 1.0}], curvature=True)
    x, y = series(fig.axes[2], "delta = 1.0, composed")
    np.testing.assert_array_equal(y[np.abs(x) < 0.999], 1)
    np.testing.assert_array_equal(y[np.abs(x) > 1.001], 0)
    np.testing.assert_allclose(x[np.isnan(y)], [-1, 1], rtol=1e-12)
    assert fig.axes[2].get_ylabel() == "curvature  d slope / d pred"
    assert fig.axes[2].get_xlabel() == "pred   (target = 0)" and fig.axes[1].get_xlabel() == ""
    x, y = series(plot.curves(losses.mae, curvature=True).axes[2], "mae, composed")
    assert x[np.isnan(y)] == 0 and not y[x != 0].any()


def test_fixed_settings_hold_for_every_curve_and_are_not_in_their_names():
    above, _ = plot.curves(losses.bce_with_logits, [{"target": 0.0}, {"target": 1.0}],
                           fixed={"pos_weight": 3.0}).axes
    x, y = series(above, "target = 1.0, composed")
    np.testing.assert_allclose(y, 3 * np.log1p(np.exp(-x)), rtol=1e-12)


# ------------------------------------------------------------------------------------------ graph

def neuron():
    """((x w + b) - t)^2 at a point whose slopes are easily found by hand."""
    x, w, b, t = leaf(1.5), leaf(-2.0), leaf(0.5), Tensor(1.0)
    return ((x * w + b) - t) ** 2, {"x": x, "w": w, "b": b, "t": t}


def by_text(data):
    return {node["name"] or node["operation"]: node for node in data["nodes"]}


def words(fig):
    return [text.get_text() for text in fig.axes[0].texts]


def test_graph_has_the_nodes_values_and_slopes_of_a_neuron():
    data = plot.graph(*neuron()).tinygrad_data
    # e = -3.5, so d e^2 / de = -7, which passes sub and add; times w for x, times x for w
    expected = {"x": (1.5, 14), "w": (-2, -10.5), "b": (0.5, -7), "t": (1, None), "×": (-3, -7),
                "+": (-2.5, -7), "−": (-3.5, -7), "x²": (12.25, 1)}
    nodes = by_text(data)
    assert set(nodes) == set(expected)
    for text, (value, slope) in expected.items():
        assert nodes[text]["value"].tolist() == [value]
        assert (slope is None) == (nodes[text]["slope"] is None)
        assert slope is None or nodes[text]["slope"].tolist() == [slope]
    text_of = {node["id"]: text for text, node in nodes.items()}
    assert {(text_of[a], text_of[b]) for a, b in data["edges"]} == {
        ("x", "×"), ("w", "×"), ("×", "+"), ("b", "+"), ("+", "−"), ("t", "−"),
        ("−", "x²")}


def test_graph_writes_values_and_slopes_into_the_boxes():
    drawn = words(plot.graph(*neuron()))
    assert {"x", "1.5", "14", "×", "-3", "x²", "12.25"} <= set(drawn)
    assert "tinted: slope, d output / d node" in drawn
    without = words(plot.graph(*neuron(), slopes=False))
    assert "1.5" in without and "14" not in without and not any("slope" in word for word in without)


def test_graph_numbers_the_nodes_in_the_order_of_backward():
    came_by = []

    def watched(name):
        def rule(g, y, x):
            came_by.append(name)
            return g * y
        return primitive(np.exp, rule, name=name)
    x = leaf(0.5)
    late = watched("late")(x)
    later = watched("later")(x)
    output = watched("last")(late * later)
    output.backward()
    backward = tuple(came_by)
    assert backward == ("last", "later", "late")

    fig = plot.graph(output, {"x": x}, order=True)
    nodes = by_text(fig.tinygrad_data)
    visits = {text: node["visit"] for text, node in nodes.items()}
    assert tuple(sorted(backward, key=visits.get)) == backward
    assert visits == {"last": 1, "×": 2, "later": 3, "late": 4, "x": 5}
    assert "circled: order of backward" in words(fig)[-1]
    assert set("12345") <= set(words(fig)) and "5" not in words(plot.graph(output))


def test_slopes_of_an_array_are_those_of_the_sum_of_the_output():
    x, scale = leaf([1.0, 2.0, 3.0, 4.0]), Tensor([10.0, 10.0, 20.0, 20.0])
    y = x * scale
    fig = plot.graph(y, {"x": x, "y": y})
    nodes = by_text(fig.tinygrad_data)
    assert nodes["x"]["slope"].tolist() == [10, 10, 20, 20] and nodes["x"]["shape"] == [4]
    assert nodes["y"]["slope"].tolist() == [1, 1, 1, 1]
    drawn = words(fig)
    assert {"x (4,)", "[1, 2, …]", "[10, 10, …]", "y (×) (4,)"} <= set(drawn)
    assert "tinted: slope, d sum(y) / d node" in drawn


def test_interior_slopes_do_not_wait_for_backward_nor_leave_gradients():
    output, names = neuron()
    plot.graph(output, names)
    assert all(x.grad is None for x in names.values())


def test_an_input_used_twice_has_two_edges():
    x = leaf(3.0)
    data = plot.graph(x * x, {"x": x}).tinygrad_data
    assert data["edges"] == [["n0", "n1"], ["n0", "n1"]]
    assert by_text(data)["x"]["slope"].tolist() == [6]


def test_a_fused_loss_is_one_node_behind_its_input():
    pred = leaf([2.5, 0.0])
    data = plot.graph(losses.mse(pred, [3.0, -0.5], path="fused"), {"pred": pred}).tinygrad_data
    assert [node["name"] or node["operation"] for node in data["nodes"]] == ["pred", "mse"]
    assert data["nodes"][0]["slope"].tolist() == [-0.5, 0.5]


@pytest.mark.parametrize("power, text", [(2, "x²"), (-1, "x⁻¹"), (3.0, "x³"), (0.5, "x^0.5")])
def test_powers_show_their_exponent(power, text):
    assert graph.trace(leaf(4.0) ** power)[-1].operation == text


@pytest.mark.parametrize("value, text", [
    (np.array(-0.0), "0"), (np.array(1 / 3), "0.3333"), (np.array(1e-5), "1e-05"),
    (np.array(np.nan), "nan"), (np.array([1 / 3]), "[0.333]"), (np.array([1, 2, 3.0]), "[1, 2, 3]"),
    (np.ones((2, 2)), "[1, 1, …]"), (np.array([]), "[]")])
def test_digits(value, text):
    assert graph.digits(value) == text


def test_leaves_stand_at_the_left_the_output_at_the_right_and_numbers_beside_their_use():
    x = leaf(2.0)
    layout = graph.arrange(graph.trace((x.exp() + x) * 3.0, {"x": x}))
    column_of = {p.node.header or "3": p.column for c in layout.columns for p in c if p.is_box}
    assert column_of == {"x": 0, "exp": 1, "+": 2, "3": 2, "×": 3}


def expressions():
    """Graphs of 1 to 15 nodes, with shared nodes, arrays, long edges and long numbers."""
    x, w, c = leaf(1.5), leaf(-2.0), Tensor(1.0)
    pred = leaf([2.5, 0.0, -1234.5678])
    q = (leaf([[1.0, 2.0]]) @ leaf([[1.0], [2.0]])).tanh()
    return {
        "leaf": x, "constant": c, "square": x * x, "diamond": x.exp() * x + x,
        "neuron": neuron()[0], "far": ((((x * w).exp() + w).tanh() + x) * w - c).log1p(),
        "mse": losses.mse(pred, [1.0, 2.0, 3.0], path="composed"),
        "huber": losses.huber(pred, [1.0, 2.0, 3.0], path="composed"),
        "net": (q * q + q.exp() - 1 / (1 + q)).sum(),
    }


@pytest.mark.parametrize("name", expressions())
@pytest.mark.parametrize("slopes", [True, False])
def test_no_boxes_texts_or_edges_overlap(name, slopes):
    output = expressions()[name]
    fig = plot.graph(output, {"a long name": output}, title="A title", slopes=slopes, order=True)
    layout = graph.arrange(graph.trace(output, {"a long name": output}), slopes)
    for column in layout.columns:                      # an edge that passes on counts as a thin box
        for a, b in combinations(column, 2):
            assert abs(a.y - b.y) >= (a.height + b.height) / 2 + 0.2
    for (_, right), (left, _) in zip(layout.spans, layout.spans[1:], strict=False):
        assert left - right >= 0.3
    for place in (place for column in layout.columns for place in column):
        assert layout.spans[place.column][0] <= place.x - place.width / 2 + 1e-9

    renderer = FigureCanvasAgg(fig).get_renderer()
    fig.draw(renderer)
    texts = [t for t in [*fig.axes[0].texts, *fig.texts] if t.get_text()]
    extents = [text.get_window_extent(renderer) for text in texts]
    for a, b in combinations(extents, 2):
        assert not (a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1)
    for extent in extents:
        assert 0 <= extent.x0 and extent.x1 <= fig.bbox.x1
        assert 0 <= extent.y0 and extent.y1 <= fig.bbox.y1
    boxes = [patch.get_window_extent(renderer) for patch in fig.axes[0].patches
             if isinstance(patch, Rectangle)]
    node_texts = [e for t, e in zip(texts, extents, strict=True) if "Mono" in t.get_fontfamily()[0]]
    assert len(node_texts) >= len(graph.trace(output))
    for extent in node_texts:
        assert any(box.x0 < extent.x0 and extent.x1 < box.x1 and box.y0 < extent.y0
                   and extent.y1 < box.y1 for box in boxes)


def test_a_tree_is_drawn_without_crossings_whatever_the_order_of_its_leaves():
    a, b, c, d = (leaf(float(i)) for i in (1, 2, 3, 4))
    layout = graph.arrange(graph.trace((d * a).exp() + (c * b).exp()))
    assert graph._crossings(layout.columns, layout.steps) == 0
    crossed = [layout.columns[0][::-1], *layout.columns[1:]]
    assert graph._crossings(crossed, layout.steps) > 0


def test_edges_of_operations_are_level_where_constants_are_their_only_obstacle():
    pred = leaf([2.5, 0.0])
    layout = graph.arrange(graph.trace(losses.mse(pred, [3.0, -0.5], path="composed")))
    rises = {place.node.header: abs(step.left.y - step.right.y - step.drop)
             for step in layout.steps for place in [step.left]}
    constants = {"(2,)", ""}
    assert {header for header, rise in rises.items() if rise > 0.01} == constants


def test_a_chain_stays_level_on_its_way_to_a_branching():
    x = leaf([1.0, 2.0])
    q = x.exp().tanh().exp().tanh()
    layout = graph.arrange(graph.trace((q * q + q.exp() - 1 / (1 + q)).sum()))
    assert len(layout.columns) > 6
    assert np.ptp([column[0].y for column in layout.columns[:4]]) < 1e-3


def test_mermaid_and_dot():
    x, b = leaf(3.0), Tensor(0.5)
    y = x * x + b
    assert plot.mermaid(y, {"x": x, 'the "y"': y}) == """\
flowchart LR
    n0["x<br/>3<br/>slope 6"]
    n1["0.5"]:::constant
    n2["×<br/>9<br/>slope 1"]
    n3["the #quot;y#quot; (#43;)<br/>9.5<br/>slope 1"]
    n0 --> n2
    n0 --> n2
    n2 --> n3
    n1 --> n3
    classDef constant stroke-dasharray: 4 4
"""
    assert plot.dot(y, {"x": x, 'the "y"': y}) == r"""digraph {
    rankdir=LR
    node [shape=box]
    n0 [label="x\n3\nslope 6"]
    n1 [label="0.5" style=dashed]
    n2 [label="×\n9\nslope 1"]
    n3 [label="the \"y\" (+)\n9.5\nslope 1"]
    n0 -> n2
    n0 -> n2
    n2 -> n3
    n1 -> n3
}
"""


# ------------------------------------------------------------------------------------ save and show

def saved(fig, folder, alt="what is to be seen"):
    """Save, check that both files are there, and return what the JSON holds."""
    plot.save(fig, folder / "deep" / "picture.png", alt)
    assert (folder / "deep" / "picture.png").read_bytes().startswith(b"\x89PNG")
    return json.loads((folder / "deep" / "picture.json").read_text(encoding="utf-8"))


def test_save_keeps_titles_labels_lines_scatters_and_bars_without_helpers(tmp_path):
    fig, (left, right) = plot.figure(1, 2, title="Both")
    left.set(title="Left", xlabel="x", ylabel="y")
    left.plot([0, 1, 2], [1 / 3, -0.0, np.nan], label="a line")
    left.plot([4.0], [np.inf])
    left.axvline(1.0)
    left.axhline(1.0, label="a helper")
    left.scatter([1, 2], [3, 4], label="dots")
    right.bar([0, 1], [5, 6], label="standing")
    right.barh([0, 1], [7, 8], label="lying")
    assert saved(fig, tmp_path) == {
        "alt": "what is to be seen", "title": "Both", "axes": [
            {"title": "Left", "xlabel": "x", "ylabel": "y", "series": [
                {"kind": "line", "label": "a line", "x": [0, 1, 2], "y": [0.333333333, 0, None]},
                {"kind": "line", "label": "", "x": [4], "y": ["inf"]},
                {"kind": "scatter", "label": "dots", "x": [1, 2], "y": [3, 4]}]},
            {"title": "", "xlabel": "", "ylabel": "", "series": [
                {"kind": "bar", "label": "standing", "x": [0, 1], "y": [5, 6]},
                {"kind": "bar", "label": "lying", "x": [7, 8], "y": [0, 1]}]}]}


def test_save_leaves_marks_of_kinks_out_and_the_figure_usable(tmp_path):
    fig = plot.curves(losses.mae)
    data = saved(fig, tmp_path)
    for panel in data["axes"]:
        assert [s["label"] for s in panel["series"]] == ["mae, composed", "mae, fused"]
    assert None in data["axes"][1]["series"][0]["y"]
    assert saved(fig, tmp_path) == data                          # nothing was closed or changed


def test_save_keeps_nodes_and_edges_of_a_graph(tmp_path):
    data = saved(plot.graph(*neuron(), title="A neuron"), tmp_path)
    assert data["title"] == "A neuron" and data["axes"][0]["series"] == []
    assert by_text(data["graph"])["w"] == {
        "id": "n1", "name": "w", "operation": "", "visit": 6, "shape": [], "value": [-2.0],
        "slope": [-10.5]}
    assert len(data["graph"]["edges"]) == 7
    assert "×" in (tmp_path / "deep" / "picture.json").read_text(encoding="utf-8")
    assert "graph" not in saved(plot.figure()[0], tmp_path)


def test_text_that_looks_like_json_survives(tmp_path):
    alt = 'a "list" [\n1,\n 2 ] {of} \u2028 things, '
    assert saved(plot.figure()[0], tmp_path, alt)["alt"] == alt


def test_numbers_of_a_line_stand_on_one_line(tmp_path):
    fig, axes = plot.figure()
    axes.plot([1, 2, 3], [4, 5, 6])
    saved(fig, tmp_path)
    text = (tmp_path / "deep" / "picture.json").read_text(encoding="utf-8")
    assert '"x": [1, 2, 3],' in text and '"y": [4, 5, 6]' in text


def test_two_runs_write_the_same_files_and_no_date_or_version(tmp_path):
    code = """
from tinygrad_loss import Tensor, losses, plot
x = Tensor([1.0, 2.0], requires_grad=True)
plot.save(plot.curves(losses.huber, [{"delta": 0.5}, {"delta": 2}]), FOLDER + "/curves.png", "alt")
plot.save(plot.graph(losses.mse(x, [0.0, 0.3], path="composed")), FOLDER + "/graph.png", "alt")
"""
    for run in "1", "2":
        (tmp_path / run).mkdir()
        python(code.replace("FOLDER", repr(str(tmp_path / run))), PYTHONHASHSEED=run)
    names = ["curves.json", "curves.png", "graph.json", "graph.png"]
    assert sorted(p.name for p in (tmp_path / "1").iterdir()) == names
    for name in names:
        first = (tmp_path / "1" / name).read_bytes()
        assert first == (tmp_path / "2" / name).read_bytes()
        assert b"tEXt" not in first and b"tIME" not in first


def test_show_is_harmless_without_a_screen():
    code = """
from tinygrad_loss import losses, plot
fig = plot.curves(losses.mse)
plot.show()
plot.show()
print(fig.get_suptitle())
"""
    assert python(code, MPLBACKEND="agg") == "mse\n"


def test_show_opens_a_window_for_every_new_figure(tmp_path):
    (tmp_path / "some_screen.py").write_text("""
import matplotlib.pyplot as plt
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

class FigureManager(FigureManagerBase):
    @classmethod
    def pyplot_show(cls, *, block=None):
        for number in plt.get_fignums():
            fig = plt.figure(number)
            fig.canvas.draw()
            print(fig.get_suptitle(), fig.get_size_inches())
        plt.close("all")

class FigureCanvas(FigureCanvasAgg):
    manager_class = FigureManager
""")
    code = """
from tinygrad_loss import losses, plot
for name in "first", "second":
    plot.figure(size=(5, 4), title=name)
plot.show()
plot.figure(title="third", size=(3, 2))
plot.show()
"""
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    assert python(code, MPLBACKEND="module://some_screen", PYTHONPATH=path).splitlines() == [
        "first [5. 4.]", "second [5. 4.]", "third [3. 2.]"]
