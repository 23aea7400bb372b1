"""Optimizers: every step equals one made by hand, number by number."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tinygrad_loss import Tensor, nn, optim


def by_hand(kind, p, gradients, lr, momentum=0.0, nesterov=False, betas=(0.9, 0.999), eps=1e-8,
            weight_decay=0.0):
    """One number's way under its gradients, by the formulas of the papers, in plain Python."""
    b = m = v = 0.0
    for t, g in enumerate(gradients, 1):
        if kind == "AdamW":
            p = p - lr * weight_decay * p
        else:
            g = g + weight_decay * p
        if kind == "SGD":
            b = momentum * b + g
            p = p - lr * (g + momentum * b if nesterov else b)
        else:
            m = betas[0] * m + (1 - betas[0]) * g
            v = betas[1] * v + (1 - betas[1]) * g ** 2
            p = p - lr * (m / (1 - betas[0] ** t)) / (math.sqrt(v / (1 - betas[1] ** t)) + eps)
    return p


CASES = [("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9}),
         ("SGD", {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.3}),
         ("SGD", {"lr": 0.1, "momentum": 0.8, "weight_decay": 0.3, "nesterov": True}),
         ("Adam", {"lr": 0.1}), ("Adam", {"lr": 0.1, "betas": (0.5, 0.7), "eps": 0.1, "weight_decay": 0.3}),
         ("AdamW", {"lr": 0.1, "weight_decay": 0.0}),
         ("AdamW", {"lr": 0.1, "betas": (0.5, 0.7), "weight_decay": 0.3})]


@pytest.mark.parametrize("kind, settings", CASES, ids=lambda x: x if isinstance(x, str) else ",".join(x))
@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-14), (np.float32, 1e-6)])
def test_steps_equal_those_made_by_hand(kind, settings, dtype, tolerance):
    rng = np.random.default_rng(0)
    starts = [rng.standard_normal(shape) for shape in [(2, 3), (), (4,), (0, 2)]]
    gradients = [[rng.standard_normal(x.shape) for x in starts] for _ in range(5)]
    parameters = [Tensor(x, requires_grad=True, dtype=dtype) for x in starts]
    optimizer = getattr(optim, kind)(parameters, **settings)
    for step in gradients:
        for x, g in zip(parameters, step, strict=True):
            x.grad = Tensor(g, dtype=dtype)
        optimizer.step()
    for k, (x, start) in enumerate(zip(parameters, starts, strict=True)):
        assert (x.shape, x.dtype) == (start.shape, dtype)
        expected = [by_hand(kind, start[i], [step[k][i] for step in gradients], **settings)
                    for i in np.ndindex(start.shape)]
        np.testing.assert_allclose(x.data.ravel(), expected, rtol=tolerance, atol=tolerance)


def test_adams_first_step_is_lr_whatever_the_gradient():
    x = Tensor([1.0, 1.0, 1.0], requires_grad=True)
    x.grad = Tensor([1e-3, -5.0, 1e6])
    optim.Adam([x], lr=0.25).step()
    np.testing.assert_allclose(x, [0.75, 1.25, 0.75], rtol=1e-5)


def test_defaults_are_pytorchs():
    x = [nn.Parameter(1.0)]
    adam, adamw, sgd = optim.Adam(x), optim.AdamW(x), optim.SGD(x)
    assert (adam.lr, adam.betas, adam.eps, adam.weight_decay) == (1e-3, (0.9, 0.999), 1e-8, 0)
    assert (adamw.lr, adamw.weight_decay) == (1e-3, 1e-2)
    assert (sgd.lr, sgd.momentum, sgd.weight_decay, sgd.nesterov) == (1e-3, 0, 0, False)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW"])
def test_a_parameter_without_a_gradient_waits(kind):
    """Two in one optimizer, one of which sits out some steps, end as two optimizers would have them."""
    def run(seen):
        x = Tensor([1.0, -2.0], requires_grad=True)
        optimizer = getattr(optim, kind)([x], lr=0.1, **({"momentum": 0.9} if kind == "SGD" else {}))
        for g in seen:
            x.grad = Tensor([g, -g])
            optimizer.step()
        return x.data
    gradients = [(1.0, 2.0), (0.5, None), (None, None), (3.0, 1.0), (None, -1.0), (2.0, 0.1)]
    pair = [Tensor([1.0, -2.0], requires_grad=True) for _ in range(2)]
    optimizer = getattr(optim, kind)(pair, lr=0.1, **({"momentum": 0.9} if kind == "SGD" else {}))
    for step in gradients:
        for x, g in zip(pair, step, strict=True):
            x.grad = None if g is None else Tensor([g, -g])
        optimizer.step()
    for i, x in enumerate(pair):
        np.testing.assert_allclose(x, run([step[i] for step in gradients if step[i] is not None]), rtol=1e-15)


def test_a_step_leaves_old_numbers_and_histories_alone():
    x = Tensor([1.0, 2.0], requires_grad=True)
    old, y = x.data, (x ** 3).sum()
    x.grad = Tensor([1.0, 1.0])
    optim.SGD([x], lr=0.5).step()
    assert np.array_equal(old, [1.0, 2.0]) and np.array_equal(x, [0.5, 1.5])
    optim.SGD([x], lr=0.5).zero_grad()
    assert x.grad is None and y.item() == 9.0


def test_dtypes_do_not_mix_and_a_shared_parameter_steps_once():
    a, b = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True, dtype=np.float32)
    a.grad, b.grad = Tensor([1.0]), Tensor([1.0], dtype=np.float32)
    optimizer = optim.Adam([a, b, a], lr=0.1)
    optimizer.step()
    assert (a.dtype, b.dtype) == (np.float64, np.float32)
    np.testing.assert_allclose([a.item(), b.item()], [0.9, 0.9], rtol=1e-6)
    a.data = a.data.astype(np.float32)
    optimizer.step()
    assert a.dtype == np.float32, "Module.to may come later"


@pytest.mark.parametrize("kind, settings", CASES[:2] + CASES[4:5])
def test_a_bowl_is_descended(kind, settings):
    x = Tensor([3.0, -4.0], requires_grad=True)
    optimizer = getattr(optim, kind)([x], **settings)
    for _ in range(300):
        optimizer.zero_grad()
        (x * x * [1.0, 2.0]).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(x, [0, 0], atol=1e-3)


@pytest.mark.parametrize("wrong, sentence", [
    (lambda x: optim.SGD([]), "needs parameters"),
    (lambda x: optim.SGD([Tensor([1.0])]), "made with requires_grad=True"),
    (lambda x: optim.SGD([np.ones(2)]), "made with requires_grad=True"),
    (lambda x: optim.SGD(x), "in it was Tensor"),
    (lambda x: optim.SGD([x], lr=-1), "lr must be at least 0; got -1"),
    (lambda x: optim.SGD([x], momentum=-0.1), "momentum must be at least 0"),
    (lambda x: optim.SGD([x], nesterov=True), "needs a momentum"),
    (lambda x: optim.Adam([x], betas=(0.9, 1.0)), r"betas must be .*; got \(0.9, 1.0\)"),
    (lambda x: optim.Adam([x], eps=math.nan), "eps must be at least 0"),
    (lambda x: optim.AdamW([x], weight_decay=-1), "weight_decay must be at least 0")])
def test_mistakes_get_one_sentence(wrong, sentence):
    with pytest.raises((ValueError, TypeError), match=sentence):
        wrong(Tensor([1.0, 2.0], requires_grad=True))
