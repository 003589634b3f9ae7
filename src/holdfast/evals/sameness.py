"""What makes answers comparable: hashes of a case as it is scored, and of everything that scores it.

Knows nothing of what the answers are.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Sequence
from types import FunctionType

import msgspec

from holdfast.contracts import Probe, Scorer, Scorers
from holdfast.evals import facts
from holdfast.evals.judged import judge_hash, judges
from holdfast.evaluation import UNANSWERABLE, Case
from holdfast.identity import canonical, digest
from holdfast.release import Release
from holdfast.runtime.code import code_facts
from holdfast.runtime.feature import Bar, at_most

_FIELDS_THAT_ONLY_SORT = ("id", "tags", "must_pass")


def case_hash(case: Case) -> str:
    """Over what is asked and what is known of a good answer. Tags other than `unanswerable`, and `must_pass`, only say
    how a case is counted."""
    content = msgspec.to_builtins(case)
    kept = {name: value for name, value in content.items() if name not in _FIELDS_THAT_ONLY_SORT}
    return digest(canonical([kept, UNANSWERABLE in case.tags]), 16)


def scoring_hash(scorers: Scorers, bar: Bar | None, release: Release, rules: Sequence[str]) -> str:
    """Over the code and the settings of every scorer, what the release asks its judges with, the feature's `rules` that
    they are given, and the limits of the bar that a case must reach by itself.

    Raises Misconfigured (HF110), NotFound (HF201) for a judge that cannot be asked.
    """
    limits = {} if bar is None else {name: limit for name, limit in bar.limits.items() if not at_most(name)}
    asked = {name: judge_hash(judge, release, rules) for name, judge in judges(scorers).items()}
    return digest(canonical([{name: _scorer_hash(each) for name, each in scorers.items()}, asked, limits]), 16)


def _scorer_hash(scorer: Scorer | Probe) -> str:
    kind = type(scorer)
    methods = [each for each in vars(kind).values() if isinstance(each, FunctionType)]
    if kind.__module__.startswith("holdfast."):
        code = inspect.getsource(sys.modules[kind.__module__]) + inspect.getsource(facts)
    else:
        try:
            code = inspect.getsource(kind) + "".join(code_facts(each).hash for each in methods)
        except (NameError, OSError, TypeError):  # names that only a type checker knows; code without a file
            code = "".join(f"{each.__code__.co_code.hex()}{each.__code__.co_consts!r}" for each in methods)
    return digest(canonical([kind.__qualname__, code, _settings(scorer)]), 16)


def _settings(scorer: Scorer | Probe) -> list[str]:
    """The scorer's fields as far as they are plain values."""
    names = getattr(scorer, "__struct_fields__", None) or getattr(scorer, "__dict__", {})
    found = []
    for name in sorted(names):
        value = getattr(scorer, name)
        if isinstance(value, str | int | float | bool | tuple | list | dict | msgspec.Struct | None):
            found.append(f"{name}={value!r}")
    return found
