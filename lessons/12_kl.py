# %% [markdown]
# # 12 KL
#
# Which direction, which unit, which mean?
#
# - Before: 07 (a logit, a probability), 09 (softmax cross entropy)
# - Minutes: 40, and 20 for the exercise
#
# The Kullback-Leibler divergence says how far a prediction is from the truth when both are whole
# distributions:
#
#     KL(t || p)  =  Σ t log(t / p)           t the truth, p the prediction; the sum is over the classes
#
# One line, and three ways to be wrong by a factor or worse: the two may be exchanged, the
# logarithm may be another, the mean may divide by something else. None of them raises an
# error.

# %%
import numpy as np

from tinygrad_loss import Tensor, grad, gradcheck, losses, plot, stack
from tinygrad_loss.lesson import Lesson

lesson = Lesson("12_kl")
kl = losses.kl_divergence                        # kl(p, t) is KL(t || p): the prediction comes first

# %% [markdown]
# ## 1. Term by term
#
# The article's example: t = (0.5, 0.3, 0.2), p nearly even. Each term asks: how many times
# likelier is this class in truth than we said? Then it takes the logarithm and weighs it with
# t. Which of the three terms are negative? (The library takes the prediction first, as in all its
# losses: kl(p, t) is KL(t || p).)

# %%
t = np.array([0.5, 0.3, 0.2])
p = np.array([0.33, 0.33, 0.34])


def terms(t, p):
    return t * np.log(t / p)


lesson.show("   t     p    t / p    log    t log(t / p)")
for row in zip(t, p, t / p, np.log(t / p), terms(t, p), strict=True):
    lesson.show("{:4.2f}  {:4.2f}  {:6.3f}  {:6.3f}  {:10.4f}".format(*row))
lesson.show(f"KL(t || p) = {terms(t, p).sum():.6f}    KL(p || t) = {terms(p, t).sum():.6f}")
lesson.agree("the sum, and the library: 0.07303901782710", [terms(t, p).sum(), kl(p, t).item()],
             [0.07303901782710] * 2)
lesson.agree("exchanged, it is another number: 0.07474586818922", [terms(p, t).sum(), kl(t, p).item()],
             [0.07474586818922] * 2)

# %% [markdown]
# Terms may have either sign; wherever p is too small the term is positive. And the two directions
# do not agree. That is why KL is called a divergence, no distance. Section 7 shows how far apart
# the two can lead.
#
# ## 2. Which unit?
#
# "Extra bits", says the article, to encode t with a code made for p. Take it at its word. Letters A,
# B, C are drawn with t = (1/2, 1/4, 1/4); a good code spends 1, 2 and 2 bits on them. Somebody
# uses the code that is good for p = (1/4, 1/4, 1/2). How many bits does it waste on each letter?

# %%
good = {"A": "0", "B": "10", "C": "11"}
other = {"A": "10", "B": "11", "C": "0"}
text = "AABC" * 250                              # A half the time, B and C a quarter each


def bits(code):
    return len("".join(code[letter] for letter in text))


letters, made_for = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.25, 0.5])
wasted = (bits(other) - bits(good)) / len(text)
divergence = kl(made_for, letters).item()
lesson.show(f"{len(text)} letters: {bits(good)} bits with the good code, {bits(other)} with the other")
lesson.show(f"wasted, counted {wasted} a letter     KL {divergence:.6f}")
lesson.show(f"KL / ln 2 = {divergence / np.log(2):.6f}")
lesson.agree("KL / ln 2 is what was counted: 0.25 bits", divergence / np.log(2), wasted)
lesson.check("so the article's code, with 0.0730, counts no bits; they are 0.1054",
             f"{kl(p, t).item():.4f} {kl(p, t).item() / np.log(2):.4f}" == "0.0730 0.1054")

# %% [markdown]
# The natural logarithm counts *nats*, and a nat is 1.44 bits. Any unit will do for training, as
# long as nobody compares numbers across units, or takes a learning rate along.
#
# ## 3. Never negative?
#
# One cannot win by taking the wrong code. Since ln x <= x - 1,
#
#     -KL = Σ t ln(p / t)  <=  Σ t (p / t - 1)  =  Σ p - Σ t  =  0       if both sum to 1
#
# The last step is the weak one. What if they do not? Here are 10 000 honest pairs, then a t whose
# entries sum to 0.3: a row of numbers somebody forgot to normalise.

# %%
pairs = lesson.rng.dirichlet(np.ones(4), (2, 10_000))
least = kl(*pairs, reduction="none").min().item()
forgot, q = np.array([0.1541, 0.0511, 0.0947]), np.array([0.1132, 0.5477, 0.3390])


def refusal(path):
    try:
        kl(q, forgot, path=path)
    except ValueError as error:
        return str(error)
    return ""


lesson.show(f"least of 10 000: {least:.6f}     of equals: {kl(t, t).item()}")
lesson.show(f"not normalised:  {terms(forgot, q).sum():.6f}")
lesson.show(refusal("fused"))
lesson.check("distributions: above 0, and 0 for equals", least > 0 and kl(t, t).item() == 0)
lesson.check("a row that does not sum to 1 could go below 0; it raises, on both paths",
             terms(forgot, q).sum() < 0 and all("sum" in refusal(path) for path in ("composed", "fused")))

# %% [markdown]
# Just this -0.194 was once reported as a bug of the library (pytorch issue 60928).
#
# ## 4. Zeros
#
# A class that never occurs, t = 0, costs nothing: x log x goes to 0. A class that occurs and was
# declared impossible, t > 0 = p, costs infinitely much. The computer knows neither: to it,
# 0 log 0 is 0 times -inf. The article clips everything to at least 1e-7. Predict the last
# column of each row.

# %%
def article(p_true, q_pred, epsilon=1e-7):
    p_true = np.clip(p_true, epsilon, 1 - epsilon)
    q_pred = np.clip(q_pred, epsilon, 1 - epsilon)
    return np.sum(p_true * np.log(p_true / q_pred))


sure, even = np.array([1.0, 0.0]), np.array([0.5, 0.5])
spread = np.array([0.999] + [1e-6] * 1000)       # 1000 classes that never occur, each given a millionth
cases = {"t sure, p even": (sure, even), "t even, p sure": (even, sure), "both sure": (sure, sure),
         "1000 empty classes": (np.eye(1001)[0], spread)}
found = {}
lesson.show(f"{'':20}{'as written':>12}{'article':>12}{'library':>12}")
for name, (truth, guess) in cases.items():
    with np.errstate(divide="ignore", invalid="ignore"):     # log 0 is the point
        found[name] = terms(truth, guess).sum(), article(truth, guess), kl(guess, truth).item()
    lesson.show("{:20}{:12.7f}{:12.7f}{:12.7f}".format(name, *found[name]))
exact = [np.log(2), np.inf, 0.0, -np.log(0.999)]
lesson.check("the library: ln 2, inf, 0 and -ln 0.999",
             np.allclose([f[2] for f in found.values()], exact, rtol=1e-12, atol=0))
lesson.check("clipped: 7.37 for an infinite mistake, and 23 % too little with many empty classes",
             f"{found['t even, p sure'][1]:.2f}" == "7.37"
             and round(1 - found["1000 empty classes"][1] / exact[3], 2) == 0.23)

# %% [markdown]
# The clip guards the logarithm by inventing probability: 1000 classes of 1e-7 each, taken from
# nobody. A guard belongs to the term: where t = 0, the term is 0. And its slope -t / p, with t
# and p both 0?

# %%
slopes = {}
for path in ("composed", "fused"):
    guess = Tensor(sure, requires_grad=True)
    kl(guess, sure, path=path).backward()
    slopes[path] = guess.grad.numpy()
    lesson.show(f"{path:9} slope at p = t = (1, 0):", slopes[path])
lesson.check("0 where t is 0, and no nan", all(s.tolist() == [-1.0, 0.0] for s in slopes.values()))

# %% [markdown]
# ## 5. An old friend
#
# Split the logarithm:
#
#     Σ t log(t / p)  =  Σ t log t  -  Σ t log p  =  cross entropy  -  entropy of t
#
# The entropy of t does not depend on p. So what is the slope of KL by the logits, if that of
# cross entropy is p - t (lesson 09)?

# %%
logits = np.array([0.3, -1.0, 2.0])
Z = Tensor([logits], requires_grad=True)
by_kl, by_entropy = kl(Z.softmax(), [t]), losses.cross_entropy(Z, [t])
(kl_slope,), (entropy_slope,) = grad(by_kl, [Z]), grad(by_entropy, [Z])
lesson.show(f"cross entropy {by_entropy.item():.6f}   KL {by_kl.item():.6f}   "
            f"difference {by_entropy.item() - by_kl.item():.6f}")
lesson.show("slope of KL           ", kl_slope.numpy()[0].round(6))
lesson.show("slope of cross entropy", entropy_slope.numpy()[0].round(6))
lesson.agree("the difference is the entropy of t", by_entropy.item() - by_kl.item(), -(t * np.log(t)).sum())
lesson.agree("the slopes are the same, p - t", [kl_slope.numpy()[0], entropy_slope.numpy()[0]],
             [Z.softmax().numpy()[0] - t] * 2)

# %% [markdown]
# To train with one is to train with the other. KL has the friendlier number: it ends at 0, where
# cross entropy ends at the entropy of t, which you would have to know. When t is one class
# alone, its entropy is 0, and the two are one.
#
# ## 6. Which mean?
#
# A batch of four rows, three classes. The article sums over everything. PyTorch's `kl_div` offers
# "mean", which divides by all numbers, 12, and "batchmean", which divides by the rows, 4. Here
# "mean" is the mean of the rows. What factor lies between the largest and the least of these?

# %%
batch_t = lesson.rng.dirichlet(np.ones(3), 4)
batch_z = lesson.rng.standard_normal((4, 3))
batch_p = Tensor(batch_z).softmax().numpy()
all_terms = terms(batch_t, batch_p)
ours = kl(batch_p, batch_t).item()
lesson.show(f"the sum        {all_terms.sum():.6f}     (article)")
lesson.show(f"mean of rows   {all_terms.sum() / 4:.6f}     (ours, and 'batchmean')")
lesson.show(f"mean of all    {all_terms.mean():.6f}     ('mean' of PyTorch's kl_div)")
lesson.agree("ours is the mean of the rows", ours, all_terms.sum(axis=1).mean())

# %% [markdown]
# 12 times. The sum grows with the batch, the mean of all numbers shrinks with the number of classes:
# with 50 000 words, a model trained by "mean" is pulled 50 000 times too weakly, and its loss looks
# splendid. Suppose a colleague has the right gradient, (p - t) / 4 by the logits, and the wrong
# mean. What will gradcheck say?

# %%
def mean_of_all(z):
    return terms(batch_t, Tensor(z).softmax().numpy()).mean()


def per_row(z):
    return (Tensor(z).softmax().numpy() - batch_t) / 4


report = gradcheck(mean_of_all, batch_z, gradient=per_row)
lesson.show(report)
lesson.check("a constant factor: 3, the number of classes",
             not report.ok and report.diagnosis == "factor" and round(report.factor, 6) == 3)

# %% [markdown]
# gradcheck cannot know which of the two was meant; it knows that they do not belong together. One
# factor more: items may be pictures of pixels, (N, C, pixels). Then "mean" counts every pixel
# as an item, "batchmean" the pictures alone. With 5 pixels, what lies between them?

# %%
pixels_t, pixels_p = lesson.rng.dirichlet(np.ones(3), (2, 4, 5)).transpose(0, 1, 3, 2)     # (4, 3, 5) each
by_item = kl(pixels_p, pixels_t).item()
by_picture = kl(pixels_p, pixels_t, reduction="batchmean").item()
lesson.show(f"(4, 3, 5): mean {by_item:.6f}   batchmean {by_picture:.6f}   ratio {by_picture / by_item:.1f}")
lesson.agree("rows: mean and batchmean are one", ours, kl(batch_p, batch_t, reduction="batchmean"))
lesson.agree("pixels: batchmean is 5 times the mean", by_picture, 5 * by_item)

# %% [markdown]
# ## 7. Which direction?
#
# Two classes, t = (0.3, 0.7), and a prediction p for the first. *Forward*, KL(t || p), is the
# surplus when the letters come from t. *Backward*, KL(p || t), when they come from p. Near
# p = 0.3 they look alike. What does each cost at the edges, p = 0 and p = 1?

# %%
def both_ways(share, path="fused"):
    """Loss and slope by p's first class, forward and backward, for t = (0.3, 0.7)."""
    share = Tensor(share, requires_grad=True)
    p, t = stack([share, 1 - share], axis=1), np.tile([0.3, 0.7], (share.size, 1))
    forward, backward = kl(p, t, reduction="none", path=path), kl(t, p, reduction="none", path=path)
    return [(cost.numpy(), grad(cost.sum(), [share])[0].numpy()) for cost in (forward, backward)]


edges = {"1e-300": 1e-300, "1e-9": 1e-9, "0.01": 0.01, "0.3": 0.3, "0.99": 0.99, "1 - 1e-9": 1 - 1e-9}
(forward, _), (backward, _) = both_ways(np.array(list(edges.values())))
lesson.show("       p    forward   backward")
for row in zip(edges, forward, backward, strict=True):
    lesson.show("{:>8} {:10.4f} {:10.4f}".format(*row))
lesson.check("forward grows without limit; backward never exceeds -log 0.3",
             forward.max() > 200 and backward.max() <= -np.log(0.3))

# %%
x = np.linspace(0.002, 0.998, 250)
fig, (above, below) = plot.figure(2, 1, size=(10, 9), sharex=True, title="Two classes, the truth is 0.3")
for path, every in (("composed", 1), ("fused", 16)):
    for i, name in enumerate(("forward", "backward")):
        at = x[8 * i * (every > 1)::every]
        cost, slope = both_ways(at, path)[i]
        look = {"linestyle": plot.LINES[i]} if path == "composed" else {
            "linestyle": "none", "marker": "os"[i], "markeredgecolor": "white"}
        above.plot(at, cost, color=plot.COLOURS[i], label=f"{name}, {path}", **look)
        below.plot(at, slope, color=plot.COLOURS[i], label=f"{name}, {path}", **look)
for axis in (above, below):
    axis.axvline(0.3, color=plot.GREY, linestyle=":", linewidth=1.6)
above.legend(above.lines[:2], ["forward, KL(t || p)", "backward, KL(p || t)"], loc="upper center",
             title="lines: composed, dots: fused", title_fontsize=plot.SMALL)
above.set(ylabel="loss in nats", ylim=(-0.1, 2.5))
below.set(ylabel="slope", xlabel="prediction p of the first class", ylim=(-9, 9))
lesson.figure("12_directions", fig, alt=(
    "Loss above, slope below, over p from 0 to 1. Both losses are 0 at 0.3. Forward rises without limit at "
    "both edges and its slope with 1/p; backward ends at 0.36 on the left and at 1.2 on the right, and its "
    "slope grows far more slowly."))

# %% [markdown]
# So forward forbids p = 0 where t > 0: *cover everything that happens*. Backward forbids p > 0 where
# t = 0: *stay where things happen*. It sounds like a nuance. Now let the truth have two bumps, and
# the prediction, poor thing, only one: a bell with a place m and a width s. Where will each
# direction put it?
#
# The truth: 60 % in a bump at -3, 40 % in one at 3, on a grid of 121 places. The fits start near the
# middle, with s = 1, and descend. Predict m and s for each.

# %%
places = np.linspace(-12, 12, 121)
bump = np.exp(-0.5 * ((places[:, None] - [-3, 3]) / 0.8) ** 2)
truth = (bump / bump.sum(axis=0)) @ [0.6, 0.4]


def bell(m, log_s):
    """Logarithms of the probabilities of a bell over the places."""
    return (-0.5 * ((places - m) * (-log_s).exp()) ** 2).log_softmax()


def forward_cost(log_p):
    return kl(log_p, truth, log_pred=True)


def backward_cost(log_p):
    return kl(truth, log_p, log_target=True)


def fit(cost, m, log_s=0.0):
    """Descend from place m and width 1; far steps for wide bells, small ones for narrow bells."""
    for _ in range(80):
        place, width = Tensor(m, requires_grad=True), Tensor(log_s, requires_grad=True)
        dm, ds = grad(cost(bell(place, width)), [place, width])
        m, log_s = m - 0.3 * np.exp(2 * log_s) * dm.item(), log_s - 0.2 * ds.item()
    return bell(Tensor(m), Tensor(log_s))


fits = {"forward": fit(forward_cost, 1.0), "backward, from 1": fit(backward_cost, 1.0),
        "backward, from -1": fit(backward_cost, -1.0)}
lesson.show(f"{'':18} mean   width   costs: forward  backward")
middle, costs = {}, {}
for name, log_p in [("the truth", Tensor(np.log(truth))), *fits.items()]:
    p = log_p.exp().numpy()
    middle[name] = p @ places, np.sqrt(p @ places**2 - (p @ places) ** 2)
    costs[name] = forward_cost(log_p).item(), backward_cost(log_p).item()
    lesson.show("{:18}{:6.3f}  {:6.3f}  {:14.3f}  {:z8.3f}".format(name, *middle[name], *costs[name]))
lesson.agree("forward: mean and width are those of the truth", middle["forward"], middle["the truth"], 1e-6)
right, left = "backward, from 1", "backward, from -1"
lesson.check("backward: one bump alone, the nearer one, at a cost of -ln of its share",
             np.allclose([middle[right], middle[left]], [(3, 0.8), (-3, 0.8)], atol=0.01)
             and np.allclose([costs[right][1], costs[left][1]], -np.log([0.4, 0.6]), atol=0.001))
lesson.check("each is better by its own measure, and worse by the other's",
             costs["forward"][0] < costs[left][0] and costs["forward"][1] > costs[right][1])

# %%
fig, axes = plot.figure(2, 1, size=(10, 8), sharex=True, title="One bell for two bumps")
for axis, title, names in ((axes[0], "forward covers: KL(truth || bell)", ["forward"]),
                           (axes[1], "backward picks: KL(bell || truth)",
                            [left, right])):
    axis.fill_between(places, truth, color="0.85", linewidth=0, zorder=0)
    axis.plot(places, truth, color=plot.GREY, linestyle="-", linewidth=1.8, label="truth")
    for i, name in enumerate(names):
        axis.plot(places, fits[name].exp().numpy(), color=plot.COLOURS[i], linestyle=plot.LINES[i + 1],
                  label=name)
    axis.set(title=title, ylabel="probability", xlim=(-9, 9), ylim=(0, 0.11))
    axis.legend(loc="upper right")
axes[1].set(xlabel="place")
lesson.figure("12_bumps", fig, alt=(
    "A truth of two bumps, the left one higher, shaded twice. Above, the forward fit: one broad bell over "
    "both, highest in the valley between them. Below, the backward fits: a narrow bell on the left bump "
    "or on the right one, depending on the start."))

# %% [markdown]
# The forward fit has the mean and the width of the truth, and says that the likeliest place is the
# valley, where next to nothing happens. A backward fit does not know that there is a second bump;
# which one it found is a matter of the start. Its cost is -ln 0.6 on the left, -ln 0.4 on the right:
# the price of having missed the rest. Neither direction is wrong. A classifier, or a student who
# learns from a teacher (*distillation*), is fitted forward; variational methods such as the VAE
# go backward, since they can draw from p and not from t.

# %%
low, p = truth < 1e-3, fits["forward"].exp().numpy()
lesson.show(f"where the truth has {truth[low].sum():.1%}, the forward fit has {p[low].sum():.1%}")
lesson.check("over a quarter of the forward fit lies where nothing happens",
             truth[low].sum() < 0.01 and p[low].sum() > 1 / 4)

# %% [markdown]
# The standard checks. The rows of p sum to 1, and gradcheck moves single entries a little all the
# same; the library allows for that little.

# %%
lesson.standard(kl, batch_p, batch_t)

# %% [markdown]
# ## Exercise: KL without the factor bug
#
#     tinygrad-loss start 12
#
# puts a file into the folder work. Predictions p and truths t are arrays of shape (N, C), the loss is
# the mean over the rows, in nats. With NumPy alone, write there
#
# 1. *The loss*: a term with t = 0 is 0, also where p = 0; a term with t > 0 = p is inf. No clip, no
#    epsilon, no warning.
# 2. *Its slope by p*: an array of p's shape.
# 3. *Its slope by the logits*, when p is their softmax: one line.
#
# `tinygrad-loss check 12` says what is right and what is not, `tinygrad-loss hint 12` helps a step
# further. When all is right, make the mistakes of this lesson on purpose, in your slopes: bits, all
# numbers, exchanged arguments. Before you check each, write down the factor it will name, if
# there is one. And one more: divide by the classes in place of the rows. With which batches
# would nobody notice?
#
# ## Keep
#
# - KL(t || p) is the surplus of believing p when t is true. Nats; divide by ln 2 for bits.
# - 0 log 0 is 0, t > 0 = p is inf, and a row must sum to 1. A clip changes all three.
# - Its slope by p is that of cross entropy. Divide by the rows, not by the numbers.
# - Forward covers, backward picks.

# %%
lesson.end()
