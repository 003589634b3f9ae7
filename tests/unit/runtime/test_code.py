"""What is known of a feature's code: a hash that changes with it, and the cautious answer where it cannot be seen."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from holdfast.runtime.code import CodeFacts, code_facts

BASE = """
import holdfast.records
LIMIT = 3
def helper(x):
    return x[:LIMIT]
class Ticket:
    def short(self):
        return helper(self.body)
async def feature(ctx, ticket: Ticket) -> str:
    found = await ctx.retrieve("kb", ticket.short())
    return str(found)
"""


def load(folder: Path, source: str) -> ModuleType:
    home = folder / f"{abs(hash(source))}"
    home.mkdir(exist_ok=True)
    file = home / "features.py"
    file.write_text(source)
    spec = importlib.util.spec_from_file_location(home.name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[home.name] = module
    spec.loader.exec_module(module)
    return module


def facts(folder: Path, source: str) -> CodeFacts:
    return code_facts(load(folder, source).feature)


def test_the_hash_follows_helpers_constants_and_methods_but_not_what_is_never_reached(tmp_path: Path) -> None:
    base = facts(tmp_path, BASE)
    for old, new in (("LIMIT = 3", "LIMIT = 4"), ("x[:LIMIT]", "x[1:LIMIT]"), ('"kb"', '"kc"')):
        assert facts(tmp_path, BASE.replace(old, new)).hash != base.hash, old
    assert facts(tmp_path, BASE + "\ndef unused():\n    return 1\n").hash == base.hash


def test_a_guard_in_a_helper_is_seen(tmp_path: Path) -> None:
    assert not facts(tmp_path, BASE).guards
    guarded = BASE.replace("return str(found)", "return await check(ctx, found)")
    assert facts(tmp_path, guarded + "\nasync def check(ctx, x):\n    await ctx.guard('g', x)\n").guards


def test_only_code_that_surely_waits_for_one_thing_at_a_time_counts_as_alone(tmp_path: Path) -> None:
    assert facts(tmp_path, BASE).alone
    assert not facts(tmp_path, "import asyncio\n" + BASE.replace("str(found)", "str(asyncio.sleep)")).alone
    assert not facts(tmp_path, "import aiohttp\n" + BASE.replace("str(found)", "str(aiohttp.get)")).alone


def test_how_a_function_is_declared_a_feature_is_not_its_code(tmp_path: Path) -> None:
    declared = BASE.replace("import holdfast.records", "import holdfast as hf\napp = hf.App()\nnoted = lambda fn: fn")

    def with_(decorators: str) -> str:
        return facts(tmp_path, declared.replace("async def feature", f"{decorators}\nasync def feature")).hash

    assert with_("@app.feature()") == with_("@app.feature(\n    bar=hf.Bar(\n        facts=0.9,\n    ),\n)")
    assert with_("@app.feature()") != with_("@app.feature()\n@noted")
