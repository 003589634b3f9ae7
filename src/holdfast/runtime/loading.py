"""Loading a project's features file. Knows nothing of what it declares."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from holdfast.errors import HoldfastError, Misconfigured
from holdfast.identity import digest
from holdfast.runtime.world import ended


async def load_module(file: Path) -> ModuleType:
    """The module of a features file, loaded anew in a thread, with its folder importable.

    Raises Misconfigured (HF102) when there is no such file, or naming the line at which it cannot be loaded.
    """
    outcome = await ended(asyncio.to_thread(_load, file))
    if isinstance(outcome.error, HoldfastError):
        raise outcome.error
    if outcome.error is not None:
        lines = [f for f in traceback.extract_tb(outcome.error.__traceback__) if f.filename == str(file)]
        where = f", line {lines[-1].lineno}" if lines else ""
        what = f"{type(outcome.error).__name__}: {outcome.error}"
        raise Misconfigured("HF102", f"{file}{where} cannot be loaded: {what}", "mend that line") from outcome.error
    module: ModuleType = outcome.value
    return module


def _load(file: Path) -> ModuleType:
    if not file.is_file():
        raise Misconfigured("HF102", f"there is no {file}", "create it, or mend app.features in holdfast.toml")
    if str(file.parent) not in sys.path:
        sys.path.insert(0, str(file.parent))
    name = f"holdfast_project_{digest(str(file).encode(), 8)}"
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
