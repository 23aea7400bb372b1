# %% [markdown]
# # 02 Tensor
#
# **How does backward() know?**
#
# - Before: 01 compass (a slope tells a weight which way to go), the derivative of x², NumPy.
# - Minutes: 60, and 20 for the exercise
#
# The article's training loop has four steps. The third reads "∂Loss/∂Weights → Gradients": one
# arrow, one call of `loss.backward()`. This lesson opens the arrow. By its middle you will have
# read the whole machine in twenty lines; the rest is what happens when numbers become arrays.
#
# Keep the script open beside the terminal: the code stands there, the output here. Guess each
# output before you look at it. That is where the learning is.

# %%
import numpy as np

from tinygrad_loss import Tensor, grad, gradcheck, losses, no_grad, plot, primitive
from tinygrad_loss.lesson import Lesson

lesson = Lesson("02_tensor")

# %% [markdown]
# ## A value remembers how it was made
#
# One weight, one input, one target; three operations. `requires_grad=True` says: I shall ask
# for the slope with respect to this one.

# %%
w = Tensor(0.5, requires_grad=True)
x = Tensor(4.0, requires_grad=True)
target = Tensor(5.0)

prediction = w * x
error = prediction - target
loss = error ** 2

for name, value in [("w", w), ("target", target), ("prediction", prediction), ("error", error),
                    ("loss", loss)]:
    lesson.show(f"{name:<11}", value)
lesson.check("the loss is (0.5 * 4 - 5)² = 9", loss.item() == 9.0)

# %% [markdown]
# "made by mul": beside its number, the prediction keeps a note of the operation and of its
# inputs. From the loss you can follow the notes back to w. `backward()` knows nothing else.
#
# Notes cost memory, so none is taken where nobody can ask: when no input requires a gradient,
# or under `no_grad()`.

# %%
with no_grad():
    quiet = w * x
lesson.show("target * 2       ", target * 2)
lesson.show("under no_grad    ", quiet)
lesson.check("no note without an input that requires a gradient", not (target * 2).requires_grad)
lesson.check("no note under no_grad", not quiet.requires_grad)

# %% [markdown]
# ## The chain rule, backwards, by hand
#
# Each operation knows one thing: how its own output answers to its own inputs. It has never
# heard of the loss.
#
#     prediction = w * x             move w by a little: prediction moves x = 4 times as much
#                                    move x by a little: prediction moves w = 0.5 times as much
#     error = prediction - target    moves 1 times as much
#     loss = error ** 2              moves 2 * error = -6 times as much
#
# Along a path these factors multiply. Start at the loss, whose slope with respect to itself is
# 1, and walk back. At each step: what arrives, times the operation's own slope.

# %%
d_loss = 1.0
d_error = d_loss * 2 * error.item()
d_prediction = d_error * 1
d_w = d_prediction * x.item()
d_x = d_prediction * w.item()
lesson.show("by hand      error", d_error, "  prediction", d_prediction, "  w", d_w, "  x", d_x)

# %%
loss.backward()
lesson.show("by backward  w", w.grad.item(), "  x", x.grad.item())

# %%
def run(w, x):
    return (w * x - 5.0) ** 2


h = 1e-4
numbers_w = (run(0.5 + h, 4.0) - run(0.5 - h, 4.0)) / (2 * h)
numbers_x = (run(0.5, 4.0 + h) - run(0.5, 4.0 - h)) / (2 * h)
lesson.show(f"by numbers   w {numbers_w:.6f}   x {numbers_x:.6f}")

hand, back, numbers = [d_w, d_x], [w.grad.item(), x.grad.item()], [numbers_w, numbers_x]
lesson.agree("by hand = by backward", hand, back)
lesson.agree("by hand = by numbers", hand, numbers, tolerance=1e-9)

# %% [markdown]
# Three accounts, one answer. The third needs no calculus: move the weight, watch the loss. It
# is the witness we shall call whenever somebody claims a gradient. `gradcheck` calls it with
# care: at many step sizes, for every element.

# %%
lesson.gradient("gradcheck agrees too", run, 0.5, 4.0)

# %% [markdown]
# ## Why backwards?
#
# If numbers do the job, why not train with them? Count the runs. Here are 300 weights. Numbers
# move one weight at a time: two runs each. One backward sweep starts at the one loss and
# reaches every weight on its way.

# %%
weights = lesson.rng.normal(size=300)
features = lesson.rng.normal(size=300)
runs = []


def fit(v):
    runs.append(1)
    return ((v * features).sum() - 1.0) ** 2


by_numbers = [(fit(weights + step) - fit(weights - step)) / (2 * h) for step in h * np.eye(300)]
runs_of_numbers = len(runs)

v = Tensor(weights, requires_grad=True)
fit(v).backward()
runs_of_backward = len(runs) - runs_of_numbers

lesson.show("runs by numbers:", runs_of_numbers, "  runs by backward:", runs_of_backward)
lesson.check("numbers need 600 runs, backward needs 1",
             (runs_of_numbers, runs_of_backward) == (600, 1))
lesson.agree("for the same 300 slopes", by_numbers, v.grad, tolerance=1e-8)

# %% [markdown]
# ## The whole machine
#
# Here it is for single numbers. A `Number` notes its inputs and its slope with respect to each.
# A tape keeps all Numbers in the order in which they were made. The sweep reads the tape from
# its end.

# %%
tape = []


class Number:
    """A number that remembers its inputs, and its slope with respect to each."""

    def __init__(self, value, inputs=(), slopes=()):
        self.value, self.inputs, self.slopes = value, inputs, slopes
        tape.append(self)

    def __add__(a, b): return Number(a.value + b.value, (a, b), (1.0, 1.0))
    def __sub__(a, b): return Number(a.value - b.value, (a, b), (1.0, -1.0))
    def __mul__(a, b): return Number(a.value * b.value, (a, b), (b.value, a.value))


def sweep(output, order):
    """d output / d x for every x in `order`."""
    gradient = dict.fromkeys(order, 0.0)
    gradient[output] = 1.0
    for y in order:
        for x, slope in zip(y.inputs, y.slopes, strict=True):
            gradient[x] += gradient[y] * slope
    return gradient


# %% [markdown]
# That is reverse-mode automatic differentiation. The line with `+=` is the chain rule.

# %%
toy_w, toy_x, toy_target = Number(0.5), Number(4.0), Number(5.0)
toy_error = toy_w * toy_x - toy_target
toy_loss = toy_error * toy_error
toy = sweep(toy_loss, tape[::-1])
lesson.show("toy  d_w", toy[toy_w], "  d_x", toy[toy_x])
lesson.agree("twenty lines = backward", [toy[toy_w], toy[toy_x]], back)

# %% [markdown]
# Two questions are hidden in those lines. Why `+=` and not `=`? And why from the end of the
# tape?
#
# ## Why gradients add
#
# Let x be used twice, and let both uses meet again. The graph is a diamond.
#
#     left = 3 x        right = x + 5        y = left * right = 3 x² + 15 x
#
# At x = 2, left is 6 and right is 7. Move x by a little. y moves because left moved, and y
# moves because right moved. Both happen, so both count.
#
#     through left     3 * right = 21
#     through right    1 * left  =  6
#     together                     27

# %%
def diamond(x):
    left, right = 3 * x, x + 5
    return left * right


x = Tensor(2.0, requires_grad=True)
diamond(x).backward()
lesson.show("x.grad", x.grad.item())
lesson.check("the slope of the diamond is 21 + 6 = 27", x.grad.item() == 27.0)
lesson.gradient("numbers say so too", diamond, 2.0)

# %%
left, right = 3 * x, x + 5
y = left * right
fig = plot.graph(y, {"x": x, "left": left, "right": right, "y": y}, title="Two ways from x to y")
lesson.figure("02_diamond", fig,
              alt="A graph in the shape of a diamond. x = 2 feeds left = 3 x = 6 and right = "
                  "x + 5 = 7; both feed y = left * right = 42. Slopes of y: left 7, right 6, "
                  "x 27, which is 3 * 7 through left plus 1 * 6 through right.")

# %% [markdown]
# Now write `=` where `+=` belongs, and let the machine run.

# %%
def forgetful_sweep(output, order):
    gradient = dict.fromkeys(order, 0.0)
    gradient[output] = 1.0
    for y in order:
        for x, slope in zip(y.inputs, y.slopes, strict=True):
            gradient[x] = gradient[y] * slope                   # the last path wins
    return gradient


tape.clear()
three, five, toy_x = Number(3.0), Number(5.0), Number(2.0)
toy_y = (three * toy_x) * (toy_x + five)
lesson.show("with +=", sweep(toy_y, tape[::-1])[toy_x])
lesson.show("with = ", forgetful_sweep(toy_y, tape[::-1])[toy_x])
lesson.check("+= gives 27", sweep(toy_y, tape[::-1])[toy_x] == 27.0)
lesson.check("= gives 21: one path is lost", forgetful_sweep(toy_y, tape[::-1])[toy_x] == 21.0)

# %% [markdown]
# No error, no warning, a wrong slope. A program without a fan-out cannot show the difference;
# the tests of one course had none, and would have passed the `=` (ARENA_2.0, pull request 18).
# So we ask for more than a diamond: one value in both arguments, and one used twelve times.

# %%
def twelve_times(x):
    y = x
    for _ in range(11):
        y = y * x
    return y


x = Tensor(1.1, requires_grad=True)
(x * x).backward()
lesson.agree("x * x has slope 2 x", x.grad, 2.2)

slope, = grad(twelve_times(x), [x])
lesson.show("twelve x multiplied: slope", slope.item(), "  12 x¹¹ =", 12 * 1.1 ** 11)
lesson.agree("fan-out of twelve = 12 x¹¹", slope, 12 * 1.1 ** 11)

# %% [markdown]
# ## Why from the end of the tape
#
# A value may hand its slope down only when the slope is complete: when everything made from it
# has reported. Whatever was made from y was made after y. So the newest first, and every report
# is in. No search: the order of creation, reversed, is the order we need. (The books call it a
# topological order.)
#
# What if we go by distance from the output instead? Take y = x², z = y x, output = y z = x⁵,
# whose slope at 2 is 5 * 16 = 80. The output was made from y and z, so both are at distance
# one, and nothing tells us that z is made from y.

# %%
tape.clear()
x = Number(2.0)
y = x * x
z = y * x
output = y * z
lesson.show("newest first  output z y x:", sweep(output, [output, z, y, x])[x])
lesson.show("by distance   output y z x:", sweep(output, [output, y, z, x])[x])
lesson.check("newest first gives 80", sweep(output, [output, z, y, x])[x] == 80.0)
lesson.check("by distance, y reports too early: 48", sweep(output, [output, y, z, x])[x] == 48.0)

# %% [markdown]
# y handed down what it had, then z added 8 more to y, and those 8 never reached x. The first
# version of micrograd had a relative of this bug (micrograd, issue 2).
#
# ## Twenty thousand operations
#
# Small engines often find the order by recursion: to sort a value, first sort its inputs.
# Python stops a recursion near 1000 calls. A loop over the tape has no such limit. Here every
# one of 20 000 operations multiplies by 1.0001. What is the slope of the last value with respect
# to the first?

# %%
def length(y):
    """The longest path below y, by recursion."""
    return 1 + max((length(x) for x in y.inputs), default=0)


tape.clear()
chain = Number(1.0)
for _ in range(20_000):
    chain = chain * Number(1.0001)
try:
    recursion = length(chain)
except RecursionError:
    recursion = "RecursionError"
lesson.show("by recursion        ", recursion)
lesson.show("by loop, our machine", sweep(chain, tape[::-1])[tape[0]])

x = Tensor(1.0, requires_grad=True)
y = x
for _ in range(20_000):
    y = y * 1.0001
y.backward()
lesson.show("by loop, the engine ", x.grad.item())
lesson.show("1.0001 ^ 20 000     ", 1.0001 ** 20_000)
lesson.check("recursion gives up on a chain of 20 000", recursion == "RecursionError")
lesson.agree("backward walks it: the slope is 1.0001 ^ 20 000", x.grad, 1.0001 ** 20_000,
             tolerance=1e-10)

# %% [markdown]
# ## Arrays: a gradient has its input's shape
#
# A Tensor holds an array; each element has its own slope. So the gradient of an array is an
# array of the same shape. Keep this sentence. It settles the one thing that arrays make
# difficult.
#
# Four samples, three features, one bias per feature. NumPy copies the bias to all four rows.
#
#     data (4, 3)  +  bias (3,)  ->  (4, 3)
#
# The slope that arrives from above, from the side of the loss, has shape (4, 3). What shape has
# the bias's gradient, and for a plain sum of everything, what numbers stand in it?

# %%
data = Tensor(lesson.rng.normal(size=(4, 3)), requires_grad=True)
bias = Tensor([10.0, 20.0, 30.0], requires_grad=True)
(data + bias).sum().backward()
lesson.show("bias.grad", bias.grad)
lesson.check("the gradient of bias has the shape of bias", bias.grad.shape == bias.shape == (3,))
lesson.check("and holds 4, 4, 4", (bias.grad == 4.0).all())

# %% [markdown]
# Each bias is used by four samples. That is a fan-out, and gradients add at a fan-out: copied
# to four rows going forward, summed over four rows coming back. With other numbers from above:

# %%
above = np.arange(12.0).reshape(4, 3)
bias_grad, data_grad = grad(data + bias, [bias, data], grad_output=above)
lesson.show("from above")
lesson.show(above)
lesson.show("bias receives", bias_grad.numpy(), " the sum of each column")
lesson.check("the bias gets the sum over the samples", (bias_grad == above.sum(axis=0)).all())
lesson.check("the data get what came from above", (data_grad == above).all())

scale = np.array([[1.0], [2.0], [3.0], [4.0]])
lesson.gradient("((4, 3) * (4, 1) + (3,))², all three gradients",
                lambda data, scale, bias: (data * scale + bias) ** 2,
                data.numpy(), scale, bias.numpy())

# %% [markdown]
# And if nobody had summed? An update would still run. NumPy would broadcast once more, and the
# bias would come back with another shape: one bias per sample, none of them the model's.

# %%
updated = bias.numpy() - 0.1 * above
lesson.show("bias - 0.1 * (gradient not summed): shape", updated.shape)
lesson.check("a gradient of the wrong shape goes unnoticed by NumPy", updated.shape == (4, 3))

# %% [markdown]
# The engine sums once, for all operations, in a function of a few lines (`_fit` in
# `engine.py`): an axis that broadcasting lengthened is summed away. The transpose of *copy* is
# *sum*.
#
# ## The mean squared error, step by step
#
# All of it together, on three samples. Write the gradient down first: the errors are 6, 3 and
# -3.

# %%
pred = Tensor([7.0, 5.0, 1.0], requires_grad=True)
target = Tensor([1.0, 2.0, 4.0])
error = pred - target
square = error ** 2
total = square.sum()
mse = total / 3
mse.backward()
lesson.show("mse", mse.item(), "  pred.grad", pred.grad.numpy())
lesson.agree("the gradient is 2 error / n", pred.grad, [4.0, 2.0, -2.0])

# %%
names = {"pred": pred, "target": target, "error": error, "square": square, "total": total,
         "mse": mse}
fig = plot.graph(mse, names, title="Mean squared error: values run right, slopes run left",
                 order=True)
lesson.figure("02_mse", fig,
              alt="The graph of the mean squared error of three samples, from left to right: "
                  "pred minus target is error (6, 3, -3), squared (36, 9, 9), summed 54, "
                  "divided by 3 is 18. Slopes, visited from right to left: mse 1, total 1/3, "
                  "every square 1/3, error and pred 4, 2, -2.")

# %% [markdown]
# Read the slopes from the loss backwards, by the circled numbers. The division hands 1/3 to the
# sum. The sum hands the same 1/3 to every square: it copies, because going forward it added.
# The square multiplies by 2 error. The difference passes everything on.
#
# The same graph as text, in a notation (Mermaid) that many web pages draw. How many arrows will
# there be, one for each input of an operation?

# %%
lesson.show(plot.mermaid(mse, names))
lesson.check("six arrows: difference 2, square 1, sum 1, division 2",
             plot.mermaid(mse, names).count("-->") == 6)

# %% [markdown]
# `losses.mse` is this composition under a name. Beside it the library keeps a second,
# independent one: a loop with the slope typed by hand, which never looks at the graph. The two
# must agree, and both must agree with numbers. You will meet these five checks again with every
# loss.

# %%
lesson.standard(losses.mse, pred.numpy(), target)

# %% [markdown]
# ## backward() adds, grad() answers
#
# `backward()` leaves its answer in `.grad` of the Tensors you made. If something is there
# already, it adds. Call it twice:

# %%
pred.grad = None
mse.backward()
once = pred.grad
mse.backward()
twice = pred.grad
lesson.show("once ", once.numpy())
lesson.show("twice", twice.numpy())
lesson.check("backward twice adds twice", (twice == 2 * once.numpy()).all())

# %% [markdown]
# Adding has a use: a batch too large for memory can be taken in parts, and the slopes of the
# parts sum to the slope of the whole. Its price stands in the article's loop:
# `optimizer.zero_grad()` before each `backward()`. Forget the line, and every step walks along
# the sum of all slopes so far.

# %%
pred.grad = None
for part in (slice(0, 1), slice(1, 3)):
    (((pred[part] - target[part]) ** 2).sum() / 3).backward()
lesson.show("in two parts", pred.grad.numpy())
lesson.agree("one sample and then two = all three", pred.grad, once)

# %% [markdown]
# Twice is exactly double because values on the way, like `error`, keep nothing: their slopes
# live in a dictionary that is thrown away. An engine that leaves them lying about starts the
# second sweep from leftovers (micrograd, issue 53).
#
# `grad()` is the same sweep as a function: it returns the slopes and touches no `.grad`. It
# will also answer for a value on the way.

# %%
before = pred.grad
d_pred, d_error = grad(mse, [pred, error])
lesson.show("d mse / d error", d_error.numpy())
lesson.check("grad leaves .grad alone", pred.grad is before and error.grad is None)
lesson.agree("grad answers the same each time", grad(mse, [pred])[0], d_pred)

# %% [markdown]
# ## The slope of a slope
#
# How fast does the slope itself change? With `create_graph=True` the sweep takes notes of its
# own work, since every rule is written in Tensor operations. So its result can be
# differentiated again. For (4 w - 5)²: the slope is 8 (4 w - 5), the slope of that is 32, and
# the next is 0.

# %%
w = Tensor(0.5, requires_grad=True)
first, = grad((4 * w - 5) ** 2, [w], create_graph=True)
second, = grad(first, [w], create_graph=True)
third, = grad(second, [w])
lesson.show("first", first.item(), "  second", second.item(), "  third", third.item())
lesson.check("-24, then 32, then 0", [first.item(), second.item(), third.item()] == [-24, 32, 0])
lesson.gradient("second derivative of tanh = numbers", lambda x: x.tanh(), [-1.0, 0.3, 2.0],
                order=2)

# %% [markdown]
# ## Teach the engine an operation
#
# `primitive` takes what an operation computes, on arrays, and one rule per input, on Tensors. A
# rule gets g, the slope that arrived from above; y, the output; and the inputs. It returns g
# times dy/dx.

# %%
cube = primitive(lambda x: x ** 3, lambda g, y, x: g * 3 * x ** 2, name="cube")
lesson.show(cube(Tensor(2.0, requires_grad=True)))
lesson.show(gradcheck(cube, [1.0, -2.0, 0.5]))
lesson.gradient("the rule of cube = numbers", cube, [1.0, -2.0, 0.5])

# %% [markdown]
# What does g do there? Leave it out:

# %%
no_g = primitive(lambda x: x ** 3, lambda g, y, x: 3 * x ** 2, name="no_g")
x = Tensor([1.0, -2.0, 0.5], requires_grad=True)
alone, = grad(no_g(x).sum(), [x])
under_10, = grad((10 * no_g(x)).sum(), [x])
report = gradcheck(no_g, [1.0, -2.0, 0.5])
lesson.show("of the sum     ", alone.numpy())
lesson.show("of 10 * the sum", under_10.numpy())
lesson.show(report)
lesson.check("without g the plain sum looks right", (alone == 3 * x.numpy() ** 2).all())
lesson.check("ten times the sum gets the same slope", (under_10 == alone).all())
lesson.check("gradcheck finds it", not report.ok)

# %% [markdown]
# g carries everything that happened between this operation and the loss. In a plain sum it is 1
# everywhere, and a missing factor 1 leaves no trace. So the check above took no plain sum: given
# Tensors, `gradcheck` multiplies by random numbers first.
#
# ## Often believed
#
# * *Every value gets a `.grad`.* Only those made with requires_grad=True; ask grad() for others.
# * *backward() changes the weights.* It only measures; the optimizer moves them.
# * *An operation needs to know the loss.* It knows its own slope, and g tells it the rest.
#
# ## Exercise: the rules of mul and sum
#
# `tinygrad-loss start 02` copies a file with these tasks to work/ and prints where. With NumPy alone,
# and without looking into `engine.py`, write
#
# 1. *mul_rules*: what a * b hands down to a and to b, when g arrives.
# 2. *sum_rule*: what a sum hands down. Think of g's shape, of x's shape, and of the sentence to keep.
# 3. *unbroadcast*: what undoes a broadcast.
#
# `tinygrad-loss check 02` grades it. Then break it on purpose: exchange the two rules of mul; let the
# sum hand down g / x.size. Before you check each, write down what the report will say, and the factor
# it will name if there is one. And on paper: the slope of sum(a * a) with respect to a is 2 a. Why 2?
#
# ## Keep
#
# - Each operation knows its own slope; along a path they multiply, where paths meet they add.
# - Newest first: a value hands its slope down when everything made from it has reported.
# - A gradient has its input's shape. Copied going forward is summed coming back.
#
# Next: 03 trust. We have called numbers as the witness all along. When is the witness wrong?

# %%
lesson.end()
