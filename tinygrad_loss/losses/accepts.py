"""What a loss can be given: the names and defaults of its arguments, and the domain of each.

Inputs are the arguments of `composed` that have no default, settings those that have one. All losses have
`sample_weight`, `reduction` and `path` besides.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from .domain import INTEGERS, REAL, Domain, Switch

EARLY = {"labels", "label lists", "rows", "log rows"}          # kinds that are tested before a kernel runs


class Accepts:
    """The arguments of a loss, read off its composed function."""

    def __init__(self, composed: Callable[..., Any],
                 domains: dict[str, Domain | Switch | tuple[Domain, ...]]) -> None:
        self.domains = domains
        signature = inspect.signature(composed).parameters.values()
        self.input_names = [p.name for p in signature if p.default is p.empty]
        self.defaults = {p.name: p.default for p in signature if p.default is not p.empty}
        self.argument_defaults = {**self.defaults, "sample_weight": None, "reduction": "mean", "path": None}
        self.argument_names = [*self.input_names, *self.argument_defaults]
        self.default_settings = tuple(self.defaults.values())
        self.has_class_weights = any(self.alternatives(n)[0].kind == "class weights" for n in self.defaults)
        kinds = {name: {domain.kind for domain in self.alternatives(name)} for name in self.input_names}
        self.label_names = [name for name in self.input_names if kinds[name] & INTEGERS]
        target = kinds[self.input_names[-1]]
        self.takes_labels, self.takes_rows = "labels" in target, bool(target - INTEGERS)
        self.early_checks = [(k, name) for k, name in enumerate(self.input_names) if kinds[name] & EARLY]
        self.has_switches = any(isinstance(domains[name], Switch) for name in self.input_names)
        self.default_holds = tuple(self.alternatives(name)[-1].holds for name in self.input_names)

    @property
    def __signature__(self) -> inspect.Signature:
        kind, defaults = inspect.Parameter.POSITIONAL_OR_KEYWORD, {**self.argument_defaults, "path": "fused"}
        return inspect.Signature([inspect.Parameter(n, kind, default=defaults.get(n, inspect.Parameter.empty))
                                  for n in self.argument_names])

    def alternatives(self, name: str, settings: dict[str, Any] | None = None) -> tuple[Domain, ...]:
        """What the argument `name` may be under these settings: one domain, or labels or else rows."""
        domain = self.domains[name]
        if isinstance(domain, Switch):
            domain = domain.on if {**self.defaults, **(settings or {})}[domain.setting] else domain.off
        return (domain,) if isinstance(domain, Domain) else domain

    def holds(self, settings: tuple[Any, ...]) -> tuple[Callable[[Any], Any], ...]:
        """The tests of single elements of each input, under these settings."""
        if not self.has_switches:
            return self.default_holds
        named = dict(zip(self.defaults, settings, strict=True))
        return tuple([self.alternatives(name, named)[-1].holds for name in self.input_names])

    def element_domain(self, name: str) -> Domain:
        """What a single float of the input `name` may be, whatever the settings."""
        return REAL if isinstance(self.domains[name], Switch) else self.alternatives(name)[-1]
