# %% [markdown]
# # 17 Train
#
# Do both paths train to the same weights?
#
# - Before: 02 (what `backward()` does), 05 (Huber and its neighbours), 07 (logits), 09 (cross
#   entropy)
# - Minutes: 45, and 25 for the exercise
#
# So far a loss met two or three numbers. Now it meets a network, and its slopes move 661
# weights, hundreds of times. We port the article's training pipeline to this library, mend
# its three examples, and train each path of a loss from the same start. If the paths are the
# same function, the weights must stay together.

# %%
import numpy as np
from contourpy import contour_generator

from tinygrad_loss import Tensor, losses, nn, optim, plot
from tinygrad_loss.data import IRIS_SPECIES, DataLoader, TensorDataset, iris
from tinygrad_loss.lesson import Lesson
from tinygrad_loss.terminal import track

lesson = Lesson("17_train")

# %% [markdown]
# ## 1. Four lines
#
# Every training loop repeats four lines. Watch them find one weight: w x shall be 6 where x
# is 2. The loss is (2 w - 6)², its slope 8 w - 24, and a step goes 0.1 of the slope back:
#
#     w - 0.1 (8 w - 24)  =  0.2 w + 2.4
#
# From w = 1, predict the next two.

# %%
x, y = np.array([2.0]), np.array([6.0])
w = Tensor([1.0], requires_grad=True)
optimizer = optim.SGD([w], lr=0.1)
way = [w.item()]
for _ in range(4):
    loss = losses.mse(w * x, y)                          # 1  how wrong are we?
    optimizer.zero_grad()                                # 2  forget the last slopes
    loss.backward()                                      # 3  the slope for every weight
    optimizer.step()                                     # 4  a step downhill
    way.append(w.item())
lesson.show("w:", "  ".join(f"{each:.4f}" for each in way))
lesson.agree("every step is 0.2 w + 2.4", way[1:], [0.2 * each + 2.4 for each in way[:-1]])

# %% [markdown]
# Line 2 is the one that is forgotten. `backward()` *adds* to `.grad`: the third step would go
# by the sum of three slopes. Without line 2, will it be slower, or worse?

# %%
w = Tensor([1.0], requires_grad=True)
optimizer = optim.SGD([w], lr=0.1)
forgetful = [w.item()]
for _ in range(8):
    losses.mse(w * x, y).backward()
    optimizer.step()
    forgetful.append(w.item())
lesson.show("w:", "  ".join(f"{each:.2f}" for each in forgetful))
lesson.check("it runs past 3, and back past 3, again and again",
             np.count_nonzero(np.diff(np.sign(np.array(forgetful) - 3))) >= 3)

# %% [markdown]
# ## 2. The article's network
#
# Here it is, line by line (in the script, if you read in a terminal). Only the imports have
# changed, and one argument is new: where PyTorch draws the first weights from a hidden global
# generator, we pass ours in.

# %%
class SimpleModel(nn.Module):
    def __init__(self, input_dim, hidden_dim, output_dim, task='regression', generator=None):
        super(SimpleModel, self).__init__()                    # noqa: UP008
        self.task = task

        self.layers = nn.Sequential(
            nn.Linear(input_dim, hidden_dim, generator=generator),
            nn.ReLU(),
            nn.Linear(hidden_dim, hidden_dim, generator=generator),
            nn.ReLU(),
            nn.Linear(hidden_dim, output_dim, generator=generator)
        )

        # Add sigmoid for binary classification
        if task == 'binary':
            self.output_activation = nn.Sigmoid()
        # Add softmax for multi-class (but we'll use logits for loss)
        elif task == 'multiclass':
            self.output_activation = nn.Softmax(dim=1)
        else:
            self.output_activation = nn.Identity()

    def forward(self, x):
        logits = self.layers(x)
        if self.task in ['binary', 'multiclass']:
            return logits  # Return logits for BCE/CCE with logits
        return logits


def train_model(model, dataloader, loss_fn, optimizer, epochs=10):
    """Generic training loop."""
    model.train()

    for epoch in range(epochs):
        total_loss = 0.0

        for batch_x, batch_y in dataloader:
            # Forward pass
            predictions = model(batch_x)
            loss = loss_fn(predictions, batch_y)

            # Backward pass
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()

            total_loss += loss.item()

        avg_loss = total_loss / len(dataloader)
        if (epoch + 1) % 2 == 0:
            lesson.show(f"Epoch {epoch+1}/{epochs}, Loss: {avg_loss:.4f}")


# %% [markdown]
# `output_activation` is made and never called, and both arms of the last `if` return the same.
# That is luck: these losses want logits, and a second softmax would flatten the slopes (lesson
# 09). How many weights has it, for one output? Each Linear has inputs x outputs, and a bias per
# output.

# %%
model = SimpleModel(10, 20, 1, task='binary', generator=np.random.default_rng(0))
lesson.show(model)
for name, parameter in model.named_parameters():
    lesson.show(f"{name:16} {parameter.shape!s:10} {parameter.size:5}")
lesson.check("220 + 420 + 21 = 661 weights", sum(p.size for p in model.parameters()) == 661)

# %% [markdown]
# ## 3. Example 1: yes or no
#
# The article's data: ten numbers each, and the question whether their sum is positive. Its
# labels are `(X_binary.sum(dim=1) > 0).float()`. Look at the shapes: what comes out of the
# network, what is it compared with?

# %%
rng = np.random.default_rng(42)
X_binary = rng.standard_normal((1000, 10))
y_binary = (X_binary.sum(axis=1) > 0).astype(float)
try:
    nn.BCEWithLogitsLoss()(model(X_binary[:32]), y_binary[:32])
    message = ""
except ValueError as error:
    message = str(error)
lesson.show(message)
lesson.check("as printed, the first example stops: (32, 1) against (32,)",
             "(32, 1)" in message and "(32,)" in message)

# %% [markdown]
# PyTorch stops there too. Be glad: a library that broadcasts would compare each of the 32
# outputs with each of the 32 labels, and train, on nonsense. The cure is one word, `keepdims`.
#
# Before the first step, one look: a network that knows nothing says 1/2, which costs
# ln 2 = 0.693. Then train, as in the article: Adam, lr = 0.001, ten rounds.

# %%
y_binary = (X_binary.sum(axis=1, keepdims=True) > 0).astype(float)          # was (1000,)

dataset = TensorDataset(X_binary, y_binary)
dataloader = DataLoader(dataset, batch_size=32, shuffle=True, generator=rng)

model_binary = SimpleModel(input_dim=10, hidden_dim=20, output_dim=1, task='binary', generator=rng)
criterion = nn.BCEWithLogitsLoss()
optimizer = optim.Adam(model_binary.parameters(), lr=0.001)

before = criterion(model_binary(X_binary), y_binary).item()
lesson.show(f"Before the first step: {before:.4f}")
train_model(model_binary, dataloader, criterion, optimizer, epochs=10)

fresh = rng.standard_normal((1000, 10))
right = (model_binary(fresh).numpy() > 0) == (fresh.sum(axis=1, keepdims=True) > 0)
lesson.check("the loss before training is ln 2, to a tenth", abs(before / np.log(2) - 1) < 0.1)
lesson.check("on 1000 samples it has never seen it is right in over 95 %", right.mean() > 0.95,
             f"{right.mean():.1%}")

# %% [markdown]
# One look at the numbers that were printed. The article's `avg_loss` is a mean of batch means, and
# 1000 is no multiple of 32. How much does a sample of the last batch count, beside one of the first?

# %%
sizes = [len(batch_y) for _, batch_y in dataloader]
weight = [1 / len(sizes) / size for size in sizes]                 # of one sample in avg_loss
lesson.show(f"batches of {sizes[0]}: {sizes.count(32)}, the last one: {sizes[-1]}")
lesson.agree("each of the last eight counts four times", weight[-1] / weight[0], 4.0)

# %% [markdown]
# It is a number to watch, not one to publish.
#
# ## 4. Both paths, two hundred steps
#
# Now the question. Two networks, the same first weights, the same batches in the same order.
# One asks the composed loss for its slopes, the other the fused one. The two round
# differently, by about 1e-16, and every step builds on the one before. After 200 steps, how
# many digits will the weights still share?

# %%
def train_path(path, dtype=np.float64, kind=optim.Adam, factor=1.0, steps=200, **settings):
    """The loss on all data after each step, and the weights at steps 1, 10, 100 and the last."""
    model = SimpleModel(10, 20, 1, task='binary', generator=np.random.default_rng(1)).to(dtype)
    data = TensorDataset(X_binary.astype(dtype), y_binary.astype(dtype))
    loader = DataLoader(data, batch_size=32, shuffle=True, generator=np.random.default_rng(2))
    optimizer, costs, kept = kind(model.parameters(), **settings), [], {}
    while len(costs) < steps:
        for batch_x, batch_y in loader:
            loss = factor * losses.bce_with_logits(model(batch_x), batch_y, path=path)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            costs.append(losses.bce_with_logits(model(data.tensors[0]), data.tensors[1], path=path).item())
            if len(costs) in (1, 10, 100, steps):
                kept[len(costs)] = np.concatenate([p.data.ravel() for p in model.parameters()])
            if len(costs) == steps:
                break
    return costs, kept


def apart(a, b):
    """The largest difference of two lists of weights, relative to the largest weight."""
    return np.max(abs(a - b)) / np.max(abs(b))


runs = {path: train_path(path, lr=0.01) for path in ("composed", "fused")}
lesson.show(" step   loss composed      loss fused   weights differ by")
for step in (1, 10, 100, 200):
    (composed, weights), (fused, others) = runs["composed"], runs["fused"]
    lesson.show(f"{step:5} {composed[step - 1]:15.12f} {fused[step - 1]:15.12f} "
                f"{apart(weights[step], others[step]):15.0e}")
moved = apart(weights[1], weights[200])
lesson.check("the weights did move", moved > 0.1, f"by {moved:.2f} of the largest")
lesson.agree("after 200 steps of Adam both paths have the same weights", weights[200], others[200])
lesson.agree("and on the way every loss is the same", composed, fused)

# %% [markdown]
# Twelve digits is what we ask; there are more. In float32, with seven digits, the same two
# runs:

# %%
single = {path: train_path(path, np.float32, lr=0.01)[1][200] for path in ("composed", "fused")}
gap = apart(single["composed"], single["fused"])
lesson.show(f"float32: the weights differ by {gap:.0e}")
lesson.check("in float32 the paths stay within 1e-4", gap < 1e-4)

# %% [markdown]
# ## 5. Is that a test?
#
# A check that cannot fail proves nothing, so let us fail it: multiply the loss by 2, as if a
# kernel had forgotten its 1/2. The slopes are wrong by a factor of 2 in every step. Predict
# for each optimizer: will the weights notice?

# %%
lesson.show("optimizer      weights differ by, when all slopes are doubled")
notice = {}
for kind, settings in ((optim.SGD, {"lr": 0.1}), (optim.Adam, {"lr": 0.01})):
    _, right_way = train_path("fused", kind=kind, **settings)
    _, wrong_way = train_path("fused", kind=kind, factor=2.0, **settings)
    notice[kind.__name__] = apart(right_way[200], wrong_way[200])
    lesson.show(f"{kind.__name__:12} {notice[kind.__name__]:12.0e}")
lesson.check("SGD notices: it steps twice as far", notice["SGD"] > 0.1)
lesson.check("Adam hardly does: it divides every slope by the slopes' usual size", notice["Adam"] < 1e-3)

# %% [markdown]
# Adam forgives a wrong factor, and so hides it. Many a wrong gradient has trained quite well.
# Training is no gradient check; a gradient check is one (lesson 03). So we repeat the
# comparison of section 4 with SGD.

# %%
sgd = {path: train_path(path, kind=optim.SGD, lr=0.05, momentum=0.9) for path in ("composed", "fused")}
lesson.agree("after 200 steps of SGD with momentum, too, both paths have the same weights",
             sgd["composed"][1][200], sgd["fused"][1][200])

# %%
steps = np.arange(1, 201)
fig, axis = plot.figure(size=(10, 5.6), title="Two paths, 200 steps")
styles = [(plot.COLOURS[0], "-", "o"), (plot.COLOURS[1], "--", "s")]
for (name, found), (colour, line, marker) in zip({"Adam": runs, "SGD": sgd}.items(), styles, strict=True):
    axis.plot(steps, found["composed"][0], color=colour, linestyle=line, label=f"{name}, composed")
    axis.plot(steps[4::10], found["fused"][0][4::10], marker, color=colour, markersize=8,
              markerfacecolor="white", markeredgewidth=1.8, label=f"{name}, fused: every tenth step")
axis.axhline(np.log(2), color=plot.GREY, linestyle=":", linewidth=1.5)
axis.text(200, np.log(2) + 0.01, "ln 2: knows nothing", color=plot.GREY, ha="right", va="bottom",
          fontsize=13)
axis.set(xlabel="step", ylabel="loss on all 1000 samples", ylim=(0, 0.78))
axis.legend(loc="upper right", bbox_to_anchor=(1, 0.86))
lesson.figure("17_paths", fig, alt=(
    "The loss over 200 steps, with Adam and with SGD: both fall from ln 2 = 0.69 to below 0.1. Lines are the "
    "composed path; circles and squares, the fused path at every tenth step, lie on the lines."))

# %% [markdown]
# ## 6. Eight samples
#
# The cheapest test of a training loop: give it eight samples, with labels thrown by a coin.
# There is nothing to learn, but eight answers can be remembered. A loop that does not get
# there is broken.

# %%
X_eight, y_eight = X_binary[:8], np.array([[0], [1], [1], [0], [1], [0], [0], [1]], dtype=float)


def overfit(order):
    """The loss on eight samples after 300 rounds of backward, step and zero_grad in some order."""
    model = SimpleModel(10, 20, 1, task='binary', generator=np.random.default_rng(3))
    optimizer = optim.Adam(model.parameters(), lr=0.01)
    for _ in range(300):
        loss = losses.bce_with_logits(model(X_eight), y_eight)
        for line in order:
            {"zero_grad": optimizer.zero_grad, "backward": loss.backward, "step": optimizer.step}[line]()
    return loss.item()


good = overfit(["zero_grad", "backward", "step"])
bad = overfit(["backward", "zero_grad", "step"])
lesson.show(f"zero_grad, backward, step: {good:.5f}")
lesson.show(f"backward, zero_grad, step: {bad:.5f}")
lesson.check("eight coin tosses are learnt by heart", good < 0.01)
lesson.check("with two lines swapped nothing is: the step finds no slopes", bad > 0.5)

# %% [markdown]
# ## 7. Example 2: three classes
#
# The article adds two conditions, sum > 0 and mean > 0, and calls the result "3 classes: 0, 1,
# 2". When is a mean positive? Predict how many samples of each class there are.

# %%
X_multi = rng.standard_normal((1000, 10))
y_multi = (X_multi.sum(axis=1) > 0).astype(int) + (X_multi.mean(axis=1) > 0).astype(int)
y_multi = y_multi.clip(0, 2)
lesson.show("samples of class 0, 1, 2:", np.bincount(y_multi, minlength=3))
lesson.check("as printed, class 1 never occurs", np.bincount(y_multi, minlength=3)[1] == 0)

# %% [markdown]
# The mean has the sign of the sum, so both conditions hold or neither, and nothing complains. For
# three classes cut the sum into thirds. What must the loss be before the first step, and with an
# output layer of zeros, exactly?

# %%
cuts = np.quantile(X_multi.sum(axis=1), [1 / 3, 2 / 3])
y_multi = np.digitize(X_multi.sum(axis=1), cuts)                            # was 0 and 2
lesson.show("samples of class 0, 1, 2:", np.bincount(y_multi))

dataset_multi = TensorDataset(X_multi, y_multi)
dataloader_multi = DataLoader(dataset_multi, batch_size=32, shuffle=True, generator=rng)

model_multi = SimpleModel(input_dim=10, hidden_dim=20, output_dim=3, task='multiclass', generator=rng)
criterion_multi = nn.CrossEntropyLoss()
optimizer_multi = optim.Adam(model_multi.parameters(), lr=0.001)

before = criterion_multi(model_multi(X_multi), y_multi).item()
lesson.show(f"Before the first step: {before:.4f}, ln 3 = {np.log(3):.4f}")
train_model(model_multi, dataloader_multi, criterion_multi, optimizer_multi, epochs=10)

told = model_multi(fresh).numpy().argmax(axis=1)
truth = np.digitize(fresh.sum(axis=1), cuts)
lesson.show("told 0, 1, 2:", np.bincount(told, minlength=3), "  true:", np.bincount(truth))
lesson.check("three classes are three classes, in the labels and in the answers",
             np.bincount(y_multi).min() > 300 and np.bincount(told, minlength=3).min() > 200)
lesson.check("on fresh samples over 90 % are right", np.mean(told == truth) > 0.9,
             f"{np.mean(told == truth):.1%}")
lesson.check("the loss before training is ln 3, to a tenth", abs(before / np.log(3) - 1) < 0.1)

silent = SimpleModel(10, 20, 3, generator=rng)
silent.layers[4].load_state_dict({"weight": np.zeros((3, 20)), "bias": np.zeros(3)})
lesson.agree("with an output layer of zeros it is ln 3, exactly",
             criterion_multi(silent(X_multi), y_multi), np.log(3))

# %% [markdown]
# ## 8. Example 3: the comparison that was promised
#
# The heading says "MSE vs Huber", but only one loss is trained, `SmoothL1Loss`, "Huber loss".
# It is Huber at delta = 1 and nowhere else (lesson 05). We train all four on the article's
# data: the truth is the mean of ten numbers, all targets are noisy, and 50 of 1000 are wild.
#
# Measured on fresh samples against the truth itself, without noise. Which will be nearest? We
# take five draws of data and weights, since one could be luck.

# %%
criteria = {"MSE": nn.MSELoss(), "MAE": nn.L1Loss(), "Huber": nn.HuberLoss(), "SmoothL1": nn.SmoothL1Loss()}


def distances(seed):
    """Distance from the truth (root mean square) after each round, for each loss."""
    rng = np.random.default_rng(seed)
    X_reg = rng.standard_normal((1000, 10))
    y_reg = X_reg.mean(axis=1, keepdims=True) + rng.standard_normal((1000, 1)) * 0.5

    # Add outliers
    outlier_indices = rng.permutation(1000)[:50]
    y_reg[outlier_indices] += rng.standard_normal((50, 1)) * 5

    fresh = rng.standard_normal((1000, 10))
    truth = fresh.mean(axis=1, keepdims=True)
    found = {}
    for name, criterion in criteria.items():
        draws = np.random.default_rng(seed)                     # the same start for every loss
        loader = DataLoader(TensorDataset(X_reg, y_reg), batch_size=32, shuffle=True, generator=draws)
        model_reg = SimpleModel(input_dim=10, hidden_dim=20, output_dim=1, task='regression', generator=draws)
        optimizer_reg = optim.Adam(model_reg.parameters(), lr=0.001)
        found[name] = []
        for _ in range(10):
            for batch_x, batch_y in loader:
                loss = criterion(model_reg(batch_x), batch_y)
                optimizer_reg.zero_grad()
                loss.backward()
                optimizer_reg.step()
            found[name].append(np.sqrt(np.mean((model_reg(fresh).numpy() - truth) ** 2)))
    return found


draws = [distances(seed) for seed in track(range(5), "Training 20 networks")]
lesson.show("draw " + "".join(f"{name:>10}" for name in criteria))
for seed, found in enumerate(draws):
    lesson.show(f"{seed:4} " + "".join(f"{found[name][-1]:10.3f}" for name in criteria))
lesson.check("in every draw Huber and MAE end nearer to the truth than MSE",
             all(max(found["Huber"][-1], found["MAE"][-1]) < found["MSE"][-1] for found in draws))
lesson.agree("SmoothL1 is Huber here, because delta is 1",
             [found["Huber"] for found in draws], [found["SmoothL1"] for found in draws])

# %%
rounds = np.arange(1, 11)
fig, axis = plot.figure(size=(10, 5.6), title="5 % wild targets: mean and range of 5 draws")
for i, (name, marker) in enumerate({"MSE": "s", "MAE": "^", "Huber": "o"}.items()):
    each = np.array([found[name] for found in draws])
    axis.plot(rounds, each.mean(axis=0), marker=marker, color=plot.COLOURS[i], linestyle=plot.LINES[i],
              label=name)
    for edge in (each.min(axis=0), each.max(axis=0)):
        axis.plot(rounds, edge, color=plot.COLOURS[i], linestyle=plot.LINES[i], linewidth=0.8)
    axis.fill_between(rounds, each.min(axis=0), each.max(axis=0), color=plot.COLOURS[i], alpha=0.12,
                      linewidth=0)
axis.set(xlabel="round", ylabel="distance from the truth", ylim=(0, None), xticks=rounds)
axis.legend(loc="lower left")
lesson.figure("17_outliers", fig, alt=(
    "Distance of the predictions from the noiseless truth over ten rounds, for three losses, mean and "
    "range of five draws. All fall; MAE and Huber end near 0.11, MSE stays at 0.17."))

# %% [markdown]
# ## 9. Real flowers
#
# Made-up data are kind. In 1936 R. A. Fisher published four measures of 150 irises of three
# species; two of the species overlap. We use length and width of the petals, because a plane
# can be drawn. A hundred flowers to learn from, fifty held back, and three losses that know
# nothing of each other: cross entropy, focal cross entropy, and the multi-class hinge.

# %%
flowers, species = iris()
petals = flowers[:, 2:]
order = np.random.default_rng(5).permutation(150)
seen, held_back = order[:100], order[100:]
centre, scale = petals[seen].mean(axis=0), petals[seen].std(axis=0)
X_iris = (petals - centre) / scale

models = {}
lesson.show(f"{'loss':22} first     last    wrong of 100 seen   wrong of 50 held back")
for loss in (losses.cross_entropy, losses.focal_cross_entropy, losses.multiclass_hinge):
    rng_iris = np.random.default_rng(6)
    network = nn.Sequential(nn.Linear(2, 16, generator=rng_iris), nn.Tanh(),
                            nn.Linear(16, 3, generator=rng_iris))
    loader = DataLoader(TensorDataset(X_iris[seen], species[seen]), batch_size=20, shuffle=True,
                        generator=rng_iris)
    optimizer = optim.AdamW(network.parameters(), lr=0.02)
    first = loss(network(X_iris[seen]), species[seen]).item()
    for _ in range(60):
        for batch_x, batch_y in loader:
            value = loss(network(batch_x), batch_y)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
    last = loss(network(X_iris[seen]), species[seen]).item()
    wrong = network(X_iris).numpy().argmax(axis=1) != species
    models[loss.name] = network, int(wrong[held_back].sum())
    lesson.show(f"{loss.name:22} {first:.3f}   {last:.4f} {wrong[seen].sum():12} {wrong[held_back].sum():22}")
    lesson.check(f"{loss.name}: the loss fell to less than a third", last < first / 3)
lesson.check("each loss names at least 45 of the 50 it has not seen", all(n <= 5 for _, n in models.values()))

# %% [markdown]
# Where do the three draw their lines? A loss says what a mistake costs. Where nobody makes one, it
# has little to say: between setosa and the others each draws the line where it likes. Where
# flowers overlap, the three agree.

# %%
long, wide = np.linspace(0.5, 7.2, 135), np.linspace(-0.1, 2.8, 117)
plane = (np.stack([each.ravel() for each in np.meshgrid(long, wide)], axis=1) - centre) / scale
marks = [("o", plot.COLOURS[0]), ("s", plot.COLOURS[4]), ("^", plot.COLOURS[3])]
places = [(2.1, 0.2, "left"), (4.4, 0.75, "left"), (5.0, 2.55, "right")]
fig, axes = plot.figure(1, 3, size=(16, 5.8), title="Where three losses draw the lines")
for axis, (name, (network, errors)) in zip(axes, models.items(), strict=True):
    scores = network(plane).numpy()
    for k in (0, 2):                                # the edges of setosa and of virginica
        lead = scores[:, k] - np.delete(scores, k, axis=1).max(axis=1)      # above the best of the others
        for line in contour_generator(long, wide, lead.reshape(117, 135)).lines(0):
            axis.plot(*line.T, "-", color="black", linewidth=2, label=f"edge of {IRIS_SPECIES[k]}")
    for k, ((marker, colour), (x, y, side)) in enumerate(zip(marks, places, strict=True)):
        axis.scatter(*petals[species == k].T, marker=marker, s=42, color=colour, edgecolors="black",
                     linewidths=0.7, label=IRIS_SPECIES[k], zorder=3)
        axis.text(x, y, IRIS_SPECIES[k], ha=side, va="center")
    axis.set(title=f"{name}\n{errors} of 50 wrong", xlabel="petal length, cm", xlim=(0.5, 7.2),
             ylim=(-0.1, 2.8))
axes[0].set(ylabel="petal width, cm")
lesson.figure("17_boundary", fig, alt=(
    "The petals of 150 irises, length against width, three times. In each panel two black lines part the "
    "plane: one between setosa and versicolor, far from all flowers, one between versicolor and virginica, "
    "which a few flowers cross. The lines of the three losses nearly agree where there are flowers."))

# %% [markdown]
# ## Exercise
#
#     tinygrad-loss start 17
#
# puts a file into the folder work, with what is wrong in the article's three examples, to be mended
# without looking up:
#
# 1. *Example 1.* Labels that the loss can compare with the network's output, one by one.
# 2. *Example 2.* Three classes that are three classes, about equally many of each.
# 3. *Example 3.* The comparison of the heading: train with MSE, with MAE and with Huber, and measure
#    each by what it was not trained on.
#
# `tinygrad-loss check 17` says what is right and what is not, `tinygrad-loss hint 17` helps a step
# further. For yourself: in section 6, swap other lines and predict first. What does the loop do that
# calls `step` before `backward`?
#
# ## Keep
#
# - Loss, zero_grad, backward, step. Forget the second, and slopes pile up.
# - Look at the first number: ln C. Then at eight samples: they can be learnt by heart.
# - Both paths train to the same weights, to twelve digits and more.
# - Adam forgives a wrong factor. Training is no gradient check.
# - Data that cannot fail teach nothing: count the classes, and compare what you promised to compare.

# %%
lesson.end()
