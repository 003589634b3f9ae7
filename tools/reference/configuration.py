"""The page of holdfast.toml, from the models that read it. Knows nothing of what the settings do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import NoneType
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from holdfast.config import Config
from holdfast.gateway.provider import BUILT_IN
from holdfast.release import CorpusSlot, ModelSlot
from tools.reference.markdown import page, prose, table

SECTIONS: Mapping[str, str] = {
    "app": "[app]",
    "server": "[server]",
    "jobs": "[jobs]",
    "evals": "[evals]",
    "diagnosis": "[diagnosis]",
    "providers": "[providers.NAME]",
    "prices": '[prices."PROVIDER:MODEL"]',
    "models": '[models."PROVIDER:MODEL"]',
    "corpora": "[corpora.NAME]",
    "slots": "[slots.NAME]",
    "guards": "[guards.NAME]",
}


def configuration() -> str:
    """Every setting of holdfast.toml."""
    parts = []
    for name, heading in SECTIONS.items():
        annotation = Config.model_fields[name].annotation
        model = next(kind for kind in (annotation, *get_args(annotation)) if is_model(kind))
        known = release_defaults() if name == "slots" else {}
        rows = [setting(field.alias or label, field, known.get(label)) for label, field in model.model_fields.items()]
        parts.append(f"## `{heading}`")
        parts += [text for text in (prose(model),) if text]
        parts.append(table(("setting", "type", "default", "what it is"), rows))
        if name == "providers":
            parts += ["Built in, by name:", table(("name", "key", "where"), built_in())]
    intro = (
        "A project is a folder with a `holdfast.toml`. Keys it does not know are an error (HF100), so a slip of the "
        "pen does not go unnoticed. Any string may be `env:NAME` or `file:PATH`: the variable's or the file's content "
        "stands in its place; from eight characters on it is kept out of recordings, errors and logs. Changes take "
        "effect when the project is opened again; prompts are read again as soon as their files change."
    )
    return page("Configuration: holdfast.toml", intro, parts)


def is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def release_defaults() -> dict[str, Any]:
    """What a slot has where the project says nothing."""
    slots = (ModelSlot(models=()), CorpusSlot())
    return {name: getattr(slot, name) for slot in slots for name in slot.__struct_fields__ if name != "models"}


def built_in() -> list[tuple[str, str, str]]:
    return [
        (f"`{each.name}`", f"`{each.key_variable}`" if each.key_variable else "none needed", f"`{each.base_url}`")
        for each in BUILT_IN.values()
    ]


def setting(name: str, field: FieldInfo, known: Any = None) -> tuple[str, str, str, str]:
    default = "required" if field.default is PydanticUndefined else shown(field.default if known is None else known)
    bounds = ", ".join(
        f"{sign} {getattr(limit, attribute)}"
        for limit in field.metadata
        for attribute, sign in (("ge", "at least"), ("le", "at most"), ("gt", "over"), ("lt", "under"))
        if hasattr(limit, attribute)
    )
    kind = plain(field.annotation) + (f", {bounds}" if bounds else "")
    return f"`{name}`", kind, default, field.description or ""


def shown(value: Any) -> str:
    if value is None or value in ({}, ()):
        return "none"
    return f"`{json.dumps(value)}`"


def plain(kind: Any) -> str:
    """A type as a reader of TOML would say it."""
    names = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    if kind in names:
        return names[kind]
    arguments = [part for part in get_args(kind) if part not in (NoneType, Ellipsis)]
    origin = getattr(kind, "__origin__", None)
    if origin is tuple:
        return f"list of {plain(arguments[0])}"
    if origin is dict:
        return f"table of {plain(arguments[1])}"
    if all(isinstance(part, str) for part in arguments):
        return " or ".join(f'`"{part}"`' for part in arguments)
    return " or ".join(plain(part) for part in arguments)
