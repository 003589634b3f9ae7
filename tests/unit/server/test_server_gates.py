"""What the routes of gates give."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.server.double import AT
from tests.unit.server.serving import Served

from holdfast.evaluation import Case
from holdfast.gate import Gate, GateVerdict, Regression, Words

BROKEN = Regression(
    case="a", fresh_failed=5, fresh=5, baseline_failed=0, baseline=10, p=0.001,
    diff=(Words(kind="same", text="in "), Words(kind="removed", text="5"), Words(kind="added", text="9")),
)  # fmt: skip
VERDICT = GateVerdict(
    ruling="regressed", reasons=("1 case newly fails, reproduced",), margin=0.05, regressions=(BROKEN,)
)


def gate(number: int, **fields: Any) -> Gate:
    values = {
        "feature": "echo", "against": "live", "baseline": "r_1", "candidate": "r_2", "baseline_code": "c",
        "code_hash": "c", "started_at": AT, "margin": 0.05,
    }  # fmt: skip
    return Gate(id=f"gate_{number}", **values | fields)


async def test_gates_are_paged_newest_first_with_their_verdicts_but_without_outputs(served: Served) -> None:
    for number in range(4):
        fields = {"feature": "blocked"} if number == 2 else {"verdict": VERDICT}
        await served.project.store.gates.add(gate(number, **fields), (Case(id="a", input=1),))
    page = (await served.http.get("/v1/gates", params={"limit": "2", "feature": "echo"})).json()
    assert [each["id"] for each in page["gates"]] == ["gate_3", "gate_1"]
    assert page["gates"][0]["verdict"]["regressions"][0]["diff"] == []
    rest = (await served.http.get("/v1/gates", params={"feature": "echo", "before": page["next"]})).json()
    assert ([each["id"] for each in rest["gates"]], rest["next"]) == (["gate_0"], None)


async def test_one_gate_comes_whole(served: Served) -> None:
    await served.project.store.gates.add(gate(1, verdict=VERDICT), ())
    said = (await served.http.get("/v1/gates/gate_1")).json()
    assert said["verdict"]["ruling"] == "regressed"
    assert [words["text"] for words in said["verdict"]["regressions"][0]["diff"]] == ["in ", "5", "9"]
    assert "Gate" in (await served.http.get("/openapi.json")).json()["components"]["schemas"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/gates/gate_none", 404, "HF211"),
        ("/v1/gates/%20", 404, "HF211"),
        ("/v1/gates?before=gate_none", 404, "HF211"),
        ("/v1/gates?nope=1", 422, "HF709"),
    ],
)
async def test_what_is_not_there_is_said_with_its_code(served: Served, path: str, status: int, code: str) -> None:
    answer = await served.http.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "body",
    [
        {"feature": "echo"},
        {"feature": "echo", "against": ""},
        {"feature": "echo", "against": "live", "margin": 1},
        {"feature": "echo", "against": "live", "repeat": 0},
        {"feature": "echo", "against": "live", "strict": True},
    ],
)
async def test_a_gate_that_cannot_be_is_refused(served: Served, body: dict[str, Any]) -> None:
    answer = await served.http.post("/v1/gates", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "HF701")
