"""Every error and every finding has a code that exists, is raised, and has its place in the documentation."""

from __future__ import annotations

import ast
import inspect
import re
from collections import defaultdict

from tests.house.tree import ROOT, hold, modules, texts

from holdfast.errors import CODES, FAMILIES
from holdfast.evals.findings.codes import EVERY

CODE = re.compile(r"H[FD]\d{3}")
KNOWN = {*CODES, *EVERY}


def codes_in_code() -> dict[str, set[str]]:
    """Each code that stands as a string of its own in the package, and the modules it stands in."""
    found: dict[str, set[str]] = defaultdict(set)
    for module in modules():
        for node in ast.walk(module.tree):
            said = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if CODE.fullmatch(said) and module.name != "holdfast.errors":
                found[said].add(module.where)
    return found


def test_every_code_that_is_raised_is_known() -> None:
    assert not {code: sorted(places) for code, places in codes_in_code().items() if code not in KNOWN}


def test_every_known_code_is_raised_somewhere() -> None:
    hold("every code is raised", {code: CODES[code] for code in set(CODES) - set(codes_in_code())})


def test_every_code_belongs_to_a_family() -> None:
    assert all(code[2] in FAMILIES or code == "HF999" for code in CODES)


def test_every_code_that_any_text_speaks_of_is_known() -> None:
    offenders = {}
    for path, text in texts().items():
        if path.endswith((".py", ".md", ".toml", ".html")) and not path.startswith("tests/"):
            for code in CODE.findall(text):
                if code not in KNOWN:
                    offenders[f"{path} {code}"] = "there is no such code"
    assert not offenders


def test_every_error_raised_here_carries_a_code_from_the_table_as_its_first_argument() -> None:
    families = {family.__name__ for family in FAMILIES.values()} | {"HoldfastError"}
    offenders = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in families and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and first.value not in CODES:
                    offenders.append(f"{module.where}:{node.lineno}")
    assert not offenders


def test_every_code_has_its_place_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text("utf-8")
    assert re.findall(r"^### (H[FD]\d{3})$", page, flags=re.MULTILINE) == sorted(CODES)


def test_every_function_that_finds_something_says_its_own_code_and_no_other() -> None:
    for code, looks in EVERY.items():
        tree = ast.parse(inspect.getsource(looks))
        said = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        assert {each for each in said if CODE.fullmatch(each)} == {code}


def test_every_code_of_a_finding_has_its_place_in_the_reference() -> None:
    page = (ROOT / "docs" / "reference" / "findings.md").read_text("utf-8")
    assert re.findall(r"^### (HD\d{3}): \S", page, flags=re.MULTILINE) == sorted(EVERY)
    assert page.count("**How it is computed:** ") == page.count("**What it does not say:** ") == len(EVERY)
