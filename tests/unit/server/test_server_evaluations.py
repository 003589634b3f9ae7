"""What the routes of evaluations give."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.server.double import AT
from tests.unit.server.serving import Served

from holdfast.evaluation import Case, CaseResult, Evaluation, Score, Standing


def evaluation(number: int, **fields: Any) -> Evaluation:
    values = {"feature": "echo", "release": "r_1", "code_hash": "c", "started_at": AT, "cases": 1} | fields
    return Evaluation(id=f"ev_{number}", **values)


RESULT = CaseResult(
    case="a", repeat=0, recording="rec_1", outcome="ok", ms=2.0, cost_usd=None, spent_usd=0.0,
    scores=(Score(scorer="facts", value=0.5),), wrong=("facts 0.50: does not say 5",),
)  # fmt: skip


async def test_evaluations_are_paged_newest_first_and_narrowed_by_feature(served: Served) -> None:
    for number in range(5):
        feature = "blocked" if number == 3 else "echo"
        await served.project.store.evaluations.add(evaluation(number, feature=feature), ())
    seen: list[str] = []
    query = {"limit": "2", "feature": "echo"}
    while True:
        page = (await served.http.get("/v1/evaluations", params=query)).json()
        seen += [each["id"] for each in page["evaluations"]]
        if page["next"] is None:
            break
        query["before"] = page["next"]
    assert seen == ["ev_4", "ev_2", "ev_1", "ev_0"]


async def test_one_evaluation_comes_with_its_verdict_and_results(served: Served) -> None:
    missed = Standing(name="facts", measure="mean", n=1, estimate=0.5, limit=0.9, verdict="missed")
    await served.project.store.evaluations.add(evaluation(1, standings=(missed,)), (Case(id="a", input=1),))
    await served.project.store.evaluations.add_result("ev_1", RESULT)
    said = (await served.http.get("/v1/evaluations/ev_1")).json()
    assert said["verdict"] == "missed"
    assert said["evaluation"]["standings"][0]["limit"] == 0.9
    assert said["results"][0]["scores"] == [{"scorer": "facts", "value": 0.5}]
    assert said["results"][0]["wrong"] == ["facts 0.50: does not say 5"]


async def test_one_evaluation_comes_with_its_cases_and_the_share_that_passes_of_each_tag(served: Served) -> None:
    store = served.project.store.evaluations
    cases = [
        Case(id="a", input={"body": "How much?"}, tags=("refunds", "cluster:one")),
        Case(id="b", input={"body": "When?"}, tags=("refunds", "time"), must_pass=True),
        Case(id="c", input={"body": "Not asked yet"}, tags=("late",)),
    ]
    await store.add(evaluation(1, cases=3, repeat=2), cases)
    for name, wrong in (("a", ("no",)), ("b", ())):
        for repeat in range(2):
            await store.add_result("ev_1", replace(RESULT, case=name, repeat=repeat, wrong=wrong))
    said = (await served.http.get("/v1/evaluations/ev_1")).json()
    assert [(each["id"], each["asked"], each["must_pass"]) for each in said["cases"]] == [
        ("a", "How much?", False), ("b", "When?", True), ("c", "Not asked yet", False),
    ]  # fmt: skip
    assert len({each["input_hash"] for each in said["cases"]}) == 3
    shares = {each["tag"]: (each["cases"], each["passed"]["estimate"]) for each in said["passing"]}
    assert shares == {None: (2, 0.5), "refunds": (2, 0.5), "time": (1, 1.0)}
    assert said["passing"][0]["passed"]["low"] == pytest.approx(0.0945, abs=1e-3), "Wilson's, of two cases, not four"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/evaluations/ev_none", 404, "HF208"),
        ("/v1/evaluations/%20", 404, "HF208"),
        ("/v1/evaluations?before=ev_none", 404, "HF208"),
        ("/v1/evaluations?limit=0", 422, "HF709"),
        ("/v1/evaluations?nope=1", 422, "HF709"),
    ],
)
async def test_what_is_not_there_or_does_not_fit_is_a_problem(
    served: Served, path: str, status: int, code: str
) -> None:
    response = await served.http.get(path)
    assert (response.status_code, response.json()["code"]) == (status, code)


async def test_a_tenant_never_sees_the_evaluations_of_another(served: Served) -> None:
    await served.project.store.evaluations.add(evaluation(1, tenant="acme"), ())
    assert (await served.http.get("/v1/evaluations")).json()["evaluations"] == []
    assert (await served.http.get("/v1/evaluations/ev_1")).status_code == 404


async def test_the_routes_are_described(served: Served) -> None:
    said = (await served.http.get("/openapi.json")).json()
    assert {"/v1/evaluations", "/v1/evaluations/{evaluation_id}"} <= set(said["paths"])
    assert "standings" in said["components"]["schemas"]["Evaluation"]["properties"]


async def test_recordings_of_an_evaluation_are_listed_where_it_is_named(served: Served) -> None:
    live = (await served.ask("echo")).json()["recording_id"]
    asked = replace(await served.project.store.recordings.get(live), id="rec_asked", evaluation="ev_1")
    await served.project.store.recordings.add(asked)

    async def ids(**only: str) -> list[str]:
        said = (await served.http.get("/v1/recordings", params=only)).json()
        return [each["id"] for each in said["recordings"]]

    assert await ids() == [live]
    assert await ids(evaluation="ev_1") == ["rec_asked"]
