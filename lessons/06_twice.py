# %% [markdown]
# # 06 Twice
#
# **What does fusing save, and when does it not?**
#
# - Before: 02 tensor (nodes of a graph), 03 trust (gradcheck), 05 huber (two texts of one loss).
# - Minutes: 45, and 25 for the exercise
#
# Every loss of this library exists twice. *Composed*: the formula in Tensor operations, which the
# engine differentiates. *Fused*: one function of plain numbers that returns loss and slope, compiled
# and run over the arrays in one pass. The article says of such a combination that it is "faster
# computation", and leaves it there. Faster than what? Why, by how much, and from which size on? And
# what does a second text cost?

# %%
import statistics
import time
import tracemalloc

import numpy as np
from matplotlib.lines import Line2D

from tinygrad_loss import Tensor, losses, plot, where
from tinygrad_loss.graph import trace
from tinygrad_loss.lesson import Lesson

lesson = Lesson("06_twice")

# %% [markdown]
# ## Nine nodes against one
#
# The article's Huber loss in Tensor operations, word for word. Each operation makes a node, which
# keeps its result for the way back. Count them in the code: how many? (A mean is two, sum and
# division. The comparison is none: it has no slope.) In the picture of one node the target has no box,
# because nobody asked for its slope.

# %%
def textbook(pred, target, delta=1.0):
    e = pred - target
    return where(abs(e) <= delta, e**2 / 2, delta * (abs(e) - delta / 2)).mean()


pred, target = Tensor([2.2, 15.0], requires_grad=True), Tensor([2.0, 5.0])
nine, one = textbook(pred, target), losses.huber(pred, target)
made = {way: [node.operation for node in trace(y) if node.operation] for way, y in
        (("composed", nine), ("fused", one))}
for way, operations in made.items():
    lesson.show(f"{way:<9}{len(operations)} nodes: ", "  ".join(operations))
lesson.check("nine nodes against one", (len(made["composed"]), len(made["fused"])) == (9, 1))
lesson.agree("for the same loss", nine.item(), one.item())

# %%
names = {"pred": pred, "target": target}
fig = plot.graph(nine, {**names, "loss": nine}, title="Composed: nine nodes")
lesson.figure("06_nine", fig, alt=(
    "The graph of Huber's loss from its textbook formula, from left to right: pred minus target, then one "
    "branch with a square and a division by 2, another with an absolute value, a subtraction and a product, "
    "both into where, then sum and division by 2. Every box holds its numbers and their slopes."))
fig = plot.graph(one, {**names, "loss": one}, title="Fused: one node")
lesson.figure("06_one", fig, alt=(
    "The same loss as a graph of one node: pred goes into huber, which gives 4.76. The slope of pred, "
    "(0.1, 0.5), is there already."))

# %% [markdown]
# ## Count the bytes
#
# In a large array nearly all the time goes into fetching and storing numbers, not into
# calculating with them. So count the traffic: a node reads its input arrays and writes its result;
# on the way back, for each input, its rule reads at least the slope from above and writes one. A
# float64 has 8 bytes. The fused loop reads pred and target and writes the slope: 24 bytes for each
# element. And the nine nodes, at least?

# %%
def bytes_per_element(output):
    """The least that the nodes of this graph read and write, forward and back, for each element."""
    arrays = 0
    for node in trace(output):
        large = [x for x in node.inputs if x.tensor.size > 1]
        if node.operation:
            arrays += len(large) + (node.tensor.size > 1)
            arrays += 2 * sum(x.tensor.requires_grad for x in large)
    return 8 * arrays


FUSED = 24
lesson.show(f"nine nodes {bytes_per_element(nine)} bytes, fused {FUSED}")
lesson.check("nine nodes move at least ten times the bytes", bytes_per_element(nine) > 10 * FUSED)

# %% [markdown]
# ## Measure the memory
#
# Not only moved: held. The nine results wait for the way back. We ask Python how much memory was in
# use at the worst moment, in arrays of the size of pred. The fused path is called twice; the second
# time the first gradient is no longer needed. Predict all three.

# %%
def peak(loss, pred, target):
    """The most memory in use during loss and gradient, in arrays of pred's size."""
    pred = Tensor(pred, requires_grad=True)
    tracemalloc.start()
    loss(pred, target).backward()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / pred.numpy().nbytes


x, zeros = 2 * lesson.rng.standard_normal(300_000), np.zeros(300_000)
losses.huber(Tensor(x[:32], requires_grad=True), zeros[:32]).backward()   # compiled before we look
held = [peak(loss, x, zeros) for loss in (textbook, losses.huber, losses.huber)]
lesson.show("composed {:.1f} arrays, fused {:.1f}, fused again {:.1f}".format(*held))
lesson.check("composed holds more than five arrays at once, fused one: the gradient",
             held[0] > 5 and 0.99 < held[1] < 1.1)
lesson.check("the second time it is the same memory again: none is added", held[2] < 0.1)

# %% [markdown]
# Fresh memory has a price of its own: the system hands it out in pages, and must clear each before
# it is touched. That is why the library keeps a gradient's memory that nobody refers to any more.
#
# ## The limit
#
# No loop over large arrays can be faster than one that moves the 24 bytes and computes nothing. So
# that is the yardstick. The table was measured once, with `tinygrad-loss bench`, and stands here as
# data (figures/bench.md has it all, and names the machine: two cores of a Xeon). Microseconds for
# value and gradient in float64. "numpy" is what a careful person writes by hand, whole arrays at a
# time, with the slope derived on paper.

# %%
SIZES = (32, 1024, 100_000, 10_000_000)
MEASURED = {
    "mse": {"limit": (0.5082, 0.6570, 41.94, 7793), "numpy": (3.636, 5.122, 140.4, 60680),
            "fused": (6.012, 7.307, 68.81, 8791), "composed": (67.57, 76.91, 386.6, 59660)},
    "mae": {"limit": (0.5227, 0.6737, 45.70, 7782), "numpy": (4.006, 6.417, 241.2, 72680),
            "fused": (6.288, 6.546, 71.50, 8327), "composed": (61.25, 69.82, 396.1, 60320)},
    "huber": {"limit": (0.5458, 0.6485, 38.12, 7650), "numpy": (7.022, 9.588, 366.9, 107100),
              "fused": (6.660, 6.581, 64.31, 8708), "composed": (148.3, 186.8, 2107, 201200)},
    "bce_with_logits": {"limit": (0.5261, 0.6824, 44.41, 7704), "numpy": (9.683, 17.66, 1198, 247300),
                        "fused": (5.875, 8.246, 221.8, 12430), "composed": (164.9, 210.7, 3173, 343600)}}

lesson.show("10 000 000 elements: times the limit")
over = {}
for name, times in MEASURED.items():
    over[name] = {way: times[way][-1] / times["limit"][-1] for way in ("fused", "numpy", "composed")}
    lesson.show(f"{name:<16}" + "".join(f"   {way} {ratio:5.1f}" for way, ratio in over[name].items()))
lesson.check("fused takes 1.1 to 1.6 limits, numpy 8 to 32, composed 8 to 45",
             [round(limits) for way in ("fused", "numpy", "composed")
              for limits in (min(o[way] for o in over.values()), max(o[way] for o in over.values()))]
             == [1, 2, 8, 32, 8, 45])

# %% [markdown]
# ## The roofline
#
# Why 1.1 and not 1? And why 1.6 for bce? For that, count the *operations* too. A kernel of this
# library is straight-line arithmetic, so its operators can be counted in its text, helpers
# included. Two numbers place a loop in a picture:
#
#     intensity     operations per byte moved
#     speed         operations per second (Gop/s: billions of them)
#
# A loop that waits for memory has speed = intensity * bandwidth. That is the roof, a straight line;
# nothing gets above it. Fusing leaves the operations alone and removes bytes: which way does the
# point of a loss move?

# %%
#                   operators of the kernel and its helpers, + 2: times 1/n, plus the total
OPERATIONS = {"mse": 3 + 2, "mae": 1 + 2, "huber": 8 + 2, "bce_with_logits": 88 + 2}
N = SIZES[-1]
bandwidth = FUSED * N / MEASURED["mse"]["limit"][-1] / 1e3      # bytes per microsecond / 1000 = GB/s
points = {}
lesson.show(f"bandwidth {bandwidth:.1f} GB/s")
lesson.show("                           bytes   operations/byte   Gop/s   roof")
for name, times in MEASURED.items():
    y = losses.LOSSES[name](Tensor([0.3, 0.7], requires_grad=True), np.ones(2), path="composed")
    for way, moved in (("fused", FUSED), ("composed", bytes_per_element(y))):
        intensity = OPERATIONS[name] / moved
        speed = OPERATIONS[name] * N / times[way][-1] / 1e3
        points[name, way] = intensity, speed, bandwidth * intensity
        lesson.show(f"{name:<16}{way:<9}{moved:>6}{intensity:>14.3f}{speed:>12.2f}"
                    f"{points[name, way][2]:>8.2f}")
lesson.check("no point lies above the roof", all(speed < roof for _, speed, roof in points.values()))
lesson.check("fusing moves every loss to the right and up",
             all(points[name, "fused"][i] > points[name, "composed"][i] for name in MEASURED for i in (0, 1)))

# %%
fig, axes = plot.figure(size=(11, 7.5), title="Roofline, 10 000 000 elements, float64")
reach = np.array([0.01, 40.0])
axes.loglog(reach, bandwidth * reach, "-", color="black", linewidth=3, label="roof: the speed of memory")
for i, name in enumerate(MEASURED):
    start, end = points[name, "composed"], points[name, "fused"]
    colour = plot.COLOURS[i]
    axes.plot([start[0], end[0]], [start[1], end[1]], linestyle=":", color=colour, linewidth=2)
    axes.plot(*start[:2], "s", linestyle="none", color=colour, markersize=11, label=f"{name}, composed")
    axes.plot(*end[:2], "o", linestyle="none", color=colour, markersize=13, label=f"{name}, fused")
    below = name == "bce_with_logits"
    axes.annotate(name, end[:2], textcoords="offset points", xytext=(14, -12) if below else (-6, 12),
                  ha="left" if below else "right")
marks = [Line2D([], [], color="black", linewidth=3)]
marks += [Line2D([], [], linestyle="none", marker=m, markersize=12, color=plot.GREY) for m in "so"]
axes.legend(marks, ["roof: the speed of memory", "composed", "fused"], loc="lower right")
axes.set(xlabel="operations per byte moved", ylabel="billion operations per second",
         xlim=reach, ylim=(0.03, 400))
lesson.figure("06_roofline", fig, alt=(
    "Speed against operations per byte, both logarithmic, under a straight roof. Squares, composed, lie at "
    "the lower left: huber 1.6 times below the roof, mse and mae 1.9, bce 3 times. Circles, fused, lie to "
    "the right: mse, mae and huber nearly on the roof, bce with 3.75 operations per byte 1.6 below."))

# %% [markdown]
# Read it from left to right.
#
# * *Fused mse, mae, huber* all but touch the roof: they wait for memory, and no cleverer arithmetic
#   would help.
# * *Fused bce* has 90 operations for its 24 bytes and lies 1.6 below: here the arithmetic begins to
#   count, although it runs eight numbers at a time.
# * *Composed* moves more bytes, so it starts farther left. (The library's own composed huber has
#   twelve nodes: it must not overflow.) Bytes alone would make huber and bce 15 times slower; they
#   are 23 and 28 times slower. The rest no graph shows: exponentials that the way back computes anew,
#   the steps between one node and the next, one core where the fused loop has two. Fusing gets the
#   credit for all of that.
#
# And the graph can be kinder than it looks. A long batch is composed *piece by piece*: each piece is
# a program of its own, small enough that what one node leaves is still in the cache when the next
# one asks (losses/piecewise.py). Before, huber took 63 times as long as fused. NumPy by hand does
# not do that, and so composed mse and mae, with all their nodes, are no slower than NumPy.
#
# So "28 times faster" is true of this engine and says little about fusing. The fair opponent is the
# careful NumPy: there it is 7 to 20 times.
#
# ## When does it not pay?
#
# Follow the lines to the left. What happens at 32 elements, a usual batch?

# %%
fig, panels = plot.figure(1, 2, size=(15, 6.6), title="Time for value and gradient, float64")
looks = {"composed": "s", "numpy": "^", "fused": "o", "limit": ""}
for axes, name in zip(panels, ("mse", "bce_with_logits"), strict=True):
    for i, (way, marker) in enumerate(looks.items()):
        colour, line, width = ("black", "-", 1.4) if way == "limit" else (plot.COLOURS[i], plot.LINES[i], 2.6)
        axes.loglog(SIZES, MEASURED[name][way], linestyle=line, marker=marker or None, markersize=10,
                    color=colour, linewidth=width,
                    label={"numpy": "NumPy, by hand", "limit": "moving the bytes"}.get(way, way))
    axes.set(title=name, xlabel="elements", ylabel="microseconds", ylim=(0.3, 4e6))
panels[0].legend(loc="upper left")
lesson.figure("06_time", fig, alt=(
    "Time against the number of elements, both logarithmic, for mse and bce. Fused is level at 6 to 8 "
    "microseconds up to 1024 elements, then nears the line of moving the bytes. NumPy by hand starts below "
    "it for mse, at 4, above it for bce, at 10, and ends 7 and 20 times above. Composed starts above all, "
    "at 70 and 160, and ends level with NumPy for mse and a little above it for bce."))

# %%
lesson.show("fused / numpy   " + "".join(f"{n:>12,}" for n in SIZES))
gain = {}
for name, times in MEASURED.items():
    gain[name] = [fused / numpy for fused, numpy in zip(times["fused"], times["numpy"], strict=True)]
    lesson.show(f"{name:<16}" + "".join(f"{ratio:>12.2f}" for ratio in gain[name]))
lesson.check("32 elements: by hand wins for mse and mae, huber is a draw, bce is won",
             [round(g[0], 1) for g in gain.values()] == [1.7, 1.6, 0.9, 0.6])
lesson.check("10 million: fused wins everywhere", all(g[-1] < 0.15 for g in gain.values()))

# %% [markdown]
# Six microseconds is what a call costs before the first number is touched: checking shapes and
# labels, making a node. Below a thousand elements that is all there is, and three lines of NumPy
# know nothing of shapes.
#
# It can also lose among large arrays, to other compilers and to loops written by hand. From the
# same table, times over the limit:

# %%
LOST = [("mse", "1e5", "float64", 1.64, "sklearn", 0.834),
        ("mae", "1e5", "float64", 1.56, "sklearn", 0.722),
        ("nll", "1e5x10", "float32", 4.83, "torch", 2.44),
        ("sparse_categorical_cross_entropy", "1e5x10", "float32", 3.71, "torch", 2.32)]
for name, size, dtype, fused, other, limits in LOST:
    lesson.show(f"{name:<32} {size:<7} {dtype}   fused {fused:5.2f}   {other:<13} {limits:.2f}")
lesson.check("in four cases somebody else is faster by more than a fifth",
             all(fused > 1.2 * limits for *_, fused, _, limits in LOST))

# %% [markdown]
# (Less than 1? 100 000 numbers stay in the cache, and there our yardstick is evidently no bound.) And
# where a kernel does not have what is asked, such as a second derivative, the composed path does the
# work whatever you ordered.
#
# Now your machine, printed and not judged, but for one thing:

# %%
def median_time(call, repeats):
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return 1e6 * statistics.median(seconds)


def by_hand(pred, target):
    error = pred - target
    slope = np.clip(error, -1, 1)
    return np.mean(slope * (error - slope / 2)), slope / error.size


def differentiated(loss, pred, target):
    pred = Tensor(pred, requires_grad=True)
    return lambda: loss(pred, target).backward()


here = {}
for n, repeats in ((32, 50), (200_000, 5)):
    calls = {"composed": differentiated(textbook, x[:n], zeros[:n]),
             "numpy": lambda n=n: by_hand(x[:n], zeros[:n]),
             "fused": differentiated(losses.huber, x[:n], zeros[:n])}
    here[n] = {way: median_time(call, repeats) for way, call in calls.items()}
    lesson.show(f"huber, {n:>7,} elements:" + "".join(f"   {w} {us:,.0f} us" for w, us in here[n].items()))
lesson.check("200 000 elements: nine nodes take more than twice as long as one, here as well",
             here[200_000]["composed"] > 2 * here[200_000]["fused"])

# %% [markdown]
# ## The first call
#
# A kernel must be compiled once. Here is a new loss, the cube of the error; `losses.define` makes a
# loss of the two texts. Its first call compiles (or, if you have run this lesson before, loads what
# was compiled then from the disk).

# %%
def cube(pred, target):
    return abs(pred - target) ** 3


def cube_kernel(pred, target):
    error = pred - target
    return abs(error) * error * error, 3.0 * error * abs(error)


cubic = losses.define(cube, cube_kernel)
call = differentiated(cubic, x[:32], zeros[:32])
first, later = median_time(call, 1), median_time(call, 20)
lesson.show(f"first call {first / 1000:,.1f} ms, later calls {later / 1000:.3f} ms")
lesson.check("the first call costs more than ten later ones", first > 10 * later)

COMPILING = {"mae": 228_210, "dice": 3_860_400}                 # microseconds, figures/bench.md
LOADING = {"mae": 2_919}
compiling, loading = COMPILING["mae"], LOADING["mae"]
saved = MEASURED["mae"]["composed"][0] - MEASURED["mae"]["fused"][0]
lesson.show(f"mae, 32 elements: {saved:.0f} us saved per call; compiling pays after "
            f"{compiling / saved:,.0f} calls, loading after {loading / saved:.0f}")
lesson.check("compiling mae pays after some thousand small calls", 1000 < compiling / saved < 10_000)

# %% [markdown]
# A benchmark that counts the first call measures the compiler; one that hides it owes you the
# number. The slowest kernel in that table, dice, compiles for 3.9 seconds. Once, until
# somebody edits it.
#
# ## Are they the same numbers?
#
# Two texts, two orders of rounding. The unit for that is the *ulp*, the distance from a float to the
# next. How many lie between the two paths: none, a few, thousands?

# %%
def ulps(a, b):
    return np.max(abs(a - b) / np.spacing(np.maximum(abs(a), abs(b))))


z, y = 3 * x[:20_000], (x[:20_000] > 0.3) * 1.0
apart = {}
for name, other in (("mse", zeros[:20_000]), ("huber", zeros[:20_000]), ("bce_with_logits", y)):
    found = {}
    for path in ("composed", "fused"):
        p = Tensor(z, requires_grad=True)
        each = losses.LOSSES[name](p, other, reduction="none", path=path)
        each.sum().backward()
        found[path] = each.numpy(), p.grad.numpy()
    apart[name] = [ulps(c, f) for c, f in zip(found["composed"], found["fused"], strict=True)]
    lesson.show(f"{name:<16} losses {apart[name][0]:.0f} ulp apart, slopes {apart[name][1]:.0f}")
lesson.check("mse: the same bits. huber and bce: a few ulp",
             apart["mse"] == [0, 0] and max(max(a) for a in apart.values()) <= 6)

# %% [markdown]
# In float32 they differ more, and not evenly. The kernel computes in float64 whatever the arrays
# hold and rounds once; the nodes round after every step. Which path is nearer to the truth?

# %%
z32, y32 = z.astype(np.float32), y.astype(np.float32)
true = losses.bce_with_logits(z32.astype(np.float64), y, reduction="none").numpy()
worst = {}
for path in ("composed", "fused"):
    value = losses.bce_with_logits(z32, y32, reduction="none", path=path).numpy()
    worst[path] = float(np.max(abs(value - true) / np.spacing(true.astype(np.float32))))
    lesson.show(f"float32, {path:<9} at most {worst[path]:.2f} ulp from the truth")
lesson.check("fused is rounded once, and stays within an ulp; composed is not as near",
             worst["fused"] < 1 < worst["composed"])

# %% [markdown]
# ## What a second text costs
#
# Somebody must keep the two alike. Here they have drifted apart: the cost of an error, doubled for
# predictions that are too high. One day the factor was changed to 3, in one place. Which check
# notices: the gradient check of the composed path, that of the fused path, or the comparison?

# %%
def uneven(pred, target):
    e = pred - target
    return where(e > 0, 3 * e**2, e**2)


def uneven_kernel(pred, target):
    e = pred - target
    factor = 2.0 if e > 0.0 else 1.0
    return factor * e * e, 2.0 * factor * e


drifted = losses.define(uneven, uneven_kernel)
at, aim = np.array([-1.5, -0.5, 0.5, 2.0]), np.zeros(4)
for path in ("composed", "fused"):
    lesson.gradient(f"{path}: the gradient is that of the loss",
                    lambda p, path=path: drifted(p, aim, path=path), at)
a, b = (drifted(at, aim, reduction="none", path=path).numpy() for path in ("composed", "fused"))
lesson.show("composed", a, "  fused", b)
lesson.check("only the comparison notices, and says where: pred above target",
             (a != b).tolist() == [False, False, True, True])

# %% [markdown]
# Each text is at peace with itself. A gradient check compares a slope with its own loss (lesson 05),
# and both pass. Only one against the other shows it; and *which* was meant, neither knows. That is
# the work of the docstring, of known values, and of your memory of that day.
#
# So the price of the second text: it must be written, compiled, and held to the first by a test that
# never sleeps. For this library: the five checks you have met in every lesson.

# %%
lesson.standard(losses.huber, at, aim, delta=1.0)

# %% [markdown]
# ## Often believed
#
# * *Fused means fewer operations.* The same operations, fewer bytes.
# * *Compiled is always faster.* Not below some thousand elements, and not in the first call.
# * *Two implementations that agree are right.* They agree. If they share code, that is no news.
#
# ## Exercise: fuse MAE, and find the drift
#
# 1. *Fuse.* Write `kernel(pred, target)` for the absolute error: two plain numbers in, loss and slope
#    out. Decide what happens at a tie, and what for NaN; the docstring of `losses.mae` says what the
#    composed path does.
# 2. *Find the drift.* The file holds one loss in two texts that no longer agree. The docstring says
#    what was meant. Find an input for which they differ, and mend the copy that is wrong.
#
# `tinygrad-loss start 06` copies a file with these tasks to work/ and prints where;
# `tinygrad-loss check 06` grades it.
#
# ## Keep
#
# - Fusing saves bytes, not operations: 24 per element instead of hundreds, one array instead of many.
# - The yardstick is the time to move the bytes. Large arrays get no lower; mse stands at 1.1.
# - Small arrays, first calls and second derivatives gain nothing.
# - Two texts must share no code, and be compared for ever.

# %%
lesson.end()
