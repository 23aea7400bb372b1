# %% [markdown]
# # 05 Huber
#
# How is a kink removed?
#
# - Before: 03 (what a gradient check sees and what it misses), 04 (squared and absolute error)
# - Minutes: 40, and 20 for the exercise
#
# The squared error lets one bad sample outshout all the others. The absolute error gives
# every sample the same voice, but at the target its slope jumps from -1 to +1: a kink, around
# which gradient steps rattle back and forth. In 1964 Peter Huber joined the good half of
# each. We rebuild his loss from the slope up, because the slope is the part that training
# feels.

# %%
import inspect

import numpy as np

from tinygrad_loss import Tensor, grad, gradcheck, losses, plot
from tinygrad_loss.lesson import Lesson

lesson = Lesson("05_huber")

# %% [markdown]
# ## 1. Begin with the slope
#
# Write e for the error, pred - target. Two slopes we know from lesson 04, and one we wish
# for:
#
#     e²/2      e          gentle near the target, without limit far away
#     |e|       sign(e)    limited far away, a jump at the target
#     wanted    e, held within -delta and delta
#
# With delta = 1, predict the last column before you look.

# %%
error = np.array([-3.0, -1.5, -0.5, 0.5, 1.5, 3.0])
zero = np.zeros(6)
wanted = np.clip(error, -1, 1)

lesson.show("    e    squared   absolute   wanted")
for e, w in zip(error, wanted, strict=True):
    lesson.show(f"{e:5.1f}   {e:8.1f}   {np.sign(e):8.1f}   {w:6.1f}")

# %% [markdown]
# Is this the slope of the library's Huber loss? Ask its backward pass. The six errors come in
# mirror pairs; keep them in mind, in section 9 they will catch a bug.

# %%
pred = Tensor(error, requires_grad=True)
losses.huber(pred, zero, delta=1.0, reduction="sum").backward()
lesson.show("slope by backward():", pred.grad.numpy())
lesson.check("the slope is the error, held within -1 and 1", np.array_equal(pred.grad, wanted))

# %% [markdown]
# ## 2. The loss is the area under the slope
#
# The slope is chosen, so the loss is no longer ours to choose: it is the area under the
# slope, from 0 to |e|.
#
#     |e| <= delta     a triangle                        e²/2
#     |e| >  delta     a full triangle and a rectangle   delta²/2 + delta (|e| - delta)
#                                                        = delta (|e| - delta/2)
#
# That is Huber's formula. Predict the area at e = 3 with delta = 1: half a unit square, then
# two whole ones.

# %%
t = np.linspace(0, 3, 3001)
slope = np.clip(t, -1, 1)
area = np.concatenate([[0], np.cumsum((slope[1:] + slope[:-1]) / 2 * np.diff(t))])
loss = losses.huber(t, np.zeros_like(t), delta=1.0, reduction="none").numpy()
lesson.show(f"area up to e = 3: {area[-1]:.6f}     huber(3): {loss[-1]:.6f}")
lesson.agree("the loss is the area under the slope, at 3001 points", area, loss)

# %% [markdown]
# ## 3. Five samples, one of them wild
#
# The article compares three losses on five predictions; the last misses by 10. The right
# column is the share of the whole pull that this one sample exerts.

# %%
target = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
guess = np.array([1.1, 2.2, 2.9, 4.1, 15.0])
values, slopes = {}, {}
lesson.show("loss      value    slope of each sample                    share of the last")
for name in ("mse", "mae", "huber"):
    pred = Tensor(guess, requires_grad=True)
    result = losses.LOSSES[name](pred, target)
    result.backward()
    values[name], slopes[name] = result.item(), pred.grad.numpy()
    share = abs(slopes[name][-1]) / abs(slopes[name]).sum()
    pulls = "".join(f"{s:7.2f}" for s in slopes[name])
    lesson.show(f"{name:6} {values[name]:8.4f}   {pulls}     {share:5.0%}")

lesson.agree("Huber on the article's data is 1.907", values["huber"], 1.907)
lesson.agree("its slope is e/5 four times, then delta/5", slopes["huber"],
             [0.02, 0.04, -0.02, 0.02, 0.2])

# %% [markdown]
# The article prints 2.5600 for Huber and concludes that Huber lies "between MSE and MAE". The
# value is 1.907, and 1.907 lies below both. That is no accident of these five samples.
#
# ## 4. Two ceilings
#
#     e²/2 - huber         0 within delta,                      (|e| - delta)²/2 beyond
#     delta |e| - huber    |e| (delta - |e|/2) within delta,    delta²/2 beyond
#
# None of the four can be negative. So with delta = 1 Huber costs at most e²/2 and at most
# |e|, sample by sample: it can *never* lie between the two. Two lines are the proof; 100 000
# random errors test that the code obeys it. How many will break through a ceiling?

# %%
e = lesson.rng.uniform(-8, 8, 100_000)
at_zero = np.zeros_like(e)
half_square = losses.mse(e, at_zero, reduction="none").numpy() / 2
absolute = losses.mae(e, at_zero, reduction="none").numpy()
for delta in (0.1, 1.0, 2.0):
    huber = losses.huber(e, at_zero, delta=delta, reduction="none").numpy()
    ceiling = np.minimum(half_square, delta * absolute)
    above = int((huber > ceiling * (1 + 1e-12)).sum())
    lesson.check(f"delta = {delta}: no error costs more than e²/2, none more than delta |e|",
                 above == 0, f"{above} of {e.size} do")

# %%
x = np.linspace(-3.5, 3.5, 281)
fig, axis = plot.figure(title="Huber stays under two ceilings (delta = 1)")
axis.plot(x, x**2 / 2, color=plot.COLOURS[1], linestyle="--", label="e²/2")
axis.plot(x, abs(x), color=plot.COLOURS[2], linestyle="-.", label="delta |e|")
huber = losses.huber(x, np.zeros_like(x), reduction="none").numpy()
axis.plot(x, huber, color=plot.COLOURS[0], linestyle="-", linewidth=6, alpha=0.6, zorder=1,
          label="Huber")
axis.set(xlabel="error e = pred - target", ylabel="loss", ylim=(0, 4))
axis.legend(loc="upper center")
lesson.figure("05_ceilings", fig, alt=(
    "Three curves over the error from -3.5 to 3.5: the parabola e squared over 2, the V of the "
    "absolute error, and Huber, which lies below both everywhere and touches the parabola for "
    "errors up to 1."))

# %% [markdown]
# Comparing Huber with MAE and MSE themselves means little. If the errors are metres, MAE is
# in metres, MSE in square metres, and Huber in square metres too, because delta is a length.
# So the order can change with the unit. The ceilings, delta MAE and MSE/2, are in square
# metres as well. Predict: the same five samples and the same delta, one metre, written in
# centimetres.

# %%
lesson.show("unit            MAE       Huber           MSE      delta MAE       MSE/2")
row = {}
for unit, scale in (("metre", 1.0), ("centimetre", 100.0)):
    data = scale * guess, scale * target
    mae, mse = losses.mae(*data).item(), losses.mse(*data).item()
    huber = losses.huber(*data, delta=scale).item()
    row[unit] = mae, huber, mse, scale * mae, mse / 2
    lesson.show(f"{unit:10} {mae:8.1f} {huber:11.3f} {mse:13.3f} "
                f"{scale * mae:14.1f} {mse / 2:11.3f}")

lesson.check("in metres Huber is below MAE, in centimetres above: that order is about units",
             row["metre"][1] < row["metre"][0] and row["centimetre"][1] > row["centimetre"][0])
lesson.check("below delta MAE and MSE/2 it is in either unit",
             all(huber < min(ceilings) for _, huber, _, *ceilings in row.values()))

# %% [markdown]
# ## 5. What does lie between
#
# The article means something true: Huber is a compromise. Look for it not in the value but in
# the place of the minimum. Which one number c describes all five errors best? The squared
# error picks the mean, the absolute error the median (lesson 04). For Huber the slopes must
# cancel: four samples pull with c - e, and the outlier, whose error is beyond delta = 1, with
# -1.
#
#     4 c - (0.1 + 0.2 - 0.1 + 0.1) - 1 = 0        so c = ?
#
# And what will c be once the outlier is 1000 instead of 10?

# %%
def best_constant(e):
    """Where the mean of Huber over the errors e is least, found by descent."""
    c = 0.0
    for _ in range(100):
        place = Tensor(np.full(e.shape, c), requires_grad=True)
        (slope,) = grad(losses.huber(place, e, delta=1.0), [place])
        c = c - slope.numpy().sum()                # the samples share one c, so their slopes add
    return c


errors = guess - target
best = {}
lesson.show("last error    median   Huber's c      mean")
for last in (0.1, 10.0, 1000.0):
    e = np.append(errors[:4], last)
    best[last] = best_constant(e)
    lesson.show(f"{last:10} {np.median(e):9.3f} {best[last]:11.3f} {e.mean():9.3f}")

lesson.agree("with the outlier at 10, c = 1.3 / 4 = 0.325", best[10.0], 0.325)
lesson.agree("at 1000, c is still there", best[1000.0], best[10.0])

# %% [markdown]
# The mean runs after the outlier, the median ignores it, Huber's c takes one step of limited
# length. Between median and mean: that is the compromise. Where nothing is wild, it *is* the
# mean.
#
# ## 6. The seam
#
# Two formulas meet at |e| = delta. Put e = delta into both:
#
#     value       e²/2 = delta²/2      delta (e - delta/2) = delta²/2      equal
#     slope       e = delta            delta                               equal
#     curvature   1                    0                                   not equal
#
# Now step across, from delta - h to delta + h, and let h shrink. The last column does the
# same with the absolute error, across its kink at 0. Which columns go to 0?

# %%
def derivatives(e, delta):
    """Value, slope and curvature of Huber at each e."""
    x = Tensor(e, requires_grad=True)
    value = losses.huber(x, np.zeros_like(e), delta=delta, reduction="none")
    (slope,) = grad(value.sum(), [x], create_graph=True)
    (curvature,) = grad(slope.sum(), [x])
    return value.numpy(), slope.numpy(), curvature.numpy()


lesson.show("step h       value       slope   curvature      slope of |e|")
for h in (1e-1, 1e-3, 1e-6, 1e-9):
    value_gap, slope_gap, bend_gap = (abs(d[1] - d[0])
                                      for d in derivatives(np.array([1 - h, 1 + h]), 1.0))
    sides = Tensor([-h, h], requires_grad=True)
    (kink,) = grad(losses.mae(sides, [0.0, 0.0], reduction="sum"), [sides])
    kink_gap = abs(kink.numpy()[1] - kink.numpy()[0])
    lesson.show(f"{h:6.0e} {value_gap:11.1e} {slope_gap:11.1e} {bend_gap:11.1f} {kink_gap:17.1f}")

# %% [markdown]
# Value and slope close up; mathematicians write C1. The jump has not vanished. It has moved
# one derivative up, from the slope to the curvature, where a gradient step does not feel it.
#
# That is how a kink is removed. We check it at both seams, and for three deltas: with
# delta = 1 alone, nobody could tell delta from delta² or from 1.

# %%
h = 1e-9
for delta in (0.1, 1.0, 2.0):
    gaps = [np.array([abs(d[1] - d[0]) for d in derivatives(np.array([seam - h, seam + h]), delta)])
            for seam in (delta, -delta)]
    lesson.check(f"delta = {delta}: at both seams value and slope close, the curvature jumps by 1",
                 all(g[0] <= 10 * h and g[1] <= 10 * h and g[2] == 1 for g in gaps))
lesson.check("the slope of |e| jumps by 2 however small the step", kink_gap == 2)

# %%
x = np.linspace(0.5, 1.5, 201)
fig, axes = plot.figure(rows=3, sharex=True, size=(8, 9),
                        title="The seam at delta = 1, magnified")
value_x, slope_x, bend_x = derivatives(x, 1.0)
rows = [("loss", value_x, x**2 / 2, x - 0.5), ("slope", slope_x, x, np.ones_like(x)),
        ("curvature", bend_x, np.ones_like(x), np.zeros_like(x))]
for axis, (label, huber, squared, straight) in zip(axes, rows, strict=True):
    axis.plot(x, squared, color=plot.COLOURS[1], linestyle="--", label="e²/2, continued")
    axis.plot(x, straight, color=plot.COLOURS[2], linestyle="-.",
              label="delta (e - delta/2), continued")
    for part in (x <= 1, x > 1) if label == "curvature" else (x > 0,):
        axis.plot(x[part], huber[part], color=plot.COLOURS[0], linestyle="-", linewidth=6,
                  alpha=0.6, zorder=1, solid_capstyle="butt", label="Huber")
    axis.axvline(1, color=plot.GREY, linestyle=":", linewidth=1.5)
    axis.set(ylabel=label)
axes[0].legend(loc="upper left")
axes[-1].set(xlabel="error e")
lesson.figure("05_seam", fig, alt=(
    "Loss, slope and curvature of Huber for errors from 0.5 to 1.5 with delta = 1. The loss passes "
    "from the parabola to its tangent; the slope rises to 1 and bends into a level line; the "
    "curvature drops from 1 to 0."))

# %% [markdown]
# ## 7. Large and small delta
#
# The article: large delta "acts mostly like MSE", small delta "mostly like MAE". Watch the
# columns. Which one settles as delta grows, and on what? Which one as delta shrinks?

# %%
lesson.show(" delta        huber   huber/delta   slope of the last sample")
for delta in (100.0, 10.0, 1.0, 0.1, 0.001):
    pred = Tensor(guess, requires_grad=True)
    result = losses.huber(pred, target, delta=delta)
    result.backward()
    lesson.show(f"{delta:6g} {result.item():12.6f} {result.item() / delta:13.6f} "
                f"{pred.grad.numpy()[-1]:18.4f}")
lesson.show(f"\nMSE/2 = {values['mse'] / 2:.3f}   MAE = {values['mae']:.3f}")

# %% [markdown]
# Large delta: Huber becomes MSE *halved*, exactly, once delta exceeds every error. Small
# delta: Huber becomes *delta times* MAE, and Huber/delta lies within delta/2 of MAE. The
# slope shrinks with it. Set delta = 0.1 "for robustness" and every step is a tenth of what
# MAE would take: you have changed the learning rate and may not know it.

# %%
tenth = Tensor(guess, requires_grad=True)
small = losses.huber(tenth, target, delta=0.1)
small.backward()
large = losses.huber(guess, target, delta=100.0)
lesson.agree("delta = 100: half of MSE", large, values["mse"] / 2)
for delta in (0.1, 0.001):
    short = values["mae"] - losses.huber(guess, target, delta=delta).item() / delta
    lesson.check(f"delta = {delta}: huber/delta is below MAE, by at most delta/2",
                 0 <= short <= delta / 2 * (1 + 1e-9), f"{short:.5f} below")
lesson.agree("delta = 0.1: every slope is a tenth of MAE's", tenth.grad, slopes["mae"] / 10)

# %%
fig = plot.curves(losses.huber, [{"delta": d} for d in (0.5, 1.0, 2.0)],
                  x=np.linspace(-3, 3, 241), xlabel="error = pred - target",
                  title="Huber for three values of delta")
lesson.figure("05_family", fig, alt=(
    "Huber loss above and its slope below for delta 0.5, 1 and 2. All curves share one "
    "parabola near 0 and leave it as straight lines at plus and minus delta; each slope is a ramp "
    "that turns level at delta."))

# %% [markdown]
# In the picture all deltas share one parabola: delta decides only where to leave it. There is
# a second convention, which shares the straight lines instead and divides by delta:
#
#     SmoothL1 = Huber / delta         delta is then called beta
#
# PyTorch has both, and the article uses one under the name of the other. For which delta may
# one do that? Predict from the formula, then read.

# %%
def smooth_l1(pred, target, beta):
    """Written from its own definition, not from Huber's."""
    size = np.abs(pred - target)
    return np.mean(np.where(size < beta, size**2 / (2 * beta), size - beta / 2))


lesson.show(" delta      huber   smooth_l1")
smooth, huber = {}, {}
for delta in (0.1, 1.0, 2.0):
    smooth[delta] = smooth_l1(guess, target, delta)
    huber[delta] = losses.huber(guess, target, delta=delta).item()
    lesson.show(f"{delta:6g} {huber[delta]:10.4f} {smooth[delta]:11.4f}")
lesson.agree("Huber = delta SmoothL1, for three deltas", list(huber.values()),
             [d * s for d, s in smooth.items()])
lesson.check("only at delta = 1 may one stand for the other",
             [d for d in huber if abs(huber[d] - smooth[d]) < 1e-9] == [1.0])

# %% [markdown]
# ## 8. One loss, two texts
#
# This library writes every loss twice: composed of Tensor operations, which the engine
# differentiates, and as a kernel that returns value and slope, both typed by hand. Read them
# aloud.

# %%
lesson.show(inspect.getsource(losses.huber.composed).rstrip())
lesson.show()
lesson.show(inspect.getsource(losses.huber.kernel).rstrip())

# %% [markdown]
# The first says: take the size of the error; where it is at most delta, half its square,
# elsewhere the straight line. The formula, word for word.
#
# The second never asks for a size. It finds the slope, as we did in section 1, and then the
# loss is one product, slope (error - slope/2), with no branch left in it. Put the three
# slopes in:
#
#     slope =  error     error (error - error/2)    = error²/2
#     slope =  delta     delta (error - delta/2)    = delta (|error| - delta/2)   error is positive
#     slope = -delta    -delta (error + delta/2)    = delta (|error| - delta/2)   error is negative
#
# Work out the product by hand for errors -3, -0.5 and 1.5 with delta = 1. Then compare.

# %%
for e in (-3.0, -0.5, 1.5):
    cost, s = losses.huber.kernel(e, 0.0, 1.0)
    lesson.show(f"error {e:4.1f}:  slope {s:4.1f}   "
                f"{s:4.1f} * ({e:4.1f} - {s:4.1f}/2) = {cost:.3f}")

by_composed = losses.huber(error, zero, reduction="none", path="composed").numpy()
by_kernel = losses.huber(error, zero, reduction="none", path="fused").numpy()
lesson.check("on the six errors the two texts give the same numbers, bit for bit",
             np.array_equal(by_composed, by_kernel), f"{by_kernel}")

# %% [markdown]
# Agreement on six points is a start. The standard checks ask for more: values and gradients
# of both paths against each other, both gradients against numeric differences, and the
# derivative of the gradient. Again not with delta = 1.

# %%
lesson.standard(losses.huber, 2 * lesson.rng.standard_normal(12), np.zeros(12), delta=0.5)

# %% [markdown]
# ## 9. A bug that shipped
#
# Suppose the absolute value is forgotten, and the slope compares the *signed* error with
# delta. Every error below -delta then counts as small. We test this slope twice: on positive
# errors, then on our six. Which test notices?

# %%
def right_loss(e):
    return np.where(np.abs(e) <= 1, e**2 / 2, np.abs(e) - 0.5)


def signed_slope(e):
    return np.where(e <= 1, e, np.sign(e))


one_sided = gradcheck(right_loss, np.array([0.5, 1.5, 3.0]), gradient=signed_slope)
both_sides = gradcheck(right_loss, error, gradient=signed_slope)
lesson.show("positive errors only")
lesson.show(one_sided)
lesson.show("\nall six")
lesson.show(both_sides)
lesson.check("positive errors alone let the bug pass", one_sided.ok)
lesson.check("the mirror pairs convict it, at -3 and -1.5 only",
             {e.place for e in both_sides.elements if e.is_wrong} == {(0,), (1,)})

# %% [markdown]
# A check reaches no further than its points. Use +-0.5, +-1.5, +-3: each branch, on each
# side.
#
# Now the bug as it was published in a GPU library (github.com/BobMcDear/attorch/issues/13):
# the *loss* made the same slip, so value and slope were wrong together. Will gradcheck find
# it now?

# %%
def signed_loss(e):
    return np.where(e <= 1, e**2 / 2, np.abs(e) - 0.5)


together = gradcheck(signed_loss, error, gradient=signed_slope)
lesson.show(together)
lesson.check("a wrong slope of an equally wrong loss passes the gradient check", together.ok)

# %% [markdown]
# Of course: signed_slope *is* the slope of signed_loss. A gradient check compares a slope
# with its own loss; it cannot know which loss you meant. For that you need a second,
# independent text of the loss, or a property it must have. Huber treats e and -e alike.
# Predict how many of the six values are wrong, and, if pred and target are both standard
# normal, what share of all.

# %%
meant = losses.huber(error, zero, reduction="none", path="composed").numpy()
lesson.show("meant: ", meant)
lesson.show("signed:", signed_loss(error))
lesson.check("the composed path disagrees at -3 and -1.5",
             np.flatnonzero(signed_loss(error) != meant).tolist() == [0, 1])
lesson.check("and so does the mirror: loss(e) = loss(-e) fails without any second text",
             not np.array_equal(signed_loss(error), signed_loss(-error))
             and np.array_equal(meant, losses.huber(-error, zero, reduction="none")))

e = lesson.rng.standard_normal(100_000) - lesson.rng.standard_normal(100_000)
meant = losses.huber(e, np.zeros_like(e), reduction="none", path="composed").numpy()
share = np.mean(~np.isclose(signed_loss(e), meant, rtol=1e-12, atol=0))
lesson.check("on normal data a quarter of all values is wrong", 0.23 < share < 0.25, f"{share:.1%}")

# %% [markdown]
# ## Exercise
#
#     tinygrad-loss start 05
#
# puts a file into the folder work, with two functions to write without looking up:
#
# 1. *Gradient.* The slope of the mean of Huber's loss. If the report says that yours is a constant
#    times the right one, ask what the mean divides by.
#
# 2. *Kernel.* For plain numbers, loss and slope; try it with no `abs` and with one product for the
#    loss.
#
# `tinygrad-loss check 05` says what is right and what is not, `tinygrad-loss hint 05` helps a step
# further. When both pass, forget the 1/2 in the kernel on purpose. Then copy signed_loss and
# signed_slope from above into it. Which of the two would a gradient check notice?
#
# ## Keep
#
# - Choose the slope; the loss is its area.
# - Huber has no kink because the jump moved from the slope to the curvature.
# - Large delta gives MSE/2, small delta gives delta MAE, and the learning rate goes along.
# - A gradient check compares a slope with its own loss. Which loss was meant, only a second
#   text or a property can say.

# %%
lesson.end()
