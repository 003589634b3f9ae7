"""The documentation is true: what is generated is fresh, what is shown runs, what is linked is there."""

from __future__ import annotations

import ast
import re
import shlex
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.house.pages import Block, blocks, links, pages
from tests.house.tree import ROOT, modules, texts
from tools.reference.__main__ import stale
from tools.reference.commands import leaves, tree
from tools.reference.http import routes

from holdfast.config import load_config

RUNNABLE_PAGES = sorted({block.page for block in blocks("python") if block.runs})


def test_no_generated_page_is_stale() -> None:
    assert not stale(), "run: make docs"


@pytest.mark.parametrize("page", RUNNABLE_PAGES)
def test_the_python_of_a_page_runs_from_top_to_bottom(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import holdfast as hf

    module = types.ModuleType("page")
    monkeypatch.setitem(sys.modules, "page", module)
    for block in blocks("python"):
        if block.page == page and block.runs:
            exec(compile("\n" * block.line + block.text, page, "exec"), vars(module))
    apps = [value for value in vars(module).values() if isinstance(value, hf.App)]
    for app in apps:
        assert app.features


@pytest.mark.parametrize("block", blocks("python"), ids=lambda block: block.where)
def test_every_python_block_is_python_and_imports_what_there_is(block: Block) -> None:
    import importlib

    for node in ast.walk(ast.parse(block.text)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("holdfast"):
            module = importlib.import_module(node.module or "")
            assert not [alias.name for alias in node.names if not hasattr(module, alias.name)]


@pytest.mark.parametrize("block", [b for b in blocks("toml") if b.runs], ids=lambda block: block.where)
def test_every_runnable_toml_block_is_a_configuration_that_loads(block: Block, tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text(block.text, "utf-8")
    environ = {name: "a-value-for-the-test" for name in re.findall(r'"env:(\w+)"', block.text)}
    assert load_config(tmp_path, environ)


def shell_lines() -> Iterator[tuple[str, list[str]]]:
    """Every command line of the pages, in words, with where it stands; comments and continuation lines joined."""
    for block in blocks("sh"):
        for line in block.text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            yield block.where, [word.removeprefix(".venv/bin/") for word in words]


def flags(command: Any) -> set[str]:
    return {"--help"} | {flag for parameter in command.params for flag in parameter.opts + parameter.secondary_opts}


def test_every_command_line_in_the_pages_names_commands_and_options_that_exist() -> None:
    known = dict(leaves(tree()))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), flags=re.MULTILINE))
    wrong = []
    for where, line in shell_lines():
        if line[:1] == ["make"]:
            wrong += [f"{where}: make {word}" for word in line[1:2] if word not in targets]
        if line[:1] != ["holdfast"] or line[1:2] in (["--version"], ["--help"]):
            continue
        words = next((tuple(line[1:end]) for end in (3, 2) if tuple(line[1:end]) in known), None)
        if words is None:
            wrong.append(f"{where}: {' '.join(line)}: there is no such command")
            continue
        allowed = flags(known[words])
        wrong += [
            f"{where}: {word}" for word in line if word.startswith("--") and word.partition("=")[0] not in allowed
        ]
    assert not wrong


def test_every_command_is_documented() -> None:
    page = pages()["docs/reference/cli.md"]
    assert not [words for words, _ in leaves(tree()) if f"## `holdfast {' '.join(words)}`" not in page]


def test_every_route_is_documented() -> None:
    page = pages()["docs/reference/http.md"]
    assert not [route for route in routes() if f" {route}`" not in page]


def test_every_setting_is_documented_with_what_it_is() -> None:
    rows = re.findall(r"^\| `\w+` \|.*$", pages()["docs/reference/configuration.md"], flags=re.MULTILINE)
    assert rows
    assert not [row for row in rows if re.search(r"\|\s*\|$", row)]


def test_every_link_leads_somewhere() -> None:
    broken = []
    for page in pages():
        for link in links(page):
            path = link.partition("#")[0]
            if path and "://" not in path and not (ROOT / page).parent.joinpath(path).exists():
                broken.append(f"{page}: {link}")
    assert not broken


def test_the_map_names_every_file_and_folder_of_the_package() -> None:
    page = pages()["docs/concepts/map.md"]
    units = {module.unit for module in modules()} - {"holdfast"}
    assert not [unit for unit in sorted(units) if f"`{unit}`" not in page]


def test_the_readme_names_every_file_and_folder_of_the_package() -> None:
    page = pages()["README.md"]
    units = {module.where.split("/")[2] for module in modules()} - {"__init__.py"}
    assert not [unit for unit in sorted(units) if not re.search(rf"\b{re.escape(unit)}", page)]


def test_the_glossary_is_sorted_and_has_a_line_for_each_word() -> None:
    words = re.findall(r"^\| \*\*(.+?)\*\* \| (.+) \|$", pages()["docs/concepts/glossary.md"], flags=re.MULTILINE)
    assert len(words) > 30
    assert [word for word, _ in words] == sorted(word for word, _ in words)


def test_no_page_is_left_without_a_way_to_it() -> None:
    reached: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        name = str(page.relative_to(ROOT))
        if name in pages():
            waiting += [(page.parent / link.partition("#")[0]).resolve() for link in links(name) if "://" not in link]
    unreached = [name for name in pages() if name.startswith("docs/") and ROOT / name not in reached]
    assert not unreached


def test_the_changelog_tells_outcomes_in_one_sentence_each() -> None:
    entries = re.findall(r"^- (.+(?:\n  .+)*)$", texts()["CHANGELOG.md"], flags=re.MULTILINE)
    assert entries
    assert not [entry for entry in entries if not entry.endswith(".") or len(entry.split()) > 40]
