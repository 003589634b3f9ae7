"""Checks of what the project says: its configuration, its features, its prompts. Knows nothing of what it has kept."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from holdfast.cli.check import Check, failed, ok, warn
from holdfast.errors import HoldfastError

if TYPE_CHECKING:
    from holdfast.config import Config


def configuration(config: Config) -> Check:
    parts = [f"{len(part)} {name}" for name, part in (("corpora", config.corpora), ("slots", config.slots))]
    return ok("configuration", f"holdfast.toml: {', '.join(parts)}, {len(config.guards)} guards")


def features(config: Config) -> Check:
    """Whether features.py can be loaded, and which features it declares."""
    from holdfast.app import load_app

    try:
        declared = asyncio.run(load_app(config)).features
    except HoldfastError as error:
        return failed("features", error)
    if not declared:
        fix = "declare one with @app.feature(); `holdfast new DIR` shows how"
        return warn("features", f"{config.app.features} declares none", fix)
    return ok("features", ", ".join(declared))


def prompts(config: Config) -> Check:
    """Every prompt is read and parsed; what a feature gives it is known only when it runs."""
    from holdfast.releases.working import WorkingTree

    try:
        release = WorkingTree(config).release()
    except HoldfastError as error:
        return failed("prompts", error)
    paths = [slot.prompt for slot in config.slots.values() if slot.prompt is not None]
    return ok("prompts", (", ".join(dict.fromkeys(paths)) or "none") + f"; release {release.id}")
