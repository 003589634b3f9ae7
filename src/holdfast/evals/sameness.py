"""What makes answers comparable: hashes of a case as it is scored, and of everything that scores it.

Knows nothing of what the answers are.
"""

from __future__ import annotations

import inspect
import sys

import msgspec

from holdfast.contracts import Scorer, Scorers
from holdfast.evals import facts
from holdfast.evaluation import UNANSWERABLE, Case
from holdfast.identity import canonical, digest
from holdfast.runtime.code import code_facts
from holdfast.runtime.feature import AT_MOST, Bar

_FIELDS_THAT_ONLY_SORT = ("id", "tags", "must_pass")


def case_hash(case: Case) -> str:
    """Over what is asked and what is known of a good answer. Tags other than `unanswerable`, and `must_pass`, only say
    how a case is counted."""
    content = msgspec.to_builtins(case)
    kept = {name: value for name, value in content.items() if name not in _FIELDS_THAT_ONLY_SORT}
    return digest(canonical([kept, UNANSWERABLE in case.tags]), 16)


def scoring_hash(scorers: Scorers, bar: Bar | None) -> str:
    """Over the code and the settings of every scorer, and the limits of the bar that a case must reach by itself."""
    limits = {} if bar is None else {name: limit for name, limit in bar.limits.items() if name not in AT_MOST}
    return digest(canonical([{name: _scorer_hash(scorer) for name, scorer in scorers.items()}, limits]), 16)


def _scorer_hash(scorer: Scorer) -> str:
    kind = type(scorer)
    if kind.__module__.startswith("holdfast."):
        code = inspect.getsource(sys.modules[kind.__module__]) + inspect.getsource(facts)
    else:
        try:
            code = code_facts(kind.score).hash + inspect.getsource(kind)
        except (NameError, OSError, TypeError):  # names that only a type checker knows; code without a file
            code = kind.score.__code__.co_code.hex() + repr(kind.score.__code__.co_consts)
    return digest(canonical([kind.__qualname__, code, _settings(scorer)]), 16)


def _settings(scorer: Scorer) -> list[str]:
    """The scorer's fields as far as they are plain values."""
    names = getattr(scorer, "__struct_fields__", None) or getattr(scorer, "__dict__", {})
    found = []
    for name in sorted(names):
        value = getattr(scorer, name)
        if isinstance(value, str | int | float | bool | tuple | list | dict | msgspec.Struct | None):
            found.append(f"{name}={value!r}")
    return found
