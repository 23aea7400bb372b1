"""What scikit-learn, SciPy and Keras make of the same arrays: the losses of single items.

Every function takes pred, target and settings as this library does, and returns an array of losses, or a
pair of them and the slopes by pred where the peer has slopes. scikit-learn and SciPy are asked themselves.
Keras is not installed: `keras_...` are its documented formulas, in float64 and without its epsilon of
1e-7, which would show in the seventh digit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import special, stats
from scipy.spatial import distance
from sklearn._loss import loss as sklearn

Array = np.ndarray
Pair = tuple[Array, Array]


# ------------------------------------------------------------------------------------------ scikit-learn

def _sklearn(model: Any, pred: Array, target: Array, factor: float = 1.0) -> Pair:
    """Losses and slopes of a private class of scikit-learn, which wants flat arrays of float64."""
    flat = pred if model.is_multiclass else pred.ravel()
    losses, slopes = model.loss_gradient(target.ravel().astype(float), flat)
    return factor * losses.reshape(target.shape), factor * slopes.reshape(pred.shape)


def sklearn_mse(pred: Array, target: Array) -> Pair:
    return _sklearn(sklearn.HalfSquaredError(), pred, target, 2.0)


def sklearn_mae(pred: Array, target: Array) -> Pair:
    return _sklearn(sklearn.AbsoluteError(), pred, target)


def sklearn_quantile(pred: Array, target: Array, quantile: float) -> Pair:
    return _sklearn(sklearn.PinballLoss(quantile=quantile), pred, target)


def sklearn_huber(pred: Array, target: Array, delta: float) -> Pair:
    return _sklearn(sklearn.HuberLoss(delta=delta), pred, target)


def sklearn_poisson(pred: Array, target: Array) -> Pair:
    return _sklearn(sklearn.HalfPoissonLoss(), pred, target)


def sklearn_bce_with_logits(pred: Array, target: Array) -> Pair:
    return _sklearn(sklearn.HalfBinomialLoss(), pred, target)


def sklearn_cross_entropy(pred: Array, target: Array) -> Pair:
    return _sklearn(sklearn.HalfMultinomialLoss(n_classes=pred.shape[1]), pred, target)


# ------------------------------------------------------------------------------------------------- SciPy

def scipy_huber(pred: Array, target: Array, delta: float) -> Array:
    return special.huber(delta, pred - target)


def scipy_kl(pred: Array, target: Array) -> Array:
    return special.rel_entr(target, pred).sum(axis=1)


def scipy_generalized_kl(pred: Array, target: Array) -> Array:
    """special.kl_div has the terms - x + y as well, which vanish over a row."""
    return special.kl_div(target, pred).sum(axis=1)


def scipy_entropy(pred: Array, target: Array) -> Array:
    return stats.entropy(target, pred, axis=1)


def scipy_js(pred: Array, target: Array) -> Array:
    return distance.jensenshannon(pred, target, axis=1) ** 2


def scipy_js_by_entropies(pred: Array, target: Array) -> Array:
    middle = (pred + target) / 2
    return (2 * special.entr(middle) - special.entr(pred) - special.entr(target)).sum(axis=1) / 2


def scipy_cross_entropy(pred: Array, target: Array) -> Array:
    return -np.take_along_axis(special.log_softmax(pred, axis=1), target[:, None], axis=1)[:, 0]


def scipy_cross_entropy_of_rows(pred: Array, target: Array) -> Array:
    return special.logsumexp(pred, axis=1) - (target * pred).sum(axis=1)


def scipy_dense(pred: Array, target: Array) -> Array:
    return -special.xlogy(target, pred).sum(axis=1)


def scipy_bce(pred: Array, target: Array) -> Array:
    return -special.xlogy(target, pred) - special.xlog1py(1 - target, -pred)


def scipy_bernoulli(pred: Array, target: Array) -> Array:
    return -stats.bernoulli.logpmf(target, pred)


def scipy_bce_with_logits(pred: Array, target: Array) -> Array:
    return -target * special.log_expit(pred) - (1 - target) * special.log_expit(-pred)


def scipy_soft_margin(pred: Array, target: Array) -> Array:
    return -special.log_expit(pred * target)


def scipy_multilabel(pred: Array, target: Array) -> Array:
    return scipy_bce_with_logits(pred, target).mean(axis=1)


def scipy_gaussian(pred: Array, target: Array, var: Array, full: bool) -> Array:
    """Only the full one is the logarithm of a density."""
    return -stats.norm.logpdf(target, pred, np.sqrt(var))


def scipy_poisson(pred: Array, target: Array, log_input: bool) -> Array:
    """The logarithm of a probability, without log y!, which does not depend on the prediction."""
    return -stats.poisson.logpmf(target, np.exp(pred) if log_input else pred) - special.gammaln(target + 1)


def scipy_log_cosh(pred: Array, target: Array) -> Array:
    return special.logsumexp([pred - target, target - pred], axis=0) - np.log(2)


def scipy_cosine(a: Array, b: Array, label: Array, margin: float) -> Array:
    apart = np.array([distance.cosine(x, y) for x, y in zip(a, b, strict=True)])
    return np.where(label == 1, apart, np.maximum(1 - apart - margin, 0))


def scipy_contrastive(a: Array, b: Array, label: Array, margin: float) -> Array:
    apart = np.array([distance.euclidean(x, y) for x, y in zip(a, b, strict=True)])
    return np.where(label == 1, apart ** 2, np.maximum(margin - apart, 0) ** 2) / 2


def scipy_triplet(anchor: Array, positive: Array, negative: Array, margin: float, squared: bool) -> Array:
    metric = distance.sqeuclidean if squared else distance.euclidean
    gaps = [metric(a, p) - metric(a, n) for a, p, n in zip(anchor, positive, negative, strict=True)]
    return np.maximum(np.array(gaps) + margin, 0)


def scipy_dice(pred: Array, target: Array, smooth: float, per_sample: bool) -> Array:
    return np.array([distance.dice(p, t) for p, t in zip(pred == 1, target == 1, strict=True)])


def scipy_jaccard(pred: Array, target: Array, smooth: float, per_sample: bool) -> Array:
    return np.array([distance.jaccard(p, t) for p, t in zip(pred == 1, target == 1, strict=True)])


# ------------------------------------------------------------------------------------------------- Keras

def keras_mse(pred: Array, target: Array) -> Array:
    return np.square(target - pred)


def keras_mae(pred: Array, target: Array) -> Array:
    return np.abs(target - pred)


def keras_msle(pred: Array, target: Array) -> Array:
    return np.square(np.log(pred + 1) - np.log(target + 1))


def keras_huber(pred: Array, target: Array, delta: float) -> Array:
    size = np.abs(pred - target)
    return np.where(size <= delta, 0.5 * np.square(size), delta * size - 0.5 * np.square(delta))


def keras_log_cosh(pred: Array, target: Array) -> Array:
    x = pred - target
    return x + np.logaddexp(0, -2 * x) - np.log(2)


def keras_poisson(pred: Array, target: Array, log_input: bool) -> Array:
    return pred - target * np.log(pred)


def keras_hinge(pred: Array, target: Array) -> Array:
    return np.maximum(1 - target * pred, 0)


def keras_squared_hinge(pred: Array, target: Array) -> Array:
    return np.square(np.maximum(1 - target * pred, 0))


def keras_categorical_hinge(pred: Array, target: Array) -> Array:
    """Of two classes; there PyTorch's, which divides by the number of classes, is half of it."""
    rows = np.arange(len(pred))
    return np.maximum(pred[rows, 1 - target] - pred[rows, target] + 1, 0) / 2


def keras_bce(pred: Array, target: Array, label_smoothing: float = 0.0) -> Array:
    target = target * (1 - label_smoothing) + 0.5 * label_smoothing
    return -(target * np.log(pred) + (1 - target) * np.log(1 - pred))


def keras_bce_from_logits(pred: Array, target: Array, label_smoothing: float = 0.0) -> Array:
    target = target * (1 - label_smoothing) + 0.5 * label_smoothing
    return np.maximum(pred, 0) - pred * target + np.log1p(np.exp(-np.abs(pred)))


def keras_binary_focal(pred: Array, target: Array, alpha: float | None, gamma: float) -> Array:
    """alpha=None is its apply_class_balancing=False."""
    p_t = target * pred + (1 - target) * (1 - pred)
    weight = 1 if alpha is None else target * alpha + (1 - target) * (1 - alpha)
    return weight * np.power(1 - p_t, gamma) * keras_bce(pred, target)


def keras_categorical(pred: Array, target: Array) -> Array:
    pred = pred / np.sum(pred, axis=1, keepdims=True)
    return -np.sum(target * np.log(pred), axis=1)


def keras_categorical_from_logits(pred: Array, target: Array, label_smoothing: float) -> Array:
    target = target * (1 - label_smoothing) + label_smoothing / target.shape[1]
    log_p = pred - pred.max(axis=1, keepdims=True)
    log_p = log_p - np.log(np.sum(np.exp(log_p), axis=1, keepdims=True))
    return -np.sum(target * log_p, axis=1)


def keras_sparse(pred: Array, target: Array) -> Array:
    return keras_categorical(pred, np.eye(pred.shape[1])[target])


def keras_categorical_focal(pred: Array, target: Array, gamma: float) -> Array:
    """Without its alpha, one factor for all classes."""
    p = np.exp(pred) / np.sum(np.exp(pred), axis=1, keepdims=True)
    return np.sum(np.power(1 - p, gamma) * -np.eye(p.shape[1])[target] * np.log(p), axis=1)


def keras_kl(pred: Array, target: Array) -> Array:
    return np.sum(target * np.log(target / pred), axis=1)


def keras_cosine(a: Array, b: Array, label: Array) -> Array:
    """Its CosineSimilarity is -cos; ours, for like vectors, 1 - cos."""
    a, b = (x / np.sqrt(np.sum(np.square(x), axis=-1, keepdims=True)) for x in (a, b))
    return 1 - np.sum(a * b, axis=-1)


def keras_dice(pred: Array, target: Array, smooth: float) -> Array:
    return np.asarray(1 - 2 * np.sum(target * pred) / (np.sum(target) + np.sum(pred)))


def keras_tversky(pred: Array, target: Array, alpha: float, beta: float, smooth: float) -> Array:
    both, vain, missed = np.sum(target * pred), np.sum((1 - target) * pred), np.sum(target * (1 - pred))
    return np.asarray(1 - both / (both + vain * alpha + missed * beta))
