# %% [markdown]
# # 03 Trust
#
# **When is a numeric derivative wrong?**
#
# - Before: 01 compass (what a slope is), 02 tensor (`backward()`, and the rules of a primitive).
# - Minutes: 40, and 20 for the exercise
#
# So far plain numbers were the witness: move the weight a little, watch the loss. Who claimed a
# gradient had to agree with them. Now the witness is questioned. It can be wrong by being too
# coarse, by being too fine, by standing on a kink. And a check can be worse than wrong: it can be
# unable to say no. At the end you will know what to ask before you believe a green tick.

# %%
import math

import numpy as np

from tinygrad_loss import Tensor, gradcheck, losses, plot, primitive
from tinygrad_loss.lesson import Lesson

lesson = Lesson("03_trust")

# %% [markdown]
# ## Two ways to ask
#
#     forward     ( f(x + h) - f(x)     ) / h
#     central     ( f(x + h) - f(x - h) ) / 2h
#
# Take f(x) = x³ at x = 1, where the slope is 3, and expand (1 + h)³ = 1 + 3h + 3h² + h³ on paper:
#
#     forward     3 + 3h + h²
#     central     3 + h²
#
# With h = 0.01, how far off is each?

# %%
def f(x):
    return x * x * x


def forward(f, x, h):
    return (f(x + h) - f(x)) / h


def central(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


lesson.show("    h     forward off by   central off by")
off = {h: (forward(f, 1.0, h) - 3, central(f, 1.0, h) - 3) for h in (0.1, 0.01, 0.001)}
for h, (one_sided, both_sides) in off.items():
    lesson.show(f"{h:<8}{one_sided:>14.6f}{both_sides:>17.6f}")
lesson.agree("the errors are 3h + h² and h²", list(off.values()), [[3 * h + h * h, h * h] for h in off], 1e-9)

# %% [markdown]
# The central difference costs the same two calls and is off by h² only: what the two sides do
# wrong cancels. Ten times smaller a step, a hundred times smaller an error.
#
# ## Smaller, until it is not
#
# Then why not take h = 1e-15? Predict where the error is least.

# %%
errors = {k: abs(central(f, 1.0, 10.0 ** -k) - 3) for k in range(1, 16)}
for k, error in errors.items():
    lesson.show(f"h = 1e-{k:<3} off by {error:.1e}")
best = min(errors, key=errors.get)
lesson.check("the error is least at 1e-5 or 1e-6, far from both ends; at 1e-15 hardly a digit is right",
             best in (5, 6) and errors[15] > 0.1)

# %% [markdown]
# A float64 keeps 16 digits: near 1 every value is rounded by up to u = 1.1e-16. The difference of
# two values carries a rounding of about that size, and dividing by 2h blows it up:
#
#     error  =  h²   (the formula)   +   about u / h   (the rounding)
#
# One falls with h, the other rises. In a picture where both axes are logarithmic, h² is a straight
# line of slope 2, u/h one of slope -1, and their sum is a V. Its foot is where they meet, near
# h = u^(1/3) = 5e-6; there the error is near u^(2/3) = 2e-11. Of 16 digits, 10 are left.
#
# Two ways to do better. Four calls can be weighted so that h² cancels as well and h⁴ is left (for
# the cube not even that, so the picture takes x⁵). And a *complex step* takes no difference at all:
# the imaginary part of f(x + ih), divided by h, is off by a multiple of h², and nothing is
# subtracted, so h may be 1e-20. What is its error then?

# %%
def four_calls(f, x, h):
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


def complex_step(f, x, h):
    return f(complex(x, h)).imag / h


def fifth(x):
    return x * x * x * x * x                                    # its slope at 1 is 5


lesson.show("complex step, h = 1e-20: off by", abs(complex_step(fifth, 1.0, 1e-20) - 5))
lesson.agree("the complex step is right to the last digit", complex_step(fifth, 1.0, 1e-20), 5.0, 2e-16)

ways = {"forward": forward, "central": central, "four calls": four_calls, "complex step": complex_step}
steps = 0.2 * 0.5 ** np.arange(50)                              # 0.2 down to 4e-16
v = {name: np.array([abs(way(fifth, 1.0, float(h)) - 5) for h in steps]) for name, way in ways.items()}


def arm(name, high, low):
    """The slope of an arm in the log-log picture, fitted between two steps."""
    part = (steps < high) & (steps > low)
    return np.polyfit(np.log10(steps[part]), np.log10(v[name][part]), 1)[0]


right = [arm("forward", 1e-2, 1e-6), arm("central", 1e-2, 1e-4), arm("four calls", 1e-1, 5e-3)]
left = arm("central", 1e-8, 1e-14)
lesson.show(f"right arms: forward {right[0]:.2f}, central {right[1]:.2f}, four calls {right[2]:.2f}; "
            f"left arm {left:.1f}")
lesson.check("going down the right arm the error is h, h², h⁴", np.allclose(right, [1, 2, 4], atol=0.03))
lesson.check("going up the left arm it is 1/h, give or take the noise", -1.2 < left < -0.8)

# %%
fig, axes = plot.figure(size=(11, 7), title="How far off is a numeric slope? (x⁵ at 1, float64)")
for i, (name, error) in enumerate(v.items()):
    axes.loglog(steps, np.maximum(error, 1e-16), color=plot.COLOURS[i], linestyle=plot.LINES[i],
                marker="ovs^"[i], markersize=8, markevery=(i, 4), label=name)
axes.axhline(2.0 ** -53, color=plot.GREY, linestyle=":", linewidth=1.6)
axes.text(3e-16, 2e-16, "one rounding", color=plot.GREY, fontsize=plot.SMALL)
axes.set(xlabel="step h", ylabel="error", xlim=(2e-16, 1), ylim=(4e-17, 1e3))
axes.legend(loc="upper center", ncols=2)
lesson.figure("03_v", fig, alt=(
    "Error against step, both logarithmic. Forward, central and four calls each make a V: from the right "
    "they fall with slope 1, 2 and 4 to 1e-7, 1e-10 and 1e-13, then all rise along one noisy line of slope "
    "-1. The complex step falls with slope 2 to one rounding and stays there."))

# %% [markdown]
# Read the picture as a detective. Draw your own gradient's difference from the numbers in the same
# way: a right gradient makes a V, a wrong one makes a level line, the same gap for every step.
# `gradcheck` takes up to twenty steps, extrapolates, and asks neighbouring steps how sure it may be.
# So nobody has to choose h. Here is a slope that is too large by one part in 100 000. Read what the
# report answers to "Is the check at fault?".

# %%
def cube_sum(x):
    return (x * x * x).sum()


def slightly_wrong(x):
    return 3 * x * x * 1.00001


report = gradcheck(cube_sum, np.array([1.0, -2.0]), gradient=slightly_wrong)
gaps = [abs(slightly_wrong(1.0) - central(f, 1.0, h)) for h in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7)]
lesson.show("steps 1e-3 to 1e-7, the gap of a wrong slope:", *[f"{gap:.3e}" for gap in gaps])
lesson.show(report)
lesson.check("a slope that is too large by 1e-5 of it shows as a level line",
             np.allclose(gaps[1:], 3e-5, rtol=0.02) and not report.ok)

# %% [markdown]
# ## The float32 floor
#
# Models train in float32, which keeps 7 digits: u = 6e-8. Move the V up accordingly. Where is its
# foot now, and what is left there? The function is (x - 1)², its slope at 3 is 4.

# %%
def parabola(x):
    return (x - 1) * (x - 1)


lesson.show("   h      float64        float32")
found = {}
for h in (1e-1, 1e-3, 1e-5, 1e-6, 1e-8):
    found[h] = central(parabola, 3.0, h), float(central(parabola, np.float32(3), np.float32(h)))
    lesson.show("{:<8g}{:>10.7f}{:>15.7f}".format(h, *found[h]))
lesson.check("float32: h = 1e-6 is off by 5 %, h = 1e-8 finds no slope at all",
             abs(found[1e-6][1] / 4 - 0.954) < 0.001 and found[1e-8][1] == 0)

# %% [markdown]
# In float32, 3 + 1e-8 *is* 3. Most reports of a failing gradient check are this and nothing else
# (pytorch issue 5351 is an early one). So check in float64, even what trains in float32.
#
# A large constant does the same in float64. Add 1e9 to the loss: a regularisation term, or the
# other 999 samples of a sum. The slope is the same 4. What do the differences say?

# %%
def with_offset(x):
    return parabola(x) + 1e9


small, usual = forward(with_offset, 3.0, 1.49e-8), central(with_offset, 3.0, 1e-6)
lesson.show(f"forward, h = 1.49e-8: {small}     central, h = 1e-6: {usual:.4f}")
lesson.check("forward finds 0, central 4.05", small == 0.0 and abs(usual - 4.053) < 1e-3)

# %% [markdown]
# Forward differences with that step are what scipy's `check_grad` takes. Near 1e9 the floats stand
# 1.2e-7 apart, and the change 4h = 6e-8 falls between them.
#
# ## Values that know too little
#
# "Numerically stable", asks the article of a loss. The witness asks it too, for it sees nothing
# but values. Here is softplus, log(1 + exp(x)), typed as it stands. At -37 its slope is
# exp(-37) = 8.5e-17. What do the values around -37 look like?

# %%
def typed(x):
    return (1 + x.exp()).log()


def value(x):
    return typed(Tensor(x)).item()


x = Tensor(-37.0, requires_grad=True)
typed(x).backward()
true = 1 / (1 + math.exp(37))
by_numbers = [central(value, -37.0, h) for h in (1.0, 0.1, 0.01)]
stable = central(lambda x: Tensor(x).softplus().item(), -37.0, 1e-3)
lesson.show("values at -38, -37, -36:", value(-38.0), value(-37.0), value(-36.0))
lesson.show(f"slope by backward {x.grad.item():.4g}, by numbers {by_numbers}, true {true:.4g}")
lesson.show(f"by numbers, from a stable softplus: {stable:.4g}")
lesson.check("backward is right, the numbers are off by 20 % and more at every step",
             abs(x.grad.item() / true - 1) < 1e-14 and all(abs(s / true - 1) > 0.2 for s in by_numbers))
lesson.agree("with stable values the numbers are right as well", stable, true, 1e-6)

# %% [markdown]
# 1 + exp(-37) has room for two different numbers and no more. Here the witness is wrong and the
# gradient right. Two accounts disagree; neither knows which. That is why this library has a third:
# two implementations *and* the numbers. Two against one.
#
# ## On a kink
#
# relu(x) is x where x is positive, else 0. At 0 it has no slope, it has two: 1 to the right and 0
# to the left. What will the central difference say? And the engine?

# %%
def relu(x):
    return max(x, 0.0)


x = Tensor(0.0, requires_grad=True)
x.relu().backward()
to_left, to_right = (relu(0.0) - relu(-1e-6)) / 1e-6, forward(relu, 0.0, 1e-6)
lesson.show(f"left {to_left}, right {to_right}, central {central(relu, 0.0, 1e-6)}, engine {x.grad.item()}")
lesson.show(f"|x|: central {central(abs, 0.0, 1e-6)}")
lesson.check("relu at 0: sides 0 and 1, central 1/2, engine 0",
             [to_left, to_right, central(relu, 0.0, 1e-6), x.grad.item()] == [0, 1, 0.5, 0])

# %% [markdown]
# Nobody is wrong. Any slope s from 0 to 1 will do: the line s x touches relu at 0 and stays below
# it. Such a slope is called a *subgradient*. To refuse the engine's 0 for not being 1/2 is a false
# alarm; to be content with |x|, where the central difference happens to say 0, is luck.
#
# *Close* to a kink the witness is plainly wrong. At -3e-7 relu has one slope, 0. But a step of 1e-6
# reaches over the corner. What comes out? (That is how relu came to be reported as broken: numbers
# 0.5, backward 1; pytorch issue 114234.)

# %%
near = {h: central(relu, -3e-7, h) for h in (1e-5, 1e-6, 1e-7)}
lesson.show("relu at -3e-7, central:", near)
lesson.agree("a step of 1e-6 says 0.35, one of 1e-7 the truth, 0", [near[1e-6], near[1e-7]], [0.35, 0.0])

# %%
h = np.logspace(-8, -5, 121)
quotients = {"right": np.array([forward(relu, -3e-7, s) for s in h]),
             "central": np.array([central(relu, -3e-7, s) for s in h]),
             "left": np.array([forward(relu, -3e-7, -s) for s in h])}
x = np.linspace(-1, 1, 201)
fig, (fan, sweep) = plot.figure(1, 2, size=(14, 6), title="relu: on its kink, and 3e-7 beside it")
fan.plot(x, np.maximum(x, 0), "-", color=plot.COLOURS[0], linewidth=4, label="relu")
fan.fill_between(x, np.minimum(x, 0), np.maximum(np.minimum(x, 0), np.where(x > 0, x, 0)), color="0.88")
for s, line in ((0.0, plot.LINES[1]), (0.5, plot.LINES[2]), (1.0, plot.LINES[3])):
    fan.plot(x, s * x, linestyle=line, color=plot.COLOURS[1], linewidth=2.2, label=f"slope {s:g}")
fan.axvline(0, color=plot.GREY, linestyle=":", linewidth=1.6)
fan.text(0.03, -0.9, "kink", color=plot.GREY)
fan.set(title="any slope from 0 to 1 touches from below", xlabel="x", ylabel="relu(x)", ylim=(-1.05, 1.05))
fan.legend(loc="upper left")
for i, (name, quotient) in enumerate(quotients.items()):
    sweep.semilogx(h, quotient, color=plot.COLOURS[i], linestyle=plot.LINES[i], marker="^os"[i],
                   markevery=(5 * i, 15), label=name)
sweep.axvline(3e-7, color=plot.GREY, linestyle=":", linewidth=1.6)
sweep.text(2.7e-7, 0.62, "the step\nreaches the kink", color=plot.GREY, ha="right")
sweep.set(title="difference quotients at x = -3e-7", xlabel="step h", ylabel="quotient")
sweep.legend(loc="upper left")
lesson.figure("03_kink", fig, alt=(
    "Left: relu with three lines through its corner, of slope 0, 1/2 and 1, none of which rises above it. "
    "Right: difference quotients at -3e-7 against the step. All are 0 up to a step of 3e-7; then the right "
    "one climbs towards 1, the central one towards 1/2, and the left one stays at 0."))

# %% [markdown]
# So a good check follows the two sides separately. Where their limits differ, it accepts what lies
# between them and says that it did; outside it objects. Here is `gradcheck` on the two inputs at
# which the hinge loss has its corner, on a maximum of three equal numbers, and on a rule that
# claims slope 2 at the corner of relu. Which verdicts do you expect?

# %%
two = primitive(lambda x: np.maximum(x, 0), lambda g, y, x: g * 2.0 * (x.data >= 0), name="two")
reports = {"hinge at its margin": gradcheck(lambda p: losses.hinge(p, [1, -1, 1]), [1.0, -1.0, 0.5]),
           "max of 1, 1, 1": gradcheck(lambda x: x.max(), [1.0, 1.0, 1.0]),
           "slope 2 at relu's corner": gradcheck(two, [0.0, -1.0])}
for name, report in reports.items():
    lesson.show(f"{name:<26}{report.verdict}")
tie = Tensor([1.0, 1.0, 1.0], requires_grad=True)
tie.max().backward()
lesson.show("the maximum's slopes:", tie.grad.numpy(), "  by central differences 1/2 each")
lesson.check("between the sides is right and reported, outside is wrong",
             [r.verdict for r in reports.values()] == ["SUBGRADIENT", "SUBGRADIENT", "WRONG"])

# %% [markdown]
# "Be differentiable", asks the article. What is needed is less: a slope on both sides, and a stated
# rule for the corner.
#
# ## The friendly question
#
# Now for checks that are too kind. Functions that return many numbers are often checked by their
# plain sum. From the side of the loss, the slope 1 then arrives at every output: `g` is all ones.
# Here are three rules, all wrong. Which one does the plain sum notice?
#
#     transpose     hands g on as it came, though the output was turned
#     double        forgets g: it returns 2, not 2 g
#     softmax       returns zeros

# %%
wrong = {"transpose": primitive(np.transpose, lambda g, y, x: g),
         "double": primitive(lambda x: 2 * x, lambda g, y, x: 0 * g + 2),
         "softmax": primitive(lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True), lambda g, y, x: 0 * g)}


def largest_gap(f, x, above):
    """The most that backward and numbers differ when `above` arrives at the outputs of f."""
    tensor = Tensor(x, requires_grad=True)
    (f(tensor) * above).sum().backward()
    moves = 1e-5 * np.eye(x.size).reshape(x.size, *x.shape)
    numbers = [((f(Tensor(x + m)) - f(Tensor(x - m))) * above).sum().item() / 2e-5 for m in moves]
    return np.max(abs(tensor.grad.numpy().ravel() - numbers))


x, ones, random = lesson.rng.normal(size=(3, 3)), np.ones((3, 3)), lesson.rng.normal(size=(3, 3))
seen = {name: (largest_gap(rule, x, ones), largest_gap(rule, x, random)) for name, rule in wrong.items()}
for name, (by_ones, by_random) in seen.items():
    lesson.show(f"{name:<11} gap with ones {by_ones:.0e}   with random numbers {by_random:.2f}")
lesson.check("all ones pass the three wrong rules, random numbers catch them",
             all(by_ones < 1e-9 and by_random > 0.1 for by_ones, by_random in seen.values()))

# %% [markdown]
# All ones, turned, are all ones; 2 times 1 is 2; and probabilities always sum to 1, so the slope of
# their sum *is* 0. The question was too friendly. (`gradcheck` sends random numbers.)
#
# ## The generous tolerance
#
# A usual verdict is: fine if |yours - numbers| <= 1e-5 + 1e-3 |numbers|. Those are the defaults of
# a well-known framework. Take the mean of the squares of n errors of 0.3: each slope is 0.6/n.
# Claim that it is *zero*. From which n on is that fine?

# %%
def fine(yours, numbers):
    return bool(np.all(abs(yours - numbers) <= 1e-5 + 1e-3 * abs(numbers)))


def slope_of_one(n):
    pred = Tensor(np.full(n, 0.3), requires_grad=True)
    losses.mse(pred, np.zeros(n)).backward()
    return pred.grad.numpy()[0]


accepted = {n: fine(0.0, slope_of_one(n)) for n in (100, 10_000, 59_939, 59_940, 1_000_000)}
for n, ok in accepted.items():
    lesson.show(f"n = {n:>9,}   slope {slope_of_one(n):.6e}   zero is", "fine" if ok else "refused")
lesson.check("from 59 940 samples on, a gradient of zeros passes",
             list(accepted.values()) == [False, False, False, True, True])

# %% [markdown]
# A mean makes every slope small, and an absolute tolerance does not know it. A batch of pictures has
# millions of pixels. So measure differences against the largest slope, not against a fixed number.
#
# ## The power of a check
#
# So do not ask whether a check passes. Ask what it would have refused. Plant mistakes, and count:
# that is the *power* of a check. Here is a loss that is e²/2 up to |e| = 1.5 and straight beyond
# (lesson 05 will call it Huber's), its gradient, and six wrong versions. Three need a word:
#
#     no 1/n      the mean's division is missing
#     branch      beyond 1.5 the slope should be 1.5, but it is 1
#     1 % in one  a single element is 1 % too large
#
# Five checks stand before them. The first compares nothing; the next three have the tolerance from
# above, on 600 000 errors, on six perfect predictions, and on six errors below 1.5; the last takes
# errors on both sides of 1.5. All five pass the right gradient. Which one passes everything?

# %%
DELTA = 1.5


def loss(e):
    return np.where(abs(e) <= DELTA, e * e / 2, DELTA * (abs(e) - DELTA / 2)).mean()


def gradient(e):
    return np.clip(e, -DELTA, DELTA) / e.size


def off_in_one(e):
    d = gradient(e)
    d.flat[0] *= 1.01
    return d


planted = {"right": gradient, "zero": lambda e: 0 * e, "sign": lambda e: -gradient(e),
           "double": lambda e: 2 * gradient(e), "no 1/n": lambda e: e.size * gradient(e),
           "branch": lambda e: np.where(abs(e) <= DELTA, e, np.sign(e)) / e.size, "1 % in one": off_in_one}


def numbers(e, places):
    h = 1e-5
    return np.array([(loss(e + h * unit) - loss(e - h * unit)) / (2 * h) for unit in np.eye(e.size)[places]])


both = np.array([-3.0, -2.0, -0.5, 0.4, 0.7, 2.5])
inside, large = both / 4, np.resize(both, 600_000)
by_formula = gradient(large)                                    # 1 200 000 calls would take an hour
checks = {
    "finite, not all zero": lambda g: bool(np.isfinite(g(both)).all() and g(both).any()),
    "1e-5, a large batch": lambda g: fine(g(large), by_formula),
    "1e-5, at errors of 0": lambda g: fine(g(np.zeros(6)), numbers(np.zeros(6), range(6))),
    "1e-5, |e| below delta": lambda g: fine(g(inside), numbers(inside, range(6))),
    "gradcheck, both branches": lambda g: gradcheck(loss, both, gradient=g).ok}
lesson.show(f"{'':<26}" + "".join(f"{name:>12}" for name in planted))
power = {}
for name, check in checks.items():
    verdicts = [check(g) for g in planted.values()]
    power[name] = 6 - sum(verdicts[1:]) if verdicts[0] else -1  # one that refuses what is right has none
    lesson.show(f"{name:<26}" + "".join(f"{'pass' if ok else 'refused':>12}" for ok in verdicts))
lesson.check("finite and not all zero refuses 1 of 6; the tolerance on a large batch as well",
             power["finite, not all zero"] == power["1e-5, a large batch"] == 1)
lesson.check("at errors of 0 nothing is refused: it cannot fail", power["1e-5, at errors of 0"] == 0)
lesson.check("inside one branch the mistake in the other passes", power["1e-5, |e| below delta"] == 5)
lesson.check("both branches and a scaled tolerance refuse all six", power["gradcheck, both branches"] == 6)

# %% [markdown]
# At errors of 0 the right slope is 0, and so are its double, its negative and a zero that nobody
# computed. `gradcheck` gives no tick there. It says UNTESTED:

# %%
blind = gradcheck(loss, np.zeros(6), gradient=gradient)
lesson.show(blind.verdict + ":", blind.message)
lesson.check("where nothing was tested, nothing has passed", blind.verdict == "UNTESTED" and not blind.ok)

# %% [markdown]
# The same loss from the library, at points in both branches: two implementations, and the numbers.

# %%
lesson.standard(losses.huber, both, np.zeros(6), delta=DELTA)

# %% [markdown]
# ## Often believed
#
# * *A smaller step is a better step.* Down to 1e-5. Then rounding takes over.
# * *The numbers are always right.* They know the values, and only as many digits as those have.
# * *A passed check is evidence.* As much as there are mistakes that it would have refused.
#
# ## Exercise: find the check that cannot fail
#
# The file holds several checks of one gradient, of the kind that this lesson collected: each takes
# a gradient and says True or False, and each says True to the right one. For each of them ask: what
# does it compare, at which points, with what from above, within which tolerance?
#
# 1. *Find it.* Name the checks that no wrong gradient can fail.
# 2. *Prove it.* Write a wrong gradient, not one of the six above, that the weak checks pass.
# 3. *Mend it.* Write a check of your own, without gradcheck, that passes the right gradient and
#    refuses every planted one.
#
# `tinygrad-loss start 03` copies a file with these tasks to work/ and prints where;
# `tinygrad-loss check 03` grades it.
#
# ## Keep
#
# - Central differences, float64, h near 1e-5 of the size of x: ten digits, not more.
# - A right gradient makes a V over the steps, a wrong one a level line.
# - On a kink any slope between the two sides is right. Keep other test points off it, by more than h.
# - Send random numbers from above, visit every branch, scale the tolerance. Then plant a mistake.
#
# Next: 04 squares, the first two losses, and where 1/n goes.

# %%
lesson.end()
