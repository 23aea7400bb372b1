# %% [markdown]
# # 14 Contrastive
#
# What happens at distance zero?
#
# - Before: 02 (what `backward()` does), 03 (what a gradient check sees, slopes at a kink)
# - Minutes: 35, and 20 for the exercise
#
# Is this the same face? The same signature? There is no list of classes to choose from, only
# pairs: alike, or not alike. So a network turns each picture into a point, its *embedding*,
# and the loss moves points. Alike: pull them together. Not alike: push them apart, until they
# are a margin m apart.
#
#     D = |a - b|                      the distance of the two points
#     alike        D²/2
#     not alike    max(0, m - D)²/2
#
# Two short formulas and a trap, which nearly every library has fallen into. It lies at D = 0.

# %%
import numpy as np

from tinygrad_loss import Tensor, grad, gradcheck, losses, plot, where
from tinygrad_loss.lesson import Lesson

lesson = Lesson("14_contrastive")
np.set_printoptions(precision=4, suppress=True)
contrastive = losses.contrastive

# %% [markdown]
# ## 1. The article's three faces
#
# The article gives code and three points but prints no number. Here is its code. The first two
# points differ by 0.1 in each of three coordinates; the third is 4 away in each. With margin 1,
# predict both losses.

# %%
def article(embedding1, embedding2, label, margin=1.0):
    distance = np.sqrt(np.sum((embedding1 - embedding2) ** 2))
    if label == 1:
        return 0.5 * distance ** 2
    return 0.5 * max(0, margin - distance) ** 2


face, same_face, other_face = (np.array(x) for x in ([1.0, 2.0, 3.0], [1.1, 2.1, 2.9], [5.0, 6.0, 7.0]))
for name, other, label in (("alike", same_face, 1), ("not alike", other_face, 0)):
    lesson.show(f"{name:10} D = {np.linalg.norm(face - other):.4f}   article"
                f" {article(face, other, label):.4f}   library {contrastive(face, other, label).item():.4f}")
lesson.agree("alike: half of 3 x 0.1²", contrastive(face, same_face, 1), 0.015)
lesson.check("not alike and farther apart than the margin: nothing to pay",
             contrastive(face, other_face, 0).item() == article(face, other_face, 0) == 0)

# %% [markdown]
# ## 2. How hard, and which way?
#
# The slope with respect to D is D for a pair that is alike, and -(m - D) for one that is not. Descent
# goes against it: a force on a, along the line through both points, whose size depends only on D.
# Which pair is pushed hardest, the one at D = 0.9, 0.5 or 0.1?

# %%
direction = np.array([0.6, 0.8])                                # of length 1
lesson.show("   D   alike: force on a         not alike: force on a")
forces = {}
for d in (1.5, 0.9, 0.5, 0.1, 0.001):
    for label in (1, 0):
        a, b = (Tensor(x, requires_grad=True) for x in (d * direction, 0 * direction))
        da, db = grad(contrastive(a, b, label), [a, b])
        forces[d, label] = -da.numpy(), -db.numpy()             # descent goes against the slope
    lesson.show(f"{d:5}   {forces[d, 1][0]!s:24}  {forces[d, 0][0] + 0}")
lesson.agree("alike: the force is D, towards b", [forces[d, 1][0] for d in (1.5, 0.1)],
             np.outer([-1.5, -0.1], direction))
lesson.agree("not alike: it is m - D, away from b, and none beyond the margin",
             [forces[d, 0][0] for d in (1.5, 0.9, 0.1)], np.outer([0, 0.1, 0.9], direction))
lesson.check("what a feels, b feels the other way round",
             all(np.array_equal(on_a, -on_b) for on_a, on_b in forces.values()))

# %% [markdown]
# The pull dies out as the points meet. The push does not: the nearer, the harder, and in a clear
# direction up to the last moment.
#
# Draw it on a line, b at 0 and a on either side: loss above, slope below.

# %%
x = np.linspace(-1.6, 1.6, 321)


def along_a_line(label, x, path):
    a = Tensor(x[:, None], requires_grad=True)
    value = contrastive(a, np.zeros((x.size, 1)), np.full(x.size, label), reduction="none", path=path)
    (slope,) = grad(value.sum(), [a])
    return value.numpy(), slope.numpy()[:, 0]


fig, panels = plot.figure(rows=2, sharex=True, size=(9, 8.4), title="Contrastive loss on a line (m = 1)")
for i, (name, label) in enumerate((("alike", 1), ("not alike", 0))):
    value, slope = along_a_line(label, x, "composed")
    if label == 0:
        slope = np.where(x == 0, np.nan, slope)                 # the line breaks at the kink
    for axis, y in zip(panels, (value, slope), strict=True):
        axis.plot(x, y, color=plot.COLOURS[i], linestyle=plot.LINES[i], label=f"{name}, composed")
    some = x[8 - 8 * i::16]                                     # the second time 0 is among them
    for axis, y in zip(panels, along_a_line(label, some, "fused"), strict=True):
        axis.plot(some, y, "os"[i], color=plot.COLOURS[i], markeredgecolor="white", label=f"{name}, fused")
panels[0].set(ylabel="loss", ylim=(-0.06, 1.75))
panels[0].legend(loc="upper center", ncols=2)
panels[1].set(ylabel="slope", xlabel="a - b")
for place, word in ((-1, "margin"), (0, "kink"), (1, "margin")):
    for axis in panels:
        axis.axvline(place, color=plot.GREY, linestyle=":", linewidth=1.6, zorder=1)
    panels[1].text(place, 1.01, word, transform=panels[1].get_xaxis_transform(), color=plot.GREY,
                   fontsize=plot.SMALL, ha="center", va="bottom")
lesson.figure("14_curves", fig, alt=(
    "Above: for a pair that is alike a parabola with its bottom at 0; for one that is not, a peak of "
    "height 0.5 at 0 that falls to 0 at plus and minus 1. Below: the first slope is a straight line "
    "through 0; the second rises to 1 from the left, jumps to minus 1 at 0, and rises to 0 again. On "
    "the kink a single dot has slope 0."))

# %% [markdown]
# At the margin nothing jumps: the square takes the corner off the max. At 0 the pair that is
# not alike stands on the tip of a peak. To its left the slope is +1, to its right -1. On the
# tip the dot says 0: why 0?
#
# In the plane the tip is the tip of a cone, and the force at it could point anywhere:

# %%
steps = np.linspace(-1.2, 1.2, 9)
grid = np.array([(u, v) for u in steps for v in steps])
fig, axes = plot.figure(columns=2, size=(13, 6.9), title="The force on a, with b in the middle (m = 1)")
for axis, name, label, colour in zip(axes, ("alike", "not alike"), (1, 0), plot.COLOURS, strict=False):
    a = Tensor(grid, requires_grad=True)
    (slope,) = grad(contrastive(a, np.zeros_like(grid), np.full(len(grid), label), reduction="sum"), [a])
    heads = grid - 0.2 * slope.numpy()
    axis.plot(*grid.T, ".", color="0.7", markersize=5, label="a")
    axis.plot(*heads.T, ".", markersize=0, label="heads of the arrows")
    moved = np.any(heads != grid, axis=1)
    axis.quiver(*grid[moved].T, *(heads - grid)[moved].T, color=colour, angles="xy", scale_units="xy",
                scale=1, width=0.007)
    axis.plot(0, 0, "o", color="black", markersize=9, label="b")
    axis.set(title=name, aspect="equal", xlim=(-1.45, 1.45), ylim=(-1.45, 1.45), xticks=[-1, 0, 1],
             yticks=[-1, 0, 1])
turn = np.linspace(0, 2 * np.pi, 181)
axes[1].plot(np.cos(turn), np.sin(turn), "--", color=plot.GREY, linewidth=1.8, label="margin")
lesson.figure("14_arrows", fig, alt=(
    "Arrows on a grid of places for a. Left, alike: all point to b in the middle, the longer the "
    "farther away. Right, not alike: within the dashed circle of radius 1 they point away from b, the "
    "longer the nearer; outside there are none; at b itself there is none."))

# %% [markdown]
# ## 3. Where the nan is born
#
# Write the formula down as it stands, in Tensor operations: a sum of squares, a square root. A
# collection of pictures contains doubles, so sooner or later a = b. Follow the chain rule by
# hand, for a pair that is not alike: the slopes from the loss back to a. Predict the product.

# %%
def as_written(a, b, label, margin=1.0):
    d = ((a - b) ** 2).sum(axis=1).sqrt()
    return (label * d ** 2 + (1 - label) * (margin - d).relu() ** 2) / 2


with np.errstate(divide="ignore", invalid="ignore"):
    root = np.sqrt(0.0)                                         # of the sum of squares
    links = {"loss -> D": -(1 - root), "D -> sum": 1 / (2 * root), "sum -> a": 2 * 0.0}
    product = np.prod(list(links.values()))
for name, link in links.items():
    lesson.show(f"{name:10} {link:5}")
lesson.check("minus one, times infinity, times zero: nan", np.isnan(product))

# %% [markdown]
# The square root stands upright at 0. Infinity comes in the middle, and the zero that follows
# cannot undo it. What if the pair *is* alike? Its loss, D²/2, has no corner at all, and its
# slope at 0 is 0 without any doubt.

# %%
twice = np.array([[1.0, 2.0]])
slopes = {}
for label in (1.0, 0.0):
    a = Tensor(twice, requires_grad=True)
    value = as_written(a, twice, np.array([label]))
    (slope,) = grad(value.sum(), [a])
    slopes[label] = slope.numpy()
    lesson.show(f"label {label:g}   loss {value.item()}   slope {slopes[label]}")
lesson.check("nan, alike or not", all(np.isnan(slope).all() for slope in slopes.values()))

# %% [markdown]
# The values are right, so nothing looks wrong. A gradient check tells, if it is asked about
# this very place, and it names the operation. Ask it about others, within the margin and beyond,
# and it is content.

# %%
def lonely(a):
    return as_written(a, twice, np.zeros(1))


at_zero, elsewhere = gradcheck(lonely, twice), gradcheck(lonely, twice + [[0.3, 0.2], [3.0, 4.0]])
lesson.show(at_zero)
lesson.show(elsewhere)
lesson.check("gradcheck finds it at distance 0, and only there",
             at_zero.verdict == "NONFINITE" and elsewhere.verdict == "PASS")

# %% [markdown]
# One double, is that so bad? The points come out of a network, and every pair sends its slope to
# the *same* weights W. Five pairs, the last one a double. How many of six weights survive?

# %%
W = lesson.rng.standard_normal((3, 2))
first, second = lesson.rng.standard_normal((2, 5, 3))
second[4] = first[4]
label = np.array([1.0, 0.0, 0.0, 1.0, 0.0])
found = {}
for name, cost in (("as written", as_written),
                   ("library", lambda a, b, label: contrastive(a, b, label, reduction="none"))):
    weights = Tensor(W, requires_grad=True)
    (slope,) = grad(cost(first @ weights, second @ weights, label).sum(), [weights])
    found[name] = slope.numpy()
    lesson.show(f"{name}:\n{found[name]}")
lesson.check("as written, all six are nan after one step; with the library's, none",
             np.isnan(found["as written"]).all() and np.isfinite(found["library"]).all())

# %% [markdown]
# In 2017 it was reported to PyTorch (issue 2421), later to most of the others.
#
# ## 4. Four repairs
#
#     1  after      where the slope is nan, put 0
#     2  in root    D = sqrt(sum of squares + 1e-12)
#     3  shift      D = |a - b + 1e-6|, the same amount in each coordinate
#     4  before     where the sum is 0, take the root of 1, and then use 0 instead
#
# The third is PyTorch's. For a double that is not alike, predict for each the distance (it
# should be 0) and the force on a.

# %%
def in_root(a, b):
    return (((a - b) ** 2).sum(axis=1) + 1e-12).sqrt()


def shifted(a, b):
    return ((a - b + 1e-6) ** 2).sum(axis=1).sqrt()


def before(a, b):
    s = ((a - b) ** 2).sum(axis=1)
    zero = s.numpy() == 0
    return where(zero, 0, where(zero, 1, s).sqrt())


def push(distance, a, b):
    """Distance and force on a, not alike, m = 1."""
    a = Tensor(a, requires_grad=True)
    d = distance(a, b)
    (slope,) = grad(((1 - d).relu() ** 2 / 2).sum(), [a])
    return d.numpy(), -slope.numpy() + 0


repairs = {"in root": in_root, "shift": shifted, "before": before}
result = {name: push(distance, twice, twice) for name, distance in repairs.items()}
for name, (d, force) in result.items():
    lesson.show(f"{name:8}  D = {d[0]:.2e}   force {force[0]}")
lesson.check("a shift invents a distance and a direction: full force along the diagonal",
             result["shift"][0] > 1e-6 and np.allclose(result["shift"][1], 0.5 ** 0.5, atol=1e-5))
lesson.check("the others give force 0, and only the guard before the root also gives distance 0",
             not result["in root"][1].any() and not result["before"][1].any()
             and result["in root"][0] > 0 and result["before"][0] == 0)

# %% [markdown]
# The first repair is the worst. It works on slopes that have arrived, and by then the nan may
# have spread, as it did over W. A guard belongs on the *input* of the function that breaks.
#
# (Why not `where(zero, 0, s.sqrt())`, with one guard fewer? The slope of the branch not taken is
# 0 times infinity. This engine drops that nan; in most frameworks it comes through: PyTorch issue
# 23395, JAX issue 347.)
#
# A guard for exactly 0, is that enough? Squares vanish early: 1e-170 squared is 0 in float64.
# Predict the last rows. `norm` is the engine's own: it divides by the largest coordinate first.

# %%
lesson.show("true D     before: D    length of force      norm: D    length of force")
seen = {}
for d in (1e-3, 1e-150, 1e-161, 1e-170):
    pair = d * direction[None], 0 * direction[None]
    seen[d] = push(before, *pair), push(lambda a, b: (a - b).norm(axis=1), *pair)
    lesson.show(f"{d:6.0e}" + "".join(f"{far[0]:14.1e}{np.linalg.norm(f):17.6f}" for far, f in seen[d]))
lesson.check("the guard takes 1e-170 for 0, and at 1e-161 its force is off by half a percent",
             not seen[1e-170][0][1].any() and 0.005 < abs(np.linalg.norm(seen[1e-161][0][1]) - 1) < 0.007)
lesson.agree("norm: full force along a - b at every distance",
             [seen[d][1][1][0] for d in (1e-150, 1e-161, 1e-170)], [direction] * 3)

# %% [markdown]
# ## 5. What a slope of 0 means
#
# Our loss answers 0 on the tip. Any answer is a convention; 0 is the middle of all that could be
# answered. But look at the picture again. The tip is the *worst* place there is, and 0 says: stay.
#
# Let a pair that is not alike descend until D = 0.9. It starts at 0.5, 0.1, 1e-8 or 0. How many
# steps does each take?

# %%
def flight(d, rate=0.05):
    """Steps until the distance of a pair that is not alike is 0.9; None if it is not in 1000."""
    a, b = d * direction, np.zeros(2)
    for step in range(1000):
        if np.linalg.norm(a - b) >= 0.9:
            return step
        A, B = Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)
        da, db = grad(contrastive(A, B, 0), [A, B])
        a, b = a - rate * da.numpy(), b - rate * db.numpy()
    return None


flights = {d: flight(d) for d in (0.5, 0.1, 1e-8, 0.0)}
lesson.show("steps from each start:", flights)
lesson.check("a hundred millionth is as good as a tenth, 0 is for ever",
             flights[1e-8] <= flights[0.1] + 1 and flights[0.0] is None)

# %% [markdown]
# So the nan is cured and the double is not. Exact doubles labelled "not alike" are a mistake in the
# data, or two pictures that the network cannot tell apart. No loss repairs that.
#
# ## 6. Which label means alike?
#
# The paper of 2006 writes 0 for alike. The article, and we, write 1. Others use 1 and -1. Twelve
# points of three kinds, all 66 pairs; train once with our labels, once with them swapped. Will
# the loss fall? Will gradcheck complain?

# %%
kind = np.repeat([0, 1, 2], 4)
i, j = np.triu_indices(12, 1)
alike = (kind[i] == kind[j]).astype(float)
start = 0.8 * lesson.rng.standard_normal((12, 2))


def train(x, label, margin=1.0, steps=400, rate=0.04):
    """Descend all pairs at once; the places after every step, and the losses."""
    path, costs = [x], []
    for _ in range(steps):
        X = Tensor(path[-1], requires_grad=True)
        cost = contrastive(X[i], X[j], label, margin=margin, reduction="sum")
        (slope,) = grad(cost, [X])
        path.append(path[-1] - rate * slope.numpy())
        costs.append(cost.item())
    return np.array(path), costs


def neighbours(x):
    """The share of points whose nearest neighbour is of their kind."""
    d = np.linalg.norm(x[:, None] - x, axis=2) + 1e9 * np.eye(12)
    return np.mean(kind[d.argmin(axis=1)] == kind)


right, right_costs = train(start, alike)
swapped, swapped_costs = train(start, 1 - alike)
for name, path, costs in (("ours", right, right_costs), ("swapped", swapped, swapped_costs)):
    d = np.linalg.norm(path[-1][i] - path[-1][j], axis=1)
    widest, narrowest = d[alike == 1].max(), d[alike == 0].min()
    lesson.show(f"{name:8} loss {costs[0]:6.2f} -> {costs[-1]:.4f}   alike: D <= {widest:.4f}   "
                f"others: D >= {narrowest:.4f}   neighbour is kin: {neighbours(path[-1]):.0%}")
    if name == "ours":
        lesson.check("each kind in one point, kinds a margin apart", widest < 1e-3 and narrowest > 0.999)
lesson.check("swapped: the loss falls by half and more, and no point lies beside its kin",
             swapped_costs[-1] < swapped_costs[0] / 2 and neighbours(swapped[-1]) == 0)
lesson.gradient("and the gradient is right: swapped labels are another loss, not a wrong slope",
                lambda x: contrastive(x[i], x[j], 1 - alike), start)

# %% [markdown]
# Neither the falling loss nor gradcheck can know which one you meant. Of Keras's own example people have
# asked since 2017 (issues 7119, 16935). A test that knows: two pictures of one thing, one step; are they
# closer now?
#
# In the article's code, whatever is not 1 counts as not alike. Predict what it makes of True and of 0.9.

# %%
for label in (True, 0.9, -1):
    try:
        answer = f"{contrastive(face, same_face, label).item():.4f}"
    except ValueError as error:
        answer = str(error)
    lesson.show(f"label {label!s:5} article {article(face, same_face, label):.4f}   library: {answer}")
lesson.check("0.9 counts as 0 in the article; what is neither 0 nor 1 is refused here",
             article(face, same_face, 0.9) == article(face, same_face, 0) and "must be 0 or 1" in answer)

# %%
fig, axes = plot.figure(columns=2, size=(13, 6.6), title="Twelve points of three kinds, 400 steps")
for axis, name, path in zip(axes, ("1 means alike", "labels swapped"), (right, swapped), strict=True):
    for point in range(12):
        axis.plot(*path[:, point].T, color=plot.COLOURS[kind[point]], linewidth=1.4, alpha=0.7,
                  linestyle=plot.LINES[kind[point]], label=f"way of point {point}")
    for k, marker in enumerate("os^"):
        axis.plot(*path[0, kind == k].T, marker, color="white", markeredgecolor=plot.COLOURS[k],
                  markersize=7, linestyle="none", label=f"kind {k}, start")
        axis.plot(*path[-1, kind == k].T, marker, color=plot.COLOURS[k], markeredgecolor="black",
                  markersize=12, linestyle="none", label=f"kind {k}, end", alpha=0.85)
    axis.set(title=name, aspect="equal", xlim=(-2.3, 1.9), ylim=(-1.9, 1.9))
axes[0].legend(handles=[line for line in axes[0].lines if "end" in line.get_label()],
               labels=["kind 0", "kind 1", "kind 2"], loc="lower right")
lesson.figure("14_moves", fig, alt=(
    "The ways of twelve points in the plane, hollow at the start and filled at the end. Left: the four "
    "points of each kind meet in one point, and the three points are about 1 apart. Right, with the "
    "labels swapped: points of different kinds meet, and each place holds a mixture."))

# %% [markdown]
# ## 7. The margin is a length
#
# Twice the margin, what changes in the left picture? Start everything at twice the distance, and
# predict.

# %%
large, _ = train(2 * start, alike, margin=2.0)
lesson.agree("twice the margin from twice as far: every point of the way, doubled", large, 2 * right)

# %% [markdown]
# Only the size. In free space the margin is a unit of length, and 1 is as good as any. Not so where
# embeddings are scaled to length 1: then two points are at most 2 apart. With margin 2.5, what does the
# best possible pair still pay?

# %%
lesson.agree("at opposite ends, margin 2.5: (2.5 - 2)² / 2 = 0.125, for ever",
             contrastive(direction, -direction, 0, margin=2.5), 0.125)

# %% [markdown]
# Last the standard checks, away from 0 and with a margin that is not 1.

# %%
a, b = lesson.rng.standard_normal((2, 6, 3))
lesson.standard(contrastive, a, a + 0.5 * b, np.array([1, 0, 0, 1, 0, 0]), margin=1.5)

# %% [markdown]
# ## Exercise
#
# *A safe length.* In plain NumPy, for an array x of shape (N, D): `length(x)`, the length of each
# row, and `slope(x, g)`, what arrives at x when g arrives at the lengths. A row of zeros has
# length 0 and slope 0; 1e-170 and 1e200 keep all their digits; no warning; no epsilon.
#
#     length([[3e-170, 4e-170]]) = [5e-170]     slope([[3e-170, 4e-170]], [1]) = [[0.6, 0.8]]
#     length([[3e200, 4e200]])   = [5e200]      slope([[0, 0]], [1])           = [[0, 0]]
#
# `tinygrad-loss start 14` copies the file to fill in, `tinygrad-loss check 14` says what is wrong
# with it. Then put your length into the loss of section 3 and let gradcheck look at the double.
#
# ## Keep
#
# - The slope of a square root at 0 is infinite, and 0 times infinity is nan: one pair of doubles
#   costs every weight.
# - Guard the input of what breaks, not its result.
# - Slope 0 at distance 0 is a convention. It keeps the weights alive; it does not part the pair.
# - Which label means alike is another convention. No gradient check can know it.
# - Nearest is pushed hardest, and beyond the margin nothing is pushed at all.

# %%
lesson.end()
