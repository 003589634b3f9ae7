"""Imports point down, rooms never meet, and each outside package has one home."""

from __future__ import annotations

import re
import sys
import tomllib
from collections import defaultdict

from tests.house.rules import ANYWHERE, DISTRIBUTIONS, HOMES, LADDER, LOADED_BY_ANOTHER, MOST_DEPENDENCIES
from tests.house.tree import ROOT, Import, hold, imports, modules, names

ROW = {name: row for row, names_ in enumerate(LADDER) for name in names_}


def own_imports() -> list[Import]:
    return [found for module in modules() for found in imports(module) if found.package == "holdfast"]


def outside_imports() -> list[Import]:
    known = sys.stdlib_module_names | {"holdfast"}
    return [found for module in modules() for found in imports(module) if found.package not in known]


def unit_of(target: str) -> str:
    parts = target.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def test_every_file_and_folder_of_the_package_has_its_row_on_the_ladder() -> None:
    assert {module.unit for module in modules()} <= set(ROW)


def test_every_import_goes_to_a_lower_row_of_the_ladder() -> None:
    offenders = {}
    for found in own_imports():
        here, there = found.module.unit, unit_of(found.target)
        if here != there and ROW[there] >= ROW[here]:
            offenders[f"{found.module.where} -> {there}"] = f"line {found.line}: {here} must not know {there}"
    hold("imports point down", offenders)


def test_every_import_of_our_own_names_a_module_that_exists() -> None:
    assert not [f"{found.where} {found.target}" for found in own_imports() if found.target not in names()]


def test_no_import_is_relative() -> None:
    assert not [f.where for module in modules() for f in imports(module) if f.target.startswith(".")]


def test_no_modules_import_each_other_in_a_circle_when_they_are_loaded() -> None:
    edges: dict[str, set[str]] = defaultdict(set)
    for found in own_imports():
        if found.when == "load":
            edges[found.module.name].add(found.target)
    settled: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join((*path[path.index(name) :], name))
        if name not in settled:
            for target in sorted(edges[name]):
                visit(target, (*path, name))
            settled.add(name)

    for name in sorted(names()):
        visit(name, ())


def test_each_outside_package_is_imported_at_home_only() -> None:
    offenders = {}
    for found in outside_imports():
        homes = HOMES.get(found.package, frozenset())
        if homes != ANYWHERE and found.module.unit not in homes:
            told = f"its home is {', '.join(sorted(homes))}" if homes else "it has no home in rules.HOMES"
            offenders[f"{found.module.where} -> {found.package}"] = f"line {found.line}: {told}"
    hold("outside packages have one home", offenders)


def dependencies() -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return {re.split(r"[<>=!~;\[ ]", line)[0].lower() for line in project["dependencies"]}


def test_the_direct_dependencies_are_few_and_each_has_a_home() -> None:
    named = {DISTRIBUTIONS.get(name, name) for name in dependencies()}
    assert len(named) <= MOST_DEPENDENCIES
    assert named - set(HOMES) == set(LOADED_BY_ANOTHER)


def test_no_direct_dependency_is_idle() -> None:
    used = {found.package for found in outside_imports()}
    wanted = {DISTRIBUTIONS.get(name, name) for name in dependencies()} - set(LOADED_BY_ANOTHER)
    hold("every dependency is imported", {name: "nothing imports it" for name in wanted - used})


def test_every_dependency_and_nothing_stale_stands_in_the_lock() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    pinned = dict(re.findall(r"^([a-z0-9._-]+)==([^ \\;]+)", lock, flags=re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    from packaging.requirements import Requirement

    for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]:
        wanted = Requirement(line)
        assert wanted.name in pinned, f"{wanted.name} is not in requirements.lock: make lock"
        assert wanted.specifier.contains(pinned[wanted.name]), (
            f"{line} but the lock has {pinned[wanted.name]}: make lock"
        )
