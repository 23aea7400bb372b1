"""Every loss and every option, on both paths, against PyTorch: values and gradients.

    python tests/peers/losses.py --repeats 30 --seed 0

Where torch.nn.functional has the loss, that is the reference; for the others it is their formula,
differentiated by torch.autograd. The reference always runs in float64,
also for float32 inputs, and gets the very same rounded numbers. Logits stay moderate, because in the
tails it is PyTorch that loses digits. Gradients are those of every input of floats that the path can
differentiate, targets included, against a random gradient from above. All errors are relative to the
largest element of the reference. Prints a table and exits with 1 if an error is too large. Needs PyTorch
and numba.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tinygrad_loss import Tensor, grad, losses

TOLERANCES = {"float64": 1e-12, "float32": 1e-6}      # some thousand roundings; some ten
REDUCTIONS = ("mean", "sum", "none")
PATHS = ("fused", "composed")


class Case(NamedTuple):
    """A loss with one choice of options."""

    loss: str
    option: str
    draw: Callable[[np.random.Generator], tuple[list[np.ndarray], dict[str, Any]]]   # inputs and settings
    theirs: Callable[..., torch.Tensor]              # (*inputs, reduction, **settings)
    labels: bool = False                             # the last input is -1, 0 or 1: no gradient asked for


# ---------------------------------------------------------------------------------------- what to draw

def shape_of_items(rng: np.random.Generator) -> tuple[int, ...]:
    return ((9,), (5, 1), (4, 3), (2, 3, 2))[rng.integers(4)]


def real_pair(**settings: Any) -> Any:
    def draw(rng: np.random.Generator) -> Any:
        shape = shape_of_items(rng)
        return [2 * rng.standard_normal(shape), 2 * rng.standard_normal(shape)], settings
    return draw


def unit_pair(**settings: Any) -> Any:
    """No sample is nearly empty, which without smoothing would divide by nearly nothing."""
    def draw(rng: np.random.Generator) -> Any:
        shape = shape_of_items(rng)
        return [rng.uniform(0.2, 0.99, shape), rng.choice([rng.uniform(0, 1), 0.0, 1.0], shape)], settings
    return draw


def logits_and_targets(soft: bool, **settings: Any) -> Any:
    def draw(rng: np.random.Generator) -> Any:
        shape = shape_of_items(rng)
        targets = rng.uniform(0, 1, shape) if soft else rng.integers(0, 2, shape).astype(float)
        return [3 * rng.standard_normal(shape), targets], settings
    return draw


def probabilities_and_targets(soft: bool, **settings: Any) -> Any:
    draw = logits_and_targets(soft, **settings)

    def draw_probabilities(rng: np.random.Generator) -> Any:
        (logits, targets), own = draw(rng)
        return [1 / (1 + np.exp(-logits)), targets], own
    return draw_probabilities


def scores_and_signs(distances: bool = False, **settings: Any) -> Any:
    """Scores, or distances: where a loss may be negative, its sum cancels and tells nothing of digits."""
    draw = logits_and_targets(False, **settings)

    def draw_signs(rng: np.random.Generator) -> Any:
        (scores, targets), own = draw(rng)
        return [abs(scores) if distances else scores, 2 * targets - 1], own
    return draw_signs


def weighted(draw: Any, items: Callable[..., tuple[int, ...]] = lambda *inputs: inputs[0].shape) -> Any:
    """The same with a random weight for each item."""
    def draw_weights_too(rng: np.random.Generator) -> Any:
        inputs, settings = draw(rng)
        return inputs, {**settings, "sample_weight": rng.uniform(0.1, 3, items(*inputs))}
    return draw_weights_too


def classes(probabilities: bool, weight: bool, ignore: int | None, label_smoothing: float) -> Any:
    """Logits (C,), (N, C) or (N, C, d1, d2) with targets; `ignore` marks about a third of the labels."""
    def draw(rng: np.random.Generator) -> Any:
        n_classes = int(rng.integers(2, 7))
        shape = ((n_classes,), (6, n_classes), (3, n_classes, 2, 2))[rng.integers(3)]
        axis = min(1, len(shape) - 1)
        items = shape[:axis] + shape[axis + 1:]
        settings: dict[str, Any] = {"label_smoothing": label_smoothing}
        if weight:
            settings["weight"] = rng.uniform(0.2, 3, n_classes)
        if probabilities:
            rows = rng.dirichlet(np.ones(n_classes), items)
            hard = rng.random((*items, 1)) < 1 / 3                       # some rows are one-hot
            one_hot = rows == rows.max(axis=-1, keepdims=True)
            target = np.moveaxis(np.where(hard, one_hot, rows), -1, axis)
        else:
            target = np.asarray(rng.integers(0, n_classes, items))
        if ignore is not None:
            settings["ignore_index"] = ignore
            target = np.where(rng.random(items) < 1 / 3, ignore, target)
            if (target == ignore).all():
                target = np.full(items, 1 - abs(ignore) % 2)              # 0 or 1, and not ignored
        return [3 * rng.standard_normal(shape), target], settings
    return draw


def labelled(kind: str, weight: bool, ignore: int | None = None, **settings: Any) -> Any:
    """Rows of logits, probabilities or their logarithms, with labels; `ignore` marks about a third."""
    def draw(rng: np.random.Generator) -> Any:
        (z, target), found = classes(False, weight, ignore, 0.0)(rng)
        del found["label_smoothing"]
        e = np.exp(z)
        p = e / e.sum(axis=min(1, z.ndim - 1), keepdims=True)
        return [{"logits": z, "rows": p, "log rows": np.log(p)}[kind], target], {**found, **settings}
    return draw


def flat_labelled(weight: bool, **settings: Any) -> Any:
    """Scores (N, C), the only shape that PyTorch's multi_margin_loss takes."""
    def draw(rng: np.random.Generator) -> Any:
        n = int(rng.integers(2, 7))
        given = {"weight": rng.uniform(0.2, 3, n)} if weight else {}
        return [2 * rng.standard_normal((6, n)), rng.integers(0, n, 6)], {**given, **settings}
    return draw


def tags(weight: bool) -> Any:
    """Logits (N, C) and any number of right classes."""
    def draw(rng: np.random.Generator) -> Any:
        n = int(rng.integers(2, 7))
        given = {"weight": rng.uniform(0.2, 3, n)} if weight else {}
        return [3 * rng.standard_normal((6, n)), rng.integers(0, 2, (6, n)).astype(float)], given
    return draw


def lists_of_tags(rng: np.random.Generator) -> Any:
    """Scores (N, C) and lists of labels, some of them empty, some with a label twice."""
    n = int(rng.integers(2, 7))
    return [3 * rng.standard_normal((6, n)), rng.integers(-1, n, (6, n))], {}


def two_rows(rng: np.random.Generator) -> Any:
    n = int(rng.integers(2, 7))
    return [rng.dirichlet(np.ones(n), 6) for _ in range(2)], {}


def triplets(**settings: Any) -> Any:
    def draw(rng: np.random.Generator) -> Any:
        shape = ((12, 3), (4, 3, 2), (10, 1))[rng.integers(3)]
        return list(rng.standard_normal((3, *shape))), settings
    return draw


def inputs_of(*draws: Callable[..., np.ndarray], **settings: Any) -> Any:
    """Each input drawn by a function of the generator and the shape of the items."""
    def draw(rng: np.random.Generator) -> Any:
        shape = shape_of_items(rng)
        return [each(rng, shape) for each in draws], settings
    return draw


def real(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return 2 * rng.standard_normal(shape)


def rate(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.gamma(2, 1, shape) + 0.1


def few(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Counts so small that the terms of a Poisson loss do not cancel over a batch."""
    return 0.4 * rate(rng, shape)


def distributions(**settings: Any) -> Any:
    """Rows of probabilities, or of their logarithms where the settings say so; classes on axis 1. The
    first two are far apart, or the loss of a whole batch might vanish, and with it the digits."""
    def draw(rng: np.random.Generator) -> Any:
        shape = ((6, 4), (3, 2, 5), (2, 3))[rng.integers(3)]
        rows = list(rng.dirichlet(np.ones(shape[1]), (2, shape[0], *shape[2:])))
        ramp = np.arange(1, shape[1] + 1) / np.arange(1, shape[1] + 1).sum()
        rows[0][0], rows[1][0] = ramp, ramp[::-1]
        rows = [np.moveaxis(x, -1, 1).copy() for x in rows]
        logs = settings.get("log_pred", False), settings.get("log_target", False)
        return [np.log(x) if log else x for x, log in zip(rows, logs, strict=True)], settings
    return draw


def pairs(labels: tuple[int, int], **settings: Any) -> Any:
    """Two vectors and a label for each pair; the first pair is similar, and at a right angle."""
    def draw(rng: np.random.Generator) -> Any:
        n, width = ((9, 3), (4, 2), (6, 5))[rng.integers(3)]
        a, b = rng.standard_normal((2, n, width))
        label = rng.choice(labels, n)
        a[0], b[0], label[0] = np.eye(width)[0], np.eye(width)[1], 1
        return [a, b, label], settings
    return draw


def ranked(**settings: Any) -> Any:
    """Two scores and which shall be higher; the first two are clearly the wrong way round."""
    def draw(rng: np.random.Generator) -> Any:
        shape = shape_of_items(rng)
        first, second, label = real(rng, shape), real(rng, shape), rng.choice([-1, 1], shape)
        first.flat[0], second.flat[0], label.flat[0] = 2, -2, -1
        return [first, second, label], settings
    return draw


# ------------------------------------------------------------------------------------- what it must be

def reduced(items: torch.Tensor, reduction: str) -> torch.Tensor:
    return {"mean": items.mean, "sum": items.sum, "none": items.clone}[reduction]()


def with_weights(function: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """Each item times its weight; the mean divides by the number of items."""
    def theirs(*inputs: torch.Tensor, reduction: str, sample_weight: torch.Tensor, **settings: Any) -> Any:
        return reduced(sample_weight * function(*inputs, reduction="none", **settings), reduction)
    return theirs


def dice(pred: torch.Tensor, target: torch.Tensor, reduction: str, smooth: float = 1.0,
         per_sample: bool = False) -> torch.Tensor:
    axes = tuple(range(1 if per_sample else 0, pred.ndim))
    if not axes:                                                 # samples of one element each
        pred, target, axes = pred[:, None], target[:, None], (1,)
    both = (pred * target).sum(axes)
    return reduced(1 - (2 * both + smooth) / (pred.sum(axes) + target.sum(axes) + smooth), reduction)


def triplet(anchor: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor, reduction: str,
            margin: float = 1.0, squared: bool = True, p: float = 2.0, swap: bool = False,
            soft: bool = False) -> torch.Tensor:
    if not (soft or squared and p == 2):
        return F.triplet_margin_loss(anchor, positive, negative, margin, p=p, eps=0, swap=swap,
                                     reduction=reduction)
    near, far, other = (torch.linalg.vector_norm(x - y, p, -1) ** (2 if squared and p == 2 else 1)
                        for x, y in ((anchor, positive), (anchor, negative), (positive, negative)))
    gap = near - (torch.minimum(far, other) if swap else far)
    return reduced(F.softplus(gap, threshold=1e9) if soft else torch.relu(gap + margin), reduction)


def smoothed_bce(pred: torch.Tensor, target: torch.Tensor, reduction: str, label_smoothing: float,
                 pos_weight: torch.Tensor) -> torch.Tensor:
    target = target * (1 - label_smoothing) + label_smoothing / 2
    return F.binary_cross_entropy_with_logits(pred, target, reduction=reduction, pos_weight=pos_weight)


def each(formula: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """A formula of single items, reduced as asked."""
    def theirs(*inputs: torch.Tensor, reduction: str, **settings: Any) -> torch.Tensor:
        return reduced(formula(*inputs, **settings), reduction)
    return theirs


def focal(pred: torch.Tensor, target: torch.Tensor, alpha: float | None = 0.25, gamma: float = 2.0
          ) -> torch.Tensor:
    """torchvision.ops.sigmoid_focal_loss after its sigmoid; it writes -1 where there is no alpha."""
    cost = F.binary_cross_entropy(pred, target, reduction="none")
    p_t = pred * target + (1 - pred) * (1 - target)
    alpha_t = 1.0 if alpha is None else alpha * target + (1 - alpha) * (1 - target)
    return alpha_t * cost * (1 - p_t) ** gamma


def focal_with_logits(pred: torch.Tensor, target: torch.Tensor, **settings: Any) -> torch.Tensor:
    return focal(pred.sigmoid(), target, **settings)


def hinge(pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return torch.relu(1 - target * pred)


def squared_hinge(pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return torch.relu(1 - target * pred) ** 2


def log_cosh(pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return torch.log(torch.cosh(pred - target))


def quantile_loss(pred: torch.Tensor, target: torch.Tensor, quantile: float) -> torch.Tensor:
    return torch.maximum(quantile * (target - pred), (quantile - 1) * (target - pred))


def msle(pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    return (torch.log1p(pred) - torch.log1p(target)) ** 2


def poisson_nll(pred: torch.Tensor, target: torch.Tensor, reduction: str, **settings: Any) -> torch.Tensor:
    return F.poisson_nll_loss(pred, target, eps=0, reduction=reduction, **settings)


def kl(pred: torch.Tensor, target: torch.Tensor, log_pred: bool = False, log_target: bool = False
       ) -> torch.Tensor:
    return F.kl_div(pred if log_pred else pred.log(), target, reduction="none", log_target=log_target).sum(1)


def js(pred: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    middle = (pred + target) / 2
    return (kl(middle, pred) + kl(middle, target)) / 2


def cosine_embedding(a: torch.Tensor, b: torch.Tensor, label: torch.Tensor, margin: float) -> torch.Tensor:
    """F.cosine_embedding_loss adds 1e-12 to each squared length."""
    cos = F.cosine_similarity(a, b, dim=1)
    return torch.where(label == 1, 1 - cos, torch.relu(cos - margin))


def contrastive(a: torch.Tensor, b: torch.Tensor, label: torch.Tensor, margin: float) -> torch.Tensor:
    d = torch.linalg.vector_norm(a - b, dim=1)
    return (label * d ** 2 + (1 - label) * torch.relu(margin - d) ** 2) / 2


def focal_cross_entropy(pred: torch.Tensor, target: torch.Tensor, reduction: str, gamma: float = 2.0,
                        weight: torch.Tensor | None = None, ignore_index: int = -100) -> torch.Tensor:
    """Its formula, on PyTorch's cross entropy; the mean divides by the weights of the labels, as there."""
    cost = F.cross_entropy(pred, target, reduction="none", ignore_index=ignore_index)
    w = torch.ones(pred.shape[min(1, pred.ndim - 1)], dtype=pred.dtype) if weight is None else weight
    w = torch.where(target == ignore_index, 0, w[torch.where(target == ignore_index, 0, target)])
    items = w * (1 - torch.exp(-cost)) ** gamma * cost
    return items.sum() / w.sum() if reduction == "mean" else reduced(items, reduction)


def dense(pred: torch.Tensor, target: torch.Tensor, reduction: str) -> torch.Tensor:
    return reduced(-(target * pred.log()).sum(1), reduction)


def cases() -> Iterator[Case]:
    for weight in (False, True):
        words = ", weight" * weight
        for ignore in (None, -100, 0, -1):
            which = f"ignore_index={ignore}{words}"
            yield Case("nll", which, labelled("log rows", weight, ignore), F.nll_loss)
            yield Case("sparse_categorical_cross_entropy", which, labelled("rows", weight, ignore),
                       lambda pred, *rest, **settings: F.nll_loss(pred.log(), *rest, **settings))
            yield Case("focal_cross_entropy", which, labelled("logits", weight, ignore),
                       focal_cross_entropy)
        for gamma in (0.0, 0.5, 5.0):
            yield Case("focal_cross_entropy", f"gamma={gamma}{words}",
                       labelled("logits", weight, gamma=gamma), focal_cross_entropy)
        for p in (1, 2):
            for margin in (1.0, 0.3, 2.5):
                yield Case("multiclass_hinge", f"p={p}, margin={margin}{words}",
                           flat_labelled(weight, p=p, margin=margin), F.multi_margin_loss)
        yield Case("multilabel_soft_margin", words[2:], tags(weight), F.multilabel_soft_margin_loss)
    yield Case("multilabel_margin", "", lists_of_tags, F.multilabel_margin_loss)
    yield Case("categorical_cross_entropy", "", two_rows, dense)
    yield Case("mse", "", real_pair(), F.mse_loss)
    yield Case("mse", "sample_weight", weighted(real_pair()), with_weights(F.mse_loss))
    yield Case("mae", "", real_pair(), F.l1_loss)
    yield Case("mae", "sample_weight", weighted(real_pair()), with_weights(F.l1_loss))
    for delta in (0.1, 1.0, 2.5):
        yield Case("huber", f"delta={delta}", real_pair(delta=delta), F.huber_loss)
    yield Case("huber", "sample_weight", weighted(real_pair()), with_weights(F.huber_loss))
    for soft in (False, True):
        for pos_weight in (1.0, 0.3, 4.0):
            yield Case("bce_with_logits", f"{'soft' if soft else 'hard'} targets, pos_weight={pos_weight}",
                       logits_and_targets(soft, pos_weight=pos_weight), F.binary_cross_entropy_with_logits)
    yield Case("bce_with_logits", "sample_weight", weighted(logits_and_targets(True)),
               with_weights(F.binary_cross_entropy_with_logits))
    for smoothing, pos_weight in ((0.1, 1.0), (1.0, 1.0), (0.1, 4.0)):
        yield Case("bce_with_logits", f"label_smoothing={smoothing}, pos_weight={pos_weight}",
                   logits_and_targets(True, label_smoothing=smoothing, pos_weight=pos_weight), smoothed_bce)
    for soft in (False, True):
        yield Case("bce", f"{'soft' if soft else 'hard'} targets", probabilities_and_targets(soft),
                   F.binary_cross_entropy)
    yield Case("bce", "sample_weight", weighted(probabilities_and_targets(True)),
               with_weights(F.binary_cross_entropy))
    for name, draw, theirs in (("focal", probabilities_and_targets, each(focal)),
                               ("focal_with_logits", logits_and_targets, each(focal_with_logits))):
        for alpha in (0.25, None, 0.9):
            for gamma in (0.0, 0.5, 1.0, 2.0, 5.0):
                yield Case(name, f"alpha={alpha}, gamma={gamma}", draw(False, alpha=alpha, gamma=gamma),
                           theirs, labels=True)
        yield Case(name, "sample_weight", weighted(draw(False)), with_weights(theirs), labels=True)
    for name, theirs in (("hinge", each(hinge)), ("squared_hinge", each(squared_hinge)),
                         ("soft_margin", F.soft_margin_loss)):
        yield Case(name, "", scores_and_signs(), theirs, labels=True)
        yield Case(name, "sample_weight", weighted(scores_and_signs()), with_weights(theirs), labels=True)
    for margin in (0.0, 0.5, 1.0, 3.0):
        yield Case("hinge_embedding", f"margin={margin}", scores_and_signs(distances=True, margin=margin),
                   F.hinge_embedding_loss, labels=True)
    yield Case("hinge_embedding", "sample_weight", weighted(scores_and_signs(distances=True)),
               with_weights(F.hinge_embedding_loss), labels=True)
    for probabilities in (False, True):
        for weight in (False, True):
            for ignore in (None,) if probabilities else (None, -100, 0, -1):
                for smoothing in (0.0, 0.1, 1.0):
                    words = ["probabilities" if probabilities else "labels", "weight" * weight,
                             f"ignore_index={ignore}" * (ignore is not None),
                             f"label_smoothing={smoothing}" * (smoothing > 0)]
                    yield Case("cross_entropy", ", ".join(filter(None, words)),
                               classes(probabilities, weight, ignore, smoothing), F.cross_entropy)
    yield Case("cross_entropy", "labels, sample_weight",
               weighted(classes(False, False, None, 0.1), lambda pred, target: target.shape),
               with_weights(F.cross_entropy))
    yield Case("dice", "per_sample, sample_weight",
               weighted(unit_pair(per_sample=True), lambda pred, target: pred.shape[:1]), with_weights(dice))
    yield Case("triplet", "sample_weight", weighted(triplets(), lambda *vectors: vectors[0].shape[:-1]),
               with_weights(triplet))
    for smooth in (1.0, 0.1, 0.0):
        for per_sample in (False, True):
            yield Case("dice", f"smooth={smooth}" + ", per_sample" * per_sample,
                       unit_pair(smooth=smooth, per_sample=per_sample), dice)
    for squared in (True, False):
        for margin in (0.3, 1.0, 5.0):
            yield Case("triplet", f"margin={margin}" + ", squared" * squared,
                       triplets(margin=margin, squared=squared), triplet)
    for p in (1.0, 1.5, 2.0, 3.0, 10.0, np.inf):
        for words in ((), ("swap",), ("soft",), ("swap", "soft")):
            yield Case("triplet", ", ".join([f"p={p}", *words]),
                       triplets(squared=False, p=p, **dict.fromkeys(words, True)), triplet)
    yield Case("triplet", "squared, swap, soft", triplets(swap=True, soft=True), triplet)
    for beta in (0.0, 0.1, 1.0, 2.5):
        yield Case("smooth_l1", f"beta={beta}", real_pair(beta=beta), F.smooth_l1_loss)
    yield Case("log_cosh", "", real_pair(), each(log_cosh))
    for quantile in (0.1, 0.5, 0.9):
        yield Case("quantile", f"quantile={quantile}", real_pair(quantile=quantile), each(quantile_loss))
    yield Case("msle", "", inputs_of(rate, rate), each(msle))
    for full in (False, True):
        for log_input in (False, True):
            yield Case("poisson_nll", f"log_input={log_input}" + ", full" * full,
                       inputs_of(real if log_input else rate, few, log_input=log_input, full=full),
                       poisson_nll)
        for eps in (1e-6, 0.05):
            yield Case("gaussian_nll", f"eps={eps}" + ", full" * full,
                       inputs_of(real, real, rate, eps=eps, full=full), F.gaussian_nll_loss)
    for log_pred in (False, True):
        for log_target in (False, True):
            yield Case("kl_divergence", f"log_pred={log_pred}, log_target={log_target}",
                       distributions(log_pred=log_pred, log_target=log_target), each(kl))
    yield Case("js_divergence", "", distributions(), each(js))
    for margin in (0.0, -0.5, 1.0):
        yield Case("margin_ranking", f"margin={margin}", ranked(margin=margin), F.margin_ranking_loss)
    for margin in (0.0, -0.2, 0.5):
        yield Case("cosine_embedding", f"margin={margin}", pairs((-1, 1), margin=margin),
                   each(cosine_embedding))
    for margin in (0.5, 1.0, 3.0):
        yield Case("contrastive", f"margin={margin}", pairs((0, 1), margin=margin), each(contrastive))


# ---------------------------------------------------------------------------------------- the comparison

def there(case: Case, inputs: list[np.ndarray], settings: dict[str, Any], reduction: str,
          rng: np.random.Generator) -> tuple[np.ndarray, list[np.ndarray]]:
    """The gradient from above, then the value and the gradients of all inputs of floats."""
    xs = [torch.tensor(x.astype(np.float64) if x.dtype.kind == "f" else x) for x in inputs]
    real = [x.requires_grad_() for x in xs[:len(xs) - case.labels] if x.is_floating_point()]
    options = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in settings.items()}
    if "pos_weight" in options:
        options["pos_weight"] = torch.tensor(options["pos_weight"], dtype=torch.float64)
    y = case.theirs(*xs, reduction=reduction, **options)
    above = np.asarray(rng.uniform(0.5, 1.5, tuple(y.shape)))
    found = torch.autograd.grad(y, real, torch.tensor(above))
    return above, [y.detach().numpy(), *(d.numpy() for d in found)]


def here(case: Case, inputs: list[np.ndarray], settings: dict[str, Any], reduction: str, path: str,
         above: np.ndarray) -> list[np.ndarray]:
    """The value and the gradients of all inputs of floats, or of those that the kernel differentiates."""
    differentiated = losses.LOSSES[case.loss].family.differentiated
    slopes = differentiated if path == "fused" else len(inputs) - case.labels
    xs = [Tensor(x, requires_grad=i < slopes) if x.dtype.kind == "f" else x for i, x in enumerate(inputs)]
    y = getattr(losses, case.loss)(*xs, reduction=reduction, path=path, **settings)
    wanted = [x for x in xs if isinstance(x, Tensor) and x.requires_grad]
    return [y.numpy(), *(d.numpy() for d in grad(y, wanted, above))]


def error(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    """The largest difference relative to the largest element of all; inf where a shape or a nan differs."""
    if any(a.shape != b.shape for a, b in zip(ours, theirs, strict=True)):
        return np.inf
    scale = max(np.max(abs(b), initial=0) for b in theirs)
    worst = sum(np.max(abs(a - b), initial=0) for a, b in zip(ours, theirs, strict=True))
    return 0.0 if worst == 0 else np.inf if scale == 0 or np.isnan(worst) else float(worst / scale)


def compare(case: Case, seed: int, repeats: int) -> dict[tuple[str, str], list[float]]:
    """(dtype, path) -> the worst errors of value and gradient. The path "both": fused against composed."""
    worst: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])

    def note(dtype: str, path: str, ours: list[np.ndarray], theirs: list[np.ndarray]) -> None:
        slopes = theirs[1:len(ours)]                                         # a kernel may have fewer
        found = error(ours[:1], theirs[:1]), error(ours[1:], slopes)
        worst[dtype, path] = [max(pair) for pair in zip(worst[dtype, path], found, strict=True)]
    for i in range(repeats):
        rng = np.random.default_rng((seed, i))
        drawn, settings = case.draw(rng)
        for dtype in TOLERANCES:
            inputs = [x.astype(dtype) if x.dtype.kind == "f" else x for x in drawn]
            for reduction in REDUCTIONS:
                above, reference = there(case, inputs, settings, reduction, rng)
                ours = {path: here(case, inputs, settings, reduction, path, above) for path in PATHS}
                for path in PATHS:
                    note(dtype, path, ours[path], reference)
                if dtype == "float64":
                    note(dtype, "both", ours["fused"], ours["composed"])
    return worst


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=30, help="random inputs for each option")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="only the losses whose name contains this")
    options = parser.parse_args()
    console = Console(width=max(130, Console().width))

    columns = [("float64", "fused"), ("float64", "composed"), ("float64", "both"), ("float32", "fused"),
               ("float32", "composed")]
    table = Table("loss", "option", *[f"{dtype}\n{path if path != 'both' else 'fused - composed'}"
                                      for dtype, path in columns],
                  title="Worst relative error of value / gradient", highlight=False)
    bad, chosen = 0, [case for case in cases() if options.only in case.loss]
    for case in track(chosen, "Losses here and in PyTorch", console=console):
        worst = compare(case, options.seed, options.repeats)
        cells = []
        for dtype, path in columns:
            too_large = not max(worst[dtype, path]) <= TOLERANCES[dtype]
            bad += too_large
            text = " / ".join(f"{e:.0e}" if e else "0" for e in worst[dtype, path])
            cells.append(f"[red]{text}[/]" if too_large else text)
        table.add_row(case.loss, case.option, *cells)
    console.print(table)
    calls = len(chosen) * options.repeats * len(REDUCTIONS) * len(PATHS) * len(TOLERANCES)
    console.print(f"{len(chosen)} options, {calls} calls: {bad} cells above 1e-12 (float64), 1e-6 (float32).",
                  highlight=False)
    return 1 if bad or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
