# %% [markdown]
# # 10 Sparse
#
# Same numbers, less memory?
#
# - Before: 02 (backward), 09 (softmax cross entropy)
# - Minutes: 40, and 20 for the exercise
#
# The truth about a picture can be written as a row, (1, 0, 0), or as a label, 0. The article
# promises that labels give the same result and save a thousand times the memory: "always
# prefer". We look for the thousand, and find out what else a label can do that a row cannot:
# be wrong, be ignored, be weighted, be softened.

# %%
import tracemalloc

import numpy as np

from tinygrad_loss import Tensor, grad, gradcheck, losses, plot
from tinygrad_loss.lesson import Lesson

lesson = Lesson("10_sparse")
np.set_printoptions(precision=4, suppress=True)

# %% [markdown]
# ## 1. A label is an address
#
# The article's five pictures, three classes. A row of zeros and a one, times log p, summed:
# that is a long way to say "take this one". Of the 15 numbers in p, how many does the loss
# depend on?

# %%
p = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.2, 0.6, 0.2], [0.8, 0.1, 0.1], [0.3, 0.3, 0.4]])
labels = np.array([0, 2, 1, 0, 2])
rows = np.eye(3)[labels]                                     # one-hot: row 0, row 2, row 1 of eye(3)


def by_rows(p, rows):
    return -(p.log() * rows).sum(axis=1).mean()


def by_labels(p, labels):
    return -p[np.arange(len(labels)), labels].log().mean()


P = Tensor(p, requires_grad=True)
long_way, short_way = by_rows(P, rows), by_labels(P, labels)
library = losses.sparse_categorical_cross_entropy(p, labels)
lesson.show("taken: ", p[np.arange(5), labels])
lesson.show(f"rows {long_way.item():.17f}   labels {short_way.item():.17f}")
lesson.agree("rows = labels", long_way, short_way)
lesson.agree("the article's pictures cost 0.47272195896636404", library, 0.47272195896636404)

# %% [markdown]
# Five of fifteen. The slopes must say so too: moving any of the other ten changes nothing.
# Where the label points, the slope is -1 / (5 p). Predict the largest of them: which picture
# pulls hardest?

# %%
(slope_by_rows,), (slope_by_labels,) = grad(long_way, [P]), grad(short_way, [P])
lesson.show(slope_by_labels.numpy())
lesson.agree("both ways: -1 / (5 p) at the label, 0 elsewhere",
             [slope_by_rows, slope_by_labels], [-rows / (5 * p)] * 2)

# %% [markdown]
# The last one, whose p is only 0.4. Here are both ways for the third picture alone, label 1. On
# the long way every step holds a number for each class; on the short way one number is left
# after the first step. The tinted slopes at p are the same.

# %%
third, row = Tensor(p[2], requires_grad=True), Tensor(rows[2])
with_row, with_label = -(third.log() * row).sum(), -third[1].log()
lesson.figure("10_rows", plot.graph(with_row, {"p": third, "row": row, "loss": with_row}, title="With a row"),
              alt="Graph of cross entropy with a one-hot row: p = 0.2, 0.6, 0.2 goes through log, times the "
                  "row 0, 1, 0, sum and minus to the loss 0.511. The first steps hold three numbers each.")
lesson.figure("10_labels", plot.graph(with_label, {"p": third, "loss": with_label}, title="With a label"),
              alt="Graph of cross entropy with a label: take picks 0.6 out of p, then log and minus lead to "
                  "the same loss 0.511. The slope at p is 0, -1.667, 0 in both graphs.")

# %% [markdown]
# ## 2. The way back
#
# Forward, a label *gathers*: it picks numbers out of an array. Backward, each slope returns to
# the place its number came from, into an array of zeros: it *scatters*. Say it in the
# language of lesson 02: a number that was picked twice has two users, and their slopes add.
#
# Pick entries 0, 0 and 2 of x = (10, 20, 30) and sum them. Predict the three slopes. Then see
# what becomes of them if the way back is written with `=` in place of `+=`.

# %%
place = np.array([0, 0, 2])


def picked(x):
    return x[place]


def scatter(x, g):
    dx = np.zeros_like(x)
    np.add.at(dx, place, g)                                   # dx[place] += g would count 0 once only
    return dx


def overwrite(x, g):
    dx = np.zeros_like(x)
    dx[place] = g
    return dx


x = Tensor([10.0, 20.0, 30.0], requires_grad=True)
x[place].sum().backward()
lesson.show("engine   ", x.grad.numpy())
lesson.show("scatter  ", scatter(x.numpy(), np.ones(3)))
lesson.show("overwrite", overwrite(x.numpy(), np.ones(3)))
lesson.agree("picked twice, pulled twice", x.grad, [2.0, 0.0, 1.0])
wrong = gradcheck(picked, x.numpy(), gradient=overwrite)
lesson.show(wrong)
lesson.check("gradcheck accepts the sum and refuses the overwriting",
             gradcheck(picked, x.numpy(), gradient=scatter).ok and not wrong.ok)

# %% [markdown]
# A loss picks one number from each row, so `=` would do there. In a table of word vectors,
# where "the" is picked a hundred times, it would lose ninety-nine of the slopes.
#
# ## 3. A zero where nobody looks
#
# "Same mathematical results". Let the model be certain, and right: p = (1, 0, 0), label 0. The
# loss is -log 1 = 0. What does the long way make of the two zeros?

# %%
certain = Tensor([[1.0, 0.0, 0.0]])
lesson.show("rows  ", by_rows(certain, np.array([[1.0, 0.0, 0.0]])).item())
lesson.show("labels", abs(by_labels(certain, [0]).item()))
lesson.check("0 times log 0 is nan on the long way; the short way never looks there",
             np.isnan(by_rows(certain, np.array([[1.0, 0.0, 0.0]])).item())
             and by_labels(certain, [0]).item() == 0)

# %% [markdown]
# ## 4. Looking for the thousand
#
# The article counts: a million pictures, 1000 classes, 4 bytes a number. Rows 4 GB, labels 4 MB.
# True. But a training step does not hold the truth alone. There is p, as large as the rows,
# and there is the gradient, as large as p. Predict what remains of 1000.

# %%
n, classes, size = 1_000_000, 1000, 4
rows_gb, labels_gb = n * classes * size / 1e9, n * size / 1e9
p_gb = gradient_gb = rows_gb
held = {"the truth alone": 0.0, "and p": p_gb, "and the gradient": p_gb + gradient_gb}
lesson.show(f"{'in memory':18}{'rows':>10}{'labels':>12}{'saving':>10}")
saving = {}
for what, more in held.items():
    saving[what] = (rows_gb + more) / (labels_gb + more)
    lesson.show(f"{what:18}{rows_gb + more:>7.3f} GB{labels_gb + more:>9.3f} GB{saving[what]:>9.3f}x")
lesson.check("1000 times for the truth alone, 1.998 with p, 1.5 with the gradient",
             [round(x, 3) for x in saving.values()] == [1000, 1.998, 1.499])

# %% [markdown]
# Nor has a label always 4 bytes. `np.array([0, 2, 1])` takes 8 for each; for 1000 classes 2 are
# enough, and the library takes any integers.
#
# Counting is not measuring. Below, a real step: 1000 logit rows of 1000 classes, loss and
# gradient, while Python's `tracemalloc` notes the most memory held at one time. One unit is
# what the logits take. By the count above: fused should need 2 with labels and 3 with rows.
# And composed?

# %%
logits = lesson.rng.standard_normal((1000, 1000))
truth = {"labels": lesson.rng.integers(0, 1000, 1000)}
truth["rows"] = np.eye(1000)[truth["labels"]]
kept = []                                                     # so that no memory is used twice


def step(path, kind):
    """One step from fresh copies of logits and truth; what it held at most, in units of the logits."""
    tracemalloc.start()
    z, target = Tensor(logits.copy(), requires_grad=True), truth[kind].copy()
    losses.cross_entropy(z, target, path=path).backward()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    kept.append(z.grad)
    return most / logits.nbytes, z.grad


most, slopes = {}, {}
for path in ("fused", "composed"):
    for kind in ("rows", "labels"):
        step(path, kind)                                      # the first call also compiles
        most[path, kind], slopes[path, kind] = step(path, kind)
    lesson.show(f"{path:10}rows {most[path, 'rows']:5.1f}   labels {most[path, 'labels']:5.1f}   saving "
                f"{most[path, 'rows'] / most[path, 'labels']:.2f}x")
lesson.check("fused: 3 with rows, 2 with labels",
             abs(most["fused", "rows"] - 3) < 0.05 and abs(most["fused", "labels"] - 2) < 0.05)
lesson.check("composed: half a unit more, or a little over, for labels and for rows",
             all(0.4 < most["composed", k] - most["fused", k] < 0.8 for k in truth))
lesson.agree("yet all four have one gradient", [slopes["composed", "rows"]] * 3,
             [slopes["composed", "labels"], slopes["fused", "rows"], slopes["fused", "labels"]])

# %%
fig, axis = plot.figure(size=(11, 6.5), title="Memory for a million pictures of 1000 classes, in GB")
for i, (kind, own) in enumerate({"rows": rows_gb, "labels": labels_gb}.items()):
    places, lengths = [k + (i - 0.5) * 0.38 for k in range(3)], [own + more for more in held.values()]
    axis.barh(places, lengths, height=0.36, edgecolor="white", label=f"{kind}, counted",
              color=plot.COLOURS[4 * i], hatch="//" if kind == "labels" else "")
    for y, x in zip(places, lengths, strict=True):
        axis.text(x + 0.25, y, f"{x:.3f}", va="center")
    axis.plot([round(most["fused", kind], 1) * p_gb], places[2:], "D", color=plot.COLOURS[6], markersize=9,
              markeredgecolor="white", label="measured, fused, scaled up")
axis.set_yticks(range(3), ["the truth\nalone", "and p", "and the\ngradient"])
axis.invert_yaxis()
axis.set(xlabel="GB", xlim=(0, 14.5))
axis.grid(visible=False, axis="y")
axis.legend([*axis.containers, axis.lines[0]],
            ["rows, counted", "labels, counted", "measured, fused"], loc="upper right")
lesson.figure("10_memory", fig, alt=(
    "Pairs of bars for rows and labels, counted for a million pictures of 1000 classes: the truth alone 4 GB "
    "against 0.004, with p 8 against 4.004, with the gradient 12 against 8.004. Diamonds at the ends of the "
    "last pair: the fused step, measured with a thousand pictures and scaled up, agrees."))

# %% [markdown]
# The composed path of a long batch goes piece by piece and keeps the steps of one piece at a time:
# half a unit here, whatever the truth, and none of it when fused (lesson 06). So: a thousandfold for
# a file of labels on disk, a third off in a training step.
#
# ## 5. A label that is none
#
# A row that is wrong looks wrong. A label is an address, and any number is an address of
# *something*. Datasets mark "unknown" by -1. Predict what the article's code does with -1, and
# with class 3 of three.

# %%
def article(y_true, y_pred, epsilon=1e-7):
    y_pred = np.clip(y_pred, epsilon, 1 - epsilon)
    return -np.mean(np.log(y_pred[np.arange(len(y_pred)), y_true]))


def kernel_without_a_look(y, p, i):
    """What compiled code reads that adds up addresses: the start of row i, and y further."""
    return p.ravel()[i * p.shape[1] + y]


minus_one, last_class = article(np.array([-1]), p[1:2]), article(np.array([2]), p[1:2])
lesson.show(f"article: label -1 costs {minus_one:.4f}, label 2 costs {last_class:.4f}")
try:
    article(np.array([3]), p[1:2])
    numpy_refuses = False
except IndexError as error:
    lesson.show("article: label 3:", error)
    numpy_refuses = True
lesson.show("compiled: label -1 in row 1 reads", kernel_without_a_look(-1, p, 1),
            " label 3 reads", kernel_without_a_look(3, p, 1))
lesson.check("NumPy takes -1 for the last class, and refuses 3", minus_one == last_class and numpy_refuses)
lesson.check("compiled code reads the row before, and the row behind",
             kernel_without_a_look(-1, p, 1) == p[0, 2] and kernel_without_a_look(3, p, 1) == p[2, 0])

# %% [markdown]
# Three readings of one mistake, and only one of them an error. So the library looks at every
# label before anything runs:

# %%
def refusal(label, path):
    try:
        losses.cross_entropy(np.log(p[1:2]), [label], path=path)
    except ValueError as error:
        return str(error)
    return ""


lesson.show(refusal(-1, "fused"))
lesson.check("-1 and 3 raise on both paths, and the message says what is allowed",
             all("from 0 to 2" in refusal(label, path)
                 for label in (-1, 3) for path in ("fused", "composed")))

# %% [markdown]
# ## 6. A label that does not count
#
# Sometimes unknown is meant: padding behind a short sentence, pixels on a border. Mark them
# with `ignore_index`, -100 unless you say otherwise. Let the fourth picture be ignored, and
# its logits be nan for good measure. The loss is a mean: over four pictures, or over five?

# %%
z, some = np.log(p), labels.copy()
some[3], z[3] = -100, np.nan
four = [0, 1, 2, 4]
Z = Tensor(z, requires_grad=True)
value = losses.cross_entropy(Z, some)
value.backward()
without = losses.cross_entropy(z[four], labels[four])
lesson.show(f"ignored {value.item():.6f}   left out {without.item():.6f}")
lesson.show("slopes of the ignored picture:", Z.grad.numpy()[3])
lesson.check("ignored is as good as left out, and gets slope 0, not nan",
             abs(value.item() - without.item()) < 1e-15 and not Z.grad.numpy()[3].any())

# %% [markdown]
# And if *all* are ignored? A mean of nothing is 0/0. PyTorch has answered 0 and answers nan
# now (pytorch issue 75181); this library raises, since a batch without a single label is
# seldom meant.
#
# ## 7. Weights, and what the mean divides by
#
# The article recommends "weighted CCE" for rare classes in its tree, its table and its
# guidelines, and never says what it is. Multiply each item by the weight of its class, that
# much is clear. Then divide by what? By the number of items, n, or by the sum of their weights?
# Three equal rows of logits, labels 0, 1, 2, weights 1, 2, 3:

# %%
z, y, w = np.tile([2.0, 1.0, 0.1], (3, 1)), np.array([0, 1, 2]), np.array([1.0, 2.0, 3.0])
each = losses.cross_entropy(z, y, reduction="none").numpy()
by_n, by_weights = (w * each).sum() / 3, (w * each).sum() / w.sum()
ours = losses.cross_entropy(z, y, weight=w)
lesson.show("each item ", each)
lesson.show(f"divided by n {by_n:.4f}   by the weights {by_weights:.4f}   ours {ours.item():.4f}")
lesson.agree("ours, like PyTorch's, divides by the weights", ours, by_weights)

# %% [markdown]
# Both are in use (Keras divides by n), and they train differently. Three questions; predict each
# before you look.
#
# 1. All weights are 7. What happens to the loss?
# 2. Copy each picture as often as its weight says, weights gone. Which of the two means is it?
# 3. A batch of a single picture, of weight 3. How much harder does it pull?

# %%
sevens = losses.cross_entropy(z, y, weight=[7.0, 7.0, 7.0])
copies = losses.cross_entropy(np.repeat(z, [1, 2, 3], axis=0), np.repeat(y, [1, 2, 3]))
single = losses.cross_entropy(z[2:], y[2:], weight=w)
lesson.show("                 ours   no weights   divided by n")
lesson.show(f"1. all 7       {sevens.item():6.4f}   {each.mean():10.4f}   {7 * each.mean():12.4f}")
lesson.show(f"2. copies      {ours.item():6.4f}   {copies.item():10.4f}   {by_n:12.4f}")
lesson.show(f"3. one picture {single.item():6.4f}   {each[2]:10.4f}   {3 * each[2]:12.4f}")
lesson.agree("1. nothing: equal weights are no weights", sevens, each.mean())
lesson.agree("2. ours: weight 3 = three copies", copies, ours)
lesson.agree("3. not at all: in a batch of one the weight cancels", single, each[2])

# %% [markdown]
# The third is the price of the second. Small batches with one class in them lose their weights;
# whoever wants weights that always bite takes `reduction="sum"` and divides by n.
#
# ## 8. A label less sure of itself
#
# Under a hard label the loss falls as long as the logit of the label rises, and it rises for
# ever. *Label smoothing* s gives a share s of the truth to all classes alike:
#
#     q = (1 - s) one-hot + s / C             for C = 3, s = 0.1:  (0.9333, 0.0333, 0.0333)
#
# The loss is the cross entropy of q, so its slope is p - q (lesson 09), and that is 0 where p
# reaches q. Logits (m, 0, 0), label 0: at which lead m does the pull end? There p_0 / p_1 = e^m
# must be 0.9333 / 0.0333 = 28.

# %%
s = 0.1
q = (1 - s) * np.array([1.0, 0.0, 0.0]) + s / 3
lead = np.log(q[0] / q[1])
Z = Tensor([[lead, 0.0, 0.0]], requires_grad=True)
floor = losses.cross_entropy(Z, [0], label_smoothing=s)
floor.backward()
entropy = -(q * np.log(q)).sum()
lesson.show(f"lead {lead:.4f}   loss there {floor.item():.6f}   entropy of q {entropy:.6f}")
lesson.show("slopes", Z.grad.numpy().round(12) + 0)
lesson.check("at a lead of ln 28 all slopes are 0, and the loss is the entropy of q",
             np.max(np.abs(Z.grad.numpy())) < 1e-15 and abs(floor.item() - entropy) < 1e-15)
lesson.agree("labels with smoothing = rows of q, without a row in memory",
             losses.cross_entropy(np.log(p), labels, label_smoothing=s),
             losses.cross_entropy(np.log(p), (1 - s) * rows + s / 3))

# %%
m = np.linspace(-2, 8, 201)
fig, (above, below) = plot.figure(2, 1, size=(10, 9), sharex=True,
                                  title="A lead of m for the right class of three")
for i, s in enumerate((0.0, 0.1, 0.3)):
    for path, look in (("composed", {"linestyle": plot.LINES[i]}),
                       ("fused", {"linestyle": "none", "marker": "os^"[i], "markeredgecolor": "white"})):
        at = m if path == "composed" else m[5 * i::20]
        Z = Tensor(np.stack([at, 0 * at, 0 * at], axis=1), requires_grad=True)
        cost = losses.cross_entropy(Z, np.zeros(len(at), int), label_smoothing=s, reduction="none", path=path)
        cost.sum().backward()
        name = f"smoothing {s:g}" if path == "composed" else f"fused, {s:g}"
        above.plot(at, cost.numpy(), color=plot.COLOURS[i], label=name, **look)
        below.plot(at, Z.grad.numpy()[:, 0], color=plot.COLOURS[i], label=name, **look)
    if s:
        least = np.log((1 - s + s / 3) / (s / 3))
        for axis in (above, below):
            axis.axvline(least, color=plot.COLOURS[i], linestyle=":", linewidth=1.6)
        below.text(least, -0.75, f" least at {least:.2f} ", color=plot.COLOURS[i], fontsize=plot.SMALL,
                   ha="left" if s < 0.2 else "right")
below.axhline(0, color=plot.GREY, linewidth=1.2, linestyle="-")
above.legend([line for line in above.lines if line.get_label().startswith("smooth")],
             ["smoothing 0", "smoothing 0.1", "smoothing 0.3"], loc="upper right",
             title="lines: composed, dots: fused", title_fontsize=plot.SMALL)
above.set(ylabel="loss")
below.set(ylabel="slope of the label's logit", xlabel="lead m of the label's logit")
lesson.figure("10_smoothing", fig, alt=(
    "Loss above, slope below, for a lead from -2 to 8 and smoothing 0, 0.1 and 0.3. Without smoothing the "
    "loss falls towards 0 for ever. With 0.1 it is least at a lead of 3.33, with 0.3 at 2.08, and rises "
    "again beyond; there the slopes cross 0."))

# %% [markdown]
# Beyond the floor the pull turns round: too sure is wrong, too. And a training loss that
# settles at 0.29 may be perfect.
#
# The standard checks, with everything at once: weights, an ignored item, smoothing.

# %%
z, y = 2 * lesson.rng.standard_normal((5, 3)), np.array([0, 2, -100, 1, 2])
lesson.standard(losses.cross_entropy, z, y, weight=[1.0, 2.0, 3.0], label_smoothing=0.1)

# %% [markdown]
# ## Exercise: gather and its backward
#
#     tinygrad-loss start 10
#
# puts a file into the folder work. With NumPy alone, and no loop, write there
#
# 1. *Gather*: from p of shape (n, C) and n labels, the n numbers that the labels point at. No
#    one-hot rows.
# 2. *Its backward*: from the slopes of those n numbers, the slopes of p, an array of p's shape. The
#    loss on top may be any, so the slopes that arrive are not all alike.
# 3. *The same for a table*: rows of a table of word vectors are picked by number, the same row as
#    often as its word occurs. The slopes of the table; here `=` is not enough.
#
# `tinygrad-loss check 10` says what is right and what is not, `tinygrad-loss hint 10` helps a step
# further. When all is right, break it: exchange row and label; write `=` in the third. With which
# inputs would nobody notice?
#
# ## Keep
#
# - A label gathers on the way forward and scatters on the way back, adding where it meets itself.
# - 1000 times less for the truth alone, 2 with p, 1.5 with the gradient, less if composed.
# - -1 is the last class to NumPy and the neighbour's row to a kernel. Look before you read.
# - A weighted mean divides by the weights, so that a weight is a number of copies.
# - Smoothing gives the loss a floor, the entropy of q, and the logits a place to stop.

# %%
lesson.end()
