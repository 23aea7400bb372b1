# %% [markdown]
# # 01 Compass
#
# **What does a slope tell a weight?**
#
# - Before: arithmetic, and Python with NumPy arrays. Nothing about neural networks.
# - Minutes: 35, and 20 for the exercise
#
# Every model learns in the same three steps: it predicts, something compares the prediction
# with the truth, and the model is changed a little. The something is the *loss*: one number,
# large for bad, small for good. But a bad mark alone does not tell anybody what to do.
#
# These lessons follow a public article on loss functions and check every number in it; "the
# article" is always that one. It calls the loss a compass. So, for a start: where is the needle?
#
# Keep the script open beside the terminal: the code stands there, the output here. Guess each
# output before you look at it. That is where the learning is.

# %%
import re

import numpy as np

from tinygrad_loss import Tensor, losses, plot
from tinygrad_loss.lesson import Lesson

lesson = Lesson("01_compass")

# %% [markdown]
# ## A mark that says nothing
#
# Ann and Ben throw five darts each. Their hands tremble alike; what differs is where they aim.
# Ann aims 2.5 cm to the right of the centre, Ben 1.2 cm. The bull's eye has a radius of 0.6 cm.
#
#     dart = aim + tremble              in cm, right of the centre; negative is left of it
#
# Three ways to mark a dart: 1 for a miss and 0 for a hit; its distance; its distance squared.
# The mark of a player is the mean of five. Which of the three marks tells Ann from Ben?

# %%
tremble = np.array([-0.2, 0.1, -0.5, 0.4, 0.2])
bull, centre = 0.6, np.zeros(5)


def misses(aim):
    return np.mean(abs(aim + tremble) > bull)


def distance(aim):
    return losses.mae(aim + tremble, centre).item()             # mean absolute error


def square(aim):
    return losses.mse(aim + tremble, centre).item()             # mean squared error


ann, ben = 2.5, 1.2
marks = {"misses": misses, "distance": distance, "square": square}
lesson.show("            Ann      Ben")
for name, mark in marks.items():
    lesson.show(f"{name:<9}{mark(ann):>6.2f}{mark(ben):>9.2f}")
lesson.check("misses cannot tell them apart, distance and square can",
             [mark(ann) > mark(ben) for mark in marks.values()] == [False, True, True])

# %% [markdown]
# ## Move the aim by a little
#
# Ann may change one thing, her aim. In the language of models: `aim` is a *weight*, a number
# that learning may move. She tries a little to the left and a little to the right, and looks at
# her marks. Before you look: which of the three will send her the right way?

# %%
lesson.show("aim          2.4      2.5      2.6")
tried = {name: np.array([mark(a) for a in (2.4, 2.5, 2.6)]) for name, mark in marks.items()}
for name, three in tried.items():
    lesson.show(f"{name:<9}" + "".join(f"{m:>9.3f}" for m in three).removeprefix("  "))
lesson.check("by misses all aims are alike; by distance and square left is better, right is worse",
             [bool(np.all(np.diff(three) > 0)) for three in tried.values()] == [False, True, True])

# %% [markdown]
# Misses are what the game counts, and they do not help: near Ann's aim the mark is flat. It
# would change only if some dart crossed the rim of the bull's eye, and she is far from it.
# Distance and square answer to the smallest move. This answer has a name.
#
# ## The slope
#
#     slope = how much the loss rises, for each unit that the weight is moved up
#
# Two ways to find it. *By numbers*: step a little to both sides, divide the rise by the run.
#
#     ( loss(aim + h) - loss(aim - h) ) / 2h
#
# *By hand*: a dart at x costs x². Move it by h and it costs x² + 2xh + h²: the rise is 2xh, but
# for an h² that can be made as small as we like. So the slope of one dart is 2x, and the slope
# of a mean of five is the mean of their slopes. For the distance |x| it is +1 on the right of
# the centre and -1 on the left. What are the slopes at aim 2.5? And at -2.5, far to the left?

# %%
def by_numbers(mark, aim, h=1e-4):
    return (mark(aim + h) - mark(aim - h)) / (2 * h)


def by_hand(aim):
    x = aim + tremble
    return {"misses": 0.0, "distance": np.mean(np.sign(x)), "square": np.mean(2 * x)}


lesson.show(" aim            by hand   by numbers")
hand, numbers = [], []
for aim in (2.5, -2.5):
    for name, slope in by_hand(aim).items():
        hand.append(slope)
        numbers.append(by_numbers(marks[name], aim))
        lesson.show(f"{aim:>4}   {name:<9}{hand[-1]:>7.2f}{numbers[-1]:>13.6f}")
lesson.agree("slope by hand = slope by numbers", hand, numbers, tolerance=1e-9)

# %% [markdown]
# There is the needle. Read the square's:
#
# * its *sign* is the direction. Positive: the loss rises to the right, so go left. Negative: go
#   right. Always against the sign.
# * its *size* is the reward: 5 says that the first hundredth of a centimetre saves about 0.05.
# * 0 says: from here, no small move matters. The misses say so nearly everywhere.
#
# There is a third way to find a slope, and no model could be trained without it: `backward()`
# follows the calculation back and knows each step's own slope. How, is lesson 02. Here it is
# just a third witness.

# %%
aim = Tensor(2.5, requires_grad=True)                           # "I shall ask for its slope"
losses.mse(aim + tremble, centre).backward()
lesson.show("by backward:", aim.grad.item())
lesson.agree("three ways, one slope", [by_hand(2.5)["square"], by_numbers(square, 2.5)],
             [aim.grad.item()] * 2, tolerance=1e-9)

# %% [markdown]
# Now one dart, anywhere: above what it costs, below the slope of that. Dotted lines mark the rim
# of the bull's eye, where a miss begins, and the kink of the distance. There is no slope at these
# places. (The library computes each loss in two ways that share no code. Here and in all lessons a
# line is one of them, the dots on it are the other.)

# %%
def curve(loss, x, path):
    """Cost and slope of single darts that land at x."""
    dart = Tensor(x, requires_grad=True)
    cost = loss(dart, np.zeros_like(x), reduction="none", path=path)
    cost.sum().backward()
    return cost.numpy(), dart.grad.numpy()


x = np.arange(-300, 301) / 100                                  # 0 and 0.6 are among them
fig, panels = plot.figure(2, 1, sharex=True, size=(9, 8.6), title="One dart: its cost, and the slope")
look = {"color": plot.COLOURS[2], "linestyle": plot.LINES[2], "linewidth": 4, "label": "miss"}
on_rim = np.where(abs(x) == bull, np.nan, 0)                    # no line is drawn across a jump
panels[0].plot(x, on_rim + (abs(x) > bull), **look)
panels[1].plot(x, on_rim, **look)
for i, (loss, name) in enumerate([(losses.mae, "distance"), (losses.mse, "square")]):
    value, slope = curve(loss, x, "composed")
    slope = np.where((x == 0) & (loss is losses.mae), np.nan, slope)
    some = x[20 + 20 * i::40]
    for axes, line, dots in zip(panels, (value, slope), curve(loss, some, "fused"), strict=True):
        axes.plot(x, line, color=plot.COLOURS[i], linestyle=plot.LINES[i], label=name)
        axes.plot(some, dots, "os"[i], linestyle="none", color=plot.COLOURS[i], markeredgecolor="white",
                  label=f"{name}, second implementation")
for axes in panels:
    for place in (-bull, 0, bull):
        axes.axvline(place, color=plot.GREY, linestyle=":", linewidth=1.6, zorder=1)
for place, word in ((-bull, "rim"), (0, "kink"), (bull, "rim")):
    panels[1].text(place, 1.01, word, transform=panels[1].get_xaxis_transform(), color=plot.GREY,
                   fontsize=plot.SMALL, ha="center", va="bottom")
panels[0].set(ylabel="cost", ylim=(-0.4, 9.4))
panels[1].set(ylabel="slope", xlabel="where the dart lands, cm right of the centre")
lines = [line for line in panels[0].lines if line.get_label() in ("miss", "distance", "square")]
panels[0].legend(lines, [line.get_label() for line in lines], loc="upper center", framealpha=1)
lesson.figure("01_darts", fig, alt=(
    "Above, the cost of a dart that lands from -3 to 3 cm: miss is 0 within 0.6 and 1 beyond, distance a V, "
    "square a parabola. Below, their slopes: miss 0 everywhere but at the two jumps; distance -1, then +1, "
    "with a jump at 0; square a straight line from -6 to 6 through 0. Dots lie on both lines."))

# %% [markdown]
# ## 25 times the cost, 5 times the pull
#
# The article's example. A house is worth 500 000 dollars. One prediction says 480 000, another
# 600 000: errors of 20 000 and of 100 000, five times as much. The square makes the second
# error 25 times as expensive, says the article, "creating strong pressure to fix big mistakes".
# Pressure is what moves a weight. So look at the slopes beside the costs: of mse, the mean squared
# error, and mae, the mean absolute error. (Of one house, a mean is just its own cost.) What are the
# ratios?

# %%
def cost_and_slope(loss, prediction, truth):
    prediction = Tensor([prediction], requires_grad=True)
    value = loss(prediction, [truth])
    value.backward()
    return value.item(), prediction.grad.item()


lesson.show(f"{'':<10}{'480 000':>16}{'600 000':>18}{'ratio':>8}")
ratio = {}
for loss in (losses.mse, losses.mae):
    pairs = [cost_and_slope(loss, p, 500_000.0) for p in (480_000.0, 600_000.0)]
    for what, low, high in zip(("cost", "slope"), *pairs, strict=True):
        ratio[loss.name, what] = abs(high / low)
        lesson.show(f"{loss.name} {what:<6}{low:>16,.0f}{high:>18,.0f}{abs(high / low):>7.0f}x")
lesson.check("the article's table: 25 times under the square, 5 times under the distance",
             (ratio["mse", "cost"], ratio["mae", "cost"]) == (25.0, 5.0))
lesson.check("but the pull is 5 times, and under the distance the same",
             (ratio["mse", "slope"], ratio["mae", "slope"]) == (5.0, 1.0))

# %% [markdown]
# The cost tells you how bad it is; the pull is what the model feels. Under the square a five
# times larger error pulls five times harder; under the distance every error pulls alike. (Lesson
# 04 asks what that means for outliers.) A slope can be seen: it is the steepness of the tangent,
# the straight line that touches the curve.

# %%
fig, panels = plot.figure(1, 2, size=(14, 6), title="The two predictions, and their tangents")
error = np.linspace(-20, 130, 301)                              # in thousands of dollars
for axes, loss, colour in zip(panels, (losses.mse, losses.mae), plot.COLOURS, strict=False):
    axes.plot(error, loss(error, 0 * error, reduction="none").numpy(), "-", color=colour, label=loss.name)
    for e, offset, side in ((20.0, (14, -16), "left"), (100.0, (-12, 10), "right")):
        cost, slope = cost_and_slope(loss, e, 0.0)
        near = np.array([e - 22, e + 22])
        axes.plot(near, cost + slope * (near - e), linestyle=(0, (3, 1.5)), color="black", linewidth=3.4,
                  label=f"tangent at {e:g}")
        axes.plot([e], [cost], "o", linestyle="none", color="black", markersize=10, label=f"error {e:g}")
        axes.annotate(f"slope {slope:g}", (e, cost), textcoords="offset points", xytext=offset, ha=side)
    axes.set(title=loss.name, xlabel="error, thousands of dollars", ylabel="cost")
panels[1].axvline(0, color=plot.GREY, linestyle=":", linewidth=1.6, zorder=1)
panels[1].text(3, 122, "kink", color=plot.GREY)
lesson.figure("01_houses", fig, alt=(
    "The cost of an error from -20 to 130 thousand dollars. Left, mse, a parabola: the tangent at 20 has "
    "slope 40, the one at 100 slope 200. Right, mae, a V: both tangents have slope 1 and lie on its arm."))

# %% [markdown]
# ## What a slope promises
#
# Back to Ann, at aim 2.5 with slope 5. The tangent says: a move by s changes the loss by 5s. The
# curve says something else. Predict the row of s = -6: what is promised, and what comes true?

# %%
slope, kept = by_hand(2.5)["square"], {}
lesson.show("  move s   promised    real    real / promised")
for s in (-0.01, -0.1, -1.0, -6.0):
    promised, real = slope * s, square(2.5 + s) - square(2.5)
    kept[s] = real / promised
    lesson.show(f"{s:>8}{promised:>11.3f}{real:>10.4f}{kept[s]:>14.3f}")
lesson.check("a small move gets what was promised, within 1 %", abs(kept[-0.01] - 1) < 0.01)
lesson.check("a long one does not: 6 cm to the left makes it worse", kept[-6.0] < 0)

# %% [markdown]
# A compass, not a map. It is right about here, and says nothing about there. Hence the whole art
# of training: many small steps, and a new look at the compass after each.
#
# ## The loop
#
#     1  predict               prediction = weight * input
#     2  compare               loss(prediction, truth)
#     3  read the compass      slope = d loss / d weight
#     4  move                  weight = weight - rate * slope
#
# A model with one weight: the price of a house is w times its size. Sizes in hundreds of square
# metres, prices in hundreds of thousands of dollars. The truth is w = 5; we start at 3. First
# the slope by hand: moving w by h moves the prediction of a house of size x by x h, so it counts
# x times as much.
#
#     slope of w = mean of 2 (w x - price) x

# %%
size = np.array([0.5, 0.8, 1.2])
price = 5 * size


def slope_of_w(w):
    w = Tensor(w, requires_grad=True)
    losses.mse(w * size, price).backward()
    return w.grad.item()


hand = np.mean(2 * (3 * size - price) * size)
lesson.show("at w = 3: errors", 3 * size - price)
lesson.show(f"slope by hand {hand:.6f}, by backward {slope_of_w(3.0):.6f}")
lesson.agree("slope of w by hand = by backward", hand, slope_of_w(3.0))

# %% [markdown]
# Negative: go up. How far? `rate` is for you to choose. Four rates, the same start, 12 steps
# each. One of them is too small, one too large. Which one is best?

# %%
def walk(rate, steps=12, w=3.0):
    way = [w]
    for _ in range(steps):
        w = w - rate * slope_of_w(w)
        way.append(w)
    return np.array(way)


rates = (0.05, 0.4, 1.2, 1.4)
ways = {rate: walk(rate) for rate in rates}
lesson.show("rate     w after 0, 1, 2, 3 steps                    after 12")
for rate, way in ways.items():
    lesson.show(f"{rate:<6}" + "".join(f"{w:>9.4f}" for w in way[:4]) + f"{way[-1]:>17.4f}")
lesson.check("0.05 is still on its way, 0.4 has arrived",
             4 < ways[0.05][-1] < 4.9 and abs(ways[0.4][-1] - 5) < 1e-4)
lesson.check("1.4 runs away: each step ends farther from 5 than it began",
             np.all(np.diff(abs(ways[1.4] - 5)) > 0))

# %% [markdown]
# 1.2 jumps over the target in every step and still comes closer; 1.4 jumps and ends farther off.
# Where is the border? For this loss the slope is c (w - 5) with c = mean of 2x², so a step makes
#
#     w - 5    into    (1 - rate c) (w - 5)
#
# It comes closer if that factor lies between -1 and 1: for rates below 2/c. The slope alone could
# not have told you. It says which way, never how far.

# %%
c = np.mean(2 * size**2)
factors = {rate: (way[1:] - 5) / (way[:-1] - 5) for rate, way in ways.items()}
lesson.show(f"c = {c:.4f}, the border is rate 2/c = {2 / c:.4f}")
for rate in rates:
    lesson.show(f"rate {rate:<5} 1 - rate c = {1 - rate * c:7.4f}   measured {factors[rate][0]:7.4f}")
lesson.agree("every step multiplies what is left by 1 - rate c", [f[0] for f in factors.values()],
             [1 - rate * c for rate in rates])
lesson.check("the rates below 2/c arrive, the one above does not",
             [abs(walk(rate, 300)[-1] - 5) < 1e-6 for rate in rates] == [rate < 2 / c for rate in rates])

# %% [markdown]
# Above, the loss, with the first three steps at rate 0.4: each goes down along its tangent, which
# is the promise, and then up to the curve, which is what came true. Below, the needle: the slope at
# each stop. As it shrinks, the steps shrink.

# %%
w, stops = np.linspace(2.7, 5.7, 151), ways[0.4][:4]
loss_of, slope_of = (lambda w: c / 2 * (w - 5) ** 2), (lambda w: c * (w - 5))
promised = loss_of(stops[:-1]) + slope_of(stops[:-1]) * np.diff(stops)
fig, (above, below) = plot.figure(2, 1, sharex=True, size=(9, 8.6), title="Three steps at rate 0.4")
above.plot(w, loss_of(w), "-", label="loss")
below.plot(w, slope_of(w), "-", label="slope")
for i, (start, end, foot) in enumerate(zip(stops[:-1], stops[1:], promised, strict=True)):
    above.plot([start, end], [loss_of(start), foot], linestyle=(0, (5, 2)), color=plot.COLOURS[1],
               label="promised" if i == 0 else "")
    above.plot([end, end], [foot, loss_of(end)], linestyle=":", color=plot.COLOURS[1],
               label="not kept" if i == 0 else "")
for axes, y in ((above, loss_of), (below, slope_of)):
    axes.plot(stops, y(stops), "o", linestyle="none", color=plot.COLOURS[1])
    for i, stop in enumerate(stops):
        axes.annotate(str(i), (stop, y(stop)), textcoords="offset points", xytext=(0, 10), ha="center")
    axes.axvline(5, color=plot.GREY, linestyle=":", linewidth=1.6, zorder=1)
    axes.axhline(0, color=plot.GREY, linewidth=1)
above.legend(loc="upper right")
above.set(ylabel="loss")
below.set(ylabel="slope", xlabel="weight w")
lesson.figure("01_steps", fig, alt=(
    "Above, the loss over the weight, a parabola with its minimum at 5. From stop 0 at 3 a tangent leads "
    "down to below the curve at 4.24, then up to stop 1 on it; the next two steps, to 4.71 and 4.89, are "
    "shorter. Below, the slope, a straight line through 0 at 5, with the slopes at the four stops."))

# %% [markdown]
# ## What a slope does not say
#
# The article lists three things that a gradient tells: direction, magnitude, and "confidence:
# how certain are we about this direction?" The third it cannot. Two teams of five throw at the
# same centre; what is the slope of each team's common aim?

# %%
agreed = np.array([1.0, 1.1, 0.9, 1.0, 1.0])                    # all land right of the centre
torn = np.array([9.0, -8.0, 7.0, -9.0, 6.0])                    # anywhere
pull = {name: np.mean(2 * team) for name, team in (("agreed", agreed), ("torn", torn))}
for name, team in (("agreed", agreed), ("torn", torn)):
    lesson.show(f"{name:<7} slopes of the darts {2 * team}   mean {pull[name]:.1f}")
lesson.agree("both teams have one and the same slope, 2", *pull.values())
lesson.check("five of five in one team agree with its direction, three of five in the other",
             ((agreed > 0).sum(), (torn > 0).sum()) == (5, 3))

# %% [markdown]
# How certain a direction is shows in how the samples differ, and the mean has lost that.
#
# ## What makes a good loss?
#
# The article asks five things of a loss: be differentiable, reflect the task, guide learning,
# handle edge cases, be numerically stable. Each can be measured on our three marks. Fill in the
# table before you look.
#
#     jumps           differentiable: does the cost jump anywhere? does its slope?
#     prefers         the task: one bull's eye and four far off (lucky), or five near misses (near)?
#     guides          for what share of all places has a dart a slope that is not 0?
#     outlier         edge cases: of the whole pull, how much comes from a dart at 20 cm beside Ann's five?
#     cost at 1e200   stable: what does a dart cost that lands there?

# %%
one_dart = {"miss": lambda x: (abs(x) > bull) * 1.0,
            "distance": lambda x: losses.mae(x, np.zeros_like(x), reduction="none").numpy(),
            "square": lambda x: losses.mse(x, np.zeros_like(x), reduction="none").numpy()}
lucky, near = np.array([0.1, 6.0, 5.0, 7.0, 6.5]), np.array([0.8, 0.9, 1.0, 0.7, 0.9])
six = np.append(2.5 + tremble, 20.0)
places, h = np.linspace(-3, 3, 1000), 1e-6
row = {}
lesson.show("           cost jumps   slope jumps   prefers   guides   outlier   cost at 1e200")
for name, cost in one_dart.items():
    def slope(x, cost=cost):
        return (cost(x + h / 2) - cost(x - h / 2)) / h
    corners = np.array([-bull, 0, bull])
    jump = np.max(abs(cost(corners + h) - cost(corners - h)))
    bend = np.max(abs(slope(corners + h) - slope(corners - h)))
    pulls = abs(slope(six))
    with np.errstate(over="ignore"):
        far = float(cost(np.array([1e200]))[0])
    row[name] = (jump > 0.1, bend > 0.1, "lucky" if cost(lucky).mean() < cost(near).mean() else "near",
                 np.mean(slope(places) != 0), pulls[-1] / pulls.sum() if pulls.any() else 0.0, far)
    lesson.show("{:<9}{:>12}{:>14}{:>10}{:>9.0%}{:>10.0%}{:>16.3g}".format(
        name, *("yes" if bad else "no" for bad in row[name][:2]), *row[name][2:]))
lesson.check("misses reflect the game and guide nobody", row["miss"][2:4] == ("lucky", 0.0))
lesson.check("only the square is smooth, and it overflows",
             row["square"][:2] == (False, False) and row["square"][5] == np.inf)
lesson.check("of six darts the wild one has 1/6 of the pull by distance, over 60 % by square",
             abs(row["distance"][4] - 1 / 6) < 1e-6 and row["square"][4] > 0.6)

# %% [markdown]
# No row is good throughout. The game counts bull's eyes; we train on a stand-in that has slopes.
# Choosing the stand-in is what the other lessons are about.
#
# ## How old are they?
#
# The article dates the losses: hinge and ranking in the 2000s, contrastive and triplet in the
# 2010s. Each loss of this library names its source. Here are those years.

# %%
def year(name):
    return int(re.search(r"Source:.*?(\d{4})", losses.LOSSES[name].__doc__, re.DOTALL)[1])


told = {"mse": 1950, "bce_with_logits": 1990, "hinge": 2000, "margin_ranking": 2000, "focal": 2010,
        "contrastive": 2010, "triplet": 2010}
for name, decade in told.items():
    lesson.show(f"{name:<16} source of {year(name)}, the article's decade begins in {decade}")
older = [name for name, decade in told.items() if year(name) < decade]
lesson.check("all but focal have sources older than the decade they are given",
             set(told) - set(older) == {"focal"})

# %% [markdown]
# Last, the five checks that every loss of this library must pass: its two implementations against
# each other ("both paths", lines and dots above), and both against numbers. The fifth is about the
# slope of the slope, which you will meet in lesson 02.

# %%
lesson.standard(losses.mse, ann + tremble, centre)

# %% [markdown]
# ## Often believed
#
# * *A large loss means a large step.* The step follows the slope. Misses cost 1 and move nothing.
# * *The slope leads to the minimum.* It leads downhill, here. How far is your choice.
# * *A slope of 0 means perfect.* It means that no small move matters.
#
# ## Exercise: three steps by hand
#
# Two houses, sizes 1 and 2, prices 3 and 8; the model is w times size, the loss the mean of the
# squares, the rate 0.1, the start w = 1. With pencil and paper:
#
# 1. *The compass.* Write down the slope of w as a formula of w, then its number at the start.
# 2. *Three steps.* Where is w after one, two, three steps? By which factor does the way that is left
#    shrink each time, and where does it end?
# 3. *Too far.* From which rate on does the walk never arrive?
#
# `tinygrad-loss start 01` copies a file with these tasks to work/, and tells you where; put your
# formula and your numbers there. `tinygrad-loss check 01` grades it.
#
# ## Keep
#
# - A slope is the rise of the loss for each unit of the weight. Move against its sign.
# - The weight feels the slope, not the loss: 25 times the cost may be 5 times the pull.
# - It is a promise about here. How far to go, and how sure to be, it does not say.
#
# Next: 02 tensor, how backward() finds all the slopes at once.

# %%
lesson.end()
