"""Data in batches, with PyTorch's names.

A data set is anything with a length that takes an array of positions in brackets; TensorDataset is one.
A DataLoader goes through it once per `for` loop:

    loader = DataLoader(TensorDataset(X, y), batch_size=32, shuffle=True, generator=rng)
    for batch_x, batch_y in loader:
        ...

Arrays give arrays, so labels stay integers; Tensors give Tensors.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from .engine import Tensor

__all__ = ["IRIS_SPECIES", "DataLoader", "Dataset", "TensorDataset", "iris"]


class Dataset(Protocol):
    """What a DataLoader asks of data."""

    def __len__(self) -> int: ...                
    def __getitem__(self, index: Any) -> Any: ...


class TensorDataset:
    """Arrays or Tensors whose first axes count the same samples. Raises ValueError if these differ."""

    def __init__(self, *tensors: Any) -> None:
        self.tensors = tuple(x if isinstance(x, Tensor) else np.asarray(x) for x in tensors)
        lengths = {x.shape[0] if x.ndim else None for x in self.tensors}
        if len(lengths) != 1 or None in lengths:
            shapes = ", ".join(str(x.shape) for x in self.tensors) or "none"
            raise ValueError(f"TensorDataset needs arrays with equally many samples along the first axis; "
                             f"the shapes are {shapes}.")

    def __len__(self) -> int:
        return len(self.tensors[0])

    def __getitem__(self, index: Any) -> tuple[Any, ...]:
        return tuple(x[index] for x in self.tensors)


class DataLoader:
    """Goes through a data set in batches; the last one is smaller, or left out with `drop_last`.

    With `shuffle` every pass takes the samples in a new order, drawn from `generator`; without one it
    differs in every run. Its length is the number of batches. Raises ValueError for a batch size below 1.
    """

    def __init__(self, dataset: Dataset, batch_size: int = 1, shuffle: bool = False, *,
                 generator: np.random.Generator | None = None, drop_last: bool = False) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1; got {batch_size}.")
        self.dataset, self.batch_size, self.drop_last = dataset, batch_size, drop_last
        self.shuffle, self.generator = shuffle, generator or np.random.default_rng()

    def __len__(self) -> int:
        whole, rest = divmod(len(self.dataset), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        n = len(self.dataset)
        order = self.generator.permutation(n) if self.shuffle else np.arange(n)
        for i in range(len(self)):
            yield self.dataset[order[i * self.batch_size:(i + 1) * self.batch_size]]


IRIS_SPECIES = ("setosa", "versicolor", "virginica")


def iris() -> tuple[np.ndarray, np.ndarray]:
    """Fisher's iris: length and width of sepal and petal of 150 flowers in centimetres, shape (150, 4), and
    their species, integers that count IRIS_SPECIES. The head of iris.csv tells the source."""
    table = np.loadtxt(Path(__file__).with_name("iris.csv"), delimiter=",", comments="#")
    return table[:, :4], table[:, 4].astype(int)
