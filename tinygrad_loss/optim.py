"""Optimizers, with PyTorch's names: from gradients to better parameters.

Each is a formula for the next value of a parameter p, given its gradient g:

    SGD      b = momentum b + g                          p = p - lr b
    Adam     m = β1 m + (1-β1) g,  v = β2 v + (1-β2) g²   p = p - lr m' / (sqrt(v') + eps)
    AdamW    as Adam, after p = (1 - lr weight_decay) p

m' = m / (1 - β1^t) and v' = v / (1 - β2^t) make up for the zeros that m and v start from. SGD's first b is
g itself. In SGD and Adam, weight_decay adds weight_decay p to g.

The formulas work element by element, so parameters that have made equally many steps are laid end to end
and updated as one long vector: a few NumPy calls, however many layers there are. A step gives every
parameter a new array and leaves the old one as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

import numpy as np

from .engine import Tensor
from .numerics import quietly

__all__ = ["SGD", "Adam", "AdamW", "Optimizer"]


class Group:
    """Parameters of one dtype that have made equally many steps, and an optimizer's memory of them."""

    def __init__(self, parameters: Sequence[Tensor], memory: list[np.ndarray], steps: int = 0) -> None:
        self.parameters, self.memory, self.steps = parameters, memory, steps
        ends = list(accumulate(x.size for x in parameters))
        self.parts = [(slice(end - x.size, end), x.shape) for x, end in zip(parameters, ends, strict=True)]

    def select(self, wanted: Sequence[bool]) -> Group:
        """A group of the parameters that are wanted."""
        pairs = zip(self.parameters, self.parts, wanted, strict=True)
        chosen = [(x, part) for x, (part, _), want in pairs if want]
        memory = [np.concatenate([m[part] for _, part in chosen]) for m in self.memory]
        return Group([x for x, _ in chosen], memory, self.steps)


class Optimizer:
    """Keeps parameters and improves them, step by step. Raises ValueError if there are none."""

    memory = 0                                         # vectors kept from step to step

    def __init__(self, params: Iterable[Tensor], lr: float, weight_decay: float) -> None:
        self.parameters = list(params)
        if not self.parameters:
            raise ValueError("An optimizer needs parameters, such as model.parameters(); got none.")
        for x in self.parameters:
            if not (isinstance(x, Tensor) and x.requires_grad and x._op is None):
                raise TypeError("An optimizer takes a list of Tensors made with requires_grad=True, such as "
                                f"model.parameters(); in it was {x!r}.")
        _at_least_0(lr=lr, weight_decay=weight_decay)
        self.lr, self.weight_decay = lr, weight_decay
        self._groups: list[Group] = []
        for dtype in dict.fromkeys(x.dtype for x in self.parameters):
            alike = [x for x in self.parameters if x.dtype == dtype]
            zeros = [np.zeros(sum(x.size for x in alike), dtype) for _ in range(self.memory)]
            self._groups.append(Group(alike, zeros))

    def zero_grad(self) -> None:
        """Forget all gradients: `backward` would add to them."""
        for x in self.parameters:
            x.grad = None

    def step(self) -> None:
        """One step. A parameter without a gradient stays, and so does what is remembered of it."""
        self._groups = [part for group in self._groups for part in _split(group)]
        for group in self._groups:
            if group.parameters[0].grad is not None:
                self._step(group)

    def _step(self, group: Group) -> None:
        p = np.concatenate([x.data for x in group.parameters], axis=None)
        g = np.concatenate([x.grad.data for x in group.parameters if x.grad is not None], axis=None)
        group.steps += 1
        new = quietly(self.update, p, g, group).astype(p.dtype, copy=False)
        for x, (part, shape) in zip(group.parameters, group.parts, strict=True):
            x.data = new[part].reshape(shape)

    def update(self, p: np.ndarray, g: np.ndarray, group: Group) -> np.ndarray:
        """The next value of the parameters p, whose gradient is g; both one long vector."""
        raise NotImplementedError(f"{type(self).__name__} needs a method update.")


def _split(group: Group) -> list[Group]:
    """The group itself, or if only some of its parameters have gradients, these and the others."""
    has = [x.grad is not None for x in group.parameters]
    if all(has) or not any(has):
        return [group]
    return [group.select(has), group.select([not one for one in has])]


class SGD(Optimizer):
    """Downhill; with momentum, as a heavy ball rolls; with nesterov, looking one step ahead."""

    memory = 1

    def __init__(self, params: Iterable[Tensor], lr: float = 1e-3, momentum: float = 0.0,
                 weight_decay: float = 0.0, nesterov: bool = False) -> None:
        super().__init__(params, lr, weight_decay)
        _at_least_0(momentum=momentum)
        if nesterov and not momentum:
            raise ValueError("nesterov=True needs a momentum above 0.")
        self.momentum, self.nesterov = momentum, nesterov

    def update(self, p: np.ndarray, g: np.ndarray, group: Group) -> np.ndarray:
        if self.weight_decay:
            g = g + self.weight_decay * p
        if self.momentum:
            b = group.memory[0] = self.momentum * group.memory[0] + g
            g = g + self.momentum * b if self.nesterov else b
        return p - self.lr * g


class Adam(Optimizer):
    """Steps of about lr for every parameter, however large its gradients are.

    Source: D. Kingma and J. Ba, Adam: A Method for Stochastic Optimization, 2015.
    """

    memory = 2

    def __init__(self, params: Iterable[Tensor], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0.0) -> None:
        super().__init__(params, lr, weight_decay)
        _at_least_0(eps=eps)
        if not all(0 <= beta < 1 for beta in betas):
            raise ValueError(f"betas must be two numbers from 0 to below 1; got {betas}.")
        self.betas, self.eps = betas, eps

    def update(self, p: np.ndarray, g: np.ndarray, group: Group) -> np.ndarray:
        return self.adaptive(p, g + self.weight_decay * p if self.weight_decay else g, group)

    def adaptive(self, p: np.ndarray, g: np.ndarray, group: Group) -> np.ndarray:
        """Adam's formula without the decay."""
        (beta1, beta2), (m, v), t = self.betas, group.memory, group.steps
        m *= beta1
        m += (1 - beta1) * g
        v *= beta2
        v += (1 - beta2) * g * g
        size = np.sqrt(v / (1 - beta2 ** t)) + self.eps
        return p - self.lr / (1 - beta1 ** t) * m / size


class AdamW(Adam):
    """Adam whose decay does not pass through the adaptive step.

    Source: I. Loshchilov and F. Hutter, Decoupled Weight Decay Regularization, 2019.
    """

    def __init__(self, params: Iterable[Tensor], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 1e-2) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def update(self, p: np.ndarray, g: np.ndarray, group: Group) -> np.ndarray:
        return self.adaptive((1 - self.lr * self.weight_decay) * p, g, group)


def _at_least_0(**numbers: float) -> None:
    for name, value in numbers.items():
        if not value >= 0:
            raise ValueError(f"{name} must be at least 0; got {value}.")
