# %% [markdown]
# # 11 Hinge
#
# What is a gradient at a corner?
#
# - Before: 03 (one-sided slopes), 07 (the loss of a logit)
# - Minutes: 40, and 15 for the exercise
#
# Cross entropy is never content: however right an answer is, it could be surer. The hinge says
# when it is enough. A score z for "yes" or "no", a label y of 1 or -1, and
#
#     loss = max(0, 1 - y z)
#
# y z says how far the score is on the right side. Up to 1 reaches the *margin*; beyond it, the sample
# costs nothing and pulls no more. "Enough" is a corner in the graph, and at a corner there is no
# derivative. Every program gives a number all the same. Which, and may it?

# %%
import numpy as np

from tinygrad_loss import Tensor, grad, gradcheck, losses, plot
from tinygrad_loss.lesson import Lesson

lesson = Lesson("11_hinge")

# %% [markdown]
# ## 1. Right is not enough
#
# The article's three scores for a sample whose label is +1: one right with room to spare, one
# right but within the margin, one wrong. And one more, for the label -1. Predict the losses,
# then the slopes: which of the four are pulled, and how much harder is the wrong one pulled?

# %%
scores = np.array([2.0, 0.5, -1.0, 0.5])
labels = np.array([1.0, 1.0, 1.0, -1.0])


def cost_and_slope(loss, z, y, path="fused"):
    """Loss and slope of each sample."""
    z = Tensor(z, requires_grad=True)
    cost = loss(z, y, reduction="none", path=path)
    (slope,) = grad(cost.sum(), [z])
    return cost.numpy(), slope.numpy()


cost, slope = cost_and_slope(losses.hinge, scores, labels)
lesson.show("score  label     y z   loss   slope")
for z, y, c, s in zip(scores, labels, cost, slope, strict=True):
    lesson.show(f"{z:5.1f}  {y:5.0f}  {y * z:6.1f}  {c:5.1f}  {s:z6.1f}")
lesson.agree("the article's three: 0, 0.5 and 2", cost[:3], [0.0, 0.5, 2.0])
lesson.agree("the slope is -y within the margin, 0 beyond", slope, [0.0, -1.0, -1.0, 1.0])

# %% [markdown]
# A wrong answer costs more than a hesitant one, and is pulled no harder. All who are within the
# margin pull alike; all beyond it are silent. (For the mean, divide by n.)
#
# ## 2. Two slopes at one point
#
# Now the score 1, label 1: exactly on the margin. Three ways to measure a slope by numbers. Predict
# what each column becomes as h shrinks.
#
#     from the left    (f(1) - f(1 - h)) / h
#     from the right   (f(1 + h) - f(1)) / h
#     from both        (f(1 + h) - f(1 - h)) / 2h

# %%
def hinge(z):
    """The hinge of a sample whose label is 1."""
    return np.maximum(0, 1 - z)


lesson.show("     h    left   right    both")
for h in (1e-1, 1e-4, 1e-7):
    left, right = (hinge(1) - hinge(1 - h)) / h, (hinge(1 + h) - hinge(1)) / h
    both = (hinge(1 + h) - hinge(1 - h)) / (2 * h)
    lesson.show(f"{h:6.0e} {left:7.3f} {right:7.3f} {both:7.3f}")
lesson.check("-1 from the left, 0 from the right, and their mean from both",
             np.allclose([left, right, both], [-1, 0, -0.5], atol=1e-8))

# %% [markdown]
# No h is small enough: there are two slopes. The third column looks like an answer, but it is only
# their mean, and no side has that slope.
#
# ## 3. All slopes that are allowed
#
# What does one want of a slope? For a curve that bends upward only: the straight line through the
# point, with that slope, stays below the curve everywhere. In a smooth point one line does.
# At a corner a whole fan of them does. Five slopes at z = 1; predict which lines stay below.

# %%
z = np.linspace(-3, 5, 801)
stays = {}
for g in (-1.2, -1.0, -0.5, 0.0, 0.2):
    line = g * (z - 1)
    stays[g] = bool(np.all(line <= hinge(z) + 1e-12))
    lesson.show(f"slope {g:4.1f}: {'stays below' if stays[g] else 'cuts the curve'}")
lesson.check("the lines of slope -1 to 0 stay below, the others cut",
             list(stays.values()) == [False, True, True, True, False])

# %% [markdown]
# Those slopes, here the interval from -1 to 0, are the *subgradients* of the point. Its ends are the
# slopes of the two sides. A gradient at a corner is any one of them, and the choice is a
# convention, written down once. Which does this library choose? And what does gradcheck say
# to each?

# %%
verdicts = {}
for g in stays:
    def slope_with(z, g=g):
        return np.where(z < 1, -1.0, np.where(z > 1, 0.0, g))
    verdicts[g] = gradcheck(hinge, np.array([1.0]), gradient=slope_with).verdict
    lesson.show(f"slope {g:4.1f} at the corner: {verdicts[g]}")
chosen = [cost_and_slope(losses.hinge, [1.0], [1.0], path)[1][0] for path in ("composed", "fused")]
lesson.check("gradcheck accepts the interval, and nothing outside",
             [v == "SUBGRADIENT" for v in verdicts.values()] == list(stays.values()))
lesson.check("both paths choose 0: on the margin is beyond it", chosen == [0.0, 0.0])

# %% [markdown]
# SUBGRADIENT means: at a kink, and between the slopes of both sides. In the picture, the fan
# above, the interval below.

# %%
z = np.linspace(-0.5, 2.5, 301)
dots = np.linspace(-0.5, 2.5, 13)
fig, (above, below) = plot.figure(2, 1, size=(9.5, 9), sharex=True, title="The corner of the hinge, label 1")
for g, look in ((-1.2, ":"), (-0.75, "--"), (-0.5, "--"), (-0.25, "--"), (0.2, ":")):
    allowed = -1 <= g <= 0
    above.plot(z, g * (z - 1), linestyle=look, linewidth=1.8, zorder=1,
               color=plot.COLOURS[2] if allowed else plot.COLOURS[1], label=f"slope {g:g}")
composed, _ = cost_and_slope(losses.hinge, z, np.ones_like(z), "composed")
fused, fused_slope = cost_and_slope(losses.hinge, dots, np.ones_like(dots), "fused")
above.plot(z, composed, color=plot.COLOURS[0], linestyle="-", linewidth=3.4, label="hinge, composed")
above.plot(dots, fused, "o", color=plot.COLOURS[0], markeredgecolor="white", label="hinge, fused")
above.set(ylabel="loss", ylim=(-0.7, 1.8))
above.legend([above.lines[5], above.lines[6], above.lines[1], above.lines[0]],
             ["composed", "fused", "stays below", "cuts the curve"], loc="upper right")
for side in (z[z < 1], z[z > 1]):
    _, slope = cost_and_slope(losses.hinge, side, np.ones_like(side), "composed")
    below.plot(side, slope, color=plot.COLOURS[0], linestyle="-", linewidth=3.4, label="slope, composed")
below.plot([1, 1], [-1, 0], color=plot.COLOURS[2], linestyle="--", label="subgradients")
below.plot(dots, fused_slope, "o", color=plot.COLOURS[0], markeredgecolor="white", label="slope, fused")
below.text(1.08, -0.55, "all of these\nare allowed", color=plot.COLOURS[2], va="center")
below.text(1.08, 0.07, "chosen: 0", color=plot.COLOURS[0])
for axis in (above, below):
    axis.axvline(1, color=plot.GREY, linestyle=":", linewidth=1.5, zorder=0)
below.text(1, 1.01, "kink", transform=below.get_xaxis_transform(), color=plot.GREY, fontsize=plot.SMALL,
           ha="center", va="bottom")
below.set(ylabel="slope", xlabel="score z", ylim=(-1.25, 0.3))
lesson.figure("11_corner", fig, alt=(
    "Above, the hinge falls with slope -1 to its corner at z = 1 and is 0 beyond; lines of slope -0.75, "
    "-0.5 and -0.25 through the corner stay below it, lines of slope -1.2 and 0.2 cut it. Below, its slope "
    "jumps from -1 to 0 at the corner, joined by the interval of subgradients; the fused dot is at 0."))

# %% [markdown]
# ## 4. A minimum without slope 0
#
# Does the choice matter? Seldom: scores are rarely 1 to the last bit. But corners have a habit of
# being where one wants to go. Ten samples share one score z; seven say yes, three say no:
#
#     sum = 7 max(0, 1 - z) + 3 max(0, 1 + z)
#
# Between -1 and 1 the slope is -7 + 3, right of 1 it is 0 + 3. Where is the minimum, and what slope will
# the library report there?

# %%
ten = np.array([1.0] * 7 + [-1.0] * 3)


def sum_and_slope(z):
    """Sum of the ten hinges at one common score, and its slope."""
    cost, slope = cost_and_slope(losses.hinge, np.full(10, z), ten)
    return cost.sum(), slope.sum()


lesson.show("     z     sum   slope")
for place in (-0.5, 0.0, 0.999, 1.0, 1.001, 2.0):
    lesson.show("{:6.3f} {:7.3f} {:7.1f}".format(place, *sum_and_slope(place)))
sums = [sum_and_slope(z)[0] for z in np.linspace(-3, 3, 61)]
lesson.check("the least of all sums, 6, is at z = 1", min(sums) == sum_and_slope(1.0)[0] == 6)
lesson.check("and there the slope is 3, not 0", sum_and_slope(1.0)[1] == 3)

# %% [markdown]
# At the very minimum the reported slope is 3. No mistake: the subgradients there reach from -4 to
# 3, and 3 is one of them. What makes it the minimum is that *0 is among them*, and one single
# subgradient cannot tell. So "stop when the slope is 0" never stops here. And a walker of fixed
# step? Start at z = 0, walk 60 steps of 0.03 times the slope; then again, with steps of 0.3 / k.

# %%
def walk(step):
    place, way = 0.0, []
    for k in range(1, 61):
        place -= step(k) * sum_and_slope(place)[1]
        way.append(place)
    return np.array(way)


fixed, shrinking = walk(lambda k: 0.03), walk(lambda k: 0.3 / k)
lesson.show("fixed step, last six    ", fixed[-6:].round(3))
lesson.show("shrinking step, last six", shrinking[-6:].round(3))
lesson.check("the fixed step rattles about the corner; shrinking steps close in on it",
             np.max(np.abs(fixed[-6:] - 1)) > 0.05 and np.max(np.abs(shrinking[-6:] - 1)) < 0.02)

# %% [markdown]
# Here is one reason to let the learning rate decay in training.
#
# ## 5. The labels are 1 and -1
#
# Many data sets write "no" as 0. The article warns, "note: not {0, 1}!", and has no code that
# would notice. What does a sample labelled 0 cost, for the scores -100, 0 and 100? What is its slope?

# %%
lesson.show("    z   max(0, 1 - 0 z)")
for z in (-100.0, 0.0, 100.0):
    lesson.show(f"{z:5.0f}   {max(0, 1 - 0 * z):13.0f}")


def refusal(path):
    try:
        losses.hinge([2.0, -1.0], [1.0, 0.0], path=path)
    except ValueError as error:
        return str(error)
    return ""


lesson.show(refusal("fused"))
lesson.check("with 0 for no, every score costs 1",
             {max(0, 1 - 0 * z) for z in (-100.0, 0.0, 100.0)} == {1})
lesson.check("so a label 0 raises, on both paths",
             all("1 or -1" in refusal(path) for path in ("composed", "fused")))

# %% [markdown]
# The loss would be 1 whatever the model says, with slope 0. The yes samples alone would train it, to
# say yes to everything, and the loss would fall all the while. Write 2 y - 1.
#
# ## 6. Three judges
#
# What one really counts is mistakes: 1 if y z is not positive, else 0. Nobody trains with
# that count. Predict its slope, then see how the hinge and cross entropy relate to it. Cross
# entropy is taken in bits, divided by ln 2, so that all three are 1 at y z = 0.

# %%
ahead = np.linspace(-3, 4, 701).round(2)
yes = np.ones_like(ahead)
mistake = (ahead <= 0) * 1.0
hinges, hinge_slopes = cost_and_slope(losses.hinge, ahead, yes)
bits, bit_slopes = (x / np.log(2) for x in cost_and_slope(losses.bce_with_logits, ahead, yes))
lesson.show("   y z   mistake   hinge    bits       slopes:   hinge    bits")
for i in (0, 200, 300, 350, 450, 700):
    lesson.show(f"{ahead[i]:6.1f} {mistake[i]:9.0f} {hinges[i]:7.2f} {bits[i]:7.3f} "
                f"{hinge_slopes[i]:z17.0f} {bit_slopes[i]:7.3f}")
lesson.check("the count is level but for its jump: slope 0, nothing to follow",
             np.count_nonzero(np.diff(mistake)) == 1)
lesson.check("neither hinge nor bits is ever below the count",
             np.all(hinges >= mistake) and np.all(bits >= mistake))
lesson.check("beyond the margin the hinge is silent, cross entropy never is",
             not hinge_slopes[ahead > 1].any() and np.all(bit_slopes < 0))

# %% [markdown]
# So the mean of either loss is a ceiling for the share of mistakes: push it down, and the count
# has to follow. And towards the left edge both pull with one force: a wild sample is no louder
# than one that is just wrong, unlike under a square (lesson 04).

# %%
fig, (above, below) = plot.figure(2, 1, size=(10, 9), sharex=True, title="Mistakes, hinge and cross entropy")
for side in (ahead <= 0, ahead > 0):
    above.plot(ahead[side], mistake[side], color=plot.COLOURS[6], linestyle=":", label="mistake")
    below.plot(ahead[side], 0 * ahead[side], color=plot.COLOURS[6], linestyle=":", label="mistake")
for i, (loss, unit, name) in enumerate(((losses.hinge, 1, "hinge"),
                                        (losses.bce_with_logits, np.log(2), "cross entropy in bits"))):
    for path, at in (("composed", ahead), ("fused", ahead[20 * i::40])):
        cost, slope = cost_and_slope(loss, at, np.ones_like(at), path)
        look = {"linestyle": plot.LINES[i]} if path == "composed" else {
            "linestyle": "none", "marker": "os"[i], "markeredgecolor": "white"}
        above.plot(at, cost / unit, color=plot.COLOURS[i], label=f"{name}, {path}", **look)
        if path == "composed" and name == "hinge":
            slope = np.where(np.abs(at - 1) < 1e-9, np.nan, slope)          # the line breaks at the kink
        below.plot(at, slope / unit, color=plot.COLOURS[i], label=f"{name}, {path}", **look)
for axis in (above, below):
    axis.axvline(1, color=plot.GREY, linestyle=":", linewidth=1.5, zorder=0)
below.text(1, 1.01, "kink", transform=below.get_xaxis_transform(), color=plot.GREY, fontsize=plot.SMALL,
           ha="center", va="bottom")
above.legend([above.lines[0], above.lines[2], above.lines[4]], ["mistake", "hinge", "cross entropy, bits"],
             loc="upper right", title="lines: composed, dots: fused", title_fontsize=plot.SMALL)
above.set(ylabel="loss")
below.set(ylabel="slope", xlabel="y z: how far on the right side")
lesson.figure("11_judges", fig, alt=(
    "Loss above, slope below, over y z from -3 to 4. The count of mistakes steps from 1 to 0 at 0 "
    "and has slope 0. The hinge falls with slope -1 to its kink at 1 and is 0 beyond. Cross entropy in "
    "bits passes through 1 at 0 too, and its slope tends to 0 without reaching it."))

# %% [markdown]
# ## 7. Who holds the line
#
# Two clouds of points in the plane, 30 for each label, and a straight line between them: the score
# is w x + b. A little of |w|² is added to the loss. Without it, once all are beyond the margin
# a steeper w would cost nothing more; with it, the margin is made as wide as it can be. That
# sum is the *support vector machine*. How many of the 60 points pull in the end?

# %%
sign = np.repeat([1.0, -1.0], 30)
points = lesson.rng.standard_normal((60, 2)) + 1.3 * sign[:, None]


def score(place, points):
    return points @ place[:2] + place[2]


def pull(loss, line, some, y):
    """Slopes of w and b: what the points marked in `some`, together, pull with."""
    line = Tensor(line, requires_grad=True)
    (slope,) = grad(loss(score(line, points[some]), y[some], reduction="sum") / 60, [line])
    return slope.numpy()


def train(loss, y):
    """w and b of the line with the least mean loss + 0.02 |w|²."""
    line, late = np.zeros(3), []
    for k in range(1, 601):
        line = line - 2 / (1 + 0.05 * k) * (pull(loss, line, everyone, y) + 0.04 * line * [1, 1, 0])
        late.append(line)
    return np.mean(late[300:], axis=0)                        # the corner rattles; its mean does less


everyone = np.ones(60, dtype=bool)
svm = train(losses.hinge, sign)
near = sign * score(svm, points) < 1.01
of_all, of_near = pull(losses.hinge, svm, everyone, sign), pull(losses.hinge, svm, near, sign)
lesson.show("w, b =", svm.round(3), f"  within the margin, or on it: {near.sum()} of 60")
lesson.show("pull of all 60      ", of_all.round(4))
lesson.show("pull of these alone ", of_near.round(4))
lesson.check("fewer than half of the points are there", near.sum() < 30)
lesson.agree("they alone pull as all do together", of_all, of_near)

# %% [markdown]
# They alone support the line, hence the name, *support vectors*. Delete the others, and no step
# would change. And under cross entropy? At its own best line, predict the pull of the same
# points beside that of all.

# %%
zero_one = (sign + 1) / 2
logistic = train(losses.bce_with_logits, zero_one)
of_all = pull(losses.bce_with_logits, logistic, everyone, zero_one)
of_near = pull(losses.bce_with_logits, logistic, near, zero_one)
lesson.show("pull of all 60      ", of_all.round(4))
lesson.show("pull of these alone ", of_near.round(4))
lesson.check("cross entropy listens to the others, too", np.max(np.abs(of_all - of_near)) > 0.02)

# %%
fig, axis = plot.figure(size=(9.5, 8), title="The line, its margins, and who supports them")
ends = np.array([-4.0, 4.5])
for level, look in ((1, "--"), (0, "-"), (-1, "--")):
    axis.plot(ends, (level - svm[2] - svm[0] * ends) / svm[1], color=plot.GREY, linestyle=look,
              linewidth=2.6 if level == 0 else 1.8, label=f"score {level}")
for label, marker, colour in ((1.0, "o", plot.COLOURS[0]), (-1.0, "^", plot.COLOURS[1])):
    for support in (True, False):
        mask = (sign == label) & (near == support)
        axis.plot(*points[mask].T, marker, color=colour, linestyle="none",
                  markerfacecolor=colour if support else "white", markeredgecolor=colour,
                  markeredgewidth=1.8, markersize=11, label=f"label {label:g}" + ", pulls" * support)
axis.legend(axis.lines[3:], ["yes, pulls", "yes", "no, pulls", "no"], loc="upper right", ncols=2)
axis.set(xlabel="first coordinate", ylabel="second coordinate", xlim=(-4, 4.5), ylim=(-4, 5.2),
         aspect="equal")
lesson.figure("11_support", fig, alt=(
    "Two overlapping clouds of points, parted by a falling line with a dashed margin on either side. Points "
    "within the margins or on the wrong side are filled: they pull. All others are hollow."))

# %% [markdown]
# ## 8. No probabilities
#
# "When confidence matters", says the article, and also: "doesn't output probabilities". The second
# is right. Let many samples look alike, a share of them yes. What is the best score for all of
# them? Under cross entropy it is the logit of the share. Under the hinge, section 4 gave the
# answer for 7 of 10; predict it for 6 and for 9.

# %%
grid = np.linspace(-3, 3, 601)
found = {}
lesson.show("share of yes   best logit   as probability   best score")
for count in (6, 7, 9):
    y = np.array([1.0] * count + [-1.0] * (10 - count))
    total = {loss.name: sum(cost_and_slope(loss, grid, np.full_like(grid, t))[0] for t in given)
             for loss, given in ((losses.hinge, y), (losses.bce_with_logits, (y + 1) / 2))}
    best = {name: grid[np.argmin(cost)] for name, cost in total.items()}
    found[count] = best["bce_with_logits"], best["hinge"]
    lesson.show(f"{count / 10:12.1f} {found[count][0]:12.2f} {1 / (1 + np.exp(-found[count][0])):16.2f} "
                f"{found[count][1]:12.2f}")
lesson.check("the best logit tells the shares apart, the best score is 1 for all",
             all(abs(logit - np.log(k / (10 - k))) < 0.01 and abs(z - 1) < 1e-9
                 for k, (logit, z) in found.items()))

# %% [markdown]
# A score of 1 says "rather yes", and nothing about how much rather. Put it through a sigmoid and you
# get 73 % for a share of 60 as for one of 90.
#
# The standard checks, on random scores, and once more with two of them on the corner. (The
# second derivative is 0 wherever there is one, so there is nothing to compare it with. On the corner
# the numbers may differ from the 0 that was chosen: any slope between the two sides is right.)

# %%
scores, labels = 2 * lesson.rng.standard_normal(8), np.repeat([1.0, -1.0], 4)
lesson.standard(losses.hinge, scores, labels)
scores[0], scores[4] = 1.0, -1.0
lesson.gradient("two of eight on the corner: the gradient is a subgradient",
                lambda z: losses.hinge(z, labels), scores)

# %% [markdown]
# ## Exercise: the squared hinge
#
#     tinygrad-loss start 11
#
# puts a file into the folder work. Square the hinge, max(0, 1 - y z)², and write there, for labels
# 1 and -1,
#
# 1. *The loss*: one number for each sample.
# 2. *Its slope*: one for each sample, too. Two factors are easily forgotten.
#
# `tinygrad-loss check 11` says what is right and what is not, `tinygrad-loss hint 11` helps a step
# further. When both are right, answer on paper: what are the two one-sided slopes at the margin,
# and where has the jump gone (lesson 05 knows)? Of two wrong answers, at y z = -1 and -9, how much
# harder is the second one pulled, under the hinge and under its square? To which of the two would
# you give data with wrong labels in it?
#
# ## Keep
#
# - At a corner every slope between the two sides is a subgradient; a library picks one, and says so.
# - At a minimum 0 is *among* the subgradients. The one you are shown need not be it.
# - The hinge pulls everyone within the margin alike and nobody beyond: few points hold the line.
# - Labels 1 and -1. Scores, no probabilities.

# %%
lesson.end()
