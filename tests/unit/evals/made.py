"""Answered cases for tests of scorers. Knows nothing of any scorer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from holdfast.contracts import Answered
from holdfast.evals.answered import citations_of, passages_of, text_in
from holdfast.evaluation import Case, Gold
from holdfast.records import Passage, Recording, Retrieve, Retrieved, Step

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def passage(document: str, text: str = "") -> Passage:
    return Passage(document=document, chunk=f"{document}#0", title="", text=text)


def found(*passages: Passage) -> Step:
    effect = Retrieve(corpus="help@v1", query="q")
    return Step(key="k", ms=1.0, started_at=NOW, effect=effect, result=Retrieved(passages=passages))


def recording(output: Any, input: Any = 1, **fields: Any) -> Recording:
    values = {"outcome": "ok", "cost_usd": 0.0, "ms": 5.0, "id": "rec_1"} | fields
    return Recording(feature="f", release="r", input=input, output=output, started_at=NOW, **values)


def answered_of(
    output: Any, expected: Any = None, *, input: Any = 1, passages: Sequence[Passage] | None = None, **case: Any
) -> Answered:
    """An answer with what was expected; `passages` None: nothing was retrieved. `gold` is given by documents."""
    gold = tuple(Gold(document=document) for document in case.pop("gold", ()))
    fields = case.pop("recording", {})
    of = recording(output, input, steps=() if passages is None else (found(*passages),), **fields)
    return Answered(
        case=Case(id="a", input=input, expected=expected, gold=gold, **case),
        recording=of,
        text=text_in(of.output),
        citations=citations_of(of.output),
        passages=passages_of(of),
    )
