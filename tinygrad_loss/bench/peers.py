"""What people use instead, each as its own manual has it; whichever of them is installed.

    torch           torch.nn.functional, or the formula in torch; .backward()
    torch.compile   the same, compiled for this one shape
    jax             jax.jit(jax.value_and_grad(formula)), waited for
    sklearn         the compiled losses behind its boosting; losses per item and no mean: less work
    autograd        autograd.value_and_grad(formula)

Each gets its data, its threads and one call beforehand. The tables go by the names of our losses; what
is in none of them is measured without peers.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from .cases import Case
from .contestants import Answer, Contestant

# ----------------------------------------------------------------------------------------- formulas

def _mse(np: Any, logsumexp: Any, pred: Any, target: Any) -> Any:
    return np.mean((pred - target) ** 2)


def _mae(np: Any, logsumexp: Any, pred: Any, target: Any) -> Any:
    return np.mean(np.abs(pred - target))


def _huber(np: Any, logsumexp: Any, pred: Any, target: Any) -> Any:
    size = np.abs(pred - target)
    return np.mean(np.where(size <= 1, 0.5 * size**2, size - 0.5))


def _bce_with_logits(np: Any, logsumexp: Any, pred: Any, target: Any) -> Any:
    return np.mean(np.logaddexp(pred, 0) - pred * target)


def _cross_entropy(np: Any, logsumexp: Any, pred: Any, target: Any) -> Any:
    return np.mean(logsumexp(pred, axis=1) - pred[np.arange(len(target)), target])


def _dice(np: Any, logsumexp: Any, pred: Any, target: Any) -> Any:
    return 1 - (2 * np.sum(pred * target) + 1) / (np.sum(pred) + np.sum(target) + 1)


def _triplet(np: Any, logsumexp: Any, anchor: Any, positive: Any, negative: Any) -> Any:
    near, far = (np.sum((anchor - x) ** 2, axis=1) for x in (positive, negative))
    return np.mean(np.maximum(near - far + 1, 0))


FORMULAS: dict[str, Callable[..., Any]] = {
    "mse": _mse, "mae": _mae, "huber": _huber, "bce_with_logits": _bce_with_logits,
    "cross_entropy": _cross_entropy, "dice": _dice, "triplet": _triplet}


def _torch_dice(pred: Any, target: Any) -> Any:
    return 1 - (2 * (pred * target).sum() + 1) / (pred.sum() + target.sum() + 1)


def _torch_triplet(anchor: Any, positive: Any, negative: Any) -> Any:
    near, far = ((anchor - x).square().sum(1) for x in (positive, negative))
    return (near - far + 1).relu().mean()


def _torch_overlap(alpha: float, beta: float, gamma: float) -> Callable[..., Any]:
    def formula(pred: Any, target: Any) -> Any:
        pairs = (pred, target), (pred, 1 - target), (1 - pred, target)
        hits, vain, missed = ((x * y).sum() for x, y in pairs)
        return (1 - (hits + 1) / (hits + alpha * vain + beta * missed + 1)) ** gamma
    return formula


def _torch_focal(p: Any, target: Any) -> Any:
    right = target * p + (1 - target) * (1 - p)
    return -((0.25 * target + 0.75 * (1 - target)) * (1 - right) ** 2 * right.log()).mean()


def _torch_focal_cross_entropy(pred: Any, target: Any) -> Any:
    log_p = pred.log_softmax(1).gather(1, target[:, None])
    return -((1 - log_p.exp()) ** 2 * log_p).mean()


def _torch_kl(pred: Any, target: Any) -> Any:
    return (target * (target.log() - pred.log())).sum(1).mean()


def _torch_js(pred: Any, target: Any) -> Any:
    middle = (pred + target) / 2
    return (_torch_kl(middle, pred) + _torch_kl(middle, target)) / 2


def _torch_contrastive(a: Any, b: Any, label: Any) -> Any:
    d = (a - b).norm(dim=1)
    return (label * d.square() + (1 - label) * (1 - d).relu().square()).mean() / 2


# A name in torch.nn.functional, or the formula. Its ctc_loss is missing: the gradient that it gives is that
# of the logits, as if a log_softmax had been part of it.
IN_TORCH: dict[str, str | Callable[..., Any]] = {
    "mse": "mse_loss", "mae": "l1_loss", "huber": "huber_loss", "smooth_l1": "smooth_l1_loss",
    "quantile": lambda pred, target: (target - pred).abs().mean() / 2,
    "log_cosh": lambda pred, target: (pred - target).cosh().log().mean(),
    "msle": lambda pred, target: (pred.log1p() - target.log1p()).square().mean(),
    "poisson_nll": "poisson_nll_loss", "gaussian_nll": "gaussian_nll_loss",
    "bce": "binary_cross_entropy", "bce_with_logits": "binary_cross_entropy_with_logits",
    "focal": _torch_focal, "focal_with_logits": lambda pred, target: _torch_focal(pred.sigmoid(), target),
    "hinge": lambda pred, target: (1 - pred * target).relu().mean(),
    "squared_hinge": lambda pred, target: (1 - pred * target).relu().square().mean(),
    "soft_margin": "soft_margin_loss", "hinge_embedding": "hinge_embedding_loss",
    "cross_entropy": "cross_entropy", "nll": "nll_loss", "focal_cross_entropy": _torch_focal_cross_entropy,
    "categorical_cross_entropy": lambda pred, target: -(target * pred.log()).sum(1).mean(),
    "sparse_categorical_cross_entropy": lambda pred, target: -pred.gather(1, target[:, None]).log().mean(),
    "multiclass_hinge": "multi_margin_loss", "multilabel_soft_margin": "multilabel_soft_margin_loss",
    "multilabel_margin": "multilabel_margin_loss",
    "kl_divergence": _torch_kl, "js_divergence": _torch_js,
    "dice": _torch_dice, "jaccard": _torch_overlap(1, 1, 1), "tversky": _torch_overlap(0.5, 0.5, 1),
    "focal_tversky": _torch_overlap(0.3, 0.7, 0.75),
    "triplet": _torch_triplet, "contrastive": _torch_contrastive,
    "cosine_embedding": "cosine_embedding_loss", "margin_ranking": "margin_ranking_loss"}

#            class in sklearn._loss.loss, its settings, and our loss in units of theirs
IN_SKLEARN: dict[str, tuple[str, dict[str, Any], float]] = {
    "mse": ("HalfSquaredError", {}, 2.0), "mae": ("AbsoluteError", {}, 1.0),
    "huber": ("HuberLoss", {"delta": 1.0}, 1.0), "quantile": ("PinballLoss", {"quantile": 0.5}, 1.0),
    "poisson_nll": ("HalfPoissonLoss", {}, 1.0),
    "bce_with_logits": ("HalfBinomialLoss", {}, 1.0), "cross_entropy": ("HalfMultinomialLoss", {}, 1.0)}


# -------------------------------------------------------------------------------------------- peers

def torch(case: Case, arrays: Sequence[np.ndarray], threads: int, compiled: bool = False
          ) -> Contestant | None:
    """PyTorch, eager or compiled."""
    known, n = IN_TORCH.get(case.loss.name), case.n_gradients
    if known is None:
        return None
    torch = import_module("torch")
    function = getattr(torch.nn.functional, known) if isinstance(known, str) else known
    torch.set_num_threads(threads)
    if compiled:
        torch._dynamo.reset()                                # or it counts shapes and gives up
        function = torch.compile(function, dynamic=False)
    inputs = [torch.from_numpy(x) for x in arrays]
    leaves = [x.requires_grad_() for x in inputs[:n]]

    def run() -> Any:
        for leaf in leaves:
            leaf.grad = None
        value = function(*inputs)
        value.backward()
        return value

    def answer(value: Any) -> Answer:
        return value.item(), [leaf.grad.numpy() for leaf in leaves]

    return Contestant("torch.compile" if compiled else "torch", run, answer)


def torch_compile(case: Case, arrays: Sequence[np.ndarray], threads: int) -> Contestant | None:
    """PyTorch's compiler."""
    return torch(case, arrays, threads, compiled=True)


def jax(case: Case, arrays: Sequence[np.ndarray], threads: int) -> Contestant | None:
    """JAX, compiled; it takes all cores by itself."""
    formula, n = FORMULAS.get(case.loss.name), case.n_gradients
    if formula is None:
        return None
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    np, logsumexp = import_module("jax.numpy"), import_module("jax.scipy.special").logsumexp
    function = jax.jit(jax.value_and_grad(lambda *inputs: formula(np, logsumexp, *inputs), tuple(range(n))))
    inputs = [np.asarray(x) for x in arrays]
    return Contestant("jax", lambda: jax.block_until_ready(function(*inputs)), _from_pair)


def autograd(case: Case, arrays: Sequence[np.ndarray], threads: int) -> Contestant | None:
    """HIPS autograd on NumPy."""
    formula, n = FORMULAS.get(case.loss.name), case.n_gradients
    if formula is None:
        return None
    np, logsumexp = import_module("autograd.numpy"), import_module("autograd.scipy.special").logsumexp
    function = import_module("autograd").value_and_grad(
        lambda *inputs: formula(np, logsumexp, *inputs), tuple(range(n)))
    return Contestant("autograd", lambda: function(*arrays), _from_pair)


def _from_pair(found: Any) -> Answer:
    return float(found[0]), [np.asarray(slope) for slope in found[1]]


def sklearn(case: Case, arrays: Sequence[np.ndarray], threads: int) -> Contestant | None:
    """scikit-learn's private losses."""
    if case.loss.name not in IN_SKLEARN:
        return None
    kind, settings, units = IN_SKLEARN[case.loss.name]
    if case.loss.family.name == "rows":
        settings = {"n_classes": case.shape[1]}
    loss = getattr(import_module("sklearn._loss.loss"), kind)(**settings)
    pred, target = arrays[0], arrays[1].astype(case.dtype)   # labels, too, are floats there

    def answer(found: Any) -> Answer:
        losses, slopes = found
        return units * losses.mean(dtype=float), [slopes * (units / len(losses))]

    return Contestant("sklearn", lambda: loss.loss_gradient(target, pred, n_threads=threads), answer)


PEERS: dict[str, Callable[..., Contestant | None]] = {
    "torch": torch, "torch.compile": torch_compile, "jax": jax, "sklearn": sklearn, "autograd": autograd}


def installed() -> list[str]:
    """The peers that are there."""
    return [name for name in PEERS if importlib.util.find_spec(name.partition(".")[0])]
