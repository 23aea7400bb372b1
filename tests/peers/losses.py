"""Every loss and every option, on both paths, against PyTorch, scikit-learn, SciPy and Keras.

    PYTHONPATH=. python tests/peers/losses.py --repeats 1000 --jobs 2       all of it: some minutes
    PYTHONPATH=. python tests/peers/losses.py --only huber                  one loss: some seconds

Compared are values and gradients. Where torch.nn.functional has the loss, that is the reference; for the
others it is their formula, differentiated by torch.autograd. Further rows ask scikit-learn, SciPy and
Keras (see `formulas.py`), for values, and where they have slopes for those by the prediction.

An input is what one call takes: random arrays for all arguments, of about a dozen items. Every option of
every loss meets --repeats of them on both paths, with the reductions in turn and a random gradient from
above; every tenth one in float32 as well. The reference always runs in float64, and gets the very same
rounded numbers. Logits stay moderate, because in the tails it is the others that lose digits. Gradients are
those of every input of floats that the path can differentiate, targets included. Errors of gradients are
relative to the largest element of the reference; those of values to the sum of the items' sizes, because a
sum that nearly vanishes has no digits to compare.

Prints a table and exits with 1 if an error is above 1e-12, or for float32 above 1e-6 (fused: kernels compute
in float64) and 1e-4 (composed: in float32 throughout, where differences cancel). Needs PyTorch,
scikit-learn, SciPy and numba; no network.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import formulas
import numpy as np
import torch
import torch.nn.functional as F
from rich.console import Console
from rich.progress import track
from rich.table import Table

from tinygrad_loss import Tensor, grad, losses

TOLERANCES = {("float64", "fused"): 1e-12, ("float64", "composed"): 1e-12, ("float64", "both"): 1e-12,
              ("float32", "fused"): 1e-6, ("float32", "composed"): 1e-4}
REDUCTIONS = ("none", "mean", "sum")
PATHS = ("fused", "composed")
SINGLE = 10                                           # one input out of so many is tried in float32 too


class Case(NamedTuple):
    """A loss with one choice of options."""

    loss: str
    option: str
    draw: Callable[[np.random.Generator], tuple[list[np.ndarray], dict[str, Any]]]   # inputs and settings
    theirs: Callable[..., Any]                       # (*inputs, reduction, **settings) -> torch.Tensor,
                                                     # or for another peer as in `formulas.py`
    labels: bool = False                             # the last input is -1, 0 or 1: no gradient asked for
    peer: str = "PyTorch"


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


def weighted(case: Case) -> Case:
    """The same with a random weight for each item; the mean divides by the number of items."""
    def draw(rng: np.random.Generator) -> Any:
        inputs, settings = case.draw(rng)
        items = getattr(losses, case.loss)(*inputs, reduction="none", path="composed", **settings).shape
        return inputs, {**settings, "sample_weight": rng.uniform(0.1, 3, items)}

    def theirs(*inputs: torch.Tensor, reduction: str, sample_weight: torch.Tensor, **settings: Any) -> Any:
        return reduced(sample_weight * case.theirs(*inputs, reduction="none", **settings), reduction)
    return case._replace(option=", ".join(filter(None, [case.option, "sample_weight"])), draw=draw,
                         theirs=theirs)


def classes(probabilities: bool, weight: bool, ignore: int | None, label_smoothing: float) -> Any:
    """Logits (C,), (N, C) or (N, C, d1, d2) with targets; `ignore` marks about a third of the labels. There
    are three classes at least: of two, soft targets may be met by chance, and no digit of the slope is left.
    """
    def draw(rng: np.random.Generator) -> Any:
        n_classes = int(rng.integers(3, 7))
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
        return [rng.uniform(-3, 3, shape), target], settings
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


def masks(**settings: Any) -> Any:
    """Samples of hard masks, none of them empty."""
    def draw(rng: np.random.Generator) -> Any:
        pred, target = rng.integers(0, 2, (2, 4, 8)).astype(float)
        pred[:, 0] = target[:, 1] = 1
        return [pred, target], {"smooth": 0.0, "per_sample": True, **settings}
    return draw


def spelled(blank: int, **settings: Any) -> Any:
    """Frames (7, 4, 5), and up to three labels for each of the four items: there is always room."""
    def draw(rng: np.random.Generator) -> Any:
        e = np.exp(2 * rng.standard_normal((7, 4, 5)))
        target = (blank + rng.integers(1, 5, (4, 3))) % 5
        return [np.log(e / e.sum(axis=2, keepdims=True)), target, rng.integers(5, 8, 4), rng.integers(0, 4, 4)
                ], {"blank": blank, **settings}
    return draw


def counts(log_input: bool) -> Any:
    """For a Poisson loss: whole numbers that do not cancel over a batch."""
    def draw(rng: np.random.Generator) -> Any:
        rates = rng.uniform(0.2, 1, (4, 3))
        return [np.log(rates) if log_input else rates, rng.poisson(rates).astype(float)
                ], {"log_input": log_input}
    return draw


def of_two_classes(rng: np.random.Generator) -> Any:
    return [2 * rng.standard_normal((6, 2)), rng.integers(0, 2, 6)], {}


def many_labelled(rng: np.random.Generator) -> Any:
    """For scikit-learn, which has another loss for two classes."""
    n = int(rng.integers(3, 8))
    return [3 * rng.standard_normal((6, n)), rng.integers(0, n, 6)], {}


def flat_triplets(**settings: Any) -> Any:
    """Triplets (N, D)."""
    def draw(rng: np.random.Generator) -> Any:
        return list(rng.standard_normal((3, 8, 3))), settings
    return draw


def like_pairs(rng: np.random.Generator) -> Any:
    """Pairs of vectors, all of them alike."""
    return [rng.standard_normal((6, 4)), rng.standard_normal((6, 4)), np.ones(6)], {}


def soft_labelled(**settings: Any) -> Any:
    """Logits (N, C) and rows of probabilities."""
    def draw(rng: np.random.Generator) -> Any:
        n = int(rng.integers(2, 7))
        return [3 * rng.standard_normal((6, n)), rng.dirichlet(np.ones(n), 6)], settings
    return draw


def flat_rows(rng: np.random.Generator) -> Any:
    """Probabilities (N, C) and labels."""
    n = int(rng.integers(2, 7))
    return [rng.dirichlet(np.ones(n), 6), rng.integers(0, n, 6)], {}


# ------------------------------------------------------------------------------------- what it must be

def reduced(items: torch.Tensor, reduction: str) -> torch.Tensor:
    return {"mean": items.mean, "sum": items.sum, "none": items.clone}[reduction]()


def sums(pred: torch.Tensor, target: torch.Tensor, per_sample: bool) -> tuple[torch.Tensor, ...]:
    """What both masks share, what only pred has, and what only target has."""
    axes = tuple(range(1 if per_sample else 0, pred.ndim))
    if not axes:                                                 # samples of one element each
        pred, target, axes = pred[:, None], target[:, None], (1,)
    return (pred * target).sum(axes), (pred * (1 - target)).sum(axes), (target * (1 - pred)).sum(axes)


def dice(pred: torch.Tensor, target: torch.Tensor, smooth: float = 1.0, per_sample: bool = False
         ) -> torch.Tensor:
    both, vain, missed = sums(pred, target, per_sample)
    return 1 - (2 * both + smooth) / (2 * both + vain + missed + smooth)


def jaccard(pred: torch.Tensor, target: torch.Tensor, smooth: float = 1.0, per_sample: bool = False
            ) -> torch.Tensor:
    both, vain, missed = sums(pred, target, per_sample)
    return 1 - (both + smooth) / (both + vain + missed + smooth)


def focal_tversky(pred: torch.Tensor, target: torch.Tensor, alpha: float = 0.3, beta: float = 0.7,
                  gamma: float = 0.75, smooth: float = 1.0, per_sample: bool = False) -> torch.Tensor:
    both, vain, missed = sums(pred, target, per_sample)
    return (1 - (both + smooth) / (both + alpha * vain + beta * missed + smooth)) ** gamma


def tversky(pred: torch.Tensor, target: torch.Tensor, alpha: float = 0.5, beta: float = 0.5,
            **settings: Any) -> torch.Tensor:
    return focal_tversky(pred, target, alpha, beta, 1.0, **settings)


def ctc(pred: torch.Tensor, target: torch.Tensor, pred_length: torch.Tensor, target_length: torch.Tensor,
        **settings: Any) -> torch.Tensor:
    """PyTorch's slope is that of the logits which a log_softmax made pred of: larger by exp(pred)."""
    cost = F.ctc_loss(pred, target, pred_length, target_length, reduction="none", **settings)
    counted = torch.arange(len(pred))[:, None] < pred_length
    chances = (pred.exp().sum(2) * counted).sum(0)
    return cost - chances + chances.detach()


def triplet(anchor: torch.Tensor, positive: torch.Tensor, negative: torch.Tensor, reduction: str,
            margin: float = 1.0, squared: bool = True) -> torch.Tensor:
    if not squared:
        return F.triplet_margin_loss(anchor, positive, negative, margin, eps=0, reduction=reduction)
    near, far = ((anchor - other).square().sum(-1) for other in (positive, negative))
    return reduced(torch.relu(near - far + margin), reduction)


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


def kl_by_batch(pred: torch.Tensor, target: torch.Tensor, reduction: str, log_pred: bool, log_target: bool
                ) -> torch.Tensor:
    """F.kl_div itself, which makes its "batchmean" what is a mean of rows here."""
    if reduction == "none":
        return F.kl_div(pred, target, reduction="none", log_target=log_target).sum(1)
    by_row = pred.shape[0] * pred.shape[1] / pred.numel() if reduction == "mean" else 1
    reduction = "batchmean" if reduction == "mean" else reduction
    return by_row * F.kl_div(pred, target, reduction=reduction, log_target=log_target)


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
    """All of them; the first one of each loss also with weights for the items."""
    done = set()
    for case in of_pytorch():
        yield case
        if case.loss not in done:
            yield weighted(case)
        done.add(case.loss)
    for peer in ("scikit-learn", "SciPy", "Keras"):
        for loss, option, draw, theirs in TABLES[peer]():
            yield Case(loss, option, draw, theirs, peer=peer)


def of_pytorch() -> Iterator[Case]:
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
    yield Case("categorical_cross_entropy", "", two_rows, dense)
    yield Case("mse", "", real_pair(), F.mse_loss)
    yield Case("mae", "", real_pair(), F.l1_loss)
    for delta in (0.1, 1.0, 2.5):
        yield Case("huber", f"delta={delta}", real_pair(delta=delta), F.huber_loss)
    for soft in (False, True):
        for pos_weight in (1.0, 0.3, 4.0):
            yield Case("bce_with_logits", f"{'soft' if soft else 'hard'} targets, pos_weight={pos_weight}",
                       logits_and_targets(soft, pos_weight=pos_weight), F.binary_cross_entropy_with_logits)
    for smoothing, pos_weight in ((0.1, 1.0), (1.0, 1.0), (0.1, 4.0)):
        yield Case("bce_with_logits", f"label_smoothing={smoothing}, pos_weight={pos_weight}",
                   logits_and_targets(True, label_smoothing=smoothing, pos_weight=pos_weight), smoothed_bce)
    for soft in (False, True):
        yield Case("bce", f"{'soft' if soft else 'hard'} targets", probabilities_and_targets(soft),
                   F.binary_cross_entropy)
    for name, draw, theirs in (("focal", probabilities_and_targets, each(focal)),
                               ("focal_with_logits", logits_and_targets, each(focal_with_logits))):
        for alpha in (0.25, None, 0.9):
            for gamma in (0.0, 0.5, 1.0, 2.0, 5.0):
                yield Case(name, f"alpha={alpha}, gamma={gamma}", draw(False, alpha=alpha, gamma=gamma),
                           theirs, labels=True)
    for name, theirs in (("hinge", each(hinge)), ("squared_hinge", each(squared_hinge)),
                         ("soft_margin", F.soft_margin_loss)):
        yield Case(name, "", scores_and_signs(), theirs, labels=True)
    for margin in (0.0, 0.5, 1.0, 3.0):
        yield Case("hinge_embedding", f"margin={margin}", scores_and_signs(distances=True, margin=margin),
                   F.hinge_embedding_loss, labels=True)
    for probabilities in (False, True):
        for weight in (False, True):
            for ignore in (None,) if probabilities else (None, -100, 0, -1):
                for smoothing in (0.0, 0.1, 1.0):
                    words = ["probabilities" if probabilities else "labels", "weight" * weight,
                             f"ignore_index={ignore}" * (ignore is not None),
                             f"label_smoothing={smoothing}" * (smoothing > 0)]
                    yield Case("cross_entropy", ", ".join(filter(None, words)),
                               classes(probabilities, weight, ignore, smoothing), F.cross_entropy)
    for smooth in (1.0, 0.1, 0.0):
        for per_sample in (False, True):
            yield Case("dice", f"smooth={smooth}" + ", per_sample" * per_sample,
                       unit_pair(smooth=smooth, per_sample=per_sample), each(dice))
            yield Case("jaccard", f"smooth={smooth}" + ", per_sample" * per_sample,
                       unit_pair(smooth=smooth, per_sample=per_sample), each(jaccard))
            for alpha, beta in ((0.5, 0.5), (0.3, 0.7), (1.0, 2.0)):
                option = f"alpha={alpha}, beta={beta}, smooth={smooth}" + ", per_sample" * per_sample
                settings = dict(alpha=alpha, beta=beta, smooth=smooth, per_sample=per_sample)
                yield Case("tversky", option, unit_pair(**settings), each(tversky))
                for gamma in (0.75, 4 / 3):
                    yield Case("focal_tversky", f"gamma={gamma:.2f}, {option}",
                               unit_pair(gamma=gamma, **settings), each(focal_tversky))
    for blank in (0, 2, 4):
        yield Case("ctc", f"blank={blank}", spelled(blank), each(ctc))
    yield Case("ctc", "zero_infinity", spelled(0, zero_infinity=True), each(ctc))
    for squared in (True, False):
        for margin in (0.3, 1.0, 5.0):
            yield Case("triplet", f"margin={margin}" + ", squared" * squared,
                       triplets(margin=margin, squared=squared), triplet)
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
        yield Case("kl_divergence", f"F.kl_div, log_target={log_pred}",
                   distributions(log_pred=True, log_target=log_pred), kl_by_batch)
    yield Case("js_divergence", "", distributions(), each(js))
    for margin in (0.0, -0.5, 1.0):
        yield Case("margin_ranking", f"margin={margin}", ranked(margin=margin), F.margin_ranking_loss)
    for margin in (0.0, -0.2, 0.5):
        yield Case("cosine_embedding", f"margin={margin}", pairs((-1, 1), margin=margin),
                   each(cosine_embedding))
    for margin in (0.5, 1.0, 3.0):
        yield Case("contrastive", f"margin={margin}", pairs((0, 1), margin=margin), each(contrastive))


Row = tuple[str, str, Any, Callable[..., Any]]                           # loss, option, draw, formula


def of_sklearn() -> Iterator[Row]:
    yield "mse", "", real_pair(), formulas.sklearn_mse
    yield "mae", "", real_pair(), formulas.sklearn_mae
    for quantile in (0.1, 0.5, 0.9):
        yield "quantile", f"quantile={quantile}", real_pair(quantile=quantile), formulas.sklearn_quantile
    for delta in (0.1, 1.0, 2.5):
        yield "huber", f"delta={delta}", real_pair(delta=delta), formulas.sklearn_huber
    yield "poisson_nll", "", inputs_of(real, few), formulas.sklearn_poisson
    for soft in (False, True):
        yield ("bce_with_logits", f"{'soft' if soft else 'hard'} targets", logits_and_targets(soft),
               formulas.sklearn_bce_with_logits)
    yield "cross_entropy", "labels", many_labelled, formulas.sklearn_cross_entropy


def of_scipy() -> Iterator[Row]:
    for delta in (0.1, 1.0, 2.5):
        yield "huber", f"delta={delta}", real_pair(delta=delta), formulas.scipy_huber
    yield "kl_divergence", "rel_entr", distributions(), formulas.scipy_kl
    yield "kl_divergence", "kl_div", distributions(), formulas.scipy_generalized_kl
    yield "kl_divergence", "stats.entropy", distributions(), formulas.scipy_entropy
    yield "js_divergence", "jensenshannon", distributions(), formulas.scipy_js
    yield "js_divergence", "entr", distributions(), formulas.scipy_js_by_entropies
    yield "cross_entropy", "log_softmax", flat_labelled(False), formulas.scipy_cross_entropy
    yield "cross_entropy", "logsumexp", soft_labelled(), formulas.scipy_cross_entropy_of_rows
    yield "categorical_cross_entropy", "xlogy", two_rows, formulas.scipy_dense
    yield "bce", "xlogy", probabilities_and_targets(True), formulas.scipy_bce
    yield "bce", "stats.bernoulli", probabilities_and_targets(False), formulas.scipy_bernoulli
    yield "bce_with_logits", "log_expit", logits_and_targets(True), formulas.scipy_bce_with_logits
    yield "multilabel_soft_margin", "log_expit", tags(False), formulas.scipy_multilabel
    yield "soft_margin", "log_expit", scores_and_signs(), formulas.scipy_soft_margin
    yield "gaussian_nll", "stats.norm", inputs_of(real, real, rate, full=True), formulas.scipy_gaussian
    for log_input in (False, True):
        yield "poisson_nll", "stats.poisson", counts(log_input), formulas.scipy_poisson
    yield "log_cosh", "logsumexp", real_pair(), formulas.scipy_log_cosh
    for margin in (0.0, 0.5):
        yield ("cosine_embedding", f"distance.cosine, margin={margin}", pairs((-1, 1), margin=margin),
               formulas.scipy_cosine)
    yield "contrastive", "distance.euclidean", pairs((0, 1), margin=3.0), formulas.scipy_contrastive
    for squared in (False, True):
        yield ("triplet", "distance." + "sq" * squared + "euclidean",
               flat_triplets(margin=1.0, squared=squared), formulas.scipy_triplet)
    yield "dice", "distance.dice", masks(), formulas.scipy_dice
    yield "jaccard", "distance.jaccard", masks(), formulas.scipy_jaccard


def of_keras() -> Iterator[Row]:
    yield "mse", "", real_pair(), formulas.keras_mse
    yield "mae", "", real_pair(), formulas.keras_mae
    yield "msle", "", inputs_of(rate, rate), formulas.keras_msle
    for delta in (0.1, 1.0, 2.5):
        yield "huber", f"delta={delta}", real_pair(delta=delta), formulas.keras_huber
    yield "log_cosh", "", real_pair(), formulas.keras_log_cosh
    yield "poisson_nll", "Poisson", counts(False), formulas.keras_poisson
    yield "hinge", "", scores_and_signs(), formulas.keras_hinge
    yield "squared_hinge", "", scores_and_signs(), formulas.keras_squared_hinge
    yield "multiclass_hinge", "of two classes", of_two_classes, formulas.keras_categorical_hinge
    yield "bce", "BinaryCrossentropy", probabilities_and_targets(True), formulas.keras_bce
    for smoothing in (0.0, 0.1):
        yield ("bce_with_logits", f"label_smoothing={smoothing}",
               logits_and_targets(True, label_smoothing=smoothing), formulas.keras_bce_from_logits)
        yield ("cross_entropy", f"probabilities, label_smoothing={smoothing}",
               soft_labelled(label_smoothing=smoothing), formulas.keras_categorical_from_logits)
    for alpha in (None, 0.25):
        for gamma in (0.0, 2.0):
            yield ("focal", f"alpha={alpha}, gamma={gamma}",
                   probabilities_and_targets(False, alpha=alpha, gamma=gamma), formulas.keras_binary_focal)
    yield "categorical_cross_entropy", "", two_rows, formulas.keras_categorical
    yield "sparse_categorical_cross_entropy", "", flat_rows, formulas.keras_sparse
    yield ("focal_cross_entropy", "CategoricalFocal", flat_labelled(False, gamma=2.0),
           formulas.keras_categorical_focal)
    yield "kl_divergence", "", distributions(), formulas.keras_kl
    yield "cosine_embedding", "CosineSimilarity", like_pairs, formulas.keras_cosine
    yield "dice", "", unit_pair(smooth=0.0), formulas.keras_dice
    for alpha, beta in ((0.5, 0.5), (0.3, 0.7)):
        yield ("tversky", f"alpha={alpha}, beta={beta}", unit_pair(alpha=alpha, beta=beta, smooth=0.0),
               formulas.keras_tversky)


TABLES = {"scikit-learn": of_sklearn, "SciPy": of_scipy, "Keras": of_keras}


# ---------------------------------------------------------------------------------------- the comparison

def there(case: Case, inputs: list[np.ndarray], settings: dict[str, Any], reduction: str,
          rng: np.random.Generator) -> tuple[np.ndarray, list[np.ndarray], Any]:
    """The gradient from above; the value and the gradients of all inputs of floats, or of the first few of
    them; and the size of what was added up to that value."""
    inputs = [x.astype(np.float64) if x.dtype.kind == "f" else x for x in inputs]
    if case.peer == "PyTorch":
        xs = [torch.tensor(x) for x in inputs]
        real = [x.requires_grad_() for x in xs[:len(xs) - case.labels] if x.is_floating_point()]
        options = {k: torch.tensor(v) if isinstance(v, np.ndarray) else v for k, v in settings.items()}
        if "pos_weight" in options:
            options["pos_weight"] = torch.tensor(options["pos_weight"], dtype=torch.float64)
        y = case.theirs(*xs, reduction=reduction, **options)
        above = np.asarray(rng.uniform(0.5, 1.5, tuple(y.shape)))
        slopes = [d.numpy() for d in torch.autograd.grad(y, real, torch.tensor(above))]
        value = y.detach().numpy()
        with torch.no_grad():
            items = case.theirs(*xs, reduction="none", **options).numpy()
    else:
        found = case.theirs(*inputs, **settings)
        items, *slopes = found if isinstance(found, tuple) else (found,)
        value = np.asarray({"mean": items.mean, "sum": items.sum, "none": items.copy}[reduction]())
        above = np.asarray(rng.uniform(0.5, 1.5, value.shape))
        factor = above / items.size if reduction == "mean" else above
        slopes = [factor.reshape(*factor.shape, *[1] * (d.ndim - factor.ndim)) * d for d in slopes]
    if reduction == "none":
        return above, [value, *slopes], np.max(abs(items))
    total = abs(items.sum())
    return above, [value, *slopes], abs(value) * abs(items).sum() / total if total else abs(items).sum()


def here(case: Case, inputs: list[np.ndarray], settings: dict[str, Any], reduction: str, path: str,
         above: np.ndarray) -> list[np.ndarray]:
    """The value and the gradients of all inputs of floats, or of those that the kernel differentiates."""
    differentiated = losses.LOSSES[case.loss].family.differentiated
    slopes = differentiated if path == "fused" else len(inputs) - case.labels
    xs = [Tensor(x, requires_grad=i < slopes) if x.dtype.kind == "f" else x for i, x in enumerate(inputs)]
    y = getattr(losses, case.loss)(*xs, reduction=reduction, path=path, **settings)
    wanted = [x for x in xs if isinstance(x, Tensor) and x.requires_grad]
    return [y.numpy(), *(d.numpy() for d in grad(y, wanted, above))]


def error(ours: list[np.ndarray], theirs: list[np.ndarray], scale: Any) -> float:
    """The largest difference relative to the scale; inf where a shape or a nan differs."""
    if any(a.shape != b.shape for a, b in zip(ours, theirs, strict=True)):
        return np.inf
    worst = sum(np.max(abs(a - b), initial=0) for a, b in zip(ours, theirs, strict=True))
    return 0.0 if worst == 0 else np.inf if scale == 0 or np.isnan(worst) else float(worst / scale)


def compare(chosen: str, seed: int, repeats: int, index: int) -> dict[tuple[str, str], list[float]]:
    """(dtype, path) -> the worst errors of value and gradient, of the case with this index. The path "both":
    fused against composed."""
    torch.set_num_threads(1)
    case = select(chosen)[index]
    worst: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])

    def note(dtype: str, path: str, ours: list[np.ndarray], theirs: list[np.ndarray], size: Any) -> None:
        n = min(len(ours), len(theirs))                      # a kernel, or a peer, may have fewer slopes
        steepest = max((np.max(abs(d), initial=0) for d in theirs[1:n]), default=0.0)
        found = error(ours[:1], theirs[:1], size), error(ours[1:n], theirs[1:n], steepest)
        worst[dtype, path] = [max(pair) for pair in zip(worst[dtype, path], found, strict=True)]
    for i in range(repeats):
        rng = np.random.default_rng((seed, i))
        drawn, settings = case.draw(rng)
        reduction = REDUCTIONS[i % len(REDUCTIONS)]
        for dtype in ("float64", "float32")[:1 if i % SINGLE else 2]:
            inputs = [x.astype(dtype) if x.dtype.kind == "f" else x for x in drawn]
            above, reference, size = there(case, inputs, settings, reduction, rng)
            ours = {path: here(case, inputs, settings, reduction, path, above) for path in PATHS}
            for path in PATHS:
                note(dtype, path, ours[path], reference, size)
            if dtype == "float64":
                note(dtype, "both", ours["fused"], ours["composed"], size)
    return dict(worst)


def select(chosen: str) -> list[Case]:
    return [case for case in cases() if chosen in case.loss]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=30, help="random inputs for each option of each loss")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="only the losses whose name contains this")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    options = parser.parse_args()
    console = Console(width=max(150, Console().width))

    table = Table("loss", "option", "peer", *[f"{dtype}\n{path if path != 'both' else 'fused - composed'}"
                                              for dtype, path in TOLERANCES],
                  title="Worst relative error of value / gradient", highlight=False)
    bad, chosen = 0, select(options.only)
    with ProcessPoolExecutor(options.jobs) as pool:
        work = pool.map(partial(compare, options.only, options.seed, options.repeats), range(len(chosen)))
        found = list(track(work, "Losses here and elsewhere", total=len(chosen), console=console))
    for case, worst in zip(chosen, found, strict=True):
        cells = []
        for dtype, path in TOLERANCES:
            too_large = not max(worst[dtype, path]) <= TOLERANCES[dtype, path]
            bad += too_large
            text = " / ".join(f"{e:.0e}" if e else "0" for e in worst[dtype, path])
            cells.append(f"[red]{text}[/]" if too_large else text)
        table.add_row(case.loss, case.option, case.peer, *cells)
    console.print(table)
    inputs = len(chosen) * options.repeats
    console.print(f"{len(chosen)} options, {inputs} inputs, on {len(PATHS)} paths: {bad} errors too large.",
                  highlight=False)
    return 1 if bad or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
