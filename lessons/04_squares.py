# %% [markdown]
# # 04 Squares
#
# **Why do outliers matter, and where does 1/n go?**
#
# - Before: 01 compass (slopes), 02 tensor (gradients add at a fan-out), 03 trust (gradcheck).
# - Minutes: 45, and 20 for the exercise
#
# Two losses: error² and |error|, in short the square and the bars. The choice decides who is heard:
# under the square the loudest sample, under the bars the majority. Keep the script open beside the
# terminal, and guess each output before you look at it.

# %%
import numpy as np

from tinygrad_loss import Tensor, gradcheck, losses, plot
from tinygrad_loss.lesson import Lesson

lesson = Lesson("04_squares")

# %% [markdown]
# ## Five times the error
#
# The article's two examples: house prices missed by 20 000 and by 100 000 dollars, temperatures
# missed by 2 and by 10 degrees. Both times the second error is five times the first. What is
# five times the error worth?

# %%
def penalty(loss, error):
    """What one sample with this error costs."""
    return loss([error], [0.0]).item()


lesson.show(f"{'':10}{'first':>14}{'second':>18}{'ratio':>8}")
ratios = []
for what, first, second in [("dollars", 20_000.0, 100_000.0), ("degrees", 2.0, 10.0)]:
    for loss in (losses.mse, losses.mae):
        small, large = penalty(loss, first), penalty(loss, second)
        ratios.append(large / small)
        lesson.show(f"{what:<8}{loss.name:<4}{small:>14,.0f}{large:>18,.0f}{large / small:>7.0f}x")
lesson.check("25 times under the square, 5 times under the bars", ratios == [25.0, 5.0, 25.0, 5.0])

# %% [markdown]
# The ratio forgets the unit; the loss itself does not. 400 000 000 are square dollars. Measure
# the same houses in thousands of dollars, and the same model has another MSE:

# %%
in_thousands = penalty(losses.mse, 20.0)
lesson.show("the first house in thousands of dollars:", in_thousands)
lesson.check("a unit 1000 times larger makes MSE a million times smaller",
             penalty(losses.mse, 20_000.0) / in_thousands == 1e6)

# %% [markdown]
# ## A printed number
#
# The article computes the MSE of five samples and prints 0.0380 beside the code. Four errors
# are 0.2 in size, one is 0.3. Do it in your head: (4 * 0.04 + 0.09) / 5.

# %%
pred = np.array([2.3, 1.2, 3.0, 0.8, 3.9])
target = np.array([2.5, 1.0, 3.2, 0.5, 4.1])
errors = pred - target
by_hand = (4 * 0.04 + 0.09) / 5
by_fused = losses.mse(pred, target).item()
by_composed = losses.mse(pred, target, path="composed").item()
lesson.show("errors  ", errors.round(4))
lesson.show(f"by hand {by_hand:.4f}   fused {by_fused:.4f}   composed {by_composed:.4f}")
lesson.show("printed 0.0380")
lesson.agree("by hand = fused", by_hand, by_fused)
lesson.agree("by hand = composed", by_hand, by_composed)
lesson.check("the printed 0.0380 is refuted: it is 0.0500", f"{by_fused:.4f}" == "0.0500")

# %% [markdown]
# The code beside it is right; the number never came out of that code. A number in a text is a
# claim like any other. Here none stands that was not computed while you watch.
#
# ## The slope, and 1/n
#
#     loss    (1/n) * sum of e²           e = pred - target, one per sample
#     slope   2 e / n                     for the pred of that sample
#
# The 2 e comes from the square. The 1/n comes from the mean: each sample has one vote in n.

# %%
def slopes(loss, pred, target, **settings):
    """The gradient with respect to pred, by backward()."""
    pred = Tensor(pred, requires_grad=True)
    loss(pred, target, **settings).backward()
    return pred.grad.numpy()


by_hand = 2 * errors / 5
lesson.show("by hand ", by_hand.round(4))
lesson.show("backward", slopes(losses.mse, pred, target).round(4))
lesson.agree("2 e / n by hand = by backward", by_hand, slopes(losses.mse, pred, target))

# %% [markdown]
# Path against path, and both against numbers:

# %%
lesson.standard(losses.mse, pred, target)

# %% [markdown]
# Why a mean at all, and not a sum? Show every sample twice. Nothing new was learnt, so a weight
# should move as before. Let the weight be a single constant c, predicted for everyone; it is
# used n times, so its slope is the sum of the n slopes.

# %%
def slope_of_constant(loss, c, target, reduction="mean"):
    """d loss / d c, where c is the prediction for every sample."""
    c = Tensor(c, requires_grad=True)
    loss(c.broadcast_to(target.shape), target, reduction=reduction).backward()
    return c.grad.item()


double = np.concatenate([target, target])
table = {}
for reduction in ("mean", "sum"):
    five = slope_of_constant(losses.mse, 3.0, target, reduction)
    ten = slope_of_constant(losses.mse, 3.0, double, reduction)
    table[reduction] = five, ten
    lesson.show(f"{reduction:<5}  slope of c   5 samples {five:8.4f}   the same twice {ten:8.4f}")
lesson.agree("the mean: every sample twice, same slope", *table["mean"])
lesson.agree("the sum: every sample twice, twice the slope", 2 * table["sum"][0], table["sum"][1])
lesson.agree("the sum's slope is n times the mean's", table["sum"][0], 5 * table["mean"][0])

# %% [markdown]
# So this is where 1/n goes: into every slope, so that the step of a weight does not grow with
# the batch. Lose it, or divide by another n, and every step has another length.
#
# ## The n-th bug
#
# The article's gradient divides by the length of the targets, `len`; its loss takes the mean
# over all elements. The same n?

# %%
def mean_square(pred):
    return ((pred - y) ** 2).mean()


def slope_by_len(pred):
    return 2 * (pred - y) / len(y)


y, guess = target, pred
flat = gradcheck(mean_square, guess, gradient=slope_by_len)
lesson.show(f"shape {y.shape}   len {len(y)}   size {y.size}")
lesson.show(flat)

y, guess = lesson.rng.normal(size=(2, 4, 5))
rows = gradcheck(mean_square, guess, gradient=slope_by_len)
lesson.show(f"\nshape {y.shape}   len {len(y)}   size {y.size}")
lesson.show(rows)
lesson.check("right on a flat array", flat.ok)
lesson.check("wrong on (4, 5)", not rows.ok)
lesson.agree("gradcheck names the factor: 20 / 4 = 5", rows.factor, 5.0)

# %% [markdown]
# `len` counts rows, `size` counts numbers. On flat data the two are equal, so no test on flat
# data can find this; four rows of five find it at once. One factor for every element is the
# mark of a wrong n: the direction is right, only the length is not. Such a model still learns,
# at a rate that nobody chose.

# %%
slope_by_size = 2 * (guess - y) / y.size
lesson.agree("with size it is the library's", slope_by_size, slopes(losses.mse, guess, y))

# %% [markdown]
# ## The absolute error: everybody pulls alike
#
#     loss    (1/n) * sum of |e|
#     slope   +1/n above the target, -1/n below, 0 on it
#
# (The article calls a `mae_loss` that it never defines.) Predict the slopes for errors of
# 0.001, 1, 1000, -5 and 0:

# %%
five_errors = np.array([0.001, 1.0, 1000.0, -5.0, 0.0])
mae_slopes = slopes(losses.mae, five_errors, np.zeros(5))
mse_slopes = slopes(losses.mse, five_errors, np.zeros(5))
for name, values in [("error", five_errors), ("mae", mae_slopes), ("mse", mse_slopes)]:
    lesson.show(f"{name:<6}", *[f"{value:>9g}" for value in values])
lesson.check("±1/n, however large the error", (mae_slopes[:4] == [0.2, 0.2, 0.2, -0.2]).all())
lesson.check("0 at a tie", mae_slopes[4] == 0.0)
lesson.check("the square's slope grows with the error", mse_slopes[2] == 400.0)

# %% [markdown]
# At the tie there is no slope to find: from the right it is +1, from the left -1. The 0 between
# them is a choice, and a good one: a prediction that is exact should stay.

# %%
step = 1e-6
from_right = (penalty(losses.mae, step) - penalty(losses.mae, 0.0)) / step
from_left = (penalty(losses.mae, 0.0) - penalty(losses.mae, -step)) / step
lesson.show("from the right", from_right, "  from the left", from_left)
lesson.check("the two one-sided slopes are +1 and -1", (from_right, from_left) == (1.0, -1.0))
lesson.standard(losses.mae, pred, target)

# %% [markdown]
# Both at once. Lines are composed, dots are fused: two implementations, one picture.

# %%
def curve(loss, errors, path):
    """Value and slope of single samples with these errors."""
    pred = Tensor(errors, requires_grad=True)
    value = loss(pred, np.zeros(len(errors)), reduction="none", path=path)
    value.sum().backward()
    return value.numpy(), pred.grad.numpy()


fig, (cost, pull) = plot.figure(2, 1, sharex=True, title="One sample: its loss, and its slope")
fine = np.linspace(-3, 3, 601)
coarse = {"mse": np.linspace(-2.75, 2.75, 12), "mae": np.linspace(-3, 3, 13)}
for loss, colour, line in zip((losses.mse, losses.mae), plot.COLOURS, plot.LINES, strict=False):
    value, slope = curve(loss, fine, "composed")
    if loss is losses.mae:
        slope = np.where(fine == 0, np.nan, slope)    # at the kink the line breaks off
    some = coarse[loss.name]
    for axes, y, dots in zip((cost, pull), (value, slope), curve(loss, some, "fused"), strict=True):
        axes.plot(fine, y, linestyle=line, color=colour, label=f"{loss.name} composed")
        axes.plot(some, dots, "o", linestyle="none", color=colour, markeredgecolor="white",
                  label=f"{loss.name} fused")
for axes in (cost, pull):
    axes.axvline(0, color=plot.GREY, linestyle=":", linewidth=1.6, zorder=1)
pull.text(0.1, -5.5, "kink of mae", color=plot.GREY)
cost.set_ylabel("loss")
pull.set_ylabel("slope")
pull.set_xlabel("error = pred - target")
cost.legend()
lesson.figure("04_curves", fig,
              alt="Two panels over the error from -3 to 3. Above, the loss: mse a parabola up "
                  "to 9, mae a V up to 3; they meet at -1, 0 and 1. Below, the slope: mse a "
                  "straight line from -6 to 6; mae -1 left of 0, +1 right of it, and a single "
                  "dot at 0. The fused dots lie on the composed lines.")

# %% [markdown]
# Within ±1/2 the bars pull harder, outside the square does, without limit.
#
# ## Who is heard
#
# Seven days, one thermometer. On the last day it hung in the sun. We look for one constant c
# that describes the week, and ask what the seventh sample does to each loss at c = 21.

# %%
days = np.array([18.0, 19.0, 20.0, 21.0, 22.0, 23.0, 45.0])


def share(values):
    """The last sample's part of the whole."""
    return abs(values[-1]) / abs(values).sum()


shares = {}
for loss in (losses.mse, losses.mae):
    value, slope = curve(loss, 21.0 - days, "fused")
    shares[loss.name] = share(value), share(slope)
    lesson.show(f"{loss.name}:  {share(value):4.0%} of the loss, {share(slope):4.0%} of the pull, "
                "by one sample of seven")
lesson.agree("under the square, 576/595 of the loss and 24/33 of the pull", shares["mse"],
             [576 / 595, 24 / 33])
lesson.agree("under the bars, 24/33 of the loss but 1/6 of the pull", shares["mae"],
             [24 / 33, 1 / 6])

# %% [markdown]
# The loss is what you read in a log; the pull is what moves the weight. Look at the pull. (One
# sixth and not one seventh: the sample at 21 does not pull.)
#
# ## The best constant
#
# Where does each loss want c? Downhill: where the slope is positive go left, where it is
# negative go right, and halve the interval. Only our own gradients are asked.

# %%
def best_constant(loss, data):
    low, high = data.min(), data.max()
    for _ in range(60):
        middle = (low + high) / 2
        if slope_of_constant(loss, middle, data) > 0:
            high = middle
        else:
            low = middle
    return (low + high) / 2


best = {loss.name: best_constant(loss, days) for loss in (losses.mse, losses.mae)}
lesson.show(f"mse wants {best['mse']:.6f}     the mean is   {days.mean():.6f}")
lesson.show(f"mae wants {best['mae']:.6f}     the median is {np.median(days):.6f}")
lesson.agree("the best constant of mse is the mean", best["mse"], days.mean())
lesson.agree("the best constant of mae is the median", best["mae"], np.median(days))
lesson.check("the mean is warmer than six of the seven days", (days < best["mse"]).sum() == 6)

# %% [markdown]
# Why these two? At the best constant the pulls balance.
#
#     square    sum of (c - t) = 0            the distances balance: c is the mean
#     bars      (below - above) / n = 0       the head counts balance: c is the median
#
# The second line says that MAE's slope is a count of votes. Put c between the days and count.

# %%
votes = []
for c in np.linspace(17.5, 23.5, 7):
    below, above = (days < c).sum(), (days > c).sum()
    votes.append(((below - above) / 7, slope_of_constant(losses.mae, c, days)))
    lesson.show(f"c = {c}   {below} below, {above} above   slope {votes[-1][1] * 7:+.0f}/7")
claimed, found = np.array(votes).T
lesson.agree("mae's slope = (samples below - samples above) / n", claimed, found)

# %%
fig, panels = plot.figure(2, 1, sharex=True, title="Each sample's pull on the best constant")
for axes, loss, colour in zip(panels, (losses.mse, losses.mae), plot.COLOURS, strict=False):
    c = best[loss.name]
    pulls = -slopes(loss, np.full(7, c), days)
    axes.axhline(0, color=plot.GREY, linewidth=1)
    axes.axvline(c, color=plot.GREY, linestyle=":", zorder=1)
    axes.vlines(days, 0, pulls, color=colour)
    axes.plot(days, pulls, "o", linestyle="none", color=colour, label=f"pull under {loss.name}")
    axes.set_title(f"{loss.name}: best constant {c:g} (dotted)")
    axes.set_ylabel("pull (up: warmer)")
panels[1].set_xlabel("degrees")
lesson.figure("04_pulls", fig,
              alt="Seven days, each with a stem as long as its pull. Above, mse at its best "
                  "constant 24: six short stems down, from -1.7 at 18 degrees to -0.3 at 23, "
                  "and one long stem up, 6 at 45. Below, mae at 21: three stems of 1/7 down, "
                  "none at 21, three of 1/7 up, the one at 45 no longer than the others.")

# %% [markdown]
# Above, one long pull up balances six pulls down. Below, three balance three, all of one
# length, and the sample at 21 pulls nowhere. (Compare within a panel: the two scales differ.)
#
# With an even number of samples the middle is an interval, and MAE is content anywhere in it:

# %%
even = np.array([18.0, 19.0, 21.0, 45.0])
between = [slope_of_constant(losses.mae, c, even) for c in (19.1, 20.0, 20.9)]
lesson.show("slopes at 19.1, 20 and 20.9:", between)
lesson.check("between the two middle samples mae's slope is 0", between == [0.0, 0.0, 0.0])
lesson.check("mse knows one place only", slope_of_constant(losses.mse, 19.1, even) != 0.0)

# %% [markdown]
# ## The outlier runs away
#
# Now let the seventh reading grow. Before you look: by how much does each constant move when it
# goes from 45 to 1000?

# %%
readings = np.array([24.0, 45.0, 100.0, 300.0, 1000.0])
moved = {loss.name: [best_constant(loss, np.append(days[:6], r)) for r in readings]
         for loss in (losses.mse, losses.mae)}
lesson.show("seventh reading  ", readings)
lesson.show("best under mse   ", np.round(moved["mse"], 2))
lesson.show("best under mae   ", np.round(moved["mae"], 2))
lesson.agree("the mean follows with 1/7 of every step", np.diff(moved["mse"]),
             np.diff(readings) / 7)
lesson.agree("the median stays at 21", moved["mae"], np.full(5, 21.0))

# %%
fig, axes = plot.figure(title="One reading of seven runs away")
reading = np.linspace(24, 100, 20)
for loss, colour, line in zip((losses.mse, losses.mae), plot.COLOURS, plot.LINES, strict=False):
    constants = [best_constant(loss, np.append(days[:6], r)) for r in reading]
    axes.plot(reading, constants, linestyle=line, color=colour, label=f"under {loss.name}")
axes.set_xlabel("seventh reading, degrees")
axes.set_ylabel("best constant, degrees")
axes.legend()
lesson.figure("04_runaway", fig,
              alt="The best constant against the seventh reading, from 24 to 100 degrees. "
                  "Under mse it climbs in a straight line from 21 to 31.9; under mae it stays "
                  "at 21.")

# %% [markdown]
# This is what "robust" means, and its price: the bars do not care how far a sample is, and that
# holds for honest samples too. Let the three warmest days all be honest, and 20 degrees warmer:

# %%
heat_wave = days + [0, 0, 0, 0, 20, 20, 20]
best_in_heat = best_constant(losses.mae, heat_wave)
lesson.show("best under mae, in a real heat wave:", best_in_heat)
lesson.agree("three days 20 degrees warmer, and the median stays", best_in_heat, 21.0)

# %% [markdown]
# ## Does the square converge faster?
#
# So the article says. Same start, same fixed rate, plain descent: 100 steps, the last four
# shown.

# %%
def descend(loss, rates, c=0.0):
    trail = []
    for rate in rates:
        c = c - rate * slope_of_constant(loss, c, days)
        trail.append(c)
    return np.array(trail)


fixed = np.full(100, 0.4)
mse_trail, mae_trail = descend(losses.mse, fixed), descend(losses.mae, fixed)
lesson.show("mse", mse_trail[-4:].round(6))
lesson.show("mae", mae_trail[-4:].round(6))
lesson.check("mse has arrived at 24", abs(mse_trail[-1] - 24) < 1e-9)
lesson.check("mae still hops about 21", np.abs(np.diff(mae_trail[-4:])).min() > 0.01)

# %% [markdown]
# True here, and you can see why. The square's slope shrinks on the way, so the steps shrink by
# themselves. The slope of the bars does not, so somebody must shrink the rate: halve it every
# 20 steps.

# %%
halved = 0.4 * 0.5 ** (np.arange(600) // 20)
patient = descend(losses.mae, np.concatenate([fixed, halved]))
lesson.show("mae, rate halved again and again:", patient[-4:].round(6))
lesson.check("then mae arrives at 21 as well", abs(patient[-1] - 21) < 1e-6)

# %% [markdown]
# A loss with the square's slope near the target and the slope of the bars far from it would
# have both. That is lesson 05.
#
# ## Three right answers, loss 1.3333
#
# A model returns a column, shape (3, 1); the targets are a row, shape (3,). Every prediction is
# right. What is the MSE?

# %%
column = np.array([[1.0], [2.0], [3.0]])
row = np.array([1.0, 2.0, 3.0])
lesson.show(column - row)
silent = np.mean((column - row) ** 2)
lesson.show(f"NumPy says {silent:.4f}")
lesson.agree("NumPy compares all with all: 12 / 9 instead of 0", silent, 12 / 9)

# %% [markdown]
# Broadcasting made three differences into nine. Nothing crashed. Train on it and look where the
# model goes: the column below is free to move and starts at the right answer.

# %%
for step in range(200):
    free = Tensor(column, requires_grad=True)
    value = ((free - row) ** 2).mean()
    value.backward()
    if step == 0:
        first_gradient = free.grad.numpy()
    column = column - 0.5 * free.grad.numpy()
lesson.show("gradient at the right answer", first_gradient.ravel().round(4))
lesson.show("after 200 steps             ", column.ravel().round(4), f" loss {value.item():.4f}")
lesson.agree("the gradient is 2/n (pred - mean of all targets)", first_gradient.ravel(),
             2 / 3 * (row - row.mean()))
lesson.agree("every prediction becomes the mean", column.ravel(), [2.0, 2.0, 2.0])
lesson.check("and the loss went down on the way", value.item() < silent)

# %% [markdown]
# The loss fell and the model forgot everything it knew. A linear regression that missed its
# weights for this reason, without an error, is on record (PyTorch, issue 16045). `losses.mse`
# compares like with like, or says no:

# %%
def refusal(path):
    try:
        losses.mse(row.reshape(3, 1), row, path=path)
    except ValueError as error:
        return str(error)
    return "no refusal"


lesson.show(refusal("fused"))
lesson.check("(3, 1) against (3,) raises on both paths, naming both shapes",
             all("(3, 1)" in refusal(path) and "(3,)" in refusal(path)
                 for path in ("fused", "composed")))
lesson.check("with equal shapes the loss is 0", losses.mse(row, row).item() == 0.0)

# %% [markdown]
# ## Often believed
#
# * *MAE ignores outliers.* Each has its vote, like the others. What MAE ignores is distance.
# * *1/n only scales the loss.* It scales every step. A wrong n is another learning rate.
# * *A falling loss means a better model.* Only if the loss compares what you meant to compare.
#
# ## Exercise: a gradient for any shape
#
#     tinygrad-loss start 04
#
# puts a file into the folder work. Write two slopes there, with NumPy alone: of the mean of
# (pred - target) ** 2, and of the mean of |pred - target| ** 3. They must be right for arrays of
# shape (5,), (4, 5), (2, 3, 4), (1, 7) and (). Then
#
#     tinygrad-loss check 04
#
# says what is right and what is not; `tinygrad-loss hint 04` helps a step further. When both
# pass, break one: divide by len(target), then by nothing. Before you check each, write down what
# it will say, with its factor.
#
# And one to think about: does the cube listen to an outlier more than the square, or less? What
# would its best constant for the seven days be: below 24, or above? `best_constant` can tell
# you, if you give it your slope.
#
# ## Keep
#
# - The square's pull grows with the error, that of the bars is 1/n: one wild sample against its vote.
# - The best constant is the mean under the square, the median under the bars.
# - A mean puts 1/n into every slope; n counts all numbers, not rows.
# - Compare like shape with like, or nine differences are made of three.
#
# Next: 05 huber, one loss with both characters.

# %%
lesson.end()
