"""Loading a project's features file. Knows nothing of what it declares."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from holdfast.identity import digest


def load_module(file: Path) -> ModuleType:
    """The module of a features file, loaded anew, with its folder importable."""
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
