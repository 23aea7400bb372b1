# %% [markdown]
# # 09 Softmax
#
# Why is the gradient p - y?
#
# - Before: 02 (what `backward()` does), 03 (gradcheck), 07 (what a logit is)
# - Minutes: 45, and 20 for the exercise
#
# A classifier gives each class one real number, its logit z. Softmax turns the logits into
# probabilities p; cross entropy charges -log p for the class that was true. On the way stand
# an exponential for each class, a sum, divisions, a logarithm. The derivative of it all:
#
#     gradient = p - y                 what was predicted, minus what was true
#
# We find it by hand, then ask four witnesses who have not seen our paper. Then one line says
# why it had to be so, and we try to break it.

# %%
import numpy as np

from tinygrad_loss import Tensor, gradcheck, losses, plot
from tinygrad_loss.graph import trace
from tinygrad_loss.lesson import Lesson

lesson = Lesson("09_softmax")
np.set_printoptions(precision=4, suppress=True)

# %% [markdown]
# ## The example
#
# Three classes: cat, dog, bird. It is a cat, so y = (1, 0, 0). The logits are ln 2, ln 5 and
# ln 3, because exp undoes ln. Before you read on: what is p?

# %%
z = np.log([2.0, 5.0, 3.0])
y = np.array([1.0, 0.0, 0.0])


def softmax(z):
    e = np.exp(z)
    return e / e.sum()


def loss(z):
    return -np.log(softmax(z)[0])                                 # 0: the cat


p = softmax(z)
lesson.show("exp(z) =", np.exp(z))
lesson.show("p      =", p)
lesson.show("loss   =", loss(z))
lesson.agree("p is 2, 5 and 3 parts of 10", p, [0.2, 0.5, 0.3])
lesson.agree("to be 20 % sure of the truth costs ln 5", loss(z), np.log(5))

# %% [markdown]
# The classifier says dog. If the claim holds, the gradient is (0.2 - 1, 0.5, 0.3). Descent
# goes against it: the cat's logit up by 0.8 of a step, dog's and bird's down by 0.5 and 0.3.
#
# ## First way: by hand
#
# Two links, two slopes.
#
# From p to the loss: only p_cat occurs in -log p_cat. Its slope is -1/p_cat = -5; the others'
# is 0. For any y: -y/p.
#
# From z to p: p_i = exp(z_i) / sum. Raise the class's own logit: numerator and sum both grow,
# slope p_i (1 - p_i). Raise another's, z_j: only the sum grows, slope -p_i p_j. That makes a
# table J, one row for each probability, one column for each logit.

# %%
def jacobian(z):
    p = softmax(z)
    return np.diag(p) - np.outer(p, p)


J = jacobian(z)
lesson.show(J)
lesson.gradient("the table J agrees with numbers", softmax, z, gradient=lambda z, g: g @ jacobian(z))

# %% [markdown]
# Multiply each row by the slope of its probability and add the rows up.

# %%
slope = 0 - y / p
by_hand = np.zeros(3)
for name, s, row in zip(("cat", "dog", "bird"), slope, J, strict=True):
    term = s * row + 0                                            # + 0 makes 0 of -0
    lesson.show(f"{name:5} {s:4.0f} x {row} = {term}")
    by_hand += term
lesson.show("sum                                =", by_hand)
lesson.agree("by hand: p - y", by_hand, p - y)

# %% [markdown]
# Look at the cat's row. Each entry carries the factor p_cat, and the loss multiplies it by
# -1/p_cat. The two cancel; what stays is -(1 - p_cat, -p_dog, -p_bird) = p - y.
#
# Only the slope -1/p cancels so, and only the logarithm has it. Take (1 - p_cat)^2 as the
# penalty instead: its slope is -2 (1 - p_cat), and the factor p_cat survives. How hard does
# each pull a classifier that is sure of the dog?

# %%
sure = np.log([0.001, 0.998, 0.001])
p_cat, cat_row = softmax(sure)[0], jacobian(sure)[0]
log_pull, square_pull = -1 / p_cat * cat_row[0], -2 * (1 - p_cat) * cat_row[0]
lesson.show(f"pull on the cat's logit: logarithm {log_pull:.3f}, square {square_pull:.3f}")
lesson.agree("the logarithm pulls with p - y = -0.999", log_pull, -0.999)
lesson.agree("the square pulls with 2 p_cat (1 - p_cat) times as much", square_pull / log_pull,
             2 * p_cat * (1 - p_cat))

# %% [markdown]
# Sure and wrong, the classifier learns next to nothing from the square, and nearly all it can
# from the logarithm.
#
# Nor need y be certain. With δ_ij = 1 for i = j and 0 otherwise, the same cancelling gives
#
#     Σ_i (-y_i / p_i) p_i (δ_ij - p_j)  =  p_j (Σ_i y_i) - y_j
#
# for any y, which is p - y wherever y sums to 1.

# %%
unsure = np.array([0.7, 0.1, 0.2])                                # 7 of 10 experts say cat
lesson.show("gradient =", -unsure / p @ J, "  p - y =", p - unsure)
lesson.agree("p - y holds for an uncertain truth", -unsure / p @ J, p - unsure)

# %% [markdown]
# ## Second way: autodiff
#
# Write the loss in the engine's operations. It knows the slopes of exp, sum, /, log, * and
# minus; nobody has told it about p - y.

# %%
Z = Tensor(z, requires_grad=True)
E = Z.exp()
P = E / E.sum()
Y = Tensor(y)
composed = -(P.log() * Y).sum()
composed.backward()
lesson.show("gradient =", Z.grad.numpy())
lesson.agree("by autodiff: p - y", Z.grad, p - y)

# %% [markdown]
# ## Third way: the fused kernel
#
# The library's `cross_entropy` takes a row of logits for each item, here a batch of one, and
# gets loss and gradient from one pass. Somebody typed its derivative; the engine carries it.

# %%
Z_fused = Tensor([z], requires_grad=True)
fused = losses.cross_entropy(Z_fused, [0])
fused.backward()
lesson.show("gradient =", Z_fused.grad.numpy()[0])
lesson.agree("both give one loss", composed, fused)
lesson.agree("by the fused kernel: p - y", Z_fused.grad[0], p - y)

# %% [markdown]
# How long is the engine's way back? In the picture of the second way, follow the tinted slopes
# from right to left: -1/p_cat = -5 stands at p, and is gone at z.

# %%
def operations(output):
    return [node.operation for node in trace(output) if node.operation]


lesson.show("second way:", operations(composed))
lesson.show("third way: ", operations(fused))
lesson.check("seven operations against one", (len(operations(composed)), len(operations(fused))) == (7, 1))
lesson.figure("09_composed", plot.graph(composed, {"z": Z, "e": E, "p": P, "y": Y, "loss": composed},
                                        title="Softmax cross entropy, composed"),
              alt="A graph of seven operations from the logits z through exp, sum, division, log, "
                  "multiplication by y, sum and minus to the loss 1.609, with the slope at each.")
lesson.figure("09_fused", plot.graph(fused, {"z": Z_fused, "loss": fused},
                                     title="Softmax cross entropy, fused"),
              alt="A graph of one operation: the logits z go into cross_entropy, which gives the same "
                  "loss 1.609; the slope at z is -0.8, 0.5, 0.3 in both graphs.")

# %% [markdown]
# ## Fourth way: differences
#
# No calculus. Move a logit a little to either side and see what the loss does. The price:
# two nearly equal numbers are subtracted, so about five of sixteen digits are lost.

# %%
h = 1e-5
differences = np.array([(loss(z + step) - loss(z - step)) / (2 * h) for step in h * np.eye(3)])
lesson.show("gradient =", differences)
lesson.agree("by differences: p - y, to nine digits", differences, p - y, tolerance=1e-9)

# %% [markdown]
# ## Fifth way: the complex step
#
# Move the logit off the real line instead, by ih:  loss(z + ih) = loss(z) + ih slope + ...
# The imaginary part, divided by h, is the slope. Nothing is subtracted, so h may be as small
# as 1e-20, and no digit is lost. It works because exp, sum, / and log take complex numbers.

# %%
h = 1e-20
complex_step = np.array([loss(z + 1j * step).imag / h for step in h * np.eye(3)])
lesson.show("gradient =", complex_step)
lesson.agree("by the complex step: p - y, to the last digits", complex_step, p - y, tolerance=1e-14)

# %% [markdown]
# All five side by side:

# %%
ways = {"by hand": by_hand, "autodiff": Z.grad.numpy(), "fused kernel": Z_fused.grad.numpy()[0],
        "differences": differences, "complex step": complex_step}
lesson.show(f"{'':14}{'cat':>9}{'dog':>9}{'bird':>9}     off by")
for name, g in ways.items():
    lesson.show(f"{name:14}{g[0]:9.4f}{g[1]:9.4f}{g[2]:9.4f}{np.max(np.abs(g - (p - y))):11.0e}")

# %% [markdown]
# Five agree. Would they also agree with something wrong? A check that cannot fail proves
# nothing, so we hand the checker two wrong gradients: one forgets y, one has the sign turned.

# %%
forgets = gradcheck(loss, z, gradient=lambda z: softmax(z))
turned = gradcheck(loss, z, gradient=lambda z: y - softmax(z))
lesson.show(forgets)
lesson.check("a gradient that forgets y is refused", not forgets.ok)
lesson.check("y - p is refused, and called a turned sign", not turned.ok and turned.diagnosis == "sign")

# %% [markdown]
# ## Why: one line
#
# The logarithm of a quotient is a difference:
#
#     -log( exp(z_y) / Σ exp(z) )  =  log Σ exp(z)  -  z_y
#
# The slope of the last term is y. The slope of log Σ exp is exp(z) / Σ exp(z) = p: softmax
# *is* the slope of logsumexp. Hence p - y. No row, no table, nothing to cancel.

# %%
def logsumexp(z):
    return np.log(np.exp(z).sum())


lesson.show("loss            =", loss(z))
lesson.show("logsumexp - z_y =", logsumexp(z) - z[0])
lesson.agree("the loss is logsumexp(z) - z_y", loss(z), logsumexp(z) - z[0])
lesson.gradient("softmax is the slope of logsumexp", logsumexp, z, gradient=softmax)

# %% [markdown]
# ## Who is moved?
#
# The article says that only the probability of the true class matters. Two classifiers give
# the cat 20 %; one leans to dog, one to bird. Same loss? Same gradient?

# %%
to_dog, to_bird = np.log([0.2, 0.5, 0.3]), np.log([0.2, 0.05, 0.75])


def loss_and_gradient(z, target, path="fused", **settings):
    z = Tensor(z, requires_grad=True)
    value = losses.cross_entropy(z, target, path=path, **settings)
    value.backward()
    return value.item(), z.grad.numpy()


loss_dog, pull_dog = loss_and_gradient(to_dog, 0)
loss_bird, pull_bird = loss_and_gradient(to_bird, 0)
lesson.show(f"leans to dog    loss {loss_dog:.4f}   gradient {pull_dog}")
lesson.show(f"leans to bird   loss {loss_bird:.4f}   gradient {pull_bird}")
lesson.agree("true of the loss: it is the same", loss_dog, loss_bird)
lesson.agree("false of the gradient: every wrong class is pushed down by its own p",
             [pull_dog, pull_bird], [[-0.8, 0.5, 0.3], [-0.8, 0.05, 0.75]])

# %% [markdown]
# ## Where it pulls, where it goes
#
# Three probabilities that sum to 1 are a point in a triangle, with certainty in the corners.
# Descent moves the logits by y - p. Drawn in the triangle, that is an arrow from the
# prediction straight to the truth, as long as the way that is left.
#
# The probabilities themselves follow through J, and not straight. Start sure of the dog, at
# (0.02, 0.96, 0.02), and descend. Bird is as wrong as dog. Does its probability ever rise?

# %%
starts = np.array([[2, 98 - bird, bird] for bird in (2, 7, 20, 49, 78, 91, 96)]) / 100
cats = np.zeros(len(starts), dtype=int)
logits, path, costs = np.log(starts), [starts], []
for _ in range(300):
    Z_path = Tensor(logits, requires_grad=True)
    each = losses.cross_entropy(Z_path, cats, reduction="none")
    each.sum().backward()
    logits = logits - 0.2 * Z_path.grad.numpy()
    costs.append(each.numpy())
    path.append(Tensor(logits).softmax().numpy())
path, costs = np.array(path), np.array(costs)                     # (steps, starts, classes)

for step in (0, 10, 20, 30, 300):
    lesson.show(f"step {step:3}   cat, dog, bird =", path[step, 0])
bird = path[:, 0, 2]
lesson.check("bird more than doubles, then falls below its start", bird.max() > 2 * bird[0] > 2 * bird[-1])
lesson.check("yet the loss falls in every step of every path", np.all(np.diff(costs, axis=0) < 0))

# %% [markdown]
# It does: dog's logit falls so hard that bird, pushed down by only 0.02, gains on it.
#
# In the picture, left, each arrow is an eighth of y - p; the dotted line is all of it, from our
# example. Right, seven starts and the paths they take.

# %%
corners = np.array([[0.5, 0.75 ** 0.5], [0.0, 0.0], [1.0, 0.0]])   # of the triangle: cat, dog, bird


def triangle(axes, title):
    axes.plot(*corners[[0, 1, 2, 0]].T, "-", color=plot.GREY, linewidth=1.5)
    for name, (x, y), place in zip(("cat", "dog", "bird"), corners, ("bottom", "top", "top"), strict=True):
        axes.text(x, y + (0.02 if place == "bottom" else -0.02), name, ha="center", va=place)
    axes.set(title=title, aspect="equal", xlim=(-0.08, 1.08), ylim=(-0.12, 1.0))
    axes.axis("off")


grid = np.array([(i + 1, j + 1, 16 - i - j) for i in range(0, 16, 3) for j in range(0, 16 - i, 3)]) / 18
grid = np.vstack([grid, p])                                       # our example last
_, pull = loss_and_gradient(np.log(grid), np.zeros(len(grid), dtype=int), reduction="sum")
tails, heads = grid @ corners, (grid - pull / 8) @ corners
blue, red = plot.COLOURS[:2]

fig, (left, right) = plot.figure(1, 2, size=(13, 6.4), title="The truth is cat")
triangle(left, "The pull on the logits, y - p")
colours = [red] * (len(grid) - 1) + [blue]
for tail, head, colour in zip(tails, heads, colours, strict=True):
    left.plot(*np.array([tail, head]).T, "-", color=colour, linewidth=1, label="an eighth of y - p")
left.quiver(*tails.T, *(heads - tails).T, color=colours, angles="xy", scale_units="xy", scale=1, width=0.008)
left.plot(*np.array([tails[-1], corners[0]]).T, ":", color=blue, linewidth=2, label="all of y - p")
left.plot(*tails[-1], "o", color=blue, label="p")
left.text(*tails[-1] - [0.03, 0], "p", color=blue, ha="right", va="center")
left.text(0.5, -0.02, "p = (0.2, 0.5, 0.3)", color=blue, ha="center", va="top")

triangle(right, "The way the probabilities take")
for i, (start, way) in enumerate(zip(starts, (path @ corners).transpose(1, 2, 0), strict=True)):
    colour, line, width = (blue, "--", 3.4) if i == 0 else (red, "-", 2)
    right.plot(*way, line, color=colour, linewidth=width, label=f"from {start}")
    right.plot(*way[:, 0], "o", color=colour, label="start")
right.text(0.06, 0.3, "starts sure\nof the dog", color=blue, ha="right")
lesson.figure("09_simplex", fig, alt=(
    "Two triangles with corners cat, dog and bird. Left: an arrow at each of 22 predictions points "
    "straight to cat, the longer the farther away. Right: seven paths of descent start near the edge "
    "from dog to bird and bend to cat; the one that starts sure of the dog leans towards bird first."))

# %% [markdown]
# ## What one class wins, the others lose
#
# Add 7, or any number, to all logits of a row. exp multiplies each term by e^7, and the sum
# too; p does not change, nor does the loss. So the loss is flat in the direction (1, 1, ...).
# The slope in that direction is the sum of the row's gradient. What is it?

# %%
scores = 3 * lesson.rng.standard_normal((6, 4))
labels = np.array([0, 1, 2, 3, 0, 1])
value, gradient = loss_and_gradient(scores, labels)
value_shifted, gradient_shifted = loss_and_gradient(scores + np.arange(6)[:, None] - 7, labels)
lesson.show(gradient)
lesson.show("sum of each row:", gradient.sum(axis=1).round(15) + 0)
lesson.agree("shifting each row by its own number changes no loss", value, value_shifted)
lesson.agree("and no gradient", gradient, gradient_shifted)
lesson.check("each row of the gradient sums to 0", np.max(np.abs(gradient.sum(axis=1))) < 1e-15)

# %% [markdown]
# ## Ten thousand
#
# Now the logits (10000, 0, 0), and the truth is dog. By logsumexp(z) - z_dog the loss is
# 10000 - 0. What does the computer say? Three tries: softmax as written above; softmax of
# z - max z, which is the same p; the library.

# %%
huge = np.array([1e4, 0.0, 0.0])
with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
    naive, shifted = softmax(huge), softmax(huge - huge.max())
    naive_loss, shifted_loss = -np.log(naive[1]), -np.log(shifted[1])
ours, pull = loss_and_gradient(huge, 1)
lesson.show("as written      p =", naive, "  loss", naive_loss)
lesson.show("shifted         p =", shifted, "     loss", shifted_loss)
lesson.show("cross_entropy   loss", ours, "  gradient", pull)
lesson.check("as written: exp overflows, and inf / inf is nan", np.isnan(naive[0]))
lesson.check("shifted: p is right, but -log 0 is inf", shifted[0] == 1 and np.isposinf(shifted_loss))
lesson.check("cross_entropy: the loss is 10000", ours == 10000)
lesson.check("and the gradient p - y = (1, -1, 0), by both paths", np.array_equal(pull, [1, -1, 0])
             and np.array_equal(loss_and_gradient(huge, 1, path="composed")[1], pull))

# %% [markdown]
# The shift saves p, not log p. p_dog is exp(-10000), which rounds to 0, and a 0 has forgotten
# the 10000. That is why `cross_entropy` takes logits: it goes to log p without passing p.
#
# ## A class that may not be chosen
#
# To forbid a class (an illegal move, a padded word) one sets its logit to -inf. Forbid the cat,
# let dog and bird be equal, and let the truth be dog. Loss? Gradient?

# %%
masked = np.array([-np.inf, 0.0, 0.0])
with np.errstate(divide="ignore", invalid="ignore"):
    one_hot = -(np.array([0.0, 1.0, 0.0]) * np.log(softmax(masked))).sum()
value, pull = loss_and_gradient(masked, 1)
lesson.show("-sum(y log p) =", one_hot, "  because 0 x log 0 is nan")
lesson.show("cross_entropy =", value, "  gradient", pull)
lesson.check("the sum over all classes gives nan", np.isnan(one_hot))
lesson.agree("cross_entropy gives ln 2", value, np.log(2))
lesson.agree("the forbidden class is left alone", pull, [0, -0.5, 0.5])

# %% [markdown]
# People met this nan in optax (#896) and in tensorflow (#11756).
#
# ## A batch, and the 1/n that got lost
#
# The article's five pictures. It gives probabilities; their logarithms are logits, since
# softmax(log p) = p. The loss is the mean of the five. What does a mean do to the gradient?

# %%
probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7], [0.2, 0.6, 0.2], [0.8, 0.1, 0.1],
                          [0.3, 0.3, 0.4]])
labels = np.array([0, 2, 1, 0, 2])
truth = np.eye(3)[labels]
batch = np.log(probabilities)
value, gradient = loss_and_gradient(batch, labels)
lesson.show("loss     =", value)
lesson.show(gradient)
lesson.agree("the article's example: 0.47272195896636404", value, 0.47272195896636404)
lesson.agree("the gradient is (p - y) / 5", gradient, (probabilities - truth) / 5)

# %% [markdown]
# The article's loss has the 1/n, its gradient has not. Ask the checker.

# %%
def mean_loss(z):
    return losses.cross_entropy(z, labels).item()


article = gradcheck(mean_loss, batch, gradient=lambda z: Tensor(z).softmax().numpy() - truth)
lesson.show(article)
lesson.check("p - y without 1/n is refused: it is 5 times too large",
             not article.ok and article.diagnosis == "factor" and round(article.factor, 6) == 5)

# %% [markdown]
# ## Labels or rows
#
# The truth may come as labels, one integer each, or as rows of 0 and 1. Another kernel, the
# same numbers. (Lesson 10 asks what the rows cost in memory.)

# %%
dense_value, dense_gradient = loss_and_gradient(batch, truth)
lesson.show("labels:", value, "  rows:", dense_value)
lesson.agree("one loss", value, dense_value)
lesson.agree("one gradient", gradient, dense_gradient)

# %% [markdown]
# ## Softmax twice
#
# `cross_entropy` applies softmax itself. Give it probabilities by mistake and it treats them
# as logits; nothing complains, for they are real numbers like any others. The article's model
# class builds a softmax layer that would do just that, were it used.

# %%
twice, _ = loss_and_gradient(probabilities, labels)
perfect, _ = loss_and_gradient(truth, labels)                     # certain, and always right
lesson.show(f"once {value:.4f}   twice {twice:.4f}   twice, from a perfect classifier {perfect:.4f}")
lesson.check("the article's data: 0.8218 instead of 0.4727", round(twice, 4) == 0.8218)
lesson.agree("a perfect classifier of three still pays ln(1 + 2/e)", perfect, np.log(1 + 2 / np.e))
others = lesson.rng.dirichlet([0.3] * 3, 10_000)
lesson.check("none of 10 000 others pays less",
             losses.cross_entropy(others, np.zeros(10_000, int), reduction="none").min().item() >= perfect)

# %% [markdown]
# A loss that will not fall below 0.55 is one symptom. The other is in the gradient. The logits
# (0, 10, 0) are sure of the dog; the truth is cat. How hard is the cat's logit pulled?

# %%
_, once_pull = loss_and_gradient([0.0, 10.0, 0.0], 0)
Z_twice = Tensor([0.0, 10.0, 0.0], requires_grad=True)
losses.cross_entropy(Z_twice.softmax(), 0).backward()
lesson.show(f"once {once_pull[0]:.5f}   twice {Z_twice.grad.numpy()[0]:.5f}")
lesson.check("once: nearly the whole 1", -1 < once_pull[0] < -0.9999)
lesson.check("twice: less than a ten-thousandth of it", 0 < Z_twice.grad.numpy()[0] / once_pull[0] < 1e-4)

# %% [markdown]
# It learns, slowly, and least where it is most wrong. No error message will ever come, which is
# why the mistake is a common one (keras #18196).
#
# ## The number before the first step
#
# A classifier that knows nothing gives C classes equal logits. What should its loss be?

# %%
sizes = [2, 3, 10, 1000]
first = [losses.cross_entropy(np.zeros((1, C)), [0]).item() for C in sizes]
for C, value in zip(sizes, first, strict=True):
    lesson.show(f"{C:5} classes   loss {value:.4f}")
lesson.agree("p = 1/C, so the loss is ln C", first, np.log(sizes))

# %% [markdown]
# Look at this number whenever you start to train. Much above ln C: the first logits are too
# large. Right at first, then stuck: look for a second softmax.
#
# ## Five questions for every loss
#
# Do the two paths agree, in value and in gradient? Is each path's gradient that of the numbers?
# And the derivative of the gradient?

# %%
lesson.standard(losses.cross_entropy, batch, labels)

# %% [markdown]
# ## Exercise: softmax backward
#
# In the middle of a network nothing cancels: softmax gets a gradient g for p from above and
# owes one for z. With J that is one product. With 50 000 words J would take 20 GB.
#
#     tinygrad-loss start 09
#
# puts a file into the folder work. Write there, without J and without a loop,
#
# 1. *softmax_backward(z, g)*. On paper: expand  Σ_i g_i p_i (δ_ij - p_j).  Two terms; a part of
#    the second is the same number for every j. In code: one line for one row; for many rows, sum
#    with `axis=-1, keepdims=True`.
# 2. *cross_entropy_slope(z, labels)*, of the mean over the rows.
#
# `tinygrad-loss check 09` says what is right and what is not, `tinygrad-loss hint 09` helps a step
# further. It sends your function a random g. Why random, and not all ones? Here is the slow answer,
# with J, and an empty one.

# %%
def with_table(z, g):
    return g @ jacobian(z)


def empty(z, g):
    return np.zeros_like(z)


lesson.show("g = (1, 1, 1) gives", (with_table(z, np.ones(3))).round(15) + 0)
lesson.show(gradcheck(softmax, z, gradient=with_table))
lesson.check("all ones: the right answer is 0, so an empty function would pass",
             np.max(np.abs(with_table(z, np.ones(3)))) < 1e-15)
lesson.check("a random g: the table passes, the empty function does not",
             gradcheck(softmax, z, gradient=with_table).ok and not gradcheck(softmax, z, gradient=empty).ok)

# %% [markdown]
# When yours passes, compare it with the row `softmax` of the table in `tinygrad_loss/engine.py`.
#
# ## Keep
#
# - The loss is logsumexp(z) - z_y, and softmax is the slope of logsumexp: hence p - y.
# - Descent moves the logits straight towards the truth, as far as p is away from it.
# - Each row of the gradient sums to 0. A mean over n rows divides it by n.
# - Give it logits, once. Before training the loss is ln C.

# %%
lesson.end()
