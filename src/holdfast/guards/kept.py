"""The guards of a project, each built once. Knows nothing of what asks them."""

from __future__ import annotations

from holdfast.contracts import Guard
from holdfast.identity import canonical, digest
from holdfast.records import Check


class Guards:
    """Guards by what makes them: their name, family and settings."""

    def __init__(self) -> None:
        self._built: dict[str, Guard] = {}

    def of(self, check: Check) -> Guard:
        """The guard that a check asks for. Raises Misconfigured (HF100) for a family or a setting that is not there."""
        from holdfast.guards import build_guard

        key = digest(canonical((check.guard, check.family, check.settings)))
        if key not in self._built:
            self._built[key] = build_guard(check.family, check.settings, name=check.guard)
        return self._built[key]
