"""Layers: the gradients of the plain composition, PyTorch's names, and both paths to the same weights."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from tinygrad_loss import Tensor, grad, gradcheck, losses, nn, optim
from tinygrad_loss.data import DataLoader, TensorDataset

RNG = np.random.default_rng(0)
SHAPES = [(4, 3), (3,), (2, 5, 3), (1, 3), (0, 3)]


def perceptron(seed=0, dtype=np.float64, sizes=(3, 8, 2)):
    rng = np.random.default_rng(seed)
    inputs, hidden, outputs = sizes
    return nn.Sequential(nn.Linear(inputs, hidden, generator=rng, dtype=dtype), nn.ReLU(),
                         nn.Linear(hidden, outputs, generator=rng, dtype=dtype))


# ------------------------------------------------------------------------------------------- layers

@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("create_graph", [False, True])
def test_linear_has_value_and_gradients_of_the_plain_composition(shape, bias, create_graph):
    layer = nn.Linear(3, 2, bias, generator=np.random.default_rng(1))
    x, above = Tensor(RNG.standard_normal(shape), requires_grad=True), RNG.standard_normal((*shape[:-1], 2))
    plain = x @ layer.weight.T + (layer.bias if bias else 0)
    inputs = [x, *layer.parameters()]
    np.testing.assert_allclose(layer(x), plain, rtol=1e-15, atol=1e-15)
    found, expected = grad(layer(x), inputs, above, create_graph), grad(plain, inputs, above)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(4, 3), (3,), (2, 2, 3)], ids=str)
def test_derivatives_of_a_network_to_second_order(shape, bias):
    x, layer = RNG.standard_normal(shape), nn.Linear(3, 2, bias, generator=np.random.default_rng(1))

    def network(x, weight, *rest):
        layer.weight, layer.bias = weight, rest[0] if rest else None
        return nn.Tanh()(layer(x))
    arrays = [p.data for p in layer.parameters()]
    assert gradcheck(network, x, *arrays).verdict == "PASS"
    assert gradcheck(network, x, *arrays, order=2).verdict == "PASS"


def test_relu_is_the_engines():
    x = Tensor([-2.0, -0.0, 0.0, 3.0, np.nan, np.inf], requires_grad=True)
    np.testing.assert_array_equal(nn.ReLU()(x), x.relu())
    above = np.arange(1.0, 7.0)
    np.testing.assert_array_equal(grad(nn.ReLU()(x), [x], above)[0], grad(x.relu(), [x], above)[0])


@pytest.mark.parametrize("layer, same", [
    (nn.Sigmoid(), lambda x: x.sigmoid()), (nn.Tanh(), lambda x: x.tanh()), (nn.Identity(), lambda x: x),
    (nn.Softmax(dim=0), lambda x: x.softmax(0)), (nn.Softmax(), lambda x: x.softmax(-1))],
    ids=lambda value: repr(value) if isinstance(value, nn.Module) else "")
def test_layers_without_parameters(layer, same):
    x = RNG.standard_normal((3, 4))
    np.testing.assert_array_equal(layer(x), same(Tensor(x)))
    assert isinstance(layer(x), Tensor) and not list(layer.parameters())


def test_overflow_is_inf_without_a_warning():
    layer = nn.Linear(2, 1, generator=RNG)
    layer.weight.data = np.array([[1e308, 1e308]])
    y = layer(Tensor([[10.0, 10.0]], requires_grad=True))
    assert y.item() == np.inf
    (y * 1e10).backward()
    assert layer.weight.grad.numpy()[0, 0] == 1e11


def test_linear_begins_within_one_over_the_root_of_its_inputs():
    layer = nn.Linear(100, 50, generator=np.random.default_rng(3))
    for x in layer.parameters():
        assert 0.09 < abs(x.data).max() <= 0.1 and abs(x.data.mean()) < 0.02
    again = nn.Linear(100, 50, generator=np.random.default_rng(3))
    assert np.array_equal(layer.weight, again.weight) and np.array_equal(layer.bias, again.bias)
    assert not np.array_equal(nn.Linear(2, 2).weight, nn.Linear(2, 2).weight)
    assert nn.Linear(2, 2, dtype=np.float32).weight.dtype == np.float32


@pytest.mark.parametrize("wrong, sentence", [
    (lambda: nn.Linear(0, 2), "at least one input and one output; got 0 and 2"),
    (lambda: nn.Linear(3, 2)(np.ones((5, 4))), r"last axis has length 3; got shape \(5, 4\)"),
    (lambda: nn.Linear(3, 2)(1.0), r"last axis has length 3; got shape \(\)"),
    (lambda: nn.Sequential(nn.ReLU(), np.tanh), "Sequential takes Modules"),
    (lambda: nn.Module()(1.0), r"Module needs a method forward")])
def test_mistakes_get_one_sentence(wrong, sentence):
    with pytest.raises((ValueError, TypeError, NotImplementedError), match=sentence):
        wrong()


# ------------------------------------------------------------------------------------------ modules

class Twice(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(2, 2, generator=np.random.default_rng(0))
        self.again, self.scale, self.constant = self.layer, nn.Parameter([1.0, 2.0]), Tensor([3.0, 3.0])

    def forward(self, x):
        self.seen = self.again(self.layer(x))                   # a Tensor with a history is no parameter
        return self.seen * self.scale + self.constant


def test_parameters_are_found_by_name_and_once():
    model = Twice()
    model(np.ones((1, 2)))
    assert [name for name, _ in model.named_parameters()] == ["scale", "layer.weight", "layer.bias"]
    found = [model.scale, model.layer.weight, model.layer.bias]
    assert list(map(id, model.parameters())) == list(map(id, found))
    names = [name for name, _ in nn.Sequential(perceptron(), nn.Linear(2, 1)).named_parameters()]
    assert names == ["0.0.weight", "0.0.bias", "0.2.weight", "0.2.bias", "1.weight", "1.bias"]


def test_modules_in_a_list_are_found_too():
    model = nn.Module()
    model.heads, model.sizes = [nn.Linear(2, 1), nn.Linear(2, 3)], [1, 3]
    names = [name for name, _ in model.named_parameters()]
    assert names == ["heads.0.weight", "heads.0.bias", "heads.1.weight", "heads.1.bias"]


def test_train_and_eval_reach_all_children():
    model = nn.Sequential(perceptron(), nn.ReLU())
    assert model.training and model[0][1].training
    assert model.eval() is model and not model.training and not model[0][1].training
    assert model.train()[0][1].training


def test_zero_grad_and_to():
    model = perceptron()
    model(np.ones((1, 3))).sum().backward()
    assert all(x.grad is not None for x in model.parameters())
    model.zero_grad()
    assert all(x.grad is None for x in model.parameters())
    assert {x.dtype.name for x in model.to(np.float32).parameters()} == {"float32"}
    assert model(np.ones((1, 3), np.float32)).dtype == np.float32


def test_a_state_survives_training_and_comes_back(tmp_path):
    model, x = perceptron(), RNG.standard_normal((5, 3))
    before, state = model(x).numpy(), model.state_dict()
    assert list(state) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    model(x).sum().backward()
    optim.SGD(model.parameters(), lr=1.0).step()
    assert not np.array_equal(model(x), before)
    np.savez(tmp_path / "state.npz", **state)
    with np.load(tmp_path / "state.npz") as loaded:
        model.load_state_dict(loaded)
    assert np.array_equal(model(x), before)
    state = {name: numbers.copy() for name, numbers in state.items()}
    model.load_state_dict(state)
    state["0.bias"][:] = 7
    assert np.array_equal(model(x), before), "what was loaded is the model's own"


@pytest.mark.parametrize("change, sentence", [
    (lambda state: state.pop("2.bias"), "2.bias is missing from the state"),
    (lambda state: state.update({"3.bias": 1}), "3.bias is not a parameter of this model; the model has 0."),
    (lambda state: state.update({"2.bias": np.ones(3)}), r"2.bias has shape \(2,\), .* state's has \(3,\)")])
def test_a_state_that_does_not_fit_changes_nothing(change, sentence):
    model = perceptron()
    state = {name: x + 1 for name, x in model.state_dict().items()}
    change(state)
    with pytest.raises(ValueError, match=sentence):
        model.load_state_dict(state)
    assert np.array_equal(model[0].weight, perceptron()[0].weight)


def test_models_are_copied_and_pickled():
    model, x = perceptron(), RNG.standard_normal((5, 3))
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert np.array_equal(other(x), model(x))
        assert other[0].weight is not model[0].weight and other[0].weight.requires_grad


def test_repr_shows_the_layers():
    assert repr(nn.Sequential(nn.Linear(3, 2, bias=False), nn.Sequential(nn.Softmax(1)), nn.ReLU())) == (
        "Sequential(\n  (0): Linear(in_features=3, out_features=2, bias=False)\n"
        "  (1): Sequential(\n    (0): Softmax(dim=1)\n  )\n  (2): ReLU()\n)")
    assert repr(nn.HuberLoss(delta=2.0)) == "HuberLoss(delta=2.0)"


@pytest.mark.parametrize("criterion, loss, settings", [
    (nn.MSELoss, losses.mse, {"path": "fused"}), (nn.L1Loss, losses.mae, {"reduction": "sum"}),
    (nn.HuberLoss, losses.huber, {"delta": 0.5}), (nn.SmoothL1Loss, losses.smooth_l1, {"beta": 0.5}),
    (nn.BCELoss, losses.bce, {}), (nn.BCEWithLogitsLoss, losses.bce_with_logits, {}),
    (nn.CrossEntropyLoss, losses.cross_entropy, {"label_smoothing": 0.1})])
def test_criteria_are_the_losses(criterion, loss, settings):
    pred = RNG.uniform(0.1, 0.9, (6, 3))
    target = RNG.integers(0, 3, 6) if loss is losses.cross_entropy else RNG.uniform(0.1, 0.9, (6, 3))
    settings = {"path": "composed", **settings}
    assert criterion(**settings)(pred, target).item() == loss(pred, target, **settings).item()


# ----------------------------------------------------------------------------------------- training

STEPS = 200


@pytest.mark.parametrize("dtype, tolerance", [(np.float64, 1e-12), (np.float32, 1e-4)])
@pytest.mark.parametrize("loss", [losses.bce_with_logits, losses.huber])
def test_both_paths_train_to_the_same_weights(loss, dtype, tolerance):
    """A step may round otherwise by one part in 2^53 (2^24); in 200 steps that grows about a thousandfold."""
    x = np.random.default_rng(1).standard_normal((256, 10)).astype(dtype)
    y = (x.sum(axis=1, keepdims=True) > 0).astype(dtype)
    states = []
    for path in ("composed", "fused"):
        model = perceptron(dtype=dtype, sizes=(10, 20, 1))
        optimizer = optim.Adam(model.parameters(), lr=1e-3)
        loader = DataLoader(TensorDataset(x, y), 32, shuffle=True, generator=np.random.default_rng(2))
        for _ in range(STEPS // len(loader)):
            for batch_x, batch_y in loader:
                optimizer.zero_grad()
                loss(model(batch_x), batch_y, path=path).backward()
                optimizer.step()
        states.append(model.state_dict())
    for name, composed in states[0].items():
        start = perceptron(dtype=dtype, sizes=(10, 20, 1)).state_dict()[name]
        assert np.max(abs(composed - start)) > 0.05, "it did train"
        assert np.max(abs(states[1][name] - composed)) <= tolerance * np.max(abs(composed))


def test_importing_the_package_does_not_import_what_training_needs():
    code = ("import sys, tinygrad_loss; assert not {f'tinygrad_loss.{x}' for x in ('nn', 'optim', 'data')} & "
            "sys.modules.keys(); tinygrad_loss.nn.Linear; from tinygrad_loss import data, optim; "
            "assert 'numba' not in sys.modules")
    subprocess.run([sys.executable, "-c", code], check=True)
