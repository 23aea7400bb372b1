"""From what a caller wrote to arrays that a loss can use, or to one sentence about what is wrong.

Every message names the loss and the argument, what was given, and what is expected.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..arraylike import floats
from ..engine import Tensor
from ..fused.vmath import ROW_SUM_TOLERANCE
from .domain import Domain

if TYPE_CHECKING:
    from .loss import Loss

PATHS = ("fused", "composed")
REDUCTIONS = ("mean", "sum", "none", "batchmean")


class Given(NamedTuple):
    """What a caller gave, complete and in order, not yet tested."""

    inputs: tuple[Any, ...]
    settings: tuple[Any, ...]
    sample_weight: Any
    reduction: str
    path: str | None


def bind(loss: Loss, args: tuple[Any, ...], named: dict[str, Any]) -> Given:
    """Arguments in the order inputs, settings, sample_weight, reduction, path."""
    n = len(loss.input_names)
    if len(args) == n and not named:
        return Given(args, loss.default_settings, None, "mean", None)
    names = loss.argument_names
    positional = dict(zip(names, args, strict=False))
    given = {**loss.argument_defaults, **positional, **named}
    if len(args) > len(names) or len(given) != len(names) or positional.keys() & named.keys():
        missing = [name for name in loss.input_names if name not in given]
        wrong = [name for name in named if name not in names or name in positional]
        problem = (f"cannot take {wrong[0]!r} there" if wrong else f"needs {missing[0]!r}" if missing
                   else f"takes at most {len(names)} arguments")
        raise TypeError(f"{loss.name} {problem}. Call it as {loss.name}{loss.__signature__}.")
    values = [given[name] for name in names]
    return Given(tuple(values[:n]), tuple(values[n:-3]), *values[-3:])


def one_of(loss: Loss, name: str, value: Any, choices: tuple[str, ...]) -> None:
    """value must be one of the choices."""
    if value not in choices:
        raise ValueError(f"{loss.name}: {name} must be one of {', '.join(choices)}; got {value!r}.")


def array(loss: Loss, name: str, value: Any) -> Any:
    """A Tensor as it is, integers where labels or lengths are possible, everything else as floats."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{loss.name}: {name} is a masked array, and its mask would be forgotten. Give "
                        f"{name}.filled(...), and 0 as the sample_weight of what is masked.")
    try:
        if name in loss.label_names and (labels := np.asarray(value)).dtype.kind in "iu":
            return labels.astype(np.int64, copy=False)
        return floats(value)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{loss.name}: {name} is unsuitable. {error}") from None


def arrange(loss: Loss, inputs: list[Any], settings: tuple[Any, ...]) -> tuple[list[Any], tuple[int, ...]]:
    """The inputs in the layout of the loss's family, and the shape of its items."""
    try:
        return loss.family.arrange(inputs, loss.input_names, settings)
    except (TypeError, ValueError) as error:
        raise type(error)(f"{loss.name}: {error}") from None


def settings(loss: Loss, given: tuple[Any, ...], pred: Any) -> tuple[Any, ...]:
    """The settings, tested unless they are the defaults; class weights as an array."""
    if given is loss.default_settings and not loss.has_class_weights:
        return given
    found = []
    for (name, default), value in zip(loss.defaults.items(), given, strict=True):
        domain = loss.domains[name]
        assert isinstance(domain, Domain)
        if domain.kind == "class weights":
            value = _class_weights(loss, name, value, class_count(pred))
        elif value is not default:
            _check_setting(loss, name, value, domain)
        found.append(value)
    return tuple(found)


def _check_setting(loss: Loss, name: str, value: Any, domain: Domain) -> None:
    try:
        allowed = np.ndim(value) == 0 and bool(domain.holds(value))
    except TypeError:
        allowed = False
    if not allowed:
        raise ValueError(f"{loss.name}: {name} must be {domain.text}; got {value!r}.")


def _class_weights(loss: Loss, name: str, value: Any, n_classes: int) -> np.ndarray:
    if value is None:
        return np.ones(n_classes)
    weights = np.ascontiguousarray(floats(value), dtype=np.float64)
    if weights.shape != (n_classes,) or not ((weights >= 0) & (weights < np.inf)).all():
        raise ValueError(f"{loss.name}: {name} must be {n_classes} finite numbers, one per class, none of "
                         f"them negative; got shape {weights.shape}.")
    return weights


def common_dtype(inputs: list[Any]) -> np.dtype[Any]:
    """float32 if all inputs of floats are, else float64."""
    first: np.dtype[Any] = inputs[0].dtype
    for x in inputs:
        if x.dtype is not first and x.dtype.kind == "f":
            first = np.result_type(first, x.dtype)
    return first


def class_count(pred: Any) -> int:
    """The length of the class axis: axis 1, or the only one."""
    shape = pred.shape
    return int(shape[min(1, len(shape) - 1)]) if shape else 0


def item_weight(loss: Loss, weight: Any, items: tuple[int, ...]) -> Any:
    """sample_weight: one number per item, or None."""
    if weight is None:
        return None
    weight = array(loss, "sample_weight", weight)
    if weight.shape != items:
        raise ValueError(f"{loss.name}: sample_weight has shape {weight.shape}; it needs one number per "
                         f"item, shape {items}.")
    _require(loss, "sample_weight", weight, ~np.isinf(np.asarray(weight)), "a finite number")
    return weight


def checked_early(loss: Loss, inputs: list[Any], settings: tuple[Any, ...]
                  ) -> tuple[list[Any], tuple[Any, ...]]:
    """What a driver cannot test as it goes: labels must lie within the classes or be ignored, and rows of
    probabilities sum to 1.

    Returns inputs and settings in which an ignored label is no class: where ignore_index is one, -1 takes
    its place in both.
    """
    named = dict(zip(loss.defaults, settings, strict=True))
    for k, name in loss.early_checks:
        x, domains = inputs[k], loss.alternatives(name, named)
        kinds = [domain.kind for domain in domains]
        if kinds == ["labels"] and x.ndim != 1:
            raise ValueError(f"{loss.name}: {name} holds rows of shape {x.shape}; it takes labels, one "
                             f"integer per row of {loss.input_names[0]}. Use {name}.argmax(axis=1).")
        if "labels" in kinds and x.ndim == 1:
            n, ignored = class_count(inputs[0]), named.get("ignore_index")
            _check_labels(loss, name, x, n, ignored)
            if ignored is not None and 0 <= ignored < n:
                inputs = [*inputs[:k], np.where(x == ignored, -1, x), *inputs[k + 1:]]
                settings = tuple({**named, "ignore_index": -1}.values())
            continue
        if "label lists" in kinds:
            _check_labels(loss, name, x, class_count(inputs[0]), -1)
        elif loss.family.name != "rows":                     # there, drivers add up the rows as they go
            _check_sums(loss, name, x, domains[-1].kind)
    return inputs, settings


def _check_labels(loss: Loss, name: str, x: Any, n: int, ignored: int | None) -> None:
    if x.dtype.kind == "f":
        raise TypeError(f"{loss.name}: {name} has the shape of labels but does not hold integers. "
                        f"Use np.asarray({name}, int).")
    if x.size and x.view(np.uint64).max() < n:               # in one go: a negative number looks huge
        return
    end = " or -1, which ends a list" if x.ndim > 1 else ""
    _require(loss, name, x, ((x >= 0) & (x < n)) | (x == ignored),
             f"an integer from 0 to {n - 1}{end}, because {loss.input_names[0]} has {n} classes")


def weight_of_labels(loss: Loss, inputs: list[Any], settings: tuple[Any, ...], n_items: float) -> float:
    """The sum of the class weights of all labels that are not ignored; without weights, their number."""
    n, weight = class_count(inputs[0]), dict(zip(loss.defaults, settings, strict=True)).get("weight")
    for k, name in loss.early_checks:
        if loss.alternatives(name)[0].kind == "labels" and inputs[k].ndim == 1:
            counts = inputs[k].view(np.uint64) < n
            if weight is None or (weight == 1).all():
                return int(np.count_nonzero(counts))
            return float(weight[inputs[k][counts]].sum())
    return n_items


def _check_sums(loss: Loss, name: str, rows: Any, kind: str) -> None:
    if kind not in ("rows", "log rows"):
        return
    name = f"the sum of a row of {name}" if kind == "rows" else f"the sum of exp(a row of {name})"
    with np.errstate(over="ignore"):
        sums = (np.asarray(rows) if kind == "rows" else np.exp(np.asarray(rows))).sum(axis=-1)
    _require(loss, name, sums, ~(abs(sums - 1) > ROW_SUM_TOLERANCE), "1, because a row holds probabilities")


def check_elements(loss: Loss, given: list[Any], inputs: list[Any], settings: tuple[Any, ...]) -> None:
    """Every element must lie in the domain of its argument, as it was given; of the arranged inputs, rows of
    probabilities must sum to 1."""
    for name, x, arranged in zip(loss.input_names, given, inputs, strict=True):
        if x.dtype.kind == "f":
            domain = loss.alternatives(name, dict(zip(loss.defaults, settings, strict=True)))[-1]
            _check_sums(loss, name, arranged, domain.kind)
            _require(loss, name, x, domain.holds(np.asarray(x)), domain.text)


def _require(loss: Loss, name: str, x: Any, allowed: Any, text: str) -> None:
    if not np.all(allowed):
        at = tuple(int(i) for i in np.argwhere(~np.broadcast_to(allowed, x.shape))[0])
        place = f"[{', '.join(map(str, at))}]" if at else ""
        raise ValueError(f"{loss.name}: {name}{place} is {np.asarray(x)[at]}; it must be {text}.")
