# %% [markdown]
# # 20 Museum
#
# Which check would have caught it?
#
# - Before: 03 (what a gradient check sees and misses), 06 (every loss written twice)
# - Minutes: 60, and 20 for the exercise
#
# The article's table of contents announces "Common Pitfalls", and no such section follows. Here it
# is. Each of these mistakes was reported in public, in code that people train with or learn from, and
# much of that code had tests. We write each afresh in a few lines, put it before eight checks, and
# record who objects. Before each room, guess.

# %%
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from tinygrad_loss import Tensor, grad, gradcheck, losses, plot, stack, where
from tinygrad_loss.lesson import Lesson

lesson = Lesson("20_museum")
np.seterr(all="ignore")                                  # what overflows here is on show

# %% [markdown]
# ## 1. Exhibits and guards
#
# An exhibit is a program as it was published, and what is needed to judge it:
#
#     value    the loss of x and the rest of the data: one number per sample, or one for all
#     slope    its gradient in x; g arrives from above, one number for each number of value
#     truth    the same loss from our library, by either path
#     draw     n ordinary samples
#     edges    inputs at the border of what is allowed
#     law      two arrays that are equal if the loss has a property that it should have
#
# With `path="fused"` the truth is the *mended* exhibit: a check that refuses this one as well has told
# us nothing. With `path="composed"` it is the second text, to which programs are compared.

# %%
class Exhibit(NamedTuple):
    name: str
    link: str
    value: Any
    slope: Any
    truth: Any
    draw: Any
    edges: Any
    law: Any


class Program(NamedTuple):
    value: Any
    slope: Any


def from_library(exhibit, path):
    """The truth as a program: its values, and its slopes by the engine."""
    def slope(g, x, *rest):
        x = Tensor(x, requires_grad=True)
        return grad(exhibit.truth(x, *rest, path), [x], g)[0].numpy()
    return Program(lambda x, *rest: exhibit.truth(Tensor(x), *rest, path).numpy(), slope)


# %% [markdown]
# Eight checks stand guard. Each says whether a program passes. Five are what people write:
#
#     one value    a single sample, its loss compared with the known number
#     finite       no nan and no inf, in values or slopes
#     ones         central differences of the sum: g is all ones
#     forward      forward differences of the mean; the whole gradient may be off by 1e-4
#     central      central differences, g random; allowed: 1e-5 + 1e-3 of the number
#
# (Differences are taken in at most 10 places, drawn at random: large inputs would take too long.)
# Three are stronger:
#
#     gradcheck    that of this library, lesson 03
#     two texts    values and slopes equal those of the second text, g random
#     law          the property holds

# %%
def equal(a, b, equal_nan=False):
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    scale = np.max(abs(b), initial=0, where=np.isfinite(b))
    return a.shape == b.shape and np.allclose(a, b, 1e-9, 1e-9 * scale, equal_nan)


def random_like(value, rng):
    return rng.uniform(0.5, 1.5, np.shape(value)) * rng.choice([-1, 1], np.shape(value))


def differences(program, g, x, *rest, rng, h, sides):
    """The slopes that the program claims, and the numbers, in up to 10 places."""
    places = rng.permutation(x.size)[:10]
    units = [(np.arange(x.size) == place).reshape(x.shape) * h for place in places]
    numbers = [np.sum(g * (program.value(x + u, *rest) - program.value(x - u * (sides - 1), *rest)))
               for u in units]
    return program.slope(g, x.copy(), *rest).ravel()[places], np.array(numbers) / (sides * h)


def fine(yours, numbers):
    return bool(np.all(abs(yours - numbers) <= 1e-5 + 1e-3 * abs(numbers)))


def one_value(program, second, law, rng, *data):
    return equal(program.value(*data), second.value(*data))


def finite(program, second, law, rng, x, *rest):
    value = program.value(x, *rest)
    return bool(np.isfinite(value).all()
                and np.isfinite(program.slope(np.ones(np.shape(value)), x.copy(), *rest)).all())


def ones(program, second, law, rng, *data):
    g = np.ones(np.shape(program.value(*data)))
    return fine(*differences(program, g, *data, rng=rng, h=1e-6, sides=2))


def forward(program, second, law, rng, *data):
    g = np.ones(np.shape(program.value(*data)))
    yours, numbers = differences(program, g / g.size, *data, rng=rng, h=1.49e-8, sides=1)
    return bool(np.linalg.norm(yours - numbers) <= 1e-4)


def central(program, second, law, rng, *data):
    g = random_like(program.value(*data), rng)
    return fine(*differences(program, g, *data, rng=rng, h=1e-6, sides=2))


def by_gradcheck(program, second, law, rng, x, *rest):               # of one number there is no g; it is 1
    return gradcheck(lambda x: program.value(x, *rest), x, rng=rng,
                     gradient=lambda x, *g: program.slope(*(g or [np.ones(())]), x, *rest)).ok


def two_texts(program, second, law, rng, x, *rest):                  # where one says nan, so must the other
    g = random_like(second.value(x, *rest), rng)
    return (equal(program.value(x, *rest), second.value(x, *rest), equal_nan=True) and
            equal(program.slope(g, x.copy(), *rest), second.slope(g, x.copy(), *rest), equal_nan=True))


def obeys(program, second, law, rng, *data):
    return equal(*law(program, *data))


CHECKS = {"one value": one_value, "finite": finite, "ones": ones, "forward": forward, "central": central,
          "gradcheck": by_gradcheck, "two texts": two_texts, "law": obeys}

# %% [markdown]
# Whether a check catches a mistake may depend on the data that it happens to get. So each check gets
# eight batches of eight ordinary samples (one value: eight times one sample), and then the edges.
#
#     ●   refuses the program with every batch
#     ◆   not with every batch, but at the edges
#     ◐   with some batches: by luck
#     ·   never
#
# At the edges this counts only if the mended program passes there.

# %%
ALWAYS, EDGES, LUCK, NEVER = "●◆◐·"
museum, rows, alarms = [], {}, {}


def verdict(exhibit, check):
    """The mark of a check; did it refuse the mended program on a batch; and at the edges?"""
    shipped = Program(exhibit.value, exhibit.slope)
    mended, second = from_library(exhibit, "fused"), from_library(exhibit, "composed")

    def refuses(program, data, draw):
        return not check(program, second, exhibit.law, np.random.default_rng([len(museum), draw]), *data)
    n = 1 if check is one_value else 8
    batches = [exhibit.draw(np.random.default_rng([0, len(museum), draw]), n) for draw in range(8)]
    caught = [refuses(shipped, batch, i) for i, batch in enumerate(batches)]
    alarm = any(refuses(mended, batch, i) for i, batch in enumerate(batches))
    edges_alarm = check is not one_value and refuses(mended, exhibit.edges, 8)
    at_edges = check is not one_value and not edges_alarm and refuses(shipped, exhibit.edges, 8)
    mark = ALWAYS if all(caught) else EDGES if at_edges else LUCK if any(caught) else NEVER
    return mark, alarm, edges_alarm


def open_room(*exhibits):
    """Try the exhibits, remember what was found, and return it as a table."""
    lines = [" " * 16 + "".join(f"{name:^11}" for name in CHECKS)]
    for exhibit in exhibits:
        found = {name: verdict(exhibit, check) for name, check in CHECKS.items()}
        museum.append(exhibit)
        rows[exhibit.name] = {name: mark for name, (mark, *_) in found.items()}
        alarms[exhibit.name] = {name: alarm for name, (_, *alarm) in found.items()}
        marks = "".join(f"{mark:^11}" for mark in rows[exhibit.name].values())
        lines += [f"{exhibit.name:<16}{marks}".rstrip(), f"    {exhibit.link}"]
    return "\n".join(lines)


def who(exhibit, marks=ALWAYS + EDGES + LUCK):
    """The checks that give the exhibit one of these marks."""
    return {check for check, mark in rows[exhibit.name].items() if mark in marks}


# %% [markdown]
# A rehearsal with a mistake that everybody knows: x², with the sign of its slope turned. The law is the
# mirror, x² = (-x)². Who will object?

# %%
rehearsal = Exhibit("sign turned", "", lambda x: x * x, lambda g, x: -2 * x * g, lambda x, path: x * x,
                    lambda rng, n: (rng.normal(size=n),), (np.array([0.0, 1e3]),),
                    lambda program, x: (program.value(x), program.value(-x)))
marks = {name: verdict(rehearsal, check)[0] for name, check in CHECKS.items()}
lesson.show("   ".join(f"{name} {mark}" for name, mark in marks.items()))
lesson.check("all that compare slopes object; the other three do not",
             {name for name in CHECKS if marks[name] == NEVER} == {"one value", "finite", "law"})

# %% [markdown]
# ## 2. First room: the value is right, the slope is wrong
#
# Four backward passes typed by hand.
#
# *No 1/n.* The loss is the mean over a batch, the slope that of the sum.
#
# *p ignored.* The p-norm distance of pairs. The kernel is told p, and differentiates as if p were 2. Its
# test asked for p = 2.
#
# *First of g.* One loss per row, so g holds one number per row. The kernel reads the first.
#
# *Written over.* To save memory, the slopes are written into the array of the logits.
#
# One value sees none of them. Who sees all four?

# %%
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def cost(p, label):
    return -np.log(p[np.arange(len(label)), label])


def from_logits(z, label, path):
    return losses.cross_entropy(z, label, reduction="none", path=path)


def logits(rng, n):
    return rng.normal(size=(n, 3)), rng.integers(0, 3, n)


OFF = np.array([[0.0, 0, 0], [-np.inf, 0, 0]]), np.array([0, 1])     # a class is switched off


def twice_law(program, z, label):
    """The same batch twice has the same mean, and each sample half the slope."""
    again = program.slope(np.ones(()), np.concatenate([z, z]), np.concatenate([label, label]))
    return 2 * again[:len(z)], program.slope(np.ones(()), z.copy(), label)


def shift_law(program, z, label):
    """A constant added to all logits changes nothing, and each row of slopes sums to 0."""
    slope = program.slope(np.linspace(1, 2, len(z)), z.copy(), label)
    return (np.append(program.value(z + 1, label), slope.sum(axis=1)),
            np.append(program.value(z, label), np.zeros(len(z))))


def p_norm(d, p):
    return (abs(d) ** p).sum(axis=1) ** (1 / p)


def in_place(g, z, label):
    z[:] = g[:, None] * (softmax(z) - np.eye(3)[label])
    return z


first_room = [
    Exhibit("no 1/n", "github.com/tensorflow/swift-apis/pull/42",
            lambda z, label: cost(softmax(z), label).mean(),
            lambda g, z, label: g * (softmax(z) - np.eye(3)[label]),
            lambda z, label, path: losses.cross_entropy(z, label, path=path), logits, OFF, twice_law),
    Exhibit("p ignored", "github.com/flagos-ai/FlagGems/issues/5023",
            p_norm, lambda g, d, p: g[:, None] * d / p_norm(d, p)[:, None], lambda d, p, path: p_norm(d, p),
            lambda rng, n: (rng.normal(size=(n, 4)), rng.integers(1, 4)),
            (np.array([[3.0, -4, 0, 0], [1e3, 1, 1, -1]]), 2),
            lambda program, d, p: (program.value(3 * d, p), 3 * program.value(d, p))),
    Exhibit("first of g", "github.com/linkedin/Liger-Kernel/pull/1298",
            lambda z, label: cost(softmax(z), label),
            lambda g, z, label: g[0] * (softmax(z) - np.eye(3)[label]),
            from_logits, logits, OFF, shift_law),
    Exhibit("written over", "github.com/unslothai/unsloth/issues/5002",
            lambda z, label: cost(softmax(z), label), in_place, from_logits, logits, OFF, shift_law)]
no_n, p_ignored, first_of_g, written_over = first_room
lesson.show(open_room(*first_room))
lesson.check("one value and finite see none", not any(who(e) & {"one value", "finite"} for e in first_room))
lesson.check("all ones miss the first of g, random numbers see it",
             not who(first_of_g) & {"ones", "forward"} and "central" in who(first_of_g, ALWAYS))
lesson.check("only gradcheck sees all four; to one of them everybody else is blind",
             all("gradcheck" in who(e) for e in first_room) and who(written_over) == {"gradcheck"})

# %% [markdown]
# When slopes are asked for, each check hands over a copy of its logits, as tests usually do. So nobody
# minds that the copy is gone, except gradcheck, which looks at its inputs before and after. In a
# network, a second loss on the same logits would read slopes instead.
#
# *p ignored* is seen by luck, even by the best. The samples were not to blame: p was drawn from 1, 2
# and 3. We come back to it.
#
# ## 3. Second room: the value itself is wrong
#
# A gradient check compares a slope with its own value. What if both make the same mistake?
#
# *Signed.* Huber's loss with the error, not its size, compared with delta (lesson 05).
#
# *All pairs.* Predictions of shape (n, 1), targets of shape (n,): NumPy's rules make n x n errors.
#
# *One alpha.* Focal loss, both classes weighted with the same alpha (lesson 08).
#
# *Softmax twice.* Cross entropy that takes logits was fed the output of a softmax.
#
# *Term lost.* Poisson's loss, with a term that depends on the target alone. It was added to
# `loss[many]`, and that is a copy. (Here the slope is right.)

# %%
def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def one_alpha_slope(g, z, y):
    p = sigmoid((2 * y - 1) * z)
    return g * (2 * y - 1) * 0.25 * (1 - p) ** 2 * (2 * p * np.log(p) - (1 - p))


def focal_law(program, z, y):
    """Exchange the classes, and with them alpha = 1/4 and 3/4: no at -z costs three times yes at z."""
    return program.value(-z, np.zeros_like(z)), 3 * program.value(z, np.ones_like(z))


def twice_slope(g, z, label):
    p = softmax(z)
    d = softmax(p) - np.eye(3)[label]
    return g[:, None] * p * (d - (p * d).sum(axis=1, keepdims=True))


def lost_value(log_rate, count):
    loss, many = np.exp(log_rate) - count * log_rate, count > 1
    part, c = loss[many], count[many]
    part += c * np.log(c) - c + 0.5 * np.log(2 * np.pi * c)
    return loss


second_room = [
    Exhibit("signed", "github.com/BobMcDear/attorch/issues/13",
            lambda pred, t: np.where(pred - t <= 1, (pred - t) ** 2 / 2, abs(pred - t) - 0.5),
            lambda g, pred, t: g * np.where(pred - t <= 1, pred - t, np.sign(pred - t)),
            lambda pred, t, path: losses.huber(pred, t, reduction="none", path=path),
            lambda rng, n: (rng.normal(size=n), rng.normal(size=n)),
            (np.array([0.0, 1, -1, 3, -3]), np.zeros(5)),
            lambda program, pred, t: (program.value(pred, t), program.value(t, pred))),      # a mirror
    Exhibit("all pairs", "github.com/pytorch/pytorch/issues/16413",
            lambda pred, t: ((pred - t) ** 2).mean(),
            lambda g, pred, t: g * 2 * (pred - t).mean(axis=1, keepdims=True) / len(pred),
            lambda pred, t, path: losses.mse(pred, t[:, None], path=path),
            lambda rng, n: (rng.normal(size=(n, 1)), rng.normal(size=n)),
            (np.array([[1.0], [2], [3]]), np.array([1.0, 2, 3])),
            lambda program, pred, t: (program.value(t[:, None], t), 0.0)),        # no error costs nothing
    Exhibit("one alpha", "github.com/mkocabas/focal-loss-keras/issues/6",
            lambda z, y: -0.25 * sigmoid((1 - 2 * y) * z) ** 2 * np.log(sigmoid((2 * y - 1) * z)),
            one_alpha_slope, lambda z, y, path: losses.focal_with_logits(z, y, reduction="none", path=path),
            lambda rng, n: (rng.normal(size=n), rng.integers(0, 2, n) * 1.0),
            (np.array([0.0, 5, -5]), np.array([1.0, 0, 1])), focal_law),
    Exhibit("softmax twice", "github.com/tflearn/tflearn/pull/562",
            lambda z, label: cost(softmax(softmax(z)), label), twice_slope,
            from_logits, logits, OFF, shift_law),
    Exhibit("term lost", "github.com/pytorch/pytorch/issues/28575",
            lost_value, lambda g, log_rate, count: g * (np.exp(log_rate) - count),
            lambda r, count, path: losses.poisson_nll(r, count, full=True, reduction="none", path=path),
            lambda rng, n: (rng.normal(1, 0.5, n), rng.poisson(3.0, n) * 1.0),
            (np.array([0.0, -20, 5]), np.array([0.0, 0, 1])),
            lambda program, *data: (np.minimum(program.value(*data), 0), 0 * data[0]))]   # never negative
signed, all_pairs, one_alpha, softmax_twice, term_lost = second_room
lesson.show(open_room(*second_room))
lesson.check("no check of slopes against values sees any of them, the best one included",
             not any(who(e) & {"ones", "forward", "central", "gradcheck"} for e in second_room))
lesson.check("the second text sees all five without luck",
             all("two texts" in who(e, ALWAYS + EDGES) for e in second_room))
lesson.check("softmax twice obeys the law of cross entropy; one known value gives it away",
             who(softmax_twice) == {"one value", "two texts"})

# %% [markdown]
# A value worked out by hand is a tiny second text, and worth having. But one sample lies in one
# branch, and of one sample there is only one pair. (The last law: a probability is at most 1, so minus
# its logarithm is never negative. A law need not be deep.)
#
# ## 4. Third room: only at the edge
#
# These five are right on ordinary samples. But training meets the edge: two equal pictures in a batch,
# a logit of exactly 0 before the first step, a class that is switched off.
#
# *Corner at 0.* Cross entropy of logits, as relu(z) - y z + log(1 + exp(-|z|)). Two corners that
# cancel, if the slopes that the engine picks for them fit. We let our own engine do it.
#
# *Distance 0.* Two points in one place, and the square root of 0 (lesson 14).
#
# *0 times inf.* Cross entropy with one-hot targets, a class switched off by the logit -inf: its share is
# 0 log 0, which is nan to a computer.
#
# *Flat tail.* Cross entropy of p = sigmoid(z). The slope in p is (p - y) / (p (1 - p)), with the divisor
# held above 1e-12; times p (1 - p), it is that in z. At z = -50 the two no longer cancel.
#
# *nan lost.* The largest error, found by `if e > best`. Every comparison with nan is false.
#
# For which of them is "finite" the right question? For which is it the wrong one?

# %%
def bce(z, y, path):
    return losses.bce_with_logits(z, y, reduction="none", path=path)


def yes_or_no(rng, n):
    return rng.normal(scale=2, size=n), rng.integers(0, 2, n) * 1.0


BITS = np.array([0.0, -50, 3]), np.array([0.0, 1, 1])


def bce_law(program, z, y):
    """Yes at z costs what no costs at -z, slopes opposite; no at z costs z more than yes, slope 1 more."""
    g, no, yes = np.ones(len(z)), np.zeros(len(z)), np.ones(len(z))
    return (np.concatenate([program.value(-z, no), -program.slope(g, -z, no),
                            program.value(z, no) - z, program.slope(g, z, no) - 1]),
            np.tile([program.value(z, yes), program.slope(g, z, yes)], (2, 1)).ravel())


def corners(z, y):
    return z.relu() - z * y + ((-z.abs()).exp() + 1).log()


def corners_slope(g, z, y):
    z = Tensor(z, requires_grad=True)
    return grad(corners(z, y), [z], g)[0].numpy()


def apart(a, b, same):
    d = np.sqrt(((a - b) ** 2).sum(axis=1))
    return (same * d ** 2 + (1 - same) * np.maximum(1 - d, 0) ** 2) / 2


def apart_slope(g, a, b, same):
    d = np.sqrt(((a - b) ** 2).sum(axis=1))
    along = same * d - (1 - same) * np.maximum(1 - d, 0)
    return (g * along)[:, None] * ((a - b) / d[:, None])


def held_slope(g, z, y):
    p = sigmoid(z)
    return g * (p - y) / np.maximum(p * (1 - p), 1e-12) * p * (1 - p)


def largest(e):
    at = 0
    for i in range(1, len(e)):
        if abs(e[i]) > abs(e[at]):
            at = i
    return at


third_room = [
    Exhibit("corner at 0", "github.com/pytorch/pytorch/issues/2298",
            lambda z, y: corners(Tensor(z), y).numpy(), corners_slope, bce, yes_or_no, BITS, bce_law),
    Exhibit("distance 0", "github.com/keras-team/keras/issues/9097", apart, apart_slope,
            lambda a, b, same, path: losses.contrastive(a, b, same, reduction="none", path=path),
            lambda rng, n: (rng.normal(size=(n, 3)), rng.normal(size=(n, 3)), rng.integers(0, 2, n) * 1.0),
            (np.array([[1.0, 2, 3], [1, 2, 3]]), np.array([[1.0, 2, 3], [1, 2.5, 3]]), np.zeros(2)),
            lambda program, a, b, same: (program.slope(same, a + 1, b + 1, same),        # moved together
                                         program.slope(same, a, b, same))),
    Exhibit("0 times inf", "github.com/google-deepmind/optax/issues/896",
            lambda z, label: -(np.eye(3)[label] * np.log(softmax(z))).sum(axis=1),
            lambda g, z, label: g[:, None] * (softmax(z) - np.eye(3)[label]),
            from_logits, logits, OFF, shift_law),
    Exhibit("flat tail", "github.com/pytorch/pytorch/issues/103316",
            lambda z, y: -(y * np.log(sigmoid(z)) + (1 - y) * np.log(sigmoid(-z))), held_slope,
            bce, yes_or_no, BITS, bce_law),
    Exhibit("nan lost", "github.com/numba/numba/issues/4125",
            lambda e: abs(e)[largest(e)],
            lambda g, e: np.where(np.arange(len(e)) == largest(e), g * np.sign(e), 0),
            lambda e, path: stack([e, -e]).max(), lambda rng, n: (rng.normal(size=n),),
            (np.array([5.0, np.nan]),),
            lambda program, e: np.nan_to_num([program.value(e), program.value(e[::-1])], nan=-1))]
corner, distance_0, zero_inf, flat_tail, nan_lost = third_room
lesson.show(open_room(*third_room))
lesson.check("on ordinary samples nobody sees anything, not even by luck",
             not any(who(e, ALWAYS + LUCK) for e in third_room))
lesson.check("finite sees two of the five; the other three answers are finite, and wrong",
             [e.name for e in third_room if "finite" in who(e)] == ["distance 0", "0 times inf"])
lesson.check("where nan is lost, finite praises the broken program and refuses the mended one",
             finite(Program(nan_lost.value, nan_lost.slope), None, None, None, *nan_lost.edges)
             and not finite(from_library(nan_lost, "fused"), None, None, None, *nan_lost.edges))

# %% [markdown]
# There "finite" is the wrong question: nan in must give nan out, or what made it stays unseen.
#
# The room is full of ◆ because somebody wrote the edges down. Without them it would be empty.
#
# ## 5. Fourth room: too small to be seen
#
# *No slope at all.* A backward pass with nothing in it. This one was put in on purpose, by somebody who
# wondered how good the tests were; most of them still passed. One way to get there: the mean of a focal
# loss over a picture of 64 x 64 pixels, most of them easy. (At the edges: two hard pixels.)

# %%
def focal(z, y, path="fused"):
    return losses.focal_with_logits(z, y, path=path)


def picture(rng, n):
    y = rng.integers(0, 2, (64, 64)) * 1.0
    return (2 * y - 1) * rng.normal(3.0, 1.0, y.shape), y


no_slope = Exhibit("no slope at all", "github.com/pytorch/glow/issues/1559",
                   lambda z, y: focal(z, y).numpy(), lambda g, z, y: 0 * z, focal, picture,
                   (np.array([0.0, -1]), np.array([1.0, 1])), focal_law)
lesson.show(open_room(no_slope))
z, y = picture(lesson.rng, 1)
slope = from_library(no_slope, "composed").slope(np.ones(()), z, y)
above = np.count_nonzero(abs(slope) > 1e-5)
lesson.show(f"a picture: the median slope is {np.median(abs(slope)):.0e}, {above} of 4096 are above 1e-5")
lesson.check("with every picture, only gradcheck and the second text see it",
             who(no_slope, ALWAYS) == {"gradcheck", "two texts"})

# %% [markdown]
# "Central" forgives 1e-5, and ten places of 4096 hardly ever hold one of the few larger slopes.
# gradcheck has no such constant; it asks how large the slopes are and how exact the numbers can be.
# (The law compares values alone, and these are right.)
#
# ## 6. All rooms
#
# Before you look: which column is the emptiest? Is one of them full?

# %%
LOOKS = {ALWAYS: ("o", "full", plot.COLOURS[0], 19, "with every batch"),
         EDGES: ("D", "full", plot.COLOURS[5], 15, "at the edges"),
         LUCK: ("o", "bottom", plot.COLOURS[1], 19, "by luck"),
         NEVER: ("x", "full", "0.55", 9, "missed")}
ROOMS = {"slope\nwrong": first_room, "value\nwrong": second_room, "at the\nedge": third_room,
         "too\nsmall": [no_slope]}
line = {e.name: -museum.index(e) - 0.5 * i for i, room in enumerate(ROOMS.values()) for e in room}
fig, axes = plot.figure(size=(14, 11), title="Published mistakes, and who catches them")
for mark, (marker, fill, colour, size, label) in LOOKS.items():
    places = [(i, line[e.name]) for e in museum for i, c in enumerate(CHECKS) if rows[e.name][c] == mark]
    axes.plot(*np.transpose(places), linestyle="none", marker=marker, fillstyle=fill, markersize=size,
              color=colour, markerfacecoloralt="white", label=label,
              markeredgecolor=colour if mark == NEVER else "black")
for name, room in ROOMS.items():
    top, bottom = line[room[0].name] + 0.5, line[room[-1].name] - 0.5
    axes.axhspan(bottom, top, color="0.95", zorder=0)
    axes.text(len(CHECKS) - 0.4, (top + bottom) / 2, name, va="center", color=plot.GREY)
axes.set(yticks=list(line.values()), yticklabels=list(line), xlim=(-0.5, len(CHECKS) + 0.3),
         ylim=(min(line.values()) - 0.6, 0.6))
axes.set_xticks(range(len(CHECKS)), list(CHECKS), fontsize=16)
axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
axes.grid(False)
axes.spines[["left", "bottom"]].set_visible(False)
fig.legend(loc="outside lower center", ncols=4, fontsize=16, markerscale=0.8)
lesson.figure("20_matrix", fig, alt=(
    "Fifteen published mistakes against eight checks. Wrong slopes are seen by differences, the array that "
    "is written over by gradcheck alone. Wrong values are seen by the second text, mostly by the law, by no "
    "check of slopes against values. At the edge most checks see, elsewhere none. A slope of zeros in a "
    "picture is surely seen by gradcheck and the second text alone. The columns of one value and of finite "
    "are the emptiest."))

lesson.show(" " * 12 + "".join(f"{mark:>5}" for mark in LOOKS))
for c in CHECKS:
    lesson.show(f"{c:<12}" + "".join(f"{sum(rows[e.name][c] == mark for e in museum):5}" for mark in LOOKS))
lesson.check("no column is full", all(any(rows[e.name][c] == NEVER for e in museum) for c in CHECKS))
lesson.check("no row is empty", all(who(e) for e in museum))
lesson.check("on ordinary batches no check refused a mended program",
             not any(alarm for found in alarms.values() for alarm, _ in found.values()))
for name, found in alarms.items():
    if refused := [c for c in CHECKS if found[c][1]]:
        lesson.show(f"refused at the edges, though mended: {name}, by {', '.join(refused)}")

# %% [markdown]
# The last lines are the price of edges. Forward differences stumble over a corner; differences of nan
# are nan; and where all is predicted rightly gradcheck says UNTESTED, which is no pass.
#
# ## 7. Luck has a number
#
# If a share q of all samples shows the mistake, a batch of n shows it with probability 1 - (1 - q)^n.
# For *signed*, q is the share of errors below -1, about 1/4. How often does a test with one sample
# notice? With four? With sixteen?

# %%
sizes, tries = np.array([1, 2, 4, 8, 16, 32]), 4000
fig, axes = plot.figure(size=(10, 6), title="How often does a batch show the mistake?")
gap = {}
for i, exhibit in enumerate((term_lost, one_alpha, signed)):
    data = exhibit.draw(lesson.rng, tries * sizes[-1])
    right = from_library(exhibit, "composed").value(*data)
    shows = ~np.isclose(exhibit.value(*data), right, rtol=1e-9, atol=0).reshape(tries, -1)
    q, seen = shows.mean(), np.array([shows[:, :n].any(axis=1).mean() for n in sizes])
    gap[exhibit.name] = np.max(abs(seen - (1 - (1 - q) ** sizes)))
    lesson.show(f"{exhibit.name:<10} q = {q:.2f}  " + "".join(f"{f'n = {n}: {share:.0%}':>14}" for n, share
                                                          in zip(sizes, seen, strict=True)))
    n = np.geomspace(1, 32, 101)
    axes.semilogx(n, 1 - (1 - q) ** n, color=plot.COLOURS[i], linestyle=plot.LINES[i],
                  label=f"{exhibit.name}: 1 - (1 - {q:.2f})ⁿ")
    axes.plot(sizes, seen, "os^"[i], color=plot.COLOURS[i], markeredgecolor="white", markersize=10)
axes.set(xlabel="samples n", ylabel="share of batches that show it", ylim=(0, 1.05))
axes.set_xticks(sizes, [str(n) for n in sizes])
axes.minorticks_off()
axes.legend(loc="lower right")
lesson.figure("20_luck", fig, alt=(
    "The share of batches that show a mistake, against their size. Three curves rise to 1: term lost from "
    "0.8 at one sample, one alpha from 0.5, signed from 0.24. Dots measured on 4000 batches lie on them."))
lesson.check("formula and 4000 batches agree within 3 %", max(gap.values()) < 0.03)

# %% [markdown]
# More samples cure that. They do not cure *p ignored*: every sample of a batch has the same p. Try
# each p on purpose, instead of drawing it; which ones show the mistake?

# %%
shipped, second = Program(p_ignored.value, p_ignored.slope), from_library(p_ignored, "composed")
d = lesson.rng.normal(size=(4, 4))
shown = [p for p in (1, 2, 3) if not two_texts(shipped, second, None, lesson.rng, d, p)]
lesson.show("p that show it:", shown)
lesson.check("every p but the default", shown == [1, 3])

# %% [markdown]
# So a parameter is tested at values that are not its default, one by one.
#
# ## 8. Whom do you hire?
#
# You can pay for two guards. Which pair catches most without luck? And if nobody wants to write a
# second text: which checks then?

# %%
def without_luck(team):
    return sum(bool(who(e, ALWAYS + EDGES) & set(team)) for e in museum)


best = {}
for others in (list(CHECKS), [c for c in CHECKS if c != "two texts"]):
    for size in (1, 2, 3):
        team = max(combinations(others, size), key=without_luck)
        best[len(others), size] = team, without_luck(team)
        lesson.show(f"the best {size} of {len(others)} guards catch {without_luck(team)} of {len(museum)}:   "
                    f"{' + '.join(team)}")
everything = without_luck(CHECKS)
lesson.check("gradcheck and a second text catch all that can be caught without luck, together",
             best[8, 2] == (("gradcheck", "two texts"), everything) and everything == len(museum) - 1)
lesson.check("without a second text it takes three: one value, gradcheck and a law",
             best[7, 3] == (("one value", "gradcheck", "law"), everything) and best[7, 2][1] < everything)

# %% [markdown]
# That is why this library writes each loss twice and has a checker of its own. The two guards do not
# replace each other: one knows which loss was meant, the other trusts nobody.
#
# One thing can blind them both. Let the author of *signed* write the second text as well, with Tensors,
# and make the same slip. Who objects now?

# %%
same_hand = from_library(signed._replace(truth=lambda pred, t, path: where(
    pred - t <= 1, (pred - t) ** 2 / 2, abs(pred - t) - 0.5)), "composed")
shipped = Program(signed.value, signed.slope)
objects = [name for name in ("gradcheck", "two texts", "law")
           if not CHECKS[name](shipped, same_hand, signed.law, lesson.rng, *signed.edges)]
lesson.show("objects:", *objects)
lesson.check("two texts by one hand agree in their error; a law still objects", objects == ["law"])

# %% [markdown]
# So the second text should be written by somebody else, or from another formula, as kernels are here.
#
# The standard checks, on the loss that lost its second alpha:

# %%
lesson.standard(losses.focal_with_logits, np.array([-3.0, -0.5, 0.0, 2.0]), np.array([1.0, 0.0, 1.0, 0.0]))

# %% [markdown]
# ## Exercise: match bug to check
#
#     tinygrad-loss start 20
#
# puts a file with six more bugs and five checks into the folder work.
#
# 1. *Match.* Say which checks notice which bug, before you run anything.
# 2. *A law.* Write a check that needs no second text: does a loss treat errors to both sides alike?
#
# `tinygrad-loss check 20` says what is right and what is not, `tinygrad-loss hint 20` helps a step
# further. Then look into a project that you use: which of the eight checks do its tests make? Which of
# the four rooms do they leave open?
#
# ## Keep
#
# - A slope checked against its own value: which loss was meant, nobody asked.
# - Write down the edges. On ordinary samples the third room is empty.
# - Random numbers from above, tolerances to scale, inputs compared afterwards, parameters off their
#   defaults.
# - A second text, a checker, and a law or two. Then plant a mistake and see who objects.

# %%
lesson.end()
