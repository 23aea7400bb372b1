# %% [markdown]
# # 13 Dice
#
# Why does a pixel's gradient depend on all?
#
# - Before: 03 (gradient checks), 07 (cross entropy of yes and no)
# - Minutes: 40, and 25 for the exercise
#
# Mark the tumour in a picture of a million pixels, a thousand of which are tumour. Cross entropy
# judges each pixel by itself and takes the mean: a model that marks nothing is right in 99.9 % of
# them. The Dice loss asks another question. Two masks, p from the model and t from the doctor: how
# well do they overlap?
#
#     loss = 1 - (2 Σ p t + smooth) / (Σ p + Σ t + smooth)
#
# One fraction for the whole picture. Its slope is where the surprises are.

# %%
import numpy as np

from tinygrad_loss import Tensor, grad, losses, plot
from tinygrad_loss.lesson import Lesson

lesson = Lesson("13_dice")
np.set_printoptions(precision=4, suppress=True)

# %% [markdown]
# ## 1. Overlap, counted
#
# Begin with masks of 0 and 1. Truth and prediction have 4 pixels each and share 3. Of the pixels
# marked, which part is right (precision)? Of the pixels to be marked, which part was found
# (recall)? Statisticians join the two into F1 = 2 precision recall / (precision + recall). Predict
# precision, recall, F1, and the Dice loss with smooth = 0.

# %%
truth = np.array([0, 0, 1, 1, 0, 1, 1, 0.0])
marked = np.array([0, 1, 1, 1, 0, 1, 0, 0.0])
shared = (truth * marked).sum()
precision, recall = shared / marked.sum(), shared / truth.sum()
f1 = 2 * precision * recall / (precision + recall)
hard = losses.dice(marked, truth, smooth=0.0).item()
lesson.show(f"precision {precision}   recall {recall}   F1 {f1}   Dice loss {hard}")
lesson.agree("of hard masks, Dice loss = 1 - F1", hard, 1 - f1)

# %% [markdown]
# The article's code calls the denominator, 4 + 4, the `union`. The union has 5 pixels; the shared
# ones are counted twice, and so the numerator carries a 2. (Shared over union is another loss,
# `losses.jaccard`.)
#
# A model answers softly, and the same formula is used. The article's two predictions, whose values it
# does not print:

# %%
good = np.array([0.1, 0.1, 0.9, 0.8, 0.2, 0.8, 0.9, 0.1])
bad = np.array([0.9, 0.8, 0.1, 0.2, 0.9, 0.1, 0.2, 0.8])
article = [losses.dice(p, truth).item() for p in (good, bad)]
lesson.show(f"good {article[0]:.6f}   bad {article[1]:.6f}     (smooth = 1)")
lesson.agree("11/89 and 34/45", article, [11 / 89, 34 / 45])

# %% [markdown]
# ## 2. The quotient rule
#
# Write N for the numerator and S for the denominator. Move one pixel's p by a little. If t = 1
# there, N grows by twice that; S grows by it in any case:
#
#     d (N / S)  =  (2 t S - N) / S²           so      slope  =  (N / S - 2 t) / S
#
# Look for p in the slope. How many different numbers will stand in the gradient of the good
# prediction, with its 8 pixels and four different values of p? How many in that of cross
# entropy?

# %%
def cost_and_slopes(loss, p, t, **settings):
    """The loss, and its slope at each pixel."""
    p = Tensor(p, requires_grad=True)
    cost = loss(p, t, **settings)
    return cost.item(), grad(cost, [p])[0].numpy()


def slopes(loss, p, t, **settings):
    return cost_and_slopes(loss, p, t, **settings)[1]


N, S = 2 * (good * truth).sum() + 1, good.sum() + truth.sum() + 1
by_hand = (N / S - 2 * truth) / S
dice_slopes, bce_slopes = slopes(losses.dice, good, truth), slopes(losses.bce, good, truth)
lesson.show("truth        ", truth)
lesson.show("prediction   ", good)
lesson.show("cross entropy", bce_slopes)
lesson.show("Dice         ", dice_slopes)
lesson.agree("Dice: (N / S - 2 t) / S", dice_slopes, by_hand)
lesson.check("two numbers for 8 pixels, 0.0985 and -0.1262",
             sorted(set(dice_slopes.round(10))) == [-0.126246686, 0.0984724151])

# %% [markdown]
# Two numbers, against four. Whether a pixel of the tumour is at 0.8 or at 0.9, Dice pulls it alike:
# it does not look at *this* pixel's p at all. Cross entropy looks at nothing but this pixel.
#
# ## 3. All depend on all
#
# But N and S are sums over the whole picture. So change one pixel only, the first, from 0.1 to 0.9.
# Whose slopes change?

# %%
touched = good.copy()
touched[0] = 0.9
changes = {}
for loss in (losses.bce, losses.dice):
    changes[loss.name] = slopes(loss, touched, truth) - slopes(loss, good, truth)
    lesson.show(f"{loss.name:5} change of the slopes", changes[loss.name].round(4) + 0)
lesson.check("cross entropy: of the pixel touched", np.flatnonzero(changes["bce"]).tolist() == [0])
lesson.check("Dice: of all eight", np.count_nonzero(changes["dice"]) == 8)

# %% [markdown]
# Why should it be so? A mark put in the wrong place makes the mask too large. The overlap is then
# worth less, for everybody.
#
# A larger picture: a disc to find, and a model that has found its left half. Below, the same model
# also marks a corner where nothing is. Each triangle is a pixel's slope: pointing up, descent
# raises p; pointing down, it lowers p; the area is the size. Where do the two rows differ?

# %%
size = 12
row, column = np.mgrid[:size, :size]
disc = ((row - 5.5) ** 2 + (column - 5.5) ** 2 < 10) * 1.0
half = np.where((disc == 1) & (column < 6), 0.9, 0.05)
corner = np.where((row < 3) & (column > 8), 0.9, half)

fig, axes = plot.figure(2, 3, size=(14, 9.6), title="One corner is marked in vain, and who hears of it")
maps = {}
for panels, (state, p) in zip(axes, {"half found": half, "and a corner marked": corner}.items(), strict=True):
    panels[0].imshow(p, cmap="Greys", vmin=0, vmax=1.4)
    panels[0].contour(np.kron(disc, np.ones((20, 20))), levels=[0.5], colors=[plot.COLOURS[0]], linewidths=3,
                      extent=(-0.5, size - 0.5, -0.5, size - 0.5))
    panels[0].set(title=f"prediction: {state}")
    for axis, loss, largest in ((panels[1], losses.bce, 20 / 144), (panels[2], losses.dice, 0.04)):
        maps[state, loss.name] = pull = slopes(loss, p, disc)
        for marker, colour, some in (("^", plot.COLOURS[0], pull < 0), ("v", plot.COLOURS[1], pull > 0)):
            axis.scatter(column[some], row[some], s=330 * np.abs(pull[some]) / largest, marker=marker,
                         color=colour, linewidth=0, label="up" if marker == "^" else "down")
        axis.set(title=f"slopes of {'cross entropy' if loss is losses.bce else 'Dice'}",
                 xlim=(-0.7, size - 0.3), ylim=(size - 0.3, -0.7), aspect="equal")
    for axis in panels:
        axis.set(xticks=[], yticks=[])
        axis.grid(visible=False)
        axis.spines[:].set(visible=True, color=plot.GREY)
fig.tinygrad_data = {"truth": disc, "predictions": [half, corner],
                     "slopes": {f"{name}, {state}": pull for (state, name), pull in maps.items()}}
lesson.figure("13_maps", fig, alt=(
    "Two rows of three pictures of 12 x 12 pixels: a prediction with the outline of the disc to find, the "
    "slopes of cross entropy, the slopes of Dice. Above, the left half of the disc is found; below, a "
    "corner is marked in vain, too. Cross entropy changes in the corner only. Dice has two sizes of "
    "triangles, up in the disc and down outside, and all of them change."))

away = corner == half
lesson.show("away from the corner, largest change of a slope:")
for loss in (losses.bce, losses.dice):
    before, after = maps["half found", loss.name][away], maps["and a corner marked", loss.name][away]
    lesson.show(f"  {loss.name:5} {np.max(np.abs(after / before - 1)):.1%}")
lesson.check("cross entropy: none; Dice: each one",
             np.array_equal(maps["half found", "bce"][away], maps["and a corner marked", "bce"][away])
             and not np.any(maps["half found", "dice"][away] == maps["and a corner marked", "dice"][away]))

# %% [markdown]
# Cross entropy shouts where the model is sure and wrong, and whispers elsewhere. Dice says one word
# to the whole disc and another to the whole background: the corner marked in vain is pulled down
# no harder than any other pixel outside.
#
# ## 4. The background
#
# Now to the promise: "robust to class imbalance". Put empty pixels around the good prediction, rightly
# predicted as 0. What becomes of either loss, and of the pull on the pixels of the object? And
# then honestly: no model says exactly 0. Let it say 0.01.

# %%
def with_background(n, p):
    """The good prediction, its truth, and n empty pixels predicted as p."""
    return np.append(good, np.full(n, p)), np.append(truth, np.zeros(n))


lesson.show("              loss                              slope at the object")
lesson.show("background        bce      dice  dice, 0.01         bce      dice")
found = {}
for n in (0, 100, 10_000, 100_000):
    exact, soft = with_background(n, 0.0), with_background(n, 0.01)
    found[n] = [losses.bce(*exact).item(), losses.dice(*exact).item(), losses.dice(*soft).item(),
                slopes(losses.bce, *exact)[2], slopes(losses.dice, *exact)[2]]
    lesson.show("{:10}{:11.1e}{:10.4f}{:12.4f}{:12.1e}{:10.4f}".format(n, *found[n]))
lesson.agree("background at 0 changes Dice nowhere, not even its slope",
             [f[k] for f in found.values() for k in (1, 4)], [found[0][k] for _ in found for k in (1, 4)])
lesson.agree("it divides the mean of cross entropy by (n + 8) / 8",
             [found[n][0] for n in found], [found[0][0] * 8 / (n + 8) for n in found])
lesson.check("background at 0.01 drowns Dice, too: ten thousand hundredths are a hundred pixels",
             found[10_000][2] > 0.9 and found[100_000][2] > 0.99)

# %%
sizes = np.unique(np.geomspace(1, 1e5, 31).astype(int))
fig, (above, below) = plot.figure(2, 1, size=(10, 9), sharex=True,
                                  title="An object of 4 pixels in n of background")
for i, (loss, p, name) in enumerate(((losses.bce, 0.0, "cross entropy, background 0"),
                                     (losses.dice, 0.0, "Dice, background 0"),
                                     (losses.dice, 0.01, "Dice, background 0.01"))):
    for path, some in (("composed", sizes), ("fused", sizes[i::4])):
        found_at = [cost_and_slopes(loss, *with_background(n, p), path=path) for n in some]
        cost, pull = [c for c, _ in found_at], [-d[2] for _, d in found_at]
        look = {"linestyle": plot.LINES[i]} if path == "composed" else {
            "linestyle": "none", "marker": "os^"[i], "markeredgecolor": "white"}
        above.plot(some, cost, color=plot.COLOURS[i], label=f"{name}, {path}", **look)
        below.plot(some, pull, color=plot.COLOURS[i], label=f"{name}, {path}", **look)
above.set(xscale="log", ylabel="loss", ylim=(-0.03, 1.35))
below.set(yscale="log", ylabel="- slope at the object", xlabel="pixels of background", ylim=(5e-6, 1))
above.legend(above.lines[::2], [line.get_label().rpartition(",")[0] for line in above.lines[::2]],
             loc="upper left", title="lines: composed, dots: fused", title_fontsize=plot.SMALL)
lesson.figure("13_background", fig, alt=(
    "Loss above, pull on a pixel of the object below, over 1 to 100 000 pixels of background. Cross "
    "entropy falls as 1/n, and so does its pull. Dice with a background of exactly 0 is level. Dice with a "
    "background of 0.01 follows it up to a hundred pixels, then rises to 1, and its pull falls as well."))

# %% [markdown]
# So the robustness is real, and it lasts as long as the faint background, all told, is smaller than the
# object.
#
# The article also recommends Dice "when pixel-wise accuracy matters". Of 1000 pixels, 5 are to be
# found, and a model finds none. Its accuracy? Its Dice loss?

# %%
five, nothing = (np.arange(1000) < 5) * 1.0, np.zeros(1000)
accuracy, worst = np.mean(five == nothing), losses.dice(nothing, five, smooth=0.0).item()
lesson.show(f"accuracy {accuracy:.1%}   Dice loss {worst}")
lesson.check("99.5 % accuracy, and the worst Dice loss there is", accuracy == 0.995 and worst == 1)

# %% [markdown]
# Accuracy is just what Dice does not care about.
#
# ## 5. What smooth does
#
# It "prevents division by zero", namely for two empty masks. It is not idle elsewhere. Four cases,
# three values of smooth; predict the nan, and where smooth = 1 changes most.

# %%
cases = {"both empty": (np.zeros(8), np.zeros(8)),
         "truth empty, p = 0.1": (np.full(8, 0.1), np.zeros(8)),
         "all in the wrong place": (1 - truth, truth),
         "the same, 100 times larger": (np.tile(1 - truth, 100), np.tile(truth, 100))}
found = {}
lesson.show(f"{'smooth':28}       0   0.001       1")
for name, masks in cases.items():
    found[name] = [losses.dice(*masks, smooth=s).item() for s in (0.0, 0.001, 1.0)]
    lesson.show("{:28}{:8.4f}{:8.4f}{:8.4f}".format(name, *found[name]))
lesson.check("0: nan for two empty masks; above 0: a perfect match",
             np.isnan(found["both empty"][0]) and found["both empty"][1:] == [0, 0])
lesson.agree("smooth = 1: four ninths for a faint grey, eight ninths for the worst mask of 8 pixels",
             [found["truth empty, p = 0.1"][2], found["all in the wrong place"][2]], [4 / 9, 8 / 9])

# %% [markdown]
# smooth counts in pixels. A pixel that is marked and right adds 2 to N and 2 to S, so smooth = 1 is
# half such a pixel, for nothing. To an object of a million that is little, to one of four it is a
# present. And where the truth is empty, smooth alone decides what a false mark costs. When you
# quote a Dice, say with which smooth.
#
# ## 6. One picture, or the batch?
#
# Two pictures: a large object, found but for a little; a small one, missed. The article's code sums
# over all pixels of the batch. The other way, `per_sample=True`, takes one fraction for each
# picture, then the mean. Predict both, roughly.

# %%
masks = np.zeros((2, 400))
masks[0, :200], masks[1, :4] = 1, 1
predicted = np.where(masks == 1, [[0.95], [0.0]], 0.0)
batch, each = losses.dice(predicted, masks).item(), losses.dice(predicted, masks, per_sample=True).item()
lesson.show(f"as one {batch:.4f}   each by itself {each:.4f}")
better = predicted.copy()
better[1, :4] = 0.95
gain = [value - losses.dice(better, masks, per_sample=per).item()
        for value, per in ((batch, False), (each, True))]
lesson.show(f"finding the small one gains {gain[0]:.4f}, and {gain[1]:.4f} each by itself")
lesson.check("as one, the missed object hardly counts; each by itself, it is half of all",
             batch < 0.05 and each > 0.4 and gain[1] > 20 * gain[0])
lesson.check("as one, the second picture changes the slopes of the first; each by itself, not",
             not np.any(slopes(losses.dice, predicted, masks)[0] == slopes(losses.dice, better, masks)[0])
             and np.array_equal(slopes(losses.dice, predicted, masks, per_sample=True)[0],
                                slopes(losses.dice, better, masks, per_sample=True)[0]))

# %% [markdown]
# Libraries differ, to the surprise of their users (keras issue 19637). On the article's example,
# two rows of four pixels, it makes this difference:

# %%
two_rows = good.reshape(2, 4), truth.reshape(2, 4)
ways = [losses.dice(*two_rows, per_sample=per).item() for per in (False, True)]
lesson.show(f"as one {ways[0]:.4f}   each row by itself {ways[1]:.4f}")
lesson.check("0.1236 as one, 0.1110 row by row", [f"{x:.4f}" for x in ways] == ["0.1236", "0.1110"])

# %% [markdown]
# ## 7. No probabilities
#
# Ten pixels look alike, and three of them are tumour. An honest model says 0.3 to all. What do the two
# losses want it to say?

# %%
common = np.linspace(0.01, 1, 100)
pictures, three = np.repeat(common[:, None], 10, axis=1), np.tile([1.0] * 3 + [0.0] * 7, (100, 1))
costs = {"dice": losses.dice(pictures, three, smooth=0.0, per_sample=True, reduction="none").numpy(),
         "bce": losses.bce(pictures, three, reduction="none").numpy().mean(axis=1)}
best = {name: round(float(common[np.argmin(cost)]), 10) for name, cost in costs.items()}
half = np.full(8, 0.5)
lesson.show("best p:", best)
lesson.show(f"p = t = 0.5 everywhere costs {losses.dice(half, half, smooth=0.0).item()}, "
            f"p = 1 costs {losses.dice(np.ones(8), half, smooth=0.0).item():.4f}")
lesson.check("cross entropy wants the share, 0.3; Dice wants 1", best == {"dice": 1, "bce": 0.3})

# %%
fig, (above, below) = plot.figure(2, 1, size=(10, 9), sharex=True,
                                  title="One p for ten pixels, three of them tumour")
for i, (loss, name, settings) in enumerate(((losses.bce, "cross entropy", {}),
                                            (losses.dice, "Dice", {"smooth": 0.0}))):
    for path, some in (("composed", common[:-1:2]), ("fused", common[3 * i + 3:-1:7])):
        found_at = [cost_and_slopes(loss, np.full(10, p), three[0], path=path, **settings) for p in some]
        cost, slope = [c for c, _ in found_at], [d.sum() for _, d in found_at]
        look = {"linestyle": plot.LINES[i]} if path == "composed" else {
            "linestyle": "none", "marker": "os"[i], "markeredgecolor": "white"}
        above.plot(some, cost, color=plot.COLOURS[i], label=f"{name}, {path}", **look)
        below.plot(some, slope, color=plot.COLOURS[i], label=f"{name}, {path}", **look)
for axis in (above, below):
    axis.axvline(0.3, color=plot.GREY, linestyle=":", linewidth=1.6)
below.axhline(0, color=plot.GREY, linestyle="-", linewidth=1.2)
below.text(0.31, -4.3, "the share, 0.3", color=plot.GREY)
above.legend(above.lines[:4:2], ["cross entropy", "Dice"], loc="upper center",
             title="lines: composed, dots: fused", title_fontsize=plot.SMALL)
above.set(ylabel="loss", ylim=(0, 2.5))
below.set(ylabel="slope", xlabel="p of all ten pixels", ylim=(-5, 5))
lesson.figure("13_share", fig, alt=(
    "Loss above, slope below, over p from 0 to 1. Cross entropy is least at 0.3, where its slope crosses "
    "0. Dice falls all the way to p = 1; its slope stays below 0."))

# %% [markdown]
# Dice pushes to 0 or 1: it wants a mask. Even where the truth itself is 0.5, saying 0.5 costs more than
# saying 1, as printed above. Read no probability out of it.
#
# ## 8. Together
#
# In a network p is the sigmoid of a logit, and the chain rule puts p (1 - p) before the slope. A pixel of
# the tumour has the logit -10: missed, and sure of it. What is left of its pull?

# %%
logits, one_missed = np.where(truth == 1, 2.0, -2.0), truth
logits[2] = -10.0
dice_pull = slopes(losses.dice, logits, one_missed, from_logits=True)[2]
bce_pull = slopes(losses.bce_with_logits, logits, one_missed)[2]
both = losses.weighted_sum((0.5, losses.bce_with_logits), (0.5, losses.dice, {"from_logits": True}))
both_pull = slopes(both, logits, one_missed)[2]
lesson.show(f"Dice {dice_pull:.1e}   cross entropy {bce_pull:.1e}   half of each {both_pull:.1e}")
lesson.check("Dice leaves the sure mistake where it is", abs(dice_pull) < 1e-4 * abs(bce_pull))
lesson.agree("the slope of half of each is half of each slope", both_pull, (dice_pull + bce_pull) / 2)

# %% [markdown]
# That is why people take the sum: cross entropy fetches the pixels that are sure and wrong, Dice keeps
# the small object from drowning.
#
# The standard checks, for three pictures of six pixels.

# %%
lesson.standard(losses.dice, lesson.rng.uniform(0.05, 0.95, (3, 6)), lesson.rng.integers(0, 2, (3, 6)) * 1.0,
                smooth=0.5, per_sample=True)

# %% [markdown]
# ## Exercise: the quotient rule
#
#     tinygrad-loss start 13
#
# puts a file into the folder work. With NumPy alone, write there
#
# 1. *The loss*: Dice of two masks of any shape, taken as one, with smooth.
# 2. *Its slope*: an array of p's shape, from your own quotient rule. Derive it on paper first.
# 3. *Each picture by itself*: the first axis counts pictures, and the loss is their mean. Every sum
#    becomes one sum per picture, and the mean leaves its mark on the slope, too.
#
# `tinygrad-loss check 13` says what is right and what is not, `tinygrad-loss hint 13` helps a step
# further. When all is right, make three slips on purpose: forget that S grows, so that empty
# pixels have slope 0; leave smooth out of one of its two places; take the union for S. Before you
# check each, write down what it will say: a factor, a branch, or neither?
#
# ## Keep
#
# - The loss is one fraction, so each slope holds N and S, that is all pixels, and of its own only t.
# - Rightly empty background changes nothing; faint background, summed up, does.
# - smooth counts in pixels. Batch or picture is another loss.
# - It wants masks. Probabilities, and sure mistakes, are the business of cross entropy.

# %%
lesson.end()
