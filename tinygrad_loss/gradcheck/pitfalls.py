"""Right programs on which simpler checkers stumble: corners and numbers just beside them, ties, seams,
offsets, numbers very large, very small or of all sizes at once, float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * x))


def _huber(x: np.ndarray) -> float:
    return float(np.where(np.abs(x) <= 1, x * x / 2, np.abs(x) - 0.5).sum())


def _share_of_max(x: np.ndarray) -> np.ndarray:
    return (x == x.max()) / np.count_nonzero(x == x.max())


_rng = np.random.default_rng(6)
_NEAR = np.array([0.0, 3e-7, -3e-7, 1.0, -2.0])
_SCALES = 10.0 ** np.linspace(-8, 8, 17)
_FEW, _MANY = _rng.standard_normal(7), _rng.standard_normal(20_000)

# name: (f, its gradient, x); naive checkers, with one step and one tolerance, reject them
RIGHT: dict[str, tuple[Callable[..., Any], Callable[..., Any], np.ndarray]] = {
    "|x| at its corner and beside": (lambda x: np.abs(x).sum(), np.sign, _NEAR),
    "|x| with slope 1 at 0": (lambda x: np.abs(x).sum(), lambda x: np.where(x < 0, -1.0, 1.0), _NEAR),
    "relu at its corner and beside": (lambda x: np.maximum(x, 0).sum(), lambda x: (x > 0) * 1.0, _NEAR),
    "hinge at its margin and beside": (lambda x: np.maximum(0, 1 - x).sum(), lambda x: (x < 1) * -1.0,
                                       1 + _NEAR),
    "a tie of max": (np.max, _share_of_max, np.array([1.0, 2.0, 2.0, 2.0])),
    "a tie of max, to the first": (np.max, lambda x: np.eye(x.size)[np.argmax(x)], np.array([2.0, 2.0, 0.0])),
    "huber at its seam": (_huber, lambda x: np.clip(x, -1, 1), np.array([1.0, -1.0, 1 + 1e-9, 0.3, 2.0])),
    "an offset of 1e9": (lambda x: np.sum((x - 1) ** 2) + 1e9, lambda x: 2 * (x - 1), _FEW),
    "gradients of 1e-12": (lambda x: 1e-12 * np.sin(x).sum(), lambda x: 1e-12 * np.cos(x), _FEW),
    "a mean over 20 000": (lambda x: np.mean(_sigmoid(x)), lambda x: _sigmoid(x) * _sigmoid(-x) / x.size,
                           _MANY),
    "inputs of 1e8": (lambda x: np.sum(_sigmoid(x - 1e8)), lambda x: _sigmoid(x - 1e8) * _sigmoid(1e8 - x),
                      1e8 + _FEW),
    "inputs of 1e-6": (lambda x: np.log(x).sum(), lambda x: 1 / x, 1e-6 * (1 + np.abs(_FEW))),
    "probabilities at 5e-7": (lambda p: -np.mean(np.log(p)), lambda p: -1 / p / p.size,
                              np.array([5e-7, 0.3, 1 - 5e-7])),
    "elements from 1e-8 to 1e8": (lambda x: np.sum((x / _SCALES) ** 2), lambda x: 2 * x / _SCALES ** 2,
                                  0.7 * _SCALES),
    "float32": (lambda x: np.sum(x * np.exp(x)), lambda x: (1 + x) * np.exp(x), _FEW.astype(np.float32)),
    "float32 inside": (lambda x: np.sum(np.sin(x.astype(np.float32))), lambda x: np.cos(x.astype(np.float32)),
                       _FEW.astype(np.float32)),
    "20 000 with zeros in relu": (lambda x: np.maximum(x, 0).sum(), lambda x: (x > 0) * 1.0,
                                  np.maximum(_MANY, 0)),
    "20 000 corners close by": (lambda x: np.abs(x - _MANY).mean(), lambda x: np.sign(x - _MANY) / x.size,
                                _MANY[::-1].copy()),
    "a triangle wave, corners both ways": (lambda x: np.abs(x - np.round(x)).sum(),
                                           lambda x: np.sign(x - np.round(x)), np.round(_MANY[:1500], 1)),
    "sorting": (lambda x: np.sort(x) @ np.arange(x.size), lambda x: np.argsort(np.argsort(x)) * 1.0,
                _MANY[:30]),
}
