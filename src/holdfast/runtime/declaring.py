"""An app: the features that a project's file declares, by name.

Knows nothing of how a project is opened or run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from holdfast.config import Config
from holdfast.contracts import Scorers
from holdfast.errors import Misconfigured
from holdfast.runtime.feature import Bar, Feature, FeatureFunction, declare
from holdfast.runtime.loading import load_module

F = TypeVar("F", bound=FeatureFunction)


class App:
    """What a project's features.py declares. Only declares: nothing is read or opened until the app starts."""

    def __init__(self, *, scorers: Scorers | None = None) -> None:
        self.scorers: Scorers = dict(scorers or {})
        """Scorers of the project's own, by the name they stand under in a bar."""
        self._declared: dict[str, tuple[FeatureFunction, Bar | None]] = {}
        self._features: dict[str, Feature] = {}

    def feature(self, *, bar: Bar | None = None, name: str | None = None) -> Callable[[F], F]:
        """Register an async function as a feature, under its own name or `name`. The function comes back unwrapped.

        Raises Misconfigured (HF110) when two features have one name.
        """

        def register(fn: F) -> F:
            label = name or fn.__name__
            if label in self._declared:
                raise Misconfigured("HF110", f"there are two features '{label}'", "rename one of them")
            self._declared[label] = (fn, bar)
            return fn

        return register

    @property
    def features(self) -> Mapping[str, Feature]:
        """Every feature by name, in order of declaration. Raises Misconfigured (HF110) for one that cannot work."""
        for name, (fn, bar) in self._declared.items():
            if name not in self._features:
                self._features[name] = declare(fn, name=name, bar=bar)
        return self._features


async def load_app(config: Config) -> App:
    """The App that the project's features file declares. Raises Misconfigured (HF102) naming the line that is wrong."""
    file = config.folder / config.app.features
    module = await load_module(file)
    apps = {id(value): value for value in vars(module).values() if isinstance(value, App)}
    if len(apps) != 1:
        found = "no app" if not apps else f"{len(apps)} apps"
        raise Misconfigured("HF102", f"{file} declares {found}", "write once: app = hf.App()")
    return next(iter(apps.values()))
