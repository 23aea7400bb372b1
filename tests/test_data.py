"""Batches: every sample once, in a reproducible order; and the flowers that are shipped."""

from __future__ import annotations

import numpy as np
import pytest

from tinygrad_loss import Tensor
from tinygrad_loss.data import IRIS_SPECIES, DataLoader, TensorDataset, iris

X, LABELS = np.arange(20.0).reshape(10, 2), np.arange(10)


@pytest.mark.parametrize("drop_last, sizes", [(False, [4, 4, 2]), (True, [4, 4])])
@pytest.mark.parametrize("shuffle", [False, True])
def test_every_sample_comes_once_with_its_label(shuffle, drop_last, sizes):
    loader = DataLoader(TensorDataset(X, LABELS), batch_size=4, shuffle=shuffle, drop_last=drop_last)
    batches = list(loader)
    assert [len(x) for x, _ in batches] == sizes and len(loader) == len(sizes)
    found = np.concatenate([labels for _, labels in batches])
    assert len(set(found)) == len(found) and found.dtype.kind == "i"
    assert np.array_equal(np.concatenate([x for x, _ in batches]), X[found])
    assert shuffle or np.array_equal(found, LABELS[:len(found)])


def test_the_order_comes_from_the_generator_and_changes():
    def orders():
        loader = DataLoader(TensorDataset(LABELS), 3, shuffle=True, generator=np.random.default_rng(5))
        return [np.concatenate([labels for labels, in loader]).tolist() for _ in range(3)]
    assert orders() == orders()
    assert len(set(map(tuple, orders()))) == 3


def test_tensors_stay_tensors():
    dataset = TensorDataset(Tensor(X, dtype=np.float32), list(LABELS))
    (x, labels), *_ = DataLoader(dataset, batch_size=5)
    assert isinstance(x, Tensor) and x.dtype == np.float32 and isinstance(labels, np.ndarray)
    assert len(dataset) == 10 and np.array_equal(dataset[3][0], X[3])


def test_any_dataset_with_a_length_and_brackets_will_do():
    class Squares:
        def __len__(self): return 5
        def __getitem__(self, index): return index ** 2
    assert [batch.tolist() for batch in DataLoader(Squares(), 2)] == [[0, 1], [4, 9], [16]]
    assert list(DataLoader(TensorDataset(X[:0]), 2)) == []


@pytest.mark.parametrize("wrong, sentence", [
    (lambda: TensorDataset(), "the shapes are none"), (lambda: TensorDataset(1.0), r"the shapes are \(\)"),
    (lambda: TensorDataset(X, LABELS[1:]), r"the shapes are \(10, 2\), \(9,\)"),
    (lambda: DataLoader(TensorDataset(X), batch_size=0), "batch_size must be at least 1; got 0")])
def test_mistakes_get_one_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        wrong()


def test_iris_is_fishers():
    x, species = iris()
    assert x.shape == (150, 4) and np.bincount(species).tolist() == [50, 50, 50] and len(IRIS_SPECIES) == 3
    means = [[5.006, 3.428, 1.462, 0.246], [5.936, 2.770, 4.260, 1.326], [6.588, 2.974, 5.552, 2.026]]
    found = [x[species == i].mean(axis=0) for i in range(3)]
    np.testing.assert_allclose(found, means, rtol=1e-12)                   # as Fisher reports them
