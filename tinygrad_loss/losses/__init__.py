"""Loss functions, each with two independent implementations: `losses.huber(pred, target)`.

Every file of this folder that has a `loss` is found here; nothing else needs to be edited to add
one. `LOSSES` maps names to losses.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from .claims import Advice, Claims, Known
from .define import define
from .loss import Loss
from .weighted_sum import weighted_sum

LOSSES: dict[str, Loss] = {}

for _file in pkgutil.iter_modules(__path__):
    _loss = getattr(import_module(f"{__name__}.{_file.name}"), "loss", None)
    if isinstance(_loss, Loss):
        LOSSES[_loss.name] = _loss
globals().update(LOSSES)


def __getattr__(name: str) -> Loss:
    raise AttributeError(f"There is no loss {name!r}; there are {', '.join(LOSSES)}.")


__all__ = ["LOSSES", "Advice", "Claims", "Known", "Loss", "define", "weighted_sum", *LOSSES]  # noqa: PLE0604
