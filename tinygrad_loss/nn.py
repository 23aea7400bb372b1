"""Layers and networks, with PyTorch's names: Linear, ReLU, Sequential, and Module to make your own.

A Module holds Parameters and other Modules as attributes, and says in `forward` what it computes:

    class Classifier(nn.Module):
        def __init__(self, rng):
            self.hidden = nn.Linear(2, 16, generator=rng)
            self.output = nn.Linear(16, 3, generator=rng)

        def forward(self, x):
            return self.output(self.hidden(x).relu())

Calling it runs `forward`. An optimizer gets its `parameters()`. Random numbers come from the generator
that is passed in; there is no global seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import numpy as np

from . import losses
from . import numerics as nx
from .engine import Tensor, primitive, recording
from .numerics import quietly

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "HuberLoss", "Identity", "L1Loss", "Linear",
           "MSELoss", "Module", "Parameter", "ReLU", "Sequential", "Sigmoid", "SmoothL1Loss", "Softmax",
           "Tanh"]


# ------------------------------------------------------------------------------------------- Module

class Parameter(Tensor):
    """A Tensor to be learned. Training gives it new numbers: a new array, never a change to the old one,
    since histories rely on that."""

    __slots__ = ()

    def __init__(self, data: Any, dtype: Any = None) -> None:
        super().__init__(data, requires_grad=True, dtype=dtype)


class Module:
    """Something with parameters. A subclass has a `forward`, and as attributes Parameters, Modules and lists
    of Modules."""

    training = True

    def forward(self, *inputs: Any) -> Any:
        """What the Module computes."""
        raise NotImplementedError(f"{type(self).__name__} needs a method forward(self, x).")

    def __call__(self, *inputs: Any) -> Any:
        return self.forward(*inputs)

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The Modules among the attributes; those in a list are called "list.0", "list.1" ..."""
        for name, x in vars(self).items():
            if isinstance(x, Module):
                yield name, x
            elif isinstance(x, list | tuple):
                yield from ((f"{name}.{i}", each) for i, each in enumerate(x) if isinstance(each, Module))

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """All parameters, those of children as "child.name". A shared one comes once, by its first name."""
        seen = set()
        for name, parameter in self._all_parameters():
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield name, parameter

    def _all_parameters(self) -> Iterator[tuple[str, Parameter]]:
        for name, x in vars(self).items():
            if isinstance(x, Parameter):
                yield name, x
        for name, child in self.named_children():
            for rest, x in child._all_parameters():
                yield f"{name}.{rest}", x

    def parameters(self) -> Iterator[Parameter]:
        """All parameters, each once: what an optimizer wants."""
        return (x for _, x in self.named_parameters())

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for x in self.parameters():
            x.grad = None

    def train(self, mode: bool = True) -> Self:
        """Set `training` here and in all children, for layers that train otherwise than they predict."""
        self.training = mode
        for _, child in self.named_children():
            child.train(mode)
        return self

    def eval(self) -> Self:
        """The same as `train(False)`."""
        return self.train(False)

    def to(self, dtype: Any) -> Self:
        """Round or widen all parameters to float32 or float64, and forget their gradients."""
        for x in self.parameters():
            x.data, x.grad = Tensor(x.data, dtype=dtype).data, None
        return self

    def state_dict(self) -> dict[str, np.ndarray]:
        """The numbers of all parameters by name, for `np.savez` or `load_state_dict`. They stay what they
        are while training goes on."""
        return {name: x.data for name, x in self._all_parameters()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take the numbers that `state_dict` gave. Raises ValueError, and takes none, if a name or a shape
        does not fit."""
        own = dict(self._all_parameters())
        if odd := sorted(own.keys() ^ state.keys()):
            where = "is missing from the state" if odd[0] in own else "is not a parameter of this model"
            raise ValueError(f"{odd[0]} {where}; the model has {', '.join(own) or 'no parameters'}.")
        new = {name: Tensor(state[name], dtype=x.dtype).data for name, x in own.items()}
        for name, x in own.items():
            if new[name].shape != x.shape:
                raise ValueError(f"{name} has shape {x.shape}, and the state's has {new[name].shape}.")
        for name, x in own.items():
            x.data = new[name].copy()

    def extra_repr(self) -> str:
        """What `repr` shows between the brackets."""
        return ""

    def __repr__(self) -> str:
        lines = [f"({name}): {child!r}" for name, child in self.named_children()]
        body = "".join("\n  " + line.replace("\n", "\n  ") for line in lines) + "\n" * bool(lines)
        return f"{type(self).__name__}({self.extra_repr()}{body})"


class Sequential(Module):
    """Layers one after the other."""

    def __init__(self, *layers: Module) -> None:
        for layer in layers:
            if not isinstance(layer, Module):
                raise TypeError(f"Sequential takes Modules, such as nn.ReLU(); got {layer!r}.")
        self.layers = layers

    def named_children(self) -> Iterator[tuple[str, Module]]:
        return ((str(i), layer) for i, layer in enumerate(self.layers))

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, i: int) -> Module:
        return self.layers[i]


# ------------------------------------------------------------------------------------------- layers

def _light(rule: Callable[..., Any]) -> Callable[..., Tensor]:
    """A rule that reads the same for Tensors and for arrays, run on the bare arrays where nobody will
    differentiate its result. A training step consists of a dozen rules, so their overhead counts."""
    def light(g: Tensor, y: Tensor, *inputs: Tensor) -> Tensor:
        if recording.get():
            return rule(g, y, *inputs)
        return Tensor(quietly(rule, g.data, y.data, *[x.data for x in inputs]))
    return light


def _rows(x: Any) -> Any:
    """x with all its axes but the last flattened into one."""
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1])


def _affine(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    return x @ weight.T + bias


def _product(x: np.ndarray, weight: np.ndarray) -> np.ndarray:
    return x @ weight.T


_by_input  = _light(lambda g, y, x, weight, *_: g @ weight)
_by_weight = _light(lambda g, y, x, weight, *_: _rows(g).T @ _rows(x))
_by_bias   = _light(lambda g, y, x, weight, bias: _rows(g).sum(0))

affine  = primitive(_affine, _by_input, _by_weight, _by_bias, name="linear")
product = primitive(_product, _by_input, _by_weight, name="linear")
relu    = primitive(nx.relu, _light(lambda g, y, x: g * np.heaviside(np.asarray(x), 0)), name="relu")


def _apply(operation: primitive, *inputs: Tensor) -> Tensor:
    """An operation on nothing but Tensors, whose shapes fit: there is nothing to convert or to explain."""
    return operation.node(quietly(operation.forward, *[x.data for x in inputs]), inputs)


class Linear(Module):
    """y = x @ weight.T + bias, for x of shape (..., in_features); weight is (out_features, in_features).

    Both begin uniformly distributed within 1 / sqrt(in_features) of 0, drawn from `generator`; without one
    they differ in every run. `dtype` is float64 or float32. Raises ValueError for sizes below 1.
    """

    def __init__(self, in_features: int, out_features: int, bias: bool = True, *,
                 generator: np.random.Generator | None = None, dtype: Any = np.float64) -> None:
        if in_features < 1 or out_features < 1:
            raise ValueError(f"Linear needs at least one input and one output; got {in_features} and "
                             f"{out_features}.")
        rng, bound = generator or np.random.default_rng(), 1 / math.sqrt(in_features)
        self.in_features, self.out_features = in_features, out_features
        self.weight = Parameter(rng.uniform(-bound, bound, (out_features, in_features)), dtype)
        self.bias = Parameter(rng.uniform(-bound, bound, out_features), dtype) if bias else None

    def forward(self, x: Any) -> Tensor:
        x = _tensor(x)
        if x.data.shape[-1:] != (self.in_features,):
            raise ValueError(f"{self} takes an input whose last axis has length {self.in_features}; got "
                             f"shape {x.shape}.")
        if self.bias is None:
            return _apply(product, x, self.weight)
        return _apply(affine, x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (f"in_features={self.in_features}, out_features={self.out_features}, "
                f"bias={self.bias is not None}")


class ReLU(Module):
    """max(x, 0)."""

    def forward(self, x: Any) -> Tensor:
        return _apply(relu, _tensor(x))


class Sigmoid(Module):
    """1 / (1 + exp(-x))."""

    def forward(self, x: Any) -> Tensor:
        return _tensor(x).sigmoid()


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, x: Any) -> Tensor:
        return _tensor(x).tanh()


class Softmax(Module):
    """exp(x) divided by its sum along axis `dim`."""

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Tensor:
        return _tensor(x).softmax(self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Identity(Module):
    """x itself."""

    def forward(self, x: Any) -> Tensor:
        return _tensor(x)


def _tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else Tensor(x)


# ------------------------------------------------------------------------------------------- losses

class _Criterion(Module):
    """A loss with its settings, under PyTorch's name: `MSELoss(reduction="sum")(pred, target)`."""

    loss: losses.Loss

    def __init__(self, **settings: Any) -> None:
        self.settings = settings

    def forward(self, pred: Any, target: Any) -> Tensor:
        return self.loss(pred, target, **self.settings)

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.settings.items())


class MSELoss(_Criterion):           loss = losses.LOSSES["mse"]
class L1Loss(_Criterion):            loss = losses.LOSSES["mae"]
class HuberLoss(_Criterion):         loss = losses.LOSSES["huber"]
class SmoothL1Loss(_Criterion):      loss = losses.LOSSES["smooth_l1"]
class BCELoss(_Criterion):           loss = losses.LOSSES["bce"]
class BCEWithLogitsLoss(_Criterion): loss = losses.LOSSES["bce_with_logits"]
class CrossEntropyLoss(_Criterion):  loss = losses.LOSSES["cross_entropy"]
