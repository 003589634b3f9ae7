"""Gates, in every store: what is kept of them comes back.

Knows nothing of how a verdict is found.
"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from tests.contract.store_samples import NOW, SECRET

from holdfast.errors import NotFound
from holdfast.evaluation import Case, Standing
from holdfast.gate import Gate, GatePart, GatePlan, GateVerdict, Measured, Regression, Words
from holdfast.stores import EvaluationQuery, Store

CASES = (Case(id="a", input=f"key {SECRET}"),)
PLAN = GatePlan(cases=2, answers=3, bank=5, stored=1, detectable=0.25, calls=16, calls_each=10)
PRIMARY = Measured(
    name="passed", cases=2, baseline=1.0, candidate=0.5, difference=-0.5, low=-0.7, high=-0.3, p_worse=0.01,
    state="worse",
)  # fmt: skip
REGRESSION = Regression(
    case="ü",
    fresh_failed=5,
    fresh=5,
    baseline_failed=0,
    baseline=10,
    p=0.001,
    diff=(Words(kind="added", text=f"says {SECRET}"),),
)
VERDICT = GateVerdict(
    ruling="regressed",
    reasons=("one",),
    margin=0.05,
    primary=PRIMARY,
    regressions=(REGRESSION,),
    bar=(Standing(name="facts", measure="mean", n=2, estimate=0.5),),
)


def gate(number: int, **fields: Any) -> Gate:
    values = {
        "feature": "answer", "against": "live", "baseline": "r_1", "candidate": "r_2", "baseline_code": "c",
        "code_hash": "c", "started_at": NOW, "margin": 0.05,
    }  # fmt: skip
    return Gate(id=f"gate_{number:03d}", **values | fields)


async def test_a_gate_comes_back_as_it_was_last_kept_without_secrets(store: Store) -> None:
    begun = gate(1, plan=PLAN)
    await store.gates.add(begun, CASES)
    await store.gates.add(replace(begun, margin=0.5), ())
    assert await store.gates.get(begun.id) == begun
    assert await store.gates.cases(begun.id) == (Case(id="a", input="key [secret]"),)
    part = GatePart(role="candidate", side="candidate", evaluation="ev_1", cases=2, repeat=3)
    ended = replace(begun, parts=(part,), verdict=VERDICT, finished_at=NOW, calls=6, spent_usd=None)
    await store.gates.change(ended)
    clean = replace(VERDICT, regressions=(replace(REGRESSION, diff=(Words(kind="added", text="says [secret]"),)),))
    assert await store.gates.get(begun.id) == replace(ended, verdict=clean)


async def test_gates_are_listed_newest_first_by_feature_and_tenant(store: Store) -> None:
    for number, feature in enumerate(("answer", "answer", "other", "answer")):
        await store.gates.add(gate(number, feature=feature), CASES)
    await store.gates.add(gate(9, tenant="acme"), CASES)

    async def ids(**query: Any) -> list[str]:
        return [each.id for each in await store.gates.find(EvaluationQuery(**query))]

    assert await ids() == ["gate_003", "gate_002", "gate_001", "gate_000"]
    assert await ids(feature="answer", limit=2) == ["gate_003", "gate_001"]
    assert await ids(before="gate_001") == ["gate_000"]
    assert await ids(tenant="acme") == ["gate_009"]


async def test_what_is_asked_of_an_unknown_gate_is_not_found(store: Store) -> None:
    await store.gates.add(gate(1, tenant="acme"), CASES)
    for asked in (
        store.gates.get("gate_001"),
        store.gates.cases("gate_001"),
        store.gates.change(gate(1)),
        store.gates.find(EvaluationQuery(before="gate_001")),
    ):
        with pytest.raises(NotFound, match="HF211"):
            await asked
