"""Importing is not an event: it loads little, touches nothing, and leaves nothing that can change."""

from __future__ import annotations

import ast
import dataclasses
import datetime
import enum
import functools
import importlib
import json
import logging
import pathlib
import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
from tests.house.rules import IMPORT_CPU_S, LIGHT
from tests.house.tree import FUNCTIONS, ROOT, Module, hold, modules

PROBE = """
import collections.abc, json, os, sys, threading, time

seen = {"reads": [], "writes": [], "opens": [], "network": [], "programs": []}
SELF = os.sep + "holdfast" + os.sep

def ours(frame):
    return SELF in frame.f_code.co_filename and "site-packages" not in frame.f_code.co_filename

def hook(event, args):
    if event == "open" and isinstance(args[0], str):
        mode, flags = args[1], args[2] or 0
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) or (mode and set(mode) & set("wax+")):
            seen["writes"].append(args[0])
        elif not args[0].endswith((".py", ".pyc", ".so", ".pyd", ".pth", ".zip")):
            frame = sys._getframe(1)
            while frame is not None and not ours(frame):
                name = frame.f_code.co_filename
                frame = None if name.startswith("<frozen importlib") or "site-packages" in name else frame.f_back
            if frame is not None:
                seen["opens"].append(args[0])
    elif event.startswith("socket."):
        seen["network"].append(event)
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"):
        seen["programs"].append(event)

class Watched(collections.abc.MutableMapping):
    def __init__(self, real): self.real = real
    def note(self, name):
        frame = sys._getframe(2)
        while frame is not None and frame.f_code.co_filename.endswith(("os.py", ">")):
            frame = frame.f_back
        if frame is not None and ours(frame):
            seen["reads"].append(str(name))
    def __getitem__(self, name): self.note(name); return self.real[name]
    def __contains__(self, name): self.note(name); return name in self.real
    def __iter__(self): self.note("*"); return iter(self.real)
    def __len__(self): return len(self.real)
    def __setitem__(self, name, value): seen["writes"].append("environ " + name); self.real[name] = value
    def __delitem__(self, name): seen["writes"].append("environ " + name); del self.real[name]
    def copy(self): self.note("*"); return dict(self.real)

import importlib, logging, msgspec, pydantic, signal
names = sys.argv[1:]
before = set(sys.modules)
sys.dont_write_bytecode = True
root_handlers, handler = list(logging.root.handlers), signal.getsignal(signal.SIGTERM)
threads = threading.active_count()
os.environ = Watched(os.environ)
sys.addaudithook(hook)
for name in names:
    importlib.import_module(name)
seen["threads"] = threading.active_count() - threads
seen["handlers"] = len(logging.root.handlers) - len(root_handlers)
seen["signals"] = signal.getsignal(signal.SIGTERM) is not handler
print(json.dumps(seen))
"""


def python(code: str, *arguments: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.splitlines()[-1]
    return done.stdout


def environment() -> dict[str, str]:
    return {"PYTHONPATH": str(ROOT / "src"), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"}


EVERY_NAME = "import holdfast\nfor name in holdfast.__all__: getattr(holdfast, name)\n"


def test_neither_importing_holdfast_nor_using_a_public_name_loads_a_heavy_package() -> None:
    code = "import sys; before = set(sys.modules)\n" + EVERY_NAME + "print(*(set(sys.modules) - before))"
    loaded = {name.partition(".")[0] for name in python(code).split()}
    outside = {name for name in loaded - sys.stdlib_module_names - {"holdfast"} if not name.startswith("_")}
    assert outside <= LIGHT


def test_importing_holdfast_takes_a_moment() -> None:
    code = "import time; import holdfast; print(time.process_time())"
    assert min(float(python(code)) for _ in range(3)) < IMPORT_CPU_S


@cache
def what_imports_do() -> dict[str, Any]:
    """What happens when every module of the package is imported in a fresh interpreter."""
    names = [module.name for module in modules() if not module.name.endswith("__main__")]
    found: dict[str, Any] = json.loads(python(PROBE, *names))
    return found


@pytest.mark.parametrize("what", ["reads", "writes", "opens", "network", "programs"])
def test_no_import_reads_the_environment_or_touches_the_outside(what: str) -> None:
    assert what_imports_do()[what] == []


@pytest.mark.parametrize("what", ["threads", "handlers", "signals"])
def test_no_import_changes_anything_of_the_process(what: str) -> None:
    assert not what_imports_do()[what]


def test_the_probe_sees_what_it_is_for(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "holdfast"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "import os, threading, socket\n"
        "os.environ.get('SECRET'); os.getenv('OTHER')\n"
        "open(os.path.join(os.path.dirname(__file__), 'data.json'), 'w').close()\n"
        "open(os.path.join(os.path.dirname(__file__), 'data.json')).close()\n"
        "socket.socket().close()\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "holdfast"],
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    seen = json.loads(done.stdout)
    assert seen["reads"] == ["SECRET", "OTHER"]
    assert len(seen["writes"]) == 1
    assert len(seen["opens"]) == 1
    assert seen["network"]
    assert seen["threads"] == 1


FROZEN_TYPES: tuple[Any, ...] = (
    str,
    int,
    float,
    bytes,
    types.NoneType,
    re.Pattern,
    enum.Enum,
    logging.Logger,
    pathlib.PurePath,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.GenericAlias,
    types.UnionType,
    type,
    typing.TypeVar,
    typing.ParamSpec,
    datetime.datetime,
    datetime.timedelta,
    datetime.tzinfo,
    msgspec.UnsetType,
    msgspec.json.Encoder,
    msgspec.json.Decoder,
    msgspec.msgpack.Encoder,
    msgspec.msgpack.Decoder,
    functools._lru_cache_wrapper,  # a memo of a function that depends on nothing but its arguments
)


def can_change(value: Any) -> bool:
    """Whether a value could be different the next time it is looked at."""
    if isinstance(value, tuple | frozenset):
        return any(can_change(part) for part in value)
    if isinstance(value, types.MappingProxyType):
        return any(can_change(part) for part in value.values())
    if isinstance(value, functools.partial):
        return can_change(value.func) or any(can_change(part) for part in value.args)
    if isinstance(value, msgspec.Struct):
        return not value.__struct_config__.frozen
    if dataclasses.is_dataclass(value):
        return not value.__dataclass_params__.frozen  # type: ignore[union-attr]  # a class is let through below
    if isinstance(value, FROZEN_TYPES):
        return False
    return type(value).__module__ not in ("typing", "typing_extensions", "__future__", "types")


READ_ONLY = ("Mapping", "Sequence", "Collection", "AbstractSet", "Final[Mapping", "TypeAlias")
"""Annotations through which the type checker lets nobody change a value."""


def assigned(module: Module) -> Iterator[str]:
    """The names a module itself gives to values, but for those it promises by annotation not to change."""
    for node in module.tree.body:
        if isinstance(node, ast.AnnAssign) and not ast.unparse(node.annotation).startswith(READ_ONLY):
            yield ast.unparse(node.target)
        elif isinstance(node, ast.Assign):
            yield from (name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name))


def test_no_module_keeps_anything_that_can_change() -> None:
    offenders = {}
    for module in modules():
        if module.name.endswith("__main__"):
            continue
        values = vars(importlib.import_module(module.name))
        for name in assigned(module):
            if name != "__all__" and not isinstance(values[name], type) and can_change(values[name]):
                offenders[f"{module.name}.{name}"] = f"a {type(values[name]).__name__} can change"
    hold("no mutable module state", offenders)


def test_no_function_rebinds_a_name_of_its_module() -> None:
    assert not [
        f"{module.where}:{node.lineno}"
        for module in modules()
        for function in ast.walk(module.tree)
        if isinstance(function, FUNCTIONS)
        for node in ast.walk(function)
        if isinstance(node, ast.Global)
    ]
