# %% [markdown]
# # 07 Logits
#
# Probability or logit?
#
# - Before: 02 (backward), 03 (gradient checks), 05 (two texts of one loss)
# - Minutes: 50, and 25 for the exercise
#
# The last layer of a yes/no classifier gives any real number z, the logit. The sigmoid
# squeezes it into a probability, p = 1 / (1 + exp(-z)). A loss may start from either; on
# paper it makes no difference. In floating point it decides whether a confident mistake can
# still be corrected.

# %%
import numpy as np

from tinygrad_loss import Tensor, grad, gradcheck, losses, maximum, plot
from tinygrad_loss.lesson import Lesson

lesson = Lesson("07_logits")
bce = losses.bce_with_logits                     # the library's loss, for short

# %% [markdown]
# ## 1. Surprise
#
# Binary cross entropy is the surprise at what happened: -log of the probability that was
# given to it. The label y is 1 or 0, so one of the two terms is always switched off:
#
#     loss = -[ y log p + (1 - y) log(1 - p) ]
#
# The logit is the same probability on another scale, z = log(p / (1 - p)): each +1 multiplies
# the odds p / (1 - p) by 2.718. Predict the logit of p = 0.5, and what happens to it when p
# and 1 - p trade places.

# %%
def logit(p):
    return np.log(p / (1 - p))


lesson.show("    p    logit   loss if y = 1   loss if y = 0")
for p in (0.1, 0.5, 0.9, 0.999):
    lesson.show(f"{p:5g}  {logit(p):7.3f}   {-np.log(p):13.3f}   {-np.log(1 - p):13.3f}")
lesson.agree("p and 1 - p have opposite logits", logit(0.1), -logit(0.9))

# %% [markdown]
# ## 2. The slope is p - y
#
# By hand, through the probability:
#
#     d loss / dp = (p - y) / (p (1 - p))        explodes at p = 0 and p = 1
#     dp / dz     = p (1 - p)                    vanishes there
#     d loss / dz = p - y                        their product is never longer than 1
#
# The mean over n samples puts a 1/n before it; the article's formula for logits leaves it
# out. Here is the loss exactly as it is written on paper, on the article's five samples. Four
# witnesses: its autodiff, the hand-made formula, the library's kernel, and plain numbers.

# %%
def by_probability(z, y):
    p = z.sigmoid()
    return -(y * p.log() + (1 - y) * (1 - p).log())


logits = np.array([2.3, -1.5, 0.8, -0.3, 1.7])
labels = np.array([1.0, 0.0, 1.0, 0.0, 1.0])

z = Tensor(logits, requires_grad=True)
paper = by_probability(z, labels).mean()
(autodiff,) = grad(paper, [z])
by_hand = (1 / (1 + np.exp(-logits)) - labels) / 5
fused = bce(z, labels)
(kernel,) = grad(fused, [z])

lesson.show(f"value  on paper {paper.item():.17f}   kernel {fused.item():.17f}")
lesson.show("slope  on paper", autodiff.numpy().round(6))
lesson.show("slope  by hand ", by_hand.round(6))
lesson.agree("the article's data cost 0.27804013647665720", fused.item(), 0.27804013647665720)
lesson.agree("on paper and in the kernel: one value", paper.item(), fused.item())
lesson.agree("autodiff of sigmoid, then log = (p - y)/n", autodiff, by_hand)
lesson.agree("slope typed in the kernel = (p - y)/n", kernel, by_hand)
lesson.gradient("and plain numbers say so too", lambda z: by_probability(z, labels).mean(), logits)

# %% [markdown]
# So far, no difference. These logits are moderate.

# %%
fig = plot.curves(bce, [{"target": 0.0}, {"target": 0.25}, {"target": 1.0}],
                  x=np.linspace(-6, 6, 241), xlabel="logit z", title="The loss of a logit")
lesson.figure("07_loss", fig, alt=(
    "Loss above and slope below for logits from -6 to 6 and targets 0, 0.25 and 1. For 0 the loss "
    "rises from 0 towards a straight line, for 1 it is the mirror image, for 0.25 it has its "
    "minimum at z = -1.1. Each slope is a sigmoid, shifted down by the target."))

# %% [markdown]
# With a hard label, one side is a straight line of slope 1 or -1, the other a level floor: a
# wrong answer is pulled back with full force however wrong it is, a right one is left alone.
# All that follows is about the left and the right edge of this picture.
#
# ## 3. Where a probability ends
#
# Floats crowd around 0: the smallest above it is 5e-324. Below 1 they stand 1.1e-16 apart,
# and nothing fits between the last one and 1. A probability can be *nearly 0* with great
# finesse, but *nearly 1* only so far. Predict: at which whole z does sigmoid(z) become
# exactly 1?

# %%
def first_one(dtype):
    """The first whole z whose sigmoid, computed in dtype, is exactly 1."""
    return next(k for k in range(1000) if 1 / (1 + np.exp(dtype(-k))) == 1)


lesson.show(" z   sigmoid(z)            1 - sigmoid(z)   sigmoid(-z)")
for k in (10.0, 30.0, 40.0):
    p, q = 1 / (1 + np.exp(-k)), 1 / (1 + np.exp(k))
    lesson.show(f"{k:2.0f}   {p:.17f}   {1 - p:14.3e}   {q:11.3e}")
lesson.check("float64: sigmoid(z) is 1 from z = 37", first_one(np.float64) == 37)
lesson.check("float32: from z = 17", first_one(np.float32) == 17)

# %% [markdown]
# From there on the probability no longer knows how sure the model was. The logit still does.
# Ask the loss on paper about z = 40: a wrong answer (y = 0) should cost 40 and be pulled with
# slope 1, a right one (y = 1) should cost almost nothing.

# %%
on_paper = {}
for y in (0.0, 1.0):
    z = Tensor([40.0], requires_grad=True)
    cost = by_probability(z, y)
    (slope,) = grad(cost.sum(), [z])
    on_paper[y] = cost.numpy()[0], slope.numpy()[0]
    lesson.show(f"y = {y:.0f}: loss {on_paper[y][0]}, slope {on_paper[y][1]}")
lesson.check("y = 0: loss inf, and no finite slope",
             np.isinf(on_paper[0.0][0]) and not np.isfinite(on_paper[0.0][1]))
lesson.check("y = 1: loss and slope are nan", np.isnan(on_paper[1.0]).all())

# %% [markdown]
# inf is -log(0). nan is 0 times log(0): the *switched-off* term kills a right answer.
#
# ## 4. The patch: clip
#
# The article: "Always clip predictions", to within 1e-7 and 1 - 1e-7. No log(0), no nan. Two
# things are lost instead. Let y = 1 and the model be more and more sure of the opposite.
# Predict the last column: the pull that the most wrong sample gets.

# %%
def clipped(z, y):
    p = z.sigmoid().clip(1e-7, 1 - 1e-7)
    return -(y * p.log() + (1 - y) * (1 - p).log())


lesson.show("    z     true loss   clipped     true slope   clipped")
wrong = np.array([-10.0, -16.0, -17.0, -20.0, -50.0])
z = Tensor(wrong, requires_grad=True)
true_loss = bce(z, np.ones(5), reduction="none")
(true_slope,) = grad(true_loss.sum(), [z])
clip_loss = clipped(z, 1.0)
(clip_slope,) = grad(clip_loss.sum(), [z])
for row in zip(wrong, true_loss.numpy(), clip_loss.numpy(), true_slope.numpy(), clip_slope.numpy(),
               strict=True):
    lesson.show("{:5.0f}   {:11.5f} {:9.5f}   {:12.5f} {:z9.5f}".format(*row))

lesson.agree("no wrong answer costs more than -log(1e-7) = 16.118",
             clip_loss.numpy()[-1], 16.118095651, tolerance=1e-10)
lesson.check("at z = -50 the true slope is -1, the clipped slope 0",
             abs(true_slope.numpy()[-1] + 1) < 1e-15 and clip_slope.numpy()[-1] == 0)
lesson.check("'same results' with logits: not beyond |z| = 16.118",
             abs(clip_loss.numpy()[1] - true_loss.numpy()[1]) < 1e-9
             and clip_loss.numpy()[2] < true_loss.numpy()[2] - 0.5)

# %% [markdown]
# The most confident mistake is the one most worth correcting, and clip silences exactly that
# one. Start at z = -50 and walk downhill, sixty steps of size 1. Where do the two walkers
# end?

# %%
end = {}
for name, cost in (("clipped", clipped), ("logits", bce)):
    place = Tensor([-50.0])
    for _ in range(60):
        here = Tensor(place.numpy(), requires_grad=True)
        (slope,) = grad(cost(here, np.ones(1)).sum(), [here])
        place = here.detach() - slope
    end[name] = place.item()
    lesson.show(f"{name:8} -50 -> {end[name]:.3f}")
lesson.check("clip never moves; logits arrive on the right side",
             end["clipped"] == -50 and end["logits"] > 0)

# %% [markdown]
# An epsilon also belongs to one dtype. 1 - 1e-7 is not a float32: the nearest one is lower,
# and the cap for y = 0 becomes 15.942. In float16 the nearest is 1 itself: the clip does
# nothing, and log(0) is back.

# %%
cap = -np.log(np.float32(1) - np.float32(1 - 1e-7))
lesson.show(f"float32: the cap for y = 0 is {cap:.3f}")
lesson.show(f"float16: 1 - 1e-7 is {np.float16(1 - 1e-7)}")
lesson.check("the cap depends on the dtype, and in float16 there is none",
             abs(cap - 15.942) < 1e-3 and np.float16(1 - 1e-7) == 1)

# %% [markdown]
# ## 5. Never leave the logit
#
# Put p = sigmoid(z) into the loss and the probability drops out:
#
#     -log p       =  log(1 + exp(-z))  =  softplus(-z)
#     -log(1 - p)  =  log(1 + exp(z))   =  softplus(z)
#
#     loss = y softplus(-z) + (1 - y) softplus(z)
#
# One function is left to compute well, and typing it as it stands is not good enough. Three
# spellings:
#
#     A   log(1 + exp(z))
#     B   max(z, 0) + log(1 + exp(-|z|))          exp never exceeds 1
#     C   max(z, 0) + log1p(exp(-|z|))            log1p(e) is log(1 + e), with e never added to 1
#
# Which survive z = 800, where exp overflows? Which z = -40, where 1 + exp(-40) rounds to 1?

# %%
def spell_a(z):
    return np.log(1 + np.exp(z))


def spell_b(z):
    return np.maximum(z, 0) + np.log(1 + np.exp(-np.abs(z)))


def spell_c(z):
    return np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z)))


points = np.array([-40.0, 0.0, 40.0, 800.0])
lesson.show("  z     " + "".join(f"{z:>13.0f}" for z in points))
with np.errstate(over="ignore"):                            # the overflow of A is the point
    found = {"A": spell_a(points), "B": spell_b(points), "C": spell_c(points)}
for name, values in found.items():
    lesson.show(f"  {name}     " + "".join(f"{v:13.5g}" for v in values))

lesson.check("A overflows at 800; B and C give 800",
             np.isinf(found["A"][3]) and found["B"][3] == 800 and found["C"][3] == 800)
lesson.check("at -40 A and B give 0.0", found["A"][0] == found["B"][0] == 0)
lesson.agree("at -40 C gives 4.248e-18", found["C"][0], 4.248354255291589e-18)

# %% [markdown]
# ## 6. The article's formula
#
#     max(z, 0) - z y + log(1 + exp(-|z|))            "stable for any value of z"
#
# It contains spelling B. Predict its value for z = 40, y = 1, where the loss is exp(-40),
# then for z = inf, y = 1, a perfect answer. And from which whole z on is its last term 0 in
# float32?

# %%
def article(z, y):
    return np.maximum(z, 0) - z * y + np.log(1 + np.exp(-np.abs(z)))


at_forty, by_library = article(40.0, 1), bce([40.0], [1.0]).item()
with np.errstate(invalid="ignore"):                         # inf - inf
    at_infinity = article(np.float64(np.inf), 1)
library_infinity = bce([np.inf], [1.0]).item()
lost = next(k for k in range(1000) if np.log(1 + np.exp(np.float32(-k))) == 0)
kept = next(k for k in range(1000) if np.log1p(np.exp(np.float32(-k))) == 0)
lesson.show(f"z = 40,  y = 1:   article {at_forty}     ours {by_library:.4g}")
lesson.show(f"z = inf, y = 1:   article {at_infinity}     ours {library_infinity}")
lesson.show(f"float32: log(1 + exp(-z)) is 0 from z = {lost}, log1p(exp(-z)) from z = {kept}")

lesson.check("z = 40: the article's loss is exactly 0", at_forty == 0)
lesson.agree("ours is exp(-40)", by_library, np.exp(-40))
lesson.check("z = inf: the article gives nan, ours 0",
             np.isnan(at_infinity) and library_infinity == 0)
lesson.check("float32: the last term dies at z = 17; log1p lives on past 100",
             lost == 17 and kept > 100)

# %% [markdown]
# Does 4e-18 matter? To one training step, no. But a loss that is exactly 0 cannot be told
# from a perfect one, its logarithm is gone, and a check of its slope compares 0 with 0. log1p
# costs nothing.
#
# ## 7. Add, do not subtract
#
# Say we use log1p. Are we done? The same loss, grouped three ways:
#
#     D   max(z, 0) - z y + log1p(exp(-|z|))        the article's, repaired
#     E   softplus(z) - z y                         shorter, and tempting
#     F   y softplus(-z) + (1 - y) softplus(z)      ours
#
# Two cases: a hard label, z = 40, y = 1; and a soft one, z = 30, y = 1 - 1e-9. The last row
# is the truth, from F in NumPy's long double. In E, predict what is left of the hard one:
# softplus(40) rounds to 40.

# %%
def repaired(z, y):
    return maximum(z, 0) - z * y + (-z.abs()).exp().log1p()


def short(z, y):
    return z.softplus() - z * y


def ours(z, y):
    return bce(z, np.array([y]), reduction="none")


def value_and_slope(cost, z, y):
    z = Tensor([z], requires_grad=True)
    value = cost(z, y)
    (slope,) = grad(value.sum(), [z])
    return value.numpy()[0], slope.numpy()[0]


def exact(z, y):
    """The loss and its slope in the longest floats that NumPy has here."""
    z, y, one = np.longdouble(z), np.longdouble(y), np.longdouble(1)
    value = y * np.log1p(np.exp(-z)) + (one - y) * np.log1p(np.exp(z))
    return float(value), float((one - y) / (one + np.exp(-z)) - y / (one + np.exp(z)))


cases = {"hard": (40.0, 1.0), "soft": (30.0, 1 - 1e-9)}
found = {name: {case: value_and_slope(cost, *cases[case]) for case in cases}
         for name, cost in (("D", repaired), ("E", short), ("F", ours))}
found["true"] = {case: exact(*cases[case]) for case in cases}
lesson.show("      hard: loss     slope        soft: loss             slope")
for name, f in found.items():
    lesson.show("{:4}  {:12.5e} {:13.5e}   {:.12e} {:13.5e}".format(name, *f["hard"], *f["soft"]))


def error(name, case, what):
    true = found["true"][case][what]
    return abs(found[name][case][what] / true - 1)


lesson.check("E loses the hard case: loss 0, slope 0", found["E"]["hard"] == (0, 0))
lesson.check("D keeps the hard loss, but its slope is 0", error("D", "hard", 0) < 1e-14
             and found["D"]["hard"][1] == 0)
lesson.check("the soft label costs D and E half their digits",
             error("D", "soft", 0) > 1e-9 and error("E", "soft", 0) > 1e-9,
             f"relative error {error('D', 'soft', 0):.0e} and {error('E', 'soft', 0):.0e}")
lesson.check("F is right to the last digits, in all four",
             max(error("F", case, what) for case in cases for what in (0, 1)) < 1e-14)

# %% [markdown]
# A sum of terms of one sign keeps the digits of its terms. A difference of large terms keeps
# the *absolute* error of the large ones: 30 - 30 (1 - 1e-9) is off by roundings of 30, not of
# 3e-8. The famous slope p - y is such a difference, too: for z = 40 it is 1 - 1 = 0. PyTorch
# was still losing this slope in 2026 (pytorch issue 195677). Write it as F is written:
#
#     slope = (1 - y) sigmoid(z) - y sigmoid(-z)
#
# For a hard label one of the terms is 0, and nothing is left to cancel.
#
# ## 8. At zero
#
# One more trap in max(z, 0) - z y + log1p(exp(-|z|)): its slope at z = 0. The loss is smooth
# there, with slope 1/2 - y. But max and |z| each have a kink at 0, and autodiff asks each for
# *some* slope. |z| answers 0. What does the maximum answer? That depends on how you spelled
# it:
#
#     z.relu()         0      on the kink, relu counts as off
#     z.clip(0)        1      on its bound, clip counts as on
#     maximum(z, 0)    1/2    in a tie, each side gets half
#
# Predict the slope of the loss in the three spellings, for y = 1. Then ask gradcheck.

# %%
positive_parts = {"relu": lambda z: z.relu(), "clip": lambda z: z.clip(0),
                  "maximum": lambda z: maximum(z, 0)}
values, slopes, verdicts = {}, {}, {}
for name, positive_part in positive_parts.items():
    def cost(z, positive_part=positive_part):
        return positive_part(z) - z * 1.0 + (-z.abs()).exp().log1p()
    z = Tensor([0.0], requires_grad=True)
    value = cost(z)
    (slope,) = grad(value, [z])
    report = gradcheck(cost, np.array([0.0]))
    values[name], slopes[name], verdicts[name] = value.item(), slope.item(), report.verdict
    lesson.show(f"{name:8} loss {values[name]:.6f}   slope {slopes[name]:5.2f}   {verdicts[name]}")

lesson.check("one value", len(set(values.values())) == 1)
lesson.check("three slopes: -y, 1 - y and 1/2 - y", list(slopes.values()) == [-1.0, 0.0, -0.5])
lesson.check("gradcheck rejects relu and clip and accepts the tie",
             list(verdicts.values()) == ["WRONG", "WRONG", "PASS"])

# %% [markdown]
# "At one single point, who cares?" A network whose last layer starts at zero cares: *every*
# logit is 0 in its first step, and there PyTorch once gave 0 where the slope is 1/2 (2017,
# pytorch issue 2298). Our loss has no kink inside: softplus is one primitive, and its rule is
# the sigmoid.

# %%
for path in ("composed", "fused"):
    z = Tensor(np.zeros(3), requires_grad=True)
    bce(z, [0.0, 0.25, 1.0], reduction="sum", path=path).backward()
    lesson.check(f"{path}: at z = 0 the slope is exactly 1/2 - y",
                 z.grad.numpy().tolist() == [0.5, 0.25, -0.5], f"{z.grad.numpy()}")

# %%
x = np.linspace(-0.6, 0.6, 121)
fig, axis = plot.figure(title="Slope at z = 0 for y = 1: one curve, three answers")
axis.plot(x, 1 / (1 + np.exp(-x)) - 1, color="0.4", label="true slope, sigmoid(z) - y")
for i, (name, marker) in enumerate({"relu": "v", "clip": "^", "maximum": "o"}.items()):
    axis.plot([0], [slopes[name]], marker, color=plot.COLOURS[i], markersize=12,
              linestyle="none", label=f"{name}: {slopes[name]:g}")
axis.set(xlabel="logit z", ylabel="slope", ylim=(-1.15, 0.35))
axis.legend(loc="upper left", ncols=2)
lesson.figure("07_zero", fig, alt=(
    "The true slope sigmoid(z) - 1 rises smoothly through -0.5 at z = 0. Three markers at z = 0: "
    "maximum lies on the curve at -0.5, relu far below it at -1, clip far above it at 0."))

# %% [markdown]
# ## 9. Four implementations, side by side
#
# A negative sample, y = 0, from z = -50 (right, and sure of it) to z = 50 (wrong, and sure of
# it). The true loss is softplus(z), here in long double. Predict for each of the four where
# it leaves the truth.
#
#     paper      sigmoid, then log
#     clipped    sigmoid, clip to within 1e-7, then log
#     article    max(z, 0) - z y + log(1 + exp(-|z|))
#     ours       y softplus(-z) + (1 - y) softplus(z)

# %%
def article_tensor(z, y):
    return maximum(z, 0) - z * y + (1 + (-z.abs()).exp()).log()


def error_of(found, true):
    """Relative error of each element, from one rounding, 1.1e-16, to 1; inf and nan count as 1."""
    with np.errstate(all="ignore"):                         # found may be inf or nan
        wrong = np.abs(found - true) / np.abs(true)
    return np.clip(np.where(np.isfinite(wrong), wrong, 1), 2**-53, 1).astype(float)


costs = {"paper": by_probability, "clipped": clipped, "article": article_tensor,
         "ours": lambda z, y: bce(z, np.full(z.shape, y), reduction="none")}
x = np.linspace(-50, 50, 401)
long = x.astype(np.longdouble)
truth = {0: (np.log1p(np.exp(long)), 1 / (1 + np.exp(-long))),
         1: (np.log1p(np.exp(-long)), -1 / (1 + np.exp(long)))}
found, wrong = {}, {}
for name, cost in costs.items():
    for y in (0, 1):
        z = Tensor(x, requires_grad=True)
        value = cost(z, float(y))
        (slope,) = grad(value.sum(), [z])
        found[name, y] = value.numpy(), slope.numpy()
        wrong[name, y] = [error_of(f, t) for f, t in zip(found[name, y], truth[y], strict=True)]

lesson.show("largest relative error  y = 0: loss    slope   y = 1: loss    slope")
for name in costs:
    worst = [part.max() for y in (0, 1) for part in wrong[name, y]]
    lesson.show("  {:20} {:13.1g} {:8.1g} {:13.1g} {:8.1g}".format(name, *worst))
for name in ("paper", "clipped", "article"):
    lesson.check(f"{name}: somewhere nothing is left of the loss",
                 max(wrong[name, 0][0].max(), wrong[name, 1][0].max()) > 0.9)
lesson.check("ours: 15 digits everywhere, loss and slope, both labels",
             max(part.max() for y in (0, 1) for part in wrong["ours", y]) < 1e-15)

# %%
names = {"paper": "probability, then log", "clipped": "clipped", "article": "the article's formula",
         "ours": "ours"}
fig, axes = plot.figure(rows=2, columns=4, size=(15, 7), sharex=True,
                        title="Four implementations for y = 0; shaded: the result is 0, inf or nan")
for column, name in enumerate(costs):
    for axis, result, true in zip(axes[:, column], found[name, 0], truth[0], strict=True):
        usable = np.isfinite(result) & (result > 0)
        axis.plot(x, true.astype(float), color="0.75", linestyle="-", linewidth=7, label="truth")
        axis.plot(x, np.where(usable, result, np.nan), color=plot.COLOURS[column], linestyle="-",
                  label="computed")
        axis.fill_between(x, 1e-23, 1e3, where=~usable, color="0.9", zorder=0)
        axis.set(yscale="log", ylim=(1e-23, 1e3), yticks=[1e-20, 1e-15, 1e-10, 1e-5, 1])
    axes[0, column].set(title=names[name])
    axes[1, column].set(xlabel="logit z")
axes[0, 0].set(ylabel="loss")
axes[1, 0].set(ylabel="slope")
axes[0, 3].legend(loc="lower right")
lesson.figure("07_four", fig, alt=(
    "Loss above and slope below, logarithmic, for four implementations from z = -50 to 50 with "
    "y = 0, each over a broad grey line of the truth. Probability then log has no loss below -37 "
    "and above 37. Clipped is level beyond 16 on either side, with slope 0 there. The article's "
    "formula has no loss below -37. Ours lies on the truth throughout."))

# %%
fig, axes = plot.figure(rows=2, columns=2, size=(14, 8.5), sharex=True,
                        title="Relative error of four implementations (1: nothing is right)")
for y in (0, 1):
    for row, what in enumerate(("loss", "slope")):
        axis = axes[row, y]
        for i, name in enumerate(costs):
            wide = {"linewidth": 7, "alpha": 0.6, "zorder": 1} if name == "ours" else {}
            axis.plot(x[::2], wrong[name, y][row][::2], color=plot.COLOURS[i],
                      linestyle="-" if name == "ours" else plot.LINES[i], label=name, **wide)
        axis.set(yscale="log", ylim=(1e-17, 20), yticks=[1e-16, 1e-12, 1e-8, 1e-4, 1],
                 ylabel=f"error of the {what}")
    axes[0, y].set(title=f"y = {y}")
    axes[1, y].set(xlabel="logit z")
axes[1, 1].legend(loc="center left")
lesson.figure("07_error", fig, alt=(
    "Relative error from z = -50 to 50, in four panels: loss and slope, for y = 0 and y = 1. Ours "
    "stays near 1e-16 in all. In the loss of a right answer, probability then log and the "
    "article's formula climb steadily to 1 at |z| = 37; clipped jumps to 1 at 16. Probability "
    "then log also climbs for a wrong answer with y = 0, the article's formula for the slope with "
    "y = 1."))

# %% [markdown]
# A network that does well spends most of its time with right and sure answers: left for
# y = 0, right for y = 1. There the probability and the article's formula lose one digit of
# the loss with every 2.3 of logit, at 37 the last. The article's slope survives for y = 0.
# For y = 1 autodiff adds the 1 of max(z, 0), the -1 of -z y and the small rest, and the rest
# is rounded away.
#
# Two curves are no proof of "everywhere". Take 14 001 logits from -700 to 700, three labels,
# both paths. The error is counted in roundings, 1.1e-16 each. Predict its order: units,
# hundreds, millions?

# %%
z = np.linspace(-700, 700, 14001)
long = z.astype(np.longdouble)
for path in ("composed", "fused"):
    worst = 0.0
    for y in (0.0, 0.3, 1.0):
        true = y * np.log1p(np.exp(-long)) + (1 - np.longdouble(y)) * np.log1p(np.exp(long))
        found = bce(z, np.full_like(z, y), reduction="none", path=path).numpy()
        worst = max(worst, float(np.max(np.abs(found - true) / true)))
    lesson.check(f"{path}: relative error of a few roundings from -700 to 700", worst < 8 * 2**-53,
                 f"{worst / 2**-53:.1f} roundings")

# %% [markdown]
# The standard checks, on hard and soft labels: the two paths against each other, both against
# numbers.

# %%
z = np.concatenate([logits, 3 * lesson.rng.standard_normal(5)])
y = np.concatenate([labels, lesson.rng.uniform(0, 1, 5)])
lesson.standard(bce, z, y)

# %% [markdown]
# ## 10. Rare positives
#
# `pos_weight` multiplies the positive term. With pos_weight = 3 each positive sample counts
# as if it stood in the batch three times. Predict the sum over a batch with the positives
# copied.

# %%
times = np.where(labels == 1, 3, 1)
weighted = bce(logits, labels, pos_weight=3.0, reduction="sum").item()
copied = bce(np.repeat(logits, times), np.repeat(labels, times), reduction="sum").item()
lesson.show(f"pos_weight = 3: {weighted:.6f}     positives copied: {copied:.6f}")
lesson.agree("pos_weight 3 = every positive three times, summed", weighted, copied)

# %% [markdown]
# Only the sum: the mean still divides by the five samples that are there. And there is a
# price. Let a model know nothing but one logit for all. Without weights its best probability
# is the share of positives, here 3 of 5. With them the odds are three times too high:

# %%
best = np.full(5, np.log(3 * 3 / 2))
z = Tensor(best, requires_grad=True)
(slope,) = grad(bce(z, labels, pos_weight=3.0, reduction="sum"), [z])
lesson.show(f"share of positives {labels.mean():.3f}")
lesson.show(f"best probability   {1 / (1 + np.exp(-best[0])):.3f}")
lesson.check("at odds of 3 times 3 to 2 the weighted slopes cancel",
             abs(slope.numpy().sum()) < 1e-14)

# %% [markdown]
# Use pos_weight to move the decision. Do not quote the result as a probability.
#
# ## Exercise
#
#     tinygrad-loss start 07
#
# puts a file into the folder work. *A stable BCE*: in plain NumPy, one loss per element, and its
# slope. No sigmoid followed by a log, no clip, no warning. `tinygrad-loss check 07` asks, among
# others,
#
#     z = 40,   y = 1      loss 4.248354255291589e-18      slope -4.248354255291589e-18
#     z = -800, y = 1      loss 800                        slope -1
#     z = inf,  y = 1      loss 0
#
# One of these lines needs a thought about 0 times inf; `tinygrad-loss hint 07` helps a step further.
# Then break your slope on purpose: write it as p - y. A gradcheck at moderate z does not notice,
# since it allows roundings of the *largest* slope among its points. Give it z = 40, y = 1 alone, and
# see.
#
# ## Keep
#
# - Give the loss the logit. A probability near 1 has forgotten how near.
# - Clip removes the nan and, with it, the slope of the most confident mistakes.
# - log1p for log(1 + small), sums of like-signed terms, smooth primitives for smooth functions.
# - y softplus(-z) + (1 - y) softplus(z); its slope is p - y, over n for the mean.

# %%
lesson.end()
