"""Masks of probabilities or of logits, composed and by definition; kernels get theirs from fused/overlap.py.

The share of "no" in a logit z is sigmoid(-z). As 1 - sigmoid(z) it would be 0 from z = 37 on, and a mask
that is nearly right would be taken for a perfect one.
"""

from __future__ import annotations

from typing import Any

from ..engine import Tensor
from .domain import REAL, UNIT, Switch

MASK = Switch("from_logits", REAL, UNIT)


def shares(pred: Tensor, from_logits: bool) -> tuple[Tensor, Tensor]:
    """How much each pixel says yes, and how much no."""
    return (pred.sigmoid(), (-pred).sigmoid()) if from_logits else (pred, 1 - pred)


def exact(mp: Any, pred: list[Any], from_logits: bool) -> tuple[list[Any], list[Any]]:
    """The share of yes, and its slope, in any precision."""
    if not from_logits:
        return pred, [1] * len(pred)
    no = [mp.exp(-abs(z)) / (1 + mp.exp(-abs(z))) for z in pred]         # to the answer that z is against
    return [x if z < 0 else 1 - x for x, z in zip(no, pred, strict=True)], [x * (1 - x) for x in no]
