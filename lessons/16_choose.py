# %% [markdown]
# # 16 Choose
#
# Does the tree's advice survive an experiment?
#
# - Before: 05 (Huber, MAE, MSE), 07 (the logit), 08 (focal loss), 13 (Dice)
# - Minutes: 45, and 45 for the exercise
#
# The article ends in a decision tree: outliers, so MAE or Huber; imbalanced classes, so focal
# loss; few pixels, so Dice. Good advice sounds just like this. So does bad advice. An experiment
# tells them apart, if it could have turned out either way. We do three, each with 20 seeds.

# %%
import numpy as np

from tinygrad_loss import Tensor, grad, losses, plot
from tinygrad_loss.choose import TREE, recommend
from tinygrad_loss.lesson import Lesson
from tinygrad_loss.properties import properties

lesson = Lesson("16_choose")
SEEDS = 20

# %% [markdown]
# ## 1. A tree is data
#
# Two questions lead to a loss; `tinygrad-loss choose` asks them. Behind it is a table, which a
# program can walk through. Three branches of it:

# %%
for task in ("regression", "binary", "segmentation"):
    for data, leaf in TREE[task].leaves.items():
        lesson.show(f"{task:13} {data:11} {', '.join(leaf.losses)}")
lesson.check("a leaf is a call and a reason", recommend("regression", "mixed").losses == ["huber"])

# %% [markdown]
# ## 2. How to lose an argument
#
# Train two losses once, and one of them wins. That says little: new data, new winner. So train
# both on the *same* data, take the difference of their scores, and repeat with 20 seeds. The mean
# of the 20 differences has an interval round it,
#
#     mean +- 2.093 s / sqrt(20)          s: the standard deviation of the 20
#
# and if 0 lies inside, the experiment cannot tell. It is called a 95 % interval. Predict what that
# means when there is no difference at all: of 4000 such experiments, how many report one?

# %%
def interval(differences):
    """Mean of 20 differences, and half the width of its 95 % interval; along the last axis."""
    d = np.asarray(differences)
    return d.mean(axis=-1), 2.093 * d.std(axis=-1, ddof=1) / SEEDS ** 0.5


mean, half = interval(lesson.rng.standard_normal((4000, SEEDS)))
lesson.show(f"reported a difference: {np.mean(abs(mean) > half):.1%}")
lesson.check("one in twenty is a false alarm", 0.04 < np.mean(abs(mean) > half) < 0.06)

# %% [markdown]
# Below are 35 comparisons. Expect one or two false alarms among them.
#
# All models are linear: few weights, so they can be trained to the end, 20 of them at a time. (No
# weight of one seed occurs in the loss of another, so one sum has the slopes of all.) Each step is
# divided by the size of recent slopes, as Adam does it. It matters here: with one fixed rate for all,
# the flattest loss would look like the worst. After half of the steps the divisor is kept, and the
# steps die out.

# %%
STEPS = 300


def train(loss, x, y, stop=STEPS):
    """Weights of linear models (seeds, features), for x (seeds, samples, features), y (seeds, samples)."""
    w = np.zeros((len(x), x.shape[2], 1))
    mean = square = 0.0
    for t in range(stop):
        W = Tensor(w, requires_grad=True)
        (slope,) = grad(loss((x @ W).reshape(y.shape), y), [W])
        mean = 0.9 * mean + 0.1 * slope.numpy()
        if t < STEPS // 2:
            square = 0.9 * square + 0.1 * slope.numpy() ** 2
        w = w - 0.4 * (1 - t / STEPS) ** 2 * mean / (np.sqrt(square) + 1e-12)
    return w[:, :, 0]


def summed(loss, **settings):
    return lambda pred, target: loss(pred, target, reduction="sum", **settings)


def stack(make, *options, first=0):
    """What make(rng, *options) returns, for 20 seeds: each part as one array."""
    made = [make(np.random.default_rng(first + seed), *options) for seed in range(SEEDS)]
    return [np.stack(part) for part in zip(*made, strict=True)]


# %% [markdown]
# ## 3. Outliers
#
# *The advice: clean data, MSE. Outliers, MAE or Huber. A few of them, Huber.*
#
# 100 samples of a linear law with five inputs, and noise of size 0.5. Then 5 % of the samples get
# noise ten times as large on top; then 30 %; then 10 % get 5 added, all in one direction. The score
# is the distance from the true weights. Which loss wins on clean data, and by how much?

# %%
def law(rng, kind):
    x = np.column_stack([rng.standard_normal((100, 5)), np.ones(100)])
    true = np.append(rng.standard_normal(5), 0.0)
    noise, wild, lot = 0.5 * rng.standard_normal(100), 5 * rng.standard_normal(100), rng.random(100)
    noise = noise + {"clean": 0, "5 % wild": wild * (lot < 0.05), "30 % wild": wild * (lot < 0.3),
                     "10 % too high": 5 * (lot < 0.1)}[kind]
    return x, x @ true + noise, true


kinds = ("clean", "5 % wild", "30 % wild", "10 % too high")
lines = {"mse": summed(losses.mse), "huber 1": summed(losses.huber, delta=1.0),
         "huber 0.1": summed(losses.huber, delta=0.1), "mae": summed(losses.mae)}
off = {}                                                        # distance from the true weights
lesson.show(f"{'mean distance':15}" + "".join(f"{name:>11}" for name in lines))
for kind in kinds:
    x, y, true = stack(law, kind)
    for name, loss in lines.items():
        off[kind, name] = np.linalg.norm(train(loss, x, y) - true, axis=1)
    lesson.show(f"{kind:15}" + "".join(f"{off[kind, name].mean():11.3f}" for name in lines))

# %% [markdown]
# Now in pairs. The number says by how much the first is nearer to the truth.

# %%
verdicts = {}


def compare(where, first, second, differences):
    """One comparison, as a line and in `verdicts`; a positive difference speaks for the first."""
    mean, half = interval(differences)
    said = "better" if mean > half else "worse" if mean < -half else "cannot tell"
    verdicts[where, first, second] = said
    return f"{where:27}{first:>10} against {second:9}{mean:+7.3f} +- {half:.3f}   {said}"


for where, first, second in (("clean", "mse", "huber 1"), ("clean", "mse", "mae"),
                             ("5 % wild", "huber 1", "mse"), ("5 % wild", "huber 1", "mae"),
                             ("30 % wild", "mae", "mse"), ("30 % wild", "mae", "huber 1"),
                             ("10 % too high", "mae", "mse"), ("10 % too high", "mae", "huber 1"),
                             ("10 % too high", "huber 0.1", "huber 1")):
    lesson.show(compare(where, first, second, off[where, second] - off[where, first]))
lesson.check("outliers of any kind: MAE or Huber beats MSE. The advice holds", {"better"} == {
    verdicts[key] for key in verdicts if key[0] != "clean" and key[2] == "mse"})
lesson.check("clean data: MSE beats MAE, but not Huber",
             [verdicts["clean", "mse", name] for name in ("mae", "huber 1")] == ["better", "cannot tell"])

# %%
def draw(axis, rows, title, xlabel):
    """Rows of (label, differences, marker, whether it is hollow), from the top."""
    for height, (label, differences, marker, hollow) in enumerate(reversed(rows)):
        (mean, half), colour = interval(differences), plot.COLOURS[int(hollow)]
        axis.plot([mean - half, mean + half], [height] * 2, "-", color=colour, label=f"{label}, interval")
        axis.plot(mean, height, marker, color="white" if hollow else colour, markersize=11,
                  markeredgecolor=colour, markeredgewidth=2, label=f"{label}, mean")
    axis.axvline(0, color=plot.GREY, linestyle="--", linewidth=1.8)
    axis.set(title=title, yticks=range(len(rows)), yticklabels=[row[0] for row in reversed(rows)],
             ylim=(-0.6, len(rows) - 0.4), xlabel=xlabel)
    axis.locator_params(axis="x", nbins=5)
    axis.grid(axis="y", visible=False)


fig, axes = plot.figure(2, 2, size=(13, 8.2), title="Nearer to the true weights than MSE?")
for axis, kind in zip(axes.ravel(), kinds, strict=True):
    rows = [(name, off[kind, "mse"] - off[kind, name], marker, False)
            for name, marker in (("huber 1", "o"), ("huber 0.1", "s"), ("mae", "^"))]
    draw(axis, rows, kind, "nearer than MSE by" if kind in kinds[2:] else "")
lesson.figure("16_outliers", fig, alt=(
    "Four panels, one for each kind of data: by how much three losses come nearer to the true weights than "
    "MSE, mean of 20 seeds with 95 % interval. On clean data Huber with delta 1 is at 0, the other two "
    "below; with outliers of any kind all three are clearly above 0 and their intervals overlap."))

# %% [markdown]
# Half of what the tree says about outliers survives: away from MSE. *Which* of the robust losses, the
# experiment cannot tell, in any of the three worlds. And on clean data Huber costs nothing that could be
# seen.
#
# There is a catch in "Huber". Write the same samples in units 100 times as large (metres for
# centimetres), so that all targets are divided by 100. Which columns change?

# %%
x, y, true = stack(law, "5 % wild")
small = {name: 100 * train(loss, x, y / 100) for name, loss in lines.items()}
other_unit = {name: np.linalg.norm(w - true, axis=1) for name, w in small.items()}
for name in lines:
    lesson.show(f"{name:10} before {off['5 % wild', name].mean():.3f}   after {other_unit[name].mean():.3f}")
lesson.check("delta = 1 has become MSE: no error reaches it, so Huber is half of the square",
             np.allclose(other_unit["huber 1"], other_unit["mse"], rtol=1e-3))

# %% [markdown]
# "Outliers, take Huber" is half an advice. The other half: delta, in the unit of the target, about
# where errors stop being ordinary. MAE has no such knob, and that speaks for it.
#
# ## 4. One in a hundred
#
# *The advice: imbalanced classes, focal loss. Avoid BCE.*
#
# 2000 samples, 20 of them positive, shifted by 2.5 along one of four axes. In a second world nine
# of ten negatives lie far away, easy to tell: the world that focal loss was made for. Scored is F1 on
# 20 000 new samples: 2 hits / (2 hits + misses + false alarms). Four candidates:
#
#     bce         cross entropy
#     weighted    the same, positives 99 times as heavy
#     focal       with its defaults, alpha = 0.25 and gamma = 2
#     focal .75   with alpha = 0.75, which favours the positives
#
# What counts as yes? A probability over 0.5, that is a logit over 0. Predict the ranking.

# %%
def rare(rng, world, n):
    y = (np.arange(n) < n // 100).astype(float)
    x = rng.standard_normal((n, 4))
    x[y == 1, 0] += 2.5
    if world == "most negatives easy":
        x[(y == 0) & (rng.random(n) < 0.9)] += [-4, 3, 0, 0]
    return np.column_stack([x, np.ones(n)]), y


def f1(z, y, threshold):
    """2 hits / (2 hits + misses + false alarms), for each seed."""
    yes = z > threshold
    return 2 * (yes * y).sum(axis=1) / (yes.sum(axis=1) + y.sum(axis=1))


def best_threshold(z, y):
    """For each seed the threshold with the highest F1, halfway between two logits."""
    order = np.argsort(-z, axis=1)
    z, hits = np.take_along_axis(z, order, 1), np.cumsum(np.take_along_axis(y, order, 1), axis=1)
    best = (2 * hits / (np.arange(1, z.shape[1] + 1) + hits[:, -1:]))[:, :-1].argmax(axis=1)
    return (z[range(SEEDS), best] + z[range(SEEDS), best + 1])[:, None] / 2


def examine(candidates, known, new, stop=STEPS):
    """F1 on new data at threshold 0 and at the best threshold of the known data, and the new logits."""
    results = {}
    for name, loss in candidates.items():
        w = train(loss, *known, stop=stop)[:, :, None]
        z, new_z = ((x @ w)[:, :, 0] for x in (known[0], new[0]))
        results[name] = f1(new_z, new[1], 0), f1(new_z, new[1], best_threshold(z, known[1])), new_z
    return results


logit, focal = losses.bce_with_logits, losses.focal_with_logits
four = {"bce": summed(logit), "weighted": summed(logit, pos_weight=99.0), "focal": summed(focal),
        "focal .75": summed(focal, alpha=0.75)}
worlds = {world: (stack(rare, world, 2000), stack(rare, world, 20_000, first=1000))
          for world in ("rare", "most negatives easy")}
found = {world: examine(four, *data) for world, data in worlds.items()}
lesson.show("F1, threshold 0        " + "".join(f"{name:>11}" for name in four))
for world, results in found.items():
    lesson.show(f"{world:23}" + "".join(f"{at_0.mean():11.3f}" for at_0, _, _ in results.values()))
for world in worlds:
    for name in ("focal", "focal .75", "weighted"):
        lesson.show(compare(world, name, "bce", found[world][name][0] - found[world]["bce"][0]))
lesson.check("focal loss with its defaults is worse than BCE, in both worlds",
             {verdicts[world, "focal", "bce"] for world in worlds} == {"worse"})

# %% [markdown]
# The advice fails, even in its own world, and `tinygrad-loss choose` gives it, too. With alpha = 0.25
# the rare ones are turned *down*. But who says that the threshold is 0? It is one number, and can be
# chosen after training: take the one that is best on the 2000 known samples. What is left of the
# differences?

# %%
lesson.show("F1, threshold moved    " + "".join(f"{name:>11}" for name in four))
for world, results in found.items():
    lesson.show(f"{world:23}" + "".join(f"{moved.mean():11.3f}" for _, moved, _ in results.values()))
for world in worlds:
    for name in ("focal", "focal .75", "weighted"):
        lesson.show(compare(world + ", moved", name, "bce", found[world][name][1] - found[world]["bce"][1]))
lesson.check("with the threshold moved, nothing beats plain BCE",
             "better" not in {said for key, said in verdicts.items() if "moved" in key[0]})

# %% [markdown]
# What these losses change is where the border lies, hardly the order of the samples. BCE with a moved
# border does as well, and its output is still a probability.
#
# Then where does focal loss get its fame? Stop the training after 20 of the 300 steps, and predict.

# %%
for world, data in worlds.items():
    early = examine({name: four[name] for name in ("bce", "focal")}, *data, stop=20)
    lesson.show(compare(world + ", early", "focal", "bce", early["focal"][0] - early["bce"][0]))
lesson.check("stopped early, focal wins in both worlds",
             {verdicts[world + ", early", "focal", "bce"] for world in worlds} == {"better"})

# %% [markdown]
# The verdict has turned. Few networks are trained to the end; yet "it gets there sooner" and "it gets to
# a better place" are two claims. An experiment that stops early tests the first and is often quoted for
# the second.
#
# ## 5. Five pixels in a hundred
#
# *The advice: imbalanced pixels, Dice or focal loss.*
#
# Pictures of 24 x 24 pixels with one bright disc, about 5 % of the area. A pixel is judged by its own
# brightness and the means of the 9 and the 25 pixels round it. Once the noise is as large as the disc is
# bright, once twice as large. Scored is the overlap, 2 hits / (pixels marked + pixels of the disc),
# which is F1 by another name. Dice is that very score, made soft. How large is its advantage?

# %%
def pictures(rng, noise, count):
    place, parts, masks = np.arange(24), [], []
    for _ in range(count):
        radius = 3 * rng.uniform(0.6, 1.4)
        row, column = rng.uniform(radius, 24 - radius, 2)
        mask = (place[:, None] - row) ** 2 + (place - column) ** 2 < radius ** 2
        bright = mask + noise * rng.standard_normal((24, 24))
        means = [sum(np.roll(bright, (i, j), (0, 1)) for i in range(-k, k + 1) for j in range(-k, k + 1))
                 / (2 * k + 1) ** 2 for k in (1, 2)]
        parts.append(np.stack([bright, *means, np.ones((24, 24))], axis=-1).reshape(-1, 4))
        masks.append(mask.ravel().astype(float))
    return np.concatenate(parts), np.concatenate(masks)


overlap = {"from_logits": True, "per_sample": True}
sum_of_two = losses.weighted_sum((0.5, logit), (0.5, losses.dice, overlap), name="bce + dice")
candidates = {"bce": summed(logit), "dice": summed(losses.dice, **overlap), "bce + dice": summed(sum_of_two),
              "focal": summed(focal)}
scenes = {"clear": 1.0, "noisy": 2.0}
marked = {scene: examine(candidates, stack(pictures, noise, 5), stack(pictures, noise, 10, first=1000))
          for scene, noise in scenes.items()}
for i, title in enumerate(("overlap, threshold 0", "threshold moved")):
    lesson.show(f"{title:23}" + "".join(f"{name:>11}" for name in candidates))
    for scene, results in marked.items():
        lesson.show(f"{scene:23}" + "".join(f"{result[i].mean():11.3f}" for result in results.values()))
for scene in scenes:
    for name in ("dice", "bce + dice", "focal"):
        lesson.show(compare(scene, name, "bce", marked[scene][name][0] - marked[scene]["bce"][0]))
for scene in scenes:
    for name in ("dice", "bce + dice", "focal"):
        lesson.show(compare(scene + ", moved", name, "bce", marked[scene][name][1] - marked[scene]["bce"][1]))
lesson.check("clear pictures: Dice alone gains nothing that could be seen; noisy ones: it wins",
             [verdicts[scene, "dice", "bce"] for scene in scenes] == ["cannot tell", "better"])
lesson.check("focal loses in both; with the threshold moved, all are equal", {"worse"} == {
    verdicts[scene, "focal", "bce"] for scene in scenes} and {"cannot tell"} == {
    verdicts[scene + ", moved", name, "bce"] for scene in scenes for name in ("dice", "bce + dice", "focal")})

# %%
fig, axes = plot.figure(2, 2, size=(14, 9.6), title="Better than BCE with threshold 0?")
panels = [*((world, found[world], ("focal", "focal .75", "weighted")) for world in worlds),
          *((f"5 % pixels, {scene}", marked[scene], ("dice", "bce + dice", "focal")) for scene in scenes)]
for axis, (title, results, names) in zip(axes.ravel(), panels, strict=True):
    base = results["bce"][0]
    rows = [(name, results[name][0] - base, "o", False) for name in names]
    rows += [(f"{name}, moved", results[name][1] - base, "D", True) for name in ("bce", *names)]
    draw(axis, rows, title, "F1, or overlap, less that of BCE" if "pixels" in title else "")
lesson.figure("16_imbalance", fig, alt=(
    "Four panels: rare positives alone, most negatives easy, clear and noisy pictures. Each shows by how "
    "much losses differ in F1 from BCE with threshold 0, mean of 20 seeds with 95 % interval; hollow where "
    "the threshold was moved. With threshold 0 they differ widely, focal and weighted below 0; moved, they "
    "stand nearly one above the other, BCE among them."))

# %% [markdown]
# Dice helps where the evidence is weak. How much of each picture do the losses mark? The discs cover
# 5 %.

# %%
share = {scene: {name: (result[2] > 0).mean() for name, result in marked[scene].items()} for scene in scenes}
for scene in scenes:
    lesson.show(f"marked, {scene}: ", "   ".join(f"{name} {part:.1%}" for name, part in share[scene].items()))
lesson.check("noisy: BCE marks less than a third of the area of the discs, Dice about all of it",
             share["noisy"]["bce"] < 0.017 and 0.04 < share["noisy"]["dice"] < 0.06)

# %% [markdown]
# Few pixels of a noisy disc are more likely disc than not, so BCE marks few, and is right by its own
# lights. Dice knows that the score wants a mask. A moved threshold knows it, too.
#
# ## 6. What came of the advice
#
# Count the verdicts. "moved" are the comparisons after each loss got its own threshold.

# %%
advice = {"outliers: MAE or Huber, not MSE": [k for k in verdicts if k[2] == "mse"],
          "a few: Huber, not MAE": [("5 % wild", "huber 1", "mae")],
          "clean: MSE, not Huber": [("clean", "mse", "huber 1")],
          "rare: focal, not BCE": [(world, "focal", "bce") for world in worlds],
          "rare: focal, moved": [(world + ", moved", "focal", "bce") for world in worlds],
          "rare: weighted, not BCE": [(world, "weighted", "bce") for world in worlds],
          "pixels: Dice, not BCE": [(scene, "dice", "bce") for scene in scenes],
          "pixels: focal, not BCE": [(scene, "focal", "bce") for scene in scenes],
          "pixels: Dice + BCE, not BCE": [(scene, "bce + dice", "bce") for scene in scenes],
          "pixels: any of them, moved": [k for k in verdicts if k[0] in ("clear, moved", "noisy, moved")]}
lesson.show(f"{'':34}better   cannot tell   worse")
for line, keys in advice.items():
    said = [verdicts[key] for key in keys]
    lesson.show(f"{line:34}{said.count('better'):6}{said.count('cannot tell'):14}{said.count('worse'):8}")
lesson.check("two of the ten hold wherever they were tried; moved, nothing is better than BCE",
             [line for line, keys in advice.items() if all(verdicts[key] == "better" for key in keys)]
             == ["outliers: MAE or Huber, not MSE", "pixels: Dice + BCE, not BCE"]
             and "better" not in {said for key, said in verdicts.items() if "moved" in key[0]})

# %% [markdown]
# Three toy worlds and linear models. That is enough to break a rule that names no conditions, and not
# enough to make a new one. But it shows what to ask of any advice: better *at what*, with *which*
# threshold, trained *how long*, in *whose* units.
#
# Part of it could have been known without a single step. The library works out what the best constant
# prediction of a loss tells: the "probability" of a class, or only the "decision", which is the
# likelier; or "no", not even that.

# %%
told = {loss.name: properties(loss).calibrated for loss in (logit, focal, losses.hinge, losses.dice)}
lesson.show(told)
lesson.check("probabilities: cross entropy gives them; hinge and Dice decide; focal, by default, neither",
             list(told.values()) == ["probability", "no", "decision", "decision"])

# %% [markdown]
# That "no" is the reason why focal loss lost above: at its defaults a logit of 0 is not where yes and no
# are equally likely.
#
# The last guideline is to combine: 0.5 BCE + 0.5 Dice. A sum of losses is a loss, and gets the checks
# of one.

# %%
masks = np.eye(3, 8)
marks = lesson.rng.standard_normal((3, 8))
marks[0] += 6 * (2 * masks[0] - 1)                             # one picture nearly right, two not
lesson.standard(sum_of_two, marks, masks)

# %% [markdown]
# ## Exercise
#
# *A branch, and its experiment.* The tree has no leaf for "too little costs more than too much": bread
# for tomorrow, beds in a hospital. `tinygrad-loss start 16` puts a file into the folder work:
#
# 1. *The leaf.* Quantile loss charges like that. With which quantile, for given costs of both sides?
# 2. *What it tells.* The best single order for the days that were seen.
# 3. *The verdict.* From the costs of two ways, seed by seed, the interval of the gain.
#
# `tinygrad-loss check 16` says what is right and what is not, `tinygrad-loss hint 16` helps a step
# further. Then the experiment itself, which no grader sees. Say that each unit too little costs 9, each
# unit too much 1: a function `costs(seed)` trains that loss and MSE on the same samples and returns what
# each costs on new ones. 20 seeds, paired differences, interval, verdict. And make it lose: find data for
# which your leaf cannot be told from MSE, and say so in its `when`.
#
# ## Keep
#
# - Advice without conditions is a guess. Ask: better at what, with which threshold, trained how long?
# - Same data for both, 20 seeds, the difference, its interval; 0 inside means "cannot tell".
# - Outliers: anything but MSE, and delta in the unit of the target.
# - For rare classes a moved threshold does what focal loss and weights are bought for.
# - Stopped early, the loss that starts fastest looks best.

# %%
lesson.end()
