"""The half of a Tensor that has nothing to do with derivatives: an array in a box.

`ArrayLike` holds `data` and answers what every array answers: its shape, its numbers, comparisons,
printing. It also says no, in a sentence, to what a differentiable array cannot do.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Any, NoReturn

import numpy as np

FLOAT64, FLOAT32 = np.dtype(np.float64), np.dtype(np.float32)


def floats(data: Any, dtype: Any = None) -> np.ndarray:
    """`data` as an array of float32 or float64, shared and not copied where it is one already.

    float32 and float64 are kept, float16 becomes float32, integers and booleans become float64.
    Raises TypeError for anything that is not a real number, ValueError for ragged lists.
    """
    if type(data) is np.ndarray and dtype is None:
        if data.dtype is FLOAT64 or data.dtype is FLOAT32:
            return data
    if isinstance(data, list | tuple) and any(isinstance(x, ArrayLike) for x in data):
        raise TypeError("A list of Tensors would lose their history; join them with stack or concatenate.")
    try:
        array = (data.data if isinstance(data, ArrayLike) else
                 np.asarray(data, float if is_number(data) else None))
    except ValueError:
        raise ValueError("A Tensor needs rows of equal length; the nested list given has rows of "
                         "different lengths.") from None
    if dtype is None:
        dtype = np.float32 if array.dtype in (np.float32, np.float16) else np.float64
    real = array.dtype.kind in "biuf" and array.dtype.itemsize <= 8
    if not real or np.dtype(dtype) not in (FLOAT64, FLOAT32):
        raise TypeError(f"A Tensor holds real numbers as float32 or float64; got "
                        f"{type(data).__name__} of dtype {array.dtype}"
                        + ("." if not real else f", to be stored as {np.dtype(dtype)}.")
                        + " Convert it to floats first.")
    return array.astype(dtype, copy=False)


def is_number(value: Any) -> bool:
    """Is this a plain Python number, which takes the dtype of the array it meets?"""
    return type(value) in (int, float, bool)


def _compare(relation: Callable[[Any, Any], Any]) -> Callable[[ArrayLike, Any], Any]:
    """A comparison of the numbers; its answer is a plain boolean array, without a gradient."""
    return lambda self, other: relation(self.data, np.asarray(other))


class ArrayLike:
    """An array of real numbers, `data`, and what can be asked of it without differentiating."""

    __slots__ = ("__weakref__", "data")
    __array_ufunc__ = None                       # so that `array + tensor` is left to the Tensor
    data: np.ndarray

    shape = property(attrgetter("data.shape"), doc="Lengths of the axes, a tuple.")
    ndim = property(attrgetter("data.ndim"), doc="Number of axes.")
    size = property(attrgetter("data.size"), doc="Number of elements.")
    dtype = property(attrgetter("data.dtype"), doc="float32 or float64.")

    def item(self) -> float:
        """The number in an array of one element."""
        return float(self.data.item())

    def numpy(self) -> np.ndarray:
        """The array itself, shared. Do not write to it: histories rely on its numbers."""
        return self.data

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.data, dtype=dtype, copy=copy)

    def _describe(self) -> str:
        """What is worth saying after the numbers."""
        return ""

    def __repr__(self) -> str:
        name = type(self).__name__
        body = np.array2string(self.data, separator=", ", prefix=f"{name}(", threshold=20,
                               edgeitems=3)
        kind = "" if self.data.dtype == np.float64 else f", dtype={self.data.dtype}"
        return f"{name}({body}{kind}{self._describe()})"

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))                  # type: ignore[index]

    def __bool__(self) -> bool:
        return bool(self.data)

    def __abs__(self) -> Any:
        return self.abs()                                            # type: ignore[attr-defined]

    def __float__(self) -> float:
        return self.item()

    __lt__, __le__ = _compare(operator.lt), _compare(operator.le)
    __gt__, __ge__ = _compare(operator.gt), _compare(operator.ge)
    __eq__, __ne__ = _compare(operator.eq), _compare(operator.ne)
    __hash__ = object.__hash__

    def _refuse(self, *_: Any) -> NoReturn:
        raise TypeError("A Tensor is never changed in place, since its history relies on the old "
                        "numbers. Write a = a + b instead of a += b, and a = where(mask, new, a) "
                        "instead of a[mask] = new.")

    __iadd__ = __isub__ = __imul__ = __itruediv__ = __ipow__ = __imatmul__ = __setitem__ = _refuse
