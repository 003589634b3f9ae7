"""Holdfast: takes an AI feature from demo to production and keeps it there.

Every public name stands here; its module is imported when the name is first used, so that `import holdfast` is quick.
"""

from __future__ import annotations

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.app import Project, open_project
    from holdfast.contracts import Answered, Lab, Probe, Scorer
    from holdfast.embedding import App
    from holdfast.errors import (
        EffectFailed,
        GuardBlocked,
        HoldfastError,
        Misconfigured,
        NotFound,
        Refused,
        ReplayDiverged,
        StoreFailed,
    )
    from holdfast.evaluation import Scored
    from holdfast.records import Citation, Document, File, Message, Passage, Recording, Tool, ToolCall, Verdict
    from holdfast.runtime.compare import Replay
    from holdfast.runtime.context import Completion, Context
    from holdfast.runtime.feature import Bar
    from holdfast.runtime.retrieving import Passages
    from holdfast.sources import Passed, RawDocument, Source

__all__ = [
    "Answered",
    "App",
    "Bar",
    "Citation",
    "Completion",
    "Context",
    "Document",
    "EffectFailed",
    "File",
    "GuardBlocked",
    "HoldfastError",
    "Lab",
    "Message",
    "Misconfigured",
    "NotFound",
    "Passage",
    "Passages",
    "Passed",
    "Probe",
    "Project",
    "RawDocument",
    "Recording",
    "Refused",
    "Replay",
    "ReplayDiverged",
    "Scored",
    "Scorer",
    "Source",
    "StoreFailed",
    "Tool",
    "ToolCall",
    "Verdict",
    "open_project",
]

_HOMES = MappingProxyType(
    {
        "app": ("Project", "open_project"),
        "contracts": ("Answered", "Lab", "Probe", "Scorer"),
        "sources": ("Passed", "RawDocument", "Source"),
        "embedding": ("App",),
        "errors": (
            *("EffectFailed", "GuardBlocked", "HoldfastError", "Misconfigured"),
            *("NotFound", "Refused", "ReplayDiverged", "StoreFailed"),
        ),
        "evaluation": ("Scored",),
        "records": ("Citation", "Document", "File", "Message", "Passage", "Recording", "Tool", "ToolCall", "Verdict"),
        "runtime.compare": ("Replay",),
        "runtime.context": ("Completion", "Context"),
        "runtime.feature": ("Bar",),
        "runtime.retrieving": ("Passages",),
    }
)


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"holdfast.{module}"), name)
    raise AttributeError(f"module 'holdfast' has no attribute '{name}'; it has: {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
